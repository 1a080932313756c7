# %% [markdown]
# # 03 · Did it use the interaction?
#
# **After this lesson you can**
#
# - project a model on sums of one function a modality, by hand on a 3×3 grid and in code,
# - say what a drop of accuracy under this projection proves, and what no drop proves,
# - compute it for two, three or more modalities without paying for every pair,
# - tell three verdicts apart: no interaction needed; used, though the task could do without; used,
#   and it pays.
#
# **Time** about 75 minutes to read and do; the computing takes less than 1 minute.
#
# **Needed before** lesson 02 (heads that add, heads that multiply); logits and accuracy in PyTorch.
#
# **Sources** Hessel and Lee, *Does My Multimodal Model Learn Cross-modal Interactions? It's Harder
# to Tell than You Might Think!* ([2020](https://arxiv.org/abs/2010.06572)); Paul Liang, *How to AI
# (Almost) Anything*, lecture 5.

# %%
import time
from itertools import product

import numpy as np
import pandas as pd
import torch

from coursekit import record
from coursekit.claims import claim
from coursekit.data import Modality, Recipe, generate, load
from coursekit.data.files import open_checked
from coursekit.emap import emap, interaction_share, logit_grid, project
from coursekit.exercises import lesson03 as exercises
from coursekit.interaction import compare, with_synergy
from coursekit.plots import new_figure, show
from coursekit.plots.emap import before_after, grid_parts
from coursekit.stats import interval, summarise
from coursekit.training import Settings
from coursekit.widgets import EXPLORERS, ChoiceGuess, NumberGuess

torch.set_num_threads(1)  # these networks are too small to be shared between cores

# %% [markdown]
# ## Could, and did
#
# Lesson 01 ended with a question about two numbers: is the **interaction** needed? There a test on
# one weight answered it. A network has no such weight. Its **head** (the part that reads the
# features of all modalities and gives one **logit** a class) may be able to multiply, gate or
# attend. That tells what it *could* do. Whether the trained model *did* is another question, and
# better accuracy does not answer it either: a richer head may simply read each modality better.
#
# The idea of this lesson: compare the trained model with the **additive** function that comes
# nearest to it, a sum $g(x_A) + h(x_B)$ in which no modality hears the other. If that function does
# as well, the interaction was not what made the model good.
#
# ## All the pairs
#
# A sample is a pair: its A and its B. The model can also be asked about pairs that do not exist,
# the A of sample $i$ with the B of sample $j$. All answers for one class make a **grid**, $N \times
# N$. The real samples stand on its diagonal. Row $i$ is all that the model says about $x_A^i$, with
# every partner there is; column $j$ all that it says about $x_B^j$.
#
# Here is a grid for three samples, small enough for paper.

# %%
hand = np.array([[6.0, 0.0, 3.0], [0.0, 3.0, 3.0], [0.0, 0.0, -6.0]])
pd.DataFrame(
    hand, index=[f"A of sample {i}" for i in (1, 2, 3)], columns=[f"B of {j}" for j in (1, 2, 3)]
)

# %% [markdown]
# ## The nearest sum
#
# We look for numbers $g_i$, one a row, and $h_j$, one a column, so that $g_i + h_j$ comes as near
# as possible to the grid, in squares, over **all** cells. At the best $g_i$ the errors of row $i$
# sum to zero, just as residuals do in a regression:
#
# $$\sum_j \big(f_{ij} - g_i - h_j\big) = 0 \quad\Rightarrow\quad g_i = \bar f_{i\cdot} - \bar h$$
#
# where $\bar f_{i\cdot}$ is the mean of row $i$ and $\bar h$ that of all $h_j$. In the same way
# $h_j = \bar f_{\cdot j} - \bar g$. Add the two. What remains to be found is $\bar g + \bar h$, and
# averaging the first equation over the rows gives it: the mean of the whole grid, $\bar f$. So the
# nearest sum, read at sample $i$, is
#
# $$P_i = \bar f_{i\cdot} + \bar f_{\cdot i} - \bar f .$$
#
# Row mean plus column mean minus overall mean. That is **EMAP**, the *empirical multimodally
# additive projection*. "Empirical" because the means run over the samples at hand, the sample
# itself among them. A model has one grid a class; each is projected by itself, on the logits.
#
# ### Exercise 1 · By hand
#
# Take pencil and paper. Replace the dots by a list: the projection of the three samples above, in
# their order.


