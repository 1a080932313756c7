# %% [markdown]
# # 03 · Did it use the interaction?
#
# **After this lesson you can**
#
# - project a model on sums of one function per modality, by hand on a 3×3 grid and in code,
# - say what a drop of accuracy under this projection proves, and what no drop proves,
# - compute it without paying for every pair, and (*Further*) for three or more modalities,
# - tell three verdicts apart: no interaction needed; used, but not needed by the task; used, and it
#   pays.
#
# **Time** about 50 minutes to read and do, 10 more for what is marked *Further*; the computing
# takes 20 to 60 seconds.
#
# **Needed before** lesson 02 (heads that add, heads that multiply); logits and accuracy in PyTorch.
#
# **Sources** Hessel and Lee, *Does My Multimodal Model Learn Cross-modal Interactions? It's Harder
# to Tell than You Might Think!* ([2020](https://arxiv.org/abs/2010.06572)); Paul Liang, *How to AI
# (Almost) Anything*, lecture 5.

# %% folded=true
# Imports and settings.
import time
from itertools import product

import numpy as np
import pandas as pd
import torch

from coursekit.course import record
from coursekit.course.claims import claim
from coursekit.data import Modality, Recipe, generate, load
from coursekit.data.files import open_checked
from coursekit.analysis.emap import emap, interaction_share, logit_grid, project
from coursekit.lessons.l03_emap import exercises
from coursekit.course.games import check_rule
from coursekit.lessons.l03_emap.interaction import compare, with_synergy
from coursekit.course.plots import new_figure, show
from coursekit.course.plots.additive_parts import additive_parts
from coursekit.lessons.l03_emap.plots import before_after, moves
from coursekit.analysis.intervals import interval, summarise
from coursekit.course.widgets import EXPLORERS, ChoiceGuess, NumberGuess
from coursekit.course.widgets.game import GAMES

torch.set_num_threads(1)  # these networks are too small to be shared between cores

# %% [markdown]
# ## Could, and did
#
# Is the **interaction** needed? In lesson 01 a test on one weight answered that. A network has no
# such weight. Its **head** (the part that reads the features of all modalities and gives one
# **logit** a class) may be able to multiply, gate or attend: it *could* interact. Whether the
# trained model *did*, better accuracy does not tell: a richer head may simply read each modality
# better.
#
# So compare the trained model with the **additive** function that comes nearest to it, a sum
# $g(x_A) + h(x_B)$ in which no modality hears the other. If that does as well, the interaction was
# not what made the model good.
#
# ## All the pairs
#
# A sample is a pair: its A and its B. The model can also be asked about pairs that do not exist,
# the A of sample $i$ with the B of sample $j$. All answers for one class make a **grid**, $N \times
# N$, with the real samples on its diagonal. Row $i$ is all that the model says about $x_A^i$,
# column $j$ all that it says about $x_B^j$.
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
# We look for numbers $g_i$, one per row, and $h_j$, one per column, so that $g_i + h_j$ comes as
# near as possible to the grid, in squares, over **all** cells. A bar is a mean, a dot stands for
# the index that it runs over: $\bar f_{i\cdot}$ is the mean of row $i$, $\bar f_{\cdot j}$ that of
# column $j$, $\bar f$ that of the whole grid. At the best numbers the errors of each row and each
# column sum to zero, as residuals do in a regression:
#
# $$\sum_j \big(f_{ij} - g_i - h_j\big) = 0 \quad\Rightarrow\quad g_i = \bar f_{i\cdot} - \bar h$$
#
# $$\sum_i \big(f_{ij} - g_i - h_j\big) = 0 \quad\Rightarrow\quad h_j = \bar f_{\cdot j} - \bar g$$
#
# $$\text{the mean of the first over all rows:}\qquad \bar g + \bar h = \bar f$$
#
# A constant may move from all $g_i$ to all $h_j$; only the sum is fixed. At sample $i$ it is
#
# $$P_i = g_i + h_i = \bar f_{i\cdot} + \bar f_{\cdot i} - \bar f .$$
#
# Row mean plus column mean minus overall mean. That is **EMAP**, the *empirical multimodally
# additive projection*. "Empirical" because the means run over the samples at hand, the sample
# itself among them. A model has one grid per class; each is projected by itself, on the logits.
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
# Written out as a loop, the formula needs ten lines. `coursekit.analysis.emap.project` is what we
# use from here on. A third way is the definition itself: least squares, with a design matrix as in
# lesson 01.


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


