"""Answers to lesson 11's exercises, as learners might write them."""

import heapq
import math
from collections import Counter

import numpy as np
import pandas as pd
import torch
from scipy import stats

from coursekit.analysis.intervals import interval
from coursekit.analysis.similarity_filter import keep_share
from coursekit.data.sampling_weights import sampling_weights
from coursekit.training.noisy_correspondence import soft_margins

# ---- keep --------------------------------------------------------------------------------------


def keep_loop(scores, share):
    room, kept = int(share * len(scores)), []
    remaining = list(enumerate(scores))
    while len(kept) < room:
        best = max(remaining, key=lambda pair: (pair[1], -pair[0]))
        remaining.remove(best)
        kept.append(best[0])
    return sorted(kept)


def keep_heap(scores, share):
    best = heapq.nsmallest(int(len(scores) * share), range(len(scores)), key=lambda i: -scores[i])
    return tuple(sorted(best))


def keep_pandas(scores, share):
    order = pd.Series(scores).sort_values(ascending=False, kind="stable")
    return order.head(math.floor(share * len(scores))).index.sort_values()


def keep_torch(scores, share):
    best = sorted(range(len(scores)), key=lambda i: -scores[i])[: int(share * len(scores))]
    return torch.tensor(sorted(best), dtype=torch.int32)


def keep_package(scores, share):
    return keep_share(torch.as_tensor(scores), share).nonzero().flatten()


def keep_ranks(scores, share):
    ranks = stats.rankdata(-np.asarray(scores), method="ordinal")
    return np.flatnonzero(ranks <= int(share * len(scores))).astype(np.float32)


def first_so_many(scores, share):
    return np.arange(int(share * len(scores)))


def keep_topk(scores, share, extra=0):
    count = min(int(share * len(scores)) + extra, len(scores))
    return np.sort(np.argsort(-scores, kind="stable")[:count])


# ---- controls ----------------------------------------------------------------------------------


def shows_scipy(filtered, untouched, chance):
    for word, control in (("helps", untouched), ("knows", chance)):
        test = stats.ttest_rel(filtered, control)
        if test.pvalue < 0.05 and test.statistic > 0:
            return word
    return "neither"


def shows_package(filtered, untouched, chance):
    if interval(filtered - untouched).low > 0:
        return "helps"
    return "knows" if interval(filtered - chance).low > 0 else "neither"


def shows_formula(filtered, untouched, chance):
    def low(control):
        d = [float(a) - float(b) for a, b in zip(filtered, control, strict=True)]
        mean = math.fsum(d) / len(d)
        variance = math.fsum((x - mean) ** 2 for x in d) / (len(d) - 1)
        return mean - stats.t.ppf(0.975, len(d) - 1) * math.sqrt(variance / len(d))

    return ["neither", "knows", "helps"][2 if low(untouched) > 0 else int(low(chance) > 0)]


def shows_pandas(filtered, untouched, chance):
    table = pd.DataFrame({"helps": filtered - untouched, "knows": filtered - chance})
    low = table.mean() - stats.t.ppf(0.975, len(table) - 1) * table.sem()
    return next((word for word in table if low[word] > 0), "neither")


def shows_capitals(filtered, untouched, chance):
    return np.array([shows_package(filtered, untouched, chance).upper()])


def shows(better):
    def answer(filtered, untouched, chance):
        if better(filtered, untouched):
            return "helps"
        return "knows" if better(filtered, chance) else "neither"

    return answer


# ---- crossfit ----------------------------------------------------------------------------------


def fair_loop(scores, learnt, copies):
    means = []
    for pair, number in enumerate(copies):
        alike = [j for j, other in enumerate(copies) if other == number]
        fair = [row[pair] for row, has in zip(scores, learnt, strict=True)
                if not any(has[j] for j in alike)]  # fmt: skip
        means.append(sum(fair) / len(fair))
    return means


