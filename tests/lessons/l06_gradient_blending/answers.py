"""Answers to lesson 06's exercises, as learners might write them."""

import math
from fractions import Fraction
from typing import ClassVar

import numpy as np
import pandas as pd
import torch

from coursekit.balancing import gblend
from coursekit.balancing.gblend import GBlendOffline, head_loss
from coursekit.balancing.multi_loss import MultiLoss
from coursekit.training.method import JOINT, Method


def ogr_loop(train_before, valid_before, train_after, valid_after):
    rows = []
    for tb, vb, ta, va in zip(train_before, valid_before, train_after, valid_after, strict=True):
        g = vb - va
        o = (va - ta) - (vb - tb)
        rows.append((g, o, (o / g) ** 2))
    return list(zip(*rows, strict=True))


def ogr_torch(*four):
    g, o = gblend.ogr_parts(*map(torch.tensor, four))
    return g, o, (o / g).square()


def ogr_frame(tb, vb, ta, va):
    t = pd.DataFrame({"tb": tb, "vb": vb, "ta": ta, "va": va})
    o = t.va - t.ta - t.vb + t.tb
    return np.array([t.vb - t.va, o, o**2 / (t.vb - t.va) ** 2])


def first_three(rows):
    """As if there were no further head."""
    return np.where(np.arange(rows.shape[1]) < 3, rows, 0)


def three(g, o, ratio=None):
    return [g, o, (o / g) ** 2 if ratio is None else ratio]


def blend_loop(g, o):
    raw = [a / (b * b) for a, b in zip(g, o, strict=True)]
    return [r / sum(raw) for r in raw]


def blend_solved(g, o):
    """By the condition of the minimum: 2 O² u = λ G, with λ = 1."""
    u = np.linalg.solve(2 * np.diag(o**2), g)
    return u / np.sum(u)


def blend_package(g, o):
    zero, gain = torch.zeros(len(g), dtype=torch.float64), torch.tensor(g)
    return gblend.weights(zero, zero, -gain - torch.tensor(o), -gain)


def minimal_solved(g, o):
    """At the minimum the weights solve O² w = G, and OGR² is one over what they gain."""
    return 1 / (g @ np.linalg.solve(np.diag(o * o), g))


def best_of(g, o):
    return np.array(blend_loop(g, o))


def facts(losses):
    x = pd.Series(losses)
    gap = {w: x[f"valid_{w}"] - x[f"train_{w}"] for w in ("before", "after")}
    return x["valid_before"] - x["valid_after"], gap["after"] - gap["before"]


def trust_nested(losses):
    g, o = facts(losses)
    if g <= 0:
        return "no gain"
    if -0.02 < o < 0.02:
        return "O near zero"
    return "trust"


def trust_with(losses, limit):
    g, o = facts(losses)
    return "no gain" if g <= 0 else "O near zero" if abs(o) < limit else "trust"


def trust_plain(x):
    if x["valid_after"] >= x["valid_before"]:
        return "no gain"
    new = x["valid_after"] - x["train_after"] - x["valid_before"] + x["train_before"]
    return ["trust", "O near zero"][int(math.fabs(new) < 0.02)]


def trust_match(x):
    g, o = facts(x)
    match (bool(g > 0), bool(o * o < 0.0004)):
        case (False, _):
            return "no gain"
        case (_, True):
            return "O near zero"
    return "trust"


def passes_simulated(epochs, window, heads, online):
    passes = 0
    for epoch in range(1, epochs + 1):
        if epoch == 1 or (online and (epoch - 1) % window == 0):
            passes += window * heads
        passes += 1
    return passes


