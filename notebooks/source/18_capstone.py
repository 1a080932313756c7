# %% [markdown]
# # 18 · Capstone: a mystery
#
# **After this lesson you can**
#
# - diagnose an unknown data set with eight trainings, and say which figure shows what,
# - estimate how many labels are wrong without seeing a right one,
# - state findings with confidences, and say what a proper score makes of them,
# - choose fusion, method and who answers when a modality is missing, and defend the choice,
# - run the reliability checklist on a table, referee a report, and bring your own data.
#
# **Time** about 50 minutes to read and do, 10 more for what is marked *Further*; the computing
# takes 40 to 120 seconds. Your own `solve` takes as long as you like.
#
# **Needed before** lessons 03 (EMAP), 05 (starvation, probes), 08 (the ensemble, MLB), 11 (wrong
# labels, cross-fitting), 12 (priors).
#
# **Sources** Brier, *Verification of forecasts expressed in terms of probability*
# ([1950](https://doi.org/10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2)); Hessel and Lee, *Does my
# multimodal model learn cross-modal interactions?* ([2020](https://arxiv.org/abs/2010.06572)); *Fusion
# or confusion?* ([2025](https://arxiv.org/abs/2512.22991)), whose reliability checklist stands here as
# code.

# %% folded=true
# Imports and settings.
import numpy as np
import pandas as pd
import torch

from coursekit.analysis.emap import emap
from coursekit.analysis.intervals import interval
from coursekit.compare.reliability import checklist
from coursekit.course import record
from coursekit.course.claims import claim
from coursekit.course.plots import new_figure, show
from coursekit.course.widgets import EXPLORERS, ChoiceGuess, NumberGuess
from coursekit.data import from_arrays
from coursekit.data.files import open_checked
from coursekit.lessons.l18_capstone import exercises
from coursekit.lessons.l18_capstone.mystery import mystery
from coursekit.lessons.l18_capstone.plots import parts_picture, symptom_picture
from coursekit.lessons.l18_capstone.report import Report
from coursekit.lessons.l18_capstone.rules import (
    RELIABLE,
    choose_models,
    diagnose,
    finished,
)
from coursekit.lessons.l18_capstone.statement_marks import confidence_marks
from coursekit.lessons.l18_capstone.stored_mysteries import (
    CHOOSE_ON,
    MARKS,
    fares,
    marks,
    mysteries,
)
from coursekit.lessons.l18_capstone.symptoms import (
    complete_rows,
    cross_fitted_wrong_share,
    probe_change,
    product_of_encoders,
    right,
    type_skew,
    wrong_share,
)
from coursekit.training import accuracy

torch.set_num_threads(1)  # these networks are too small to be shared between cores

# %% [markdown]
# ## The case
#
# `mystery(seed)` gives rows to train and rows to choose on, and eight trainings. It gives nothing
# else: no test rows, no recipe. Two modalities, four classes. Each row also has a *type*, 0 or 1,
# that stands in the inputs, too. Six things may be wrong, alone or together:
#
# | question | answer | learnt in |
# |---|---|---|
# | `starves`: which encoder does joint training forget? | A, B, none | 05, 07 |
# | `weak`: which modality shows little, however it is trained? | A, B, none | 05 |
# | `interaction`: do some rows need both modalities at once? | True, False | 02, 03 |
# | `wrong_labels`: which share of the training labels is wrong? | 0 to 1 | 11 |
# | `biased`: does the type tell of the class in train only? | True, False | 12 |
# | `missing`: which modality is lacking in some later rows? | A, B, none | 05, 17 |
#
# Valid is drawn as test will be: its labels are right, its types tell nothing, and what is missing
# later is missing there.

# %%
case = mystery(13)
train, valid = case.train_rows, case.valid_rows
print({m: tuple(x.shape) for m, x in train.inputs.items()}, len(valid), case.left)

