# %% [markdown]
# # 02 · Fusion operators
#
# **After this lesson you can**
#
# - write down the usual ways to fuse two vectors, from a sum to attention, and say which contains
#   which,
# - count what each costs, and replace a tensor that is too large by one of low rank,
# - predict which surfaces an operator can draw over two numbers, and what encoders change about
#   it,
# - choose an operator for a task, and hold it against the rows that papers leave out.
#
# **Time** about 50 minutes to read and do, 35 more for what is marked *Further*; the computing
# takes 30 to 90 seconds. A good place for a break is marked half way.
#
# **Needed before** lesson 01; linear layers, ReLU and the sigmoid in PyTorch.
#
# **Sources** Paul Liang, *How to AI (Almost) Anything*, lecture 5; for the operators [tensor
# fusion](https://arxiv.org/abs/1707.07250), [low-rank fusion](https://arxiv.org/abs/1806.00064),
# [gated fusion](https://arxiv.org/abs/1802.02892), [GMU](https://arxiv.org/abs/1702.01992),
# [squeeze-and-excitation](https://arxiv.org/abs/1709.01507),
# [FiLM](https://arxiv.org/abs/1709.07871), [non-local](https://arxiv.org/abs/1711.07971) and
# [MAG](https://arxiv.org/abs/1908.05787).

# %% folded=true
# Imports, settings, and results that were stored beforehand.
import numpy as np
import pandas as pd
import torch
from tqdm.auto import tqdm

from coursekit import fusion
from coursekit.course import record
from coursekit.lessons.l02_fusion_operators.study_operators import modular_recipe, text_recipe
from coursekit.course.claims import claim
from coursekit.analysis.costs import cost_table, parameters
from coursekit.data import ceiling, preset
from coursekit.data.files import open_checked
from coursekit.lessons.l02_fusion_operators import exercises
from coursekit.compare.tuning import best_rates, results
from coursekit.course.plots import accuracy_intervals, new_figure, show
from coursekit.course.plots.additive_parts import additive_parts
from coursekit.lessons.l02_fusion_operators.plots import rank_intervals, reach, size_lines
from coursekit.lessons.l02_fusion_operators.explorer_view import heat_map, surface_table
from coursekit.analysis.intervals import interval
from coursekit.lessons.l02_fusion_operators.surfaces import (
    RATES,
    TARGETS,
    Surface,
    build_model,
    grid,
    learn,
)
from coursekit.course.widgets import EXPLORERS, ChoiceGuess, NumberGuess
from coursekit.course.widgets.curve_guess import CurveGuess

torch.set_num_threads(1)  # these networks are too small to be shared between cores
torch.manual_seed(0)
pd.set_option("display.max_colwidth", None)  # tables show their sentences whole
study = pd.read_csv(open_checked("operators.csv"))
reached = results(study, ["study", "model"], "valid")  # seeds 100 to 109, at the chosen rate
surfaces_table = pd.read_csv(open_checked("surfaces.csv"))

# %% [markdown]
# ## From numbers to vectors
#
# Lesson 01 fused two numbers: $w_1 x_A + w_2 x_B$ was additive, $w_3 (x_A \times x_B)$ was the
# interaction. Now each modality is a picture, a sentence, a sound. An **encoder**, a small
# network, turns it into a vector of **features**: $z_A$ with $D_A$ numbers, $z_B$ with $D_B$. And
# the answer is one number for each of $C$ classes, the **logits**. A **fusion operator** takes the
# feature vectors to the logits.
#
# Five samples to try things on, with $D_A = 3$, $D_B = 2$ and $C = 4$: torch tensors with one row
# a sample. Formulas are compared with the package to the eighth digit, hence the doubles.

# %% folded=true
# Two helpers: `random(*shape)` draws numbers, `same(name, a, b)` claims that a equals b.
rng = torch.Generator().manual_seed(2)


def random(*shape):
    """Numbers from a normal distribution, the same in every run."""
    return torch.randn(*shape, generator=rng, dtype=torch.float64)


def same(name, ours, package):
    """Claim that two computations give the same numbers."""
    gap = (ours - package).abs().max()
    claim(f"{name}: largest difference {{value:.1e}}", gap, below=1e-8)


# %%
N, D_A, D_B, C = 5, 3, 2, 4
z_a, z_b = random(N, D_A), random(N, D_B)
features = {"A": z_a, "B": z_b}
widths = {"A": D_A, "B": D_B}

# %% [markdown]
# ### Additive
#
# **Additive**: every modality votes by itself, and the votes are added, $W_A z_A + W_B z_B + b$.
# **Late-linear** lays the features side by side, $[z_A; z_B]$, and puts one linear layer on top.

# %% folded=true
# The guess.
richer_guess = ChoiceGuess(
    "02-richer",
    "Which of the two can say more?",
    options=("the added votes", "the layer on both, side by side", "neither"),
)
richer_guess

# %%
late = fusion.build("late-linear", widths, C).double()
W, b = late.parameters()  # (C, D_A + D_B) and (C,)
votes = z_a @ W[:, :D_A].T + z_b @ W[:, D_A:].T + b  # the same weights, as votes

# %% folded=true
# The outcome, beside your guess.
apart = (votes - late(features)).abs().max() > 1e-8
richer_guess.reveal("the layer on both, side by side" if apart else "neither")
same("Additive and late-linear", votes, late(features))

# %% [markdown]
# One layer that sees both at once looks richer. But cut its matrix between the columns of A and
# those of B: every weight multiplies a feature of one modality, and the results are added. Two
# spellings of one function. Remember this when a paper compares "sum" with "concatenation".
#
# **Mid-MLP** is the plain way out of the sum: the same $[z_A; z_B]$, but two layers with a ReLU
# between them. No product is written anywhere, yet a ReLU that sees A and B together can let A
# decide whether B counts.

# %%
mid = fusion.build("mid-mlp", widths, C).double()
W1, b1, W2, b2 = mid.parameters()
same("Mid-MLP", torch.relu(torch.cat([z_a, z_b], 1) @ W1.T + b1) @ W2.T + b2, mid(features))

# %% [markdown]
# ### Multiplicative and bilinear
#
# The product of two numbers has several heirs. **Multiplicative** fusion projects both modalities
# to a common width and multiplies unit by unit, $W (U_A z_A \odot U_B z_B)$; $\odot$ is the
# element-wise product. **Bilinear** fusion takes *every* product of a feature of A with a feature
# of B and gives it a weight: $z_A^\top W_c\, z_B$ for class $c$. In code, an outer product and a
# sum:


# %%
def bilinear_by_hand(z_a, z_b, weight, bias):
    """z_Aᵀ W_c z_B + b_c for every sample and class; weight (C, D_A, D_B)."""
    products = z_a[:, :, None] * z_b[:, None, :]  # (N, D_A, D_B)
    return torch.einsum("bij,cij->bc", products, weight) + bias


weight, bias = random(C, D_A, D_B), random(C)
bilinear = fusion.bilinear.bilinear([z_a, z_b], weight, bias)
same("coursekit.fusion.bilinear", bilinear_by_hand(z_a, z_b, weight, bias), bilinear)

# %% [markdown]
# Something got lost on the way. With products only, nothing can be said about A *alone*. Where
# $z_B$ is zero the answer is the bias, whatever A shows.
#
# ### Tensor fusion: prepend a one
#
# The remedy costs one number per modality. Write $[1; z]$ for the features with a one in front, and
# take the outer product of *those*. One times a feature of A is that feature. One times one is a
# constant. So all parts of lesson 01's full model are in the table at once:


