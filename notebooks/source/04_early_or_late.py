# %% [markdown]
# # 04 · Early or late?
#
# **After this lesson you can**
#
# - say what early, intermediate and late fusion are, and count their parameters,
# - write one head of attention, and say what a transformer's tokens and positions are for,
# - compare architectures fairly: equal parameters, equal tuning, convergence *and* final accuracy,
#   several seeds,
# - predict what misaligned modalities, unequal feature spaces and a missing modality do to each.
#
# **Time** about 60 minutes to read and do, 30 more for what is marked *Further*; the computing
# takes 15 to 45 seconds.
#
# **Needed before** lessons 01, 02 and 03; cross-entropy and mini-batches in PyTorch; a confidence
# interval.
#
# **Sources** the chapter on training of the notes that this course grew from (they are not part of
# it; late against early fusion, the video and audio transformer); Vaswani and colleagues,
# *Attention Is All You Need* ([2017](https://arxiv.org/abs/1706.03762)); Kontras and colleagues,
# *Improving Multimodal Learning with Multi-Loss Gradient Modulation*
# ([2024](https://arxiv.org/abs/2405.07930)); Paul Liang, *How to AI (Almost) Anything*, lecture 5.

# %% folded=true
# Imports and settings.
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import torch

from coursekit.course import record
from coursekit.course.claims import claim
from coursekit.data import ceiling, preset
from coursekit.models.fusion_stage import PLACES, assemble, matched_widths, parameters
from coursekit.lessons.l04_early_or_late import exercises
from coursekit.fusion import MultiModalTransformer
from coursekit.layers.tokens import sinusoidal_positions
from coursekit.layers.initialise import initialise
from coursekit.course.plots import new_figure, show
from coursekit.course.plots.additive_parts import additive_parts
from coursekit.lessons.l04_early_or_late.plots import depth_curves, grouped_intervals, missing_rows
from coursekit.lessons.l04_early_or_late.architecture_sketches import sketch, timed_sketch
from coursekit.analysis.emap import interaction_share, logit_grid
from coursekit.analysis.intervals import interval
from coursekit.lessons.l04_early_or_late.study_data import cases
from coursekit.lessons.l04_early_or_late.study_tables import MORE, Reading, case_facts
from coursekit.lessons.l04_early_or_late.study import (
    THINNED,
    chosen,
    epochs_to,
    trained,
    valid_curve,
)
from coursekit.training import accuracy, predict
from coursekit.course.widgets import EXPLORERS, ChoiceGuess, NumberGuess
from coursekit.course.widgets.curve_guess import CurveGuess

torch.set_num_threads(1)  # these networks are too small to be shared between cores

# %% [markdown]
# ## Three places to meet
#
# Two modalities enter, one answer comes out. Somewhere on the way they have to meet. The question
# of this lesson is *where*.
#
# | | each alone | meeting | together |
# |---|---|---|---|
# | **early** | nothing | raw inputs side by side | three hidden layers, logits |
# | **intermediate** | two hidden layers | features side by side | one hidden layer, logits |
# | **late** | three hidden layers, logits | logits, summed | nothing |

# %%
figure, axes = new_figure(9.6, 3.8, columns=3)
show(figure, " ".join(sketch(ax, place) for ax, place in zip(axes, PLACES, strict=True)))

# %% [markdown]
# Each has a promise that is often repeated. **Early fusion** sees every pair of raw numbers, so
# nothing that lies between the modalities can escape it, and it is hard to optimise. **Late
# fusion** is easy to train, and cannot learn what only both together tell. **Intermediate fusion**
# is the compromise. We will put each of these sentences to a test.
#
# Late fusion comes in two kinds that are easily mixed up. Here the branches are trained
# **jointly**, with one loss on the summed logits. In the **ensemble** every branch is trained by
# itself and only the probabilities are averaged; many texts mean this one when they say "late". It
# stands beside all results below. So does **single**: the one network that reads one modality only,
# the modality being chosen on validation rows.
#
# ## Matched parameters
#
# A comparison in which one network has twice the parameters compares sizes. So we fix a **budget**
# and let the code look for the widths: `w` for the first two hidden layers, `v` for the third. The
# networks are in `coursekit.models.fusion_stage`.

# %%
synergy = cases()["synergy"]
data = synergy.load(100)
sizes = {m: x.shape[1] for m, x in data.train.inputs.items()}
rows = []
for place in PLACES:
    w, v = matched_widths(place, sizes, data.num_classes, budget=8000)
    count = parameters(assemble(place, sizes, data.num_classes, w, v))
    rows.append({"place": place, "w": w, "v": v, "parameters": count})
matched = pd.DataFrame(rows).set_index("place")
matched

# %% folded=true
# Claims, checked.
off = (matched["parameters"] / 8000 - 1).abs().max()
claim("Furthest from the budget of 8000: {value:.2%}", off, below=0.03)

# %% [markdown]
# Equal parameters do not mean equal networks. Late fusion pays twice for its hidden layers, once a
# branch, and has to be narrower. You cannot match everything at once; say what you matched.
#
# ### Exercise 1 · Count
#
# Let all three hidden layers be `w` wide. The inputs have `d_a` and `d_b` numbers, there are `c`
# classes. How many parameters do early and late fusion have? Their last linear layer, which gives
# the logits, is called the **readout**. Late fusion's readout is one linear layer on both branches'
# features, which is the same as summing two. Count one bias for each class, not two. (Intermediate
# fusion lies between; leave it out.)


# %% nbgrader={"grade_id": "ex-04-count", "solution": true}
def count_both(d_a, d_b, w, c):
    """Numbers of parameters of early and of late fusion, in this order."""

    ### BEGIN SOLUTION
    def layer(n, m):
        return n * m + m

    early = layer(d_a + d_b, w) + 2 * layer(w, w) + layer(w, c)
    late = layer(d_a, w) + layer(d_b, w) + 4 * layer(w, w) + layer(2 * w, c)
    return early, late
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-04-count", "grade": true, "points": 1}
exercises.count_both.check(count_both)
### BEGIN HIDDEN TESTS
exercises.count_both.check(count_both, seed=4_0101)
### END HIDDEN TESTS

