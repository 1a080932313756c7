# %% [markdown]
# # 16 · Dynamic fusion
#
# **After this lesson you can**
#
# - let a gate choose an expert for each sample, charge it for what it uses, and count all it costs,
# - hold it against a cascade, an ensemble, a random gate and an oracle, at equal cost,
# - say where each kind of sample went, and what a small temperature does to learning,
# - search where to fuse, by gradients and without, beside random search at the same budget,
# - tell why a search first favours what learns fastest, and why α is not an operator's strength.
#
# **Time** about 54 minutes to read and do, 1 more for what is marked *Further*; the computing
# takes 40 to 120 seconds.
#
# **Needed before** lesson 02 (hard gates, straight-through), lesson 05 (the generator, starvation,
# paired differences).
#
# **Sources** Xue and Marculescu, *Dynamic Multimodal Fusion*
# ([2023](https://arxiv.org/abs/2204.00102)); Viola and Jones, *Rapid Object Detection using a
# Boosted Cascade* ([2001](https://doi.org/10.1109/CVPR.2001.990517)); Liu, Simonyan and Yang,
# *DARTS* ([2019](https://arxiv.org/abs/1806.09055)); Wang and colleagues, *Rethinking Architecture
# Selection* ([2021](https://arxiv.org/abs/2108.04392)); Pérez-Rúa and colleagues, *MFAS*
# ([2019](https://arxiv.org/abs/1903.06496)); Real and colleagues, *Regularized Evolution*
# ([2019](https://arxiv.org/abs/1802.01548)); Xu, So and Dai, *MUFASA*
# ([2021](https://arxiv.org/abs/2102.02340)); Paul Liang, *How to AI (Almost) Anything*.

# %% folded=true
# Imports and settings.
import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

from coursekit.analysis.intervals import interval
from coursekit.compare.progressive_search import progressive_search
from coursekit.compare.regularised_evolution import regularised_evolution
from coursekit.compare.search_space import Trial, best_of, random_search
from coursekit.course import record
from coursekit.course.claims import claim
from coursekit.course.plots import new_figure, show
from coursekit.course.widgets import EXPLORERS, ChoiceGuess, NumberGuess
from coursekit.data.files import open_checked
from coursekit.fusion.hard_gate import straight_through
from coursekit.lessons.l16_dynamic_fusion import exercises
from coursekit.lessons.l16_dynamic_fusion.experts import EXPERTS, stored_experts, with_ensemble
from coursekit.lessons.l16_dynamic_fusion.fusion_space import NOTHING, SPACE, TABLE, stored_space
from coursekit.lessons.l16_dynamic_fusion.gates import choices, gate_choices, teach
from coursekit.lessons.l16_dynamic_fusion.generated_rows import generated, recipe_of, right
from coursekit.lessons.l16_dynamic_fusion.places import EPOCHS as SEARCH_EPOCHS
from coursekit.lessons.l16_dynamic_fusion.places import (
    FUSIONS,
    PLACES,
    WITH_ONE_ALONE,
    picks,
    search,
)
from coursekit.lessons.l16_dynamic_fusion.plots import (
    alpha_picture,
    cost_picture,
    shares_picture,
)
from coursekit.lessons.l16_dynamic_fusion.rivals import (
    at_equal_cost,
    at_random,
    cascade,
    costs_by_kind,
    oracle,
    routed,
    shares_by_kind,
    static,
)
from coursekit.lessons.l16_dynamic_fusion.stages import (
    copied,
    stage_costs,
    train_stages,
    with_fixed,
)
from coursekit.lessons.l16_dynamic_fusion.study_fusion_space import EPOCHS, SOON
from coursekit.models.gated_experts import weighted_answer
from coursekit.training.architecture_gradient import first_order, second_order
from coursekit.training.resource_loss import resource_loss
from coursekit.utils.stepwise import drive

torch.set_num_threads(1)  # these networks are too small to be shared between cores
SEEDS = tuple(range(100, 106))  # on which nothing was chosen

# %% [markdown]
# ## Who needs both?
#
# A model that reads everything reads it for every sample. Some need one glance. The generator of
# lesson 05 knows which: here 40 % of the samples show their class in both modalities (*redundant*),
# 25 % in A alone (*unique A*), 25 % in B alone (*unique B*), and 10 % in neither (*absent*). Three
# **experts** have been trained, each by itself: *A* reads A with a small encoder, *B* reads B with
# one about ten times as dear, *both* reads both, each with one as large as B's. Costs are
# multiply-adds per row, in units of *both*. Means and 95 % intervals are over six seeds, but in the
# explorer.

# %%
stored = stored_experts("balanced", SEEDS)
costs = pd.Series({**dict(zip(EXPERTS, stored.costs, strict=True)), "gate": stored.gate_cost})
costs.round(3)

# %% folded=true
# The guess.
oracle_guess = NumberGuess(
    "16-oracle",
    "Somebody knows who is right, and asks the cheapest of those; if nobody is, A. Average cost?",
    low=0,
    high=1,
    step=0.01,
)
oracle_guess

# %% folded=true
# The table: static models, the ensemble, the oracle.
best_case = oracle(stored)
always = static(stored)
oracle_guess.reveal(float(best_case["cost"].mean()), within=0.05)
shown = pd.concat([always, best_case]).groupby("policy", sort=False)[["accuracy", "cost"]].mean()
by_policy = always.set_index(["policy", "seed"])["accuracy"]
more = interval(by_policy["ensemble of A and B"] - by_policy["always both"])
print("Ensemble of A and B minus both:", more)
claim("… begins at {value:+.4f}", more.low, above=-0.002)
claim("Oracle, accuracy: {value:.3f}", best_case["accuracy"].mean(), above=0.91)
claim("Oracle, cost: {value:.2f}", best_case["cost"].mean(), below=0.25)
shown.round(3)

