"""Answers to lesson 09's exercises, as learners might write them."""

import itertools
import math
import re
import statistics

import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

# ---- the loss --------------------------------------------------------------------------------


def loss_torch(u, v, temperature):
    u, v = (F.normalize(torch.as_tensor(x).double()) for x in (u, v))
    s = u @ v.T / temperature
    own = torch.arange(len(s))
    return (F.cross_entropy(s, own) + F.cross_entropy(s.T, own)) / 2


def loss_float32(u, v, temperature):
    u, v = (F.normalize(torch.as_tensor(x).float()) for x in (u, v))
    s = u @ v.T / temperature
    log_p = torch.stack([s.log_softmax(1).diagonal(), s.log_softmax(0).diagonal()])
    return -log_p.mean()


def loss_loop(u, v, temperature):
    def cosine(a, b):
        dot = sum(x * y for x, y in zip(a, b, strict=True))
        return dot / math.hypot(*a) / math.hypot(*b)

    s = [[cosine(a, b) / temperature for b in v] for a in u]
    total = 0.0
    for i in range(len(s)):
        row, column = s[i], [line[i] for line in s]
        for choices in (row, column):
            total += math.log(sum(math.exp(x - s[i][i]) for x in choices))
    return total / (2 * len(s))


def loss_pandas(u, v, temperature):
    u, v = (pd.DataFrame(x).div(np.linalg.norm(x, axis=1), axis=0) for x in (u, v))
    s = u.dot(v.T) / temperature
    own = pd.Series(np.diag(s))
    rows = np.log(np.exp(s).sum(axis=1)) - own
    columns = np.log(np.exp(s).sum(axis=0)) - own
    return pd.concat([rows, columns]).mean()


def loss_of_einsum(u, v, temperature):
    s = np.einsum("id,jd->ij", u, v)
    s = s / np.outer(np.sqrt((u * u).sum(1)), np.sqrt((v * v).sum(1))) / temperature
    p = np.exp(s)
    own = np.trace(s)
    return (np.log(p.sum(0)).sum() + np.log(p.sum(1)).sum() - 2 * own) / 2 / len(s)


def loss_with(u=None, logits=None, axes=(0, 1), combine=np.mean, own=np.diag, base=1.0):
    """InfoNCE with a part that is another one."""
    make_unit = u or (lambda x: x / np.linalg.norm(x, axis=1, keepdims=True))
    scale = logits or (lambda s, t: s / t)

    def answer(first, second, temperature):
        s = scale(make_unit(first) @ make_unit(second).T, temperature)
        parts = [(np.log(np.exp(s).sum(axis)) - own(s)).mean() for axis in axes]
        return combine(parts) * base

    return answer


def loss_margin(u, v, temperature):
    u, v = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (u, v))
    s = u @ v.T
    wrong = np.maximum(0, 0.2 + s - np.diag(s)[:, None]) * (1 - np.eye(len(s)))
    return wrong.sum() / len(s)


def loss_sigmoid(u, v, temperature):
    u, v = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (u, v))
    sign = 2 * np.eye(len(u)) - 1
    return np.log1p(np.exp(-sign * (u @ v.T) / temperature)).sum() / len(u)


def loss_distance(u, v, temperature):
    u, v = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (u, v))
    s = -((u[:, None] - v[None]) ** 2).sum(2) / temperature
    rows = np.log(np.exp(s).sum(1)) - np.diag(s)
    columns = np.log(np.exp(s).sum(0)) - np.diag(s)
    return (rows.mean() + columns.mean()) / 2


# ---- recall ----------------------------------------------------------------------------------


def recall_torch(scores, owner, k):
    scores, owner = torch.as_tensor(scores), torch.as_tensor(owner)
    total = 0.0
    for picture, row in enumerate(scores):
        own = owner == picture
        best = row[own].max()
        above = int((row > best).sum())
        tied, mine = ((row == best).sum().item(), ((row == best) & own).sum().item())
        places = min(max(k - above, 0), tied)
        total += 1 - math.comb(tied - mine, places) / math.comb(tied, places)
    return torch.tensor(total / len(scores), dtype=torch.float32)


