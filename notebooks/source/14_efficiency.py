# %% [markdown]
# # 14 · Efficiency
#
# **After this lesson you can**
#
# - say of each way to make a network cheaper what it saves (parameters, bytes, memory, time),
#   and what it does not,
# - measure parameters, bytes, activations, multiply-adds and seconds by yourself,
# - find out whether one ranking of weights starves a modality, and choose an amount for each,
# - rebuild a smaller network from what structured pruning leaves,
# - put distillation beside the control that it has to beat.
#
# **Time** about 55 minutes to read and do, 10 more for what is marked *Further*; the computing
# takes 30 to 110 seconds.
#
# **Needed before** lessons 00 to 05 (intervals, probes, starvation).
#
# **Sources** Han, Pool, Tran and Dally, *Learning both Weights and Connections*
# ([2015](https://arxiv.org/abs/1506.02626)); Li and colleagues, *Pruning Filters for Efficient
# ConvNets* ([2017](https://arxiv.org/abs/1608.08710)); Chen, Xu, Zhang and Guestrin, *Training Deep
# Nets with Sublinear Memory Cost* ([2016](https://arxiv.org/abs/1604.06174)); Hinton, Vinyals and
# Dean, *Distilling the Knowledge in a Neural Network*
# ([2015](https://arxiv.org/abs/1503.02531)); Kendall, Gal and Cipolla, *Multi-Task Learning Using
# Uncertainty* ([2018](https://arxiv.org/abs/1705.07115)); Loshchilov and Hutter, *Decoupled Weight
# Decay* ([2019](https://arxiv.org/abs/1711.05101)); Paul Liang, *How to AI (Almost) Anything*.

# %% folded=true
# Imports and settings.
import copy
import math
from functools import partial

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import prune
from torch.utils.checkpoint import checkpoint

from coursekit.analysis.intervals import interval
from coursekit.analysis.stored_bytes import stored_bytes
from coursekit.course import record
from coursekit.course.claims import claim
from coursekit.course.plots import new_figure, show
from coursekit.course.widgets import EXPLORERS, ChoiceGuess, NumberGuess
from coursekit.data.files import open_checked
from coursekit.lessons.l14_efficiency import exercises
from coursekit.lessons.l14_efficiency.digit_networks import (
    HALF,
    MODALITIES,
    digits,
    network,
    share_right,
    stored_networks,
)
from coursekit.lessons.l14_efficiency.measuring import (
    a_step,
    columns,
    encoder_products,
    loss_of,
    on_gpu,
    ratio,
    times,
)
from coursekit.lessons.l14_efficiency.plots import (
    interval_rows,
    layer_bars,
    pruning_curves,
    whose_weights,
)
from coursekit.lessons.l14_efficiency.study_efficiency import random_scores
from coursekit.lessons.l14_efficiency.techniques import (
    ENCODERS,
    encoder_scores,
    encoders_run,
    quantised,
    rebuilt,
    rescaled,
)
from coursekit.lessons.l14_efficiency.two_losses import Redrawing, moved
from coursekit.models.structured_pruning import masked_units, smaller, strongest_units
from coursekit.training.activation_checkpointing import recomputed
from coursekit.training.distillation import logit_distillation
from coursekit.training.loss_weights import calibrated_weights, gradient_norms, shared_parameters
from coursekit.training.parameter_groups import parameter_groups
from coursekit.training.pruning import local_masks, part_masks, relative_magnitudes, weights_of
from coursekit.training.pruning_amounts import cheapest_shares, costs_of_pruning
from coursekit.training.pruning_masks import apply_masks, counts
from coursekit.training.uncertainty_weights import UncertaintyWeights, best_log_variances

torch.set_num_threads(1)  # every time in this lesson is that of one thread

# %% [markdown]
# ## Six columns
#
# “Cheaper” is not one number. A network costs **parameters**, **stored bytes** (the size of its
# file), **activations** (what the forward pass keeps for the backward pass), **multiply-adds** and
# seconds, and it may cost accuracy. These six are the columns of the table that this lesson makes,
# by running; each technique is a row, and moves some columns and not others.
#
# The network reads lesson 05's written and spoken digits: per modality an encoder of two
# convolutions and a linear layer, on top one linear layer for ten digits. Six of them were trained
# beforehand (16 epochs, Adam), each seed on its own draw of the data. Images have 14 × 14 pixels,
# spectrograms 16 × 16. Count the image's encoder by hand:

# %%
layers = {  # inputs, outputs, weights per pair of them, places of the output
    "conv 1": (1, 16, 9, 14 * 14),
    "conv 2": (16, 32, 9, 7 * 7),
    "linear": (32 * 16, 32, 1, 1),
}
by_layer = pd.DataFrame({
    name: {
        "parameters": inputs * outputs * weights + outputs,
        "multiply-adds": inputs * outputs * weights * places,
        "activations": outputs * places,
    }
    for name, (inputs, outputs, weights, places) in layers.items()
}).T  # fmt: skip

# %% folded=true
# The guess.
layer_guess = ChoiceGuess(
    "14-layer",
    "Which layer of the encoder has most of the parameters, and which most of the multiply-adds?",
    options=(
        "one layer has most of both",
        "parameters: the linear layer; multiply-adds: the second convolution",
        "parameters: the second convolution; multiply-adds: the linear layer",
        "multiply-adds: the first convolution",
    ),
)
layer_guess

# %% folded=true
# The figure: each layer's share of three columns; claims, checked.
layer_guess.reveal("parameters: the linear layer; multiply-adds: the second convolution")
figure, axes = new_figure(9.6, 2.4, columns=3)
show(figure, layer_bars(axes, by_layer))
networks = stored_networks()
data = {seed: digits(seed) for seed in networks}
plain = networks[100]
image = plain.encoders["image"]
assert isinstance(image, nn.Sequential)
claim("Parameters by hand and counted differ by {value:.0f}",
      by_layer["parameters"].sum() - sum(p.numel() for p in image.parameters()), equals=0,
      within=0)  # fmt: skip
counted = encoder_products(image, torch.ones(1, 1, 14, 14))
claim("Multiply-adds by hand and counted differ by {value:.0f}",
      by_layer["multiply-adds"].sum() - counted, equals=0, within=0)  # fmt: skip
claim("Linear layer, share of parameters: {value:.2f}",
      by_layer["parameters"]["linear"] / by_layer["parameters"].sum(), above=0.7)  # fmt: skip
claim("Second convolution, share of multiply-adds: {value:.2f}",
      by_layer["multiply-adds"]["conv 2"] / by_layer["multiply-adds"].sum(), above=0.7)  # fmt: skip

# %% [markdown]
# Three columns, three layers. To save parameters, cut the linear layer; to save work, the second
# convolution; to save memory in training, the first. So one technique cannot move all columns
# alike.
#
# ## Sharing
#
# Both modalities may run through *one* encoder; the head tells them apart.