# %% nbgrader={"grade_id": "ex-03-by-hand", "solution": true}
projected_by_hand = (  # a list of three numbers
    ### BEGIN SOLUTION
    [3 + 2 - 1, 2 + 1 - 1, -2 + 0 - 1]
    ### END SOLUTION
)

# %% nbgrader={"grade_id": "check-03-by-hand", "grade": true, "points": 1}
exercises.by_hand.check(projected_by_hand, hand)

# %% [markdown]
# Written out as a loop, the formula needs ten lines. `coursekit.emap.project` is what we use from
# here on. A third way is the definition itself: least squares with one column for each row and one
# for each column of the grid, like the design matrix of lesson 01.


# %%
def by_loop(grid):
    """P_i of a grid (N, N, C), as (N, C)."""
    n = len(grid)
    projected = []
    for i in range(n):
        row = sum(grid[i, j] for j in range(n)) / n
        column = sum(grid[j, i] for j in range(n)) / n
        overall = sum(grid[j, k] for j in range(n) for k in range(n)) / n**2
        projected.append(row + column - overall)
    return torch.stack(projected)


random_grid = torch.randn(6, 6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
gap = (by_loop(random_grid) - project(random_grid)).abs().max()
claim("Loop and coursekit.emap.project differ by {value:.1e}", gap, below=1e-8)

rows, columns = np.divmod(np.arange(36), 6)
design = np.hstack([np.eye(6)[rows], np.eye(6)[columns]])  # (36, 12)
weights = np.linalg.lstsq(design, random_grid.reshape(36, 3).numpy(), rcond=None)[0]
nearest = np.hstack([np.eye(6), np.eye(6)]) @ weights  # read at the diagonal
gap = np.abs(nearest - project(random_grid).numpy()).max()
claim("Least squares and coursekit.emap.project differ by {value:.1e}", gap, below=1e-8)

# %% [markdown]
# ### Exercise 2 · In code
#
# Write the projection without loops. `grid` is a numpy array $(N, N, C)$: first modality, second
# modality, class.


# %% nbgrader={"grade_id": "ex-03-project", "solution": true}
def project_two(grid):
    """The additive projection at the N real samples, (N, C)."""
    ### BEGIN SOLUTION
    return grid.mean(axis=1) + grid.mean(axis=0) - grid.mean(axis=(0, 1))
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-03-project", "grade": true, "points": 2}
exercises.project_two.check(project_two)
### BEGIN HIDDEN TESTS
exercises.project_two.check(project_two, seed=3_0102)
### END HIDDEN TESTS

# %% [markdown]
# ## Nothing, or everything
#
# Two grids where we know the answer before we compute. An additive grid is its own projection. The
# grid of XOR, +1 where both signs agree and −1 where they do not, has row means, column means and
# an overall mean of zero: nothing is left.

# %%
g, h = torch.randn(2, 5, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
additive_grid = g[:, None] + h[None]
gap = (project(additive_grid) - (g + h)).abs().max()
claim("An additive grid changes by {value:.1e}", gap, below=1e-8)
sign = torch.tensor([[1.0], [-1.0]], dtype=torch.float64)
xor_grid = sign[:, None] * sign[None]
claim("Largest number that XOR leaves: {value:.1e}", project(xor_grid).abs().max(), below=1e-8)

# %% [markdown]
# Now trained models. Two data sets with two classes, made so that the answer is known. In **added**
# every sample is shown by one modality while the other holds pure noise; two separate readers are
# all it takes. In **XOR** each modality shows a random bit, and the class says whether the two are
# different; one bit alone says nothing. Two models learn each of them: **late-linear**, whose head
# adds, and **mid-MLP**, whose head is a small network on all features side by side.
#
# The mid-MLP learns XOR. What will be left of it?

# %%
xor_guess = NumberGuess(
    "03-xor",
    "Test accuracy of the mid-MLP on XOR after the projection, mean over five seeds?",
    low=0.0,
    high=1.0,
    step=0.01,
)
xor_guess

# %%
CLEAR, SEEDS = Modality(amplitude=5.0), range(100, 105)
RECIPES = {
    "added": Recipe({"A": CLEAR, "B": CLEAR}, unique={"A": 0.5, "B": 0.5}, num_classes=2),
    "XOR": Recipe({"A": CLEAR, "B": CLEAR}, synergistic=1.0, num_classes=2),
}
trained = {
    (name, seed): compare(generate(recipe, seed), seed=seed)
    for name, recipe in RECIPES.items()
    for seed in SEEDS
}
known = pd.DataFrame(
    {"data": name, "seed": seed, "head": head, "before": m.accuracy, "after": m.projected}
    for (name, seed), models in trained.items()
    for head, m in models.items()
)
left = known.query("data == 'XOR' and head == 'mid-mlp'")
xor_guess.reveal(left["after"].mean(), within=0.1)

# %%
figure, (ax,) = new_figure(7.2, 3.2)
ax.set_title("Nothing lost, and everything lost")
show(figure, before_after(known, ax))

# %%
lost = known.assign(lost=known["before"] - known["after"]).set_index(["data", "head"])["lost"]
claim("added: the mid-MLP loses {value:+.3f}", lost["added", "mid-mlp"].mean(), below=0.01)
claim("XOR: the mid-MLP gets {value:.3f} …", left["before"].mean(), above=0.95)
claim("… and projected {value:.3f}, a coin or less", left["after"].mean(), below=0.6)
adds = known.query("data == 'XOR' and head == 'late-linear'")["before"].mean()
claim("XOR: late-linear gets {value:.3f}, with or without", adds, below=0.6)
largest = lost[:, "late-linear"].abs().max()
claim("late-linear changes by {value:.1e}: it is its own projection", largest, below=1e-8)

# %% [markdown]
# On XOR the projection can even be *worse* than a coin. What it keeps are accidents: a quarter of
# the pairs on which the model is surer than on the others, a bit that is a little more frequent in
# this test set.
#
# Look at the grids themselves: the logit of class 1 over 100 test samples, its nearest sum, and the
# difference.

# %%
for name in RECIPES:
    chosen = trained[name, SEEDS[0]]["mid-mlp"].model
    first = {m: x[:100] for m, x in generate(RECIPES[name], SEEDS[0]).test.inputs.items()}
    grid = logit_grid(chosen, first)
    figure, axes = new_figure(10.2, 3.6, columns=3)
    alt = grid_parts(figure, axes, grid[..., 1].numpy(), ("A", "B"))
    figure.suptitle(f"{name}: the mid-MLP's logit of class 1", x=0.01, ha="left", weight="bold")
    show(figure, f"{name}. {alt}")
    print(f"{name}: share of the grid's variance that is interaction {interaction_share(grid):.3f}")

# %% [markdown]
# A sum has no checkerboard. It has stripes along the rows plus stripes along the columns. The share
# under each picture (`coursekit.emap.interaction_share`) is the variance over all pairs that no sum
# explains. It is small for *added*, not zero: the head **did** interact a little. It just made no
# difference to the accuracy. Keep these two apart.
#
# ## Without paying for every pair
#
# The plain way runs the model on $N^2$ pairs, one pair a call. That is what you would write first:

# %%
views = load("uci_views", seed=100)  # real digits: pixels, and Fourier numbers of the shape
both = compare(views, seed=100)
digits = both["mid-mlp"]
some = {m: x[:20] for m, x in views.test.inputs.items()}
start = time.perf_counter()
with torch.no_grad():
    cells = [
        digits.model({"pix": some["pix"][i : i + 1], "fou": some["fou"][j : j + 1]}).joint
        for i, j in product(range(20), repeat=2)
    ]
a_pair = (time.perf_counter() - start) / 400
looped = project(torch.cat(cells).reshape(20, 20, -1))
gap = (emap(digits.model, some) - looped).abs().max() / looped.abs().max()
claim("Double loop and coursekit.emap.emap differ by {value:.1e} (relative)", gap, below=1e-5)

# %%
n = len(views.test)
start = time.perf_counter()
emap(digits.model, views.test.inputs)
measured = time.perf_counter() - start
print(f"{n} samples: emap {measured:.3f} s; the loop would take {a_pair * n**2:.0f} s")
claim("emap is {value:.0f} times faster", a_pair * n**2 / measured, above=50)

# %% [markdown]
# Where does the time go? Four savings, each exact:
#
# 1. **Encode once.** The encoder of A never sees B. $N$ runs are enough, not $N^2$.
# 2. **Split the first layer** of the head. It is linear in the features side by side, so $W [z_A;
#    z_B] = W_A z_A + W_B z_B$: each part once, and for a pair only an addition and a ReLU.
# 3. **Average before the last layer.** It is affine, and the weights of the projection, $1 + 1 -
#    1$, sum to one; so average the hidden units, and run the last layer $N$ times.
# 4. **Sort.** $\sum_j \max(0, p_i + q_j)$ needs no pairs: with the $q_j$ sorted, those above $-p_i$
#    are a tail, and running sums give every tail at once (`coursekit.emap_blocks.relu_sums`).
#
# A head that adds needs no grid at all, and one that cannot be split runs on the pairs in blocks,
# so that memory stays small. `python -m coursekit bench emap` times all this on your machine.
#
# ### Exercise 3 · A head that multiplies
#
# Lesson 02 had a head $f(i, j) = (u_i \circ v_j)\, W$: two vectors of $K$ numbers, multiplied unit
# by unit, then a linear layer. Find its projection **without making the grid**. `u` and `v` are
# arrays $(N, K)$, `weights` is $(K, C)$.


# %% nbgrader={"grade_id": "ex-03-product-head", "solution": true}
def project_product(u, v, weights):
    """The additive projection of (u ∘ v) W at the N real samples, (N, C)."""
    ### BEGIN SOLUTION
    mean_u, mean_v = u.mean(axis=0), v.mean(axis=0)
    return (u * mean_v + mean_u * v - mean_u * mean_v) @ weights
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-03-product-head", "grade": true, "points": 2}
exercises.project_product.check(project_product)
### BEGIN HIDDEN TESTS
exercises.project_product.check(project_product, seed=3_0103)
### END HIDDEN TESTS

# %% [markdown]
# ## Three modalities
#
# Now a cell has three indices. The nearest sum of *three* functions of one modality each is found
# the same way. Each term is a mean over **both** other modalities, and the overall mean stands in
# all three terms, so it must go twice. For $M$ modalities
#
# $$P_i = \sum_{m=1}^{M} \mathbb E_{\text{others}}[f] \;-\; (M - 1)\,\mathbb E[f].$$
#
# Note what goes: everything that two modalities say together, not only what needs all three.
#
# ### Exercise 4 · Three
#
# `grid` is an array $(N, N, N, C)$.


# %% nbgrader={"grade_id": "ex-03-three-modalities", "solution": true}
def project_three(grid):
    """The additive projection at the N real samples, (N, C)."""
    ### BEGIN SOLUTION
    terms = grid.mean(axis=(1, 2)) + grid.mean(axis=(0, 2)) + grid.mean(axis=(0, 1))
    return terms - 2 * grid.mean(axis=(0, 1, 2))
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-03-three-modalities", "grade": true, "points": 2}
exercises.project_three.check(project_three)
### BEGIN HIDDEN TESTS
exercises.project_three.check(project_three, seed=3_0104)
### END HIDDEN TESTS

# %% [markdown]
# XOR of three bits, one a modality: the class is odd or even. Each of the 200 test samples meets
# 200 × 200 partners, eight million combinations in all.

# %%
parity = Recipe({m: CLEAR for m in "ABC"}, synergistic=1.0, num_classes=2, test=200)
three = pd.DataFrame(
    {"seed": seed, "before": found.accuracy, "after": found.projected}
    for seed in SEEDS[:3]
    for found in compare(generate(parity, seed), seed=seed, fusions=("mid-mlp",)).values()
)
print(f"before {interval(three['before'])}, projected {interval(three['after'])}")
claim("Three bits: the mid-MLP gets {value:.3f} …", three["before"].mean(), above=0.95)
claim("… and projected {value:.3f}", three["after"].mean(), below=0.6)

# %% [markdown]
# ## Could have, and did not need to
#
# Back to real data. The mid-MLP above was trained on two views of real digits. Guess what the
# projection does to it.

# %%
digits_guess = ChoiceGuess(
    "03-digits",
    "Two views of real digits: what does the projection do to the mid-MLP's accuracy?",
    options=(
        "it falls by more than 0.05",
        "it falls by 0.01 to 0.05",
        "it moves by less than 0.01",
        "it rises by more than 0.01",
    ),
)
digits_guess

# %%
fall = digits.drop
bins = [fall > 0.05, fall > 0.01, fall >= -0.01]
digits_guess.reveal(digits_guess.options[bins.index(True) if any(bins) else 3])
part = {m: x[:150] for m, x in views.test.inputs.items()}
print(
    f"before {digits.accuracy:.3f}, projected {digits.projected:.3f}; "
    f"answers changed {digits.changed:.3f}; "
    f"interaction in the logits {interaction_share(logit_grid(digits.model, part)):.3f}"
)
claim("The projection moves the accuracy by {value:+.3f}", -fall, between=(-0.01, 0.01))

# %% [markdown]
# An architecture that could interact, and an accuracy that did not need it. One seed, one model:
# not yet a finding. For that, a table.
#
# ### The published table
#
# Hessel and Lee took seven tasks on posts that have a picture and a text, from Instagram, Twitter
# and Reddit, and the best model that they had for each. The figures are as the lecture shows them,
# each row in the measure of its task.

# %%
published = pd.DataFrame(
    {
        "neural net": [90.4, 69.2, 78.5, 51.1, 63.5, 71.1, 79.9],
        "linear": [90.4, 72.8, 80.9, 51.3, 63.7, 75.6, 76.1],
        "best model": [91.3, 74.4, 81.5, 53.4, 64.2, 75.5, 80.9],
        "best + EMAP": [91.1, 74.2, 81.3, 51.0, 64.1, 75.9, 80.7],
    },
    index=["I-INT", "I-SEM", "I-CTX", "T-VIS", "R-POP", "T-ST1", "T-ST2"],
)
published["EMAP − best"] = (published["best + EMAP"] - published["best model"]).round(1)
published["EMAP − linear"] = (published["best + EMAP"] - published["linear"]).round(1)
published

# %%
change = published["EMAP − best"]
claim(
    "Tasks that lose more than half a point: {value:.0f}", (change < -0.5).sum(), equals=1, within=0
)
claim("… namely {value:+.1f} points on T-VIS", change["T-VIS"], equals=-2.4, within=0.05)
claim("Tasks where the projection gains: {value:.0f}", (change > 0).sum(), equals=1, within=0)
ahead = (published["EMAP − linear"] > 0).sum()
claim("Projection ahead of the linear model: {value:.0f} of 7", ahead, equals=6, within=0)

# %% [markdown]
# In six of seven tasks the best multimodal model gets its score, to within half a point, without
# any interaction. This surprised the field: these tasks had been chosen, and some published, as
# ones in which the meaning arises *between* picture and text. And the projections, although
# additive, are mostly ahead of the linear model. What the better models did better was reading each
# modality.
#
# ### Our own
#
# Four heads on four data sets: `balanced` and `synergy` of the generator (the second has 40 %
# samples that only both modalities together can tell), two views of real digits, spoken and written
# digits. `film` lets one modality scale and shift the features of the other; `low-rank` multiplies.
# Each head had the same four learning rates to choose from, on the validation rows. Projecting the
# last two takes minutes, so this table was made beforehand with
#
# `python -m coursekit interactions --seeds 10 --out data/emap.csv`

# %%
own = pd.read_csv(open_checked("emap.csv"))
own["projected − before"] = own["after"] - own["before"]
moved = summarise(own, ["data", "head"], "projected − before").set_index(["data", "head"])
figure, (ax,) = new_figure(8.4, 6.4)
ax.set_title("Four heads, four data sets, ten seeds")
show(figure, before_after(own, ax))

# %%
moved.round(3)

# %%
real = moved.loc[["balanced", "uci_views", "av_digits"]]
mlp = real.xs("mid-mlp", level="head")
claim("No synergy, mid-MLP: the largest move is {value:.4f}", mlp["mean"].abs().max(), below=0.01)
claim("synergy, mid-MLP: moves by {value:+.3f}", moved["mean"]["synergy", "mid-mlp"], below=-0.15)
gained = moved["mean"]["balanced", "low-rank"]
claim("balanced, low-rank: the projection gains {value:+.3f} …", gained, above=0)
begins = moved["low"]["balanced", "low-rank"]
claim("… and not by chance, the interval begins at {value:+.3f}", begins, above=0)

# %% [markdown]
# Where the data hold no synergy, the mid-MLP's accuracy survives. Where they do, it falls far. And
# there is a third kind, in which a multiplying head gets *better* when its products are taken away:
# there they were mostly noise that it had fitted.
#
# ## What follows, and what does not
#
# **Accuracy did not drop.** Then this accuracy needs no interaction. That is a proof, not a hint:
# the projection *is* an additive model, you hold it in your hand, and it does as well. How far does
# that go?
#
# - It speaks of accuracy, on these samples. The logits may interact all the same, and single
#   answers may change; right ones and wrong ones can cancel.
# - It speaks of **this** trained model. Another one might have found an interaction that helps.
# - The means run over the test inputs, so it is about this set of samples, too. Labels never enter.
# - "Did not drop" means within an interval. Ten seeds see a few tenths of a point: `film` on the
#   spoken digits does lose them, and its accuracy leans on its interaction by just that much.

# %%
changed = summarise(own, ["data", "head"], "changed").set_index(["data", "head"])["mean"]
for key in (("balanced", "film"), ("av_digits", "film")):
    print(f"{key}: answers changed {changed[key]:.3f}, accuracy moves {moved['mean'][key]:+.3f}")
    hidden_change = changed[key] - abs(moved["mean"][key])
    claim("More answers change than the accuracy shows: {value:.3f}", hidden_change, above=0.005)
claim("av_digits, film: moves by {value:+.4f} …", moved["mean"]["av_digits", "film"], below=0)
claim("… and the interval ends at {value:+.4f}", moved["high"]["av_digits", "film"], below=0)

# %% [markdown]
# **Accuracy dropped.** Then this model leans on interaction. It is tempting to go on: "so the task
# needs it." That does not follow. EMAP is the additive function nearest to *this model*, over all
# pairs. It is not the best additive model *of the task*.
#
# The smallest example: an alarm that shall ring when smoke **or** heat is there. Four samples, the
# first one quiet, and a model that is right about everything: −1 when both are quiet, else +1.

# %%
smoke, heat = np.array([0, 1, 1, 1]), np.array([0, 1, 1, 1])
rings = np.where(smoke[:, None] | heat[None], 1.0, -1.0)  # (4, 4): every pair
alarm = project(torch.tensor(rings)[..., None])[:, 0].numpy()
other = smoke + heat - 0.5  # another additive model
print("model", np.diag(rings), " projected", alarm, " another sum", other)
truth = np.array([-1, 1, 1, 1])
claim("The projection is right about {value:.2f}", np.mean(np.sign(alarm) == truth), below=1)
claim(
    "Another sum is right about {value:.2f}", np.mean(np.sign(other) == truth), equals=1, within=0
)

# %% [markdown]
# The projection rings on a quiet night, and yet the task is perfectly additive. Now the same with
# real data: is there a head in our table that falls, on a task where adding is as good?

# %%
wide = own.pivot_table(index=["data", "seed"], columns="head", values="before")
for name in ("uci_views", "av_digits"):
    key = (name, "low-rank")
    claim(f"{name}, low-rank: accuracy moves by {{value:+.3f}} …", moved["mean"][key], below=-0.02)
    claim("… the interval ends at {value:+.3f}", moved["high"][key], below=0)
    lead = interval((wide["late-linear"] - wide["low-rank"]).loc[name])
    claim("… yet late-linear is ahead of the unprojected model by {value:+.3f}", lead.mean, above=0)
    claim("… with an interval from {value:+.3f}", lead.low, above=-0.005)
lost_more = own.query("data == 'synergy' and head == 'film'").set_index("seed")["after"]
behind = interval(lost_more - wide["late-linear"].loc["synergy"])
claim("synergy: film's projection minus late-linear {value:+.3f} …", behind.mean, below=-0.03)
claim("… and the interval ends at {value:+.3f}", behind.high, below=0)
needed = interval((wide["mid-mlp"] - wide["late-linear"]).loc["synergy"])
claim("synergy: mid-MLP minus late-linear {value:+.3f} …", needed.mean, above=0.1)
claim("… and the interval begins at {value:+.3f}", needed.low, above=0)

# %% [markdown]
# There it is. The low-rank head makes everything out of products; on digits it leans on them, and
# falls when they go. Late-linear never had any, and is at least as good. And on `synergy`, the
# projection of `film` is behind an additive model that was simply trained: nearest to a model is
# not best for the task. There the interaction pays all the same: the models fall, and no additive
# rival comes near them.
#
# So a drop asks for a second measurement: **train an additive model directly**, with the same
# budget for tuning. If it reaches the unprojected model, the interaction was the model's habit, not
# the task's need. If it does not, the interaction pays, as far as your additive rival was a good
# one.
#
# **What do the averages ask?** They run over all pairs, also those that cannot be: the pixels of a
# three with the shape of a seven. Nothing in training tells a model what to answer there, and EMAP
# counts that answer like any other. And a mean follows its largest terms. Where a head multiplies,
# two large features make a very large logit.

# %%
labels = views.test.labels
mixed = (labels[:, None] != labels[None]).double().mean().item()
claim("Pairs of two different digits in the grid: {value:.1%}", mixed, above=0.85)
multiplied = compare(views, Settings(lr=0.03), seed=100, fusions=("low-rank",))
longest = {}
for head, model in {**both, **multiplied}.items():
    grid = logit_grid(model.model, part)
    size = (grid - grid.mean(dim=-1, keepdim=True)).abs().amax(dim=-1)  # (150, 150)
    longest[head] = float(size.max() / size.median())
    print(
        f"{head:<12} interaction {interaction_share(grid):.3f} of the variance; the largest logit "
        f"is {longest[head]:.1f} times the typical one"
    )
tail = longest["low-rank"] / max(longest["late-linear"], longest["mid-mlp"])
claim("The longest tail, low-rank's against the next: {value:.1f} times", tail, above=1.3)

# %% [markdown]
# ### Exercise 5 · The verdict
#
# Three accuracies and a margin (differences up to it count as none): the model's, its projection's,
# and that of an additive model trained directly. Return
#
# - `"no interaction needed"` when the projection costs no more than the margin,
# - `"used, but not needed by the task"` when it costs more, and the additive model is behind the
#   model by no more than the margin,
# - `"used, and it pays"` when it costs more, and the additive model is behind by more.


# %% nbgrader={"grade_id": "ex-03-conclude", "solution": true}
def conclude(before, after, additive, margin):
    """One of the three verdicts."""
    ### BEGIN SOLUTION
    if before - after <= margin:
        return "no interaction needed"
    if before - additive <= margin:
        return "used, but not needed by the task"
    return "used, and it pays"
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-03-conclude", "grade": true, "points": 2}
exercises.conclude.check(conclude)
### BEGIN HIDDEN TESTS
exercises.conclude.check(conclude, seed=3_0105)
### END HIDDEN TESTS

# %% [markdown]
# ## A diagnosis game
#
# The generator hides what share of the samples is synergistic, anything from 0 to 0.6 in steps of
# 0.05. You see what EMAP sees: a mid-MLP before and after, on test data. One case is open, to
# calibrate yourself; three are hidden. How large is the share in each? Change `DEAL` for new cases.

# %%
DEAL = 3
draw = np.random.default_rng(DEAL)
hidden = draw.choice(np.arange(0, 0.61, 0.05), size=3, replace=False).round(2)
shown = []
for case, share in enumerate((0.3, *hidden)):
    found = compare(
        generate(with_synergy(float(share), train=2000, test=1000), seed=1000 * DEAL + case),
        seed=case,
        fusions=("mid-mlp",),
    )["mid-mlp"]
    name = f"case {case}" if case else "open, share 0.30"
    shown.append({"": name, "before": found.accuracy, "projected": found.projected})
cases = pd.DataFrame(shown).set_index("")
cases["lost"] = cases["before"] - cases["projected"]
cases.round(3)

# %%
case_guesses = [
    NumberGuess(
        f"03-case-{DEAL}-{i + 1}", f"Case {i + 1}: share of synergistic samples?", 0.0, 0.6, 0.05
    )
    for i in range(3)
]
case_guesses[0]

# %%
case_guesses[1]

# %%
case_guesses[2]

# %%
for one_guess, share in zip(case_guesses, hidden, strict=True):
    one_guess.reveal(float(share), within=0.05)

# %%
rule = cases["lost"].iloc[1:] * 0.3 / cases["lost"].iloc[0]  # in proportion to the open case
print(pd.DataFrame({"truth": hidden, "rule of three": rule.round(2)}).to_string())
claim("The rule of three misses by at most {value:.2f}", (rule - hidden).abs().max(), below=0.2)

# %% [markdown]
# A rule of three, and it does well, because the open case was trained like the others. But a
# synergistic sample that the model never learnt cannot be lost again. The open case with an eighth
# of the training samples:

# %%
scarce = compare(
    generate(with_synergy(0.3, train=250, test=1000), seed=1000 * DEAL),
    seed=0,
    fusions=("mid-mlp",),
)["mid-mlp"]
print(f"share 0.30, 250 samples: before {scarce.accuracy:.3f}, projected {scarce.projected:.3f}")
claim("Lost with 250 training samples: {value:.3f}", scarce.drop, below=0.5 * cases["lost"].iloc[0])

# %% [markdown]
# The same share in the data, a fraction of the loss. EMAP measures what the **model** does, not
# what the data hold.
#
# ## Turn the knobs
#
# Every move draws new data, trains both heads on your machine and projects the second one. On the
# right, what the projection takes from each kind of sample.

# %%
EXPLORERS["emap"]()

# %% [markdown]
# ## What stays
#
# - Row mean plus column mean minus overall mean: the additive function nearest to the model, over
#   all pairs of samples. For $M$ modalities, $M$ terms minus $M - 1$ overall means.
# - No drop: this model's accuracy needs no interaction. That is proved by the projection itself.
# - A drop: this model leans on interaction. Whether the task needs it, a second model tells that is
#   additive by design and trained directly.
# - The answer is about a trained model and a set of samples, never about an architecture.
# - It need not be slow: encode once, split the first layer, average before the last.
#
# ## Words
#
# - **grid**: a model's logits for all pairs, the first modality of one sample with the second of
#   another.
# - **additive function**: a sum of functions that each read one modality.
# - **EMAP**: empirical multimodally additive projection, the additive function nearest to a model
#   over all pairs of the samples at hand.
# - **interaction share**: share of the logits' variance over all pairs that no additive function
#   explains.
# - **mid-MLP**: a head that is a small network on the features of all modalities side by side.
# - **synergistic sample**: a sample that only both modalities together can tell.
#
# All words of the course stand in the [glossary](glossary.ipynb).
#
# ## Checkpoint

# %%
record.checkpoint(
    "03",
    {
        "XOR, projected": left["after"].mean(),
        "digit views, projected − before": -digits.drop,
        "synergy, mid-mlp": float(moved["mean"]["synergy", "mid-mlp"]),
        "digit views, low-rank": float(moved["mean"]["uci_views", "low-rank"]),
    },
    views,
)
