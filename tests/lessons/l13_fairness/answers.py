"""Answers to lesson 13's exercises, as learners might write them."""

from collections import Counter
from fractions import Fraction
from functools import partial

import numpy as np
import pandas as pd
import torch

from coursekit.analysis.group_metrics import equalized_odds_difference
from coursekit.analysis.group_rates import group_rates
from coursekit.data.reweighing import reweighing_weights

# ---- rates -------------------------------------------------------------------------------------


def rates_loop(labels, predictions, groups, names):
    table = []
    for name in names:
        hits = misses = 0
        for y, p, g in zip(labels, predictions, groups, strict=True):
            if g == name and y == 1:
                hits += p == 1
                misses += p == 0
        n = hits + misses
        table.append([n, hits / n if n else -1])
    return table


def rates_pandas(labels, predictions, groups, names):
    rows = pd.DataFrame({"y": labels, "p": predictions, "g": groups})
    found = rows[rows.y == 1].groupby("g").p.agg(["size", "mean"])
    found = found.reindex(list(names))
    return pd.DataFrame({"n": found["size"].fillna(0), "rate": found["mean"].fillna(-1)})


def rates_package(labels, predictions, groups, names):
    table = group_rates(labels, predictions, groups).reindex(list(names))
    n, rate = table["positives"].fillna(0), table["true_positive_rate"].fillna(-1)
    return list(zip(n, rate, strict=True))


def rates_torch(labels, predictions, groups, names):
    y, p = torch.as_tensor(labels), torch.as_tensor(predictions)
    rows = []
    for name in names:
        mine = torch.tensor([g == name for g in groups]) & (y == 1)
        n = int(mine.sum())
        rows.append(torch.tensor([n, float(p[mine].float().mean()) if n else -1.0]))
    return torch.stack(rows)


def rates_counter(labels, predictions, groups, names):
    cells = Counter(zip(groups.tolist(), labels.tolist(), predictions.tolist(), strict=True))
    result = []
    for name in names:
        n = cells[name, 1, 0] + cells[name, 1, 1]
        result.append((n, cells[name, 1, 1] / max(n, 1) if n > 0 else -1))
    return tuple(result)


def rates_float32(labels, predictions, groups, names):
    return np.array(rates_loop(labels, predictions, groups, names), dtype=np.float32)


def rates_with(count, yes, empty=-1.0):
    """Cases and the share of hits among them, both from labels and predictions."""

    def answer(labels, predictions, groups, names):
        rows = []
        for name in names:
            mine = (groups == name) & count(labels, predictions)
            n = mine.sum()
            rows.append([n, yes(labels, predictions)[mine].mean() if n else empty])
        return np.array(rows, dtype=float)

    return answer


def positives(y, p):
    return y == 1


def everybody(y, p):
    return y >= 0


def chosen(y, p):
    return p == 1


def rates_size(labels, predictions, groups, names):
    rows = np.array(rates_loop(labels, predictions, groups, names), dtype=float)
    rows[:, 0] = [np.count_nonzero(groups == name) for name in names]
    return rows


def rates_by_all(labels, predictions, groups, names):
    total, rows = (labels == 1).sum(), []
    for name in names:
        mine = (groups == name) & (labels == 1)
        hits = (mine & (predictions == 1)).sum()
        rows.append([mine.sum(), hits / total if total else -1])
    return np.array(rows, dtype=float)


def rates_by_size(labels, predictions, groups, names):
    rows = []
    for name in names:
        mine = groups == name
        n = (labels[mine] == 1).sum()
        hits = (labels[mine] * predictions[mine]).sum()
        rows.append([n, hits / mine.sum() if mine.any() else -1])
    return rows


def rates_named(same):
    """Rows of a group are those whose name is the same by this rule: same(theirs, asked for)."""

    def answer(labels, predictions, groups, names):
        alike = [np.array([same(g, name) for g in groups.tolist()]) for name in names]
        return [rates_loop(labels, predictions, mine, [True])[0] for mine in alike]

    return answer


