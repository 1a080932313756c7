"""Answers to lesson 05's exercises, as learners might write them."""

import math
import statistics
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import torch
from scipy import stats
from scipy.special import softmax
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid


def gap_loop(valid_alone, test_alone, test_joint):
    best, name = -1.0, None
    for modality, value in valid_alone.items():
        if value > best:
            best, name = value, modality
    return test_joint - test_alone[name]


def probabilities(logits):
    return torch.softmax(torch.as_tensor(logits), dim=1).numpy()


def exp_shares(logits, shift):
    e = np.exp(logits - shift)
    return e / e.sum(axis=1, keepdims=True)


def ensemble_torch(a, b, y):
    p = torch.softmax(torch.tensor(a), 1) + torch.softmax(torch.tensor(b), 1)
    return (p.argmax(1) == torch.tensor(y)).double().mean()


def ensemble_loop(a, b, y):
    right = 0
    for row_a, row_b, label in zip(a, b, y, strict=True):
        p = [math.exp(v - max(row_a)) for v in row_a]
        q = [math.exp(v - max(row_b)) for v in row_b]
        mean = [i / sum(p) + j / sum(q) for i, j in zip(p, q, strict=True)]
        right += mean.index(max(mean)) == label
    return right / len(y)


def hits(scores, y):
    return (np.asarray(scores).argmax(-1) == y).sum() / len(y)


def interval_by_hand(x, y):
    d = [a - b for a, b in zip(x, y, strict=True)]
    half = stats.t(len(d) - 1).isf(0.025) * statistics.stdev(d) / math.sqrt(len(d))
    return [statistics.mean(d) - half, statistics.mean(d) + half]


def interval_with(x, y, quantile, scale):
    d = pd.Series(np.asarray(x) - np.asarray(y))
    return d.mean() - quantile * scale(d), d.mean() + quantile * scale(d)


def centroids_loop(train_x, train_y, test_x, test_y):
    centres = {c: train_x[train_y == c].mean(0) for c in set(train_y.tolist())}
    right = 0
    for x, label in zip(test_x, test_y, strict=True):
        right += min(centres, key=lambda c: np.linalg.norm(x - centres[c])) == label
    return right / len(test_y)


def centroids_torch(train_x, train_y, test_x, test_y):
    x, y, u = torch.tensor(train_x), torch.tensor(train_y), torch.tensor(test_x)
    centres = torch.stack([x[y == c].mean(0) for c in y.unique()])
    return (torch.cdist(u, centres).argmin(1) == torch.tensor(test_y)).double().mean()


def centroids(x, y):
    return pd.DataFrame(x).groupby(np.asarray(y)).mean().to_numpy()


def nearest(x, centres):
    return np.array([np.argmin([np.sum((row - c) ** 2) for c in centres]) for row in x])


def diagnose_nested(drop, probe_changes):
    starved = any(change < -0.08 for change in probe_changes.values())
    if drop < -0.02:
        return "starvation" if starved else "overfitting of the fusion head"
    return "hidden starvation" if starved else "none"


def diagnose_table(drop, probe_changes):
    table = {
        (True, True): "starvation",
        (False, True): "hidden starvation",
        (True, False): "overfitting of the fusion head",
        (False, False): "none",
    }
    return table[drop < -0.02, sorted(probe_changes.values())[0] < -0.08]


def diagnose_numpy(drop, probe_changes):
    table = np.array(
        [["none", "hidden starvation"], ["overfitting of the fusion head", "starvation"]]
    )
    return str(table[int(drop < -0.02), int(np.min(list(probe_changes.values())) < -0.08)])


def words(worse, starved):
    if starved:
        return "starvation" if worse else "hidden starvation"
    return "overfitting of the fusion head" if worse else "none"


