"""Answers to lesson 08's exercises, as learners might write them."""

import math
import statistics

import numpy as np
import pandas as pd
import torch
from scipy import stats
from torch.nn import functional as F

from coursekit.balancing.mlb import MLB
from coursekit.balancing.multi_loss import MultiLoss
from coursekit.balancing.unimodal_scores import rivals, true_class_scores
from coursekit.training.method import Method


def ce(logits, labels):
    return F.cross_entropy(torch.as_tensor(logits), torch.as_tensor(labels))


def multi_loss_loop(joint, alone, labels):
    total = 0.0
    for table in [joint, *alone.values()]:
        for row, y in zip(table, labels, strict=True):
            top = max(row)
            total += (math.log(sum(math.exp(v - top) for v in row)) + top - row[y]) / len(labels)
    return total


def multi_loss_with(probability):
    def answer(joint, alone, labels):
        tables = (joint, *alone.values())
        return -sum(np.log(probability(x)[np.arange(len(labels)), labels]).mean() for x in tables)

    return answer


def multi_loss_within(bound):
    def answer(joint, alone, labels):
        clipped = {m: np.clip(x, -bound, bound) for m, x in alone.items()}
        return multi_loss_loop(np.clip(joint, -bound, bound), clipped, labels)

    return answer


def of_sum(scores):
    return scores / scores.sum(axis=1, keepdims=True)


def multi_loss_scipy(joint, alone, labels):
    from scipy.special import log_softmax

    tables = np.stack([joint, *alone.values()])
    chosen = log_softmax(tables, axis=2)[:, np.arange(len(labels)), labels]
    return -chosen.mean(axis=1).sum()


def pace_loop(scores, alpha, beta_max):
    k = []
    for i, score in enumerate(scores):
        others = [s for j, s in enumerate(scores) if j != i]
        r = sum(others) / len(others) / score
        if r > 1:
            k.append(1 + (beta_max - 1) * math.tanh(alpha * (r - 1)))
        else:
            k.append(1 + math.tanh(alpha * (r - 1)))
    return k


def pace_torch(scores, alpha, beta_max):
    s = torch.as_tensor(scores).double()
    r = rivals(s) / s
    beta = torch.where(r > 1, torch.full_like(s, beta_max), torch.full_like(s, 2.0))
    return 1 + (beta - 1) * torch.tanh(alpha * (r - 1))


def pace_with(ratio, below=2.0, above=None):
    def answer(s, alpha, beta_max):
        r = ratio(np.asarray(s))
        top = beta_max if above is None else above(beta_max)
        low = below if isinstance(below, float) else below(beta_max)
        return 1 + (np.where(r > 1, top, low) - 1) * np.tanh(alpha * (r - 1))

    return answer


def ratio(s):
    return np.array([np.delete(s, i).mean() / s[i] for i in range(len(s))])


def ece_loop(confidence, right, bins):
    total = 0.0
    for b in range(bins):
        rows = [i for i, c in enumerate(confidence) if b / bins < c <= (b + 1) / bins]
        if rows:
            accuracy = sum(right[i] for i in rows) / len(rows)
            sure = sum(confidence[i] for i in rows) / len(rows)
            total += len(rows) / len(confidence) * abs(accuracy - sure)
    return total


def grouped(confidence, right, bins, closed_right=True):
    place = pd.cut(
        pd.Series(confidence), np.linspace(0, 1, bins + 1), labels=False, right=closed_right
    )
    table = pd.DataFrame({"sure": confidence, "right": right, "bin": place})
    return table.groupby("bin").agg(
        n=("sure", "size"), sure=("sure", "mean"), right=("right", "mean")
    )


def ece_pandas(confidence, right, bins):
    g = grouped(confidence, right, bins)
    return (g["n"] * (g["right"] - g["sure"]).abs()).sum() / len(confidence)


def ece_ceil(confidence, right, bins):
    place = np.ceil(np.asarray(confidence) * bins)
    gaps = [abs((right - confidence)[place == b].sum()) for b in range(1, bins + 1)]
    return np.sum(gaps) / len(right)


def ece_of(combine, closed_right=True):
    def answer(confidence, right, bins):
        g = grouped(confidence, right, bins, closed_right)
        return combine(g["n"], g["right"], g["sure"])

    return answer


def where_loop(answers, first, second, labels):
    shares = []
    for want in ((True, True), (True, False), (False, True), (False, False)):
        hits = [
            x == y
            for x, a, b, y in zip(answers, first, second, labels, strict=True)
            if (a == y, b == y) == want
        ]
        shares.append(sum(hits) / len(hits))
    return shares


