"""Answers to lesson 15's exercises, as learners might write them."""

from collections import Counter
from fractions import Fraction
from itertools import permutations

import numpy as np
import pandas as pd
from scipy import stats

from coursekit.analysis.bleu import BleuParts, bleu_parts
from coursekit.analysis.intervals import interval
from coursekit.analysis.krippendorff_alpha import krippendorff_alpha
from coursekit.analysis.vqa_accuracy import step_accuracy

# ---- votes -------------------------------------------------------------------------------------


def votes_loop(answer, people):
    total = 0
    for i in range(len(people)):
        others = people[:i] + people[i + 1 :]
        total += min(1, others.count(answer) / 3)
    return total / len(people)


def votes_numpy(answer, people):
    same = np.array([person == answer for person in people])
    return np.minimum(1, (same.sum() - same) / 3).mean()


def votes_fractions(answer, people):
    same = Counter(people)[answer]
    own = same * min(Fraction(1), Fraction(max(same - 1, 0), 3))
    rest = (len(people) - same) * min(Fraction(1), Fraction(same, 3))
    return float((own + rest) / len(people))


def votes_package(answer, people):
    return step_accuracy(people.count(answer), len(people))


def votes_by_value(answer, people):
    return np.mean([
        min(1, sum(p == answer and p != left for p in people) / 3) for left in people
    ])  # fmt: skip


# ---- clip --------------------------------------------------------------------------------------


def runs(words, n):
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def clip_loop(candidate, references, n):
    own = runs(candidate, n)
    matches = 0
    for gram in set(own):
        most = 0
        for reference in references:
            most = max(most, runs(reference, n).count(gram))
        matches += min(own.count(gram), most)
    return [matches, len(own)]


def clip_package(candidate, references, n):
    parts = bleu_parts([candidate], [references], n)
    return parts.matches[0, n - 1], parts.totals[0, n - 1]


def clip_budget(candidate, references, n):
    budget = Counter()
    for reference in references:
        budget |= Counter(runs(reference, n))
    hits = 0
    for gram in runs(candidate, n):
        if budget[gram] > 0:
            budget[gram] -= 1
            hits += 1
    return np.array([hits, max(0, len(candidate) - n + 1)])


def clip_with(limit):
    def answer(candidate, references, n):
        own = Counter(runs(candidate, n))
        others = [Counter(runs(reference, n)) for reference in references]
        return sum(min(k, limit([o[g] for o in others])) for g, k in own.items()), own.total()

    return answer


def clip_in_text(candidate, references, n):
    own = runs(candidate, n)
    hits = sum(any(" ".join(g) in " ".join(r) for r in references) for g in own)
    return hits, len(own)


def clip_share(candidate, references, n):
    hits, total = clip_loop(candidate, references, n)
    return hits / max(1, total), total


# ---- corpus ------------------------------------------------------------------------------------


def corpus_plain(matches, totals, lengths, nearest):
    p = matches.sum(axis=0) / totals.sum(axis=0)
    c, r = lengths.sum(), nearest.sum()
    return (1 if c >= r else np.exp(1 - r / c)) * np.prod(p) ** 0.25


def corpus_package(matches, totals, lengths, nearest):
    return BleuParts(matches, totals, lengths, nearest).corpus()[-1]


def corpus_stats(matches, totals, lengths, nearest):
    p = pd.DataFrame(matches).sum() / pd.DataFrame(totals).sum()
    if (p == 0).any():
        return 0
    return float(stats.gmean(p) * np.exp(min(0, 1 - sum(nearest) / sum(lengths))))


def corpus_with(mean=lambda p: np.prod(p) ** 0.25, penalty=None):
    def answer(matches, totals, lengths, nearest):
        c, r = lengths.sum(), nearest.sum()
        factor = corpus_penalty(c, r) if penalty is None else penalty(c, r)
        return factor * mean(matches.sum(0) / totals.sum(0))

    return answer


def corpus_penalty(c, r):
    return min(1, np.exp(1 - r / c))