# %% folded=true
# Claims, checked: loop, package and least squares agree.
random_grid = torch.randn(6, 6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
gap = (by_loop(random_grid) - project(random_grid)).abs().max()
claim("Loop and coursekit.analysis.emap.project differ by {value:.1e}", gap, below=1e-8)

rows, columns = np.divmod(np.arange(36), 6)
design = np.hstack([np.eye(6)[rows], np.eye(6)[columns]])  # (36, 12)
weights = np.linalg.lstsq(design, random_grid.reshape(36, 3).numpy(), rcond=None)[0]
nearest = np.hstack([np.eye(6), np.eye(6)]) @ weights  # read at the diagonal
gap = np.abs(nearest - project(random_grid).numpy()).max()
claim("Least squares and coursekit.analysis.emap.project differ by {value:.1e}", gap, below=1e-8)

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
# Two data sets with two classes, made so that the answer is known. In **added** the class of one
# half of the samples can be seen in A only, of the others in B only; the other modality is pure
# noise. In **XOR** each modality shows a random bit, and the class says whether the two are
# different; one bit alone says nothing. Two models learn each: **late-linear**, whose head adds,
# and the mid-MLP, whose head is a small network on all features side by side.
#
# The mid-MLP learns XOR. What will be left of it?

# %% folded=true
# The guess.
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

# %% folded=true
# The outcome, beside your guess.
known = pd.DataFrame(
    {"data": name, "seed": seed, "head": head, "before": m.accuracy, "after": m.projected}
    for (name, seed), models in trained.items()
    for head, m in models.items()
)
left = known.query("data == 'XOR' and head == 'mid-mlp'")
xor_guess.reveal(left["after"].mean(), within=0.1)

# %% folded=true
# The figure.
figure, (ax,) = new_figure(7.2, 3.2)
ax.set_title("Nothing lost, and everything lost")
show(figure, before_after(known, ax))

# %% folded=true
# Claims, checked.
lost = known.assign(lost=known["before"] - known["after"]).set_index(["data", "head"])["lost"]
claim("added: the mid-MLP loses {value:+.3f}", lost["added", "mid-mlp"].mean(), below=0.01)
claim("XOR: the mid-MLP gets {value:.3f} …", left["before"].mean(), above=0.95)
claim("… and projected {value:.3f}", left["after"].mean(), below=0.6)
print("projected, seed by seed:", *left["after"].round(2))
adds = known.query("data == 'XOR' and head == 'late-linear'")["before"].mean()
claim("XOR: late-linear gets {value:.3f}, projected or not", adds, below=0.6)

# %% [markdown]
# The extremes: a head that adds is its own projection. The grid of XOR on paper, +1 where the bits
# differ and −1 where they agree, has row means, column means and an overall mean of zero.

# %% folded=true
# Claims, checked.
plain = trained["added", SEEDS[0]]["late-linear"]
first = {m: x[:100] for m, x in generate(RECIPES["added"], SEEDS[0]).test.inputs.items()}
gap = (project(logit_grid(plain.model, first)) - plain.before[:100]).abs().max()
claim("The grid of late-linear, projected, differs from it by {value:.1e}", gap, below=1e-4)
bit = torch.tensor([[1.0], [-1.0]], dtype=torch.float64)
rest = project(-bit[:, None] * bit[None]).abs().max()
claim("The largest number left of XOR is {value}", rest, below=1e-8)

# %% [markdown]
# Now the mid-MLP's logit of class 1 over 100 test samples, its nearest sum, and the difference, on
# a scale of its own. Rows and columns are sorted by the logit beside one fixed partner, so the real
# pairs have left the diagonal. The boxes hold means of quarters.

# %% folded=true
# The figure.
for name in RECIPES:
    chosen = trained[name, SEEDS[0]]["mid-mlp"].model
    first = {m: x[:100] for m, x in generate(RECIPES[name], SEEDS[0]).test.inputs.items()}
    grid = logit_grid(chosen, first)
    figure, axes = new_figure(10.6, 3.8, columns=3)
    alt = additive_parts(figure, axes, grid[..., 1].numpy(), ("A", "B"))
    figure.suptitle(f"{name}: the mid-MLP's logit of class 1", x=0.01, ha="left", weight="bold")
    show(figure, f"{name}. {alt}")
    print(f"{name}: share of the grid's variance that is interaction {interaction_share(grid):.3f}")

# %% [markdown]
# A sum has no checkerboard, only bands: of rows, of columns (nearly all that XOR leaves here), or
# both. They are left because the trained model's four blocks are not equally strong, see the boxes.
# How unequal differs from seed to seed, and so the projection lands above a coin or below.
#
# The share under each picture (`coursekit.analysis.emap.interaction_share`) is variance that no sum
# explains. For *added* it is small, not zero: the head **did** interact a little, which made no
# difference to the accuracy. Keep these two apart.
#
# ## Without paying for every pair
#
# The plain way runs the model on $N^2$ pairs, one pair per call:

# %% folded=true
# Claims, checked.
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
claim(
    "Double loop and coursekit.analysis.emap.emap differ by {value:.1e} (relative)", gap, below=1e-5
)

# %% folded=true
# Claims, checked.
n = len(views.test)
pix, fou = views.test.inputs["pix"], views.test.inputs["fou"]
start = time.perf_counter()
with torch.no_grad():
    batched = [
        digits.model({"pix": pix[i : i + 1].expand_as(pix), "fou": fou}).joint for i in range(n)
    ]
a_row = time.perf_counter() - start
start = time.perf_counter()
projected = emap(digits.model, views.test.inputs)
measured = time.perf_counter() - start
gap = (projected - project(torch.stack(batched))).abs().max() / projected.abs().max()
claim("Row by row and emap differ by {value:.1e} (relative)", gap, below=1e-5)
print(f"{n} samples, one call per pair: {a_pair * n**2:.0f} s (from 400 pairs)")
print(f"{n} samples, one call per row:  {a_row:.2f} s")
print(f"{n} samples, emap:               {measured:.3f} s")
claim("emap against one call per row: {value:.0f} times faster", a_row / measured, above=5)

# %% [markdown]
# Most of the time goes into calling; one call a row saves that. The next saving is the one to
# remember: **encode once**. The encoder of A never sees B, so $N$ runs give all features, not
# $N^2$.
#
# `emap` goes further where the head lets it, and stays exact: the head's first layer is split into
# what A gives and what B gives, means are taken before the last layer, which is linear, and sums of
# ReLUs over all pairs come from sorted values (`coursekit.analysis.emap_blocks` says how). Any
# other head runs on the pairs in blocks, so that memory stays small.
#
# ### Exercise 3 · A head that multiplies
#
# Lesson 02 had a head $f(i, j) = (u_i \circ v_j)\, W$: two vectors of $K$ numbers, multiplied unit
# by unit, then a linear layer. Find its projection **from means alone**: no array with a number per
# pair. (The check sees only your numbers.) `u` and `v` are arrays $(N, K)$, `weights` is $(K, C)$.


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
# ## Further · Three modalities
#
# Now a cell has three indices. The nearest sum of *three* functions is found the same way. Each
# term is a mean over **both** other modalities, and the overall mean stands in all three terms, so
# it must go twice: on a constant grid, $c + c + c - 2c = c$. For $M$ modalities
#
# $$P_i = \sum_{m=1}^{M} \mathbb E_{\text{others}}[f] \;-\; (M - 1)\,\mathbb E[f].$$
#
# What two modalities say together goes, too: of $f = ab$, with $a$ and $b$ of mean zero, all three
# means are zero.
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
# XOR of three bits, one per modality: odd or even. 200 test samples make eight million
# combinations.

# %% folded=true
# Claims, checked.
parity = Recipe({m: CLEAR for m in "ABC"}, synergistic=1.0, num_classes=2, test=200)
three = pd.DataFrame(
    {"seed": seed, "before": outcome.accuracy, "after": outcome.projected}
    for seed in SEEDS[:3]
    for outcome in compare(generate(parity, seed), seed=seed, fusions=("mid-mlp",)).values()
)
print(three.round(3).to_string(index=False))
claim("Three bits: the mid-MLP gets {value:.3f} …", three["before"].mean(), above=0.95)
claim("… and projected {value:.3f}", three["after"].mean(), below=0.6)

# %% [markdown]
# ## Back to real data
#
# The mid-MLP above was trained on two views of real digits. Guess what the projection does to it.
# **Answers changed** is the share of the 600 test samples that get another class; the interaction
# share is over the first 150.

# %% folded=true
# The guess.
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

# %% folded=true
# Claims, checked.
fall = digits.drop
bins = [fall > 0.05, fall > 0.01, fall >= -0.01]
digits_guess.reveal(digits_guess.options[bins.index(True) if any(bins) else 3])
part = {m: x[:150] for m, x in views.test.inputs.items()}
print(
    f"before {digits.accuracy:.3f}, projected {digits.projected:.3f}; "
    f"answers changed {digits.changed:.3f}; "
    f"interaction share {interaction_share(logit_grid(digits.model, part)):.3f}"
)
claim("The projection moves the accuracy by {value:+.3f}", -fall, between=(-0.01, 0.01))

# %% [markdown]
# It could interact, and its accuracy did not need it. One seed, one model: for a finding, a table.
#
# ### The published table
#
# Hessel and Lee took seven tasks on posts that have a picture and a text, from Instagram (I),
# Twitter (T) and Reddit (R). *Best model* is the best of those that can interact, so *linear*,
# which cannot, may be ahead, as on T-ST1. The figures are as the lecture shows them, each row in
# the measure of its task, without intervals.

# %% folded=true
# The published table.
published = pd.DataFrame(
    {
        "linear": [90.4, 72.8, 80.9, 51.3, 63.7, 75.6, 76.1],
        "best model": [91.3, 74.4, 81.5, 53.4, 64.2, 75.5, 80.9],
        "best + EMAP": [91.1, 74.2, 81.3, 51.0, 64.1, 75.9, 80.7],
    },
    index=["I-INT", "I-SEM", "I-CTX", "T-VIS", "R-POP", "T-ST1", "T-ST2"],
)
published["EMAP − best"] = (published["best + EMAP"] - published["best model"]).round(1)
published["EMAP − linear"] = (published["best + EMAP"] - published["linear"]).round(1)
published

# %% folded=true
# Claims, checked.
change = published["EMAP − best"]
claim(
    "Tasks that lose more than half a point: {value:.0f}", (change < -0.5).sum(), equals=1, within=0
)
claim("… namely {value:+.1f} points on T-VIS", change["T-VIS"], equals=-2.4, within=0.05)
ahead = (published["EMAP − linear"] > 0).sum()
claim("Projection ahead of the linear model: {value:.0f} of 7", ahead, equals=6, within=0)

# %% [markdown]
# In six of seven tasks the best model gets its score, to within half a point, without interaction.
# And the projections, although additive, are mostly ahead of the linear model. The authors, who
# call it surprising, conclude that a richer model's lead can often not be credited to interaction.
# What else it did better the table does not say.
#
# ### Our own
#
# Four heads on four data sets: `balanced` (nothing is synergistic) and `synergy` (40 % are
# **synergistic samples**: only both modalities together can tell) of the generator, two views of
# real digits, spoken and written digits. `film` lets one modality scale and shift the features of
# the other; `low-rank` multiplies. The **ensemble** averages the probabilities of one model per
# modality: a sum, and on the probabilities its own projection. Every row had the same four learning
# rates to choose from, on the validation rows. The table takes minutes, so it was made beforehand
# with
#
# `python -m coursekit interactions --seeds 10 --out data/emap.csv`

# %% folded=true
# The figure.
own = pd.read_csv(open_checked("emap.csv"))
own["projected − before"] = own["after"] - own["before"]
moved = summarise(own, ["data", "head"], "projected − before").set_index(["data", "head"])
figure, (ax, zoomed) = new_figure(10.6, 7.0, columns=2)
ax.set_title("Accuracy")
zoomed.set_title("The move, enlarged")
show(figure, before_after(own, ax) + " " + moves(own, zoomed, (-0.1, 0.02)))

# %% folded=true
# Claims, checked.
real = moved.loc[["balanced", "uci_views", "av_digits"]]
largest = real.xs("mid-mlp", level="head")["mean"].abs().max()
claim("balanced and both digit sets, mid-MLP: the largest move is {value:.4f}", largest, below=0.01)
claim("synergy, mid-MLP: moves by {value:+.3f}", moved["mean"]["synergy", "mid-mlp"], below=-0.15)
begins = moved["low"]["balanced", "low-rank"]
claim("balanced, low-rank: gains, the interval begins at {value:+.3f}", begins, above=0)
better = (moved.loc["balanced"]["low"] > 0).sum()
claim("balanced: heads whose gain begins above zero: {value:.0f}", better, equals=3, within=0)

# %% [markdown]
# On `balanced` and both digit sets the mid-MLP's accuracy survives. On `synergy` it falls far. And
# on `balanced` three heads get a little *better* without their interaction, the mid-MLP by a
# thousandth; probably they had fitted noise, which nothing here tests.
#
# ## What follows, and what does not
#
# **Accuracy did not drop.** Then this accuracy needs no interaction. That is a proof: the
# projection *is* an additive model, you hold it in your hand, and it does as well. How far does
# that go?
#
# - It speaks of accuracy. The logits may interact all the same, and single answers may change;
#   right ones and wrong ones can cancel.
# - It speaks of **this** trained model. Another one might have found an interaction that helps.
# - It speaks of these test samples, over which the means run. Labels never enter.
# - "Did not drop" means within an interval. Ten seeds see a few tenths of a point: `film` on the
#   spoken digits does lose them.

# %% folded=true
# Claims, checked.
changed = summarise(own, ["data", "head"], "changed").set_index(["data", "head"])["mean"]
film = ("balanced", "film")
print(f"{film}: accuracy moves {moved['mean'][film]:+.3f}, answers changed {changed[film]:.3f}")
more = changed[film] - abs(moved["mean"][film])
claim("More answers change than the accuracy shows: {value:.3f}", more, above=0.005)
ends = moved["high"]["av_digits", "film"]
claim("av_digits, film: loses, the interval ends at {value:+.4f}", ends, below=0)

# %% [markdown]
# **Accuracy dropped.** Then this model leans on interaction. "So the task needs it" does not
# follow: EMAP is the additive function nearest to *this model*, over all pairs, not the best one
# *for the task*.
#
# A small example: an alarm for smoke **or** heat. Eight samples: a quiet one, one with smoke only,
# one with heat only, five with both. The model is right about everything: −1 when both are absent,
# else +1. The quiet sample's row holds two −1 (beside its own heat and that of *smoke only*) and
# six +1, mean 0.5; so does its column. Of the whole grid four cells of 64 are −1, mean 0.875. Its
# projection is 0.5 + 0.5 − 0.875 > 0.

# %% folded=true
# Claims, checked.
smoke, heat = np.array([[0, 0], [1, 0], [0, 1], *[[1, 1]] * 5]).T
rings = np.where(smoke[:, None] | heat[None], 1.0, -1.0)  # (8, 8): every pair
alarm = project(torch.tensor(rings)[..., None])[:, 0].numpy()
other = smoke + heat - 0.5  # another additive model; its sign decides
print(pd.DataFrame({"model": np.diag(rings), "projected": alarm, "another sum": other})[:4])
claim("The quiet sample, projected: {value:.3f}", alarm[0], equals=0.5 + 0.5 - 0.875, within=1e-8)
right = np.mean(np.sign(alarm) == np.diag(rings))
claim("The projection is right about {value:.3f}", right, equals=7 / 8, within=0)
right = np.mean(np.sign(other) == np.diag(rings))
claim("Another sum is right about {value:.3f}", right, equals=1, within=0)

# %% [markdown]
# The projection rings on a quiet night, and yet the sign of a sum is all that the task needs. Now
# with trained models: how far does a head fall, and where is late-linear, which was trained to add?
# And the ensemble, the plainest sum of all?

# %% folded=true
# The guess.
plainest_guess = NumberGuess(
    "03-plainest",
    "On how many of the four data sets does the ensemble have the highest mean accuracy?",
    low=0,
    high=4,
    step=1,
    unit="data sets",
)
plainest_guess

# %% folded=true
# Claims, checked.
before = own.pivot_table(index=["data", "seed"], columns="head", values="before")
after = own.pivot_table(index=["data", "seed"], columns="head", values="after")
rival, fallen = before["late-linear"], {}
for data, head in (("uci_views", "low-rank"), ("av_digits", "low-rank"), ("synergy", "film")):
    fallen[f"{head} on {data}"] = {
        "projected − model": interval((after[head] - before[head]).loc[data]),
        "late-linear − model": interval((rival - before[head]).loc[data]),
        "late-linear − projected": interval((rival - after[head]).loc[data]),
    }
drops = pd.DataFrame(fallen).T
lead = drops["late-linear − model"]
claim("uci_views: that interval begins at {value:+.3f}", lead.iloc[0].low, above=-0.005)
claim("av_digits: that interval begins at {value:+.3f}", lead.iloc[1].low, above=0)
claim("synergy: that interval ends at {value:+.3f}", lead.iloc[2].high, below=-0.15)
nearest = drops["late-linear − projected"].iloc[2].low
claim("… but ahead of film's projection by {value:+.3f} or more", nearest, above=0)
best = (before.groupby("data").mean().idxmax(axis=1) == "ensemble").sum()
plainest_guess.reveal(int(best), within=0)
claim("The ensemble has the highest mean on {value:.0f} of 4 data sets", best, equals=3, within=0)
drops

# %% [markdown]
# On digits the low-rank head leans on its products and falls without them, how far differs much
# from seed to seed. Late-linear never had any, and is level with it on one set and ahead on the
# other. On `synergy` late-linear is ahead of `film`'s *projection*: nearest to a model is not best
# for the task. It is far behind `film` itself, so there the interaction pays.
#
# So a drop asks for a second measurement: **train an additive model directly**, with the same
# budget for tuning: late-linear, or the ensemble. If it reaches the unprojected model, the
# interaction was the model's habit, not the task's need. If it does not, the interaction pays, as
# far as your rival was a good one.
#
# Another reason for the rival: the averages run over pairs that cannot be, such as the pixels of a
# three with the shape of a seven.

# %% folded=true
# Claims, checked.
labels = views.test.labels
mixed = (labels[:, None] != labels[None]).double().mean().item()
claim("Pairs of two different digits in the grid: {value:.1%}", mixed, above=0.85)

# %% [markdown]
# ### Exercise 5 · The verdict
#
# | accuracy drops? | does an additive rival reach the model? | verdict | in our table |
# |---|---|---|---|
# | no | does not matter | `"no interaction needed"` | mid-MLP on `uci_views` |
# | yes | yes | `"used, but not needed by the task"` | low-rank on `av_digits` |
# | yes | no | `"used, and it pays"` | film on `synergy` |
#
# Return the verdict on three accuracies, given a margin. A drop is *more* than the margin; a rival
# that is behind by no more than the margin reaches the model.


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
# Your verdicts on our means, the better additive model for a rival, a margin of 0.01 (`None` until
# you have solved the exercise):

# %% folded=true
# Your verdicts.
means = own.groupby(["data", "head"], sort=False)[["before", "after"]].mean().reset_index()
rivals = before[["late-linear", "ensemble"]].groupby("data").mean().max(axis=1)
means["rival"] = means["data"].map(rivals)
accuracies = means[["before", "after", "rival"]].to_numpy()
means["verdict"] = [conclude(b, a, r, 0.01) for b, a, r in accuracies]
means[~means["head"].isin(["late-linear", "ensemble"])].round(3)

# %% [markdown]
# ## A diagnosis game
#
# The generator hides what share of the samples is synergistic, 0 to 0.6 in steps of 0.05. You see a
# mid-MLP before and after, on test data. One case is open: what it lost at a known share is your
# measure for the three hidden ones. Each is one seed, so within 0.1 counts as right. Change `DEAL`
# for new cases.

# %%
DEAL = 3

# %% folded=true
# The open case and three hidden ones.
draw = np.random.default_rng(DEAL)
hidden = draw.choice(np.arange(0, 0.61, 0.05), size=3, replace=False).round(2)
shown = []
for case, share in enumerate((0.3, *hidden)):
    outcome = compare(
        generate(with_synergy(float(share), train=2000, test=1000), seed=1000 * DEAL + case),
        seed=case,
        fusions=("mid-mlp",),
    )["mid-mlp"]
    name = f"case {case}" if case else "open, share 0.30"
    shown.append({"": name, "before": outcome.accuracy, "projected": outcome.projected})
cases = pd.DataFrame(shown).set_index("")
cases["lost"] = cases["before"] - cases["projected"]
cases.round(3)

# %% folded=true
# The guess.
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
    one_guess.reveal(float(share), within=0.1)

# %% folded=true
# Claims, checked.
rule = cases["lost"].iloc[1:] * 0.3 / cases["lost"].iloc[0]  # in proportion to the open case
print(pd.DataFrame({"truth": hidden, "rule of three": rule.round(2)}).to_string())
claim("The rule of three misses by at most {value:.2f}", (rule - hidden).abs().max(), below=0.2)

# %% [markdown]
# The rule of three works because the open case was trained like the others. But what the model
# never learnt cannot be lost. The open case with an eighth of the training samples:

# %% folded=true
# Claims, checked.
scarce = compare(
    generate(with_synergy(0.3, train=250, test=1000), seed=1000 * DEAL),
    seed=0,
    fusions=("mid-mlp",),
)["mid-mlp"]
print(f"share 0.30, 250 samples: before {scarce.accuracy:.3f}, projected {scarce.projected:.3f}")
claim("Lost with 250 training samples: {value:.3f}", scarce.drop, below=0.5 * cases["lost"].iloc[0])

# %% [markdown]
# The same share, a fraction of the loss. EMAP measures what the **model** does, not what the data
# hold.

# %% [markdown]
# ## Further · A hundred more cases
#
# Here the training samples are always 2000 and always learnt, but the other shares vary, and in
# some samples both modalities are silent, so the accuracy of the mid-MLP alone says little. What
# you would like to know costs points: late-linear, trained directly, or the projection.
#
# One hint. Late-linear is right about a synergistic sample only by luck, one in $C = 6$. The
# mid-MLP may be right about all but those that show the same class twice, one in six again: they
# look like redundant ones. Of these, again one in six is right by luck. So the difference between
# the two models is about the share times
#
# $$\Big(1 - \frac 1C + \frac 1{C^2}\Big) - \frac 1C = \Big(1 - \frac 1C\Big)^2 .$$

# %%
GAMES["synergy"]()

# %% [markdown]
# How far does that rule get? `check_rule("synergy", range(1, 13))` is a table of the cases; its
# column `right` says where the rule is right. The other columns tell the truth of every case: look
# last.

# %% folded=true
# Claims, checked.
CHECKED = 12
right = check_rule("synergy", range(1, CHECKED + 1))["right"].sum()
claim(f"In {CHECKED} cases the rule is right in {{value:.0f}}", right, above=10)

# %% [markdown]
# ## Turn the knobs
#
# Every move draws new data, trains late-linear and a mid-MLP on your machine and projects the
# second one. On the right, what that takes from each kind of sample. A synergistic sample shows two
# classes, and its answer is mostly a third: a sum of two votes is near chance there, on either
# side.

# %%
EXPLORERS["emap"]()

# %% [markdown]
# ## What stays
#
# - Row mean plus column mean minus overall mean: the additive function nearest to the model, over
#   all pairs of samples. For $M$ modalities, $M$ terms minus $M - 1$ overall means.
# - No drop: this model's accuracy needs no interaction. That is proved by the projection itself.
# - A drop: this model leans on interaction. Whether the task needs it, an additive model tells that
#   is trained directly.
# - The answer is about a trained model and a set of samples, never about an architecture.
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
# - **answers changed**: share of the samples to which the projection gives another class.
# - **synergistic sample**: a sample that only both modalities together can tell.
#
# All words of the course stand in the [glossary](glossary.ipynb).
#
# ## Checkpoint

# %% folded=true
# The checkpoint: what your run gave.
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