def rates_contains(labels, predictions, groups, names):
    rows = pd.DataFrame({"y": labels, "p": predictions, "g": groups})
    found = [rows[rows.g.str.contains(name) & (rows.y == 1)] for name in names]
    return [[len(f), f.p.mean() if len(f) else -1] for f in found]


# ---- odds --------------------------------------------------------------------------------------


def odds_loop(labels, predictions, groups):
    spans = []
    for of in (1, 0):
        rates = []
        for group in sorted(set(groups)):
            cases = [p for y, p, g in zip(labels, predictions, groups, strict=True)
                     if g == group and y == of]  # fmt: skip
            if not cases:
                return -1
            rates.append(sum(cases) / len(cases))
        spans.append(max(rates) - min(rates))
    return max(spans)


def odds_pandas(labels, predictions, groups):
    rows = pd.DataFrame({"y": labels, "p": predictions, "g": groups})
    table = rows.pivot_table(index="g", columns="y", values="p", aggfunc="mean")
    table = table.reindex(columns=[0, 1])
    if table.isna().any(axis=None):
        return -1
    return (table.max() - table.min()).max()


def odds_package(labels, predictions, groups):
    return float(np.nan_to_num(equalized_odds_difference(labels, predictions, groups), nan=-1.0))


def odds_table(labels, predictions, groups):
    table = group_rates(labels, predictions, groups)
    if (table[["positives", "negatives"]] == 0).any(axis=None):
        return torch.tensor(-1.0)
    return torch.tensor(
        max(np.ptp(table["true_positive_rate"]), np.ptp(table["false_positive_rate"]))
    )


def odds_counts(labels, predictions, groups):
    members = (groups[:, None] == np.unique(groups)).astype(float)
    spans = []
    for of in (labels == 1, labels == 0):
        n = of @ members
        if (n == 0).any():
            return np.array([-1.0])
        spans.append(np.ptp((of * predictions) @ members / n))
    return np.array([np.max(spans)])


def spans_of(labels, predictions, groups, empty=np.nan):
    spans = []
    for of in (1, 0):
        rates = [
            predictions[(groups == g) & (labels == of)].mean()
            if ((groups == g) & (labels == of)).any()
            else empty
            for g in np.unique(groups)
        ]
        spans.append(max(rates) - min(rates) if not np.isnan(rates).any() else np.nan)
    return spans


def odds_with(combine):
    def answer(labels, predictions, groups):
        spans = spans_of(labels, predictions, groups)
        return -1.0 if np.isnan(spans).any() else combine(spans)

    return answer


def odds_of_all(measure):
    def answer(labels, predictions, groups):
        if odds_loop(labels, predictions, groups) == -1:
            return -1.0
        values = [measure(labels[groups == g], predictions[groups == g]) for g in set(groups)]
        return max(values) - min(values)

    return answer


def odds_skipping(labels, predictions, groups):
    worst = 0.0
    for of in (0, 1):
        rates = [
            predictions[m].mean()
            for g in np.unique(groups)
            if (m := (groups == g) & (labels == of)).any()
        ]
        worst = max(worst, max(rates, default=0) - min(rates, default=0))
    return worst


def odds_pair(labels, predictions, groups, count=None, signed=False):
    if odds_loop(labels, predictions, groups) == -1:
        return -1.0
    spans = []
    for of in (0, 1):
        rates = [predictions[(groups == g) & (labels == of)].mean() for g in np.unique(groups)]
        rates = rates[:count] if count else rates
        spans.append(rates[0] - rates[-1] if signed else abs(rates[0] - rates[-1]))
    return max(spans)


def odds_from_lists(span, order=np.unique):
    """The larger of both spans; each from the list of rates."""

    def answer(labels, predictions, groups):
        if odds_loop(labels, predictions, groups) == -1:
            return -1.0
        return max(
            span(np.array([predictions[(groups == g) & (labels == of)].mean()
                           for g in order(groups)]))
            for of in (1, 0)
        )  # fmt: skip

    return answer


def odds_same_name(same):
    def answer(labels, predictions, groups):
        if odds_loop(labels, predictions, groups) == -1:
            return -1.0
        alike = {g: np.array([same(x, g) for x in groups.tolist()]) for g in set(groups.tolist())}
        return max(
            np.ptp([predictions[mine & (labels == of)].mean() for mine in alike.values()])
            for of in (1, 0)
        )

    return answer


