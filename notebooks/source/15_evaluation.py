# %% [markdown]
# # 15 · Evaluation
#
# **After this lesson you can**
#
# - compute recall@K with ties, BLEU, CIDEr-D and VQA accuracy, and game each,
# - say what the clip and the length term of CIDEr-D are there for,
# - rate captions blind, and say how far raters agree beyond chance,
# - compare a metric with ratings per caption and per system, and say which systems were in the
#   pool,
# - find out, by noise and missing modalities, where a ranking of models turns over.
#
# **Time** about 55 minutes to read and do, 7 more for what is marked *Further*; the computing takes
# 20 to 60 seconds. Rating eight captions takes three minutes of it.
#
# **Needed before** lessons 00 to 05 (intervals, paired differences), 09 (retrieval), 10 (scenes and
# their captioners).
#
# **Sources** Papineni and colleagues, *BLEU* ([2002](https://aclanthology.org/P02-1040)); Vedantam,
# Zitnick and Parikh, *CIDEr* ([2015](https://arxiv.org/abs/1411.5726)); Antol and colleagues, *VQA*
# ([2015](https://arxiv.org/abs/1505.00468)); Krippendorff, *Computing Krippendorff's
# Alpha-Reliability* ([2011](https://repository.upenn.edu/asc_papers/43)); Paul Liang, *How to AI
# (Almost) Anything*.

# %% folded=true
# Imports and settings.
from collections import Counter
from itertools import combinations

import numpy as np
import pandas as pd
import torch

from coursekit.analysis.bleu import bleu_parts
from coursekit.analysis.caption_ngrams import ngram_counts
from coursekit.analysis.cider import cider, cider_d, document_frequencies
from coursekit.analysis.evaluation_suite import (
    Measure,
    Suite,
    bleu_measure,
    cider_measure,
    evaluate,
)
from coursekit.analysis.intervals import interval
from coursekit.analysis.krippendorff_alpha import alpha_interval
from coursekit.analysis.rater_agreement import (
    cohen_kappa,
    fleiss_kappa,
    randolph_kappa,
    raw_agreement,
)
from coursekit.analysis.retrieval import rank
from coursekit.analysis.vqa_accuracy import step_accuracy, vqa_accuracy
from coursekit.course import record
from coursekit.course.claims import claim
from coursekit.course.plots import new_figure, show
from coursekit.course.widgets import EXPLORERS, ChoiceGuess, NumberGuess
from coursekit.data.files import open_checked
from coursekit.lessons.l15_evaluation import exercises
from coursekit.lessons.l15_evaluation.plots import (
    damage_curves,
    metric_rows,
    scene_pictures,
    tau_rows,
)
from coursekit.lessons.l15_evaluation.rating_card import RatingCard, own_ratings, units_of
from coursekit.lessons.l15_evaluation.scene_sentences import facts_of
from coursekit.lessons.l15_evaluation.scripted_raters import as_matrix, stored_ratings
from coursekit.lessons.l15_evaluation.systems import SYSTEMS, described_scenes
from coursekit.lessons.l15_evaluation.tau_intervals import tau_intervals

torch.set_num_threads(1)

# %% [markdown]
# ## A metric that is right and says nothing
#
# **Recall@K** (lesson 09): the share of queries whose partner is among the first K. Here is a model
# that gives every pair the same score. It knows nothing.

# %% folded=true
# The guess.
constant_guess = NumberGuess(
    "15-constant",
    "A rank counts the candidates that score higher. The constant model's recall@1 among 100 is …",
    low=0,
    high=1,
    step=0.01,
)
constant_guess

# %%
constant = torch.zeros(100, 100)
higher = (constant > constant.diag()[:, None]).sum(1)  # how many are ahead of the right one
ranking = rank(constant, torch.eye(100).bool())

# %% folded=true
# The table; claims, checked.
constant_guess.reveal(float((higher < 1).float().mean()), within=0)
claim("Counting who is ahead: {value:.0f}", (higher < 1).float().mean(), equals=1, within=0)
claim("Ties as their expected value: {value:.2f}", ranking.recall(1), equals=0.01, within=1e-6)
pd.DataFrame({"recall@1": {
    "ties behind": float((higher < 1).float().mean()),
    "ties ahead": float(((constant >= constant.diag()[:, None]).sum(1) <= 1).float().mean()),
    "ties expected": ranking.recall(1),
}})  # fmt: skip

# %% [markdown]
# Perfect, because nobody scores *higher*. Count everybody who ties as ahead, and it is zero. The
# expected value over the order of the ties is chance, 1/100, as it must be. Test every metric with
# a model that knows nothing before you test a model with it. And say how many candidates there
# were: recall@1 among 1000 and among 5000 are two metrics.
#
# ## Right is what three others say
#
# People answer questions about pictures differently, so **VQA accuracy** asks ten of them. For each
# person, an answer counts min(1, n/3), where n of the *other* nine gave it; then the mean over the
# ten.

# %% folded=true
# The guess.
votes_guess = NumberGuess(
    "15-three",
    "Three of ten people say “red”. The VQA accuracy of “red” is …",
    low=0,
    high=1,
    step=0.05,
)
votes_guess


# %%
def vote_share(same):
    """Accuracy of an answer that ``same`` of ten people gave."""
    people = [1] * same + [0] * (10 - same)
    return np.mean([min(1, (sum(people) - own) / 3) for own in people])