def where_pandas(answers, first, second, labels):
    table = pd.DataFrame({"a": first == labels, "b": second == labels, "x": answers == labels})
    means = table.groupby(["a", "b"])["x"].mean()
    return [means[True, True], means[True, False], means[False, True], means[False, False]]


def where_average(answers, first, second, labels):
    hits = (answers == labels).astype(float)
    code = 2 * (first != labels) + (second != labels)
    return np.bincount(code, weights=hits, minlength=4) / np.bincount(code, minlength=4)


def gain_interval(x, y):
    d = np.asarray(x) - np.asarray(y)
    return stats.t.interval(0.95, len(d) - 1, d.mean(), stats.sem(d))


def gain_by_hand(d):
    """The lower end."""
    return d.mean() - t_quantile(d) * d.std(ddof=1) / len(d) ** 0.5


def choose_loop(valid, seconds, budget):
    best, name = -1.0, "joint"
    for method in valid:
        if method == "joint" or seconds[method] > budget:
            continue
        if gain_interval(valid[method], valid["joint"])[0] > 0:
            mean = statistics.fmean(valid[method])
            if mean > best:
                best, name = mean, method
    return name


def choose_pandas(valid, seconds, budget):
    table = pd.DataFrame(valid).astype("float32")
    d = table.drop(columns="joint").sub(table["joint"], axis=0)
    low = d.mean() - stats.t.ppf(0.975, len(d) - 1) * d.sem()
    gains = d.mean()[(low > 0) & (pd.Series(seconds)[d.columns] <= budget)]
    return "joint" if gains.empty else gains.idxmax()


def choose_ttest(valid, seconds, budget):
    means = {
        m: v.mean()
        for m, v in valid.items()
        if m != "joint"
        and seconds[m] <= budget
        and stats.ttest_rel(v, valid["joint"]).confidence_interval(0.95).low > 0
    }
    return max(means, key=means.get, default="joint")


def choose_where(keep, key=None):
    def answer(valid, seconds, budget):
        names = [m for m in valid if m != "joint" and keep(m, valid, seconds, budget)]
        best = key or (lambda m, valid, seconds: valid[m].mean())
        return max(names, key=lambda m: best(m, valid, seconds), default="joint")

    return answer


def affordable(m, valid, seconds, budget):
    return seconds[m] <= budget


def clear(m, valid, seconds, budget):
    return affordable(m, valid, seconds, budget) and gain_interval(valid[m], valid["joint"])[0] > 0


def t_quantile(d):
    return stats.t.ppf(0.975, len(d) - 1)


def beyond(quantile, ddof=1):
    """Affordable, and the gain more than so many standard errors."""

    def keep(m, valid, seconds, budget):
        d = valid[m] - valid["joint"]
        error = d.std(ddof=ddof) / len(d) ** 0.5
        return seconds[m] <= budget and d.mean() > quantile(d) * error

    return keep


# Methods of a learner's own


class Brake(MultiLoss):
    """The modality that is ahead waits."""

    def scales(self, step):
        alone = step.prediction.unimodal
        s = true_class_scores(list(alone.values()), step.labels)
        return dict(zip(alone, (rivals(s) / s).clamp(max=1.0).tolist(), strict=True))


class ByLoss(MultiLoss):
    """Each modality as fast as its loss is large against the mean."""

    def scales(self, step):
        losses = {m: float(v) for m, v in step.cross_entropies().items() if m != "joint"}
        mean = statistics.fmean(losses.values())
        return {m: min(4.0, max(0.2, v / mean)) for m, v in losses.items()}


class Gentle(MLB):
    """MLB with settings of its own."""

    def __init__(self):
        super().__init__(alpha=1.5, beta_max=3.0)


class Scaled(MultiLoss):
    """A wrong one: every step is halved."""

    def scales(self, step):
        return dict.fromkeys(step.run.model.modalities, 0.5)


class Hurried(MultiLoss):
    """A wrong one: a larger learning rate under another name."""

    def scales(self, step):
        return dict.fromkeys(step.run.model.modalities, 3.0)


class FirstTwo(MultiLoss):
    def scales(self, step):
        a, b = step.prediction.unimodal.values()
        s = true_class_scores([a, b], step.labels)
        return dict(zip(step.run.model.modalities, (s.flip(0) / s).tolist(), strict=True))


class Named(MultiLoss):
    def scales(self, step):
        return {"A": 2.0, "B": 0.5}


