"""Pruning: against PyTorch's own, against loops; masks that hold; amounts that cost least."""

import copy
import itertools

import pandas as pd
import pytest
import torch
from exact_numbers import draw, tensor
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import prune

from coursekit.data import load_preset
from coursekit.models import build_classifier
from coursekit.training import Settings, accuracy, fit, predict
from coursekit.training.optimizers import SGD, Adam
from coursekit.training.pruning import (
    global_masks,
    local_masks,
    loss_changes,
    lowest_mask,
    magnitudes,
    part_masks,
    relative_magnitudes,
    weights_of,
)
from coursekit.training.pruning_amounts import cheapest_shares, costs_of_pruning
from coursekit.training.pruning_masks import apply_masks, counts, held

SHARES = st.floats(0, 1)
AB = {"A": 4, "B": 6}


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3)).double()


def classifier(seed=0):
    torch.manual_seed(seed)
    return build_classifier({m: torch.randn(8, d) for m, d in AB.items()}, 3, widths=(5,))


# ---- which weights go --------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.integers(0, 1000), st.lists(SHARES, min_size=1, max_size=3))
def test_local_masks_step_by_step_are_those_of_torch(seed, shares):
    model = network(seed)
    weights, alive = weights_of(model), None
    assert list(weights) == ["0.weight", "2.weight"]
    other = copy.deepcopy(model)
    for share in shares:
        alive = local_masks(magnitudes(weights), share, alive)
        for layer in (other[0], other[2]):
            prune.l1_unstructured(layer, "weight", share)
    for name, layer in (("0.weight", other[0]), ("2.weight", other[2])):
        assert torch.equal(alive[name], layer.weight_mask.bool())


@settings(max_examples=30)
@given(st.integers(0, 1000), SHARES, st.sampled_from([magnitudes, relative_magnitudes]))
def test_one_ranking_is_that_of_torch(seed, share, score):
    model = network(seed)
    scores = score(weights_of(model))
    pairs = [(model[0], "weight"), (model[2], "weight")]
    importance = {pair: scores[name] for pair, name in zip(pairs, scores, strict=True)}
    prune.global_unstructured(
        pairs, prune.L1Unstructured, amount=share, importance_scores=importance
    )
    masks = global_masks(scores, share)
    assert torch.equal(masks["0.weight"], model[0].weight_mask.bool())
    assert torch.equal(masks["2.weight"], model[2].weight_mask.bool())


def test_the_lowest_by_loop():
    (scores,) = draw((4, 5))
    scores = scores.abs()
    alive = torch.rand(4, 5, generator=torch.Generator().manual_seed(1)) > 0.3
    for count in (0, 1, 7, int(alive.sum())):
        gone = set(sorted(scores[alive].tolist())[:count])
        mask = lowest_mask(scores, count, alive)
        for i, j in itertools.product(range(4), range(5)):
            stays = bool(alive[i, j]) and float(scores[i, j]) not in gone
            assert bool(mask[i, j]) == stays
    before = alive.clone()
    lowest_mask(scores, 3, alive)
    assert torch.equal(alive, before)


def test_half_of_fifteen_twice_leaves_four():
    """Rounded, halves to the even number: 7.5 are 8, and half of the 7 that are left 4."""
    (w,) = draw((3, 5))
    once = local_masks(magnitudes({"w": w}), 0.5)
    twice = local_masks(magnitudes({"w": w}), 0.5, once)
    assert [int(m["w"].sum()) for m in (once, twice)] == [7, 3]
    assert bool((twice["w"] <= once["w"]).all())


def test_one_ranking_takes_from_the_modality_with_the_smaller_weights():
    a, b = draw((20, 20), (20, 20))
    weights = {"encoders.A.weight": a, "encoders.B.weight": 10 * b}
    by_size = counts(global_masks(magnitudes(weights), 0.5), ["encoders.A", "encoders.B", ""])
    pruned = by_size.set_index("part")["pruned"]
    assert pruned["encoders.A"] > 0.8 and pruned["encoders.B"] < 0.2
    assert pruned[""] == pytest.approx(0.5)
    relative = counts(global_masks(relative_magnitudes(weights), 0.5), ["encoders.A", "encoders.B"])
    assert relative["pruned"].tolist() == pytest.approx([0.5, 0.5], abs=0.05)