# %% [markdown]
# The **oracle** takes the cheapest expert that is right. It needs the label, so nobody can have it;
# it says how much there is to gain. And look at the ensemble that everybody forgets (lesson 08):
# the two experts that read one modality each, averaged, cost half of *both* and lose nothing.
#
# ### Exercise 1 · The oracle
#
# `right` (rows × experts) says who is right. Return each row's cheapest expert that is; where none
# is, the cheapest of all. Experts stand in any order.


# %% nbgrader={"grade_id": "ex-16-oracle", "solution": true}
def cheapest(right, costs):
    """The place of an expert per row, (N,)."""
    ### BEGIN SOLUTION
    price = np.where(right, costs, np.inf).argmin(axis=1)
    return np.where(right.any(axis=1), price, np.argmin(costs))
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-16-oracle", "grade": true, "points": 1}
exercises.oracle.check(cheapest)
### BEGIN HIDDEN TESTS
exercises.oracle.check(cheapest, seed=16_0101)
### END HIDDEN TESTS

# %% [markdown]
# ## A gate that pays for what it uses
#
# A **gate** is a small network that reads the inputs and gives each expert a share $g_k$. While it
# learns it is *soft*: the answer is a mixture, $p = \sum_k g_k p_k$, and the loss has a second
# term,
#
# $$L = -\log \textstyle\sum_k g_k\, p_k(y) + \lambda \sum_k g_k C_k .$$
#
# The second term is the **resource loss**: what a hard gate with these shares would cost, where
# expert $k$ costs $C_k$, times the charge λ. At the test the gate is *hard*, and each row is sent
# to one expert. (A soft gate runs all of them, and saves nothing.) The experts stay as they are.


# %%
def gate_loss(logits, answers, labels, costs, charge):
    """logits (B, K); answers (B, K, C), the experts' probabilities; labels (B,); costs (K,)."""
    g = logits.softmax(1)
    mixed = (g[:, :, None] * answers).sum(1)
    task = -mixed[torch.arange(len(labels)), labels].log().mean()
    return task + charge * (g * costs).sum(1).mean()


# %% folded=true
# Claims, checked: the cell above against the package.
trial = torch.Generator().manual_seed(0)
logits = torch.randn(8, 3, generator=trial)
answers = torch.randn(8, 3, 6, generator=trial).softmax(2)
labels = torch.randint(6, (8,), generator=trial)
g = logits.softmax(1)
package = F.nll_loss(weighted_answer(list(answers.unbind(1)), g).log(), labels)
package = package + 0.3 * resource_loss(g, stored.costs)
mine = gate_loss(logits, answers, labels, torch.tensor(stored.costs), 0.3)
claim("By hand against the package: {value:.1e}", abs(mine - package), below=1e-6)

# %%
CHARGES = (0.0, 0.1, 0.2, 0.3, 0.6, 1.0, 2.0, 4.0)
gates = drive(teach(stored, CHARGES))
sent = choices(gates, stored, len(CHARGES), "test")

# %% folded=true
# The table: accuracy, cost and shares by λ, and the random gate with the same shares.
rows = [routed(stored, own, "gate").assign(step=c) for c, own in zip(CHARGES, sent, strict=True)]
by_charge = pd.concat(rows, ignore_index=True)
chance = pd.concat(
    [
        at_random(stored, own, "random gate").assign(step=c)
        for c, own in zip(CHARGES, sent, strict=True)
    ],
    ignore_index=True,
)


def gained(charge, other, column="accuracy"):
    """The gate minus another, seed by seed."""
    own = by_charge[by_charge["step"] == charge].set_index("seed")[column]
    return interval(own - other.set_index("seed")[column])


table = by_charge.groupby("step")[["accuracy", "cost", *EXPERTS]].mean()
table["gate − random gate"] = [str(gained(c, chance[chance["step"] == c])) for c in table.index]
for charge in (0.3, 1.0):
    lead = gained(charge, chance[chance["step"] == charge])
    claim(f"λ = {charge:g}, gate − random gate: begins at {{value:+.3f}}", lead.low, above=0.08)
falls = table["both"].diff().dropna()
claim("Share of both from one λ to the next, at most {value:+.3f}", falls.max(), below=0.01)
free = by_charge[by_charge["step"] == 0.0]
claim("λ = 0, both: {value:.2f}", free["both"].mean(), above=0.9)
claim("… cost: {value:.3f}", free["cost"].mean(), above=1.0)
claim("λ = 4, share of A: {value:.2f}", table["A"].iloc[-1], above=0.9)
table.round(3)

# %% [markdown]
# As the charge grows, fewer rows go to *both*, to none at last. At λ = 0 it is nearly all of them,
# and the gate is dearer than no gate, since it costs something itself; at λ = 4 nearly all go to
# *A*. The **random gate** has the same shares, gives them to rows at random, and pays for no gate:
# what the gate is ahead of it, it knows.
#
# ### Exercise 2 · What it costs
#
# A choice of experts (one place per row), costs per expert, and the gate's. Return two averages:
# what it costs if a gate has chosen, and if a **cascade** has, which asks the experts in their
# order until one is sure.


# %% nbgrader={"grade_id": "ex-16-costs", "solution": true}
def both_costs(choice, costs, gate):
    """Average cost by a gate, and by a cascade, (2,)."""
    ### BEGIN SOLUTION
    return np.array([costs[choice].mean() + gate, np.cumsum(costs)[choice].mean()])
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-16-costs", "grade": true, "points": 1}
exercises.costs_of.check(both_costs)
### BEGIN HIDDEN TESTS
exercises.costs_of.check(both_costs, seed=16_0102)
### END HIDDEN TESTS

