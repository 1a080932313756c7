"""Answers to lesson 16's exercises, as learners might write them."""

import numpy as np
import pandas as pd
import torch

from coursekit.analysis.routing import cascade_cost, cheapest_right, routing_cost
from coursekit.fusion.hard_gate import straight_through
from coursekit.training.architecture_gradient import exact_second_order, first_order

# ---- oracle ------------------------------------------------------------------------------------


def oracle_loop(right, costs):
    order = sorted(range(len(costs)), key=lambda k: costs[k])
    return [next((k for k in order if row[k]), order[0]) for row in right]


def oracle_package(right, costs):
    return cheapest_right(torch.as_tensor(right), [float(c) for c in costs])


def oracle_penalty(right, costs):
    return (np.asarray(costs) + 1e6 * ~np.asarray(right)).argmin(1)


# ---- costs -------------------------------------------------------------------------------------


def costs_loop(choice, costs, gate):
    by_gate = [costs[k] + gate for k in choice]
    by_cascade = [sum(costs[: k + 1]) for k in choice]
    return sum(by_gate) / len(choice), sum(by_cascade) / len(choice)


def costs_package(choice, costs, gate):
    chosen, each = torch.as_tensor(choice), [float(c) for c in costs]
    return [routing_cost(chosen, each, gate), cascade_cost(chosen, each)]


def costs_counts(choice, costs, gate):
    shares = np.bincount(choice, minlength=len(costs)) / len(choice)
    return torch.tensor([shares @ costs + gate, shares @ np.cumsum(costs)])


# ---- gate's gradient ---------------------------------------------------------------------------


def gradient_autograd(logits, values, temperature):
    z = torch.tensor(logits, requires_grad=True)
    loss = straight_through(z[None], temperature)[0] @ torch.tensor(values)
    return torch.autograd.grad(loss, z)[0]


def gradient_jacobian(logits, values, temperature):
    p = np.exp(logits / temperature) / np.exp(logits / temperature).sum()
    return (np.diag(p) - np.outer(p, p)) @ values / temperature


def gradient_loop(logits, values, temperature):
    e = [np.exp(z / temperature) for z in logits]
    p = [x / sum(e) for x in e]
    mean = sum(a * b for a, b in zip(p, values, strict=True))
    return [a * (v - mean) / temperature for a, v in zip(p, values, strict=True)]


# ---- both orders -------------------------------------------------------------------------------


def orders_package(w, alpha, a, b, c, rate):
    ws, alphas = ({"w": torch.tensor(w, dtype=torch.float64)},
                  {"alpha": torch.tensor(alpha, dtype=torch.float64)})  # fmt: skip

    def train(p):
        return 0.5 * (p["w"] - a * p["alpha"]) ** 2

    def valid(p):
        return 0.5 * (p["w"] - b) ** 2 + c * p["alpha"]

    first = first_order(valid, ws, alphas)["alpha"]
    return float(first), float(exact_second_order(train, valid, ws, alphas, rate)["alpha"])


def orders_plain(w, alpha, a, b, c, rate):
    return [c, c + rate * a * ((1 - rate) * w + rate * a * alpha - b)]


def orders_difference(w, alpha, a, b, c, rate):
    def valid(z):
        ahead = w - rate * (w - a * z)
        return 0.5 * (ahead - b) ** 2 + c * z

    return np.array([c, (valid(alpha + 1e-4) - valid(alpha - 1e-4)) / 2e-4])


# ---- verdict -----------------------------------------------------------------------------------


def verdict_loop(cost, rivals, slack):
    lows, highs = [], []
    for (_, low, high), other in rivals.values():
        if other - slack <= cost:
            lows.append(low)
            highs.append(high)
    if not lows:
        return "open"
    if min(highs) < 0:
        return "refuted"
    return "shown" if min(lows) > 0 else "open"


def verdict_capitals(cost, rivals, slack):
    return verdict_loop(cost, rivals, slack).upper()


