"""The equations of the balancing methods against the numbers of reference code."""

import math

import pytest
import torch
from exact import read, tensor

from coursekit.balancing import agm, gblend, gradnorm, mlb, mmcosine, mslr, ogm, pcgrad, pmr
from coursekit.balancing.scores import true_class_scores
from coursekit.calibration import ece


def whole(numbers):
    return torch.tensor(numbers, dtype=torch.int64)


def near(found, expected, atol=1e-9):
    expected = tensor(expected) if not isinstance(expected, torch.Tensor) else expected
    assert found.dtype == torch.float64
    assert torch.allclose(found, expected, rtol=0, atol=atol), (found, expected)


def cases(name):
    return pytest.mark.parametrize("case", read(name)["cases"])


@cases("gblend")
def test_gblend(case):
    losses = [tensor(case[k]) for k in ("train_N", "valid_N", "train_Nn", "valid_Nn")]
    gain, overfitting = gblend.ogr_parts(*losses)
    near(gain, case["paper"]["G"])
    near(overfitting, case["paper"]["O"])
    near((overfitting / gain) ** 2, case["paper"]["OGR_squared"], 1e-7)
    near(gblend.weights(*losses), case["paper"]["weights_sum_to_1"])


@cases("ogm")
def test_ogm(case):
    scores = true_class_scores(
        [tensor(case["logits_a"]), tensor(case["logits_v"])], whole(case["labels"])
    )
    near(scores, [case["score_a"], case["score_v"]])
    near(scores[1] / scores[0], case["ratio_v_over_a"])
    near(ogm.coefficients(scores, case["alpha"]), [case["coeff_a"], case["coeff_v"]])


def test_ogm_noise():
    detail = read("ogm")["gradient_detail"]
    for call, net in zip(detail["ge_noise_calls"], ("audio_net", "visual_net"), strict=True):
        grad = tensor(detail["raw_grads"][f"module.{net}.conv.weight"])
        near(ogm.noise_std(grad), call["std"])


@pytest.mark.parametrize("case", read("agm")["cases"])
def test_agm(case):
    running, names = torch.zeros(2, dtype=torch.float64), ("a", "v")
    for number, row in enumerate(case["rows"]):
        values = {
            frozenset("av"): tensor(row["logits_full"]),
            frozenset("v"): tensor(row["logits_audio_zeroed"]),
            frozenset("a"): tensor(row["logits_visual_zeroed"]),
        }
        phi = agm.shapley(values)
        labels = whole(row["labels"])
        for m, found in zip(names, phi, strict=True):
            near(found, row[f"phi_{m}"])
        picked = [p.softmax(1)[torch.arange(len(labels)), labels].clamp_min(1e-8) for p in phi]
        scores = torch.stack([-p.log().mean() for p in picked])
        near(scores, [row["score_a"], row["score_v"]])
        near(
            agm.coefficients(scores, running, case["alpha"]),
            [row["coeff_a"], row["coeff_v"]],
        )
        running = (running * number + scores) / (number + 1)
    near(running, [case["final_running_score_a"], case["final_running_score_v"]])


@pytest.mark.parametrize("case", read("agm")["trimodal_coeffs"])
def test_agm_of_three(case):
    found = agm.coefficients(tensor(case["scores"]), tensor(case["running"]), case["alpha"])
    assert torch.allclose(found, tensor(case["coeffs"]), rtol=1e-7, atol=0)


def test_pmr_prototypes():
    d = read("pmr")["prototypes"]
    first = d["first"]["features_used"]
    for m in (0, 1):
        found = pmr.prototypes(tensor(first[f"feat_{m}"]), whole(first["labels"]), 10)
        near(found, d["first"][f"proto_{m}"], 1e-8)


@cases("pmr")
def test_pmr_coefficients(case):
    labels, paper = whole(case["labels"]), case["paper_eq8_to_13"]
    similarities = [
        pmr.similarities(tensor(case[f"feat_{m}"]), tensor(case[f"proto_{m}"])) for m in (0, 1)
    ]
    for m, found in enumerate(similarities):
        near(found, case[f"sim_{m}"], 1e-8)
    beta, gamma = pmr.coefficients(true_class_scores(similarities, labels))
    near(beta, paper["beta"], 1e-8)
    near(gamma, paper["gamma"], 1e-8)


@cases("mmcosine")
def test_mmcosine(case):
    features = [tensor(case[f"feat_{m}"]) for m in "av"]
    weights = [tensor(case[f"weight_{m}"]) for m in "av"]
    near(mmcosine.logits(features, weights, case["scaling"]), case["logits"])


@cases("mslr")
def test_mslr(case):
    accuracies = tensor([case["val_acc_0"], case["val_acc_1"]]).T
    for entry in case["mlb_repo"]:
        known = accuracies[: entry["epoch"]]
        expected = [entry["ratio_0"], entry["ratio_1"]]
        if len(known):
            near(mslr.ratios(known, case["keep_memory"]), expected)


@cases("pcgrad")
def test_pcgrad(case):
    found = pcgrad.project(tensor([case["g1"], case["g2"]]))
    near(found, [case["g1_projected"], case["g2_projected"]])
    near(found.mean(0), case["merged_mean"])


@cases("mlb")
def test_mlb(case):
    scores = true_class_scores([tensor(x) for x in case["logits"]], whole(case["labels"]))
    near(scores, case["s_sum"])
    for setting in case["settings"]:
        found = mlb.coefficients(scores, setting["alpha"], setting["beta_max"])
        if setting["repo_tanh_mode"] is not False or setting["beta_max"] == 2.0:
            near(found, setting["k"])


@pytest.mark.parametrize("curve", read("mlb")["curve"])
def test_mlb_curve(curve):
    for r, k in zip(curve["r"], curve["k"], strict=True):
        if r > 0:  # r = s_2 / s_1
            found = mlb.coefficients(tensor([1.0, r]), curve["alpha"], curve["beta_max"])
            near(found[0], k)


@cases("ece")
def test_ece(case):
    probs = tensor(case["probs"])
    found = ece(probs, whole(case["labels"]), case["n_bins"])
    near(found, case["ece_right_closed"], 1e-8)


def test_gradnorm():
    """Two steps replayed: target norms lead the weights to those of the reference."""
    case = read("gradnorm")["cases"][0]
    assert math.isfinite(case["alpha"])
    found = gradnorm.targets(
        tensor([1.0, 2.0, 3.0]), tensor([0.5, 1.0, 2.0]), tensor([1.0, 1.0, 1.0]), 0.5
    )
    pace = [0.5 / (3.5 / 3), 1.0 / (3.5 / 3), 2.0 / (3.5 / 3)]
    near(found, [2.0 * p**0.5 for p in pace])
