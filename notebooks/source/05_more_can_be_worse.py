# %% [markdown]
# # 05 · More can be worse
#
# **After this lesson you can**
#
# - explain why a model with more modalities should never lose, and why in training it does,
# - measure the loss honestly: a fair rival, several seeds, an interval, the ensemble beside it,
# - read an **encoder probe**, and tell two illnesses apart that look the same from outside,
# - say what the usual cures do against each of them, from your own table.
#
# **Time** about 70 minutes to read and do; the computing takes less than 1 minute.
#
# **Needed before** lesson 00, cross-entropy and mini-batches in PyTorch.
#
# **Sources** Wang, Tran and Feiszli, *What Makes Training Multi-modal Classification Networks
# Hard?* ([2020](https://arxiv.org/abs/1905.12681)); Kontras and colleagues, *Improving Multimodal
# Learning with Multi-Loss Gradient Modulation* ([2024](https://arxiv.org/abs/2405.07930)); Paul
# Liang, *How to AI (Almost) Anything*, lecture 5.

# %%
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from coursekit import record
from coursekit.claims import claim
from coursekit.data import ceiling, load, load_preset, preset
from coursekit.data.files import open_checked
from coursekit.diagnosis import diagnose, drop_by_seed, probe_change_by_seed
from coursekit.exercises import lesson05 as exercises
from coursekit.experiments import cures, over_seeds
from coursekit.models import build_classifier
from coursekit.plots import (
    accuracy_intervals,
    encoder_probes,
    learning_curves,
    new_figure,
    show,
)
from coursekit.plots.folds import fold_gaps
from coursekit.probes import probe_encoders
from coursekit.stats import interval, summarise
from coursekit.training import Settings, accuracy, fit, predict
from coursekit.widgets import EXPLORERS, ChoiceGuess, NumberGuess

pd.set_option("display.max_colwidth", None)  # tables show their sentences whole
ROLES = {"A": "A", "B": "B", "joint": "joint", "ensemble": "ensemble"}

# %% [markdown]
# ## It cannot happen
#
# A **unimodal** model reads one modality: an **encoder** turns the input into **features**, a
# **head** turns features into **logits**, one number a class. A **joint** model has one encoder a
# modality; here the features are laid side by side and one linear layer reads them all. That is
# **late-linear fusion**.
#
# The joint model contains every unimodal one. Set the weights that read modality B to zero, and
# what is left is the model of A. So the best joint model is at least as good as the best single
# one, on any data, for any loss. This is the **superset argument**, and it is right.
#
# Now the measurements. Wang and colleagues trained video classifiers on Kinetics, with colour
# frames (RGB), sound (A) and optical flow (OF). Their top-1 accuracies, in percent:

# %%
kinetics = pd.DataFrame(
    [
        ("A + RGB", 71.4, "RGB", 72.6),
        ("RGB + OF", 71.3, "RGB", 72.6),
        ("A + OF", 58.3, "OF", 62.1),
        ("A + RGB + OF", 70.0, "RGB", 72.6),
    ],
    columns=["joint model", "accuracy", "best single", "its accuracy"],
)
kinetics["joint − best"] = (kinetics["accuracy"] - kinetics["its accuracy"]).round(1)
kinetics

# %%
claim(
    "Published: the best of four joint models is {value:+.1f} points against its best part",
    kinetics["joint − best"].max(),
    below=0,
)

# %% [markdown]
# More modalities, worse answers, four times out of four. The argument speaks of the best weights.
# Training stops somewhere else. This lesson finds out where.
#
# ## Data that tell us the truth
#
# On real data nobody knows what each modality could have told. So we start with a generator that
# decides it sample by sample. Six classes, two modalities. A sample is **redundant** (both show the
# class), **unique** to one modality (the other is silent), or **absent** (both are silent). The
# shares fix the best possible accuracy of each model before anything is trained.

# %%
starve = preset("starve")
pd.DataFrame(
    {
        "share of samples": pd.Series(starve.recipe.shares()).round(2),
    }
)