# %% [markdown]
# ## Where they meet decides what they can learn
#
# The first data set is `synergy`, from the course's generator. Six classes, two modalities of
# twelve numbers. In four samples of ten each modality shows a *random* class and only their sum,
# modulo six, is the answer; in the others one or both show the class itself. A logit that is a sum
# of two one-sided parts cannot say "sum modulo six".
#
# The generator knows how well anybody could do, if there were no noise on the inputs. (With both it
# is not 1: when both show the same class, nobody can tell whether to take it or to double it.)

# %% folded=true
# What anybody could reach, and what a network that sees A alone reaches.
recipe = preset("synergy").recipe
reading = Reading.stored()  # a study of eleven data sets, made beforehand; more on it below
print(f"best possible: A alone {ceiling(recipe, ('A',)):.2f}, both {ceiling(recipe):.2f}")
print(f"a network that sees A alone reaches {reading.wide.loc['synergy']['A'].mean():.2f}")

# %% [markdown]
# ### Guess first

# %% folded=true
# The guess.
late_guess = NumberGuess(
    "04-late",
    "Test accuracy of late fusion on synergy, mean over five seeds?",
    low=0.40,
    high=1.00,
    step=0.01,
)
late_guess

# %% folded=true
# The guess.
order_guess = ChoiceGuess(
    "04-order",
    "And between the other two, early and intermediate fusion, on synergy?",
    options=("early is ahead", "intermediate is ahead", "no difference"),
)
order_guess

# %% [markdown]
# Five seeds, each with new data and new weights; 25 epochs; the weights of the epoch with the best
# validation accuracy are kept. Learning rate and **weight decay** (every step shrinks all weights
# by a small share, so that none grows without need) were tuned beforehand, equally for all; more on
# that soon.

# %% folded=true
# Trains the three networks on five seeds.
tuned = chosen(reading.tables.trials, "synergy")
runs, epochs_run = [], []
networks: dict[str, tuple] = {}  # of the first seed, with its data
for seed in synergy.seeds[:5]:
    data = synergy.load(seed)
    for place in PLACES:
        network, history = trained(place, data, synergy, tuned[place], seed)
        networks.setdefault(place, (network, data))
        reached = accuracy(predict(network, data.test.inputs).joint, data.test.labels)
        runs.append({"model": place, "seed": seed, "accuracy": reached})
        curve = valid_curve(history)
        epochs_run += [
            {"model": place, "seed": seed, "epoch": e, "accuracy": a}
            for e, a in enumerate(curve, 1)
        ]
live, live_curves = pd.DataFrame(runs), pd.DataFrame(epochs_run)
wide = live.pivot_table(index="seed", columns="model", values="accuracy")

# %% folded=true
# The outcome, beside your guesses.
late_guess.reveal(wide["late"].mean(), within=0.03)
between = interval(wide["intermediate"] - wide["early"])
order_guess.reveal(between.in_words("early is ahead", "no difference", "intermediate is ahead"))
wide[list(PLACES)].agg(["mean", "min", "max"]).round(3)

# %% folded=true
# Claims, checked.
claim("Intermediate minus early: the interval begins at {value:+.3f}", between.low, above=0)
print(f"intermediate − early, mean and 95 % interval over five seeds: {between}")
share, sixth = recipe.synergistic, 1 / recipe.num_classes
print(f"readable one by one, and a guess at the others: {1 - share + share * sixth:.2f}")

# %% [markdown]
# Where does late fusion's number come from? Six samples in ten can be read from one side; of the
# other four it gets one in six by luck. The picture of the last three lessons again, one class's
# logits over pairs of test samples:

# %% folded=true
# The figure: the logits of late and of intermediate fusion, their additive part, what is left.
for place in ("late", "intermediate"):
    net, drawn = networks[place]
    pairs = logit_grid(net, {m: x[:100] for m, x in drawn.test.inputs.items()})
    figure, axes = new_figure(10.6, 3.6, columns=3)
    one_class = pairs[..., 0].numpy()
    if place == "intermediate":  # samples that it treats alike are brought together
        rest = one_class - one_class.mean(0) - one_class.mean(1)[:, None]
        rows_first, _sizes, columns_first = np.linalg.svd(rest)
        both = (rows_first.T, columns_first)
        order = [np.argsort(np.arctan2(part[1], part[0])) for part in both]
        one_class = one_class[np.ix_(*order)]
    along = "samples grouped" if place == "intermediate" else "samples sorted"
    alt = additive_parts(figure, axes, one_class, ("A", "B"), along=along)
    share_left = interaction_share(pairs)
    figure.suptitle(f"{place} fusion on synergy: {share_left:.0%} of the variance is interaction",
                    x=0.01, ha="left", weight="bold")  # fmt: skip
    show(figure, f"{place} fusion. {alt}")
    claim(f"{place}: share of the variance that is interaction {{value:.3f}}", share_left,
          between=(0, 1e-9) if place == "late" else (0.2, 1))  # fmt: skip

# %% [markdown]
# Bands are what each modality says alone. (For intermediate fusion samples that it treats alike are
# brought together: on the right a block is a pair of shown classes.) The promise about late fusion
# holds: its logits cannot hold an interaction, whatever its size, and under cross-entropy it stays
# at the guess. Early fusion's holds in part: it learns much of what lies between the modalities,
# and stays behind. Is it merely too narrow? At 55 it cannot hold intermediate fusion's two branches
# of 40 side by side. So let us be unfair, and give early fusion alone about twice the budget (15
# 500 parameters; its settings are those tuned for 8000). Now it can: zeros between the branches
# make intermediate fusion of it.

# %% folded=true
# The guess.
double_guess = ChoiceGuess(
    "04-double",
    "Early fusion with twice the budget ends …",
    options=("ahead of intermediate fusion", "level with it", "behind it"),
)
double_guess

# %% folded=true
# Trains early fusion with twice the budget; the outcome, beside your guess.
double = replace(synergy, budget=15_500)  # settings as before, not tuned anew
doubled = []
for seed in synergy.seeds[:5]:
    data = synergy.load(seed)
    network, _ = trained("early", data, double, tuned["early"], seed)
    doubled.append(accuracy(predict(network, data.test.inputs).joint, data.test.labels))
