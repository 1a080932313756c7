"""AGM: shares of the logits, coefficients, and what they do to gradients."""

from itertools import combinations

import torch
from torch.nn import functional as F

from coursekit.balancing import agm
from vector_checkers.fusion import rules
from vector_checkers.scores import OWNERS, names_after

ZEROED = {"a": "logits_audio_zeroed", "v": "logits_visual_zeroed"}


def agm_case(case):
    """Iteration by iteration, with the running means of those before."""
    rows, additive, alpha = case.parts("rows"), case.flag("additive"), case.number("alpha")
    running = torch.zeros(2, dtype=torch.float64)
    for number, row in enumerate(rows):
        row.same("iteration", number + 1)
        scores = row_scores(row, additive)
        k = agm.coefficients(scores, running, alpha)
        for m, factor in zip(ZEROED, k, strict=True):
            row.same(f"coeff_{m}", factor)
        running = (running * number + scores) / (number + 1)
    for m, score in zip(ZEROED, running, strict=True):
        case.same(f"final_running_score_{m}", score)


def row_scores(row, additive):
    """Shares and scores of one batch."""
    full, labels = row.tensor("logits_full"), row.whole("labels")
    without = {m: row.tensor(key) for m, key in ZEROED.items()}
    nothing = row.tensor("logits_both_zeroed")  # not part of the shares of two modalities
    if additive:
        row.same("logits_both_zeroed", without["a"] + without["v"] - full)
    elif nothing.shape != full.shape:
        row.refuse(f"logits_both_zeroed has shape {tuple(nothing.shape)}, logits_full another.")
    values = {frozenset("av"): full, frozenset("v"): without["a"], frozenset("a"): without["v"]}
    phi = agm.shapley(values)
    picked = []
    for m, share in zip(ZEROED, phi, strict=True):
        row.same(f"phi_{m}", share)
        picked.append(share.softmax(1)[torch.arange(len(labels)), labels].clamp_min(1e-8))
    scores = torch.stack([-p.log().mean() for p in picked])
    for m, score in zip(ZEROED, scores, strict=True):
        row.same(f"score_{m}", score)
    return scores


def trimodal_phi(entry):
    """Shares for any number of modalities; the file names what is padded, "pad_text_audio" say."""
    names, logits = entry.take("names"), entry.tensor("logits")
    letters = frozenset(names_after(entry, "phi_"))
    values = {}
    for name, value in zip(names, logits, strict=True):
        if name == "zero":
            continue  # the release takes the value of the empty set as 0, and so does the package
        padded = set() if name == "total" else {word[0] for word in name.split("_")[1:]}
        values[letters - padded] = value
    for m, share in zip(sorted(letters), agm.shapley(values), strict=True):
        entry.same(f"phi_{m}", share)


def given_scores(entry):
    """Coefficients of given scores, for any number of modalities."""
    scores, running = entry.tensor("scores"), entry.tensor("running")
    entry.same("coeffs", agm.coefficients(scores, running, entry.number("alpha")))


def gradient_action(entry):
    """Gradients of a small network, unscaled and with the given scales at the shares."""
    p, labels = entry.tensors("params"), entry.whole("labels")
    entry.flag("additive")  # the fusion is told by its weights
    inputs = {m: entry.tensor(m) for m in OWNERS.values() if m in entry}
    k = [entry.number(f"coeff_{m[0]}") for m in inputs]
    grads = entry.part("grads")
    for key, scales in (("unscaled", [1.0] * len(k)), ("scaled", k)):
        weights = {name: w.clone().requires_grad_() for name, w in p.items()}
        shares = agm.shapley(coalitions(entry, weights, inputs))
        scaled = [c * s + (1 - c) * s.detach() for c, s in zip(scales, shares, strict=True)]
        F.cross_entropy(torch.stack(scaled).sum(0), labels).backward()
        grads.same_in(key, {f"net.{name}": w.grad for name, w in weights.items()})


def coalitions(entry, p, inputs):
    """Logits by set of modalities; the inputs of the others are zero."""
    fusion = {k.removeprefix("fusion_module."): w for k, w in p.items() if "fusion_module." in k}
    allowed = rules(fusion)
    if not allowed:
        entry.refuse(f"params names {sorted(p)}, for which no fusion is known.")

    def run(present):
        """Logits where only the present modalities are seen."""
        features = []
        for m, x in inputs.items():
            seen = x if m[0] in present else torch.zeros_like(x)
            features.append(torch.tanh(seen @ p[f"{m}_net.weight"].T + p[f"{m}_net.bias"]))
        return allowed[0](fusion, dict(zip("xyz", features, strict=False)))[2]

    letters = [m[0] for m in inputs]
    sizes = range(1, len(letters) + 1)
    return {frozenset(s): run(s) for size in sizes for s in combinations(letters, size)}


def divergence(entry):
    """A benchmark whose exponents have the other sign: two modalities' factors are exchanged."""
    names = names_after(entry, "score_")  # "a_bb"
    scores = torch.stack([entry.tensor(f"score_{m}") for m in names])
    averages = entry.tensors("running")
    running = torch.stack([x for m in names for key, x in averages.items() if key[0] == m[0]])
    alpha = entry.number("alpha")
    k = agm.coefficients(scores, running, alpha)
    official = {f"coeff_{m[0]}": factor for m, factor in zip(names, k, strict=True)}
    entry.same_in("official_rule_on_same_scores", official)
    turned = agm.coefficients(-scores, -running, alpha)
    scale = entry.part("grad_scale")
    for key in scale:
        owners = [f for m, f in zip(names, turned, strict=True) if key.startswith(OWNERS[m[0]])]
        scale.same(key, owners[0] if owners and key.endswith("weight") else 1.0)


CHECKERS = {
    "agm.json": {
        "cases": agm_case,
        "gradient_action": gradient_action,
        "trimodal_phi": trimodal_phi,
        "trimodal_coeffs": given_scores,
        "balancebenchmark_divergence": divergence,
    }
}