# %%
ceilings = {"A": ceiling(starve.recipe, ("A",)), "B": ceiling(starve.recipe, ("B",))}
ceilings["joint"] = ceiling(starve.recipe)
pd.Series(ceilings).round(3).to_frame("best possible accuracy")

# %% [markdown]
# A knows all that B knows, and more. But A is **slow**: its class signal lies in directions of
# small variance, and no straight line can read it. A small network needs a few epochs to dig it
# out. B shows less, but a linear layer reads it at once.
#
# ### Guess first
#
# Trained alone, A reaches about 0.85 and B about 0.77. The joint model may use both.

# %%
joint_guess = NumberGuess(
    "05-joint",
    "Test accuracy of the joint model, mean over ten seeds?",
    low=0.60,
    high=1.00,
    step=0.01,
)
joint_guess

# %% [markdown]
# Every seed draws new data and new weights. Everything else is the same for all models: 20 epochs,
# SGD with momentum, the same batches. The **ensemble** needs no training of its own. It averages
# the probabilities of the two unimodal models. Keep an eye on it: it is the row that papers forget.

# %%
SEEDS = range(10)
starved = over_seeds(
    partial(load_preset, "starve"), Settings(**starve.training), SEEDS, label="starve"
)
four = ["A", "B", "joint", "ensemble"]
starved_four = starved.accuracy[starved.accuracy["model"].isin(four)]
joint_guess.reveal(starved_four.query("model == 'joint'")["accuracy"].mean(), within=0.02)

# %%
figure, (ax,) = new_figure(7.2, 3.4)
ax.set_title("starve: the joint model loses to one of its parts")
show(figure, accuracy_intervals(starved_four, ax, ROLES))

# %%
drop = interval(drop_by_seed(starved.accuracy, "AB"))
print(f"joint − best single, mean and 95 % interval over {drop.n} seeds: {drop}")
claim("The joint model loses {value:+.3f} against A alone", drop.mean, below=-0.04)
claim("… and not by chance: the interval ends at {value:+.3f}", drop.high, below=0)
alone = starved.accuracy.pivot_table(index="seed", columns="model", values="accuracy")
claim(
    "Seeds in which A is the best single model: {value:.0f} of 10",
    (alone["A"] > alone["B"]).sum(),
    equals=10,
    within=0,
)
claim(
    "The ensemble of the same two models gains {value:+.3f} over A",
    (alone["ensemble"] - alone["A"]).mean(),
    above=0.02,
)

# %% [markdown]
# There it is, in a network of a few thousand weights. Look at where the joint model stands: on B.
# The ensemble, made of the very same encoders and data, is far above. So the information is there,
# and so is the capacity. What failed is the training.
#
# ### Exercise 1 · A fair rival
#
# "The best single model" is a choice, and choices made on test data flatter. Choose the rival on
# the **validation** split, then compare on the **test** split. `valid_alone` and `test_alone` map
# each modality's name to its accuracy, `test_joint` is a number.


# %% nbgrader={"grade_id": "ex-05-fair-gap", "solution": true}
def fair_gap(valid_alone, test_alone, test_joint):
    """Joint test accuracy minus that of the modality chosen on validation."""
    ### BEGIN SOLUTION
    best = max(valid_alone, key=valid_alone.get)
    return test_joint - test_alone[best]
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-05-fair-gap", "grade": true, "points": 1}
exercises.fair_gap.check(fair_gap)
### BEGIN HIDDEN TESTS
exercises.fair_gap.check(fair_gap, seed=5_0101)
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 2 · The forgotten row
#
# Return the accuracy of the ensemble from the logits of two models, arrays $(N, C)$, and the labels
# $(N,)$. Average **probabilities**, not logits.


# %% nbgrader={"grade_id": "ex-05-ensemble", "solution": true}
def ensemble_accuracy(logits_a, logits_b, labels):
    """Accuracy of the mean of both models' probabilities, one number."""

    ### BEGIN SOLUTION
    def softmax(logits):
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    mean = (softmax(logits_a) + softmax(logits_b)) / 2
    return np.mean(mean.argmax(axis=1) == labels)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-05-ensemble", "grade": true, "points": 2}
