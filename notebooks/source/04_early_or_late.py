# %% [markdown]
# # 04 · Early or late?
#
# **After this lesson you can**
#
# - say what early, intermediate and late fusion are, and build all three with equally many
#   parameters,
# - write a transformer's attention in ten lines, and say what its tokens and positions are for,
# - compare architectures fairly: equal parameters, equal tuning, convergence *and* final accuracy,
#   several seeds,
# - predict what misaligned modalities, unequal feature spaces and a missing modality do to each.
#
# **Time** about 80 minutes to read and do; the computing takes less than 1 minute.
#
# **Needed before** lesson 01; cross-entropy and mini-batches in PyTorch; a confidence interval.
#
# **Sources** the training chapter of the course's notes (late against early fusion, the video and
# audio transformer); Vaswani and colleagues, *Attention Is All You Need*
# ([2017](https://arxiv.org/abs/1706.03762)); Kontras and colleagues, *Improving Multimodal
# Learning with Multi-Loss Gradient Modulation* ([2024](https://arxiv.org/abs/2405.07930)); Paul
# Liang, *How to AI (Almost) Anything*, lecture 5.

# %%
import math

import numpy as np
import pandas as pd
import torch

from coursekit import record
from coursekit.claims import claim
from coursekit.data import ceiling, preset
from coursekit.data.files import open_checked
from coursekit.depth import PLACES, assemble, matched_widths, parameters
from coursekit.studies.depth_cases import cases
from coursekit.studies.depths import THINNED, chosen, epochs_to, trained, valid_curve
from coursekit.exercises import lesson04 as exercises
from coursekit.fusion import MultiModalTransformer
from coursekit.models import initialise
from coursekit.plots import new_figure, show
from coursekit.plots.depth import depth_curves, grouped_intervals, missing_rows
from coursekit.plots.meeting import sketch
from coursekit.stats import interval
from coursekit.training import accuracy, predict
from coursekit.widgets import EXPLORERS, ChoiceGuess, NumberGuess

torch.set_num_threads(1)  # these networks are too small to be shared between cores

# %% [markdown]
# ## Three places to meet
#
# Two modalities enter, one answer comes out. Somewhere on the way they have to meet. The question
# of this lesson is *where*.
#
# | | each alone | meeting | together |
# |---|---|---|---|
# | **early** | nothing | raw inputs side by side | three hidden layers, readout |
# | **intermediate** | two hidden layers | features side by side | one hidden layer, readout |
# | **late** | three hidden layers, readout | logits, summed | nothing |

# %%
figure, axes = new_figure(9.6, 3.8, columns=3)
show(figure, " ".join(sketch(ax, place) for ax, place in zip(axes, PLACES, strict=True)))

# %% [markdown]
# Textbooks give each a promise. Early fusion sees every pair of raw numbers, so nothing that lies
# between the modalities can escape it, and it is hard to optimise. Late fusion is easy to train,
# and cannot learn what only both together tell. Intermediate fusion is the compromise. We will put
# each of these sentences to a test.
#
# Late fusion comes in two kinds that are easily mixed up. Here the branches are trained
# **jointly**, with one loss on the summed logits. In the **ensemble** every branch is trained by
# itself and only the probabilities are averaged; the training chapter means this one when it says
# "late". It stands beside all results below.
#
# ## Matched parameters
#
# A comparison in which one network has twice the parameters compares sizes. So we fix a **budget**
# and let the code look for the widths: `w` for the first two hidden layers, `v` for the third. The
# networks are in `coursekit.depth`.

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

# %%
off = (matched["parameters"] / 8000 - 1).abs().max()
claim("Furthest from the budget of 8000: {value:.2%}", off, below=0.03)
claim(
    "Early fusion has wider layers than late fusion: {value:.2f} times",
    matched["w"]["early"] / matched["w"]["late"],
    above=1.2,
)

# %% [markdown]
# Equal parameters do not mean equal networks. Late fusion pays twice for its hidden layers, once a
# branch, and has to be narrower. You cannot match everything at once; say what you matched.
#
# ### Exercise 1 · Count
#
# Let all three hidden layers be `w` wide. The inputs have `d_a` and `d_b` numbers, there are `c`
# classes. How many parameters do early and late fusion have? Late fusion's readout is one linear
# layer on both branches' features: summing two readouts, of which one bias is enough, is the same
# thing. (Intermediate fusion lies between; leave it out.)


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
# The generator knows how well anybody could do, if there were no noise on the inputs:

# %%
recipe = preset("synergy").recipe
STUDY = {
    name: pd.read_csv(open_checked(f"depth_{name}.csv")) for name in ("trials", "results", "curves")
}
measured = STUDY["results"].query("case == 'synergy' and measure == 'accuracy'")
reached_alone = measured.groupby("model")["value"].mean()
print(f"best possible: A alone {ceiling(recipe, ('A',)):.2f}, both {ceiling(recipe):.2f}")
print(f"a network that sees A alone reaches {reached_alone['A']:.2f}")

# %% [markdown]
# ### Guess first

# %%
late_guess = NumberGuess(
    "04-late",
    "Test accuracy of late fusion on synergy, mean over five seeds?",
    low=0.40,
    high=1.00,
    step=0.01,
)
late_guess

# %%
order_guess = ChoiceGuess(
    "04-order",
    "And between the other two, early and intermediate fusion, on synergy?",
    options=("early is ahead", "intermediate is ahead", "no difference"),
)
order_guess

# %% [markdown]
# Five seeds, each with new data and new weights; 25 epochs; the weights of the epoch with the best
# validation accuracy are kept. Learning rate and weight decay were tuned beforehand, equally for
# all; more on that soon.

# %%
tuned = chosen(STUDY["trials"], "synergy")
runs, epochs_run = [], []
for seed in synergy.seeds[:5]:
    data = synergy.load(seed)
    for place in PLACES:
        network, history = trained(place, data, synergy, tuned[place], seed)
        reached = accuracy(predict(network, data.test.inputs).joint, data.test.labels)
        runs.append({"model": place, "seed": seed, "accuracy": reached})
        curve = valid_curve(history)
        epochs_run += [
            {"model": place, "seed": seed, "epoch": e, "accuracy": a}
            for e, a in enumerate(curve, 1)
        ]
live, live_curves = pd.DataFrame(runs), pd.DataFrame(epochs_run)
wide = live.pivot_table(index="seed", columns="model", values="accuracy")
wide[list(PLACES)].agg(["mean", "min", "max"]).round(3)

# %%
late_guess.reveal(wide["late"].mean(), within=0.03)
between = interval(wide["intermediate"] - wide["early"])
sign = "intermediate is ahead" if between.low > 0 else "early is ahead"
order_guess.reveal("no difference" if between.low < 0 < between.high else sign)

# %%
claim(
    "Late fusion is {value:.3f} behind intermediate fusion",
    (wide["intermediate"] - wide["late"]).mean(),
    above=0.15,
)
claim("Intermediate minus early: the interval begins at {value:+.3f}", between.low, above=0)
print(f"intermediate − early, mean and 95 % interval over five seeds: {between}")

# %% [markdown]
# What textbooks say of late fusion holds: it cannot learn the synergy, whatever its size. Early
# fusion's promise does not. It *could* represent everything that intermediate fusion can, give or
# take the widths, and still it ends behind. Intermediate fusion is told which twelve numbers belong
# together; early fusion has to find out from a thousand samples. **Being able to represent
# something is not the same as learning it.**
#
# ## Convergence is another question
#
# How fast is not how far. Here are the same runs, epoch by epoch.

# %%
figure, (ax,) = new_figure(7.2, 4.0)
ax.set_title("synergy: late fusion settles first, and lowest")
show(figure, depth_curves(live_curves, ax))

# %% [markdown]
# To put a number on it: the first epoch at which a curve has 95 % of **its own best** value. A
# network that ends low can score well by this measure. So it is never read alone.
#
# ### Exercise 2 · Nearly there
#
# `curve` is an array of validation accuracies, one an epoch. Return the first epoch, counted from
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

# %%
by_run = live_curves.pivot_table(index="epoch", columns=["model", "seed"], values="accuracy")
arrival = by_run.apply(epochs_to).rename("epochs").reset_index()
arrival = arrival.pivot_table(index="seed", columns="model", values="epochs")
arrival[list(PLACES)].agg(["mean", "min", "max"]).round(1)

# %%
claim(
    "Late fusion arrives {value:.1f} epochs before intermediate fusion",
    (arrival["intermediate"] - arrival["late"]).mean(),
    above=0,
)

