"""Answers to lesson 02's exercises, as learners might write them."""

import operator
import statistics
from fractions import Fraction
from functools import reduce
from itertools import combinations, product

import numpy as np
import pandas as pd
import torch


def size_loop(widths, classes):
    length = 1
    for width in widths:
        length *= width + 1
    return length * classes + classes


def size_torch(widths, classes):
    from coursekit import fusion

    with torch.device("meta"):  # no memory for the numbers themselves
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


def tensor_of_answers(w_a, w_b, bias):
    """T from what the late-linear model answers where single features are one."""
    ones_a, ones_b = np.eye(len(w_a) + 1)[1:], np.eye(len(w_b) + 1)[1:]
    t = np.zeros((len(w_a) + 1, len(w_b) + 1))
    t[0, 0] = bias
    t[1:, 0] = ones_a[:, 1:] @ w_a
    t[0, 1:] = ones_b[:, 1:] @ w_b
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


def borrowed_soft(logits, values):
    x = torch.tensor(logits, dtype=torch.float32, requires_grad=True)
    (torch.softmax(x, dim=0) @ torch.tensor(values).float()).backward()
    return x.grad


def choose_pandas(valid, costs, tolerance):
    means = pd.DataFrame(valid.values(), index=list(valid)).mean(axis=1)
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


def choose_torch(valid, costs, tolerance):
    names = sorted(valid)
    means = torch.stack([torch.tensor(valid[n]).double().mean() for n in names])
    price = torch.tensor([costs[n] for n in names]).double()
    return names[torch.where(means.max() - means <= tolerance, price, torch.inf).argmin()]


def choose_fractions(valid, costs, tolerance):
    means = {n: sum(map(Fraction, s)) / len(s) for n, s in valid.items()}
    good = {n for n in means if means[n] + Fraction(tolerance) >= max(means.values())}
    return min((costs[n], n) for n in good)[1]


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


def read_dummies(s):
    """Least squares on an indicator for each row and each column."""
    return read_share(explained_by(s, lambda x: np.eye(len(x))))


def explained_by(s, terms):
    """R² of a least-squares fit by these terms of the row's and of the column's place."""
    x = np.linspace(-1, 1, len(s))
    of_rows, of_columns = np.meshgrid(np.arange(len(s)), np.arange(len(s)), indexing="ij")
    basis = np.array(terms(x))
    design = np.c_[basis[:, of_rows.ravel()].T, basis[:, of_columns.ravel()].T]
    fitted = design @ np.linalg.lstsq(design, s.ravel(), rcond=None)[0]
    return 1 - np.var(s.ravel() - fitted) / np.var(s)


def read_loop(s):
    cells = [list(map(float, row)) for row in s]
    n, total = len(cells), sum(map(sum, cells))
    rows = [sum(row) / n for row in cells]
    columns = [sum(column) / n for column in zip(*cells, strict=True)]
    mean = total / n**2
    additive = sum((r + c - 2 * mean) ** 2 for r in rows for c in columns)
    return read_share(additive / sum((x - mean) ** 2 for row in cells for x in row))


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

