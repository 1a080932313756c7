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
# **Time** about 55 minutes to read and do, 15 more for what is marked *Further*; the computing
# takes 25 to 75 seconds.
#
# **Needed before** lesson 00; cross-entropy and mini-batches in PyTorch; a confidence interval.
#
# **Sources** Wang, Tran and Feiszli, *What Makes Training Multi-modal Classification Networks
# Hard?* ([2020](https://arxiv.org/abs/1905.12681)); Kontras and colleagues, *Improving Multimodal
# Learning with Multi-Loss Gradient Modulation* ([2024](https://arxiv.org/abs/2405.07930)); Paul
# Liang, *How to AI (Almost) Anything*, lecture 5.

# %% folded=true
# Imports and settings.
from functools import partial

import numpy as np
import pandas as pd
import torch
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from coursekit.course import record
from coursekit.compare.seeds_at_once import seeds_at_once
from coursekit.course.claims import claim
from coursekit.data import ceiling, load, load_preset, preset
from coursekit.data.files import open_checked
from coursekit.analysis.diagnosis import STARVED, diagnose, drop_by_seed, probe_change_by_seed
from coursekit.lessons.l05_more_can_be_worse import exercises
from coursekit.compare.seeds import cures
from coursekit.course.games import check_rule
from coursekit.models import build_classifier
from coursekit.course.plots import (
    accuracy_intervals,
    encoder_probes,
    learning_curves,
    new_figure,
    show,
)
from coursekit.lessons.l05_more_can_be_worse.plots import fold_gaps
from coursekit.analysis.probes import probe_encoders
from coursekit.analysis.intervals import interval, summarise
from coursekit.training import Settings, accuracy, epochs, fit, predict
from coursekit.training.method import joint_loss
from coursekit.course.widgets import EXPLORERS, ChoiceGuess, NumberGuess
from coursekit.course.widgets.game import GAMES
from coursekit.course.widgets.curve_guess import CurveGuess

torch.set_num_threads(1)  # these networks are too small to be shared between cores
pd.set_option("display.max_colwidth", None)  # tables show their sentences whole
ROLES = {"A": "A", "B": "B", "joint": "joint", "ensemble": "ensemble"}

# %% [markdown]
# ## It cannot happen
#
# A **unimodal** model reads one modality: an **encoder** turns the input into **features**, a
# **head** turns features into **logits**, one number per class. A **joint** model has one encoder
# per modality; here the features are laid side by side and one linear layer reads them all. That is
# **late-linear fusion**.
#
# The joint model contains every unimodal one. Set the weights that read modality B to zero, and
# what is left is the model of A. So the best joint model is at least as good as the best single
# one, on any data, for any loss. This is the **superset argument**, and it is right.
#
# Now the measurements. Wang and colleagues trained video classifiers on Kinetics, with colour
# frames (RGB), sound (A) and optical flow (OF). Their top-1 accuracies, in percent:

# %% folded=true
# The published table.
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

# %% folded=true
# Claims, checked.
claim(
    "Published: the best of four joint models is {value:+.1f} points against its best part",
    kinetics["joint − best"].max(),
    below=0,
)

# %% [markdown]
# More modalities, worse answers, four times out of four. No contradiction yet: the argument speaks
# of the best weights on the data it is given. It promises nothing about *new* samples, nor about
# the weights where training ends. This lesson finds out which of the two goes wrong, and how to
# tell.
#
# ## Data that tell us the truth
#
# On real data nobody knows what each modality could have told. So we start with a generator that
# decides it sample by sample. Six classes, two modalities. A sample is **redundant** (both show the
# class), **unique** to one modality (the other is silent), or **absent** (both are silent). The
# shares fix the best possible accuracy of each model before anything is trained.

# %%
starve = preset("starve")
shares = pd.Series(starve.recipe.shares()).round(2)
shares[shares > 0].to_frame("share of samples")

# %% folded=true
# The best that anybody can reach.
ceilings = {"A": ceiling(starve.recipe, ("A",)), "B": ceiling(starve.recipe, ("B",))}
ceilings["joint"] = ceiling(starve.recipe)
pd.Series(ceilings).round(3).to_frame("best possible accuracy")

# %% [markdown]
# For A that is 0.75 + 0.15, and one guess in six right where everything is silent. A knows all that
# B knows, and more. But A is **slow**. Eight of its dimensions are strong **nuisance** (variance
# that says nothing), mixed into the weak ones that carry the class; and the class shows as a signal
# *or its negative*, so that the classes have the same mean and no linear layer can start on them. A
# small network needs a few epochs to dig it out. B shows less, and a linear layer reads it at once.
#
# Here is the joint model. Each encoder is a small MLP that ends in 32 features.