# %% folded=true
# The guess.
look_guess = ChoiceGuess(
    "18-look",
    "How many of the six questions can be answered before anything is trained?",
    options=("none", "one", "two", "three"),
)
look_guess

# %% [markdown]
# ## Look first
#
# A training costs; looking is free. Two counts say much: in which rows is a modality nothing but
# zeros, and how often has each class type 0, in train and in valid?

# %%
lacking = {m: float((x == 0).all(1).double().mean()) for m, x in valid.inputs.items()}
skew = type_skew(train, valid, case.classes)
print("rows without:", lacking, " skew of types:", round(skew, 3))

# %% folded=true
# Claims, checked.
look_guess.reveal("two")
claim("Rows of valid without A: {value:.2f}", lacking["A"], between=(0.2, 0.4))
claim("Rows of valid without B: {value:.2f}", lacking["B"], equals=0, within=1e-9)
claim("Skew of types, train against valid: {value:.3f}", skew, below=0.15)

# %% [markdown]
# A is missing in three of ten rows, and types are not biased (0.5 would be: nearly all rows of a
# class with one type). Two questions are answered, and eight trainings are left.
#
# ## Train little
#
# Three trainings everybody needs: each modality alone, and both. A fourth for the interaction: a
# **product** of both encoders, which begins from those that were trained alone. From scratch, a
# product would starve, too.

# %%
single = {m: case.train([m]) for m in ("A", "B")}
joint = case.train()
product = product_of_encoders(case, single)

# %%
whole = complete_rows(valid)  # what is missing would lower every figure
seen = {"A alone": right(single["A"], whole), "B alone": right(single["B"], whole)}
seen |= {"joint": right(joint, whole), "product": right(product, whole)}
seen["additive part"] = accuracy(emap(product.model, whole.inputs), whole.labels)
seen |= {f"probe {m}": probe_change(joint, single[m], m, train, whole) for m in single}
pd.Series(seen).round(3)

# %% folded=true
# Claims, checked.
claim("Probe of A, joint minus alone: {value:+.2f}", seen["probe A"], below=-0.15)
claim("Probe of B, joint minus alone: {value:+.2f}", seen["probe B"], above=-0.03)
claim("A alone minus B alone: {value:+.2f}", seen["A alone"] - seen["B alone"], above=-0.12)
claim("Joint minus the best alone: {value:+.3f}",
      seen["joint"] - max(seen["A alone"], seen["B alone"]), below=0.05)  # fmt: skip
claim("Product minus its additive part: {value:+.2f}",
      seen["product"] - seen["additive part"], above=0.1)  # fmt: skip

# %% [markdown]
# Alone, A and B are about level: nobody is weak. The joint model is hardly ahead of either. Its
# encoder of A reads far less than A's own: A **starves**. And the product is far ahead of its
# additive part: there is an **interaction**, which the joint model, a sum, cannot use. One reason
# would have explained the poor joint model; there are two.
#
# ### Exercise 1 · What do they speak of?
#
# `a`, `b`: accuracies alone; `joint`; `probe_a`, `probe_b`: joint minus alone; `product` and its
# additive part. Three questions, in this order: does the encoder that lost more have lost more than
# 0.08? (`"A starves"`, `"B starves"`; A where both lost alike.) Is the product ahead of its additive
# part by more than 0.08? (`"interaction"`) Is joint behind the better single model by more than 0.02?
# (`"overfitting"`) Else `"nothing"`.


# %% nbgrader={"grade_id": "ex-18-illness", "solution": true}
def illness(a, b, joint, probe_a, probe_b, product, additive):
    """One of "A starves", "B starves", "interaction", "overfitting", "nothing"."""
    ### BEGIN SOLUTION
    if min(probe_a, probe_b) < -0.08:
        return "A starves" if probe_a <= probe_b else "B starves"
    if product - additive > 0.08:
        return "interaction"
    return "overfitting" if joint - max(a, b) < -0.02 else "nothing"
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-18-illness", "grade": true, "points": 2}
exercises.illness.check(illness)
### BEGIN HIDDEN TESTS
exercises.illness.check(illness, seed=18_0101)
### END HIDDEN TESTS

