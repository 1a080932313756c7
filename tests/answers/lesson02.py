"""Answers to lesson 02's exercises, as learners might write them."""

import math
from functools import reduce

import numpy as np
import torch


def size_loop(widths, classes):
    length = 1
    for width in widths:
        length *= width + 1
    return length * classes + classes


def size_torch(widths, classes):
    from coursekit import fusion

    head = fusion.build("tensor", {f"m{i}": d for i, d in enumerate(widths)}, classes)
    return sum(p.numel() for p in head.parameters())


def tensor_loop(w_a, w_b, bias):
    t = [[0.0] * (len(w_b) + 1) for _ in range(len(w_a) + 1)]
    t[0][0] = bias
    for i, w in enumerate(w_a, 1):
        t[i][0] = w
    for j, w in enumerate(w_b, 1):
        t[0][j] = w
    return t


def tensor_block(w_a, w_b, bias):
    inner = np.zeros((len(w_a), len(w_b)))
    return np.block([[np.array([[bias]]), w_b[None]], [w_a[:, None], inner]])


def tensor_torch(w_a, w_b, bias):
    t = torch.zeros(len(w_a) + 1, len(w_b) + 1, dtype=torch.float64)
    t[:, 0] = torch.cat([torch.tensor([bias]), torch.tensor(w_a)])
    t[0, 1:] = torch.tensor(w_b)
    return t


def low_rank_full(z_a, z_b, f_a, f_b, bias):
    full = np.einsum("ric,rjc->ijc", f_a, f_b)
    return np.einsum("i,j,ijc->c", np.r_[1, z_a], np.r_[1, z_b], full) + bias


def low_rank_loop(z_a, z_b, f_a, f_b, bias):
    out = list(bias)
    for a, b in zip(f_a, f_b, strict=True):
        for c in range(len(out)):
            left = a[0, c] + sum(z * w for z, w in zip(z_a, a[1:, c], strict=True))
            right = b[0, c] + sum(z * w for z, w in zip(z_b, b[1:, c], strict=True))
            out[c] += left * right
    return out


def low_rank_torch(z_a, z_b, f_a, f_b, bias):
    from coursekit.fusion import low_rank

    a, b, u, v, c = (torch.tensor(x) for x in (z_a, z_b, f_a, f_b, bias))
    return low_rank([a[None], b[None]], [u, v], torch.ones(len(u), dtype=u.dtype), c)[0]


def ones(z_a, z_b, f_a, f_b):
    return np.append([1.0], z_a) @ f_a, np.append([1.0], z_b) @ f_b


def sigmoid(x):
    return np.exp(x) / (1 + np.exp(x))


def gmu_loop(v, t, w):
    both = list(v) + list(t)
    out = []
    for row, a, b in zip(w, v, t, strict=True):
        z = 1 / (1 + math.exp(-sum(x * y for x, y in zip(row, both, strict=True))))
        out.append(z * math.tanh(a) + (1 - z) * math.tanh(b))
    return out


def gmu_torch(v, t, w):
    v, t, w = map(torch.tensor, (v, t, w))
    z = torch.sigmoid(w @ torch.cat([v, t]))
    return torch.lerp(torch.tanh(t), torch.tanh(v), z)


def gate(v, t, w):
    return sigmoid(w @ np.hstack([v, t]))


def share_of_interaction(s):
    rest = s - s.mean(1)[:, None] - s.mean(0)[None] + s.mean()
    return np.var(rest) / np.var(s)


def read_residual(s):
    share = share_of_interaction(s)
    return "additive" if share < 0.01 else "multiplicative" if share > 0.99 else "both"


def read_effects(s):
    n = s.shape[0]
    effects = [s.mean(1) - s.mean(), s.mean(0) - s.mean()]
    explained = sum((e**2).sum() * n for e in effects) / ((s - s.mean()) ** 2).sum()
    if explained < 0.01:
        return "multiplicative"
    return "both" if explained < 0.99 else "additive"