# %%
example = load_preset("starve", seed=0)
print(build_classifier(example.train.inputs, example.num_classes))

# %% [markdown]
# (`heads` are linear layers for each modality alone; this lesson does not train them.)
#
# ### Guess first
#
# Trained alone, A reaches about 0.85 and B about 0.77. The **ensemble** needs no training of its
# own: it averages the probabilities of these two models.

# %% folded=true
# The guess.
ensemble_guess = NumberGuess(
    "05-ensemble",
    "Test accuracy of the ensemble, mean over ten seeds?",
    low=0.60,
    high=1.00,
    step=0.01,
)
ensemble_guess

# %% [markdown]
# Every seed draws new data and new weights. Everything else is the same for all models: 20 epochs,
# SGD with momentum at rate 0.1, batches of 128, in the same order. Keep an eye on the ensemble: it
# is the row that papers forget.

# %%
SEEDS = range(100, 110)  # the data sets were designed on seeds 0 to 9
starved = seeds_at_once(
    partial(load_preset, "starve"), Settings(**starve.training), SEEDS, label="starve"
)

# %% folded=true
# The outcome, beside your guess.
four = ["A", "B", "joint", "ensemble"]
starved_four = starved.accuracy[starved.accuracy["model"].isin(four)]
ensemble_guess.reveal(starved_four.query("model == 'ensemble'")["accuracy"].mean(), within=0.02)

# %% folded=true
# The figure.
figure, (ax,) = new_figure(7.2, 3.4)
ax.set_title("starve: the joint model loses to one of its parts")
show(figure, accuracy_intervals(starved_four, ax, ROLES))

# %% folded=true
# Claims, checked.
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
# The ensemble, made of encoders of the same kind on the same data, is far above. So the information
# is there, and so is the capacity.
#
# One word on the rival. "Best single" is taken on the test rows here, which is hard on the joint
# model where the modalities are close. In `starve` it changes nothing, A is ahead in every seed;
# the first exercise does it properly.
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
# The same models, epoch by epoch. A alone ends near 0.85 and takes more than half of them to get
# there, B alone ends near 0.77 and is there at once. Sketch the joint model: choose a shape to
# start from, then move its points.

# %% folded=true
# The guess.
course_guess = CurveGuess(
    "05-course",
    "starve: validation accuracy of the joint model, epoch by epoch?",
    xs=(1, 2, 4, 7, 10, 15, 20),
    low=0.0,
    high=1.0,
    names=("epoch", "accuracy"),
)
course_guess

# %% folded=true
# The outcome, beside your sketch.
joint_course = starved.history.query("model == 'joint' and split == 'valid'")
course_guess.reveal(joint_course.groupby("epoch")["accuracy"].mean(), within=0.05)

# %% folded=true
# The figure.
curves = starved.history[starved.history["model"].isin(["A", "B", "joint"])]
figure, (ax,) = new_figure(7.2, 4.2)
ax.set_title("starve: the joint model follows B, then stops")
alt = learning_curves(curves, ax, ROLES, value="accuracy")
show(figure, alt)

# %% folded=true
# Claims, checked.
gap = curves.query("epoch == 20").pivot_table(index="model", columns="split", values="accuracy")
print(gap.round(3).to_string())
claim(
    "On the training rows the joint model is ahead of A by {value:+.3f}",
    gap["train"].to_dict()["joint"] - gap["train"].to_dict()["A"],
    above=0,
)

# %% [markdown]
# So the superset argument holds, where it speaks: on the training rows. Training found weights that
# fit them all. They are the wrong ones for new samples. The joint model climbs with B in the first
# epochs, and then goes on to fit the training rows while its accuracy on new ones stands still.
#
# What does A's encoder hear meanwhile? Its only teacher is the gradient that comes down through the
# fusion layer. Here is its length after every epoch, in the joint model and alone.


# %% folded=true
# The figure.
def gradient_norms(name, modalities, seeds=SEEDS[:5]):
    """Length of the loss's gradient on encoder A, over all training rows, after every epoch."""
    rows = []
    for seed in seeds:
        split = load_preset("starve", seed=seed)
        inputs = {m: split.train.inputs[m] for m in modalities}
        network = build_classifier(inputs, split.num_classes, seed=seed)
        for epoch, _ in enumerate(
            epochs(network, split.train, split.valid, Settings(), seed=seed), 1
        ):
            loss = joint_loss(network(inputs), split.train.labels)
            grads = torch.autograd.grad(loss, list(network.encoders["A"].parameters()))
            norm = torch.cat([g.flatten() for g in grads]).norm().item()
            rows.append({"model": name, "split": "train", "epoch": epoch, "gradient": norm})
    return pd.DataFrame(rows)