def recall_orders(scores, owner, k):
    """Every order of the candidates that are level with the best own one, counted."""
    hits = []
    for picture, row in enumerate(scores.tolist()):
        best = max(x for x, o in zip(row, owner, strict=True) if o == picture)
        above = sum(x > best for x in row)
        tied = [o == picture for x, o in zip(row, owner, strict=True) if x == best]
        places = max(k - above, 0)
        chosen = list(itertools.combinations(tied, min(places, len(tied))))
        hits.append(sum(any(c) for c in chosen) / len(chosen))
    return statistics.fmean(hits)


def recall_product(scores, owner, k):
    """Place by place: the probability that no own one has come in yet."""
    shares = []
    for picture in range(len(scores)):
        row, own = scores[picture], owner == picture
        best = row[own].max()
        left, mine = (row == best).sum(), ((row == best) & own).sum()
        missed = 1.0
        for _ in range((row > best).sum(), k):
            if left == 0:
                break
            missed *= (left - mine) / left
            left -= 1
        shares.append(1 - missed)
    return np.mean(shares)


def recall_pandas(scores, owner, k):
    from scipy.stats import hypergeom

    table = pd.DataFrame(scores)
    own = pd.DataFrame(owner == np.arange(len(scores))[:, None])
    gap = table.sub(table.where(own).max(axis=1), axis=0)
    tied = gap == 0
    places = (k - (gap > 0).sum(axis=1)).clip(lower=0)
    places = np.minimum(places, tied.sum(axis=1))
    mine = (tied & own).sum(axis=1)
    return 1 - hypergeom.pmf(0, tied.sum(axis=1), mine, places).mean()


def recall_lists(scores, owner, k):
    total = 0
    for picture, row in enumerate(scores):
        best = max(float(x) for x, o in zip(row, owner, strict=True) if o == picture)
        a = len([x for x in row if x > best])
        t = len([x for x in row if x == best])
        m = len([x for x, o in zip(row, owner, strict=True) if x == best and o == picture])
        if k <= a:
            continue
        total += 1 if k - a >= t else 1 - math.comb(t - m, k - a) / math.comb(t, k - a)
    return total / len(scores)


def recall_with(hit):
    """The mean over pictures of hit(above, tied, mine, row, own, k)."""

    def answer(scores, owner, k):
        hits = []
        for picture, row in enumerate(scores):
            own = owner == picture
            best = row[own].max()
            above = int((row > best).sum())
            tied, mine = int((row == best).sum()), int(((row == best) & own).sum())
            hits.append(hit(above, tied, mine, row, own, k))
        return float(np.mean(hits))

    return answer


def lucky(places, tied, mine):
    if places <= 0:
        return 0.0
    if places >= tied:
        return 1.0
    return 1 - math.comb(tied - mine, places) / math.comb(tied, places)


def in_order(row, own, k, order):
    return float(own[order(row)[:k]].any())


def recall_other_way(scores, owner, k):
    """Text to picture."""
    ranks = [int((column > column[o]).sum()) for column, o in zip(scores.T, owner, strict=True)]
    return float(np.mean([r < k for r in ranks]))


def recall_diagonal(scores, owner, k):
    rows = range(len(scores))
    return float(np.mean([(scores[i] > scores[i, i]).sum() < k for i in rows]))


# ---- prompts ---------------------------------------------------------------------------------


def prompts_torch(prompts):
    p = F.normalize(torch.as_tensor(prompts).double(), dim=-1)
    return F.normalize(p.mean(1), dim=-1)


def prompts_float32(prompts):
    p = torch.as_tensor(prompts).float()
    p = p / p.norm(dim=2, keepdim=True)
    total = p.sum(dim=1)  # a sum has the direction of the mean
    return (total / total.norm(dim=1, keepdim=True)).tolist()


def prompts_loop(prompts):
    weights = []
    for sentences in prompts.tolist():
        total = [0.0] * len(sentences[0])
        for sentence in sentences:
            length = math.sqrt(sum(x * x for x in sentence))
            total = [t + x / length for t, x in zip(total, sentence, strict=True)]
        length = math.sqrt(sum(x * x for x in total))
        weights.append([x / length for x in total])
    return weights


def prompts_pandas(prompts):
    rows = []
    for sentences in prompts:
        table = pd.DataFrame(sentences)
        mean = table.div((table**2).sum(axis=1).pow(0.5), axis=0).mean()
        rows.append(mean / (mean**2).sum() ** 0.5)
    return pd.DataFrame(rows)


def prompts_einsum(prompts):
    weight = 1 / np.sqrt(np.einsum("cpd,cpd->cp", prompts, prompts))
    total = np.einsum("cpd,cp->cd", prompts, weight)
    return (total.T / np.sqrt((total**2).sum(1))).T


