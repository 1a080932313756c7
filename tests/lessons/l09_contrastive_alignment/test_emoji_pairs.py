"""Held-out classes, two languages, encoders that never met: what lesson 09 trains and compares."""

import numpy as np
import pandas as pd
import pytest
import torch

from coursekit.data.emoji import open_emoji
from coursekit.data.files import open_checked
from coursekit.lessons.l09_contrastive_alignment import did_they_meet, study
from coursekit.lessons.l09_contrastive_alignment.emoji_training import emoji, new_model, places
from coursekit.lessons.l09_contrastive_alignment.held_out import (
    PROMPTS,
    accuracy_among,
    held_out,
)
from coursekit.lessons.l09_contrastive_alignment.languages import (
    ENCODERS,
    asked_in,
    in_two_languages,
)
from coursekit.models import build_classifier
from coursekit.training import Settings, fit
from coursekit.training.alignment.contrastive import Contrastive
from coursekit.utils.threads import threads

ONE_EPOCH = Settings(epochs=1, batch_size=128, optimizer="adam", lr=3e-3, measure_train=False)


@pytest.fixture(scope="module")
def kept():
    return held_out()


def test_no_picture_of_a_held_out_class_trains_or_validates(kept):
    table = open_emoji().table
    held = set(pd.factorize(table["family"], sort=True)[0][table["held_out"]].tolist())
    rest = set(pd.factorize(table["family"], sort=True)[0][~table["held_out"]].tolist())
    assert len(kept.subgroups) == 24
    assert not held & rest  # so a family's number says whether it is held out
    for name in ("train", "valid"):
        split = kept.without(name)
        assert not held & set(split.group.tolist())
        assert len(split) > 100


def test_words_that_are_called_unseen_stand_in_no_training_caption(kept):
    rows = (kept.table["split"] == "train") & ~kept.table["held_out"]
    trained = {w for words, used in zip(kept.captions, rows, strict=True) if used for w in words}
    for subgroup in kept.subgroups:
        assert not trained & set(kept.words_of(subgroup, seen=False))
        assert all(kept.seen[word] >= 3 for word in kept.words_of(subgroup, seen=True))


def test_the_control_looks_at_no_class(kept):
    names = list(kept.subgroups)
    drawn = [kept.prompts("random", name, np.random.default_rng(3)) for name in names]
    assert len(set(map(tuple, drawn))) == 1  # the same word, whichever class is asked for


def test_every_kind_of_prompt_gives_a_direction_per_class(kept):
    model = new_model(emoji())
    fit(model, emoji().valid, emoji().valid, ONE_EPOCH, method=Contrastive())
    for kind in PROMPTS:
        weights = kept.weights(model, kind, np.random.default_rng(0))
        torch.testing.assert_close(weights.norm(dim=1), torch.ones(24))


def test_accuracy_among_is_balanced_and_one_where_everything_is_right():
    rows_of = [np.arange(0, 2), np.arange(2, 12), np.arange(12, 15)]
    truth = torch.zeros(15, 3)
    for k, rows in enumerate(rows_of):
        truth[rows, k] = 1
    assert accuracy_among(truth, rows_of, 3, draws=4) == 1
    only_first = torch.zeros(15, 3)
    only_first[:, 0] = 1
    assert accuracy_among(only_first, rows_of, 3, draws=4) == pytest.approx(1 / 3)


def test_two_languages_are_compared_with_pictures_alone():
    train, test = (in_two_languages(name, "de") for name in ("valid", "test"))
    model = build_classifier(train.inputs, 10, encoder=ENCODERS, widths=(16,), seed=0)
    shuffled = torch.randperm(len(train), generator=torch.Generator().manual_seed(0))
    apart = type(train)(
        {**train.inputs, "other": train.inputs["other"][shuffled]}, train.labels, train.group
    )
    method = Contrastive(anchor="picture")
    fit(model, apart, apart, ONE_EPOCH, method=method)
    result = asked_in(model, test, "other", "en")
    assert result.pool == len(test)
    assert 0 <= result.recall(1) <= result.recall(10) <= 1


def test_an_anchor_that_is_no_modality_is_refused():
    data = emoji()
    with pytest.raises(ValueError, match="anchor is 'sound'"):
        fit(new_model(data), data.valid, data.valid, ONE_EPOCH, method=Contrastive(anchor="sound"))


def test_the_stored_study_comes_out_again():
    stored = pd.read_csv(open_checked("alignment.csv"))
    with threads(1):
        again = pd.DataFrame(study.rows_of("negatives", 1.0, study.RATE, 100))
    rows = stored.query("knob == 'negatives' and value == 1 and seed == 100")
    for name in ("R@1", "R@10", "gap"):  # other machines round sums in another order
        assert again[name].tolist() == pytest.approx(rows[name].tolist(), abs=0.03)


def test_agreement_grows_with_the_texts_and_chance_does_not():
    table = did_they_meet.agreement(sizes=(2, 32))
    wide = table.pivot_table(index="pictures", columns="size", values="agreement")
    assert (wide.loc["all pixels", 32]) > 1.5 * wide.loc["all pixels", 2]
    assert wide.loc["all pixels, shuffled"].max() < 0.012


def test_places_have_length_one():
    model = new_model(emoji())
    fit(model, emoji().valid, emoji().valid, ONE_EPOCH, method=Contrastive())
    lie = places(model, picture=emoji().test.inputs["picture"][:5])
    torch.testing.assert_close(lie["picture"].norm(dim=1), torch.ones(5))