def odds_either(first, second, labels, predictions, groups):
    spans = spans_of(labels, predictions, groups)
    return -1.0 if np.isnan(spans).any() else spans[first] or spans[second]


def odds_each_undefined(labels, predictions, groups):
    return max(-1 if np.isnan(span) else span for span in spans_of(labels, predictions, groups))


def odds_undefined_positives(labels, predictions, groups):
    hits, alarms = spans_of(labels, predictions, groups)
    return -1 if np.isnan(hits) else max(hits, 0 if np.isnan(alarms) else alarms)


# ---- weights -----------------------------------------------------------------------------------


def weights_counter(groups, labels):
    by_group, by_label = Counter(groups.tolist()), Counter(labels.tolist())
    both = Counter(zip(groups.tolist(), labels.tolist(), strict=True))
    n = len(labels)
    return [
        by_group[g] * by_label[y] / (n * both[g, y])
        for g, y in zip(groups.tolist(), labels.tolist(), strict=True)
    ]


def weights_pandas(groups, labels):
    rows = pd.DataFrame({"g": groups, "y": labels})
    sizes = [rows.groupby(list(k)).g.transform("size") for k in ("g", "y", "gy")]
    return sizes[0] * sizes[1] / (len(rows) * sizes[2])


def weights_shares(groups, labels):
    return np.array([
        np.mean(groups == g) * np.mean(labels == y) / np.mean((groups == g) & (labels == y))
        for g, y in zip(groups, labels, strict=True)
    ])  # fmt: skip


def weights_torch(groups, labels):
    g, y = (torch.tensor(x[:, None] == np.unique(x)).double() for x in (groups, labels))
    expected = g.sum(0)[:, None] * y.sum(0) / len(labels)
    return (g @ expected * y).sum(1) / (g @ (g.T @ y) * y).sum(1)


def weights_conditional(groups, labels):
    """P(label) over P(label | group)."""
    return tuple(
        float((labels == y).mean() / (labels[groups == g] == y).mean())
        for g, y in zip(groups, labels, strict=True)
    )


def weights_package(groups, labels):
    try:
        return reweighing_weights(groups.tolist(), labels.tolist())
    except ValueError:  # an empty cell: the others' weights are the same
        return weights_counter(groups, labels)


def weights_with(rule):
    def answer(groups, labels):
        g = (groups[:, None] == groups).sum(1)
        y = (labels[:, None] == labels).sum(1)
        both = ((groups[:, None] == groups) & (labels[:, None] == labels)).sum(1)
        return rule(g, y, both, len(labels))

    return answer


def weights_keyed(key):
    """Rows of one cell have one key, from the group, the group's number and the label."""

    def answer(groups, labels):
        numbers = {g: i for i, g in enumerate(sorted(set(groups.tolist())))}
        of, n = Counter(labels.tolist()), len(labels)
        rows = list(zip(groups.tolist(), labels.tolist(), strict=True))
        keys = [key(g, numbers[g], y, len(of)) for g, y in rows]
        both, by_group = Counter(keys), Counter(groups.tolist())
        return [by_group[g] * of[y] / (n * both[k]) for (g, y), k in zip(rows, keys, strict=True)]

    return answer


def number(label):
    """A label that is a text counts as far as it is one."""
    return (
        int(label) if str(label).isdigit() else label if isinstance(label, int) else ord(label[0])
    )


def weights_bincount(groups, labels):
    n_label = np.bincount(labels)[labels]
    same = groups[:, None] == groups
    return same.sum(1) * n_label / (len(labels) * (same & (labels[:, None] == labels)).sum(1))


def weights_listed(listed):
    """Only labels in a list of them are weighed; others keep the weight 1."""

    def answer(groups, labels):
        weights = np.ones(len(labels))
        for g in np.unique(groups):
            for y in listed(labels):
                cell = (groups == g) & (labels == y)
                if cell.any():
                    expected = (groups == g).sum() * (labels == y).sum() / len(labels)
                    weights[cell] = expected / cell.sum()
        return weights

    return answer


