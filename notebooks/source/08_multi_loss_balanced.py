# %% [markdown]
# # 08 · Multi-loss, balanced
#
# **After this lesson you can**
#
# - say what a loss of its own gives a slow encoder, and what it costs,
# - write MLB's pace $k(r)$, read it off a run, and say why it both brakes and accelerates,
# - read a table of methods: paired differences, intervals, rivals that must not be missing, and
#   whether the best setting lies on the edge of what was tried; and say whether it may be ranked,
# - find where a model is right that others are not, and (*Further*) measure calibration,
# - decide between a joint model and an ensemble, and give the number that decided.
#
# **Time** about 60 minutes to read and do, 30 more for what is marked *Further*; the computing
# takes 30 to 120 seconds.
#
# **Needed before** lesson 02 (mid-MLP, FiLM, gates), 03 (additive, interaction), 04 (`synergy`,
# modality dropout), 05 (starvation, probes, intervals), 06 (G-Blend) and 07 (loss weights and
# scales); cross-entropy in PyTorch.
#
# **Sources** Kontras and colleagues, *Improving Multimodal Learning with Multi-Loss Gradient
# Modulation* ([2024](https://arxiv.org/abs/2405.07930)); Guo, Pleiss, Sun and Weinberger, *On
# Calibration of Modern Neural Networks* ([2017](https://arxiv.org/abs/1706.04599)); and for what
# came after, Kontras and colleagues, *Balancing Multimodal Training Through Game-Theoretic
# Regularization* ([2024](https://arxiv.org/abs/2411.07335)).

# %% folded=true
# Imports and settings.
from functools import partial

import numpy as np
import pandas as pd
import torch
from matplotlib.lines import Line2D
from scipy import stats
from torch.nn import functional as F

from coursekit import balancing
from coursekit.course import record
from coursekit.balancing.mlb import MLB, coefficients
from coursekit.balancing.multi_loss import MultiLoss
from coursekit.balancing.unimodal_scores import true_class_scores
from coursekit.compare.protocol import OWN, PLAIN_RATES, RATES, read_trial, train
from coursekit.compare.ranks import clearly_ahead, critical_difference, ranking
from coursekit.compare.reliability import Unreliable, checklist
from coursekit.analysis.calibration import ece, reliability
from coursekit.course.claims import claim
from coursekit.data import load_preset, preset
from coursekit.data.files import open_checked
from coursekit.data.synthetic import Modality, Recipe, generate
from coursekit.lessons.l08_multi_loss_balanced import exercises
from coursekit.models import build_classifier
from coursekit.lessons.l08_multi_loss_balanced.pace import paces, run_scores
from coursekit.course.plots import learning_curves, new_figure, show
from coursekit.lessons.l08_multi_loss_balanced.plots import (
    agreement_panels,
    cost_rows,
    shares_right,
)
from coursekit.course.plots.calibration import reliability_diagrams
from coursekit.course.plots.ranks import mean_rank_rows
from coursekit.course.plots.standings import method_gains
from coursekit.lessons.l08_multi_loss_balanced.explorer_pace_view import pace, pace_axes, pace_curve
from coursekit.course.plots.style import style
from coursekit.compare.race import race
from coursekit.compare.standings import BEST, LATE_TRANSFORMER, means, standings
from coursekit.analysis.intervals import interval
from coursekit.training import Settings, accuracy, epochs, fit, predict
from coursekit.training.method import Method, joint_loss, scale_gradients, scaled_step
from coursekit.training.settings import make_optimizer
from coursekit.course.widgets import EXPLORERS, ChoiceGuess, NumberGuess
from coursekit.course.widgets.curve_guess import CurveGuess

torch.set_num_threads(1)  # these networks are too small to be shared between cores
pd.set_option("display.max_colwidth", None)
SEEDS = range(100, 105)  # settings were chosen on seeds 0 to 2

# %% [markdown]
# ## A teacher for everyone
#
# In `starve` the fast modality B explained the loss away, and the slow encoder A was left without a
# gradient. The oldest remedy is the plainest: give every modality a head and a loss of its own, and
# add them all up. The **multi-loss** is
#
# $$L = \text{CE}(\text{joint}) + \sum_m \text{CE}(\text{head}_m).$$
#
# Look at what arrives at A's features $z_A$. For one sample, with $p$ the joint probabilities,
# $p_A$ those of A's own head, $y$ the label as a one-hot vector:
#
# $$\frac{\partial L}{\partial z_A} = W_A^\top (p - y) + V_A^\top (p_A - y).$$
#
# $W_A$ is A's slice of a late-linear fusion, $V_A$ is A's own head. The first term vanishes where
# the joint answer is right and certain, whoever it is owed to. The second vanishes only where A
# *itself* is right and certain. Written out, and checked against autograd on the loss that
# `coursekit.balancing.multi_loss` trains on:

# %%
data = load_preset("starve", seed=0)
inputs = {m: x.double() for m, x in data.train.inputs.items()}
network = build_classifier(data.train.inputs, data.num_classes, seed=0).double()
prediction, y = network(inputs), F.one_hot(data.train.labels, data.num_classes).double()

p, p_a = prediction.joint.softmax(1), prediction.unimodal["A"].softmax(1)
fusion_slice = dict(network.fusion.named_parameters())["linear.weight"][:, :32]  # W_A, (C, 32)
own_head = network.heads["A"].weight  # V_A, (C, 32)
by_hand = ((p - y) @ fusion_slice + (p_a - y) @ own_head) / len(y)  # the loss is a mean

# %% folded=true
# Claims, checked.
loss = joint_loss(prediction, data.train.labels) + sum(
    F.cross_entropy(logits, data.train.labels) for logits in prediction.unimodal.values()
)
autograd = torch.autograd.grad(loss, prediction.features["A"])[0]
claim("Largest difference to autograd: {value:.1e}", (by_hand - autograd).abs().max(), below=1e-8)

# %% [markdown]
# Now the same two terms on A's encoder while it trains: their length, over all training rows, after
# every epoch. First sketch the second of them.

# %% folded=true
# The guess.
heard_guess = CurveGuess(
    "08-heard",
    "starve, multi-loss: gradient norm of A's own loss on A's encoder, epoch by epoch?",
    xs=(1, 3, 5, 8, 12, 16, 20),
    low=0.0,
    high=0.4,
    names=("epoch", "gradient norm"),
)
heard_guess


# %% folded=true
# The figure.
def heard(name, method, seed):
    """By epoch and loss: gradient norm on encoder A, the loss, and how often A alone is right."""
    split = load_preset("starve", seed=seed)
    net = build_classifier(split.train.inputs, split.num_classes, seed=seed)
    rows = []
    steps = epochs(net, split.train, split.valid, Settings(), seed=seed, method=method)
    for epoch, _ in enumerate(steps, 1):
        says = net(split.train.inputs)
        losses = {"joint loss": joint_loss(says, split.train.labels)}
        losses["A's own loss"] = F.cross_entropy(says.unimodal["A"], split.train.labels)
        for term, value in losses.items():
            grads = torch.autograd.grad(
                value, list(net.encoders["A"].parameters()), retain_graph=True
            )
            norm = torch.cat([g.flatten() for g in grads]).norm().item()
            row = {"model": f"{name}: {term}", "split": "train", "epoch": epoch, "norm": norm}
            own = accuracy(says.unimodal["A"], split.train.labels)
            rows.append({**row, "loss": float(value.detach()), "A right": own})
    return pd.DataFrame(rows)


def plain_legend(ax, roles):
    """A legend by model alone; there is but one split here."""
    looks = {name: style(role, "color", "marker") for name, role in roles.items()}
    ax.legend(handles=[Line2D([], [], linestyle="", label=n, **k) for n, k in looks.items()])


trainings = [heard("joint training", Method(), seed) for seed in SEEDS[:4]]
trainings += [heard("multi-loss", MultiLoss(), seed) for seed in SEEDS[:4]]
norms = pd.concat(trainings)
norms = norms[norms["model"] != "joint training: A's own loss"]  # a head that nobody trains
by_term = norms.pivot_table(index="epoch", columns="model", values="norm")
own_term = by_term["multi-loss: A's own loss"]
heard_guess.reveal(own_term, within=0.04)
figure, (ax,) = new_figure(7.6, 3.8)
ax.set_title("starve: what A's encoder hears")
roles = {
    "joint training: joint loss": "joint",
    "multi-loss: joint loss": "ensemble",
    "multi-loss: A's own loss": "A",
}
alt = learning_curves(norms, ax, roles, value="norm")
plain_legend(ax, roles)
ax.set_ylim(0)
ax.set_ylabel("gradient norm on encoder A\n(band: 95 % interval, 4 seeds)")
show(figure, alt)

# %% folded=true
# Claims, checked.
claim(
    "A's own loss at its loudest, against joint training at its loudest: {value:.1f} times",
    own_term.max() / by_term["joint training: joint loss"].max(),
    above=1.3,
)
ends = own_term.iloc[-1] / own_term.iloc[0]
claim("… in the last epoch, against the first: {value:.1f} times", ends, above=1.5)
course = norms[norms["model"] == "multi-loss: joint loss"].groupby("epoch").mean(numeric_only=True)
settled = course[course["loss"] < 0.2].iloc[0]  # the first such epoch
print(f"multi-loss, epoch {settled.name}: joint loss on the training rows {settled['loss']:.2f}")
claim("… while A's own head is right in {value:.0%} of them", settled["A right"], below=0.9)
claim(
    "… and in {value:.0%} at the end", course["A right"].iloc[-1], above=settled["A right"] + 0.05
)

# %% [markdown]
# One expects a gradient to fade with its loss, and the joint loss does so: it speaks softly to A in
# both trainings, then falls silent. A's own loss gets louder as A begins to see, and is still loud
# in the last epoch. Note the order of events: the joint loss is nearly gone **before** A has learnt
# what it will.
#
# ### Guess first
#
# So the encoder has a teacher again. Is the *joint answer* healed? On `starve`, joint training and
# the ensemble of the unimodal models lie about ten points apart.

