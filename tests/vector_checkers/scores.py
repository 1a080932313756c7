"""Methods that scale a step by what each modality scores: OGM, MLB, MSLR."""

import re
from types import SimpleNamespace

import torch
from torch.nn import functional as F

from coursekit import fusion
from coursekit.balancing import mlb, mslr, ogm
from coursekit.balancing.unimodal_scores import rivals, true_class_scores

OWNERS = {"a": "audio", "v": "visual", "t": "text"}


def names_after(case, prefix):
    """What stands behind a prefix of the keys, in the file's order."""
    return [key.removeprefix(prefix) for key in case if key.startswith(prefix)]


def ogm_case(case):
    """Scores and coefficients of one batch, and its losses."""
    names, labels = names_after(case, "logits_"), case.whole("labels")
    logits = [case.tensor(f"logits_{m}") for m in names]
    case.count("epoch")  # the coefficients are computed in every one, used or not
    if case.text("fusion") not in ("concat", "sum"):
        case.refuse(f"fusion is {case.text('fusion')!r}; 'concat' or 'sum' was expected.")
    scores = true_class_scores(logits, labels)
    for m, score in zip(names, scores, strict=True):
        case.same(f"score_{m}", score)
    ratios(case, dict(zip(names, scores, strict=True)))
    ogm_coefficients(case, names, scores)
    if "losses_mean" in case:
        losses = {m: F.cross_entropy(x, labels) for m, x in zip(names, logits, strict=True)}
        case.same_in("losses_mean", {"mm": F.cross_entropy(sum(logits), labels), **losses})


def ratios(case, scores):
    """Every key ratio_m_over_n."""
    for key in case:
        pair = re.fullmatch(r"ratio_(\w+)_over_(\w+)", key)
        if pair:
            case.same(key, scores[pair[1]] / scores[pair[2]])


def ogm_coefficients(case, names, scores):
    """The package's, and at a tie, which the package leaves alone, the release's brake on audio."""
    alpha = case.number("alpha")
    k = ogm.coefficients(scores, alpha)
    if len(names) == 2 and scores[0] == scores[1]:
        if not torch.equal(k, torch.ones_like(k)):
            case.refuse(f"a tie is braked by {k.tolist()}; it was expected to be left alone.")
        braked = 1 - torch.tanh(torch.tensor(alpha, dtype=torch.float64))
        k = torch.stack([braked if m == "a" else torch.ones_like(braked) for m in names])
    for m, factor in zip(names, k, strict=True):
        case.same(f"coeff_{m}", factor)


def ogm_closed_form(entry):
    """Coefficients of given scores."""
    names = names_after(entry, "score_")
    scores = torch.stack([entry.tensor(f"score_{m}") for m in names])
    ratios(entry, dict(zip(names, scores, strict=True)))
    ogm_coefficients(entry, names, scores)


def ogm_gradients(entry):
    """What the release does to gradients: convolutions are scaled and get noise, no others."""
    raw = entry.tensors("raw_grads")
    entry.number("alpha")
    braked, filters = dict(raw), {}
    for m in names_after(entry, "coeff_"):
        k, owner = entry.number(f"coeff_{m}"), f".{OWNERS[m]}"
        own = {name: g for name, g in raw.items() if owner in f".{name}" and g.ndim == 4}
        braked |= {name: k * g for name, g in own.items()}
        filters |= own
    entry.same_in("ogm_grads", braked)
    entry.same_in("ge_scaled_part", braked)
    spread = {name: ogm.noise_std(g) - ogm.LEAST_STD for name, g in filters.items()}
    entry.same_in("unbiased_std_of_raw_conv_grads", spread)
    calls = entry.parts("ge_noise_calls")
    for call, grad in zip(calls, filters.values(), strict=True):
        call.same("mean", 0.0)
        call.same("std", ogm.noise_std(grad))
        call.same("shape", torch.tensor(grad.shape))
    ogm_window(entry.part("window"))


def ogm_window(entry):
    """In which epochs the method acts; the release numbers them from 0, the package from 1."""
    first, last = entry.count("starts"), entry.count("ends")
    method = ogm.OGM(until=last + 1)
    features = {m: torch.ones(1, 1) for m in "av"}
    model = SimpleNamespace(fusion=fusion.build("late-linear", dict.fromkeys("av", 1), 2))
    for key in entry:
        number = re.fullmatch(r"epoch_(\d+)_modulated", key)
        if number:
            epoch = int(number[1])
            run = SimpleNamespace(epoch=epoch + 1, model=model)
            prediction = SimpleNamespace(features=features)
            step = SimpleNamespace(run=run, prediction=prediction, labels=torch.tensor([0]))
            entry.same(key, first <= epoch and bool(method.scales(step)))


def mlb_case(case):
    """Scores, ratios and the coefficients of every setting."""
    logits = list(case.tensor("logits"))
    case.same("M", len(logits))
    scores = true_class_scores(logits, case.whole("labels"))
    case.same("s_sum", scores)
    case.same("r", rivals(scores) / scores)
    for setting in case.parts("settings"):
        mode, most = setting.take("repo_tanh_mode"), setting.number("beta_max")
        if mode not in (False, 2, "2"):
            setting.refuse(f"repo_tanh_mode is {mode!r}; false or 2 was expected.")
        most = mlb.BRAKE if mode is False else most  # without a mode the release has no β
        setting.same("k", mlb.coefficients(scores, setting.number("alpha"), most))


def mlb_curve(curve):
    """k of the first of two modalities whose scores are 1 and r."""
    alpha, most = curve.tensor("alpha"), curve.tensor("beta_max")
    r = curve.tensor("r")
    curve.same("k", mlb.pace(torch.stack([torch.ones_like(r), r], dim=-1), alpha, most)[..., 0])


def mslr_case(case):
    """Ratios of both implementations; one counts epochs from 0, the other from 1."""
    names, memory = names_after(case, "val_acc_"), case.count("keep_memory")
    accuracies = torch.stack([case.tensor(f"val_acc_{m}") for m in names], dim=1)
    initial = case.tensors("init_lr_scale")
    if set(initial) != {f"mod{m}" for m in names}:
        case.refuse(f"init_lr_scale names {sorted(initial)}, val_acc {names}.")
    for key, first in (("mlb_repo", 0), ("agm_repo", 1)):
        for entry in case.parts(key) if key in case else []:
            known = accuracies[: entry.count("epoch") - first]
            now = mslr.ratios(known, memory) if len(known) else torch.ones_like(accuracies[0])
            for m, ratio in zip(names, now, strict=True):
                entry.same(f"ratio_{m}", ratio)
                entry.same(f"coeff_{m}", ratio * initial[f"mod{m}"])


CHECKERS = {
    "ogm.json": {
        "cases": ogm_case,
        "closed_form_checks": ogm_closed_form,
        "gradient_detail": ogm_gradients,
    },
    "mlb.json": {"cases": mlb_case, "curve": mlb_curve},
    "mslr.json": {"cases": mslr_case},
}
