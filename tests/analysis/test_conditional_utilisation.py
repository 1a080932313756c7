"""Conditional utilisation: by hand, by branches that are known, and what it says of order."""

import pytest
import torch
from torch import nn

from coursekit.analysis.conditional_utilisation import (
    measure_utilisation,
    model_utilisation,
    utilisation_difference,
    utilisation_rate,
)
from coursekit.data import load_preset
from coursekit.models import build_classifier


@pytest.mark.parametrize(
    ("accuracy", "alone", "rate"),
    [(0.8, 0.6, 0.25), (0.5, 0.5, 0.0), (0.4, 0.0, 1.0), (0.4, 0.5, -0.25), (1, 1, 0.0)],
)
def test_rates_by_hand(accuracy, alone, rate):
    assert utilisation_rate(accuracy, alone) == pytest.approx(rate)


def test_the_difference_is_positive_where_the_second_modality_is_used_more():
    # The first branch loses half without the second modality, the second a tenth without the first.
    assert utilisation_difference([0.8, 0.5], [0.4, 0.45]) == pytest.approx(0.5 - 0.1)
    assert utilisation_difference([0.5, 0.8], [0.45, 0.4]) == pytest.approx(0.1 - 0.5)
    assert utilisation_difference((0.7, 0.7), (0.6, 0.6)) == 0


def answers(right):
    """Logits of ten rows of class 1, ``right`` of them right."""
    logits = torch.zeros(10, 2)
    logits[:right, 1] = 1.0
    logits[right:, 0] = 1.0
    return logits


LABELS = torch.ones(10, dtype=torch.int64)


def test_measured_branches_by_hand():
    rows = {True: {"A": 8, "B": 5}, False: {"B": 5, "A": 2}}  # in another order the second time
    measured = measure_utilisation(
        lambda flows: {m: answers(n) for m, n in rows[flows].items()}, LABELS
    )
    assert measured.accuracy == {"A": 0.8, "B": 0.5}
    assert measured.alone == {"A": 0.2, "B": 0.5}
    assert measured.rate == pytest.approx({"A": 0.75, "B": 0.0})
    assert measured.difference == pytest.approx(0.75)
    full, cut = (list(x.values()) for x in (measured.accuracy, measured.alone))
    assert measured.difference == pytest.approx(utilisation_difference(full, cut))


def test_three_branches_have_rates_and_no_difference():
    rows = {True: (8, 5, 4), False: (4, 5, 1)}
    measured = measure_utilisation(
        lambda flows: dict(zip("ABC", map(answers, rows[flows]), strict=True)), LABELS
    )
    assert measured.rate == pytest.approx({"A": 0.5, "B": 0.0, "C": 0.75})
    assert measured.difference is None


def test_a_flow_replaced_by_its_mean_changes_nothing_where_it_is_constant():
    torch.manual_seed(0)
    inputs = {m: torch.randn(10, 3) for m in "AB"}
    own, crossed = (nn.ModuleDict({m: nn.Linear(3, 2) for m in "AB"}) for _ in range(2))
    with torch.no_grad():
        crossed["B"].weight.zero_()  # what B sends is the same for every row

    def branches(flows):
        """Each branch is its own map plus what the other sends, or the mean of that."""
        logits = {}
        for m, other in (("A", "B"), ("B", "A")):
            sent = crossed[other](inputs[other])
            logits[m] = own[m](inputs[m]) + (sent if flows else sent.mean(0))
        return logits

    with torch.no_grad():
        labels = branches(True)["B"].argmax(1)
        measured = measure_utilisation(branches, labels)
    assert measured.accuracy["A"] == measured.alone["A"] and measured.rate["A"] == 0
    assert measured.accuracy["B"] == 1.0 > measured.alone["B"]
    assert measured.difference == pytest.approx(-(1 - measured.alone["B"]))


def test_branches_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"branches\(True\) of \['B'\] are never right"):
        measure_utilisation(lambda flows: {"A": answers(3), "B": answers(0)}, LABELS)
    with pytest.raises(ValueError, match=r"branches\(False\) lacks \['B'\]"):
        measure_utilisation(
            lambda flows: {m: answers(3) for m in ("AB" if flows else "AC")}, LABELS
        )


# ---- of a model ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data():
    return load_preset("starve", 1, train=64, valid=32, test=48)


def gated(data, seed=1):
    """Gates that open and close."""
    fusion, draw = "cross-modal-gate", torch.Generator().manual_seed(seed)
    model = build_classifier(data.train.inputs, 6, widths=(16, 8), fusion=fusion, seed=seed)
    with torch.no_grad():
        model.fusion.squeeze.weight *= 10
        for gate, vote in zip(model.fusion.gating, model.fusion.votes, strict=True):
            gate.weight.normal_(0, 3, generator=draw)
            vote.bias.zero_()
    return model


def test_a_model_s_rates_by_loops(data):
    model = gated(data)
    measured = model_utilisation(model, data.train, data.test)
    fusion, right = model.fusion, {m: [0, 0] for m in "AB"}
    with torch.no_grad():
        mean = {m: model.encoders[m](data.train.inputs[m]).mean(0) for m in "AB"}
        for row in range(48):
            z = {m: model.encoders[m](data.test.inputs[m][row : row + 1])[0] for m in "AB"}
            for i, m in enumerate("AB"):
                for j, seen in enumerate((z, {**mean, m: z[m]})):
                    s = fusion.squeeze(torch.cat([seen["A"], seen["B"]])).relu()
                    gate = 2 * torch.sigmoid(fusion.gating[i](s))
                    answer = int(fusion.votes[i](gate * z[m]).argmax())
                    right[m][j] += answer == int(data.test.labels[row])
    for m in "AB":
        assert measured.accuracy[m] == pytest.approx(right[m][0] / 48)
        assert measured.alone[m] == pytest.approx(right[m][1] / 48)
    assert measured.accuracy != measured.alone


def test_untrained_gates_use_nothing(data):
    model = build_classifier(data.train.inputs, 6, fusion="cross-modal-gate")
    measured = model_utilisation(model, data.train, data.test)
    assert measured.rate == {"A": 0, "B": 0} and measured.difference == 0


def test_another_fusion_is_refused(data):
    model = build_classifier(data.train.inputs, 6, fusion="film")
    with pytest.raises(ValueError, match="model has the fusion 'film'; 'cross-modal-gate' was"):
        model_utilisation(model, data.train, data.test)