# %% folded=true
# The table; claims, checked.
votes_guess.reveal(float(vote_share(3)), within=0.01)
off = max(abs(vote_share(n) - step_accuracy(n)) for n in range(11))
claim("By hand against the package: {value:.0e}", off, below=1e-9)
claim("Three of ten: {value:.1f}", vote_share(3), equals=0.9, within=1e-9)
ten = ["yes"] * 10
claim("“Yes” against ten “yes”, spelling mended: {value:.0f}", vqa_accuracy("Yes", ten), equals=1,
      within=0)  # fmt: skip
claim("… by the released script: {value:.0f}", vqa_accuracy("Yes", ten, as_released=True), equals=0,
      within=0)  # fmt: skip
pd.DataFrame({"people who said it": range(6), "accuracy": [vote_share(n) for n in range(6)],
              "min(1, n/3), often quoted": [min(1, n / 3) for n in range(6)]}).round(3)  # fmt: skip

# %% [markdown]
# One, two, three or four who agree give .3, .6, .9, 1: whoever says “red” sees one of them
# fewer. The released script mends spelling (capitals, articles, “two” for 2) only where the ten
# answers are not all alike; so against ten “yes” the answer “Yes” is wrong, and the easiest
# questions are judged most harshly. Mend always, and say so.
#
# ### Exercise 1 · Others
#
# `people` is a list of answers, of any number of people, `answer` a text. Return its accuracy: the
# mean over people of min(1, n/3), where n of the *others* said exactly the same.


# %% nbgrader={"grade_id": "ex-15-votes", "solution": true}
def vote_accuracy(answer, people):
    """A number in [0, 1]."""
    ### BEGIN SOLUTION
    same = people.count(answer)
    return sum(min(1, (same - (person == answer)) / 3) for person in people) / len(people)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-15-votes", "grade": true, "points": 1}
exercises.vote_accuracy.check(vote_accuracy)
### BEGIN HIDDEN TESTS
exercises.vote_accuracy.check(vote_accuracy, seed=15_0101)
### END HIDDEN TESTS

# %% [markdown]
# ## Eight systems, one set of scenes
#
# 150 of lesson 10's scenes, each with five reference sentences. **The describers are scripts**:
# true sentences from a small grammar. Eight systems caption the same scenes:
#
# - *a describer*, a sixth sentence of the same grammar; *other words*, true, in words no describer
#   has;
# - *turned round*, the sentence of *a describer* with one word of its relation turned into the
#   opposite: always false;
# - *long training*, *short training*, *text alone*, lesson 10's captioners, articles added by rule;
# - *template*, one sentence for every picture: 200 were tried on other scenes, this one had the
#   highest BLEU-4;
# - *repeats*, the last object that long training names, three times.
#
# *True* is a caption that names the three objects, no other one, and how two of them stand.

# %% folded=true
# The figure: two scenes, and what some systems say of the first; whether it is true.
data = described_scenes()
references = data.reference_words
captions = {system: data.words(system) for system in SYSTEMS}
facts = {
    system: [facts_of(c, s) for c, s in zip(data.captions[system], data.shown, strict=True)]
    for system in SYSTEMS
}
true = {
    system: [f.right == f.named == 3 and f.relation is True for f in facts[system]]
    for system in SYSTEMS
}
figure, axes = new_figure(7.2, 2.5, columns=2)
show(figure, " ".join(scene_pictures(axes, data, (1, 2))))
for system in SYSTEMS:
    print(f"{system:<14} true {np.mean(true[system]):.2f}  scene 1: {data.captions[system][1]}")

# %% [markdown]
# ## BLEU counts runs of words
#
# An **n-gram** is a run of n words. Of a caption's n-grams, how many stand in a reference?
# **Clipped**: each counts at most as often as the one reference that has most of it. $p_n$ is the
# number of matches in *all* images over the number of n-grams in all captions. **BLEU**-n is the
# geometric mean of $p_1 … p_n$ times a **brevity penalty** where the captions' words $c$ are fewer
# than the references' $r$ (of each image the reference nearest in length):
#
# $$\text{BLEU-}n = \min\left(1, e^{1 - r/c}\right) \left(p_1 \cdots p_n\right)^{1/n}$$


# %%
def bleu(candidates, references, max_n=4):
    """BLEU of a corpus; r: of each image the reference nearest in length, the shorter of two."""
    matches, totals, c, r = np.zeros(max_n), np.zeros(max_n), 0, 0
    for words, own in zip(candidates, references, strict=True):
        counted = [ngram_counts(reference, max_n) for reference in own]
        for k, counts in enumerate(ngram_counts(words, max_n)):
            limit = {g: max(other[k][g] for other in counted) for g in counts}
            matches[k] += sum(min(n, limit[g]) for g, n in counts.items())
            totals[k] += counts.total()
        c += len(words)
        r += min((abs(len(x) - len(words)), len(x)) for x in own)[1]
    return min(1, np.exp(1 - r / c)) * np.prod(matches / totals) ** (1 / max_n)


# %% folded=true
# Claims, checked.
parts = {system: bleu_parts(words, references) for system, words in captions.items()}
off = max(abs(bleu(captions[s], references) - parts[s].corpus()[3]) for s in SYSTEMS)
claim("By hand against the package, all systems: {value:.0e}", off, below=1e-9)
zeros = (parts["long training"].per_image()[:, 3] == 0).mean()
claim("Share of long training's captions whose own BLEU-4 is 0: {value:.2f}", zeros, above=0.1)