def unit(x, axis=-1):
    return x / np.linalg.norm(x, axis=axis, keepdims=True)


# ---- the matrix ------------------------------------------------------------------------------


def matrix_torch(similarity):
    s = torch.as_tensor(similarity)
    if float(s.max() - s.min()) < 0.05:
        return "collapsed"
    winners = s.argmax(dim=1)
    kinds = len(winners.unique())
    if kinds == 1:
        return "one wins all"
    if (winners == torch.arange(len(s))).double().mean() >= 0.8:
        return "aligned"
    return "mixed up" if kinds == len(s) else "unfinished"


def matrix_lists(similarity):
    rows = [[float(x) for x in row] for row in similarity]
    every = [x for row in rows for x in row]
    if max(every) - min(every) < 0.05:
        return "collapsed"
    winners = [row.index(max(row)) for row in rows]
    if winners.count(winners[0]) == len(winners):
        return "one wins all"
    right = sum(i == winner for i, winner in enumerate(winners))
    if 10 * right >= 8 * len(winners):
        return "aligned"
    return "mixed up" if sorted(winners) == list(range(len(winners))) else "unfinished"


def matrix_pandas(similarity):
    table = pd.DataFrame(similarity)
    if np.ptp(table.to_numpy()) < 0.05:
        return "collapsed"
    best = table.idxmax(axis="columns")
    if (best == best[0]).all():
        return "one wins all"
    if (best == best.index).mean() >= 0.8:
        return "aligned"
    return "mixed up" if best.is_unique else "unfinished"


def matrix_hot(similarity):
    """From a matrix of noughts and ones."""
    hot = similarity == similarity.max(axis=1, keepdims=True)
    hot &= np.cumsum(hot, axis=1) == 1
    wins = hot.sum(axis=0)
    if np.ptp(similarity) < 0.05:
        return np.str_("collapsed")
    if wins.max() == len(wins):
        return np.str_("one wins all")
    if np.trace(hot) / len(hot) >= 0.8:
        return np.str_("aligned")
    return np.str_("mixed up" if (wins == 1).all() else "unfinished")


def matrix_counter(similarity):
    winners = np.nanargmax(similarity, axis=1)
    counts = np.bincount(winners, minlength=len(similarity))
    share = np.count_nonzero(winners == np.arange(len(winners))) / len(winners)
    return (
        "collapsed"
        if np.max(similarity) - np.min(similarity) < 0.05
        else "one wins all"
        if (counts > 0).sum() == 1
        else "aligned"
        if share >= 0.8
        else "mixed up"
        if counts.max() == 1
        else "unfinished"
    )


def matrix_with(flat=0.05, most=0.8, axis=1, order="fwams", spread=np.ptp, best=np.argmax):
    """The same questions with other numbers or in another order; left out, they are not asked."""

    def answer(similarity):
        winners = best(similarity, axis=axis)
        kinds = len(set(winners.tolist()))
        share = np.mean(winners == np.arange(len(winners)))
        asked = {
            "f": (spread(similarity) < flat, "collapsed"),
            "w": (kinds == 1, "one wins all"),
            "a": (share >= most, "aligned"),
            "m": (kinds == len(winners), "mixed up"),
            "s": (True, "unfinished"),
        }
        return next(word for yes, word in (asked[question] for question in order) if yes)

    return answer


# ---- does the change keep the pair? ----------------------------------------------------------

BROKEN = {
    "mirror": ["left", "right"],
    "grey": ["red", "green", "blue"],
    "upside down": ["up", "down"],
    "shift": [],
}


def keeps_pattern(caption, change):
    words = "|".join(BROKEN[change])
    return not (words and re.search(rf"\b(?:{words})\b", caption, re.IGNORECASE))


def keeps_letters(caption, change):
    only = "".join(c if c.isalpha() else " " for c in caption.casefold())
    return all(word not in only.split() for word in BROKEN[change])


def keeps_pandas(caption, change):
    words = pd.Series([caption]).str.lower().str.findall(r"[a-z]+").explode()
    return not words.isin(BROKEN[change]).any()


def keeps_numpy(caption, change):
    words = np.array(re.split(r"\W+", caption.lower()))
    return np.isin(words, BROKEN[change]).sum() == 0