# %% [markdown]
# ## The rival that needs no training
#
# A **confidence cascade** asks *A*; if A's largest probability is below a threshold, it asks the
# next one. Two of them: *A → both*, and *A → A + B*, which keeps what A said and averages it with
# B. For every gate, thresholds are taken on validation rows, so that the cascade costs what the
# gate costs. (*A → A + B* never costs more than its two experts: beside the dearest gates it is
# cheaper.)

# %% folded=true
# The guess.
cascade_guess = ChoiceGuess(
    "16-cascade",
    "The gate against the cascade, λ = 0.3, at equal cost. Who is ahead?",
    options=(
        "the gate of both cascades",
        "the gate of A → both, but not of A → A + B",
        "both cascades",
    ),
)
cascade_guess

# %% folded=true
# The figure and the table: accuracy against cost; gate minus cascade at equal cost.
cascade_guess.reveal("the gate of A → both, but not of A → A + B")
averaged = with_ensemble(stored)
steps = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95]
curves = {
    "gate": by_charge,
    "random gate": chance,
    "cascade A → both": cascade(stored, steps).assign(step=lambda t: t["threshold"]),
    "cascade A → A + B": cascade(averaged, steps).assign(step=lambda t: t["threshold"]),
}
figure, (ax,) = new_figure(8.0, 4.6)
ax.set_title("Accuracy against cost")
alt = cost_picture(ax, pd.concat([always, best_case]), curves)
show(figure, alt)
on_valid = choices(gates, stored, len(CHARGES), "valid")
paid = {
    f"{charge:g}": routed(stored, own, "gate", split="valid")
    for charge, own in zip(CHARGES, on_valid, strict=True)
}
leads, rival_costs = {}, {}
for name, experts in (("A → both", stored), ("A → A + B", averaged)):
    for gate_name, rival in at_equal_cost(experts, paid).groupby("gate"):
        leads[float(str(gate_name)), name] = gained(float(str(gate_name)), rival)
        rival_costs[float(str(gate_name)), name] = rival["cost"].mean()
for charge in (0.3, 0.6, 1.0, 2.0):
    claim(f"λ = {charge:g}, gate − cascade A → both: begins at {{value:+.3f}}",
          leads[charge, "A → both"].low, above=0.02)  # fmt: skip
claim("λ = 4, the same: ends at {value:+.3f}", leads[4.0, "A → both"].high, below=0)
for charge in (0.1, 0.3, 0.6, 4.0):
    claim(f"λ = {charge:g}, gate − cascade A → A + B: ends at {{value:+.3f}}",
          leads[charge, "A → A + B"].high, below=0)  # fmt: skip
claim("Any λ, the same: begins at {value:+.3f} or lower",
      max(leads[charge, "A → A + B"].low for charge in CHARGES), below=0)  # fmt: skip
sure = cascade(stored, [0.8]).set_index("seed")
price = interval(sure["accuracy"] - by_policy["always both"])
claim("Cascade A → both at 0.8, minus always both: begins at {value:+.3f}", price.low, above=-0.02)
claim("… cost: {value:.2f}", sure["cost"].mean(), below=0.65)
columns = {"gate costs": table["cost"].round(3)}
for name in ("A → both", "A → A + B"):
    columns[f"{name} costs"] = pd.Series({c: rival_costs[c, name] for c in CHARGES}).round(3)
    columns[f"gate − {name}"] = pd.Series({c: str(leads[c, name]) for c in CHARGES})
pd.DataFrame(columns).rename_axis("λ")

# %% [markdown]
# Against *A → both* the gate wins from λ = 0.3 to 2: it can send a sample that only B shows
# straight to B. At λ = 4, where nearly all go to A, its own cost is wasted. Against *A → A + B*,
# which uses what has been computed before, it leads at no λ, and at most of them it is behind. That
# cascade has one number to choose and nothing to train. A gate may be worth its trouble where the
# first expert is sure and wrong, or where there is no time to ask a second one; neither is tried
# here.
#
# ## Where each kind went
#
# The generator knows the kind of each sample; neither gate nor experts were told.

# %% folded=true
# The figure: shares by kind of sample, at two charges.
figure, axes = new_figure(10.4, 3.4, columns=2)
alts = []
kinds = {c: shares_by_kind(stored, sent[CHARGES.index(c)]) for c in (0.3, 1.0)}
for ax, (charge, shares) in zip(axes, kinds.items(), strict=True):
    alts.append(f"λ = {charge:g}. " + shares_picture(ax, shares))
    ax.set_title(f"Charge λ = {charge:g}", pad=28)
show(figure, " ".join(alts))
claim("λ = 0.3, only A shows it, sent to A: {value:.2f}", kinds[0.3]["A"]["unique A"],
      above=0.75)  # fmt: skip
claim("λ = 0.3, only B shows it, sent to B: {value:.2f}", kinds[0.3]["B"]["unique B"],
      above=0.6)  # fmt: skip
wasted = 1 - kinds[0.3]["A"]["absent"]
claim("λ = 0.3, neither shows it, sent to dear experts: {value:.2f}", wasted, above=0.35)
per_kind = costs_by_kind(stored, sent[CHARGES.index(0.3)])
over = interval(per_kind["absent"] - per_kind["redundant"])
claim("… costs more than a redundant row: begins at {value:.2f}", over.low, above=0.15)
beside = interval(per_kind["absent"] - per_kind["unique B"])
claim("… minus the cost where only B shows it: {value:+.2f}", beside.mean, equals=0, within=0.1)
per_kind.mean().round(2).rename("cost per row, λ = 0.3")

# %% [markdown]
# The gate finds out who needs whom. It also pays for those whom nobody can help, at λ = 0.3 as much
# as for those that only B shows: where nothing is shown, everybody is unsure, and a second opinion
# looks worth its price.
#
# ## Small temperature, no gradient
#
# A hard gate is a step, and a step has no slope. **Straight-through** takes the one-hot forward and
# the gradient of softmax(logits / τ) backward. Dividing by τ makes that gradient larger at first;
# with a small τ the softmax comes near the step, and brings back what was to be avoided.