# %% [markdown]
# It is *not* the mean of the captions' own BLEUs: a caption without a 4-gram in common has zero. A
# **smoothing** puts a small number for that zero; each is another metric.
#
# ### Exercise 2 · Clip
#
# `candidate` is a list of words, `references` a list of such lists. Return two numbers: how many of
# the candidate's n-grams count, clipped, and how many it has.


# %% nbgrader={"grade_id": "ex-15-clip", "solution": true}
def clipped(candidate, references, n):
    """(matches, total)."""

    ### BEGIN SOLUTION
    def runs(words):
        return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))

    own, others = runs(candidate), [runs(reference) for reference in references]
    matches = sum(min(k, max(other[g] for other in others)) for g, k in own.items())
    return matches, own.total()
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-15-clip", "grade": true, "points": 2}
exercises.clipped.check(clipped)
### BEGIN HIDDEN TESTS
exercises.clipped.check(clipped, seed=15_0102)
### END HIDDEN TESTS

# %% [markdown]
# ## CIDEr asks what is rare
#
# “a” stands in every reference of every scene, “tree” in few. **CIDEr-D** gives an n-gram $w$ the
# weight $g = \text{count} \cdot \log(I / \text{df})$: of the $I$ images of the set, df have it in
# a reference. Of a caption $c$ and one reference $r$ it takes, for one n, the cosine
#
# $$\frac{\sum_w \min(g_c, g_r)\, g_r}{\lVert g_c\rVert \lVert g_r\rVert}\;
# e^{-(l_c - l_r)^2 / 2\sigma^2}, \qquad \sigma = 6$$
#
# and of that the mean over references and n = 1 to 4, times ten; $l$ counts words. Two defences are
# built in: the **clip** min(…), and the **length term**, the exponential. Plain CIDEr has neither.
# Write it so that each can be switched off.


# %%
def cider_of(candidates, references, clip=True, sigma=6.0):
    """CIDEr-D, or without one of its defences or both; sigma=inf: no length term."""
    seen = document_frequencies(references)
    scores = []
    for words, own in zip(candidates, references, strict=True):
        for other in own:
            for c, r in zip(ngram_counts(words, 4), ngram_counts(other, 4), strict=True):
                a = {g: n * seen.rarity(g) for g, n in c.items()}
                b = {g: n * seen.rarity(g) for g, n in r.items()}
                dot = sum((min(a[g], b[g]) if clip else a[g]) * b[g] for g in a.keys() & b.keys())
                size = np.sqrt(sum(x * x for x in a.values()) * sum(x * x for x in b.values()))
                apart = (len(words) - len(other)) / sigma
                scores.append(dot / size * np.exp(-apart * apart / 2) if size else 0.0)
    return 10 * np.mean(scores)


# %% folded=true
# The guess.
turned_guess = NumberGuess(
    "15-turned",
    "In every true caption the relation is turned round. How much of CIDEr-D is left?",
    low=0,
    high=100,
    step=1,
    unit="%",
)
turned_guess

# %%
metrics = {
    "BLEU-1": bleu_measure(references, 1),
    "BLEU-4": bleu_measure(references),
    "CIDEr": Measure(lambda words: cider(words, references).per_image),
    "CIDEr-D": cider_measure(references),
}
# Every system by every metric, intervals over scenes; the last section says what evaluate does.
scores = evaluate(list, Suite(captions, metrics), draws=300).table
figures = scores.pivot_table("value", "condition", "measure").loc[list(SYSTEMS)]

# %% folded=true
# The figure and the table; claims, checked.
plain, d, b4 = figures["CIDEr"], figures["CIDEr-D"], figures["BLEU-4"]
left = float(100 * d["turned round"] / d["a describer"])
turned_guess.reveal(left, within=3)
figure, axes = new_figure(10, 3.6, columns=4)
show(figure, metric_rows(axes, scores, {s: float(np.mean(true[s])) for s in SYSTEMS}))
off = abs(cider_of(captions["short training"], references) - d["short training"])
claim("By hand against the package: {value:.0e}", off, below=1e-8)
claim("Turned round, all of it false, keeps of CIDEr-D: {value:.0f} %", left, above=85)
claim("… and is ahead of long training in BLEU-4 by {value:.2f}",
      b4["turned round"] - b4["long training"], above=0.1)  # fmt: skip
claim("Other words, all of it true, has BLEU-4 {value:.3f}", b4["other words"], below=0.05)
claim("… and CIDEr-D {value:.2f}", d["other words"], below=0.5)
claim("Template against text alone, BLEU-4: {value:+.2f}", b4["template"] - b4["text alone"],
      above=0.1)  # fmt: skip
claim("Template of short training's BLEU-4: {value:.2f}", b4["template"] / b4["short training"],
      above=0.6)  # fmt: skip
claim("… of its CIDEr-D: {value:.2f}", d["template"] / d["short training"], below=0.4)
claim("Repeats, plain CIDEr: {value:.2f}", plain["repeats"], above=2)
claim("… of long training's plain CIDEr: {value:.2f}", plain["repeats"] / plain["long training"],
      above=0.5)  # fmt: skip