def keeps_padded(caption, change):
    plain = f" {re.sub('[^a-z]', ' ', caption.lower())} "
    return sum(plain.count(f" {word} ") for word in BROKEN[change]) == 0


def keeps_scan(caption, change):
    words, word = [], ""
    for sign in caption.lower() + " ":
        if sign.isalpha():
            word += sign
        else:
            words.append(word)
            word = ""
    hits = [words.count(w) for w in BROKEN[change]]
    return len(hits) == 0 or max(hits) < 1


def keeps_places(caption, change):
    text = f" {caption.lower()} "
    broken = 0
    for word in BROKEN[change]:
        for start in range(1, len(text) - len(word)):
            end = start + len(word)
            alone = not text[start - 1].isalpha() and not text[end].isalpha()
            broken += alone and text[start:end] == word
    return broken == 0


def keeps_if(broken, words=lambda caption: re.findall(r"\w+", caption.lower())):
    def answer(caption, change):
        return not set(broken.get(change, ())) & set(words(caption))

    return answer


# ---- is the claim clean? ---------------------------------------------------------------------


def claim_match(facts):
    match facts:
        case {"classes_in_training": True}:
            return "trained on it"
        case {"test_pictures_in_training": True} | {"prompts_chosen_on": "test"}:
            return "leaked"
        case {"prompts_chosen_on": None}:
            return "clean"
    return "tuned on labels"


def claim_ifs(facts):
    word = "clean"
    if facts["prompts_chosen_on"]:
        word = "tuned on labels"
    if facts["test_pictures_in_training"] or facts["prompts_chosen_on"] == "test":
        word = "leaked"
    if facts["classes_in_training"]:
        word = "trained on it"
    return word


def claim_pandas(facts):
    row = pd.Series(facts)
    if row["classes_in_training"]:
        return "trained on it"
    if row["test_pictures_in_training"]:
        return "leaked"
    words = {"test": "leaked", "train": "tuned on labels", "valid": "tuned on labels"}
    return words.get(row["prompts_chosen_on"], "clean")


def claim_table(facts):
    yes = [
        facts["classes_in_training"],
        facts["test_pictures_in_training"] or facts["prompts_chosen_on"] == "test",
        facts["prompts_chosen_on"] in ("train", "valid"),
        True,
    ]
    return np.array(["trained on it", "leaked", "tuned on labels", "clean"])[np.argmax(yes)]


def claim_number(facts):
    chosen = {None: 0, "train": 1, "valid": 1, "test": 2}[facts["prompts_chosen_on"]]
    level = max(chosen, 2 * facts["test_pictures_in_training"], 3 * facts["classes_in_training"])
    return ("clean", "tuned on labels", "leaked", "trained on it")[level]


def claim_with(order="ctlk", test="leaked", chosen=("train", "valid"), word="tuned on labels"):
    """The same questions in another order or with other words; left out, they are not asked."""

    def answer(facts):
        asked = {
            "c": (facts["classes_in_training"], "trained on it"),
            "t": (facts["test_pictures_in_training"], "leaked"),
            "l": (facts["prompts_chosen_on"] == "test", test),
            "k": (facts["prompts_chosen_on"] in chosen, word),
        }
        return next((w for yes, w in (asked[q] for q in order) if yes), "clean")

    return answer


RIGHT = {
    "09-loss": {
        "torch": loss_torch,
        "float32": loss_float32,
        "loop": loss_loop,
        "pandas": loss_pandas,
        "einsum": loss_of_einsum,
    },
    "09-matrix": {
        "torch": matrix_torch,
        "lists": matrix_lists,
        "pandas": matrix_pandas,
        "hot": matrix_hot,
        "counter": matrix_counter,
    },
    "09-recall": {
        "torch": recall_torch,
        "orders": recall_orders,
        "product": recall_product,
        "pandas": recall_pandas,
        "lists": recall_lists,
    },
    "09-keeps": {
        "pattern": keeps_pattern,
        "letters": keeps_letters,
        "pandas": keeps_pandas,
        "numpy": keeps_numpy,
        "padded": keeps_padded,
        "scan": keeps_scan,
        "places": keeps_places,
    },
    "09-prompts": {
        "torch": prompts_torch,
        "float32": prompts_float32,
        "loop": prompts_loop,
        "pandas": prompts_pandas,
        "einsum": prompts_einsum,
    },
    "09-claim": {
        "match": claim_match,
        "ifs": claim_ifs,
        "pandas": claim_pandas,
        "table": claim_table,
        "number": claim_number,
    },
}