# %%
one = torch.tensor([[0.3, 0.0, -0.3]], requires_grad=True)
worth = torch.tensor([1.0, 2.0, 0.5])
sizes = {}
for temperature in (1.0, 0.1, 0.01, 0.001):
    loss = (straight_through(one, temperature) @ worth).sum()
    sizes[temperature] = float(torch.autograd.grad(loss, one)[0].abs().max())
pd.Series(sizes, name="largest gradient").rename_axis("τ")

# %% folded=true
# Claims, checked.
claim("τ = 1: {value:.2f}", sizes[1.0], above=0.05)
claim("τ = 0.001: {value:.1f}", sizes[0.001], equals=0, within=0)

# %% [markdown]
# ### Exercise 3 · The gradient of a gate
#
# $L = \sum_k g_k v_k$ with $g$ straight-through. Derive $\partial L/\partial\,$logits for any τ.


# %% nbgrader={"grade_id": "ex-16-gradient", "solution": true}
def slope(logits, values, temperature):
    """∂L/∂logits, (K,)."""
    ### BEGIN SOLUTION
    shares = np.exp((logits - logits.max()) / temperature)
    shares = shares / shares.sum()
    return shares * (values - shares @ values) / temperature
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-16-gradient", "grade": true, "points": 2}
exercises.gate_gradient.check(slope)
### BEGIN HIDDEN TESTS
exercises.gate_gradient.check(slope, seed=16_0103)
### END HIDDEN TESTS

# %% [markdown]
# Try it on four seeds, taught anew at every move:
#
# - From which λ on is nobody sent to both?
# - Which τ freezes the gate, and where does it stay?
# - Set the threshold so that *A → both* costs what the gate costs. Who is ahead, in either mix?

# %%
EXPLORERS["gates"]()

# %% [markdown]
# ## Per layer: how long does B join?
#
# The gate may also choose *how deep* B goes. A's features pass three stages; at each one B's may be
# added; branch $j$ lets B join at the first $j$, and B's encoder is run no further. With shares $g$
# of the branches, the share $s_k = \sum_{j<k} g_j$ has left B by stage $k$, and what goes on is
# $s_k\,a + (1 - s_k)(a + b)$. Beside it static networks, in which B always joins at 0, 1, 2 or 3
# stages. A's stages are as dear as B's here and always run; the unit of cost is the network in
# which B joins at all three.

# %% folded=true
# The guess.
stage_guess = ChoiceGuess(
    "16-stages",
    "A gate over stages, λ = 0.3, against a network where B always joins at the first stage only:",
    options=(
        "the gate is better and cheaper",
        "the gate is better, but dearer",
        "the gate is worse, but cheaper",
        "the gate is worse and dearer",
    ),
)
stage_guess

# %%
data = generated(recipe_of("balanced"), SEEDS)
STAGE_CHARGES, ALWAYS = (0.1, 0.3, 1.0), (0, 1, 2, 3)
networks = train_stages(data, STAGE_CHARGES, ALWAYS)

# %% folded=true
# The table: gates over stages and static networks; claims, checked.
stage_guess.reveal("the gate is worse and dearer")
copies, count = len(STAGE_CHARGES) + len(ALWAYS), len(SEEDS)
every_row = torch.arange(data.test.labels.shape[1]).expand(count, -1)
inputs, named = copied(data.test, every_row, copies)
per_branch, of_gate = stage_costs(data.widths, 6)
with torch.no_grad():
    branch = with_fixed(networks.shares(inputs, hard=True), ALWAYS, count)
    hits = right(networks.logits(inputs, branch), named).view(copies, count)
    mixed_up = branch[:, torch.randperm(branch.shape[1], generator=trial)]
    by_luck = right(networks.logits(inputs, mixed_up), named).view(copies, count)
spent = (branch @ torch.tensor(per_branch)).mean(1).view(copies, count)
spent[: len(STAGE_CHARGES)] += of_gate
titles = [f"gate, λ = {c:g}" for c in STAGE_CHARGES]
titles += [f"always {j} stage" + "s" * (j != 1) for j in ALWAYS]
over_stages = pd.DataFrame(
    {
        "accuracy": [str(interval(own.numpy())) for own in hits],
        "cost": spent.mean(1).numpy().round(3),
        "minus the same shares at random": [
            str(interval((hits[i] - by_luck[i]).numpy())) if i < len(STAGE_CHARGES) else ""
            for i in range(copies)
        ],
    },
    index=titles,
)
behind = interval((hits[1] - hits[4]).numpy())
claim("Gate λ = 0.3 minus always 1 stage: ends at {value:+.3f}", behind.high, below=0)
claim("… dearer by {value:.2f}", (spent[1] - spent[4]).mean(), above=0.02)
further = interval((hits[6] - hits[4]).numpy())
claim("Always 3 stages minus always 1: {value:+.3f}", further.mean, equals=0, within=0.01)
knows = interval((hits[1] - by_luck[1]).numpy())
claim("Gate λ = 0.3 minus random: begins at {value:+.3f}", knows.low, above=0.01)
over_stages

# %% [markdown]
# The gate knows something, as the random one shows. And here it is of no use: a network in which B
# joins once, for every sample, is better *and* cheaper. Nothing is gained by the second and third
# stage, A's own stages are always paid, and so is the gate. Before you build a gate, ask the static
# model at its cost. (A trap in the code released with *Dynamic Multimodal Fusion*: its resource
# term is the *mean* over five branches, a fifth of the expected cost; a budget held against it is
# five times as large as it says.)
#
# ## Per architecture: a mixed edge
#
# Which operator should fuse? **DARTS** puts all of them in one place, a **mixed edge** $\sum_o
# \mathrm{softmax}(\alpha)_o\, o(x)$, and learns α by the *validation* loss while the weights $w$
# follow the training loss, step by step in turn. The **first order** takes $w$ as a constant. The
# **second order** looks one step ahead, $w' = w - \eta\,\partial_w L_\text{train}$, and α moves
# $w'$:
#
# $$\nabla_\alpha L_\text{val}(w', \alpha) - \eta\, \nabla^2_{\alpha w} L_\text{train}\,
# \nabla_{w'} L_\text{val}.$$
#
# The product with the second derivative is taken by a finite difference. The searches below take
# the first order, which needs none.


