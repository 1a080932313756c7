"""Answers to lesson 17's exercises, as learners might write them."""

from functools import partial
from itertools import combinations, permutations, product
from math import comb, factorial

import numpy as np
import torch

from coursekit.analysis.shapley_imbalance import shapley_values

# ---- growth ------------------------------------------------------------------------------------


def growth_listed(number, width, classes):
    def weights(n):
        return len(list(permutations(range(n), 2))) * width * classes

    pairs = sum(1 for i in range(number) for j in range(number) if i != j)
    return [pairs, weights(number), weights(number + 1) - weights(number)]


def growth_formula(number, width, classes):
    return torch.tensor([number**2 - number, (number**2 - number) * width * classes,
                         2 * number * width * classes])  # fmt: skip


def growth_floats(number, width, classes):
    pairs = 2.0 * comb(number, 2)
    return np.array([pairs, pairs * width * classes, 2.0 * number * width * classes])


# ---- pooling -----------------------------------------------------------------------------------


def pooling_loop(tokens, whose, padding):
    sums, counts = {}, {}
    for t, m, p in zip(tokens, whose, padding, strict=True):
        if not p:
            sums[m] = sums.get(m, 0) + t
            counts[m] = counts.get(m, 0) + 1
    return sum(sums[m] / counts[m] for m in sums) / len(sums)


def pooling_weights(tokens, whose, padding):
    kept = tokens[~padding]
    _, place, counts = np.unique(whose[~padding], return_inverse=True, return_counts=True)
    weights = 1 / counts[place] / len(counts)
    return weights @ kept


def pooling_torch(tokens, whose, padding):
    x, m = torch.tensor(tokens.copy()), torch.tensor(whose.copy())
    seen = ~torch.tensor(padding.copy())
    means = [x[(m == g) & seen].mean(0) for g in m[seen].unique()]
    return torch.stack(means).mean(0)


# ---- worth -------------------------------------------------------------------------------------


def worth_sets(accuracies):
    names = sorted(frozenset().union(*accuracies))
    n, values = len(names), []
    for m in names:
        others = [x for x in names if x != m]
        total = 0.0
        for size in range(n):
            weight = factorial(size) * factorial(n - 1 - size) / factorial(n)
            for s in combinations(others, size):
                total += weight * (accuracies[frozenset([*s, m])] - accuracies[frozenset(s)])
        values.append(total)
    return values


def worth_package(accuracies):
    return np.array([*shapley_values(accuracies).values()])


def worth_orders(accuracies):
    names = sorted(frozenset().union(*accuracies))
    gains = []
    for order in permutations(names):
        steps = [accuracies[frozenset(order[:i])] for i in range(len(names) + 1)]
        gain = dict(zip(order, np.diff(steps), strict=True))
        gains.append([gain[m] for m in names])
    return torch.tensor(np.mean(gains, axis=0))


# ---- next --------------------------------------------------------------------------------------


def greedy_set(accuracies, size):
    names = sorted(frozenset().union(*accuracies))
    chosen = []
    while len(chosen) < size:
        rest = [m for m in names if m not in chosen]
        chosen.append(max(rest, key=lambda m: accuracies[frozenset([*chosen, m])]))
    return frozenset(chosen)


def shapley_set(accuracies, size):
    names = sorted(frozenset().union(*accuracies))
    values = dict(zip(names, worth_sets(accuracies), strict=True))
    return frozenset(sorted(names, key=lambda m: -values[m])[:size])


def next_plain(accuracies, size):
    best = max(a for s, a in accuracies.items() if len(s) == size)
    greedy = accuracies[greedy_set(accuracies, size)] == best
    shapley = accuracies[shapley_set(accuracies, size)] == best
    if greedy and shapley:
        return "both"
    return "greedy" if greedy else "Shapley" if shapley else "neither"


def next_sets(accuracies, size):
    ranked = sorted((s for s in accuracies if len(s) == size), key=lambda s: -accuracies[s])
    hits = {n for n, way in (("greedy", greedy_set), ("Shapley", shapley_set))
            if way(accuracies, size) == ranked[0]}  # fmt: skip
    return "both" if len(hits) == 2 else hits.pop() if hits else "neither"


def next_package(accuracies, size):
    best = sorted(a for s, a in accuracies.items() if len(s) == size)[-1]
    values = shapley_values(accuracies)
    first = frozenset(sorted(values, key=values.get, reverse=True)[:size])
    hits = (accuracies[greedy_set(accuracies, size)] >= best, accuracies[first] >= best)
    return {(True, True): "both", (True, False): "greedy", (False, True): "Shapley"}.get(
        hits, "neither"
    )