# %%
def outer_with_ones(z_a, z_b):
    """[1; z_A] ⊗ [1; z_B] for every sample, flattened: (N, (D_A + 1)(D_B + 1))."""
    one = torch.ones(len(z_a), 1, dtype=z_a.dtype)
    a, b = torch.cat([one, z_a], dim=1), torch.cat([one, z_b], dim=1)
    return (a[:, :, None] * b[:, None, :]).flatten(1)


package = fusion.tensor_product([z_a, z_b])
same("coursekit.fusion.tensor_product", outer_with_ones(z_a, z_b), package)

# %% folded=true
# The table of the first sample.
table = outer_with_ones(z_a[:1], z_b[:1]).reshape(D_A + 1, D_B + 1)
rows, columns = ["1", *[f"a{i}" for i in range(D_A)]], ["1", *[f"b{i}" for i in range(D_B)]]
print("A alone:", z_a[0].numpy().round(2), "  B alone:", z_b[0].numpy().round(2))
pd.DataFrame(table.numpy(), rows, columns).round(2)

# %% [markdown]
# First column: A alone. First row: B alone. The block that is left: every product. With weights on
# the block only it is bilinear. With weights on the first row and column only it is late-linear;
# that one is yours, in a moment.
#
# ### Exercise 1 · How many parameters?
#
# The part of a network that takes features to logits is its **head**. A tensor-fusion head is a
# linear layer on that table. With three modalities the table becomes a
# box, $[1; z_1] \otimes [1; z_2] \otimes [1; z_3]$, with an entry for every choice of one number
# from each; and so on. `widths` is a list of the $D_m$, of any length. Return how many parameters
# the head has: weights and biases.


# %% nbgrader={"grade_id": "ex-02-tensor-size", "solution": true}
def tensor_parameters(widths, num_classes):
    """Number of weights and biases of a linear layer on the tensor, one whole number."""
    ### BEGIN SOLUTION
    length = 1
    for width in widths:
        length *= width + 1
    return length * num_classes + num_classes
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-02-tensor-size", "grade": true, "points": 1}
exercises.tensor_parameters.check(tensor_parameters)
### BEGIN HIDDEN TESTS
exercises.tensor_parameters.check(tensor_parameters, seed=2_0101)
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 2 · Late-linear inside the tensor
#
# One class, so that the weights on the table form a matrix $T$ of shape $(D_A + 1, D_B + 1)$, and
# the answer is $[1; z_A]^\top T\, [1; z_B]$. Given the weights $w_A$, $w_B$ and the bias of a
# late-linear model, return the $T$ that computes exactly the same. From here on exercises hand you
# **numpy** arrays.


# %% nbgrader={"grade_id": "ex-02-as-tensor", "solution": true}
def as_tensor(w_a, w_b, bias):
    """Weights T, an array (len(w_a) + 1, len(w_b) + 1)."""
    ### BEGIN SOLUTION
    T = np.zeros((len(w_a) + 1, len(w_b) + 1))
    T[0, 0] = bias
    T[1:, 0] = w_a
    T[0, 1:] = w_b
    return T
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-02-as-tensor", "grade": true, "points": 2}
exercises.as_tensor.check(as_tensor)
### BEGIN HIDDEN TESTS
exercises.as_tensor.check(as_tensor, seed=2_0102)
### END HIDDEN TESTS

# %% [markdown]
# ## The tensor explodes
#
# Three modalities, 128 features each, six classes. Late-linear needs 2310 parameters. And the
# tensor?

# %% folded=true
# The guess.
size_guess = NumberGuess(
    "02-size",
    "Parameters of the tensor-fusion head, in millions?",
    low=0.0,
    high=20.0,
    step=0.1,
    unit="million",
)
size_guess

# %% folded=true
# Claims, checked.
three = {"text": 128, "audio": 128, "vision": 128}
size = parameters(fusion.build("tensor", three, 6))
size_guess.reveal(size / 1e6, within=1.0)
claim("Late-linear: {value:.0f} parameters", parameters(fusion.build("late-linear", three, 6)),
      equals=2310, within=0)  # fmt: skip
claim("Tensor: {value:,.0f} parameters", size, above=12_000_000)

# %% [markdown]
# Whoever thinks of three times 128 features stays far below. The box has $129^3$ entries, and every
# class wants a weight for each of them.

# %% folded=true
# The figure.
drawn = ("tensor", "low-rank", "mid-mlp", "late-linear")
sizes = pd.concat(
    cost_table(width, 6, modalities=3, names=drawn).assign(width=width)
    for width in (4, 8, 16, 32, 64, 128)
).replace({"operator": {"low-rank": "low-rank, R = 4"}})
figure, (ax,) = new_figure(7.2, 4.0)
ax.set_title("Three modalities, six classes: the tensor grows with the cube")
show(figure, size_lines(sizes, ax))

# %% [markdown]
# ## Low rank: never build the tensor
#
# It rests on one identity. Take two tables that are outer products, multiply them entry by entry
# and sum. You could as well have multiplied two short sums:

# %%
f_a, f_b = np.array([1, 2]), np.array([3, 0, 1])  # two vectors of weights
one_a, one_b = np.array([1, 5]), np.array([1, 2, 4])  # [1; z_A] and [1; z_B]
print(np.outer(f_a, f_b), "weights", np.outer(one_a, one_b), "features", sep="\n")
long, short = (np.outer(f_a, f_b) * np.outer(one_a, one_b)).sum(), (f_a @ one_a) * (f_b @ one_b)
print(f"entry by entry: {long};  {f_a @ one_a} times {f_b @ one_b}: {short}")

# %% [markdown]
# So if the weights of a class *are* an outer product, neither table has to be made. One outer
# product is little. **Low-rank fusion** takes a sum of $R$ of them, each with its own pair of
# vectors (the number in brackets counts the pairs, it is no power) and its own weight:
#
# $$\text{logit} = \sum_{r=1}^{R} w_r\,\big(f_A^{(r)} \cdot [1; z_A]\big)
#   \big(f_B^{(r)} \cdot [1; z_B]\big) + b$$
#
# $R$ is the **rank**. Every class has vectors of its own. Here is the long way against
# `coursekit.fusion.low_rank`; in the string, `r` runs over ranks, `a` and `b` over the entries of
# $[1; z_A]$ and $[1; z_B]$, `c` over classes.


# %%
def contraction(parts, factors, weights, bias):
    """The long way: build the whole weight tensor, then multiply it with all the products."""
    full = torch.einsum("rac,rbc,r->abc", *factors, weights)
    return fusion.tensor_product(parts) @ full.flatten(0, 1) + bias


parts = [random(N, d) for d in (7, 5)]
factors = [random(3, d + 1, C) for d in (7, 5)]  # rank 3
weights, bias = random(3), random(C)
short = fusion.low_rank.low_rank(parts, factors, weights, bias)
same("coursekit.fusion.low_rank", contraction(parts, factors, weights, bias), short)

# %% [markdown]
# Exactly equal, up to rounding. Low-rank fusion is no approximation of the product. It is a
# restriction of the *weights*: only tensors of rank $R$ can be learnt.