# %%
def second_by_hand(train_loss, valid_loss, w, alpha, rate):
    """The gradient by α, with a finite difference; w and alpha are vectors."""

    def by(loss, w, alpha, which):
        w, alpha = w.detach().requires_grad_(), alpha.detach().requires_grad_()
        return torch.autograd.grad(loss(w, alpha), (w, alpha), materialize_grads=True)[which]

    ahead = w - rate * by(train_loss, w, alpha, 0)
    v = by(valid_loss, ahead, alpha, 0)
    r = 0.01 / v.norm()
    plus, minus = (by(train_loss, w + sign * r * v, alpha, 1) for sign in (1, -1))
    return by(valid_loss, ahead, alpha, 1) - rate * (plus - minus) / (2 * r)


# %% folded=true
# Claims, checked: by hand against the package; at a rate of zero both orders are the same.
w0 = torch.randn(4, generator=trial, dtype=torch.float64)
alpha0 = torch.randn(4, generator=trial, dtype=torch.float64)


def on_train(w, alpha):
    """A loss in which both meet."""
    return ((w - alpha.softmax(0)) ** 2).sum() + (w * alpha).sum().sin()


def on_valid_rows(w, alpha):
    """Another one."""
    return ((w - 1) ** 2 * alpha.softmax(0)).sum()


def train_loss(p):
    """The first one, of a dictionary."""
    return on_train(p["w"], p["alpha"])


def valid_loss(p):
    """The other one."""
    return on_valid_rows(p["w"], p["alpha"])


ours = second_by_hand(on_train, on_valid_rows, w0, alpha0, 0.1)
theirs = second_order(train_loss, valid_loss, {"w": w0}, {"alpha": alpha0}, 0.1)["alpha"]
plain = first_order(valid_loss, {"w": w0}, {"alpha": alpha0})["alpha"]
claim("By hand against the package: {value:.1e}", (ours - theirs).abs().max(), below=1e-9)
still = second_by_hand(on_train, on_valid_rows, w0, alpha0, 0.0)
claim("Rate 0, second minus first order: {value:.1e}", (still - plain).abs().max(), below=1e-9)
claim("Rate 0.1, second minus first order: {value:.2f}", (ours - plain).abs().max(), above=0.001)

# %% [markdown]
# ### Exercise 4 · Both orders
#
# The smallest case: $L_\text{train} = \frac12 (w - a\alpha)^2$ and
# $L_\text{val} = \frac12 (w - b)^2 + c\alpha$. Return the gradient by α in first and second order.


# %% nbgrader={"grade_id": "ex-16-orders", "solution": true}
def by_alpha(w, alpha, a, b, c, rate):
    """First and second order, (2,)."""
    ### BEGIN SOLUTION
    ahead = w - rate * (w - a * alpha)
    return np.array([c, c + (ahead - b) * rate * a])
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-16-orders", "grade": true, "points": 2}
exercises.both_orders.check(by_alpha)
### BEGIN HIDDEN TESTS
exercises.both_orders.check(by_alpha, seed=16_0104)
### END HIDDEN TESTS

# %% [markdown]
# Two cases with a known answer. *Synergy*: in four samples of ten the class is in neither modality,
# but in their sum modulo six; adding up cannot learn that, a product can. *Starve*: A is slow and
# good, B fast and poor, and adding up is enough. Four fusions, each with encoders of its own:
# a late sum, a hidden layer on both, a product, and early fusion of the inputs. In the pictures the
# band is the 95 % interval, the flat line an equal share.

# %% folded=true
# The guess.
first_guess = ChoiceGuess(
    "16-first",
    "Synergy: which fusion has the largest share of softmax(α) after a tenth of the search?",
    options=("the product", "the late sum or early fusion", "the hidden layer"),
)
first_guess

# %%
searches = {case: search(generated(recipe_of(case), SEEDS)) for case in ("synergy", "starve")}

# %% folded=true
# The figure: the path of α.
first_guess.reveal("the late sum or early fusion")
figure, axes = new_figure(10.4, 3.8, columns=2)
alts = []
for ax, (case, one_search) in zip(axes, searches.items(), strict=True):
    ax.set_title(case.capitalize())
    alts.append(f"{case.capitalize()}. " + alpha_picture(ax, one_search.path, one_search.names))