def fair_masked(scores, learnt, copies):
    seen = np.stack([np.isin(copies, copies[row.astype(bool)]) for row in learnt])
    return np.ma.masked_array(scores, mask=seen).mean(axis=0).filled(0)


def fair_nan(scores, learnt, copies):
    seen = (learnt @ np.equal.outer(copies, copies)) > 0
    return np.nanmean(np.where(seen, np.nan, scores), axis=0)


def fair_torch(scores, learnt, copies):
    s, t, c = (torch.as_tensor(x) for x in (scores, learnt, copies))
    fair = (t.double() @ (c[:, None] == c).double()) == 0
    return (s * fair).sum(0) / fair.sum(0)


def fair_pandas(scores, learnt, copies):
    seen = pd.DataFrame(learnt).T.groupby(copies).transform("max").T
    return pd.DataFrame(scores).where(seen == 0).mean()


def fair_average(scores, learnt, copies):
    weights = 1.0 - ((learnt @ np.equal.outer(copies, copies)) > 0)
    return np.average(scores, axis=0, weights=weights).astype(np.float32)


def seen_of(learnt, copies):
    return (learnt @ np.equal.outer(copies, copies)) > 0


# ---- margin ------------------------------------------------------------------------------------


def margin_loop(p, own, other, margin):
    margins = []
    for chance, mine, theirs in zip(p, own, other, strict=True):
        label = chance + (1 - chance) * mine if chance > 0.5 else (mine + theirs) / 2
        margins.append(margin * (math.pow(10, label) - 1) / 9)
    return margins


def margin_torch(p, own, other, margin):
    p, own, other = (torch.as_tensor(x, dtype=torch.float64) for x in (p, own, other))
    label = torch.where(p > 0.5, torch.lerp(own, torch.ones_like(own), p), (own + other) / 2)
    return soft_margins(label, margin)


def margin_pandas(p, own, other, margin):
    table = pd.DataFrame({"p": p, "own": own, "other": other})
    label = table[["own", "other"]].mean(axis=1)
    label = label.where(table["p"] <= 0.5, table["p"] + (1 - table["p"]) * table["own"])
    return margin * (10**label - 1) / 9


def margin_expm1(p, own, other, margin):
    label = np.where(p > 0.5, 1 - (1 - p) * (1 - own), 0.5 * own + 0.5 * other)
    return margin * np.expm1(label * np.log(10)) / 9


def margin_float32(p, own, other, margin):
    clean = p > 0.5
    label = clean * (p + (1 - p) * own) + ~clean * np.mean([own, other], axis=0)
    return (np.power(10.0, label).astype(np.float32) - 1) * (margin / 9)


def label_of(p, own, other):
    return np.where(p > 0.5, p + (1 - p) * own, (own + other) / 2)


def grown(label, margin):
    return margin * (10**label - 1) / 9


# ---- check -------------------------------------------------------------------------------------


def check_loop(scores, copies, minutes, budget):
    order = sorted(range(len(scores)), key=lambda i: (scores[i], i))
    chosen, done = [], set()
    for i in order:
        if copies[i] in done or minutes[i] > budget:
            continue
        budget -= minutes[i]
        done.add(copies[i])
        chosen.append(i)
    return chosen


def check_heap(scores, copies, minutes, budget):
    heap = [(float(score), i) for i, score in enumerate(scores)]
    heapq.heapify(heap)
    chosen, spent = [], 0
    while heap:
        _, i = heapq.heappop(heap)
        if spent + minutes[i] <= budget and copies[i] not in [copies[j] for j in chosen]:
            chosen.append(i)
            spent += minutes[i]
    return tuple(chosen)


def check_numpy(scores, copies, minutes, budget):
    settled = np.zeros(len(scores), dtype=bool)
    chosen = []
    for i in np.argsort(scores, kind="mergesort"):
        if not settled[i] and minutes[chosen].sum() + minutes[i] <= budget:
            chosen.append(i)
            settled |= copies == copies[i]
    return np.asarray(chosen)