# %% folded=true
# The guess.
closed_guess = NumberGuess(
    "08-closed",
    "What share of the gap between joint training and the ensemble does the multi-loss close?",
    low=0.0,
    high=1.0,
    step=0.05,
)
closed_guess

# %% [markdown]
# From here on the lesson reads a stored table: the methods of lesson 07's map on eight data sets
# with late-linear fusion, and on `starve` and `imbalance` with four other fusions. Every method had
# six trials on three seeds of their own, and validation chose: a method with settings of its own
# tries three of them at the rates 0.05 and 0.1, all others try six rates between 0.02 and 0.14. The
# rows are ten fresh seeds, 100 to 109. A seed draws weights and batches and, for generated data,
# the data; the spoken digits keep one fold, so that their intervals say nothing about other
# speakers. The table was made with
#
# `python -m coursekit bench methods --fusion late-linear --seeds 10 --out data/methods.csv …`
#
# (all commands stand in `data/methods.md`). `standings` puts the rivals into every fusion and
# refuses a table without them: the ensemble and the best unimodal model (chosen on validation, seed
# by seed).

# %% folded=true
# Reads the table; `figure_of`, `trial_of` and `paired` look figures up in it.
stored = pd.read_csv(open_checked("methods.csv"))
compared_in = stored.loc[stored["method"] == "mlb", ["data", "fusion"]].drop_duplicates()
table = standings(stored).merge(compared_in)  # not what is one method's own fusion (lesson 07)
late = table[table["fusion"] == "late-linear"]


def figure_of(data, method, value="test", fusion="late-linear", rows=table):
    """Interval over seeds of one figure of one method."""
    here = (rows["data"] == data) & (rows["fusion"] == fusion) & (rows["method"] == method)
    return interval(rows.loc[here, value].dropna())


def trial_of(data, method, fusion="late-linear", rows=table):
    """The settings that validation chose, as the table writes them."""
    here = (rows["data"] == data) & (rows["fusion"] == fusion) & (rows["method"] == method)
    return rows.loc[here, "trial"].iloc[0]


def paired(data, method, base, value="test", fusion="late-linear", rows=table):
    """Interval over seeds of method minus base: subtracted seed by seed, then averaged."""
    here = rows[(rows["data"] == data) & (rows["fusion"] == fusion)]
    wide = here.pivot_table(index="seed", columns="method", values=value)
    return interval((wide[method] - wide[base]).dropna())


# %% folded=true
# The outcome, beside your guess.
names = ["joint", "multi-loss", "mlb", "ensemble"]
starve = pd.DataFrame(
    {
        name: {
            "test accuracy": figure_of("starve", name),
            "probe of A": figure_of("starve", name, "probe_1"),
            "probe of B": figure_of("starve", name, "probe_2"),
            "chosen trial": trial_of("starve", name),
        }
        for name in names
    }
).T
gap = paired("starve", "ensemble", "joint").mean
closed_guess.reveal(paired("starve", "multi-loss", "joint").mean / gap, within=0.08)
starve

# %% folded=true
# Claims, checked.
fed = paired("starve", "multi-loss", "joint", "probe_1")
claim("The multi-loss lifts the probe of A by {value:+.3f}", fed.mean, above=0.3)
level = paired("starve", "multi-loss", "ensemble", "probe_1")
claim("… to within {value:.3f} of the ensemble's encoder", abs(level.mean), below=0.03)
gained = paired("starve", "multi-loss", "joint")
claim("… the joint answer gains {value:+.3f}", gained.mean, above=0.015)
claim("… which closes {value:.0%} of the gap", gained.mean / gap, below=0.7)

# %% [markdown]
# A surprise: the encoder is **fully** healed, its probe as good as that of a model trained alone.
# The joint answer is not, at these rates. The printed epoch above fits: when the joint loss is
# nearly gone, a good part of what A can learn is still to come, and little is left that could make
# the fusion layer turn to it.
#
# And a warning. Look at the chosen trials: the multi-loss took 0.14, the **largest** rate that it
# was allowed to try. What it would do beyond, this table does not know. Until we come back
# to that, all is said *at the usual rates*.
#
# ### What it costs
#
# One linear head per modality, less than a tenth more training time (below), and something less
# obvious. A head that must answer alone is asked for what its modality may not have. In `synergy`
# four samples in ten can be told only from both modalities *together*. What each encoder learns
# there by itself is memorised.


# %% folded=true
# Trains joint, multi-loss and ensemble on synergy, four seeds; `by_seed` does it for any methods.
def test_accuracy(make_data, method, seed, fusion="late-linear", **how):
    """Test accuracy of one training with a method and settings of your choice."""
    split = make_data(seed=seed)
    net = build_classifier(split.train.inputs, split.num_classes, fusion=fusion, seed=seed)
    fit(net, split.train, split.valid, Settings(**how), seed=seed, method=method)
    return accuracy(predict(net, split.test.inputs).joint, split.test.labels)


def by_seed(make_data, methods, seeds=SEEDS, **how):
    """Accuracy, one row per seed, one column per method; methods: name → what makes a fresh one."""
    measured = [
        test_accuracy(make_data, make(), seed, **how) for seed in seeds for make in methods.values()
    ]
    accuracies = np.reshape(measured, (len(seeds), len(methods)))
    return pd.DataFrame(accuracies, index=list(seeds), columns=list(methods))


four = {name: partial(balancing.build, name) for name in names}
three_of_them = {name: four[name] for name in ("joint", "multi-loss", "ensemble")}
synergy = by_seed(partial(load_preset, "synergy"), three_of_them, SEEDS[:4], fusion="mid-mlp")
synergy.apply(interval).to_frame("synergy, mid-MLP: test accuracy")

# %% folded=true
# Claims, checked.
paid = interval(synergy["multi-loss"] - synergy["joint"])
claim("synergy: the multi-loss changes the accuracy by {value:+.3f}", paid.mean, below=0)
claim("… at best by {value:+.3f}", paid.high, below=0)
hopeless = interval(synergy["ensemble"] - synergy["joint"])
claim("… and the ensemble is at {value:+.3f}", hopeless.mean, below=-0.1)

# %% [markdown]
# The multi-loss is a bet that each modality can say something by itself. Where it cannot, the bet
# costs a few points. The ensemble, which bets everything on it, is far behind: the one case in this
# lesson where joint training is beyond discussion. (Default settings, nothing tuned.)
#
# ### Exercise 1 · The multi-loss
#
# `joint_logits` is $(N, C)$, `unimodal_logits` maps each modality to its own $(N, C)$, `labels` is
# $(N,)$; all arrays. CE is the mean over the rows, with natural logarithms. Logits may be large,
# several hundred either way. Return the multi-loss: one number.


# %% nbgrader={"grade_id": "ex-08-multi-loss", "solution": true}
def multi_loss_of(joint_logits, unimodal_logits, labels):
    """CE of the joint logits plus the CE of every modality's."""

    ### BEGIN SOLUTION
    def cross_entropy(logits):
        top = logits.max(axis=1)
        log_sum = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
        return np.mean(log_sum - logits[np.arange(len(labels)), labels])

    return cross_entropy(joint_logits) + sum(map(cross_entropy, unimodal_logits.values()))
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-08-multi-loss", "grade": true, "points": 1}
exercises.multi_loss.check(multi_loss_of)
### BEGIN HIDDEN TESTS
exercises.multi_loss.check(multi_loss_of, seed=8_0101)
### END HIDDEN TESTS

# %% [markdown]
# ## A pace for everyone
#
# One could make the fast one wait, its slice of the fusion included. Lesson 07's OGM brakes the
# modality that is ahead. **MLB**, the balanced multi-loss, asks for more. In every batch:
#
# 1. score, as in OGM: $s_m = \sum_{\text{batch}} p_m[y]$, what $m$'s own head gives to the right
#    class;
# 2. ratio: $r_m = \operatorname{mean}_{j \ne m} s_j \,/\, s_m$. Above one, $m$ is behind;
# 3. **pace**: a factor $k(r)$ on the step of encoder $m$, its head and its slice of the fusion.
#
# The slice is whatever weights read $m$ alone: the columns of the first layer in late-linear and
# mid-MLP, the projection of $m$ in the transformer. FiLM and the Kiela gate have no such weights
# here, so that MLB scales only the encoder and the head there (`slices` of each fusion).
#
# What should $k$ look like? At $r = 1$ nothing should change: $k(1) = 1$. It should rise with $r$.
# It needs a floor, since a negative factor would unlearn, and a ceiling, since steps may explode.
# $\tanh$ has all of that; two ranges, below and above one, need two heights $\beta$:
#
# $$k(r) = 1 + (\beta - 1)\,\tanh\big(\alpha (r - 1)\big), \qquad
#   \beta = \beta_{\max} \text{ if } r > 1 \text{ else } 2.$$
#
# Equations 4 to 7 of the paper, with their symbols. In ten lines, against
# `coursekit.balancing.mlb.coefficients`, for two modalities and for three:


# %%
def pace_by_hand(scores, alpha, beta_max):
    """k of every modality from the scores (M,)."""
    k = torch.empty_like(scores)
    for m, own in enumerate(scores):
        others = torch.cat([scores[:m], scores[m + 1 :]])
        r = others.mean() / own
        beta = beta_max if r > 1 else 2.0
        k[m] = 1 + (beta - 1) * torch.tanh(alpha * (r - 1))
    return k


# %% folded=true
# Claims, checked.
for scores in ([60.0, 110.0], [60.0, 110.0, 95.0]):
    s = torch.tensor(scores, dtype=torch.float64)
    by_hand, package = pace_by_hand(s, 2.0, 8.0), coefficients(s, 2.0, 8.0)
    print("scores", scores, "→ k", [round(x, 3) for x in package.tolist()])
    claim("Difference to the package: {value:.1e}", (by_hand - package).abs().max(), below=1e-8)

# %% folded=true
# The figure.
figure, (ax,) = new_figure(7.2, 4.0)
ax.set_title("Three paces: a gentle one, a strong one, and a brake alone")
pace_axes(ax)
alts = [
    pace_curve(ax, 0.8, 2.0, "α 0.8, β_max 2", color="#0072B2", linestyle="-"),
    pace_curve(ax, 2.0, 8.0, "α 2, β_max 8", color="#006D2C", linestyle="--"),
    pace_curve(ax, 2.0, 1.0, "α 2, β_max 1", color="#DD6E00", linestyle=":", linewidth=3),
]
ax.legend(loc="upper left", bbox_to_anchor=(0.02, 0.9))
show(figure, "MLB's k against the ratio r. " + ". ".join(alts) + ".")

