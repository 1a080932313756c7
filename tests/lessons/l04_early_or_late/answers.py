"""Answers to lesson 04's exercises, as learners might write them."""

import math
from fractions import Fraction
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


def compare_near(near):
    """The comparison with another way of writing that a curve is there."""

    def compare(ev, et, lv, lt):
        first = [np.mean([near(c).argmax() for c in v]) for v in (lv, ev)]
        return first[0] - first[1], compare_arrays(ev, et, lv, lt)[1]

    return compare


def compare_arrivals(arrival):
    """The comparison with another first number."""

    def compare(ev, et, lv, lt):
        return arrival(lv) - arrival(ev), compare_arrays(ev, et, lv, lt)[1]

    return compare


def float32(function):
    """The function called on arrays of single precision."""

    def called(*arguments):
        return function(*(np.asarray(x, dtype=np.float32) for x in arguments))

    return called


def attend_scores(change):
    """A head in which something is done to the scores."""
    return lambda q, k, v: softmax(change(q @ k.T / q.shape[1] ** 0.5), 1) @ v


def layer_taken(change):
    """One layer, with something done to the tokens after attention, (T, d)."""

    def layer(x, p, *weights):
        h = x + p
        return change(h, attend_numpy(*(h @ w for w in weights)))

    return layer


def choice_with(pick):
    """``pick(valid, test, smallest number of trials)`` for every architecture."""
    return lambda valid, test: [
        pick(v, t, min(map(len, valid))) for v, t in zip(valid, test, strict=True)
    ]


# Other words for "95 % or more", and others that are not.
NEAR = {
    "one minus the share": lambda c: 1 - c / c.max() <= 0.05,
    "missing share": lambda c: (c.max() - c) / c.max() <= 0.05,
    "missing": lambda c: c.max() - c <= 0.05 * c.max(),
    "percent": lambda c: 100 * c / c.max() >= 95,
    "whole numbers": lambda c: 20 * c >= 19 * c.max(),
    "not below": lambda c: ~(c < 0.95 * c.max()),
    "float32": lambda c: c.astype(np.float32) >= 0.95 * c.astype(np.float32).max(),
    "tensors": lambda c: (torch.tensor(c).float() / torch.tensor(c).float().max() >= 0.95).numpy(),
}
NOT_NEAR = {
    "0.945": lambda c: c >= 0.945 * c.max(),
    "0.949": lambda c: c >= 0.949 * c.max(),
    "0.951": lambda c: c >= 0.951 * c.max(),
    "two digits": lambda c: np.round(c / c.max(), 2) >= 0.95,
    "three digits": lambda c: np.round(c / c.max(), 3) >= 0.95,
    "curve rounded": lambda c: np.round(c, 3) >= 0.95 * c.max(),
    "level rounded": lambda c: c >= np.round(0.95 * c.max(), 3),
    "minus 0.001": lambda c: c >= 0.95 * c.max() - 0.001,
    "plus 0.001": lambda c: c >= 0.95 * c.max() + 0.001,
    "about": lambda c: np.isclose(c, 0.95 * c.max(), rtol=1e-3) | (c > 0.95 * c.max()),
    "equal": lambda c: c == 0.95 * c.max(),
    "best so far": lambda c: c >= 0.95 * np.maximum.accumulate(c),
    "best of the last three": lambda c: c >= 0.95 * c[-3:].max(),
    "best of the first ten": lambda c: c[:10] >= 0.95 * c[:10].max(),
    "sorted": lambda c: np.sort(c) >= 0.95 * c.max(),
    "mean of the best three": lambda c: c >= 0.95 * np.sort(c)[-3:].mean(),
    "best at least 0.5": lambda c: c >= 0.95 * max(c.max(), 0.5),
}