show(figure, " ".join(alts))
path = searches["synergy"].path
tenth = dict(zip(searches["synergy"].names, path[len(path) // 10].mean(0), strict=True))
claim("Synergy, a tenth: product {value:.2f}", tenth["product"], below=0.2)
claim("… the smaller of late sum and early, minus the larger of the others: {value:+.2f}",
      min(tenth["late sum"], tenth["early"]) - max(tenth["product"], tenth["hidden layer"]),
      above=0.03)  # fmt: skip

# %% folded=true
# The table: α, what removal costs, and what each reaches when it is trained alone.
space = stored_space()


def alone(case, name, column="test"):
    """Accuracies of one fusion, trained by itself, by seed."""
    chosen = (space["case"] == case) & (space["first"] == PLACES[name])
    return space[chosen & (space["second"] == NOTHING)].set_index("seed")[column]


chosen_by = {case: picks(one) for case, one in searches.items()}
parts = []
for case, own in chosen_by.items():
    for name in searches[case].names:
        parts.append(
            {
                "case": case,
                "fusion": name,
                "α at the end": own[f"α {name}"].mean(),
                "lost without it": str(interval(own[f"lost {name}"])),
                "after 3 epochs alone": str(interval(alone(case, name, "soon"))),
                "trained alone": str(interval(alone(case, name))),
            }
        )
for case, own in chosen_by.items():
    for way in ("by α", "by removal"):
        counts = own[way].value_counts().items()
        print(f"{case}, picked {way}:", ", ".join(f"{name} {n}" for name, n in counts))
quickest = interval(alone("synergy", "late sum", "soon") - alone("synergy", "product", "soon"))
claim("Synergy, after 3 epochs, late sum minus product: begins at {value:+.3f}",
      quickest.low, above=0.03)  # fmt: skip
truth = interval(alone("synergy", "product") - alone("synergy", "late sum"))
claim("Synergy, product minus late sum, alone: begins at {value:.2f}", truth.low, above=0.12)
claim("Synergy, seeds of six that pick the product: {value:.0f}",
      (chosen_by["synergy"]["by α"] == "product").sum(), above=4)  # fmt: skip
early = chosen_by["starve"]
claim("Starve, α of early fusion: {value:.2f}", early["α early"].mean(), above=0.4)
claim("… and what is lost without it: {value:.3f}", early["lost early"].mean(), below=0.03)
quick = interval(alone("starve", "late sum", "soon") - alone("starve", "early", "soon"))
claim("… after 3 epochs alone, late sum minus early: begins at {value:+.3f}", quick.low, above=0.01)
worse = interval(alone("starve", "early") - alone("starve", "late sum"))
claim("… trained alone, early minus late sum: ends at {value:+.3f}", worse.high, below=0)
pd.DataFrame(parts).set_index(["case", "fusion"]).round(2)

# %% folded=true
# The table: regret by way of choosing among the four, and what it costs; claims, checked.
EACH = len(FUSIONS)


def lost_by(case):
    """Test accuracy of the best of the four minus that of the chosen one, by way and seed."""
    test, valid, soon = (
        pd.DataFrame({name: alone(case, name, column) for name in FUSIONS})
        for column in ("test", "valid", "soon")
    )
    own = chosen_by[case].set_index("seed")
    ways = {
        "search, by α": own["by α"],
        "search, by removal": own["by removal"],
        "3 epochs each": soon.idxmax(axis=1),
        "all four trained": valid.idxmax(axis=1),
    }
    best = test.max(axis=1)
    rows, reached = range(len(test)), test.to_numpy()
    after = {w: best - reached[rows, [FUSIONS.index(n) for n in p]] for w, p in ways.items()}
    return {"one at random": best - test.mean(axis=1), **after}


searched = 2 * SEARCH_EPOCHS * EACH + EPOCHS  # steps of weights and of α; then the chosen one
epochs_of = {"one at random": EPOCHS, "search, by α": searched, "search, by removal": searched,
             "3 epochs each": SOON * EACH + EPOCHS, "all four trained": EPOCHS * EACH}  # fmt: skip
losses = {case: lost_by(case) for case in searches}
for way, least in (("one at random", 0.01), ("all four trained", 0.025)):
    by_way = interval(losses["starve"]["search, by α"] - losses["starve"][way])
    claim(f"Starve, regret by α minus {way}: begins at {{value:+.3f}}", by_way.low, above=least)
by_removal = losses["starve"]["search, by removal"].mean()
claim("Starve, regret by removal: {value:.3f}", by_removal, below=0.015)
claim("Synergy, regret by α: {value:.3f}", losses["synergy"]["search, by α"].mean(), below=0.02)
hasty = losses["synergy"]["3 epochs each"].mean()
claim("Synergy, regret after 3 epochs each: {value:.3f}", hasty, above=0.12)
pd.DataFrame(
    {
        "epochs of one fusion": epochs_of,
        **{case: {w: str(interval(r)) for w, r in own.items()} for case, own in losses.items()},
    }
)

# %% [markdown]
# **Regret** is how much the best in the space is ahead of what was chosen, on test rows. *Synergy*:
# late sum and early fusion lead at first and are the worst in the end; there the product is so much
# better that the search finds it. (Three epochs each do not: they take what is fast.) *Starve*: the
# search ends with most of α on early fusion, though late sum is ahead of it after three epochs and
# in the end, and the searched network loses nothing without it. Picking blindly loses less, and
# training all four costs no more and loses nothing. **α is not the strength of an operator.** It
# says whose output helped the mixture at the time; the rest had adapted. Remove each and see: that
# picks what the network cannot do without.
#
# Now the case of lesson 05 itself: an edge between A alone, B alone and the late sum, on *starve*,
# where A alone is the slowest of the three and the best in the end.

# %%
rivals_on_starve = search(generated(recipe_of("starve"), SEEDS), WITH_ONE_ALONE)

# %% folded=true
# The figure: the path of α; claims, checked.
figure, (ax,) = new_figure(6.4, 3.6)
ax.set_title("Starve: one alone, or both")
show(figure, alpha_picture(ax, rivals_on_starve.path, rivals_on_starve.names))
half = rivals_on_starve.path[len(rivals_on_starve.path) // 2].mean(0)
claim("α of A, half the search: {value:.2f}", half[0], below=0.2)
claim("α of B: {value:.2f}", half[1], above=0.4)
end = rivals_on_starve.path[-1].mean(0)
claim("At the end, α of A minus that of B: {value:+.2f}", end[0] - end[1], above=0.1)
best = interval(alone("starve", "only A") - alone("starve", "only B"))
claim("Trained alone, A minus B: begins at {value:+.3f}", best.low, above=0.02)
ahead_of_sum = interval(alone("starve", "only A") - alone("starve", "late sum"))
claim("… A minus late sum: begins at {value:+.3f}", ahead_of_sum.low, above=0.004)
claim("After three epochs, A minus B: {value:+.2f}",
      (alone("starve", "only A", "soon") - alone("starve", "only B", "soon")).mean(),
      below=-0.2)  # fmt: skip

# %% [markdown]
# Modality competition once more: what is learnt first gets α, and with α the gradient; the slow one
# learns at a fraction of its rate. Stopped at half, this search would choose B and throw the better
# modality away; A comes out ahead only near the end.
#
# ## Searching without gradients
#
# A larger space: one or two fusion layers, each at the inputs or behind the encoders, each a sum, a
# sum with a ReLU, or a product: 42 fusions. All of them have been trained once
# (`python -m coursekit fusion-space`), so a search can be tried in no time: it asks the table.
# **Regularised evolution** keeps a population; the best of a few has a child that differs in one
# slot, and the *oldest* dies. MUFASA searches so over where modalities meet. **Progressive search**
# (MFAS) goes layer by layer and lets a **surrogate**, fitted to what was tried, say what to try
# next. **Random search** gets the same number of trainings, always. (With 6 trainings evolution has
# only its first population, drawn at random.)


# %%
def surrogate(known, candidates):
    """Predicted accuracy: a ridge regression on which choice stands in which layer."""

    def code(fusion):
        return [float(len(fusion) > i and fusion[i] == c) for i in range(2) for c in SPACE[1]]

    x, y = np.array([code(fusion) for fusion in known]), np.array(list(known.values()))
    weights = np.linalg.solve(x.T @ x + 0.1 * np.eye(x.shape[1]), x.T @ (y - y.mean()))
    return np.clip(np.array([code(fusion) for fusion in candidates]) @ weights + y.mean(), 0, 1)


# %% folded=true
# The guess.
search_guess = ChoiceGuess(
    "16-search",
    "Synergy, 12 trainings each: regret of evolution and of progressive search, against random:",
    options=("both less by 0.02 or more", "both within 0.02", "both more by 0.02 or more"),
)
search_guess

# %% folded=true
# The table: regret by search and budget, mean over repetitions, interval over seeds.
BUDGETS, REPEATS = (6, 12, 24), 8


def scores(case, seed):
    """Validation and test accuracy by fusion."""
    own = space[(space["case"] == case) & (space["seed"] == seed)]
    own = own[own["first"].isin(SPACE[0])].set_index(["first", "second"])
    return own["valid"].to_dict(), own["test"].to_dict()


def tried(search_name, valid, budget, generator):
    """What a search has tried, as trials, no more than the budget."""
    if search_name == "random search":
        return random_search(SPACE, valid.__getitem__, budget, generator)
    if search_name == "evolution":
        few = min(6, budget)
        return regularised_evolution(SPACE, valid.__getitem__, budget, generator, few, min(3, few))
    rows = (SPACE[0], SPACE[0])
    known = progressive_search(
        rows, lambda c: valid[(*c, NOTHING)[:2]], surrogate, 6, max(2, budget // 6), generator
    )
    return [Trial((*c, NOTHING)[:2], s) for c, s in known.items()][:budget]


lost = []
for case in ("balanced", "synergy", "starve"):
    for seed in SEEDS:
        valid, test = scores(case, seed)
        best_test = max(test.values())
        everything = test[max(valid, key=lambda c: valid[c])]
        lost.append((case, "train all 42", 42, seed, best_test - everything))
        for name in ("random search", "evolution", "progressive"):
            for budget in BUDGETS:
                regrets = []
                for repeat in range(REPEATS):
                    generator = torch.Generator().manual_seed(1000 * seed + repeat)
                    trials = tried(name, valid, budget, generator)
                    regrets.append(best_test - test[best_of(trials).choice])
                lost.append((case, name, budget, seed, float(np.mean(regrets))))
regret = pd.DataFrame(lost, columns=["case", "search", "trainings", "seed", "regret"])


def ahead(case, name, budget):
    """Regret of random search minus that of another, seed by seed."""
    own = regret[(regret["case"] == case) & (regret["trainings"] == budget)]
    own = own.pivot_table("regret", "seed", "search")
    return interval(own["random search"] - own[name])


by_search = regret.groupby(["case", "search", "trainings"], sort=False)["regret"]
for case in ("balanced", "synergy", "starve"):
    for name in ("evolution", "progressive"):
        print(f"{case}, 12 trainings, random search − {name}:", ahead(case, name, 12))
written = by_search.apply(lambda r: str(interval(r))).reset_index()
wide = written.pivot_table("regret", ["case", "search"], "trainings", aggfunc="first", sort=False)
wide.reindex(columns=sorted(wide.columns)).fillna("")

# %% folded=true
# Claims, checked.
sizes_of_lead = [abs(ahead(c, n, budget).mean) for c in ("balanced", "synergy", "starve")
                 for n in ("evolution", "progressive") for budget in (12, 24)]  # fmt: skip
largest = float(np.max(sizes_of_lead))
search_guess.reveal("both within 0.02")
claim("Largest difference to random search, 12 or 24 trainings: {value:.3f}", largest, below=0.01)
blind = regret[(regret["search"] == "random search") & (regret["trainings"] == 12)]
claim("Random search, 12 trainings, regret: {value:.3f}", blind["regret"].mean(), below=0.015)
remaining = regret[regret["trainings"] == 42]["regret"].mean()
claim("All 42 trained, regret: {value:.3f}", remaining, below=0.015)
fusions = space[space["first"].isin(SPACE[0])]
layers = fusions["first"] + "; " + fusions["second"]
only_adds = ~layers.str.contains("relu|product")
means = fusions.assign(adds=only_adds).groupby(["case", "adds", "first", "second"])["test"].mean()
good = (means > means.groupby("case").transform("max") - 0.02).groupby("case").mean()
claim("Share of fusions within 0.02 of the best, least of the cases: {value:.2f}",
      good.min(), above=0.15)  # fmt: skip
top = means.groupby(["case", "adds"]).max()
claim("Balanced, best that bends or multiplies minus best that only adds: {value:+.3f}",
      top["balanced", False] - top["balanced", True], below=0.01)  # fmt: skip
claim("Synergy, the same: {value:+.3f}", top["synergy", False] - top["synergy", True], above=0.12)
claim("Starve, the same: {value:+.3f}", top["starve", False] - top["starve", True], below=0.015)

# %% [markdown]
# From 12 trainings on, all three are within a hundredth of each other. In a space where one fusion
# in three is nearly as good as the best, random search is hard to beat, and a search that reports
# no random search at its budget has reported nothing. The validation rows have chosen in all of
# them; they are too few to tell near equals apart, so some regret stays even when all 42 are
# trained. The right answers were known beforehand: where what each modality shows can be added up,
# the best fusion that only adds is as good as the best of all; with synergy it is far behind.
#
# ### Exercise 5 · Is it shown?
#
# “The gate beats whoever costs no more.” You get the gate's cost; for each rival the accuracy of
# the gate minus its own (mean, low, high of the interval) and its cost; and a slack. Rivals that
# cost more than the gate plus slack say nothing. One that is surely better (all of the interval
# below zero) refutes the claim; it is shown if all that count are surely worse, and if somebody
# counts. Return `"shown"`, `"refuted"` or
# `"open"`.


# %% nbgrader={"grade_id": "ex-16-verdict", "solution": true}
def judge(cost, rivals, slack):
    """rivals: name → ((mean, low, high), cost). One of "shown", "refuted", "open"."""
    ### BEGIN SOLUTION
    counted = [difference for difference, other in rivals.values() if other <= cost + slack]
    if any(high < 0 for _, _, high in counted):
        return "refuted"
    return "shown" if counted and all(low > 0 for _, low, _ in counted) else "open"
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-16-verdict", "grade": true, "points": 2}
exercises.verdict.check(judge)
### BEGIN HIDDEN TESTS
exercises.verdict.check(judge, seed=16_0105)
### END HIDDEN TESTS

# %% [markdown]
# ## Further · Hard while learning
#
# The gate may be hard while it learns, too, with straight-through's gradient: that works as well as
# the soft one. With a tiny τ nearly all gradients are zero, and little of its lead over the random
# gate is left. (Look at that lead, not at the accuracy: whoever sends more rows to *both* is right
# more often.)

# %%
LEARNING = {
    "soft, τ = 1": (1.0, False),
    "hard, τ = 1": (1.0, True),
    "hard, τ = 0.001": (0.001, True),
}
learnt = {
    name: gate_choices(stored, [0.3], "test", temperature, hard)[0]
    for name, (temperature, hard) in LEARNING.items()
}

# %% folded=true
# The table; claims, checked.
compared = pd.concat([routed(stored, own, name) for name, own in learnt.items()])
by_chance = pd.concat([at_random(stored, own, name) for name, own in learnt.items()])
per_way = compared.set_index(["policy", "seed"])["accuracy"]
over_chance = per_way - by_chance.set_index(["policy", "seed"])["accuracy"]
cold = interval(over_chance["hard, τ = 1"] - over_chance["hard, τ = 0.001"])
claim("Lead over the random gate, τ = 1 minus τ = 0.001: begins at {value:+.3f}",
      cold.low, above=0.05)  # fmt: skip
same = interval(per_way["soft, τ = 1"] - per_way["hard, τ = 1"])
claim("Soft minus hard, both τ = 1: {value:+.3f}", same.mean, equals=0, within=0.01)
summary = compared.groupby("policy", sort=False)[["accuracy", "cost", *EXPERTS]].mean().round(3)
leads_over_chance = [str(interval(over_chance[name])) for name in LEARNING]
summary.assign(**{"gate − random gate": leads_over_chance})

# %% [markdown]
# ## What stays
#
# - Count the gate. Count what a cascade has run before it answered.
# - A gate that beats its random twin knows something. Whether it is worth having, a cascade, an
#   ensemble and a static model at its cost decide.
# - A soft gate runs everything; at a tiny τ a gate hardly learns.
# - α first rewards what learns fastest, and is no measure of strength. Remove each operator, and
#   train each alone.
# - Random search at the same budget stands in every table.
#
# ## Words
#
# - **expert**: one of several networks of which a gate chooses.
# - **resource loss**: λ times the cost that a gate's shares stand for.
# - **random gate**: the same shares of experts, given to samples at random.
# - **confidence cascade**: experts asked in order until one is sure.
# - **oracle**: who knows the labels; the cheapest expert that is right.
# - **skip gate**: a gate that decides up to which stage a modality joins.
# - **mixed edge**: several operators in one place, weighted by softmax(α).
# - **first order**: the gradient by α with the weights as they are.
# - **second order**: the same one training step ahead, which hangs on α.
# - **regularised evolution**: a search in which the oldest dies, however good.
# - **progressive search**: a search that unfolds layer after layer, by predicted accuracy.
# - **surrogate**: a cheap model that predicts what a training would reach.
# - **regret**: how much the best in the space is ahead of what was chosen.
#
# All words of the course stand in the [glossary](glossary.ipynb).
#
# ## Checkpoint

# %% folded=true
# The checkpoint: what your run gave.
record.checkpoint(
    "16",
    {
        "ensemble − both": more.mean,
        "oracle, cost": float(best_case["cost"].mean()),
        "gate λ = 0.3, accuracy": float(table["accuracy"].iloc[3]),
        "gate λ = 0.3, cost": float(table["cost"].iloc[3]),
        "gate − cascade A → both": leads[0.3, "A → both"].mean,
        "gate − cascade A → A + B": leads[0.3, "A → A + B"].mean,
        "gate over stages − one stage": behind.mean,
        "starve, lost without early": float(early["lost early"].mean()),
    },
    open_checked(TABLE),
)