def test_an_amount_for_each_part_and_what_is_in_none_stays():
    model = classifier()
    scores = magnitudes(weights_of(model))
    masks = part_masks(scores, {"encoders.A": 0.5, "encoders.B": 0.25})
    table = counts(masks, ["encoders.A", "encoders.B", "fusion", "heads.A"]).set_index("part")
    assert table.loc["encoders.A"].tolist() == [20, 10, 0.5]
    assert table.loc["encoders.B"].tolist() == [30, 22, 1 - 22 / 30]  # 7.5, to the even number
    assert table.loc["fusion", "pruned"] == table.loc["heads.A", "pruned"] == 0
    for part, share in (("encoders.A", 0.5), ("encoders.B", 0.25)):  # one ranking in each
        own = {n: s for n, s in scores.items() if n.startswith(part)}
        for name, mask in global_masks(own, share).items():
            assert torch.equal(mask, masks[name])


@pytest.mark.parametrize(
    ("shares", "sentence"),
    [
        ({"encoders": 0.5, "encoders.A": 0.5}, "twice, in 'encoders' and 'encoders.A'"),
        ({"encoder": 0.5}, "shares names 'encoder', where no score is"),
        ({"encoders.A": 1.5}, r"shares\['encoders.A'\] is 1.5"),
        ({}, "shares is empty"),
    ],
)
def test_parts_that_are_none_are_refused(shares, sentence):
    with pytest.raises(ValueError, match=sentence):
        part_masks(magnitudes(weights_of(classifier())), shares)


def test_a_part_is_no_beginning_of_a_name():
    weights = {"a.weight": torch.ones(2, 2), "ab.weight": torch.ones(2, 2)}
    masks = part_masks(magnitudes(weights), {"a": 1.0})
    assert not masks["a.weight"].any() and masks["ab.weight"].all()


def test_relative_magnitudes_by_hand():
    scores = relative_magnitudes({"w": tensor([[3.0, -4.0]]), "none": tensor([[0.0]])})
    assert scores["w"].tolist() == [[0.6, 0.8]] and scores["none"].tolist() == [[0.0]]


def test_the_change_of_the_loss_is_that_of_a_small_weight():
    """To first order: taking a small weight out changes the loss by its score."""
    model = network()
    x, y = draw((6, 5))[0], torch.tensor([0, 1, 2, 0, 1, 2])

    def loss():
        return nn.functional.cross_entropy(model(x), y)

    with torch.no_grad():
        model[0].weight *= 1e-5
    scores = loss_changes(weights_of(model), loss())
    whole = float(loss().detach())
    for i, j in ((0, 0), (3, 4), (6, 2)):
        w = float(model[0].weight[i, j].detach())
        with torch.no_grad():
            model[0].weight[i, j] = 0
        changed = abs(float(loss().detach()) - whole)
        with torch.no_grad():
            model[0].weight[i, j] = w
        assert changed == pytest.approx(float(scores["0.weight"][i, j]), rel=1e-2, abs=1e-12)


def test_weights_that_the_loss_does_not_need_score_zero():
    model = network()
    loss = model[0](torch.ones(2, 5).double()).sum()
    scores = loss_changes(weights_of(model), loss)
    assert float(scores["2.weight"].abs().max()) == 0 and float(scores["0.weight"].min()) > 0
    with pytest.raises(ValueError, match="loss hangs on none of the weights"):
        loss_changes({"2.weight": model[2].weight}, loss)
    with pytest.raises(ValueError, match="loss hangs on no parameter"):
        loss_changes(weights_of(model), loss.detach())