claim("… of its CIDEr-D: {value:.2f}", d["repeats"] / d["long training"], below=0.4)
claim("Columns in which other words is last: {value:.0f} of 4",
      (figures.idxmin() == "other words").sum(), equals=4, within=0)  # fmt: skip
pairs = list(zip(captions["a describer"], captions["turned round"], strict=True))
changed = [sum(a != b for a, b in zip(*pair, strict=True)) for pair in pairs]
claim("Words that turning changes: {value:.0f}", max(changed), equals=1, within=0)
claim("… of so many, on average: {value:.1f}", np.mean([len(one) for one, _ in pairs]),
      between=(10, 14))  # fmt: skip
both = [cider_d(captions[s], references).per_image for s in ("a describer", "turned round")]
lost = interval(both[0] - both[1])
print("A describer − turned round, CIDEr-D, paired over scenes:", lost)
claim("… begins at {value:.2f}", lost.low, above=0.14)
claim("Turned round minus long training, CIDEr-D: {value:.2f}",
      d["turned round"] - d["long training"], above=0.3)  # fmt: skip
pd.DataFrame({"true": {s: np.mean(true[s]) for s in SYSTEMS}}).join(figures).round(2)

# %% [markdown]
# Read it line by line.
#
# - **Turned round** is false in every scene. It is surely below *a describer*, the same sentences
#   before the turn, but by little, and ahead of long training, which is now and then true. One word
#   in thirteen is wrong, and n-grams do not know that it is the one that matters.
# - **Other words** is true in every scene and last. A metric over references measures agreement
#   with *these* describers.
# - **Template** has seen no picture. It lives on what all sentences share; BLEU pays for that,
#   CIDEr, which weighs rarity, hardly.
# - **Repeats** names one object of three, three times: most of long training's plain CIDEr, a
#   quarter of its CIDEr-D.
#
# So no column orders the systems by what is true: each has a caption that is always true last. Now
# the two defences, with *repeats* as it is, and the same object said once.

