"""Bins of a reliability diagram, and the pictures of calibration and agreement."""

import numpy as np
import pandas as pd
import pytest
import torch

from coursekit.analysis.agreement import agreement
from coursekit.analysis.calibration import ece, reliability
from coursekit.compare.standings import standings
from coursekit.course.plots import new_figure
from coursekit.course.plots.calibration import reliability_diagrams
from coursekit.lessons.l08_multi_loss_balanced.plots import agreement_panels, shares_right


def binary(confidence):
    p = torch.tensor(confidence, dtype=torch.float64)
    return torch.stack([p, 1 - p], 1)


def test_bins_hold_what_lies_in_them():
    probs = binary([0.55, 0.6, 0.65, 0.9, 0.95])
    labels = torch.tensor([0, 1, 0, 0, 1])
    bins = reliability(probs, labels, bins=5)
    assert bins.total.tolist() == [0, 0, 2, 1, 2]  # 0.6 belongs to (0.4, 0.6]
    assert bins.accuracy[2:].tolist() == [0.5, 1.0, 0.5]
    assert bins.confidence[2:].tolist() == pytest.approx([0.575, 0.65, 0.925])
    assert bins.accuracy[:2].isnan().all() and bins.confidence[:2].isnan().all()
    assert float(ece(probs, labels, 5)) == pytest.approx(
        (2 * 0.075 + 1 * 0.35 + 2 * 0.425) / 5, abs=1e-12
    )


def test_the_side_of_an_edge_can_decide():
    """Four predictions on an edge, and then moved past it by a hair."""
    probs = binary([0.6, 0.6, 0.6, 0.6, 0.55, 0.55, 0.7, 0.7])
    labels = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1])
    other = binary([0.6 + 1e-9] * 4 + [0.55, 0.55, 0.7, 0.7])
    assert float(ece(probs, labels, 5)) == pytest.approx((abs(4 - 3.5) + 1.4) / 8, abs=1e-9)
    assert float(ece(other, labels, 5)) == pytest.approx((1.1 + abs(4 - 3.8)) / 8, abs=1e-8)


def test_a_panel_says_its_ece():
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(400, 4, generator=generator, dtype=torch.float64)
    labels = torch.multinomial(logits.softmax(1), 1, generator=generator)[:, 0]
    probs = {"right": logits.softmax(1), "too sure": (3 * logits).softmax(1)}
    _, axes = new_figure(columns=2)
    alt = reliability_diagrams({n: reliability(p, labels) for n, p in probs.items()}, axes)
    for ax, (name, p) in zip(axes, probs.items(), strict=True):
        assert f"ECE {float(ece(p, labels)):.3f}" in ax.get_title(loc="left")
        assert f"{name}: ECE {float(ece(p, labels)):.3f}" in alt
    over = [float(word.rstrip("%")) for word in alt.split() if word.endswith("%")]
    assert over[1] > 90 > over[0]
    with pytest.raises(ValueError, match="2 axes came"):
        reliability_diagrams({"right": reliability(probs["right"], labels)}, axes)


@pytest.fixture
def table():
    """Answers of made-up models over three seeds, measured as the benchmark measures them."""
    rng = np.random.default_rng(1)
    rows = []
    for seed in range(100, 103):
        labels = torch.tensor(rng.integers(0, 4, 300))

        def guesses(accuracy, labels=labels):
            wrong = torch.tensor(rng.random(300) > accuracy)
            return torch.where(wrong, (labels + 1) % 4, labels)

        alone = (guesses(0.8), guesses(0.6))
        for method, answers in (
            ("joint", guesses(0.7)), ("ensemble", alone[0]), ("unimodal A", alone[0]),
            ("unimodal B", alone[1]),
        ):  # fmt: skip
            fusion = "late-linear" if method == "joint" else "none"
            right = float((answers == labels).double().mean())
            row = {"data": "d", "fusion": fusion, "method": method, "seed": seed}
            row |= {"valid": right, "test": right}
            rows.append(row | agreement(answers, alone, labels))
    return standings(pd.DataFrame(rows))


def test_areas_sum_to_the_accuracy(table):
    for method in ("joint", "ensemble"):
        shares = shares_right(table, method)
        mean = table.loc[table["method"] == method, "test"].mean()
        assert (shares["share"] * shares["right"]).sum() == pytest.approx(mean, abs=1e-12)
        assert shares["share"].sum() == pytest.approx(1)
    assert shares_right(table, "ensemble")["right"].tolist() == [1.0, 1.0, 0.0, 0.0]


def test_a_group_that_is_empty_in_a_seed_counts_as_empty(table):
    table.loc[(table["method"] == "joint") & (table["seed"] == 100), ["share_2", "right_2"]] = (
        0.0,
        np.nan,
    )
    assert np.isfinite(shares_right(table, "joint")["right"]).all()


def test_panels_say_what_they_show(table):
    _, axes = new_figure(columns=2)
    alt = agreement_panels(table, axes, ["joint", "ensemble"], ("image", "audio"))
    assert "only image 1.00" in alt and "neither 0.00" in alt
    assert len(axes[0].patches) == 4 and axes[1].get_title(loc="left").startswith("ensemble: 0.")
    assert len({patch.get_hatch() for patch in axes[0].patches}) == 4
    with pytest.raises(ValueError, match="Did you mean 'joint'"):
        agreement_panels(table, axes, ["jont", "ensemble"], ("image", "audio"))