# %% [markdown]
# ## Further · How much rank does a task need?
#
# ### Exercise 3 · Low rank by hand
#
# One sample, numpy: `z_a` $(D_A,)$ and `z_b` $(D_B,)$. `factors_a` is $(R, D_A + 1, C)$,
# `factors_b` is $(R, D_B + 1, C)$, `bias` $(C,)$; all $w_r = 1$. Return the logits $(C,)$ without
# building a tensor.


# %% nbgrader={"grade_id": "ex-02-low-rank", "solution": true}
def low_rank_by_hand(z_a, z_b, factors_a, factors_b, bias):
    """Logits of low-rank fusion for one sample, an array (C,)."""
    ### BEGIN SOLUTION
    a = np.r_[1, z_a] @ factors_a  # (R, C)
    b = np.r_[1, z_b] @ factors_b
    return (a * b).sum(axis=0) + bias
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-02-low-rank", "grade": true, "points": 2}
exercises.low_rank_by_hand.check(low_rank_by_hand)
### BEGIN HIDDEN TESTS
exercises.low_rank_by_hand.check(low_rank_by_hand, seed=2_0103)
### END HIDDEN TESTS

# %% [markdown]
# ### A task and its rank
#
# A task made of interaction and nothing else: A shows a class, B shows a class, and the answer is
# their **sum modulo six**. Either modality alone is worth a blind guess. Before you sketch: put
# the six classes on a clock. A turns the hand, then B turns it on. How many numbers does it take to
# write down where a hand points?

# %%
modular = modular_recipe()
pd.Series({"A": ceiling(modular, ("A",)), "both": ceiling(modular)}).round(3).to_frame(
    "best possible accuracy"
)

# %% folded=true
# The guess.
RANKS = (1, 2, 3, 4, 8, 16)
rank_guess = CurveGuess(
    "02-ranks",
    "Sum modulo six: test accuracy of low-rank fusion, by its rank?",
    xs=RANKS,
    low=0.0,
    high=1.0,
    names=("rank", "accuracy"),
)
rank_guess

# %% [markdown]
# Training every rank over ten seeds takes minutes. So this table was made beforehand with
# `python -m coursekit operators`; the card `data/operators.md` says how.

# %% folded=true
# The figure.
ranks = reached[reached["study"] == "rank"]
mean_at = ranks.groupby("model")["test"].mean()
rank_guess.reveal({rank: mean_at[f"rank {rank}"] for rank in RANKS}, within=0.03)
figure, (ax,) = new_figure(7.2, 3.8)
ax.set_title("Sum modulo six: rank one is a lottery, rank two suffices")
show(figure, rank_intervals(ranks, ax))

# %% folded=true
# Claims, checked.
rank_one = ranks.loc[ranks["model"] == "rank 1", "test"]
claim("Rank 1, mean: {value:.3f}", rank_one.mean(), below=mean_at["tensor"] - 0.03)
claim("… best seed minus worst: {value:.3f}", rank_one.max() - rank_one.min(), above=0.08)
claim("Rank 2, minus the full tensor: {value:+.3f}", mean_at["rank 2"] - mean_at["tensor"],
      between=(-0.02, 0.02))  # fmt: skip
claim("Rank 16, minus rank 2: {value:+.3f}", mean_at["rank 16"] - mean_at["rank 2"],
      between=(-0.02, 0.02))  # fmt: skip

# %% [markdown]
# It is tempting to begin near the blind guess and to climb class by class. But every class has its
# own vectors at every rank, and the encoders learn along. So rank one, one product per class, gets
# most of the way, and two are level with the full tensor. Here is one way to do it with two. How
# near the hand of the clock is to class $c$ is a cosine:
#
# $$\cos(\alpha + \beta - \gamma_c)
#   = \cos\alpha\,\cos(\beta - \gamma_c) - \sin\alpha\,\sin(\beta - \gamma_c)$$
#
# Two products for each class, however many classes there are, if the encoders learn the sines.
# Whether these networks do it this way, the curve does not say. With one product per class some
# seeds get just as far and others do not; how, we have not looked at, and the mean alone would have
# hidden it. A rank is a property of the task *together with its encoders*: before you pay for more,
# plot this curve.

# %% [markdown]
# ## Gates: one modality decides how much the other counts
#
# A **gate** is a number between 0 (closed) and 1 (open) that multiplies a feature. Where the gate
# is computed from the other modality, that is a product in disguise: an interaction.
#
# - **Soft gate** of Kiela and colleagues (`kiela-gate` in the tables): $\sigma(U z_A) \odot V
#   z_B$. A opens and closes B.
# - **GMU**, the gated multimodal unit (`gmu`): project each modality, $h_m = V_m z_m$, and share
#   one gate $z$ between the two, $z \odot \tanh h_A + (1 - z) \odot \tanh h_B$. What one wins
#   the other loses.
# - **Squeeze-and-excitation** (SE, `se-gate`): all features look at each other through a narrow
#   layer, and each gets a gate: $x \odot \sigma(W_2\,\mathrm{ReLU}(W_1 x))$.
# - **FiLM** (`film`): $\gamma(z_A) \odot z_B + \beta(z_A)$, a gate without limits, plus a shift.
# - **Hard gate** (`hard-gate`): one modality goes through, the other is shut out, for each sample.
#
# The first four in a few lines, against the functions of `coursekit.fusion`:


# %%
def soft_gate(x, logits):
    return torch.sigmoid(logits) * x


def film(x, gamma, beta):
    return gamma * x + beta


def gmu(h_a, h_b, w):  # w: (D, 2D)
    z = torch.sigmoid(torch.cat([h_a, h_b], dim=1) @ w.T)
    return z * torch.tanh(h_a) + (1 - z) * torch.tanh(h_b)


def squeeze_excite(x, w_squeeze, w_excite):
    return soft_gate(x, torch.relu(x @ w_squeeze.T) @ w_excite.T)


# %%
x, y, shift = random(N, 4), random(N, 4), random(N, 4)

# %% folded=true
# Claims, checked.
w_gate, w_squeeze, w_excite = random(4, 8), random(2, 4), random(4, 2)
same("coursekit.fusion.gated", soft_gate(x, y), fusion.gated(x, y))
same("… film", film(x, y, shift), fusion.film.film(x, y, shift))
same("… gmu", gmu(x, y, w_gate), fusion.gmu.gmu(x, y, w_gate))
same("… squeeze_excite", squeeze_excite(x, w_squeeze, w_excite),
     fusion.squeeze_excite.squeeze_excite(x, w_squeeze, w_excite))  # fmt: skip
same("FiLM with γ = σ(·), β = 0, and the soft gate", film(x, torch.sigmoid(y), 0), soft_gate(x, y))

# %% [markdown]
# ## Further · What a hard gate learns from
#
# The hard gate has a problem: "take the larger one" has no useful derivative. The usual way out is
# called **straight-through**. Forward, the choice is hard: a one and zeros. Backward, pretend that
# it was the soft version. In code it is one line, and `soft - soft.detach()` is the trick: its
# value is zero, its gradient is not.


# %%
def straight_through(logits):
    """One-hot of the largest logit; its gradient is the one of the softmax."""
    soft = torch.softmax(logits, dim=1)
    hard = torch.nn.functional.one_hot(soft.argmax(dim=1), soft.shape[1]).to(soft)
    return hard + soft - soft.detach()


choice = random(N, 2)
print(straight_through(choice).numpy().round(2).tolist())
same("coursekit.fusion.straight_through", straight_through(choice), fusion.straight_through(choice))