# %% folded=true
# Claims, checked.
hardest = 1 - np.tanh(2.0)
claim("The hardest brake at α = 2, as r goes to 0: {value:.3f}", hardest, between=(0.03, 0.04))
claim("… and at α = 0.8: {value:.3f}", 1 - np.tanh(0.8), between=(0.3, 0.4))

# %% [markdown]
# Two details to keep. The brake never stops anybody: $k$ stays above $1 - \tanh\alpha$. And the
# curve has a **kink** at $r = 1$ whenever $\beta_{\max} \ne 2$: the slope is $\alpha$ on the left
# and $\alpha(\beta_{\max} - 1)$ on the right.
#
# ### Exercise 2 · The pace
#
# `scores` is an array $(M,)$, any $M \ge 2$. Return $k$, an array $(M,)$. No torch needed, and no
# loop either.


# %% nbgrader={"grade_id": "ex-08-pace", "solution": true}
def pace_of(scores, alpha, beta_max):
    """MLB's coefficients, (M,)."""
    ### BEGIN SOLUTION
    others = (scores.sum() - scores) / (len(scores) - 1)
    r = others / scores
    beta = np.where(r > 1, beta_max, 2.0)
    return 1 + (beta - 1) * np.tanh(alpha * (r - 1))
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-08-pace", "grade": true, "points": 2}
exercises.pace.check(pace_of)
### BEGIN HIDDEN TESTS
exercises.pace.check(pace_of, seed=8_0102)
### END HIDDEN TESTS

# %% [markdown]
# ## Further · On the step
#
# $k$ multiplies the step of a modality's parameters, not their gradient. Lesson 07 measured what
# that is worth over a training; here is why: Adam divides the gradient by its own size, and a
# factor on it is gone. One step with $k_A = 3$; how much farther does A's encoder move than with
# $k_A = 1$?


# %%
def times_farther(optimizer, scale):
    """Length of A's first step with k = 3, over its length with k = 1."""
    moved = []
    for k in (1.0, 3.0):
        net = build_classifier(data.train.inputs, data.num_classes, seed=0)
        step = make_optimizer(net, Settings(optimizer=optimizer, lr=0.01))
        joint_loss(net(data.train.inputs), data.train.labels).backward()
        weight = next(net.encoders["A"].parameters())
        before = weight.detach().clone()
        if scale == "gradient":
            scale_gradients(net, {"A": k})
        scaled_step(net, step, {"A": k} if scale == "step" else {})
        moved.append((weight.detach() - before).norm())
    return float(moved[1] / moved[0])


# %% folded=true
# Claims, checked.
farther = pd.DataFrame(
    {o: {s: times_farther(o, s) for s in ("step", "gradient")} for o in ("sgd", "adam")}
)
print(farther.round(3).to_string())
claim("On the step, with Adam: {value:.3f} times", farther["adam"]["step"], equals=3, within=0.01)
claim(
    "On the gradient, with Adam: {value:.3f} times",
    farther["adam"]["gradient"],
    equals=1,
    within=0.01,
)

# %% [markdown]
# ## A run, batch by batch
#
# Three seeds of `starve`, trained with MLB at the defaults of the package, α = 2 and β_max = 8.
# `coursekit.lessons.l08_multi_loss_balanced.pace` keeps the scores of every batch. Left the mean
# probability of the right class, in the middle the ratio, right the pace. First sketch the pace
# of A, the slow one.

# %% folded=true
# The guess.
pace_guess = CurveGuess(
    "08-pace",
    "starve under MLB: k of A, mean over each epoch?",
    xs=(1, 3, 5, 8, 12, 16, 20),
    low=0.0,
    high=8.0,
    names=("epoch", "k of A"),
)
pace_guess


# %% folded=true
# The figure.
def paced(name, beta_max, seed):
    """Scores, ratios and paces of every batch of an MLB run."""
    scores = run_scores(load_preset(name, seed=seed), beta_max=beta_max, seed=seed)
    return paces(scores, 2.0, beta_max).assign(seed=seed)


run = pd.concat([paced("starve", 8.0, seed) for seed in SEEDS[:3]])
by_epoch = run.groupby(["seed", "epoch", "modality"], as_index=False)[["s", "r", "k"]].mean()
by_epoch = by_epoch.rename(columns={"modality": "model"}).assign(split="train")
mean_k = by_epoch.pivot_table(index="epoch", columns="model", values="k")
pace_guess.reveal(mean_k["A"], within=0.8)
figure, axes = new_figure(10.8, 3.6, columns=3)
titles = {"s": "score s (mean)", "r": "ratio r", "k": "pace k"}
alts = []
for ax, (what, title) in zip(axes, titles.items(), strict=True):
    ax.set_title(f"starve, MLB: {title}")
    alts.append(learning_curves(by_epoch, ax, {"A": "A", "B": "B"}, value=what))
    ax.set_ylabel(title + "\n(band: 95 % interval, 3 seeds)")
    plain_legend(ax, {"A": "A", "B": "B"})
show(figure, " ".join(alts))

# %% folded=true
# Claims, checked.
claim("A is sped up at most {value:.1f} times, mean over an epoch", mean_k["A"].max(), above=3)
claim("… while B is braked to {value:.2f}", mean_k["B"].min(), below=0.6)
late_ratio = by_epoch.query("model == 'A' and epoch >= 16")["r"].mean()
claim("In the last five epochs A's ratio is {value:.3f}", late_ratio, between=(0.93, 1.07))
claim(
    "… and its pace {value:.2f}",
    by_epoch.query("model == 'A' and epoch >= 16")["k"].mean(),
    between=(0.8, 1.6),
)

# %% [markdown]
# The loop closes by itself. A falls behind, is sped up while B waits, catches up within a few
# epochs, and the ratio returns to one. No schedule, no last epoch to choose.
#
# ### Which half does the work?
#
# A brake alone would also make the fast one wait. `MLB(beta_max=1)` is exactly that; the opposite,
# speeding up alone, is five lines on top of MLB.


# %%
class AccelerateOnly(MLB):
    """k where it is above one, else one."""

    def scales(self, step):
        return {m: max(1.0, k) for m, k in super().scales(step).items()}


halves = {
    "multi-loss": MultiLoss,
    "brake only": partial(MLB, beta_max=1.0),
    "accelerate only": AccelerateOnly,
    "both": MLB,
}

# %% folded=true
# The guess.
halves_guess = ChoiceGuess(
    "08-halves",
    "With 7 epochs instead of 20, at one base rate, which half of k is worth more on starve?",
    options=("the brake", "the acceleration", "no difference"),
)
halves_guess

# %% folded=true
# Trains all of them; the outcome, beside your guess.
short = by_seed(partial(load_preset, "starve"), halves, SEEDS[:4], epochs=7)
alone = {name: halves[name] for name in ("brake only", "accelerate only")}
faster = by_seed(partial(load_preset, "starve"), {"brake only": alone["brake only"]}, SEEDS[:4],
                 epochs=7, lr=3 * Settings().lr)  # fmt: skip
short["brake only, rate × 3"] = faster["brake only"]
full = by_seed(partial(load_preset, "starve"), alone, SEEDS[:3])
edge = interval(short["accelerate only"] - short["brake only"])
halves_guess.reveal(edge.in_words("the brake", "no difference", "the acceleration"))
seven = {"7 epochs": short.apply(interval), "20 epochs (two methods only)": full.apply(interval)}
pd.DataFrame(seven).loc[[*halves, "brake only, rate × 3"]].fillna("not trained")

# %% folded=true
# Claims, checked.
claim("7 epochs: accelerating minus braking is {value:+.3f}", edge.mean, above=0.02)
claim("… and not by chance, at least {value:+.3f}", edge.low, above=0)
control = interval(short["accelerate only"] - short["brake only, rate × 3"])
claim("… but against a brake at three times the rate {value:+.3f}", control.mean, below=edge.mean)
print("accelerating minus braking at three times the rate, 7 epochs:", control)
rest = interval(full["accelerate only"] - full["brake only"])
print("accelerating minus braking, 20 epochs, three seeds:", rest)
claim("20 epochs: the same difference is {value:+.3f}", rest.mean, between=(-0.02, 0.02))

# %% [markdown]
# At the same base rate a brake costs epochs and an acceleration does not; with 20 epochs three
# seeds show no difference. But the control takes most of the edge away: a brake with a larger rate
# for everybody is nearly as quick. So the argument for accelerating is one about **budget**, and it
# holds only for a rate that nobody has tuned.
#
# ### The pace, under your hand
#
# The explorer lays the curve over the batches of a real multi-loss run, in which nothing was
# scaled. Nothing is trained while you turn: the scores are kept, and α and β_max only say what MLB
# would do with them.

# %%
EXPLORERS["pace"]()

# %% [markdown]
# ### What the score cannot see
#
# In `overfit` B is not slow. It knows little and comes with three hundred dimensions of noise. Its
# score is low all the same, so MLB speeds it up. Slow or ignorant: on training rows they look
# alike. And later, when B's noise has been learnt by heart, B's score passes A's.
#
# The kink at $r = 1$ has a price too. Scores of a batch jitter, and with $\beta_{\max} = 8$ a
# jitter upwards is worth seven times one downwards. Here is the mean $k$ of both modalities in
# `balanced`, where nobody is behind for long. For comparison the $k$ of each epoch's *mean* ratio,
# in which the jitter has been averaged away and only slow drift is left.

