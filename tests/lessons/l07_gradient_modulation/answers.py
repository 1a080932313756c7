"""Answers to lesson 07's exercises, as learners might write them."""

import math
import statistics
from typing import ClassVar

import numpy as np
import pandas as pd
import torch

from coursekit.training.method import Method


def ogm_loop(scores, alpha):
    k = []
    for i, score in enumerate(scores):
        others = [s for j, s in enumerate(scores) if j != i]
        ratio = score / statistics.fmean(others)
        k.append(1 - math.tanh(alpha * ratio) if ratio > 1 else 1)
    return k


def ogm_torch(scores, alpha):
    s = torch.as_tensor(scores).double()
    n = len(s)
    matrix = (torch.ones(n, n) - torch.eye(n)) / (n - 1)
    ratio = s / (matrix.double() @ s)
    return torch.where(ratio > 1, 1 - torch.tanh(alpha * ratio), 1.0)


def ogm_masked(scores, alpha):
    k = np.ones(len(scores))
    braked = scores > scores.mean()  # the same as ahead of the mean of the others
    rest = (scores.sum() - scores[braked]) / (len(scores) - 1)
    k[braked] -= np.tanh(alpha * scores[braked] / rest)
    return k


def against(scores):
    return np.array([scores[i] / np.mean(np.delete(scores, i)) for i in range(len(scores))])


def ogm_with(scores, alpha, value, where):
    r = against(scores)
    return np.where(where(r), value(r, alpha), 1.0)


def brake(r, alpha):
    return 1 - np.tanh(alpha * r)


def ahead(r):
    return r > 1


def shapley_orders(f_a, f_b, f_ab):
    nothing = np.zeros_like(f_ab)
    a = np.mean([f_a - nothing, f_ab - f_b], axis=0)
    b = np.mean([f_b - nothing, f_ab - f_a], axis=0)
    return a, b


def shapley_difference(f_a, f_b, f_ab):
    d = (f_a - f_b) / 2
    return [f_ab / 2 + d, f_ab / 2 - d]


def shapley_torch(f_a, f_b, f_ab):
    f = {k: torch.as_tensor(v) for k, v in (("a", f_a), ("b", f_b), ("ab", f_ab))}
    common = f["ab"] - f["a"] - f["b"]
    return torch.stack([f["a"] + common / 2, f["b"] + common / 2])


def pcgrad_numpy(g, h):
    dot = np.dot(g, h)
    if dot >= 0:
        return g, h
    return g - dot / np.sum(h**2) * h, h - dot / np.sum(g**2) * g


def pcgrad_unit(g, h):
    u, v = (x / np.linalg.norm(x) if x.any() else x for x in (g, h))
    return g - min(0.0, g @ v) * v, h - min(0.0, h @ u) * u


def pcgrad_torch(g, h):
    t = torch.tensor(np.stack([g, h])).double()
    products = (t @ t.T).fill_diagonal_(0).clamp(max=0)
    return t - (products / (t * t).sum(1)).nan_to_num() @ t


def means_loop(features, labels, num_classes):
    means = np.zeros((num_classes, features.shape[1]))
    for c in range(num_classes):
        rows = features[labels == c]
        if len(rows):
            means[c] = rows.mean(axis=0)
    return means


def means_pandas(features, labels, num_classes):
    return pd.DataFrame(features).groupby(labels).mean().reindex(range(num_classes), fill_value=0)


def means_one_hot(features, labels, num_classes):
    member = np.eye(num_classes)[labels]  # (B, C)
    return member.T @ features / np.maximum(member.sum(0), 1)[:, None]


def filled(features, labels, num_classes, fill):
    means = means_loop(features, labels, num_classes)
    for c in set(range(num_classes)) - set(labels.tolist()):
        means[c] = fill(features)
    return means


def trace_numpy(k):
    if (k == 1).all():
        return "joint"
    if k.max() <= 1:
        return "ogm"
    return "mslr" if (k[:6] == 1).all() else "mlb"


def trace_from(k, early):
    """With ``early`` for the epochs in which MSLR has no memory yet."""
    if k.max() <= 1:
        return trace_numpy(k)
    return "mslr" if (early == 1).all() else "mlb"


def trace_above(k):
    """Without a word for OGM."""
    return "joint" if (k == 1).all() else "mslr" if (k[:6] == 1).all() else "mlb"