norms = pd.concat([gradient_norms("A", ("A",)), gradient_norms("joint", ("A", "B"))])
figure, (ax,) = new_figure(7.2, 3.6)
ax.set_title("starve: what A's encoder hears, alone (A) and in the joint model")
alt = learning_curves(norms, ax, ROLES, value="gradient")
ax.set_ylim(0)
ax.set_ylabel("gradient norm on encoder A")
show(figure, alt)

# %% folded=true
# Claims, checked.
peak = norms.groupby(["model", "epoch"])["gradient"].mean().groupby("model").max()
claim(
    "Largest gradient in the joint model, as a share of A's own: {value:.2f}",
    peak["joint"] / peak["A"],
    below=0.6,
)

# %% [markdown]
# Alone, the gradient on A's encoder grows several times over once its signal begins to be found. In
# the joint model that rise does not come: each sample that B explains has little left to teach.
# Wang and colleagues say that modalities **overfit and generalise at different rates**; one
# schedule does not suit both.
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

# %% folded=true
# Claims, checked.
package = probe_encoders(model, data.train, data.test)["A"]
claim("Difference to coursekit.analysis.probes: {value:.1e}", abs(by_hand - package), below=1e-8)
reached = accuracy(predict(model, data.test.inputs).joint, data.test.labels)
print(f"one joint model: test accuracy {reached:.3f}")

# %% [markdown]
# ### Guess first
#
# A's encoder, trained alone, probes at about 0.85. One in six is chance.

# %% folded=true
# The guess.
probe_guess = NumberGuess(
    "05-probe",
    "Probe accuracy of A's encoder inside the joint model?",
    low=0.15,
    high=0.90,
    step=0.01,
)
probe_guess

# %% folded=true
# The figure.
change = probe_change_by_seed(starved.probes)
of_a = starved.probes.query("modality == 'A' and trained == 'joint'")["accuracy"]
probe_guess.reveal(of_a.mean(), within=0.05)
figure, (ax,) = new_figure(7.2, 2.8)
ax.set_title("starve: A's encoder hardly learnt, B's is as good as alone")
show(figure, encoder_probes(starved.probes, ax))

# %% folded=true
# Claims, checked.
print(f"probe, joint − alone: A {interval(change['A'])}, B {interval(change['B'])}")
claim("A's probe falls by {value:+.3f}", interval(change["A"]).mean, below=-0.30)
claim("B's probe moves by {value:+.3f}", interval(change["B"]).mean, between=(-0.04, 0.04))

# %% [markdown]
# The first illness, then: **starvation**. The fast modality drives the loss down, and the slow
# encoder is left without a teacher. A linear head cannot repair that afterwards: the probe is such
# a head, fitted anew.

# %% [markdown]
# ## Further · A probe without training
#
# ### Exercise 3 · Probe with less
#
# A probe need not be a logistic regression. The simplest one: take the **mean feature vector of
# each class** on the training rows, and give a test row the class of the nearest mean (Euclidean).
# Features are arrays $(n, D)$; labels count from 0, and every class has training rows. Return the
# test accuracy.


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
# three hundred dimensions of pure noise. There are only 500 training samples, and the optimiser is
# Adam, which steps boldly along directions that SGD hardly moves in. The best possible accuracies:

# %% folded=true
# The best that anybody can reach.
overfit = preset("overfit")
ceilings = {m: ceiling(overfit.recipe, (m,)) for m in "AB"} | {"joint": ceiling(overfit.recipe)}
pd.Series(ceilings).round(3).to_frame("best possible accuracy")

# %% [markdown]
# The joint model loses again. Is A's encoder to blame again?

# %% folded=true
# The guess.
blame_guess = ChoiceGuess(
    "05-blame",
    "What will the probe of A's encoder do, from alone to joint?",
    options=("it collapses", "it stays", "it improves"),
)
blame_guess

# %%
overfitted = seeds_at_once(
    partial(load_preset, "overfit"), Settings(**overfit.training), SEEDS, label="overfit"
)

# %% folded=true
# The outcome, beside your guess.
change = probe_change_by_seed(overfitted.probes)
moved = interval(change["A"]).mean
blame_guess.reveal(
    "it stays" if abs(moved) < 0.03 else "it collapses" if moved < 0 else "it improves"
)

# %% folded=true
# The figure.
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