def read_torch(s):
    x = torch.tensor(s)
    p = x.mean(1, keepdim=True) + x.mean(0, keepdim=True) - x.mean()
    share = float(p.var() / x.var())
    return ["multiplicative", "both", "additive"][int(share > 0.01) + int(share > 0.99)]


def read_share(share):
    return "additive" if share > 0.99 else "multiplicative" if share < 0.01 else "both"


RIGHT = {
    "02-tensor-size": {
        "loop": size_loop,
        "numpy": lambda w, c: (np.prod(np.array(w) + 1) + 1) * c,
        "reduce": lambda w, c: c + c * reduce(lambda n, d: n * (d + 1), w, 1),
        "counted": size_torch,
    },
    "02-as-tensor": {"loop": tensor_loop, "block": tensor_block, "torch": tensor_torch},
    "02-low-rank": {"full tensor": low_rank_full, "loop": low_rank_loop, "torch": low_rank_torch},
    "02-gmu": {
        "loop": gmu_loop,
        "torch": gmu_torch,
        "numpy": lambda v, t, w: np.tanh(t) + gate(v, t, w) * (np.tanh(v) - np.tanh(t)),
    },
    "02-read-surface": {
        "residual": read_residual,
        "effects": read_effects,
        "torch": read_torch,
    },
}