def norms(x):
    """Lengths of rows, as a column."""
    return np.linalg.norm(x, axis=-1, keepdims=True)


def loss_clipped(u, v, temperature):
    s = unit(u) @ unit(v).T / temperature
    ways = [np.diag(np.exp(z) / np.exp(z).sum(1, keepdims=True)) for z in (s, s.T)]
    return float(-np.log(np.clip(ways, 1e-5, 1)).mean())


def matrix_nearly_one(similarity):
    winners = similarity.argmax(1)
    if np.ptp(similarity) >= 0.05 and np.bincount(winners).max() >= 0.8 * len(winners):
        return "one wins all"
    return matrix_with()(similarity)


def matrix_by_height(similarity):
    highest = np.sort(similarity.max(0))
    if np.ptp(similarity) >= 0.05 and matrix_with()(similarity) == "one wins all":
        return "one wins all" if similarity.min(0).max() > highest[-2] else "unfinished"
    return matrix_with()(similarity)


def matrix_both_ways(similarity):
    word = matrix_with()(similarity)
    columns = len(set(similarity.argmax(0).tolist()))
    return "unfinished" if word == "mixed up" and columns < len(similarity) else word


def matrix_by_columns(similarity):
    word = matrix_with()(similarity)
    if word not in ("mixed up", "unfinished"):
        return word
    columns = len(set(similarity.argmax(0).tolist()))
    return "mixed up" if columns == len(similarity) else "unfinished"


def recall_first(scores, owner, k, rows):
    """The first pictures only."""
    kept = [
        recall_lists(scores[i : i + 1], (owner != i).astype(int), k) for i in range(len(scores))
    ]
    return float(np.mean(kept[:rows]))


def close_hit(above, tied, mine, row, own, k):
    """Level within 1e-5, as np.isclose has it."""
    best = row[own].max()
    level = np.isclose(row, best)
    higher = int(((row > best) & ~level).sum())
    return lucky(k - higher, int(level.sum()), int((level & own).sum()))


def three_hit(above, tied, mine, row, own, k):
    return lucky(k - above, tied, min(mine, 3))


