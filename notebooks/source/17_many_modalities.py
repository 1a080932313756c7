# %% [markdown]
# # 17 · Many modalities
#
# **After this lesson you can**
#
# - let one transformer read any set of modalities, and hold it against concatenation, all pairs, a
#   Perceiver, an ensemble and a closed form,
# - say which modality to add next by greedy selection and by exact Shapley values, and what each of
#   the two cannot see,
# - keep padding from voting and a long modality from taking all attention,
# - add a modality without teaching the others anew, and test whether weights may be shared,
# - find motion by matching blocks, and tell when a third modality completes the others and when it
#   harms them.
#
# **Time** about 58 minutes to read and do, 4 more for what is marked *Further*; the computing
# takes 30 to 100 seconds.
#
# **Needed before** lesson 04 (what attention is), lesson 05 (more can be worse, paired
# differences).
#
# **Sources** Liang and colleagues, *High-Modality Multimodal Transformer*
# ([2022](https://arxiv.org/abs/2203.01311)); Jaegle and colleagues, *Perceiver*
# ([2021](https://arxiv.org/abs/2103.03206)); Shapley, *A Value for n-Person Games*
# ([1953](https://doi.org/10.1515/9781400881970-018)); Wang, Tran and Feiszli, *What Makes Training
# Multi-Modal Classification Networks Hard?* ([2020](https://arxiv.org/abs/1905.12681)); Wu and
# colleagues, *Compressed Video Action Recognition* ([2018](https://arxiv.org/abs/1712.00636)); Koga
# and colleagues, *Motion-Compensated Interframe Coding* (1981); Paul Liang, *How to AI (Almost)
# Anything*.

# %% folded=true
# Imports and settings.
from itertools import permutations

import pandas as pd
import torch

from coursekit.analysis.costs import parameters
from coursekit.analysis.intervals import interval
from coursekit.course import record
from coursekit.course.claims import claim
from coursekit.course.plots import new_figure, show
from coursekit.course.widgets import EXPLORERS, ChoiceGuess, NumberGuess
from coursekit.data.block_matching import full_search, three_step_search
from coursekit.data.files import open_checked
from coursekit.data.uci_views import VIEWS
from coursekit.lessons.l17_many_modalities import exercises
from coursekit.lessons.l17_many_modalities.clip_networks import best_on_valid, combinations_table
from coursekit.lessons.l17_many_modalities.clips import BLOCK, RANGE, clip_rows, clips_of
from coursekit.lessons.l17_many_modalities.coalitions import (
    COPY,
    SYNERGY,
    WAYS,
    every_set,
    generated_rows,
    greedy_order,
    of_seed,
    picked,
    shapley_of,
    shapley_order,
)
from coursekit.lessons.l17_many_modalities.designs import DESIGNS, network, sizes_of
from coursekit.lessons.l17_many_modalities.missing import by_number, by_set, ensemble_by_set
from coursekit.lessons.l17_many_modalities.mixed import KINDS, mixed_rows
from coursekit.lessons.l17_many_modalities.newcomer import WAYS as WAYS_TO_ADD
from coursekit.lessons.l17_many_modalities.plots import (
    frame_with_vectors,
    lines_by_number,
    matrix_picture,
    worth_bars,
)
from coursekit.lessons.l17_many_modalities.rows_at_once import share_right
from coursekit.lessons.l17_many_modalities.sharing import distances, groups_of
from coursekit.lessons.l17_many_modalities.study_clip_cures import stored_cures
from coursekit.lessons.l17_many_modalities.study_many_modalities import (
    GROUPS,
    NUMBERS,
    TABLE,
    stored_designs,
    stored_transfer,
)
from coursekit.lessons.l17_many_modalities.token_transformer import TokenTransformer
from coursekit.lessons.l17_many_modalities.views import as_tokens, nothing_hidden, taught

pd.set_option("display.max_colwidth", None)  # tables show their sentences whole
torch.set_num_threads(1)  # these networks are too small to be shared between cores
SEEDS = tuple(range(100, 105))  # on which nothing was chosen


def compared(table, reference, column="accuracy"):
    """Each model, and each model minus one of them, seed by seed."""
    wide = table.pivot_table(column, "seed", "model", sort=False)
    minus = {m: "" if m == reference else str(interval(wide[m] - wide[reference])) for m in wide}
    return pd.DataFrame(
        {column: wide.mean().round(3), f"minus {reference}": pd.Series(minus)}
    ).reindex(list(wide))


# %% [markdown]
# ## Six views of one digit
#
# Two thousand handwritten digits, each measured in six ways: 76 Fourier coefficients (`fou`), 216
# profile correlations (`fac`), 64 Karhunen-Loève coefficients (`kar`), 240 averaged pixels (`pix`),
# 47 Zernike moments (`zer`) and 6 shape numbers (`mor`). We teach on 300 of them. Five rivals read
# all six: one **transformer**; separate encoders and **concatenation**; the same with a **late
# sum**; the **ensemble** of six networks that saw one view each; and **ridge** regression, a closed
# form without any training. Means and 95 % intervals are over five splits. (The table has further
# rows of networks and transformers; each is explained where it is needed.)

# %% folded=true
# The guess.
views_guess = NumberGuess(
    "17-views",
    "All six views: accuracy of the transformer minus that of ridge, the closed form?",
    low=-0.05,
    high=0.1,
    step=0.005,
)
views_guess

# %%
networks = taught(SEEDS)
test = networks.data.test
by_split = every_set(networks.data)  # ridge, every set of views
worth_of_sets = by_split["test"]

# %% folded=true
# The table: every view alone, and all six by every model; claims, checked.
with torch.no_grad():
    answers = {f"{v} alone": n({v: test.inputs[v]}) for v, n in networks.alone.items()}
    answers["ensemble of six"] = torch.stack(
        [answers[f"{v} alone"].softmax(-1) for v in VIEWS]
    ).mean(0)
    for name, n in networks.fused.items():
        reads = (as_tokens(test.inputs), nothing_hidden(test.inputs))
        answers[name] = n(*reads) if name.startswith("transformer") else n(dict(test.inputs))