WRONG = {
    "02-tensor-size": {
        "no ones": (lambda w, c: np.prod(w) * c + c, "one prepended"),
        "no bias": (lambda w, c: int(np.prod([d + 1 for d in w])) * c, "bias for every class"),
        "sum": (lambda w, c: sum(w) * c + c, "widths add up"),
        "sum with ones": (lambda w, c: (sum(w) + len(w)) * c + c, "every combination"),
        "one once": (lambda w, c: (np.prod(w) + 1) * c + c, "its own one"),
        "length": (lambda w, c: np.prod([d + 1 for d in w]), "length of the tensor"),
        "two only": (lambda w, c: ((1 + w[0]) * (1 + w[1])) * c + c, "first two"),
        "one bias": (lambda w, c: np.prod([d + 1 for d in w]) * c + 1, "one for every class"),
    },
    "02-as-tensor": {
        "no bias": (lambda a, b, c: tensor_block(a, b, 0.0), "bias is missing"),
        "outer inside": (
            lambda a, b, c: np.block([[np.array([[c]]), b[None]], [a[:, None], a[:, None] * b]]),
            "inner block",
        ),
        "outer only": (
            lambda a, b, c: np.outer(np.r_[0, a], np.r_[0, b]),
            "meets the other modality's one",
        ),
        "ones last": (
            lambda a, b, c: tensor_block(a[::-1], b[::-1], c)[::-1, ::-1],
            "prepended",
        ),
        "bias everywhere": (
            lambda a, b, c: np.where(
                np.pad(np.ones((len(a), len(b))), ((1, 0), (1, 0))) > 0, c, tensor_block(a, b, c)
            ),
            "stands once",
        ),
        "bias twice": (lambda a, b, c: tensor_block(a, b, c + c), "counted once"),
        "transposed": (lambda a, b, c: tensor_block(a, b, c).T, "changed places|shape"),
        "outer with bias": (
            lambda a, b, c: np.append([1.0], a)[:, None] * np.append([c], b)[None],
            "first row and the first column",
        ),
    },
    "02-low-rank": {
        "no one": (
            lambda a, b, u, v, c: np.einsum("i,ric,j,rjc->c", a, u[:, 1:], b, v[:, 1:]) + c,
            "Prepend",
        ),
        "one last": (
            lambda a, b, u, v, c: (
                np.einsum("i,ric,j,rjc->c", np.append(a, 1), u, np.append(b, 1), v) + c
            ),
            "stands last",
        ),
        "sum first": (
            lambda a, b, u, v, c: np.prod([p.sum(0) for p in ones(a, b, u, v)], axis=0) + c,
            "rank one",
        ),
        "added": (lambda a, b, u, v, c: sum(ones(a, b, u, v)).sum(0) + c, "added the two"),
        "no bias": (lambda a, b, u, v, c: low_rank_full(a, b, u, v, c) - c, "bias is missing"),
        "mean": (
            lambda a, b, u, v, c: np.prod(ones(a, b, u, v), axis=0).mean(0) + c,
            "averaged",
        ),
        "product": (
            lambda a, b, u, v, c: np.prod(np.prod(ones(a, b, u, v), axis=0), axis=0) + c,
            "runs over modalities",
        ),
        "first rank": (
            lambda a, b, u, v, c: low_rank_full(a, b, u[:1], v[:1], c),
            "first rank",
        ),
        "bias R times": (
            lambda a, b, u, v, c: low_rank_full(a, b, u, v, c) + (len(u) - 1) * c,
            "counts R times",
        ),
    },
    "02-gmu": {
        "exchanged": (
            lambda v, t, w: (1 - gate(v, t, w)) * np.tanh(v) + gate(v, t, w) * np.tanh(t),
            "changed places",
        ),
        "z on both": (
            lambda v, t, w: gate(v, t, w) * np.tanh(v) + gate(v, t, w) * np.tanh(t),
            "same z",
        ),
        "no tanh": (lambda v, t, w: t + gate(v, t, w) * (v - t), "through tanh"),
        "gate after tanh": (
            lambda v, t, w: (
                np.tanh(t) + gate(np.tanh(v), np.tanh(t), w) * (np.tanh(v) - np.tanh(t))
            ),
            "before it",
        ),
        "no sigmoid": (
            lambda v, t, w: np.tanh(t) + (w @ np.hstack([v, t])) * (np.tanh(v) - np.tanh(t)),
            "take the sigmoid",
        ),
        "softmax": (
            lambda v, t, w: torch.lerp(
                torch.tensor(np.tanh(t)),
                torch.tensor(np.tanh(v)),
                torch.softmax(torch.tensor(w @ np.hstack([v, t])), 0),
            ),
            "compete",
        ),
        "tanh gate": (
            lambda v, t, w: np.tanh(t) + np.tanh(w @ np.hstack([v, t])) * (np.tanh(v) - np.tanh(t)),
            "reaches down to",
        ),
        "order": (
            lambda v, t, w: np.tanh(t) + gate(t, v, w) * (np.tanh(v) - np.tanh(t)),
            r"expect \[v; t\]",
        ),
        "ungated second": (lambda v, t, w: gate(v, t, w) * np.tanh(v) + np.tanh(t), "ungated"),
        "one gate": (
            lambda v, t, w: np.tanh(t) + np.mean(gate(v, t, w)) * (np.tanh(v) - np.tanh(t)),
            "Each feature has its own",
        ),
    },
    "02-read-surface": {
        "rows": (lambda s: read_share(np.var(s.mean(1)) / np.var(s)), "row means only"),
        "columns": (lambda s: read_share(np.var(s.mean(0)) / np.var(s)), "column means only"),
        "squares": (
            lambda s: read_share(
                np.sum((s.mean(1)[:, None] + s.mean(0) - s.mean()) ** 2) / np.sum(s**2)
            ),
            "sums of squares",
        ),
        "exchanged": (lambda s: read_share(share_of_interaction(s)), "changed places"),
        "never both": (
            lambda s: "multiplicative" if share_of_interaction(s) > 0.5 else "additive",
            "share of each",
        ),
        "never multiplicative": (
            lambda s: "both" if share_of_interaction(s) > 0.01 else "additive",
            "find interaction",
        ),
        "never additive": (
            lambda s: "multiplicative" if share_of_interaction(s) > 0.99 else "both",
            "find additive terms",
        ),
        "corners": (
            lambda s: (
                "both" if abs(s[0, 0] + s[-1, -1] - s[0, -1] - s[-1, 0]) > 1e-6 else "additive"
            ),
            "four corners",
        ),
    },
}