def corpus_sentences(matches, totals, lengths, nearest):
    return np.mean([
        corpus_plain(matches[i : i + 1], totals[i : i + 1], lengths[i : i + 1], nearest[i : i + 1])
        for i in range(len(matches))
    ])  # fmt: skip


def corpus_image_means(matches, totals, lengths, nearest):
    p = np.mean(matches / totals, axis=0)
    return corpus_penalty(lengths.sum(), nearest.sum()) * np.prod(p) ** 0.25


# ---- alpha -------------------------------------------------------------------------------------


def alpha_loop(ratings):
    inside, pool = 0.0, []
    for column in ratings.T:
        given = [x for x in column.tolist() if x == x]
        if len(given) < 2:
            continue
        pool += given
        inside += sum((a - b) ** 2 for a, b in permutations(given, 2)) / (len(given) - 1)
    n = len(pool)
    among = sum((a - b) ** 2 for a, b in permutations(pool, 2)) / (n * (n - 1))
    return 1 - inside / n / among


def alpha_package(ratings):
    return krippendorff_alpha(ratings, "interval")


def alpha_variance(ratings):
    """Squares over ordered pairs are 2 m (m − 1) times the variance."""
    table = pd.DataFrame(ratings)
    table = table.loc[:, table.notna().sum() > 1]
    m = table.notna().sum()
    pool = table.to_numpy()[table.notna().to_numpy()]
    inside = (2 * m * table.var(ddof=1)).sum() / len(pool)
    return float(1 - inside / (2 * pool.var(ddof=1)))


def alpha_of(kind):
    return lambda ratings: krippendorff_alpha(ratings, kind)


def alpha_all_in_pool(ratings):
    pool = ratings[~np.isnan(ratings)]
    used = pd.DataFrame(ratings)
    used = used.loc[:, used.notna().sum() > 1]
    m = used.notna().sum()
    return 1 - (2 * m * used.var(ddof=1)).sum() / m.sum() / (2 * pool.var(ddof=1))


def alpha_unit_means(ratings):
    used = pd.DataFrame(ratings)
    used = used.loc[:, used.notna().sum() > 1]
    pool = used.to_numpy()[used.notna().to_numpy()]
    return 1 - used.var(ddof=1).mean() / pool.var(ddof=1)


# ---- turnover ----------------------------------------------------------------------------------


def turnover_interval(a_clean, b_clean, a_noisy, b_noisy):
    clean, noisy = interval(a_clean - b_clean), interval(a_noisy - b_noisy)
    words = [i.in_words("b", "?", "a") for i in (clean, noisy)]
    if "?" in words:
        return "cannot be said"
    return "holds" if len(set(words)) == 1 else "turns over"


def turnover_scipy(a_clean, b_clean, a_noisy, b_noisy):
    sides = []
    for one, other in ((a_clean, b_clean), (a_noisy, b_noisy)):
        test = stats.ttest_rel(one, other)
        sides.append(np.sign(test.statistic) * (test.pvalue < 0.05))
    product = sides[0] * sides[1]
    return "holds" if product > 0 else "turns over" if product < 0 else "Cannot be said"


def turnover_by_hand(a_clean, b_clean, a_noisy, b_noisy):
    result = []
    for d in (np.subtract(a_clean, b_clean), np.subtract(a_noisy, b_noisy)):
        half = stats.t.ppf(0.975, len(d) - 1) * np.std(d, ddof=1) / len(d) ** 0.5
        result.append(0 if abs(d.mean()) < half else np.sign(d.mean()))
    if 0 in result:
        return "cannot be said"
    return "turns over" if result[0] != result[1] else "holds"


def turnover_by(side):
    def answer(a_clean, b_clean, a_noisy, b_noisy):
        first, second = side(a_clean, b_clean), side(a_noisy, b_noisy)
        if first * second == 0:
            return "cannot be said"
        return "holds" if first * second > 0 else "turns over"

    return answer


def side_of(i):
    return int(i.low > 0) - int(i.high < 0)