# %% folded=true
# The guess.
shared_guess = ChoiceGuess(
    "14-shared",
    "One encoder for both modalities. What becomes of the multiply-adds of a pair?",
    options=("half", "the same", "a quarter more"),
)
shared_guess

# %%
first = data[100].train
batch = {m: x[:64] for m, x in first.inputs.items()}
labels = first.labels[:64]
one_encoder = network(100, shared=True).half().float()  # rounded, as the stored ones are
table = {
    "plain": columns(plain, batch, labels),
    "one encoder shared": columns(one_encoder, batch, labels),
}
pd.DataFrame(table).T.round(1)

# %% folded=true
# Claims, checked.
shared_guess.reveal("the same")
own, shared = table["plain"], table["one encoder shared"]
claim("Numbers, of the plain network's: {value:.2f}", shared["numbers"] / own["numbers"],
      below=0.55)  # fmt: skip
claim("Multiply-adds, of the plain network's: {value:.2f}", shared["products"] / own["products"],
      equals=1, within=0)  # fmt: skip
claim("Activations, of the plain network's: {value:.2f}",
      shared["activations, kB"] / own["activations, kB"], equals=1, within=0.001)  # fmt: skip

# %% [markdown]
# Half of the numbers, half of the file; the encoder runs twice, so all else stays.
#
# How to read the columns: *numbers* are the parameters; *zipped* is the same file compressed;
# *products* are multiply-adds in thousands per pair, of a forward pass, and *of a step*, forward
# and backward; *activations* are those of a batch of 64 pairs. Two traps: in a `state_dict` a
# shared tensor stands under both names, so measure the saved file; and the stored networks were
# rounded to half precision, so that all of them zip well.
#
# ## Zeros
#
# **Magnitude pruning** sets the smallest |w| to zero. In **one ranking** (*global* pruning) all
# encoder weights compete:


# %%
def one_ranking(scores, share):
    """Masks, False where a weight goes: the lowest scores of all tensors together."""
    flat = torch.cat([score.flatten() for score in scores.values()])
    gone = flat.argsort()[: round(share * len(flat))]
    keep = torch.ones_like(flat, dtype=torch.bool)
    keep[gone] = False
    pieces = keep.split([score.numel() for score in scores.values()])
    return {n: p.view(scores[n].shape) for n, p in zip(scores, pieces, strict=True)}


def pruned(model, masks):
    """A copy with these weights set to zero."""
    copied = copy.deepcopy(model)
    apply_masks(copied, masks)
    return copied


# %% folded=true
# The guess.
zeros_guess = ChoiceGuess(
    "14-zeros",
    "Eight of ten weights are zero. A training step then takes …",
    options=("a fifth of the time", "about half", "as long as before"),
)
zeros_guess

# %% folded=true
# The table: plain and masked; claims, checked.
masks = part_masks(encoder_scores(plain), {ENCODERS: 0.8})
hand = one_ranking(encoder_scores(plain), 0.8)
scores = encoder_scores(plain)
claim("Largest |w| that goes, by hand minus by the package: {value:.0f}",
      max(scores[n][~hand[n]].max() for n in masks)
      - max(scores[n][~masks[n]].max() for n in masks), equals=0, within=0)  # fmt: skip
claim("… and as many go, difference {value:.0f}",
      sum(hand[n].sum() - masks[n].sum() for n in masks), equals=0, within=0)  # fmt: skip
masked = pruned(plain, masks)
table["masked"] = columns(masked, batch, labels)
steps = {"plain": a_step(plain, batch, labels), "masked": a_step(masked, batch, labels)}
timed = times(steps)
zeros_guess.reveal("as long as before")
zipped = table["masked"]["zipped, kB"] / own["zipped, kB"]
claim("Zipped file, of the plain one's: {value:.2f}", zipped, below=0.6)
claim("File, of the plain one's: {value:.2f}", table["masked"]["file, kB"] / own["file, kB"],
      equals=1, within=0.001)  # fmt: skip
claim("Multiply-adds, of the plain network's: {value:.2f}",
      table["masked"]["products"] / own["products"], equals=1, within=0)  # fmt: skip
claim("A step, in steps of the plain network: {value:.1f}", ratio(timed, "masked"), above=0.6)
held_twice = copy.deepcopy(plain)
prune.l1_unstructured(held_twice.encoders["image"].get_submodule("7"), "weight", 0.8)
claim("One layer under PyTorch's prune, file, of the plain one's: {value:.2f}",
      stored_bytes(held_twice) / stored_bytes(plain), above=1.2)  # fmt: skip
pd.DataFrame(table).T.round(1)

# %% [markdown]
# A zero is stored, loaded and multiplied like any other number. Only a compressed file is smaller.
# (PyTorch's own `prune` keeps mask *and* weight until `prune.remove`: the file grows.)
#
# How much may go? All six networks, on test rows, without training afterwards. *One per layer*
# (*local* pruning) takes the same share of every layer. *At random* is the control: as many
# weights, drawn.

# %% folded=true
# The figure: accuracy by share and ranking.
SHARES = (0.5, 0.8, 0.9)
rankings = {
    "one ranking": lambda m, s, seed: part_masks(encoder_scores(m), {ENCODERS: s}),
    "one per layer": lambda m, s, seed: local_masks(encoder_scores(m), s),
    "at random": lambda m, s, seed: part_masks(random_scores(m, seed), {ENCODERS: s}),
}
by_share = pd.DataFrame(
    (name, share, seed, share_right(pruned(m, make(m, share, seed)), data[seed]))
    for name, make in rankings.items()
    for share in SHARES
    for seed, m in networks.items()
)
by_share.columns = pd.Index(["ranking", "share", "seed", "accuracy"])
untouched = pd.Series({seed: share_right(m, data[seed]) for seed, m in networks.items()})
figure, (ax,) = new_figure(6.4, 3.6)
ax.set_title("Accuracy by the share of zeros, no training afterwards")
show(figure, pruning_curves(ax, by_share, untouched.mean()))
wide = by_share.pivot_table(index="seed", columns=["ranking", "share"], values="accuracy")
lost = interval(untouched - wide["one ranking", 0.5])
print("Lost at one half, one ranking:", lost)
claim("… ends at {value:.3f}", lost.high, below=0.03)
claim("At 0.9, one ranking − one per layer, begins at {value:+.3f}",
      interval(wide["one ranking", 0.9] - wide["one per layer", 0.9]).low, above=0.05)  # fmt: skip
claim("At one half, one ranking − at random, begins at {value:+.3f}",
      interval(wide["one ranking", 0.5] - wide["at random", 0.5]).low, above=0.025)  # fmt: skip
FIRST = [f"{ENCODERS}.{m}.0.weight" for m in MODALITIES]
spared, first_gone = {}, []
for seed, m in networks.items():
    by_one, by_layer_masks = (rankings[r](m, 0.9, seed) for r in ("one ranking", "one per layer"))
    first_gone += [1 - float(by_one[name].double().mean()) for name in FIRST]
    whole_first = {name: torch.ones_like(by_layer_masks[name]) for name in FIRST}
    spared[seed] = share_right(pruned(m, by_layer_masks | whole_first), data[seed])
