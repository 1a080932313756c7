"""Gates and shifts: sum, concatenation, FiLM, Kiela's gate, GMU, MAG."""

import torch
from torch.func import functional_call

from coursekit import fusion
from coursekit.fusion import gated
from coursekit.fusion.film import film
from coursekit.fusion.gmu import gmu
from coursekit.fusion.mag import MAG

X_FIRST, Y_FIRST = ("x", "y"), ("y", "x")


def operator(name, parts, classes, weights, **options):
    """The package's operator with given weights. parts: features by modality, in its order."""
    widths = {m: z.shape[1] for m, z in parts.items()}
    made = fusion.registry()[name](widths, classes, **options).double()
    return functional_call(made, weights, (parts,), strict=True)


def layer(p, name, new):
    """Weight and bias of one of the reference's linear layers under the package's name."""
    return {f"{new}.weight": p[f"{name}.weight"], f"{new}.bias": p[f"{name}.bias"]}


def by_sum(p, z):
    """W_x x + W_y y, a bias each."""
    weights = layer(p, "fc_x", "votes.0") | layer(p, "fc_y", "votes.1")
    return z["x"], z["y"], operator("additive", z, len(p["fc_x.bias"]), weights)


def by_concatenation(p, z):
    """W [x; y] + b."""
    weights = layer(p, "fc_out", "linear")
    return z["x"], z["y"], operator("late-linear", z, len(p["fc_out.bias"]), weights)


def by_film(order):
    """The first of the order scales and shifts the second."""

    def run(p, z):
        """What is handed on of x and of y, and the output."""
        parts = {m: z[m] for m in order}
        width = parts[order[1]].shape[1]
        weights = layer(p, "fc_out", "linear")
        for name, rows in (("gamma", slice(0, width)), ("beta", slice(width, None))):
            weights[f"{name}.weight"] = p["fc.weight"][rows]
            weights[f"{name}.bias"] = p["fc.bias"][rows]
        return z["x"], z["y"], operator("film", parts, len(p["fc_out.bias"]), weights)

    return run


def by_gate(order):
    """The first of the order opens and closes the second."""

    def run(p, z):
        """What is handed on of x and of y, and the output."""
        parts = {m: z[m] for m in order}
        weights = layer(p, "fc_out", "linear")
        weights |= layer(p, f"fc_{order[0]}", "gate") | layer(p, f"fc_{order[1]}", "value")
        size = {"width": len(p["fc_x.bias"])}
        output = operator("kiela-gate", parts, len(p["fc_out.bias"]), weights, **size)
        return *projected(p, z), output

    return run


def by_two_gates(p, z):
    """Each opens and closes the other, and both results are concatenated."""
    x, y = projected(p, z)
    x, y = gated(x, y), gated(y, x)
    return x, y, torch.cat([x, y], dim=1) @ p["fc_out.weight"].T + p["fc_out.bias"]


def projected(p, z):
    """W_x x + b_x and W_y y + b_y."""
    return [z[m] @ p[f"fc_{m}.weight"].T + p[f"fc_{m}.bias"] for m in "xy"]


def rules(p):
    """What the names of the weights allow: several where they do not tell which one conditions."""
    names = {key.rsplit(".", 1)[0] for key in p}
    if names == {"fc_x", "fc_y"}:
        return [by_sum]
    if names == {"fc_out"}:
        return [by_concatenation]
    if names == {"fc", "fc_out"}:
        return [by_film(X_FIRST), by_film(Y_FIRST)]
    if names == {"fc_x", "fc_y", "fc_out"}:
        if p["fc_out.weight"].shape[1] == 2 * len(p["fc_x.bias"]):
            return [by_two_gates]
        return [by_gate(X_FIRST), by_gate(Y_FIRST)]
    return []


def film_gated_case(case):
    """The rule that the weights' names tell; of two directions the nearer one is compared."""
    p = case.tensors("params")
    z = {m: (case if m in case else case.above).tensor(m) for m in "xy"}
    allowed = [rule(p, z) for rule in rules(p)]
    if not allowed:
        case.refuse(f"params names {sorted(p)}, for which no fusion is known.")
    output = case.tensor("output")
    x, y, nearest = min(allowed, key=lambda triple: (triple[2] - output).abs().sum().item())
    case.same("returned_x", x)
    case.same("returned_y", y)
    case.same("output", nearest)
    for key in ("x_film", "x_gate"):
        if key in case:
            case.same(key, nearest is allowed[0][2])


def film_layer(entry):
    """γ ⊙ x + β."""
    entry.same("output", film(entry.tensor("x"), entry.tensor("gammas"), entry.tensor("betas")))


def gmu_case(case):
    """The gate from both projections; its weights either way round."""
    visual, text = case.tensor("x_visual_projected"), case.tensor("x_text_projected")
    w = case.tensor("W_gate")
    square = w if w.shape[0] == 2 * visual.shape[1] else w.T
    case.same("z", torch.sigmoid(torch.cat([visual, text], dim=1) @ square))
    case.same("output", gmu(visual, text, w))
    case.same("output", gmu(visual, text, w.T))


def mag_case(case):
    """The first features displaced by all others, for vectors and for sequences of them."""
    p, text = case.tensors("params"), case.tensor("text")
    others = {m[0]: case.tensor(m) for m in ("visual", "acoustic") if m in case}
    widths = {"text": text.shape[-1]} | {m: z.shape[-1] for m, z in others.items()}
    made = MAG(widths, 2, beta=case.number("beta_shift")).double()
    made.norm.eps = case.number("layernorm_eps")
    weights = layer(p, "LayerNorm", "norm")
    for i, m in enumerate(others):
        weights |= layer(p, f"W_h{m}", f"gates.{i}") | layer(p, f"W_{m}", f"values.{i}")
    if 2 * len(others) + 1 != len(p) // 2:
        case.refuse(f"params names {sorted(p)}, features {['text', *others]}.")
    made.load_state_dict(weights, strict=False)
    case.same("output", made.shifted(text, list(others.values())))


CHECKERS = {
    "film_gated.json": {"cases": film_gated_case, "film_layer": film_layer},
    "gmu.json": {"cases": gmu_case},
    "mag.json": {"cases": mag_case},
}
