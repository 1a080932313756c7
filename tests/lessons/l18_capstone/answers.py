"""Answers to lesson 18's exercises, as learners might write them."""

import math

import numpy as np
import pandas as pd
import torch
from scipy.optimize import newton

from coursekit.lessons.l18_capstone.statement_marks import confidence_marks

# ---- illness -----------------------------------------------------------------------------------


def illness_steps(a, b, joint, probe_a, probe_b, product, additive):
    lost = {"A": -probe_a, "B": -probe_b}
    worst = max(lost, key=lost.get)
    if lost[worst] > 0.08:
        return f"{worst} starves"
    if product > additive + 0.08:
        return "interaction"
    if max(a, b) > joint + 0.02:
        return "overfitting"
    return "nothing"


def illness_capitals(*figures):
    return illness_steps(*figures).upper()


def illness_table(a, b, joint, probe_a, probe_b, product, additive):
    probes = pd.Series({"A starves": probe_a, "B starves": probe_b})
    asked = [
        (probes.min() < -0.08, probes.idxmin()),
        (product - additive > 0.08, "interaction"),
        (joint - np.max([a, b]) < -0.02, "overfitting"),
    ]
    return next((word for holds, word in asked if holds), "nothing")


# ---- wrong labels ------------------------------------------------------------------------------


def wrong_solved(clean, noisy, classes):
    def agreement(x):
        return (1 - x) * clean + x * (1 - clean) / (classes - 1) - noisy

    return newton(agreement, 0.3)


def wrong_terms(clean, noisy, classes):
    return (classes - 1) * (clean - noisy) / (classes * clean - 1)


def wrong_line(clean, noisy, classes):
    slope, start = np.polyfit([0.0, 1.0], [clean, (1 - clean) / (classes - 1)], 1)
    return torch.tensor((noisy - start) / slope)


# ---- confidence --------------------------------------------------------------------------------


def sure_package(credits, confidences):
    return confidence_marks(list(credits), list(confidences))


def sure_loop(credits, confidences):
    lost = 0.0
    for credit, sure in zip(credits, confidences, strict=True):
        lost += (sure - credit) ** 2 / len(credits)
    return max(12 - 48 * lost, 0)


def sure_norm(credits, confidences):
    gap = torch.tensor(confidences) - torch.tensor(credits)
    return (12 * (1 - 4 * gap.square().mean())).clamp(min=0)


# ---- route -------------------------------------------------------------------------------------


def route_loop(joint, alone_a, alone_b, lacks_a, lacks_b):
    usual = int(np.argmax(joint.sum(0)))
    answers = []
    for i in range(len(joint)):
        if lacks_a[i] and lacks_b[i]:
            answers.append(usual)
        elif lacks_a[i]:
            answers.append(int(np.argmax(alone_b[i])))
        elif lacks_b[i]:
            answers.append(int(np.argmax(alone_a[i])))
        else:
            answers.append(int(np.argmax(joint[i])))
    return answers


def route_masks(joint, alone_a, alone_b, lacks_a, lacks_b):
    out = joint.copy()
    out[lacks_a] = alone_b[lacks_a]
    out[lacks_b] = alone_a[lacks_b]
    out[lacks_a & lacks_b] = joint.mean(0)
    return out.argmax(1)


def route_stack(joint, alone_a, alone_b, lacks_a, lacks_b):
    mean = np.broadcast_to(joint.mean(0), joint.shape)
    every = torch.tensor(np.stack([joint, alone_b, alone_a, mean]))
    which = torch.tensor(lacks_a + 2 * lacks_b.astype(int))
    return every[which, torch.arange(len(joint))].argmax(1)


# ---- ranking -----------------------------------------------------------------------------------


def rank_loop(tries, seeds):
    if "ensemble" not in seeds:
        return "ensemble"
    for m in "AB":
        row = f"unimodal {m}"
        if row not in seeds or tries[row] < tries["joint"]:
            return "single models"
    for row in seeds:
        if "unimodal" not in row and row != "ensemble" and tries[row] != tries["joint"]:
            return "budget"
    for own in seeds.values():
        if len(set(own)) < 10 or sorted(set(own)) != sorted(set(seeds["joint"])):
            return "seeds"
    return "none"


def rank_capitals(tries, seeds):
    return rank_loop(tries, seeds).title()


