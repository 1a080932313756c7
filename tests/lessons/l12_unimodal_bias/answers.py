"""Answers to lesson 12's exercises, as learners might write them."""

import math
from collections import Counter

import numpy as np
import pandas as pd
import torch
from scipy.special import log_softmax, logsumexp, rel_entr
from scipy.special import softmax as scipy_softmax

from coursekit.training.answer_prior import inverse_count_weights
from coursekit.training.bias_ensembles import mixin_loss

# ---- prior -------------------------------------------------------------------------------------


def prior_loop(keys, answers, k, a, smoothing):
    table = [[float(smoothing)] * a for _ in range(k)]
    for key, answer in zip(keys, answers, strict=True):
        table[key][answer] += 1
    return [[count / sum(row) for count in row] for row in table]


def prior_torch(keys, answers, k, a, smoothing):
    hot = torch.nn.functional.one_hot(torch.tensor(keys), k).double()
    counts = hot.T @ torch.nn.functional.one_hot(torch.tensor(answers), a).double()
    return (counts + smoothing) / (counts.sum(1, keepdim=True) + a * smoothing)


def prior_pandas(keys, answers, k, a, smoothing):
    counts = pd.crosstab(pd.Series(keys), pd.Series(answers))
    counts = counts.reindex(index=range(k), columns=range(a), fill_value=0) + smoothing
    return counts.div(counts.sum(axis=1), axis=0)


def prior_bincount(keys, answers, k, a, smoothing):
    counts = np.bincount(keys * a + answers, minlength=k * a).reshape(k, a) + smoothing
    return tuple(tuple(row / row.sum()) for row in counts)


def prior_float32(keys, answers, k, a, smoothing):
    counts = np.full((k, a), smoothing, dtype=np.float32)
    for pair in zip(keys, answers, strict=True):
        counts[pair] += 1
    return counts / counts.sum(1)[:, None]


def counts_of(keys, answers, k, a):
    return np.bincount(keys * a + answers, minlength=k * a).reshape(k, a).astype(float)


def divided(table):
    with np.errstate(invalid="ignore"):
        return table / table.sum(1, keepdims=True)


def prior_fancy(keys, answers, k, a, smoothing):
    """Counts a pair once, however often it occurs."""
    table = np.full((k, a), float(smoothing))
    table[keys, answers] += 1
    return divided(table)


def prior_of_seen_keys(keys, answers, k, a, smoothing):
    counts = counts_of(keys, answers, k, a)
    seen = counts.sum(1, keepdims=True) > 0
    return np.where(seen, divided(counts + smoothing), 0)


def prior_seen(keys, answers, k, a, smoothing):
    counts = counts_of(keys, answers, k, a)
    counts = np.where(counts > 0, counts + smoothing, 0)
    return counts / np.maximum(counts.sum(1, keepdims=True), 1e-12)


def prior_of(smoothed, below=0.0):
    """Right where the smoothing is left as it is and nothing is added below the line."""

    def answer(keys, answers, k, a, smoothing):
        table = counts_of(keys, answers, k, a) + smoothed(smoothing)
        return table / (table.sum(1, keepdims=True) + below)

    return answer


# ---- mixin -------------------------------------------------------------------------------------


def mixin_loop(logits, bias, power, labels):
    total = 0.0
    for z, b, g, y in zip(logits, bias, power, labels, strict=True):
        scores = [x + g * math.log(p) for x, p in zip(z, b, strict=True)]
        top = max(scores)
        total += math.log(sum(math.exp(s - top) for s in scores)) + top - scores[y]
    return total / len(labels)


def mixin_torch(logits, bias, power, labels):
    scores = torch.tensor(logits) + torch.tensor(power)[:, None] * torch.tensor(bias).log()
    return torch.nn.functional.cross_entropy(scores, torch.tensor(labels))


def mixin_scipy(logits, bias, power, labels):
    logs = log_softmax(logits + np.log(bias) * power.reshape(-1, 1), axis=1)
    return -np.take_along_axis(logs, labels.reshape(-1, 1), axis=1).mean()


def mixin_package(logits, bias, power, labels):
    tensors = (torch.tensor(x) for x in (logits, np.log(bias), power, labels))
    return mixin_loss(*tensors)


def mixin_pandas(logits, bias, power, labels):
    scores = pd.DataFrame(logits) + pd.DataFrame(np.log(bias)).mul(power, axis=0)
    own = pd.Series([scores.loc[i, y] for i, y in enumerate(labels)])
    return pd.Series([(logsumexp(scores.to_numpy(), axis=1) - own).mean()])