claim("At 0.9, one ranking takes {value:.2f} of a first convolution at most", max(first_gone),
      below=0.5)  # fmt: skip
print("One per layer, 0.9, first convolutions spared:", interval(pd.Series(spared)))
claim("… − not spared, begins at {value:+.3f}",
      interval(pd.Series(spared) - wide["one per layer", 0.9]).low, above=0.1)  # fmt: skip
claim("… − one ranking, begins at {value:+.3f}",
      interval(pd.Series(spared) - wide["one ranking", 0.9]).low, above=-0.05)  # fmt: skip

# %% [markdown]
# Half of the weights cost nothing measurable, if they are the small ones. One per layer does worse
# at 0.9 because of the first convolutions, 144 weights each: spare these two, and it is not behind
# any more. One ranking leaves most of them in place by itself.
#
# ### Exercise 1 · Whose weights?
#
# `image` and `audio` are arrays of weights of any shape. In one ranking of both by |w|, the
# smallest `round(share * n)` of all n weights go; no two |w| are equal. Return the share of the
# image's weights that is gone, and the share of the audio's.


# %% nbgrader={"grade_id": "ex-14-shares", "solution": true}
def removed_shares(image, audio, share):
    """Two numbers in [0, 1]."""
    ### BEGIN SOLUTION
    sizes = np.abs(np.concatenate([image.ravel(), audio.ravel()]))
    gone = np.zeros(len(sizes), dtype=bool)
    gone[np.argsort(sizes)[: round(share * len(sizes))]] = True
    return gone[: image.size].mean(), gone[image.size :].mean()
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-14-shares", "grade": true, "points": 1}
exercises.removed_shares.check(removed_shares)
### BEGIN HIDDEN TESTS
exercises.removed_shares.check(removed_shares, seed=14_0101)
### END HIDDEN TESTS

# %% [markdown]
# ## Does one ranking starve a modality?
#
# On paper: yes. If one encoder's weights are ten times the other's, half of all weights are most
# of the other's. And large weights mean nothing by themselves: ReLU lets a positive factor
# through, so one layer may be made ten times as large and the next a tenth, and the network
# computes the same. Below, “image × 10”: all three layers of the image's encoder ten times as
# large, the weights of the last layer that read it a thousandth.

# %% folded=true
# The guess.
trained_guess = NumberGuess(
    "14-trained",
    "One ranking takes 70 % of all encoder weights of the trained networks. Of the audio's it "
    "takes …",
    low=0,
    high=100,
    step=1,
    unit="%",
)
large_guess = NumberGuess(
    "14-large",
    "The same 70 % of all, from networks with the image's weights × 10. Of the audio's it takes …",
    low=0,
    high=100,
    step=1,
    unit="%",
)
trained_guess

# %% folded=true
# The second guess.
large_guess


# %%
def as_trained(model):
    """The model, and what its weights are ranked by."""
    return model, encoder_scores(model)


def larger(model):
    """The same function, the image's weights ten times as large."""
    return as_trained(rescaled(model, "image", 10.0))


def larger_cured(model):
    """The same again; a tensor's weights are divided by its norm."""
    large = rescaled(model, "image", 10.0)
    return large, relative_magnitudes(weights_of(large, ENCODERS))


# %% folded=true
# Whose weights go, case by case; accuracy at 0.7.
LARGE, CURED = "image × 10, the same function", "image × 10, ranked by |w| / ‖w‖"
cases = {
    "as trained": as_trained,
    LARGE: larger,
    CURED: larger_cured,
}
rows = []
for case, prepare in cases.items():
    for seed, trained in networks.items():
        model, scores = prepare(trained)
        for share in (0.3, 0.5, 0.7, 0.9):
            masks = part_masks(scores, {ENCODERS: share})
            gone = counts(masks, [f"{ENCODERS}.{m}" for m in MODALITIES])["pruned"]
            right = share_right(pruned(model, masks), data[seed]) if share == 0.7 else np.nan
            rows.append((case, seed, share, *gone, right))
taken = pd.DataFrame(rows, columns=["case", "seed", "share", *MODALITIES, "accuracy"])

# The figure: whose weights go, by the share in all; claims, checked.
at = taken[taken["share"] == 0.7]
gone_of = {m: at.pivot_table(index="seed", columns="case", values=m) for m in MODALITIES}
left = at.pivot_table(index="seed", columns="case", values="accuracy")
trained_guess.reveal(round(100 * gone_of["audio"]["as trained"].mean(), 1), within=5)
large_guess.reveal(round(100 * gone_of["audio"][LARGE].mean(), 1), within=3)
figure, axes = new_figure(10, 3.3, columns=3)
show(figure, whose_weights(axes, taken))
few = {m: x[:50] for m, x in data[100].test.inputs.items()}
same = (plain(few).joint - rescaled(plain, "image", 10.0)(few).joint).abs().max().item()
claim("Larger weights change the logits by {value:.0e} at most", same, below=1e-2)
for case in cases:
    print(f"{case}, 0.7 pruned: accuracy", interval(left[case]))
apart = (gone_of["audio"]["as trained"] - gone_of["image"]["as trained"]).abs().max()
claim("As trained, the shares differ by {value:.2f} at most", apart, below=0.16)
claim(
    "Image × 10: of the audio's weights {value:.2f} goes", gone_of["audio"][LARGE].min(), above=0.95
)
fallen = interval(left["as trained"] - left[LARGE])
claim("… and accuracy falls by {value:.2f} at least", fallen.low, above=0.15)
cured = interval(left["as trained"] - left[CURED])
claim("Ranked by |w| / ‖w‖ it loses {value:.3f} at most", cured.high, below=0.03)

# %% [markdown]
# On the trained networks, hardly: both encoders lose nearly the same share. (A likely reason, not
# tested here: their weights began at one scale, and one optimiser moved them.) Starvation by
# ranking is a matter of *scale*, and scale is arbitrary: the middle panel is the same function as
# the left one. Encoders of different origin, one of them pre-trained say, need not share a scale,
# so look at the share by modality before you trust one accuracy. The cure divides by each tensor's
# norm, and the scale cancels.
#
# **An amount per modality.** Or do not compare weights between encoders at all: prune one encoder
# at a time, see what each share costs on *validation* rows, and take the pair of shares that
# removes enough and loses least. Here 85 % has to go.

# %% folded=true
# The guess.
amount_guess = ChoiceGuess(
    "14-amount",
    "Amounts chosen so, against the same 85 % of either encoder. On the test rows they are …",
    options=("surely better", "not surely different", "surely worse"),
)
amount_guess