rows = [
    (name, seed, accuracy)
    for name, logits in answers.items()
    for seed, accuracy in zip(SEEDS, share_right(logits, test.labels), strict=True)
]
for name, views in (("ridge, fac alone", ["fac"]), ("ridge, all six", VIEWS)):
    reached = worth_of_sets[frozenset(views)].tolist()
    rows += [(name, seed, a) for seed, a in zip(SEEDS, reached, strict=True)]
six = pd.DataFrame(rows, columns=["model", "seed", "accuracy"])
accuracy_of = six.pivot_table("accuracy", "seed", "model")
counts = {name: parameters(n) // len(SEEDS) for name, n in networks.fused.items()}
counts["ensemble of six"] = sum(parameters(n) for n in networks.alone.values()) // len(SEEDS)


def ahead(one, other):
    """The difference of two models of the table above, over seeds."""
    return interval(accuracy_of[one] - accuracy_of[other])


over_ridge = ahead("transformer", "ridge, all six")
views_guess.reveal(over_ridge.mean, within=0.01)
claim("Transformer minus the best view alone: begins at {value:+.3f}",
      ahead("transformer", "pix alone").low, above=0.015)  # fmt: skip
claim("Transformer minus ridge, all six: {value:+.3f}", over_ridge.mean, equals=0, within=0.012)
claim("Transformer minus concatenation: {value:+.3f}",
      ahead("transformer", "concatenation").mean, equals=0, within=0.015)  # fmt: skip
claim("Transformer minus ensemble: {value:+.3f}",
      ahead("transformer", "ensemble of six").mean, equals=0, within=0.01)  # fmt: skip
claim("Transformer without its vectors, minus with them: {value:+.3f}",
      ahead("transformer, no vectors", "transformer").mean, equals=0, within=0.01)  # fmt: skip
claim("Transformer with one projection, minus with six: {value:+.3f}",
      ahead("transformer, one projection", "transformer").mean, between=(-0.02, 0.003))  # fmt: skip
claim("Ridge: all six minus fac alone: {value:+.3f}",
      ahead("ridge, all six", "ridge, fac alone").mean, between=(0.007, 0.03))  # fmt: skip
table = compared(six, "pix alone").join(compared(six, "transformer")["minus transformer"])
table.assign(parameters=[f"{counts[m]:,}" if m in counts else "" for m in table.index])

# %% [markdown]
# Every way to read all six beats the best network of one view by two or three points. The
# transformer is a tie with concatenation and with the ensemble. Of ridge regression, which is not
# trained at all, it is half a point ahead: hardly more than nothing, though the interval ends short
# of 0. And ridge makes so much of *fac* alone that five more views add less than two points. **The
# baseline is the result**: compare with the best single modality *and* with the simplest model.
#
# ## One token each
#
# What does the transformer do? A view is one **token**, $t_m = W_m x_m + e_m$: its own projection
# to 32 numbers, and a learnt **modality vector** $e_m$ that says whose it is. All tokens go through
# one attention block, then comes the mean over tokens, then a linear head. A view that is missing
# is *hidden*: nobody attends to it, and the mean leaves it out.


# %%
def read(model, inputs, hidden):
    """inputs: (B, 1, D_m) by view; hidden (B, M). Tokens, attention, mean over what is there."""
    tokens = torch.cat([model.projections[m](x) + model.vectors[m]() for m, x in inputs.items()], 1)
    block = model.block
    q, k, v = (
        part.unflatten(-1, (block.heads, -1)).transpose(1, 2)
        for part in block.query_key_value(block.norm(tokens)).chunk(3, -1)
    )
    scores = q @ k.transpose(2, 3) / q.shape[-1] ** 0.5
    scores = scores.masked_fill(hidden[:, None, None], -torch.inf)
    tokens = tokens + block.out((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))
    tokens = model.norm(tokens + block.feed_forward(block.second_norm(tokens)))
    there = (~hidden)[..., None]
    return model.head((tokens * there).sum(1) / there.sum(1))


# %% folded=true
# Claims, checked: the cell above against the package.
one = TokenTransformer(networks.data.widths, 10)
some = {m: x[0, :4] for m, x in as_tokens(test.inputs).items()}
not_there = torch.tensor([[0, 1, 0, 1, 1, 0]]).bool().expand(4, -1)
with torch.no_grad():
    apart = (read(one, some, not_there) - one(some, not_there)).abs().max()
claim("By hand against the package: {value:.1e}", apart, below=1e-5)

# %% [markdown]
# The table above has two controls. *No vectors*: without $e_m$ nothing is lost; six projections
# already say whose a token is. *One projection* for all six (tokens filled up with zeros to 240
# numbers) has about half the parameters and loses about a point.
#
# ## Some are missing
#
# Now views are missing at the test, in every possible way: 63 sets. Concatenation gets zeros for
# them, which is their mean; so does, as a control, one more copy of the transformer. *Views hidden*
# has met gaps before: while it learnt, each view was hidden from each row with probability 0.3. The
# ensemble averages the networks whose view is there.

# %% folded=true
# The guess.
missing_guess = ChoiceGuess(
    "17-missing",
    "One view of the six is left, any of them. Who is best on average?",
    options=("concatenation", "concatenation, views hidden", "transformer, views hidden",
             "ensemble"),
)  # fmt: skip
missing_guess

# %% folded=true
# The figure: accuracy by number of views that are there, mean over all sets; claims, checked.
shown = ("transformer, views hidden", "transformer", "concatenation, views hidden",
         "concatenation")  # fmt: skip
models = {name: networks.fused[name] for name in shown}
models["transformer, given zeros"] = networks.fused["transformer"]
all_sets = pd.concat([ensemble_by_set(networks.alone, networks.data),
                      by_set(models, networks.data)])  # fmt: skip
left_over = by_number(all_sets)
figure, (ax,) = new_figure(7.6, 4.2)
ax.set_title("Views that are missing")
alt = lines_by_number(ax, left_over, "number")
ax.set_xlabel("views that are there (mean over all sets of so many)")
ax.set_ylabel("accuracy on test rows")
show(figure, alt)
missing_guess.reveal("ensemble")
by_views = left_over.pivot_table("accuracy", "seed", ["number", "model"])


def with_views(number, name, other):
    """Difference of two models with so many views, over seeds."""
    return interval(by_views[number, name] - by_views[number, other])


def one_view(name, other):
    """The same with one."""
    return with_views(1, name, other)


pairs = (("transformer", "concatenation"), ("transformer", "transformer, given zeros"),
         ("concatenation, views hidden", "concatenation"),
         ("transformer, views hidden", "concatenation, views hidden"),
         ("ensemble", "transformer, views hidden"))  # fmt: skip
differences = pd.DataFrame({f"{n} view{'s' * (n > 1)}": {
    f"{one} minus {other}": str(with_views(n, one, other)) for one, other in pairs}
    for n in (1, 2)})  # fmt: skip
claim("One view, transformer minus concatenation: begins at {value:+.2f}",
      one_view("transformer", "concatenation").low, above=0.12)  # fmt: skip
claim("… what masking brings, against zeros: begins at {value:+.2f}",
      one_view("transformer", "transformer, given zeros").low, above=0.06)  # fmt: skip
claim("… concatenation, what hiding brings: begins at {value:+.2f}",
      one_view("concatenation, views hidden", "concatenation").low, above=0.08)  # fmt: skip
claim("… both hidden, transformer minus concatenation: begins at {value:+.3f}",
      one_view("transformer, views hidden", "concatenation, views hidden").low,
      above=0.005)  # fmt: skip
claim("… ensemble minus transformer, views hidden: begins at {value:+.3f}",
      one_view("ensemble", "transformer, views hidden").low, above=0.03)  # fmt: skip
claim("Two views, ensemble minus transformer, views hidden: begins at {value:+.3f}",
      with_views(2, "ensemble", "transformer, views hidden").low, above=0.007)  # fmt: skip
hidden = by_views.xs("transformer, views hidden", axis=1, level="model")
claim("Transformer, views hidden: all six minus five: {value:.3f}",
      (hidden[6] - hidden[5]).mean(), below=0.02)  # fmt: skip
differences

# %% [markdown]
# With one view, most of the transformer's lead over concatenation is the mask: given zeros, it
# falls far. Hiding views while it learns lifts concatenation nearly as much. But with one or two
# views left nobody is as good as the **ensemble**, whose networks have never relied on each other;
# and with all six it loses nothing. Try it (on fewer test rows, so the intervals are wider):
#
# - Switch *fac* off. Which view takes over?
# - Two weak ones, *mor* and *zer*: does the transformer get more of the pair than the ensemble?
# - Noise of 4 on *pix*: who notices?

# %%
EXPLORERS["views"]()

# %% [markdown]
# ## Which one next?
#
# Sensors cost money. Which one do you buy first, and which one then? **Greedy selection** takes
# the best alone, and goes on with the one that adds most to those it has. Shapley values (lesson
# 07) look at all orders in which modalities may come in, and take the mean of what each adds to
# those before it.


# %%
def worth(accuracies, names):
    """accuracies: one number per set (frozenset) of names. Shapley value by name."""
    orders = list(permutations(names))
    values = dict.fromkeys(names, 0.0)
    for order in orders:
        for place, m in enumerate(order):
            before = frozenset(order[:place])
            values[m] += (accuracies[before | {m}] - accuracies[before]) / len(orders)
    return values


# %% folded=true
# The guess.
next_guess = ChoiceGuess(
    "17-next",
    "Ridge, on most splits: which view does greedy selection add second?",
    options=("the second best alone", "the weakest alone", "one of the three in the middle"),
)
next_guess

# %%
on_valid = by_split["valid"]  # on these rows sets are chosen
orders = pd.DataFrame(
    {
        "greedy": [" ".join(greedy_order(of_seed(on_valid, k))) for k in range(len(SEEDS))],
        "by Shapley value": [" ".join(shapley_order(on_valid, k)) for k in range(len(SEEDS))],
    },
    index=pd.Index(SEEDS, name="split"),
)
orders

# %% folded=true
# The figure: Shapley values, and what a number of views reaches by each way of picking; claims.
by_hand = worth(of_seed(worth_of_sets, 0), VIEWS)
values = shapley_of(worth_of_sets)
claim("By hand against the package: {value:.1e}",
      max(abs(by_hand[v] - float(values[v][0])) for v in VIEWS), below=1e-9)  # fmt: skip
figure, axes = new_figure(10.4, 3.8, columns=2)
axes[0].set_title("What each view is worth (ridge)")
alts = [worth_bars(axes[0], {v: x.tolist() for v, x in values.items()})]


def by_way(valid, held_out):
    """Test accuracy by way of picking, number of modalities and seed."""
    made = []
    for way in WAYS:
        for seed, own in zip(SEEDS, picked(valid, held_out, way), strict=True):
            made += [(way, n + 1, seed, a) for n, a in enumerate(own)]
    return pd.DataFrame(made, columns=["model", "number", "seed", "accuracy"])


ways = by_way(on_valid, worth_of_sets)
axes[1].set_title("Picked on validation rows, tested on others")
alts.append(lines_by_number(axes[1], ways, "number"))
axes[1].set_xlabel("views picked")
axes[1].set_ylabel("accuracy on test rows")
show(figure, " ".join(alts))
next_guess.reveal("the weakest alone")
singles = {v: worth_of_sets[frozenset([v])] for v in VIEWS}
claim("Splits in which mor is the weakest alone: {value:.0f}",
      sum(min(VIEWS, key=lambda v: singles[v][k]) == "mor" for k in range(len(SEEDS))),
      above=4)  # fmt: skip
places = [order.split().index("mor") for order in orders["greedy"]]
claim("Splits in which greedy takes mor second: {value:.0f}",
      sum(place == 1 for place in places), above=2)  # fmt: skip
claim("… second or third: {value:.0f}", sum(place < 3 for place in places), above=4)
lasts = [order.split().index("mor") for order in orders["by Shapley value"]]
claim("Splits in which mor is last by Shapley value: {value:.0f}",
      sum(place == 5 for place in lasts), above=4)  # fmt: skip
three = ways[ways["number"] == 3].pivot_table("accuracy", "seed", "model")
gap = interval(three["greedy"] - three["Shapley"])
claim("Three views, greedy minus Shapley: begins at {value:+.3f}", gap.low, above=0.005)
luck = interval(three["greedy"] - three["at random"])
claim("Three views, greedy minus at random: begins at {value:+.3f}", luck.low, above=0.005)
one, six_picked = (ways[ways["number"] == n].pivot_table("accuracy", "seed", "model")["greedy"]
                   for n in (1, 6))  # fmt: skip
for name, minus in (
    ("Three views, greedy, minus all six", three["greedy"] - six_picked),
    ("Three views, Shapley, minus fac alone", three["Shapley"] - one),
    ("Three views, Shapley minus at random", three["Shapley"] - three["at random"]),
):
    claim(name + ": {value:+.3f}", minus.mean(), equals=0, within=0.012)

# %% [markdown]
# *mor*, six numbers, is the weakest alone and the least by Shapley value, and greedy takes it
# second or third: it knows something that *fac* does not. **Complement is not strength.** Three
# views picked greedily are as good as all six. The three of the largest Shapley value are no better
# than *fac* alone, and no better than three drawn at random: *pix* and *kar* say what *fac* has
# said.
#
# ### Exercise 1 · What is it worth?
#
# `accuracies` gives a number per set (a `frozenset` of names, the empty one too). Return the
# Shapley values as an array, in sorted order of the names.


# %% nbgrader={"grade_id": "ex-17-worth", "solution": true}
def shapley_values(accuracies):
    """Shapley value of each name, sorted by name, (M,)."""
    ### BEGIN SOLUTION
    names = sorted(frozenset().union(*accuracies))
    return list(worth(accuracies, names).values())
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-17-worth", "grade": true, "points": 2}
exercises.worth.check(shapley_values)
### BEGIN HIDDEN TESTS
exercises.worth.check(shapley_values, seed=17_0101)
### END HIDDEN TESTS

# %% [markdown]
# ### What each way cannot see
#
# Two cases from the generator, where the truth is known. *A pair*: A and B show the class only
# together (lesson 05's synergy); C shows it in 35 % of the samples, D in 25 %. *A copy*: A shows
# it in 55 %, B is A measured once more, with a little noise. The classifier is again ridge
# regression. For the pair it is also given the product of every two numbers: who cannot multiply
# sees no synergy.

# %%
cases = {}
for case, kernel, ridge in ((SYNERGY, "product", 10.0), (COPY, "sum", 10.0)):
    data = generated_rows(case, SEEDS)
    cases[case] = every_set(data, kernel, ridge)
blind = every_set(generated_rows(SYNERGY, SEEDS))["test"]  # without products

# %% folded=true
# The figure: both cases, by way of picking; claims, checked.
figure, axes = new_figure(10.4, 3.6, columns=2)
alts = []
pairs_picked = {}
for ax, (case, own_sets) in zip(axes, cases.items(), strict=True):
    ax.set_title(case.capitalize())
    own_ways = by_way(own_sets["valid"], own_sets["test"])
    alts.append(f"{case}: " + lines_by_number(ax, own_ways, "number"))
    ax.set_xlabel("modalities picked")
    ax.set_ylabel("accuracy on test rows")
    pairs_picked[case] = own_ways[own_ways["number"] == 2].pivot_table("accuracy", "seed", "model")
show(figure, " ".join(alts))
first_two = [greedy_order(of_seed(cases[SYNERGY]["valid"], k))[:2] for k in range(len(SEEDS))]
claim("Splits in which greedy takes A or B among its first two: {value:.0f}",
      sum("A" in o or "B" in o for o in first_two), below=1)  # fmt: skip
pair = pairs_picked[SYNERGY]
claim("The pair: best two minus greedy's two: begins at {value:+.2f}",
      interval(pair["all sets tried"] - pair["greedy"]).low, above=0.1)  # fmt: skip
claim("The pair: Shapley's two minus greedy's: begins at {value:+.2f}",
      interval(pair["Shapley"] - pair["greedy"]).low, above=0.05)  # fmt: skip
copies = pairs_picked[COPY]
for m in "AB":
    claim("Without products, Shapley value of " + m + ": {value:+.3f}",
          shapley_of(blind)[m].mean(), equals=0, within=0.02)  # fmt: skip
print("A copy, two picked, greedy minus Shapley:",
      interval(copies["greedy"] - copies["Shapley"]))  # fmt: skip
triple = by_way(cases[COPY]["valid"], cases[COPY]["test"])
triple = triple[triple["number"] == 3].pivot_table("accuracy", "seed", "model")
behind = interval(triple["greedy"] - triple["Shapley"])
claim("A copy, three picked, greedy minus Shapley: begins at {value:+.2f}", behind.low, above=0.02)

# %% [markdown]
# Greedy selection asks what *one* adds: half a pair adds nothing, so it is taken last, when nothing
# else is left. Shapley values see the pair, since in some orders B comes after A. (With money for
# one only, their ranking buys half a pair.) But two copies get the same value each, and the ranking
# takes both: with three to pick it is far behind. Neither way finds every set. Where you can, try
# all sets of the size you can pay for, on validation rows. And a value belongs to the model: to one
# that cannot multiply, A and B are worth nothing.
#
# ### Exercise 2 · Who finds the best set?
#
# For accuracies of all sets and a `size`: which way comes to the best set of that size, greedy
# selection, the first ones by Shapley value, `"both"` or `"neither"`? A way comes to it if its
# set's accuracy is the largest of that size.


# %% nbgrader={"grade_id": "ex-17-next", "solution": true}
def who_finds(accuracies, size):
    """One of "both", "greedy", "Shapley", "neither"."""
    ### BEGIN SOLUTION
    best = max(a for s, a in accuracies.items() if len(s) == size)
    names = sorted(frozenset().union(*accuracies))
    values = worth(accuracies, names)
    by_value = sorted(names, key=lambda m: -values[m])
    hits = [
        accuracies[frozenset(order[:size])] >= best
        for order in (greedy_order(accuracies), by_value)
    ]
    return {(1, 1): "both", (1, 0): "greedy", (0, 1): "Shapley", (0, 0): "neither"}[*hits]
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-17-next", "grade": true, "points": 2}
exercises.next_one.check(who_finds)
### BEGIN HIDDEN TESTS
exercises.next_one.check(who_finds, seed=17_0102)
### END HIDDEN TESTS

# %% [markdown]
# ## Eight of different kinds
#
# Views of one digit are all tables of numbers. Here are eight modalities that are not: what each
# shows, and how many tokens of how many numbers it has.

# %% folded=true
# The table: eight modalities.
mixed = mixed_rows((100,))
kinds = pd.DataFrame(
    [(m, text, *sizes_of(mixed)[m]) for m, text in KINDS.items()],
    columns=["modality", "shows", "tokens", "numbers per token"],
).set_index("modality")
kinds

# %% [markdown]
# Five designs read the first 2, the first 4 or all 8 of them: *ensemble*, *concatenation*, and
# three that take tokens. The **transformer** as above. The **Perceiver**: four learnt **latents**
# attend to all tokens instead of tokens to each other, so that the cost grows with the number of
# tokens and not with its square; a token is [numbers | zeros | position | one-hot of the modality].
# **All pairs** (HighMMT): one shared Perceiver reads each modality by itself; then each one's
# latents look at each other one's, and the results go side by side into the head. All of them were
# taught on 600 clips, 15 epochs, three seeds (`python -m coursekit many-modalities`).
#
# ### Exercise 3 · What grows how?
#
# All pairs: M modalities, each *ordered* pair gives a vector of `width` numbers, the head has a
# weight per number and class. Return the number of pairs, the head's weights (no biases), and how
# many weights one modality more would add.


# %% nbgrader={"grade_id": "ex-17-growth", "solution": true}
def growth(number, width, classes):
    """Pairs, weights of the head, and the weights that one more modality adds, (3,)."""
    ### BEGIN SOLUTION
    pairs = number * (number - 1)
    more = (number + 1) * number
    return pairs, pairs * width * classes, (more - pairs) * width * classes
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-17-growth", "grade": true, "points": 1}
exercises.growth.check(growth)
### BEGIN HIDDEN TESTS
exercises.growth.check(growth, seed=17_0103)
### END HIDDEN TESTS

# %% folded=true
# The guess.
design_guess = ChoiceGuess(
    "17-designs",
    "All eight, 600 clips to learn from. Which design is far behind all others?",
    options=DESIGNS,
)
design_guess

# %% folded=true
# The figure: parameters and accuracy by number of modalities; claims, checked.
stored = stored_designs()
numbers = stored[stored["part"] == "number"]
sizes = pd.DataFrame(
    [(g, n, 0, parameters(network(g, dict(list(sizes_of(mixed).items())[:n]), 10)))
     for g in DESIGNS for n in range(2, 9)],
    columns=["model", "modalities", "seed", "parameters"],
)  # fmt: skip
figure, axes = new_figure(10.4, 4.0, columns=2)
axes[0].set_title("Parameters")
alts = [lines_by_number(axes[0], sizes, "modalities", "parameters", legend="")]
axes[0].set_ylabel("parameters")
axes[1].set_title("Accuracy")
alts.append(lines_by_number(axes[1], numbers, "modalities", legend="upper left"))
axes[1].set_ylabel("accuracy on test rows")
axes[1].set_ylim(0.25, 1.05)
for ax in axes:
    ax.set_xlabel("modalities")
    ax.set_xticks(NUMBERS)
show(figure, " ".join(alts))
by_design = numbers.pivot_table("accuracy", "seed", ["modalities", "model"])


def of_designs(number, one, other):
    """The difference of two designs over so many modalities."""
    return interval(by_design[number, one] - by_design[number, other])


for number, own, least in ((2, "concatenated", 0.02), (2, "ensemble", 0.03),
                           (4, "concatenated", 0.06), (4, "ensemble", 0.012)):  # fmt: skip
    claim(f"{number}, {own} minus transformer: begins at" + " {value:+.3f}",
          of_designs(number, own, "transformer").low, above=least)  # fmt: skip
claim("Eight, concatenated minus transformer: {value:+.3f}",
      of_designs(8, "concatenated", "transformer").mean, equals=0, within=0.04)  # fmt: skip
claim("Eight, the next design minus Perceiver: begins at {value:+.3f}",
      min(of_designs(8, g, "Perceiver").low for g in DESIGNS if g != "Perceiver"),
      above=0.05)  # fmt: skip
claim("Eight, all pairs minus transformer: {value:+.3f}",
      of_designs(8, "all pairs", "transformer").mean, equals=0, within=0.04)  # fmt: skip
eight = numbers[numbers["modalities"] == 8]
design_guess.reveal(str(eight.groupby("model")["accuracy"].mean().idxmin()))
compared(eight, "concatenated").assign(parameters=eight.groupby("model")["parameters"].first())

# %% [markdown]
# With two or four modalities and 600 clips, an encoder for each wins: concatenation and the
# ensemble are ahead of every design that shares a block. With eight the transformer and all pairs
# have caught up. The transformer has a quarter of concatenation's parameters, and grows by one
# projection per modality; concatenation grows by an encoder, all pairs by the square. The Perceiver
# is far behind, with these four latents and fifteen epochs. It is made for thousands of tokens,
# where all pairs of them are too dear; here there are 81.
#
# ### Who may vote
#
# A mean over tokens gives a sound of 16 tokens sixteen times the weight of a table of one, and
# attention begins the same way. **One vote per modality**: a token of a modality with $n$ tokens
# counts $1/n$ in the mean, and $-\log n$ is added to the scores of attention. Padding counts
# nothing.

# %% folded=true
# The table: votes, and a ninth modality of noise; claims, checked.
votes = stored[stored["part"].str.startswith("noise")]
by_votes = votes.pivot_table("accuracy", "seed", ["part", "model"], sort=False)


def vote(tokens, epochs):
    """One vote per modality minus one per token, over seeds."""
    one, other = (f"one vote per {of}, {epochs} epochs" for of in ("modality", "token"))
    return interval(by_votes[f"noise {tokens}", one] - by_votes[f"noise {tokens}", other])


claim("5 epochs, per modality minus per token: begins at {value:+.3f}",
      vote(0, 5).low, above=0.018)  # fmt: skip
claim("… beside 64 tokens of noise: begins at {value:+.3f}", vote(64, 5).low, above=0.07)
claim("15 epochs: {value:+.3f}", vote(0, 15).mean, equals=0, within=0.04)
pd.DataFrame(
    [
        (tokens, epochs, *(by_votes[f"noise {tokens}", f"one vote per {of}, {epochs} epochs"].mean()
                           for of in ("token", "modality")), str(vote(tokens, epochs)))
        for tokens, epochs in ((0, 5), (64, 5), (0, 15))
    ],
    columns=["tokens of noise", "epochs", "one vote per token", "one vote per modality",
             "difference"],
).round(3).set_index("tokens of noise")  # fmt: skip

# %% [markdown]
# Eight seeds: after five epochs one vote per modality is ahead, and beside noise in many tokens it
# is far ahead. After fifteen it is a tie: by then the weights have made up for the tokens. So votes
# matter where training is short, as in lesson 05: what is learnt last is lost when training stops
# early.
#
# ### Exercise 4 · Pool the tokens
#
# `tokens` (T, W), `whose` (T,) says whose each is, `padding` (T,) which are none. Return the mean
# over modalities of the mean over each one's tokens. A modality that is all padding is absent.


# %% nbgrader={"grade_id": "ex-17-pooling", "solution": true}
def pooled(tokens, whose, padding):
    """One vote per modality that is there, (W,)."""
    ### BEGIN SOLUTION
    there = [(whose == m) & ~padding for m in sorted(set(whose[~padding].tolist()))]
    return sum(tokens[own].mean(0) for own in there) / len(there)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-17-pooling", "grade": true, "points": 2}
exercises.pooling.check(pooled)
### BEGIN HIDDEN TESTS
exercises.pooling.check(pooled, seed=17_0104)
### END HIDDEN TESTS

# %% [markdown]
# ### One more, without teaching the others anew
#
# Seven modalities have been learnt in 15 epochs, all but *sound*. Now it arrives. Three ways: teach
# its own projection and vector only, 5 epochs, all else **frozen**; let everything go on, 5 epochs;
# or begin again with eight, 15 epochs. Eight seeds.

# %% folded=true
# The table: the newcomer; claims, checked.
newcomer = stored[stored["part"] == "newcomer"]
with_sound, without_sound = (newcomer.pivot_table(column, "seed", "model", sort=False)
                             for column in ("accuracy", "without"))  # fmt: skip
frozen, going_on, anew = WAYS_TO_ADD[1:]
before = without_sound[WAYS_TO_ADD[0]]
claim("Frozen, what sound adds: begins at {value:+.3f}",
      interval(with_sound[frozen] - before).low, above=0.004)  # fmt: skip
claim("Frozen minus from the beginning: {value:+.3f}",
      (with_sound[frozen] - with_sound[anew]).mean(), equals=0, within=0.02)  # fmt: skip
claim("Without sound, frozen against before: {value:.4f}",
      (without_sound[frozen] - before).abs().max(), below=1e-6)  # fmt: skip
claim("Without sound, before minus from the beginning: begins at {value:+.3f}",
      interval(before - without_sound[anew]).low, above=0.001)  # fmt: skip
numbers_learnt = newcomer.groupby("model")["parameters"].first()
pd.DataFrame(
    [(w, with_sound[w].mean(), str(interval(with_sound[w] - before)), without_sound[w].mean(),
      str(interval(without_sound[w] - before)) if w in (going_on, anew) else "",
      numbers_learnt[w]) for w in WAYS_TO_ADD],
    columns=["what learns", "with sound", "minus before without it", "without it", "minus before",
             "parameters that learn"],
).round(3).set_index("what learns")  # fmt: skip

# %% [markdown]
# A few hundred parameters and five epochs do it: sound adds about a point, and with all eight the
# network is as good as if all had been taught together. Without sound the frozen network is exactly
# what it was: nothing that it could do has to be tested again. Taught together, it relies on sound,
# and is worse without it. With all pairs a newcomer changes the shape of the head, with a one-hot
# block that of every token. A learnt vector that is *added* changes no shape.
#
# ### Who may share?
#
# If two modalities are alike, they might share an encoder. **Heterogeneity** can be measured: teach
# on *i*, go on with *j*, and see what that costs against beginning with *j*. Below zero, *i* has
# helped. Modalities that help each other go into one group.

# %% folded=true
# The figure: transfer; the table: sharing by groups, by random groups, by all, by none.
moved = stored_transfer()
costs = moved.pivot_table("cost", "source", "target")
costs.index.name, costs.columns.name = "first taught on", "then on"
figure, (ax,) = new_figure(6.8, 5.2)
ax.set_title("Loss in nats: going on minus anew (4 seeds)")
show(figure, matrix_picture(ax, costs))
print("Groups:", "; ".join(", ".join(g) for g in groups_of(distances(moved), GROUPS)))
sharing = stored[stored["part"] == "sharing"]
by_sharing = sharing.pivot_table("accuracy", "seed", "model", sort=False)
apart = by_sharing["no two share"]
claim("No two share minus all share: begins at {value:+.3f}",
      interval(apart - by_sharing["all share"]).low, above=0.03)  # fmt: skip
over_random = interval(by_sharing["groups by transfer"] - by_sharing["random groups"])
print("Groups by transfer minus random groups:", over_random)
claim("… in the mean: {value:+.3f}", over_random.mean, below=0.01)
compared(sharing, "no two share").assign(parameters=sharing.groupby("model")["parameters"].mean())

# %% [markdown]
# Here sharing costs accuracy, most of all if all share, and three seeds do not tell groups by
# measured transfer from groups drawn at random: a control that belongs beside every clustering.
# *text* gains from most that came before it, and helps nobody: transfer has a direction, which one
# distance per pair forgets. HighMMT reports little loss from groups, with far more data; whether
# they are better than random groups there is a question for the same control.
#
# ## Pictures, motion and sound
#
# Three modalities of short clips: a written digit moves two pixels a frame, up, down, left or
# right, while a synthesised voice says it. *frame* is one blurred frame. *audio* is the spoken
# digit, with noise. *motion* is what a video codec stores instead of pictures: for each block of 6
# × 6 pixels a vector to where it came from in the frame before. **Block matching** finds it: of
# all vectors within a range, the one with the smallest sum of absolute differences (**SAD**).


# %%
def search(previous, current, top, left, block, reach):
    """(dy, dx) to where the block at (top, left) came from; of equals the first, zero first."""
    own = current[top : top + block, left : left + block]
    steps = range(-reach, reach + 1)
    best, lowest = (0, 0), torch.inf
    for dy, dx in [(0, 0), *[(dy, dx) for dy in steps for dx in steps]]:
        y, x = top + dy, left + dx
        if min(y, x) < 0 or y + block > len(previous) or x + block > previous.shape[1]:
            continue  # leads out of the frame
        sad = (own - previous[y : y + block, x : x + block]).abs().sum()
        if sad < lowest:
            best, lowest = (dy, dx), sad
    return best


# %% folded=true
# The figure: a clip, its vectors, and where they are worth nothing; claims, checked.
sharp = clips_of(100)[0][3]
generator = torch.Generator().manual_seed(0)
grainy = sharp + 0.05 * torch.randn(sharp.shape, generator=generator)
field = full_search(grainy[1], grainy[2], BLOCK, RANGE)
hand = [[search(grainy[1].double(), grainy[2].double(), BLOCK * r, BLOCK * c, BLOCK, RANGE)
         for c in range(4)] for r in range(4)]  # fmt: skip
claim("Blocks where the cell above and the package differ: {value:.0f}",
      int((torch.tensor(hand) != field.vectors).any(-1).sum()), below=1)  # fmt: skip
figure, axes = new_figure(9.6, 3.6, columns=3)
alts = []
for ax, title, frame, vectors, sure in (
    (axes[0], "No noise", sharp[2], full_search(sharp[1], sharp[2], BLOCK, RANGE).vectors, None),
    (axes[1], "A little noise", grainy[2], field.vectors, None),
    (axes[2], "Marked: gains little", grainy[2], field.vectors, field.confidence),
):
    ax.set_title(title)
    alts.append(f"{title}: " + frame_with_vectors(ax, frame, vectors, BLOCK, sure))
    ax.set_xlabel(f"{len(frame)} × {len(frame)} pixels, blocks of {BLOCK} × {BLOCK}")
show(figure, " ".join(alts))

# %% [markdown]
# The arrows go from where a block came from to where it is. On flat ground all vectors cost the
# same, and zero wins (dots); with a little noise some other one wins, and points anywhere. So a
# vector needs its **confidence**: how much it gains over not moving (crosses: little). Confidence
# does not help where the digit has just left: uncovered ground was not there before, and takes a
# vector from elsewhere.
#
# ### Exercise 5 · Where did it come from?
#
# Frames are `uint8`. Return the vector (dy, dx) of one block, by SAD. The zero vector comes first;
# another one takes its place only if it costs strictly less; then in the order of rows, columns.


# %% nbgrader={"grade_id": "ex-17-matching", "solution": true}
def came_from(previous, current, top, left, block, reach):
    """(dy, dx): where the block of the current frame stood in the previous one."""
    ### BEGIN SOLUTION
    before, now = (torch.as_tensor(x).long() for x in (previous, current))
    return search(before, now, top, left, block, reach)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-17-matching", "grade": true, "points": 2}
exercises.matching.check(came_from)
### BEGIN HIDDEN TESTS
exercises.matching.check(came_from, seed=17_0105)
### END HIDDEN TESTS

# %% [markdown]
# Now all seven combinations, twice: once the label is the *digit*; once it is the *digit mod 5 and
# the direction*, which no modality has alone. Chance is 1 in 10, and 1 in 20. 600 clips to learn
# from, an encoder per modality, concatenation.

# %% folded=true
# The guess.
clip_guess = NumberGuess(
    "17-clips",
    "The digit: accuracy of all three minus audio alone?",
    low=-0.3,
    high=0.3,
    step=0.01,
)
clip_guess

# %%
clip_tables = {label: combinations_table(own)[0] for label, own in clip_rows(SEEDS).items()}

# %% folded=true
# The table: all combinations, both labels; claims, checked.
digit, both = (table.pivot_table("accuracy", "seed", "model", sort=False)
               for table in clip_tables.values())  # fmt: skip
drop = interval(digit["frame + motion + audio"] - digit["audio"])
clip_guess.reveal(drop.mean, within=0.04)
claim("The digit: audio minus all three: begins at {value:+.3f}", -drop.high, above=0.06)
claim("… audio minus frame + audio: begins at {value:+.3f}",
      interval(digit["audio"] - digit["frame + audio"]).low, above=0.06)  # fmt: skip
claim("… motion + audio minus audio: {value:+.3f}",
      interval(digit["motion + audio"] - digit["audio"]).mean, equals=0, within=0.05)  # fmt: skip
claim("Both: motion + audio minus the better of the two: begins at {value:+.2f}",
      interval(both["motion + audio"] - both[["motion", "audio"]].max(axis=1)).low,
      above=0.2)  # fmt: skip
claim("… minus all three: begins at {value:+.3f}",
      interval(both["motion + audio"] - both["frame + motion + audio"]).low,
      above=0.03)  # fmt: skip
chosen = {label: best_on_valid(table) for label, table in clip_tables.items()}
print("Chosen on validation rows:", {n: list(c["model"]) for n, c in chosen.items()})
claim("The digit: chosen minus audio: {value:+.3f}",
      (chosen["digit"]["accuracy"] - digit["audio"]).mean(), equals=0, within=0.03)  # fmt: skip
claim("Both: chosen minus all three: begins at {value:+.3f}",
      interval(chosen["digit and direction"]["accuracy"] - both["frame + motion + audio"]).low,
      above=0.03)  # fmt: skip
on_train = clip_tables["digit"].groupby("model")["train"].mean()
claim("The digit, a frame alone on its training clips: {value:.2f}", on_train["frame"], above=0.95)
claim("… on test clips, at most: {value:.2f}", interval(digit["frame"]).high, below=0.25)
claim("The digit: audio minus the ensemble: begins at {value:+.3f}",
      interval(digit["audio"] - digit["ensemble of 3"]).low, above=0.06)  # fmt: skip
claim("Both: motion + audio minus the ensemble: begins at {value:+.2f}",
      interval(both["motion + audio"] - both["ensemble of 3"]).low, above=0.2)  # fmt: skip
pd.DataFrame(
    {
        "digit, training clips": on_train.reindex(digit.columns).round(3),
        "digit": digit.mean().round(3),
        "minus audio": [str(interval(digit[m] - digit["audio"])) if m != "audio" else ""
                        for m in digit],
        "digit and direction": both.mean().round(3),
        "minus motion": [str(interval(both[m] - both["motion"])) if m != "motion" else ""
                         for m in both],
    }
)  # fmt: skip

# %% [markdown]
# One table, only the label changed. **The digit**: audio alone is more than a tenth ahead of
# whatever has a frame in it; motion and audio together are a tie with it. A frame alone gets nearly
# all its training clips right and hardly any new one: it is learnt by heart, and what is learnt so
# does not carry over. The ensemble loses as much: two of its three votes know nearly nothing.
# **Digit and direction**: neither motion nor audio alone gets a quarter right, together more than
# half, and here the ensemble is of no use. The frame harms this time too. So “does a third modality
# help?” has no answer without the label. A plain **choice** finds the answer: keep the combination
# that is best on validation rows.

# %% [markdown]
# ## Further · The cures of Part II
#
# Lesson 05's cures and methods of lessons 06 to 08, on the digit, five seeds (`python -m coursekit
# clip-cures`, in the training loop of Part II, so that audio alone is a little better than above).
# The control is *all three* without a cure.

# %% folded=true
# The table: cures; claims, checked.
cured = stored_cures()
by_cure = cured.pivot_table("accuracy", "seed", "model", sort=False)
best_cure = by_cure.drop(columns=["frame", "motion", "audio"]).mean().idxmax()
print("Best of them:", best_cure)
claim("Audio alone minus the best of the cures: begins at {value:+.3f}",
      interval(by_cure["audio"] - by_cure[best_cure]).low, above=0.05)  # fmt: skip
over_none = {m: interval(by_cure[m] - by_cure["all three"]) for m in by_cure}
cures_tried = [m for m in by_cure if m not in ("frame", "motion", "audio", "all three")]
claim("Cures whose interval lies above all three: {value:.0f}",
      sum(over_none[m].low > 0 for m in cures_tried), below=1)  # fmt: skip
for name in ("ogm-ge", "mlb"):
    claim(f"{name} minus all three: ends at" + " {value:+.3f}", over_none[name].high, below=-0.05)
compared(cured, "audio").join(compared(cured, "all three")["minus all three"])

# %% [markdown]
# None of them brings back what audio alone has, and none is clearly better than no cure, the
# ensemble included. OGM-GE and MLB make it worse: balancing helps a modality that is starved, but
# here the weak ones have little to say about the digit.
#
# ## Further · Fewer costs, and where matching must fail
#
# The full search tries $(2r + 1)^2$ vectors. **Three-step search** tries nine at a large step, goes
# to the best, and halves the step. It is cheaper, and it misses what no large step comes near. And
# no search sees motion *along* stripes: all vectors along them cost the same. That is the
# **aperture problem**.

# %%
wave = torch.linspace(0, 6.3, 32)
blob = torch.exp(-((torch.arange(32.0)[:, None] - 15) ** 2 + (torch.arange(32.0) - 15) ** 2) / 60)
stripes = torch.sin(4 * wave).expand(32, 32)
scenes = {"smooth blob": blob, "noise": torch.randn(32, 32, generator=generator),
          "stripes": stripes}  # fmt: skip
tried = []
for scene, picture in scenes.items():
    later = picture.roll((3, 0), (0, 1))  # three rows down
    for way, by in (("full", full_search), ("three steps", three_step_search)):
        result = by(picture, later, 8, 7)
        inner = result.vectors[1:3, 1:3].flatten(0, 1)
        hit = (inner == torch.tensor([-3, 0])).all(-1).sum()
        costs_tried = result.evaluated[1:3, 1:3].double().mean()
        tried.append((scene, way, int(hit), float(costs_tried)))
pd.DataFrame(tried, columns=["scene", "search", "right, of 4 blocks", "vectors tried"]).set_index(
    ["scene", "search"]
)

# %% [markdown]
# ## Further · Vectors of your own video
#
# A video file holds such vectors already; PyAV, in the extra `[research]`, reads them. Put the path
# of a video of your own in the place of `None`. Vectors are in quarters of a pixel, I-frames have
# none, and those of B-frames may point forward in time.

# %%
MY_VIDEO = None  # pathlib.Path("holiday.mp4")

# %% folded=true
# What your video stores, or why not.
if MY_VIDEO is not None:
    from coursekit.data.research.codec_vectors import codec_vectors

    try:
        print(codec_vectors(MY_VIDEO).groupby("kind")[["dy", "dx"]].describe())
    except (ImportError, OSError) as error:
        print(error)

# %% [markdown]
# ## What stays
#
# - One transformer over all is no better than an ensemble or a closed form where all are there;
#   compare it with them where some are missing.
# - Complement is not strength. Greedy selection is blind to pairs, a ranking to copies: try the
#   sets.
# - One vote per modality, none for padding.
# - A newcomer needs its own projection. The others stay as they are, and that can be tested.
# - Whether a third modality helps hangs on the label. Try all combinations, with seeds.
#
# ## Words
#
# - **modality vector**: a learnt vector that says whose a token is.
# - **latents**: a few learnt vectors that attend to all tokens, so that tokens need not attend to
#   each other.
# - **greedy selection**: always add what adds most to those there are.
# - **heterogeneity**: what it costs to go on from one modality to another.
# - **block matching**: for each block the vector to where it came from, by the smallest cost.
# - **SAD**: sum of absolute differences.
# - **aperture problem**: along stripes, motion cannot be seen.
# - **three-step search**: nine vectors at a step that is halved.
#
# All words of the course stand in the [glossary](glossary.ipynb).
#
# Pictures: handwritten digits of MNIST by Yann LeCun, Corinna Cortes and Christopher Burges,
# [CC BY-SA 3.0](https://creativecommons.org/licenses/by-sa/3.0/); moved, with noise. The text of
# the licence stands in the folder `data/licences`.
#
# ## Checkpoint

# %% folded=true
# The checkpoint: what your run gave.
record.checkpoint(
    "17",
    {
        "transformer − ridge": over_ridge.mean,
        "one view, ensemble − transformer": one_view("ensemble", "transformer, views hidden").mean,
        "three views, greedy − Shapley": gap.mean,
        "digit, all three − audio": drop.mean,
        "both, motion + audio": float(both["motion + audio"].mean()),
    },
    open_checked(TABLE),
)