# %% folded=true
# Claims, checked.
work = [(beta_max, seed) for beta_max in (2.0, 8.0) for seed in SEEDS[:2]]
traces = [paced("balanced", beta_max, seed) for beta_max, seed in work]
jitter = {
    beta_max: np.mean(
        [t["k"].mean() for t, (b, _) in zip(traces, work, strict=True) if b == beta_max]
    )
    for beta_max in (2.0, 8.0)
}
claim("balanced, β_max = 2: mean pace {value:.3f}", jitter[2.0], between=(0.95, 1.05))
claim("balanced, β_max = 8: mean pace {value:.3f}", jitter[8.0], above=1.1)
slow = [
    pace(t.groupby(["epoch", "modality"])["r"].mean().to_numpy(), 2.0, 8.0).mean()
    for t, (b, _) in zip(traces, work, strict=True)
    if b == 8.0
]
claim("… of which drift alone would make {value:.3f}", np.mean(slow), below=jitter[8.0] - 0.05)
noisy_scores = run_scores(
    load_preset("overfit", seed=0), Settings(**preset("overfit").training), alpha=0.0, seed=0
)
noisy = paces(noisy_scores, 2.0, 8.0).query("modality == 'B'").groupby("epoch")["k"].mean()
claim(
    "overfit, epochs 5 to 10: k of the noisy B would be {value:.1f}",
    noisy.loc[5:10].mean(),
    above=1.5,
)
claim("… and in the last five epochs {value:.2f}", noisy.tail(5).mean(), below=1)
overfit = paired("overfit", "mlb", "joint")
methods_here = [m for m in late["method"].unique()
                if "unimodal" not in m and m != LATE_TRANSFORMER]  # fmt: skip
helped = [m for m in methods_here if m not in ("joint", "ensemble")
          and paired("overfit", m, "joint").low > 0]  # fmt: skip
print("overfit: methods that gain clearly over joint training:", helped)
to_single = max(paired("overfit", m, BEST).high for m in methods_here)
claim("overfit: all of them − best single: the intervals end at {value:+.3f}", to_single, below=0)
claim("overfit: MLB changes the accuracy by {value:+.3f}", overfit.mean, below=0)
claim("… with an interval that ends at {value:+.3f}", overfit.high, below=0)

# %% [markdown]
# So a large β_max is, in part, a larger learning rate for everybody. This is why the table tunes
# the learning rate of *every* method; whether its range is wide enough is asked below. And
# balancing the pace does harm to the second illness. Few methods help there at all (printed above),
# and none brings back the best single model.

# %% [markdown]
# ## Further · Three modalities
#
# The ratio compares with the mean of the others, so nothing in MLB counts to two. One slow, one
# fast, one in between:

# %%
three = Recipe(
    {
        "A": Modality(4, linear=0, nuisance_std=4),
        "B": Modality(5, distractors=30),
        "C": Modality(4, distractors=10),
    },
    redundant=0.55,
    unique={"A": 0.2, "C": 0.1},
)

# %% folded=true
# Three seeds of four methods.
triple = by_seed(partial(generate, three), four, SEEDS[:3])
triple.apply(interval).to_frame("three modalities: test accuracy")

# %% folded=true
# Claims, checked.
lead = interval(triple["mlb"] - triple["joint"])
claim("Three modalities: MLB minus joint training {value:+.3f}", lead.mean, above=0.02)
claim("… at least {value:+.3f}", lead.low, above=0.02)
lead = interval(triple["mlb"] - triple["multi-loss"])
claim("… minus the multi-loss {value:+.3f}", lead.mean, above=0)
print("(three seeds, default settings) MLB minus the multi-loss:", lead)

# %% [markdown]
# ## The whole table
#
# The paper's order is: MLB at least as good as the multi-loss, that better than the other methods,
# joint training last. It was measured on real videos with larger networks.

# %% folded=true
# The guess.
beaten_guess = NumberGuess(
    "08-beaten",
    "Of all data sets and fusions in the table: in what share does the joint training that "
    "validation chooses beat the ensemble clearly (interval above zero)?",
    low=0.0,
    high=1.0,
    step=0.05,
)
beaten_guess

# %% folded=true
# The outcome, beside your guess.
places = [(str(d), str(f)) for d, f in table[["data", "fusion"]].drop_duplicates().to_numpy()]
apart = [name for name, kind in balancing.registry().items() if kind.fusions == ()]
whole = ~table["method"].isin([*apart, LATE_TRANSFORMER, BEST])  # apart: without a joint training
models = table[whole & ~table["method"].str.startswith("unimodal ")]
valid = models.pivot_table(index=["data", "fusion"], columns="method", values="valid")
chosen = valid.idxmax(axis=1)
verdict_rows = []
for name, fusion in places:
    best = str(chosen[name, fusion])
    against, alone = (paired(name, best, rival, fusion=fusion) for rival in ("ensemble", BEST))
    verdict_rows.append(
        {
            "data": name,
            "fusion": fusion,
            "chosen on validation": best,
            "− ensemble": against,
            "− best single": alone,
            "clear": int(against.low > 0) - int(against.high < 0),
        }
    )
verdicts = pd.DataFrame(verdict_rows)
beaten_guess.reveal((verdicts["clear"] > 0).mean(), within=0.1)

# %% [markdown]
# So many ways to train one joint model, and the best of them picked anew in every place (a data
# set with a fusion): one expects that to win nearly everywhere. It wins in few. First all methods,
# on `starve`:

# %% folded=true
# The figure.
of_starve = table[table["data"] == "starve"]
panels = of_starve["fusion"].nunique()
figure, axes = new_figure(2.3 * panels + 1.2, 8.4, columns=panels)
alt = method_gains(of_starve, axes)
figure.suptitle("starve: gain over joint training, paired by seed (◇ ensemble, dotted line)")
show(figure, alt)

# %% [markdown]
# Methods are sorted by their mean over the panels that they have. Where there is no dot there is no
# training: MMCosine needs late-linear's slices, and what has no fusion (the ensembles, MLA,
# ReconBoost) is the same in every panel. The **late transformer** is joint training of a
# transformer over the encoders' features, a rival that needs no idea about balance.

# %% folded=true
# The figure.
of_imbalance = table[table["data"] == "imbalance"]
panels = of_imbalance["fusion"].nunique()
figure, axes = new_figure(2.3 * panels + 1.2, 8.4, columns=panels)
alt = method_gains(of_imbalance, axes)
figure.suptitle("imbalance: gain over joint training, paired by seed (◇ ensemble, dotted line)")
show(figure, alt)

# %% folded=true
# The figure.
others = [name for name in late["data"].unique() if name not in ("starve", "imbalance")]
figure, axes = new_figure(2.1 * len(others) + 1.2, 8.4, columns=len(others))
alt = method_gains(late[late["data"].isin(others)], axes, by="data", shared=False)
axes[others.index("balanced")].set_xlim(-0.025, 0.025)
figure.suptitle("late-linear, the other data: gain over joint training. Every panel has its scale "
                "(balanced: best unimodal far off to the left)")  # fmt: skip
show(figure, alt)

# %% [markdown]
# Now the paper's order, comparison by comparison. Both methods saw the same data in each seed, so
# the **paired difference** is what counts.

# %% folded=true
# Paired differences in all places.
compared = [
    ("mlb", "multi-loss"),
    ("mlb", "joint"),
    ("gblend-online", "joint"),
    ("mlb", "ensemble"),
]
pd.DataFrame(
    {
        f"{a} − {b}": [paired(data, a, b, fusion=fusion) for data, fusion in places]
        for a, b in compared
    },
    index=pd.MultiIndex.from_tuples(places, names=["data", "fusion"]),
)

# %% folded=true
# Claims, checked.
for fusion in ("late-linear", "mid-mlp", "film"):
    lead = paired("starve", "mlb", "multi-loss", fusion=fusion)
    claim(f"starve, {fusion}: MLB − multi-loss {{value:+.3f}}", lead.mean, above=0.015)
    claim("… interval from {value:+.3f}", lead.low, above=0)
for method in ("mlb", "gblend-online"):
    lead = paired("starve", method, "joint")
    claim(f"starve, late-linear: {method} − joint {{value:+.3f}}", lead.mean, above=0.05)
clear = {place: paired(place[0], "mlb", "multi-loss", fusion=place[1]) for place in places}
ahead = [place for place, lead in clear.items() if lead.low > 0]
behind = [place for place, lead in clear.items() if lead.high < 0]
claim(
    f"Places, of {len(places)}, with MLB clearly ahead of multi-loss: {{value:.0f}}",
    len(ahead),
    above=5,
)
claim("… and clearly behind it: {value:.0f}", len(behind), above=0)
print("behind:", behind)
real = paired("av_one_speaker", "mlb", "multi-loss")
claim("One recorded speaker: MLB − multi-loss {value:+.3f}", real.mean, below=0)
over_single = [paired("av_one_speaker", m, BEST).low for m in methods_here]
claim("… where methods clearly above the best single model are: {value:.0f}",
      sum(low > 0 for low in over_single), below=1)  # fmt: skip
for name in ("starve", "imbalance"):
    gated = {m: paired(name, m, "joint", fusion="kiela-gate")
             for m in models.query("data == @name and fusion == 'kiela-gate'")["method"].unique()
             if m != "joint"}  # fmt: skip
    lifted = {m: round(gain.mean, 3) for m, gain in gated.items() if gain.low > 0}
    print(f"{name}, Kiela gate: clearly above joint training:", lifted)
    if name == "starve":
        most = sorted(lifted, key=lambda m: -lifted[m])
        claim(f"… by more than two points: {{value:.0f}} of {len(gated)} ({', '.join(most[:3])})",
              sum(gain > 0.02 for gain in lifted.values()), between=(1, 4))  # fmt: skip
    lead = paired(name, "ensemble", "mlb", fusion="kiela-gate")
    claim("… and the ensemble is ahead of MLB by {value:+.3f}", lead.mean, above=0.03)
for method in ("mlb", "multi-loss", "ensemble", "mmcosine"):
    print(f"balanced: {method} − joint", paired("balanced", method, "joint"))