# %% folded=true
# The table: what each share costs alone, mean over seeds; the pairs chosen; claims, checked.
parts = [f"{ENCODERS}.{m}" for m in MODALITIES]
costs, chosen, reached, promised, lost_together = {}, {}, {}, {}, {}
for seed, m in networks.items():
    on_valid = partial(share_right, m, data[seed], "valid")
    costs[seed] = costs_of_pruning(m, parts, (0.7, 0.8, 0.85, 0.9, 0.95), on_valid)
    cost = costs[seed].set_index(["part", "share"])
    every_weight = sum(w.numel() for w in weights_of(m, ENCODERS).values())
    need = int(0.849 * every_weight)  # 85 % to a per mille: a share is rounded to whole weights
    chosen[seed] = cheapest_shares(costs[seed], need)
    promised[seed] = sum(cost["lost"][choice] for choice in chosen[seed].items())
    together = pruned(m, part_masks(encoder_scores(m), chosen[seed]))
    lost_together[seed] = on_valid() - share_right(together, data[seed], "valid")
    both = {"by validation": chosen[seed], "0.85 of each": dict.fromkeys(parts, 0.85)}
    reached[seed] = {
        name: share_right(pruned(m, part_masks(encoder_scores(m), shares)), data[seed])
        for name, shares in both.items()
    }
amount = pd.DataFrame(reached).T
gain = interval(amount["by validation"] - amount["0.85 of each"])
amount_guess.reveal("not surely different")
print("Chosen (image, audio):", *(tuple(c.values()) for c in chosen.values()))
print("By validation − 0.85 of each, test rows:", gain)
sums, pairs = pd.Series(promised), pd.Series(lost_together)
print("Validation: costs added up", interval(sums), "the pair itself", interval(pairs))
print("… the pair loses more by", interval(pairs - sums))
claim("… which begins at {value:+.3f}", interval(pairs - sums).low, below=0)
claim(f"Networks in which the image's share is the larger one: {{value:.0f}} of {len(chosen)}",
      sum(c[parts[0]] > c[parts[1]] for c in chosen.values()), above=3)  # fmt: skip
claim("By validation − 0.85 of each begins at {value:+.3f}", gain.low, below=0)
claim("… and ends at {value:+.3f}", gain.high, below=0.04)
every = pd.concat(costs, names=["seed"]).reset_index("seed")
alone = every.pivot_table(index="part", columns="share", values="lost")
claim("Image, 0.9 pruned alone, loses {value:.3f}", alone[0.9][parts[0]], below=0.05)
claim("Audio: {value:.3f}", alone[0.9][parts[1]], above=0.09)
alone.round(3)

# %% [markdown]
# Pruned alone, the image's encoder costs next to nothing, so more of it is taken, and nothing is
# won that six networks could show. The costs were measured one at a time and added up. Two things
# can make such a sum too low: a whole audio encoder may *cover* for a pruned image, and no longer
# when both are pruned; and the lowest of several noisy numbers looks better than it is. The pair
# itself loses more than the sum on average, but zero is inside the interval: six networks do not
# decide it. A choice on validation is a proposal; measure the pair.
#
# ### Exercise 2 · Amounts
#
# `shares` (K,), rising, are what may be pruned of either encoder; `image` and `audio` (K,) say
# how much accuracy each share costs on validation, alone; `sizes` are the two encoders' numbers of
# weights. Return the pair of shares that removes `need` weights or more and loses least, losses
# added. (No two pairs lose the same.)


# %% nbgrader={"grade_id": "ex-14-amounts", "solution": true}
def amounts(shares, image, audio, sizes, need):
    """(share of the image's, share of the audio's)."""
    ### BEGIN SOLUTION
    removed = shares[:, None] * sizes[0] + shares[None, :] * sizes[1]
    lost = np.where(removed >= need - 1e-9, image[:, None] + audio[None, :], np.inf)
    i, j = np.unravel_index(lost.argmin(), lost.shape)
    return shares[i], shares[j]
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-14-amounts", "grade": true, "points": 2}
exercises.amounts.check(amounts)
### BEGIN HIDDEN TESTS
exercises.amounts.check(amounts, seed=14_0102)
### END HIDDEN TESTS

# %% [markdown]
# Now turn the knobs. Accuracies are those of 400 test pairs: up to four points are within chance.
#
# - From which share on does each probe fall? Which encoder bears more, and in every network?
# - Where does the joint model fall: with the first probe, or with the second?

# %%
EXPLORERS["pruning"]()

# %% [markdown]
# ## Units that are gone
#
# **Structured pruning** takes whole units: a channel, a row. A unit that is only masked still
# costs; so **rebuild**: leave out its row, its bias, and its *columns in the next layer*. Half of
# the channels of both convolutions go; here are the weights of the two layers above the first:

# %%
half = strongest_units(image, 0.5)  # True for the units with the largest norm of their row
conv, linear = (image.get_parameter(f"{place}.weight") for place in (3, 7))
kept = half[1]
rows_kept = conv[kept][:, half[0]]
columns_kept = linear[:, kept.repeat_interleave(4 * 4)]  # 16 places for every channel

# %% folded=true
# The table: masked units and the rebuilt network; claims, checked.
small = smaller(image, half)
pixels = data[100].test.inputs["image"]
claim("By hand against the package: {value:.0f} numbers differ",
      (small.get_parameter("3.weight") != rows_kept).sum()
      + (small.get_parameter("7.weight") != columns_kept).sum(), equals=0, within=0)  # fmt: skip
claim("Masked and rebuilt, features differ by {value:.0e}",
      (masked_units(image, half)(pixels) - small(pixels)).abs().max(), below=1e-4)  # fmt: skip
cut = rebuilt(plain, 0.5)
table["rebuilt"] = columns(cut, batch, labels)
timed = times({"plain": a_step(plain, batch, labels), "rebuilt": a_step(cut, batch, labels)})
for name in ("numbers", "file, kB", "products", "of a step", "activations, kB"):
    most = 0.34 if name in ("products", "of a step") else 0.75
    claim(f"{name}, of the plain network's: {{value:.2f}}", table["rebuilt"][name] / own[name],
          below=most)  # fmt: skip
claim("A step, in steps of the plain network: {value:.1f}", ratio(timed, "rebuilt"), below=0.95)
pd.DataFrame(table).T.round(1)

# %% [markdown]
# Every column moves, the seconds too. With half of both convolutions' channels about half of the
# numbers go, and two thirds of the products: the second convolution loses rows *and* columns.
#
# ## Fewer bits
#
# **int8**: a weight is a whole number from −127 to 127 times one scale per tensor. *Dynamic*:
# inputs are rounded the same way as they arrive. Linear layers only:


# %%
def int8_linear(layer, x):
    """What a linear layer gives when weights and inputs are whole numbers times a scale."""
    scale_w, scale_x = layer.weight.abs().max() / 127, x.abs().max() / 127
    w, z = (layer.weight / scale_w).round(), (x / scale_x).round()
    return F.linear(z, w) * (scale_w * scale_x) + layer.bias