RIGHT = {
    "04-count": {
        "torch": count_torch,
        "sizes": count_sizes,
        "algebra": count_algebra,
        "floats": lambda *sizes: list(map(float, count_algebra(*sizes))),
        "float32": lambda *sizes: torch.tensor(count_sizes(*sizes), dtype=torch.float32),
        "fractions": lambda *sizes: tuple(map(Fraction, count_sizes(*sizes))),
    },
    "04-without": {
        "loop": without_loop,
        "zeros": without_zeros,
        "torch": without_torch,
        "taken off again": lambda k, z, w, b: (
            everything(z, w, b) - z[k] @ np.split(w, 2, axis=1)["AB".index(k)].T
        ),
        "float32": lambda k, z, w, b: without_zeros(
            k, {m: x.astype(np.float32) for m, x in z.items()}, np.float32(w), np.float32(b)
        ),
    },
    "04-epochs-to": {
        "loop": epochs_loop,
        "pandas": epochs_pandas,
        "nonzero": lambda c: np.flatnonzero(c >= 0.95 * np.max(c))[0] + 1,
        "distance": lambda c: np.argmax(c.max() - c <= 0.05 * c.max()) + 1,
        "loss": lambda c: np.argmax(1 - c / c.max() <= 0.05) + 1,
        "relative": lambda c: np.argmax((c.max() - c) / c.max() <= 0.05) + 1,
        "from above": lambda c: np.argmax(c - c.max() >= -0.05 * c.max()) + 1,
        "generator": lambda c: next(i for i, x in enumerate(c, 1) if x >= 0.95 * max(c)),
    },
    "04-fair-choice": {
        "loop": choice_loop,
        "pandas": choice_pandas,
        "sorted": lambda v, t: [
            y[max(range(min(map(len, v))), key=x.__getitem__)] for x, y in zip(v, t, strict=True)
        ],
        "float32": choice_with(lambda v, t, n: torch.tensor(t).float()[np.argmax(v[:n])]),
        "fractions": choice_with(lambda v, t, n: Fraction(float(t[np.argmax(v[:n])]))),
    },
    "04-attend": {
        "loop": attend_loop,
        "torch": attend_torch,
        "numpy": attend_numpy,
        "scipy": lambda q, k, v: softmax(np.einsum("id,jd->ij", q, k) * len(q.T) ** -0.5, 1) @ v,
        "float32": float32(attend_torch),
        "float32, plain": float32(attend_numpy),
        "frame": lambda q, k, v: pd.DataFrame(attend_numpy(q, k, v)),
        "tuples": lambda q, k, v: tuple(map(tuple, attend_numpy(q, k, v))),
    },
    "04-compare": {
        "loop": compare_loop,
        "arrays": compare_arrays,
        "torch": compare_torch,
        "float32": float32(compare_torch),
        "series": lambda *curves: pd.Series(compare_loop(*curves)),
    },
    "04-positions": {
        "loop": positions_loop,
        "numpy": positions_numpy,
        "complex": positions_complex,
        "torch": lambda length, width: torch.tensor(positions_loop(length, width)),
        "float32": lambda length, width: positions_numpy(length, width).astype(np.float32),
    },
    "04-one-layer": {
        "numpy": layer_numpy,
        "torch": layer_torch,
        "loop": layer_loop,
        "float32": float32(layer_torch),
        "float32, plain": float32(layer_numpy),
        "tuple": lambda *arguments: tuple(layer_numpy(*arguments)),
    },
}