def verdict_frame(cost, rivals, slack):
    rows = [(*difference, other) for difference, other in rivals.values()]
    table = pd.DataFrame(rows, columns=["mean", "low", "high", "cost"])
    table = table[table["cost"] <= cost + slack]
    if (table["high"] < 0).any():
        return "refuted"
    return "shown" if len(table) and (table["low"] > 0).all() else "open"


def verdict_match(cost, rivals, slack):
    kinds = {
        -1 if high < 0 else 1 if low > 0 else 0
        for (_, low, high), other in rivals.values()
        if other <= cost + slack
    }
    return "refuted" if -1 in kinds else "shown" if kinds == {1} else "open"


def random_only(cost, rivals, slack):
    return "shown" if "random gate" in rivals and rivals["random gate"][0][1] > 0 else "open"


WRONG = {
    "16-oracle": {
        "first that is right": (
            lambda r, c: np.where(r.any(1), r.argmax(1), c.argmin()),
            "You take the first that is right",
        ),
        "first if none": (
            lambda r, c: np.where(r, c, np.inf).argmin(1),
            "Where none is right you take the first",
        ),
        "dearest if none": (
            lambda r, c: np.where(r.any(1), np.where(r, c, np.inf).argmin(1), c.argmax()),
            "effort is wasted",
        ),
        "nobody if none": (
            lambda r, c: np.where(r.any(1), np.where(r, c, np.inf).argmin(1), -1),
            "Somebody has to answer",
        ),
        "always the cheapest": (
            lambda r, c: np.full(len(r), c.argmin()),
            "cheapest of all, right or wrong",
        ),
        "the dearest right": (
            lambda r, c: np.where(r.any(1), np.where(r, c, -np.inf).argmax(1), c.argmin()),
            "the dearest that is right",
        ),
        "first right": (lambda r, c: np.argmax(r, 1), "You take the first that is right"),
        "zeros": (lambda r, c: (r * c).argmin(1), "zero is the lowest"),
        "last of equal zeros": (lambda r, c: (r * c).argmax(1), ""),
        "three experts at most": (lambda r, c: np.array(oracle_loop(r[:, :3], c[:3])), ""),
        "off the shown costs": (lambda r, c: np.where(r, c, 1.0).argmin(1), ""),
        "along the rows": (lambda r, c: np.where(r, c, np.inf).argmin(0), ""),
        "last right": (lambda r, c: r.shape[1] - 1 - np.argmax(r[:, ::-1], 1), ""),
        "costs": (lambda r, c: np.where(r, c, np.inf).min(1), ""),
        "one-hot": (lambda r, c: r, ""),
        "always the first": (lambda r, c: np.zeros(len(r), int), ""),
        "from one": (lambda r, c: np.array(oracle_loop(r, c)) + 1, ""),
        "only the right ones": (lambda r, c: np.array(oracle_loop(r, c))[r.any(1)], ""),
        "how many are right": (lambda r, c: r.sum(1), ""),
        "not floats": (lambda r, c: "A", ""),
    },
    "16-costs": {
        "no gate": (lambda k, c, g: (costs_loop(k, c, 0)[0], costs_loop(k, c, g)[1]), "gate runs"),
        "gate in both": (
            lambda k, c, g: (costs_loop(k, c, g)[0], costs_loop(k, c, g)[1] + g),
            "A cascade has no gate",
        ),
        "who answers": (
            lambda k, c, g: (c[k].mean() + g, c[k].mean()),
            "every expert before the one",
        ),
        "soft": (
            lambda k, c, g: (c.sum() + g, costs_loop(k, c, g)[1]),
            "which runs all experts",
        ),
        "exchanged": (lambda k, c, g: costs_loop(k, c, g)[::-1], "The gate comes first"),
        "unweighted": (
            lambda k, c, g: (c.mean() + g, costs_loop(k, c, g)[1]),
            "picked more often",
        ),
        "gate per expert": (lambda k, c, g: (c[k].mean() + g * len(c), costs_loop(k, c, g)[1]), ""),
        "median": (lambda k, c, g: (np.median(c[k]) + g, costs_loop(k, c, g)[1]), ""),
        "before only": (
            lambda k, c, g: (costs_loop(k, c, g)[0], (np.cumsum(c) - c)[k].mean()),
            "has run, too",
        ),
        "asks all": (lambda k, c, g: (costs_loop(k, c, g)[0], c.sum()), ""),
        "from the end": (
            lambda k, c, g: (costs_loop(k, c, g)[0], np.cumsum(c[::-1])[::-1][k].mean()),
            "",
        ),
        "the first and who answers": (
            lambda k, c, g: (costs_loop(k, c, g)[0], (c[0] * (k > 0) + c[k]).mean()),
            "",
        ),
        "gate as in the lesson": (
            lambda k, c, g: (c[k].mean() + 0.041, costs_loop(k, c, g)[1]),
            "",
        ),
        "rounded": (lambda k, c, g: np.round(costs_loop(k, c, g), 2), ""),
        "sorted": (lambda k, c, g: costs_loop(k, np.sort(c), g), ""),
        "one number": (lambda k, c, g: costs_loop(k, c, g)[0], ""),
        "largest": (lambda k, c, g: (c[k].max() + g, np.cumsum(c)[k].max()), ""),
        "per row": (lambda k, c, g: (c[k] + g, np.cumsum(c)[k]), ""),
        "twice": (lambda k, c, g: (c[k].mean() + 2 * g, costs_loop(k, c, g)[1]), ""),
        "all of them": (lambda k, c, g: (c.sum() + g, c.sum()), ""),
    },
    "16-gradient": {
        "no rate": (lambda z, v, t: gradient_loop(z, v, t) * np.array(t), "1/τ"),
        "zeros": (lambda z, v, t: np.zeros(len(z)), "true gradient of a step"),
        "values": (lambda z, v, t: v, "from the shares to the logits"),
        "down": (lambda z, v, t: -np.array(gradient_loop(z, v, t)), "the step down"),
        "softmax of logits": (
            lambda z, v, t: np.array(gradient_loop(z, v, 1.0)) / t,
            "not of the logits",
        ),
        "no mean": (
            lambda z, v, t: np.exp(z / t) / np.exp(z / t).sum() * v / t,
            "The mean is missing",
        ),
        "plain mean": (
            lambda z, v, t: np.exp(z / t) / np.exp(z / t).sum() * (v - v.mean()) / t,
            "weighted by the shares",
        ),
        "softmax of logits times τ": (lambda z, v, t: gradient_loop(z, v, 1 / t), ""),
        "only the chosen one's": (
            lambda z, v, t: np.where(z == z.max(), gradient_loop(z, v, t), 0.0),
            "",
        ),
        "rounded": (lambda z, v, t: np.round(gradient_loop(z, v, t), 3), ""),
        "squared": (lambda z, v, t: np.array(gradient_loop(z, v, t)) / t, ""),
        "sigmoid": (lambda z, v, t: v / (1 + np.exp(-z / t)), ""),
        "shares": (lambda z, v, t: np.exp(z / t) / np.exp(z / t).sum(), ""),
        "values off the plain mean": (lambda z, v, t: (v - v.mean()) / t, ""),
        "sum": (lambda z, v, t: float(np.sum(v)), ""),
        "ones": (lambda z, v, t: np.ones_like(z), ""),
        "softmax of values": (lambda z, v, t: gradient_loop(v, z, t), ""),
        "absolute": (lambda z, v, t: np.abs(gradient_loop(z, v, t)), ""),
        "reversed": (lambda z, v, t: gradient_loop(z, v, t)[::-1], ""),
    },
    "16-orders": {
        "first twice": (lambda w, z, a, b, c, r: (c, c), "the first order twice"),
        "at w and without the rate": (lambda w, z, a, b, c, r: (c, c + (w - b) * a), ""),
        "a rate of its own": (lambda *v: orders_plain(*v[:5], 0.1), ""),
        "step by validation": (
            lambda w, z, a, b, c, r: (c, c + (w - r * (w - b) - b) * r * a),
            "",
        ),
        "rounded": (lambda *v: np.round(orders_plain(*v), 2), ""),
        "second twice": (lambda *v: (orders_plain(*v)[1],) * 2, ""),
        "at w": (lambda w, z, a, b, c, r: (c, c + (w - b) * r * a), "one step ahead"),
        "no direct part": (
            lambda *v: (v[4], orders_plain(*v)[1] - v[4]),
            "keeps the first and adds to it",
        ),
        "minus": (lambda *v: (v[4], 2 * v[4] - orders_plain(*v)[1]), "two minus signs"),
        "swapped": (lambda *v: orders_plain(*v)[::-1], "The first order comes first"),
        "no rate": (
            lambda w, z, a, b, c, r: (c, c + (w - r * (w - a * z) - b) * a),
            "the rate is in it",
        ),
        "on training rows": (
            lambda w, z, a, b, c, r: (-a * (w - a * z),) * 2,
            "follows the validation loss",
        ),
        "rate squared": (
            lambda w, z, a, b, c, r: (c, c + (w - r * (w - a * z) - b) * r * r * a),
            "",
        ),
        "two steps": (lambda w, z, a, b, c, r: (c, c + (a * z - b) * r * a), ""),
        "no c": (lambda w, z, a, b, c, r: (0.0, (w - r * (w - a * z) - b) * r * a), ""),
        "c times alpha": (lambda w, z, a, b, c, r: (c * z, c * z + (w - b) * r * a), ""),
        "minus b": (lambda w, z, a, b, c, r: (c, c + (w - r * (w - a * z) + b) * r * a), ""),
        "one number": (lambda *v: orders_plain(*v)[1], ""),
    },
    "16-verdict": {
        "random gate only": (random_only, ""),
        "only the random one": (
            lambda c, r, s: verdict_loop(c, {k: v for k, v in r.items() if "random" in k}, s),
            "You ask the random gate only",
        ),
        "by means": (
            lambda c, r, s: verdict_loop(
                c, {k: ((m, m, m), o) for k, ((m, _, _), o) in r.items()}, s
            ),
            "You look at means",
        ),
        "all rivals": (lambda c, r, s: verdict_loop(c, r, 1e9), "say nothing either way"),
        "always open": (lambda *v: "open", ""),
        "always shown": (lambda *v: "shown", ""),
        "never refuted": (
            lambda *v: verdict_loop(*v).replace("refuted", "open"),
            "refutes the claim",
        ),
        "exchanged": (
            lambda *v: {"shown": "refuted", "refuted": "shown"}.get(verdict_loop(*v), "open"),
            "",
        ),
        "no slack": (lambda c, r, s: verdict_loop(c, r, 0), "The slack is missing"),
        "slack as a share": (
            lambda c, r, s: verdict_loop(c, r, c * s),
            "not a share of one",
        ),
        "means for a lead only": (
            lambda c, r, s: verdict_loop(
                c, {k: ((m, m, h), o) for k, ((m, _, h), o) in r.items()}, s
            ),
            "",
        ),
        "first rival only": (
            lambda c, r, s: verdict_loop(c, dict(list(r.items())[:1]), s),
            "",
        ),
        "slack on the intervals": (
            lambda c, r, s: verdict_loop(
                c, {k: ((m, lo - s, h + s), o) for k, ((m, lo, h), o) in r.items()}, s
            ),
            "",
        ),
        "twice the slack": (lambda c, r, s: verdict_loop(c, r, 2 * s), ""),
        "cheaper ones forgotten": (
            lambda c, r, s: verdict_loop(c, {k: v for k, v in r.items() if v[1] >= c - s}, s),
            "",
        ),
        "another word": (lambda *v: "maybe", "one of 'shown'"),
    },
}
RIGHT = {
    "16-oracle": {"loop": oracle_loop, "package": oracle_package, "penalty": oracle_penalty},
    "16-costs": {"loop": costs_loop, "package": costs_package, "counts": costs_counts},
    "16-gradient": {
        "autograd": gradient_autograd,
        "jacobian": gradient_jacobian,
        "loop": gradient_loop,
    },
    "16-orders": {
        "package": orders_package,
        "plain": orders_plain,
        "difference": orders_difference,
    },
    "16-verdict": {
        "loop": verdict_loop,
        "capitals": verdict_capitals,
        "frame": verdict_frame,
        "match": verdict_match,
    },
}