# %% folded=true
# The table; bf16 beside it; claims, checked.
eight = quantised(plain)
features = image[:7](pixels[:64])
layer8 = eight.encoders["image"].get_submodule("7")
off = (int8_linear(image[7], features) - layer8(features)).abs().max()
claim("By hand against the package: {value:.0e}", off, below=1e-5)
table["int8"] = columns(eight, batch, labels, trains=False)
table["bf16"] = columns(plain, batch, labels, "bf16")
right8 = [share_right(quantised(m), data[s]) - share_right(m, data[s]) for s, m in networks.items()]
print("int8 − plain, accuracy:", interval(right8))
claim("int8 loses {value:.3f} at most", -interval(right8).low, below=0.02)
claim("int8, file, of the plain one's: {value:.2f}", table["int8"]["file, kB"] / own["file, kB"],
      below=0.6)  # fmt: skip
claim("bf16, activations, of the plain ones': {value:.2f}",
      table["bf16"]["activations, kB"] / own["activations, kB"], between=(0.3, 0.75))  # fmt: skip
claim("bf16, file, of the plain one's: {value:.2f}", table["bf16"]["file, kB"] / own["file, kB"],
      equals=1, within=0.001)  # fmt: skip
unit = torch.tensor(1.0, dtype=torch.bfloat16)
claim("bf16: 1 + 2⁻⁹ − 1 = {value:.0f}", unit + 2**-9 - unit, equals=0, within=0)
claim("float16: 1e-8 becomes {value:.0f}", torch.tensor(1e-8).half(), equals=0, within=0)
pd.DataFrame({name: table[name] for name in ("plain", "int8", "bf16")}).T.round(1)

# %% [markdown]
# int8: the file shrinks, but no number is gone (the three more are scales) and no convolution is
# touched, so there is as much work. It is not trained: its cells of a step are empty.
#
# **bf16 autocast** runs products in 16 bits and leaves the weights in 32: it is the *activations*
# that shrink. bf16 has float32's range and eight bits of precision. float16 has eleven, but a
# smaller range: small gradients become zero, so the loss is scaled up before the backward pass.
# Whether 16 bits are *faster* depends on your processor: one without instructions for them has to
# imitate them. The last table says what yours does.
#
# ## Keep less
#
# **Checkpointing** keeps only an encoder's input and computes its activations again in the backward
# pass. **Accumulation** runs the batch in parts and adds up their gradients.

# %% folded=true
# The guess.
again_guess = ChoiceGuess(
    "14-again",
    "Checkpointing computes the forward pass twice. The gradients are …",
    options=("equal to the last bit", "equal up to rounding", "slightly noisier"),
)
again_guess