# %% folded=true
# Claims, checked.
drop_overfit = interval(drop_by_seed(overfitted.accuracy, "AB"))
print(f"joint − best single: {drop_overfit}; probe of A, joint − alone: {interval(change['A'])}")
claim("The joint model loses {value:+.3f}", drop_overfit.mean, below=-0.05)
claim("… and the interval ends at {value:+.3f}", drop_overfit.high, below=0)
claim("A's probe moves by {value:+.3f}", moved, between=(-0.03, 0.03))

# %% [markdown]
# Nobody is starved here. If A's lesson is in the joint model, there is a way to show it: take the
# trained model and **silence B**, by putting B's average features in place of B's features. No
# retraining; three seeds.


# %%
def silence_b(name, seed):
    """Test accuracy of a trained joint model: as it is, and with B's features at their mean."""
    split = load_preset(name, seed=seed)
    network = build_classifier(split.train.inputs, split.num_classes, seed=seed)
    fit(network, split.train, split.valid, Settings(**preset(name).training), seed=seed)
    features = predict(network, split.test.inputs).features
    quiet = features["B"].mean(0, keepdim=True).expand_as(features["B"])
    with torch.no_grad():
        logits = [network.fusion({"A": features["A"], "B": b}) for b in (features["B"], quiet)]
    return [accuracy(x, split.test.labels) for x in logits]


# %% folded=true
# The accuracies, B heard and B silenced.
silenced = {
    name: np.mean([silence_b(name, seed) for seed in SEEDS[:3]], axis=0)
    for name in ("starve", "overfit")
}
pd.DataFrame(silenced, index=["joint model", "joint model, B silenced"]).round(3)

# %% folded=true
# Claims, checked.
claim(
    "overfit, silencing B changes the accuracy by {value:+.3f}",
    silenced["overfit"][1] - silenced["overfit"][0],
    above=0.05,
)
claim(
    "starve, silencing B changes the accuracy by {value:+.3f}",
    silenced["starve"][1] - silenced["starve"][0],
    below=-0.3,
)

# %% [markdown]
# In `overfit` the model gets *better* when B falls silent. The weights that read A well are all
# there, outvoted by what was learnt of B's noise by heart. This is **overfitting of the fusion
# head** (and of what feeds it): more inputs, more ways to memorise. In `starve` the same operation
# leaves next to nothing, because A's encoder has little to say.
#
# Two illnesses, one symptom:
#
# | | encoders intact | an encoder starved |
# |---|---|---|
# | **joint below the best single** | overfitting of the fusion head | starvation |
# | **joint not below** | none | **hidden starvation** |
#
# The lower right corner is easily overlooked. Here it is, the preset `imbalance`, and beside it a
# healthy case, `balanced`: in both each modality knows something of its own.

# %% folded=true
# All four data sets, with the illness that the thresholds see.
cases = {"starve": starved, "overfit": overfitted}
for name in ("imbalance", "balanced"):
    cases[name] = seeds_at_once(
        partial(load_preset, name), Settings(**preset(name).training), SEEDS, label=name
    )
rows = []
for name, result in cases.items():
    changes = probe_change_by_seed(result.probes)
    rows.append(
        {
            "data": name,
            "joint − best": interval(drop_by_seed(result.accuracy, "AB")),
            "probe of A": interval(changes["A"]),
            "probe of B": interval(changes["B"]),
            "illness": diagnose(result.accuracy, result.probes).illness,
        }
    )
pd.DataFrame(rows).set_index("data")

# %% folded=true
# Claims, checked.
hidden = drop_by_seed(cases["imbalance"].accuracy, "AB")
hidden_probe = probe_change_by_seed(cases["imbalance"].probes)["A"]
claim("imbalance: the joint model gains {value:+.3f}", interval(hidden).mean, above=0.02)
claim("… and A's probe falls all the same, {value:+.3f}", interval(hidden_probe).mean, below=-0.08)
ahead = cases["imbalance"].accuracy.pivot_table(index="seed", columns="model", values="accuracy")
best_alone = ahead[["A", "B"]].max(axis=1).mean()
missed = (ahead["ensemble"] - ahead["joint"]).mean() / (ahead["ensemble"].mean() - best_alone)
claim("… it misses {value:.0%} of what the ensemble gains", missed, above=0.5)
claim(
    "… and the ensemble is ahead by at least {value:+.3f}",
    interval(ahead["ensemble"] - ahead["joint"]).low,
    above=0.02,
)
healthy = drop_by_seed(cases["balanced"].accuracy, "AB")
claim("balanced: the joint model gains {value:+.3f}", interval(healthy).mean, above=0.12)
worst = probe_change_by_seed(cases["balanced"].probes).mean().abs().max()
claim("… and no probe moves by more than {value:.3f}", worst, below=0.04)