# %% [markdown]
# **Does the paper's order hold on our data?** In part. On `starve` and `imbalance`, where an
# encoder starves, MLB is ahead of the multi-loss and of joint training, at the usual rates. It is
# not always ahead of the other methods, and "multi-loss before the rest" does not hold even there:
# OGM and G-Blend pass it on late-linear. Where the interval of a paired difference holds zero,
# there is no order to report. With the Kiela gate little helps on `starve` but teachers (G2D, UMT),
# and the ensemble wins by far. On balanced data differences are small but clear, about a point, and
# not all are gains. In `overfit` and with a single recorded speaker the order turns round: MLB is
# *behind* the multi-loss, and nothing is clearly above the best single model. A ranking of methods
# is a ranking on some data.
#
# ## How wide was the range?
#
# Every method had six trials, and no method saw the test rows. Is that fair? Count where the
# choices fell.


# %% folded=true
# Who chose the largest rate?
def edges(rows, top):
    """Methods whose chosen rate is the largest that they tried, by data and fusion."""
    chosen_rates = rows.drop_duplicates(["data", "fusion", "method"])
    at_top = [read_trial(t)["lr"] >= top.get(m, top["others"])
              for m, t in chosen_rates[["method", "trial"]].to_numpy()]  # fmt: skip
    return chosen_rates[np.array(at_top) & (chosen_rates["method"] != BEST)]


plain = [m for m in table["method"].unique() if m not in OWN]
tops = {**dict.fromkeys(plain, max(PLAIN_RATES)), "others": max(RATES)}
at_edge = edges(late[late["data"] == "starve"], tops)["method"]
print("starve, late-linear: the largest rate was chosen by", sorted(at_edge))
claim("… that many methods: {value:.0f}", len(at_edge), above=4)

# %% [markdown]
# **A choice on the edge says that the best may lie beyond it.** And the edges differ: MLB with
# β_max = 8 may give one modality a rate of 0.8, the multi-loss at most 0.14 to all. Equal budgets,
# unequal ranges. So there is a second table. Every method keeps its *default* settings and
# tries six rates, 0.05, 0.1, 0.2, 0.4, 0.8 and 1.6; all else is as before:
#
# `python -m coursekit bench methods --rates 0.05,0.1,0.2,0.4,0.8,1.6 --out …` (whole in
# `data/methods_rates.md`)
#
# ### Guess first

# %% folded=true
# The guess.
usual_lead = paired("starve", "mlb", "multi-loss")
wide_guess = NumberGuess(
    "08-wide",
    f"On starve MLB led the multi-loss by {usual_lead.mean:.3f}. By how much with the wide range?",
    low=0.0,
    high=0.1,
    step=0.01,
)
wide_guess

# %% folded=true
# The outcome, beside your guess, and the four differences at both ranges.
wide = standings(pd.read_csv(open_checked("methods_rates.csv")))
wide_lead = paired("starve", "mlb", "multi-loss", rows=wide)
wide_guess.reveal(wide_lead.mean, within=0.01)
pairs = [("multi-loss", "joint"), ("mlb", "joint"), ("mlb", "multi-loss"), ("mlb", "ensemble")]
wide_places = [(str(d), str(f)) for d, f in wide[["data", "fusion"]].drop_duplicates().to_numpy()]
pd.DataFrame(
    {
        (f"{a} − {b}", label): [paired(d, a, b, fusion=f, rows=rows) for d, f in wide_places]
        for a, b in pairs
        for label, rows in (("usual", table), ("wide", wide))
    },
    index=pd.MultiIndex.from_tuples(wide_places, names=["data", "fusion"]),
).T

# %% [markdown]
# What each of the four chose, and what came of it:


# %% folded=true
# What each chose, and what came of it, at both ranges.
def at_both_rates(columns):
    """Four rivals, two tables; columns: heading → function of data, method and ``rows``."""
    facts = {
        (d, m, label): {heading: make(d, m, rows=rows) for heading, make in columns.items()}
        for d in ("starve", "imbalance")
        for m in names
        for label, rows in (("usual", table), ("wide", wide))
    }
    wanted = pd.DataFrame.from_dict(facts, orient="index")
    return wanted.rename_axis(index=["data", "method", "rates"])


at_both_rates({"trial": trial_of, "test": figure_of})

# %% folded=true
# Claims, checked.
claim("starve: of MLB's lead over the multi-loss there is left {value:.0%}",
      wide_lead.mean / usual_lead.mean, below=0.5)  # fmt: skip
for name in ("starve", "imbalance"):
    print(f"{name}, wide: MLB − multi-loss", paired(name, "mlb", "multi-loss", rows=wide))
    gain = figure_of(name, "joint", rows=wide).mean - figure_of(name, "joint").mean
    claim(f"{name}: a larger rate alone lifts joint training by {{value:+.3f}}", gain, above=0.01)
    gain = paired(name, "multi-loss", "joint", rows=wide)
    claim("… a loss of its own for everybody adds at least {value:+.3f}", gain.low, above=0)
    gain = paired(name, "mlb", "joint", rows=wide)
    claim("… and MLB stays ahead of joint training by at least {value:+.3f}", gain.low, above=0.01)
for name in ("av_one_speaker", "av_two_speakers"):
    then, now = (paired(name, "mlb", "multi-loss", rows=rows) for rows in (table, wide))
    claim(
        f"{name}: the wide range moves MLB − multi-loss by {{value:+.3f}}",
        now.mean - then.mean,
        above=0,
    )
ahead_now = paired("overfit", "mlb", "joint", rows=wide)
claim("overfit, wide: MLB − joint at least {value:+.3f}", ahead_now.low, above=0)
to_best = paired("overfit", "mlb", BEST, rows=wide)
claim("… MLB − best single {value:+.3f}", to_best.mean, between=(-0.01, 0.01))
print("… with its interval:", to_best)
still = edges(wide[wide["fusion"] == "late-linear"], {"others": 1.6})
print("at the edge of the wide range:", still[["data", "method"]].to_numpy().tolist())

# %% [markdown]
# So most of MLB's lead on `starve` was pace **for everybody**, which one number buys as well. What
# is left beside a multi-loss at a large rate is small. What the wide range does not buy, in
# late-linear fusion: joint training stays behind in both data sets, with the same encoders and the
# best of these rates, so a loss of its own for everybody is worth something there. MLB also got
# there at a rate that anybody would have tried: a pace that sets itself saves a search. Nor is this
# table the last word: one setting of each method, coarse steps, and some sit on the new edge (last
# line).
#
# And a range cuts both ways. With the wide one MLB is no longer clearly behind the multi-loss with
# one recorded speaker; and on `overfit`, where it did harm, it is a little ahead of joint training
# and level with the best single model (nearly everybody sits on the new edge there).
#
# **Equal budgets are not enough. Look at the edge of the range before you credit an idea.**
#
# ## Where is each of them right?
#
# Accuracy counts answers. **Which** answers? Take the two unimodal models and sort the test rows
# into four groups: both right, only A, only B, neither. Below, a bar is as wide as its group and as
# high as the model's accuracy there, so that its area is accuracy.

# %% folded=true
# The guess.
only_guess = NumberGuess(
    "08-only",
    "starve, multi-loss, usual rates: it is right in what share of the rows where only A is?",
    low=0,
    high=100,
    step=5,
    unit="%",
)
only_guess

# %% folded=true
# The figure.
here = late[late["data"] == "starve"]
widened = wide[(wide["data"] == "starve") & (wide["fusion"] == "late-linear")]
widened = widened[widened["method"] == "multi-loss"].assign(method="multi-loss, wide")
five = ["joint", "multi-loss", "multi-loss, wide", "mlb", "ensemble"]
here_and_wide = pd.concat([here, widened])
only_a = {name: float(shares_right(here_and_wide, name)["right"]["1"]) for name in five}
only_guess.reveal(100 * only_a["multi-loss"], within=8)
figure, axes = new_figure(12.6, 3.5, columns=5)
alt = agreement_panels(here_and_wide, axes, five, ("A", "B"))
figure.suptitle("starve: accuracy by what the unimodal models say (usual rates, but for the third)")
handles, words = axes[0].get_legend_handles_labels()
figure.legend(handles, words, loc="outside lower center", ncols=4)
show(figure, alt)

# %% folded=true
# Claims, checked.
print("accuracy where only A is right:", {n: round(v, 2) for n, v in only_a.items()})
claim("The multi-loss gets {value:.2f} of what only A knows", only_a["multi-loss"], below=0.6)
claim("… at a larger rate {value:.2f}", only_a["multi-loss, wide"], above=0.6)
claim("… MLB gets {value:.2f}", only_a["mlb"], above=0.65)
b_lost = paired("starve", "mlb", "joint", "right_2")
claim("where only B is right, MLB − joint {value:+.3f}", b_lost.mean, between=(-0.08, 0))
print("… with its interval:", b_lost)
at_both_rates(
    {f"only {m} is right": partial(figure_of, value=f"right_{i}") for i, m in ((1, "A"), (2, "B"))}
)

# %% [markdown]
# A's encoder is as good as in a model of A alone, so one expects the joint answer to use it. This
# shows what the accuracy hid. At the usual rates the multi-loss's encoder knows what A knows, and
# its joint head still follows B where the two disagree. With MLB's pace the head listens to A, and
# with a larger rate for everybody it does so as well. Neither is free: where only B is right, MLB
# is right a few points less often than joint training.

# %% [markdown]
# ### Exercise 3 · Right where?
#
# `answers`, `first` and `second` are the classes that a model and the two unimodal models give,
# arrays $(N,)$, and `labels` the truth. Return the model's accuracy in the four groups, in the
# order: both right, only the first, only the second, neither. (No group is empty.)


# %% nbgrader={"grade_id": "ex-08-right-where", "solution": true}
def right_by_group(answers, first, second, labels):
    """Four accuracies: both right, only the first, only the second, neither."""
    ### BEGIN SOLUTION
    right, a, b = answers == labels, first == labels, second == labels
    return [right[group].mean() for group in (a & b, a & ~b, ~a & b, ~a & ~b)]
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-08-right-where", "grade": true, "points": 2}
exercises.right_where.check(right_by_group)
### BEGIN HIDDEN TESTS
exercises.right_where.check(right_by_group, seed=8_0103)
### END HIDDEN TESTS

# %% [markdown]
# ## Further · The film
#
# One training, seen four ways at once: the curves, the probes, what the method does, and who is
# right. One cursor runs through all of them. Step, play, and stop where something turns.

# %%
EXPLORERS["film"]()