def trace_steps(k):
    k = np.asarray(k)
    moved = np.nonzero((k != 1).any(axis=1))[0]
    if len(moved) == 0:
        return "joint"
    if not (k > 1).any():
        return "ogm"
    return "mslr" if moved[0] >= 6 else "mlb"


def trace_words(k):
    flat = [x for row in k for x in row]
    if min(flat) == max(flat) == 1:
        return "Joint"
    if max(flat) > 1:
        return "MSLR" if all(x == 1 for row in k[:6] for x in row) else "MLB"
    return "OGM"


class Heads(Method):
    """The multi-loss, and more weight for whoever has the larger loss."""

    def weights(self, step):
        losses = {m: float(x) for m, x in step.cross_entropies().items()}
        largest = max(losses.values())
        return {m: 0.5 + x / largest for m, x in losses.items()}


class Brake(Method):
    """Heads are trained along, and the one with the smallest loss is slowed down."""

    def __init__(self, least=0.2):
        self.least = least

    def weights(self, step):
        return dict.fromkeys(["joint", *step.run.model.modalities], 1.0)

    def scales(self, step):
        losses = {m: float(x) for m, x in step.cross_entropies().items() if m != "joint"}
        worst = max(losses.values())
        return {m: max(self.least, x / worst) for m, x in losses.items()}


class Steady(Method):
    """Scales that remember: a running mean of every head's loss."""

    def begin(self, run):
        self.mean = dict.fromkeys(run.model.modalities, 1.0)

    def weights(self, step):
        return {"joint": 1.0} | dict.fromkeys(step.run.model.modalities, 0.5)

    def scales(self, step):
        for m, x in step.cross_entropies().items():
            if m in self.mean:
                self.mean[m] = 0.9 * self.mean[m] + 0.1 * float(x)
        usual = statistics.fmean(self.mean.values())
        return {m: min(4.0, max(0.25, x / usual)) for m, x in self.mean.items()}


class WantsAlpha(Method):
    def __init__(self, alpha):
        self.alpha = alpha


class Explodes(Method):
    def scales(self, step):
        return dict.fromkeys(step.run.model.modalities, 1e30)


class SaysAandB(Method):
    def weights(self, step):
        return {"joint": 1.0, "A": 1.0, "B": 1.0}


class Pairs(Method):
    def scales(self, step):
        a, b = (float(x) for m, x in step.cross_entropies().items() if m != "joint")
        return dict(zip(step.run.model.modalities, (a / b, b / a), strict=True))


class Remembers(Method):
    steps: ClassVar = []  # of all trainings together

    def scales(self, step):
        self.steps.append(1)
        return dict.fromkeys(step.run.model.modalities, 0.5 + 0.001 * len(self.steps))


class Misnamed(Method):
    def weight(self, step):
        return dict.fromkeys(["joint", *step.run.model.modalities], 1.0)


class SlowsAll(Method):
    def scales(self, step):
        return dict.fromkeys(step.run.model.modalities, 0.02)


class SmallSteps(Method):
    def scales(self, step):
        return dict.fromkeys(step.run.model.modalities, 0.8)


class Deaf(Brake):
    """The brake, by losses of heads that are not trained."""

    def weights(self, step):
        return {"joint": 1.0}


class FirstIsSlow(Heads):
    def scales(self, step):
        first, *others = step.run.model.modalities
        return {first: 2.0} | dict.fromkeys(others, 0.5)


class Backwards(Heads):
    """A scale that is negative where a loss is far below the mean."""

    def scales(self, step):
        losses = {m: float(x) for m, x in step.cross_entropies().items() if m != "joint"}
        usual = statistics.fmean(losses.values())
        return {m: 1.5 * x / usual - 0.5 for m, x in losses.items()}


class Logged(Brake):
    """A right one that writes down on the class what it did."""

    log: ClassVar = []

    def scales(self, step):
        self.log.append(super().scales(step))
        return self.log[-1]


class ByName(Heads):
    """A wrong one: it knows that A is the slow one."""

    def scales(self, step):
        return {m: 3.0 if m.lower() in ("a", "slow") else 0.4 for m in step.run.model.modalities}


class FirstInTheAlphabet(Heads):
    """A wrong one: whoever stands first in the alphabet is hurried."""

    def scales(self, step):
        names = step.run.model.modalities
        return {m: 3.0 if m == min(names) else 0.4 for m in names}


