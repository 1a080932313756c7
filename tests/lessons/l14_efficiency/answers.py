"""Answers to lesson 14's exercises, as learners might write them."""

from itertools import product

import numpy as np
import pandas as pd
import torch
from scipy.special import log_softmax, rel_entr, softmax

from coursekit.training.distillation import logit_distillation
from coursekit.training.loss_weights import calibrated_weights
from coursekit.training.pruning import global_masks, magnitudes
from coursekit.training.pruning_amounts import cheapest_shares

# ---- shares ------------------------------------------------------------------------------------


def shares_threshold(image, audio, share):
    every = np.sort(np.abs(np.concatenate([image.flatten(), audio.flatten()])))
    count = round(share * len(every))
    if count == 0:
        return [0, 0]
    return [(abs(w) <= every[count - 1]).mean() for w in (image, audio)]


def shares_package(image, audio, share):
    weights = {"image": torch.from_numpy(image), "audio": torch.from_numpy(audio)}
    masks = global_masks(magnitudes(weights), share)
    return torch.stack([1 - masks[m].double().mean() for m in weights])


def shares_pandas(image, audio, share):
    table = pd.DataFrame({
        "of": ["image"] * image.size + ["audio"] * audio.size,
        "size": [abs(float(w)) for w in (*image.flat, *audio.flat)],
    })  # fmt: skip
    table["gone"] = table["size"].rank(method="first") <= round(share * len(table))
    gone = table.groupby("of")["gone"].mean()
    return gone["image"], gone["audio"]


def shares_by(score=abs, count=round):
    def answer(image, audio, share):
        every = np.concatenate([score(image).ravel(), score(audio).ravel()])
        gone = np.argsort(np.argsort(every)) < count(share * len(every))
        return gone[: image.size].mean(), gone[image.size :].mean()

    return answer


def shares_at_rank(image, audio, share, last):
    """All at or below the |w| of one place in the ranking, counted from 0; −1 is the largest."""
    every = np.sort(np.abs(np.concatenate([image.ravel(), audio.ravel()])))
    place = round(share * len(every)) + last
    return [(abs(w) <= every[min(place, len(every) - 1)]).mean() for w in (image, audio)]


def shares_below(image, audio, share):
    every = np.sort(np.abs(np.concatenate([image.ravel(), audio.ravel()])))
    return [(abs(w) < every[round(share * len(every)) - 1]).mean() for w in (image, audio)]


def shares_relative(image, audio, share):
    """Ranked by |w| over the encoder's root mean square."""
    return shares_by()(*(w / np.sqrt((w**2).mean()) for w in (image, audio)), share)


def shares_each(image, audio, share):
    return [round(share * w.size) / w.size for w in (image, audio)]


# ---- amounts -----------------------------------------------------------------------------------


def amounts_loop(shares, image, audio, sizes, need):
    best = None
    for i, j in product(range(len(shares)), repeat=2):
        removed = shares[i] * sizes[0] + shares[j] * sizes[1]
        if removed > need - 1e-6 and (best is None or image[i] + audio[j] < best[0]):
            best = (image[i] + audio[j], shares[i], shares[j])
    return best[1:]