# ---- matching ----------------------------------------------------------------------------------


def matching_loop(previous, current, top, left, block, reach):
    before, now = previous.astype(int), current.astype(int)
    height, width = before.shape

    def cost(dy, dx):
        total = 0
        for y, x in product(range(block), range(block)):
            total += abs(now[top + y, left + x] - before[top + y + dy, left + x + dx])
        return total

    best = (0, 0)
    for dy, dx in product(range(-reach, reach + 1), repeat=2):
        inside = 0 <= top + dy <= height - block and 0 <= left + dx <= width - block
        if inside and cost(dy, dx) < cost(*best):
            best = (dy, dx)
    return best


def matching_key(previous, current, top, left, block, reach):
    before, now = np.int64(previous), np.int64(current)
    own = now[top : top + block, left : left + block]

    def cost(place, vector):
        y, x = top + vector[0], left + vector[1]
        sad = np.abs(own - before[y : y + block, x : x + block]).sum()
        return sad, vector != (0, 0), place

    vectors = [
        v
        for v in product(range(-reach, reach + 1), repeat=2)
        if 0 <= top + v[0] <= len(before) - block and 0 <= left + v[1] <= before.shape[1] - block
    ]
    return list(min(enumerate(vectors), key=lambda item: cost(*item))[1])


def matching_windows(previous, current, top, left, block, reach):
    own = current[top : top + block, left : left + block].astype(float)
    windows = np.lib.stride_tricks.sliding_window_view(previous.astype(float), (block, block))
    costs = np.abs(windows - own).sum((2, 3))
    dy, dx = np.indices(costs.shape) - np.array([top, left])[:, None, None]
    costs[(abs(dy) > reach) | (abs(dx) > reach)] = np.inf
    if costs[top, left] == costs.min():
        return torch.zeros(2)
    first = costs.argmin()
    return torch.tensor([dy.flat[first], dx.flat[first]])


# ---- slips -------------------------------------------------------------------------------------


def shares_of(values):
    return np.array(values) / np.sum(np.abs(values))


def first_only(a):
    names = sorted(frozenset().union(*a))
    return [a[frozenset([m])] - a[frozenset()] for m in names]


def last_only(a):
    everybody = frozenset().union(*a)
    return [a[everybody] - a[everybody - {m}] for m in sorted(everybody)]


def wrapped(previous, current, top, left, block, reach):
    """In bytes, whose differences wrap around."""
    own = current[top : top + block, left : left + block]
    best, lowest = (0, 0), np.inf
    for dy, dx in [(0, 0), *product(range(-reach, reach + 1), repeat=2)]:
        y, x = top + dy, left + dx
        if 0 <= y <= len(previous) - block and 0 <= x <= previous.shape[1] - block:
            sad = int(np.abs(own - previous[y : y + block, x : x + block]).sum())
            if sad < lowest:
                best, lowest = (dy, dx), sad
    return best


def as_they_come(a):
    names = list(dict.fromkeys(m for s in a for m in sorted(s)))
    values = dict(zip(sorted(names), worth_sets(a), strict=True))
    return [values[m] for m in names]


def plain_means(a):
    names = sorted(frozenset().union(*a))
    return [np.mean([a[s | {m}] - a[s] for s in a if m not in s]) for m in names]


def asked_once(a, size):
    """The strongest, then those that add most to it: nobody asks anew."""
    names = sorted(frozenset().union(*a))
    first = max(names, key=lambda m: a[frozenset([m])])
    rest = sorted((m for m in names if m != first), key=lambda m: -a[frozenset([first, m])])
    best = max(x for s, x in a.items() if len(s) == size)
    chosen = frozenset([first, *rest[: size - 1]])
    return verdict((a[chosen] == best, a[shapley_set(a, size)] == best))


def verdict(hits):
    """Of whether greedy and the ranking come to it."""
    return {(True, True): "both", (True, False): "greedy", (False, True): "Shapley"}.get(
        hits, "neither"
    )


def by_values(a, size, values):
    """The verdict if a ranking by other values stands in the place of the Shapley values."""
    names = sorted(frozenset().union(*a))
    ranked = sorted(names, key=lambda m: -values[names.index(m)])
    best = max(x for s, x in a.items() if len(s) == size)
    return verdict((a[greedy_set(a, size)] == best, a[frozenset(ranked[:size])] == best))