# %% [markdown]
# ### Exercise 4 · What a hard gate learns from
#
# One sample, numpy. A hard gate chooses among $M$ modalities by `logits` $(M,)$; modality $m$ would
# give the number `values[m]`. The output is the chosen value. Return the gradient of the output
# with respect to the logits, $(M,)$, as straight-through has it: backward, the output counts as
# $\sum_m p_m v_m$ with $p$ the softmax of the logits. Derive it on paper first. Then read it:
# which logits does it raise?


# %% nbgrader={"grade_id": "ex-02-borrowed", "solution": true}
def borrowed_gradient(logits, values):
    """Gradient of the gate's output with respect to its logits, an array (M,)."""
    ### BEGIN SOLUTION
    p = np.exp(logits) / np.exp(logits).sum()
    return p * (values - p @ values)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-02-borrowed", "grade": true, "points": 2}
exercises.borrowed_gradient.check(borrowed_gradient)
### BEGIN HIDDEN TESTS
exercises.borrowed_gradient.check(borrowed_gradient, seed=2_0104)
### END HIDDEN TESTS

# %% [markdown]
# ## Attention
#
# In **attention** the weights of a sum are computed from what is summed. Lay the two feature
# vectors under each other, one row for A and one for B. Three matrices turn each row into a
# **query** (what do I look for?), a **key** (what have I got?) and a **value** (what do I give?).
# A query times a key says how well the two match; a softmax makes shares of the matches; every row
# then takes the values by these shares. The **non-local** block adds the result to what was there.


# %%
def non_local(rows, w_query, w_key, w_value, w_out):
    """rows: (N, 2, D), the two modalities of each sample. Returns the new rows and the shares."""
    query, key, value = rows @ w_query.T, rows @ w_key.T, rows @ w_value.T
    match = torch.softmax(query @ key.transpose(1, 2), dim=-1)  # (N, 2, 2)
    return rows + match @ value @ w_out.T, match


# %% folded=true
# The same as the package's, and the shares of the first sample.
w = (random(3, 4), random(3, 4), random(3, 4), random(4, 3))
pair = torch.stack([x, y], dim=1)
after, match = non_local(pair, *w)
same("coursekit.fusion.non_local", after, fusion.non_local.non_local(pair, *w))
share = match[0]
print(f"Sample 0: A takes {share[0, 0]:.0%} of its own value and {share[0, 1]:.0%} of B's;")
print(f"          B takes {share[1, 0]:.0%} of A's value and {share[1, 1]:.0%} of its own.")

# %% [markdown]
# A **transformer** stacks such steps with small networks between them. Three variants stand in the
# table below: `transformer` and `early-transformer`, which lesson 04 takes apart, and `conformer`,
# which also slides a convolution over the sequence. It is made for speech; the paper of lesson 08
# fuses with one.

# %% [markdown]
# ## Further · A shove: MAG
#
# **MAG** (`mag`) starts from the thought that modalities are not equals. Words carry most of what
# is said; tone and face *shift* their meaning. So a step $h$ is computed from the other modalities
# and added to the text vector; it may not be longer than $\beta$ times the text vector itself. Then
# a **LayerNorm**: from the numbers of each vector take off their mean, and divide by their standard
# deviation.


# %%
def modality_shift(text, h, beta):
    longest = beta * text.norm(dim=1, keepdim=True)
    return text + torch.clamp(longest / (h.norm(dim=1, keepdim=True) + 1e-6), max=1) * h


shifted = modality_shift(x, 9 * y, 0.5)
same("coursekit.fusion.modality_shift", shifted, fusion.modality_shift(x, 9 * y, 0.5))
moved = (shifted - x).norm(dim=1) / x.norm(dim=1)
claim("Longest step, as a share of the text vector: {value:.3f}", moved.max(), below=0.5 + 1e-6)

# %% [markdown]
# ## All of them in one table
#
# Parameters, and products to compute for one sample (**multiply-adds**), for two modalities and six
# classes, at 16 and at 64 features each, counted by running the code (`coursekit.analysis.costs`).
# For $M$ modalities $z_1 … z_M$: $z_1$ is the main one, $z_{last}$ the one that is gated or
# modulated, and $z_{others}$ are all but that, side by side. Rank 4; 64 hidden units in mid-MLP;
# projections and transformers (2 layers of 4 attention heads, lesson 04) are 32 wide; SE squeezes
# by 16. The module of `gmu` is `coursekit.fusion.gmu`, and so on.

# %% folded=true
# The operators by family, with their equations.
FAMILIES = {
    "sum": ("additive", "late-linear"),
    "product": ("multiplicative", "bilinear", "tensor", "low-rank"),
    "gate": ("film", "kiela-gate", "gmu", "hard-gate", "se-gate", "mag"),
    "network": ("mid-mlp", "non-local", "transformer", "early-transformer", "conformer"),
}
registry = fusion.registry()
family = {name: kind for kind, members in FAMILIES.items() for name in members}
in_order = [*family, *(name for name in registry if name not in family)]
overview = pd.DataFrame(
    {"equation": {n: (registry[n].__doc__ or "").partition("\n\n")[0] for n in in_order}}
)
overview.insert(0, "family", [family.get(n, "new") for n in in_order])
overview

# %% [markdown]
# Before you see the counts: from 16 to 64 features is four times as many. A matrix with a fixed
# number of outputs then grows fourfold, one with as many outputs as features sixteenfold.

# %% folded=true
# The guess.
growth_guess = ChoiceGuess(
    "02-growth",
    "From 16 to 64 features: which of these four has its parameters grow most?",
    options=("low-rank", "film", "kiela-gate", "mid-mlp"),
)
growth_guess

# %% folded=true
# Parameters and multiply-adds.
counts = overview[["family"]].copy()
for width in (16, 64):
    costs = cost_table(width, 6, names=in_order).set_index("operator")
    counts[f"parameters, {width}"] = costs["parameters"]
    counts[f"multiply-adds, {width}"] = costs["multiply-adds"]
growth = counts["parameters, 64"] / counts["parameters, 16"]
growth_guess.reveal(str(growth[list(growth_guess.options)].idxmax()))
counts.insert(3, "parameters grow", growth.map("{:.1f}×".format))
counts

# %% [markdown]
# A hidden layer looks expensive. But mid-MLP's is 64 wide whatever comes in, the soft gate projects
# to 32 numbers, and low rank keeps its four pairs of vectors a class: all of them grow about
# fourfold. FiLM has no fixed side: $\gamma$ takes every feature of A in and gives one number out
# for every feature of B. It is cheap at 16 features and not at 64.

# %% folded=true
# Claims, checked.
print("more than tenfold:", ", ".join(f"{n} ({growth[n]:.1f}×)" for n in growth[growth > 10].index))
claim("FiLM's parameters grow {value:.1f} times", growth["film"], above=10)
claim("The other three: at most {value:.1f} times",
      growth[["low-rank", "kiela-gate", "mid-mlp"]].max(), below=5)  # fmt: skip