# %% [markdown]
# (The package's own function, `coursekit.studies.depths.epochs_to`, made this table.) "Late fusion
# is easier to train" is true here in a sad sense: there is less for it to learn.
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

# %%
results = STUDY["results"]
final = results[results["measure"] == "accuracy"].rename(columns={"value": "accuracy"})
first_five = final.query("case == 'synergy' and model in @PLACES").merge(live, on=["model", "seed"])
gap = (first_five["accuracy_x"] - first_five["accuracy_y"]).abs()
claim("Your runs and the stored ones differ by {value:.3f} on average", gap.mean(), below=0.02)
best_trial = STUDY["trials"].loc[STUDY["trials"].groupby(["case", "model"])["accuracy"].idxmax()]
tried = STUDY["trials"].groupby(["case", "model"]).size()
claim("Fewest trials that any network had: {value:.0f}", tried.min(), equals=6, within=0)
claim("… and the most: {value:.0f}", tried.max(), equals=6, within=0)
counted = results[(results["measure"] == "parameters") & results["model"].isin(PLACES)]
budget = counted["case"].map({name: case.budget for name, case in cases().items()})
claim(
    "Furthest from its budget: {value:.2%}", (counted["value"] / budget - 1).abs().max(), below=0.03
)

# %% [markdown]
# One more thing to be honest about. On the digits two seeds share each of six groups of speakers,
# and the speakers differ far more than the seeds do. There the mean of the two counts as one value,
# and intervals are over six of them. Settings were tuned on two of the groups, so no speaker is
# entirely new to that choice.


# %%
def by_fold(table, columns):
    """``table`` with the two seeds of each group of speakers averaged, in the digits' cases."""
    digits = table["case"].str.startswith("digits")
    grouped = table.assign(seed=table["seed"].where(~digits, table["seed"] % 6))
    return grouped.groupby(["case", "seed", *columns], sort=False).mean(numeric_only=True)


final = by_fold(final, ["model"]).reset_index()
MORE = "other moment, 4000 samples"  # the eleventh

# %% [markdown]
# ### Exercise 3 · Who may choose what
#
# Somebody hands you a table. Architecture *i* was tried with several settings; `valid[i]` and
# `test[i]` are its accuracies, one a trial, in the order in which the trials were run. The
# favourite was tried more often than the others. Make the comparison fair: cut all of them to the
# smallest number of trials (the first ones), choose on validation, and return one test accuracy for
# each architecture.


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
# The study has these cases. Four presets of the generator: `balanced`, `synergy`, and `imbalance`
# and `starve`, in which one modality is learnt much faster than the other. Two with **unequal
# feature spaces**: B has 312 numbers to A's 12, or B's numbers are twenty times smaller. Two on a
# **timeline**, explained below. And spoken and written digits, with synthesised and with recorded
# voices.

# %%
winner_guess = ChoiceGuess(
    "04-winner",
    "One of the three places leads most often. In how many of the ten cases?",
    options=("all ten", "seven to nine", "four to six"),
)
winner_guess

# %%
table = final[final["case"] != MORE].copy()
single = {}
for name, part in table.groupby("case"):
    alone = [m for m in part["model"].unique() if m in ("A", "B", "image", "audio")]
    single[name] = (
        best_trial[(best_trial["case"] == name) & best_trial["model"].isin(alone)]
        .sort_values("accuracy")["model"]
        .iloc[-1]
    )  # the better single model on the tuning seeds' validation rows
is_best = table["model"] == table["case"].map(single)
table.loc[is_best, "model"] = "best single"
drawn = table[table["model"].isin([*PLACES, "early transformer", "ensemble", "best single"])]
figure, (ax,) = new_figure(9.6, 9.6)
ax.set_title("Ten cases: the best place to meet depends on the data", pad=26)
show(figure, grouped_intervals(drawn, ax))

# %%
means = drawn.pivot_table(index="case", columns="model", values="accuracy", sort=False)
leader = means[list(PLACES)].idxmax(axis=1)
paired = final.pivot_table(index=["case", "seed"], columns="model", values="accuracy", sort=False)


def minus(case, one, other):
    """Paired difference of two networks' test accuracies, mean and interval over seeds."""
    return interval(paired.loc[case][one] - paired.loc[case][other])


