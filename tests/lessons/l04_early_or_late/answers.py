"""Answers to lesson 04's exercises, as learners might write them."""

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import torch
from scipy.special import softmax
from torch import nn


def numel(*layers):
    return sum(p.numel() for layer in layers for p in layer.parameters())


def count_torch(d_a, d_b, w, c):
    early = nn.Sequential(
        nn.Linear(d_a + d_b, w), nn.Linear(w, w), nn.Linear(w, w), nn.Linear(w, c)
    )
    branches = [
        nn.Sequential(nn.Linear(d, w), nn.Linear(w, w), nn.Linear(w, w)) for d in (d_a, d_b)
    ]
    return numel(early), numel(*branches, nn.Linear(2 * w, c))


def count_sizes(d_a, d_b, w, c):
    def total(*sizes):
        return sum((n + 1) * m for n, m in pairwise(sizes))

    return [
        total(d_a + d_b, w, w, w, c),
        total(d_a, w, w, w) + total(d_b, w, w, w) + total(2 * w, c),
    ]


def count_algebra(a, b, w, c):
    early = (a + b) * w + 2 * w * w + w * c + 3 * w + c
    return np.array([early, (a + b) * w + 4 * w * w + 2 * w * c + 6 * w + c])


def without_loop(lost, z, weight, bias):
    d = len(z["A"][0])
    rows = z["B"] if lost == "A" else z["A"]
    offset = d if lost == "A" else 0
    return [
        [
            b + sum(w[offset + i] * x for i, x in enumerate(row))
            for w, b in zip(weight, bias, strict=True)
        ]
        for row in rows
    ]


def without_zeros(lost, z, weight, bias):
    zeroed = {**z, lost: np.zeros_like(z[lost])}
    return np.concatenate([zeroed["A"], zeroed["B"]], 1) @ weight.T + bias


def without_torch(lost, z, weight, bias):
    w_a, w_b = torch.tensor(weight).split(z["A"].shape[1], dim=1)
    x, w = (z["B"], w_b) if lost == "A" else (z["A"], w_a)
    return nn.functional.linear(torch.tensor(x), w, torch.tensor(bias))


def attend_loop(q, k, v):
    rows = []
    for query in q:
        scores = [sum(a * b for a, b in zip(query, key, strict=True)) for key in k]
        e = [np.exp(s / len(query) ** 0.5) for s in scores]
        rows.append([sum(w * x for w, x in zip(e, column, strict=True)) / sum(e) for column in v.T])
    return rows


def attend_torch(q, k, v):
    q, k, v = (torch.tensor(x)[None] for x in (q, k, v))
    return nn.functional.scaled_dot_product_attention(q, k, v)[0]


def attend_numpy(q, k, v, scale=0.5, axis=1):
    e = np.exp(q @ k.T / q.shape[1] ** scale)
    return e / e.sum(axis=axis, keepdims=axis is not None) @ v