# %% [markdown]
# *A good place for a break.*
#
# ## What can they say? The formula alone
#
# Back to two numbers, $x_A$ and $x_B$ between −1 and 1, and one number as the answer. Then a model
# is a surface, and you can look at it. Four targets:
#
# - **sum**: $x_A + x_B$;
# - **product**: $x_A \cdot x_B$;
# - **signs**: plus one where the signs agree, minus one where they differ, an XOR, smooth at the
#   border;
# - **switch**: $x_B$ where $x_A$ is positive, else zero, smooth at the border. A decides whether B
#   counts.
#
# First without encoders: the operator sees the two numbers themselves. **R²** is the share of the
# target's variance that the model explains: 1 is perfect, 0 is what the target's mean gets as a
# constant answer, and any other constant gets less than 0. Two guesses.

# %% folded=true
# The guess.
multiplicative_guess = ChoiceGuess(
    "02-multiplicative",
    "Multiplicative fusion, without encoders, on the sum x_A + x_B: R²?",
    options=("about 0", "about 0.5", "about 1"),
)
multiplicative_guess

# %% folded=true
# The guess.
hard_guess = ChoiceGuess(
    "02-hard",
    "The hard gate takes A or B, sample by sample. R² on the sum x_A + x_B?",
    options=("about 0", "about 0.5", "about 0.75", "about 1"),
)
hard_guess

# %% [markdown]
# All of them are trained while you wait, each with the learning rate that served it best among
# three (chosen beforehand on other seeds). The same over ten seeds comes a little later.

# %% folded=true
# Trains every operator on every target.
best = best_rates(surfaces_table, ["encoder", "operator"], "r2").query("encoder == 'none'")
rates = best.set_index("operator")["rate"].to_dict()
learnt = {
    name: {
        target: learn(name, y, encoder="none", rate=rates.get(name, RATES[1]), seed=100)
        for target, y in TARGETS.items()
    }
    for name in tqdm(in_order, desc="operators", leave=False)
}

# %% folded=true
# Claims, checked.
multiplicative_r2 = learnt["multiplicative"]["sum"].r2
multiplicative_guess.reveal("about 0" if multiplicative_r2 < 0.1 else "about 1")
hard_r2 = learnt["hard-gate"]["sum"].r2
near = {"about 0": 0, "about 0.5": 0.5, "about 0.75": 0.75, "about 1": 1}
hard_guess.reveal(min(near, key=lambda name: abs(near[name] - hard_r2)))
x_a, x_b = (numbers.flatten() for numbers in grid(41))
larger = torch.corrcoef(torch.stack([torch.maximum(x_a, x_b), x_a + x_b]))[0, 1] ** 2
claim("Taking the larger number everywhere explains {value:.2f} of the sum", larger,
      between=(0.74, 0.76))  # fmt: skip

# %% [markdown]
# The first column is the target, the others what each operator made of it.

# %% folded=true
# The figures: four targets, and what each operator made of them.
half = (len(in_order) + 1) // 2
for names in (in_order[:half], in_order[half:]):
    figure, alt = surface_table({name: learnt[name] for name in names})
    figure.suptitle("The formula alone: orange above zero, purple and dashed below; the colours "
                    "of a row end at its target's largest value",
                    x=0.01, ha="left", fontsize=10.5, weight="bold")  # fmt: skip
    show(figure, alt)

# %% [markdown]
# - **late-linear** (and additive): planes. Of the switch it gets the plane through it and no more.
# - **multiplicative** (and bilinear): one saddle, $c \cdot x_A x_B$, and nothing on the sum.
# - **tensor** (and low-rank, FiLM): a plane plus a saddle, $w_0 + w_1 x_A + w_2 x_B + w_3 x_A x_B$.
#   That is lesson 01's full model, no more and no less. A saddle is a poor copy of the signs.
# - **hard gate**: everywhere a function of A or of B. It bends along an edge and cannot add.
# - **GMU** and **mid-MLP** bend the numbers themselves and draw nearly everything; so do the
#   transformers.
# - **non-local** could multiply, and draws planes: it starts as late-linear, and with one number a
#   modality it found no way out in these steps.
# - **SE** has a single unit inside here. On the switch it does well, on product and signs its seeds
#   differ widely.
# - **MAG** (a step from the other modality is added to the main one's vector, then a **LayerNorm**)
#   draws nothing at all: LayerNorm takes the mean off a vector's numbers, and of a single number
#   nothing is left. With one feature, MAG is blind.
# - **cross-modal gates** scale each modality's numbers by what both show, and let each modality
#   vote. That is enough for the sum; of product and signs they get a part, of the switch more.
# - **evidential** fusion counts evidence for each class, and none is less than nothing. It is made
#   for classes: of a single number a sum of two terms is left, neither of them ever negative.

# %% folded=true
# Claims, checked.
evident = [surface.learnt.min() for surface in learnt["evidential"].values()]
claim("evidential: the lowest answer on any target: {value:.2f}", min(evident), above=-1e-6)
by_gates = {target: surface.r2 for target, surface in learnt["cross-modal-gate"].items()}
claim("cross-modal gates, sum: R² {value:.2f}", by_gates["sum"], above=0.99)
claim("… product: R² {value:.2f}", by_gates["product"], between=(0.2, 0.8))
claim("… signs: R² {value:.2f}", by_gates["signs"], between=(0.2, 0.8))

# %% [markdown]
# ### The additive projection
#
# How much of a surface is interaction? Take the row mean plus the column mean minus the overall
# mean, in every cell. That is the nearest function $f(x_A) + g(x_B)$, the **additive projection**.
# What is left, the **residual**, is pure interaction. `coursekit.analysis.emap.project` does the
# same for a model's logits; the next lesson is about it. Lesson 01 ended with this picture; here it
# is of a surface that tensor fusion has learnt, the switch.

# %% folded=true
# The figure: a learnt surface, its additive part, and what is left.
figure, axes = new_figure(10.6, 3.8, columns=3)
learnt_switch = learnt["tensor"]["switch"].learnt
alt = additive_parts(figure, axes, learnt_switch, ("$x_A$", "$x_B$"), "answer", "from low to high")
figure.suptitle("Tensor fusion on the switch", x=0.01, ha="left", weight="bold")
show(figure, alt)

# %% [markdown]
# ### Exercise 5 · Read a surface
#
# A surface comes without a name, as a numpy array $(N, N)$: rows $x_A$, columns $x_B$. Compute its
# additive projection, and the share of the surface's **variance** that it holds. Above 0.99 return
# `"additive"`, below 0.01 `"multiplicative"`, else `"both"`.


# %% nbgrader={"grade_id": "ex-02-read-surface", "solution": true}
def read_surface(surface):
    """One of "additive", "multiplicative", "both"."""
    ### BEGIN SOLUTION
    rows, columns = surface.mean(axis=1, keepdims=True), surface.mean(axis=0, keepdims=True)
    share = (rows + columns - surface.mean()).var() / surface.var()
    return "additive" if share > 0.99 else "multiplicative" if share < 0.01 else "both"
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-02-read-surface", "grade": true, "points": 2}
exercises.read_surface.check(read_surface)
### BEGIN HIDDEN TESTS
exercises.read_surface.check(read_surface, seed=2_0105)
### END HIDDEN TESTS

# %% [markdown]
# ## With encoders
#
# One rarely fuses raw numbers. Put a small network in front of each, two layers of 16 units. The
# operators stay as they are. Without encoders each of these four failed on some target:
# late-linear, the hard gate, multiplicative, MAG.

# %% folded=true
# The guess.
suspects = ("late-linear", "hard-gate", "multiplicative", "mag")
lists = [", ".join(suspects[:count]) for count in (1, 2, 3, 4)]
encoder_guess = ChoiceGuess(
    "02-encoders-which",
    "With encoders: which of the four still fail on some target (mean R² below 0.9)?",
    options=("none", *lists),
)
encoder_guess