rivals = {case: [p for p in PLACES if p != ahead] for case, ahead in leader.items()}
clear = pd.Series(
    {case: min(minus(case, leader[case], r).low for r in rivals[case]) > 0 for case in rivals}
)
most = leader.value_counts().max()
winner_guess.reveal("all ten" if most == 10 else "seven to nine" if most > 6 else "four to six")
means.assign(**{"best place": leader, "clearly": clear.map({True: "yes", False: "no"})}).round(3)

# %% [markdown]
# Read it row by row. Where nothing is hard, in `balanced`, the place hardly matters. Where both
# modalities are needed, late fusion is out, and so is the ensemble, which is late fusion by other
# means. Where one modality is slow, in `imbalance` and `starve`, it is the other way round: the
# separately trained ensemble beats everything that is trained jointly, and of the three places
# early fusion is last. No place of meeting repairs it; lesson 05 is about why. "Clearly" in the
# table says that the leader's paired interval against both others lies above zero. Where it does
# not, call it a tie.

# %%
spread = means[list(PLACES)].max(axis=1) - means[list(PLACES)].min(axis=1)
claim("balanced: from the worst place to the best {value:.3f}", spread["balanced"], below=0.04)
claim(
    "synergy: intermediate minus early, at least {value:+.3f}",
    minus("synergy", "intermediate", "early").low,
    above=0,
)
for case in ("imbalance", "starve"):
    claim(
        f"{case}: ensemble minus intermediate fusion, at least {{value:+.3f}}",
        minus(case, "ensemble", "intermediate").low,
        above=0,
    )
    claim(
        f"{case}: intermediate minus early fusion, at least {{value:+.3f}}",
        minus(case, "intermediate", "early").low,
        above=0,
    )
claim("Places that lead in some case: {value:.0f} of 3", leader.nunique(), above=1)

# %% [markdown]
# Now the epochs, in the same cases. Learning rates were tuned for accuracy, not for speed, so this
# table compares networks as somebody would use them.

# %%
told = results[
    (results["case"] != MORE)
    & (results["measure"] == "epochs")
    & results["model"].isin([*PLACES, "early transformer"])
]
epochs_table = told.pivot_table(index="case", columns="model", values="value", sort=False)
epochs_table.round(1)

# %%
first = epochs_table[list(PLACES)].idxmin(axis=1)
both = int((first == leader).sum())
print(f"First to arrive: {first.value_counts().to_dict()}")
claim("Cases in which the first to arrive is also the best: {value:.0f} of 10", both, below=6)

# %% [markdown]
# Whole curves say more than one number. Here are the digits, where all three places end close to
# each other.

# %%
asked = [*PLACES, "early transformer"]
figure, axes = new_figure(10.4, 4.2, columns=2)
alts = []
for ax, case in zip(axes, ("digits, synthesised", "digits, recorded"), strict=True):
    part = STUDY["curves"].query("case == @case and model in @asked")
    by_speakers = by_fold(part, ["model", "epoch"]).reset_index()
    alts.append(f"{case}. {depth_curves(by_speakers, ax, legend=ax is axes[0])}")
    ax.set_title(case)
show(figure, " ".join(alts))

# %% [markdown]
# "Late fusion trains faster" holds in most of these cases and fails in the others. And being first
# to arrive says little about being best in the end: it happens about as often as not. Whoever
# compares after a few epochs compares speeds.
#
# ### Exercise 4 · Late against early, from the training chapter
#
# The chapter's exercise asks you to train a late and an early network and to compare how soon and
# how far they get. The training is done above (and `trained(...)` will run it on any of `cases()`,
# if you like to wait); the comparison is yours. Every argument is an array (seeds, epochs):
# validation and test accuracy of early and of late fusion after each epoch. Return two numbers,
# **late minus early**: the mean over seeds of the epochs to 95 % (your function from exercise 2),
# and the mean over seeds of the test accuracy *at the epoch that is best on validation*.


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
# The training chapter's early fusion is not an MLP. A film is a sequence of frames, a sound track a
# sequence of windows, and the two need not be equally long. So every frame and every window becomes
# a **token**, a vector of one common width. The tokens of both modalities are joined **end to
# end**, **positions** are added, a transformer lets every token look at every other one, and the
# mean of all of them goes to a linear classifier. In the package this is
# `coursekit.fusion.MultiModalTransformer`, in `coursekit/fusion/early_transformer.py`.
#
# Looking works by **attention** (Vaswani and colleagues, equation 1). From each token come a query,
# a key and a value, $d$ numbers each. How well the query of one fits the keys of the others says
# how much of their values it takes in:
#
# $$\text{attention}(Q, K, V) = \text{softmax}\!\left(\frac{Q K^\top}{\sqrt{d}}\right) V$$
#
# With several **heads** this happens several times side by side. Written out:


# %%
def attention(x, layer):
    """Self-attention of tokens x (B, T, W), with the weights of one of torch's layers."""
    parts = zip(layer.in_proj_weight.chunk(3), layer.in_proj_bias.chunk(3), strict=True)
    rows = [x @ w.T + b for w, b in parts]  # queries, keys, values: (B, T, W) each
    q, k, v = (r.unflatten(-1, (layer.num_heads, -1)).transpose(1, 2) for r in rows)
    weights = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), dim=-1)
    mixed = (weights @ v).transpose(1, 2).flatten(2)  # heads side by side again
    return mixed @ layer.out_proj.weight.T + layer.out_proj.bias


def positions(length, width):
    """Sine and cosine of t / 10000^(2i/W), by turns (Vaswani and colleagues, section 3.5)."""
    i = torch.arange(0, width, 2, dtype=torch.float64)
    angle = torch.arange(length)[:, None] / 10_000 ** (i / width)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)


def video_audio(model, x):
    """The whole transformer: project, join, add positions, encode, average, classify."""
    h = torch.cat([model.projections[m](x[m]) for m in ("video", "audio")], dim=1)
    h = h + positions(*h.shape[1:])
    for layer in model.encoder.layers:
        h = layer.norm1(h + attention(h, layer.self_attn))
        h = layer.norm2(h + layer.linear2(torch.relu(layer.linear1(h))))
    return model.linear(h.mean(dim=1))


# %%
small = MultiModalTransformer({"video": 5, "audio": 3}, num_classes=4, width=16, heads=2)
initialise(small, seed=4)
small = small.double()  # agreement to 1e-8 needs more digits than a float32 has
rng = torch.Generator().manual_seed(4)
clip = {
    "video": torch.randn(6, 8, 5, generator=rng).double(),  # 6 films of 8 frames
    "audio": torch.randn(6, 11, 3, generator=rng).double(),  # and 11 windows of sound
}
layer = small.encoder.layers[0].self_attn
tokens = torch.randn(6, 19, 16, generator=rng).double()
claim(
    "attention against torch: {value:.1e}",
    (attention(tokens, layer) - layer(tokens, tokens, tokens)[0]).abs().max(),
    below=1e-8,
)
claim(
    "the whole transformer against the package: {value:.1e}",
    (video_audio(small, clip) - small(clip)).abs().max(),
    below=1e-8,
)

# %% [markdown]
# Nothing in attention knows about order. Shuffle the frames, and without positions the mean over
# all tokens stays as it is. The positions run on through the joined sequence, so they also tell
# where the video ends and the sound begins. The other transformer of the package,
# `coursekit.fusion.transformer`, reads **one token a modality** behind its encoder: intermediate
# fusion. There a learned **modality token** is added to each, and a **class token** of its own
# collects the answer.
#
# ## The same moment
#
# Put the synergy on a **timeline** of four steps. Each modality shows its vector at one step, and
# noise at the other three; seven samples in ten are synergistic. In `same moment` both speak at the
# same step, in `other moment` never at the same one. What is said is exactly the same.
#
# The three networks now share their first two layers over the steps and average over the steps
# behind them. So early fusion joins A and B **step by step**; intermediate fusion averages each
# modality over time, then joins; late fusion never does. The transformer gets 4 + 4 tokens.

# %%
moment_guess = ChoiceGuess(
    "04-moment",
    "From 'same moment' to 'other moment': which network loses most accuracy?",
    options=("early", "intermediate", "late", "early transformer"),
)
moment_guess

# %%
timed = ["same moment", "other moment"]
lost = (means.loc[timed[0]] - means.loc[timed[1]]).astype(float)
moment_guess.reveal(str(lost[asked].idxmax()))
figure, axes = new_figure(10.4, 4.4, columns=2)
alts = []
for ax, case in zip(axes, timed, strict=True):
    curves = STUDY["curves"].query("case == @case and model in @asked")
    alts.append(f"{case}. {depth_curves(curves, ax, legend=case == timed[0])}")
    ax.set_title(
        f"Both speak at the {case}" if case == timed[0] else "They speak at different moments"
    )
show(figure, " ".join(alts))

