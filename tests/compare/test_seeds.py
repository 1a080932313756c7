"""The comparison every lesson uses: what it trains, what it never looks at, what it returns."""

from dataclasses import replace

import pandas as pd
import pytest
import torch

from coursekit.analysis.probes import probe
from coursekit.compare.seeds import Variant, compare_stepwise, cures, over_seeds
from coursekit.data import Modality, Recipe, generate, load
from coursekit.data.multimodal import MultimodalData
from coursekit.models import build_classifier
from coursekit.training import Settings, fit, predict
from coursekit.utils.stepwise import drive

FEW = Settings(epochs=3, batch_size=32)
WIDTHS = (8, 4)


def make(seed, names=("A", "B")):
    recipe = Recipe(
        dict.fromkeys(names, Modality(amplitude=3)),
        redundant=0.5,
        unique=dict.fromkeys(names, 0.15),
        num_classes=3,
        train=120,
        valid=60,
        test=200,
    )
    return generate(recipe, seed=seed)


@pytest.fixture(scope="module")
def data():
    return make(1)


def compare(data, settings=FEW, **options):
    return drive(compare_stepwise(data, settings, widths=WIDTHS, **options))


def same(one, other):
    for part in ("accuracy", "probes", "history"):
        pd.testing.assert_frame_equal(getattr(one, part), getattr(other, part), check_exact=True)


def trained(data, modalities, seed=0, settings=FEW, **options):
    """The same model, trained here by the parts that have tests of their own."""
    inputs = {m: data.train.inputs[m] for m in modalities}
    model = build_classifier(inputs, data.num_classes, widths=WIDTHS, seed=seed, **options)
    fit(model, data.train, data.valid, settings, seed=seed)
    return model


def share_right(scores, labels):
    rows = zip(scores.tolist(), labels.tolist(), strict=True)
    return sum(row.index(max(row)) == label for row, label in rows) / len(labels)


@pytest.mark.parametrize("names", [("A", "B"), ("A", "B", "C")])
def test_every_number_recomputed(names):
    data = make(2, names)
    comparison = compare(data, seed=5)
    y = data.test.labels
    expected, probabilities = {}, []
    alone = {m: trained(data, (m,), seed=5) for m in names}
    for m, model in alone.items():
        logits = predict(model, data.test.inputs).joint
        expected[m] = share_right(logits, y)
        probabilities.append(logits.exp() / logits.exp().sum(1, keepdim=True))
    joint = trained(data, names, seed=5)
    expected["joint"] = share_right(predict(joint, data.test.inputs).joint, y)
    expected["ensemble"] = share_right(sum(probabilities) / len(names), y)
    assert comparison.accuracy["model"].tolist() == list(expected)
    assert comparison.accuracy["accuracy"].tolist() == pytest.approx(list(expected.values()))
    for trained_, models in (("alone", alone), ("joint", dict.fromkeys(names, joint))):
        for m in names:
            before = predict(models[m], data.train.inputs).features[m]
            after = predict(models[m], data.test.inputs).features[m]
            here = (comparison.probes["modality"] == m) & (comparison.probes["trained"] == trained_)
            (value,) = comparison.probes.loc[here, "accuracy"]
            assert value == probe(before, data.train.labels, after, y)
    assert len(comparison.probes) == 2 * len(names)


def test_the_ensemble_is_neither_a_vote_nor_a_sum_of_logits():
    """Seeds on which the three rules disagree: the table has the average of probabilities."""
    told_apart = set()
    for seed in range(6):
        data = make(seed, ("A", "B", "C"))
        logits = [predict(trained(data, (m,)), data.test.inputs).joint for m in data.modalities]
        rules = {
            "probabilities": sum(x.softmax(1) for x in logits),
            "logits": sum(logits),
            "vote": sum(torch.nn.functional.one_hot(x.argmax(1), 3).double() for x in logits),
        }
        scores = {k: share_right(v, data.test.labels) for k, v in rules.items()}
        table = compare(data).accuracy.set_index("model")["accuracy"]
        assert table["ensemble"] == pytest.approx(scores["probabilities"])
        told_apart |= {k for k, v in scores.items() if v != scores["probabilities"]}
    assert told_apart == {"logits", "vote"}


def test_the_test_split_chooses_nothing(data):
    """Other test labels: the weights (history, also of the early-stopped model) are the same."""
    variants = {"joint": Variant(), "early stopping": Variant(keep_best=True)}
    rows = data.splits["test"]
    labels = data.labels.clone()
    labels[rows] = (labels[rows] + 1) % 3
    other = replace(data, labels=labels)
    assert isinstance(other, MultimodalData)
    one, two = compare(data, variants=variants), compare(other, variants=variants)
    pd.testing.assert_frame_equal(one.history, two.history, check_exact=True)
    assert not one.accuracy["accuracy"].equals(two.accuracy["accuracy"])
    # The models are the same ones, so their right answers before are wrong ones now.
    together = one.accuracy["accuracy"] + two.accuracy["accuracy"]
    assert (together <= 1).all()
    # The validation labels, in contrast, decide when to stop.
    best = trained(data, ("A", "B"), settings=replace(FEW, keep_best=True))
    expected = share_right(predict(best, data.test.inputs).joint, data.test.labels)
    table = one.accuracy.set_index("model")["accuracy"]
    assert table["early stopping"] == pytest.approx(expected)