def positions_loop(length, width):
    rows = []
    for t in range(length):
        row = []
        for i in range(width // 2):
            angle = t / 10_000 ** (2 * i / width)
            row += [math.sin(angle), math.cos(angle)]
        rows.append(row)
    return rows


def positions_numpy(length, width):
    angle = np.arange(length)[:, None] / 10_000 ** (np.arange(0, width, 2) / width)
    p = np.zeros((length, width))
    p[:, 0::2], p[:, 1::2] = np.sin(angle), np.cos(angle)
    return p


def positions_with(length, width, base):
    angle = np.arange(length)[:, None] / base ** (np.arange(0, width, 2) / width)
    return np.stack([np.sin(angle), np.cos(angle)], axis=2).reshape(length, width)


def positions_complex(length, width):
    speeds = np.exp(-np.log(10_000) * np.arange(0, width, 2) / width)
    turned = np.exp(1j * np.outer(np.arange(length), speeds))
    return np.dstack([turned.imag, turned.real]).reshape(length, width)


def layer_numpy(tokens, positions, w_q, w_k, w_v):
    h = tokens + positions
    return (h + attend_numpy(h @ w_q, h @ w_k, h @ w_v)).mean(axis=0)


def layer_torch(tokens, positions, w_q, w_k, w_v):
    h = torch.tensor(tokens) + torch.tensor(positions)
    q, k, v = (h @ torch.tensor(w) for w in (w_q, w_k, w_v))
    return (h + attend_torch(q.numpy(), k.numpy(), v.numpy())).mean(0)


def layer_loop(tokens, positions, w_q, w_k, w_v):
    h = [
        [a + b for a, b in zip(*pair, strict=True)] for pair in zip(tokens, positions, strict=True)
    ]
    taken = attend_loop(*(np.array(h) @ w for w in (w_q, w_k, w_v)))
    d = len(h[0])
    return [sum(x[j] + y[j] for x, y in zip(h, taken, strict=True)) / len(h) for j in range(d)]


def everything(z, weight, bias):
    return np.hstack([z["A"], z["B"]]) @ weight.T + bias


def epochs_loop(curve):
    for epoch, value in enumerate(curve, 1):
        if value >= 0.95 * max(curve):
            return epoch
    return None


def epochs_pandas(curve):
    s = pd.Series(curve, index=range(1, len(curve) + 1))
    return int(s[s / s.max() >= 0.95].index[0])


def choice_loop(valid, test):
    n = min(len(v) for v in valid)
    chosen = []
    for v, t in zip(valid, test, strict=True):
        best = 0
        for i in range(1, n):
            if v[i] > v[best]:
                best = i
        chosen.append(t[best])
    return chosen


def choice_pandas(valid, test):
    n = pd.Series([len(v) for v in valid]).min()
    return pd.Series([t[pd.Series(v[:n]).idxmax()] for v, t in zip(valid, test, strict=True)])


def compare_loop(ev, et, lv, lt):
    def one(valid, test):
        epochs = [epochs_loop(v) for v in valid]
        final = [t[list(v).index(max(v))] for v, t in zip(valid, test, strict=True)]
        return np.array([np.mean(epochs), np.mean(final)])

    return one(lv, lt) - one(ev, et)


def compare_arrays(ev, et, lv, lt):
    def epochs(v):
        return ((v >= 0.95 * v.max(1, keepdims=True)).argmax(1) + 1).mean()

    def final(v, t):
        return np.take_along_axis(t, v.argmax(1)[:, None], 1).mean()

    return epochs(lv) - epochs(ev), final(lv, lt) - final(ev, et)


def compare_torch(ev, et, lv, lt):
    def both(v, t):
        v, t = torch.tensor(v), torch.tensor(t)
        near = (v >= 0.95 * v.amax(1, keepdim=True)).double()
        return near.argmax(1).double().mean(), t[torch.arange(len(t)), v.argmax(1)].mean()

    (a, b), (c, d) = both(lv, lt), both(ev, et)
    return [float(a - c), float(b - d)]


def final_with(pick):
    """The comparison with another second number."""

    def compare(ev, et, lv, lt):
        return compare_arrays(ev, et, lv, lt)[0], pick(lv, lt) - pick(ev, et)

    return compare


RIGHT = {
    "04-count": {"torch": count_torch, "sizes": count_sizes, "algebra": count_algebra},
    "04-without": {"loop": without_loop, "zeros": without_zeros, "torch": without_torch},
    "04-epochs-to": {
        "loop": epochs_loop,
        "pandas": epochs_pandas,
        "nonzero": lambda c: np.flatnonzero(c >= 0.95 * np.max(c))[0] + 1,
        "distance": lambda c: np.argmax(c.max() - c <= 0.05 * c.max()) + 1,
        "loss": lambda c: np.argmax(1 - c / c.max() <= 0.05) + 1,
        "relative": lambda c: np.argmax((c.max() - c) / c.max() <= 0.05) + 1,
        "from above": lambda c: np.argmax(c - c.max() >= -0.05 * c.max()) + 1,
    },
    "04-fair-choice": {
        "loop": choice_loop,
        "pandas": choice_pandas,
        "sorted": lambda v, t: [
            y[max(range(min(map(len, v))), key=x.__getitem__)] for x, y in zip(v, t, strict=True)
        ],
    },
    "04-attend": {
        "loop": attend_loop,
        "torch": attend_torch,
        "numpy": attend_numpy,
        "scipy": lambda q, k, v: softmax(np.einsum("id,jd->ij", q, k) * len(q.T) ** -0.5, 1) @ v,
    },
    "04-compare": {"loop": compare_loop, "arrays": compare_arrays, "torch": compare_torch},
    "04-positions": {
        "loop": positions_loop,
        "numpy": positions_numpy,
        "complex": positions_complex,
        "torch": lambda length, width: torch.tensor(positions_loop(length, width)),
    },
    "04-one-layer": {"numpy": layer_numpy, "torch": layer_torch, "loop": layer_loop},
}

WRONG = {
    "04-positions": {
        "own speeds": (
            lambda n, w: [
                [(math.cos if j % 2 else math.sin)(t / 1e4 ** (j / w)) for j in range(w)]
                for t in range(n)
            ],
            "number of the pair",
        ),
        "halves": (
            lambda n, w: np.hstack(
                [positions_numpy(n, w)[:, 0::2], positions_numpy(n, w)[:, 1::2]]
            ),
            "in turn",
        ),
        "cosine first": (
            lambda n, w: positions_numpy(n, w).reshape(n, -1, 2)[:, :, ::-1].reshape(n, w),
            "even columns",
        ),
        "sines": (lambda n, w: np.repeat(positions_numpy(n, w)[:, 0::2], 2, 1), "is a sine"),
        "from one": (lambda n, w: positions_numpy(n + 1, w)[1:], "count from 0"),
        "multiplied": (lambda n, w: positions_with(n, w, 1e-4), "so divide"),
        "halved": (lambda n, w: positions_with(n, w, 100.0), "yours is i/W"),
        "degrees": (lambda n, w: np.sin(np.degrees(np.arcsin(positions_numpy(n, w)))), ""),
        "base 1000": (lambda n, w: positions_with(n, w, 1000.0), ""),
        "transposed": (lambda n, w: positions_numpy(w, n), ""),
        "times": (lambda n, w: np.arange(n)[:, None] / 1e4 ** (np.arange(w) / w), ""),
    },
    "04-one-layer": {
        "no positions": (lambda x, p, *w: layer_numpy(x, 0 * p, *w), "runs backwards"),
        "no residual": (lambda x, p, *w: layer_numpy(x, p, *w) - (x + p).mean(0), "was is added"),
        "bare residual": (lambda x, p, *w: layer_numpy(x, p, *w) - p.mean(0), "position included"),
        "positions later": (
            lambda x, p, *w: layer_numpy(x, 0 * p, *w) + p.mean(0),
            "knows where it stands",
        ),
        "values": (lambda x, p, q, k, v: layer_torch(x, p, q, k, np.eye(len(v))), "themselves"),
        "sum": (lambda x, p, *w: layer_numpy(x, p, *w) * len(x), "added the tokens up"),
        "no scale": (
            lambda x, p, q, k, v: layer_numpy(x, p, q * len(q) ** 0.25, k * len(q) ** 0.25, v),
            "not divided",
        ),
        "largest": (
            lambda x, p, *w: (x + p + attend_numpy(*((x + p) @ m for m in w))).max(axis=0),
            "",
        ),
        "tokens averaged first": (
            lambda x, p, *w: layer_numpy(x.mean(0)[None], p.mean(0)[None], *w),
            "has the same share",
        ),
        "weights from the left": (
            lambda x, p, *w: layer_numpy(x, p, *(m.T for m in w)),
            "",
        ),
        "tokens written into": (
            lambda x, p, *w: layer_numpy(x.__iadd__(p), 0, *w),
            "you changed x",
        ),
        "all tokens": (
            lambda x, p, *w: x + p + attend_numpy(*((x + p) @ m for m in w)),
            "",
        ),
    },
    "04-attend": {
        "no scale": (lambda q, k, v: attend_numpy(q, k, v, 0), "not divided"),
        "by d": (lambda q, k, v: attend_numpy(q, k, v, 1), "divided by d"),
        "columns": (lambda q, k, v: attend_numpy(q, k, v, axis=0), "down each column"),
        "everything": (lambda q, k, v: attend_numpy(q, k, v, axis=None), "All your weights"),
        "exchanged": (lambda q, k, v: attend_torch(k, q, v), "changed places"),
        "no softmax": (lambda q, k, v: q @ k.T @ v / q.shape[1] ** 0.5, "softmax, which makes"),
        "weights": (
            lambda q, k, v: softmax(q @ k.T / np.sqrt(len(q[0])), axis=1),
            "still have to mix",
        ),
        "keys": (lambda q, k, v: attend_loop(q, k, k), "mixed the keys"),
        "twice": (
            lambda q, k, v: softmax(softmax(q @ k.T / q.shape[1] ** 0.5, 1), 1) @ v,
            "softmax of the softmax",
        ),
        "no keepdims": (
            lambda q, k, v: (lambda e: e / e.sum(1))(np.exp(q @ k.T / q.shape[1] ** 0.5)) @ v,
            "keepdims=True",
        ),
        "by the tokens": (lambda q, k, v: softmax(q @ k.T / len(q) ** 0.5, 1) @ v, "has"),
        "scaled in place": (
            lambda q, k, v: attend_torch(q, k, v * 0 + v.__imul__(1.0)) + 0 * q.__imul__(2.0),
            "you changed q",
        ),
        "values transposed": (lambda q, k, v: attend_numpy(q, k, v).T, ""),
        "scale after": (
            lambda q, k, v: softmax(q @ k.T, 1) @ v / q.shape[1] ** 0.5,
            "",
        ),
    },
    "04-count": {
        "weights only": (
            lambda a, b, w, c: [(a + b + 2 * w + c) * w, (a + b + 4 * w + 2 * c) * w],
            "weights only",
        ),
        "two heads": (
            lambda a, b, w, c: [count_sizes(a, b, w, c)[0], count_sizes(a, b, w, c)[1] + c],
            "one bias for each class is enough",
        ),
        "twice": (
            lambda a, b, w, c: [count_algebra(a, b, w, c)[0], 2 * count_algebra(a, b, w, c)[0]],
            "reads one modality only",
        ),
        "one layer less": (
            lambda a, b, w, c: count_algebra(a, b, w, c) - np.array([1, 2]) * (w * w + w),
            "Three hidden layers",
        ),
        "shared": (
            lambda a, b, w, c: count_algebra(a, b, w, c) - np.array([0, 2]) * (w * w + w),
            "share nothing",
        ),
        "narrow readout": (
            lambda a, b, w, c: count_algebra(a, b, w, c) - np.array([0, w * c]),
            "features of both branches",
        ),
        "order": (lambda a, b, w, c: count_sizes(a, b, w, c)[::-1], "changed places"),
        "early without B": (
            lambda a, b, w, c: count_algebra(a, b, w, c) - np.array([b * w, 0]),
            "d_a \\+ d_b numbers",
        ),
    },
    "04-without": {
        "no bias": (lambda k, z, w, b: without_zeros(k, z, w, b) - b, "left out the bias"),
        "half a bias": (lambda k, z, w, b: without_zeros(k, z, w, b) - b / 2, "halved"),
        "kept the lost one": (
            lambda k, z, w, b: without_zeros("B" if k == "A" else "A", z, w, b),
            "kept the modality that is missing",
        ),
        "all": (lambda k, z, w, b: everything(z, w, b), "still votes"),
        "first columns": (
            lambda k, z, w, b: (
                (
                    z["A"] @ w[:, z["A"].shape[1] :].T
                    if k == "B"
                    else z["B"] @ w[:, : z["A"].shape[1]].T
                )
                + b
            ),
            "weights of the other modality",
        ),
        "zeroed in place": (
            lambda k, z, w, b: (z[k].fill(0), everything(z, w, b))[1],
            "The right number, but you changed z",
        ),
        "taken out": (
            lambda k, z, w, b: (without_zeros(k, z, w, b), z.pop(k))[0],
            "you changed z",
        ),
        "second of the dict": (
            lambda k, z, w, b: without_zeros("A", {"A": z["A"], "B": list(z.values())[-1]}, w, b),
            "",
        ),
        "in the dict's order": (
            lambda k, z, w, b: np.hstack([x * (m != k) for m, x in z.items()]) @ w.T + b,
            "",
        ),
        "doubled": (lambda k, z, w, b: 2 * without_zeros(k, z, w, b) - b, "You doubled"),
        "mean": (
            lambda k, z, w, b: everything({**z, k: z[k] * 0 + z[k].mean(0)}, w, b),
            "by its mean",
        ),
        "probabilities": (
            lambda k, z, w, b: torch.tensor(without_zeros(k, z, w, b)).softmax(1),
            "",
        ),
    },
    "04-epochs-to": {
        "zero-based": (lambda c: int(np.argmax(c >= 0.95 * c.max())), "counted from 1"),
        "best": (lambda c: int(c.argmax()) + 1, "where the curve is best"),
        "last": (lambda c: epochs_loop_at(c, 0.95 * c[-1]), "95 % of the last value"),
        "absolute": (lambda c: epochs_loop_at(c, 0.95), "accuracy of 0.95"),
        "minus 0.05": (lambda c: epochs_loop_at(c, max(c) - 0.05), "a share, not a difference"),
        "rise": (
            lambda c: epochs_loop_at((c - c[0]) / (max(c) - c[0]), 0.95),
            "rise since the first",
        ),
        "for good": (
            lambda c: int(np.flatnonzero(c < 0.95 * c.max())[-1]) + 2,
            "never falls below",
        ),
        "how many": (lambda c: int((c >= 0.95 * c.max()).sum()), "how many epochs"),
        "more than": (lambda c: int(np.argmax(c > 0.95 * c.max())) + 1, ""),
        "0.9": (lambda c: epochs_loop_at(c, 0.9 * c.max()), ""),
        "0.99": (lambda c: epochs_loop_at(c, 0.99 * c.max()), ""),
        "from behind": (
            lambda c: int(np.argmax(c[::-1] >= 0.95 * c.max())) + 1,
            "",
        ),
        "of a smoothed curve": (
            lambda c: epochs_loop_at(np.convolve(c, np.ones(3) / 3, "same"), 0.95 * c.max()),
            "",
        ),
        "searched": (lambda c: int(np.searchsorted(c, 0.95 * c.max())) + 1, ""),
        "divided in place": (
            lambda c: (c.__itruediv__(c.max()), int(np.argmax(c >= 0.95)) + 1)[1],
            "you changed c",
        ),
    },
    "04-fair-choice": {
        "on test": (
            lambda v, t: [max(y[: min(map(len, v))]) for y in t],
            "chose the trial on the test rows",
        ),
        "all trials": (
            lambda v, t: [y[x.argmax()] for x, y in zip(v, t, strict=True)],
            "more chances",
        ),
        "first length": (
            lambda v, t: [y[x[: len(v[0])].argmax()] for x, y in zip(v, t, strict=True)],
            "first architecture's number",
        ),
        "test, all trials": (lambda v, t: [y.max() for y in t], "Both mistakes"),
        "validation": (
            lambda v, t: [max(x[: min(map(len, v))]) for x in v],
            "report the validation accuracy",
        ),
        "mean": (lambda v, t: [np.mean(y[: min(map(len, v))]) for y in t], "mean over trials"),
        "first": (lambda v, t: [y[0] for y in t], "favourite setting"),
        "worst": (
            lambda v, t: [y[x[: min(map(len, v))].argmin()] for x, y in zip(v, t, strict=True)],
            "lowest validation",
        ),
        "last ones": (
            lambda v, t: [
                y[-min(map(len, v)) :][x[-min(map(len, v)) :].argmax()]
                for x, y in zip(v, t, strict=True)
            ],
            "",
        ),
        "one more": (
            lambda v, t: [y[x[: min(map(len, v)) + 1].argmax()] for x, y in zip(v, t, strict=True)],
            "",
        ),
        "length of the last": (
            lambda v, t: [y[x[: len(v[-1])].argmax()] for x, y in zip(v, t, strict=True)],
            "",
        ),
        "four trials of the test": (lambda v, t: [y[3] for y in t], ""),
        "one for all": (
            lambda v, t: [y[v[0][: min(map(len, v))].argmax()] for y in t],
            "Each one chooses its own",
        ),
    },
    "04-compare": {
        "last epoch": (final_with(lambda v, t: t[:, -1].mean()), "last epoch"),
        "best test": (final_with(lambda v, t: t.max(1).mean()), "chose the epoch on the test"),
        "validation": (final_with(lambda v, t: v.max(1).mean()), "is a validation accuracy"),
        "at 95 %": (
            final_with(
                lambda v, t: np.mean([y[epochs_loop(x) - 1] for x, y in zip(v, t, strict=True)])
            ),
            "at the 95 % epoch",
        ),
        "sign": (
            lambda ev, et, lv, lt: compare_loop(lv, lt, ev, et),
            "late minus early",
        ),
        "pooled": (
            lambda ev, et, lv, lt: compare_loop(
                *(x.mean(0, keepdims=True) for x in (ev, et, lv, lt))
            ),
            "averaged the curves",
        ),
        "test curves": (
            lambda ev, et, lv, lt: [
                compare_loop(et, et, lt, lt)[0],
                compare_loop(ev, et, lv, lt)[1],
            ],
            "convergence on the test curves",
        ),
        "argmax": (
            lambda ev, et, lv, lt: [
                np.mean(lv.argmax(1)) - np.mean(ev.argmax(1)),
                compare_loop(ev, et, lv, lt)[1],
            ],
            "epochs of the best values",
        ),
        "first seed": (
            lambda ev, et, lv, lt: compare_loop(ev[:1], et[:1], lv[:1], lt[:1]),
            "first seed only",
        ),
        "order": (lambda ev, et, lv, lt: compare_loop(ev, et, lv, lt)[::-1], "changed places"),
        "medians": (
            lambda ev, et, lv, lt: [
                np.median([epochs_loop(v) for v in lv]) - np.median([epochs_loop(v) for v in ev]),
                np.median(np.take_along_axis(lt, lv.argmax(1)[:, None], 1))
                - np.median(np.take_along_axis(et, ev.argmax(1)[:, None], 1)),
            ],
            "medians over seeds",
        ),
        "two seeds": (
            lambda ev, et, lv, lt: compare_loop(ev[:2], et[:2], lv[:2], lt[:2]),
            "",
        ),
        "summed seeds": (
            lambda ev, et, lv, lt: compare_loop(ev, et, lv, lt) * len(ev),
            "",
        ),
        "one best for all": (
            lambda ev, et, lv, lt: (
                compare_loop(ev, et, lv, lt) * [1, 0]
                + [0, lt[:, lv.mean(0).argmax()].mean() - et[:, ev.mean(0).argmax()].mean()]
            ),
            "",
        ),
    },
}


def epochs_loop_at(curve, level):
    """First epoch at which the curve has this level; 1 if it never has, as argmax says."""
    for epoch, value in enumerate(curve, 1):
        if value >= level:
            return epoch
    return 1