WRONG = {
    "09-loss": {
        "probability clipped": (loss_clipped, ""),
        "short rows lengthened": (loss_with(u=lambda x: x / np.maximum(norms(x), 0.02)), ""),
        "τ of .01 or more": (loss_with(logits=lambda s, t: s / max(t, 0.01)), ""),
        "rows only": (loss_with(axes=(1,)), "Each text chooses among the pictures"),
        "columns only": (loss_with(axes=(0,)), "Each picture chooses among the texts"),
        "both added": (loss_with(combine=sum), "You added both ways"),
        "raw features": (loss_with(u=lambda x: x), "A cosine needs rows of length one"),
        "one norm": (loss_with(u=lambda x: x / np.linalg.norm(x)), "one norm for the whole"),
        "norm of columns": (loss_with(u=lambda x: unit(x, 0)), ""),
        "times τ": (loss_with(logits=lambda s, t: s * t), "Cosines are divided"),
        "no τ": (loss_with(logits=lambda s, t: s), "temperature is missing"),
        "e^τ": (loss_with(logits=lambda s, t: s * np.exp(t)), ""),
        "τ squared": (loss_with(logits=lambda s, t: s / t**2), ""),
        "summed": (
            lambda u, v, t: len(u) * loss_torch(u, v, t).item(),
            "mean over its rows",
        ),
        "own left out": (
            lambda u, v, t: float(
                np.mean(
                    [
                        np.log((np.exp(s) * (1 - np.eye(len(s)))).sum(1)) - np.diag(s)
                        for s in [unit(u) @ unit(v).T / t, unit(v) @ unit(u).T / t]
                    ]
                )
            ),
            "the right one among them",
        ),
        "first text for all": (loss_with(own=lambda s: s[:, 0]), ""),
        "best for own": (loss_with(own=lambda s: s.max(1)), ""),
        "negative": (lambda u, v, t: -loss_loop(u, v, t), "the loss is minus that"),
        "probability": (
            lambda u, v, t: np.mean(
                [
                    np.diag(np.exp(s) / np.exp(s).sum(1, keepdims=True))
                    for s in (unit(u) @ unit(v).T / t, unit(v) @ unit(u).T / t)
                ]
            ),
            "mean probability of the right partner",
        ),
        "whole matrix": (
            lambda u, v, t: (
                np.log(np.exp(unit(u) @ unit(v).T / t).sum())
                - np.diag(unit(u) @ unit(v).T / t).mean()
            ),
            "normalised over the whole matrix",
        ),
        "bits": (loss_with(base=1 / math.log(2)), ""),
        "margin": (loss_margin, ""),
        "sigmoid": (loss_sigmoid, ""),
        "distance": (loss_distance, ""),
    },
    "09-matrix": {
        "flat by size": (matrix_with(spread=lambda s: np.ptp(np.abs(s))), ""),
        "flat but for outliers": (
            matrix_with(spread=lambda s: np.percentile(s, 99) - np.percentile(s, 1)),
            "",
        ),
        "flat by rows and columns": (
            matrix_with(spread=lambda s: max(np.ptp(s, axis=0).max(), np.ptp(s, axis=1).max())),
            "",
        ),
        "above .79": (matrix_with(most=0.79), ""),
        "nearly one wins all": (matrix_nearly_one, ""),
        "one wins by height": (matrix_by_height, ""),
        "mixed up both ways": (matrix_both_ways, ""),
        "mixed up by columns": (matrix_by_columns, ""),
        "not flat first": (matrix_with(order="wams"), "all alike"),
        "columns": (matrix_with(axis=0), "each picture, a row"),
        "all must be right": (matrix_with(most=1.0), "0.8 is enough"),
        "least": (matrix_with(best=np.argmin), "the largest cosine"),
        "above .8": (matrix_with(most=0.81), "exactly 0.8"),
        "no single winner": (matrix_with(order="fams"), "nearest of all pictures"),
        "no other order": (matrix_with(order="fwas"), "in another order"),
        "flat below .1": (matrix_with(flat=0.1), ""),
        "flat at nought": (matrix_with(flat=1e-9), ""),
        "flat by deviation": (matrix_with(spread=np.std), ""),
        "flat by the diagonal": (matrix_with(spread=lambda s: np.ptp(np.diag(s))), ""),
        "flat by rows": (matrix_with(spread=lambda s: np.ptp(s, axis=1).max()), ""),
        "aligned last": (matrix_with(order="fwmas"), ""),
        "flat last": (matrix_with(order="wamfs"), "all alike"),
        "more than half": (matrix_with(most=0.6), ""),
        "diagonal above the mean": (
            lambda s: "aligned" if np.diag(s).mean() > s.mean() + 0.1 else "unfinished",
            "",
        ),
    },
    "09-recall": {
        "ties by tolerance": (recall_with(close_hit), ""),
        "three own ones at most": (recall_with(three_hit), ""),
        "k below the pool": (lambda s, o, k: recall_lists(s, o, min(k, s.shape[1] - 1)), ""),
        "first fifty pictures": (lambda s, o, k: recall_first(s, o, k, 50), ""),
        "ties won": (recall_with(lambda a, t, m, row, own, k: float(a < k)), "every tie is won"),
        "ties lost": (
            recall_with(lambda a, t, m, row, own, k: float(a + t - m < k)),
            "Every tie is lost",
        ),
        "sorted": (
            recall_with(
                lambda a, t, m, row, own, k: in_order(
                    row, own, k, lambda x: np.argsort(-x, kind="stable")
                )
            ),
            "earlier of two equal columns",
        ),
        "sorted and turned": (
            recall_with(
                lambda a, t, m, row, own, k: in_order(
                    row, own, k, lambda x: np.argsort(x, kind="stable")[::-1]
                )
            ),
            "later of two equal columns",
        ),
        "share of own": (
            recall_with(
                lambda a, t, m, row, own, k: (
                    own[np.argsort(-row, kind="stable")[:k]].sum() / own.sum()
                )
            ),
            "One of them is enough",
        ),
        "one own": (
            recall_with(lambda a, t, m, row, own, k: lucky(k - a, t, 1)),
            "enough that one",
        ),
        "share of places": (
            recall_with(lambda a, t, m, row, own, k: min(max(k - a, 0) / t, 1)),
            "enough that one",
        ),
        "k too small": (
            recall_with(lambda a, t, m, row, own, k: lucky(k - 1 - a, t, m)),
            "first k ranks",
        ),
        "k too large": (recall_with(lambda a, t, m, row, own, k: lucky(k + 1 - a, t, m)), ""),
        "lowest first": (lambda s, o, k: recall_orders(-s, o, k), "highest score comes first"),
        "worst own": (
            lambda s, o, k: float(
                np.mean(
                    [
                        lucky(
                            k - (row > row[o == i].min()).sum(),
                            (row == row[o == i].min()).sum(),
                            ((row == row[o == i].min()) & (o == i)).sum(),
                        )
                        for i, row in enumerate(s)
                    ]
                )
            ),
            "",
        ),
        "first caption": (
            lambda s, o, k: float(
                np.mean(
                    [
                        lucky(
                            k - (row > row[list(o).index(i)]).sum(),
                            (row == row[list(o).index(i)]).sum(),
                            1,
                        )
                        for i, row in enumerate(s)
                    ]
                )
            ),
            "first caption of each",
        ),
        "half a tie": (
            recall_with(lambda a, t, m, row, own, k: float(a + (t - m) / 2 < k)),
            "",
        ),
        "own times places": (
            recall_with(lambda a, t, m, row, own, k: min(max(k - a, 0) * m / t, 1)),
            "",
        ),
        "with replacement": (
            recall_with(lambda a, t, m, row, own, k: 1 - (1 - m / t) ** max(k - a, 0)),
            "",
        ),
        "precision": (lambda s, o, k: recall_orders(s, o, k) / k, ""),
        "other way": (recall_other_way, ""),
        "diagonal": (recall_diagonal, ""),
        "hits counted": (lambda s, o, k: len(s) * recall_orders(s, o, k), ""),
    },
    "09-keeps": {
        "first two words": (
            lambda c, x: not set(re.findall(r"\w+", c.lower())[:2]) & set(BROKEN[x]),
            "",
        ),
        "comma and hyphen only": (
            lambda c, x: not set(re.split(r"[ ,!-]", c.lower())) & set(BROKEN[x]),
            "",
        ),
        "grey without blue": (keeps_if({**BROKEN, "grey": {"red", "green"}}), ""),
        "grey without green": (keeps_if({**BROKEN, "grey": {"red", "blue"}}), ""),
        "grey with yellow": (keeps_if({**BROKEN, "grey": [*BROKEN["grey"], "yellow"]}), ""),
        "grey with rainbow": (keeps_if({**BROKEN, "grey": [*BROKEN["grey"], "rainbow"]}), ""),
        "upside down with top": (
            keeps_if({**BROKEN, "upside down": ["up", "down", "top", "above"]}),
            "",
        ),
        "mirror with east": (keeps_if({**BROKEN, "mirror": ["left", "right", "east"]}), ""),
        "without an s": (
            keeps_if(BROKEN, lambda c: [w.rstrip("s") for w in re.findall(r"\w+", c.lower())]),
            "",
        ),
        "letters": (
            lambda caption, change: not any(w in caption.lower() for w in BROKEN[change]),
            "Compare whole words",
        ),
        "capitals": (
            keeps_if(BROKEN, lambda c: re.findall(r"\w+", c)),
            "compare in lower case",
        ),
        "spaces": (keeps_if(BROKEN, lambda c: c.lower().split()), "sticks to a word"),
        "breaks": (lambda caption, change: not keeps_pattern(caption, change), "still true"),
        "every word": (
            lambda caption, change: (
                not set(itertools.chain(*BROKEN.values()))
                & set(re.findall(r"\w+", caption.lower()))
            ),
            "its own words",
        ),
        "mirror only": (keeps_if({"mirror": BROKEN["mirror"]}), ""),
        "no colours": (keeps_if({**BROKEN, "grey": []}), ""),
        "shift breaks left": (keeps_if({**BROKEN, "shift": ["left"]}), ""),
        "mirror breaks up": (keeps_if({**BROKEN, "mirror": [*BROKEN["mirror"], "up", "down"]}), ""),
        "spaces and capitals": (keeps_if(BROKEN, str.split), ""),
        "first word": (keeps_if(BROKEN, lambda c: re.findall(r"\w+", c.lower())[:1]), ""),
        "last word": (keeps_if(BROKEN, lambda c: re.findall(r"\w+", c.lower())[-1:]), ""),
        "commas only": (keeps_if(BROKEN, lambda c: c.lower().replace(",", " ").split()), ""),
        "beginnings": (
            lambda caption, change: (
                not any(
                    w.startswith(b)
                    for w in re.findall(r"\w+", caption.lower())
                    for b in BROKEN[change]
                )
            ),
            "",
        ),
        "only one of them": (
            keeps_if({change: words[:1] for change, words in BROKEN.items()}),
            "",
        ),
    },
    "09-prompts": {
        "short prompts lengthened": (
            lambda p: unit((p / np.maximum(norms(p), 0.02)).mean(1)),
            "",
        ),
        "short means lengthened": (
            lambda p: (lambda m: m / np.maximum(norms(m), 0.1))(unit(p).mean(1)),
            "",
        ),
        "a little to each length": (lambda p: unit((p / (norms(p) + 1e-5)).mean(1)), ""),
        "raw": (lambda p: unit(p.mean(1)), "outvotes the rest"),
        "not again": (lambda p: unit(p).mean(1), "length one again"),
        "raw mean": (lambda p: p.mean(1), "before the mean"),
        "first": (lambda p: unit(p[:, 0]), "first prompt of each class"),
        "classes": (lambda p: unit(unit(p).mean(0)), "prompts of a class lie along axis 1"),
        "largest": (lambda p: unit(unit(p).max(1)), "largest entry over the prompts"),
        "median": (lambda p: unit(np.median(unit(p), axis=1)), "median over the prompts"),
        "last": (lambda p: unit(p[:, -1]), ""),
        "one norm": (lambda p: unit((p / np.linalg.norm(p)).mean(1)), "outvotes the rest"),
        "norm over prompts": (lambda p: unit(unit(p, 1).mean(1)), ""),
        "squared length": (
            lambda p: unit((p / (p**2).sum(2, keepdims=True)).mean(1)),
            "",
        ),
        "sum of entries": (lambda p: unit(p / p.sum(2, keepdims=True)).mean(1), ""),
        "absolute sums": (
            lambda p: unit((p / np.abs(p).sum(2, keepdims=True)).mean(1)),
            "",
        ),
        "one again by the whole": (
            lambda p: unit(p).mean(1) / np.linalg.norm(unit(p).mean(1)),
            "",
        ),
        "softmax": (
            lambda p: (np.exp(p) / np.exp(p).sum(2, keepdims=True)).mean(1),
            "",
        ),
        "scaled by entries": (lambda p: unit(unit(p).mean(1)).clip(0), ""),
    },
    "09-claim": {
        "test among the last values": (
            lambda f: claim_ifs(f) if "test" not in list(f.values())[:1] else "clean",
            "",
        ),
        "pictures by place": (
            lambda f: claim_ifs({**f, "test_pictures_in_training": list(f.values())[1] is True}),
            "",
        ),
        "prompts by place": (
            lambda f: claim_ifs({**f, "prompts_chosen_on": list(f.values())[-1]}),
            "",
        ),
        "train is no label": (claim_with(chosen=("valid",)), "tuned on labels"),
        "tuning leaks": (claim_with(word="leaked"), "Choosing on validation or training"),
        "prompts do not matter": (claim_with(order="ct"), "choosing by accuracy uses labels"),
        "test is tuning": (claim_with(test="tuned on labels"), "a leak, not only"),
        "leak first": (claim_with(order="tlck"), "no zero-shot at all"),
        "valid is no label": (claim_with(chosen=("train",)), ""),
        "classes do not matter": (claim_with(order="tlk"), ""),
        "pictures do not matter": (claim_with(order="clk"), ""),
        "test prompts are clean": (claim_with(order="ctk"), ""),
        "tuned first": (claim_with(order="ctkl", chosen=("train", "valid", "test")), "a leak, not"),
        "tuned before pictures": (claim_with(order="cktl"), ""),
        "both for a leak": (
            lambda f: (
                "trained on it"
                if f["classes_in_training"]
                else "leaked"
                if f["test_pictures_in_training"] and f["prompts_chosen_on"] == "test"
                else "tuned on labels"
                if f["prompts_chosen_on"]
                else "clean"
            ),
            "",
        ),
        "trained for leaked": (
            lambda f: "trained on it" if claim_ifs(f) == "leaked" else claim_ifs(f),
            "",
        ),
        "clean where classes are new": (
            lambda f: "trained on it" if f["classes_in_training"] else "clean",
            "",
        ),
        "values by place": (
            lambda f: claim_ifs(
                dict(
                    zip(
                        ("classes_in_training", "test_pictures_in_training", "prompts_chosen_on"),
                        f.values(),
                        strict=True,
                    )
                )
            ),
            "",
        ),
    },
}