def test_it_pauses_after_every_epoch_and_probe(data):
    work = compare_stepwise(
        data, FEW, widths=WIDTHS, variants={"joint": Variant(), "again": Variant()}
    )
    pauses = sum(1 for _ in work)
    assert pauses == 4 * FEW.epochs + 3  # four models; probes of A, B and the first variant


def test_work_may_be_dropped_at_any_pause(data):
    work = compare_stepwise(data, FEW, widths=WIDTHS)
    for _ in range(5):
        next(work)
    work.close()
    same(compare(data), compare(data))


def test_history_has_every_model_epoch_and_split(data):
    history = compare(data).history
    assert list(history.columns) == ["model", "epoch", "split", "loss", "accuracy"]
    counts = history.groupby(["model", "split"]).size()
    assert set(counts) == {FEW.epochs} and len(counts) == 6


def test_settings_that_keep_the_best_do_so_for_every_model(data):
    hard = Settings(epochs=8, batch_size=16, lr=1.0, clip=None)
    kept = compare(data, replace(hard, keep_best=True))
    expected = [
        share_right(predict(model, data.test.inputs).joint, data.test.labels)
        for model in (
            trained(data, m, settings=replace(hard, keep_best=True)) for m in ("A", "B", "AB")
        )
    ]
    assert kept.accuracy["accuracy"].tolist()[:3] == pytest.approx(expected)
    assert expected != compare(data, hard).accuracy["accuracy"].tolist()[:3]


def test_pretrained_encoders_start_where_the_single_models_ended(data):
    still = Settings(epochs=1, batch_size=500, lr=1e-12, momentum=0.0)
    comparison = compare(
        data, still, variants={"joint": Variant(pretrained=True), "fresh": Variant()}
    )
    probes = comparison.probes.set_index(["modality", "trained"])["accuracy"]
    for m in ("A", "B"):
        assert probes[m, "joint"] == probes[m, "alone"]


def test_every_cure_runs(data):
    variants = {"joint": Variant(), **cures()}
    comparison = compare(data, variants=variants)
    names = ["A", "B", *variants, "ensemble"]
    assert comparison.accuracy["model"].tolist() == names
    assert comparison.accuracy["accuracy"].between(0, 1).all()
    assert set(comparison.probes["trained"]) == {"alone", "joint"}
    for name in cures():
        here = comparison.history[comparison.history["model"] == name]
        plain = comparison.history[comparison.history["model"] == "joint"]
        differs = here["loss"].tolist() != plain["loss"].tolist()
        assert differs or name == "early stopping"  # the same training, other weights kept


def test_over_seeds_is_the_single_runs_with_a_seed_and_any_number_of_processes():
    one = over_seeds(make, FEW, [3, 4], widths=WIDTHS, jobs=1)
    same(one, over_seeds(make, FEW, [3, 4], widths=WIDTHS, jobs=2))
    assert one.accuracy["seed"].tolist() == [3] * 4 + [4] * 4
    for seed in (3, 4):
        alone = compare(make(seed), seed=seed)
        here = one.accuracy[one.accuracy["seed"] == seed].drop(columns="seed")
        pd.testing.assert_frame_equal(here.reset_index(drop=True), alone.accuracy, check_exact=True)


def test_over_seeds_leaves_the_threads_as_they_were():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        over_seeds(make, FEW, [0], widths=WIDTHS, jobs=1)
        assert torch.get_num_threads() == 2
        with pytest.raises(ZeroDivisionError):
            over_seeds(lambda seed: 1 / 0, FEW, [0], jobs=1)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_refusals(data):
    with pytest.raises(ValueError, match=r"variants names \['A', 'ensemble'\]"):
        compare(data, variants={"A": Variant(), "ensemble": Variant(), "joint": Variant()})
    with pytest.raises(ValueError, match="dropout and pretrained came together"):
        Variant(dropout=0.5, pretrained=True)
    with pytest.raises(ValueError, match="book_reviews has no classes"):
        compare(load("book_reviews"))
    with pytest.raises(ValueError, match="seeds is empty"):
        over_seeds(make, FEW, [])
    with pytest.raises(ValueError, match=r"fusion is 'se-gat'.*Did you mean 'se-gate'"):
        compare(data, variants={"joint": Variant(fusion="se-gat")})