# %% [markdown]
# ## How many labels are wrong?
#
# Nobody tells which. But valid's labels are right, and a model agrees with wrong labels by accident
# only. Let a model be right with probability $a$, and a label be wrong with probability $x$, any of
# the $C - 1$ other classes alike. On rows that it was **not** trained on (it may learn wrong labels
# by heart) it agrees with the label in
#
# $$ n = (1 - x)\, a + x\, \frac{1 - a}{C - 1} $$
#
# of them: both right, or both wrong in the same way. So train on one half of the rows, ask about
# the other half, and the other way round: that is cross-fitting, as in lesson 11. $a$ comes from
# valid.


# %%
def share_of_wrong(a, n, classes):
    """From accuracy on right labels and agreement with these; no less than 0, at most 1."""
    met_by_chance = (1 - a) / (classes - 1)
    return min(1.0, max(0.0, (a - n) / (a - met_by_chance)))


# %%
noisy_case = mystery(11)
estimate = cross_fitted_wrong_share(noisy_case, complete_rows(noisy_case.valid_rows))
here = cross_fitted_wrong_share(case, whole)
print(f"mystery 11: {estimate:.3f}, mystery 13: {here:.3f}; trainings left: {case.left}")

# %% folded=true
# Claims, checked: the cell above against the package.
for a, n, c in ((0.9, 0.6, 4), (0.8, 0.85, 3), (0.7, 0.1, 2)):
    claim("By hand against the package: {value:.1e}",
          abs(share_of_wrong(a, n, c) - wrong_share(a, n, c)), below=1e-9)  # fmt: skip
claim("Mystery 11, estimated: {value:.2f}", estimate, equals=0.38, within=0.06)
claim("Mystery 13, estimated: {value:.2f}", here, below=0.06)

# %% [markdown]
# ### Exercise 2 · Solve it
#
# Derive the share of wrong labels from the equation. Do not cut it off: measured accuracies may
# well give a little less than 0.


# %% nbgrader={"grade_id": "ex-18-wrong", "solution": true}
def wrong(clean, noisy, classes):
    """clean: accuracy on right labels; noisy: agreement with labels of which some are wrong."""
    ### BEGIN SOLUTION
    met_by_chance = (1 - clean) / (classes - 1)
    return (clean - noisy) / (clean - met_by_chance)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-18-wrong", "grade": true, "points": 1}
exercises.wrong.check(wrong)
### BEGIN HIDDEN TESTS
exercises.wrong.check(wrong, seed=18_0102)
### END HIDDEN TESTS

# %% [markdown]
# ## How sure?
#
# A statement comes with a **confidence**, from 0.5 to 1. The judge gives $12\,(1 - 4\,
# \overline{(c - r)^2})$ marks for them, no less than 0: $c$ the confidence, $r$ what the statement
# earned, 0 to 1. This is the Brier score, stretched: 0.5 everywhere earns nothing, right and sure
# all twelve. It is **proper**: if a statement is right with probability $p$, the expected loss is
#
# $$ p\,(c - 1)^2 + (1 - p)\,c^2 , \qquad \text{least at } c = p. $$
#
# Boasting costs, and so does modesty.

# %%
credits = [1, 1, 1, 0.8, 1, 0]
for name, sure in (("boasts", 1.0), ("knows", 0.8), ("modest", 0.5)):
    print(name, round(confidence_marks(credits, [sure] * 6), 2))

# %% [markdown]
# ### Exercise 3 · The score
#
# Write it.