def weights_coded(code):
    """Group and label are replaced by a code of each."""

    def answer(groups, labels):
        g = np.array([code(x) for x in groups.tolist()])
        return weights_counter(g, np.array([code(y) for y in labels.tolist()]))

    return answer


def weights_crosstab(groups, labels):
    table = pd.crosstab(groups, labels)
    expected = np.outer(table.sum(axis=1), table.sum()) / len(labels)
    weights = pd.DataFrame(expected, table.index, table.columns) / table
    return [weights.loc[g, y] for g, y in zip(groups, labels, strict=True)]


def weights_text_key(groups, labels):
    """With a sign between both that no name has."""
    return weights_keyed(lambda g, i, y, k: f"{g}|{y}")(groups, labels)


def weights_inverse(groups, labels):
    (_, g, n_group), (_, y, n_label) = (
        np.unique(x, return_inverse=True, return_counts=True) for x in (groups, labels)
    )
    both = np.zeros((len(n_group), len(n_label)), dtype=np.float32)
    np.add.at(both, (g, y), 1)
    return (n_group[g] * n_label[y] / len(g) / both[g, y]).astype(np.float32)


# ---- reversal ----------------------------------------------------------------------------------


def step_autograd(w, u, x, y, a, strength, rate):
    w, u = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (w, u))
    f = w * x
    seen = f * -strength + (f * (1 + strength)).detach()
    loss = 0.5 * (f - y) ** 2 + 0.5 * (u * seen - a) ** 2
    by_w, by_u = torch.autograd.grad(loss, (w, u))
    return torch.stack([w - rate * by_w, u - rate * by_u])


def step_plain(w, u, x, y, a, strength, rate):
    f = w * x
    wrong = u * f - a
    return [w - rate * x * (f - y - strength * wrong * u), u - rate * wrong * f]


def step_two_losses(w, u, x, y, a, strength, rate):
    by_w = (w * x - y) * x
    by_u = (u * w * x - a) * w * x
    return pd.Series({"w": w - rate * (by_w - strength * (u * w * x - a) * u * x),
                      "u": u - rate * by_u})  # fmt: skip


def step_fractions(w, u, x, y, a, strength, rate):
    w, u, x, y, a, strength, rate = map(Fraction, (w, u, x, y, a, strength, rate))
    feature = w * x
    wrong = u * feature - a
    return [w - rate * (x * (feature - y) - strength * wrong * u * x), u - rate * wrong * feature]


def step_vectors(w, u, x, y, a, strength, rate):
    f = w * x
    gradients = np.array([(f - y) * x, 0.0]) + (u * f - a) * np.array([-strength * u * x, f])
    return np.array([w, u], dtype=float) - rate * gradients


def step_with(rule):
    def answer(w, u, x, y, a, strength, rate):
        f = w * x
        by_w, by_u = rule((f - y) * x, (u * f - a) * u * x, (u * f - a) * f, strength)
        return w - rate * by_w, u - rate * by_u

    return answer


def step_sequential(w, u, x, y, a, strength, rate):
    new = step_plain(w, u, x, y, a, strength, rate)[0]
    return [new, u - rate * (u * new * x - a) * new * x]


def step_no_chain(w, u, x, y, a, strength, rate):
    f = w * x
    return [w - rate * ((f - y) - strength * (u * f - a)) * x, u - rate * (u * f - a) * f]


def step_no_input(w, u, x, y, a, strength, rate):
    f = w * x
    return [w - rate * ((f - y) - strength * (u * f - a) * u), u - rate * (u * f - a) * f]


def step_float32(*numbers):
    return step_vectors(*map(np.float32, numbers)).astype(np.float32)


# ---- verdict -----------------------------------------------------------------------------------


def verdict_plain(change, probes, own, chance, margin):
    shrunk = change[2] < 0
    hidden = not any(p > chance + margin for p in probes.values())
    return ("both" if hidden else "gap only") if shrunk else (
        "attribute only" if hidden else "neither")  # fmt: skip


def verdict_table(change, probes, own, chance, margin):
    words = {(False, False): "neither", (False, True): "attribute only"}
    words |= {(True, False): "gap only", (True, True): "both"}
    return words[change[-1] < 0, max(probes[size] for size in probes) <= chance + margin]