# %% [markdown]
# A gain is no proof of health. In `imbalance` you would have published an improvement, and left
# most of what the same two encoders can give on the floor. The ensemble row would have told you. It
# is a rival to name, not a ceiling: with a partner as weak as B in `overfit`, averaging hurts too.
#
# The thresholds behind the last column are conventions: −0.02 for the accuracy, −0.08 for a starved
# encoder, and between −0.08 and −0.03 the diagnosis says "a little less" rather than a verdict.
#
# ### Exercise 4 · An honest interval
#
# `joint` and `alone` are arrays of test accuracies, one entry per seed; in each seed both models
# saw the same data. Return the two ends of the 95 % Student-t interval of the mean difference
# `joint − alone`, lower end first.


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
# `"starvation"`, `"hidden starvation"`, `"overfitting of the fusion head"`, `"none"`. The
# modalities' names differ from case to case.


# %% nbgrader={"grade_id": "ex-05-diagnose", "solution": true}
def diagnosis_of(drop, probe_changes):
    """One of the four words."""
    ### BEGIN SOLUTION
    worse = drop < -0.02
    starved = min(probe_changes.values()) < -0.08
    if starved:
        return "starvation" if worse else "hidden starvation"
    return "overfitting of the fusion head" if worse else "none"
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-05-diagnose", "grade": true, "points": 2}
exercises.diagnose.check(diagnosis_of)
### BEGIN HIDDEN TESTS
exercises.diagnose.check(diagnosis_of, seed=5_0105)
### END HIDDEN TESTS

# %% [markdown]
# ## The usual cures
#
# Six things to try. Two are architecture: a **squeeze-and-excitation gate** scales each
# feature by a gate computed from all of them; a **non-local gate** lets the modalities attend to
# each other, each drawing on the others' features with weights computed from both. On Kinetics they
# took A + RGB from 71.4 to 71.4 and 71.7, with RGB alone at 72.6 (Wang and colleagues). Two are
# regularisation: **dropout** on the features, and **early stopping** at the best validation epoch.
# Then **pre-training**: start the joint model from the encoders of the unimodal ones. The sixth
# is a taste of the second part of the course, **multi-loss**: give each modality a head and a loss
# of its own, and add them all up.
#
# Training all of them ten times takes two minutes or more, so this one table was made beforehand,
# on the same data and seeds as above, with
#
# `python -m coursekit cures --seeds 10 --out data/cures.csv`

# %% folded=true
# The guess.
cure_guess = ChoiceGuess(
    "05-cure",
    "Which of these brings the starved joint model level with A alone (within 0.02)?",
    options=("none", *cures()),
)
cure_guess


# %% folded=true
# The cures against the best single model and against the ensemble.
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

# %% folded=true
# Claims, checked.
gap = abs(tables["starve"].loc["joint", "accuracy"].mean - alone["joint"].mean())
claim("The stored table and your run agree on the joint model within {value:.3f}", gap, below=0.01)
four_cures = ("SE gate", "non-local gate", "dropout", "early stopping")
for illness, table in tables.items():
    rows = table.loc[list(four_cures), "− best single"]
    nearest = max(rows, key=lambda row: row.mean)
    claim(f"{illness}: the best of the four is {{value:+.3f}} away from A", nearest.mean, below=0)
    claim("… and the highest interval ends at {value:+.3f}", max(r.high for r in rows), below=0)
starve_rows, overfit_rows = (
    tables["starve"].loc["pre-trained"],
    tables["overfit"].loc["pre-trained"],
)
level_with_a = starve_rows["− best single"].mean
claim("starve, pre-trained, minus A alone: {value:+.3f}", level_with_a, between=(-0.02, 0.02))
behind = starve_rows["− ensemble"]
claim("… minus the ensemble: {value:+.3f}", behind.mean, below=0)
claim("… and the interval ends at {value:+.3f}", behind.high, below=0)
untreated = tables["overfit"].loc["joint", "accuracy"]
worse = overfit_rows["accuracy"].mean - untreated.mean
claim("overfit, pre-trained, minus no cure at all: {value:+.3f}", worse, below=0)
claim(
    "… and the two intervals are {value:.3f} apart",
    untreated.low - overfit_rows["accuracy"].high,
    above=0,
)
multi = {name: table.loc["multi-loss", "accuracy"].mean for name, table in tables.items()}
fed = multi["starve"] - tables["starve"].loc["joint", "accuracy"].mean
claim("starve, multi-loss, minus no cure at all: {value:+.3f}", fed, above=0.015)
ill = study[(study["data"] == "overfit") & (study["train"] == overfit.recipe.train)]
by_seed = ill.pivot_table(index="seed", columns="model", values="accuracy")
harmed = interval(by_seed["multi-loss"] - by_seed["joint"])
print(f"overfit, multi-loss − no cure at all: {harmed}")
claim("… so multi-loss does harm there, the interval ends at {value:+.3f}", harmed.high, below=0)