def mixin_by(scores_of):
    def answer(logits, bias, power, labels):
        scores = scores_of(logits, bias, power[:, None])
        return -log_softmax(scores, axis=1)[np.arange(len(labels)), labels].mean()

    return answer


def mixin_unscaled(logits, bias, power, labels):
    rows = np.arange(len(labels))
    own = log_softmax(logits, axis=1)[rows, labels] + power * np.log(bias[rows, labels])
    return -own.mean()


def mixin_naive(logits, bias, power, labels):
    with np.errstate(all="ignore"):
        mass = np.exp(logits) * bias ** power[:, None]
        share = mass[np.arange(len(labels)), labels] / mass.sum(1)
        return -np.log(share).mean()


def mixin_float32(logits, bias, power, labels):
    tensors = (torch.tensor(x).float() for x in (logits, bias, power))
    z, b, g = tensors
    return torch.nn.functional.cross_entropy(z + g[:, None] * b.log(), torch.tensor(labels))


def mixin_logsumexp32(logits, bias, power, labels):
    z, b, g = (np.asarray(x, dtype=np.float32) for x in (logits, bias, power))
    scores = z + g[:, None] * np.log(b)
    return np.mean(logsumexp(scores, axis=1) - scores[np.arange(len(labels)), labels])


def mixin_log_at_the_end(logits, bias, power, labels):
    with np.errstate(divide="ignore"):
        share = scipy_softmax(logits + power[:, None] * np.log(bias), axis=1)
        return -np.log(share[np.arange(len(labels)), labels]).mean()


def mixin_product(logits, bias, power, labels, tiny=0.0):
    with np.errstate(divide="ignore"):
        mass = scipy_softmax(logits, axis=1) * bias ** power[:, None]
        share = mass / mass.sum(1, keepdims=True)
        return -np.log(share[np.arange(len(labels)), labels] + tiny).mean()


def mixin_floor(lowest):
    def answer(logits, bias, power, labels):
        logs = log_softmax(logits + power[:, None] * np.log(bias), axis=1)
        return -np.maximum(logs[np.arange(len(labels)), labels], lowest).mean()

    return answer


def mixin_kl(logits, bias, power, labels):
    share = scipy_softmax(logits, axis=1)
    return rel_entr(share, bias).sum(1).mean()


# ---- weights -----------------------------------------------------------------------------------


def weights_counter(keys, answers):
    pairs = list(zip(keys, answers, strict=True))
    counts = Counter(pairs)
    return [len(pairs) / (len(counts) * counts[pair]) for pair in pairs]


def weights_pandas(keys, answers):
    table = pd.DataFrame({"k": keys, "a": answers})
    weights = 1 / table.groupby(["k", "a"])["k"].transform("size")
    return weights / weights.mean()


def weights_numpy(keys, answers):
    pairs = np.array([keys, answers]).T
    _, place, counts = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    weights = 1.0 / counts[place.ravel()]
    return np.float32(weights / weights.mean())


def weights_torch(keys, answers):
    numbers = [torch.tensor(pd.factorize(np.array(x))[0]) for x in (keys, answers)]
    return inverse_count_weights(*numbers)


def weights_loop(keys, answers):
    numbers = []
    for k, a in zip(keys, answers, strict=True):
        n = sum(1 for x, y in zip(keys, answers, strict=True) if (x, y) == (k, a))
        numbers.append(1 / n)
    return tuple(len(numbers) * w / sum(numbers) for w in numbers)


def one_over(names):
    counts = Counter(names)
    return np.array([1 / counts[name] for name in names])


def mean_one(weights):
    weights = np.asarray(weights, dtype=float)
    return weights / weights.mean()


def joined(keys, answers):
    return list(zip(keys, answers, strict=True))


def numbered(of_key, of_answer):
    """Pairs as sums of their numbers, which two pairs may share."""

    def answer(keys, answers):
        k, a = pd.factorize(np.array(keys))[0], pd.factorize(np.array(answers))[0]
        return mean_one(one_over((k * of_key + a * of_answer).tolist()))

    return answer


def signed(sign):
    return lambda k, a: mean_one(one_over([x + sign + y for x, y in zip(k, a, strict=True)]))


# ---- diagnose ----------------------------------------------------------------------------------


def diagnose_dict(same, shifted, flat, answers, margin):
    verdicts = {
        "sees": flat - 100 / answers,
        "prior": same - shifted,
        "turned": shifted - same,
        "guesses": math.inf,
    }
    return next(word for word, by in verdicts.items() if by >= margin)


