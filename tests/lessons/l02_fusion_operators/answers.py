"""Answers to lesson 02's exercises, as learners might write them."""

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
            of_a = a[0, c] + sum(z * w for z, w in zip(z_a, a[1:, c], strict=True))
            of_b = b[0, c] + sum(z * w for z, w in zip(z_b, b[1:, c], strict=True))
            out[c] += of_a * of_b
    return out


def low_rank_torch(z_a, z_b, f_a, f_b, bias):
    from coursekit.fusion.low_rank import low_rank

    a, b, u, v, c = (torch.tensor(x) for x in (z_a, z_b, f_a, f_b, bias))
    return low_rank([a[None], b[None]], [u, v], torch.ones(len(u), dtype=u.dtype), c)[0]


def ones(z_a, z_b, f_a, f_b):
    return np.append([1.0], z_a) @ f_a, np.append([1.0], z_b) @ f_b


def softmax(x):
    return np.exp(x) / np.exp(x).sum()


def borrowed_jacobian(logits, values):
    p = softmax(logits)
    return (np.diag(p) - np.outer(p, p)) @ values


def borrowed_loop(logits, values):
    p = softmax(logits)
    return [
        sum(p[j] * ((j == m) - p[m]) * values[j] for j in range(len(values)))
        for m in range(len(logits))
    ]


def borrowed_autograd(logits, values):
    from coursekit.fusion import straight_through

    x = torch.tensor(logits)[None].requires_grad_()
    return torch.autograd.grad((straight_through(x) * torch.tensor(values)).sum(), x)[0][0]


def choose_pandas(valid, costs, tolerance):
    import pandas as pd

    means = pd.DataFrame(valid).mean()
    good = means[means >= means.max() - tolerance].index
    return pd.Series(costs)[good].idxmin()


def choose_loop(valid, costs, tolerance):
    means = {n: sum(v) / len(v) for n, v in valid.items()}
    for name in sorted(costs, key=costs.get):
        if max(means.values()) - means[name] <= tolerance:
            return name


def choose_numpy(valid, costs, tolerance):
    names = np.array(list(valid))
    means = np.array([np.mean(valid[n]) for n in names])
    price = np.array([costs[n] for n in names], dtype=float)
    price[means < means.max() - tolerance] = np.inf
    return names[price.argmin()]