# %% [markdown]
# ## Further · Is it as sure as it should be?
#
# A model's **confidence** is its largest probability. It is **calibrated** if, of all answers given
# with confidence 0.8, four in five are right. To check that, sort the answers into bins of equal
# width and compare accuracy and mean confidence in each. The **expected calibration error** is the
# gap, weighted by how many answers a bin holds:
#
# $$\text{ECE} = \sum_b \frac{|b|}{N}\, \big|\text{acc}(b) - \text{conf}(b)\big|.$$
#
# Ten answers, five bins:

# %%
sure = np.array([0.50, 0.55, 0.65, 0.65, 0.75, 0.75, 0.75, 0.80, 0.80, 0.95])
right = np.array([1, 1, 1, 1, 1, 1, 1, 0, 0, 1])
place = np.ceil(sure * 5 - 1e-9).astype(int)  # bin b holds ((b − 1)/5, b/5]; rounding aside
ten = pd.DataFrame({"bin": place, "confidence": sure, "accuracy": right})
ten = ten.groupby("bin").agg(n=("accuracy", "size"), accuracy=("accuracy", "mean"),
                             confidence=("confidence", "mean"))  # fmt: skip
ten["gap"] = (ten["accuracy"] - ten["confidence"]).abs()
ten.round(3)

# %% folded=true
# Claims, checked.
by_hand = (ten["n"] * ten["gap"]).sum() / len(sure)
two_classes = torch.tensor(np.c_[sure, 1 - sure])
package = ece(two_classes, torch.tensor(1 - right), bins=5)
print(f"ECE {by_hand:.3f}")
claim(
    "Difference to coursekit.analysis.calibration.ece: {value:.1e}",
    abs(by_hand - package),
    below=1e-8,
)
nudged = torch.tensor(np.c_[sure + 1e-6, 1 - sure - 1e-6])
other_side = float(ece(nudged, torch.tensor(1 - right), bins=5))
claim("The same answers, surer by a millionth: {value:.3f}", other_side, above=by_hand + 0.2)

# %% [markdown]
# The last line is no error. Two of the answers, both wrong, sit on the edge at 0.8. Bins that are
# closed on the right, (low, high], put them with the right answers around 0.7, where the gaps
# cancel; a hair above the edge they share a bin with a single other answer. Libraries close
# different sides, so name yours. And ten answers are too few for five bins: an ECE has a spread
# like any other figure.
#
# ### Exercise 4 · ECE
#
# `confidence` and `right` (0 or 1) are arrays $(N,)$. Return the ECE with `bins` right-closed bins
# of equal width on (0, 1].


# %% nbgrader={"grade_id": "ex-08-ece", "solution": true}
def calibration_error_of(confidence, right, bins):
    """Expected calibration error, one number."""
    ### BEGIN SOLUTION
    total = 0.0
    for b in range(bins):
        rows = (b / bins < confidence) & (confidence <= (b + 1) / bins)
        if rows.any():
            total += rows.mean() * abs(right[rows].mean() - confidence[rows].mean())
    return total
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-08-ece", "grade": true, "points": 2}
exercises.calibration_error.check(calibration_error_of)
### BEGIN HIDDEN TESTS
exercises.calibration_error.check(calibration_error_of, seed=8_0104)
### END HIDDEN TESTS

# %% [markdown]
# ### Guess first

# %% folded=true
# The guess.
ece_guess = ChoiceGuess(
    "08-ece",
    "Which of the four has the lowest ECE on imbalance (table, ten seeds)?",
    options=tuple(names),
)
ece_guess

# %% folded=true
# The figure.
sureness = {
    name: means(late[late["data"] == name], "ece").set_index("method")["mean"][names]
    for name in late["data"].unique()
}
ece_guess.reveal(str(sureness["imbalance"].idxmin()))


def answers_of(name, seed):
    """log p and labels of one model of the table, trained again: on validation, then on test."""
    fusion = "none" if name == "ensemble" else "late-linear"
    trial = read_trial(trial_of("imbalance", name))
    net, _ = train("imbalance", fusion, name, trial, seed)
    split = load_preset("imbalance", seed=seed)
    return [
        (predict(net, part.inputs).joint.double().log_softmax(1), part.labels)
        for part in (split.valid, split.test)
    ]


asked = [(name, seed) for name in names for seed in SEEDS[:2]]
answered = {one: answers_of(*one) for one in asked}
drawn = {}
for name in names:
    log_p, labels = answered[name, 100][1]
    drawn[name] = reliability(log_p.exp(), labels)
figure, axes = new_figure(11.2, 3.9, columns=4)
alt = reliability_diagrams(drawn, axes)
figure.suptitle("imbalance, seed 100. 15 bins; the area of a dot is the share of answers in it")
show(figure, alt)

# %% [markdown]
# One seed, trained just now at the settings that the table chose. Below the diagonal a model is too
# sure, above it too modest. Over the ten seeds of the table:

# %% folded=true
# ECE of four methods on all data.
pd.DataFrame(
    {name: {d: figure_of(d, name, "ece") for d in late["data"].unique()} for name in names}
)

# %% folded=true
# Claims, checked.
for name in ("starve", "imbalance"):
    row = paired(name, "mlb", "multi-loss", "ece")
    claim(f"{name}: ECE, MLB − multi-loss {{value:+.3f}}", row.mean, below=-0.02)
    claim("… interval up to {value:+.3f}", row.high, below=0)
surer = paired("starve", "multi-loss", "joint", "ece")
claim("starve: ECE, multi-loss − joint {value:+.3f}", surer.mean, above=0)
both = paired("starve", "mlb", "joint", "ece")
claim("… MLB − joint {value:+.3f}", both.mean, below=0)
modest = paired("imbalance", "ensemble", "mlb", "ece")
claim("imbalance: ECE, ensemble − MLB at least {value:+.3f}", modest.low, above=0.05)
surer = paired("imbalance", "mlb", "multi-loss", "ece", rows=wide)
claim("imbalance, wide: ECE, MLB − multi-loss, at most {value:+.3f}", surer.high, below=0)
at_both_rates({"ECE": partial(figure_of, value="ece")})

# %% [markdown]
# More accurate is not better calibrated: on `starve`, at the usual rates, the multi-loss is right
# more often than joint training, and its ECE is worse (with the wide range it is better). MLB
# improves both, and on `imbalance` it stays better calibrated than the multi-loss with the wide
# range too, where its lead in accuracy is small. And averaging makes modest. Where the unimodal
# models disagree, the ensemble gives each half a say and is right more often than it claims; that
# is honest work for a ranking and poor work for a probability. The usual repair is a
# **temperature** $T$: one number, fitted on validation, that divides all logits (Guo and
# colleagues). It moves no answer, so that the accuracy stays.

# %% folded=true
# The guess.
repair_guess = NumberGuess(
    "08-repair",
    "imbalance: what share of the ensemble's ECE is left after the repair with one T?",
    low=0,
    high=100,
    step=5,
    unit="%",
)
repair_guess

# %% [markdown]
# For the eight models just trained:


# %%
def temperature(log_p, labels):
    """The T with the smallest cross-entropy of log p / T on these rows."""
    grid = np.geomspace(0.1, 5, 100)
    return grid[np.argmin([float(F.cross_entropy(log_p / T, labels)) for T in grid])]


# %% folded=true
# The outcome, beside your guess.
repairs = []
for (name, seed), (valid_rows, (log_p, labels)) in answered.items():
    T = temperature(*valid_rows)
    mended = float(ece((log_p / T).softmax(1), labels))
    row = {"method": name, "seed": seed, "T": T, "before": float(ece(log_p.exp(), labels))}
    repairs.append({**row, "after": mended})
repaired = pd.DataFrame(repairs).groupby("method")[["T", "before", "after"]].mean().loc[names]
unrepaired = repaired["after"]["ensemble"] / repaired["before"]["ensemble"]
repair_guess.reveal(100 * unrepaired, within=10)
repaired.round(3)

# %% folded=true
# Claims, checked.
claim("The ensemble's temperature {value:.2f}", repaired["T"]["ensemble"], below=0.9)
claim("… takes its ECE from {value:.3f}", repaired["before"]["ensemble"], above=0.12)
claim("… to {value:.3f}", repaired["after"]["ensemble"], below=0.09)
claim("MLB's before any repair: {value:.3f}", repaired["before"]["mlb"], below=0.06)

# %% [markdown]
# $T < 1$ sharpens a model that was too modest, $T > 1$ softens one that was too sure. One number
# for all answers looks too coarse for the largest error of the four. But the diagram shows the
# ensemble too modest in nearly all bins, and one number takes away most of that. So do not mistrust
# averages: rescale them, and compare calibration after that repair. (Two seeds.)

# %% [markdown]
# ## The ensemble, argued honestly
#
# First the places of the guess above, one by one: in each of them the joint-trained method with the
# best mean *validation* accuracy, compared on test with the ensemble.

# %%
verdicts

# %% folded=true
# Claims, checked.
by_data = verdicts[verdicts["fusion"] == "late-linear"]["clear"]  # a data set has one ensemble
print(f"late-linear, one row per data set ({len(by_data)}): ensemble clearly beaten in "
      f"{(by_data > 0).sum()}, clearly ahead in {(by_data < 0).sum()}")  # fmt: skip
share = (verdicts["clear"] > 0).mean()
claim("The chosen method clearly beats the ensemble in {value:.0%} of the places", share, below=0.5)
claim("… and is clearly behind it in {value:.0%}", (verdicts["clear"] < 0).mean(), above=0.2)
for fusion in ("late-linear", "mid-mlp", "film"):
    lost = paired("starve", "mlb", "ensemble", fusion=fusion)
    claim(f"starve, {fusion}: MLB − ensemble {{value:+.3f}}", lost.mean, below=0.005)
level = paired("imbalance", "mlb", "ensemble")
claim("imbalance, late-linear: MLB − ensemble {value:+.3f}", level.mean, between=(-0.02, 0.02))
single = paired("av_one_speaker", "ensemble", BEST)
claim("One recorded speaker: ensemble − best single {value:+.3f}", single.mean, below=0.01)
heavy = paired("overfit", "ensemble", BEST)
claim("overfit: ensemble − best single at most {value:+.3f}", heavy.high, below=0)
for name in ("imbalance", "av_two_speakers"):
    print(f"{name}, wide rates: MLB − ensemble", paired(name, "mlb", "ensemble", rows=wide))