exercises.ensemble_accuracy.check(ensemble_accuracy)
### BEGIN HIDDEN TESTS
exercises.ensemble_accuracy.check(ensemble_accuracy, seed=5_0102)
### END HIDDEN TESTS

# %% [markdown]
# ## Watch it happen
#
# The same models, epoch by epoch.

# %%
curves = starved.history[starved.history["model"].isin(["A", "B", "joint"])]
figure, (ax,) = new_figure(7.2, 4.2)
ax.set_title("starve: the joint model follows B, then stops")
alt = learning_curves(curves, ax, ROLES, value="accuracy")
show(figure, alt)

# %%
late = curves.query("split == 'train' and epoch == 20").groupby("model")["loss"].mean()
gap = curves.query("epoch == 20").pivot_table(index="model", columns="split", values="accuracy")
print(gap.round(3).to_string())
claim(
    "Training accuracy of the joint model in the last epoch: {value:.2f}",
    gap.loc["joint", "train"],
    above=0.85,
)

# %% [markdown]
# B is learnt within three epochs and the joint model with it. By then the training loss is low, and
# what is left of it is noise that the wide input of B can be used to memorise. A's encoder gets
# almost no gradient: every sample that B explains has nothing left to teach. The paper's words for
# it are that modalities **overfit and generalise at different rates**; one optimiser cannot suit
# both.
#
# ## Ask the encoder: a probe
#
# Is it A's encoder that failed, or the layer on top? Freeze the encoder, throw the head away, and
# fit a fresh linear classifier on its features. That is a **linear probe**. Its test accuracy says
# what a linear head could read from these features. Compare the encoder of the joint model with the
# encoder of the unimodal model, which is the best that this training gives.
#
# Here is a probe in ten lines, checked against the package's.


# %%
def probe(encoder_features, train, test):
    """Test accuracy of a fresh linear head on frozen features of modality A."""
    scale = StandardScaler().fit(encoder_features(train))  # (n, 32)
    head = LogisticRegression(max_iter=300).fit(
        scale.transform(encoder_features(train)), train.labels
    )
    return head.score(scale.transform(encoder_features(test)), test.labels)


data = load_preset("starve", seed=0)
model = build_classifier(data.train.inputs, data.num_classes, seed=0)
history = fit(model, data.train, data.valid, Settings(**starve.training), seed=0)
by_hand = probe(
    lambda split: predict(model, split.inputs).features["A"].numpy(), data.train, data.test
)
package = probe_encoders(model, data.train, data.test)["A"]
claim("Difference to coursekit.probes: {value:.1e}", abs(by_hand - package), below=1e-8)
reached = accuracy(predict(model, data.test.inputs).joint, data.test.labels)
print(f"one joint model: accuracy {reached:.3f}, probe of its encoder A {by_hand:.3f}")

# %% [markdown]
# ### Guess first
#
# A's encoder, trained alone, probes at about 0.84. One in six is chance.

# %%
probe_guess = NumberGuess(
    "05-probe",
    "Probe accuracy of A's encoder inside the joint model?",
    low=0.15,
    high=0.90,
    step=0.01,
)
probe_guess

# %%
change = probe_change_by_seed(starved.probes)
of_a = starved.probes.query("modality == 'A' and trained == 'joint'")["accuracy"]
probe_guess.reveal(of_a.mean(), within=0.05)
figure, (ax,) = new_figure(7.2, 2.8)
ax.set_title("starve: A's encoder never learnt, B's is as good as alone")
show(figure, encoder_probes(starved.probes, ax))

# %%
print(f"probe, joint − alone: A {interval(change['A'])}, B {interval(change['B'])}")
claim("A's probe falls by {value:+.3f}", interval(change["A"]).mean, below=-0.30)
claim("B's probe moves by {value:+.3f}", interval(change["B"]).mean, between=(-0.04, 0.04))