# %% [markdown]
# Neither gate, nor dropout, nor early stopping brings back what A alone had, in either illness. In
# `starve` that is no surprise once you know the illness: a gate cannot pass on features that were
# never learnt, and stopping early stops the slow encoder first. In `overfit` all four but the SE
# gate help somewhat, early stopping most; somewhat is not enough.
#
# **Pre-training is the exception, and only for starvation.** It hands the joint model an encoder
# that has eaten already, and brings it level with A; the ensemble of the same two models is still
# ahead. Against the second illness it does harm: memorising starts from the first step. On Kinetics
# pre-training did not close the gap either. One number for "does it help?" would have hidden all of
# this.
#
# **Multi-loss** tells the same story. It feeds the starved encoder, though here not up to A's
# level, and does harm to the overfitted head, by three points: a second loss asks for more of the
# same memorising.
#
# None of these was tuned. A stronger dropout may do more; on Kinetics dropout ended slightly above
# RGB, which the authors call a modest improvement. Less than needed is not nothing.

# %% [markdown]
# ## When does it go away?
#
# Take more training samples of `starve`, with 20 epochs each time, so that more data also means
# more steps.

# %% folded=true
# The drop, by the number of training samples.
grown = study[study["data"] == "starve"].pivot_table(
    index=["train", "seed"], columns="model", values="accuracy"
)
grown["joint − best"] = grown["joint"] - grown[["A", "B"]].max(axis=1)
by_size = summarise(grown.reset_index(), ["train"], "joint − best").set_index("train")
by_size.round(3)

# %% folded=true
# Claims, checked.
claim(
    "From n = 1000 to n = 4000, joint − best rises by {value:+.3f}",
    by_size["mean"].to_numpy()[-1] - by_size["mean"].to_numpy()[1],
    above=0.02,
)

# %% [markdown]
# Four times the data make the gap much smaller, twice do not: there is less to memorise, and then A
# gets its turn. With 500 samples there are so few steps that A alone has not learnt its part
# either; nobody loses what nobody has. Is it the data or the steps? The explorer below has a knob
# for each.
#
# Data are not always for sale. What to do without them is the second part of the course: weigh the
# losses (Gradient-Blending), or the speed of each encoder (gradient modulation, multi-loss).
#
# ## Turn the knobs
#
# Every move draws new data and retrains A, B and the joint model on your machine. Above the
# pictures stands the illness that the thresholds see, or none. One setting is one seed, so small
# numbers wobble: change the seed before you believe a difference.
#
# Then take **overfit** and exchange the optimiser. Guess first.

# %% folded=true
# The guess.
optimiser_guess = ChoiceGuess(
    "05-optimiser",
    "The data of overfit, trained with SGD instead of Adam: the joint model's loss against A …",
    options=("grows", "stays", "nearly vanishes"),
)
optimiser_guess

# %%
EXPLORERS["imbalance"]()

# %% folded=true
# Claims, checked.
with_sgd = seeds_at_once(
    partial(load_preset, "overfit"), Settings(), SEEDS[:5], label="overfit, SGD"
)
sgd_drop = interval(drop_by_seed(with_sgd.accuracy, "AB")).mean
kept = sgd_drop / drop_overfit.mean
optimiser_guess.reveal("nearly vanishes" if kept < 0.3 else "stays" if kept < 1.2 else "grows")
claim("overfit with SGD, joint − best: {value:+.3f}", sgd_drop, between=(-0.04, 0.02))

# %% [markdown]
# An illness belongs to the data *and* the optimiser, not to the network alone. A result that names
# no optimiser is half a result.

# %% [markdown]
# ## Real data
#
# The Free Spoken Digit Dataset has six real speakers; beside each spoken digit stands an MNIST
# image of the same one, made noisy. Train on one or two of
# them, test on those never heard, take every speaker in turn. The recordings do not ship with the
# course; this table was made beforehand with
#
# `python -m coursekit folds --speech fsdd --seeds 10 --out data/av_fsdd_folds.csv`
#
# and the card `data/av_fsdd_folds.md` says how to get them. A **fold** is one way to share out the
# speakers. The two settings differ in three things at once: speakers, image noise, and whether
# every word is stretched to one length. They are two cases, not a comparison.