for name, near in NEAR.items():
    RIGHT["04-epochs-to"][name] = lambda c, near=near: near(c).argmax() + 1
    RIGHT["04-compare"][name] = compare_near(near)

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
        "base 10001": (lambda n, w: positions_with(n, w, 10001.0), ""),
        "width of twelve": (lambda n, w: positions_numpy(n, w) * (np.arange(w) < 12), ""),
        "width of eight": (lambda n, w: positions_numpy(n, w) * (np.arange(w) < 8), ""),
        "reversed": (lambda n, w: positions_numpy(n, w)[::-1], ""),
        "negative": (lambda n, w: -positions_numpy(n, w), ""),
        "rounded": (lambda n, w: positions_numpy(n, w).round(3), ""),
        "pairs from one": (
            lambda n, w: np.hstack([positions_numpy(n, w)[:, 2:], positions_numpy(n, w)[:, -2:]]),
            "",
        ),
        "width in pairs": (lambda n, w: positions_with(n, w, 1e8), ""),
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
        "clipped at 10": (
            lambda x, p, q, k, v: (
                x
                + p
                + attend_scores(lambda s: np.clip(s, -10, 10))(*((x + p) @ m for m in (q, k, v)))
            ).mean(0),
            "",
        ),
        "residual twice": (lambda x, p, *w: layer_numpy(x, p, *w) + (x + p).mean(0), ""),
        "residual of the values": (
            lambda x, p, *w: layer_numpy(x, p, *w) + ((x + p) @ (w[2] - np.eye(len(w[2])))).mean(0),
            "",
        ),
        "last token": (layer_taken(lambda h, a: (h + a)[-1]), ""),
        "first token": (layer_taken(lambda h, a: (h + a)[0]), ""),
        "median": (layer_taken(lambda h, a: np.median(h + a, axis=0)), ""),
        "sum of what is taken in": (layer_taken(lambda h, a: h.mean(0) + a.sum(0)), ""),
        "over the numbers": (layer_taken(lambda h, a: (h + a).mean(1)), ""),
        "no negatives": (layer_taken(lambda h, a: np.maximum(h + a, 0).mean(0)), ""),
        "N - 1": (layer_taken(lambda h, a: (h + a).sum(0) / (len(h) - 1)), ""),
        "queries twice": (lambda x, p, q, k, v: layer_numpy(x, p, q, q, v), ""),
        "first position for all": (lambda x, p, *w: layer_numpy(x, p[:1], *w), ""),
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
        "residual": (lambda q, k, v: attend_torch(q, k, v) + torch.tensor(v), "added the values"),
        "residual of the queries": (lambda q, k, v: q + attend_numpy(q, k, v), "added the queries"),
        "clipped at 5": (attend_scores(lambda s: np.clip(s, -5, 5)), ""),
        "clipped at 10": (attend_scores(lambda s: np.clip(s, -10, 10)), ""),
        "no negative scores": (attend_scores(lambda s: np.maximum(s, 0)), ""),
        "scores rounded": (attend_scores(lambda s: s.round(2)), ""),
        "scores without sign": (attend_scores(np.abs), ""),
        "earlier tokens only": (
            attend_scores(lambda s: np.where(np.tri(len(s)) > 0, s, -np.inf)),
            "",
        ),
        "not itself": (attend_scores(lambda s: np.where(np.eye(len(s)) > 0, -np.inf, s)), ""),
        "only the best": (lambda q, k, v: v[(q @ k.T).argmax(1)], ""),
        "root of two": (lambda q, k, v: softmax(q @ k.T / 2**0.5, 1) @ v, ""),
        "first three keys": (lambda q, k, v: attend_numpy(q, k[:3], v[:3]), ""),
        "weights transposed": (
            lambda q, k, v: softmax(q @ k.T / q.shape[1] ** 0.5, 1).T @ v,
            "",
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
        "four hidden layers": (
            lambda a, b, w, c: count_algebra(a, b, w, c) + np.array([1, 2]) * (w * w + w),
            "",
        ),
        "one bias per layer": (
            lambda a, b, w, c: [(a + b + 2 * w + c) * w + 4, (a + b + 4 * w + 2 * c) * w + 7],
            "",
        ),
        "no bias at the end": (lambda a, b, w, c: count_algebra(a, b, w, c) - c, ""),
        "inputs alike": (lambda a, b, w, c: count_algebra(a, a, w, c), ""),
        "six classes": (lambda a, b, w, c: count_algebra(a, b, w, 6), ""),
        "sum": (lambda a, b, w, c: sum(count_sizes(a, b, w, c)), ""),
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
            "whichever comes first",
        ),
        "columns in the dict's order": (
            lambda k, z, w, b: (
                sum(
                    x @ columns.T
                    for (m, x), columns in zip(z.items(), np.split(w, 2, axis=1), strict=True)
                    if m != k
                )
                + b
            ),
            "whichever comes first",
        ),
        "squeezed": (lambda k, z, w, b: without_zeros(k, z, w, b).squeeze(), "shape"),
        "A is three wide": (
            lambda k, z, w, b: z["A"] @ w[:, :3].T + b if k == "B" else without_zeros(k, z, w, b),
            "",
        ),
        "no negative features": (
            lambda k, z, w, b: without_zeros(k, {m: np.maximum(x, 0) for m, x in z.items()}, w, b),
            "",
        ),
        "no negative logits": (lambda k, z, w, b: np.maximum(without_zeros(k, z, w, b), 0), ""),
        "ones": (lambda k, z, w, b: everything({**z, k: np.ones_like(z[k])}, w, b), ""),
        "the other one twice": (
            lambda k, z, w, b: everything({**z, k: z["B" if k == "A" else "A"]}, w, b),
            "",
        ),
        "columns in turn": (
            lambda k, z, w, b: without_zeros(k, z, np.hstack([w[:, ::2], w[:, 1::2]]), b),
            "",
        ),
        "bias twice": (lambda k, z, w, b: without_zeros(k, z, w, b) + b, ""),
        "transposed": (lambda k, z, w, b: without_zeros(k, z, w, b).T, ""),
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
        "rise from the lowest": (
            lambda c: epochs_loop_at((c - min(c)) / (max(c) - min(c)), 0.95),
            "",
        ),
        "first 25 epochs": (lambda c: epochs_loop(c[:25]), ""),
        "first 40 epochs": (lambda c: epochs_loop(c[:40]), ""),
        "more than": (lambda c: int(np.argmax(c > 0.95 * c.max())) + 1, "at least"),
        "0.9": (lambda c: epochs_loop_at(c, 0.9 * c.max()), "90 %"),
        **{
            name: (lambda c, near=near: int(near(c).argmax()) + 1, "")
            for name, near in NOT_NEAR.items()
        },
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
        "four trials": (choice_with(lambda v, t, n: t[v[:4].argmax()]), ""),
        "three trials": (choice_with(lambda v, t, n: t[v[:3].argmax()]), ""),
        "one less": (choice_with(lambda v, t, n: t[v[: n - 1].argmax()]), ""),
        "rounded": (choice_with(lambda v, t, n: t[v[:n].round(3).argmax()]), ""),
        "sum of both": (choice_with(lambda v, t, n: t[(v + t)[:n].argmax()]), ""),
        "index": (choice_with(lambda v, t, n: v[:n].argmax()), ""),
        "second best": (choice_with(lambda v, t, n: t[np.argsort(v[:n])[-2]]), ""),
        "two best": (choice_with(lambda v, t, n: t[np.argsort(v[:n])[-2:]].mean()), ""),
        "every second one": (choice_with(lambda v, t, n: t[v[:n:2].argmax() * 2]), ""),
        "most alike": (choice_with(lambda v, t, n: t[abs(v - t)[:n].argmin()]), ""),
        "three architectures": (lambda v, t: choice_loop(v[:3], t[:3]), ""),
        "first two budgets": (
            lambda v, t: [y[x[: min(map(len, v[:2]))].argmax()] for x, y in zip(v, t, strict=True)],
            "",
        ),
        "best test of tied trials": (
            choice_with(lambda v, t, n: max(t[i] for i in range(n) if v[i] == max(v[:n]))),
            "choosing on test",
        ),
        "last of tied trials": (
            choice_with(lambda v, t, n: t[n - 1 - np.argmax(v[:n][::-1])]),
            "",
        ),
        "two trials at least": (
            choice_with(lambda v, t, n: t[np.argmax(v[: max(n, 2)])]),
            "",
        ),
        "best architecture": (lambda v, t: max(choice_loop(v, t)), ""),
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
        "more than": (compare_near(lambda c: c > 0.95 * c.max()), "at least"),
        **{name: (compare_near(near), "") for name, near in NOT_NEAR.items()},
        "searched": (
            compare_arrivals(lambda v: np.mean([np.searchsorted(c, 0.95 * c.max()) for c in v])),
            "",
        ),
        "best of all seeds": (
            compare_arrivals(lambda v: np.mean([(c >= 0.95 * v.max()).argmax() for c in v])),
            "",
        ),
        "whole epochs": (
            compare_arrivals(lambda v: round(np.mean([epochs_loop(c) for c in v]))),
            "",
        ),
        "first seed that arrives": (
            compare_arrivals(lambda v: min(epochs_loop(c) for c in v)),
            "",
        ),
        "sizes": (lambda *curves: np.abs(compare_arrays(*curves)), ""),
        "percent of accuracy": (lambda *curves: compare_loop(*curves) * [1, 100], ""),
        "best test of tied epochs": (
            final_with(
                lambda v, t: np.mean([y[x == x.max()].max() for x, y in zip(v, t, strict=True)])
            ),
            "choosing on test",
        ),
        "last of tied epochs": (
            final_with(
                lambda v, t: np.mean([y[::-1][x[::-1].argmax()] for x, y in zip(v, t, strict=True)])
            ),
            "",
        ),
        "five seeds": (lambda *curves: compare_loop(*(c[:5] for c in curves)), ""),
        "twelve epochs": (lambda *curves: compare_loop(*(c[:, :12] for c in curves)), ""),
        "three seeds": (lambda *curves: compare_loop(*(c[:3] for c in curves)), ""),
        "last seed": (lambda *curves: compare_loop(*(c[-1:] for c in curves)), ""),
        "five epochs": (lambda *curves: compare_loop(*(c[:, :5] for c in curves)), ""),
        "splits exchanged": (lambda ev, et, lv, lt: compare_loop(et, ev, lt, lv), ""),
        "one epoch late": (
            final_with(
                lambda v, t: np.mean(
                    [y[min(x.argmax() + 1, len(y) - 1)] for x, y in zip(v, t, strict=True)]
                )
            ),
            "",
        ),
        "chosen on the sum": (
            final_with(
                lambda v, t: np.mean([y[(x + y).argmax()] for x, y in zip(v, t, strict=True)])
            ),
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