def by_floor(epochs, window, heads, online, extra):
    return epochs + (epochs // window + extra if online else 1) * window * heads


class LossesThemselves(MultiLoss):
    """The larger a head's loss in this batch, the larger its weight."""

    def weights(self, step):
        losses = {k: float(x.detach()) for k, x in step.cross_entropies().items()}
        mean = sum(losses.values()) / len(losses)
        return {k: x / mean for k, x in losses.items()}


class HeldLosses(Method):
    """Once an epoch, from the losses on the validation rows."""

    def begin_epoch(self, run):
        heads = (*run.model.modalities, JOINT)
        losses = torch.tensor([head_loss(run.model, run.valid, h) for h in heads])
        self.shares = dict(zip(heads, (len(heads) * losses.softmax(0)).tolist(), strict=True))

    def weights(self, step):
        return self.shares


class ShortBlend(GBlendOffline):
    """Gradient-Blending with a floor of its own."""

    def __init__(self):
        super().__init__(epochs=3, held=0.3)

    def weights(self, step):
        return {k: max(0.3, w) for k, w in self.blend.items()}


class FallingFirst(Method):
    """What the losses lost since the last epoch, smoothed."""

    def begin(self, run):
        self.last = None
        self.now = dict.fromkeys((JOINT, *run.model.modalities), 1.0)

    def weights(self, step):
        return self.now

    def end_epoch(self, run):
        losses = {k: head_loss(run.model, run.train, k) for k in self.now}
        if self.last is not None:
            falls = {k: max(self.last[k] - losses[k], 0.01) for k in losses}
            mean = sum(falls.values()) / len(falls)
            self.now = {k: 0.5 + 0.5 * x / mean for k, x in falls.items()}
        self.last = losses


class Careless(MultiLoss):
    def weights(self, step):
        return {k: float("inf") for k in ("joint",)}


class OnlyA(MultiLoss):
    def weights(self, step):
        return {"joint": 1.0, "A": 0.5, "B": 0.7}


class Pair(MultiLoss):
    def weights(self, step):
        first, second = step.run.model.modalities
        return {"joint": 1.0, first: 0.5, second: 0.7}


class Constant(MultiLoss):
    def weights(self, step):
        return {"joint": 1.0} | {m: 0.5 for m in step.run.model.modalities}


class JointByLoss(Method):
    def weights(self, step):
        return {"joint": float(step.cross_entropies()["joint"].detach())}


class Misspelt(Method):
    def weight(self, step):
        return {"joint": 1.0, "sound": 1.0}


class Against(MultiLoss):
    def weights(self, step):
        losses = {k: float(x.detach()) for k, x in step.cross_entropies().items()}
        worst = max(losses, key=losses.get)
        return {k: (-0.02 if k == worst and k != "joint" else 1.0) for k in losses}


class Forgetful(MultiLoss):
    remains: ClassVar[list] = []

    def weights(self, step):
        self.remains.append(0.01)
        return {"joint": 1.0} | {m: sum(self.remains) for m in step.run.model.modalities}


class LatePush(LossesThemselves):
    """A weight that turns negative in a later epoch."""

    def weights(self, step):
        late = step.run.epoch >= 10
        return {k: -0.02 if late and k != JOINT else w for k, w in super().weights(step).items()}


class FirstAgainstSecond(MultiLoss):
    """A ratio of losses, for whoever is first."""

    def weights(self, step):
        _, first, second, *_ = (float(x.detach()) for x in step.cross_entropies().values())
        others = dict.fromkeys(step.run.model.modalities[1:], 0.5)
        return {JOINT: 1.0, step.run.model.modalities[0]: min(2, first / second)} | others


class ByEpoch(MultiLoss):
    def weights(self, step):
        return {JOINT: 1.0} | dict.fromkeys(step.run.model.modalities, 1 / step.run.epoch)


class OneForAll(MultiLoss):
    """A learning rate that hangs on the joint loss."""

    def weights(self, step):
        losses = step.cross_entropies()
        return dict.fromkeys(losses, 0.5 + float(losses[JOINT].detach()))


class HalfForModalities(OneForAll):
    """The same, with a fixed ratio."""

    def weights(self, step):
        weights = super().weights(step)
        return {k: w if k == JOINT else 0.5 * w for k, w in weights.items()}


class NoNumber(MultiLoss):
    """A weight that is 0/0 once a loss is hardly there."""

    def weights(self, step):
        losses = {k: float(x.detach()) for k, x in step.cross_entropies().items()}
        return {k: 1.0 if x > 0.35 else float("nan") for k, x in losses.items()}


class PushedFromBelow(MultiLoss):
    """Weights that turn strongly negative where a loss is below one."""

    def weights(self, step):
        losses = {k: float(x.detach()) for k, x in step.cross_entropies().items()}
        return {k: x - 1 for k, x in losses.items()}


class ByName(MultiLoss):
    def weights(self, step):
        names = step.run.model.modalities
        return {JOINT: 1.0} | {m: {"A": 3.0, "B": 0.4}.get(m, 1.0) for m in names}


class NamesKept(MultiLoss):
    names: ClassVar[list] = []

    def weights(self, step):
        self.names.extend(step.run.model.modalities if not self.names else [])
        return {JOINT: 1.0} | dict.fromkeys(self.names, 0.5)


RIGHT = {
    "06-ogr": {
        "loop": ogr_loop,
        "torch": ogr_torch,
        "pandas": ogr_frame,
        "float32": lambda *four: ogr_torch(*(x.astype(np.float32) for x in four)),
    },
    "06-blend": {
        "loop": blend_loop,
        "solved": blend_solved,
        "package": blend_package,
        "series": lambda g, o: pd.Series(g / o**2) / (g / o**2).sum(),
    },
    "06-minimal-ogr": {
        "loop": lambda g, o: 1 / sum((a / b) ** 2 for a, b in zip(g, o, strict=True)),
        "solved": minimal_solved,
        "put in": lambda g, o: np.sum((best_of(g, o) * o) ** 2) / np.sum(best_of(g, o) * g) ** 2,
    },
    "06-trust": {"nested": trust_nested, "plain": trust_plain, "match": trust_match},
    "06-passes": {
        "simulated": passes_simulated,
        "ceil": lambda e, n, k, on: e + (math.ceil(e / n) if on else 1) * n * k,
        "fraction": lambda e, n, k, on: e + math.ceil(Fraction(e, n)) * n * k if on else e + n * k,
    },
    "06-own-blend": {
        "losses themselves": LossesThemselves,
        "held losses": HeldLosses,
        "short blend": ShortBlend,
        "falling first": FallingFirst,
    },
}

WRONG = {
    "06-ogr": {
        "sign of G": (lambda tb, vb, ta, va: three(va - vb, va - ta - vb + tb), "before minus"),
        "whole gap": (lambda tb, vb, ta, va: three(vb - va, va - ta), "whole gap"),
        "sign of O": (lambda tb, vb, ta, va: three(vb - va, (ta - va) - (tb - vb)), "gap before"),
        "fitted": (lambda tb, vb, ta, va: three(tb - ta, va - ta - vb + tb), "held rows tell"),
        "not squared": (
            lambda tb, vb, ta, va: three(
                vb - va, va - ta - vb + tb, (va - ta - vb + tb) / (vb - va)
            ),
            "Asked is its square",
        ),
        "upside down": (
            lambda tb, vb, ta, va: three(
                vb - va, va - ta - vb + tb, ((vb - va) / (va - ta - vb + tb)) ** 2
            ),
            "ratio is overfitting",
        ),
        "order": (
            lambda *x: [ogr_loop(*x)[1], ogr_loop(*x)[0], ogr_loop(*x)[2]],
            "the order is not",
        ),
        "size of G": (lambda tb, vb, ta, va: three(abs(vb - va), va - ta - vb + tb), ""),
        "size of O": (lambda tb, vb, ta, va: three(vb - va, abs(va - ta - vb + tb)), ""),
        "sizes of the gaps": (
            lambda tb, vb, ta, va: three(vb - va, abs(va - ta) - abs(vb - tb)),
            "",
        ),
        "rise of the held loss": (lambda tb, vb, ta, va: three(vb - va, va - vb), ""),
        "no loss": (lambda tb, vb, ta, va: three(np.maximum(vb - va, 0.01), va - ta - vb + tb), ""),
        "first three heads": (lambda *x: first_three(np.array(ogr_loop(*x))), ""),
        "four digits": (lambda *x: np.round(ogr_loop(*x), 4), ""),
        "a little added to G": (
            lambda tb, vb, ta, va: three(
                vb - va, va - ta - vb + tb, ((va - ta - vb + tb) / (vb - va + 1e-3)) ** 2
            ),
            "",
        ),
        "no O below zero": (
            lambda tb, vb, ta, va: three(vb - va, np.maximum(va - ta - vb + tb, 0)),
            "",
        ),
        "by head": (lambda *x: np.array(ogr_loop(*x)).T, "shape|of shape|differs"),
        "in place": (
            lambda tb, vb, ta, va: three(vb - va, va.__isub__(ta) - (vb - tb)),
            "The right number, but you changed va",
        ),
        "arguments exchanged": (lambda tb, vb, ta, va: ogr_loop(vb, tb, va, ta), ""),
    },
    "06-blend": {
        "raw": (lambda g, o: [a / b**2 for a, b in zip(g, o, strict=True)], "Divide by their sum"),
        "write-up": (lambda g, o: g / o**2 / ((g / o) ** 2).sum(), "a square too many"),
        "released code": (
            lambda g, o: abs(g / o**2) / abs(g / o**2).sum(),
            "absolute|released code",
        ),
        "clipped": (
            lambda g, o: np.clip(g, 0, None) / o**2 / (np.clip(g, 0, None) / o**2).sum(),
            "negative gains off",
        ),
        "O once": (lambda g, o: (g / o) / (g / o).sum(), "enters squared"),
        "1/OGR²": (lambda g, o: 1 / (o / g) ** 2 / np.sum(1 / (o / g) ** 2), "G once"),
        "upside down": (lambda g, o: o * o / g / sum(o * o / g), "O² stands below"),
        "softmax": (lambda g, o: torch.softmax(torch.tensor(g / o**2), 0), "softmax"),
        "equal": (lambda g, o: [1 / len(g)] * len(g), "multi-loss"),
        "exchanged": (lambda g, o: o / g**2 / np.sum(o / g**2), ""),
        "size of the sum": (lambda g, o: g / o**2 / abs(np.sum(g / o**2)), ""),
        "within -1 and 1": (lambda g, o: np.clip(blend_loop(g, o), -1, 1), ""),
        "no O below 0.1": (lambda g, o: blend_loop(g, np.maximum(abs(o), 0.1)), ""),
        "sizes to one": (lambda g, o: g / o**2 / np.abs(g / o**2).sum(), ""),
        "size of O": (lambda g, o: g / (o * abs(o)) / np.sum(g / (o * abs(o))), ""),
        "shifted": (
            lambda g, o: (g - min(0, g.min())) / o**2 / sum((g - min(0, g.min())) / o**2),
            "",
        ),
        "largest one": (lambda g, o: g / o**2 / np.max(g / o**2), ""),
        "winner": (lambda g, o: np.eye(len(g))[np.argmax(g / o**2)], ""),
        "two heads": (lambda g, o: blend_loop(g[:2], o[:2]), ""),
        "in place": (
            lambda g, o: blend_loop(g, o) if o.__ipow__(2) is None else g / o / sum(g / o),
            "The right number, but you changed o",
        ),
    },
    "06-minimal-ogr": {
        "best head": (lambda g, o: min((b / a) ** 2 for a, b in zip(g, o, strict=True)), "alone"),
        "head of the largest weight": (
            lambda g, o: ((o / g) ** 2)[np.argmax(g / o**2)],
            "",
        ),
        "equal": (lambda g, o: (o**2).sum() / g.sum() ** 2, "equal weights"),
        "root": (lambda g, o: 1 / math.sqrt(sum((g / o) ** 2)), "Asked is OGR²"),
        "sum": (lambda g, o: ((o / g) ** 2).sum(), "inverted"),
        "inverse": (lambda g, o: ((g / o) ** 2).sum(), "its inverse"),
        "harmonic": (lambda g, o: len(g) / ((g / o) ** 2).sum(), "harmonic"),
        "numerator": (lambda g, o: ((best_of(g, o) * o) ** 2).sum(), "numerator"),
        "correlated": (lambda g, o: (best_of(g, o) @ o / (best_of(g, o) @ g)) ** 2, "as squares"),
        "mean of ratios": (lambda g, o: np.mean((o / g) ** 2), ""),
        "two heads": (lambda g, o: 1 / ((g / o) ** 2)[:2].sum(), ""),
        "square of the sum": (lambda g, o: 1 / (g / o).sum() ** 2, ""),
        "sums": (lambda g, o: (o.sum() / g.sum()) ** 2, ""),
        "at most one": (lambda g, o: min(1, 1 / np.sum((g / o) ** 2)), ""),
        "no O below 0.05": (lambda g, o: 1 / np.sum((g / np.maximum(abs(o), 0.05)) ** 2), ""),
        "four heads": (lambda g, o: 1 / ((g / o) ** 2)[:4].sum(), ""),
        "gains only": (lambda g, o: 1 / np.sum((g[g > 0] / o[g > 0]) ** 2), ""),
        "geometric mean": (lambda g, o: np.exp(np.mean(np.log((o / g) ** 2))), ""),
        "product": (lambda g, o: np.prod((o / g) ** 2), ""),
        "mean weights": (lambda g, o: 1 / np.mean((g / o) ** 2), "harmonic"),
        "in place": (
            lambda g, o: 1 / np.sum(g.__itruediv__(o) ** 2),
            "The right number, but you changed g",
        ),
    },
    "06-trust": {
        "last gap": (
            lambda x: (
                "no gain"
                if facts(x)[0] <= 0
                else "O near zero"
                if abs(x["valid_after"] - x["train_after"]) < 0.02
                else "trust"
            ),
            "second checkpoint",
        ),
        "no absolute value": (
            lambda x: (
                "no gain" if facts(x)[0] <= 0 else "O near zero" if facts(x)[1] < 0.02 else "trust"
            ),
            "absolute value",
        ),
        "gain only": (lambda x: "no gain" if facts(x)[0] <= 0 else "trust", "small O"),
        "O only": (lambda x: "O near zero" if abs(facts(x)[1]) < 0.02 else "trust", "lost ground"),
        "fitted rows": (
            lambda x: (
                "no gain"
                if x["train_after"] > x["train_before"]
                else "O near zero"
                if abs(facts(x)[1]) < 0.02
                else "trust"
            ),
            "fitted rows falls",
        ),
        "O first": (
            lambda x: "O near zero" if abs(facts(x)[1]) < 0.02 else trust_nested(x),
            "Where both",
        ),
        "limit of 0.0199": (lambda x: trust_with(x, 0.0199), ""),
        "limit of 0.0201": (lambda x: trust_with(x, 0.0201), ""),
        "limit of 0.002": (lambda x: trust_with(x, 0.002), ""),
        "limit of 0.01": (lambda x: trust_with(x, 0.01), ""),
        "limit of 0.015": (lambda x: trust_with(x, 0.015), ""),
        "limit of 0.03": (lambda x: trust_with(x, 0.03), ""),
        "limit of 0.05": (lambda x: trust_with(x, 0.05), ""),
        "limit of 0.01995": (lambda x: trust_with(x, 0.01995), ""),
        "both losses must fall": (
            lambda x: "no gain" if x["train_after"] > x["train_before"] else trust_nested(x),
            "",
        ),
        "a gain of a thousandth is none": (
            lambda x: "no gain" if facts(x)[0] < 0.001 else trust_nested(x),
            "",
        ),
        "a share of G": (lambda x: trust_with(x, 0.02 * abs(facts(x)[0])), ""),
        "below zero only": (lambda x: trust_nested(x) if facts(x)[0] != 0 else "trust", ""),
        "sizes of the gaps": (
            lambda x: trust_nested(
                x
                | {"train_after": x["valid_after"] - abs(x["valid_after"] - x["train_after"])}
                | {"train_before": x["valid_before"] - abs(x["valid_before"] - x["train_before"])}
            ),
            "",
        ),
        "ratio": (
            lambda x: "no gain" if facts(x)[0] <= 0 else trust_with(x, 0.04 * facts(x)[0]),
            "",
        ),
        "order of the keys": (
            lambda x: trust_plain(
                dict(
                    zip(
                        ["train_before", "valid_before", "train_after", "valid_after"],
                        x.values(),
                        strict=True,
                    )
                )
            ),
            "",
        ),
        "taken out": (
            lambda x: (trust_nested(x), x.pop("train_before"))[0],
            "The right answer, but you changed x",
        ),
        "sign": (
            lambda x: (
                "no gain"
                if facts(x)[0] >= 0
                else "O near zero"
                if abs(facts(x)[1]) < 0.02
                else "trust"
            ),
            "turned round",
        ),
    },
    "06-passes": {
        "floor": (lambda e, n, k, on: by_floor(e, n, k, on, 0), "round up"),
        "floor plus one": (lambda e, n, k, on: by_floor(e, n, k, on, 1), "rather than add"),
        "no training": (
            lambda e, n, k, on: (math.ceil(e / n) if on else 1) * n * k,
            "training itself",
        ),
        "one head": (lambda e, n, k, on: passes_simulated(e, n, 1, on), "copy of its own"),
        "always online": (lambda e, n, k, on: passes_simulated(e, n, k, True), "Offline"),
        "always offline": (lambda e, n, k, on: e + n * k, "before every super-epoch"),
        "rounded": (lambda e, n, k, on: e + (round(e / n) if on else 1) * n * k, ""),
        "at least one": (lambda e, n, k, on: e + (max(1, e // n) if on else 1) * n * k, ""),
        "rest of the window": (
            lambda e, n, k, on: e + (e + (n - e % n) * (e % n > 0) if on else e) * k,
            "",
        ),
        "heads and the joint one": (lambda e, n, k, on: passes_simulated(e, n, k + 1, on), ""),
        "at most a hundred": (lambda e, n, k, on: min(100, passes_simulated(e, n, k, on)), ""),
        "no window": (lambda e, n, k, on: e + (math.ceil(e / n) if on else 1) * k, ""),
        "one for the last": (
            lambda e, n, k, on: passes_simulated(max(1, e - 1), n, k, on) + 1,
            "",
        ),
        "first free": (
            lambda e, n, k, on: passes_simulated(e, n, k, on) - n * k,
            "before the first step",
        ),
    },
    "06-own-blend": {
        "joint weight only": (JointByLoss, "joint one alone"),
        "infinite": (Careless, "no number any more"),
        "names": (OnlyA, "Take the names"),
        "a pair": (Pair, "count to two"),
        "constant": (Constant, "same in every step"),
        "misspelt": (Misspelt, "joint training gives"),
        "against the worst": (Against, "negative weight"),
        "left over": (Forgetful, "left over"),
        "names kept": (NamesKept, "left over"),
        "late push": (LatePush, "negative weight"),
        "first against second": (FirstAgainstSecond, "another order"),
        "by epoch": (ByEpoch, "same in every step"),
        "one for all": (OneForAll, "is a learning rate"),
        "half for the modalities": (HalfForModalities, "is a learning rate"),
        "no number": (NoNumber, "a weight or a k is negative or no number"),
        "pushed from below": (PushedFromBelow, "negative weight"),
        "by name": (ByName, "Under other names"),
    },
}
