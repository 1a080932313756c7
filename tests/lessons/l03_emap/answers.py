"""Answers to lesson 03's exercises, as learners might write them."""

import itertools
from fractions import Fraction

import numpy as np
import pandas as pd
import torch

HAND = np.array([[6.0, 0.0, 3.0], [0.0, 3.0, 3.0], [0.0, 0.0, -6.0]])
GIVEN = {"03-by-hand": (HAND,)}


def hand_loop(grid):
    out = []
    for i in range(3):
        row = sum(grid[i][j] for j in range(3)) / 3
        column = sum(grid[j][i] for j in range(3)) / 3
        out.append(row + column - sum(map(sum, grid)) / 9)
    return out


def loop(grid):
    n, c = grid.shape[0], grid.shape[-1]
    modalities = grid.ndim - 1
    cells = list(itertools.product(range(n), repeat=modalities))
    out = np.zeros((n, c))
    for i in range(n):
        for m in range(modalities):
            rows = [grid[cell] for cell in cells if cell[m] == i]
            out[i] += sum(rows) / len(rows)
        out[i] -= (modalities - 1) * sum(grid[cell] for cell in cells) / len(cells)
    return out


def two_einsum(grid):
    n = len(grid)
    both = np.einsum("ijc->c", grid) / n**2
    return np.einsum("ijc->ic", grid) / n + np.einsum("ijc->jc", grid) / n - both


def two_torch(grid):
    g = torch.tensor(grid)
    return g.mean(1) + g.mean(0) - g.mean((0, 1))


def additive_fit(grid):
    """Least squares on indicator columns, read at the diagonal."""
    n, c = grid.shape[0], grid.shape[-1]
    rows, columns = np.divmod(np.arange(n * n), n)
    eye = np.eye(n)
    design = np.hstack([eye[rows], eye[columns]])
    weights = np.linalg.lstsq(design, grid.reshape(-1, c), rcond=None)[0]
    return np.hstack([eye, eye]) @ weights


def three_torch(grid):
    g = torch.tensor(grid)
    return g.mean((1, 2)) + g.mean((0, 2)) + g.mean((0, 1)) - 2 * g.mean((0, 1, 2))


def three_stepwise(grid):
    pair = grid.mean(2)
    ab = pair.mean(1) + pair.mean(0) - pair.mean((0, 1))
    return ab + grid.mean((0, 1)) - grid.mean((0, 1, 2))


def product_grid(u, v, w):
    grid = np.einsum("ik,jk,kc->ijc", u, v, w)
    return loop(grid)


def product_centred(u, v, w):
    """(u − ū)(v − v̄) is the interaction; the rest is the projection."""
    return (u * v) @ w - ((u - u.mean(0)) * (v - v.mean(0))) @ w


def product_torch(u, v, w):
    u, v, w = (torch.tensor(x) for x in (u, v, w))
    a, b = u.mean(0, keepdim=True), v.mean(0, keepdim=True)
    return u @ (b.T * w) + v @ (a.T * w) - (a * b) @ w


NO, NOT_NEEDED, PAYS = (
    "no interaction needed",
    "used, but not needed by the task",
    "used, and it pays",
)


def verdict(before, after, additive, margin):
    if before - after <= margin:
        return NO
    if before - additive <= margin:
        return NOT_NEEDED
    return PAYS


def verdict_table(before, after, additive, margin):
    drop, lead = before - after > margin, before - additive > margin
    return {(True, True): PAYS, (True, False): NOT_NEEDED}.get((drop, lead), NO)


def say(uses, pays):
    return PAYS if uses and pays else NOT_NEEDED if uses else NO