w, v = matched_widths("early", sizes, data.num_classes, double.budget)
lag = interval(wide["intermediate"] - doubled)
double_guess.reveal(lag.in_words("ahead of intermediate fusion", "level with it", "behind it"))
print(f"early fusion, w = {w}, v = {v}: {interval(doubled)}")

# %% folded=true
# Claims, checked.
claim("Intermediate fusion minus this one: the interval begins at {value:+.3f}", lag.low, above=0)

# %% [markdown]
# "Whoever contains the other is at least as good" is what one thinks, and of the best weights it is
# true. But training has to find them. Intermediate fusion is told which twelve numbers belong
# together; early fusion has to find out from a thousand samples. **Being able to represent
# something is not the same as learning it.**
#
# ## Convergence is another question
#
# How fast, the **convergence**, is not how far. Take the same runs, epoch by epoch. You know where
# late fusion is at its best epoch, on the test rows. Sketch the way there and on from there, on the
# validation rows.

# %% folded=true
# The guess.
course_guess = CurveGuess(
    "04-course",
    "synergy: validation accuracy of late fusion, epoch by epoch?",
    xs=(1, 2, 4, 8, 12, 18, 25),
    low=0.2,
    high=0.8,
    names=("epoch", "accuracy"),
)
course_guess

# %% folded=true
# The figure.
late_course = live_curves.query("model == 'late'").groupby("epoch")["accuracy"].mean()
course_guess.reveal(late_course, within=0.03)
figure, (ax,) = new_figure(7.2, 4.0)
ax.set_title("synergy: late fusion is at its best first, and lowest")
show(figure, depth_curves(live_curves, ax))

# %% [markdown]
# One sketches a slow climb to the best value. But what late fusion can learn here is easy, and it
# is there after a few epochs; the other twenty it spends on learning the training rows by heart,
# and falls again. The test accuracy above belongs to the weights of the best epoch, so it is higher
# than the curve's end.
#
# To put a number on it: the first epoch at which a curve has 95 % of **its own best** value. A
# network that ends low can score well by this measure. So it is never read alone.
#
# ### Exercise 2 · Nearly there
#
# `curve` is an array of validation accuracies, one per epoch. Return the first epoch, counted from
# 1, at which it is 95 % of its own best value or more.


# %% nbgrader={"grade_id": "ex-04-epochs-to", "solution": true}
def my_epochs_to(curve):
    """First epoch, from 1, with 95 % of the best value."""
    ### BEGIN SOLUTION
    return int(np.argmax(curve >= 0.95 * curve.max())) + 1
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-04-epochs-to", "grade": true, "points": 1}
exercises.epochs_to.check(my_epochs_to)
### BEGIN HIDDEN TESTS
exercises.epochs_to.check(my_epochs_to, seed=4_0102)
### END HIDDEN TESTS

# %% folded=true
# Your function's rule on your runs.
by_run = live_curves.pivot_table(index="epoch", columns=["model", "seed"], values="accuracy")
arrival = by_run.apply(epochs_to).rename("epochs").reset_index()
arrival = arrival.pivot_table(index="seed", columns="model", values="epochs")
arrival[list(PLACES)].agg(["mean", "min", "max"]).round(1)

# %% [markdown]
# Late fusion arrives first, in a sad sense: there is less for it to learn.
#
# ## A fair comparison
#
# One data set is an anecdote. The study behind the next pictures has ten (and an eleventh, for one
# question later on), and it keeps three rules:
#
# 1. **Equal parameters**, within 3 %, counted by code. The ensemble's members are late fusion's
#    branches, so it is as large as the others.
# 2. **Equal tuning budgets.** Every architecture tries the *same* six settings of learning rate and
#    weight decay, on two tuning seeds, 0 and 1. The one with the best **validation** accuracy is
#    kept.
# 3. **Fresh seeds.** Results come from ten other seeds or more, on test rows that chose nothing.
#
# It takes about half an hour on one busy core, so its tables were made beforehand with
#
# `python -m coursekit depths`
#
# and your runs above are its first five seeds, made anew.

# %% folded=true
# Claims, checked.
stored = reading.wide.loc["synergy", list(PLACES)].loc[wide.index]
gap = (stored - wide[list(PLACES)]).abs().to_numpy().mean()
claim("Your runs and the stored ones differ by {value:.3f} on average", gap, below=0.02)

# %% [markdown]
# ### Exercise 3 · Who may choose what
#
# Somebody hands you two lists of arrays. Architecture *i* was tried with several settings;
# `valid[i]` and `test[i]` are arrays of its accuracies, one per trial, in the order in which the
# trials were run. The arrays are of unequal length: the favourite was tried more often. Make the
# comparison fair: cut all of them to the smallest number of trials (the first ones), choose on
# validation (of equal ones the first), and return one test accuracy for each architecture.


# %% nbgrader={"grade_id": "ex-04-fair-choice", "solution": true}
def fair_choice(valid, test):
    """Test accuracy of each architecture's chosen trial, a list."""
    ### BEGIN SOLUTION
    n = min(len(v) for v in valid)
    return [t[np.argmax(v[:n])] for v, t in zip(valid, test, strict=True)]
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-04-fair-choice", "grade": true, "points": 2}
exercises.fair_choice.check(fair_choice)
### BEGIN HIDDEN TESTS
exercises.fair_choice.check(fair_choice, seed=4_0103)
### END HIDDEN TESTS

# %% [markdown]
# ### Guess first
#
# These are the cases: generated data, two of them on a **timeline** that is explained below, and
# spoken and written digits. A tenth has the same digits with real, recorded voices and noisier
# images.

# %%
RECORDED, DIGITS = "digits, recorded", "digits, synthesised"
facts = case_facts([name for name in cases() if name not in (RECORDED, MORE)])
facts.round(2)

# %% folded=true
# The guess.
winner_guess = ChoiceGuess(
    "04-winner",
    "Ten cases, three places. Which place is clearly beaten by another one in no case?",
    options=("early", "intermediate", "late", "each is beaten somewhere"),
)
winner_guess