# %% folded=true
# The figure.
folds = pd.read_csv(open_checked("av_fsdd_folds.csv"))
tested = folds[folds["measure"] == "test accuracy"]
keys = ["setting", "fold", "trained_on", "seed"]
wide = tested.pivot_table(index=keys, columns="model", values="accuracy")
wide["joint − best"] = wide["joint"] - wide[["image", "audio"]].max(axis=1)
figure, (ax,) = new_figure(8.4, 4.2)
ax.set_title("Recorded speech: with one speaker, the sign depends on who it was")
show(figure, fold_gaps(wide.reset_index(), ax))

# %% folded=true
# Claims, checked.
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
of_seeds = wide.loc["one speaker"].groupby("fold")["joint − best"].std().max()
of_folds = by_fold["one speaker"].std()
claim("Deviation of seeds, largest of six folds: {value:.3f}", of_seeds, below=of_folds / 3)
print(f"    … of the six folds' means: {of_folds:.3f}")
two = by_fold["two speakers, stretched"]
claim("Two speakers, noisier images: {value:+.3f}", two.mean(), above=0.04)

# %% [markdown]
# One speaker in training: a loss on average, a disaster in one fold, and even a gain in others. A
# paper that shows the worst fold tells no lie and still misleads. Within a fold seeds differ by far
# less than folds do; the speakers differ, and with six of them the interval of the mean includes
# zero. Always ask: how many speakers, how many seeds, and which rows are missing?

# %% [markdown]
# ## Further · Two views of digits, and synthesised voices
#
# **Two views of real digits.** 2000 handwritten digits, measured twice: coarse pixels (`pix`) and
# Fourier coefficients of the shape (`fou`). Both views come from the same scan.

# %% folded=true
# The figure.
views = seeds_at_once(
    lambda seed: load("uci_views", seed=seed), Settings(), SEEDS, label="digit views"
)
views_change = probe_change_by_seed(views.probes)
figure, axes = new_figure(10.4, 3.4, columns=2)
roles = {"pix": "A", "fou": "B", "joint": "joint", "ensemble": "ensemble"}
axes[0].set_title("digit views: hardly a gain …")
axes[1].set_title("… and a view that is left behind")
alts = [accuracy_intervals(views.accuracy, axes[0], roles), encoder_probes(views.probes, axes[1])]
axes[0].set_xlabel("test accuracy, 95 % interval")
show(figure, " ".join(alts))

# %% [markdown]
# **Spoken and written digits.** An MNIST image, made noisy, together with a voice that says the
# same digit. The voices that ship with the course are synthesised; train and test voices differ. We
# train on 39 voices, and on a single one, with two seeds for each of six groups of voices.


# %% folded=true
# Trains on the voices; a table of all three data sets.
def spoken(seed, train_speakers):
    """Image and voice; every seed takes the next of the six groups of voices."""
    return load("av_digits", seed=seed, fold=seed % 6, train_speakers=train_speakers)


rate = Settings(lr=0.06)
voices = {
    count: seeds_at_once(
        partial(spoken, train_speakers=count), rate, range(12), label=f"{count} voices"
    )
    for count in (39, 1)
}


def over_folds(values):
    """Interval over the six groups of voices, each the mean of its two seeds."""
    return interval(values.groupby(values.index % 6).mean())


rows = []
for name, result, pair in (
    ("digit views", views, ["pix", "fou"]),
    ("39 synthesised voices", voices[39], ["image", "audio"]),
    ("1 synthesised voice", voices[1], ["image", "audio"]),
):
    over = interval if result is views else over_folds  # two seeds of a group are no two groups
    means = result.accuracy.groupby("model")["accuracy"].mean()
    probes_moved = probe_change_by_seed(result.probes)
    rows.append(
        {
            "data": name,
            **{f"modality {i + 1}": f"{m} {means[m]:.3f}" for i, m in enumerate(pair)},
            "joint": f"{means['joint']:.3f}",
            "ensemble": f"{means['ensemble']:.3f}",
            "joint − best": over(drop_by_seed(result.accuracy, pair)),
            "probe 1": over(probes_moved[pair[0]]),
            "probe 2": over(probes_moved[pair[1]]),
        }
    )
pd.DataFrame(rows).set_index("data")