RIGHT = {
    "03-by-hand": {
        "loop": hand_loop,
        "typed": lambda grid: [4, 2, -3],
        "fractions": lambda grid: (Fraction(12, 3), Fraction(2), Fraction(-9, 3)),
        "float32": lambda grid: torch.tensor(hand_loop(grid), dtype=torch.float32),
        "pandas": lambda grid: (
            pd.DataFrame(grid).mean(axis=1) + pd.DataFrame(grid).mean(axis=0) - grid.mean()
        ).tolist(),
    },
    "03-project": {
        "loop": loop,
        "einsum": two_einsum,
        "torch": two_torch,
        "least squares": additive_fit,
        "float32": lambda g: two_torch(g.astype(np.float32)),
        "rows of lists": lambda g: [list(row) for row in loop(g)],
        "pandas": lambda g: pd.DataFrame(two_einsum(g)),
        "stacked per class": lambda g: np.stack(
            [m.mean(1) + m.mean(0) - m.mean() for m in np.moveaxis(g, 2, 0)], axis=1
        ),
    },
    "03-three-modalities": {
        "loop": loop,
        "torch": three_torch,
        "one after the other": three_stepwise,
        "float32": lambda g: three_torch(g.astype(np.float32)),
        "tuple of rows": lambda g: tuple(map(tuple, loop(g))),
    },
    "03-product-head": {
        "grid": product_grid,
        "centred": product_centred,
        "torch": product_torch,
        "float32": lambda u, v, w: product_torch(*(x.astype(np.float32) for x in (u, v, w))),
        "centred in float32": lambda u, v, w: product_centred(
            *(x.astype(np.float32) for x in (u, v, w))
        ),
    },
    "03-conclude": {
        "ifs": verdict,
        "table": verdict_table,
        "one line": lambda b, a, r, m: say(b > a + m, b > r + m),
        "tensors": lambda *x: verdict(*(torch.tensor(v, dtype=torch.float64) for v in x)),
        "numpy scalars": lambda *x: verdict(*map(np.float64, x)),
        "words from a list": lambda b, a, r, m: [NO, NOT_NEEDED, PAYS][
            (b > a + m) * (1 + (b > r + m))
        ],
    },
}