# %% [markdown]
# The first illness, then: **starvation**. The fast modality drives the loss down, and the slow
# encoder is left without a teacher. No head on earth can repair that afterwards.
#
# ### Exercise 3 · Probe with less
#
# A probe need not be a logistic regression. The simplest one: take the **mean feature vector of
# each class** on the training rows, and give a test row the class of the nearest mean (Euclidean).
# Features are arrays $(n, D)$, labels count from 0. Return the test accuracy.


# %% nbgrader={"grade_id": "ex-05-probe", "solution": true}
def nearest_mean_probe(train_features, train_labels, test_features, test_labels):
    """Test accuracy of a nearest-class-mean probe, one number."""
    ### BEGIN SOLUTION
    classes = range(train_labels.max() + 1)
    means = np.stack([train_features[train_labels == c].mean(axis=0) for c in classes])
    squared = ((test_features[:, None] - means[None]) ** 2).sum(axis=2)  # (n, C)
    return np.mean(squared.argmin(axis=1) == test_labels)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-05-probe", "grade": true, "points": 2}
exercises.nearest_mean_probe.check(nearest_mean_probe)
### BEGIN HIDDEN TESTS
exercises.nearest_mean_probe.check(nearest_mean_probe, seed=5_0103)
### END HIDDEN TESTS

# %% [markdown]
# ## The same drop, another illness
#
# Now other data. A is easy and knows nearly everything. B knows little, and its few facts come with
# three hundred dimensions of pure noise. There are only 500 training samples; the optimiser is
# Adam. The joint model loses again. Is A's encoder to blame again?

# %%
blame_guess = ChoiceGuess(
    "05-blame",
    "What will the probe of A's encoder do, from alone to joint?",
    options=("it collapses", "it stays", "it improves"),
)
blame_guess

# %%
overfit = preset("overfit")
overfitted = over_seeds(
    partial(load_preset, "overfit"), Settings(**overfit.training), SEEDS, label="overfit"
)
change = probe_change_by_seed(overfitted.probes)
moved = interval(change["A"]).mean
blame_guess.reveal(
    "it stays" if abs(moved) < 0.03 else "it collapses" if moved < 0 else "it improves"
)

# %%
figure, axes = new_figure(10.4, 3.4, columns=2)
axes[0].set_title("overfit: the joint model loses …")
axes[1].set_title("… with both encoders intact")
alts = [
    accuracy_intervals(
        overfitted.accuracy[overfitted.accuracy["model"].isin(four)], axes[0], ROLES
    ),
    encoder_probes(overfitted.probes, axes[1]),
]
axes[0].set_xlabel("test accuracy, 95 % interval")
show(figure, " ".join(alts))

# %%
drop_overfit = interval(drop_by_seed(overfitted.accuracy, "AB"))
print(f"joint − best single: {drop_overfit}; probe of A, joint − alone: {interval(change['A'])}")
claim("The joint model loses {value:+.3f}", drop_overfit.mean, below=-0.05)
claim("… and the interval ends at {value:+.3f}", drop_overfit.high, below=0)
claim("A's probe moves by {value:+.3f}", moved, between=(-0.03, 0.03))
last = overfitted.history.query("model == 'joint' and epoch == epoch.max()")
fitted = last.groupby("split")["accuracy"].mean()
claim("The joint model's accuracy on the training rows is {value:.3f}", fitted["train"], above=0.98)

# %% [markdown]
# Nobody is starved here. The joint model has learnt A's lesson and, on top of it, the noise of B by
# heart: it is all but perfect on the rows it was trained on. This is **overfitting of the fusion
# head** (and of what feeds it): more inputs, more ways to memorise. The weights that read A well
# are all there, outvoted by weights that should be zero.
#
# Two illnesses, one symptom:
#
# | | encoders intact | an encoder starved |
# |---|---|---|
# | **joint below the best single** | overfitting of the fusion head | starvation |
# | **joint not below** | none | hidden starvation |
#
# The lower right corner is the one that nobody looks for. Here it is, and beside it a healthy case.