# The same in other forms, of which no slips are tried.
FORMS = {
    "02-tensor-size": {
        "cumulative": lambda w, c: torch.tensor(w).add(1).prod() * c + c,
        "logarithm": lambda w, c: (np.exp(np.log1p(w).sum()) + 1) * c,
        "counted entries": lambda w, c: c * (len(list(product(*(range(d + 1) for d in w)))) + 1),
        "outer": lambda w, c: [
            c * (1 + reduce(np.multiply.outer, [np.ones(d + 1) for d in w]).size)
        ],
        "fraction": lambda w, c: Fraction(c) * (1 + reduce(operator.mul, (d + 1 for d in w))),
    },
    "02-as-tensor": {
        "padded": lambda a, b, c: (
            np.pad(np.zeros((len(a), len(b))), ((1, 0), (1, 0)))
            + np.outer(np.r_[c / 2, a], np.eye(len(b) + 1)[0])
            + np.outer(np.eye(len(a) + 1)[0], np.r_[c / 2, b])
        ),
        "single precision": lambda a, b, c: torch.tensor(tensor_loop(a, b, c), dtype=torch.float32),
        "pandas": lambda a, b, c: pd.DataFrame(tensor_block(a, b, c)),
        "tuples": lambda a, b, c: tuple(
            tuple([c, *b] if i == 0 else [a[i - 1], *(0 * b)]) for i in range(len(a) + 1)
        ),
        "least squares": tensor_of_answers,
    },
    "02-low-rank": {
        "single precision": lambda *x: low_rank_torch(*(y.astype(np.float32) for y in x)),
        "full tensor, single precision": lambda *x: low_rank_full(
            *(y.astype(np.float32) for y in x)
        ),
        "lists": lambda *x: tuple(float(y) for y in low_rank_loop(*x)),
        "pandas": lambda *x: pd.Series(low_rank_full(*x)),
        "column": lambda a, b, u, v, c: (
            sum((np.r_[1, a] @ p) * (np.r_[1, b] @ q) for p, q in zip(u, v, strict=True)) + c
        ),
        "without ones": lambda a, b, u, v, c: (
            (
                (u[:, 0] + np.tensordot(a, u[:, 1:], (0, 1)))
                * (v[:, 0] + np.tensordot(b, v[:, 1:], (0, 1)))
            ).sum(0)
            + c
        ),
    },
    "02-borrowed": {
        "single precision": lambda x, v: borrowed_jacobian(
            *(torch.tensor(y).float().numpy() for y in (x, v))
        ),
        "autograd of the softmax": borrowed_soft,
        "list": lambda x, v: [float(g) for g in borrowed_jacobian(x, v)],
        "differences": lambda x, v: softmax(x) * ((v[:, None] - v) @ softmax(x)),
        "numerical": lambda x, v: np.array(
            [(softmax(x + 1e-5 * e) - softmax(x - 1e-5 * e)) @ v / 2e-5 for e in np.eye(len(x))]
        ),
        "shifted": lambda x, v: pd.Series(borrowed_jacobian(x - x.max(), v - v.mean())),
    },
    "02-choose": {
        "tensor": choose_torch,
        "filtered": lambda v, c, t: next(
            n
            for n in sorted(v, key=lambda n: c[n])
            if all(np.mean(s) - t <= np.mean(v[n]) for s in v.values())
        ),
        "capitals": lambda v, c, t: choose_loop(v, c, t).upper(),
        "alone in a list": lambda v, c, t: [choose_numpy(v, c, t)],
        "fractions": choose_fractions,
        "statistics": lambda v, c, t: min(near(statistics.fmean, v, t), key=lambda n: c[n]),
    },
    "02-read-surface": {
        "single precision": lambda s: read_torch(s.astype(np.float32)),
        "pandas": lambda s: read_residual(pd.DataFrame(s).to_numpy()),
        "least squares": read_dummies,
        "loop": read_loop,
        "capitals": lambda s: np.array([read_residual(s).title()]),
    },
}
for _key, _forms in FORMS.items():
    RIGHT[_key] |= _forms

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
        "each width once": (lambda w, c: size_loop(set(w), c), ""),
        "width to the power": (lambda w, c: size_loop([w[0]] * len(w), c), ""),
        "widest": (lambda w, c: size_loop([max(w)] * len(w), c), ""),
        "last two": (lambda w, c: size_loop(w[-2:], c), ""),
        "ones added to the sum": (lambda w, c: (sum(w) + 1 + 1) * c, ""),
        "two ones": (lambda w, c: size_loop([d + 1 for d in w], c), ""),
        "bias once more": (lambda w, c: size_loop(w, c) + 1, ""),
        "no bias and no ones": (lambda w, c: np.prod(w) * c, ""),
        "classes as a modality": (lambda w, c: size_loop([*w, c], 1), ""),
        "weights of the parts too": (lambda w, c: size_loop(w, c) + sum(w), ""),
        "pairs": (lambda w, c: (sum((a + 1) * (b + 1) for a, b in combinations(w, 2)) + 1) * c, ""),
        "classes less one": (lambda w, c: size_loop(w, c - 1), ""),
        "two classes": (lambda w, c: size_loop(w, 2), ""),
        "binomial": (lambda w, c: (2 ** len(w) * np.prod(w) + 1) * c, ""),
        "thousands": (lambda w, c: round(size_loop(w, c), -1), ""),
        "single precision": (
            lambda w, c: torch.tensor([d + 1.0 for d in w]).prod() * c + c,
            "Count in integers",
        ),
        "two at most": (lambda w, c: size_loop(w[:2], c), "first two"),
        "first four": (lambda w, c: size_loop(w[:4], c), ""),
        "first five": (lambda w, c: size_loop(w[:5], c), ""),
        "linear where one is alone": (
            lambda w, c: size_loop(w, c) if len(w) > 1 else (w[0] + 1) * c,
            "",
        ),
        "eight bits": (
            lambda w, c: int(np.prod(np.array(w, dtype=np.int8) + 1, dtype=np.int8)) * c + c,
            "",
        ),
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
        "ones inside": (
            lambda a, b, c: np.where(tensor_block(a, b, c) == 0, 1, tensor_block(a, b, c)),
            "",
        ),
        "sums inside": (lambda a, b, c: np.r_[0, a][:, None] + np.r_[0, b] + c, ""),
        "bias in the last cell": (
            lambda a, b, c: np.pad([[c]], ((len(a), 0), (len(b), 0))) + tensor_block(a, b, 0.0),
            "",
        ),
        "one less": (lambda a, b, c: tensor_block(a, b, c)[1:, 1:], "shape"),
        "half the bias": (lambda a, b, c: tensor_block(a, b, c / 2), ""),
        "order reversed": (lambda a, b, c: tensor_block(a[::-1], b[::-1], c), ""),
        "diagonal": (lambda a, b, c: np.diag(np.r_[c, a]), ""),
        "only A": (lambda a, b, c: tensor_block(a, 0 * b, c), ""),
        "only B": (lambda a, b, c: tensor_block(0 * a, b, c), ""),
        "A twice": (lambda a, b, c: tensor_block(a, np.resize(a, len(b)), c), ""),
        "flat": (lambda a, b, c: tensor_block(a, b, c).ravel(), "shape"),
        "weights only": (lambda a, b, c: np.r_[c, a, b], "shape"),
        "rounded": (lambda a, b, c: np.round(tensor_block(a, b, c), 2), ""),
        "shares": (lambda a, b, c: tensor_block(a / a.sum(), b / b.sum(), c), ""),
        "bias minus": (lambda a, b, c: tensor_block(a, b, -c), ""),
        "bias whole": (lambda a, b, c: tensor_block(a, b, int(c)), ""),
        "absolute bias": (lambda a, b, c: tensor_block(a, b, abs(c)), ""),
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
        "last rank": (lambda a, b, u, v, c: low_rank_full(a, b, u[-1:], v[-1:], c), ""),
        "largest rank": (lambda a, b, u, v, c: np.prod(ones(a, b, u, v), axis=0).max(0) + c, ""),
        "four ranks": (lambda a, b, u, v, c: low_rank_full(a, b, u[:4], v[:4], c), ""),
        "two ranks": (lambda a, b, u, v, c: low_rank_full(a, b, u[:2], v[:2], c), ""),
        "exchanged": (lambda a, b, u, v, c: low_rank_full(b, a, u, v, c), ""),
        "bias minus": (lambda a, b, u, v, c: low_rank_full(a, b, u, v, -c), ""),
        "softmax": (lambda a, b, u, v, c: softmax(low_rank_full(a, b, u, v, c)), ""),
        "relu": (lambda a, b, u, v, c: np.maximum(low_rank_full(a, b, u, v, c), 0), ""),
        "rounded": (lambda a, b, u, v, c: np.round(low_rank_full(a, b, u, v, c), 3), ""),
        "every rank with every other": (
            lambda a, b, u, v, c: np.einsum("rc,sc->c", *ones(a, b, u, v)) + c,
            "rank one",
        ),
        "one class": (lambda a, b, u, v, c: low_rank_full(a, b, u, v, c)[:1], "shape"),
        "class": (lambda a, b, u, v, c: low_rank_full(a, b, u, v, c).argmax(), "shape"),
        "one for A only": (
            lambda a, b, u, v, c: ((np.r_[1, a] @ u) * (b @ v[:, 1:])).sum(0) + c,
            "",
        ),
        "one for B only": (
            lambda a, b, u, v, c: ((a @ u[:, 1:]) * (np.r_[1, b] @ v)).sum(0) + c,
            "",
        ),
        "zero prepended": (
            lambda a, b, u, v, c: ((np.r_[0, a] @ u) * (np.r_[0, b] @ v)).sum(0) + c,
            "Prepend",
        ),
        "averaged over classes": (
            lambda a, b, u, v, c: low_rank_full(a, b, u, v, c).mean() + 0 * c,
            "",
        ),
        "summed over classes": (
            lambda a, b, u, v, c: (ones(a, b, u, v)[0] * ones(a, b, u, v)[1]).sum(1),
            "",
        ),
        "tanh": (lambda a, b, u, v, c: np.tanh(np.prod(ones(a, b, u, v), axis=0)).sum(0) + c, ""),
        "bias multiplied": (lambda a, b, u, v, c: low_rank_full(a, b, u, v, 0 * c) * c, ""),
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
        "clipped at 1": (lambda x, v: np.clip(borrowed_jacobian(x, v), -1, 1), ""),
        "clipped at 5": (lambda x, v: np.clip(borrowed_jacobian(x, v), -5, 5), ""),
        "length one": (
            lambda x, v: borrowed_jacobian(x, v) / np.linalg.norm(borrowed_jacobian(x, v)),
            "",
        ),
        "signs": (lambda x, v: np.sign(borrowed_jacobian(x, v)), ""),
        "rounded": (lambda x, v: np.round(borrowed_jacobian(x, v), 3), ""),
        "two modalities": (lambda x, v: borrowed_jacobian(x[:2], v[:2]), "shape"),
        "sigmoid of the difference": (
            lambda x, v: (
                np.r_[1, -1]
                * (lambda p: p * (1 - p))(1 / (1 + np.exp(x[1] - x[0])))
                * (v[0] - v[1])
            ),
            "",
        ),
        "argument order": (lambda x, v: borrowed_jacobian(v, x), ""),
        "shares": (lambda x, v: softmax(x), ""),
        "shares less one-hot": (lambda x, v: softmax(x) - np.eye(len(x))[np.argmax(x)], ""),
        "jacobian": (lambda x, v: np.diag(softmax(x)) - np.outer(softmax(x), softmax(x)), "shape"),
        "absolute": (lambda x, v: abs(borrowed_jacobian(x, v)), ""),
        "only above the mean": (lambda x, v: np.maximum(borrowed_jacobian(x, v), 0), ""),
        "output": (lambda x, v: softmax(x) @ v, "shape"),
        "median": (lambda x, v: softmax(x) * (v - np.median(v)), ""),
        "largest value": (lambda x, v: softmax(x) * (v - v.max()), ""),
        "normalised logits": (lambda x, v: x / x.sum() * (v - x / x.sum() @ v), ""),
        "base two": (lambda x, v: borrowed_jacobian(x * np.log(2), v), ""),
        "temperature": (lambda x, v: borrowed_jacobian(x / 2, v), ""),
        "mean of the gradient": (lambda x, v: borrowed_jacobian(x, v) / len(x), ""),
        "share squared": (lambda x, v: softmax(x) ** 2 * (v - softmax(x) @ v), ""),
        "logits clipped at 8": (lambda x, v: borrowed_jacobian(np.clip(x, -8, 8), v), ""),
        "a millionth in the sum": (
            lambda x, v: (lambda p: p * (v - p @ v))(np.exp(x) / (np.exp(x).sum() + 1e-6)),
            "",
        ),
        "a millionth in the sum, shifted": (
            lambda x, v: (lambda e: (lambda p: p * (v - p @ v))(e / (e.sum() + 1e-6)))(
                np.exp(x - x.max())
            ),
            "",
        ),
        "logits clipped": (lambda x, v: borrowed_jacobian(np.clip(x, -5, 5), v), ""),
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
        "costs by position": (
            lambda v, c, t: min(near(np.mean, v, t), key=dict(zip(v, c.values(), strict=True)).get),
            "by their order",
        ),
        "index": (lambda v, c, t: list(c).index(choose_loop(v, c, t)), "one of"),
        "cost": (lambda v, c, t: c[choose_loop(v, c, t)], "one of"),
        "three times the tolerance": (lambda v, c, t: choose_loop(v, c, 3 * t), ""),
        "1.6 times the tolerance": (lambda v, c, t: choose_loop(v, c, 1.6 * t), ""),
        "2.4 times the tolerance": (lambda v, c, t: choose_loop(v, c, 2.4 * t), ""),
        "no tolerance": (lambda v, c, t: choose_loop(v, c, 0), "makes room"),
        "1.05 times the tolerance": (lambda v, c, t: choose_loop(v, c, 1.05 * t), ""),
        "0.001 more": (lambda v, c, t: choose_loop(v, c, t + 0.001), ""),
        "good score per cost": (
            lambda v, c, t: max(near(np.mean, v, t), key=lambda n: np.mean(v[n]) / c[n]),
            "",
        ),
        "first five seeds": (
            lambda v, c, t: choose_loop({n: s[:5] for n, s in v.items()}, c, t),
            "",
        ),
        "equal numbers of seeds": (
            lambda v, c, t: choose_loop(
                dict(zip(v, np.array(list(v.values())).mean(1)[:, None], strict=True)), c, t
            ),
            "ValueError",
        ),
        "geometric mean": (
            lambda v, c, t: min(
                near(lambda s: np.exp(np.mean(np.log(np.maximum(s, 1e-9)))), v, t), key=c.get
            ),
            "",
        ),
        "trimmed mean": (
            lambda v, c, t: min(near(lambda s: np.mean(sorted(s)[1:-1]), v, t), key=c.get),
            "",
        ),
        "tenth": (lambda v, c, t: choose_loop(v, c, 0.1), ""),
        "last": (lambda v, c, t: near(np.mean, v, t)[-1], ""),
        "second cheapest": (lambda v, c, t: (sorted(near(np.mean, v, t), key=c.get) * 2)[1], ""),
        "score per cost": (lambda v, c, t: max(v, key=lambda n: np.mean(v[n]) / c[n]), ""),
        "penalty": (lambda v, c, t: max(v, key=lambda n: np.mean(v[n]) - t * c[n]), ""),
        "first three seeds": (
            lambda v, c, t: choose_loop({n: s[:3] for n, s in v.items()}, c, t),
            "",
        ),
        "best and worst": (
            lambda v, c, t: choose_loop({n: [min(s), max(s)] for n, s in v.items()}, c, t),
            "",
        ),
        "sum": (lambda v, c, t: min(near(sum, v, t), key=c.get), ""),
        "one standard deviation": (
            lambda v, c, t: min(
                (n for n in v if np.mean(v[n]) + np.std(v[n]) >= max(map(np.mean, v.values()))),
                key=c.get,
            ),
            "",
        ),
        "steadiest": (lambda v, c, t: min(v, key=lambda n: np.std(v[n])), ""),
        "steadiest of the good": (
            lambda v, c, t: min(near(np.mean, v, t), key=lambda n: np.std(v[n])),
            "",
        ),
        "alphabet": (lambda v, c, t: min(near(np.mean, v, t)), ""),
        "rounded to two digits": (
            lambda v, c, t: min(near(lambda s: round(np.mean(s), 2), v, t), key=c.get),
            "",
        ),
        "all seeds of all": (
            lambda v, c, t: min(near(np.mean, {n: [max(s)] for n, s in v.items()}, t), key=c.get),
            "best seed",
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
            "root of the share.*standard deviations",
        ),
        "size of the correlation": (
            lambda s: read_share(
                np.nan_to_num(
                    abs(
                        np.corrcoef(np.round(s.mean(1)[:, None] + s.mean(0), 9).ravel(), s.ravel())[
                            0, 1
                        ]
                    )
                )
            ),
            "root of the share",
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
        "plane": (lambda s: read_share(explained_by(s, lambda x: [x**0, x])), ""),
        "parabola": (lambda s: read_share(explained_by(s, lambda x: [x**0, x, x**2])), ""),
        "cubic": (lambda s: read_share(explained_by(s, lambda x: [x**0, x, x**2, x**3])), ""),
        "fifth power": (
            lambda s: read_share(explained_by(s, lambda x: [x**k for k in range(6)])),
            "",
        ),
        "product only": (
            lambda s: (
                "additive"
                if abs(np.mean(s * np.outer(*2 * [np.linspace(-1, 1, len(s))]))) < 0.01
                else "both"
            ),
            "",
        ),
        "corner": (lambda s: read_share(np.var(s[:, :1] + s[:1] - s[0, 0]) / np.var(s)), ""),
        "difference of neighbours": (
            lambda s: (
                "additive" if abs(np.diff(np.diff(s, axis=0), axis=1)).max() < 1e-9 else "both"
            ),
            "",
        ),
        "absolute": (
            lambda s: read_share(
                1
                - abs(s - s.mean(1)[:, None] - s.mean(0) + s.mean()).mean()
                / abs(s - s.mean()).mean()
            ),
            "",
        ),
        "no mean added": (
            lambda s: read_share(np.var(s.mean(1)[:, None] * s.mean(0)) / np.var(s)),
            "",
        ),
        "correlation": (
            lambda s: read_share(
                abs(np.corrcoef((s.mean(1)[:, None] + s.mean(0)).ravel(), s.ravel())[0, 1])
            ),
            "",
        ),
        "limits of 5 %": (
            lambda s: (
                "additive"
                if share_of_interaction(s) < 0.05
                else "multiplicative"
                if share_of_interaction(s) > 0.95
                else "both"
            ),
            "",
        ),
        "limits of 0.1 %": (
            lambda s: (
                "additive"
                if share_of_interaction(s) < 0.001
                else "multiplicative"
                if share_of_interaction(s) > 0.999
                else "both"
            ),
            "",
        ),
        "exactly zero": (
            lambda s: (
                "additive"
                if share_of_interaction(s) < 1e-9
                else "multiplicative"
                if share_of_interaction(s) > 1 - 1e-9
                else "both"
            ),
            "",
        ),
        "only the first half": (lambda s: read_residual(s[: len(s) // 2]), ""),
        "only 20 rows": (lambda s: read_residual(s[:20, :20]), ""),
        "every other cell": (lambda s: read_residual(s[::2, ::2]), ""),
        "clipped": (lambda s: read_residual(np.clip(s, -1, 1)), ""),
        "rounded": (lambda s: read_residual(np.round(s, 2)), ""),
        "standardised per row": (
            lambda s: read_residual((s - s.mean(1)[:, None]) / s.std(1)[:, None]),
            "",
        ),
        "residual in units": (
            lambda s: read_share(1 - np.var(s - s.mean(1)[:, None] - s.mean(0) + s.mean())),
            "",
        ),
        "larger of the two": (
            lambda s: read_share(max(np.var(s.mean(1)), np.var(s.mean(0))) / np.var(s)),
            "",
        ),
        "overall mean forgotten": (
            lambda s: read_share(
                1 - np.mean((s - s.mean(1)[:, None] - s.mean(0)) ** 2) / np.var(s)
            ),
            "",
        ),
    },
}