def diagnose_numpy(same, shifted, flat, answers, margin):
    conditions = [flat * answers - 100 >= margin * answers, same - shifted >= margin]
    conditions.append(same - shifted <= -margin)
    return np.select(conditions, ["sees", "prior", "turned"], "guesses")


def diagnose_nested(same, shifted, flat, answers, margin):
    chance = 100 / answers
    if flat < chance + margin:
        if same < shifted + margin:
            return "guesses" if shifted < same + margin else "turned"
        return "prior"
    return "sees"


def diagnose_capitals(same, shifted, flat, answers, margin):
    return [diagnose_dict(same, shifted, flat, answers, margin).upper()]


def diagnose_sign(same, shifted, flat, answers, margin):
    lean = same - shifted
    word = "guesses" if abs(lean) < margin else ("turned", "prior")[lean > 0]
    return pd.Series(["sees" if flat - 100 / answers >= margin else word])


def asked(accuracy):
    def answer(same, shifted, flat, answers, margin):
        return diagnose_dict(same, shifted, accuracy(same, shifted, flat), answers, margin)

    return answer


def renamed(**names):
    def answer(*arguments):
        word = diagnose_dict(*arguments)
        return names.get(word, word)

    return answer


def strictly(same, shifted, flat, answers, margin):
    return diagnose_dict(same, shifted, flat, answers, math.nextafter(margin, math.inf))


def lean_first(same, shifted, flat, answers, margin):
    if abs(same - shifted) >= margin:
        return "prior" if same > shifted else "turned"
    return "sees" if flat - 100 / answers >= margin else "guesses"


def sees_without_leaning(same, shifted, flat, answers, margin):
    if flat - 100 / answers >= margin and abs(same - shifted) < margin:
        return "sees"
    return diagnose_dict(same, shifted, 0, answers, margin)


def leaning_if(condition):
    """A lean counts only where something else holds as well."""

    def answer(same, shifted, flat, answers, margin):
        word = diagnose_dict(same, shifted, flat, answers, margin)
        leans = word in ("prior", "turned")
        return "guesses" if leans and not condition(word, same, shifted, flat, answers) else word

    return answer


def chance_of(rounding):
    def answer(same, shifted, flat, answers, margin):
        sees = flat - rounding(100 / answers) >= margin
        return "sees" if sees else diagnose_dict(same, shifted, 0, answers, margin)

    return answer


def far_from_chance(same, shifted, flat, answers, margin):
    if 100 / answers - flat >= margin:
        return "guesses"
    return diagnose_dict(same, shifted, flat, answers, margin)


def by_ratio(same, shifted, flat, answers, margin):
    if flat >= 100 / answers * (1 + margin / 100):
        return "sees"
    return diagnose_dict(same, shifted, 0, answers, margin)


# ---- mend --------------------------------------------------------------------------------------


def mend_loop(prior, possible):
    rows = []
    for shares, may in zip(prior, possible, strict=True):
        least = min(p for p, o in zip(shares, may, strict=True) if o)
        row = [p if o else least for p, o in zip(shares, may, strict=True)]
        rows.append([p / sum(row) for p in row])
    return rows


def mend_torch(prior, possible):
    table, may = torch.tensor(prior), torch.tensor(possible).bool()
    least = table.masked_fill(~may, torch.inf).amin(1, keepdim=True)
    return torch.nn.functional.normalize(torch.where(may, table, least), p=1, dim=1)


def mend_pandas(prior, possible):
    table = pd.DataFrame(prior).where(possible > 0)
    table = table.apply(lambda row: row.fillna(row.min()), axis=1)
    return table.div(table.sum(axis=1), axis=0)


def mend_float32(prior, possible):
    table = np.array(prior, dtype=np.float32)
    for row, may in zip(table, possible, strict=True):
        row[may == 0] = row[may == 1].min()
    return table / table.sum(1)[:, None]


def mend_masked(prior, possible):
    masked = np.ma.masked_array(prior, mask=possible == 0)
    table = masked.filled(0) + (possible == 0) * masked.min(axis=1).filled(0)[:, None]
    return tuple(row / row.sum() for row in table)


def put(prior, possible, value):
    return divided(np.where(possible > 0, prior, value))


def least_of(prior, possible):
    return np.where(possible > 0, prior, np.inf).min(1, keepdims=True)