WRONG = {
    "03-by-hand": {
        "diagonal": (lambda g: [6, 3, -6], "diagonal"),
        "mean kept twice": (lambda g: [5, 3, -2], "in there twice"),
        "rows": (lambda g: [3, 2, -2], "row means"),
        "columns": (lambda g: [2, 1, 0], "column means"),
        "too much off": (lambda g: [3, 1, -4], "subtracted the overall mean twice"),
        "rest": (lambda g: [2, 1, -3], "leaves out"),
        "rows less overall mean": (lambda g: g.mean(axis=1) - g.mean(), "without the column means"),
        "halved": (lambda g: [2.5, 1.5, -1], "averaged the two"),
        "sums": (lambda g: [6 + 9 - 9, 6 + 3 - 9, -6 + 0 - 9], "whole rows"),
        "without itself": (
            lambda g: [
                (g[i].sum() - g[i, i]) / 2 + (g[:, i].sum() - g[i, i]) / 2 - (9 - 3) / 6
                for i in range(3)
            ],
            "left the sample itself out",
        ),
        "without itself, overall mean of all": (
            lambda g: [(0 + 3) / 2 + 0 - 1, (0 + 3) / 2 + 0 - 1, 0 + 3 - 1],
            "left the sample itself out",
        ),
        "model minus the diagonal's mean": (lambda g: np.diag(g) - np.diag(g).mean(), ""),
        "overall mean added": (lambda g: [3 + 2 + 1, 2 + 1 + 1, -2 + 0 + 1], ""),
        "medians": (lambda g: np.median(g, 0) + np.median(g, 1) - np.median(g), ""),
        "columns in another order": (lambda g: [3 + 0 - 1, 2 + 1 - 1, -2 + 2 - 1], ""),
        "whole grid": (lambda g: g.mean(1)[:, None] + g.mean(0) - g.mean(), ""),
        "anything": (lambda g: [1, 2, 3], ""),
    },
    "03-project": {
        "diagonal": (lambda g: np.einsum("iic->ic", g), "diagonal"),
        "squeezed": (lambda g: two_einsum(g).squeeze(), ""),
        "axis of one sample squeezed": (
            lambda g: two_einsum(g).squeeze(0) if len(g) == 1 else two_einsum(g),
            "shape",
        ),
        "mean kept": (lambda g: g.mean(0) + g.mean(1), "Subtract it once"),
        "median for mean": (
            lambda g: np.median(g, 1) + np.median(g, 0) - np.median(g, (0, 1)),
            "",
        ),
        "diagonal mean": (
            lambda g: g.mean(1) + g.mean(0) - np.einsum("iic->c", g) / len(g),
            "",
        ),
        "product": (lambda g: g.mean(1) * g.mean(0) / g.mean((0, 1)), ""),
        "classes averaged": (lambda g: two_einsum(g).mean(1, keepdims=True) + 0 * g[0], ""),
        "transposed twice": (lambda g: g.mean(1) - g.mean(0) + g.mean((0, 1)), ""),
        "shifted": (lambda g: np.roll(two_einsum(g), 1, axis=0), ""),
        "in place": (
            lambda g: (two_einsum(g), g.__isub__(g.mean()))[0],
            "The right number, but you changed g",
        ),
        "scalar mean": (lambda g: g.mean(0) + g.mean(1) - np.mean(g), "one number for all"),
        "rows": (lambda g: g.mean(axis=1), "row means"),
        "columns": (lambda g: g.mean(axis=0), "column means"),
        "rows twice": (lambda g: g.mean(1) * 2 - g.mean((0, 1)), "row means twice"),
        "columns twice": (lambda g: g.mean(0) * 2 - g.mean((0, 1)), "column means twice"),
        "halved": (lambda g: 0.5 * g.mean(0) + 0.5 * g.mean(1), "averaged the two"),
        "two off": (lambda g: g.mean(0) + g.mean(1) - 2 * g.mean((0, 1)), "twice"),
        "rest": (lambda g: np.einsum("iic->ic", g) - two_einsum(g), "leaves out"),
        "itself left out": (
            lambda g: (
                np.stack(
                    [
                        np.delete(g[i], i, 0).mean(0) + np.delete(g[:, i], i, 0).mean(0)
                        for i in range(len(g))
                    ]
                )
                - g.mean((0, 1))
            ),
            "left the sample itself out",
        ),
        "all left out": (
            lambda g: (lambda x: np.nanmean(x, 1) + np.nanmean(x, 0) - np.nanmean(x, (0, 1)))(
                np.where(np.eye(len(g), dtype=bool)[..., None], np.nan, g)
            ),
            "left the sample itself out",
        ),
        "divided by N - 1": (lambda g: two_einsum(g) * len(g) / (len(g) - 1), ""),
        "two classes": (lambda g: np.pad(two_einsum(g)[:, :2], [(0, 0), (0, g.shape[2] - 2)]), ""),
        "classes taken off": (lambda g: two_einsum(g) - two_einsum(g).mean(1, keepdims=True), ""),
        "classes for rows": (lambda g: g.mean(1) + g.mean(0) - g.mean((0, 2)), ""),
        "clipped": (lambda g: two_einsum(np.clip(g, -10, 10)), ""),
        "no negatives": (lambda g: np.maximum(two_einsum(g), 0), ""),
        "float16": (lambda g: two_einsum(g.astype(np.float16)), ""),
        "rounded": (lambda g: np.round(two_einsum(g), 3), ""),
        "always three samples": (lambda g: g[:, :3].mean(1) + g[:3].mean(0) - g.mean((0, 1)), ""),
        "first row for all": (lambda g: g.mean(1) + g.mean(0)[0] - g.mean((0, 1)), ""),
        "softmax": (
            lambda g: two_torch(torch.softmax(torch.tensor(g), -1).numpy()),
            "probabilities",
        ),
    },
    "03-three-modalities": {
        "squeezed": (lambda g: loop(g).squeeze(), "shape"),
        "once": (lambda g: three_torch(g).numpy() + g.mean((0, 1, 2)), "how often"),
        "three times": (lambda g: three_torch(g).numpy() - g.mean((0, 1, 2)), "off every term"),
        "never": (lambda g: three_torch(g).numpy() + 2 * g.mean((0, 1, 2)), "all three terms"),
        "scalar": (
            lambda g: three_torch(g).numpy() + 2 * g.mean((0, 1, 2)) - 2 * g.mean(),
            "one number for all",
        ),
        "two only": (lambda g: two_einsum(g.mean(2)), "third modality|averaged the third"),
        "first two": (lambda g: g.mean((1, 2)) + g.mean((0, 2)) - g.mean((0, 1, 2)), "third"),
        "one by one": (lambda g: g.mean(1)[:, 0] + g.mean(0)[0] + g.mean(2)[0], ""),
        "medians": (
            lambda g: (
                np.median(g, (1, 2))
                + np.median(g, (0, 2))
                + np.median(g, (0, 1))
                - 2 * np.median(g, (0, 1, 2))
            ),
            "",
        ),
        "sums": (
            lambda g: g.sum((1, 2)) + g.sum((0, 2)) + g.sum((0, 1)) - 2 * g.sum((0, 1, 2)),
            "",
        ),
        "halved": (
            lambda g: (g.mean((1, 2)) + g.mean((0, 2)) + g.mean((0, 1))) / 3,
            "averaged the three",
        ),
        "diagonal": (lambda g: np.einsum("iiic->ic", g), "diagonal"),
        "rest": (lambda g: np.einsum("iiic->ic", g) - loop(g), "leaves out"),
        "itself left out": (
            lambda g: (
                sum(
                    (g.sum(a) - np.einsum("iiic->ic", g)) / (len(g) ** 2 - 1)
                    for a in ((1, 2), (0, 2), (0, 1))
                )
                - 2 * g.mean((0, 1, 2))
            ),
            "left the sample itself out",
        ),
        "last two": (lambda g: g.mean((0, 1)) + g.mean((0, 2)) - g.mean((0, 1, 2)), ""),
        "first term twice": (
            lambda g: 2 * g.mean((1, 2)) + g.mean((0, 2)) - 2 * g.mean((0, 1, 2)),
            "",
        ),
        "terms exchanged": (lambda g: three_torch(g).numpy()[::-1], ""),
        "diagonal mean": (
            lambda g: (
                g.mean((1, 2))
                + g.mean((0, 2))
                + g.mean((0, 1))
                - 2 * np.einsum("iiic->c", g) / len(g)
            ),
            "",
        ),
        "clipped": (lambda g: three_torch(np.clip(g, -10, 10)), ""),
        "rounded": (lambda g: np.round(three_torch(g).numpy(), 3), ""),
        "two classes": (lambda g: np.pad(loop(g)[:, :2], [(0, 0), (0, g.shape[3] - 2)]), ""),
        "probabilities": (lambda g: three_torch(torch.tensor(g).softmax(-1).numpy()), ""),
        "pairs": (
            lambda g: (
                np.einsum("iic->ic", g.mean(0))
                + np.einsum("iic->ic", g.mean(1))
                + np.einsum("iic->ic", g.mean(2))
                - 2 * g.mean((0, 1, 2))
            ),
            "over one axis",
        ),
    },
    "03-product-head": {
        "model": (lambda u, v, w: np.einsum("ik,ik,kc->ic", u, v, w), "real pairs"),
        "nothing off": (lambda u, v, w: (u * v.mean(0) + v * u.mean(0)) @ w, "take it off once"),
        "real mean": (
            lambda u, v, w: (u * v.mean(0) + v * u.mean(0)) @ w - ((u * v) @ w).mean(0),
            "all N² pairs",
        ),
        "first": (lambda u, v, w: u @ (v.mean(0)[:, None] * w), "term of the first"),
        "second": (lambda u, v, w: v @ (u.mean(0)[:, None] * w), "term of the second"),
        "sum of both": (lambda u, v, w: u @ w + v @ w, "additive head"),
        "itself left out": (
            lambda u, v, w: (
                (
                    np.stack(
                        [
                            u[i] * np.delete(v, i, 0).mean(0) + v[i] * np.delete(u, i, 0).mean(0)
                            for i in range(len(u))
                        ]
                    )
                    - u.mean(0) * v.mean(0)
                )
                @ w
            ),
            "left the sample itself out",
        ),
        "all pairs of a sample and itself left out": (
            lambda u, v, w: (
                (
                    (u * (v.sum(0) - v) + (u.sum(0) - u) * v) / (len(u) - 1)
                    - (u.sum(0) * v.sum(0) - (u * v).sum(0)) / (len(u) * (len(u) - 1))
                )
                @ w
            ),
            "left the sample itself out",
        ),
        "absolute weights": (lambda u, v, w: product_centred(u, v, np.abs(w)), ""),
        "no negatives": (lambda u, v, w: np.maximum(product_centred(u, v, w), 0), ""),
        "small units are dead": (
            lambda u, v, w: product_centred(u * (np.abs(u) > 0.05), v, w),
            "",
        ),
        "clipped units": (
            lambda u, v, w: product_centred(np.clip(u, -5, 5), np.clip(v, -5, 5), w),
            "",
        ),
        "tanh": (lambda u, v, w: product_centred(np.tanh(u), v, w), ""),
        "first three samples": (
            lambda u, v, w: (u * v[:3].mean(0) + u[:3].mean(0) * v - u.mean(0) * v.mean(0)) @ w,
            "",
        ),
        "two units": (lambda u, v, w: product_centred(u[:, :2], v[:, :2], w[:2]), ""),
        "exchanged means": (
            lambda u, v, w: (u * u.mean(0) + v * v.mean(0) - u.mean(0) * v.mean(0)) @ w,
            "",
        ),
        "rounded": (lambda u, v, w: np.round(product_centred(u, v, w), 3), ""),
        "overall mean before the weights of one class": (
            lambda u, v, w: (u * v.mean(0) + u.mean(0) * v) @ w - (u.mean(0) * v.mean(0)).sum(),
            "",
        ),
        "no axis": (
            lambda u, v, w: (
                (u * np.mean(v) + v * np.mean(u)) @ w - (np.mean(u) * np.mean(v) * w).sum(0)
            ),
            "without an axis",
        ),
        "centred model": (lambda u, v, w: ((u - u.mean(0)) * (v - v.mean(0))) @ w, ""),
        "sorted pairs": (lambda u, v, w: (np.sort(u, 0) * np.sort(v, 0)) @ w, ""),
        "projected and summed": (
            lambda u, v, w: np.broadcast_to((u.mean(0) * v.mean(0)) @ w, (len(u), w.shape[1])),
            "",
        ),
        "medians": (
            lambda u, v, w: (
                (u * np.median(v, 0) + np.median(u, 0) * v - np.median(u, 0) * np.median(v, 0)) @ w
            ),
            "",
        ),
        "in place": (
            lambda u, v, w: (product_centred(u, v, w), u.__isub__(u.mean(0)))[0],
            "The right number, but you changed u",
        ),
        "two off": (
            lambda u, v, w: product_centred(u, v, w) - (u.mean(0) * v.mean(0)) @ w,
            "twice",
        ),
    },
    "03-conclude": {
        "drop only": (lambda b, a, r, m: say(b - a > m, True), "leans on"),
        "rival only": (lambda b, a, r, m: say(b - r > m, True), "with the additive model only"),
        "wrong pair": (lambda b, a, r, m: say(b - a > m, r - a <= m), "against the projection"),
        "no margin": (lambda b, a, r, m: say(a < b, b - r > m), "smallest drop"),
        "lead without margin": (lambda b, a, r, m: say(b - a > m, r < b), "behind by no more"),
        "strict drop": (
            lambda b, a, r, m: NO if b - a < m else NOT_NEEDED if b - r <= m else PAYS,
            "large as the margin",
        ),
        "strict lead": (
            lambda b, a, r, m: NO if b - a <= m else NOT_NEEDED if b - r < m else PAYS,
            "behind by exactly",
        ),
        "strict twice": (lambda b, a, r, m: say(a + m <= b, r + m <= b), "margin itself"),
        "distance": (lambda b, a, r, m: say(abs(a - b) > m, b - r > m), "no drop"),
        "exchanged": (lambda b, a, r, m: say(b - a > m, b - r <= m), "changed places"),
        "always": (lambda b, a, r, m: NO, ""),
        "never without a margin": (lambda b, a, r, m: verdict(b, a, r, m) if m else NO, ""),
        "twice the margin for both": (
            lambda b, a, r, m: say(b - a > m, (b - a) + (b - r) > 2 * m),
            "",
        ),
        "margin of 0.02": (lambda b, a, r, m: verdict(b, a, r, 0.02), ""),
        "1.1 of the margin": (lambda b, a, r, m: verdict(b, a, r, 1.1 * m), ""),
        "1.001 of the margin": (lambda b, a, r, m: verdict(b, a, r, 1.001 * m), ""),
        "0.999 of the margin": (lambda b, a, r, m: verdict(b, a, r, 0.999 * m), ""),
        "0.01 more than the margin": (lambda b, a, r, m: verdict(b, a, r, m + 0.01), ""),
        "margin of at least 0.01": (lambda b, a, r, m: verdict(b, a, r, max(m, 0.01)), ""),
        "small margins are none": (lambda b, a, r, m: verdict(b, a, r, m * (m > 0.015)), ""),
        "all rounded": (lambda *x: verdict(*(round(v, 3) for v in x)), ""),
        "rounded to hundredths": (lambda *x: verdict(*(round(v, 2) for v in x)), ""),
        "in whole percent": (lambda *x: verdict(*(int(100 * v) for v in x)), ""),
        "differences rounded": (
            lambda b, a, r, m: say(round(b - a, 3) > m, round(b - r, 3) > m),
            "",
        ),
        "relative to before": (lambda b, a, r, m: say((b - a) / b > m, (b - r) / b > m), ""),
        "the better of the two": (lambda b, a, r, m: verdict(b, min(a, r), r, m), ""),
        "rival against the projection only": (
            lambda b, a, r, m: say(b - a > m, a - r > m),
            "",
        ),
        "arguments in another order": (lambda b, a, r, m: verdict(b, r, a, m), ""),
        "needed needs no drop": (
            lambda b, a, r, m: PAYS if b - r > m else say(b - a > m, False),
            "",
        ),
        "half the margin": (lambda b, a, r, m: verdict(b, a, r, m / 2), ""),
        "twice the margin": (lambda b, a, r, m: verdict(b, a, r, 2 * m), ""),
        "a share of before": (lambda b, a, r, m: verdict(b, a, r, m * b), ""),
        "rival without sign": (lambda b, a, r, m: say(b - a > m, abs(b - r) > m), "keep the sign"),
        "the larger of the two": (lambda b, a, r, m: verdict(b, max(a, r), r, m), ""),
        "the mean of the two": (lambda b, a, r, m: verdict(b, (a + r) / 2, r, m), ""),
        "pays when used": (lambda b, a, r, m: PAYS if b - a > m else NO, "leans on"),
    },
}