# %%
cases = {"starve": starved, "overfit": overfitted}
for name in ("imbalance", "balanced"):
    cases[name] = over_seeds(
        partial(load_preset, name), Settings(**preset(name).training), SEEDS, label=name
    )
rows = []
for name, result in cases.items():
    found = probe_change_by_seed(result.probes)
    rows.append(
        {
            "data": name,
            "joint − best": interval(drop_by_seed(result.accuracy, "AB")),
            "probe of A": interval(found["A"]),
            "probe of B": interval(found["B"]),
            "illness": diagnose(result.accuracy, result.probes).illness,
        }
    )
pd.DataFrame(rows).set_index("data")

# %%
hidden = drop_by_seed(cases["imbalance"].accuracy, "AB")
hidden_probe = probe_change_by_seed(cases["imbalance"].probes)["A"]
claim("imbalance: the joint model gains {value:+.3f}", interval(hidden).mean, above=0.02)
claim("… and A's probe falls all the same, {value:+.3f}", interval(hidden_probe).mean, below=-0.08)
ahead = cases["imbalance"].accuracy.pivot_table(index="seed", columns="model", values="accuracy")
best_alone = ahead[["A", "B"]].max(axis=1).mean()
missed = (ahead["ensemble"] - ahead["joint"]).mean() / (ahead["ensemble"].mean() - best_alone)
claim("… it misses {value:.0%} of what the ensemble gains", missed, above=0.5)
claim(
    "… so the ensemble is ahead by {value:+.3f}",
    interval(ahead["ensemble"] - ahead["joint"]).low,
    above=0.02,
)
healthy = drop_by_seed(cases["balanced"].accuracy, "AB")
claim("balanced: the joint model gains {value:+.3f}", interval(healthy).mean, above=0.12)
worst = probe_change_by_seed(cases["balanced"].probes).mean().abs().max()
claim("… and no probe moves by more than {value:.3f}", worst, below=0.04)

# %% [markdown]
# A gain is no proof of health. In `imbalance` you would have published an improvement, and left
# most of what the same two encoders can give on the floor. The ensemble row would have told you.
#
# ### Exercise 4 · An honest interval
#
# `joint` and `alone` are arrays of test accuracies, one entry a seed; in each seed both models saw
# the same data. Return the two ends of the 95 % Student-t interval of the mean difference `joint −
# alone`, lower end first.


# %% nbgrader={"grade_id": "ex-05-paired-interval", "solution": true}
def paired_interval(joint, alone):
    """Lower and upper end of the 95 % interval of the mean of joint − alone."""
    ### BEGIN SOLUTION
    d = joint - alone
    half = stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean() - half, d.mean() + half
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-05-paired-interval", "grade": true, "points": 2}
exercises.paired_interval.check(paired_interval)
### BEGIN HIDDEN TESTS
exercises.paired_interval.check(paired_interval, seed=5_0104)
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 5 · The diagnosis
#
# Write the two-by-two table as a function. `drop` is joint minus best single accuracy (negative =
# the joint model is worse). `probe_changes` maps each modality to its probe, joint minus alone.
# Count the joint model as worse below −0.02, an encoder as starved below −0.08. Answer with one of
# `"starvation"`, `"hidden starvation"`, `"overfitting of the head"`, `"none"`.


# %% nbgrader={"grade_id": "ex-05-diagnose", "solution": true}
def diagnosis_of(drop, probe_changes):
    """One of the four words."""
    ### BEGIN SOLUTION
    worse = drop < -0.02
    starved = min(probe_changes.values()) < -0.08
    if starved:
        return "starvation" if worse else "hidden starvation"
    return "overfitting of the head" if worse else "none"
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-05-diagnose", "grade": true, "points": 2}
exercises.diagnose.check(diagnosis_of)
### BEGIN HIDDEN TESTS
exercises.diagnose.check(diagnosis_of, seed=5_0105)
### END HIDDEN TESTS

