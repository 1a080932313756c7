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
# **Time** about 54 minutes to read and do, 2 more for what is marked *Further*; the computing
# takes 25 to 80 seconds. Your own `solve` takes as long as you like.
#
# **Needed before** lessons 03 (EMAP), 05 (starvation, probes), 08 (the ensemble, MLB), 11 (wrong
# labels, cross-fitting), 12 (priors).
#
# **Sources** Brier, *Verification of forecasts expressed in terms of probability*
# ([1950](https://doi.org/10.1175/1520-0493%281950%29078%3C0001:VOFEIT%3E2.0.CO;2)); Hessel and Lee,
# *Does my multimodal model learn cross-modal interactions?*
# ([2020](https://arxiv.org/abs/2010.06572)); *Fusion or confusion?*
# ([2025](https://arxiv.org/abs/2512.22991)), whose reliability checklist stands here as code.

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
    Fares,
    fares,
    marks,
    mysteries,
)
from coursekit.lessons.l18_capstone.symptoms import (
    complete_rows,
    cross_fitted_wrong_share,
    probe_change,
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
# else: no test rows, no recipe. Two modalities, four classes. Each row also has a *type*, 0 or 1:
# `train.group` holds it, and it stands in the inputs, too. Six things may be wrong, alone or
# together:
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
print("train:", {m: tuple(x.shape) for m, x in train.inputs.items()}, " valid:", len(valid))
print("trainings left:", case.left)

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
# A is missing in a third of the rows, and types are not biased: if each class went with one type in
# train, the skew would be near 0.5. Two questions are answered, and eight trainings are left.
#
# ## Train little
#
# `case.train(use, fusion=…, method=…, rows=…, start=…, rate=…, seed=…)` is one training: 20 epochs,
# of which validation rows choose the best. Without arguments it is plain joint training. What comes
# back has a `number`, a `model`, and `probabilities(rows)`.
#
# Three trainings everybody needs: each modality alone, and both. A fourth for the interaction: a
# **product** of both encoders, which begins from those that were trained alone. From scratch, a
# product would starve, too.

# %%
single = {m: case.train([m]) for m in ("A", "B")}
joint = case.train()
product = case.train(fusion="multiplicative", start=single.values())

# %%
whole = complete_rows(valid)  # what is missing would lower every figure
seen = {"A alone": right(single["A"], whole), "B alone": right(single["B"], whole)}
seen |= {"joint": right(joint, whole), "product": right(product, whole)}
seen["additive part"] = accuracy(emap(product.model, whole.inputs), whole.labels)
seen |= {f"probe {m}": probe_change(joint, single[m], m, train, whole) for m in single}
print(len(whole), "complete rows of valid")
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
used, added = product.probabilities(whole).argmax(1), emap(product.model, whole.inputs).argmax(1)
paired = interval((used == whole.labels).double() - (added == whole.labels).double())
print("… row by row:", paired)
claim("… begins at {value:.2f}", paired.low, above=0.05)
claim("An accuracy of 0.5 is sure to about ±{value:.3f}", 0.98 / len(whole) ** 0.5, below=0.07)

# %% [markdown]
# Each accuracy is sure to about ±0.06, with so few rows. Within that A and B are level alone:
# nobody is weak. The joint model is no better than B alone. A probe reads far less from its encoder
# of A than from A's own: A **starves**. And the product is far ahead of its additive part, which
# EMAP gives: there is an **interaction**, which the joint model, a sum, cannot use. One reason
# would have explained the poor joint model; there are two.
#
# ### Exercise 1 · What do they speak of?
#
# `a`, `b`: accuracies alone; `joint`; `probe_a`, `probe_b`: joint minus alone; `product` and its
# additive part. Three questions, in this order: does the encoder that lost more have lost more than
# 0.08? (`"A starves"`, `"B starves"`; A where both lost alike.) Is the product ahead of its
# additive part by more than 0.08? (`"interaction"`) Is joint behind the better single model by more
# than 0.02? (`"overfitting"`) Else `"nothing"`. These thresholds are round numbers; where better
# ones lie is asked below.


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
# rest, validation rows choose among the ensemble, the product, and the mean of both
# (`choose_models`). `diagnose` holds each symptom against a threshold. Its confidences, `RELIABLE`,
# are how often each rule was right on sixty other mysteries. `finished` fills in what can be
# counted. A report has five parts, and may be typed by hand:
#
# | part | what it holds |
# |---|---|
# | `statements` | question → (answer, confidence) |
# | `models` | numbers of trainings; the mean of their probabilities answers |
# | `without` | modality → trainings that answer where it is missing |
# | `table` | accuracy on *all* of valid: `"A"`, `"B"`, `"joint"`, `"ensemble"`, `"handed in"` |
# | `parameters` | of all trainings handed in, summed, each once |

# %%
symptoms = {
    "lacks A": lacking["A"], "lacks B": lacking["B"], "type skew": skew, "wrong labels": here,
    "alone A": seen["A alone"], "alone B": seen["B alone"], "probe A": seen["probe A"],
    "probe B": seen["probe B"], "interaction": seen["product"] - seen["additive part"],
}  # fmt: skip
known = diagnose(symptoms)
models, without = choose_models(valid, known, single, product)
stated = {name: (getattr(known, name), sure) for name, sure in RELIABLE.items()}
report = finished(case, [*single.values(), joint, product], models, without, stated)
for part, held in vars(report).items():
    print(f"{part}: {held}")

# %%
verdict = case.judge(report)
verdict

# %% folded=true
# Claims, checked.
reached = {k: v or 0.0 for k, v in verdict.accuracies.items()}
claim("Handed in minus joint, test: {value:+.2f}", reached["handed in"] - reached["joint"],
      above=0.07)  # fmt: skip
claim("Handed in minus ensemble: {value:+.2f}", reached["handed in"] - reached["ensemble"],
      above=0.05)  # fmt: skip
claim("Marks: {value:.0f}", verdict.total, above=85)

# %% [markdown]
# The judge holds the recipe and the test rows.
#
# - **Statements**, 36 marks, 6 each. A share of wrong labels earns less the further it is off, and
#   nothing from 0.15 on.
# - **Confidence**, 12.
# - **Checklist**, 12, for seven conditions: five rows of the table are true; joint training had as
#   many tries (rates, seeds) as any other training of both; the parameters are right. The judge has
#   its own log and compares.
# - **Model**, 40: 10 for being level with joint training, 10 with the ensemble, 20 with the best of
#   three: these two, and one who was told the recipe. Behind a rival its marks fall in a straight
#   line, to nothing at 0.1 of accuracy.
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
# One mystery proves nothing. `python -m coursekit judged-mysteries` has judged eight scripted
# hand-ins on two hundred: what this lesson just did, as a script (`by_rules`); joint training, MLB,
# the ensemble, the product, the mean of all, and one of them drawn at random; and a control that
# diagnoses nothing, spends all eight trainings and hands in what validation rows like best
# (*validation chooses*). All but the rules state what is most often true. Thresholds and
# confidences of the rules were chosen on sixty other mysteries.

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
    trainings=[
        " or ".join(map(str, sorted(set(judged.loc[judged["strategy"] == name, "trainings"]))))
        for name in parts.index
    ],
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
ensemble_guess.reveal("the rules")
claim("… begins at {value:.1f}", lead.low, above=1.5)
by_accuracy = judged.pivot_table("accuracy", "seed", "strategy", sort=False)
in_accuracy = interval(by_accuracy[RULES] - by_accuracy["always ensemble"])
print("In accuracy on test rows:", in_accuracy)
claim("… begins at {value:.3f}", in_accuracy.low, above=0.01)
least = min(interval(wide[RULES] - wide[name]).low for name in wide if name != RULES)
claim("Rules minus any other hand-in, in all: begins at {value:.1f} or higher", least, above=12)
others = wide.drop(columns=RULES).mean()
claim("Best of the others, in all: {value:.1f}", others.max(), below=80)
claim("The ensemble minus joint training, in all: begins at {value:.1f}",
      interval(wide["always ensemble"] - wide["always joint"]).low, above=6)  # fmt: skip
for other, least in {"MLB": 3, "product": 3, "joint": 5}.items():
    ahead = interval(by_model["always ensemble"] - by_model[f"always {other}"])
    claim(f"The ensemble minus {other}, marks for the model: begins at {{value:.1f}}",
          ahead.low, above=least)  # fmt: skip
random_gap = interval(by_model["always ensemble"] - by_model["at random"])
claim("… minus one drawn at random: begins at {value:.1f}", random_gap.low, above=1.5)
of_all = interval(by_model["always ensemble"] - by_model["always all"])
print("… minus the mean of all:", of_all)
claim("… which tells little: {value:.1f}", of_all.mean, equals=0, within=3)
print("… in accuracy:", interval(by_accuracy["always ensemble"] - by_accuracy["always all"]))
CONTROL = "validation chooses"
over_control = interval(by_model[RULES] - by_model[CONTROL])
print("Marks for the model, rules minus the control:", over_control)
claim("… which tells little: {value:.1f}", over_control.mean, equals=0, within=1.5)
in_favour = interval(by_accuracy[CONTROL] - by_accuracy[RULES])
print("Accuracy, the control minus the rules:", in_favour)
claim("… which is not below zero: {value:.3f}", in_favour.mean, between=(0, 0.02))
claim("The control minus the ensemble, accuracy: begins at {value:.3f}",
      interval(by_accuracy[CONTROL] - by_accuracy["always ensemble"]).low, above=0.015)  # fmt: skip

# %% folded=true
# The figure: marks by part.
figure, (ax,) = new_figure(8.6, 4.2)
ax.set_title("Two hundred mysteries, eight scripted hand-ins", pad=30)
show(figure, parts_picture(ax, judged))

# %% [markdown]
# Bars begin with the statements: the seven scripts that diagnose nothing say what is most often
# true, and most of the lead is there. The checklist costs nobody a mark, since a script never lies
# about its table; it is there for people. In marks for the model the rules lead every fixed answer,
# too. The ensemble, which everybody forgets, is ahead of joint training, MLB, the product and a
# choice at random; from the mean of all these mysteries do not tell it.
#
# And the control? It has as many marks for the model as the rules, and is a little more accurate.
# So what the rules' model is ahead of the ensemble comes from **trying several and letting
# validation rows choose**, not from the diagnosis. The diagnosis buys what no accuracy tells: what
# is wrong with these data, which is what to mend before more is collected. It also asks for six
# trainings, eight where types look biased; the control asks for all eight, fixed answers for three
# or four, the drawn one for five.
#
# Marks are additive, so statements and models can be exchanged: the rules' statements with the
# ensemble's model, and the other way round.

# %% folded=true
# The table: statements of one, model of another.
saying = judged.assign(stated=judged["statements"] + judged["confidence"] + judged["checklist"])
saying = saying.pivot_table("stated", "seed", "strategy", sort=False)
mixed = {
    (one, other): interval(saying[one] + by_model[other])
    for one in (RULES, "always ensemble")
    for other in (RULES, "always ensemble", "always all")
}
worth = interval(saying[RULES] - saying["always ensemble"])
print("Statements and confidences, rules minus the most frequent:", worth)
claim("… begins at {value:.1f}", worth.low, above=5)
rows = pd.DataFrame(
    [(one, other, str(total)) for (one, other), total in mixed.items()],
    columns=["statements of", "model of", "total"],
)
rows

# %% [markdown]
# ## Where the rules fail
#
# The rules miss what their trainings have not learnt. EMAP shows an interaction when a model uses
# it. Where an encoder starves, a modality is weak, types are biased or labels wrong, the product
# may learn none, and the gap is small although the interaction is there: beside one fault hardly
# any is missed, beside two or three more than a third. **No gap proves no absence**, least of all
# in a model that is hardly right. In the figure, *probe lost* is what an encoder has lost by joint
# training, the larger of both; *interaction gap* is the product minus its additive part; dashed are
# the thresholds of the rules.
#
# And what do wrong diagnoses cost the model? The judge's best rival was told the recipe, and then
# did the same. It is not ahead: since validation rows choose among the ensemble, the product and
# their mean, a wrong diagnosis costs a statement and not the model.

# %% folded=true
# The figure and the table: starvation against interaction; how each statement fares.
later = mysteries()
figure, (ax,) = new_figure(7.6, 4.4)
ax.set_title("Two symptoms, two hundred mysteries")
show(figure, symptom_picture(ax, later, "probe lost", "interaction gap", (0.08, 0.02)))
truly = later[later["true interaction"]]
faults_beside = (
    (truly[["true starves", "true weak"]] != "none").sum(axis=1)
    + truly["true biased"] + (truly["true wrong_labels"] > 0)
)  # fmt: skip
kinds = {"one other fault or none": faults_beside < 2, "two others": faults_beside == 2,
         "three others": faults_beside == 3}  # fmt: skip
kinds |= {"product right in 0.5 or less": truly["product"] <= 0.5,
          "product right in more than 0.7": truly["product"] > 0.7}  # fmt: skip
miss = {name: fares(truly[rows], "interaction gap", 0.02) for name, rows in kinds.items()}
informed = later.set_index("seed")["test informed"]
reached_by_rules = judged[judged["strategy"] == RULES].set_index("seed")["accuracy"]
behind = interval(informed - reached_by_rules)
print("Accuracy, informed minus diagnosed:", behind)
claim("… ends at {value:.3f}", behind.high, below=0.01)
shares = {name: f.missed / f.rows for name, f in miss.items()}
claim("Missed beside one other fault or none: {value:.2f}",
      shares["one other fault or none"], below=0.12)  # fmt: skip
claim("Missed beside two or three: {value:.2f}",
      (miss["two others"].missed + miss["three others"].missed)
      / (miss["two others"].rows + miss["three others"].rows), above=0.3)  # fmt: skip
claim("Missed where the product is right in more than 0.7: {value:.2f}",
      shares["product right in more than 0.7"], below=0.05)  # fmt: skip
with_it = later.set_index("seed")["true interaction"]
gain = by_accuracy[RULES] - by_accuracy["always ensemble"]
print("Rules minus ensemble, with an interaction:", interval(gain[with_it]))
print("… without:", interval(gain[~with_it]))
claim("… with one: begins at {value:.3f}", interval(gain[with_it]).low, above=0.02)
claim("… without: {value:.3f}", gain[~with_it].mean(), equals=0, within=0.015)
pd.DataFrame(
    [(name, f.rows, f.missed) for name, f in miss.items()],
    columns=["mysteries with an interaction", "how many", "missed at 0.02"],
)

# %% [markdown]
# With an interaction the rules are ahead of the ensemble; without one they are the ensemble, more
# or less. That is lesson 08 once more: first the ensemble, then ask what it cannot do.
#
# ## Where does a symptom begin to count?
#
# A threshold is chosen, not found. Choose yours on the sixty, and see what it is worth on the two
# hundred. Six symptoms, one for each question:
#
# | symptom | what it is | speaks for |
# |---|---|---|
# | probe lost | probe of an encoder, alone minus joint; the larger of both | starves |
# | behind the other | accuracies alone, the better minus the worse | weak |
# | interaction gap | accuracy of the product minus that of its additive part | interaction |
# | disagreement | the estimated share of wrong labels | wrong labels |
# | type skew | how far the share of type 0 moves from train to valid | biased |
# | rows without | share of valid rows that lack a modality | missing |

# %%
EXPLORERS["symptoms"]()

# %% folded=true
# Claims, checked: thresholds of the rules, on the sixty they were chosen on, and on the others.
for symptom, threshold in (("rows without", 0.1), ("type skew", 0.15), ("probe lost", 0.08),
                           ("disagreement", 0.08), ("interaction gap", 0.02)):  # fmt: skip
    early = fares(mysteries(CHOOSE_ON), symptom, threshold).right
    late = fares(later, symptom, threshold).right
    claim(f"{symptom} above {threshold:g}: {early:.2f} on the sixty, {{value:.2f}} on the others",
          late, above=0.7)  # fmt: skip

# %% [markdown]
# ## May this table be ranked?
#
# Lesson 08 asked what a table must have before it is ranked; the list is that of *Fusion or
# confusion?*: the same tuning budget, tuned single models, the ensemble, ten seeds or more, nothing
# chosen on test, a column of costs. `checklist` is this list as code. Here it is asked about the
# two hundred mysteries, as if each were a data set's seed:

# %%
results = judged.rename(columns={"strategy": "method", "accuracy": "test"})
names = {"always joint": "joint", "always ensemble": "ensemble"}
results = results.assign(data="mysteries", fusion="any", method=results["method"].replace(names))
conditions = checklist(results[["data", "fusion", "method", "seed", "test"]])
conditions

# %% folded=true
# Claims, checked.
holds = conditions.set_index("condition")["holds"]
claim("Ten seeds: {value:.0f}", float(holds["ten seeds"]), equals=1, within=0)
claim("Ensemble row: {value:.0f}", float(holds["ensemble row"]), equals=1, within=0)
claim("Tuned single models: {value:.0f}", float(holds["tuned single models"]), equals=0, within=0)

# %% [markdown]
# It has two hundred seeds and an ensemble, and may not be ranked all the same: one generator, no
# tuned single models in it, no trials, no costs. So the finding above is about strategies on
# *these* mysteries. Nobody with eight trainings has ten seeds either: a hand-in can claim that its
# model is good here, and not that its method is better.

# %% [markdown]
# ### Exercise 5 · The first fault
#
# `tries`: method → how many settings were tried; `seeds`: row of the table → its seeds. Rows:
# `"unimodal A"`, `"unimodal B"`, `"joint"`, `"ensemble"`, and others. Return the first of these
# that is at fault: `"ensemble"` (not there), `"single models"` (one is not there, or had fewer
# tries than joint), `"budget"` (methods of both modalities, but the ensemble, had different numbers
# of tries), `"seeds"` (a row has fewer than ten different ones, or others than joint); else
# `"none"`.


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
# ## Your turn
#
# **Practice.** Any seed that you have not seen: `case = mystery(123)`, your trainings, a `Report`,
# `case.judge(report)`. The report below states one thing, and hands in one training.

# %%
own = mystery(123)
one = own.train(["B"])
beginning = Report(statements={"missing": ("none", 0.5)}, models=[one.number])
print(beginning, own.left)  # now own.judge(beginning)

# %% [markdown]
# **Graded.** A file with a function `solve(case)` that returns a `Report`. The judge runs it in a
# process of its own on three mysteries whose seeds only the judge knows, 120 seconds each, its
# trainings included; it counts them, whatever `case.left` says. `case.file(report)` leaves a report
# behind: whoever raises an error or runs out of time keeps the marks for its statements, and has
# none for the model. Whoever trains without asking `case` has no number to hand in. A beginning:
#
# ```python
# from coursekit.lessons.l18_capstone.report import Report
#
# def solve(case):
#     joint = case.train()
#     return Report({"biased": (False, 0.6)}, [joint.number])
# ```
#
# The whole class gets the same seeds and the same budget:
# `python -m coursekit judge-solvers FOLDER`, a file per person. `by_rules` in
# `coursekit/lessons/l18_capstone/rules.py` is the script to beat.
#
# ## Your own data
#
# `from_arrays` takes arrays by modality and labels, and refuses in a sentence what would spoil the
# result before the first training: rows that do not agree, NaN, labels that are scores, one row in
# train and in test, a class too rare.

# %%
rng = np.random.default_rng(0)
sound, image = rng.normal(size=(90, 12)), rng.normal(size=(90, 3, 8, 8))
labels = rng.choice(["cat", "dog", "owl"], 90)
speaker = np.arange(90) // 3  # three rows each, which must not straddle the splits
mine = from_arrays({"sound": sound, "image": image}, labels, group=speaker)
print(mine.classes, {name: len(rows) for name, rows in mine.splits.items()})
faults = {
    "one row twice": ({"sound": np.vstack([sound[:89], sound[:1]])}, labels, None),
    "scores": ({"sound": sound}, rng.normal(size=90), None),
    "a row short": ({"sound": sound, "image": image[1:]}, labels, None),
    "a hole": ({"sound": np.where(sound > 2, np.nan, sound)}, labels, None),
}
for name, (inputs, given, group) in faults.items():
    try:
        from_arrays(inputs, given, group=group)
    except (TypeError, ValueError) as error:
        print(f"{name}: {error}")

# %% [markdown]
# ## The project
#
# Your data, or a mystery of your own making for another group. Four pages at most, and the code.
# Points as they are given:
#
# | points | for |
# |---:|---|
# | 15 | a question that can be answered no, and what would refute it, before the first run |
# | 15 | a first look without training: counts, what is missing, priors, copies |
# | 20 | rivals: both single models tuned, joint training, the ensemble, a random control |
# | 15 | equal budgets, fresh seeds with intervals, validation chooses, test is asked once |
# | 15 | a diagnosis tied to figures: which figure would have come out otherwise? |
# | 10 | one finding that went against the group's guess, kept in |
# | 10 | somebody else can run it: seeds, versions, one command |
#
# **The referee's form.** Another group answers in one page, signed:
#
# 1. What is claimed, in one sentence? Which table or figure carries it?
# 2. Which conditions of `checklist` does that table not meet? What may then not be claimed?
# 3. Which rival is missing, or had fewer tries?
# 4. Which statement do you believe least, and which figure would change your mind?
# 5. Run one command of the report. What came out?
# 6. One experiment, within their budget, that could have come out either way.
# 7. Would you bet on the main finding on fresh seeds? A confidence from 0.5 to 1.
#
# The bet is settled in class: run it on five fresh seeds, and score it as in exercise 3.
#
# ## Further · What a training is worth
#
# Each of the six statements is worth six marks, the model forty. With fewer trainings, which to
# leave out? Without the two halves the share of wrong labels is a guess; without the product the
# interaction is; without joint training nobody knows who starves. On the two hundred, marks for one
# statement by who says of all that the fault is not there, and by who goes by the threshold. (A
# report must also say which modality starves and how many labels are wrong, and may lose more
# there.)

# %% folded=true
# The table: marks of a statement without its trainings, and with them.
needs = {"starves": ("probe lost", 0.08, 1), "interaction": ("interaction gap", 0.02, 1),
         "wrong_labels": ("disagreement", 0.08, 2)}  # fmt: skip


def six_marks(f: Fares) -> str:
    return f"{6 * f.right:.2f} [{6 * f.interval[0]:.2f}, {6 * f.interval[1]:.2f}]"


worth_of = []
for name, (symptom, threshold, trainings) in needs.items():
    never, by_threshold = fares(later, symptom, 9), fares(later, symptom, threshold)
    worth_of.append((name, trainings, six_marks(never), six_marks(by_threshold)))
    claim(f"{name}, threshold minus never: {{value:.2f}} marks",
          6 * (by_threshold.interval[0] - never.interval[1]), above=0.6)  # fmt: skip
pd.DataFrame(worth_of, columns=["statement", "trainings", "“never”", "by its threshold"])

# %% [markdown]
# ## What stays
#
# - Look before you train. Two of six questions cost nothing.
# - Faults hide each other: beside two or three others, an interaction is missed more than one time
#   in three. Ask again after each cure.
# - A symptom that is missing proves little; say with which confidence, and mean it.
# - A strategy is judged on many mysteries, with intervals, and on none that chose its thresholds.
# - For the accuracy alone, try several and let validation rows choose. A diagnosis says what is
#   wrong with the data.
# - A table that may not be ranked may still say something. Say what.
#
# ## Words
#
# - **recipe**: what a mystery hides; which modality is slow, weak or missing, and the rest.
# - **budget**: how many trainings may be asked for; the judge counts.
# - **confidence (of a statement)**: how probable you hold it, from 0.5 to 1.
# - **proper score**: a score whose expectation is best for who says the true probability.
# - **Brier score**: the mean squared difference of confidence and what came true.
# - **referee**: who reads a report, runs one of its commands, and says what may not be claimed.
#
# All words of the course stand in the [glossary](glossary.ipynb).
#
# ## Checkpoint

# %% folded=true
# The checkpoint: what your run gave.
record.checkpoint(
    "18",
    {
        "marks of the example": verdict.total,
        "handed in, test": reached["handed in"],
        "wrong labels, mystery 11": estimate,
        "rules, mean of 200": float(wide[RULES].mean()),
        "rules − ensemble, model": lead.mean,
        "informed − rules, accuracy": behind.mean,
    },
    open_checked(MARKS),
)