# %% folded=true
# The guess.
ensemble_guess = NumberGuess(
    "04-ensemble",
    "And the ensemble: in how many cases is it clearly ahead of intermediate fusion?",
    low=0,
    high=10,
    step=1,
    unit="cases",
)
ensemble_guess

# %% folded=true
# The outcome, beside your guess.
beaten = {
    place: sum(gap.high < 0 for gap in reading.against(place).to_numpy().flat) for place in PLACES
}
unbeaten = [place for place, times in beaten.items() if times == 0]
winner_guess.reveal(unbeaten[0] if len(unbeaten) == 1 else "each is beaten somewhere")

# %% folded=true
# The figure: all cases, with intervals.
against = reading.against("intermediate")
ensemble_ahead = [c for c in against.index if reading.minus(c, "ensemble", "intermediate").low > 0]
ensemble_guess.reveal(len(ensemble_ahead), within=0)
chance = {**facts["chance"], RECORDED: facts["chance"][DIGITS]}
figure, (ax,) = new_figure(9.6, 9.6)
ax.set_title("At these budgets no other place clearly beats intermediate fusion", pad=26)
show(figure, grouped_intervals(reading.compared(), ax, chance=chance))

# %% folded=true
# Intermediate fusion minus the others, with intervals.
clear = against.map(lambda gap: gap.low > 0).all(axis=1)
against.assign(
    clearly=clear.map({True: "leads", False: "tie"}),
    ensemble=pd.Series({c: reading.minus(c, "ensemble", "intermediate") for c in against.index}),
).rename(columns={"ensemble": "ensemble − intermediate"})

# %% folded=true
# Claims, checked.
claim(
    "Times that another place clearly beats intermediate: {value:.0f}",
    beaten["intermediate"],
    equals=0,
    within=0,
)
claim("Cases in which it clearly leads: {value:.0f} of 10", clear.sum(), between=(4, 6))
print("The ensemble is clearly ahead of intermediate fusion in:", ", ".join(ensemble_ahead))

# %% [markdown]
# The table holds intermediate fusion minus the others, paired by seed, with 95 % intervals.
# "Clearly" means that an interval does not touch zero; anything else is a tie. (A tie is no proof
# of equality: on the recorded digits the intervals are wide. And of twenty intervals one may err.)
# So: **in these ten cases, each at one budget of parameters, no other place clearly beats
# intermediate fusion; by how much it leads depends on the data.** Another budget may turn the order
# of the places; it was not tried. Where nothing is hard, in `balanced`, the place hardly matters.
# Where both modalities are needed, late fusion is out, and so is the ensemble, which is late fusion
# by other means. A transformer was run in four of the cases; we come back to it.
#
# The separately trained ensemble is another matter. Its networks never meet, so one expects little
# of it. It is clearly ahead of intermediate fusion in every generated case in which no answer lies
# between the modalities, and by most where one modality is slow or noisy. In `starve` even a single
# model does better: A alone is ahead of all three joint networks. None of the three places repairs
# that; lesson 05 is about why.

# %% [markdown]
# ## Further · Who arrives first?
#
# Now the epochs, in the same cases, and beside them the learning rates that the tuning chose.

# %%
arrived, rates = reading.epochs(), reading.rates()
pd.concat({"epochs to 95 %": arrived, "learning rate": rates}, axis=1)

# %% folded=true
# Who is first, and does the leader arrive first?
arrived, rates = arrived[list(PLACES)], rates[list(PLACES)]
first = arrived.eq(arrived.min(axis=1), axis=0)
print(f"first to arrive, of 10 cases (a tie counts for both): {first.sum().to_dict()}")
also = int(first.loc[clear, "intermediate"].sum())
print(f"of the {clear.sum()} clear leads, the leader is first to arrive in {also}")
print(f"drawn by lot among three, it would be first in {clear.sum() / 3:.1f}")

# %% [markdown]
# Late fusion is first in most cases, but not in all, and being first says little about being best.
# Nor does it say much about the *place*: rates were tuned for accuracy, not for speed, and in
# `starve` and on the synthesised digits early fusion was given one eight or nine times smaller than
# the others'. Of course it is slow there. In two cases all three chose the same rate. There the
# epochs of all three compare like with like:

# %% folded=true
# The figure.
equal = rates.max(axis=1) == rates.min(axis=1)
figure, axes = new_figure(10.4, 4.2, columns=2)
alts = []
for ax, case in zip(axes, equal[equal].index, strict=True):
    alts.append(f"{case}. {depth_curves(reading.curves(case), ax, legend=ax is axes[1])}")
    ax.set_title(f"{case}: the same learning rate")
show(figure, " ".join(alts))
late_by = arrived["early"] - arrived[["intermediate", "late"]].max(axis=1)
claim("Early fusion arrives {value:.1f} epochs later, or more", late_by[equal].min(), above=0)

# %% [markdown]
# ### Exercise 4 · Late against early
#
# The networks are trained (`trained(...)` will do it on any of `cases()`, if you like to wait); the
# comparison is yours. Every argument is an array (seeds, epochs):
# validation and test accuracy of early and of late fusion after each epoch. Return two numbers,
# **late minus early**: the mean over seeds of the epochs to 95 % (your function from exercise 2),
# and the mean over seeds of the test accuracy *at the epoch that is best on validation* (of equal
# ones the first).


# %% nbgrader={"grade_id": "ex-04-compare", "solution": true}
def late_against_early(early_valid, early_test, late_valid, late_test):
    """Differences late − early of epochs to 95 % and of final test accuracy."""

    ### BEGIN SOLUTION
    def both(valid, test):
        epochs = [np.argmax(v >= 0.95 * v.max()) + 1 for v in valid]
        final = [t[np.argmax(v)] for v, t in zip(valid, test, strict=True)]
        return np.array([np.mean(epochs), np.mean(final)])

    return both(late_valid, late_test) - both(early_valid, early_test)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-04-compare", "grade": true, "points": 3}
exercises.late_against_early.check(late_against_early)
### BEGIN HIDDEN TESTS
exercises.late_against_early.check(late_against_early, seed=4_0104)
### END HIDDEN TESTS