# %% folded=true
# The table: one object said once or three times, by which defence is on; claims, checked.
once = [words[: (len(words) - 2) // 3] for words in captions["repeats"]]  # "x and x and x"
tricks = {"once": once, "three times": captions["repeats"],
          "long training": captions["long training"]}  # fmt: skip
defences = pd.DataFrame({
    name: {trick: cider_of(words, references, clip, sigma) for trick, words in tricks.items()}
    for name, clip, sigma in (
        ("neither", False, np.inf),
        ("clip alone", True, np.inf),
        ("length alone", False, 6.0),
        ("both", True, 6.0),
    )
})  # fmt: skip
claim("Once, clip alone: {value:.2f} (not stopped)", defences["clip alone"]["once"], above=2)
claim("Once, length alone: {value:.2f}", defences["length alone"]["once"], below=1.2)
claim("Three times, length alone: {value:.2f} (not stopped)",
      defences["length alone"]["three times"], above=1.8)  # fmt: skip
claim("Three times, clip alone: {value:.2f}", defences["clip alone"]["three times"], below=1.8)
claim("Three times, both: {value:.2f}", defences["both"]["three times"], below=1.5)
claim("A perfect caption, one image in the set, CIDEr-D: {value:.0f}",
      cider_of(references[0][:1], references[:1]), equals=0, within=1e-9)  # fmt: skip
one_word = cider_of([["tree"], ["cat"]], [[["tree"]], [["cat"]]])
claim("Two perfect captions of one word, CIDEr-D: {value:.1f}", one_word, equals=2.5,
      within=1e-9)  # fmt: skip
defences.round(2)

# %% [markdown]
# A cosine asks for the direction only: say what you are sure of, and nothing else. The length term
# stops whoever says it once, the clip whoever repeats it to get the length right. Each alone leaves
# a door open.
#
# Two traps. Rarity is counted in the test set: with one image every n-gram has log 1 = 0, and a
# perfect caption scores 0. So compare CIDEr-D within one set only. And a perfect copy of one word
# has 2.5, not 10: it has no runs of two, three or four.
#
# Type a caption, or alter one:
#
# - Which one word makes a true caption false, and what does each metric lose?
# - How true can a caption be with BLEU-1 below 0.3?

# %%
EXPLORERS["captions"]()

# %% [markdown]
# ## Ask people
#
# Rate eight captions, blind: which system wrote what is hidden, the order is drawn by the seed.
# Each gets two ratings, 1 to 5: *correctness*, is it true of the picture, and *coherence*, is it
# well said? Tab and the arrow keys will do. Your record keeps the ratings.

# %%
RatingCard(units_of(data, (3,), SYSTEMS), seed=15)

# %% [markdown]
# Beside yours stand stored ratings of 320 captions. **Their three raters are scripts**: a rule that
# knows the scene, with noise; one is strict, one lenient, one careless, and each leaves out one
# caption in ten. They show how one asks and counts, not what people would answer.
#
# How far do raters agree? **Raw agreement** P is the share of pairs of ratings of one caption that
# are equal. Some are equal by chance, P_e, so a **kappa** takes chance off: (P − P_e) / (1 − P_e).
# **Fleiss' kappa** takes for P_e how often two ratings drawn from all of them are equal.

# %% folded=true
# The guess.
kappa_guess = NumberGuess(
    "15-kappa",
    "Two raters: 95 captions both call “fine”, 5 only one of them. Fleiss' kappa is about …",
    low=-0.2,
    high=1,
    step=0.05,
)
kappa_guess

# %%
fine = np.ones((2, 100))
fine[0, :3], fine[1, 3:5] = 0, 0  # what one rater calls bad, the other does not

# %% folded=true
# The table: the same two raters; and, for the stored ones, agreement that knows the scale.
kappa_guess.reveal(fleiss_kappa(fine), within=0.05)
claim("Raw agreement: {value:.2f}", raw_agreement(fine), equals=0.95, within=1e-9)
claim("Fleiss' kappa: {value:.3f}", fleiss_kappa(fine), between=(-0.05, 0.05))
claim("Randolph's kappa, two categories: {value:.2f}", randolph_kappa(fine, 2), above=0.85)
stored = stored_ratings()
ratings = pd.concat([stored, own_ratings()], ignore_index=True)
whole = as_matrix(stored, "correctness").dropna(axis=1).to_numpy()
strict, lenient = whole[:2]
one_scale = [1, 2, 3, 4, 5]
plain_kappa = cohen_kappa(strict, lenient, "none", one_scale)
weighted = cohen_kappa(strict, lenient, "quadratic", one_scale)
claim("Strict and lenient, Cohen's kappa: {value:.2f}", plain_kappa, below=0.4)
claim("… weighed by squared distance: {value:.2f}", weighted, above=0.5)
pd.DataFrame({
    name: {
        "raw": raw_agreement(given),
        "Fleiss": fleiss_kappa(given),
        "Randolph": randolph_kappa(given, categories),
    }
    for name, given, categories in (
        ("fine or not, 2 raters", fine, 2),
        ("correctness, 3 raters", whole, 5),
    )
}).round(2)  # fmt: skip

# %% [markdown]
# 95 % agreement, and a kappa of about zero: two coins that say “fine” as often as these raters, 97
# or 98 times in 100, agree as often. **Randolph's** kappa lets every category be equally likely by
# chance, and forgives. **Cohen's kappa**, for two raters, takes chance from each one's own habits;
# **weighted**, it knows that 4 and 5 are near: the strict and the lenient rater hardly agree on the
# number, and agree well on the order. None of these is *the* agreement; say which, and how the
# categories were spread.
#
# **Krippendorff's alpha** takes any number of raters, gaps, and a scale: $1 - D_o / D_e$, observed
# over expected disagreement, each a mean of squared distances between ratings.
#
# ### Exercise 3 · Alpha
#
# `ratings` is (raters, units), a unit being a caption, NaN where one is missing. Return alpha on an
# interval scale. $D_o$: for each unit with m ≥ 2 ratings the sum of $(c-k)^2$ over ordered pairs,
# divided by m − 1; summed over units, divided by the number n of their ratings. $D_e$: the sum over
# ordered pairs of all these n ratings, divided by n (n − 1). Not all ratings are equal.


# %% nbgrader={"grade_id": "ex-15-alpha", "solution": true}
def alpha(ratings):
    """A number, 1 at most."""
    ### BEGIN SOLUTION
    units = [column[~np.isnan(column)] for column in ratings.T]
    units = [unit for unit in units if len(unit) > 1]
    pool = np.concatenate(units)
    n = len(pool)

    def squares(x):
        return ((x[:, None] - x) ** 2).sum()

    observed = sum(squares(unit) / (len(unit) - 1) for unit in units) / n
    return 1 - observed / (squares(pool) / (n * (n - 1)))
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-15-alpha", "grade": true, "points": 2}
exercises.alpha.check(alpha)
### BEGIN HIDDEN TESTS
exercises.alpha.check(alpha, seed=15_0103)
### END HIDDEN TESTS


# %% folded=true
# The table: alpha by question and scale, intervals over scenes; claims, checked.
def over_scenes(rated, question, kind):
    """Alpha; all captions of a scene are drawn together."""
    table = as_matrix(rated, question)
    scenes = table.columns.get_level_values("scene").tolist()
    return alpha_interval(table.to_numpy(), kind, groups=scenes, draws=500)


rows = {
    (question, kind): over_scenes(stored, question, kind)
    for question in ("correctness", "coherence")
    for kind in ("nominal", "ordinal", "interval")
}
alphas = pd.DataFrame(rows).T.drop(columns="undefined")
pool = as_matrix(stored, "correctness").drop(index="scripted: careless").to_numpy()
without = alpha_interval(pool, "interval", draws=500)["value"]
small = over_scenes(stored[stored["scene"] < 4], "correctness", "interval")
all_captions = rows["correctness", "interval"]
claim("Correctness, nominal: ends at {value:.2f}", rows["correctness", "nominal"]["high"],
      below=0.35)  # fmt: skip
claim("… interval scale: begins at {value:.2f}", all_captions["low"], above=0.5)
claim("… without the careless rater, more by {value:.2f}", without - all_captions["value"],
      above=0.02)  # fmt: skip
claim("Four scenes in place of 40, the interval is wider by {value:.1f} times",
      (small["high"] - small["low"]) / (all_captions["high"] - all_captions["low"]),
      above=1.2)  # fmt: skip
mine = ratings[ratings["rater"] == "you"]
rated = set(zip(mine["scene"], mine["system"], strict=True))
shared = ratings[[key in rated for key in zip(ratings["scene"], ratings["system"], strict=True)]]
if len(rated) > 2 and len(set(shared["correctness"].dropna())) > 1:
    beside = alpha_interval(as_matrix(shared, "correctness").to_numpy(), "interval", draws=500)
    print(f"With you, on the {len(rated)} captions that you rated: {beside['value']:.2f} "
          f"[{beside['low']:.2f}, {beside['high']:.2f}]")  # fmt: skip
else:
    print("You have not rated any captions yet; once you have, run this cell again.")
alphas.round(2)

# %% [markdown]
# The same ratings, 0.2 or 0.7, by what counts as a disagreement. *Nominal* punishes a 4 beside a 5
# like a 1 beside a 5; *ordinal* counts the ratings that lie between; an *interval* scale squares
# the distance. The bounds low and high come from *scenes* drawn anew, each with its eight captions
# and all their ratings; single ratings drawn anew would pretend that there is more to go by than
# there is. (Four scenes are too few for such bounds: drawn from four, they come out too narrow.)
# With all ratings equal alpha is 0/0 and **undefined**: nobody knows whether these raters can tell
# things apart. It is not 1.
#
# ## Does the metric order as raters do?
#
# **Kendall's tau**: pairs in the same order minus pairs in the opposite one, over all pairs (less
# for ties): 1 the same order, 0 as many pairs one way as the other, −1 the opposite. Two ways to
# ask: over captions, or over the systems' means of them. Four systems are *ordinary*: a describer
# and lesson 10's three captioners. The other four were made to be misjudged. (On single captions
# BLEU-4 needs a smoothing: half a match for the first n without one, a quarter for the next.)

# %% folded=true
# The guess.
pool_guess = ChoiceGuess(
    "15-pool",
    "CIDEr-D orders the four ordinary systems as the raters do: tau = 1. And all eight?",
    options=("still 1", "about 0.8", "below 0.6"),
)
pool_guess

# %%
mean_ratings = stored.groupby(["scene", "system"])["correctness"].mean().rename("human")
each = {
    system: pd.DataFrame({
        "BLEU-1": parts[system].per_image()[:, 0],
        "BLEU-4": parts[system].per_image("exponential")[:, 3],
        "CIDEr": cider(words, references).per_image,
        "CIDEr-D": cider_d(words, references).per_image,
    })
    for system, words in captions.items()
}  # fmt: skip
scored = pd.concat(each, names=["system", "scene"]).join(mean_ratings, how="inner").dropna()
scored = scored.reset_index()

# %% folded=true
# The figure: tau per caption and per system, four systems and all eight; claims, checked.
ORDINARY = ("a describer", "long training", "short training", "text alone")
METRICS = ("BLEU-1", "BLEU-4", "CIDEr", "CIDEr-D")
ordinary = scored[scored["system"].isin(ORDINARY)]
taus = pd.concat(
    {
        "four ordinary": tau_intervals(ordinary, METRICS),
        "all eight": tau_intervals(scored, METRICS),
    },
    names=["pool"],
).reset_index("pool")
pool_guess.reveal("below 0.6")
figure, axes = new_figure(9.6, 2.9, columns=2)
show(figure, tau_rows(axes, taus))
by = taus.set_index(["pool", "metric", "level"])["tau"]
claim("Four ordinary, CIDEr-D, systems: {value:.2f}", by["four ordinary", "CIDEr-D", "system"],
      above=0.99)  # fmt: skip
claim("… captions: {value:.2f}", by["four ordinary", "CIDEr-D", "caption"], between=(0.45, 0.8))
low, high = (taus.set_index(["pool", "metric", "level"])[end] for end in ("low", "high"))
between = [low["four ordinary", m, "caption"] - high["all eight", m, "caption"] for m in METRICS]
claim("Captions, between the intervals of four and of eight, at least {value:.2f}", min(between),
      above=0.05)  # fmt: skip
claim("All eight, CIDEr-D, systems: {value:.2f}", by["all eight", "CIDEr-D", "system"], below=0.6)
claim("… captions: {value:.2f}", by["all eight", "CIDEr-D", "caption"], below=0.5)
claim("The best metric with all eight, systems: {value:.2f}",
      max(by["all eight", m, "system"] for m in METRICS), below=0.7)  # fmt: skip

# %% [markdown]
# With four ordinary systems every metric orders *systems* as the raters do and *captions* only in
# part: errors cancel in a mean. That is how a metric gets a good name. Put the other four into the
# pool, and tau falls to about half or less at both levels, for every metric. A correlation with
# people belongs to the systems it was measured on; *template*, chosen by BLEU-4, is what such a
# metric finds when somebody optimises it. (These raters are scripts whose rule counts objects and
# relations. With people the numbers would differ; the question would not.)
#
# ## Does a ranking hold?
#
# Digits written and spoken (lesson 05's kind), ten seeds, five ways to train, each with settings
# that validation chose among six: *joint*, one network, one loss; *ensemble*, a network for each
# modality, predictions averaged; *modality dropout*, which hides a modality now and then while it
# learns; *MLB*, which speeds up the encoder that lags and slows the other down; *random pace*, its
# control: speeds from the same range, drawn. Then one modality gets noise at test time, or is
# missing, in its place training's mean.

# %% folded=true
# The guess.
turn_guess = ChoiceGuess(
    "15-turn",
    "MLB is ahead of joint training on clean data. With strong noise on the image it is …",
    options=("ahead by more", "ahead as before", "behind"),
)
turn_guess

# %% folded=true
# The figure: accuracy by noise, and without the modality; claims, checked.
turn_guess.reveal("behind")
robust = pd.read_csv(open_checked("robustness.csv"))
figure, axes = new_figure(10, 3.9, columns=2)
show(figure, damage_curves(axes, robust))
wide = robust.pivot_table(
    index=["modality", "damage", "seed"], columns="method", values="accuracy", sort=False
)


def ahead(one, other, modality, damage):
    """Accuracy of one minus the other, paired over seeds."""
    rows = wide.loc[(modality, damage)]
    return interval(rows[one] - rows[other])


def gain(method, modality):
    """Accuracy without a modality minus that with noise 4 on it, paired over seeds."""
    rows = wide.loc[modality][method]
    return interval(rows["missing"] - rows["4"])


def verdict(one, other, modality, damage):
    """Whether the order of two methods on clean data holds on damaged ones."""
    both = [wide.loc[(modality, level)] for level in ("0", damage)]
    return exercises.turnover.reference(
        *(rows[m].to_numpy() for rows in both for m in (one, other))
    )


for damage in ("0", "4", "missing"):
    print(f"MLB − joint, image noise {damage}:", ahead("mlb", "joint", "image", damage))
claim("MLB − joint, clean: begins at {value:+.3f}", ahead("mlb", "joint", "image", "0").low,
      above=0.002)  # fmt: skip
claim("… noise 4 on the image: ends at {value:+.3f}", ahead("mlb", "joint", "image", "4").high,
      below=-0.014)  # fmt: skip
claim("… image missing: begins at {value:+.3f}", ahead("mlb", "joint", "image", "missing").low,
      above=0.002)  # fmt: skip
for name in ("image", "audio"):
    most = ahead("ensemble", "modality-dropout", name, "4")
    claim(f"Ensemble − dropout, noise 4 on {name}: begins at {{value:+.3f}}", most.low, above=0.03)
gone = ahead("ensemble", "modality-dropout", "audio", "missing")
claim("… audio missing: begins at {value:+.3f}", gone.low, above=0.05)
paced = ahead("mlb", "random-scale", "image", "0")
claim("MLB − its random control, clean: ends at {value:+.3f}", paced.high, below=0.01)
claim("… noise 4 on the image: ends at {value:+.3f}",
      ahead("mlb", "random-scale", "image", "4").high, below=-0.005)  # fmt: skip
best = ahead("modality-dropout", "ensemble", "image", "0")
claim("Dropout − ensemble, clean: begins at {value:+.3f}", best.low, between=(-0.01, 0))
names, methods = ("image", "audio"), [str(method) for method in wide]
gains = {(name, method): gain(method, name) for name in names for method in methods}
claim("Without the modality minus with noise 4, surely above 0: {value:.0f} of 10",
      sum(one.low > 0 for one in gains.values()), equals=9, within=0)  # fmt: skip
claim("… joint, without audio: begins at {value:+.3f}", gains["audio", "joint"].low, below=0)
turned_over = [
    (one, other, name, damage)
    for one, other in combinations(methods, 2)
    for name in names
    for damage in ("0.5", "1", "2", "4", "missing")
    if verdict(one, other, name, damage) == "turns over"
]
print("Surely turned over, of ten pairs and ten kinds of damage:", turned_over)
claim("… of the ten pairs: {value:.0f}", len({pair[:2] for pair in turned_over}), equals=1,
      within=0)  # fmt: skip

# %% [markdown]
# - MLB is surely ahead of joint training, then surely behind, then ahead again. Its random control
#   does as well on clean data, so the lead is no merit of the rule; with noise 4 on the image the
#   control is surely ahead of it.
# - MLB and joint training are the one pair of ten that surely turns over, with noise 2 and 4 on the
#   image. A hundred comparisons were made: an interval that just misses 0, like that of the third
#   lead, may do so by chance.
# - Modality dropout has the highest mean on clean data, not surely above the ensemble. It is made
#   for a missing modality, and there the ensemble is ahead, for audio surely.
# - Strong noise is worse than nothing: without a modality all are better than with noise 4 on it,
#   nine of ten surely (not joint training without audio). Leave out an input that you know is bad.
#
# One number under one condition crowns whoever suits that condition.
#
# ### Exercise 4 · Turned over?
#
# Accuracies of two models, each (seeds,), on the same seeds: clean, and with noise. By 95 %
# intervals of the paired differences (Student's t; `interval` gives `.low` and `.high`): surely the
# same one ahead twice, return `"holds"`; surely one and then surely the other, `"turns over"`; else
# `"cannot be said"`.


# %% nbgrader={"grade_id": "ex-15-turnover", "solution": true}
def turnover(a_clean, b_clean, a_noisy, b_noisy):
    """One of "holds", "turns over", "cannot be said"."""
    ### BEGIN SOLUTION
    before, after = interval(a_clean - b_clean), interval(a_noisy - b_noisy)
    signs = [(i.low > 0) - (i.high < 0) for i in (before, after)]
    if 0 in signs:
        return "cannot be said"
    return "holds" if signs[0] == signs[1] else "turns over"
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-15-turnover", "grade": true, "points": 2}
exercises.turnover.check(turnover)
### BEGIN HIDDEN TESTS
exercises.turnover.check(turnover, seed=15_0104)
### END HIDDEN TESTS

# %% [markdown]
# ## A table, not a number
#
# `evaluate(model, suite)` made the intervals of the eight systems. It hands the model what each of
# several **conditions** gives, asks for several measures of the answers, and returns one tidy
# table, with intervals over units (here scenes, drawn anew). It refuses a suite of one measure; its
# result is no number and cannot be ordered. Here a condition is what is done to a caption.

# %%
suite = Suite(
    conditions={"as written": list, "cut to six words": lambda words: [w[:6] for w in words]},
    measures={
        "BLEU-4": bleu_measure(references),
        "CIDEr-D": cider_measure(references),
        "words": Measure(lambda words: [len(w) for w in words]),
    },
)
evaluation = evaluate(lambda change: change(captions["long training"]), suite, draws=300)
evaluation.table.round(3)

# %% folded=true
# What it refuses; claims, checked.
try:
    float(evaluation)
except TypeError as refused:
    print(refused)
result = evaluation.table.set_index(["condition", "measure"])
claim("As before, BLEU-4: {value:.3f}", result.loc[("as written", "BLEU-4"), "value"]
      - b4["long training"], equals=0, within=1e-9)  # fmt: skip
cut = result.loc["cut to six words"]
claim("Cut, BLEU-4 keeps {value:.2f} of it", cut.loc["BLEU-4", "value"] / b4["long training"],
      below=0.7)  # fmt: skip

# %% [markdown]
# ## Further · Exercise 5 · First sum, then divide
#
# `matches` and `totals` are (images, 4), for n = 1 to 4; `lengths` and `nearest` (images,) words of
# captions and of their nearest references. Return BLEU-4 of the corpus; 0 where an n has no match
# in any image.


# %% nbgrader={"grade_id": "ex-15-corpus", "solution": true}
def corpus_bleu(matches, totals, lengths, nearest):
    """A number in [0, 1]."""
    ### BEGIN SOLUTION
    shares = matches.sum(0) / totals.sum(0)
    penalty = min(1, np.exp(1 - nearest.sum() / lengths.sum()))
    return penalty * shares.prod() ** 0.25
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-15-corpus", "grade": true, "points": 2}
exercises.corpus_bleu.check(corpus_bleu)
### BEGIN HIDDEN TESTS
exercises.corpus_bleu.check(corpus_bleu, seed=15_0105)
### END HIDDEN TESTS

# %% [markdown]
# ## What stays
#
# - Try every metric on a model that knows nothing. Ties are its first gain.
# - BLEU pays for what all sentences share, plain CIDEr for what you are sure of, both for
#   falsehoods in the right words.
# - The clip and the length term close one door each. Neither helps a caption that is true in other
#   words.
# - Agreement beyond chance, on a named scale, with an interval over units; and who the raters were.
# - A correlation with people is of captions or of systems, and of the systems in the pool.
# - A ranking holds under a condition. Add noise, take a modality away, and look who is surely ahead
#   then.
#
# ## Words
#
# - **VQA accuracy**: of an answer, the mean over people of min(1, n/3), n of the others having
#   given it.
# - **n-gram**: a run of n words.
# - **clipped**: counted at most as often as the one reference that has most of it.
# - **BLEU**: geometric mean of clipped precisions of a corpus, times the brevity penalty.
# - **brevity penalty**: exp(1 − r/c) where the captions' words c are fewer than the references' r.
# - **smoothing**: of BLEU, what an n without a match counts in place of zero.
# - **CIDEr-D**: cosine of n-gram counts weighed by rarity, clipped, with a length term, times ten.
# - **clip**: of CIDEr-D, the minimum that keeps repetition from paying.
# - **length term**: of CIDEr-D, the factor that punishes another length than the reference's.
# - **raw agreement**: share of pairs of ratings of a unit that are equal.
# - **kappa**: agreement with what chance would give taken off.
# - **Fleiss' kappa**: chance from how often each category was used.
# - **Cohen's kappa**: of two raters, chance from how often each of them used each category.
# - **Randolph's**: kappa with every category equally likely by chance.
# - **weighted**: of kappa, a disagreement counts by its distance on the scale.
# - **Krippendorff's alpha**: one minus observed over expected disagreement, gaps and scales
#   allowed.
# - **Kendall's tau**: pairs in the same order minus pairs in the opposite one, over all pairs.
# - **conditions**: of an evaluation, what is done to the inputs before the model is asked.
#
# All words of the course stand in the [glossary](glossary.ipynb).
#
# Pictures: Noto Emoji by Google, Apache 2.0. Twemoji, copyright 2014–2021 Twitter, Inc. and other
# contributors, 2022–2024 Jdecked and contributors, licensed under
# [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/); scaled, on white ground. The texts of
# the licences stand in the folder `data/licences`.
#
# ## Checkpoint

# %% folded=true
# The checkpoint: what your run gave.
record.checkpoint(
    "15",
    {
        "turned round, % of CIDEr-D": left,
        "template, BLEU-4": float(b4["template"]),
        "repeats, CIDEr": float(plain["repeats"]),
        "repeats, CIDEr-D": float(d["repeats"]),
        "alpha, correctness": all_captions["value"],
        "tau of systems, CIDEr-D, all eight": float(by["all eight", "CIDEr-D", "system"]),
        "MLB − joint, image noise 4": ahead("mlb", "joint", "image", "4").mean,
    },
    open_checked("caption_ratings.csv"),
)