RIGHT = {
    "05-fair-gap": {
        "loop": gap_loop,
        "max with key": lambda v, t, j: j - t[max(v, key=v.get)],
        "pandas": lambda v, t, j: j - pd.Series(t)[pd.Series(v).idxmax()],
        "sorted": lambda v, t, j: j - t[sorted(v, key=v.get)[-1]],
        "pairs": lambda v, t, j: j - max((v[m], t[m]) for m in v)[1],
        "float32": lambda v, t, j: np.float32(j) - np.float32(t[max(v, key=v.get)]),
        "fractions": lambda v, t, j: Fraction(j) - Fraction(t[max(v, key=v.get)]),
        "decimals": lambda v, t, j: [Decimal(j) - Decimal(t[max(v, key=v.get)])],
    },
    "05-ensemble": {
        "torch": ensemble_torch,
        "loop": ensemble_loop,
        "numpy": lambda a, b, y: hits((probabilities(a) + probabilities(b)) / 2, y),
        "float32": lambda a, b, y: ensemble_torch(np.float32(a), np.float32(b), y),
        "stacked": lambda a, b, y: hits(softmax(np.stack([a, b]), axis=-1).mean(0), y),
        "fractions": lambda a, b, y: Fraction(
            sum((probabilities(a) + probabilities(b)).argmax(1) == y).item(), len(y)
        ),
    },
    "05-paired-interval": {
        "by hand": interval_by_hand,
        "scipy": lambda x, y: tuple(
            stats.ttest_rel(x, y).confidence_interval(confidence_level=0.95)
        ),
        "t.interval": lambda x, y: stats.t.interval(
            0.95, len(x) - 1, np.mean(x - y), stats.sem(x - y)
        ),
        "float32": lambda x, y: interval_by_hand(np.float32(x).tolist(), np.float32(y).tolist()),
        "float32 differences": lambda x, y: interval_with(
            np.float32(x), np.float32(y), stats.t.ppf(0.975, len(x) - 1), pd.Series.sem
        ),
        "fractions": lambda x, y: list(map(Fraction, interval_by_hand(x, y))),
    },
    "05-probe": {
        "loop": centroids_loop,
        "torch": centroids_torch,
        "scikit-learn": lambda a, b, x, y: NearestCentroid().fit(a, b).score(x, y),
        "float32": lambda a, b, x, y: centroids_torch(np.float32(a), b, np.float32(x), y),
        "loops": lambda a, b, x, y: [np.mean(nearest(x, centroids(a, b)) == y)],
        "expanded": lambda a, b, x, y: hits(
            x @ centroids(a, b).T - (centroids(a, b) ** 2).sum(1) / 2, y
        ),
    },
    "05-diagnose": {
        "nested": diagnose_nested,
        "table": diagnose_table,
        "numpy": diagnose_numpy,
        "percent": lambda d, c: words(100 * d < -2, any(100 * v < -8 for v in c.values())),
        "turned round": lambda d, c: words(-d > 0.02, max(-v for v in c.values()) > 0.08),
        "series": lambda d, c: words(d < -0.02, bool((pd.Series(c) < -0.08).any())),
        "float32": lambda d, c: diagnose_nested(
            np.float32(d), {name: np.float32(v) for name, v in c.items()}
        ),
        "capitals": lambda d, c: f" {diagnose_nested(d, c).upper()}",
    },
}