class Thrown(MultiLoss):
    def scales(self, step):
        return {m: 0.5 + float(torch.rand(())) for m in step.run.model.modalities}


class Argument(MultiLoss):
    def __init__(self, strength):
        self.strength = strength


class Wrecked(MultiLoss):
    def weights(self, step):
        return {k: float("inf") for k in super().weights(step)}


class Typo(Method):
    def scalings(self, step):
        return dict.fromkeys(step.run.model.modalities, 2.0)


class HurriedMore(MultiLoss):
    def scales(self, step):
        return dict.fromkeys(step.run.model.modalities, 5.0)


class Slowing(MultiLoss):
    """A wrong one: a learning rate that falls by the epoch."""

    def scales(self, step):
        return {m: max(1.0, 5.0 - step.run.epoch) for m in step.run.model.modalities}


class Thrice(MultiLoss):
    """A wrong one: a learning rate, written as weights."""

    def weights(self, step):
        return {head: 3 * w for head, w in super().weights(step).items()}


class UntouchedScales(MultiLoss):
    """The multi-loss, and nothing else."""

    def scales(self, step):
        return dict.fromkeys(step.run.model.modalities, 1.0)


class Dice(MultiLoss):
    """A wrong one: noise between 1/8 and 8."""

    width = 8.0

    def scales(self, step):
        g = step.run.generator
        names = step.run.model.modalities
        return {m: float(self.width ** (2 * torch.rand(1, generator=g) - 1)) for m in names}


class MoreDice(Dice):
    width = 16.0

    def scales(self, step):
        return dict(super().scales(step))


class RareDice(Dice):
    """Every other step; it draws in all of them."""

    def scales(self, step):
        drawn = super().scales(step)
        return drawn if step.batch % 2 else {}


class Deaf(Method):
    """A wrong one: a brake by scores of heads that nobody trains."""

    def scales(self, step):
        alone = step.prediction.unimodal
        s = true_class_scores(list(alone.values()), step.labels)
        return {m: min(1.0, float(r)) for m, r in zip(alone, rivals(s) / s, strict=True)}


class FirstHurried(MultiLoss):
    def scales(self, step):
        first, *others = step.run.model.modalities
        return {first: 3.0} | dict.fromkeys(others, 0.3)


class ByName(MultiLoss):
    def scales(self, step):
        return {m: {"A": 3.0, "B": 0.4}.get(m, 1.0) for m in step.run.model.modalities}


class ByLetter(MultiLoss):
    def scales(self, step):
        return {m: 3.0 if m.lower() in ("a", "slow") else 0.4 for m in step.run.model.modalities}


class FirstInTheAlphabet(MultiLoss):
    def scales(self, step):
        names = step.run.model.modalities
        return {m: 3.0 if m == min(names) else 0.4 for m in names}


class SecondBraked(Brake):
    """The brake, for the second modality alone."""

    def scales(self, step):
        second = step.run.model.modalities[1]
        return {m: k for m, k in super().scales(step).items() if m == second}


class Kept(MultiLoss):
    means = {}  # noqa: RUF012

    def scales(self, step):
        for m, x in step.cross_entropies().items():
            if m != "joint":
                self.means[m] = 0.9 * self.means.get(m, 1.0) + 0.1 * float(x)
        usual = statistics.fmean(self.means.values())
        return {m: min(3.0, max(0.3, x / usual)) for m, x in self.means.items()}


class Smudged(ByLoss):
    """A right one that draws: noise on every gradient, which moves its k but a little."""

    def backward(self, step, loss):
        super().backward(step, loss)
        for p in step.run.model.parameters():
            if p.grad is not None:
                drawn = torch.randn(p.shape, generator=step.run.generator)
                p.grad += 0.05 * p.grad.square().mean().sqrt() * drawn


class Late(ByLoss):
    """A right one that begins in the second epoch, with a tenth of chance in its k."""

    def scales(self, step):
        drawn = {
            m: k * (0.9 + 0.2 * float(torch.rand((), generator=step.run.generator)))
            for m, k in super().scales(step).items()
        }
        return drawn if step.run.epoch > 1 else {}