def turnover_unpaired(one, other):
    test = stats.ttest_ind(one, other)
    return np.sign(test.statistic) * (test.pvalue < 0.05)


def turnover_overlap(one, other):
    a, b = interval(one), interval(other)
    return int(a.low > b.high) - int(a.high < b.low)


WRONG = {
    "15-votes": {
        "n/3": (lambda a, p: min(1, p.count(a) / 3), "n/3"),
        "share": (lambda a, p: p.count(a) / len(p), "share of people"),
        "three": (lambda a, p: int(p.count(a) > 2), "all or nothing"),
        "majority": (lambda a, p: int(Counter(p).most_common(1)[0][1] == p.count(a)), "frequent"),
        "by value": (votes_by_value, "everybody who said the same"),
        "one off": (lambda a, p: min(1, max(p.count(a) - 1, 0) / 3), "take one off always"),
        "ten": (lambda a, p: sum(min(1, (p.count(a) - (x == a)) / 3) for x in p) / 10, "by ten"),
        "before": (lambda a, p: np.mean([min(1, p[:i].count(a) / 3) for i in range(len(p))]), ""),
        "two digits": (lambda a, p: round(votes_loop(a, p), 2), ""),
        "thirds of ten": (lambda a, p: min(1, 0.3 * p.count(a)), ""),
        "quarter": (lambda a, p: min(1, p.count(a) / 4), ""),
        "nine": (lambda a, p: (p.count(a) - 1) / (len(p) - 1), ""),
        "in": (lambda a, p: votes_loop(a, [a if a in x else x for x in p]), ""),
        "always": (lambda a, p: 1.0, ""),
    },
    "15-clip": {
        "unclipped": (clip_with(lambda ks: 99 * max(ks)), "Every repetition"),
        "sum": (clip_with(sum), "add the references"),
        "all": (clip_with(min), "all references"),
        "first": (clip_with(lambda ks: ks[0]), "first reference only"),
        "last": (clip_with(lambda ks: ks[-1]), "last reference only"),
        "set": (
            lambda c, r, n: (
                len(set(runs(c, n)) & {g for x in r for g in runs(x, n)}),
                len(set(runs(c, n))),
            ),
            "different n-gram once",
        ),
        "unigrams": (lambda c, r, n: clip_loop(c, r, 1), "single words"),
        "n + 1": (lambda c, r, n: clip_loop(c, r, n + 1), "n . 1 words"),
        "words": (lambda c, r, n: (clip_loop(c, r, n)[0], len(c)), "runs of n words, not L"),
        "best": (lambda c, r, n: max(clip_loop(c, [x], n) for x in r), "another one may have more"),
        "one run short": (
            lambda c, r, n: clip_loop(c[:-1], [x[:-1] for x in r], n),
            "last run of n words",
        ),
        "words in any order": (
            lambda c, r, n: (
                sum(
                    (
                        Counter(map(frozenset, runs(c, n)))
                        & Counter(g for x in r for g in map(frozenset, runs(x, n)))
                    ).values()
                ),
                len(runs(c, n)),
            ),
            "",
        ),
        "in text": (clip_in_text, ""),
        "share": (clip_share, ""),
        "mean": (clip_with(lambda ks: sum(ks) / len(ks)), ""),
        "exchanged": (lambda c, r, n: clip_loop(c, r, n)[::-1], ""),
        "negative": (
            lambda c, r, n: (clip_loop(c, r, n)[0], len(c) - n + 1),
            "",
        ),
    },
    "15-corpus": {
        "sentences": (corpus_sentences, "mean of the images' own"),
        "image means": (corpus_image_means, "images' precisions"),
        "arithmetic": (corpus_with(np.mean), "arithmetic mean"),
        "no root": (corpus_with(np.prod), "fourth root"),
        "last": (corpus_with(lambda p: p[3]), "4-grams alone"),
        "no penalty": (corpus_with(penalty=lambda c, r: 1), "penalty is missing"),
        "ratio": (corpus_with(penalty=lambda c, r: min(1, c / r)), "c/r"),
        "not capped": (corpus_with(penalty=lambda c, r: np.exp(1 - r / c)), "above 1"),
        "turned": (corpus_with(penalty=lambda c, r: min(1, np.exp(1 - c / r))), "long captions"),
        "harmonic": (corpus_with(lambda p: stats.hmean(p + 1e-12)), ""),
        "three orders": (corpus_with(lambda p: np.prod(p[:3]) ** (1 / 3)), ""),
        "square root": (corpus_with(lambda p: np.prod(p) ** 0.5), ""),
        "inside the root": (
            lambda m, t, c, r: (
                (corpus_penalty(c.sum(), r.sum()) * np.prod(m.sum(0) / t.sum(0))) ** 0.25
            ),
            "",
        ),
        "smoothed": (lambda m, t, c, r: corpus_plain(m + 1, t + 1, c, r), ""),
    },
    "15-alpha": {
        "nominal": (alpha_of("nominal"), "whether two ratings differ"),
        "lonely": (alpha_all_in_pool, "drops out"),
        "units": (alpha_unit_means, "mean over units|all pairs alike"),
        "zeros": (lambda r: alpha_package(np.nan_to_num(r)), "no 0"),
        "complete": (lambda r: alpha_package(r[:, ~np.isnan(r).any(0)]), "all have rated"),
        "ratio of both": (lambda r: 1 - alpha_package(r), "one minus"),
        "ordinal": (alpha_of("ordinal"), ""),
        "ratio scale": (alpha_of("ratio"), ""),
        "half": (lambda r: 1 - (1 - alpha_package(r)) / 2, "within a unit once"),
        "double": (lambda r: 1 - (1 - alpha_package(r)) * 2, "pool once"),
        "whole numbers": (lambda r: alpha_package(np.round(r)), ""),
        "cut to 1 … 5": (lambda r: alpha_package(np.clip(r, 1, 5)), ""),
        "never negative": (lambda r: max(0, alpha_package(r)), ""),
        "rounded": (lambda r: round(alpha_package(r), 3), ""),
        "root": (lambda r: 1 - np.sqrt(1 - alpha_package(r)), ""),
        "first two": (lambda r: alpha_package(r[:2]), ""),
        "means": (
            lambda r: alpha_package(np.where(np.isnan(r), np.nanmean(r), r)),
            "",
        ),
    },
    "15-turnover": {
        "means": (turnover_by(lambda a, b: np.sign(a.mean() - b.mean())), "compare means"),
        "unpaired": (turnover_by(turnover_unpaired), "two separate samples"),
        "overlap": (turnover_by(turnover_overlap), "two intervals overlap"),
        "every seed": (
            turnover_by(lambda a, b: int((a > b).all()) - int((a < b).all())),
            "every seed",
        ),
        "90": (turnover_by(lambda a, b: side_of(interval(a - b, 0.9))), "90 %"),
        "always": (lambda *x: "holds", ""),
        "99": (turnover_by(lambda a, b: side_of(interval(a - b, 0.99))), ""),
        "clean twice": (lambda a, b, c, d: turnover_interval(a, b, a, b), ""),
        "models crossed": (lambda a, b, c, d: turnover_interval(a, c, b, d), ""),
        "exchanged": (
            lambda *x: {"holds": "turns over", "turns over": "holds"}.get(
                turnover_interval(*x), "cannot be said"
            ),
            "",
        ),
        "another word": (lambda *x: "tie", "one of"),
    },
}
RIGHT = {
    "15-votes": {
        "loop": votes_loop,
        "numpy": votes_numpy,
        "fractions": votes_fractions,
        "package": votes_package,
    },
    "15-clip": {"loop": clip_loop, "package": clip_package, "budget": clip_budget},
    "15-corpus": {"plain": corpus_plain, "package": corpus_package, "stats": corpus_stats},
    "15-alpha": {"loop": alpha_loop, "package": alpha_package, "variance": alpha_variance},
    "15-turnover": {
        "interval": turnover_interval,
        "scipy": turnover_scipy,
        "by hand": turnover_by_hand,
    },
}