def check_pandas(scores, copies, minutes, budget):
    table = pd.DataFrame({"score": scores, "copy": copies, "minutes": minutes})
    chosen = []
    table = table.sort_values("score", kind="stable")
    while not table.empty:
        fits = table[table["minutes"] <= budget]
        if fits.empty:
            break
        first = fits.index[0]
        chosen.append(first)
        budget -= fits.loc[first, "minutes"]
        table = fits[fits["copy"] != fits.loc[first, "copy"]]
    return pd.Series(chosen, dtype=float)


def check_recursive(scores, copies, minutes, budget):
    def rest(order, done, left_over):
        if not order:
            return []
        i, later = order[0], order[1:]
        if copies[i] in done or minutes[i] > left_over:
            return rest(later, done, left_over)
        return [i, *rest(later, done | {copies[i]}, left_over - minutes[i])]

    order = sorted(range(len(scores)), key=scores.__getitem__)
    return torch.tensor(rest(order, frozenset(), budget), dtype=torch.float32)


def walk(order, copies, minutes, budget, copies_too=False):
    chosen, done, spent = [], set(), 0
    for i in order:
        if (copies_too or copies[i] not in done) and spent + minutes[i] <= budget:
            chosen.append(int(i))
            done.add(copies[i])
            spent += minutes[i]
    return chosen


def rising(scores):
    return np.argsort(scores, kind="stable")


def first_of_each_kind(scores, copies, minutes, budget):
    lowest = {}
    for i in rising(scores):
        lowest.setdefault(copies[i], i)
    return walk(lowest.values(), copies, minutes, budget)


def fills_budget(scores, copies, minutes, budget):
    """As many as fit when the cheap ones are taken, then by score."""
    order = sorted(range(len(scores)), key=lambda i: (minutes[i], scores[i]))
    chosen = walk(order, copies, minutes, budget)
    return sorted(chosen, key=lambda i: scores[i])


# ---- weights -----------------------------------------------------------------------------------


def weights_loop(groups, gamma):
    raw = []
    for group in groups:
        n = sum(1 for other in groups if other == group)
        raw.append(1 / n**gamma)
    return [w / sum(raw) for w in raw]


def weights_counter(groups, gamma):
    sizes = Counter(groups)
    total = math.fsum(n ** (1 - gamma) for n in sizes.values())
    return tuple(sizes[group] ** -gamma / total for group in groups)


def weights_pandas(groups, gamma):
    names = pd.Series(groups)
    weights = names.groupby(names).transform("size").astype(float).pow(-gamma)
    return weights / weights.sum()


def weights_numpy(groups, gamma):
    _, place, counts = np.unique(groups, return_inverse=True, return_counts=True)
    weights = np.power(counts / len(groups), -gamma)[place]
    return (weights / weights.sum()).astype(np.float32)


def weights_softmax(groups, gamma):
    sizes = torch.tensor([groups.count(g) for g in groups], dtype=torch.float64)
    return torch.softmax(-gamma * sizes.log(), dim=0)


def weights_package(groups, gamma):
    return sampling_weights(list(groups), gamma)


def sizes_of(groups):
    return np.array([list(groups).count(g) for g in groups], dtype=float)


def scaled(weights):
    return weights / weights.sum()


# ---- augment -----------------------------------------------------------------------------------


def stays_counts(caption, changes):
    words = set(caption.lower().split())
    half = changes.count("half turn")
    sides = (changes.count("mirror") + half) % 2
    heights = (changes.count("upside down") + half) % 2
    if sides and words & {"left", "right"}:
        return False
    if heights and words & {"above", "below"}:
        return False
    return not ("grey" in changes and words & {"red", "green", "blue", "yellow"})