RIGHT = {
    "07-ogm": {
        "loop": ogm_loop,
        "torch": ogm_torch,
        "masked": ogm_masked,
        "float32": lambda s, a: ogm_loop(s.astype(np.float32), a),
    },
    "07-shapley": {
        "orders": shapley_orders,
        "difference": shapley_difference,
        "torch": shapley_torch,
    },
    "07-pcgrad": {"numpy": pcgrad_numpy, "unit": pcgrad_unit, "torch": pcgrad_torch},
    "07-prototypes": {"loop": means_loop, "pandas": means_pandas, "one-hot": means_one_hot},
    "07-traces": {"numpy": trace_numpy, "steps": trace_steps, "words": trace_words},
    "07-method": {"weights": Heads, "brake": Brake, "running mean": Steady, "logged": Logged},
}

WRONG = {
    "07-ogm": {
        "tie": (lambda s, a: ogm_with(s, a, brake, lambda r: r >= 1), "A tie is left alone"),
        "behind": (lambda s, a: ogm_with(s, a, brake, lambda r: r < 1), "that is behind"),
        "everybody": (lambda s, a: 1 - np.tanh(a * against(s)), "Only a modality"),
        "faster": (
            lambda s, a: ogm_with(s, a, lambda r, a: 1 + np.tanh(a * r), ahead),
            "OGM only brakes",
        ),
        "distance": (
            lambda s, a: ogm_with(s, a, lambda r, a: brake(r - 1, a), ahead),
            "not its distance from 1",
        ),
        "sum": (
            lambda s, a: np.where(s > s.sum() - s, 1 - np.tanh(a * s / (s.sum() - s)), 1),
            "not their sum",
        ),
        "mean of all": (
            lambda s, a: np.where(s > s.mean(), 1 - np.tanh(a * s / s.mean()), 1),
            "no rival of itself",
        ),
        "taken away": (
            lambda s, a: 1 - ogm_with(s, a, brake, ahead),
            "what is left, one minus it",
        ),
        "median of the others": (
            lambda s, a: np.array(
                [
                    1 - math.tanh(a * x / np.median(np.delete(s, i)))
                    if x > np.median(np.delete(s, i))
                    else 1
                    for i, x in enumerate(s)
                ]
            ),
            "",
        ),
        "largest only": (
            lambda s, a: np.where(s == s.max(), 1 - np.tanh(a * against(s)), 1.0),
            "best modality alone",
        ),
        "the leader alone": (
            lambda s, a: np.where(np.arange(len(s)) == np.argmax(s), ogm_loop(s, a), 1.0),
            "best modality alone",
        ),
        "not below a hundredth": (lambda s, a: np.maximum(ogm_loop(s, a), 0.01), ""),
        "ahead by one in a hundred": (lambda s, a: ogm_with(s, a, brake, lambda r: r > 1.01), ""),
        "ahead or level": (lambda s, a: ogm_with(s, a, brake, lambda r: r > 0.998), ""),
        "mean of the ratios": (
            lambda s, a: np.where(
                (r := np.array([np.mean(x / np.delete(s, i)) for i, x in enumerate(s)])) > 1,
                1 - np.tanh(a * r),
                1.0,
            ),
            "",
        ),
        "losses for scores": (lambda s, a: ogm_loop(-np.log(s / s.sum()), a), ""),
        "alpha of 0.8": (lambda s, a: ogm_loop(s, 0.8), ""),
        "alpha outside": (
            lambda s, a: ogm_with(s, a, lambda r, a: 1 - a * np.tanh(r), ahead),
            "",
        ),
        "not below a half": (lambda s, a: np.maximum(ogm_loop(s, a), 0.5), ""),
        "next in line": (
            lambda s, a: np.where(s > np.roll(s, 1), 1 - np.tanh(a * s / np.roll(s, 1)), 1.0),
            "",
        ),
        "in place": (
            lambda s, a: (ogm_loop(s, a), s.__imul__(2))[0],
            "The right number, but you changed s",
        ),
        "sigmoid": (
            lambda s, a: ogm_with(s, a, lambda r, a: 1 / (1 + np.exp(a * r)), ahead),
            "",
        ),
    },
    "07-shapley": {
        "alone": (lambda a, b, ab: [a, b], "each modality alone"),
        "last": (lambda a, b, ab: np.stack([ab - b, ab - a]), "comes last"),
        "halves": (lambda a, b, ab: [0.5 * ab, 0.5 * ab], "half of the joint logits"),
        "twice": (lambda a, b, ab: [2 * x for x in shapley_orders(a, b, ab)], "take their mean"),
        "exchanged": (lambda a, b, ab: shapley_orders(b, a, ab), "changed places"),
        "first": (lambda a, b, ab: [a, ab - a], "A come first"),
        "second": (lambda a, b, ab: [ab - b, b], "B come first"),
        "first only": (lambda a, b, ab: (a + ab - b) / 2, ""),
        "sizes": (lambda a, b, ab: [abs(x) for x in shapley_orders(a, b, ab)], ""),
        "a third": (lambda a, b, ab: [a / 3 + (ab - b) * 2 / 3, b / 3 + (ab - a) * 2 / 3], ""),
        "within 5": (lambda a, b, ab: np.clip(shapley_orders(a, b, ab), -5, 5), ""),
        "first three samples": (
            lambda a, b, ab: np.stack(shapley_orders(a, b, ab)) * (np.arange(len(a)) < 3)[:, None],
            "",
        ),
        "half in common": (lambda a, b, ab: [a + ab / 2, b + ab / 2], ""),
        "in place": (
            lambda a, b, ab: [(a - b + ab) / 2, (b.__iadd__(ab) - a) / 2],
            "The right number, but you changed b",
        ),
        "minus": (lambda a, b, ab: [(a + ab + b) / 2, (b + ab + a) / 2], ""),
    },
    "07-pcgrad": {
        "always": (lambda g, h: (g - g @ h / (h @ h) * h, h - g @ h / (g @ g) * g), "sign"),
        "never in conflict": (
            lambda g, h: (g, h) if g @ h < 0 else pcgrad_unit(g, h),
            "",
        ),
        "agree": (
            lambda g, h: (
                (g - g @ h / (h @ h) * h, h - h @ g / (g @ g) * g) if np.dot(g, h) > 0 else (g, h)
            ),
            "other way round",
        ),
        "first": (lambda g, h: (pcgrad_numpy(g, h)[0], h), "Both give way"),
        "root": (
            lambda g, h: (
                (g, h)
                if g @ h >= 0
                else (
                    g - g @ h / math.sqrt(h @ h) * h,
                    h - g @ h / math.sqrt(g @ g) * g,
                )
            ),
            "squared length",
        ),
        "plus": (
            lambda g, h: (
                (g, h) if g @ h >= 0 else (g + g @ h / (h @ h) * h, h + g @ h / (g @ g) * g)
            ),
            "Subtract",
        ),
        "itself": (
            lambda g, h: (
                (g, h) if g @ h >= 0 else (0 * g + g - g @ h / (g @ g) * g, h - h @ g / (h @ h) * h)
            ),
            "along the gradient itself",
        ),
        "one after the other": (
            lambda g, h: (pcgrad_numpy(g, h)[0], pcgrad_numpy(h, pcgrad_numpy(g, h)[0])[0]),
            "Both give way",
        ),
        "also at right angles": (
            lambda g, h: (
                (g - g @ h / (h @ h) * h, h - g @ h / (g @ g) * g) if g @ h <= 0 else (g, h)
            ),
            "all zeros",
        ),
        "over the length": (
            lambda g, h: (
                g - min(0, g @ (h / np.linalg.norm(h))) * h / np.linalg.norm(h),
                h - min(0, h @ (g / np.linalg.norm(g))) * g / np.linalg.norm(g),
            ),
            "all zeros",
        ),
        "below minus one": (lambda g, h: pcgrad_numpy(g, h) if g @ h < -1 else (g, h), ""),
        "below one": (
            lambda g, h: (
                (g - g @ h / (h @ h) * h, h - g @ h / (g @ g) * g) if g @ h < 1 else (g, h)
            ),
            "",
        ),
        "weak conflicts are none": (
            lambda g, h: (
                pcgrad_numpy(g, h)
                if g @ h < -0.01 * np.linalg.norm(g) * np.linalg.norm(h)
                else (g, h)
            ),
            "",
        ),
        "short ones do not conflict": (
            lambda g, h: pcgrad_numpy(g, h) if g @ h < -0.001 else (g, h),
            "",
        ),
        "a little added to the length": (
            lambda g, h: (
                g - min(0, g @ h) / (h @ h + 1e-4) * h,
                h - min(0, g @ h) / (g @ g + 1e-4) * g,
            ),
            "",
        ),
        "by the first component": (
            lambda g, h: pcgrad_numpy(g, h) if g[0] * h[0] < 0 else (g, h),
            "",
        ),
        "same length": (
            lambda g, h: [
                x * np.linalg.norm(y) / max(np.linalg.norm(x), 1e-9)
                for x, y in zip(pcgrad_numpy(g, h), (g, h), strict=True)
            ],
            "",
        ),
        "half of it": (
            lambda g, h: [(x + y) / 2 for x, y in zip(pcgrad_numpy(g, h), (g, h), strict=True)],
            "",
        ),
        "second only": (lambda g, h: (g, pcgrad_numpy(g, h)[1]), ""),
        "exchanged": (lambda g, h: pcgrad_numpy(g, h)[::-1], "changed places"),
        "mean": (lambda g, h: np.mean(pcgrad_numpy(g, h), axis=0), ""),
        "in place": (
            lambda g, h: (lambda d: (g.__isub__(d / (h @ h) * h), h))(min(0, g @ h)),
            "",
        ),
        "zero": (
            lambda g, h: (g, h) if g @ h >= 0 else (np.zeros_like(g), np.zeros_like(h)),
            "not thrown away",
        ),
        "part": (
            lambda g, h: (g, h) if g @ h >= 0 else (g @ h / (h @ h) * h, g @ h / (g @ g) * g),
            "Take it away",
        ),
    },
    "07-prototypes": {
        "nan": (
            lambda z, y, n: np.stack([np.mean(z[y == c], axis=0) for c in range(n)]),
            "NaN",
        ),
        "sums": (
            lambda z, y, n: np.stack([z[y == c].sum(axis=0) for c in range(n)]),
            "Those are sums",
        ),
        "all rows": (lambda z, y, n: np.eye(n)[y].T @ z / len(y), "its own count"),
        "plus one": (
            lambda z, y, n: np.eye(n)[y].T @ z / (1 + np.eye(n)[y].sum(0))[:, None],
            "Only a count of zero",
        ),
        "mean of all": (lambda z, y, n: filled(z, y, n, lambda z: z.mean(0)), "mean of all rows"),
        "skipped": (
            lambda z, y, n: pd.DataFrame(z).groupby(y).mean().to_numpy(),
            "rows behind them moved up",
        ),
        "ones": (lambda z, y, n: filled(z, y, n, lambda z: 1.0), "should be zeros"),
        "five classes": (lambda z, y, n: means_loop(z, y, 5), ""),
        "up to the largest": (lambda z, y, n: means_loop(z, y, int(y.max()) + 1), ""),
        "no mean below zero": (lambda z, y, n: np.maximum(means_loop(z, y, n), 0), ""),
        "two features": (lambda z, y, n: means_loop(z, y, n) * (np.arange(z.shape[1]) < 2), ""),
        "a single row is no class": (
            lambda z, y, n: means_loop(z, y, n) * (np.bincount(y, minlength=n) > 1)[:, None],
            "",
        ),
        "first row": (
            lambda z, y, n: [z[y == c][0] if c in y else 0 * z[0] for c in range(n)],
            "",
        ),
        "unit length": (
            lambda z, y, n: (lambda m: m / np.maximum(np.linalg.norm(m, axis=1), 1e-9)[:, None])(
                means_loop(z, y, n)
            ),
            "",
        ),
        "n - 1": (
            lambda z, y, n: np.eye(n)[y].T @ z / np.maximum(np.eye(n)[y].sum(0) - 1, 1)[:, None],
            "",
        ),
        "half of the classes": (
            lambda z, y, n: means_loop(z, y, n) * (np.arange(n) < 4)[:, None],
            "",
        ),
        "sorted in place": (
            lambda z, y, n: (means_loop(z, y, n), y.sort())[0],
            "The right number, but you changed y",
        ),
        "minus one": (lambda z, y, n: filled(z, y, n, lambda z: -1.0), ""),
    },
    "07-traces": {
        "moves in the seventh epoch": (
            lambda k: (
                "mslr"
                if (k[:6] == 1).all() and (k[6] != 1).any()
                else trace_numpy(k)
                if k.max() <= 1
                else "mlb"
            ),
            "",
        ),
        "above is mlb": (
            lambda k: "mlb" if k.max() > 1 else "joint" if k.min() == 1 else "ogm",
            "first six epochs",
        ),
        "below is ogm": (
            lambda k: "joint" if (k == 1).all() else "ogm" if k.min() < 1 else trace_numpy(k),
            "never goes above",
        ),
        "first": (lambda k: trace_numpy(k[:, [0]]), "one modality only"),
        "second": (lambda k: trace_numpy(k[:, [1]]), "one modality only"),
        "mean": (lambda k: trace_numpy(k.mean(1)[:, None]), "hides"),
        "exchanged": (
            lambda k: {"mlb": "mslr", "mslr": "mlb"}.get(trace_numpy(k), trace_numpy(k)),
            "changed places",
        ),
        "size": (
            lambda k: (
                "joint"
                if (k == 1).all()
                else "mlb"
                if k.max() > 1.5
                else "ogm"
                if k.min() < 0.8
                else "mslr"
            ),
            "by the size",
        ),
        "one is never braked": (
            lambda k: "ogm" if 0 < (k == 1).all(0).sum() < 2 else trace_numpy(k * (1 + 1e-12)),
            "",
        ),
        "one at a time": (
            lambda k: (
                "joint"
                if (k == 1).all()
                else "ogm"
                if (k == 1).any(1).all()
                else "mslr"
                if (k[:6] == 1).all()
                else "mlb"
            ),
            "",
        ),
        "one up and one down": (
            lambda k: (
                "joint"
                if (k == 1).all()
                else "ogm"
                if k.max() <= 1
                else "mlb"
                if ((k - 1).prod(1) <= 0).all()
                else "mslr"
            ),
            "",
        ),
        "changes at the end": (lambda k: trace_numpy(k[-6:]), ""),
        "range": (
            lambda k: (
                "joint"
                if (k == 1).all()
                else "ogm"
                if k.max() <= 1
                else "mlb"
                if np.ptp(k) > 0.5
                else "mslr"
            ),
            "by the size",
        ),
        "mean below": (
            lambda k: "ogm" if k.mean() < 1 else trace_numpy(k),
            "hides that one|differs from",  # of some draws a mean over modalities says the same
        ),
        "mslr by the first epoch": (lambda k: trace_from(k, k[:1]), "all of the first six"),
        "mslr by four epochs": (lambda k: trace_from(k, k[:4]), "all of the first six"),
        "mslr by five epochs": (lambda k: trace_from(k, k[:5]), "all of the first six"),
        "mslr by seven epochs": (lambda k: trace_from(k, k[:7]), "all of the first six"),
        "mslr by the sixth epoch": (lambda k: trace_from(k, k[5]), "all of the first six"),
        "mslr by the fifth epoch": (lambda k: trace_from(k, k[4]), "all of the first six"),
        "mslr by two epochs of the six": (
            lambda k: trace_from(k, k[[0, 5]]),
            "all of the first six",
        ),
        "ogm ends at 1": (
            lambda k: "ogm" if (k[-1] == 1).all() and (k != 1).any() else trace_above(k),
            "end at 1",
        ),
        "mlb is large": (
            lambda k: trace_numpy(k) if k.max() <= 1 else "mlb" if k.max() > 1.25 else "mslr",
            "by the size",
        ),
        "mslr is small": (
            lambda k: (
                trace_numpy(k) if k.max() <= 1 else "mslr" if abs(k - 1).max() <= 0.1 else "mlb"
            ),
            "by the size",
        ),
        "mslr by means of the epochs": (
            lambda k: trace_from(k, k[:6].mean(axis=1)),
            "all of the first six",
        ),
        "mslr by three digits": (lambda k: trace_from(k, k[:6].round(3)), "all of the first six"),
        "without the first epoch": (lambda k: trace_numpy(k[1:]), ""),
        "without the last epoch": (lambda k: trace_numpy(k[:-1]), ""),
        "joint by three digits": (
            lambda k: "joint" if np.allclose(k, 1, atol=1e-3) else trace_numpy(k),
            "",
        ),
        "always mlb": (lambda k: "mlb", ""),
        "rounded": (lambda k: trace_numpy(np.round(k, 1)), ""),
        "mslr for joint": (lambda k: trace_numpy(k).replace("joint", "mslr"), ""),
    },
    "07-method": {
        "argument": (WantsAlpha, "without arguments"),
        "explodes": (Explodes, "no number any more"),
        "names": (SaysAandB, "call their modalities A and B"),
        "pairs": (Pairs, "count to two"),
        "remembers": (Remembers, r"begin\(run\)"),
        "misnamed": (Misnamed, "every weight is what joint training gives"),
        "stands still": (SlowsAll, "does harm there"),
        "first is slow": (FirstIsSlow, "another order"),
        "backwards": (Backwards, "negative k"),
        "by name": (ByName, "Under other names"),
        "the first in the alphabet": (FirstInTheAlphabet, "Under other names"),
        "small steps": (SmallSteps, "hurry it"),
        "deaf": (Deaf, "heads have no weight"),
        "no method": (dict, "a subclass of Method was expected"),
    },
}