# %% [markdown]
# ## The usual cures
#
# Five things people try first. Two are architecture: a **squeeze-and-excitation gate** scales each
# feature by a gate computed from all of them; a **non-local gate** lets the modalities attend to
# each other. On Kinetics they took A + RGB from 71.4 to 71.4 and 71.7, with RGB alone at 72.6
# (Wang and colleagues). Two are regularisation: **dropout** on the features, and **early
# stopping** at the best validation epoch. The last is **pre-training**: start the joint model from
# the encoders of the unimodal ones.
#
# Training all of them ten times takes two minutes or more, so this one table was made beforehand,
# on the same data and seeds as above, with
#
# `python -m coursekit cures --seeds 10 --out data/cures.csv`

# %%
cure_guess = ChoiceGuess(
    "05-cure",
    "Which of them brings the starved joint model level with A alone (within 0.02)?",
    options=("none", *cures()),
)
cure_guess


# %%
study = pd.read_csv(open_checked("cures.csv"))


def cure_table(data):
    """Each variant against the best single model and against the ensemble, over seeds."""
    rows = study[(study["data"] == data) & (study["train"] == preset(data).recipe.train)]
    wide = rows.pivot_table(index="seed", columns="model", values="accuracy")
    best = wide[["A", "B"]].max(axis=1)
    return pd.DataFrame(
        {
            name: {
                "accuracy": interval(wide[name]),
                "− best single": interval(wide[name] - best),
                "− ensemble": interval(wide[name] - wide["ensemble"]),
            }
            for name in ("joint", *cures(), "ensemble")
        }
    ).T


tables = {name: cure_table(name) for name in ("starve", "overfit")}
level = [n for n in cures() if tables["starve"].loc[n, "− best single"].mean > -0.02]
cure_guess.reveal(level[0] if len(level) == 1 else "none")
pd.concat(tables)

# %%
gap = abs(tables["starve"].loc["joint", "accuracy"].mean - alone["joint"].mean())
claim("The stored table and your run agree on the joint model within {value:.3f}", gap, below=0.01)
for name in ("SE gate", "non-local gate", "dropout", "early stopping"):
    for illness, table in tables.items():
        claim(
            f"{illness}, {name}, minus best single model: the interval ends at {{value:+.3f}}",
            table.loc[name, "− best single"].high,
            below=0,
        )
claim(
    "starve, pre-trained: {value:+.3f} against A alone",
    tables["starve"].loc["pre-trained", "− best single"].mean,
    between=(-0.02, 0.02),
)
claim(
    "… but {value:+.3f} against the ensemble",
    tables["starve"].loc["pre-trained", "− ensemble"].high,
    below=0,
)
claim(
    "overfit, pre-trained: {value:+.3f}, worse than no cure at all",
    (
        tables["overfit"].loc["pre-trained", "accuracy"].high
        - tables["overfit"].loc["joint", "accuracy"].low
    ),
    below=0,
)

# %% [markdown]
# Neither gate, nor dropout, nor early stopping brings back what A alone had, in either illness.
# That is no surprise once you know the illness: a gate cannot pass on features that were never
# learnt, and stopping early stops the slow encoder first.
#
# **Pre-training is the exception, and only for starvation.** It hands the joint model an encoder
# that has eaten already, and brings it level with A; the ensemble of the same two models is still
# ahead. Against the second illness it does harm: memorising starts from the first step. On Kinetics
# pre-training did not close the gap either. One number for "does it help?" would have hidden all of
# this.
#
# Dropout deserves a fair word too: it helps a little in both cases. Less than needed is not
# nothing.
#
# ## When does it go away?
#
# With more data the fast modality runs out of things to memorise, and the slow one gets its turn.

# %%
grown = study[study["data"] == "starve"].pivot_table(
    index=["train", "seed"], columns="model", values="accuracy"
)
grown["joint − best"] = grown["joint"] - grown[["A", "B"]].max(axis=1)
by_size = summarise(grown.reset_index(), ["train"], "joint − best").set_index("train")
by_size.round(3)