def test_weights_of_a_part_and_of_a_layer_alone():
    model = classifier()
    every = weights_of(model)
    assert not [name for name in every if name.endswith("bias")]
    assert {n.rpartition(".")[0] for n in weights_of(model, "encoders.B")} == {
        "encoders.B.layers.0"
    }
    assert list(weights_of(nn.Linear(2, 3))) == ["weight"]
    with pytest.raises(
        ValueError, match=r"part is 'encoders\.C', in which the model has no linear"
    ):
        weights_of(model, "encoders.C")
    tied = nn.ModuleDict({"a": nn.Linear(2, 2)})
    tied["b"] = tied["a"]
    assert list(weights_of(tied)) == ["a.weight"]


# ---- what masks do to a model ------------------------------------------------------------------


def train(model, optimizer, steps=5):
    rng = torch.Generator().manual_seed(7)
    for _ in range(steps):
        x = torch.randn(6, 5, generator=rng, dtype=torch.float64)
        optimizer.zero_grad()
        model(x).square().sum().backward()
        optimizer.step()


@pytest.mark.parametrize("remembers", [False, True])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (SGD, {"lr": 0.01, "momentum": 0.9, "weight_decay": 0.1}),
        (Adam, {"lr": 0.01, "weight_decay": 0.1}),
        (torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.1}),
    ],
)
def test_neither_gradient_nor_momentum_nor_decay_moves_a_masked_weight(kind, options, remembers):
    model = network()
    optimizer = kind(model.parameters(), **options)
    if remembers:
        train(model, optimizer)
    masks = global_masks(magnitudes(weights_of(model)), 0.5)
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    with held(model, masks, optimizer if remembers else None):
        for _ in range(5):
            train(model, optimizer, 1)
            for name, mask in masks.items():
                assert float(model.get_parameter(name).detach()[~mask].abs().max()) == 0
    for name, mask in masks.items():
        moved = model.get_parameter(name).detach() - before[name]
        assert float(moved[mask].abs().min()) > 0
    assert set(model.state_dict()) == set(before)  # no second tensor


def test_an_optimiser_with_a_memory_that_was_not_handed_in_is_told():
    model = network()
    optimizer = SGD(model.parameters(), lr=0.01, momentum=0.9)
    train(model, optimizer)
    masks = global_masks(magnitudes(weights_of(model)), 0.5)
    with (
        pytest.raises(RuntimeError, match=r"28 masked weights of the model are not zero; an opti"),
        held(model, masks),
    ):
        train(model, optimizer)


def test_behind_the_block_everything_trains_again():
    model = network()
    masks = global_masks(magnitudes(weights_of(model)), 0.5)
    optimizer = SGD(model.parameters(), lr=0.01)
    with held(model, masks, optimizer):
        train(model, optimizer)
    train(model, optimizer)
    assert float(model[0].weight.detach()[~masks["0.weight"]].abs().max()) > 0


def test_an_error_inside_is_not_covered_up():
    model = network()
    masks = global_masks(magnitudes(weights_of(model)), 0.5)
    with pytest.raises(KeyError), held(model, masks):
        raise KeyError("own")


def test_masked_gradients_do_not_count_in_the_clipped_length():
    model = network()
    masks = {"0.weight": torch.zeros(7, 5, dtype=torch.bool)}
    with held(model, masks):
        model(torch.ones(2, 5).double()).sum().backward()
    assert float(model[0].weight.grad.abs().max()) == 0
    assert float(model[2].weight.grad.abs().max()) > 0


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_course_s_own_training_holds_them(optimizer):
    data = load_preset("starve", train=60, valid=30, test=30)
    model = build_classifier(data.train.inputs, data.num_classes, widths=(6,))
    masks = global_masks(magnitudes(weights_of(model)), 0.7)
    with held(model, masks):
        fit(
            model, data.train, data.valid,
            Settings(epochs=2, weight_decay=0.1, optimizer=optimizer, lr=0.01),
        )  # fmt: skip
    left = counts({n: p.detach() != 0 for n, p in weights_of(model).items()}, [""])
    assert float(left["pruned"][0]) == pytest.approx(0.7, abs=0.01)