def verdict_match(change, probes, own, chance, margin):
    match (change[2] < 0, chance + margin >= max(probes.values())):
        case (True, True):
            return "both"
        case (True, False):
            return "gap only"
        case (False, True):
            return "attribute only"
    return "neither"


def verdict_numpy(change, probes, own, chance, margin):
    leaks = (np.array(list(probes.values())) > chance + margin).any()
    sure = np.less(change, 0).all()  # an interval is below zero with all its ends
    return np.select([sure & ~leaks, sure, ~leaks], ["both", "gap only", "attribute only"],
                     "neither").item()  # fmt: skip


def verdict_capitals(change, probes, own, chance, margin):
    return verdict_plain(change, probes, own, chance, margin).title()


def verdict_by(gone, smaller=lambda change: change[2] < 0):
    def answer(change, probes, own, chance, margin):
        one, two = smaller(change), gone(probes, own, chance, margin)
        return "both" if one and two else "gap only" if one else (
            "attribute only" if two else "neither")  # fmt: skip

    return answer


def best_gone(probes, own, chance, margin):
    return max(probes.values()) <= chance + margin


WRONG = {
    "13-rates": {
        "zero": (rates_with(positives, chosen, 0.0), "gets the rate 0"),
        "one": (rates_with(positives, chosen, 1.0), "gets the rate 1"),
        "NaN": (rates_with(positives, chosen, np.nan), "0/0 is NaN"),
        "group's size": (rates_size, "first number is the group's size"),
        "selection": (rates_with(everybody, chosen), "selection rate"),
        "accuracy": (rates_with(everybody, lambda y, p: y == p), "That is the accuracy"),
        "false positives": (rates_with(lambda y, p: y == 0, chosen), "false-positive rate"),
        "precision": (rates_with(chosen, positives), "That is the precision"),
        "misses": (rates_with(positives, lambda y, p: p == 0), "are missed"),
        "of all": (rates_by_all, "all groups together"),
        "of the group": (rates_by_size, "hits by the group's size"),
        "sorted": (lambda y, p, g, n: rates_loop(y, p, g, sorted(n)), "not sorted"),
        "base rate": (rates_with(everybody, positives), ""),
        "reversed": (lambda y, p, g, n: rates_loop(y, p, g, n)[::-1], ""),
        "every group": (lambda y, p, g, n: rates_loop(y, p, g, sorted(set(g))), ""),
        "rates first": (
            lambda y, p, g, n: [row[::-1] for row in rates_loop(y, p, g, n)],
            "",
        ),
        "per cent": (
            lambda y, p, g, n: [[n, 100 * r] for n, r in rates_loop(y, p, g, n)],
            "",
        ),
        "contains": (rates_contains, ""),
        "in": (rates_named(lambda g, name: name in g), ""),
        "in the other": (rates_named(lambda g, name: g in name), ""),
        "begins": (rates_named(lambda g, name: g.startswith(name)), ""),
        "ends": (rates_named(lambda g, name: g.endswith(name)), ""),
        "first letter": (rates_named(lambda g, name: g[0] == name[0]), ""),
        "last letter": (rates_named(lambda g, name: g[-1] == name[-1]), ""),
        "three letters": (rates_named(lambda g, name: g[:3] == name[:3]), ""),
        "small letters": (rates_named(lambda g, name: g.lower() == name.lower()), ""),
        "a dictionary": (lambda y, p, g, n: dict.fromkeys(n, 0), ""),
    },
    "13-odds": {
        "mean": (odds_with(np.mean), "mean of both differences"),
        "smaller": (odds_with(min), "the smaller of both"),
        "sum": (odds_with(sum), "You add both"),
        "opportunity": (odds_with(lambda both: both[0]), "That is equal opportunity"),
        "false positives": (odds_with(lambda both: both[1]), "false-positive rates only"),
        "parity": (odds_of_all(lambda y, p: p.mean()), "demographic parity"),
        "accuracy": (odds_of_all(lambda y, p: (p == y).mean()), "You compare accuracies"),
        "zeros": (lambda y, p, g: max(spans_of(y, p, g, 0.0)), "counts as 0"),
        "passed over": (odds_skipping, "You pass over the group"),
        "signed": (lambda y, p, g: odds_pair(y, p, g, signed=True), "the first group minus"),
        "first two": (lambda y, p, g: odds_pair(y, p, g, 2), "first two groups only"),
        "first and last": (odds_pair, ""),
        "base rates": (odds_of_all(lambda y, p: y.mean()), ""),
        "one minus": (odds_with(lambda both: 1 - max(both)), ""),
        "NaN": (lambda y, p, g: max(spans_of(y, p, g)), ""),
        "product": (odds_with(np.prod), ""),
        "first three": (odds_from_lists(lambda r: np.ptp(r[:3])), ""),
        "last three": (odds_from_lists(lambda r: np.ptp(r[-3:])), ""),
        "first four": (odds_from_lists(lambda r: np.ptp(r[:4])), ""),
        "three met first": (odds_from_lists(lambda r: np.ptp(r[:3]), pd.unique), ""),
        "without the ends": (odds_from_lists(lambda r: np.ptp(r[1:-1] if len(r) > 3 else r)), ""),
        "every other": (odds_from_lists(lambda r: np.ptp(r[::2] if len(r) > 3 else r)), ""),
        "ring": (odds_from_lists(lambda r: abs(r - np.roll(r, 1)).max()), ""),
        "ring as met": (odds_from_lists(lambda r: abs(r - np.roll(r, 1)).max(), pd.unique), ""),
        "neighbours": (odds_from_lists(lambda r: abs(np.diff(r)).max(initial=0)), ""),
        "against the last": (odds_from_lists(lambda r: abs(r - r[-1]).max()), ""),
        "against the first": (odds_from_lists(lambda r: abs(r - r[0]).max()), ""),
        "against the first met": (odds_from_lists(lambda r: abs(r - r[0]).max(), pd.unique), ""),
        "against the mean": (odds_from_lists(lambda r: abs(r - r.mean()).max()), ""),
        "letters": (
            odds_from_lists(np.ptp, lambda g: [x for x in "abcd" if x in g] or np.unique(g)[:3]),
            "",
        ),
        "in": (odds_same_name(lambda x, g: g in x), ""),
        "begins": (odds_same_name(lambda x, g: x.startswith(g)), ""),
        "first letter": (odds_same_name(lambda x, g: x[0] == g[0]), ""),
        "hits or alarms": (partial(odds_either, 0, 1), ""),
        "alarms or hits": (partial(odds_either, 1, 0), ""),
        "undefined each": (odds_each_undefined, "you return the other"),
        "undefined positives": (odds_undefined_positives, ""),
        "half for undefined": (lambda y, p, g: max(spans_of(y, p, g, 0.5)), ""),
    },
    "13-weights": {
        "upside down": (weights_with(lambda g, y, b, n: n * b / (g * y)), "Upside down"),
        "by the cell": (weights_with(lambda g, y, b, n: 1 / b), "balanced sampling"),
        "by the group": (weights_with(lambda g, y, b, n: n / g), "You weigh groups only"),
        "by the label": (weights_with(lambda g, y, b, n: n / y), "You weigh labels only"),
        "expected": (weights_with(lambda g, y, b, n: g * y / n), "the cell should have"),
        "share": (weights_with(lambda g, y, b, n: b / n), "the cell's own share"),
        "n forgotten": (weights_with(lambda g, y, b, n: g * y / b), "number of rows is missing"),
        "n twice": (weights_with(lambda g, y, b, n: g * y / n / n / b), "twice"),
        "sum to one": (
            lambda g, y: np.array(weights_counter(g, y)) / sum(weights_counter(g, y)),
            "sum to one",
        ),
        "labels level": (weights_with(lambda g, y, b, n: g / b), "labels equally frequent"),
        "groups level": (weights_with(lambda g, y, b, n: y / b), "groups equally frequent"),
        "n over cell": (weights_with(lambda g, y, b, n: n / b), ""),
        "root": (weights_with(lambda g, y, b, n: np.sqrt(g * y / (n * b))), ""),
        "ones": (weights_with(lambda g, y, b, n: np.ones(n)), ""),
        "three labels": (weights_listed(lambda y: (0, 1, 2)), ""),
        "labels to the largest": (
            weights_listed(lambda y: range(y.max() + 1) if y.dtype.kind == "i" else np.unique(y)),
            "",
        ),
        "times three": (weights_keyed(lambda g, i, y, k: i * 3 + number(y)), ""),
        "times ten": (weights_keyed(lambda g, i, y, k: i * 10 + number(y)), ""),
        "times labels": (weights_keyed(lambda g, i, y, k: i * k + number(y)), ""),
        "side by side": (weights_keyed(lambda g, i, y, k: f"{g}{y}"), ""),
        "side by side, numbered": (weights_keyed(lambda g, i, y, k: f"{i}{y}"), ""),
        "bincount": (weights_bincount, ""),
        "first letter": (weights_coded(lambda x: str(x)[0]), ""),
        "last letter": (weights_coded(lambda x: str(x)[-1]), ""),
        "ord": (weights_coded(lambda x: ord(x) if isinstance(x, str) else x), ""),
        "without sign": (weights_coded(lambda x: x if isinstance(x, str) else abs(x)), ""),
        "cut at 20": (lambda g, y: np.clip(weights_counter(g, y), 0, 20), ""),
        "mean one": (lambda g, y: weights_counter(g, y) / np.mean(weights_counter(g, y)), ""),
        "cells": (lambda g, y: sorted(set(weights_counter(g, y))), ""),
    },
    "13-reversal": {
        "one loss": (step_with(lambda t, a, o, s: (t - s * a, -s * o)), "as .the. loss"),
        "climbs": (step_with(lambda t, a, o, s: (t - s * a, -o)), "climbs its own loss"),
        "slowed": (step_with(lambda t, a, o, s: (t - s * a, s * o)), "own step by λ"),
        "no reversal": (step_with(lambda t, a, o, s: (t + s * a, o)), "Nothing is reversed"),
        "no λ": (step_with(lambda t, a, o, s: (t - a, o)), "λ is missing"),
        "no adversary": (step_with(lambda t, a, o, s: (t, o)), "does not notice the adversary"),
        "no task": (step_with(lambda t, a, o, s: (-s * a, o)), "The task is missing"),
        "uphill": (step_with(lambda t, a, o, s: (-t + s * a, -o)), "up both gradients"),
        "adversary stays": (step_with(lambda t, a, o, s: (t - s * a, 0)), "does not learn"),
        "in turn": (step_sequential, "You move w first"),
        "chain": (step_no_chain, "factor u is missing"),
        "no x": (step_no_input, ""),
        "exchanged": (lambda *v: step_plain(*v)[::-1], ""),
        "divided": (
            step_with(lambda t, a, o, s: (t - a / s if s else t, o)),
            "",
        ),
        "λ − 1": (step_with(lambda t, a, o, s: (t - (s - 1) * a, o)), ""),
        "gradients": (
            lambda w, u, x, y, a, s, r: [
                (w * x - y) * x - s * (u * w * x - a) * u * x,
                (u * w * x - a) * w * x,
            ],
            "",
        ),
    },
    "13-verdict": {
        "adversary believed": (
            verdict_by(lambda p, own, c, m: own <= c + m),
            "You believe the cure's own",
        ),
        "adversary too": (
            verdict_by(lambda p, own, c, m: max([*p.values(), own]) <= c + m),
            "neither for nor against",
        ),
        "logistic": (
            verdict_by(lambda p, own, c, m: p[0] <= c + m),
            "the smallest reader only",
        ),
        "mean reader": (
            verdict_by(lambda p, own, c, m: sum(p.values()) / len(p) <= c + m),
            "the mean of the readers",
        ),
        "worst reader": (
            verdict_by(lambda p, own, c, m: min(p.values()) <= c + m),
            "You take the worst reader",
        ),
        "largest reader": (
            verdict_by(lambda p, own, c, m: p[max(p)] <= c + m),
            "You take the largest reader",
        ),
        "no margin": (
            verdict_by(lambda p, own, c, m: max(p.values()) <= c),
            "The margin is missing",
        ),
        "a coin": (
            verdict_by(lambda p, own, c, m: max(p.values()) <= 0.5 + m),
            "Chance is not always",
        ),
        "both sides": (
            verdict_by(lambda p, own, c, m: all(abs(x - c) <= m for x in p.values())),
            "far below chance",
        ),
        "mean change": (verdict_by(best_gone, lambda c: c[0] < 0), "the mean change"),
        "low end": (verdict_by(best_gone, lambda c: c[1] < 0), "the lower end"),
        "at most zero": (verdict_by(best_gone, lambda c: c[2] <= 0), "ends at 0 holds 0"),
        "any change": (
            verdict_by(best_gone, lambda c: c[2] < 0 or c[1] > 0),
            "the gap has grown",
        ),
        "margin off": (
            verdict_by(lambda p, own, c, m: max(p.values()) <= c - m),
            "margin off chance",
        ),
        "chance or its rest": (
            verdict_by(lambda p, own, c, m: max(p.values()) <= max(c, 1 - c) + m),
            "",
        ),
        "chance or a half": (
            verdict_by(lambda p, own, c, m: max(p.values()) <= max(c, 0.5) + m),
            "",
        ),
        "at most a half": (
            verdict_by(lambda p, own, c, m: max(p.values()) <= min(c, 0.5) + m),
            "",
        ),
        "first and last": (
            verdict_by(lambda p, own, c, m: max([*p.values()][:: len(p) - 1 or 1]) <= c + m),
            "",
        ),
        "smallest and largest": (
            verdict_by(lambda p, own, c, m: max(p[min(p)], p[max(p)]) <= c + m),
            "",
        ),
        "three sizes": (
            verdict_by(lambda p, own, c, m: max(p.get(k, 0) for k in (0, 16, 64)) <= c + m),
            "",
        ),
        "without logistic": (
            verdict_by(lambda p, own, c, m: max([p[k] for k in p if k], default=0) <= c + m),
            "",
        ),
        "half width": (verdict_by(best_gone, lambda c: c[0] + (c[0] - c[1]) < 0), ""),
        "half of both": (verdict_by(best_gone, lambda c: c[0] + (c[2] - c[1]) / 2 < 0), ""),
        "middle": (verdict_by(best_gone, lambda c: (c[1] + c[2]) / 2 < 0), ""),
        "a hair": (
            verdict_by(lambda p, own, c, m: max(p.values()) < c + m),
            "",
        ),
        "first reader": (
            verdict_by(lambda p, own, c, m: next(iter(p.values())) <= c + m),
            "",
        ),
        "exchanged": (
            lambda *v: {"gap only": "attribute only", "attribute only": "gap only"}.get(
                verdict_plain(*v), verdict_plain(*v)
            ),
            "",
        ),
        "always": (lambda *v: "gap only", ""),
        "another word": (lambda *v: "gone", "one of 'both'"),
    },
}
RIGHT = {
    "13-rates": {
        "loop": rates_loop,
        "pandas": rates_pandas,
        "package": rates_package,
        "torch": rates_torch,
        "counter": rates_counter,
        "float32": rates_float32,
    },
    "13-odds": {
        "loop": odds_loop,
        "pandas": odds_pandas,
        "package": odds_package,
        "tensor": odds_table,
        "counts": odds_counts,
        "float32": lambda y, p, g: np.float32(odds_loop(y, p, g)),
    },
    "13-weights": {
        "counter": weights_counter,
        "pandas": weights_pandas,
        "shares": weights_shares,
        "torch": weights_torch,
        "conditional": weights_conditional,
        "crosstab": weights_crosstab,
        "text key": weights_text_key,
        "float32": weights_inverse,
        "package": weights_package,
    },
    "13-reversal": {
        "autograd": step_autograd,
        "plain": step_plain,
        "pandas": step_two_losses,
        "fractions": step_fractions,
        "vectors": step_vectors,
        "float32": step_float32,
    },
    "13-verdict": {
        "plain": verdict_plain,
        "table": verdict_table,
        "match": verdict_match,
        "numpy": verdict_numpy,
        "capitals": verdict_capitals,
    },
}