def better_of_the_two(a, size):
    greedy, shapley = a[greedy_set(a, size)], a[shapley_set(a, size)]
    return "both" if greedy == shapley else "greedy" if greedy > shapley else "Shapley"


def nearly(a, size, slack=0.02):
    best = max(x for s, x in a.items() if len(s) == size) - slack
    return verdict((a[greedy_set(a, size)] > best, a[shapley_set(a, size)] > best))


def runs(tokens, whose, padding):
    """Neighbours of one modality are taken for all of it."""
    kept, own = tokens[~padding], whose[~padding]
    ends = np.flatnonzero(np.diff(own)) + 1
    return np.mean([part.mean(0) for part in np.split(kept, ends)], 0)


def searched(
    previous, current, top, left, block, reach, cost=lambda d: np.abs(d).sum(),
    kept=lambda v: True, order=lambda v: v, tolerance=0, edge=0, around=0,
):  # fmt: skip
    before, now = np.int64(previous), np.int64(current)
    own = now[top : top + block, left : left + block]
    if around:
        before = np.pad(before, reach)
        top, left = top + reach, left + reach
    best, lowest = (0, 0), np.inf
    vectors = product(range(-reach, reach + 1), repeat=2)
    for dy, dx in [(0, 0), *(order(v) for v in vectors if kept(v))]:
        y, x = top + dy, left + dx
        if not (0 <= y <= len(before) - block - edge and 0 <= x <= len(before[0]) - block - edge):
            continue
        new = cost(own - before[y : y + block, x : x + block])
        if new < lowest - tolerance:
            best, lowest = (dy, dx), new
    return best


def rolled(previous, current, top, left, block, reach):
    """The frame goes on at its other end."""
    before, now = np.int64(previous), np.int64(current)
    best, lowest = (0, 0), np.inf
    for v in [(0, 0), *product(range(-reach, reach + 1), repeat=2)]:
        apart = np.abs(now - np.roll(before, (-v[0], -v[1]), (0, 1)))
        new = apart[top : top + block, left : left + block].sum()
        if new < lowest:
            best, lowest = v, new
    return best