# %%
means.loc[timed, [*asked, "ensemble"]].round(3)

# %%
final_gap = minus("same moment", "early", "intermediate")
arrives = epochs_table.loc["same moment"]
claim("Early fusion loses {value:.3f} when the moments differ", lost["early"], above=0.08)
claim("Intermediate fusion changes by {value:+.3f}", -lost["intermediate"], between=(-0.03, 0.03))
claim(
    "Same moment: early fusion arrives {value:.1f} epochs before intermediate fusion",
    arrives["intermediate"] - arrives["early"],
    above=3,
)
claim("… but in the end it is ahead by only {value:+.3f}", final_gap.mean, between=(-0.04, 0.05))
print(f"same moment, early − intermediate, mean and 95 % interval: {final_gap}")

# %% [markdown]
# **Early fusion relies on alignment.** Joined step by step, it sees the two vectors together or
# never. When they do come together it learns the sum in about half the epochs, and in the end
# intermediate fusion has caught up: averages over time carry enough to find the sum from, more
# slowly and without asking when. Stop both at epoch eight and you would report a triumph of early
# fusion; that, too, is a matter of budget.
#
# Even without ever seeing a pair, early fusion does not fall to late fusion's level: one of its
# layers stands behind the average, and there the modalities can still meet.
#
# The **transformer** does not care about the moment, its tokens find each other wherever they
# stand. That is what it was built for. But at equal parameters and after equal tuning it stays far
# below intermediate fusion. Would four times the samples help? That is the eleventh case.

# %%
change = interval(
    paired.loc["other moment"]["early transformer"] - paired.loc["same moment"]["early transformer"]
)
print(f"early transformer, other moment − same moment: {change}")
claim("The transformer loses nothing: its change is {value:+.3f} or more", change.low, above=-0.05)
behind = {case: minus(case, "early transformer", "intermediate") for case in ("other moment", MORE)}
few, many = behind.values()
claim(
    "… and with 1000 samples it is behind intermediate fusion by {value:+.3f}", few.high, below=-0.1
)
learnt = interval(
    paired.loc[MORE]["early transformer"] - paired.loc["other moment"]["early transformer"]
)
claim("4000 samples give the transformer {value:+.3f} at least", learnt.low, above=0.05)
claim("… and it is still behind intermediate fusion by {value:+.3f} at least", many.high, below=0)
claim("… the gap having shrunk by {value:.3f}", many.mean - few.mean, above=0)

# %% [markdown]
# ## When the feature spaces differ
#
# Two more rows of the big picture. In `unequal widths` A has 12 numbers and B 312, of which 300 are
# noise. In `unequal scales` B's numbers are twenty times smaller than A's, in otherwise `balanced`
# data.

# %%
scales = means.loc[
    ["balanced", "unequal scales", "unequal widths"], [*PLACES, "ensemble", "best single"]
]
scales.round(3)

# %%
for place in PLACES:
    small_b = interval(paired.loc["unequal scales"][place] - paired.loc["balanced"][place])
    print(f"unequal scales − balanced, {place}: {small_b}")

# %% [markdown]
# Smaller numbers carry the same information, and every place of meeting pays for them, early fusion
# more than intermediate fusion: to a joint network a weak input is a slow one. The ensemble hardly
# notices, since its second model had nothing else to look at. The cure is cheap, standardise your
# inputs, and forgotten often enough.
#
# In `unequal widths` the single model of A is ahead of everything. Early fusion is far behind: it
# lets 300 columns of noise into its first layer, and spends most of its budget there. What happens
# if B is simply replaced by zeros when the trained network is tested?

# %%
zeroed_guess = ChoiceGuess(
    "04-zeroed",
    "unequal widths, early fusion, B replaced by zeros at test time: the accuracy …",
    options=("falls", "hardly changes", "rises"),
)
zeroed_guess