# %% [markdown]
# Read the shares with care. The sixteen places are eight data sets, and one ensemble stands against
# up to five fusions, so that the places are not independent. Of so many intervals at 95 % about one
# in twenty misses by chance. And the usual rates bind here too: with the wide range MLB is a little
# ahead of the ensemble on `imbalance` and with two recorded speakers (last lines).
#
# Nor is it a quirk of small networks. In a later paper (arXiv 2411.07335, named above) the group
# that proposed MLB trained others again, ResNets on three video data sets, with the ensemble in the
# table. Its published accuracies, in percent, not checked by us:

# %% folded=true
# The published table.
published = pd.DataFrame(
    {
        "CREMA-D": [55.4, 60.6, 71.7, 62.6, 69.2, 56.5, 59.3, 65.6, 69.3, 71.9],
        "AVE": [45.7, 62.6, 70.5, 66.7, 70.1, 67.3, 65.0, 67.3, 68.4, 71.6],
        "UCF": [38.5, 30.3, 52.8, 47.7, 51.1, 50.9, 47.3, 51.8, 51.0, 52.2],
    },
    index=["video", "audio", "ensemble", "joint", "multi-loss", "MSLR", "MMCosine", "OGM", "AGM",
           "MLB"],
)  # fmt: skip
published

# %% folded=true
# Claims, checked.
losers = (published.loc[["MSLR", "MMCosine"]] < published.loc["joint"]).to_numpy()
claim("Published: entries of MSLR and MMCosine below joint training: {value:.0f}",
      losers.sum(), above=0)  # fmt: skip
methods = published.loc[["multi-loss", "MSLR", "MMCosine", "OGM", "AGM", "MLB"]]
above = (methods > published.loc["ensemble"]).to_numpy()
claim(
    "Published: methods above the plain ensemble, of 18 entries: {value:.0f}", above.sum(), below=4
)
claim("… by at most {value:.1f} points",
      (methods - published.loc["ensemble"]).to_numpy().max(), below=1.5)  # fmt: skip

# %% [markdown]
# A plain average of models that never met beats most methods made to balance them; and neither
# joint training last nor the multi-loss second, the first paper's order, holds in its authors' own
# later runs. The quote is a **selection**: the paper's own method, MCR, stands above the ensemble
# throughout in its tables. Ours, built after the gradients of the released code, does not on these
# data:

# %% folded=true
# Claims, checked.
of_mcr = {d: paired(d, "mcr", "ensemble") for d in late["data"].unique()}
claim("MCR is clearly behind the ensemble on {value:.0f} of 8",
      sum(lead.high < 0 for lead in of_mcr.values()), above=5)  # fmt: skip

# %% [markdown]
# What does the ensemble cost? Two encoders either way, so it is about as large as the joint model
# and as quick to run. A training of each method on `starve`, default settings, against joint
# training (`python -m coursekit bench costs`, see `data/methods_costs.md`; all took turns, five
# rounds):

# %% folded=true
# The figure.
costs = pd.read_csv(open_checked("methods_costs.csv"))
figure, (ax,) = new_figure(7.2, 8.2)
ax.set_title("starve: what one training costs")
show(figure, cost_rows(costs, ax))

# %% folded=true
# Claims, checked.
price = costs.set_index("method")["relative_seconds"]
claim("G-Blend online takes {value:.1f} times joint training", price["gblend-online"], above=2)
claim("MLB takes {value:.1f} times", price["mlb"], below=2.5)

# %% [markdown]
# When is a joint model worth its training, then?
#
# - When the answer needs both modalities **together**. An ensemble is additive (lesson 03), however
#   good its parts: `synergy` above.
# - When one model must do: features for something downstream, one probability to trust.
# - When validation, with the ensemble *in the table*, says so by more than its interval.
#
# If none of these is true, train the parts and average. Or send the better part alone: with one
# recorded speaker and in `overfit`, even averaging was too much.
#
# ### Exercise 5 · A choice within a budget
#
# `valid` maps each method, `"joint"` among them, to its validation accuracies, an array with one
# entry per seed (same seeds, same order). `seconds` maps it to the time of one training. Return the
# name of the method with the largest mean among those that take at most `budget` seconds and whose
# gain over joint training is **clear**: the 95 % t-interval of the paired difference lies above
# zero. If there is none: `"joint"`.


# %% nbgrader={"grade_id": "ex-08-choose", "solution": true}
def choose(valid, seconds, budget):
    """Name of the method to train."""
    ### BEGIN SOLUTION
    kept = {}
    for method, values in valid.items():
        d = values - valid["joint"]
        if method == "joint" or seconds[method] > budget:
            continue
        half = stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d))
        if d.mean() - half > 0:
            kept[method] = values.mean()
    return max(kept, key=lambda name: kept[name], default="joint")
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-08-choose", "grade": true, "points": 2}
exercises.choose_method.check(choose)
### BEGIN HIDDEN TESTS
exercises.choose_method.check(choose, seed=8_0105)
### END HIDDEN TESTS

# %% [markdown]
# ## May a table be ranked?
#
# Now everybody asks which method is best. First ask how the table was made. A study that trained
# nineteen fusion methods again under one protocol ([2025](https://arxiv.org/abs/2512.22991)) found
# none that is reliably ahead of a plain transformer over the encoders' features, and names what
# comparisons have to meet. `coursekit.compare.reliability` checks eight such conditions on the
# tables alone: the same rivals everywhere, an equal budget, tuned single models, the ensemble, ten
# seeds, no choice on test, no rate chosen at an edge of its range, a column of costs.

# %% folded=true
# The guess.
reliable_guess = NumberGuess(
    "08-reliable",
    "Of these eight conditions: how many does the course's own table meet (late-linear)?",
    low=0,
    high=8,
    step=1,
)
reliable_guess


# %% folded=true
# The outcome, beside your guess: three tables, eight conditions.
def late_rows(name):
    """Rows of a stored file: late-linear fusion, no fusion, and the late transformer."""
    rows = pd.read_csv(open_checked(name))
    late_transformer = (rows["fusion"] == "transformer") & (rows["method"] == "joint")
    return rows[rows["fusion"].isin(["late-linear", "none"]) | late_transformer]


quoted = published.rename({"video": "unimodal video", "audio": "unimodal audio"})
quoted = quoted.rename_axis("method").reset_index()
quoted = quoted.melt("method", var_name="data", value_name="test").assign(fusion="as published")
usual_rows, usual_trials = late_rows("methods.csv"), late_rows("methods_trials.csv")
asked_of = {
    "usual rates": (usual_rows, usual_trials),
    "wide rates": (late_rows("methods_rates.csv"), late_rows("methods_rates_trials.csv")),
    "published, as quoted": (quoted, None),
}
checked = {name: checklist(*both).set_index("condition") for name, both in asked_of.items()}
holds = pd.DataFrame({name: verdicts["holds"] for name, verdicts in checked.items()})
reliable_guess.reveal(int(holds["usual rates"].sum()), within=0)
holds.replace({True: "✓", False: "–"})

# %% folded=true
# Why, where one does not hold.
for name, verdict in checked.items():
    for condition, why in verdict.loc[~verdict["holds"], "why"].items():
        print(f"{name}, {condition}: {why}")

# %% [markdown]
# The quoted figures may be as good as ours; a table of means cannot tell. Ours fails where you saw
# it fail: rates were chosen at the edge. So a ranking is refused:

# %%
try:
    ranking(usual_rows, usual_trials)
except Unreliable as refusal:
    print(refusal)

# %% [markdown]
# Who wants it all the same names what is excused. In each data set the best mean accuracy has rank
# 1; a method's **mean rank** is over the eight, its bar the 95 % interval over them.

# %% folded=true
# The figure.
ranks = ranking(usual_rows, usual_trials, excused=["edge of the range not chosen"])
distance = critical_difference(methods=len(ranks), data_sets=8)
figure, (ax,) = new_figure(7.6, 8.2)
ax.set_title("Eight data sets, late-linear, usual rates: who can be told from the first?")
show(figure, mean_rank_rows(ranks, ax, distance))

# %% [markdown]
# The strip is the **critical difference** (Nemenyi's): with so many methods and so few data sets,
# mean ranks must be further apart than that before chance is an unlikely reason. A second question
# needs no rank: how often is a method clearly ahead of the *ensemble*, how often clearly behind?

# %% folded=true
# Counted on the eight data sets; the ten most often ahead.
over_plain = clearly_ahead(usual_rows).set_index("method")
over_plain.head(10)

# %% folded=true
# Claims, checked.
rank_of = ranks.set_index("method")["mean"]
claim("First is MLA, mean rank {value:.1f}", rank_of["mla"], below=rank_of.drop("mla").min())
near = rank_of[rank_of <= rank_of["mla"] + distance]
claim(f"Critical difference {distance:.1f}; rows within it of the first: {{value:.0f}} of "
      f"{len(ranks)}", len(near), above=len(ranks) / 2)  # fmt: skip
print("not within it:", ", ".join(sorted(set(rank_of.index) - set(near.index))))
claim("MLA is clearly ahead of the ensemble on {value:.0f} of 8", over_plain["ahead"]["mla"],
      above=3)  # fmt: skip
claim("… clearly behind on {value:.0f}", over_plain["behind"]["mla"], below=1)
weighed = "certainty-ensemble"
claim(f"The control, {weighed}, has mean rank {{value:.1f}}", rank_of[weighed],
      below=rank_of["ensemble"])  # fmt: skip