# %% nbgrader={"grade_id": "ex-18-sure", "solution": true}
def sure_marks(credits, confidences):
    """credits, confidences: (n,) arrays. Marks, of 12."""
    ### BEGIN SOLUTION
    return 12 * max(0.0, 1 - 4 * ((confidences - credits) ** 2).mean())
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-18-sure", "grade": true, "points": 1}
exercises.sure.check(sure_marks)
### BEGIN HIDDEN TESTS
exercises.sure.check(sure_marks, seed=18_0103)
### END HIDDEN TESTS

# %% [markdown]
# ## Hand in
#
# Rows without A: the joint model has learnt nothing about zeros; B's own model answers. For the
# rest, validation rows choose among the ensemble, the product, and the mean of both. Then the
# report: statements, trainings by number, a table, the number of parameters.

# %%
symptoms = {
    "lacks A": lacking["A"], "lacks B": lacking["B"], "type skew": skew, "wrong labels": here,
    "alone A": seen["A alone"], "alone B": seen["B alone"], "probe A": seen["probe A"],
    "probe B": seen["probe B"], "interaction": seen["product"] - seen["additive part"],
}  # fmt: skip
known = diagnose(symptoms)
models, without = choose_models(valid, known, single, [product])
stated = {name: (getattr(known, name), sure) for name, sure in RELIABLE.items()}
report = finished(case, [*single.values(), joint, product], models, without, stated)
report

# %%
verdict = case.judge(report)
verdict.table()

# %% folded=true
# Claims, checked.
reached = {k: v or 0.0 for k, v in verdict.accuracies.items()}
claim("Handed in minus joint, test: {value:+.2f}", reached["handed in"] - reached["joint"],
      above=0.07)  # fmt: skip
claim("Handed in minus ensemble: {value:+.2f}", reached["handed in"] - reached["ensemble"],
      above=0.05)  # fmt: skip
claim("Marks: {value:.0f}", verdict.total, above=85)

# %% [markdown]
# The judge holds the recipe and the test rows. **Statements** 36 marks, 6 each, with part of them
# for a share of wrong labels that is nearly right. **Confidence** 12. **Checklist** 12: is the table
# true, did joint training get as many tries as anything else, is the cost right? The judge has its
# own log and compares. **Model** 40: 10 for being level with joint training, 10 with the ensemble, 20
# with the best known, who was told the recipe; a tenth behind earns nothing.
#
# ### Exercise 4 · Who answers?
#
# Probabilities of three models, and which rows lack what. Complete rows: the joint model. One
# modality missing: the model of the other. Both missing: the class that the joint model gives most
# on average over all rows.