# %%
wide_rows = results.query("case == 'unequal widths' and model == 'early'")
zeroed = wide_rows.pivot_table(index="seed", columns="measure", values="value")
rise = interval(zeroed["without B, zeros"] - zeroed["accuracy"])
zeroed_guess.reveal("falls" if rise.high < 0 else "rises" if rise.low > 0 else "hardly changes")
claim("Without B early fusion gains {value:+.3f}", rise.mean, above=0.1)
uneven = cases()["unequal widths"].load(100).train.inputs
columns = {m: x.shape[1] for m, x in uneven.items()}
w, _ = matched_widths("early", columns, 6, budget=8000)
claim(
    "Share of early fusion's budget in its first layer: {value:.0%}",
    sum(columns.values()) * w / 8000,
    above=0.5,
)
scaled = {
    m: interval(paired.loc["unequal scales"][m] - paired.loc["balanced"][m])
    for m in (*PLACES, "ensemble")
}
claim("Unequal scales cost early fusion {value:+.3f}", scaled["early"].mean, below=-0.02)
claim(
    "… more than intermediate fusion, whose interval begins {value:.3f} above the end of early's",
    scaled["intermediate"].low - scaled["early"].high,
    above=0,
)
claim("… and the ensemble {value:+.3f}", scaled["ensemble"].mean, above=-0.02)

# %% [markdown]
# It rises, by a lot. The network knows the answer and is talked out of it by noise that it has
# learnt by heart.
#
# ## A modality is missing
#
# The camera fails, the microphone is muted. What now? Replace the missing input by **zeros**, or by
# its **training mean**. An additive network has a third way: **drop the term**, and add up what is
# left. In late fusion, with features $z_m$:
#
# $$\text{logits} = W_A z_A + W_B z_B + b \qquad\rightarrow\qquad W_A z_A + b$$
#
# ### Exercise 5 · One voice less
#
# Write that down. `z` maps "A" and "B" to features (N, D), `weight` is (C, 2D), A's columns first,
# `bias` is (C,), and `lost` names the modality that is missing.


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
# `coursekit.missing.dropped` is the package's. Here are the spoken and written digits (synthesised
# voices; train and test voices differ).

# %%
heard = final[final["case"] == "digits, synthesised"].groupby("model")["accuracy"].mean()
print(
    f"trained alone: image {heard['image']:.2f}, audio {heard['audio']:.2f}; "
    f"late fusion with both: {heard['late']:.2f}"
)

# %%
lost_guess = NumberGuess(
    "04-lost",
    "Late fusion, trained on both, with the audio term dropped at test time: accuracy?",
    low=0.10,
    high=1.00,
    step=0.01,
)
lost_guess

# %%
WAYS = (
    ("early", "", "zeros"),
    ("early", "", "mean"),
    ("early", THINNED, "zeros"),
    ("intermediate", "", "zeros"),
    ("intermediate", "", "mean"),
    ("intermediate", THINNED, "zeros"),
    ("late", "", "zeros"),
    ("late", "", "mean"),
    ("late", "", "dropped"),
    ("late", THINNED, "dropped"),
    ("ensemble", "", "dropped"),
)


def without(case, modality):
    """Accuracies without one modality, a row a network, way and seed."""
    rows = results[results["case"] == case]
    parts = []
    for model, trained_how, way in WAYS:
        name, measure = model + trained_how, f"without {modality}, {way}"
        part = rows[(rows["model"] == name) & (rows["measure"] == measure)]
        label = way + (" (modality dropout)" if trained_how else "")
        parts.append(part.assign(model=model, way=label, accuracy=part["value"]))
    return by_fold(pd.concat(parts), ["model", "way"]).reset_index()


DIGITS = "digits, synthesised"
missing = {m: without(DIGITS, m) for m in ("audio", "image")}
figure, axes = new_figure(11.5, 5.2, columns=2)
alts = []
for ax, (modality, rows) in zip(axes, missing.items(), strict=True):
    ax.set_title(f"Digits without the {modality}")
    alts.append(f"Without {modality}: {missing_rows(rows, ax)}")
axes[1].set_yticklabels([])
no_audio = missing["audio"].groupby(["model", "way"])["accuracy"].mean()
lost_guess.reveal(no_audio["late", "dropped"], within=0.05)
show(figure, " ".join(alts))

# %%
jointly = no_audio["late", "dropped"]
apart = no_audio["ensemble", "dropped"]
claim(
    "Without audio, the ensemble's image model minus late fusion's image branch: {value:+.3f}",
    apart - jointly,
    above=0.15,
)
claim(
    "Modality dropout gives back {value:+.3f} of it",
    no_audio["late", "dropped (modality dropout)"] - jointly,
    above=0.15,
)
whole = means.loc[DIGITS]
thin = final[(final["case"] == DIGITS) & (final["model"] == "late" + THINNED)]["accuracy"].mean()
claim(
    "… and with both modalities there it costs nothing: {value:+.3f}",
    thin - whole["late"],
    above=-0.01,
)
no_image = missing["image"].groupby(["model", "way"])["accuracy"].mean()
claim(
    "Zeros against the training mean, largest difference: {value:.3f}",
    max(
        abs(found[m, "zeros"] - found[m, "mean"]) for found in (no_audio, no_image) for m in PLACES
    ),
    below=0.2,
)

