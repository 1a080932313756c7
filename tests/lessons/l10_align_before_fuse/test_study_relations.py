"""The study of relations: what its arms learn from is what they say, and a small one runs."""

import pandas as pd
import pytest
import torch
from torch.nn import functional as F

from coursekit.compare.tuning import fresh_seeds
from coursekit.data.files import open_checked
from coursekit.data.scene_captions import LONGEST, foil_words, ids_of, one_hot, parsed, words_in
from coursekit.data.scenes import draw_scenes, scene_splits
from coursekit.lessons.l10_align_before_fuse import study_relations as study
from coursekit.lessons.l10_align_before_fuse.scene_training import new_model, settings_for
from coursekit.lessons.l10_align_before_fuse.study_relations import (
    ARMS,
    CELLS,
    LONG,
    STRONGER,
    Arm,
    RelationObjective,
    exchanged,
    nouns_of,
    row_of,
    trained,
    with_cells,
)
from coursekit.models.pair_network import PICTURE
from coursekit.training import epochs
from coursekit.training.alignment.pair_batch import pair_batch
from coursekit.training.loop import begin
from coursekit.training.method import Step

TWO_CELLS = Arm(2, "horizontal", places=1.0)
FEW = (192, 16, 16)


def splits_of(arm, seed=0):
    return scene_splits(seed, FEW, objects=arm.objects, axis=arm.axis)


def begun(arm, seed=0):
    """A training before its first step, its objective, and its scenes."""
    scenes = splits_of(arm, seed)
    data = with_cells(scenes, arm.axis)
    objective = RelationObjective(arm)
    run = begin(new_model(data, seed), data.train, data.valid, settings_for(1), seed)
    objective.begin(run)
    run.epoch = 1
    return run, objective, scenes


def first_step(arm, rows=32):
    """The first step before its loss: the method, what it sees, and its scenes."""
    run, objective, scenes = begun(arm)
    train = run.train.part(torch.arange(rows))
    prediction = objective.predict(run, train.inputs)
    step = Step(run, train.inputs, train.labels, prediction, 1)
    return objective, step, scenes["train"].part(torch.arange(rows))


# What is asked


@pytest.mark.parametrize(
    ("caption", "nouns"),
    [
        ("cat left dog", (1, 3)),
        ("red heart left dog", (2, 4)),
        ("cat above blue heart", (1, 4)),
        ("red heart right blue square", (2, 5)),
        ("cat left dog and sun", (1, 3)),
        ("cat below dog and red circle", (1, 3)),
        ("red heart left dog and sun", (2, 4)),
        ("red heart left dog and blue circle", (2, 4)),
        ("cat left blue heart and sun", (1, 4)),
        ("cat left blue heart and red circle", (1, 4)),
        ("red heart below blue square and sun", (2, 5)),
        ("red heart above blue square and green circle", (2, 5)),
    ],
)
def test_the_nouns_are_where_one_reads_them(caption, nouns):
    words = ("[cls]", *caption.split())
    for length in {len(words), LONGEST}:  # full to the end, and with zeros behind
        text = one_hot(ids_of([words, words], length))
        assert [place.tolist() for place in nouns_of(text)] == [[n, n] for n in nouns]


@pytest.mark.parametrize(("objects", "axis"), [(3, "both"), (2, "both"), (2, "vertical")])
def test_the_nouns_are_those_whose_cells_the_scenes_know(objects, axis):
    scenes = draw_scenes(100, 5, objects=objects, axis=axis)
    rows = torch.arange(100)
    for who, place in enumerate(nouns_of(scenes.text)):
        assert torch.equal(scenes.noun_cells[rows, place], scenes.cells[:, who])