# %% nbgrader={"grade_id": "ex-18-route", "solution": true}
def route(joint, alone_a, alone_b, lacks_a, lacks_b):
    """joint, alone_a, alone_b: (N, C); lacks_a, lacks_b: (N,) True or False. Classes, (N,)."""
    ### BEGIN SOLUTION
    answer = np.where(lacks_a[:, None], alone_b, joint)
    answer = np.where(lacks_b[:, None], alone_a, answer)
    answer = np.where((lacks_a & lacks_b)[:, None], joint.mean(0), answer)
    return answer.argmax(1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-18-route", "grade": true, "points": 1}
exercises.routed.check(route)
### BEGIN HIDDEN TESTS
exercises.routed.check(route, seed=18_0104)
### END HIDDEN TESTS

# %% [markdown]
# ## Do the rules win?
#
# One mystery proves nothing. `python -m coursekit judged-mysteries` has judged seven scripted
# hand-ins on two hundred: joint training, MLB, the ensemble, the product, the mean of all, one of
# them drawn at random, each with the statements that are most often true; and what this lesson just
# did, as a script (`by_rules`). Its thresholds and confidences were chosen on sixty other mysteries.

# %% folded=true
# The guesses.
total_guess = NumberGuess(
    "18-total",
    "Joint training and the most frequent statements, whatever comes. Marks of 100, on average?",
    low=0,
    high=100,
    step=1,
)
ensemble_guess = ChoiceGuess(
    "18-ensemble",
    "Always the ensemble against the lessons' rules: who is ahead in marks for the model?",
    options=("the ensemble", "level within 1", "the rules"),
)
total_guess

# %% folded=true
# The second guess.
ensemble_guess

# %% folded=true
# The table: marks by part, total with its interval, and the rules minus each.
judged = marks()
wide = judged.pivot_table("total", "seed", "strategy", sort=False)
RULES = "the lessons' rules"
parts = judged.groupby("strategy", sort=False)[
    ["statements", "confidence", "checklist", "model", "accuracy"]
].mean()
table = parts.round(2).assign(
    total=[str(interval(wide[name])) for name in parts.index],
    **{"rules ahead by": [
        "" if name == RULES else str(interval(wide[RULES] - wide[name])) for name in parts.index
    ]},
)  # fmt: skip
table

# %% folded=true
# Claims, checked.
total_guess.reveal(float(wide["always joint"].mean()), within=5)
by_model = judged.pivot_table("model", "seed", "strategy", sort=False)
lead = interval(by_model[RULES] - by_model["always ensemble"])
print("Marks for the model, rules minus ensemble:", lead)
ensemble_guess.reveal(
    "the rules" if lead.low > 0 and lead.mean > 1
    else "the ensemble" if lead.high < 0 and lead.mean < -1 else "level within 1"
)  # fmt: skip
least = min(interval(wide[RULES] - wide[name]).low for name in wide if name != RULES)
claim("Rules minus any fixed hand-in, in all: begins at {value:.1f} or higher", least, above=5)

# %% [markdown]
# TODO text
#
# ## Where does a symptom begin to count?

# %%
EXPLORERS["symptoms"]()

# %% [markdown]
# ## May this table be ranked?
#
# Lesson 08 asked what a table has to have before it is ranked. `checklist` asks it as code.

# %%
results = judged.rename(columns={"strategy": "method", "accuracy": "test"})
results = results.assign(data="mysteries", fusion="any", parameters=1)
checklist(results[["data", "fusion", "method", "seed", "test"]])

# %% [markdown]
# ### Exercise 5 · The first fault
#
# `tries`: method → how many settings were tried; `seeds`: row of the table → its seeds. Rows:
# `"unimodal A"`, `"unimodal B"`, `"joint"`, `"ensemble"`, and others. Return the first of these that
# is at fault: `"ensemble"` (not there), `"single models"` (one is not there, or had fewer tries than
# joint), `"budget"` (methods of both modalities, but the ensemble, had different numbers of tries),
# `"seeds"` (a row has fewer than ten different ones, or others than joint); else `"none"`.


# %% nbgrader={"grade_id": "ex-18-rank", "solution": true}
def may_rank(tries, seeds):
    """tries: name → number; seeds: name → list. The first fault, or "none"."""
    ### BEGIN SOLUTION
    if "ensemble" not in seeds:
        return "ensemble"
    alone = [f"unimodal {m}" for m in "AB"]
    if any(name not in seeds or tries.get(name, 0) < tries["joint"] for name in alone):
        return "single models"
    if len({tries.get(m, 0) for m in seeds if m not in ("ensemble", *alone)}) > 1:
        return "budget"
    wanted = set(seeds["joint"])
    fit = all(len(set(own)) >= 10 and set(own) == wanted for own in seeds.values())
    return "none" if fit else "seeds"
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-18-rank", "grade": true, "points": 2}
exercises.may_rank.check(may_rank)
### BEGIN HIDDEN TESTS
exercises.may_rank.check(may_rank, seed=18_0105)
### END HIDDEN TESTS

# %% [markdown]
# ## Words
#
# - **mystery**: rows of a hidden recipe, a budget, a report.
#
# ## Checkpoint

# %% folded=true
# The checkpoint: what your run gave.
record.checkpoint(
    "18",
    {"marks": verdict.total, "rules": float(wide[RULES].mean())},
    open_checked(MARKS),
)
