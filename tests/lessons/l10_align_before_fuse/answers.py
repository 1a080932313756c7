"""Answers to lesson 10's exercises, as learners might write them."""

import itertools
import math

import numpy as np
import pandas as pd
import torch
from scipy.special import log_softmax
from scipy.special import softmax as scipy_softmax

from coursekit.training.image_text_matching import hard_negative_weights
from coursekit.training.word_patch_alignment import transport_plan


def softmax(x, axis=1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def same(rows, columns):
    return (rows[:, None] == columns[None, :]).astype(float)


def even(rows, columns):
    return same(rows, columns) / same(rows, columns).sum(1, keepdims=True)


# ---- targets -----------------------------------------------------------------------------------


def targets_loop(similarity, rows, columns, temperature, share):
    table = []
    for line, picture in zip(similarity, rows, strict=True):
        top = max(line) / temperature
        masses = [math.exp(x / temperature - top) for x in line]
        own = [float(caption == picture) for caption in columns]
        row = []
        for mass, mine in zip(masses, own, strict=True):
            row.append(share * mass / sum(masses) + (1 - share) * mine / sum(own))
        table.append(row)
    return table


def targets_torch(similarity, rows, columns, temperature, share):
    soft = (torch.as_tensor(similarity) / temperature).softmax(1)
    own = torch.as_tensor(rows)[:, None] == torch.as_tensor(columns)
    return torch.lerp(own / own.sum(1, keepdim=True), soft.float(), share)


def targets_scipy(similarity, rows, columns, temperature, share):
    soft = scipy_softmax(similarity / temperature, axis=1)
    own = np.equal.outer(rows, columns)
    return share * soft + (1 - share) * own / np.count_nonzero(own, axis=1)[:, None]


def targets_pandas(similarity, rows, columns, temperature, share):
    logits = pd.DataFrame(similarity) / temperature
    mass = np.exp(logits.sub(logits.max(axis=1), axis=0))
    soft = mass.div(mass.sum(axis=1), axis=0)
    own = pd.DataFrame([[float(c == r) for c in columns] for r in rows])
    return soft * share + own.div(own.sum(axis=1), axis=0) * (1 - share)


def targets_float32(similarity, rows, columns, temperature, share):
    soft = np.exp(log_softmax(similarity / temperature, axis=1)).astype(np.float32)
    return share * soft + (1 - share) * even(rows, columns)


def targets_of(soft, hard):
    return lambda s, r, c, t, a: a * soft(s, t) + (1 - a) * hard(r, c)


def cold(s, t):
    return softmax(s / t)


def later_caption(rows, columns):
    hard = np.zeros((len(rows), len(columns)))
    for i, picture in enumerate(rows):
        hard[i, np.flatnonzero(columns == picture)[-1]] = 1
    return hard


# ---- negatives ---------------------------------------------------------------------------------


def negatives_loop(similarity, ids):
    n, table = len(ids), []
    for i in range(n):
        others = [j for j in range(n) if ids[j] != ids[i]]
        top = max(similarity[i][j] for j in others)
        mass = {j: math.exp(similarity[i][j] - top) for j in others}
        table.append([mass.get(j, 0.0) / sum(mass.values()) for j in range(n)])
    return table


def negatives_torch(similarity, ids):
    s, labels = torch.tensor(similarity), torch.tensor(ids)
    return s.masked_fill(labels[:, None] == labels, -torch.inf).softmax(dim=1)


def negatives_float32(similarity, ids):
    s = np.array(similarity, dtype=np.float32)
    s[np.equal.outer(ids, ids)] = -np.inf
    return softmax(s)


def negatives_package(similarity, ids):
    return hard_negative_weights(torch.as_tensor(similarity), torch.as_tensor(ids))[0].numpy()


def negatives_log(similarity, ids):
    scores = np.where(ids[:, None] == ids, -np.inf, similarity)
    return np.exp(log_softmax(scores, axis=1))


def masked(similarity, ids):
    return np.where(same(ids, ids) > 0, -np.inf, similarity)


def filled(value):
    return lambda s, ids: softmax(np.where(same(ids, ids) > 0, value, s))


def divided(weights):
    return weights / weights.sum(1, keepdims=True)


# ---- transport ---------------------------------------------------------------------------------


def step_numpy(cost, plan, sigma, beta):
    n, m = cost.shape
    q = np.exp(-cost / beta) * plan
    delta = 1 / (m * q.T.dot(sigma))
    return (1 / (n * q.dot(delta)))[:, None] * q * delta


def step_loop(cost, plan, sigma, beta):
    n, m = len(cost), len(cost[0])
    q = [[math.exp(-cost[i][j] / beta) * plan[i][j] for j in range(m)] for i in range(n)]
    delta = [1 / (m * sum(q[i][j] * sigma[i] for i in range(n))) for j in range(m)]
    new = [1 / (n * sum(q[i][j] * delta[j] for j in range(m))) for i in range(n)]
    return [[new[i] * q[i][j] * delta[j] for j in range(m)] for i in range(n)]


def step_torch(cost, plan, sigma, beta):
    c, t, s = (torch.tensor(x) for x in (cost, plan, sigma))
    q = (-c / beta).exp() * t
    columns = q / torch.einsum("ij,i->j", q, s)
    return columns / (columns.sum(1, keepdim=True) * len(c))


def step_float32(cost, plan, sigma, beta):
    q = np.exp(np.float32(-cost / beta)) * np.float32(plan)
    columns = q / (sigma @ q)
    return np.float32(columns / columns.sum(1)[:, None] / len(cost))


def step_pandas(cost, plan, sigma, beta):
    q = pd.DataFrame(np.exp(-cost / beta) * plan)
    columns = q / q.mul(sigma, axis=0).sum()
    return columns.div(len(q) * columns.sum(axis=1), axis=0)


def step_logs(cost, plan, sigma, beta):
    log_q = np.log(plan) - cost / beta
    log_q = log_q - np.logaddexp.reduce(log_q + np.log(sigma)[:, None])
    return np.exp(log_q - np.logaddexp.reduce(log_q, axis=1)[:, None]) / len(cost)


def kernel(c, t, b):
    return np.exp(-c / b) * t


def package_start(cost, plan, sigma, beta):
    return transport_plan(torch.as_tensor(cost)[None], beta=beta, steps=1)[0]


def row_sums(q):
    return q.sum(1, keepdims=True)


# ---- foils -------------------------------------------------------------------------------------


def fooled_loop(caption, foil, score):
    views = []
    for text in (caption, foil):
        view = []
        for place, word in enumerate(text.split()):
            if place == score["longest"]:
                break
            view.append(word if word in score["knows"] else "?")
        if not score["order"]:
            view.sort()
        views.append(view)
    return views[0] == views[1]


def fooled_counts(caption, foil, score):
    from collections import Counter

    numbers = {word: word for word in score["knows"]}
    a, b = (
        [numbers.get(word) for word in text.split()[: score["longest"]]] for text in (caption, foil)
    )
    return a == b if score["order"] else Counter(a) == Counter(b)


def fooled_numbers(caption, foil, score):
    known = list(score["knows"])
    codes = []
    for text in (caption, foil):
        words = text.split()[: score["longest"]]
        codes.append([known.index(word) if word in known else len(known) for word in words])
    arrange = np.asarray if score["order"] else np.sort
    return np.array_equal(arrange(codes[0]), arrange(codes[1]))


def fooled_pandas(caption, foil, score):
    views = []
    for text in (caption, foil):
        words = pd.Series(text.split()[: score["longest"]])
        words = words.where(words.isin(score["knows"]), "[unk]")
        views.append(words if score["order"] else words.sort_values(ignore_index=True))
    return views[0].equals(views[1])


def fooled_tensor(caption, foil, score):
    return torch.tensor(fooled_loop(foil, caption, score))


def read(text, score, order=None, cut=True, unknown="[unk]"):
    words = text.split()[: score["longest"]] if cut else text.split()
    words = [w if w in score["knows"] else unknown for w in words]
    order = score["order"] if order is None else order
    return words if order else sorted(words)


def compared(view):
    return lambda c, f, s: view(c, s) == view(f, s)


def kept_or_dropped(text, score):
    words = [w for w in text.split()[: score["longest"]] if w in score["knows"]]
    return words if score["order"] else sorted(words)


# ---- passes ------------------------------------------------------------------------------------


def choose_loop(n, m, k, budget, recall):
    best, score = "none", -math.inf
    prices = [(n + m, "dual"), (n * m, "single"), (n + m + n * min(k, m), "rerank")]
    for price, name in sorted(prices):
        if price <= budget and recall[name] > score:
            best, score = name, recall[name]
    return best


def choose_sorted(n, m, k, budget, recall):
    prices = {"dual": n + m, "single": n * m, "rerank": n + m + n * min(k, m)}
    order = sorted(prices, key=lambda name: (-recall[name], prices[name]))
    return next((name for name in order if prices[name] <= budget), "none")


def choose_pandas(n, m, k, budget, recall):
    table = pd.DataFrame({"recall": recall})
    table["passes"] = pd.Series(
        {"dual": n + m, "single": n * m, "rerank": n + m + n * np.minimum(k, m)}
    )
    table = table[table["passes"] <= budget].sort_values("passes")
    return "none" if table.empty else table["recall"].idxmax()


def choose_numpy(n, m, k, budget, recall):
    names = np.array(["dual", "single", "rerank"])
    passes = np.array([n + m, n * m, n + m + n * min(k, m)])
    scores = np.array([recall[name] for name in names])
    scores = np.where(passes <= budget, scores, -np.inf)
    level = scores == scores.max()
    return "none" if np.isinf(scores.max()) else names[level][passes[level].argmin()]


def choose_word(n, m, k, budget, recall):
    return [choose_sorted(n, m, k, budget, recall).upper()]


def choose_with(dual=None, single=None, rerank=None, within=None):
    def answer(n, m, k, budget, recall):
        prices = {
            "dual": (dual or (lambda n, m, k: n + m))(n, m, k),
            "single": (single or (lambda n, m, k: n * m))(n, m, k),
            "rerank": (rerank or (lambda n, m, k: n + m + n * min(k, m)))(n, m, k),
        }
        inside = within or (lambda price, budget: price <= budget)
        order = sorted(prices, key=lambda name: (-recall[name], prices[name]))
        return next((name for name in order if inside(prices[name], budget)), "none")

    return answer


def globally(logits):
    e = np.exp(logits - logits.max())
    return e / e.sum(axis=1, keepdims=True)


def masked_scores(similarity, ids):
    return np.where(ids[:, None] == ids, -np.inf, similarity)


def negatives_last(similarity, ids):
    where = {name: row for row, name in enumerate(ids.tolist())}
    mask = np.eye(len(ids), dtype=bool)
    for row, name in enumerate(ids.tolist()):
        mask[row, where[name]] = mask[where[name], row] = True
    return softmax(np.where(mask, -np.inf, similarity))


def negatives_frequent(similarity, ids):
    names, counts = np.unique(ids, return_counts=True)
    most = ids == names[counts.argmax()]
    mask = np.eye(len(ids), dtype=bool) | (most[:, None] & most)
    return softmax(np.where(mask, -np.inf, similarity))


def negatives_adjacent(similarity, ids):
    order = np.argsort(ids, kind="stable")
    mask = np.eye(len(ids), dtype=bool)
    for a, b in itertools.pairwise(order):
        if ids[a] == ids[b]:
            mask[a, b] = mask[b, a] = True
    return softmax(np.where(mask, -np.inf, similarity))


def fooled_sum(caption, foil, score):
    if score["order"]:
        return fooled_loop(caption, foil, score)
    known = sorted(score["knows"])
    number = {word: place for place, word in enumerate(known, 1)}
    read_words = [text.split()[: score["longest"]] for text in (caption, foil)]
    numbers = [[number.get(word, 0) for word in words] for words in read_words]
    return len(numbers[0]) == len(numbers[1]) and sum(numbers[0]) == sum(numbers[1])


def fooled_part(caption, foil, score):
    every = " ".join(score["knows"])

    def kept(text):
        words = text.split()[: score["longest"]]
        words = [word if word in every else "[unk]" for word in words]
        return words if score["order"] else sorted(words)

    return kept(caption) == kept(foil)


def choose_ties(order):
    def answer(n, m, k, budget, recall):
        passes = {"dual": n + m, "single": n * m, "rerank": n + m + n * min(k, m)}
        payable = [name for name in order if passes[name] <= budget]
        return max(payable, key=lambda name: recall[name], default="none")

    return answer


def choose_above_nothing(n, m, k, budget, recall):
    passes = {"dual": n + m, "single": n * m, "rerank": n + m + n * min(k, m)}
    best, most = "none", 0
    for name in sorted(passes, key=passes.get):
        if passes[name] <= budget and recall[name] > most:
            best, most = name, recall[name]
    return best


WRONG = {
    "10-targets": {
        "largest of all": (targets_of(lambda s, t: globally(s / t), even), ""),
        "clipped": (targets_of(lambda s, t: softmax(np.clip(s / t, -700, 700)), even), ""),
        "temperature floored": (targets_of(lambda s, t: softmax(s / max(t, 0.01)), even), ""),
        "exchanged": (lambda s, r, c, t, a: targets_scipy(s, r, c, t, 1 - a), "wrong share"),
        "diagonal": (
            targets_of(cold, lambda r, c: np.eye(len(r), len(c))),
            "their ids are the same",
        ),
        "first": (
            targets_of(cold, lambda r, c: np.eye(len(c))[same(r, c).argmax(1)]),
            "The first caption",
        ),
        "last": (targets_of(cold, later_caption), ""),
        "whole ones": (targets_of(cold, same), "a whole one"),
        "soft": (lambda s, r, c, t, a: scipy_softmax(s / t, axis=1), "opinion alone"),
        "hard": (lambda s, r, c, t, a: even(r, c), "no say"),
        "warm": (targets_of(lambda s, t: softmax(s), even), "temperature is missing"),
        "warmer": (targets_of(lambda s, t: softmax(s * t), even), "divided by the temperature"),
        "tempered afterwards": (targets_of(lambda s, t: softmax(s) / t, even), ""),
        "columns": (targets_of(lambda s, t: softmax(s / t, 0), even), "down the columns"),
        "matrix": (
            targets_of(lambda s, t: scipy_softmax(s / t), even),
            "over the whole matrix",
        ),
        "over pictures": (
            targets_of(cold, lambda r, c: same(r, c) / np.maximum(same(r, c).sum(0), 1)),
            "over its pictures",
        ),
        "over all": (targets_of(cold, lambda r, c: same(r, c) / same(r, c).sum()), ""),
        "over captions": (targets_of(cold, lambda r, c: same(r, c) / len(c)), ""),
        "added": (lambda s, r, c, t, a: cold(s, t) + even(r, c), "added both"),
        "half": (lambda s, r, c, t, a: targets_scipy(s, r, c, t, 0.5), "half and half"),
        "alpha of .4": (lambda s, r, c, t, a: targets_scipy(s, r, c, t, 0.4), ""),
        "tau of .07": (lambda s, r, c, t, a: targets_scipy(s, r, c, 0.07, a), ""),
        "overflows": (
            targets_of(
                lambda s, t: np.exp(s / t) / np.exp(s / t).sum(1, keepdims=True),
                even,
            ),
            "NaN or infinite",
        ),
        "no softmax": (targets_of(lambda s, t: s / t, even), ""),
        "sharpest": (targets_of(lambda s, t: np.eye(s.shape[1])[s.argmax(1)], even), ""),
        "product": (
            lambda s, r, c, t, a: divided(1e-300 + cold(s, t) ** a * even(r, c) ** (1 - a)),
            "",
        ),
        "logarithms": (lambda s, r, c, t, a: np.log(1e-9 + targets_scipy(s, r, c, t, a)), ""),
        "written into": (
            lambda s, r, c, t, a: (targets_scipy(s, r, c, t, a), s.__imul__(2))[0],
            "The right number, but you changed s",
        ),
    },
    "10-negatives": {
        "last of an id": (negatives_last, ""),
        "most frequent id": (negatives_frequent, ""),
        "neighbours in order": (negatives_adjacent, ""),
        "largest before the mask": (
            lambda s, ids: divided(np.exp(masked_scores(s, ids) - s.max(1, keepdims=True))),
            "before anything else",
        ),
        "cleared": (lambda s, ids: divided(softmax(s) * (1 - same(ids, ids))), "Mask with −∞"),
        "cleared only": (lambda s, ids: softmax(s) * (1 - same(ids, ids)), "do not sum to one"),
        "diagonal": (
            lambda s, ids: softmax(np.where(np.eye(len(s)) > 0, -np.inf, s)),
            "the diagonal only",
        ),
        "zero": (filled(0.0), "e⁰ is 1"),
        "minus one hundred": (filled(-100.0), ""),
        "minus one thousand": (filled(-1000.0), ""),
        "guarded": (
            lambda s, ids: (
                softmax(s)
                * (1 - same(ids, ids))
                / (1e-9 + (softmax(s) * (1 - same(ids, ids))).sum(1, keepdims=True))
            ),
            "",
        ),
        "a little": (
            lambda s, ids: divided((softmax(s) + 1e-4) * (1 - same(ids, ids))),
            "added after the softmax",
        ),
        "a little inside": (
            lambda s, ids: divided(softmax(s + 1e-4) * (1 - same(ids, ids))),
            "Mask with −∞",
        ),
        "columns": (lambda s, ids: softmax(masked(s, ids), axis=0), "down the columns"),
        "pictures": (lambda s, ids: softmax(masked(s.T, ids)), "pictures for each text"),
        "pictures, as columns": (lambda s, ids: softmax(masked(s.T, ids)).T, "down the columns"),
        "hardest": (
            lambda s, ids: np.eye(len(s))[masked(s, ids).argmax(1)],
            "most alike only",
        ),
        "random": (lambda s, ids: divided(1 - same(ids, ids)), "random wrong partners"),
        "easiest": (lambda s, ids: softmax(masked(-s, ids)), "least alike"),
        "right ones": (
            lambda s, ids: softmax(np.where(same(ids, ids) > 0, s, -np.inf)),
            "kept what belongs",
        ),
        "everybody": (lambda s, ids: softmax(s), ""),
        "overflows": (
            lambda s, ids: divided(np.exp(masked(s, ids))),
            "NaN or infinite",
        ),
        "shares of the numbers": (
            lambda s, ids: divided(np.where(same(ids, ids) > 0, 0, np.maximum(s, 0) + 1e-9)),
            "",
        ),
        "matrix": (lambda s, ids: scipy_softmax(masked(s, ids)), ""),
        "temperature once more": (lambda s, ids: softmax(masked(s / 0.07, ids)), ""),
        "written into": (
            lambda s, ids: (negatives_log(s, ids), np.fill_diagonal(s, -np.inf))[0],
            "The right number, but you changed s",
        ),
    },
    "10-transport": {
        "dearest": (lambda c, t, s, b: step_numpy(-c, t, s, b), "dearest patches"),
        "from the start": (package_start, ""),
        "plan forgotten": (
            lambda c, t, s, b: step_loop(c, np.ones(c.shape), s, b),
            "old plan is missing",
        ),
        "times": (lambda c, t, s, b: step_numpy(c * b * b, t, s, b), "divided by β"),
        "one for beta": (lambda c, t, s, b: step_numpy(c, t, s, 1), "β is missing"),
        "words first": (
            lambda c, t, s, b: (
                kernel(c, t, b)
                / row_sums(kernel(c, t, b))
                / c.shape[1]
                / (kernel(c, t, b) / row_sums(kernel(c, t, b))).sum(0)
            ),
            "words' factors first",
        ),
        "words only": (
            lambda c, t, s, b: kernel(c, t, b) / row_sums(kernel(c, t, b)) / len(c),
            "factors of the patches",
        ),
        "old sigma": (
            lambda c, t, s, b: s[:, None] * kernel(c, t, b) / c.shape[1] / (s @ kernel(c, t, b)),
            "The plan has the old σ",
        ),
        "sums to n": (lambda c, t, s, b: len(c) * step_numpy(c, t, s, b), "number of words"),
        "sums to n times m": (lambda c, t, s, b: c.size * step_numpy(c, t, s, b), ""),
        "sigma forgotten": (
            lambda c, t, s, b: step_numpy(c, t, np.ones(len(s)), b),
            "You left σ out",
        ),
        "even sigma": (
            lambda c, t, s, b: step_numpy(c, t, np.full(len(s), 1 / len(s)), b),
            "You left σ out",
        ),
        "the kernel": (lambda c, t, s, b: kernel(c, t, b), "That is Q"),
        "the kernel, summing to one": (
            lambda c, t, s, b: kernel(c, t, b) / kernel(c, t, b).sum(),
            "",
        ),
        "as it came": (lambda c, t, s, b: t, "as it came"),
        "transposed": (lambda c, t, s, b: step_numpy(c, t, s, b).T, "An array of shape"),
        "two steps": (
            lambda c, t, s, b: step_numpy(c, step_numpy(c, t, s, b), s, b),
            "",
        ),
        "sigma doubled in": (
            lambda c, t, s, b: s[:, None] * step_numpy(c, t, s, b),
            "",
        ),
        "softmax": (lambda c, t, s, b: scipy_softmax(-c / b, axis=1) / len(c), ""),
        "base two": (lambda c, t, s, b: step_numpy(c * math.log(2), t, s, b), ""),
        "squared cost": (lambda c, t, s, b: step_numpy(c**2, t, s, b), ""),
        "nearest patch": (lambda c, t, s, b: np.eye(c.shape[1])[c.argmin(1)] / len(c), ""),
        "the distance": (
            lambda c, t, s, b: (c * step_numpy(c, t, s, b)).sum(),
            "One number was returned",
        ),
        "written into": (
            lambda c, t, s, b: (step_numpy(c, t, s, b), t.__imul__(2))[0],
            "The right number, but you changed t",
        ),
    },
    "10-fooled": {
        "lengths first": (
            lambda c, f, s: len(c.split()) == len(f.split()) and fooled_loop(c, f, s),
            "",
        ),
        "sum of numbers": (fooled_sum, ""),
        "part of a word": (fooled_part, ""),
        "sees": (lambda c, f, s: read(c, s) != read(f, s), "True means"),
        "ordered": (compared(lambda x, s: read(x, s, order=True)), "does not read the order"),
        "sorted": (compared(lambda x, s: read(x, s, order=False)), "may read the order"),
        "sets": (
            compared(lambda x, s: read(x, s) if s["order"] else set(read(x, s))),
            "A bag of words counts",
        ),
        "sets always": (compared(lambda x, s: set(read(x, s))), ""),
        "all known": (
            compared(lambda x, s: read(x, {**s, "knows": x.split()})),
            "all look the same",
        ),
        "dropped": (compared(kept_or_dropped), "is not left out"),
        "not cut off": (compared(lambda x, s: read(x, s, cut=False)), "first words only"),
        "cut too early": (
            compared(lambda x, s: read(x, {**s, "longest": s["longest"] - 1})),
            "",
        ),
        "cut too late": (
            compared(lambda x, s: read(x, {**s, "longest": s["longest"] + 1})),
            "",
        ),
        "sorted and cut": (
            compared(lambda x, s: read(x, s, cut=False)[: s["longest"]]),
            "Cut off first",
        ),
        "cut by letters": (
            compared(lambda x, s: read(x[: s["longest"]], s)),
            "",
        ),
        "plain captions": (lambda c, f, s: sorted(c.split()) == sorted(f.split()), "themselves"),
        "equal captions": (lambda c, f, s: c == f, ""),
        "lengths": (lambda c, f, s: len(read(c, s)) == len(read(f, s)), ""),
        "letters": (
            compared(lambda x, s: read(x, s) if s["order"] else sorted("".join(read(x, s)))),
            "You sort letters",
        ),
        "one way": (lambda c, f, s: set(read(c, s)) <= set(read(f, s)), ""),
        "always": (lambda c, f, s: True, ""),
        "never": (lambda c, f, s: False, ""),
        "order alone": (lambda c, f, s: not s["order"], ""),
        "a number": (lambda c, f, s: int(fooled_loop(c, f, s)), "True or False was expected"),
    },
    "10-stream": {
        "dual where it ties": (choose_ties(("dual", "rerank", "single")), ""),
        "single where it ties": (choose_ties(("single", "dual", "rerank")), ""),
        "more than nothing": (choose_above_nothing, ""),
        "four digits": (
            lambda n, m, k, b, r: choose_loop(n, m, k, b, {x: round(v, 4) for x, v in r.items()}),
            "",
        ),
        "below": (choose_with(within=lambda price, budget: price < budget), "use up the budget"),
        "towers per pair": (choose_with(dual=lambda n, m, k: n * m), "every picture once"),
        "one stream once": (choose_with(single=lambda n, m, k: n + m), "every pair is a pass"),
        "no towers": (choose_with(rerank=lambda n, m, k: n * min(k, m)), "Before anything"),
        "k only": (choose_with(rerank=lambda n, m, k: n + m + min(k, m)), "N · k passes, not k"),
        "texts ask": (
            choose_with(rerank=lambda n, m, k: n + m + m * min(k, n)),
            "Pictures ask here",
        ),
        "k beyond": (choose_with(rerank=lambda n, m, k: n + m + n * k), "than there are"),
        "reranked alone": (choose_with(rerank=lambda n, m, k: min(k, m)), ""),
        "longer side": (choose_with(dual=lambda n, m, k: max(n, m)), ""),
        "both ways": (choose_with(single=lambda n, m, k: 2 * n * m), ""),
        "dual twice": (choose_with(dual=lambda n, m, k: 2 * (n + m)), ""),
        "level, dear": (
            lambda n, m, k, b, r: max(
                [
                    x
                    for x in (("single", n * m), ("rerank", n + m + n * min(k, m)), ("dual", n + m))
                    if x[1] <= b
                ]
                or [("none", 0)],
                key=lambda x: (r.get(x[0], 0), x[1]),
            )[0],
            "Of equal recalls",
        ),
        "cheapest": (
            lambda n, m, k, b, r: (
                min(
                    [("dual", n + m), ("single", n * m), ("rerank", n + m + n * min(k, m))],
                    key=lambda x: x[1],
                )[0]
                if min(n + m, n * m) <= b
                else "none"
            ),
            "You take the cheapest",
        ),
        "single first": (
            lambda n, m, k, b, r: (
                "single"
                if n * m <= b
                else "rerank"
                if n + m + n * min(k, m) <= b
                else "dual"
                if n + m <= b
                else "none"
            ),
            "the recalls say",
        ),
        "no budget": (lambda n, m, k, b, r: choose_loop(n, m, k, 10**12, r), "not looked at"),
        "never none": (
            lambda n, m, k, b, r: choose_sorted(n, m, k, b, r).replace("none", "dual"),
            "not even the cheapest",
        ),
        "per pass": (
            lambda n, m, k, b, r: max(
                r, key=lambda s: r[s] / {"dual": n + m, "single": n * m, "rerank": n + m + n * k}[s]
            ),
            "",
        ),
        "always dual": (lambda n, m, k, b, r: "dual", ""),
        "another word": (lambda n, m, k, b, r: "both", "one of 'dual'"),
    },
}
RIGHT = {
    "10-targets": {
        "loop": targets_loop,
        "torch": targets_torch,
        "scipy": targets_scipy,
        "pandas": targets_pandas,
        "float32": targets_float32,
    },
    "10-negatives": {
        "loop": negatives_loop,
        "torch": negatives_torch,
        "float32": negatives_float32,
        "package": negatives_package,
        "logarithms": negatives_log,
    },
    "10-transport": {
        "numpy": step_numpy,
        "loop": step_loop,
        "torch": step_torch,
        "float32": step_float32,
        "pandas": step_pandas,
        "logarithms": step_logs,
    },
    "10-fooled": {
        "loop": fooled_loop,
        "counts": fooled_counts,
        "numbers": fooled_numbers,
        "pandas": fooled_pandas,
        "tensor": fooled_tensor,
    },
    "10-stream": {
        "loop": choose_loop,
        "sorted": choose_sorted,
        "pandas": choose_pandas,
        "numpy": choose_numpy,
        "capitals": choose_word,
    },
}