RIGHT = {
    "08-multi-loss": {
        "torch": lambda joint, alone, y: ce(joint, y) + sum(ce(x, y) for x in alone.values()),
        "loop": multi_loss_loop,
        "scipy": multi_loss_scipy,
        "float32": lambda joint, alone, y: multi_loss_scipy(
            np.float32(joint), {m: np.float32(x) for m, x in alone.items()}, y
        ),
    },
    "08-pace": {
        "loop": pace_loop,
        "torch": pace_torch,
        "numpy": pace_with(ratio),
    },
    "08-ece": {"loop": ece_loop, "pandas": ece_pandas, "ceil": ece_ceil},
    "08-right-where": {
        "loop": where_loop,
        "pandas": where_pandas,
        "bincount": where_average,
    },
    "08-choose": {
        "loop": choose_loop,
        "pandas": choose_pandas,
    },
    "08-own": {"brake": Brake, "by loss": ByLoss, "MLB": Gentle, "smudged": Smudged, "late": Late},
}

RIGHT["08-choose"] |= {"t-test": choose_ttest}  # no slips are tried of it: each takes seconds

WRONG = {
    "08-multi-loss": {
        "joint only": (lambda joint, alone, y: ce(joint, y), "joint training"),
        "no joint": (lambda joint, alone, y: sum(ce(x, y) for x in alone.values()), "joint head"),
        "mean": (
            lambda joint, alone, y: np.mean([ce(x, y) for x in (joint, *alone.values())]),
            "mean over the heads",
        ),
        "mean of modalities": (
            lambda joint, alone, y: (
                ce(joint, y) + torch.stack([ce(x, y) for x in alone.values()]).mean()
            ),
            "averaged the modalities",
        ),
        "summed batch": (
            lambda joint, alone, y: multi_loss_scipy(joint, alone, y) * len(y),
            "summed over the batch",
        ),
        "mixed logits": (
            lambda joint, alone, y: ce(joint, y) + ce(sum(alone.values()) / len(alone), y),
            "mixed the modalities",
        ),
        "first": (
            lambda joint, alone, y: ce(joint, y) + ce(alone[next(iter(alone))], y),
            "first modality",
        ),
        "sign": (lambda joint, alone, y: -multi_loss_loop(joint, alone, y), "sign"),
        "twice": (
            lambda joint, alone, y: sum(
                ce(torch.softmax(torch.as_tensor(x), 1), y) for x in (joint, *alone.values())
            ),
            "softmax of the softmax",
        ),
        "no keepdims": (
            lambda joint, alone, y: (
                -np.log((np.exp(joint) / np.exp(joint).sum(1))[np.arange(len(y)), y]).mean()
            ),
            "keepdims=True",
        ),
        "log of logits": (
            lambda joint, alone, y: sum(
                -np.mean(np.log(x[np.arange(len(y)), y])) for x in (joint, *alone.values())
            ),
            "logarithm of logits",
        ),
        "accuracy": (
            lambda joint, alone, y: sum(
                np.mean(x.argmax(1) != y) for x in (joint, *alone.values())
            ),
            "",
        ),
        "log of the mean": (
            lambda joint, alone, y: (
                -sum(
                    np.log(np.mean(torch.tensor(x).softmax(1).numpy()[np.arange(len(y)), y]))
                    for x in (joint, *alone.values())
                )
            ),
            "",
        ),
        "two heads": (
            lambda joint, alone, y: ce(joint, y) + sum(ce(x, y) for x in list(alone.values())[:2]),
            "",
        ),
        "base two": (
            lambda joint, alone, y: multi_loss_loop(joint, alone, y) / math.log(2),
            "another base",
        ),
        "joint twice": (
            lambda joint, alone, y: multi_loss_loop(joint, alone, y) + float(ce(joint, y)),
            "",
        ),
        "added to the dict": (
            lambda joint, alone, y: (
                alone.update(joint=joint) or sum(ce(x, y) for x in alone.values())
            ),
            "The right number, but you changed alone",
        ),
        "not below .05": (lambda joint, alone, y: max(0.05, multi_loss_loop(joint, alone, y)), ""),
        "logits within 5": (multi_loss_within(5), ""),
        "logits within 10": (multi_loss_within(10), ""),
        "logits within 50": (multi_loss_within(50), ""),
        "no shift": (multi_loss_with(lambda x: of_sum(np.exp(x))), "row's own maximum"),
        "no shift, log of the sum": (
            lambda joint, alone, y: sum(
                (np.log(np.exp(x).sum(1)) - x[np.arange(len(y)), y]).mean()
                for x in (joint, *alone.values())
            ),
            "row's own maximum",
        ),
        "shifted as a whole": (
            multi_loss_with(lambda x: of_sum(np.exp(x - x.max()))),
            "row's own maximum",
        ),
        "shifted as a whole, log of the sum": (
            lambda joint, alone, y: sum(
                (np.log(np.exp(x - x.max()).sum(1)) + x.max() - x[np.arange(len(y)), y]).mean()
                for x in (joint, *alone.values())
            ),
            "row's own maximum",
        ),
        "probability at least 1e-7": (
            multi_loss_with(lambda x: torch.tensor(x).softmax(1).numpy().clip(1e-7)),
            "floor under",
        ),
        "six classes": (
            lambda joint, alone, y: sum(
                -(np.eye(6)[y][:, : x.shape[1]] * torch.tensor(x).log_softmax(1).numpy())
                .sum(1)
                .mean()
                for x in (joint, *alone.values())
            ),
            "raised",
        ),
        "a little added to the probability": (
            lambda joint, alone, y: (
                -sum(
                    np.log(torch.tensor(x).softmax(1).numpy()[np.arange(len(y)), y] + 1e-4).mean()
                    for x in (joint, *alone.values())
                )
            ),
            "floor under",
        ),
        "three modalities": (
            lambda joint, alone, y: multi_loss_loop(joint, dict(list(alone.items())[:3]), y),
            "",
        ),
        "half": (lambda joint, alone, y: 0.5 * multi_loss_loop(joint, alone, y), ""),
    },
    "08-pace": {
        "upside down": (pace_with(lambda s: 1 / ratio(s)), "upside down"),
        "mean of all": (pace_with(lambda s: s.mean() / s), "itself"),
        "sum": (pace_with(lambda s: (s.sum() - s) / s), "sum of the others"),
        "strongest": (
            pace_with(lambda s: np.array([np.delete(s, i).max() for i in range(len(s))]) / s),
            "strongest rival",
        ),
        "both sides": (pace_with(ratio, below=lambda b: b), "both sides"),
        "no acceleration": (pace_with(ratio, above=lambda b: 2.0), "β_max does nothing"),
        "exchanged": (
            pace_with(ratio, below=lambda b: b, above=lambda b: 2.0),
            "exchanged",
        ),
        "beta itself": (
            lambda s, a, b: 1 + np.where(ratio(s) > 1, b, 2) * np.tanh(a * (ratio(s) - 1)),
            "β − 1",
        ),
        "without one": (lambda s, a, b: np.array(pace_loop(s, a, b)) - 1, "a 1 is missing"),
        "capped": (lambda s, a, b: np.minimum(pace_torch(s, a, b), 1), "never accelerate"),
        "linear": (
            lambda s, a, b: 1 + (np.where(ratio(s) > 1, b, 2) - 1) * a * (ratio(s) - 1),
            "tanh is missing",
        ),
        "ones": (lambda s, a, b: np.ones(len(s)), ""),
        "not below .05": (lambda s, a, b: np.maximum(pace_loop(s, a, b), 0.05), ""),
        "beta_max at least 2": (lambda s, a, b: pace_loop(s, a, max(b, 2)), ""),
        "beta_max above 1": (lambda s, a, b: pace_loop(s, a, b if b > 1 else 2.0), ""),
        "not above 9": (lambda s, a, b: pace_loop(s, a, min(b, 9)), ""),
        "alpha not above 1": (lambda s, a, b: pace_loop(s, min(a, 1), b), ""),
        "nearly level is level": (
            lambda s, a, b: np.where(abs(ratio(s) - 1) < 0.01, 1, pace_loop(s, a, b)),
            "",
        ),
        "the last one is behind": (
            lambda s, a, b: 1 + (np.where(s == s.min(), b, 2) - 1) * np.tanh(a * (ratio(s) - 1)),
            "",
        ),
        "three digits": (lambda s, a, b: np.round(pace_loop(s, a, b), 3), ""),
        "size of r - 1": (
            lambda s, a, b: 1 + (np.where(ratio(s) > 1, b, 2) - 1) * np.tanh(a * abs(ratio(s) - 1)),
            "",
        ),
        "alpha outside": (
            lambda s, a, b: 1 + a * (np.where(ratio(s) > 1, b, 2) - 1) * np.tanh(ratio(s) - 1),
            "",
        ),
        "logarithm": (
            lambda s, a, b: 1 + (np.where(ratio(s) > 1, b, 2) - 1) * np.tanh(a * np.log(ratio(s))),
            "",
        ),
        "median of the others": (
            pace_with(lambda s: np.array([np.median(np.delete(s, i)) for i in range(len(s))]) / s),
            "",
        ),
        "next one": (pace_with(lambda s: np.roll(s, 1) / s), ""),
        "sigmoid": (
            lambda s, a, b: 2 / (1 + np.exp(-a * (ratio(s) - 1))),
            "",
        ),
        "in place": (
            lambda s, a, b: (pace_loop(s, a, b), s.__imul__(2))[0],
            "The right number, but you changed s",
        ),
    },
    "08-ece": {
        "left-closed": (
            ece_of(lambda n, acc, conf: (n * (acc - conf).abs()).sum() / n.sum(), False),
            r"\(low, high\]",
        ),
        "unweighted": (
            ece_of(lambda n, acc, conf: (acc - conf).abs().mean()),
            "weighs as much as",
        ),
        "signed": (
            ece_of(lambda n, acc, conf: abs((n * (acc - conf)).sum() / n.sum())),
            "cancel",
        ),
        "largest": (ece_of(lambda n, acc, conf: (acc - conf).abs().max()), "largest gap"),
        "squares": (
            ece_of(lambda n, acc, conf: (n * (acc - conf).pow(2)).sum() / n.sum()),
            "squared",
        ),
        "not divided": (
            ece_of(lambda n, acc, conf: (n * (acc - conf).abs()).sum()),
            "number of predictions",
        ),
        "each sample": (lambda c, r, bins: abs(r - c).mean(), "needs a bin"),
        "arguments exchanged": (lambda c, r, bins: ece_loop(r, c, bins), ""),
        "arguments exchanged, 0 in the first bin": (
            lambda c, r, bins: ece_loop(np.maximum(r, 1e-9), c, bins),
            "",
        ),
        "three digits": (lambda c, r, bins: ece_loop(np.round(c, 3), r, bins), ""),
        "four bins at least": (lambda c, r, bins: ece_loop(c, r, max(bins, 4)), ""),
        "a power of two bins": (
            lambda c, r, bins: ece_loop(c, r, 2 ** int(np.log2(bins))),
            "",
        ),
        "errors": (
            ece_of(lambda n, acc, conf: (n * (1 - acc - conf).abs()).sum() / n.sum()),
            "share of errors",
        ),
        "place by floor": (
            lambda c, r, bins: (
                sum(abs((r - c)[np.floor(c * bins) == b].sum()) for b in range(bins + 1)) / len(c)
            ),
            r"\(low, high\]",
        ),
        "edges in both bins": (
            lambda c, r, bins: sum(
                abs((r - c)[(b / bins <= c) & (c <= (b + 1) / bins)].sum()) / len(c)
                for b in range(bins)
            ),
            "two of your bins",
        ),
        "not below .05": (lambda c, r, bins: max(0.05, ece_loop(c, r, bins)), ""),
        "too sure only": (
            lambda c, r, bins: sum(
                max(0, (c - r)[np.ceil(c * bins) == b].sum()) / len(c) for b in range(bins + 1)
            ),
            "",
        ),
        "one bin": (lambda c, r, bins: abs(r.mean() - c.mean()), "cancel"),
        "twice": (lambda c, r, bins: 2 * ece_loop(c, r, bins), ""),
        "ten bins": (lambda c, r, bins: ece_loop(c, r, 10), ""),
        "one bin more": (lambda c, r, bins: ece_loop(c, r, bins + 1), ""),
        "without the surest": (lambda c, r, bins: ece_loop(c[c < 1], r[c < 1], bins), ""),
        "equally full bins": (
            lambda c, r, bins: (
                sum(abs(part.sum()) for part in np.array_split((r - c)[np.argsort(c)], bins))
                / len(c)
            ),
            "",
        ),
        "rounded": (lambda c, r, bins: ece_loop(np.round(c, 1), r, bins), ""),
        "between the extremes": (
            lambda c, r, bins: ece_loop((c - c.min()) / (c.max() - c.min()), r, bins),
            "",
        ),
        "without the first bin": (
            lambda c, r, bins: ece_loop(c[c > 1 / bins], r[c > 1 / bins], bins),
            "",
        ),
        "root of squares": (
            ece_of(lambda n, acc, conf: ((n * (acc - conf) ** 2).sum() / n.sum()) ** 0.5),
            "root of a mean",
        ),
        "sorted in place": (
            lambda c, r, bins: (ece_loop(c, r, bins), c.sort())[0],
            "The right number, but you changed c",
        ),
    },
    "08-right-where": {
        "joint shares": (
            lambda x, a, b, y: (
                np.bincount(2 * (a != y) + (b != y), weights=(x == y), minlength=4) / len(y)
            ),
            "right \\*there\\*",
        ),
        "group sizes": (
            lambda x, a, b, y: np.bincount(2 * (a != y) + (b != y), minlength=4) / len(y),
            "how large each group",
        ),
        "any right": (
            lambda x, a, b, y: [
                np.mean((x == y)[g])
                for g in ((a == y) & (b == y), a == y, b == y, ~((a == y) | (b == y)))
            ],
            "and B is not",
        ),
        "order": (lambda x, a, b, y: where_loop(x, b, a, y), "changed places"),
        "agreement": (
            lambda x, a, b, y: [
                (x == y)[a == b].mean(),
                *where_loop(x, a, b, y)[1:3],
                (x == y)[a != b].mean(),
            ],
            "agree and both be wrong",
        ),
        "both agree": (
            lambda x, a, b, y: [np.mean((x == y)[a == b]), *where_loop(x, a, b, y)[1:]],
            "agree and both be wrong",
        ),
        "errors": (lambda x, a, b, y: 1 - np.array(where_loop(x, a, b, y)), "shares of errors"),
        "all of one": (
            lambda x, a, b, y: [
                (x == y)[(a == y) & (b == y)].mean(),
                (x == y)[a == y].mean(),
                (x == y)[b == y].mean(),
                (x == y)[(a != y) & (b != y)].mean(),
            ],
            "and B is not",
        ),
        "same as the first": (
            lambda x, a, b, y: where_loop(np.where(x == a, y, -1), a, b, y),
            "",
        ),
        "at least a quarter": (lambda x, a, b, y: np.maximum(where_loop(x, a, b, y), 0.25), ""),
        "first hundred": (lambda *four: where_loop(*(x[:100] for x in four)), ""),
        "never none": (lambda x, a, b, y: [*where_loop(x, a, b, y)[:3], 0.0], ""),
        "the overall": (lambda x, a, b, y: [np.mean(x == y)] * 4, ""),
        "share of the hits": (
            lambda x, a, b, y: np.array(where_pandas(x, a, b, y)) / np.mean(x == y),
            "",
        ),
        "labels written over": (
            lambda x, a, b, y: (where_loop(x, a, b, y), x.fill(0))[0],
            "The right number, but you changed x",
        ),
        "reversed": (lambda x, a, b, y: where_loop(x, a, b, y)[::-1], ""),
    },
    "08-choose": {
        "no budget": (
            choose_where(lambda m, v, s, b: gain_interval(v[m], v["joint"])[0] > 0),
            "longer than the budget",
        ),
        "mean only": (choose_where(affordable), "may be luck"),
        "two samples": (
            choose_where(
                lambda m, v, s, b: (
                    s[m] <= b
                    and stats.ttest_ind(v[m], v["joint"]).confidence_interval(0.95).low > 0
                )
            ),
            "seed by seed",
        ),
        "interval of the method itself": (
            choose_where(
                lambda m, v, s, b: s[m] <= b and gain_interval(v[m], 0)[0] > v["joint"].mean()
            ),
            "seed by seed",
        ),
        "two-sided test": (
            choose_where(
                lambda m, v, s, b: s[m] <= b and stats.ttest_rel(v[m], v["joint"]).pvalue < 0.05
            ),
            "",
        ),
        "quantile for five seeds": (choose_where(beyond(lambda d: stats.t.ppf(0.975, 4))), ""),
        "quantile for ten seeds": (choose_where(beyond(lambda d: 2.262)), "for ten seeds"),
        "only what is within the budget": (
            lambda v, s, b: choose_loop({m: x for m, x in v.items() if s[m] <= b}, s, b),
            "raised KeyError",
        ),
        "budget in whole seconds": (
            choose_where(lambda m, v, s, b: s[m] <= int(b) and clear(m, v, s, b)),
            "",
        ),
        "times by place": (
            lambda v, s, b: choose_loop(v, dict(zip(v, s.values(), strict=True)), b),
            "",
        ),
        "not below joint": (
            choose_where(lambda m, v, s, b: s[m] <= b and gain_by_hand(v[m] - v["joint"]) >= 0),
            "",
        ),
        "not shown to be luck": (
            choose_where(
                lambda m, v, s, b: (
                    s[m] <= b
                    and v[m].mean() >= v["joint"].mean()
                    and not stats.ttest_rel(v[m], v["joint"]).pvalue >= 0.05
                )
            ),
            "",
        ),
        "means in hundredths": (choose_where(clear, lambda m, v, s: round(v[m].mean(), 2)), ""),
        "means in hundredths, the last one": (
            lambda v, s, b: max(
                (m for m in reversed(v) if m != "joint" and clear(m, v, s, b)),
                key=lambda m: round(v[m].mean(), 2),
                default="joint",
            ),
            "",
        ),
        "means in thousandths": (choose_where(clear, lambda m, v, s: round(v[m].mean(), 3)), ""),
        "first clear one": (
            lambda v, s, b: next((m for m in v if m != "joint" and clear(m, v, s, b)), "joint"),
            "",
        ),
        "clear by a thousandth": (
            choose_where(
                lambda m, v, s, b: s[m] <= b and gain_interval(v[m], v["joint"])[0] > 0.001
            ),
            "",
        ),
        "cheapest": (choose_where(clear, lambda m, v, s: -s[m]), "limit, not the aim"),
        "surest": (
            choose_where(clear, lambda m, v, s: gain_interval(v[m], v["joint"])[0]),
            "highest lower end",
        ),
        "most expensive": (choose_where(affordable, lambda m, v, s: s[m]), "Dear is not good"),
        "joint": (lambda v, s, b: "joint", "only when nobody"),
        "smallest gain": (choose_where(clear, lambda m, v, s: -v[m].mean()), ""),
        "1.96": (choose_where(beyond(lambda d: 1.96)), "1.96 is for"),
        "two errors": (choose_where(beyond(lambda d: 2.0)), "Two standard errors"),
        "three errors": (choose_where(beyond(lambda d: 3.0)), ""),
        "ddof 0": (choose_where(beyond(t_quantile, ddof=0)), "ddof=1"),
        "df n": (choose_where(beyond(lambda d: stats.t.ppf(0.975, len(d)))), "n − 1 degrees"),
        "df n - 2": (choose_where(beyond(lambda d: stats.t.ppf(0.975, len(d) - 2))), ""),
        "one-sided": (
            choose_where(beyond(lambda d: stats.t.ppf(0.95, len(d) - 1))),
            "97.5 % quantile",
        ),
        "99 %": (choose_where(beyond(lambda d: stats.t.ppf(0.995, len(d) - 1))), ""),
        "no root n": (
            choose_where(beyond(lambda d: t_quantile(d) * len(d) ** 0.5)),
            "single seeds",
        ),
        "every seed": (
            choose_where(lambda m, v, s, b: s[m] <= b and (v[m] > v["joint"]).all()),
            "gain in every seed",
        ),
        "most seeds": (
            choose_where(lambda m, v, s, b: s[m] <= b and np.mean(v[m] > v["joint"]) > 0.5),
            "how many seeds gain",
        ),
        "signed ranks": (
            choose_where(
                lambda m, v, s, b: s[m] <= b and stats.wilcoxon(v[m] - v["joint"]).pvalue < 0.05
            ),
            "",
        ),
        "cheaper than the budget": (
            choose_where(lambda m, v, s, b: s[m] < b and clear(m, v, s, b)),
            "at most, not less",
        ),
        "largest median": (choose_where(clear, lambda m, v, s: np.median(v[m])), ""),
        "best seed": (choose_where(clear, lambda m, v, s: v[m].max()), ""),
        "per second": (
            choose_where(clear, lambda m, v, s: (v[m] - v["joint"]).mean() / s[m]),
            "",
        ),
        "joint taken out": (
            lambda v, s, b: choose_loop({**v, "joint": v.pop("joint")}, s, b),
            "you changed v",
        ),
    },
    "08-own": {
        "nothing but the losses": (UntouchedScales, "settled on the fast"),
        "halved": (Scaled, "is a learning rate"),
        "faster for everybody": (Hurried, "is a learning rate"),
        "faster, then slower for everybody": (Slowing, "is a learning rate"),
        "all losses three times": (Thrice, "is a learning rate"),
        "eightfold at random": (Dice, "other draws"),
        "sixteenfold at random": (MoreDice, "other draws"),
        "at random now and then": (RareDice, "other draws"),
        "deaf": (Deaf, "heads have no weight"),
        "two only": (FirstTwo, "three it does not"),
        "names": (Named, "called A and B"),
        "global draws": (Thrown, "run.generator"),
        "argument": (Argument, "without arguments"),
        "infinite": (Wrecked, "diverge"),
        "typo": (Typo, "gives"),
        "still faster for everybody": (HurriedMore, "is a learning rate"),
        "the first hurried": (FirstHurried, "another order"),
        "the second braked": (SecondBraked, "another order"),
        "kept on the class": (Kept, "left over"),
        "by name": (ByName, "Under other names"),
        "by letter": (ByLetter, "Under other names"),
        "the first in the alphabet": (FirstInTheAlphabet, "Under other names"),
    },
}