# %% folded=true
# The figure.
alone = results(surfaces_table, ["encoder", "operator"], "r2").query("encoder == 'none'")
with_encoders = results(surfaces_table, ["encoder", "operator"], "r2").query("encoder == 'mlp'")
worst = with_encoders.groupby(["operator", "target"])["r2"].mean().groupby("operator").min()
failing = worst[worst < 0.9].index.to_list()
encoder_guess.reveal(", ".join(name for name in suspects if name in failing) or "none")
figure, axes = new_figure(10.4, 6.0, columns=2)
alts = []
for ax, fits, title in zip(
    axes, (alone, with_encoders), ("the formula alone", "with encoders"), strict=True
):
    alts.append(f"{title}: {reach(fits, ax, list(TARGETS), list(FAMILIES.values()))}")
    ax.set_title(f"R², {title}")
show(figure, " ".join(alts))
print("mean of ten seeds; *: seeds differ by more than 0.1; green from 0.9 on, orange from 0.1 on")

# %% folded=true
# Claims, checked.
print("fail on some target:", ", ".join(failing))
before = alone.groupby(["operator", "target"])["r2"].mean()
encoded = with_encoders.groupby(["operator", "target"])["r2"]
for name in ("multiplicative", "mag"):
    claim(f"{name}, sum: R² {{value:.2f}}", encoded.mean()[name, "sum"], above=0.9)
claim("late-linear, product, the best seed: R² {value:.2f}",
      encoded.max()["late-linear", "product"], below=0.05)  # fmt: skip
claim("hard gate, sum, with encoders minus without: {value:+.2f}",
      encoded.mean()["hard-gate", "sum"] - before["hard-gate", "sum"], below=-0.03)  # fmt: skip
claim("conformer, the formula alone, its worst target: R² {value:.2f}",
      before["conformer"].min(), above=0.95)  # fmt: skip
claim("conformer, product, the best seed: R² {value:.2f}",
      encoded.max()["conformer", "product"], above=0.95)  # fmt: skip
claim("conformer, product, the worst seed: R² {value:.2f}",
      encoded.min()["conformer", "product"], below=0.5)  # fmt: skip
claim("The rate that the conformer chose, over the smallest it could: {value:.1f}",
      with_encoders.query("operator == 'conformer'")["rate"].max() / surfaces_table["rate"].min(),
      between=(0.99, 1.01))  # fmt: skip
claim("evidential, its best target, the best seed: R² {value:.2f}",
      encoded.max()["evidential"].max(), below=0.5)  # fmt: skip
claim("cross-modal gates, the worst target and seed: R² {value:.2f}",
      encoded.min()["cross-modal-gate"].min(), above=0.95)  # fmt: skip
encoded.agg(["min", "median", "max"]).loc[["se-gate", "hard-gate", "conformer"]].round(2)

# %% [markdown]
# Most differences are gone (the printed ones are left). "Multiplicative fusion cannot add" was true
# of the formula and is false of the model. The suspect: an encoder has biases, so it can send a
# constant one along with the rest, and with a one you can add. That is the trick of the tensor,
# found by training.
#
# What stays, even with encoders:
#
# - **Additive stays additive.** No encoder helps, because $f(x_A) + g(x_B)$ is all there is,
#   however clever $f$ and $g$ are. That is mathematics.
# - **The hard gate cannot add exactly.** Wherever it lets one modality through, the answer does not
#   move with the other. That is mathematics too. But its mean on the sum is lower with encoders
#   than without, although encoders could simply hand the numbers on. That part is training, where a
#   hard choice has only a stand-in for a gradient. On the switch, which suits it, seeds differ too.
# - **SE.** The table above has its seeds: on product and signs all but one get past what a sum can
#   do, none gets everything right. Its gates see everything through two units; whether that or the
#   training is to blame, these numbers do not tell.
# - **The conformer.** Its formula alone drew all four. With encoders it finds sum and switch in
#   every seed, product and signs in some. It took the smallest of the three learning rates, so the
#   range was too short for it. That is training, not the formula.
# - **Evidential.** A single number of it stays a sum that is never negative, with encoders or
#   without. Cross-modal gates, in turn, draw all four in every seed once encoders help.
#
# When two papers disagree about operators, ask first how large their encoders were.

# %% [markdown]
# ## Further · A suspicion, tested
#
# Do the encoders' biases make the one? Hold them at zero and fit the sum again.

# %% folded=true
# The guess.
bias_guess = ChoiceGuess(
    "02-biases",
    "Without biases in the encoders, which of the two falls back on the sum?",
    options=("neither", "multiplicative", "tensor", "both"),
)
bias_guess


# %%
def without_biases(name, seed, steps=150):
    """What an operator learns of x_A + x_B when the encoders have no biases."""
    model = build_model(name, seed=seed)
    for part, parameter in model.named_parameters():
        if part.startswith("encoders") and part.endswith("bias"):
            parameter.requires_grad_(False).zero_()
    a, b = grid(21)
    inputs = {"A": a.reshape(-1, 1), "B": b.reshape(-1, 1)}
    adam = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.01)
    for _ in range(steps):
        learnt = model(inputs).joint.reshape(a.shape)
        adam.zero_grad()
        ((learnt - (a + b)) ** 2).mean().backward()
        adam.step()
    return Surface((a + b).numpy(), learnt.detach().numpy())


# %% folded=true
# Claims, checked.
silenced = {
    name: [without_biases(name, seed) for seed in range(100, 103)]
    for name in ("multiplicative", "tensor")
}
fell = [name for name, surfaces in silenced.items() if np.mean([s.r2 for s in surfaces]) < 0.9]
bias_guess.reveal({0: "neither", 1: fell[0] if fell else "", 2: "both"}[len(fell)])
for name, surfaces in silenced.items():
    print(f"{name}, without biases, R² on the sum: {interval([s.r2 for s in surfaces])}")
claim("Multiplicative: {value:.2f}", np.mean([s.r2 for s in silenced["multiplicative"]]),
      between=(0.7, 0.8))  # fmt: skip
claim("Tensor, which brings its own one: {value:.2f}", np.mean([s.r2 for s in silenced["tensor"]]),
      above=0.99)  # fmt: skip

# %% folded=true
# The figure.
figure, axes = new_figure(8.6, 3.5, columns=3)
first_seed = {name: surfaces[0] for name, surfaces in silenced.items()}
panels = {"target: the sum": first_seed["tensor"].target} | {
    f"{name}: R² {surface.r2:.2f}": surface.learnt for name, surface in first_seed.items()
}
for ax, (title, heights) in zip(axes, panels.items(), strict=True):
    heat_map(ax, heights, 2.0)
    ax.set_title(title, fontsize=10)
    ax.set_xlabel("$x_A$")
axes[0].set_ylabel("$x_B$")
figure.suptitle("Encoders without biases: orange above zero, purple and dashed below",
                x=0.01, ha="left", fontsize=10.5, weight="bold")  # fmt: skip
show(figure, "Surfaces over x_A and x_B, encoders without biases. " + "; ".join(panels) + ".")