def near(summary, v, t):
    scores = {n: summary(s) for n, s in v.items()}
    return [n for n in v if scores[n] >= max(scores.values()) - t]


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
    "02-borrowed": {
        "jacobian": borrowed_jacobian,
        "loop": borrowed_loop,
        "autograd": borrowed_autograd,
    },
    "02-choose": {"pandas": choose_pandas, "loop": choose_loop, "numpy": choose_numpy},
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
        "outer and bias": (
            lambda a, b, c: np.block(
                [[np.array([[c]]), 0 * b[None]], [0 * a[:, None], a[:, None] * b]]
            ),
            "meets the other modality's one",
        ),
        "outer of ones": (
            lambda a, b, c: np.append(1, a)[:, None] * np.append(1, b),
            "first row and the first column",
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
        "ranks left standing": (
            lambda a, b, u, v, c: np.prod(ones(a, b, u, v), axis=0) + c,
            "shape",
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
    "02-borrowed": {
        "true": (lambda x, v: 0 * v, "zero almost everywhere"),
        "no mean": (lambda x, v: v * softmax(x), "mean Σ p v"),
        "diagonal": (lambda x, v: v * (softmax(x) - softmax(x) ** 2), "other shares change"),
        "chosen": (
            lambda x, v: (v - v[np.argmax(x)]) * softmax(x),
            "compare with the chosen value",
        ),
        "plain mean": (lambda x, v: (v - np.average(v)) * softmax(x), "plain mean"),
        "unweighted": (lambda x, v: v - (v * softmax(x)).sum(), "its own share"),
        "softmax twice": (lambda x, v: borrowed_jacobian(softmax(x), v), "softmax of the softmax"),
        "row of the jacobian": (lambda x, v: np.diag(softmax(x)) @ v, "mean Σ p v"),
        "hard forward": (lambda x, v: softmax(x) * v[np.argmax(x)], ""),
        "sign": (lambda x, v: -borrowed_jacobian(x, v), "turned round"),
        "hard": (
            lambda x, v: np.where(x == max(x), v - (v * softmax(x)).sum(), 0),
            "all take part",
        ),
        "values": (lambda x, v: np.eye(len(x))[np.argmax(x)], "goes to the values"),
    },
    "02-choose": {
        "best": (lambda v, c, t: sorted(v, key=lambda n: -np.mean(v[n]))[0], "never look"),
        "cheapest": (lambda v, c, t: sorted(c, key=c.get)[0], "cheapest of all"),
        "best seed": (
            lambda v, c, t: sorted(near(np.max, v, t), key=c.get)[0],
            "best seed",
        ),
        "worst seed": (
            lambda v, c, t: sorted(near(np.min, v, t), key=c.get)[0],
            "worst seed",
        ),
        "dearest": (
            lambda v, c, t: sorted(near(np.mean, v, t), key=c.get)[-1],
            "most expensive",
        ),
        "first": (lambda v, c, t: near(np.mean, v, t)[0], "first one"),
        "tolerance of 0.02": (lambda v, c, t: choose_loop(v, c, 0.02), ""),
        "half the tolerance": (lambda v, c, t: choose_loop(v, c, t / 2), ""),
        "double tolerance": (lambda v, c, t: choose_loop(v, c, 2 * t), ""),
        "median": (lambda v, c, t: sorted(near(np.median, v, t), key=c.get)[0], "median seed"),
        "first seed": (
            lambda v, c, t: sorted(near(lambda s: s[0], v, t), key=c.get)[0],
            "",
        ),
        "worst against the mean": (
            lambda v, c, t: min(
                (n for n in v if min(v[n]) >= max(map(np.mean, v.values())) - t),
                key=c.get,
                default="mag",
            ),
            "",
        ),
        "at most": (
            lambda v, c, t: min(
                (n for n in v if max(map(np.mean, v.values())) - np.mean(v[n]) < t), key=c.get
            ),
            "still good enough",
        ),
        "same order": (
            lambda v, c, t: dict(zip(c.values(), [n for n in v], strict=True))[
                min(x for n, x in c.items() if n in near(np.mean, v, t + 1e-9))
            ],
            "",
        ),
        "sorted in place": (
            lambda v, c, t: ([s.sort() for s in v.values()], choose_loop(v, c, t))[1],
            "you changed v",
        ),
        "relative": (
            lambda v, c, t: sorted(
                near(np.mean, v, t * max(np.mean(s) for s in v.values())), key=c.get
            )[0],
            "as a share",
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
        "deviations": (
            lambda s: read_share(np.std(s.mean(1)[:, None] + s.mean(0) - s.mean()) / s.std()),
            "standard deviations",
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
        "diagonal": (
            lambda s: read_share(np.var(s.mean(1) + s.mean(0)) / np.var(np.diag(s))),
            "on the diagonal only",
        ),
        "limit of 0.995": (
            lambda s: "both" if 0.01 < share_of_interaction(s) + 0.005 < 0.99 else read_residual(s),
            "",
        ),
        "medians": (
            lambda s: read_share(np.var(np.median(s, 1)[:, None] + np.median(s, 0)) / np.var(s)),
            "",
        ),
        "rank": (
            lambda s: ["multiplicative", "both"][int(np.linalg.matrix_rank(s - s.mean()) > 1)],
            "",
        ),
        "middle row": (
            lambda s: read_share(1 - np.var(s - s[10] - s[:, [10]] + s[10, 10]) / np.var(s)),
            "",
        ),
        "any": (lambda s: "both", ""),
        "corners": (
            lambda s: (
                "both" if abs(s[0, 0] + s[-1, -1] - s[0, -1] - s[-1, 0]) > 1e-6 else "additive"
            ),
            "four corners",
        ),
    },
}