def mend_zero_as_most(prior, possible):
    shares = np.where(possible > 0, prior, 0)
    return put(prior, possible, np.where(shares == 0, shares.max(), shares).min(1, keepdims=True))


def mend_full_rows_left(prior, possible):
    full = (possible > 0).all(1, keepdims=True)
    return np.where(full, prior, put(prior, possible, least_of(prior, possible)))


# ---- masks -------------------------------------------------------------------------------------


def mask_loop(targets, words, lengths):
    return [
        [float(word in words and place < length) for place, word in enumerate(row)]
        for row, length in zip(targets, lengths, strict=True)
    ]


def mask_or(targets, words, lengths):
    mask = np.zeros(targets.shape, dtype=bool)
    for word in words:
        mask |= targets == word
    for row, length in zip(mask, lengths, strict=True):
        row[length:] = False
    return mask.astype(int)


def mask_torch(targets, words, lengths):
    places = torch.arange(targets.shape[1])
    inside = places < torch.tensor(lengths)[:, None]
    return (torch.isin(torch.tensor(targets), torch.tensor(words)) & inside).float()


def mask_pandas(targets, words, lengths):
    table = pd.DataFrame(targets).isin(words).astype(float)
    outside = np.greater_equal.outer(np.zeros(len(lengths)), np.zeros(targets.shape[1]))
    outside &= np.arange(targets.shape[1]) >= lengths[:, None]
    return table.mask(outside, 0.0)


def mask_float32(targets, words, lengths):
    hits = np.isin(targets, words).astype(np.float32)
    return hits * (np.arange(targets.shape[1]) < lengths.reshape(-1, 1))


def mask_and(targets, words, lengths):
    mask = np.arange(targets.shape[1]) < lengths[:, None]
    for word in words:
        mask = mask & (targets == word)
    return mask * 1.0


def mask_overwritten(targets, words, lengths):
    for word in words:
        mask = (targets == word) & (np.arange(targets.shape[1]) < lengths[:, None])
    return mask * 1.0


def mask_looked_up(place):
    return lambda t, w, n: mask_or(t, [w[place]], n)


def mask_square(targets, words, lengths):
    mask = np.zeros(targets.shape)
    for i in range(min(targets.shape)):
        for j in range(lengths[i]):
            mask[i, j] = targets[i, j] in words
    return mask


def mask_letters(targets, words, lengths):
    inside = np.arange(targets.shape[1]) < lengths[:, None]
    return np.array([[str(x) in str(words) for x in row] for row in targets]) * inside * 1.0


def mask_vocabulary(size):
    def answer(targets, words, lengths):
        asked = np.zeros(size)
        asked[[w for w in words if w < size]] = 1
        inside = np.arange(targets.shape[1]) < lengths[:, None]
        return asked[np.minimum(targets, size - 1)] * inside

    return answer


def mask_part(rows=None, places=None):
    def answer(targets, words, lengths):
        mask = np.array(mask_loop(targets, words, lengths))
        mask[rows:] = mask[:, places:] = 0
        return mask

    return answer


def mask_bool(targets, words, lengths):
    return np.isin(targets, words) & (np.arange(targets.shape[1]) < lengths[:, None])


def mask_bool_torch(targets, words, lengths):
    return torch.tensor(mask_bool(targets, words, lengths))


def mask_bool_pandas(targets, words, lengths):
    return pd.DataFrame(mask_bool(targets, words, lengths))


def mask_bool_rows(targets, words, lengths):
    return [*mask_bool_torch(targets, words, lengths)]


def mask_bool_objects(targets, words, lengths):
    return mask_bool(targets, words, lengths).astype(object)


def mask_bool_lists(targets, words, lengths):
    return [
        [place < length and word in words for place, word in enumerate(row.tolist())]
        for row, length in zip(targets, lengths.tolist(), strict=True)
    ]


def mask_for(lengths_of):
    return lambda t, w, n: np.array(mask_loop(t, w, lengths_of(n)))