@pytest.mark.parametrize("arm", [Arm(), TWO_CELLS])
def test_labels_are_the_cells_of_a_and_b(arm):
    scenes = splits_of(arm)
    data = with_cells(scenes, arm.axis)
    for name in ("train", "valid", "test"):
        labels, cells = data.split(name).labels, scenes[name].cells
        assert torch.equal(labels // CELLS, cells[:, 0])
        assert torch.equal(labels % CELLS, cells[:, 1])
        assert torch.equal(data.split(name).inputs[PICTURE], scenes[name].pictures)
    names = [f"{a + 1} and {b + 1}" for a, b in scenes["train"].cells[:, :2].tolist()]
    assert [data.classes[label] for label in data.train.labels.tolist()] == names
    assert len(data.classes) == len(set(data.classes)) == CELLS**2


@pytest.mark.parametrize("objects", [2, 3])
def test_the_foil_is_the_caption_with_a_and_b_exchanged(objects):
    text = draw_scenes(60, 1, objects=objects).text
    wrong, there = exchanged(text, torch.Generator())
    assert there.all()
    for right, foil in zip(words_in(text), words_in(wrong), strict=True):
        a, relation, b, c = parsed(right)
        assert parsed(foil) == (b, relation, a, c)
        assert foil == foil_words(right, "relation", torch.Generator())
    torch.testing.assert_close(wrong.sum(1), text.sum(1))  # the same bag of words


def test_every_arm_asks_about_the_exchanged_captions(monkeypatch):
    asked = []

    def counted(logits, matched):
        asked.append((len(logits), int(matched.sum())))
        return logits.sum() * 0

    monkeypatch.setattr("coursekit.training.alignment.pair_objective.matching_loss", counted)
    for arm in ARMS.values():
        objective, step, _ = first_step(arm, rows=16)
        objective.loss(step, {"joint": 1.0})
    assert asked == [(4 * 16, 16)] * len(ARMS)  # right, other picture, other text, exchanged


# What is learnt from


def test_the_place_loss_asks_each_noun_for_its_cell():
    objective, step, scenes = first_step(TWO_CELLS)
    batch = pair_batch(step)
    loss = objective.parts(step, batch)[-1]
    fused = batch.network.fuse(batch.patches, batch.encoded)[0]
    logits, asked = batch.network.place_head(fused), scenes.noun_cells >= 0
    assert int(asked.sum()) == 2 * len(scenes)
    expected = F.cross_entropy(logits[asked], scenes.noun_cells[asked])
    torch.testing.assert_close(loss, expected)
    assert float(loss.detach()) == pytest.approx(torch.tensor(9.0).log().item(), abs=0.6)
    half = Arm(2, "horizontal", places=0.5)
    objective, step, _ = first_step(half)
    halved = objective.parts(step, pair_batch(step))
    torch.testing.assert_close(halved[-1], loss / 2)
    objective, step, _ = first_step(Arm(2, "horizontal"))
    assert len(objective.parts(step, pair_batch(step))) == len(halved) - 1


def test_the_place_losss_gradient_reaches_the_network():
    objective, step, _ = first_step(TWO_CELLS)
    objective.parts(step, pair_batch(step))[-1].backward()
    model = step.run.model
    reached = {n for n, p in model.named_parameters() if p.grad is not None and p.grad.any()}
    for part in ("encoders.picture.", "encoders.text.", "fusion.layers.", "fusion.place_head."):
        own = {n for n, _ in model.named_parameters() if n.startswith(part)}
        assert own and own <= reached, own - reached
    assert not any(n.startswith(("heads.", "fusion.match_head", "fusion.probe")) for n in reached)


def test_positions_are_strengthened_before_training():
    plain, strong = (begun(Arm(strength=s))[0].model.encoders[PICTURE] for s in (1.0, STRONGER))
    torch.testing.assert_close(strong.positions.vectors, STRONGER * plain.positions.vectors)
    torch.testing.assert_close(strong.embedding.weight, plain.embedding.weight)


# Trainings


@pytest.fixture
def small(monkeypatch):
    """Few scenes and one epoch in place of many."""

    def few(seed, **how):
        return scene_splits(seed, FEW, **how)

    monkeypatch.setattr(study, "scene_splits", few)
    monkeypatch.setattr(study, "trained", lambda arm, seed: trained(arm, seed, 1))


def test_a_row_has_the_shares_of_a_training(small):
    row = row_of("two objects, one axis, places predicted", 0)
    assert list(row) == [*("arm", "seed", "epochs", "seconds"), *("object", "relation", "colour")]
    assert all(0 <= row[kind] <= 1 for kind in ("object", "relation", "colour"))
    again = row_of("two objects, one axis, places predicted", 0)
    assert {**row, "seconds": 0} == {**again, "seconds": 0}


def test_the_command_stores_two_small_arms(small, tmp_path, monkeypatch, capsys):
    chosen = ("longer, strong positions", "two objects, one axis")
    monkeypatch.setattr(study, "ARMS", {name: ARMS[name] for name in chosen})
    out = tmp_path / "relations.csv"
    study.relations(2, out, 1)
    table = pd.read_csv(out)
    assert list(table["arm"]) == [name for name in chosen for _ in range(2)]
    assert list(table["seed"]) == [*fresh_seeds(2)] * 2
    summary = capsys.readouterr().out
    assert all(name in summary for name in chosen) and f"4 rows in {out}" in summary


def test_the_stored_table_is_of_these_arms_on_fresh_seeds():
    table = pd.read_csv(open_checked("relations.csv"))
    plan = [(name, seed) for name in ARMS for seed in fresh_seeds(3)]
    assert list(zip(table["arm"], table["seed"], strict=True)) == plan
    assert set(table["epochs"]) == {LONG}
    shares = table[["object", "relation", "colour"]]
    assert shares.ge(0).all(axis=None) and shares.le(1).all(axis=None)
    # Without positions or places that help, A and B exchanged stay a coin to it.
    assert table.loc[table["arm"] == "longer", "relation"].between(0.4, 0.6).all()


def test_a_training_goes_on_where_it_was_stopped(tmp_path):
    arm = Arm(2, "horizontal", strength=STRONGER, places=1.0)
    data = with_cells(splits_of(arm), arm.axis)
    straight, stopped, again = (new_model(data, 0) for _ in range(3))

    def training(model, folder=None):
        method, settings = RelationObjective(arm), settings_for(2)
        return epochs(
            model, data.train, data.valid, settings, seed=0, method=method, checkpoints=folder
        )

    list(training(straight))
    begun_once = training(stopped, tmp_path)
    next(begun_once)
    begun_once.close()
    list(training(again, tmp_path))
    pairs = zip(straight.state_dict().items(), again.state_dict().values(), strict=True)
    assert all(torch.equal(one, other) for (_, one), other in pairs)
    assert not torch.equal(
        stopped.fusion.place_head.weight, again.fusion.place_head.weight
    )  # the second epoch did something