def rank_asked(tries, seeds):
    alone = {m: t for m, t in tries.items() if m.startswith("unimodal") and m in seeds}
    both = [t for m, t in tries.items() if m in seeds and m not in {*alone, "ensemble"}]
    rows = [frozenset(own) for own in seeds.values()]
    faults = {
        "ensemble": "ensemble" not in seeds,
        "single models": len(alone) < 2 or min(alone.values()) < tries["joint"],
        "budget": min(both) < max(both),
        "seeds": len(set(rows)) > 1 or len(rows[0]) < 10,
    }
    return next((name for name, there in faults.items() if there), "none")


WRONG = {
    "18-illness": {
        "joint loses first": (
            lambda a, b, j, pa, pb, p, e: illness_steps(
                a, b, j, *((pa, pb) if j < max(a, b) else (0, 0)), p, e
            ),
            "while the joint model does not lose",
        ),
        "weak means starving": (
            lambda a, b, j, pa, pb, p, e: illness_steps(
                a, b, j, -1 if a < b - 0.12 else 0, -1 if b < a - 0.12 else 0, p, e
            ),
            "Who is weak alone does not starve",
        ),
        "product against joint": (
            lambda a, b, j, pa, pb, p, e: illness_steps(a, b, j, pa, pb, p, j),
            "Hold it against its own",
        ),
        "product against the best alone": (
            lambda a, b, j, pa, pb, p, e: illness_steps(a, b, j, pa, pb, p, max(a, b)),
            "add up are ahead of one alone",
        ),
        "sizes of probes": (
            lambda a, b, j, pa, pb, p, e: illness_steps(a, b, j, -abs(pa), -abs(pb), p, e),
            "mind the sign",
        ),
        "A first": (
            lambda a, b, j, pa, pb, p, e: illness_steps(
                a, b, j, pa, 0 if pa < -0.08 else pb, p, e
            ),
            "the one that has lost more",
        ),
        "always nothing": (lambda *figures: "nothing", ""),
        "never overfitting": (
            lambda *f: illness_steps(*f).replace("overfitting", "nothing"),
            "",
        ),
        "exchanged": (
            lambda a, b, j, pa, pb, p, e: illness_steps(b, a, j, pb, pa, p, e),
            "",
        ),
        "mean of both": (
            lambda a, b, j, pa, pb, p, e: illness_steps((a + b) / 2, 0, j, pa, pb, p, e),
            "not the mean of both",
        ),
        "any drop": (
            lambda a, b, j, pa, pb, p, e: illness_steps(a, b, j - 0.02, pa, pb, p, e),
            "less than 0.02 is noise",
        ),
        "any gap": (
            lambda a, b, j, pa, pb, p, e: illness_steps(a, b, j, pa, pb, p + 0.08, e),
            "the task gives the threshold",
        ),
        "product ahead of joint too": (
            lambda a, b, j, pa, pb, p, e: illness_steps(a, b, j, pa, pb, p if p > j else e, e),
            "",
        ),
        "another word": (lambda *figures: "hungry", "one of 'A starves'"),
        "a tie for B": (
            lambda a, b, j, pa, pb, p, e: illness_steps(a, b, j, pa + 1e-9, pb, p, e),
            "",
        ),
        "both losses together": (
            lambda a, b, j, pa, pb, p, e: illness_steps(a, b, j, pa + pb, min(pb, pa), p, e),
            "",
        ),
        "figures rounded": (lambda *figures: illness_steps(*(round(x, 2) for x in figures)), ""),
    },
    "18-wrong": {
        "difference": (lambda a, n, c: a - n, "The difference alone is too small"),
        "ratio": (lambda a, n, c: (a - n) / a, "meet the wrong label by chance"),
        "chance 1/C": (lambda a, n, c: (a - n) / (a - 1 / c), "not 1/C"),
        "C classes": (lambda a, n, c: (a - n) / (a - (1 - a) / c), "C − 1 others"),
        "plus": (lambda a, n, c: (a - n) / (a + (1 - a) / (c - 1)), "subtract it from a"),
        "negative": (lambda a, n, c: -wrong_terms(a, n, c), "not the other way round"),
        "right ones": (lambda a, n, c: 1 - wrong_terms(a, n, c), "the share of right labels"),
        "cut off": (lambda a, n, c: max(wrong_terms(a, n, c), 0), "Do not cut it off"),
        "percent": (lambda a, n, c: 100 * wrong_terms(a, n, c), ""),
        "one minus agreement": (lambda a, n, c: 1 - n, ""),
        "errors apart": (lambda a, n, c: (1 - n) - (1 - a), "The difference alone is too small"),
        "rounded": (lambda a, n, c: round(wrong_terms(a, n, c), 1), ""),
        "rounded finely": (lambda a, n, c: round(wrong_terms(a, n, c), 3), ""),
        "four classes": (lambda a, n, c: wrong_terms(a, n, 4), ""),
        "agreement below": (lambda a, n, c: (a - n) / (n - (1 - a) / (c - 1)), ""),
        "size": (lambda a, n, c: abs(wrong_terms(a, n, c)), ""),
    },
    "18-sure": {
        "absolute": (
            lambda r, c: max(0, 12 * (1 - 2 * np.abs(c - r).mean())),
            "it pays to say 1",
        ),
        "four forgotten": (lambda r, c: 12 * (1 - ((c - r) ** 2).mean()), "gets 9 of 12"),
        "sum": (lambda r, c: max(0, 12 * (1 - 4 * ((c - r) ** 2).sum())), "not their sum"),
        "bias": (
            lambda r, c: max(0, 12 * (1 - 4 * (c.mean() - r.mean()) ** 2)),
            "do not cancel",
        ),
        "no floor": (lambda r, c: 12 - 48 * ((c - r) ** 2).mean(), "No less than 0 in all"),
        "floor for each": (
            lambda r, c: sum(max(0, 1 - 4 * (s - e) ** 2) for e, s in zip(r, c, strict=True))
            * 12
            / len(r),
            "The floor is for the sum",
        ),
        "share": (lambda r, c: sure_loop(r, c) / 12, "That is a share"),
        "against one": (lambda r, c: sure_loop(np.ones(len(c)), c), "against 1"),
        "root": (
            lambda r, c: max(0, 12 * (1 - 2 * math.sqrt(((c - r) ** 2).mean()))),
            "No root",
        ),
        "rounded credits": (lambda r, c: sure_loop(np.round(r), c), "Take it as it is"),
        "mean of confidences": (lambda r, c: 12 * c.mean(), ""),
        "marks of right ones": (lambda r, c: 12 * r.mean(), ""),
        "six statements": (lambda r, c: max(0, 12 - 48 * ((c - r) ** 2).sum() / 6), ""),
        "one fewer": (lambda r, c: max(0, 12 - 48 * ((c - r) ** 2).sum() / max(len(r) - 1, 1)), ""),
        "sorted": (lambda r, c: sure_loop(np.sort(r), np.sort(c)), ""),
        "variance": (lambda r, c: max(0, 12 - 48 * np.var(c - r)), ""),
        "size of the marks": (lambda r, c: abs(12 - 48 * ((c - r) ** 2).mean()), ""),
    },
    "18-route": {
        "joint": (lambda j, a, b, la, lb: j.argmax(1), "not learnt what zeros mean"),
        "blind one": (
            lambda j, a, b, la, lb: route_masks(j, b, a, la, lb),
            "The other one is asked",
        ),
        "both forgotten": (
            lambda j, a, b, la, lb: np.where(
                la, b.argmax(1), np.where(lb, a.argmax(1), j.argmax(1))
            ),
            "Rows that lack both",
        ),
        "ensemble": (lambda j, a, b, la, lb: (a + b).argmax(1), "on all rows"),
        "mean of three": (lambda j, a, b, la, lb: (j + a + b).argmax(1), ""),
        "surest": (
            lambda j, a, b, la, lb: np.stack([j, a, b]).max(0).argmax(1),
            "",
        ),
        "masks exchanged": (
            lambda j, a, b, la, lb: route_masks(j, a, b, lb, la),
            "The other one is asked",
        ),
        "first class for both": (
            lambda j, a, b, la, lb: np.where(la & lb, 0, route_masks(j, a, b, la, lb)),
            "",
        ),
        "complete rows' mean": (
            lambda j, a, b, la, lb: np.where(
                la & lb,
                j[~(la | lb)].mean(0).argmax(),
                route_masks(j, a, b, la, lb),
            ),
            "over all rows",
        ),
        "probabilities": (lambda j, a, b, la, lb: j, "shape"),
        "from one": (lambda *v: route_masks(*v) + 1, ""),
        "mean over those rows": (
            lambda j, a, b, la, lb: np.where(
                la & lb, j[la & lb].mean(0).argmax() if (la & lb).any() else 0,
                route_masks(j, a, b, la, lb),
            ),
            "",
        ),
        "most frequent class": (
            lambda j, a, b, la, lb: np.where(
                la & lb, np.bincount(j.argmax(1)).argmax(), route_masks(j, a, b, la, lb)
            ),
            "not the one that wins most rows",
        ),
        "rounded": (lambda j, a, b, la, lb: route_masks(
            j.round(2), a.round(2), b.round(2), la, lb), ""),
        "vote on both": (
            lambda j, a, b, la, lb: np.where(
                la & lb, (a + b).argmax(1), route_masks(j, a, b, la, lb)
            ),
            "",
        ),
    },
    "18-rank": {
        "no ensemble asked": (
            lambda t, s: rank_loop(t, {**s, "ensemble": s.get("ensemble", s["joint"])}),
            "Everybody forgets the ensemble",
        ),
        "one single is enough": (
            lambda t, s: rank_loop(
                {**t, **dict.fromkeys(("unimodal A", "unimodal B"),
                                      max(t.get("unimodal A", 0), t.get("unimodal B", 0)))},
                {**s, **{f"unimodal {m}": s.get(f"unimodal {m}", s["joint"]) for m in "AB"
                         if "unimodal A" in s or "unimodal B" in s}},
            ),
            "nobody knows beforehand",
        ),
        "singles untuned": (
            lambda t, s: rank_loop({**t, "unimodal A": 99, "unimodal B": 99}, s),
            "a weak rival",
        ),
        "seeds twice": (
            lambda t, s: "none" if rank_loop(t, s) == "seeds" and all(
                len(x) >= 10 and set(x) == set(s["joint"]) for x in s.values())
            else rank_loop(t, s),
            "one seed",
        ),
        "any seeds": (
            lambda t, s: "none" if rank_loop(t, s) == "seeds" and all(
                len(set(x)) >= 10 for x in s.values()) else rank_loop(t, s),
            "not paired",
        ),
        "joint's seeds": (
            lambda t, s: rank_loop(t, dict.fromkeys(s, s["joint"])),
            "the ensemble's too",
        ),
        "budget of all": (
            lambda t, s: "budget" if rank_loop(t, s) in ("none", "seeds") and len(
                {n for m, n in t.items() if m != "ensemble"}) > 1 else rank_loop(t, s),
            "Single models may have more",
        ),
        "always none": (lambda t, s: "none", ""),
        "seeds first": (
            lambda t, s: "seeds" if any(len(set(x)) < 10 for x in s.values())
            else rank_loop(t, s),
            "The order is given",
        ),
        "more than ten": (
            lambda t, s: "seeds" if rank_loop(t, s) == "none" and any(
                len(set(x)) < 11 for x in s.values()) else rank_loop(t, s),
            "Ten are enough",
        ),
        "no budget": (lambda t, s: rank_loop(dict.fromkeys(t, 5), s), ""),
        "some of joint's seeds": (
            lambda t, s: "none" if rank_loop(t, s) == "seeds" and all(
                len(set(x)) >= 10 and set(x) <= set(s["joint"]) for x in s.values())
            else rank_loop(t, s),
            "",
        ),
        "seeds by their sum": (
            lambda t, s: rank_loop(
                t, {m: [sum(x) * 100 + i for i in range(len(set(x)))] for m, x in s.items()}),
            "",
        ),
        "tries of both single models": (
            lambda t, s: rank_loop(
                {**t, **dict.fromkeys(("unimodal A", "unimodal B"), 99)}
                if t.get("unimodal A", 0) + t.get("unimodal B", 0) >= 2 * t["joint"] else t, s),
            "",
        ),
        "tried is there": (
            lambda t, s: rank_loop(t, {**dict.fromkeys(t, s["joint"]), **s}),
            "",
        ),
        "another word": (lambda t, s: "fine", "one of 'ensemble'"),
    },
}  # fmt: skip
RIGHT = {
    "18-illness": {
        "steps": illness_steps,
        "capitals": illness_capitals,
        "table": illness_table,
    },
    "18-wrong": {"solved": wrong_solved, "terms": wrong_terms, "line": wrong_line},
    "18-sure": {"package": sure_package, "loop": sure_loop, "norm": sure_norm},
    "18-route": {"loop": route_loop, "masks": route_masks, "stack": route_stack},
    "18-rank": {"loop": rank_loop, "capitals": rank_capitals, "asked": rank_asked},
}