# %%
claim(
    "From n = 1000 to n = 4000 the loss shrinks by {value:+.3f}",
    by_size["mean"].to_numpy()[-1] - by_size["mean"].to_numpy()[1],
    above=0.02,
)

# %% [markdown]
# (With 500 samples there are so few steps in 20 epochs that A alone does not learn either; nobody
# loses what nobody has.) More data is the cure that is not always for sale. What to do without it
# is Part II: weigh the losses (Gradient-Blending), or the speed of each encoder (gradient
# modulation, multi-loss).
#
# ## Turn the knobs
#
# Every move draws new data and retrains A, B and the joint model on your machine. Above the
# pictures stands the illness that the thresholds see, or none. One setting is one seed, so small
# numbers wobble: change the seed before you believe a difference.
#
# Try this: from **overfit**, exchange the optimiser. Then ask yourself what "Adam is just faster"
# leaves out.

# %%
EXPLORERS["imbalance"]()

# %% [markdown]
# ## Real data
#
# **Two views of real digits.** 2000 handwritten digits, measured twice: coarse pixels (`pix`) and
# Fourier coefficients of the shape (`fou`). Both views come from the same scan.

# %%
views = over_seeds(
    lambda seed: load("uci_views", seed=seed), Settings(), SEEDS, label="digit views"
)
views_change = probe_change_by_seed(views.probes)
figure, axes = new_figure(10.4, 3.4, columns=2)
roles = {"pix": "A", "fou": "B", "joint": "joint", "ensemble": "ensemble"}
axes[0].set_title("digit views: a gain …")
axes[1].set_title("… and a view that is left behind")
alts = [accuracy_intervals(views.accuracy, axes[0], roles), encoder_probes(views.probes, axes[1])]
axes[0].set_xlabel("test accuracy, 95 % interval")
show(figure, " ".join(alts))

# %% [markdown]
# **Spoken and written digits.** An MNIST image, made noisy, together with a voice that says the
# same digit. The voices that ship with the course are synthesised; train and test voices differ. We
# train on 39 voices, and on a single one, with two seeds for each of six groups of voices.


# %%
def spoken(seed, train_speakers):
    """Image and voice; every seed takes the next of the six groups of voices."""
    return load("av_digits", seed=seed, fold=seed % 6, train_speakers=train_speakers)


rate = Settings(lr=0.06)
voices = {
    count: over_seeds(
        partial(spoken, train_speakers=count), rate, range(12), label=f"{count} voices"
    )
    for count in (39, 1)
}
rows = []
for name, result, pair in (
    ("digit views", views, ["pix", "fou"]),
    ("39 synthesised voices", voices[39], ["image", "audio"]),
    ("1 synthesised voice", voices[1], ["image", "audio"]),
):
    means = result.accuracy.groupby("model")["accuracy"].mean()
    probes_moved = probe_change_by_seed(result.probes)
    rows.append(
        {
            "data": name,
            **{f"modality {i + 1}": f"{m} {means[m]:.3f}" for i, m in enumerate(pair)},
            "joint": f"{means['joint']:.3f}",
            "ensemble": f"{means['ensemble']:.3f}",
            "joint − best": interval(drop_by_seed(result.accuracy, pair)),
            "probe 1": interval(probes_moved[pair[0]]),
            "probe 2": interval(probes_moved[pair[1]]),
        }
    )
pd.DataFrame(rows).set_index("data")

# %%
gain = interval(drop_by_seed(views.accuracy, ["pix", "fou"]))
claim("Digit views: the joint model gains {value:+.3f}", gain.low, above=0)
claim("… and the probe of fou falls, {value:+.3f}", interval(views_change["fou"]).high, below=-0.02)
many = interval(drop_by_seed(voices[39].accuracy, ["image", "audio"]))
one = interval(drop_by_seed(voices[1].accuracy, ["image", "audio"]))
claim("39 voices: the joint model gains at least {value:+.3f}", many.low, above=0)
claim("1 voice: the lower end of the interval is {value:+.3f}", one.low, below=0)
claim("1 voice: the upper end is {value:+.3f}, so nothing is settled", one.high, above=0)
both = probe_change_by_seed(voices[39].probes)
for name in ("image", "audio"):
    claim(f"39 voices, probe of {name}: {{value:+.3f}}", interval(both[name]).high, below=0)