# %% [markdown]
# ## The video and audio transformer
#
# Early fusion need not be an MLP. A film is a sequence of frames, a sound track a sequence of
# windows, and the two need not be equally long. So every frame and every window becomes a
# **token**, a vector of one common width. The tokens of both modalities are joined **end to end**,
# **positions** are added, a transformer lets every token look at every other one, and the mean of
# all of them goes to a linear classifier. In the package this is
# `coursekit.fusion.MultiModalTransformer`, in `coursekit/fusion/early_transformer.py`.
#
# Looking works by **self-attention** (Vaswani and colleagues, equation 1). From each token three
# linear layers make a **query** (what do I look for?), a **key** (what am I?) and a **value** (what
# do I tell?), $d$ numbers each: the rows of $Q$, $K$ and $V$.
#
# $$\text{attention}(Q, K, V) = \text{softmax}\!\left(\frac{Q K^\top}{\sqrt{d}}\right) V$$
#
# Three tokens, two numbers each. Row *i* of the matrix says how much token *i* takes in of each
# value. It sums to one:

# %%
q = torch.tensor([[2.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
k = torch.tensor([[2.0, 0.0], [0.0, 2.0], [0.0, 2.0]])
names = ["token 1", "token 2", "token 3"]
takes = torch.softmax(q @ k.T / math.sqrt(2), dim=1)
pd.DataFrame(takes, [f"query of {n}" for n in names], [f"key of {n}" for n in names]).round(2)

# %% [markdown]
# The query of token 1 fits its own key only. That of token 2 fits two keys alike, and shares its
# attention between them. Token 3 has no favourite. Nothing but the numbers decides: where a token
# stands in the sequence does not enter.
#
# ### Exercise 5 · One head
#
# Write the formula down. `q`, `k` and `v` are numpy arrays (T, d), one row per token; return
# (T, d). There is no softmax in numpy: write it with `np.exp`.


# %% nbgrader={"grade_id": "ex-04-attend", "solution": true}
def attend(q, k, v):
    """One attention head: softmax(Q Kᵀ / √d) V, an array (T, d)."""
    ### BEGIN SOLUTION
    weights = np.exp(q @ k.T / np.sqrt(q.shape[1]))
    return weights / weights.sum(axis=1, keepdims=True) @ v
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-04-attend", "grade": true, "points": 2}
exercises.attend.check(attend)
### BEGIN HIDDEN TESTS
exercises.attend.check(attend, seed=4_0106)
### END HIDDEN TESTS

# %% [markdown]
# The tokens know nothing of their order: shuffle them, and their mean stays what it is. So a film
# could as well run backwards. Positions, vectors that differ from place to place, are added before
# the first layer; they run on through the joined sequence, and also tell where the video ends and
# the sound begins.
#
# The other transformer of the package, `coursekit.fusion.transformer`, reads **one token per
# modality** behind its encoder: intermediate fusion. There a learned **modality token** is added to
# each, and a **class token** of its own collects the answer.

# %% [markdown]
# ## Further · A whole transformer by hand
#
# ### Exercise 6 · Where a token stands
#
# The usual positions are clock hands that turn at $W/2$ different speeds, so that no two places
# look alike. Token $t$, counted from 0, gets $W$ numbers (even), a sine and a cosine in turn:
#
# $$p_{t,\,2i} = \sin\frac{t}{10000^{2i/W}}, \qquad p_{t,\,2i+1} = \cos\frac{t}{10000^{2i/W}}.$$
#
# Return them for all tokens, an array (length, width).


# %% nbgrader={"grade_id": "ex-04-positions", "solution": true}
def position_vectors(length, width):
    """Sines and cosines in turn, an array (length, width)."""
    ### BEGIN SOLUTION
    angle = np.arange(length)[:, None] / 10000 ** (np.arange(0, width, 2) / width)
    p = np.zeros((length, width))
    p[:, 0::2], p[:, 1::2] = np.sin(angle), np.cos(angle)
    return p
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-04-positions", "grade": true, "points": 2}
exercises.position_vectors.check(position_vectors)
### BEGIN HIDDEN TESTS
exercises.position_vectors.check(position_vectors, seed=4_0107)
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 7 · One layer
#
# Add the positions to the tokens; that is $h$. From $h$ come queries, keys and values, `h @ w_q`
# and so on; one head of attention as in exercise 5. A **residual sum** adds what was taken in to
# what the token was, $h$, so nothing is lost on the way. Return the mean of all tokens, an array
# (d,). `tokens` and `positions` are (T, d), the matrices (d, d).


# %% nbgrader={"grade_id": "ex-04-one-layer", "solution": true}
def one_layer(tokens, positions, w_q, w_k, w_v):
    """Positions, attention, residual sum, mean of the tokens: an array (d,)."""
    ### BEGIN SOLUTION
    h = tokens + positions
    q, k, v = h @ w_q, h @ w_k, h @ w_v
    weights = np.exp(q @ k.T / np.sqrt(h.shape[1]))
    weights /= weights.sum(axis=1, keepdims=True)
    return (h + weights @ v).mean(axis=0)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-04-one-layer", "grade": true, "points": 2}
exercises.one_layer.check(one_layer)
### BEGIN HIDDEN TESTS
exercises.one_layer.check(one_layer, seed=4_0108)
### END HIDDEN TESTS

# %% [markdown]
# ### What else a transformer has
#
# Several such **attention heads** side by side (no relation to the head of lesson 02, which gives
# the logits): each reads its own share of the W numbers. After the residual sum **LayerNorm**
# brings each token to mean 0 and spread 1; a small MLP of two layers, the **feed-forward** part,
# with a residual sum of its own, works on each token by itself. That is one layer. Here are all,
# checked against the package.


# %% folded=true
# The whole transformer, with torch's weights.
def attention(x, layer):
    """Self-attention of tokens x (B, T, W), with the weights of one of torch's layers."""
    # torch keeps the weights for queries, keys and values in one matrix, (3W, W)
    parts = zip(layer.in_proj_weight.chunk(3), layer.in_proj_bias.chunk(3), strict=True)
    rows = [x @ w.T + b for w, b in parts]  # queries, keys, values: (B, T, W) each
    # cut into heads: (B, T, W) → (B, heads, T, W / heads)
    q, k, v = (r.unflatten(-1, (layer.num_heads, -1)).transpose(1, 2) for r in rows)
    weights = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), dim=-1)
    mixed = (weights @ v).transpose(1, 2).flatten(2)  # heads side by side again
    return mixed @ layer.out_proj.weight.T + layer.out_proj.bias


def video_audio(model, x):
    """The whole transformer: project, join, add positions, encode, average, classify."""
    h = torch.cat([model.projections[m](x[m]) for m in ("video", "audio")], dim=1)
    h = h + sinusoidal_positions(*h.shape[1:])
    for layer in model.encoder.layers:
        h = layer.norm1(h + attention(h, layer.self_attn))  # residual sum, LayerNorm
        h = layer.norm2(h + layer.linear2(torch.relu(layer.linear1(h))))  # feed-forward
    return model.linear(h.mean(dim=1))


# %% folded=true
# Claims, checked.
small = MultiModalTransformer({"video": 5, "audio": 3}, num_classes=4, width=16, heads=2)
initialise(small, seed=4)
small = small.double()  # agreement to 1e-8 needs more digits than a float32 has
rng = torch.Generator().manual_seed(4)
clip = {
    "video": torch.randn(6, 8, 5, generator=rng).double(),  # 6 films of 8 frames
    "audio": torch.randn(6, 11, 3, generator=rng).double(),  # and 11 windows of sound
}
off = (video_audio(small, clip) - small(clip)).abs().max()
claim("The whole transformer against the package: {value:.1e}", off, below=1e-8)
tokens = torch.randn(6, 19, 16, generator=rng).double()
shuffled = tokens[:, torch.randperm(19, generator=rng)]
moved = (small.encoder(shuffled).mean(dim=1) - small.encoder(tokens).mean(dim=1)).abs().max()
claim("Shuffle the tokens, and their mean moves by {value:.1e}", moved, below=1e-8)

# %% [markdown]
# ## The same moment
#
# Put the synergy on a **timeline** of four steps. Each modality shows its vector at one step, and
# noise at the other three; seven samples in ten are synergistic. In `same moment` both speak at the
# same step, in `other moment` never at the same one. What is said is exactly the same.
#
# The three networks now use their first two layers at every step, the same weights each time, and
# average over the steps. So early fusion joins A and B **step by step**; intermediate fusion
# averages each modality over time, then joins; late fusion never does. The transformer gets 4 + 4
# tokens.

# %%
figure, axes = new_figure(11.0, 3.8, columns=3)
show(figure, " ".join(timed_sketch(ax, place) for ax, place in zip(axes, PLACES, strict=True)))

# %% folded=true
# The guess.
moment_guess = ChoiceGuess(
    "04-moment",
    "From 'same moment' to 'other moment': which network loses most accuracy?",
    options=("early", "intermediate", "late", "early transformer"),
)
moment_guess

# %% folded=true
# The figure.
timed = ["same moment", "other moment"]
changed = {m: reading.change(m, *timed) for m in (*PLACES, "early transformer", "ensemble")}
moment_guess.reveal(min(changed, key=lambda m: changed[m].mean))
figure, axes = new_figure(10.4, 4.4, columns=2)
alts = []
for ax, case in zip(axes, timed, strict=True):
    alts.append(f"{case}. {depth_curves(reading.curves(case), ax, legend=case == timed[0])}")
    ax.set_title(
        f"Both speak at the {case}" if case == timed[0] else "They speak at different moments"
    )
show(figure, " ".join(alts))

# %% folded=true
# Claims, checked.
claim("Early fusion changes by {value:+.3f} or less", changed["early"].high, below=-0.08)
final_gap = reading.minus("same moment", "early", "intermediate")
print(f"same moment, early − intermediate, mean and 95 % interval: {final_gap}")
timed_table = reading.means().loc[timed, list(changed)].round(3).T
timed_table.assign(change=pd.Series(changed))

# %% [markdown]
# **Early fusion relies on alignment.** Joined step by step, it sees the two vectors together or
# never. When they do come together it learns the sum in about half of intermediate fusion's epochs
# (at the same learning rate), and in the end intermediate fusion has caught up: averages over time
# carry enough to find the sum from, more slowly and without asking when. Stop both at epoch eight
# and you would report a triumph of early fusion; that, too, is a matter of budget.
#
# Even without ever seeing a pair, early fusion does not fall to late fusion's level: one of its
# layers stands behind the average, and there the modalities can still meet.
#
# The **transformer** hardly cares about the moment: its tokens can find each other wherever they
# stand. That is what it was built for. But at equal parameters and after equal tuning it stays far
# below intermediate fusion.

# %% [markdown]
# ## Further · Would more samples help the transformer?
#
# Four times as many: that is the eleventh case.

# %% folded=true
# The guess.
more_guess = ChoiceGuess(
    "04-more",
    "Different moments, 4000 samples for both: against intermediate fusion the transformer is …",
    options=("ahead", "level", "behind"),
)
more_guess

# %% folded=true
# The outcome, beside your guess.
behind = {
    case: reading.minus(case, "early transformer", "intermediate") for case in (timed[1], MORE)
}
learnt = reading.change("early transformer", timed[1], MORE)
in_the_end = behind[MORE]
more_guess.reveal(in_the_end.in_words("behind", "level", "ahead"))
print(f"transformer, 4000 samples − 1000: {learnt}")
print("transformer − intermediate, 1000 and 4000 samples:", *behind.values())

# %% folded=true
# Claims, checked.
claim("With 4000 samples it is still {value:+.3f} behind, at least", in_the_end.high, below=0)

# %% [markdown]
# "Transformers only want more data" is half of it: they help, and are not enough. Is attention bad,
# then? That does not follow. The curve with 1000 samples still rises a little at the last epoch,
# and its chosen learning rate is the largest of the six. What was measured: where to look was
# learnt in part only, with 1000 or 4000 samples, 25 epochs and these six settings.

# %% [markdown]
# ## Further · When the feature spaces differ
#
# Two more rows of the big picture. In `unequal scales` B's numbers are twenty times smaller than
# A's, in otherwise `balanced` data. They carry the same information.

# %% folded=true
# The guess.
scales_guess = ChoiceGuess(
    "04-scales",
    "B's numbers twenty times smaller: which places of meeting clearly lose accuracy?",
    options=("none", "early only", "early and intermediate", "all three"),
)
scales_guess

# %% folded=true
# The outcome, beside your guess.
small_b = {m: reading.change(m, "balanced", "unequal scales") for m in (*PLACES, "ensemble")}
losing = tuple(place for place in PLACES if small_b[place].high < 0)
answers = {(): "none", PLACES[:1]: "early only", PLACES[:2]: "early and intermediate"}
scales_guess.reveal((answers | {PLACES: "all three"})[losing])
pd.Series(small_b, name="unequal scales − balanced").to_frame()

# %% folded=true
# Claims, checked.
claim(
    "Early fusion loses more than intermediate: {value:.3f} between the intervals",
    small_b["intermediate"].low - small_b["early"].high,
    above=0,
)

# %% [markdown]
# Late fusion's branches never touch, so it looks safe. But they share one loss, and to a joint
# network a weak input is a slow one. Every place of meeting pays, early fusion more than
# intermediate fusion. The ensemble hardly notices, since its second model had nothing else to look
# at. The cure is cheap, standardise your inputs, and forgotten often enough.
#
# `unequal widths` is other data: half as many samples, A knows most, and of B's 312 numbers 300 are
# noise. There the single model, of A, is ahead of everything, and early fusion is far behind: it
# lets the noise into its first layer, and spends most of its budget there.

# %% folded=true
# What everybody reaches, and where early fusion's parameters are.
print("single:", reading.single()["unequal widths"])
uneven = {"A": 12, "B": 312}
first_width, _v = matched_widths("early", uneven, 6, budget=8000)
in_first = sum(uneven.values()) * first_width / 8000
print(f"share of early fusion's budget in its first layer: {in_first:.0%}")
reading.means().loc[["unequal widths"]].drop(columns="early transformer").round(3)

# %% [markdown]
# What happens if B is simply replaced by zeros when the trained network is tested?

# %% folded=true
# The guess.
zeroed_guess = ChoiceGuess(
    "04-zeroed",
    "unequal widths, early fusion, B replaced by zeros at test time: the accuracy …",
    options=("falls", "hardly changes", "rises"),
)
zeroed_guess

# %% folded=true
# Claims, checked.
zeroed = reading.without("unequal widths", "B").query("model == 'early' and way == 'zeros'")
with_b = reading.wide.loc["unequal widths"]["early"]
rise = interval(zeroed.set_index("seed")["accuracy"] - with_b)
zeroed_guess.reveal(rise.in_words("falls", "hardly changes", "rises"))
claim("Without B early fusion gains {value:+.3f} at least", rise.low, above=0.1)

# %% [markdown]
# It rises, by a lot. The network knows the answer and is talked out of it by B, probably by noise
# that it has learnt by heart.

# %% [markdown]
# ## A modality is missing
#
# The camera fails, the microphone is muted. What now? Replace the missing input by **zeros**, or by
# its **training mean**. An additive network has a third way: **drop the term**, and add up what is
# left. In late fusion, with features $z_m$:
#
# $$\text{logits} = W_A z_A + W_B z_B + b \qquad\rightarrow\qquad W_A z_A + b$$
#
# ### Exercise 8 · One voice less
#
# Write that down. `z` maps "A" and "B" to features (N, D), `weight` is (C, 2D), A's columns first,
# `bias` is (C,), all of them numpy arrays, and `lost` names the modality that is missing.


# %% nbgrader={"grade_id": "ex-04-without", "solution": true}
def logits_without(lost, z, weight, bias):
    """Late fusion's logits (N, C) without the term of modality `lost`."""
    ### BEGIN SOLUTION
    d = z["A"].shape[1]
    if lost == "A":
        return z["B"] @ weight[:, d:].T + bias
    return z["A"] @ weight[:, :d].T + bias
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-04-without", "grade": true, "points": 2}
exercises.logits_without.check(logits_without)
### BEGIN HIDDEN TESTS
exercises.logits_without.check(logits_without, seed=4_0105)
### END HIDDEN TESTS

# %% [markdown]
# `coursekit.analysis.missing_modality.dropped` is the package's. Here are the spoken and written
# digits (synthesised voices; train and test voices differ).

# %% folded=true
# What the networks reach with everything there.
heard = reading.reached(DIGITS)
print(
    f"trained alone: image {heard['image']:.2f}, audio {heard['audio']:.2f}; "
    f"late fusion with both: {heard['late']:.2f}"
)

# %% folded=true
# The guess.
lost_guess = NumberGuess(
    "04-lost",
    "Late fusion, trained on both, with the audio term dropped at test time: accuracy?",
    low=0.10,
    high=1.00,
    step=0.01,
)
lost_guess

# %% [markdown]
# A network can also meet the situation in training. With **modality dropout**, in 30 % of the
# training samples one modality is replaced by zeros (`rate=0.3` of
# `coursekit.models.fusion_stage.build_depth`; the rate was not tuned). Does that cost something
# where nothing is missing?

# %% folded=true
# The guess.
thinned_guess = ChoiceGuess(
    "04-thinned",
    "Late fusion, modality dropout in training, both modalities there at test time: it ends …",
    options=("clearly worse than without", "level", "clearly better than without"),
)
thinned_guess

# %% folded=true
# The outcome, beside your guess.
missing = {m: reading.without(DIGITS, m) for m in ("audio", "image")}
means = pd.concat(missing).groupby([pd.Grouper(level=0), "model", "way"])["accuracy"].mean()
jointly, apart = means["audio", "late", "dropped"], means["audio", "ensemble", "dropped"]
lost_guess.reveal(jointly, within=0.05)

# %% folded=true
# The figure.
whole = reading.minus(DIGITS, "late" + THINNED, "late")
thinned_guess.reveal(
    whole.in_words("clearly worse than without", "level", "clearly better than without")
)
figure, axes = new_figure(11.5, 5.4, columns=2)
alts = []
for ax, (lost, table), left in zip(axes, missing.items(), ("image", "audio"), strict=True):
    ax.set_title(f"Digits without the {lost}")
    alts.append(f"Without {lost}: {missing_rows(table, ax, heard[left])}")
axes[1].set_yticklabels([])
show(figure, " ".join(alts))

# %% folded=true
# Claims, checked.
claim("Without audio: ensemble minus late fusion {value:+.3f}", apart - jointly, above=0.15)
thinned = means["audio", "late", "dropped (modality dropout)"]
claim("Modality dropout gives back {value:+.3f} of it", thinned - jointly, above=0.15)
claim("… and gains with both there, at least {value:+.3f}", whole.low, above=0)
reading.fills(DIGITS)

# %% [markdown]
# This is the surprise of the lesson. "Late fusion keeps working when a modality is missing, it
# consists of separate models" is often said. Nothing breaks, true. But without audio the accuracy
# is halved, and for late fusion dropping the term is no better than zeros. Branches that were
# trained **together** have probably shared the work: each has learnt to add what the other one
# leaves open, and not to answer alone. The ensemble's members have learnt to, and simply go on. So
# does a network that has met the situation in training: modality dropout helps whatever the place
# of meeting. One expects a price for it, since three samples in ten are trained on half of what
# they have. There is none here. A branch that now and then has to answer alone learns more, it
# seems, than the zeros take away.
#
# Zeros or the training mean? The table holds mean minus zeros. Without the image the mean is ahead
# in all three places, and clearly so in intermediate fusion; without the audio nothing is clear. On
# the generator's data the two are the same, as the inputs are standardised. And nothing helps where
# the answer lies between the modalities: on `synergy` nobody can know it.

# %% [markdown]
# ## Further · Recorded voices
#
# Six real speakers, two to train on, one to validate, three to test; the roles rotate over the
# seeds (the Free Spoken Digit Dataset, with noisier images, as in lesson 05). Two seeds share each
# of six groups of speakers, and speakers differ far more than seeds do. So on the digits the mean
# of the two counts as one value, and intervals are over six. Settings were tuned on two of the
# groups: no speaker is entirely new to that choice.

# %% folded=true
# Claims, checked.
names = [*PLACES, "early transformer", "ensemble", "image", "audio"]
real = {m: {"accuracy": interval(reading.wide.loc[RECORDED][m])} for m in names}
for m in names[:4]:
    real[m]["− ensemble"] = reading.minus(RECORDED, m, "ensemble")
for m in PLACES:
    real[m]["modality dropout − without"] = reading.minus(RECORDED, m + THINNED, m)
claim(
    "Late fusion, modality dropout gains {value:+.3f} at least, with both modalities there",
    real["late"]["modality dropout − without"].low,
    above=0,
)
print("late − early:", reading.minus(RECORDED, "late", "early"))
pd.DataFrame.from_dict(real, orient="index").fillna("")

# %% [markdown]
# The three places cannot be told apart with six groups of speakers. What can be said: none of them
# is clearly behind the ensemble here, as all were in `starve`, and the transformer is behind it.
# Modality dropout, meant for the missing microphone, again raises the accuracy of intermediate and
# late fusion with both modalities present. (The audio network is better than the image network on
# the test rows; on the validation rows of the tuning seeds the image was. That is why "single" in
# the big picture is the image: choices are made on validation, also where they turn out wrong.)

# %% [markdown]
# ## Turn the knobs
#
# Every move draws new data on the timeline and trains five networks, ten epochs each. That is
# short, on purpose: the picture shows who learns *soon*. (The ensemble is two of the five,
# averaged; it is not trained as one, so it has no curve.) Two questions. Set alignment to 0: who
# falls, and who does not? Set it back to 1: does early fusion's lead go away with more samples, or
# with less synergy?

# %%
EXPLORERS["depth"]()

# %% [markdown]
# ## What stays
#
# - Where modalities meet decides what can be learnt: the logits of late fusion hold no interaction,
#   and of what only both together tell, late fusion and the ensemble learnt nothing here.
# - Intermediate fusion was clearly beaten by no other place, in ten cases, each at one budget; by
#   how much it leads depends on the data, and an ensemble or a single model may still beat all
#   three.
# - Being able to represent something is not the same as learning it from a thousand samples.
# - Fast is not good. Compare convergence and final accuracy, with equal parameters, equal tuning
#   and several seeds; say what was matched.
# - Early fusion relies on alignment. Attention can look elsewhere; where to look, it has to learn,
#   and here it learnt a part of it, with 4000 samples, 25 epochs and six settings.
# - Branches trained jointly are no stand-alone models. If a modality may be missing, train for it,
#   or keep an ensemble.
#
# ## Words
#
# - **early fusion**: the modalities meet as raw inputs.
# - **intermediate fusion**: the modalities meet as features, behind an encoder each.
# - **late fusion**: the modalities meet as logits, which are summed.
# - **readout**: the last linear layer, from features to logits.
# - **parameter budget**: how many numbers a network may train.
# - **tuning budget**: how many settings an architecture may try before it is measured.
# - **weight decay**: every step shrinks all weights by a small share.
# - **convergence**: how soon a training arrives; here the epochs to 95 % of its own best value.
# - **token**: one vector that a transformer reads.
# - **self-attention**: every token takes in the others' values, weighed by how well their keys
#   fit its query.
# - **attention head**: one of several attentions side by side.
# - **position vector**: added to a token, it says where the token stands.
# - **modality token**: a learned vector, added to a token, that says which modality it is.
# - **class token**: a learned token of its own that collects the answer.
# - **alignment**: what belongs together stands at the same place in both modalities.
# - **modality dropout**: leaving out whole modalities in training, at random.
#
# All words of the course stand in the [glossary](glossary.ipynb).
#
# ## Checkpoint

# %% folded=true
# The checkpoint: what your run gave.
record.checkpoint(
    "04",
    {
        "synergy, late fusion": float(wide["late"].mean()),
        "synergy, intermediate − early": between.mean,
        "moments differ, early fusion loses": -changed["early"].mean,
        "digits without audio, late fusion": float(jointly),
        "digits without audio, ensemble": float(apart),
    },
    data,
)