# %% folded=true
# Claims, checked.
gain = interval(drop_by_seed(views.accuracy, ["pix", "fou"]))
claim("Digit views: the joint model gains {value:+.3f}", gain.mean, above=0)
claim("… with an interval that begins near zero, {value:+.3f}", gain.low, between=(-0.01, 0.01))
claim("… while the probe of fou changes by {value:+.3f}", views_change["fou"].mean(), below=-0.03)
gaps = {n: over_folds(drop_by_seed(v.accuracy, ["image", "audio"])) for n, v in voices.items()}
for count, lead in gaps.items():
    print(f"voices {count}, joint − best, mean and 95 % interval over six groups: {lead}")
claim("39 voices: the joint model gains {value:+.3f}", gaps[39].mean, above=0)
claim("1 voice: the interval goes from below zero, {value:+.3f} …", gaps[1].low, below=0)
claim("… to above it, {value:+.3f}", gaps[1].high, above=0)
for count, result in voices.items():
    for modality, values in probe_change_by_seed(result.probes).items():
        mean = over_folds(values).mean
        claim(f"voices {count}, probe of {modality}: {{value:+.3f}}", mean, between=(STARVED, 0))

# %% [markdown]
# What is true here: with many voices the joint model gains on average, and the interval over the
# six groups reaches down to about zero. With one voice it depends on which voice it is: behind on
# average, with an interval that includes zero by far. No paradox that we may claim. On average all
# encoders are a little worse inside the joint model than alone, by less than the threshold of an
# illness (the interval of `fou` reaches beyond it).

# %% [markdown]
# ## Play the doctor
#
# Now nobody tells you the name of the data set. Each case has one of the four illnesses of
# `starve`, `imbalance`, `overfit` and `balanced`, with shares, noise, strength and sizes of its
# own, and in about half of the cases A and B have changed places. The models are trained while you
# wait. Accuracies of A, B and the joint model are free, and the cases are drawn so that they alone
# do not tell; the ensemble, the curves and the probes cost points. So before you order, say what
# each possible result would tell you. Order nothing that cannot change your mind.
#
# A number names the same case everywhere: agree on one and compare what you ordered.

# %%
doctor = GAMES["illness"]()
doctor

# %% [markdown]
# It can be played in code, too: `doctor.order("probes")`, `doctor.answer("starvation")`,
# `doctor.next()`, `doctor.open(17)`.

# %% [markdown]
# ## Further · Who is starved?
#
# The second game only asks who is starved. Sometimes nobody is, although the joint model loses.

# %%
GAMES["modality"]()

# %% [markdown]
# Is that fair? The truth is what the data were made for, not what the models did, and each case is
# one seed. So here is how far this lesson's own rule gets, the table of the two illnesses with its
# thresholds, when it has ordered everything.

# %% folded=true
# Claims, checked.
CHECKED = 12
for name in ("illness", "modality"):
    right = check_rule(name, range(1, CHECKED + 1))["right"].sum()
    claim(f"{name}: in {CHECKED} cases the rule is right in {{value:.0f}}", right, above=10)

# %% [markdown]
# For all hundred cases of a game write `check_rule("illness", range(1, 101))["right"].mean()`; it
# takes about half a minute. Without the last part it prints the truth of every case.

# %% [markdown]
# ## What stays
#
# - The superset argument is about the best weights on the rows they are fitted to. It says nothing
#   of new samples, and there the joint model lost.
# - **Starvation**: a fast modality takes the loss away, a slow encoder never learns. Its probe
#   collapses. **Overfitting of the fusion head**: encoders intact, the head memorises. Accuracies
#   do not tell them apart, probes do.
# - A gain does not rule out starvation. The ensemble row shows what was left.
# - As tried here, gates, dropout and early stopping cure neither. Pre-training feeds a starved
#   encoder and makes overfitting worse. Much more data helps; so may another optimiser.
#
# ## Words
#
# - **superset argument**: a joint model contains each unimodal one, so the best joint model cannot
#   be worse; true of the best weights on the training rows, not of new samples.
# - **linear probe**: a fresh linear head on frozen features; its accuracy says what they hold.
# - **starvation**: the quick modality explains the loss away and the slow encoder never learns.
# - **multi-loss**: the joint loss plus a loss for each modality's own head, all with weight one.
# - **hidden starvation**: an encoder is worse than alone although the joint model is the best.
# - **overfitting of the fusion head**: both encoders are intact and the layer on top fits noise.
#
# All words of the course stand in the [glossary](glossary.ipynb).
#
# ## Checkpoint

# %% folded=true
# The checkpoint: what your run gave.
record.checkpoint(
    "05",
    {
        "starve, joint − best": drop.mean,
        "starve, probe of A": interval(probe_change_by_seed(starved.probes)["A"]).mean,
        "overfit, joint − best": drop_overfit.mean,
        "recorded, one speaker": float(by_fold["one speaker"].mean()),
    },
    data,
)