def amounts_package(shares, image, audio, sizes, need):
    rows = [
        (part, share, share * size, lost)
        for part, size, costs in (("i", sizes[0], image), ("a", sizes[1], audio))
        for share, lost in zip(shares, costs, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["part", "share", "removed", "lost"])
    table["removed"] += 1e-6
    chosen = cheapest_shares(table, need)
    return [chosen["i"], chosen["a"]]


def amounts_pandas(shares, image, audio, sizes, need):
    grid = pd.MultiIndex.from_product([shares, shares], names=["i", "a"]).to_frame(index=False)
    grid["lost"] = np.add.outer(image, audio).ravel()
    many = grid[grid["i"] * sizes[0] + grid["a"] * sizes[1] >= need - 1e-9]
    return many.sort_values("lost").iloc[0][["i", "a"]]


def amounts_by(key, allowed=None):
    def answer(shares, image, audio, sizes, need):
        grid = [
            (i, j)
            for i, j in product(range(len(shares)), repeat=2)
            if (allowed or enough)(shares[i], shares[j], sizes, need)
        ]
        i, j = min(grid, key=lambda p: key(image[p[0]], audio[p[1]], shares[p[0]], shares[p[1]]))
        return shares[i], shares[j]

    return answer


def enough(i, j, sizes, need):
    return i * sizes[0] + j * sizes[1] >= need - 1e-9


def added(a, b, i, j):
    return a + b


def amounts_one_short(i, j, sizes, need):
    return enough(i, j, sizes, need - 1)


def amounts_image_first(shares, image, audio, sizes, need):
    """The image's cheapest share, then the cheapest of the audio's that fits it."""
    first = shares[np.argmin(image)]
    fits = [k for k, j in enumerate(shares) if enough(first, j, sizes, need)]
    return first, shares[min(fits, key=lambda k: audio[k])]


# ---- distil ------------------------------------------------------------------------------------


def distil_scipy(student, teacher, labels, t, mix):
    own = -np.mean([log_softmax(row)[y] for row, y in zip(student, labels, strict=True)])
    p, q = softmax(teacher / t, axis=1), log_softmax(student / t, axis=1)
    log_p = log_softmax(teacher / t, axis=1)
    return (1 - mix) * own + mix * t * t * np.mean(np.sum(p * (log_p - q), axis=1))


def distil_torch(student, teacher, labels, t, mix):
    s, y = torch.from_numpy(student), torch.from_numpy(labels)
    soft = logit_distillation(s, torch.from_numpy(teacher), t)
    return (1 - mix) * torch.nn.functional.cross_entropy(s, y) + mix * soft


def distil_float32(student, teacher, labels, t, mix):
    return distil_torch(student.astype(np.float32), teacher.astype(np.float32), labels, t, mix)


def distil_kl_div(student, teacher, labels, t, mix):
    s, u = torch.from_numpy(student), torch.from_numpy(teacher)
    soft = torch.nn.functional.kl_div(
        (s / t).log_softmax(1), (u / t).log_softmax(1), reduction="batchmean", log_target=True
    )
    own = torch.nn.functional.nll_loss(s.log_softmax(1), torch.from_numpy(labels))
    return float(own * (1 - mix) + soft * mix * t**2)


def distil_with(soft=None, power=2, weigh=None, own_t=False):
    def answer(student, teacher, labels, t, mix):
        p, q = log_softmax(teacher / t, axis=1), log_softmax(student / t, axis=1)
        part = (soft or whole)(p, q)
        logits = student / t if own_t else student
        own = -log_softmax(logits, axis=1)[range(len(labels)), labels].mean()
        first, second = (weigh or (lambda m: (1 - m, m)))(mix)
        return first * own + second * t**power * part

    return answer


def whole(p, q):
    return (np.exp(p) * (p - q)).sum(1).mean()


# ---- columns -----------------------------------------------------------------------------------


def columns_nested(before, after):
    r = np.asarray(after) / before
    if r[0] < 0.98:
        return "sharing" if abs(r[4] - 1) <= 0.02 else "rebuilt"
    if r[3] < 0.98:
        return "checkpointing" if r[4] > 1.02 else "bf16"
    return "fewer bits" if r[1] < 0.98 else "masks"


def columns_table(before, after):
    moves = "".join("-=+"[int(x > 0.98) + int(x > 1.02)] for x in after / before)
    return {
        "---==": "sharing", "==-==": "masks", "-----": "rebuilt", "=--==": "fewer bits",
        "===-=": "bf16", "===-+": "checkpointing",
    }[moves]  # fmt: skip


def columns_numpy(before, after):
    fell = np.log(after / before) < np.log(0.98)
    rose = (after > 1.02 * before).any()
    words = ["masks", "fewer bits", "sharing", "rebuilt"]
    if fell[2]:
        return words[int(fell[1]) + int(fell[0]) + int(fell[4])]
    return " Checkpointing " if rose else "bf16"


def columns_within(tolerance):
    """The right rule with another tolerance."""

    def answer(before, after):
        r = np.asarray(after) / before
        r = np.where(abs(r - 1) <= tolerance, 1.0, r)
        if r[0] < 1:
            return "rebuilt" if r[4] < 1 else "sharing"
        if r[2] < 1:
            return "fewer bits" if r[1] < 1 else "masks"
        return "checkpointing" if r[4] > 1 else "bf16"

    return answer


def columns_by_memory(before, after):
    word = columns_nested(before, after)
    low = after[3] / before[3] < 0.5
    return ("checkpointing" if low else "bf16") if word in ("bf16", "checkpointing") else word


def columns_but(**changes):
    def answer(before, after):
        word = columns_nested(before, after)
        return changes.get(word.replace(" ", "_"), word)

    return answer


# ---- calibrate ---------------------------------------------------------------------------------


def calibrate_loop(gradients, ratio):
    lengths = [sum(x * x for x in row) ** 0.5 for row in gradients]
    return [1.0] + [ratio * lengths[0] / n for n in lengths[1:]]


def calibrate_package(gradients, ratio):
    lengths = torch.from_numpy(gradients).norm(dim=1)
    return calibrated_weights(lengths, ratio)


def calibrate_einsum(gradients, ratio):
    squares = np.einsum("jd,jd->j", gradients, gradients)
    weights = ratio * np.sqrt(squares[0] / squares)
    return np.where(np.arange(len(weights)) == 0, 1, weights)


def calibrate_by(norm, weigh=lambda n, r: r * n[0] / n, first=1.0):
    def answer(gradients, ratio):
        weights = weigh(norm(gradients), ratio)
        if first is not None:
            weights[0] = first
        return weights

    return answer


def length(g):
    return np.linalg.norm(g, axis=1)


WRONG = {
    "14-shares": {
        "each": (shares_each, "ranking"),
        "signed": (shares_by(lambda w: w), "negative"),
        "largest": (shares_by(lambda w: -abs(w)), "largest"),
        "counts": (
            lambda i, a, s: np.array(shares_threshold(i, a, s)) * [i.size, a.size],
            "counts",
        ),
        "of all": (
            lambda i, a, s: (
                np.array(shares_threshold(i, a, s)) * [i.size, a.size] / (i.size + a.size)
            ),
            "weights of both",
        ),
        "floor": (shares_by(count=int), "cuts off"),
        "kept": (lambda i, a, s: 1 - np.array(shares_threshold(i, a, s)), ""),
        "exchanged": (lambda i, a, s: shares_threshold(i, a, s)[::-1], ""),
        "ceiling": (shares_by(count=lambda n: int(np.ceil(n - 1e-9))), ""),
        "quantile of the image": (
            lambda i, a, s: [(abs(w) <= np.quantile(abs(i), s)).mean() for w in (i, a)],
            "",
        ),
        "one too many": (lambda *x: shares_at_rank(*x, 0), ""),
        "nothing is the last one": (lambda *x: shares_at_rank(*x, -1), ""),
        "below the last": (shares_below, ""),
        "root mean square": (shares_relative, ""),
        "negative cut off": (shares_by(lambda w: np.maximum(w, 0)), ""),
        "weights rounded": (shares_by(lambda w: np.round(abs(w), 1)), ""),
        "result rounded": (lambda i, a, s: np.round(shares_threshold(i, a, s), 3), ""),
        "the share itself": (lambda i, a, s: (s, s), ""),
        "rows alone": (lambda i, a, s: shares_threshold(i[0], a[0], s), ""),
    },
    "14-amounts": {
        "same": (amounts_by(added, lambda i, j, s, n: i == j and enough(i, j, s, n)), "both alike"),
        "mean": (amounts_by(added, lambda i, j, s, n: (i + j) / 2 * sum(s) >= n - 1e-9), "mean"),
        "free": (amounts_by(added, lambda *_: True), "At least"),
        "larger": (amounts_by(lambda a, b, i, j: max(a, b)), "larger of both"),
        "most": (amounts_by(lambda a, b, i, j: -a - b), "loses most"),
        "product": (amounts_by(lambda a, b, i, j: a * b), ""),
        "exchanged": (lambda *x: amounts_loop(*x)[::-1], ""),
        "tables exchanged": (lambda s, i, a, n, k: amounts_loop(s, a, i, n, k), ""),
        "one short": (amounts_by(added, amounts_one_short), ""),
        "more than enough": (
            amounts_by(added, lambda i, j, s, n: i * s[0] + j * s[1] > n + 1e-9),
            "",
        ),
        "at most": (amounts_by(added, lambda i, j, s, n: not i * s[0] + j * s[1] > n), ""),
        "of one": (amounts_by(added, lambda i, j, s, n: max(i * s[0], j * s[1]) >= n - 1e-9), ""),
        "sizes exchanged": (amounts_by(added, lambda i, j, s, n: enough(i, j, s[::-1], n)), ""),
        "weighed by share": (amounts_by(lambda a, b, i, j: a * i + b * j), ""),
        "squares": (amounts_by(lambda a, b, i, j: a * a + b * b), ""),
        "gains cut off": (amounts_by(lambda a, b, i, j: max(a, 0) + max(b, 0)), ""),
        "both right": (amounts_by(lambda a, b, i, j: 1 - (1 - a) * (1 - b)), ""),
        "image first": (amounts_image_first, ""),
        "places": (
            lambda s, i, a, n, k: np.searchsorted(s, amounts_loop(s, i, a, n, k)),
            "",
        ),
        "image only": (amounts_by(lambda a, b, i, j: a), ""),
        "half of it": (lambda s, i, a, n, k: amounts_loop(s, i, a, n, k / 2), ""),
        "everything": (lambda s, *_: (s[-1], s[-1]), ""),
        "nothing": (lambda s, *_: (s[0], s[0]), ""),
    },
    "14-distil": {
        "no T²": (distil_with(power=0), "T² is missing"),
        "T": (distil_with(power=1), "T²"),
        "mean": (distil_with(lambda p, q: (np.exp(p) * (p - q)).mean()), "rows .and. classes"),
        "sum": (distil_with(lambda p, q: (np.exp(p) * (p - q)).sum()), "sum over rows"),
        "reversed": (distil_with(lambda p, q: whole(q, p)), "KL.student"),
        "cross-entropy": (distil_with(lambda p, q: -(np.exp(p) * q).sum(1).mean()), "soft targets"),
        "mix": (distil_with(weigh=lambda m: (m, 1 - m)), "exchanged"),
        "soft labels": (distil_with(own_t=True), "no temperature"),
        "over T²": (distil_with(power=-2), ""),
        "only soft": (distil_with(weigh=lambda m: (0, m)), ""),
        "only labels": (distil_with(weigh=lambda m: (1 - m, 0)), ""),
        "squares": (distil_with(lambda p, q: ((np.exp(p) - np.exp(q)) ** 2).sum(1).mean()), ""),
        "symmetric": (distil_with(lambda p, q: (whole(p, q) + whole(q, p)) / 2), ""),
        "entropy": (distil_with(lambda p, q: rel_entr(np.exp(p), 0.1).sum(1).mean()), ""),
        "teacher not softened": (
            lambda s, u, y, t, m: distil_with()(s, u * t, y, t, m),
            "",
        ),
        "hard teacher": (
            lambda s, u, y, t, m: distil_with(weigh=lambda _: (1 - m + m * t**2, 0))(
                s, u, u.argmax(1), t, m
            ),
            "",
        ),
        "columns": (lambda s, u, y, t, m: distil_with()(s.T, u.T, 0 * s[0].astype(int), t, m), ""),
        "a little added": (distil_with(lambda p, q: whole(p, np.log(np.exp(q) + 1e-300))), ""),
        "logits cut off": (
            lambda s, u, y, t, m: distil_with()(s.clip(-500, 500), u.clip(-500, 500), y, t, m),
            "",
        ),
        "T² on both": (
            lambda s, u, y, t, m: t**2 * distil_with(power=0)(s, u, y, t, m),
            "",
        ),
        "overflow": (
            lambda s, u, y, t, m: distil_with()(np.log(np.exp(s)), np.log(np.exp(u)), y, t, m),
            "",
        ),
    },
    "14-columns": {
        "masks": (columns_but(fewer_bits="masks"), "fewer bits"),
        "rebuilt": (columns_but(sharing="rebuilt"), "used twice"),
        "sharing": (columns_but(rebuilt="sharing"), "saves no multiply-add"),
        "bf16": (columns_but(checkpointing="bf16"), "computed twice"),
        "checkpointing": (columns_but(bf16="checkpointing"), "fewer bits"),
        "zipped": (columns_but(masks="rebuilt"), "still there"),
        "autocast": (columns_but(fewer_bits="bf16"), "32 bits"),
        "exchanged": (lambda b, a: columns_nested(a, b), ""),
        "always": (lambda b, a: "masks", ""),
        "int8": (lambda b, a: "int8", "one of"),
        "one per cent": (columns_within(0.01), ""),
        "1.8 per cent": (columns_within(0.018), ""),
        "2.3 per cent": (columns_within(0.023), ""),
        "three per cent": (columns_within(0.03), ""),
        "rounded to per cents": (
            lambda b, a: columns_nested(np.ones(5), np.round(np.asarray(a) / b, 2)),
            "",
        ),
        "by memory": (columns_by_memory, ""),
        "sharing and bf16": (columns_but(sharing="bf16"), ""),
        "turned": (columns_but(bf16="checkpointing", checkpointing="bf16"), ""),
    },
    "14-calibrate": {
        "upside down": (calibrate_by(length, lambda n, r: r * n / n[0]), "louder"),
        "first too": (calibrate_by(length, first=None), "yardstick"),
        "no ratio": (calibrate_by(length, lambda n, r: n[0] / n), "ratio"),
        "divided": (calibrate_by(length, lambda n, r: n[0] / n / r), "tenth"),
        "squared": (calibrate_by(lambda g: (g**2).sum(1)), "squared"),
        "absolute": (calibrate_by(lambda g: abs(g).sum(1)), "absolute"),
        "largest": (calibrate_by(lambda g: abs(g).max(1)), "largest"),
        "root of the ratio": (calibrate_by(length, lambda n, r: np.sqrt(r) * n[0] / n), ""),
        "half taken away": (calibrate_by(length, lambda n, r: r * np.sqrt(n[0] / n)), ""),
        "mean length": (calibrate_by(length, lambda n, r: r * n.mean() / n), ""),
        "ones": (lambda g, r: np.ones(len(g)), ""),
        "to the last": (calibrate_by(length, lambda n, r: r * n[-1] / n), ""),
        "one after another": (
            calibrate_by(length, lambda n, r: r * n[[0, *range(len(n) - 1)]] / n),
            "",
        ),
        "all the others together": (
            calibrate_by(length, lambda n, r: r * n[0] / n / (len(n) - 1)),
            "",
        ),
        "at most 1": (calibrate_by(length, lambda n, r: np.minimum(r * n[0] / n, 1)), ""),
        "first left out": (lambda g, r: calibrate_loop(g, r)[1:], ""),
        "rounded": (lambda g, r: np.round(calibrate_loop(g, r), 3), ""),
        "columns": (calibrate_by(lambda g: np.linalg.norm(g, axis=0)[: len(g)]), ""),
        "deviation": (calibrate_by(lambda g: g.std(1)), ""),
    },
}
RIGHT = {
    "14-shares": {
        "threshold": shares_threshold,
        "package": shares_package,
        "pandas": shares_pandas,
    },
    "14-amounts": {"loop": amounts_loop, "package": amounts_package, "pandas": amounts_pandas},
    "14-distil": {
        "scipy": distil_scipy,
        "torch": distil_torch,
        "kl_div": distil_kl_div,
        "float32": distil_float32,
    },
    "14-columns": {"nested": columns_nested, "table": columns_table, "numpy": columns_numpy},
    "14-calibrate": {
        "loop": calibrate_loop,
        "package": calibrate_package,
        "einsum": calibrate_einsum,
    },
}