WRONG = {
    "17-growth": {
        "numbers added": (lambda m, w, c: (m * (m - 1), m * (m - 1) * w * c, 2 * m * w), ""),
        "pairs afterwards": (
            lambda m, w, c: (m * (m + 1), m * (m + 1) * w * c, 2 * m * w * c),
            "",
        ),
        "half a head": (lambda m, w, c: (m * (m - 1), m * (m - 1) * w * c // 2, m * w * c), ""),
        "every set": (lambda m, w, c: (2**m, 2**m * w * c, 2**m * w * c), ""),
        "none": (lambda m, w, c: (), ""),
        "unordered": (
            lambda m, w, c: (comb(m, 2), comb(m, 2) * w * c, m * w * c),
            "each pair once",
        ),
        "squared": (
            lambda m, w, c: (m**2, m**2 * w * c, (2 * m + 1) * w * c),
            "paired with itself",
        ),
        "one way": (
            lambda m, w, c: (m * (m - 1), m * (m - 1) * w * c, m * w * c),
            "two pairs each",
        ),
        "one pair": (lambda m, w, c: (m * (m - 1), m * (m - 1) * w * c, w * c), "one pair more"),
        "inputs": (lambda m, w, c: (m * (m - 1), m * (m - 1) * w, 2 * m * w), "head's inputs"),
        "whole new head": (
            lambda m, w, c: (m * (m - 1), m * (m - 1) * w * c, (m + 1) * m * w * c),
            "Take off what was there",
        ),
        "the last one": (
            lambda m, w, c: (m * (m - 1), m * (m - 1) * w * c, 2 * (m - 1) * w * c),
            "The newcomer is number",
        ),
        "with biases": (
            lambda m, w, c: (m * (m - 1), m * (m - 1) * w * c + c, 2 * m * w * c),
            "",
        ),
        "reversed": (lambda m, w, c: growth_listed(m, w, c)[::-1], ""),
        "one number": (lambda m, w, c: m * (m - 1), ""),
        "linear": (lambda m, w, c: (m, m * w * c, w * c), ""),
        "as in the lesson": (lambda m, w, c: (56, 56 * w * c, 16 * w * c), ""),
    },
    "17-pooling": {
        "runs": (runs, ""),
        "width": (lambda t, w, p: np.full(t.shape[1], pooling_loop(t, w, p).mean()), ""),
        "first modality": (lambda t, w, p: t[(w == w[~p][0]) & ~p].mean(0), ""),
        "last token of each": (
            lambda t, w, p: np.mean([t[(w == m) & ~p][-1] for m in np.unique(w[~p])], 0),
            "",
        ),
        "half precision": (lambda t, w, p: pooling_loop(t.astype(np.float16), w, p), ""),
        "tokens": (lambda t, w, p: t[~p].mean(0), "one vote here"),
        "everything": (lambda t, w, p: t.mean(0), "mean over everything"),
        "padding too": (
            lambda t, w, p: np.mean([t[w == m].mean(0) for m in np.unique(w)], 0),
            "Padding has a vote",
        ),
        "zeros": (
            lambda t, w, p: np.mean(
                [(t * ~p[:, None])[w == m].mean(0) for m in np.unique(w[~p])], 0
            ),
            "still counted",
        ),
        "absent counted": (
            lambda t, w, p: pooling_loop(t, w, p) * len(np.unique(w[~p])) / len(np.unique(w)),
            "divide by those that are present",
        ),
        "sum": (lambda t, w, p: pooling_loop(t, w, p) * len(np.unique(w[~p])), "sum over"),
        "sums of tokens": (
            lambda t, w, p: np.mean([t[(w == m) & ~p].sum(0) for m in np.unique(w[~p])], 0),
            "Take their mean",
        ),
        "turned": (
            lambda t, w, p: pooling_loop(t, w, ~p) if p.any() else pooling_loop(t, w, p),
            "not kept",
        ),
        "first token": (lambda t, w, p: t[~p][0], ""),
        "largest": (lambda t, w, p: t[~p].max(0), ""),
        "medians": (
            lambda t, w, p: np.mean([np.median(t[(w == m) & ~p], 0) for m in np.unique(w[~p])], 0),
            "",
        ),
        "per modality": (
            lambda t, w, p: np.array([t[(w == m) & ~p].mean(0) for m in np.unique(w[~p])]),
            "",
        ),
        "rounded": (lambda t, w, p: np.round(pooling_loop(t, w, p), 1), ""),
    },
    "17-worth": {
        "as they come": (as_they_come, "sorted"),
        "all sets alike": (plain_means, "weigh all sets alike"),
        "falling": (lambda a: sorted(worth_sets(a), reverse=True), ""),
        "nobody is 0": (lambda a: worth_sets({**a, frozenset(): 0.0}), ""),
        "normed to all": (lambda a: np.array(worth_sets(a)) / sum(worth_sets(a)), ""),
        "half precision": (lambda a: np.array(worth_sets(a), np.float16), ""),
        "alone": (
            lambda a: [a[frozenset([m])] for m in sorted(frozenset().union(*a))],
            "accuracy alone",
        ),
        "first": (first_only, "if it comes first"),
        "last": (last_only, "if it comes last"),
        "mean of both": (lambda a: np.add(first_only(a), last_only(a)) / 2, ""),
        "shares": (lambda a: shares_of(worth_sets(a)), "shares of the whole"),
        "by name": (
            lambda a: np.diff(
                [
                    a[frozenset(sorted(frozenset().union(*a))[:i])]
                    for i in range(len(frozenset().union(*a)) + 1)
                ]
            ),
            "one order",
        ),
        "reversed": (lambda a: worth_sets(a)[::-1], ""),
        "absolute": (lambda a: np.abs(worth_sets(a)), ""),
        "not negative": (lambda a: np.maximum(worth_sets(a), 0), ""),
        "rounded": (lambda a: np.round(worth_sets(a), 2), ""),
        "per cent": (lambda a: 100 * np.array(worth_sets(a)), ""),
        "sum": (lambda a: sum(worth_sets(a)), ""),
    },
    "17-next": {
        "all sets alike": (lambda a, n: by_values(a, n, plain_means(a)), "weigh all sets alike"),
        "if it comes last": (lambda a, n: by_values(a, n, last_only(a)), ""),
        "asked once": (asked_once, ""),
        "better of the two": (better_of_the_two, ""),
        "nearly": (nearly, "Nearly the best"),
        "a hundredth more or less": (partial(nearly, slack=0.01), ""),
        "two at most": (lambda a, n: next_plain(a, min(n, 2)), ""),
        "one fewer": (lambda a, n: next_plain(a, max(n - 1, 1)), ""),
        "nothing": (lambda a, n: "", "one of 'both'"),
        "always both": (lambda a, n: "both", ""),
        "always neither": (lambda a, n: "neither", ""),
        "always greedy": (lambda a, n: "greedy", ""),
        "exchanged": (
            lambda a, n: {"greedy": "Shapley", "Shapley": "greedy"}.get(
                next_plain(a, n), next_plain(a, n)
            ),
            "exchanged",
        ),
        "best of all": (
            lambda a, n: (
                next_plain(a, n)
                if max(a.values()) == max(v for s, v in a.items() if len(s) == n)
                else "neither"
            ),
            "of all sets",
        ),
        "never both": (lambda a, n: next_plain(a, n).replace("both", "greedy"), ""),
        "greedy or neither": (
            lambda a, n: "greedy" if next_plain(a, n) in ("both", "greedy") else "neither",
            "greedy one only",
        ),
        "Shapley or neither": (
            lambda a, n: "Shapley" if next_plain(a, n) in ("both", "Shapley") else "neither",
            "Shapley ranking only",
        ),
        "one too many": (
            lambda a, n: next_plain(a, min(n + 1, len(frozenset().union(*a)))),
            "",
        ),
        "another word": (lambda a, n: "maybe", "one of 'both'"),
        "a truth": (lambda a, n: True, ""),
    },
    "17-matching": {
        "ties by columns": (lambda *v: searched(*v, order=lambda d: d[::-1]), "order of rows"),
        "zeros outside": (lambda *v: searched(*v, around=1), "not filled up with zeros"),
        "the other end": (rolled, ""),
        "last step missing": (lambda *v: searched(*v, kept=lambda d: max(d) < v[-1]), ""),
        "edge missing": (lambda *v: searched(*v, edge=1), ""),
        "only if much less": (lambda *v: searched(*v, tolerance=5), ""),
        "one axis": (lambda *v: searched(*v, kept=lambda d: 0 in d), ""),
        "forward": (lambda *v: searched(*v, kept=lambda d: min(d) >= 0), ""),
        "largest": (lambda *v: searched(*v, cost=lambda d: np.abs(d).max()), ""),
        "apart from brightness": (
            lambda *v: searched(*v, cost=lambda d: np.abs(d - d.mean()).sum()),
            "",
        ),
        "counted": (lambda *v: searched(*v, cost=np.count_nonzero), ""),
        "halves": (lambda p, c, *v: matching_loop(p // 2, c // 2, *v), ""),
        "wraps": (
            wrapped,
            "uint8",
        ),
        "motion": (lambda *v: -np.array(matching_loop(*v)), "That is the motion"),
        "columns first": (lambda *v: matching_loop(*v)[::-1], "Rows come first"),
        "exchanged": (
            lambda p, c, *v: matching_loop(c, p, *v),
            "block is one of the current frame",
        ),
        "last of equals": (lambda *v: searched(*v, tolerance=-0.5), "strictly less"),
        "squares": (lambda *v: searched(*v, cost=lambda d: (d**2).sum()), "You take squares"),
        "nothing moves": (lambda *v: (0, 0), ""),
        "too short": (
            lambda p, c, t, x, b, r: matching_loop(p, c, t, x, b, r - 1),
            "ends included",
        ),
        "too far": (lambda p, c, t, x, b, r: matching_loop(p, c, t, x, b, r + 1), ""),
        "the block at the corner": (lambda p, c, t, x, b, r: matching_loop(p, c, 0, 0, b, r), ""),
        "where it came from": (
            lambda p, c, t, x, b, r: np.add(matching_loop(p, c, t, x, b, r), (t, x)),
            "",
        ),
        "one pixel": (lambda p, c, t, x, b, r: matching_loop(p, c, t, x, 1, r), ""),
        "one number": (lambda *v: matching_loop(*v)[0], ""),
        "a length": (lambda *v: np.hypot(*matching_loop(*v)), ""),
    },
}


RIGHT = {
    "17-growth": {"listed": growth_listed, "formula": growth_formula, "floats": growth_floats},
    "17-pooling": {"loop": pooling_loop, "weights": pooling_weights, "torch": pooling_torch},
    "17-worth": {"sets": worth_sets, "package": worth_package, "orders": worth_orders},
    "17-next": {"plain": next_plain, "sets": next_sets, "package": next_package},
    "17-matching": {
        "loop": matching_loop,
        "key": matching_key,
        "windows": matching_windows,
    },
}