WRONG = {
    "12-prior": {
        "no smoothing": (lambda k, a, m, n, s: divided(counts_of(k, a, m, n)), "do not smooth"),
        "guarded": (
            lambda k, a, m, n, s: (
                counts_of(k, a, m, n) / np.maximum(counts_of(k, a, m, n).sum(1, keepdims=True), 1)
            ),
            "logarithm is −∞",
        ),
        "one": (lambda k, a, m, n, s: prior_bincount(k, a, m, n, 1), "You add 1"),
        "to shares": (
            lambda k, a, m, n, s: (
                s + counts_of(k, a, m, n) / np.maximum(counts_of(k, a, m, n).sum(1)[:, None], 1)
            ),
            "to shares",
        ),
        "once below": (
            lambda k, a, m, n, s: (
                (counts_of(k, a, m, n) + s) / (counts_of(k, a, m, n).sum(1)[:, None] + s)
            ),
            "number of answers",
        ),
        "seen only": (prior_seen, "there already"),
        "all keys": (
            lambda k, a, m, n, s: (
                np.ones((m, 1)) * divided((np.bincount(a, minlength=n) + s)[None].astype(float))
            ),
            "among all questions",
        ),
        "keys per answer": (
            lambda k, a, m, n, s: divided((counts_of(k, a, m, n) + s).T).T,
            "sum of a column",
        ),
        "everything": (
            lambda k, a, m, n, s: (counts_of(k, a, m, n) + s) / (counts_of(k, a, m, n) + s).sum(),
            "as a whole",
        ),
        "counts": (lambda k, a, m, n, s: counts_of(k, a, m, n) + s, "Those are counts"),
        "favourite": (
            lambda k, a, m, n, s: np.eye(n)[counts_of(k, a, m, n).argmax(1)],
            "most frequent answer",
        ),
        "each pair once": (prior_fancy, ""),
        "keys never seen": (prior_of_seen_keys, ""),
        "transposed": (lambda k, a, m, n, s: np.array(prior_bincount(k, a, m, n, s)).T, ""),
        "flat": (lambda k, a, m, n, s: np.full((m, n), 1 / n), ""),
        "logarithms": (lambda k, a, m, n, s: np.log(prior_bincount(k, a, m, n, s)), ""),
        "softmax of counts": (
            lambda k, a, m, n, s: scipy_softmax(counts_of(k, a, m, n) + s, axis=1),
            "",
        ),
        "twice the smoothing": (lambda k, a, m, n, s: prior_bincount(k, a, m, n, 2 * s), ""),
        "text": (lambda k, a, m, n, s: "prior", "a number or an array was expected"),
        "one for none": (prior_of(lambda s: s or 1.0), ""),
        "a hundredth at least": (prior_of(lambda s: max(s, 1e-2)), ""),
        "a thousandth at least": (prior_of(lambda s: max(s, 1e-3)), ""),
        "something below the line": (prior_of(lambda s: s, below=1e-6), ""),
    },
    "12-mixin": {
        "plain": (mixin_by(lambda z, b, g: z), "plain cross entropy"),
        "product": (mixin_by(lambda z, b, g: z + np.log(b)), "multiplied by the row's"),
        "power before the log": (
            mixin_by(lambda z, b, g: z + np.log(np.maximum(g, 1e-9) * b)),
            "divided out again",
        ),
        "probability added": (mixin_by(lambda z, b, g: z + g * b), "add logarithms"),
        "not scaled": (mixin_unscaled, "does not sum to one"),
        "power of both": (
            mixin_by(lambda z, b, g: g * (log_softmax(z, axis=1) + np.log(b))),
            "raise the product",
        ),
        "power of the model": (mixin_by(lambda z, b, g: g * z + np.log(b)), "model's logits"),
        "divided": (mixin_by(lambda z, b, g: z - g * np.log(b)), "You subtract"),
        "bias alone": (mixin_by(lambda z, b, g: g * np.log(b)), "model is missing"),
        "mean power": (mixin_by(lambda z, b, g: z + g.mean() * np.log(b)), "mean power"),
        "mixture": (
            lambda z, b, g, y: (
                -np.log((scipy_softmax(z, axis=1) / 2 + b / 2)[np.arange(len(y)), y]).mean()
            ),
            "average the probabilities",
        ),
        "sum": (lambda z, b, g, y: mixin_loop(z, b, g, y) * len(y), "not the sum"),
        "overflow": (mixin_naive, "overflow"),
        "logarithm at the end": (mixin_log_at_the_end, "logarithm of a probability"),
        "product of probabilities": (mixin_product, "logarithm of a probability"),
        "product and something": (lambda *case: mixin_product(*case, tiny=1e-12), ""),
        "never below -50": (mixin_floor(-50), ""),
        "never below -1500": (mixin_floor(-1500), ""),
        "logits cut off": (mixin_by(lambda z, b, g: np.clip(z, -700, 700) + g * np.log(b)), ""),
        "sign": (lambda z, b, g, y: -mixin_loop(z, b, g, y), "minus that"),
        "two": (mixin_by(lambda z, b, g: z + g * np.log2(b)), ""),
        "model's probabilities added": (
            mixin_by(lambda z, b, g: scipy_softmax(z, axis=1) + g * np.log(b)),
            "",
        ),
        "smoothed": (mixin_by(lambda z, b, g: z + g * np.log(b + 0.01)), ""),
        "power plus one": (mixin_by(lambda z, b, g: z + (1 + g) * np.log(b)), ""),
        "power through softplus": (
            mixin_by(lambda z, b, g: z + np.log1p(np.exp(g)) * np.log(b)),
            "",
        ),
        "divergence": (mixin_kl, ""),
        "per row": (
            lambda z, b, g, y: [
                mixin_loop([a], [c], [d], [e]) for a, c, d, e in zip(z, b, g, y, strict=True)
            ],
            "",
        ),
        "largest label": (
            lambda z, b, g, y: mixin_loop(z, b, g, (z + g[:, None] * np.log(b)).argmax(1)),
            "",
        ),
    },
    "12-weights": {
        "by answer": (lambda k, a: mean_one(one_over(a)), "without their keys"),
        "by key": (lambda k, a: mean_one(one_over(k)), "You count keys"),
        "both apart": (lambda k, a: mean_one(one_over(k) * one_over(a)), "multiply two counts"),
        "mean not one": (lambda k, a: one_over(joined(k, a)), "Divide by the mean"),
        "sum one": (lambda k, a: mean_one(one_over(joined(k, a))) / len(k), "sum to one"),
        "frequent": (lambda k, a: mean_one(1 / one_over(joined(k, a))), "weight by n"),
        "one less": (
            lambda k, a: 1 - one_over(k) / one_over(joined(k, a)),
            "one minus the share",
        ),
        "within the key": (
            lambda k, a: mean_one(one_over(joined(k, a)) / one_over(k)),
            "share within the key",
        ),
        "root": (lambda k, a: mean_one(one_over(joined(k, a)) ** 0.5), "root of the count"),
        "run together": (
            lambda k, a: mean_one(one_over([x + y for x, y in zip(k, a, strict=True)])),
            "one after the other",
        ),
        "square": (lambda k, a: mean_one(one_over(joined(k, a)) ** 2), ""),
        "unordered": (
            lambda k, a: mean_one(one_over([frozenset(p) for p in joined(k, a)]) ** 1.1),
            "",
        ),
        "largest one": (
            lambda k, a: one_over(joined(k, a)) / one_over(joined(k, a)).max(),
            "",
        ),
        "ones": (lambda k, a: np.ones(len(k)), ""),
        "logarithm": (lambda k, a: mean_one(1 / np.log1p(1 / one_over(joined(k, a)))), ""),
        "a bar between": (signed("|"), "with a sign between"),
        "a line between": (signed("_"), "with a sign between"),
        "a hyphen between": (signed("-"), "with a sign between"),
        "a blank between": (signed(" "), "with a sign between"),
        "tens": (numbered(10, 1), ""),
        "hundreds": (numbered(100, 1), ""),
        "hundreds of answers": (numbered(1, 100), ""),
        "a hundredth at least": (
            lambda k, a: np.maximum(mean_one(one_over(joined(k, a))), 0.01),
            "",
        ),
        "per pair": (lambda k, a: [1 / n for n in Counter(joined(k, a)).values()], ""),
    },
    "12-diagnose": {
        "shifted": (asked(lambda s, t, f: t), "You ask the shifted test"),
        "same": (asked(lambda s, t, f: s), "same prior the prior alone"),
        "mean of two": (asked(lambda s, t, f: (s + t) / 2), "no test without one"),
        "best": (asked(max), ""),
        "best of two": (asked(lambda s, t, f: max(s, t)), "better of two tests"),
        "coin": (lambda s, t, f, a, m: diagnose_dict(s, t, f, 2, m), "two answers only"),
        "above": (strictly, "at least"),
        "lean first": (lean_first, "the other two are not asked"),
        "sees without leaning": (sees_without_leaning, "the other two are not asked"),
        "prior above chance": (
            leaning_if(lambda word, s, t, f, a: word != "prior" or s > 100 / a),
            "",
        ),
        "turned above chance": (
            leaning_if(lambda word, s, t, f, a: word != "turned" or t > 100 / a),
            "",
        ),
        "lean above chance": (
            leaning_if(lambda word, s, t, f, a: max(s, t) >= 100 / a + 10),
            "",
        ),
        "far below chance": (far_from_chance, ""),
        "chance in two digits": (chance_of(lambda chance: round(chance, 2)), ""),
        "chance in three digits": (chance_of(lambda chance: round(chance, 3)), ""),
        "a hundredth less": (lambda s, t, f, a, m: diagnose_dict(s, t, f, a, m - 0.01), ""),
        "exchanged": (renamed(prior="turned", turned="prior"), "the other one is “turned”"),
        "no direction": (renamed(turned="prior"), "which is larger"),
        "always turned": (renamed(prior="turned"), ""),
        "never guesses": (
            lambda s, t, f, a, m: "sees" if f - 100 / a >= m else "prior" if s >= t else "turned",
            "it guesses",
        ),
        "no margin": (lambda s, t, f, a, m: diagnose_dict(s, t, f, a, 0), "any difference"),
        "worst": (asked(min), ""),
        "no chance": (lambda s, t, f, a, m: diagnose_dict(s, t, f + 100 / a, a, m), ""),
        "as shares": (lambda s, t, f, a, m: diagnose_dict(s, t, f + 99 / a, a, m), ""),
        "by ratio": (by_ratio, ""),
        "twice the margin": (lambda s, t, f, a, m: diagnose_dict(s, t, f, a, 2 * m), ""),
        "always sees": (lambda *case: "sees", ""),
        "another word": (lambda *case: "biased", "one of 'sees'"),
    },
    "12-mend": {
        "as it is": (lambda p, o: p, "Nothing has changed"),
        "zero": (lambda p, o: put(p, o, 0), "mistake itself"),
        "not scaled": (lambda p, o: np.where(o > 0, p, least_of(p, o)), "do not sum to one"),
        "least of the row": (lambda p, o: put(p, o, p.min(1, keepdims=True)), "whole row"),
        "positive least": (
            lambda p, o: put(p, o, np.where(p > 0, p, np.inf).min(1, keepdims=True)),
            "least number above 0",
        ),
        "one least": (lambda p, o: put(p, o, p[o > 0].min()), "whole table"),
        "mean": (
            lambda p, o: put(
                p, o, np.where(o > 0, p, 0).sum(1, keepdims=True) / o.sum(1, keepdims=True)
            ),
            "mean of the possible",
        ),
        "most": (
            lambda p, o: put(p, o, np.where(o > 0, p, 0).max(1, keepdims=True)),
            "You take the largest",
        ),
        "divided": (
            lambda p, o: put(p, o, least_of(p, o) / np.maximum((1 - o).sum(1, keepdims=True), 1)),
            "divide the least",
        ),
        "floor": (lambda p, o: divided(np.maximum(p, least_of(p, o))), "come down to it"),
        "even": (lambda p, o: put(p, o, 1 / p.shape[1]), "number of answers"),
        "wrong ones": (lambda p, o: divided(np.where(o > 0, least_of(p, o), p)), "Theirs stay"),
        "flat": (lambda p, o: np.full_like(p, 1 / p.shape[1]), ""),
        "possible only": (lambda p, o: divided(o.astype(float)), ""),
        "possible kept": (
            lambda p, o: np.where(
                o > 0,
                p,
                (1 - (p * o).sum(1, keepdims=True)) / np.maximum((1 - o).sum(1, keepdims=True), 1),
            ),
            "",
        ),
        "half of it": (lambda p, o: put(p, o, least_of(p, o) / 2), ""),
        "by columns": (
            lambda p, o: put(p, o, np.where(o > 0, p, 1).min(0, keepdims=True)),
            "",
        ),
        "scaled by columns": (
            lambda p, o: (
                np.where(o > 0, p, least_of(p, o))
                / np.where(o > 0, p, least_of(p, o)).sum(0, keepdims=True)
            ),
            "",
        ),
        "least possible one above 0": (
            lambda p, o: put(p, o, np.where((o > 0) & (p > 0), p, np.inf).min(1, keepdims=True)),
            "least above 0",
        ),
        "zero as the most": (mend_zero_as_most, "least above 0"),
        "full rows left": (mend_full_rows_left, ""),
        "a hundredth at least": (
            lambda p, o: divided(np.clip(put(p, o, least_of(p, o)), 0.01, 1)),
            "",
        ),
        "a thousandth at least": (
            lambda p, o: divided(np.clip(put(p, o, least_of(p, o)), 0.001, 1)),
            "",
        ),
        "written into": (
            lambda p, o: (mend_loop(p, o), p.fill(0))[0],
            "The right number, but you changed p",
        ),
    },
    "12-mask": {
        "and": (mask_and, "two words at once"),
        "padding": (lambda t, w, n: np.isin(t, w) * 1, "behind a caption's end"),
        "overwritten": (mask_overwritten, "the last word only"),
        "first word": (lambda t, w, n: mask_or(t, w[:1], n), "the first word only"),
        "others": (
            lambda t, w, n: mask_torch(t, [x for x in range(300) if x not in w], n),
            "all words but these",
        ),
        "every word": (lambda t, w, n: mask_torch(t, list(range(300)), n), "every position"),
        "too long": (mask_for(lambda n: n + 1), "count from 0"),
        "too short": (mask_for(lambda n: n - 1), "last position"),
        "whole captions": (
            lambda t, w, n: (
                mask_torch(t, list(range(300)), n) * mask_torch(t, w, n).amax(1, keepdim=True)
            ),
            "whole caption",
        ),
        "once": (
            lambda t, w, n: mask_or(t, w, n) * (mask_or(t, w, n).cumsum(1) == 1),
            "first such word",
        ),
        "per caption": (lambda t, w, n: mask_or(t, w, n).sum(1), "count per caption"),
        "the word itself": (lambda t, w, n: mask_or(t, w, n) * t, ""),
        "which word": (
            lambda t, w, n: sum((i + 1) * mask_or(t, [x], n) for i, x in enumerate(w)),
            "",
        ),
        "a range": (
            lambda t, w, n: (
                (t >= min(w)) * (t <= max(w)) * mask_torch(t, list(range(300)), n).numpy()
            ),
            "",
        ),
        "first word looked up": (mask_looked_up(0), "the first word only"),
        "last word looked up": (mask_looked_up(-1), "the last word only"),
        "four words": (lambda t, w, n: mask_or(t, w[:4], n), ""),
        "everything for no word": (
            lambda t, w, n: mask_or(t, w, n) if w else np.ones(t.shape),
            "",
        ),
        "captions for no word": (
            lambda t, w, n: mask_or(t, w or list(range(300)), n),
            "",
        ),
        "padding's word left out": (lambda t, w, n: mask_or(t, w, n) * (t != 0), ""),
        "a square": (mask_square, ""),
        "letters": (mask_letters, ""),
        "ten words in all": (mask_vocabulary(10), ""),
        "a hundred words in all": (mask_vocabulary(100), ""),
        "seven positions": (mask_part(places=7), ""),
        "five captions": (mask_part(rows=5), ""),
        "padding as truth values": (lambda t, w, n: np.isin(t, w), "behind a caption's end"),
        "one truth value": (lambda t, w, n: True, "a number was expected"),
        "nothing": (lambda t, w, n: np.zeros(t.shape), ""),
        "lengths from behind": (
            lambda t, w, n: mask_or(t, w, np.full(len(n), t.shape[1])) - mask_or(t, w, n),
            "",
        ),
    },
}
RIGHT = {
    "12-prior": {
        "loop": prior_loop,
        "torch": prior_torch,
        "pandas": prior_pandas,
        "bincount": prior_bincount,
        "float32": prior_float32,
    },
    "12-mixin": {
        "loop": mixin_loop,
        "torch": mixin_torch,
        "scipy": mixin_scipy,
        "package": mixin_package,
        "pandas": mixin_pandas,
        "float32": mixin_float32,
        "float32 logsumexp": mixin_logsumexp32,
    },
    "12-weights": {
        "counter": weights_counter,
        "pandas": weights_pandas,
        "numpy": weights_numpy,
        "torch": weights_torch,
        "loop": weights_loop,
    },
    "12-diagnose": {
        "dict": diagnose_dict,
        "numpy": diagnose_numpy,
        "nested": diagnose_nested,
        "capitals": diagnose_capitals,
        "sign": diagnose_sign,
    },
    "12-mend": {
        "loop": mend_loop,
        "torch": mend_torch,
        "pandas": mend_pandas,
        "float32": mend_float32,
        "masked": mend_masked,
    },
    "12-mask": {
        "loop": mask_loop,
        "or": mask_or,
        "torch": mask_torch,
        "pandas": mask_pandas,
        "float32": mask_float32,
        "bool": mask_bool,
        "bool torch": mask_bool_torch,
        "bool pandas": mask_bool_pandas,
        "bool rows": mask_bool_rows,
        "bool objects": mask_bool_objects,
        "bool lists": mask_bool_lists,
    },
}