# %% [markdown]
# What is true here: with many voices the joint model gains, and with one voice it depends on which
# voice it is. Five hundredths down on average, with an interval that includes zero: no paradox that
# we may claim. The encoders are a little worse inside the joint model than alone, every time. That
# is the milder, everyday form of starvation.
#
# **Recorded speech.** The Free Spoken Digit Dataset has six real speakers. Train on one or two of
# them, test on those never heard, take every speaker in turn. The recordings do not ship with the
# course; this table was made beforehand with
#
# `python -m coursekit folds --speech fsdd --seeds 10 --out data/av_fsdd_folds.csv`
#
# and the card `data/av_fsdd_folds.md` says how to get them.

# %%
folds = pd.read_csv(open_checked("av_fsdd_folds.csv"))
tested = folds[folds["measure"] == "test accuracy"]
wide = tested.pivot_table(index=["setting", "fold", "seed"], columns="model", values="accuracy")
wide["joint − best"] = wide["joint"] - wide[["image", "audio"]].max(axis=1)
figure, (ax,) = new_figure(8.4, 4.2)
ax.set_title("Recorded speech: the sign depends on who was heard in training")
show(figure, fold_gaps(wide.reset_index(), ax))

# %%
by_fold = wide.groupby(["setting", "fold"])["joint − best"].mean()
for setting, fold_means in by_fold.groupby("setting"):
    print(
        f"{setting}: mean over folds {interval(fold_means)}, worst {fold_means.min():+.3f}, "
        f"best {fold_means.max():+.3f}"
    )
one_speaker = interval(by_fold["one speaker"])
claim("One speaker: the interval over the folds ends at {value:+.3f}", one_speaker.high, above=0)
claim(
    "One speaker: mean over the six folds {value:+.3f}", by_fold["one speaker"].mean(), below=-0.03
)
claim(
    "… with some folds on the other side: {value:.0f}", (by_fold["one speaker"] > 0).sum(), above=0
)
two = by_fold["two speakers, stretched"]
claim("Two speakers, noisier images: {value:+.3f}", two.mean(), above=0.04)

# %% [markdown]
# One speaker in training: a loss on average, a disaster in one fold, and even a gain in others. A
# paper that shows the worst fold tells no lie and still misleads. Within a fold the ten seeds
# agree; the speakers differ, and with six of them the interval of the mean includes zero. Always
# ask: how many speakers, how many seeds, and which rows are missing?
#
# ## What stays
#
# - The superset argument is about the best weights, not about the ones that training finds.
# - **Starvation**: a fast modality takes the loss away, a slow encoder never learns. Its probe
#   collapses. **Overfitting of the fusion head**: encoders intact, the head memorises. Only probes
#   tell them apart.
# - A gain does not rule out starvation. The ensemble row shows what was left.
# - Gates, dropout and early stopping cure neither. Pre-training feeds a starved encoder and makes
#   overfitting worse. More data helps.
#
# ## Words
#
# - **encoder**, **features**, **head**, **logits**: input → features → one number a class.
# - **joint**, **unimodal**, **ensemble**: trained together; trained alone; the unimodal models'
#   mean probabilities.
# - **linear probe**: a fresh linear head on frozen features.
# - **starvation**, **hidden starvation**, **overfitting of the fusion head**: see the table above.
#
# ## Checkpoint

# %%
record.checkpoint(
    "05",
    {
        "starve, joint − best": drop.mean,
        "starve, probe of A": interval(probe_change_by_seed(starved.probes)["A"]).mean,
        "overfit, joint − best": drop_overfit.mean,
        "digit views, joint − best": gain.mean,
        "39 voices, joint − best": many.mean,
        "recorded, one speaker": float(by_fold["one speaker"].mean()),
    },
    data,
)