def test_applied_masks_are_all_there_is_to_a_pruned_model():
    model = network()
    masks = local_masks(magnitudes(weights_of(model)), 0.4)
    want = copy.deepcopy(model)
    for name, layer in (("0.weight", want[0]), ("2.weight", want[2])):
        prune.custom_from_mask(layer, "weight", masks[name])
        prune.remove(layer, "weight")
    apply_masks(model, masks)
    assert set(model.state_dict()) == set(want.state_dict())
    for name, p in want.named_parameters():
        assert torch.equal(p, model.get_parameter(name))
    copy.deepcopy(model)


# ---- how much in each part ---------------------------------------------------------------------


def test_what_pruning_costs_and_the_model_is_as_before():
    data = load_preset("starve", train=200, valid=100, test=30)
    model = build_classifier(data.train.inputs, data.num_classes, widths=(8,))
    fit(model, data.train, data.valid, Settings(epochs=3))
    before = copy.deepcopy(model.state_dict())

    def score():
        return accuracy(predict(model, data.valid.inputs).joint, data.valid.labels)

    parts = [f"encoders.{m}" for m in model.modalities]
    costs = costs_of_pruning(model, parts, [1.0, 0.0, 0.5], score)
    assert costs["part"].tolist() == [p for p in parts for _ in range(3)]
    assert costs["share"].tolist() == [0.0, 0.5, 1.0] * len(parts)
    assert (costs.loc[costs["share"] == 0, ["removed", "lost"]] == 0).all(axis=None)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    for part, rows in costs.groupby("part"):  # by hand
        masks = part_masks(magnitudes(weights_of(model, part)), {part: 1.0})
        whole = score()
        apply_masks(model, masks)
        assert whole - score() == pytest.approx(rows["lost"].iloc[-1])
        model.load_state_dict(before)


def test_a_score_that_fails_leaves_the_model_as_it_was():
    model = network()
    before = copy.deepcopy(model.state_dict())
    values = iter([0.5, float("nan")])
    with pytest.raises(ValueError, match="what score returns is nan"):
        costs_of_pruning(model, [""], [0.5], lambda: next(values))
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    with pytest.raises(ValueError, match="parts that share nothing"):
        costs_of_pruning(model, ["", "0"], [0.5], lambda: 1.0)


COSTS = pd.DataFrame(
    [
        ("A", 0.5, 50, 0.01), ("A", 0.9, 90, 0.20),
        ("B", 0.5, 10, 0.00), ("B", 0.9, 18, 0.02),
    ],
    columns=["part", "share", "removed", "lost"],
)  # fmt: skip


@pytest.mark.parametrize(
    ("removed", "want"),
    [
        (0, {"A": 0.0, "B": 0.0}),
        (5, {"A": 0.0, "B": 0.5}),
        (40, {"A": 0.5, "B": 0.0}),
        (55, {"A": 0.5, "B": 0.5}),
        (62, {"A": 0.5, "B": 0.9}),
        (70, {"A": 0.9, "B": 0.0}),
        (108, {"A": 0.9, "B": 0.9}),
    ],
)
def test_the_cheapest_shares(removed, want):
    assert cheapest_shares(COSTS, removed) == want


def test_more_than_there_is_cannot_be_removed():
    with pytest.raises(ValueError, match="removed is 109; the parts in costs have 108 at most"):
        cheapest_shares(COSTS, 109)
    many = pd.concat([COSTS.assign(part=f"{i}") for i in range(13)])
    with pytest.raises(ValueError, match="combinations; 1000000 or fewer"):
        cheapest_shares(many, 1)


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_relative_magnitudes_do_not_hang_on_the_scale(scale):
    """In float32, whose squares end at 1e38."""
    weights = {"a": scale * torch.tensor([[3.0, -4], [0, 0]]), "b": torch.tensor([0.9, 0.1])}
    scores = relative_magnitudes(weights)
    torch.testing.assert_close(scores["a"], torch.tensor([[0.6, 0.8], [0, 0]]))
    assert [int((~m).sum()) for m in global_masks(scores, 0.5).values()] == [2, 1]