# %%
def gradients(model, how="plain", parts=1):
    """All gradients of one batch in a row; the batch in ``parts`` that add up."""
    model.zero_grad()
    with encoders_run(model, how):
        for rows in torch.arange(64).split(64 // parts):
            part = {m: x[rows] for m, x in batch.items()}
            (loss_of(model, part, labels[rows]) / parts).backward()
    return torch.cat([p.grad.flatten() for p in model.parameters()])


# %% folded=true
# The table; batch norm; claims, checked.
again_guess.reveal("equal to the last bit")
once = gradients(plain)
claim("Checkpointed, gradients differ by {value:.0e}",
      (gradients(plain, "checkpointed") - once).abs().max(), equals=0, within=0)  # fmt: skip
claim("In four parts, by {value:.0e}, relative", (gradients(plain, parts=4) - once).norm()
      / once.norm(), below=1e-4)  # fmt: skip
table["checkpointed"] = columns(plain, batch, labels, "checkpointed")
table["in 4 parts"] = columns(plain, batch, labels, parts=4)
timed = times({
    "plain": a_step(plain, batch, labels),
    "checkpointed": a_step(plain, batch, labels, "checkpointed"),
})  # fmt: skip
claim("Checkpointed, activations, of the plain ones': {value:.2f}",
      table["checkpointed"]["activations, kB"] / own["activations, kB"], below=0.3)  # fmt: skip
claim("… products of a step, of the plain ones': {value:.2f}",
      table["checkpointed"]["of a step"] / own["of a step"], between=(1.2, 1.5))  # fmt: skip
claim("… a step, in steps of the plain network: {value:.1f}", ratio(timed, "checkpointed"),
      above=1.05)  # fmt: skip
x = torch.randn(8, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
norm_ways = {
    "plain": lambda norm: norm(x),
    "PyTorch's checkpoint": lambda norm: checkpoint(norm, x, use_reentrant=False),
    "the package's": lambda norm: recomputed(norm, x),
}
batches = {}
for name, way in norm_ways.items():
    norm = nn.BatchNorm1d(4)
    way(norm).sum().backward()
    assert norm.num_batches_tracked is not None
    batches[name] = int(norm.num_batches_tracked)
claim("Batches that batch norm counted, PyTorch's checkpoint: {value:.0f}",
      batches["PyTorch's checkpoint"], equals=2, within=0)  # fmt: skip
claim("… coursekit's: {value:.0f}", batches["the package's"], equals=1, within=0)
pd.DataFrame({name: table[name] for name in ("plain", "checkpointed", "in 4 parts")}).T.round(1)

# %% [markdown]
# Checkpointing pays for memory with work; gradients are the same to the last bit, and so is
# accuracy. One exception: batch norm updates its running statistics in the forward pass, and now
# there are two of these. PyTorch's checkpoint counts each batch twice, `coursekit`'s once.
# Accumulation gives the same gradient up to rounding, unless batch norm sees the parts.
#
# ## A smaller network from the start
#
# A rebuilt network of half the numbers has a rival: the *same small form*, trained from new
# weights, a student. **Distillation** adds a teacher's soft answers, the probabilities of all ten
# digits. With the student's logits s, the teacher's t, the label y, a temperature T > 1 that
# divides logits and so evens out their probabilities, and a weight μ from 0 to 1, its loss is
#
# $$(1 - \mu)\,\mathrm{CE}(y, \mathrm{softmax}(s))
# + \mu\, T^2\, \mathrm{KL}\left(\mathrm{softmax}(t / T) \,\Vert\, \mathrm{softmax}(s / T)\right)$$


# %%
def soft_loss(student, teacher, t):
    """T² KL(teacher ‖ student): summed over classes, mean over rows."""
    p, q = (teacher / t).log_softmax(1), (student / t).log_softmax(1)
    return t**2 * (p.exp() * (p - q)).sum(1).mean()


# %% folded=true
# Claims, checked; the guess.
s, t = torch.randn(2, 6, 10, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
off = (soft_loss(s, t, 3.0) - logit_distillation(s, t, 3.0)).abs()
claim("By hand against the package: {value:.0e}", off, below=1e-12)
p, q = (t / 3).softmax(1), (s / 3).softmax(1)
claim("PyTorch's kl_div given probabilities for log-probabilities: {value:.2f}",
      9 * F.kl_div(q, p, reduction="batchmean"), below=0)  # fmt: skip
student_guess = ChoiceGuess(
    "14-student",
    "As much processor time in all, the teacher's counted. Which small network is ahead?",
    options=("the distilled one", "the one alone, trained for longer", "neither, for sure"),
)
student_guess

# %% [markdown]
# (CE is the cross-entropy.) A KL divergence is never negative. PyTorch's `kl_div` wants
# *log*-probabilities first and does not complain about others.
#
# ### Exercise 3 · A student's loss
#
# Write the whole loss in numpy: logits `student` and `teacher` (B, C), `labels` (B,), temperature
# `t`, `mix` for μ. Logits may be large.


# %% nbgrader={"grade_id": "ex-14-distil", "solution": true}
def student_loss(student, teacher, labels, t, mix):
    """A number."""

    ### BEGIN SOLUTION
    def log_softmax(x):
        x = x - x.max(1, keepdims=True)
        return x - np.log(np.exp(x).sum(1, keepdims=True))

    own = -log_softmax(student)[np.arange(len(labels)), labels].mean()
    p, q = log_softmax(teacher / t), log_softmax(student / t)
    return (1 - mix) * own + mix * t**2 * (np.exp(p) * (p - q)).sum(1).mean()
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-14-distil", "grade": true, "points": 2}
exercises.student_loss.check(student_loss)
### BEGIN HIDDEN TESTS
exercises.student_loss.check(student_loss, seed=14_0103)
### END HIDDEN TESTS

# %% [markdown]
# Now the stored results of six seeds: networks of one small form, half of the numbers, that came by
# their weights in different ways. *Student*: new weights, 16 epochs like the teacher. *Distilled*:
# the same with the soft loss. (Four learning rates were tried for the one, four pairs of T and μ
# for the other, on validation rows of two other seeds.) *40 epochs*: the student alone, for about
# the time of teacher and distilled student together. *Rebuilt*: cut out of the teacher; *tuned*:
# then four epochs of **tuning**, training with what is left. *At random*: as many units, drawn.
# Below them the whole network, trained for 40 epochs too.

# %% folded=true
# The figure: networks of half the numbers, by how they were made; claims, checked.
study = pd.read_csv(open_checked("efficiency.csv"))
by_way = study.pivot_table(index="seed", columns="way", values="test", sort=False)
seconds = study.groupby("way")["seconds"].mean()
HALVES = ("student", "student, distilled", "student, 40 epochs", "rebuilt", "rebuilt, tuned",
          "rebuilt at random, tuned")  # fmt: skip
WHOLE = "plain, 40 epochs"
roles = {name: "A" if "student" in name else "B" for name in HALVES} | {WHOLE: "joint"}
figure, (ax,) = new_figure(7.6, 3.5)
ax.set_title("Half of the numbers (line: the whole network, 16 epochs)")
show(figure, interval_rows(ax, {n: interval(by_way[n]) for n in (*HALVES, WHOLE)},
                           by_way["plain"].mean(), roles))  # fmt: skip


def ahead(one, other):
    """Accuracy of one way minus the other, paired over seeds."""
    return interval(by_way[one] - by_way[other])


for one, other in (
    ("student, distilled", "student"),
    ("student, 40 epochs", "student"),
    ("student, 40 epochs", "student, distilled"),
    ("student, 40 epochs", WHOLE),
    ("rebuilt, tuned", "student, 40 epochs"),
    ("rebuilt, tuned", "rebuilt at random, tuned"),
    ("rebuilt, tuned", "plain, 4 epochs more"),
):
    print(f"{one} − {other}:", ahead(one, other))
student_guess.reveal("the one alone, trained for longer")
longer = ahead("student, 40 epochs", "student, distilled")
claim("40 epochs alone − distilled begins at {value:+.3f}", longer.low, above=0.004)
claim("40 epochs alone − 16 epochs alone begins at {value:+.3f}",
      ahead("student, 40 epochs", "student").low, above=0.003)  # fmt: skip
claim("40 epochs alone − the whole network, 40 epochs, begins at {value:+.3f}",
      ahead("student, 40 epochs", WHOLE).low, above=-0.03)  # fmt: skip
claim("… and ends at {value:+.3f}", ahead("student, 40 epochs", WHOLE).high, below=0.03)
claim("Distilled − student, the same epochs, begins at {value:+.3f}",
      ahead("student, distilled", "student").low, below=0)  # fmt: skip
claim("… and ends at {value:+.3f}", ahead("student, distilled", "student").high, below=0.02)
drawn = ahead("rebuilt, tuned", "rebuilt at random, tuned")
claim("Rebuilt and tuned, strongest units − units at random, begins at {value:+.3f}", drawn.low,
      above=-0.02)  # fmt: skip
claim("… and ends at {value:+.3f}", drawn.high, below=0.02)
teacher_time = seconds["one encoder shared"]  # as many products as the teacher, trained as long
claim("Teacher and tuning, in time of 40 epochs alone: {value:.1f}",
      (teacher_time + seconds["rebuilt, tuned"]) / seconds["student, 40 epochs"],
      below=1)  # fmt: skip
claim("40 epochs alone, in time of teacher and distilled student: {value:.1f}",
      seconds["student, 40 epochs"] / (teacher_time + seconds["student, distilled"]),
      below=1.1)  # fmt: skip

# %% [markdown]
# - **Distilled** is not surely ahead of the student of as many epochs. What the student lacked are
#   epochs: trained for longer, alone, it is surely ahead of both. (The teacher's time is taken as
#   that of the shared network, which has as many products.)
# - Against the whole network of 16 epochs the longer student looks a little ahead. But epochs help
#   that one too: trained for 40, it is level with the student. A comparison needs equal training
#   on both sides.
# - **Rebuilt and tuned** is not surely behind 40 epochs alone, in less time. But half of the units
#   *drawn at random* end within 0.02 of the strongest ones: without this control, the norms would
#   have got the credit for the tuning.
#
# Distillation may help elsewhere, where labels are few or the teacher is there anyway. This is one
# data set and one size: measure it, at equal time.
#
# ## The table
#
# All rows at once. *ms a step*: processor milliseconds, one thread, median; the rows take turns, so
# that all see the same load. *accuracy*: six seeds; *tuned*: after four epochs of tuning. *GPU*:
# milliseconds and most memory, where there is one.

# %% folded=true
# The table: every technique, every column; on a GPU where there is one; claims, checked.
STUDENT = "student, distilled"
young = network(100, HALF).half().float()  # the form and the file count, not what it has learnt
table[STUDENT] = columns(young, batch, labels)
OTHERS = {"one encoder shared": one_encoder, "masked": masked, "rebuilt": cut, STUDENT: young}
ways = {
    "plain": (plain, "plain", 1),
    **{name: (model, "plain", 1) for name, model in OTHERS.items()},
    "bf16": (plain, "bf16", 1),
    "checkpointed": (plain, "checkpointed", 1),
    "in 4 parts": (plain, "plain", 4),
}
timed = times({n: a_step(m, batch, labels, how, k) for n, (m, how, k) in ways.items()}, rounds=9)
whole_table = pd.DataFrame(table).T.round(1)
whole_table["ms a step"] = timed.median().round(1)
accuracies = {n: interval(by_way[n]) for n in whole_table.index if n in by_way}
accuracies["checkpointed"] = accuracies["plain"]  # gradients equal to the last bit
whole_table["accuracy"] = {n: f"{i.mean:.3f} [{i.low:.3f}, {i.high:.3f}]"
                           for n, i in accuracies.items()}  # fmt: skip
gpu = {n: on_gpu(m, batch, labels, how, k) for n, (m, how, k) in ways.items()}
whole_table = whole_table.join(pd.DataFrame(gpu).T)
tuned = {name: interval(by_way[f"{name}, tuned"]) for name in ("masked", "rebuilt")}
whole_table["tuned"] = {n: f"{i.mean:.3f} [{i.low:.3f}, {i.high:.3f}]" for n, i in tuned.items()}
claim("Masked, tuned − plain with as many epochs begins at {value:+.3f}",
      ahead("masked, tuned", "plain, 4 epochs more").low, above=-0.02)  # fmt: skip
claim("Shared − plain begins at {value:+.3f}", ahead("one encoder shared", "plain").low,
      above=-0.04)  # fmt: skip
claim("Masked, tuned − masked, begins at {value:+.3f}", ahead("masked, tuned", "masked").low,
      above=0.009)  # fmt: skip
claim("Masked, tuned − at random, tuned, begins at {value:+.3f}",
      ahead("masked, tuned", "masked at random, tuned").low, above=0.027)  # fmt: skip
whole_table.astype(object).fillna("")

# %% [markdown]
# Read it by columns. *Numbers*: sharing, rebuilding, the student. *File*: these and int8; *zipped*:
# masks as well. *Activations*: rebuilding, the student, bf16, checkpointing, parts. *Products*:
# only the two smaller networks have fewer; checkpointing has more in a step.
#
# - *Seconds* are those of your machine, and cannot be counted. Fewer products take less time, and
#   what is computed twice is paid for; but bf16 depends on the processor's instructions, and four
#   small batches need not be as fast as one large batch with the same products.
# - *Accuracy* needs seeds, an interval, and the control beside it. (*in 4 parts* has none: equal up
#   to rounding is not equal, and it was not trained.)
# - *masked, tuned*: 80 % zeros at no price that six seeds show, while as many drawn at random cost
#   dearly. Here, unlike with whole units, it matters which weights go.
#
# ### Exercise 4 · What was done?
#
# `before` and `after` (5,) are columns of one network: parameters, bytes of the file, bytes zipped,
# bytes of activations, multiply-adds of a training step. Less than two per cent up or down is no
# move. Return what was done: `"sharing"`, `"masks"`, `"rebuilt"`, `"fewer bits"` (of what is
# stored), `"bf16"` (autocast) or `"checkpointing"`.


# %% nbgrader={"grade_id": "ex-14-columns", "solution": true}
def technique(before, after):
    """One of the six words."""
    ### BEGIN SOLUTION
    ratio = after / before
    fell = ratio < 0.98
    if fell[0]:
        return "rebuilt" if fell[4] else "sharing"
    if fell[1]:
        return "fewer bits"
    if fell[2]:
        return "masks"
    return "checkpointing" if ratio[4] > 1.02 else "bf16"
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-14-columns", "grade": true, "points": 2}
exercises.technique.check(technique)
### BEGIN HIDDEN TESTS
exercises.technique.check(technique, seed=14_0104)
### END HIDDEN TESTS

# %% [markdown]
# ## Further · Several losses
#
# A second loss on the same audio encoder: from its features a linear decoder draws the spectrogram
# again, squared error summed over 256 pixels. How long is each loss's gradient in what they share?
# **Gradient calibration** weighs the second loss so that its gradient is a chosen ratio of the
# first one's: 1×, 0.5×, 0.1×. (In training the lengths are means over batches, renewed now and
# then; validation chooses the ratio.)

# %%
two = Redrawing(seed=0)
pair = two.losses(batch, labels)
common = shared_parameters(pair, two.parameters())  # the audio encoder; no head, no decoder
lengths = gradient_norms(pair, common)
calibrated = {f"{r:g}×": r * lengths[0] / lengths[1] for r in (1.0, 0.5, 0.1)}

# %% folded=true
# The table; the guess.
claim("The second loss's gradient is {value:.0f} times as long", lengths[1] / lengths[0],
      above=100)  # fmt: skip
off = max(
    abs(float(w - calibrated_weights(lengths, float(r[:-1]))[1])) for r, w in calibrated.items()
)
claim("By hand against the package: {value:.0e}", off, below=1e-6)
adam_guess = ChoiceGuess(
    "14-adam",
    "The second loss gets 100 times its weight. Its decoder, which no other loss reaches, is moved "
    "by AdamW's step …",
    options=("100 times as far", "10 times as far", "as far as before"),
)
print(pd.Series({r: float(w) for r, w in calibrated.items()}, name="weight of loss 2").round(4))
adam_guess

# %% folded=true
# The table: how one step moves decoder and encoder, by the weight of the second loss.
adam_guess.reveal("as far as before")
moves = []
for name, kind, lr in (("AdamW", torch.optim.AdamW, 1e-3), ("SGD", torch.optim.SGD, 1e-3)):
    base = moved(two, batch, labels, 1.0, kind, lr)
    for weight in (1.0, 10.0, 100.0):
        now = moved(two, batch, labels, weight, kind, lr)
        moves.append((name, weight, *(float(now[p].norm() / base[p].norm()) for p in now),
                     float(F.cosine_similarity(now["audio encoder"], base["audio encoder"],
                                               0))))  # fmt: skip
steps_by = pd.DataFrame(moves, columns=["optimiser", "weight", "decoder", "audio encoder",
                                       "cosine, encoder"])  # fmt: skip
heavy = steps_by[steps_by["weight"] == 100].set_index("optimiser")
claim("AdamW, decoder, weight 100: moved {value:.3f} times as far", heavy.loc["AdamW", "decoder"],
      equals=1, within=0.01)  # fmt: skip
claim("SGD: {value:.1f} times", heavy.loc["SGD", "decoder"], equals=100, within=1)
claim("AdamW, audio encoder: the direction changes, cosine {value:.3f}",
      heavy.loc["AdamW", "cosine, encoder"], below=0.999)  # fmt: skip
steps_by.round(3)

# %% [markdown]
# Adam divides by the gradient's own size, so the decoder does not see its loss's weight; the
# encoder does, for there two gradients are added *before* the division. Under Adam, loss weights
# act only where losses share parameters. A part that one loss alone reaches has another knob: a
# **parameter group** with its own learning rate. And AdamW's weight decay is not part of the
# gradient: it takes lr · λ · w away, λ the decay, so a **schedule** that lowers the learning rate
# lowers the decay too. All of it by hand, for twenty steps:


# %%
def adamw(w, gradients, rate, decay):
    """Where AdamW takes ``w``; rate(k): the learning rate of step k, from 1."""
    m, v = torch.zeros_like(w), torch.zeros_like(w)
    for k, g in enumerate(gradients, 1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        step = (m / (1 - 0.9**k)) / ((v / (1 - 0.999**k)).sqrt() + 1e-8)
        w = w - rate(k) * (decay * w + step)
    return w


def warm_cosine(k):
    """Five steps of warm-up, then down to 0 at step 20 along a cosine; times 0.01."""
    return 0.01 * (k / 5 if k <= 5 else (1 + math.cos(math.pi * (k - 5) / 15)) / 2)


# %% folded=true
# Claims, checked: by hand against PyTorch; a weight of the loss; groups; learnt weights.
rng = torch.Generator().manual_seed(2)
start = torch.randn(6, generator=rng, dtype=torch.float64)
pushes = [torch.randn(6, generator=rng, dtype=torch.float64) for _ in range(20)]
w = nn.Parameter(start.clone())
optimizer = torch.optim.AdamW([w], lr=1.0, weight_decay=0.1)
schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: warm_cosine(k + 1))
for g in pushes:
    w.grad = g
    optimizer.step()
    schedule.step()
claim("By hand against PyTorch after 20 steps: {value:.0e}",
      (adamw(start, pushes, warm_cosine, 0.1) - w).abs().max(), below=1e-10)  # fmt: skip
hundred = adamw(start, [100 * g for g in pushes], warm_cosine, 0.1)
claim("… and with all gradients 100 times as long: {value:.0e}", (hundred - w).abs().max(),
      below=1e-6)  # fmt: skip
groups = parameter_groups(two, {"classifier": {"lr": 1e-3, "weight_decay": 0.01},
                                "decoder": {"lr": 1e-2, "weight_decay": 0.01}})  # fmt: skip
undecayed = sum(p.numel() for g in groups if g["weight_decay"] == 0 for p in g["params"])
vectors = sum(p.numel() for p in two.parameters() if p.ndim < 2)
claim("Numbers without decay − numbers in biases: {value:.0f}", undecayed - vectors, equals=0,
      within=0)  # fmt: skip
learnt = UncertaintyWeights(2)
values = torch.tensor([0.2, 50.0])
with torch.no_grad():
    learnt.log_variances.copy_(best_log_variances(values))
total = learnt([v.clone() for v in values])
slope = torch.autograd.grad(total, learnt.log_variances)[0].abs().max()
claim("At s = log L the slope is {value:.0e}", slope, below=1e-5)
claim("… and the weights times the losses are {value:.2f}", (learnt.weights * values).mean(),
      equals=1, within=1e-5)  # fmt: skip
pd.DataFrame([{"lr": g["lr"], "decay": g["weight_decay"],
               "numbers": sum(p.numel() for p in g["params"])} for g in groups])  # fmt: skip

# %% [markdown]
# The table: biases, norms and other vectors get no decay by custom, the rest does. **Uncertainty
# weights** need that custom: a log variance $s_j$ is learnt per loss, and the total is
# $\sum_j (e^{-s_j} L_j + s_j)$. Its derivative is zero at $s_j = \log L_j$, where the weight
# $e^{-s_j}$ is $1 / L_j$: each loss pulls by its *relative* change. Decay would pull $s_j$ to 0 and
# every weight to 1. (A total below zero is no mistake: a loss below 1/e adds a negative number.)
#
# ### Further · Exercise 5 · Calibrate
#
# `gradients` is (J, D): the gradient of each loss by what they share. Return the weights (J,) with
# which the gradients of all but the first are `ratio` times as long as the first one's; the first
# weight is 1.


# %% nbgrader={"grade_id": "ex-14-calibrate", "solution": true}
def loss_weights(gradients, ratio):
    """(J,)."""
    ### BEGIN SOLUTION
    lengths = np.linalg.norm(gradients, axis=1)
    weights = ratio * lengths[0] / lengths
    weights[0] = 1
    return weights
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-14-calibrate", "grade": true, "points": 2}
exercises.loss_weights.check(loss_weights)
### BEGIN HIDDEN TESTS
exercises.loss_weights.check(loss_weights, seed=14_0105)
### END HIDDEN TESTS

# %% [markdown]
# ## What stays
#
# - Six columns, and each technique moves some of them. Ask for all six, with the machine and the
#   number of threads.
# - A zero costs what any number costs. Rebuild, or say that only the zipped file shrank.
# - One ranking of two encoders compares their *scales*. Count what each modality loses.
# - Gradients that are equal to the last bit need no seeds (checkpointing); equal up to rounding is
#   not that (parts).
# - A smaller network trained for longer is the control of everything that makes networks small, and
#   the whole one trained as long is *its* control.
# - Under Adam, loss weights act where losses share parameters, and nowhere else.
#
# ## Words
#
# - **stored bytes**: the size of the file of a network's weights.
# - **activations**: what a forward pass keeps for the backward pass.
# - **Magnitude pruning**: setting the smallest weights, by |w|, to zero.
# - **one ranking**: all weights are compared with each other, whatever layer they are of.
# - **Structured pruning**: taking out whole units, the rows of a layer.
# - **rebuild**: making smaller layers of the units that stay.
# - **tuning**: some epochs of training with what pruning has left.
# - **int8**: whole numbers from −127 to 127 and a scale in place of a weight; dynamic where inputs
#   are rounded by the scale of the batch at hand.
# - **bf16 autocast**: products in 16 bits, weights in 32.
# - **Checkpointing**: computing activations again in the backward pass in place of keeping them.
# - **Accumulation**: adding up the gradients of a batch's parts before one step.
# - **Distillation**: training a small network on a trained one's soft answers.
# - **Gradient calibration**: weights of losses that make their gradients a chosen ratio of the
#   first one's.
# - **parameter group**: parameters with a learning rate and a decay of their own.
# - **schedule**: the learning rate as a function of the step.
# - **uncertainty weights**: a learnt log variance per loss, whose weight is its inverse.
#
# All words of the course stand in the [glossary](glossary.ipynb).
#
# ## Checkpoint

# %% folded=true
# The checkpoint: what your run gave.
record.checkpoint(
    "14",
    {
        "zipped file, masked": zipped,
        "audio's weights gone at 0.7, as trained": float(gone_of["audio"]["as trained"].mean()),
        "audio's weights gone at 0.7, image × 10": float(gone_of["audio"][LARGE].mean()),
        "rebuilt, products": table["rebuilt"]["products"] / own["products"],
        "student, 40 epochs − distilled": ahead("student, 40 epochs", "student, distilled").mean,
    },
    open_checked("efficiency_networks.npz"),
)