claim("… clearly ahead of the ensemble on {value:.0f}", over_plain["ahead"][weighed], below=3)
claim("… clearly behind on {value:.0f}", over_plain["behind"][weighed], between=(1, 3))
for pair, ahead_on, behind_on in (("mla", weighed), 4, 0), (("mlb", "random-scale"), 2, 1):
    leads = {d: paired(d, *pair) for d in late["data"].unique()}
    clear_lead = [d for d, lead in leads.items() if lead.low > 0]
    clear_loss = [d for d, lead in leads.items() if lead.high < 0]
    claim(f"{' − '.join(pair)}: clearly above zero on {{value:.0f}} ({', '.join(clear_lead)})",
          len(clear_lead), between=(ahead_on, 6))  # fmt: skip
    claim(f"… clearly below on {{value:.0f}} ({', '.join(clear_loss) or 'none'})",
          len(clear_loss), between=(behind_on, behind_on))  # fmt: skip
    print({d: str(lead) for d, lead in leads.items()})
trained = np.median([paired(d, "mla", weighed).mean for d in late["data"].unique()])
claim("MLA − certainty-ensemble, median of eight: {value:+.4f}", trained, between=(0, 0.01))
over_late = clearly_ahead(usual_rows, LATE_TRANSFORMER).set_index("method").drop(BEST)
claim("The late transformer has mean rank {value:.1f}", rank_of[LATE_TRANSFORMER],
      above=rank_of[weighed] + distance)  # fmt: skip
claim("… clearly behind the ensemble on {value:.0f}", over_late["ahead"]["ensemble"], above=4)
claim("… clearly ahead of any other on at most {value:.0f}", over_late["behind"].max(), below=3)
others_ahead = over_plain["ahead"].drop(["mla", weighed])
claim(f"Nobody else is so on more than {{value:.0f}} ({others_ahead.idxmax()})",
      others_ahead.max(), below=4)  # fmt: skip

# %% [markdown]
# MLA is first. Before you quote that, look at the row below it. MLA trains the modalities in turn
# with one head for all, and at test weighs each sample's answers by how sure each is.
# **certainty-ensemble** is a control: the plain ensemble with those weights at test. It has the
# second mean rank, though it is clearly ahead of the plain ensemble on one data set and clearly
# behind on two. So how answers are *added up* may be a part of MLA's lead, and its training adds
# the rest, half of the time less than a point. And **random-scale** is the control of all scales:
# it draws its $k$ at random, as widely as MLB's. MLB's rule is worth more than that noise on
# `starve` and `imbalance`, less with one recorded speaker, and elsewhere one cannot tell.
#
# And the **late transformer**, which that study could not beat reliably? Here it is near the end.
# Its data are larger, and nobody starves an encoder in them on purpose.
#
# Eight data sets cannot tell most of the others apart, whatever the order of their dots.

# %% [markdown]
# ## A guide, with its numbers
#
# The second part of the course in one table. Each line's evidence is computed above or read from
# the stored table, paired over seeds.


# %% folded=true
# The guide.
guide = [
    ("starvation: joint below the best single, a probe collapsed",
     "ensemble first; MLB or G-Blend if one model must do",
     f"starve: ensemble − joint {paired('starve', 'ensemble', 'joint')}, "
     f"MLB − joint {paired('starve', 'mlb', 'joint')}"),
    ("the chosen rate is the largest tried",
     "widen the range first, for every method",
     f"starve, MLB − multi-loss: usual {usual_lead}, wide {wide_lead}"),
    ("hidden starvation: joint ahead, a probe far below alone",
     "the same; do not stop at “it gained”",
     f"imbalance: MLB − joint {paired('imbalance', 'mlb', 'joint')}, "
     f"wide {paired('imbalance', 'mlb', 'joint', rows=wide)}"),
    ("overfitting of the fusion head: probes intact",
     "the best single model; no acceleration at the usual rates",
     f"overfit: MLB − joint {paired('overfit', 'mlb', 'joint')}, "
     f"wide {paired('overfit', 'mlb', 'joint', rows=wide)}, "
     f"best single − joint {paired('overfit', BEST, 'joint')}"),
    ("nothing wrong",
     "joint training with a tuned rate; ensemble or heads bring about a point",
     f"balanced: MLB − joint {paired('balanced', 'mlb', 'joint')}, "
     f"ensemble − joint {paired('balanced', 'ensemble', 'joint')}"),
    ("the answer needs both modalities together",
     "joint training with a fusion that multiplies; no unimodal losses without a test",
     f"synergy: ensemble − joint {hopeless}, multi-loss − joint {paid}"),
    ("probabilities matter",
     "measure ECE; rescale averages on validation",
     f"imbalance: ECE, ensemble − MLB {paired('imbalance', 'ensemble', 'mlb', 'ece')}"),
]  # fmt: skip
pd.DataFrame(guide, columns=["what you see", "what to try", "evidence"])

# %% folded=true
# Claims, checked.
claim(
    "starve: ensemble − joint at least {value:+.3f}",
    paired("starve", "ensemble", "joint").low,
    above=0.05,
)
claim(
    "imbalance: MLB − joint at least {value:+.3f}",
    paired("imbalance", "mlb", "joint").low,
    above=0.05,
)
claim(
    "overfit: best single − joint at least {value:+.3f}",
    paired("overfit", BEST, "joint").low,
    above=0,
)
claim(
    "balanced: MLB − joint {value:+.3f}",
    paired("balanced", "mlb", "joint").mean,
    between=(-0.01, 0.02),
)

# %% [markdown]
# ## Further · A method of your own
#
# ### Exercise 6 · A method of your own
#
# Write a subclass of `Method`, best on top of `MultiLoss`, that goes **beyond** it on starved data:
# override `scales(step)`, `weights(step)` or whatever you need (`coursekit.training.method` says
# what there is). Names of the modalities: `step.run.model.modalities`; their own logits:
# `step.prediction.unimodal`, by name; the labels: `step.labels`. `true_class_scores` is at hand.
#
# The check trains it on small data. It must run with two and three modalities of any name and in
# any order and be fixed by the seed; give no negative weight and no negative $k$; lose at most 0.05
# of accuracy on balanced data; lift the starved probe by more than 0.1 over joint training; and
# beat the multi-loss on `starve`, **at the better of the usual rate and three times it**, by more
# than 0.005. The last clause is this lesson's point: one $k$ for everybody, such as 3, is a
# learning rate, $k$ drawn at random are the control, and both are refused. The check trains and may
# take a minute. (MLB with a change of yours passes. To call it yours, say what it does that MLB
# does not.)


# %% nbgrader={"grade_id": "ex-08-own", "solution": true}
class Mine(MultiLoss):
    """A method of your own."""

    ### BEGIN SOLUTION
    def scales(self, step):
        alone = step.prediction.unimodal
        s = true_class_scores(list(alone.values()), step.labels)
        others = (s.sum() - s) / (len(s) - 1)
        return dict(zip(alone, (others / s).clamp(0.1, 3.0).tolist(), strict=True))

    ### END SOLUTION
    ...


# %% nbgrader={"grade_id": "check-08-own", "grade": true, "points": 3}
exercises.own_method.check(Mine)
### BEGIN HIDDEN TESTS
exercises.own_method.check(Mine, seed=8_0106)
### END HIDDEN TESTS

# %% [markdown]
# And into the race, on full-size data, beside joint training, MLB and, always, the ensemble. (As
# long as the class is empty, it is the multi-loss.)

# %% folded=true
# The figure.
entries = {"joint": Method, "mine": Mine, "mlb": MLB}
*_, after = race(load_preset("starve", seed=100), entries, Settings(epochs=14), seed=100)
lanes = after.epochs.assign(split="valid").rename(columns={"entry": "model"})
figure, (ax,) = new_figure(7.2, 4.0)
ax.set_title("starve, seed 100: a race with the ensemble in it")
roles = {"joint": "joint", "mine": "A", "mlb": "B", "ensemble": "ensemble"}
alt = learning_curves(lanes, ax, roles, value="accuracy")
plain_legend(ax, roles)
ax.set_ylabel("validation accuracy (one seed)")
show(figure, alt)

# %% [markdown]
# One seed is a race, not a result. If yours looks good, `python -m coursekit bench methods` gives
# it the budget, the seeds and the rivals of the table, once it stands in a file of its own in
# `coursekit/balancing`.

# %% [markdown]
# ## What stays
#
# - A loss of its own heals a starved encoder (on `starve`). Whether the joint head uses it is a
#   matter of pace: of MLB's, or of a larger rate for everybody.
# - MLB's pace gives the slow one its turn and then fades. It sets itself; a rate has to be
#   searched.
# - Equal budgets are not enough: a best setting on the edge of its range is not a best setting.
# - The score sees who is behind, not why. Speeding up an ignorant modality did harm, at the usual
#   rates.
# - No order of methods holds on all data. Report paired differences, intervals, and the rivals.
# - A ranking needs its conditions met, its controls in the table, and more data sets than eight.
# - The plain ensemble is hard to beat, except where the answer needs an interaction. Rescale it
#   (*Further*).
#
# ## Words
#
# - **MLB**: multi-loss balanced; the multi-loss with a pace for each modality.
# - **pace**: the factor on a modality's step, from the ratio of the others' score to its own.
# - **paired difference**: two methods subtracted seed by seed, on the same data, before the mean.
# - **confidence**: the largest probability that a model gives.
# - **temperature**: one number that divides all logits, fitted on validation for calibration.
# - **mean rank**: a method's place among all, averaged over data sets.
# - **critical difference**: how far apart two mean ranks have to be before chance is an unlikely
#   reason.
# - **calibration**: whether a model is right as often as it is sure.
# - **expected calibration error**: the mean gap between accuracy and confidence over bins of equal
#   width, weighted by how many answers lie in them.
# - **reliability diagram**: accuracy against confidence, bin by bin.
#
# All words of the course stand in the [glossary](glossary.ipynb).
#
# ## Checkpoint

# %% folded=true
# The checkpoint: what your run gave.
record.checkpoint(
    "08",
    {
        "starve, multi-loss − joint": float(gained.mean),
        "starve, MLB − multi-loss": float(paired("starve", "mlb", "multi-loss").mean),
        "starve, MLB − multi-loss, wide rates": float(wide_lead.mean),
        "starve, MLB − ensemble": float(paired("starve", "mlb", "ensemble").mean),
        "7 epochs, accelerate − brake": edge.mean,
        "places where the ensemble is clearly beaten": float(share),
        "synergy, ensemble − joint": hopeless.mean,
    },
    data,
)