# %% [markdown]
# This is the surprise of the lesson. "Late fusion keeps working when a modality is missing, it
# consists of separate models" is a sentence from every textbook. Nothing breaks, true. But branches
# that were trained **together** have shared the work; each one has learnt to add what the other one
# leaves open, and not to answer alone. The ensemble's members have, and they simply go on. So does
# a network that has met the situation in training: in **modality dropout** one modality of three
# samples in ten is replaced by zeros, which is `rate=0.3` of `coursekit.depth.build_depth`. It was
# not tuned, and it helps whatever the place of meeting.
#
# The training mean is no better than zeros here, once one way and once the other. On the
# generator's data they are the same thing, as the inputs are standardised. And neither network nor
# filling helps where the answer lies between the modalities: on `synergy` nobody can know it.
#
# ## Recorded voices
#
# Six real speakers, two to train on, one to validate, three to test; every seed takes another two
# (the Free Spoken Digit Dataset, with noisier images, as in lesson 05).

# %%
REAL = "digits, recorded"
order = [*PLACES, "early transformer", "ensemble", "best single"]
pd.DataFrame(
    {
        "accuracy": {
            m: interval(drawn.query("case == @REAL and model == @m")["accuracy"]) for m in order
        },
        "− ensemble": {m: minus(REAL, m, "ensemble") for m in order[:4]},
    }
).loc[order]

# %% [markdown]
# The three places cannot be told apart with six groups of speakers. What can be said: the joint
# networks are not behind the ensemble here, as they were in `starve`, and the transformer is behind
# all of them. Modality dropout, meant for the missing microphone, raises the accuracy with both
# modalities present.

# %%
apart_real = minus(REAL, "late", "early")
claim(
    "Recorded voices, late − early: the interval begins below zero, {value:+.3f} …",
    apart_real.low,
    below=0,
)
claim("… and ends above it, {value:+.3f}", apart_real.high, above=0)
joint_real = minus(REAL, "late", "ensemble")
claim("Late fusion minus the ensemble: {value:+.3f}", joint_real.mean, above=0)
thinned_real = minus(REAL, "late" + THINNED, "late")
print(f"late − ensemble {joint_real}; modality dropout, with − without {thinned_real}")
claim("Modality dropout gains {value:+.3f} at least", thinned_real.low, above=0)
claim(
    "The transformer is behind late fusion by {value:+.3f} at least",
    minus(REAL, "early transformer", "late").high,
    below=0,
)

# %% [markdown]
# ## Turn the knobs
#
# Every move draws new data on the timeline and trains five networks, ten epochs each. That is
# short, on purpose: the picture shows who learns *soon*.

# %%
EXPLORERS["depth"]()

# %% [markdown]
# ## What stays
#
# - Where modalities meet decides what can be learnt: late fusion, and the ensemble, cannot learn
#   what only both together tell.
# - Being able to represent something is not the same as learning it from a thousand samples.
# - Fast is not good. Compare convergence and final accuracy, with equal parameters, equal tuning
#   and several seeds; say what was matched.
# - Early fusion relies on alignment. Attention can look elsewhere; where to look, it has to learn,
#   and a thousand samples were too few.
# - Branches trained jointly are no stand-alone models. If a modality may be missing, train for it,
#   or keep an ensemble.
#
# ## Words
#
# - **early fusion**: the modalities meet as raw inputs.
# - **intermediate fusion**: the modalities meet as features, behind an encoder each.
# - **late fusion**: the modalities meet as logits, which are summed.
# - **parameter budget**: how many numbers a network may train.
# - **tuning budget**: how many settings an architecture may try before it is measured.
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

# %%
record.checkpoint(
    "04",
    {
        "synergy, late fusion": float(wide["late"].mean()),
        "synergy, intermediate − early": between.mean,
        "moments differ, early fusion loses": lost.to_dict()["early"],
        "digits without audio, late fusion": float(jointly),
        "digits without audio, ensemble": float(apart),
    },
    data,
)