# %% [markdown]
# Without the borrowed ones the multiplicative model falls back, and the tensor does not mind. Why
# to 0.75 and not to 0, and in all seeds alike? Without biases a ReLU network is a straight line on
# either side of zero. So the product is a saddle piece $c \cdot x_A x_B$ in each quarter of the
# square, with a $c$ of its own. The best choice is a steep piece where the signs agree and flat
# zero where they differ, and that explains three quarters of the sum's variance.

# %% [markdown]
# ## Turn the knobs
#
# The target is $w_A x_A + w_B x_B + w_{AB}\cdot$ shape. Every move trains the operator anew on
# your machine; transformers take longest.

# %%
EXPLORERS["surface"]()

# %% [markdown]
# ## Classes that need both
#
# In the `synergy` data four samples in ten are of the modular kind: the answer is the sum modulo
# six of two shown classes, and neither alone says anything. The rest is shown by both or by one of
# them. Encoders are MLPs with 64 and 32 units; six classes.
#
# The accuracies were measured beforehand with `python -m coursekit operators`; the card
# `data/operators.md` says how. Every model had the same four trials: four learning rates on seeds
# 0 to 2, the best one on *validation* rows kept (rows that neither train nor test), then tested on
# seeds 100 to 109.

# %% folded=true
# The best that anybody can reach.
synergy = preset("synergy")
pd.Series(
    {"A": ceiling(synergy.recipe, ("A",)), "B": ceiling(synergy.recipe, ("B",)),
     "both": ceiling(synergy.recipe)}
).round(3).to_frame("best possible accuracy")  # fmt: skip

# %% folded=true
# The guess.
synergy_guess = NumberGuess(
    "02-synergy",
    "Accuracy of late-linear on synergy? You can compute it: what if it guesses on four in ten?",
    low=0.3,
    high=1.0,
    step=0.01,
)
synergy_guess

# %% [markdown]
# And at the top? Two operators that can interact, with what they cost at 32 features:

# %%
cost_table(32, 6, names=["late-linear", "mid-mlp", "early-transformer"])

# %% folded=true
# The guess.
price_guess = NumberGuess(
    "02-price",
    "Accuracy on synergy: the early transformer minus mid-MLP?",
    low=-0.10,
    high=0.20,
    step=0.01,
)
price_guess

# %% folded=true
# The outcome, beside your guess.
of_synergy = reached[reached["study"] == "synergy"].rename(columns={"test": "accuracy"})
mean_of = of_synergy.groupby("model")["accuracy"].mean().sort_values()
synergy_guess.reveal(mean_of["late-linear"], within=0.02)

# %% folded=true
# The figure.
price_guess.reveal(mean_of["early-transformer"] - mean_of["mid-mlp"], within=0.01)
ordered = of_synergy.assign(
    place=of_synergy["model"].map({name: i for i, name in enumerate(mean_of.index[::-1])})
).sort_values("place", kind="stable")
synergistic = synergy.recipe.synergistic
wall = 1 - synergistic + synergistic / synergy.recipe.num_classes  # the rest by blind guess
roles = {"A": "A alone", "B": "B alone", "ensemble": "ensemble of A and B"}
figure, (ax,) = new_figure(7.8, 6.4)
ax.set_title("synergy: who gets past a sum")
alt = accuracy_intervals(ordered.replace({"model": roles}), ax)
lines = (
    (wall, f"guessing on {synergistic:.0%}", 0),
    (ceiling(synergy.recipe), "best possible", len(mean_of) - 1),
)
for at, words, row in lines:
    ax.axvline(at, color="black", linestyle=":", linewidth=1)
    ax.annotate(f"{words}: {at:.3f}", (at, row), xytext=(-4, 0), textcoords="offset points",
                ha="right", va="center", fontsize=9)  # fmt: skip
show(figure, f"{alt} Lines: guessing on the synergistic samples {wall:.3f}, best possible "
             f"{ceiling(synergy.recipe):.3f}.")  # fmt: skip

# %% folded=true
# Claims, checked.
by_seed = of_synergy.pivot_table(index="seed", columns="model", values="accuracy")
claim("Late-linear minus all right but the synergistic ones, those guessed: {value:+.3f}",
      mean_of["late-linear"] - wall, between=(-0.03, 0.01))  # fmt: skip
able = ["low-rank", "mag", "gmu", "film", "multiplicative", "tensor", "mid-mlp", "bilinear",
        "kiela-gate", "transformer", "early-transformer", "conformer"]  # fmt: skip
claim("The worst of the twelve at the top minus late-linear: {value:+.3f}",
      mean_of[able].min() - mean_of["late-linear"], above=0.15)  # fmt: skip
claim("The best of them minus the worst: {value:.3f}",
      mean_of[able].max() - mean_of[able].min(), below=0.06)  # fmt: skip
for one, other in (("late-linear", "ensemble"), ("early-transformer", "mid-mlp")):
    print(f"{one} minus {other}: {interval(by_seed[one] - by_seed[other])}")

# %% [markdown]
# Three groups. **Late-linear**, its twin **additive** and the **hard gate** end where the ensemble
# is that never saw both modalities together: right on all samples but the synergistic ones, where
# they guess. Call that **the wall**. The **SE gate** and the **non-local** block drew surfaces that
# a sum cannot, SE in most seeds; here, 20 epochs take them only part of the way past the wall. All
# other operators are past it, within a few hundredths of each other. One expects that several times
# the parameters buy something. The early transformer's lead over mid-MLP, if it is one at all (the
# interval includes zero), is small.
#
# So the large step is past the sum of votes (and past the hard gate, which takes one or the other).
# Which of those behind it you take is, on these data, mostly a matter of cost.

# %% [markdown]
# ## Further · Why do sums guess, and which operator is worth its price?
#
# Why do sums *guess*? A surface that interacts is out of their reach. The answer, though, is
# only the largest of six logits. So make the votes by hand, for each class shown and each answer,
# such that their sum is largest at the right answer as often as you can.

# %% folded=true
# The guess.
votes_guess = ChoiceGuess(
    "02-votes",
    "How many of the 36 sums modulo six do our votes by hand get right?",
    options=("about one in six", "about one in three", "about six in ten"),
)
votes_guess

# %% folded=true
# Claims, checked.
digit = torch.arange(6.0)
by_hand = digit[:, None] * digit - digit**2 / 4  # (6, 6): a vote of each class shown, each answer
named = (by_hand[:, None] + by_hand).argmax(-1)
hits = named == (digit[:, None] + digit) % 6
right = hits.double().mean()
shares = {"about one in six": 1 / 6, "about one in three": 1 / 3, "about six in ten": 0.6}
votes_guess.reveal(min(shares, key=lambda name: abs(shares[name] - float(right))))
claim("Of all sums modulo six, these votes get right: {value:.2f}", right, above=0.5)
plain = hits == (digit[:, None] + digit < 6)
claim("… exactly those that stay below six: {value:.0%}", plain.double().mean(), equals=1,
      within=0)  # fmt: skip

# %% [markdown]
# "A sum cannot know it, so it is right one time in six" is the usual thought. Yet votes can name
# the *plain* sum, and as long as that stays below six, nothing has to interact. Training does not
# look for these votes. Cross-entropy rewards probabilities, and to a sum of votes, which adds what
# A says alone to what B says alone, all six answers stay equally likely. The wall is made by the
# sum *and* by what training rewards.
#
# Now the price. If all that are past the wall are about as good, cost decides. As code:
#
# ### Exercise 6 · Choose an operator
#
# `valid` gives, for each operator, its validation accuracies over seeds, not always equally many;
# `costs` its parameters.
# Good enough is whose mean lies at most `tolerance` below the best mean. Return the name of the
# cheapest that is good enough.