def stays_followed(caption, changes):
    sides = heights = colour = True
    for change in changes:
        if change in ("mirror", "half turn"):
            sides = not sides
        if change in ("upside down", "half turn"):
            heights = not heights
        if change == "grey":
            colour = False
    wrong = {
        *(("left", "right") if not sides else ()),
        *(("above", "below") if not heights else ()),
        *(("red", "green", "blue", "yellow") if not colour else ()),
    }
    return wrong.isdisjoint(caption.casefold().split())


EXCHANGED = {"left": "right", "right": "left", "above": "below", "below": "above"}


def stays_rewritten(caption, changes):
    words = caption.lower().split()
    kinds = {"mirror": {"left", "right"}, "upside down": {"above", "below"}}
    kinds["half turn"] = set(EXCHANGED)
    said = words
    for change in changes:
        turned = kinds.get(change, set())
        said = [EXCHANGED[w] if w in turned else w for w in said]
        if change == "grey":
            said = ["?" if w in {"red", "green", "blue", "yellow"} else w for w in said]
    return np.bool_(said == words)


def stays_sign(caption, changes):
    flips = {"mirror": (-1, 1), "upside down": (1, -1), "half turn": (-1, -1)}
    x, y = np.prod([(1, 1), *(flips.get(c, (1, 1)) for c in changes)], axis=0)
    words = caption.lower().split()
    safe = [
        not (x < 0 and w in ("left", "right"))
        and not (y < 0 and w in ("above", "below"))
        and not ("grey" in changes and w in ("red", "green", "blue", "yellow"))
        for w in words
    ]
    return torch.tensor(all(safe))


def stays_pandas(caption, changes):
    words = pd.Series(caption.split()).str.lower()
    done = pd.Series(changes, dtype=object).value_counts().reindex(
        ["mirror", "upside down", "half turn", "grey"], fill_value=0
    )  # fmt: skip
    broken = False
    if (done["mirror"] + done["half turn"]) % 2:
        broken |= bool(words.isin(["left", "right"]).any())
    if (done["upside down"] + done["half turn"]) % 2:
        broken |= bool(words.isin(["above", "below"]).any())
    if done["grey"]:
        broken |= bool(words.isin(["red", "green", "blue", "yellow"]).any())
    return [not broken]


def stays_each(caption, changes):
    return all(stays_counts(caption, [change]) for change in changes)


def stays_with(words_of=None, replace=None, kinds=("sides", "heights", "colours")):
    table = {
        "sides": {"left", "right"},
        "heights": {"above", "below"},
        "colours": {"red", "green", "blue", "yellow"},
    }

    def answer(caption, changes):
        for old, new in (replace or {}).items():
            changes = [c for change in changes for c in (new if change == old else [change])]
        words = (words_of or (lambda text: set(text.lower().split())))(caption)
        looked_for = set().union(*(table[kind] for kind in kinds))
        return stays_counts(" ".join(words & looked_for), changes)

    return answer


def parts_of(caption):
    every = ["left", "right", "above", "below", "red", "green", "blue", "yellow"]
    return {word for word in every if word in caption.lower()}


def copy_table(copies):
    return np.asarray(copies)[:, None] == np.asarray(copies)[None, :]


def learnt_copies(learnt, copies):
    return np.asarray(learnt) @ copy_table(copies) > 0


def average_of(scores, left_out):
    return np.ma.average(np.ma.array(scores, mask=left_out), axis=0).filled(np.nan)


def check_in(order, copies, minutes, budget):
    chosen, settled = [], set()
    for i in order:
        if copies[i] not in settled and sum(minutes[j] for j in chosen) + minutes[i] <= budget:
            chosen.append(i)
            settled.add(copies[i])
    return chosen


def weights_of(sizes, gamma):
    weights = np.asarray(sizes, dtype=float) ** -gamma
    return weights / weights.sum()


