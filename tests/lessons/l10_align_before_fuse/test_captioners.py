"""What is right of a caption, by the cells of its scene; weights that come back as they went."""

import numpy as np
import pandas as pd
import pytest
import torch

from coursekit.data.files import DataFileError, open_checked
from coursekit.data.scene_captions import LONGEST, WORDS, ids_of
from coursekit.data.scenes import draw_scenes
from coursekit.lessons.l10_align_before_fuse import study_captioners
from coursekit.lessons.l10_align_before_fuse.captioner_training import (
    captions_by,
    described,
    guessed,
    new_captioner,
    train_stepwise,
    train_text,
)

SCENES = draw_scenes(60, 3, "test")


def changed(change):
    """The captions of the scenes after a change of their words."""
    rows = [change(caption.split()) for caption in SCENES.captions]
    return ids_of([("[cls]", *words) for words in rows])


def shares(words):
    return {name: float(fact.float().mean()) for name, fact in described(SCENES, words).items()}


def test_the_scenes_own_captions_are_right_in_all():
    facts = shares(SCENES.words)
    assert facts == {"objects": 1.0, "relation": 1.0, "true": 1.0, "exact": 1.0}


OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above"}


def turned(words):
    """The same scene said the other way round: B, the opposite, A."""
    at = next(i for i, word in enumerate(words) if word in OPPOSITE)
    end = words.index("and")
    return [*words[at + 1 : end], OPPOSITE[words[at]], *words[:at], *words[end:]]


def test_the_other_way_round_is_as_true():
    assert shares(changed(turned)) == {"objects": 1.0, "relation": 1.0, "true": 1.0, "exact": 0.0}


@pytest.mark.parametrize("other", [OPPOSITE, dict(zip(OPPOSITE, [*OPPOSITE][::-1], strict=True))])
def test_another_relation_is_wrong(other):
    facts = shares(changed(lambda words: [other.get(word, word) for word in words]))
    assert facts == {"objects": 1.0, "relation": 0.0, "true": 0.0, "exact": 0.0}


def test_an_object_that_is_not_there_is_noticed():
    facts = shares(changed(lambda words: [*words[: words.index("and")], "and", "red", "red"]))
    assert facts == {"objects": 0.0, "relation": 1.0, "true": 0.0, "exact": 0.0}


def test_two_objects_are_not_three_and_no_sentence_is_none():
    two = shares(changed(lambda words: words[: words.index("and")]))
    assert two == {"objects": 0.0, "relation": 1.0, "true": 0.0, "exact": 0.0}
    for nonsense in ([], ["left"], ["and", "and"], ["cat"], ["left", "right", "above"]):
        facts = shares(changed(lambda words, nonsense=nonsense: nonsense))
        assert set(facts.values()) == {0.0}


def test_a_guess_names_the_objects_and_seldom_says_how_they_stand():
    scenes = draw_scenes(600, 4, "test")
    facts = described(scenes, guessed(scenes, torch.Generator().manual_seed(0)))
    shares = {name: float(fact.float().mean()) for name, fact in facts.items()}
    assert shares["objects"] == 1 and shares["true"] == shares["relation"]
    # A third of the orders put A and B first, either way; of C and one of them some stand in line.
    assert 1 / 3 / 4 < shares["relation"] < 1 / 4


def test_a_short_training_lowers_the_loss_and_opens_the_gates():
    text = train_text(SCENES, steps=30)
    before = [p.clone() for p in text.parameters()]
    model = new_captioner(text)
    looks = list(train_stepwise(model, SCENES, steps=110))
    assert [step for step, _ in looks] == [100, 110]
    assert looks[1][1] < looks[0][1]
    assert all(torch.equal(old, new) for old, new in zip(before, text.parameters(), strict=True))
    assert all(abs(gate) > 0 for block in model.gated for gate in block.gates())
    assert captions_by(model, SCENES).shape == (60, LONGEST)


def test_weights_come_back_as_they_went(tmp_path, monkeypatch):
    text = train_text(SCENES, steps=2)
    models = {study_captioners.ALONE: text}
    for seed, name in enumerate((study_captioners.POOR, study_captioners.GOOD), start=5):
        models[name] = new_captioner(text, seed)
    file = tmp_path / study_captioners.WEIGHTS
    file.write_bytes(study_captioners.packed(models))
    monkeypatch.setattr(study_captioners, "open_checked", lambda name: tmp_path / name)
    loaded = study_captioners.load_captioners()
    assert list(loaded) == list(models)
    for name, model in models.items():
        for key, x in model.state_dict().items():
            assert torch.equal(loaded[name].state_dict()[key], x.half().float()), (name, key)
    np.savez(file, **{"text alone/head.bias": np.zeros(len(WORDS) + 1)})
    with pytest.raises(ValueError, match="lacks weights of 'text alone'"):
        study_captioners.load_captioners()


def test_stored_captioners_that_are_not_there_end_in_a_sentence(tmp_path, monkeypatch):
    def missing(name):
        raise DataFileError(f"{tmp_path / name} is missing.")

    monkeypatch.setattr(study_captioners, "open_checked", missing)
    with pytest.raises(DataFileError, match="is missing"):
        study_captioners.load_captioners()


def test_the_stored_weights_write_the_stored_captions():
    stored = pd.read_csv(open_checked("scene_captions.csv"))
    seed = int(stored["seed"].unique().item())
    captions = study_captioners.written(study_captioners.load_captioners(), seed)
    assert list(captions.columns) == list(stored.columns) and len(captions) == len(stored)
    assert captions["truth"].equals(stored["truth"])
    chosen = stored["words"] == "likeliest"  # a last digit of another machine may draw other words
    assert (captions["caption"] == stored["caption"])[chosen].mean() > 0.98


def test_the_stored_table_ends_with_what_the_stored_captions_say():
    table = pd.read_csv(open_checked("captioners.csv"))
    stored = pd.read_csv(open_checked("scene_captions.csv"))
    last = table.groupby(["captioner", "seed"]).tail(1).set_index(["captioner", "seed"])
    for name in (study_captioners.POOR, study_captioners.GOOD):
        rows = stored[(stored["captioner"] == name) & (stored["words"] == "likeliest")]
        there = last.loc[(name, rows["seed"].iloc[0])]
        for fact in ("objects", "relation", "true", "exact"):  # half precision may move a few words
            assert rows[fact].mean() == pytest.approx(there[fact], abs=0.02)