# %% nbgrader={"grade_id": "ex-02-choose", "solution": true}
def choose_operator(valid, costs, tolerance):
    """The name of the cheapest operator that is good enough."""
    ### BEGIN SOLUTION
    means = {name: np.mean(scores) for name, scores in valid.items()}
    good = [name for name in means if means[name] >= max(means.values()) - tolerance]
    return min(good, key=lambda name: costs[name])
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-02-choose", "grade": true, "points": 2}
exercises.choose_operator.check(choose_operator)
### BEGIN HIDDEN TESTS
exercises.choose_operator.check(choose_operator, seed=2_0106)
### END HIDDEN TESTS

# %% [markdown]
# The same rule on this study, at three tolerances. How much accuracy is a parameter worth to you?

# %% folded=true
# The rule of exercise 6 on this study.
joint = of_synergy[of_synergy["model"].isin(fusion.names())]
valid = {str(name): rows["valid"].to_list() for name, rows in joint.groupby("model")}
price = cost_table(32, 6).set_index("operator")["parameters"]
picks = {
    t: exercises.choose_operator.reference(valid, price.to_dict(), t) for t in (0, 0.005, 0.02)
}
pd.DataFrame(
    {"chosen": picks, "parameters": pd.Series(picks).map(price),
     "test accuracy": pd.Series(picks).map(mean_of).round(3)}
).rename_axis("tolerance")  # fmt: skip

# %% [markdown]
# Was the comparison fair? Everybody had the same four learning rates:

# %% folded=true
# Claims, checked.
chosen = best_rates(study, ["study", "model"], "valid").query("study == 'synergy'")
at_the_end = int((chosen["rate"] == study["rate"].max()).sum())
claim(f"Of {len(chosen)} models, at the largest of the rates that we tried: {{value:.0f}}",
      at_the_end, above=0)  # fmt: skip

# %% [markdown]
# A best value at the end of a range says that the range was too short. More trials might move the
# order at the top again; equal trials make a comparison fair, not final.

# %% [markdown]
# ## Further · When one modality is the main one: MAG
#
# Three modalities, `text`, `audio` and `vision`. Text carries most; the others repeat it faintly
# and know a little of their own. That is the situation MAG was built for.

# %% folded=true
# The best that anybody can reach.
recipe = text_recipe()
best_possible = {m: ceiling(recipe, (m,)) for m in recipe.modalities} | {"all": ceiling(recipe)}
print("share of samples:", {name: round(share, 2) for name, share in recipe.shares().items()})
pd.Series(best_possible).round(3).to_frame("best possible accuracy")

# %% folded=true
# The guess.
mag_guess = ChoiceGuess(
    "02-mag",
    "Which row comes out first?",
    options=("text alone", "late-linear", "mid-mlp", "mag", "ensemble"),
)
mag_guess

# %% folded=true
# The figure.
of_text = reached[reached["study"] == "text"].rename(columns={"test": "accuracy"})
by_model = of_text.pivot_table(index="seed", columns="model", values="accuracy")
winner = str(by_model.mean().idxmax())
mag_guess.reveal("text alone" if winner == "text" else winner)
order = ["text", "audio", "vision", "late-linear", "mid-mlp", "mag", "ensemble"]
figure, (ax,) = new_figure(7.2, 3.8)
ax.set_title("Text first: MAG among its rivals")
show(figure, accuracy_intervals(
    pd.concat(of_text[of_text["model"] == name] for name in order), ax))  # fmt: skip

# %% folded=true
# Claims, checked.
lead = {
    f"{one} − {other}": interval(by_model[one] - by_model[other])
    for one, other in (("mag", "text"), ("mag", "late-linear"), ("mag", "mid-mlp"),
                       ("ensemble", "mag"), ("ensemble", "mid-mlp"), ("ensemble", "late-linear"))
}  # fmt: skip
claim("MAG gains {value:+.3f} over text alone", lead["mag − text"].mean, above=0.05)
claim("ensemble − mag: an interval from {value:+.3f} on", lead["ensemble − mag"].low, above=0)
claim("mag − mid-mlp: an interval from {value:+.3f} on", lead["mag − mid-mlp"].low, below=0)
claim("The ceiling minus the best row: {value:.3f}", ceiling(recipe) - by_model.mean().max(),
      above=0.1)  # fmt: skip
pd.Series(lead).astype(str).to_frame("difference")

# %% [markdown]
# The shove does its work: MAG is well ahead of text alone, and a little ahead of late-linear.
# Whether it is ahead of mid-MLP these ten seeds do not say, for the interval includes zero. And
# then a row that is easily left out: the **ensemble** of three separate networks, never trained
# together, is ahead of all three joint models. That raises a suspicion against joint training, and
# no more than that; lesson 05 takes it up. All rows end far below the best possible accuracy, which
# is that of inputs without noise.

# %% [markdown]
# ## What stays
#
# - Additive and late-linear are one function. Bilinear and late-linear are both parts of tensor
#   fusion; low-rank is tensor fusion with restricted weights.
# - The formula alone decides little once encoders stand in front of it. What no encoder changes:
#   additive stays additive, and a hard gate cannot add exactly.
# - What an operator *could* say, what training makes it say, and whether a trained model *used* it
#   are three questions. The second needs several seeds and equal trials; the third is lesson 03.
#
# ## Words
#
# - **encoder**: a network that turns one modality into features.
# - **features**: the vector that stands for a modality, $z_m$.
# - **logits**: one number per class; the largest one is the answer.
# - **fusion operator**: what takes the features of all modalities to the logits.
# - **late-linear fusion**: a linear layer on all features side by side; the same as additive
#   fusion.
# - **head**: the part of a network that takes features to the logits; a fusion operator is one.
# - **mid-MLP**: a head that is a small network on the features of all modalities side by side.
# - **multiplicative fusion**: features multiplied unit by unit.
# - **bilinear fusion**: a weight for every product of two features, one from each modality.
# - **tensor fusion**: the outer product of all features, with a one prepended to each modality.
# - **low-rank fusion**: tensor fusion whose weights are a sum of few outer products.
# - **rank**: how many outer products are summed.
# - **gate**: a factor, mostly between 0 and 1, that lets a feature through or holds it back.
# - **straight-through**: a hard choice forward, the soft version's gradient backward.
# - **FiLM**: features scaled and shifted by another modality.
# - **squeeze-and-excitation**: every feature gets a gate computed from all features.
# - **attention**: a weighted sum whose weights are computed from what is summed.
# - **LayerNorm**: takes the mean off a vector's numbers and divides by their standard deviation.
# - **MAG**: the main modality's vector is displaced by the others, by a bounded step.
# - **multiply-add**: one product with its addition, the unit in which computing is counted.
# - **validation rows**: rows on which settings are chosen; they neither train nor test.
# - **additive projection**: the nearest function that is a sum of one function per modality.
#
# All words of the course stand in the [glossary](glossary.ipynb).
#
# ## Checkpoint

# %% folded=true
# The checkpoint: what your run gave.
record.checkpoint(
    "02",
    {
        "tensor head, three times 128": size,
        "multiplicative on the sum, no encoders": multiplicative_r2,
        "synergy, late-linear": float(mean_of["late-linear"]),
    },
)