WRONG = {
    "11-keep": {
        "by whole per cent": (lambda s, f: keep_loop(s, int(100 * f) / 100), ""),
        "four digits": (lambda s, f: keep_loop(np.round(s, 4), f), ""),
        "reaches the next": (
            lambda s, f: np.flatnonzero(
                s >= (np.sort(s)[::-1][int(f * len(s))] if int(f * len(s)) < len(s) else s.min())
            ),
            "one pair too many",
        ),
        "threshold": (
            lambda s, f: [
                i for i in range(len(s)) if int(f * len(s)) and s[i] >= np.sort(s)[-int(f * len(s))]
            ],
            "you keep them all",
        ),
        "above the next": (
            lambda s, f: np.flatnonzero(
                s > (np.sort(s)[::-1][int(f * len(s))] if int(f * len(s)) < len(s) else -9)
            ),
            "you drop them all",
        ),
        "lowest": (lambda s, f: np.sort(rising(s)[: int(f * len(s))]), "the lowest scores"),
        "dropped": (lambda s, f: keep_topk(s, 1 - f), "You drop the share"),
        "best first": (lambda s, f: np.argsort(-s, kind="stable")[: int(f * len(s))], "by score"),
        "reversed sort": (
            lambda s, f: sorted(
                sorted(range(len(s)), key=lambda i: (s[i], i))[len(s) - int(f * len(s)) :]
            ),
            "the later ones",
        ),
        "ceil": (lambda s, f: keep_topk(s, math.ceil(f * len(s)) / len(s)), "rounded down"),
        "round": (
            lambda s, f: np.sort(np.argsort(-s, kind="stable")[: round(f * len(s))]),
            "nearest",
        ),
        "one more": (lambda s, f: keep_topk(s, f, 1), ""),
        "the first": (first_so_many, ""),
        "values": (lambda s, f: s[keep_topk(s, f)], "the scores of the pairs"),
        "quantile": (lambda s, f: np.flatnonzero(s >= np.quantile(s, 1 - f)), "quantile"),
        "flags": (lambda s, f: np.isin(np.arange(len(s)), keep_topk(s, f)), ""),
        "absolute": (lambda s, f: keep_topk(abs(s), f), ""),
        "all": (lambda s, f: np.arange(len(s)), ""),
    },
    "11-controls": {
        "each sorted": (
            lambda f, u, c: shows_scipy(np.sort(f), np.sort(u), np.sort(c)),
            "",
        ),
        "means": (shows(lambda f, c: f.mean() > c.mean()), "You compare means"),
        "unpaired": (
            shows(lambda f, c: interval(f).low > interval(c).high),
            "nothing to do with each other",
        ),
        "1.96": (
            shows(lambda f, c: (f - c).mean() > 1.96 * (f - c).std(ddof=1) / math.sqrt(len(f))),
            "1.96 is for many",
        ),
        "two errors": (
            shows(lambda f, c: (f - c).mean() > 2 * (f - c).std(ddof=1) / math.sqrt(len(f))),
            "",
        ),
        "numpy's spread": (
            shows(
                lambda f, c: (
                    (f - c).mean()
                    > stats.t.ppf(0.975, len(f) - 1) * (f - c).std() / math.sqrt(len(f))
                )
            ),
            "divides by n",
        ),
        "one side": (
            shows(lambda f, c: (f - c).mean() > stats.t.ppf(0.95, len(f) - 1) * stats.sem(f - c)),
            "two sides",
        ),
        "two-sided only": (
            shows(lambda f, c: stats.ttest_rel(f, c).pvalue < 0.05),
            "must lie above 0",
        ),
        "chance first": (
            lambda f, u, c: "knows" if interval(f - c).low > 0 else shows_package(f, u, f),
            "Ask first whether",
        ),
        "chance helps": (
            lambda f, u, c: "helps" if interval(f - c).low > 0 else "neither",
            "Better than the random cut only",
        ),
        "exchanged": (lambda f, u, c: shows_package(f, c, u), "exchanged the controls"),
        "counting": (shows(lambda f, c: np.mean(f > c) > 0.5), "most seeds"),
        "every seed": (shows(lambda f, c: (f > c).all()), ""),
        "no error": (
            shows(lambda f, c: (f - c).mean() > (f - c).std(ddof=1)),
            "",
        ),
        "always helps": (lambda f, u, c: "helps", ""),
        "another word": (lambda f, u, c: "both", "one of 'helps'"),
    },
    "11-crossfit": {
        "zero is no score": (lambda s, t, c: average_of(s, learnt_copies(t, c) | (s == 0)), ""),
        "less than half of the copies": (
            lambda s, t, c: average_of(s, t @ copy_table(c) / copy_table(c).sum(axis=0) >= 0.5),
            "",
        ),
        "mean": (lambda s, t, c: np.mean(s, axis=0), "over all models"),
        "own": (lambda s, t, c: np.nanmean(np.where(t, np.nan, s), axis=0), "a copy"),
        "learnt": (
            lambda s, t, c: np.divide(
                (s * seen_of(t, c)).sum(0),
                seen_of(t, c).sum(0),
                out=np.full(len(c), np.nan),
                where=seen_of(t, c).any(0),
            ),
            "know it by heart",
        ),
        "median": (
            lambda s, t, c: np.nanmedian(np.where(seen_of(t, c), np.nan, s), axis=0),
            "",
        ),
        "max": (
            lambda s, t, c: np.nanmax(np.where(seen_of(t, c), np.nan, s), axis=0),
            "the highest score",
        ),
        "min": (
            lambda s, t, c: np.nanmin(np.where(seen_of(t, c), np.nan, s), axis=0),
            "the lowest score",
        ),
        "zeros": (lambda s, t, c: np.where(seen_of(t, c), 0, s).mean(0), "number of all models"),
        "sum": (lambda s, t, c: np.where(seen_of(t, c), 0, s).sum(0), "add the scores up"),
        "first": (
            lambda s, t, c: [s[np.flatnonzero(~seen_of(t, c)[:, j])[0], j] for j in range(len(c))],
            "the first model",
        ),
        "last": (
            lambda s, t, c: [s[np.flatnonzero(~seen_of(t, c)[:, j])[-1], j] for j in range(len(c))],
            "",
        ),
        "mean of copies": (
            lambda s, t, c: pd.Series(fair_nan(s, t, c)).groupby(c).transform("mean"),
            "",
        ),
        "models": (lambda s, t, c: s.mean(1), ""),
        "count": (lambda s, t, c: (~seen_of(t, c)).sum(0), ""),
    },
    "11-margin": {
        "linear": (lambda p, a, b, m: m * label_of(p, a, b), "straight line"),
        "e": (
            lambda p, a, b, m: m * np.expm1(label_of(p, a, b)) / (math.e - 1),
            "base 10, not e",
        ),
        "e over nine": (lambda p, a, b, m: m * np.expm1(label_of(p, a, b)) / 9, ""),
        "tenth": (lambda p, a, b, m: m * (10 ** label_of(p, a, b) - 1) / 10, "Divide by 9"),
        "no one": (lambda p, a, b, m: m * 10 ** label_of(p, a, b) / 10, "Take 1 away"),
        "no margin": (lambda p, a, b, m: grown(label_of(p, a, b), 1), "not multiplied"),
        "labels": (lambda p, a, b, m: label_of(p, a, b), "Those are the labels"),
        "clean is one": (
            lambda p, a, b, m: grown(np.where(p > 0.5, 1, (a + b) / 2), m),
            "not right for certain",
        ),
        "noise is zero": (
            lambda p, a, b, m: grown((p > 0.5) * label_of(p, a, b), m),
            "not thrown away",
        ),
        "own": (
            lambda p, a, b, m: grown(np.where(p > 0.5, p + (1 - p) * a, a), m),
            "its own mistakes",
        ),
        "other": (lambda p, a, b, m: grown(np.where(p > 0.5, p + (1 - p) * a, b), m), ""),
        "flipped": (
            lambda p, a, b, m: grown(np.where(p > 0.5, 1 - p + p * a, (a + b) / 2), m),
            "exchanged p",
        ),
        "at least": (
            lambda p, a, b, m: grown(np.where(p >= 0.5, p + (1 - p) * a, (a + b) / 2), m),
            "exactly one half",
        ),
        "one rule": (lambda p, a, b, m: grown(p + (1 - p) * a, m), "above one half"),
        "sides exchanged": (
            lambda p, a, b, m: grown(np.where(p > 0.5, (a + b) / 2, p + (1 - p) * a), m),
            "",
        ),
        "sum": (lambda p, a, b, m: grown(np.where(p > 0.5, p + (1 - p) * a, a + b), m), ""),
    },
    "11-check": {
        "quickest of equals": (
            lambda s, c, m, b: check_in(np.lexsort((np.arange(len(s)), m, s)), c, m, b),
            "",
        ),
        "number of equals": (
            lambda s, c, m, b: check_in(np.lexsort((np.arange(len(s)), c, s)), c, m, b),
            "",
        ),
        "highest": (
            lambda s, c, m, b: walk(np.argsort(-s, kind="stable"), c, m, b),
            "most probably right",
        ),
        "copies": (
            lambda s, c, m, b: walk(rising(s), c, m, b, copies_too=True),
            "a copy of what",
        ),
        "stops": (
            lambda s, c, m, b: [
                i
                for k, i in enumerate(first_of_each_kind(s, c, 0 * m, b))
                if m[first_of_each_kind(s, c, 0 * m, b)[: k + 1]].sum() <= b
            ],
            "Go on",
        ),
        "strict": (lambda s, c, m, b: check_loop(s, c, m, b - 1e-9), "last minute"),
        "cheap": (
            lambda s, c, m, b: walk(sorted(range(len(s)), key=lambda i: (m[i], s[i])), c, m, b),
            "costs least",
        ),
        "per minute": (
            lambda s, c, m, b: walk(np.argsort(s / m, kind="stable"), c, m, b),
            "score per minute",
        ),
        "pairs": (lambda s, c, m, b: check_loop(s, c, 0 * m + 1, b), "one of minutes"),
        "later": (
            lambda s, c, m, b: walk(sorted(range(len(s)), key=lambda i: (s[i], -i)), c, m, b),
            "the earlier pair",
        ),
        "sorted": (lambda s, c, m, b: sorted(check_loop(s, c, m, b)), "the order of looking"),
        "as they stand": (lambda s, c, m, b: walk(range(len(s)), c, m, b), "as they stand"),
        "everything": (lambda s, c, m, b: check_loop(s, c, 0 * m, b), "look at everything"),
        "skipped settles": (first_of_each_kind, "settles nothing"),
        "fills": (fills_budget, ""),
        "nearest the middle": (
            lambda s, c, m, b: walk(np.argsort(abs(s - np.median(s)), kind="stable"), c, m, b),
            "",
        ),
        "one": (lambda s, c, m, b: check_loop(s, c, m, b)[:1], ""),
    },
    "11-weights": {
        "parts of names": (
            lambda g, y: weights_of([sum(x in z for z in g) for x in g], y),
            "",
        ),
        "rises": (lambda g, y: scaled(sizes_of(g) ** y), "more often"),
        "raw": (lambda g, y: 1 / sizes_of(g) ** y, "do not sum to one"),
        "largest": (
            lambda g, y: sizes_of(g) ** -y / (sizes_of(g) ** -y).max(),
            "the largest weight",
        ),
        "inverse": (lambda g, y: scaled(1 / sizes_of(g)), "γ = 1"),
        "group's share": (lambda g, y: scaled(sizes_of(g) ** (1 - y)), "a whole group"),
        "per group": (
            lambda g, y: scaled(
                np.array([g.count(name) ** -y for name in dict.fromkeys(g)], dtype=float)
            ),
            "per sample",
        ),
        "exponential": (lambda g, y: scaled(np.exp(-y * sizes_of(g))), "the power of the size"),
        "linear": (lambda g, y: scaled(1 / (1 + y * (sizes_of(g) - 1))), "fall with"),
        "lower case": (lambda g, y: weights_loop([n.lower() for n in g], y), "two groups"),
        "even": (lambda g, y: np.full(len(g), 1 / len(g)), ""),
        "divided by γ": (lambda g, y: scaled(sizes_of(g) ** (-1 / (y or 1))), ""),
        "share of all": (lambda g, y: (sizes_of(g) / len(g)) ** -y, ""),
        "half way": (
            lambda g, y: (1 - y) / len(g) + y * scaled(1 / sizes_of(g)),
            "",
        ),
        "at most one": (lambda g, y: weights_loop(g, min(y, 1)), ""),
    },
    "11-augment": {
        "broken": (lambda c, a: not stays_counts(c, a), "True means"),
        "none": (lambda c, a: not a, "Most changes leave"),
        "each": (stays_each, "all changes together"),
        "grey again": (
            lambda c, a: stays_counts(
                c, [x for x in a if x != "grey"] + ["grey"] * (a.count("grey") % 2)
            ),
            "grey stays grey",
        ),
        "half turn flips": (stays_with(replace={"half turn": ["upside down"]}), "left and right"),
        "half turn mirrors": (stays_with(replace={"half turn": ["mirror"]}), "above and below"),
        "half turn is nothing": (stays_with(replace={"half turn": []}), "left with right"),
        "parts": (stays_with(parts_of), "whole words"),
        "capitals": (stays_with(lambda text: set(text.split())), "in capitals"),
        "no colours": (stays_with(kinds=("sides", "heights")), "words of colour"),
        "no sides": (stays_with(kinds=("heights", "colours")), "words of side"),
        "no heights": (stays_with(kinds=("sides", "colours")), "words of height"),
        "shift breaks": (lambda c, a: stays_counts(c, a) and "shift" not in a, ""),
        "last only": (lambda c, a: stays_counts(c, a[-1:]), ""),
        "sides alone": (stays_with(kinds=("sides",)), ""),
        "always": (lambda c, a: True, ""),
        "as a word": (lambda c, a: "yes" if stays_counts(c, a) else "no", ""),
    },
}
RIGHT = {
    "11-keep": {
        "loop": keep_loop,
        "heap": keep_heap,
        "pandas": keep_pandas,
        "torch": keep_torch,
        "package": keep_package,
        "ranks": keep_ranks,
    },
    "11-controls": {
        "scipy": shows_scipy,
        "package": shows_package,
        "formula": shows_formula,
        "pandas": shows_pandas,
        "capitals": shows_capitals,
    },
    "11-crossfit": {
        "loop": fair_loop,
        "masked": fair_masked,
        "nan": fair_nan,
        "torch": fair_torch,
        "pandas": fair_pandas,
        "average": fair_average,
    },
    "11-margin": {
        "loop": margin_loop,
        "torch": margin_torch,
        "pandas": margin_pandas,
        "expm1": margin_expm1,
        "float32": margin_float32,
    },
    "11-check": {
        "loop": check_loop,
        "heap": check_heap,
        "numpy": check_numpy,
        "pandas": check_pandas,
        "recursive": check_recursive,
    },
    "11-weights": {
        "loop": weights_loop,
        "counter": weights_counter,
        "pandas": weights_pandas,
        "numpy": weights_numpy,
        "softmax": weights_softmax,
        "package": weights_package,
    },
    "11-augment": {
        "counts": stays_counts,
        "followed": stays_followed,
        "rewritten": stays_rewritten,
        "sign": stays_sign,
        "pandas": stays_pandas,
    },
}