WRONG = {
    "05-fair-gap": {
        "chosen on test": (
            lambda v, t, j: j - sorted(t.values())[-1],
            "chose the rival on the test",
        ),
        "valid reported": (lambda v, t, j: j - pd.Series(v).max(), "validation accuracy"),
        "sign": (lambda v, t, j: t[max(v, key=v.get)] - j, "sign"),
        "absolute": (lambda v, t, j: math.fabs(gap_loop(v, t, j)), "Keep the sign"),
        "average": (lambda v, t, j: j - statistics.fmean(t.values()), "not the average"),
        "weakest": (lambda v, t, j: j - t[min(v, key=v.get)], "weakest modality on validation"),
        "first": (lambda v, t, j: j - t[next(iter(t))], "order in the dict"),
        "first of valid": (lambda v, t, j: j - t[next(iter(v))], "order in the dict"),
        "by place": (
            lambda v, t, j: j - list(t.values())[int(np.argmax(list(v.values())))],
            "by name",
        ),
        "best of the means": (
            lambda v, t, j: j - t[max(v, key=lambda m: v[m] + t[m])],
            "both splits together",
        ),
        "best of the larger ones": (
            lambda v, t, j: j - t[max(v, key=lambda m: max(v[m], t[m]))],
            "",
        ),
        "largest fall": (lambda v, t, j: j - t[max(v, key=lambda m: v[m] - t[m])], ""),
        "rounded to hundredths": (
            lambda v, t, j: j - t[max(v, key=lambda m: round(v[m], 2))],
            "",
        ),
        "rounded to thousandths": (
            lambda v, t, j: j - t[max(v, key=lambda m: round(v[m], 3))],
            "",
        ),
        "result rounded": (lambda v, t, j: round(gap_loop(v, t, j), 3), ""),
        "share of the rival": (lambda v, t, j: gap_loop(v, t, j) / (j - gap_loop(v, t, j)), ""),
        "no negative gap": (lambda v, t, j: max(0, gap_loop(v, t, j)), ""),
        "first two": (lambda v, t, j: j - t[max(list(v)[:2], key=v.get)], ""),
        "last on test": (lambda v, t, j: j - list(t.values())[-1], ""),
        "audio": (lambda v, t, j: j - t["audio"], ""),
        "mean of both splits": (
            lambda v, t, j: j - (max(v.values()) + t[max(v, key=v.get)]) / 2,
            "",
        ),
        "test's best on validation": (lambda v, t, j: j - v[max(t, key=t.get)], ""),
        "median": (lambda v, t, j: j - statistics.median(t.values()), ""),
        "percent": (lambda v, t, j: 100 * gap_loop(v, t, j), ""),
        "second": (lambda v, t, j: j - t[sorted(v, key=v.get)[-2]], ""),
        "last name": (lambda v, t, j: j - t[max(v)], ""),
        "taken out": (
            lambda v, t, j: j - t.pop(max(v, key=v.get)),
            "The right number, but you changed t",
        ),
        "not subtracted": (lambda v, t, j: t[pd.Series(v).idxmax()], "subtract it"),
    },
    "05-ensemble": {
        "logits": (lambda a, b, y: hits(0.5 * a + 0.5 * b, y), "averaged logits"),
        "accuracies": (lambda a, b, y: 0.5 * hits(a, y) + 0.5 * hits(b, y), "two accuracies"),
        "better": (lambda a, b, y: max(hits(a, y), hits(b, y)), "better single model"),
        "surer": (
            lambda a, b, y: hits(np.maximum(probabilities(a), probabilities(b)), y),
            "surer model",
        ),
        "wrong axis": (
            lambda a, b, y: hits(
                torch.softmax(torch.tensor(a), 0) + torch.softmax(torch.tensor(b), 0), y
            ),
            "wrong axis",
        ),
        "either": (
            lambda a, b, y: np.mean(
                [i == k or j == k for i, j, k in zip(a.argmax(1), b.argmax(1), y, strict=True)]
            ),
            "either model",
        ),
        "first only": (lambda a, b, y: hits(probabilities(a), y), "Only the first"),
        "error": (lambda a, b, y: 1 - ensemble_loop(a, b, y), "errors"),
        "twice": (
            lambda a, b, y: hits(
                probabilities(probabilities(a)) + probabilities(probabilities(b)), y
            ),
            "softmax of the softmax",
        ),
        "no keepdims": (
            lambda a, b, y: hits(np.exp(a) / np.exp(a).sum(1) + np.exp(b) / np.exp(b).sum(1), y),
            "keepdims=True",
        ),
        "products": (
            lambda a, b, y: hits(probabilities(a) * probabilities(b), y),
            "averaged logits|multiplied",
        ),
        "exponentials": (lambda a, b, y: hits(np.exp(a) + np.exp(b), y), ""),
        "largest logit taken off": (
            lambda a, b, y: hits((a - a.max(1)[:, None]) + (b - b.max(1)[:, None]), y),
            "averaged logits",
        ),
        "logarithms": (
            lambda a, b, y: hits(np.log(probabilities(a)) + np.log(probabilities(b)), y),
            "averaged logits",
        ),
        "votes": (
            lambda a, b, y: hits(np.eye(len(a.T))[a.argmax(1)] + np.eye(len(a.T))[b.argmax(1)], y),
            "",
        ),
        "clipped logits": (
            lambda a, b, y: hits(probabilities(a.clip(-5, 5)) + probabilities(b.clip(-5, 5)), y),
            "",
        ),
        "probabilities rounded": (
            lambda a, b, y: hits(probabilities(a).round(2) + probabilities(b).round(2), y),
            "",
        ),
        "squares": (lambda a, b, y: hits(probabilities(a) ** 2 + probabilities(b) ** 2, y), ""),
        "smaller probability": (
            lambda a, b, y: hits(np.minimum(probabilities(a), probabilities(b)), y),
            "",
        ),
        "standardised logits": (
            lambda a, b, y: hits(stats.zscore(a, axis=1) + stats.zscore(b, axis=1), y),
            "",
        ),
        "no shift": (
            lambda a, b, y: hits(exp_shares(a, 0.0) + exp_shares(b, 0.0), y),
            "row's own maximum",
        ),
        "shifted as a whole": (
            lambda a, b, y: hits(exp_shares(a, a.max()) + exp_shares(b, b.max()), y),
            "row's own maximum",
        ),
        "not divided": (
            lambda a, b, y: hits(np.exp(a - a.max(1)[:, None]) + np.exp(b - b.max(1)[:, None]), y),
            "",
        ),
        "logits within 50": (
            lambda a, b, y: hits(
                probabilities(a.clip(-50, 50)) + probabilities(b.clip(-50, 50)), y
            ),
            "",
        ),
        "six classes": (
            lambda a, b, y: hits((probabilities(a) + probabilities(b))[:, :6], y),
            "",
        ),
        "three classes": (
            lambda a, b, y: hits((probabilities(a) + probabilities(b))[:, :3], y),
            "",
        ),
        "hundred rows": (lambda a, b, y: ensemble_loop(a[:100], b[:100], y[:100]), ""),
        "mean over classes": (
            lambda a, b, y: np.mean(
                [ensemble_loop(a[y == c], b[y == c], y[y == c]) for c in set(y.tolist())]
            ),
            "",
        ),
        "result rounded": (lambda a, b, y: round(ensemble_loop(a, b, y), 2), ""),
        "two thirds": (lambda a, b, y: hits(2 * probabilities(a) + probabilities(b), y), ""),
        "labels' shares": (
            lambda a, b, y: (probabilities(a) + probabilities(b))[np.arange(len(y)), y].mean() / 2,
            "",
        ),
    },
    "05-paired-interval": {
        "unpaired": (
            lambda x, y: tuple(stats.ttest_ind(x, y).confidence_interval(confidence_level=0.95)),
            "two separate groups",
        ),
        "1.96": (lambda x, y: interval_with(x, y, 1.96, pd.Series.sem), "1.96"),
        "normal": (
            lambda x, y: interval_with(x, y, stats.norm.ppf(0.975), pd.Series.sem),
            "1.96",
        ),
        "no root n": (
            lambda x, y: interval_with(x, y, stats.t.ppf(0.975, len(x) - 1), pd.Series.std),
            "single seeds",
        ),
        "population sd": (
            lambda x, y: interval_with(
                x, y, stats.t.ppf(0.975, len(x) - 1), lambda d: np.std(d.to_numpy()) / len(d) ** 0.5
            ),
            "ddof=1",
        ),
        "one-sided": (
            lambda x, y: interval_with(x, y, stats.t.ppf(0.95, len(x) - 1), pd.Series.sem),
            "97.5",
        ),
        "sign": (lambda x, y: interval_by_hand(y, x), "sign"),
        "order": (lambda x, y: interval_by_hand(x, y)[::-1], "lower one first"),
        "df n": (
            lambda x, y: interval_with(x, y, stats.t.ppf(0.975, len(x)), pd.Series.sem),
            "n − 1 are left",
        ),
        "range": (lambda x, y: [min(x - y), max(x - y)], "range of the seeds"),
        "two errors": (lambda x, y: interval_with(x, y, 2, pd.Series.sem), ""),
        "99 %": (
            lambda x, y: interval_with(x, y, stats.t.ppf(0.995, len(x) - 1), pd.Series.sem),
            "",
        ),
        "only where they differ": (
            lambda x, y: interval_by_hand((x - y)[x != y], 0 * x[x != y]),
            "",
        ),
        "each difference once": (
            lambda x, y: interval_by_hand(np.unique(x - y), 0 * np.unique(x - y)),
            "",
        ),
        "median": (
            lambda x, y: np.array(interval_by_hand(x, y)) - np.mean(x - y) + np.median(x - y),
            "",
        ),
        "means of pairs sorted": (lambda x, y: interval_by_hand(sorted(x), sorted(y)), ""),
        "first five": (lambda x, y: interval_by_hand(x[:5], y[:5]), ""),
        "n - 2": (
            lambda x, y: interval_with(x, y, stats.t.ppf(0.975, max(len(x) - 2, 1)), pd.Series.sem),
            "",
        ),
        "always five seeds": (lambda x, y: interval_with(x, y, 2.776, pd.Series.sem), ""),
        "root of n - 1": (
            lambda x, y: interval_with(
                x, y, stats.t.ppf(0.975, len(x) - 1), lambda d: d.std() / (len(d) - 1) ** 0.5
            ),
            "",
        ),
        "variance": (
            lambda x, y: interval_with(
                x, y, stats.t.ppf(0.975, len(x) - 1), lambda d: d.var() / len(d) ** 0.5
            ),
            "",
        ),
        "spread of joint": (
            lambda x, y: interval_with(
                x, y, stats.t.ppf(0.975, len(x) - 1), lambda d: stats.sem(x)
            ),
            "",
        ),
        "sizes": (lambda x, y: interval_by_hand(abs(x - y), 0 * x), ""),
        "relative": (lambda x, y: interval_by_hand(x / y - 1, 0 * x), ""),
        "mean and half": (lambda x, y: (np.mean(x - y), np.ptp(interval_by_hand(x, y)) / 2), ""),
        "quartiles": (lambda x, y: np.percentile(x - y, [25, 75]), ""),
        "within -1 and 1": (lambda x, y: np.clip(interval_by_hand(x, y), -1, 1), ""),
        "rounded": (lambda x, y: np.round(interval_by_hand(x, y), 3), ""),
        "half width": (lambda x, y: interval_by_hand(x, y)[1] - np.mean(x - y), ""),
        "never negative": (lambda x, y: np.maximum(interval_by_hand(x, y), 0), ""),
        "bootstrap": (
            lambda x, y: np.percentile(
                [np.random.default_rng(i).choice(x - y, len(x)).mean() for i in range(500)],
                [2.5, 97.5],
            ),
            "",
        ),
        "subtracted in place": (
            lambda x, y: interval_by_hand(x.__isub__(y), 0 * y),
            "The right number, but you changed x",
        ),
    },
    "05-probe": {
        "on train": (
            lambda a, b, x, y: NearestCentroid().fit(a, b).score(a, b),
            "measured on the training rows",
        ),
        "on test": (
            lambda a, b, x, y: NearestCentroid().fit(x, y).score(x, y),
            "seen the answers",
        ),
        "dot product": (lambda a, b, x, y: hits(x @ centroids(a, b).T, y), "dot product"),
        "farthest": (
            lambda a, b, x, y: hits(
                np.stack([np.linalg.norm(x - c, axis=1) for c in centroids(a, b)], 1), y
            ),
            "nearest mean answers",
        ),
        "sums": (
            lambda a, b, x, y: np.mean(
                nearest(x, pd.DataFrame(a).groupby(np.asarray(b)).sum().to_numpy()) == y
            ),
            "class sizes",
        ),
        "one centred": (
            lambda a, b, x, y: np.mean(nearest(x, centroids(a - a.mean(0), b)) == y),
            "centred one split",
        ),
        "count": (lambda a, b, x, y: (nearest(x, centroids(a, b)) == y).sum(), "share"),
        "error": (lambda a, b, x, y: (nearest(x, centroids(a, b)) != y).mean(), "errors"),
        "both splits": (
            lambda a, b, x, y: np.mean(
                nearest(x, centroids(np.vstack([a, x]), np.append(b, y))) == y
            ),
            "Training only",
        ),
        "medians": (
            lambda a, b, x, y: np.mean(
                nearest(x, pd.DataFrame(a).groupby(np.asarray(b)).median().to_numpy()) == y
            ),
            "medians as centres",
        ),
        "scaled": (
            lambda a, b, x, y: np.mean(nearest(x / a.std(0), centroids(a / a.std(0), b)) == y),
            "",
        ),
        "balanced": (
            lambda a, b, x, y: np.mean(
                [(nearest(x[y == c], centroids(a, b)) == c).mean() for c in np.unique(y)]
            ),
            "counts the same",
        ),
        "classes of the test rows": (
            lambda a, b, x, y: np.mean(nearest(x, centroids(a, b)[: max(y) + 1]) == y),
            "",
        ),
        "in order of appearance": (
            lambda a, b, x, y: np.mean(
                nearest(x, pd.DataFrame(a).groupby(b, sort=False).mean().to_numpy()) == y
            ),
            "",
        ),
        "three classes": (
            lambda a, b, x, y: np.mean(nearest(x, centroids(a, b)[:3]) == y),
            "",
        ),
        "first feature": (
            lambda a, b, x, y: np.mean(nearest(x[:, :1], centroids(a[:, :1], b)) == y),
            "",
        ),
        "one sample per class": (
            lambda a, b, x, y: np.mean(
                nearest(x, pd.DataFrame(a).groupby(b).first().to_numpy()) == y
            ),
            "",
        ),
        "labels sorted": (
            lambda a, b, x, y: np.mean(nearest(x, centroids(a, np.sort(b))) == y),
            "",
        ),
        "clipped": (
            lambda a, b, x, y: np.mean(nearest(x, centroids(a.clip(-5, 5), b)) == y),
            "",
        ),
        "means rounded": (
            lambda a, b, x, y: np.mean(nearest(x, centroids(a, b).round(2)) == y),
            "",
        ),
        "no negative features": (
            lambda a, b, x, y: np.mean(
                nearest(np.maximum(x, 0), centroids(np.maximum(a, 0), b)) == y
            ),
            "",
        ),
        "each split standardised": (
            lambda a, b, x, y: np.mean(
                nearest(stats.zscore(x), centroids(stats.zscore(a), b)) == y
            ),
            "",
        ),
        "commonest class": (lambda a, b, x, y: np.mean(y == np.bincount(b).argmax()), ""),
        "hundred rows": (
            lambda a, b, x, y: np.mean(nearest(x[:100], centroids(a, b)) == y[:100]),
            "",
        ),
        "rounded": (lambda a, b, x, y: round(centroids_loop(a, b, x, y), 2), ""),
        "three neighbours": (
            lambda a, b, x, y: KNeighborsClassifier(3).fit(a, b).score(x, y),
            "",
        ),
    },
    "05-diagnose": {
        "drop only": (lambda d, c: "starvation" if d < -0.02 else "none", "two causes"),
        "probes only": (
            lambda d, c: "starvation" if min(c.values()) < -0.08 else "none",
            "only look at the probes",
        ),
        "absolute": (
            lambda d, c: words(abs(d) > 0.02, any(abs(v) > 0.08 for v in c.values())),
            "compare sizes",
        ),
        "mean": (
            lambda d, c: words(d < -0.02, statistics.mean(c.values()) < -0.08),
            "average the probes",
        ),
        "all": (
            lambda d, c: words(d < -0.02, all(v < -0.08 for v in c.values())),
            "every encoder",
        ),
        "first": (lambda d, c: words(d < -0.02, c[next(iter(c))] < -0.08), "one modality only"),
        "last": (lambda d, c: words(d < -0.02, [*c.values()][-1] < -0.08), "one modality only"),
        "one threshold": (lambda d, c: words(d < -0.05, min(c.values()) < -0.05), ".*"),
        "drop below 0.03": (lambda d, c: words(d < -0.03, min(c.values()) < -0.08), ""),
        "drop of 0.02 too": (lambda d, c: words(d <= -0.02, min(c.values()) < -0.08), ""),
        "probe of 0.08 too": (lambda d, c: words(d < -0.02, min(c.values()) <= -0.08), ""),
        "median": (lambda d, c: words(d < -0.02, statistics.median(c.values()) < -0.08), ""),
        "sum": (lambda d, c: words(d < -0.02, sum(c.values()) < -0.08), ""),
        "exactly one": (lambda d, c: words(d < -0.02, sum(v < -0.08 for v in c.values()) == 1), ""),
        "nearest to zero": (
            lambda d, c: words(d < -0.02, min(c.values(), key=abs) < -0.08),
            "",
        ),
        "second lowest": (
            lambda d, c: words(d < -0.02, sorted(c.values())[len(c) // 2] < -0.08),
            "",
        ),
        "A, B and C": (lambda d, c: words(d < -0.02, min(c.get(m, 0) for m in "ABC") < -0.08), ""),
        "first three": (lambda d, c: words(d < -0.02, min([*c.values()][:3]) < -0.08), ""),
        "last two": (lambda d, c: words(d < -0.02, min([*c.values()][-2:]) < -0.08), ""),
        "drop rounded": (lambda d, c: words(round(d, 3) < -0.02, min(c.values()) < -0.08), ""),
        "probe rounded": (lambda d, c: words(d < -0.02, round(min(c.values()), 3) < -0.08), ""),
        "whole percent": (lambda d, c: words(int(100 * d) < -2, min(c.values()) < -0.08), ""),
        "drop below 0.0201": (lambda d, c: words(d < -0.0201, min(c.values()) < -0.08), ""),
        "range": (lambda d, c: words(d < -0.02, max(c.values()) - min(c.values()) > 0.08), ""),
        "no hidden starvation": (
            lambda d, c: diagnose_nested(d, c) if d < -0.02 else "none",
            "",
        ),
        "overfitting first": (
            lambda d, c: diagnose_nested(d, {"A": 0.0} if d < -0.02 else c),
            "",
        ),
        "first two": (lambda d, c: words(d < -0.02, min(list(c.values())[:2]) < -0.08), ""),
        "A": (lambda d, c: words(d < -0.02, c.get("A", 0) < -0.08), ""),
        "first name": (lambda d, c: words(d < -0.02, c[min(c)] < -0.08), ""),
        "against the drop": (lambda d, c: words(d < -0.02, min(c.values()) < d), ""),
        "probe below 0.07": (lambda d, c: words(d < -0.02, min(c.values()) < -0.07), ""),
        "probe below 0.1": (lambda d, c: words(d < -0.02, min(c.values()) < -0.1), ""),
        "exchanged thresholds": (
            lambda d, c: words(d < -0.08, sorted(c.values())[0] < -0.02),
            "changed places: 0.02",
        ),
        "zero": (lambda d, c: words(d < 0, any(v < 0 for v in c.values())), "any negative"),
        "exchanged": (
            lambda d, c: words(d < -0.02, not any(v < -0.08 for v in c.values())),
            "illnesses have changed",
        ),
    },
}
