# %% [markdown]
# # 01 · Additive or multiplicative?
#
# **After this lesson you can**
#
# - read every weight of $y = w_0 + w_1 x_A + w_2 x_B + w_3\,(x_A \times x_B) + \epsilon$ in a
#   sentence,
# - say for whom an effect holds once there is an interaction, and where it changes its sign,
# - fit the additive and the multiplicative model and test whether the second one is needed,
# - recognise in the residuals an interaction that a model left out.
#
# **Time** about 60 minutes to read and do; the computing takes 10 to 30 seconds.
#
# **Needed before** the mean, a straight line through points, correlation, a t-test with its
# p-value; a little numpy.
#
# **Source** Paul Liang, *How to AI (Almost) Anything*, lecture 5, “Multimodal Fusion”, the section
# on the linear case.

# %% folded=true
# Imports and settings.
import numpy as np
import statsmodels.api as sm
import statsmodels.formula.api as smf
from statsmodels.stats.diagnostic import het_breuschpagan

from coursekit.course import record
from coursekit.course.claims import claim
from coursekit.data import load
from coursekit.lessons.l01_additive_or_multiplicative import exercises
from coursekit.course.plots import new_figure, show
from coursekit.course.plots.additive_parts import additive_parts
from coursekit.lessons.l01_additive_or_multiplicative.plots import (
    Interval,
    Names,
    residuals,
    slope_intervals,
    spread_of_residuals,
    two_groups,
)
from coursekit.course.widgets import EXPLORERS, ChoiceGuess, NumberGuess

BOOKS = Names("smiling (tens of percentage points)", "score (points)", ("others", "critics"))

# %% [markdown]
# ## 300 book reviews
#
# Somebody films people while they read a book, and asks them for a score afterwards. Two things are
# known of each reader, from two different sources:
#
# - $x_A$, **smiling**: how much of the time the camera saw a smile, in tens of percentage points;
# - $x_B$, **critic**: 1 for a professional critic, 0 for everybody else.
#
# We want the score $y$. Camera and profession are two **modalities**: two views of the same person.
# Each view is a single number here, so that everything fits on a page. **Fusion** is whatever
# brings the two numbers together to one prediction.
#
# The readers are made up. The table is built so that it gives the three fits that the lecture
# shows; its card in `data/book_reviews.md` says how.

# %%
data = load("book_reviews")
reviews = data.frame().rename(columns={"label": "score"})
smiling, critic = reviews["smiling"].to_numpy(), reviews["critic"].to_numpy()
score = reviews["score"].to_numpy()
reviews.groupby("critic")[["smiling", "score"]].agg(["count", "mean", "min", "max"]).round(2)

# %% [markdown]
# Two questions, in the lecture's words:
#
# - **H1** Does smiling reveal what the audience score was?
# - **H2** Does the effect of smiling depend on professional status?
#
# ## One modality
#
# Start with the camera alone, $y = w_0 + w_1 x_A + \epsilon$. The **intercept** $w_0$ is the score
# where $x_A = 0$. The **slope** $w_1$ is how much the score changes per unit of smiling. The
# **residual** $\epsilon$ is what the model leaves over. Least squares picks the weights for which
# the squared residuals sum to the least.
#
# Commit yourself before you look. A wrong guess costs nothing, and you will remember the answer.

# %% folded=true
# The guess.
slope_guess = NumberGuess(
    "01-slope",
    "Ten percentage points more smiling: how many points does the score rise?",
    low=-3.0,
    high=3.0,
    step=0.1,
    unit="points",
)
slope_guess

# %%
camera = smf.ols("score ~ smiling", reviews).fit()

# %% folded=true
# The outcome, beside your guess.
slope_guess.reveal(camera.params["smiling"], within=0.2)
claim("Camera only: w0 = {value:.2f}", camera.params["Intercept"], equals=4.63, within=0.005)
claim("Camera only: w1 = {value:.2f}", camera.params["smiling"], equals=1.20, within=0.005)

# %% [markdown]
# The first of the lecture's three fits. So H1 looks answered: yes, people who smile more give
# better scores.
#
# ## Two modalities, added
#
# Now let the profession speak too: $y = w_0 + w_1 x_A + w_2 x_B + \epsilon$. The two terms that are
# added up are the **additive terms**. Each modality has its say without hearing the other one. That
# is **late fusion** at its smallest: one model per modality, outputs summed.

# %% folded=true
# The guess.
change_guess = ChoiceGuess(
    "01-change",
    "With the profession in the model, what happens to smiling's weight?",
    options=("it falls", "it stays", "it rises"),
)
change_guess

# %%
additive = smf.ols("score ~ smiling + critic", reviews).fit()

# %% folded=true
# The outcome, beside your guess.
change = additive.params["smiling"] - camera.params["smiling"]
half_width = camera.conf_int().loc["smiling"].diff().iloc[-1] / 2
truth = "it stays" if abs(change) < half_width else "it rises" if change > 0 else "it falls"
change_guess.reveal(truth)
claim("Additive: w0 = {value:.2f}", additive.params["Intercept"], equals=5.29, within=0.005)
claim("Additive: w1 = {value:.2f}", additive.params["smiling"], equals=1.19, within=0.005)
claim("Additive: w2 = {value:.2f}", additive.params["critic"], equals=-1.69, within=0.005)
claim(
    "Smiling and critic are hardly correlated: r = {value:.3f}",
    np.corrcoef(smiling, critic)[0, 1],
    between=(-0.05, 0.05),
)

# %% [markdown]
# The second table. Critics score lower, and smiling's weight stays where it was. It stays because
# the two inputs are hardly correlated: critics smile as much as the others, so neither modality had
# been standing in for the other one. You will meet data where that is not so.
#
# The picture shows what an additive model can say: two lines, one height each, **one slope**.

# %% folded=true
# The figure.
figure, (ax,) = new_figure()
ax.set_title("The additive model: two heights, one slope")
show(figure, two_groups(ax, smiling, critic, score, additive.params.to_list(), BOOKS))

# %% [markdown]
# ## Least squares by hand
#
# No magic is needed for these weights. Put one column per weight side by side; that is the **design
# matrix** $X$. The residual $y - Xw$ has to be orthogonal to every column, or else some weight
# could still improve: $X^\top (y - Xw) = 0$. That is a small linear system, the **normal
# equations**.


# %%
def least_squares(design, y):
    """Weights (k,) that make y − design @ w orthogonal to all k columns."""
    return np.linalg.solve(design.T @ design, design.T @ y)


def predict(w, x_a, x_b):
    """The lesson's equation; without w3 the model is additive."""
    w0, w1, w2, w3 = w
    return w0 + w1 * x_a + w2 * x_b + w3 * (x_a * x_b)


by_hand = least_squares(np.column_stack([np.ones(len(score)), smiling, critic]), score)

# %% folded=true
# Claims, checked.
gap = np.abs(by_hand - additive.params.to_numpy()).max()
claim("Largest difference to statsmodels: {value:.1e}", gap, below=1e-8)
gap = np.abs(predict((*by_hand, 0), smiling, critic) - additive.fittedvalues.to_numpy()).max()
claim("Largest difference of the predictions: {value:.1e}", gap, below=1e-8)

# %% [markdown]
# ### Exercise 1 · The design matrix
#
# The full model, $y = w_0 + w_1 x_A + w_2 x_B + w_3 (x_A \times x_B) + \epsilon$, has four weights.
# Write the matrix that belongs to it: one row per sample, columns in the order of the weights. The
# arguments are numpy vectors of length $n$.
#
# `exercises.design_matrix.hint()` helps one step at a time.


# %% nbgrader={"grade_id": "ex-01-design-matrix", "solution": true}
def design_matrix(x_a, x_b):
    """Columns for w0, w1, w2 and w3, an array (n, 4)."""
    ### BEGIN SOLUTION
    return np.column_stack([np.ones(len(x_a)), x_a, x_b, x_a * x_b])
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-01-design-matrix", "grade": true, "points": 1}
exercises.design_matrix.check(design_matrix)
### BEGIN HIDDEN TESTS
exercises.design_matrix.check(design_matrix, seed=1_0101)
### END HIDDEN TESTS

# %% [markdown]
# ## Two modalities, multiplied
#
# H2 asks whether smiling means the same thing in a critic's face. No additive model can say: it has
# one slope for everybody. The **multiplicative term** $w_3 (x_A \times x_B)$ can. Another name for
# it is **interaction**.

# %% folded=true
# The guess.
critic_guess = ChoiceGuess(
    "01-critics",
    "Compared with other readers, how steep is the line of the critics?",
    options=("flatter", "as steep", "steeper", "it falls"),
)
critic_guess

# %%
full = smf.ols("score ~ smiling * critic", reviews).fit()  # a * b stands for a + b + a:b
w0, w1, w2, w3 = full.params

# %% folded=true
# The outcome, beside your guess.
low, high = full.conf_int().loc["smiling:critic"]
steeper = "as steep" if low < 0 < high else "steeper" if w3 > 0 else "flatter"
critic_guess.reveal("it falls" if w1 + w3 < 0 else steeper)
claim("Full model: w0 = {value:.2f}", w0, equals=5.79, within=0.005)
claim("Full model: w1 = {value:.2f}", w1, equals=0.68, within=0.005)
claim("Full model: w2 = {value:.2f}", w2, equals=-2.94, within=0.005)
claim("Full model: w3 = {value:.2f}", w3, equals=1.29, within=0.005)

# %% tags=["nbval-check-output"]
fits = {"camera": camera, "additive": additive, "with interaction": full}
for name, fit in fits.items():
    print(f"{name:<17}", " ".join(f"{w:6.2f}" for w in fit.params))

# %% [markdown]
# The last line holds $w_0$ to $w_3$ of the full model, and with them both lines. Where do they
# meet?

# %% folded=true
# The guess.
crossing_guess = NumberGuess(
    "01-crossing",
    "At how much smiling does the line of the critics cross that of the others?",
    low=0.0,
    high=6.0,
    step=0.1,
    unit="tens of percentage points",
)
crossing_guess

# %%
crossing = -w2 / w3

# %% folded=true
# The figure.
crossing_guess.reveal(crossing, within=0.2)
figure, (ax,) = new_figure()
ax.set_title("With the interaction: two slopes")
show(figure, two_groups(ax, smiling, critic, score, full.params.to_list(), BOOKS))

# %% [markdown]
# The third table, and the one with the surprise. Smiling's weight has nearly halved and the
# critics' has grown by three quarters, though not one review has changed. Nothing is wrong. The
# weights now answer other questions:
#
# | weight | in the additive model | with the interaction |
# |---|---|---|
# | $w_1$ | slope of smiling, for everybody | slope of smiling **where critic = 0** |
# | $w_2$ | critics against others, at any smiling | critics against others **where smiling = 0** |
# | $w_3$ | | how much steeper the critics' line is |
#
# Collect what is multiplied by $x_A$, and then what is multiplied by $x_B$:
#
# $$y = w_0 + (w_1 + w_3 x_B)\,x_A + w_2 x_B + \epsilon
#     = w_0 + w_1 x_A + (w_2 + w_3 x_A)\,x_B + \epsilon$$
#
# Read from the left, a critic's smile counts $w_1 + w_3$. Read from the right, being a critic is
# worth $w_2 + w_3 x_A$: a large minus for a straight face, less with every smile, and a plus in the
# end.

# %% folded=true
# Claims, checked.
claim("Slope of smiling for others: {value:.2f}", w1, equals=0.68, within=0.005)
claim("Slope of smiling for critics: {value:.2f}", w1 + w3, equals=0.68 + 1.29, within=0.01)
claim("The lines cross at smiling = {value:.2f}", crossing, between=(2.1, 2.5))
beyond = np.mean(smiling > crossing)
claim("Share of the readers who smile more than that: {value:.1%}", beyond, below=0.05)
print(
    f"Critics against others with no smile: {w2:+.2f}; at the mean smile: "
    f"{w2 + w3 * smiling.mean():+.2f}; at the largest: {w2 + w3 * smiling.max():+.2f}."
)

# %% [markdown]
# Two lines with so different slopes ought to cross in the middle of the picture, one thinks. They
# cross where $w_2 + w_3 x_A = 0$, and only a handful of readers smile more than that. So do not
# make too much of the critics' *plus*; it lives at the edge of the data. The critics' *minus* at
# smiling = 0 is at the other edge. What the reviews support well is the middle, where most readers
# are.
#
# And $w_1$ of the additive model? It is no effect that any reader has. It is an average of the two
# slopes, each weighed with its group's sum of squares, that is with how many they are and how much
# their smiling varies:

# %%
groups = [smiling[critic == k] for k in (0, 1)]
spread = np.array([((x - x.mean()) ** 2).sum() for x in groups])
shares = spread / spread.sum()
average = shares @ [w1, w1 + w3]

# %% folded=true
# Claims, checked.
print(f"{shares[0]:.3f} × {w1:.2f} + {shares[1]:.3f} × {w1 + w3:.2f} = {average:.2f}")
claim(
    "Distance to the additive model's w1: {value:.1e}",
    abs(average - additive.params["smiling"]),
    below=1e-8,
)

# %% [markdown]
# ### Exercise 2 · The slope for somebody
#
# `weights` holds $w_0, w_1, w_2, w_3$ in this order. Return how much $y$ changes per unit of $x_A$
# for a given value of $x_B$. The value need not be 0 or 1: think of half a critic.


# %% nbgrader={"grade_id": "ex-01-slope-for", "solution": true}
def slope_for(weights, x_b):
    """Slope of y along x_A where x_B has this value, one number."""
    ### BEGIN SOLUTION
    return weights[1] + weights[3] * x_b
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-01-slope-for", "grade": true, "points": 1}
exercises.slope_for.check(slope_for)
### BEGIN HIDDEN TESTS
exercises.slope_for.check(slope_for, seed=1_0102)
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 3 · Move the zero
#
# $w_0$ and $w_2$ speak of a reader who never smiles, and there is hardly one. **Centring** helps:
# replace $x_A$ by $x_A$ minus its mean. The predictions stay the same, two of the weights do not.
# Given the old weights and the mean, return the new $w_0$ and the new $w_2$. No data needed, only
# algebra.


# %% nbgrader={"grade_id": "ex-01-centred-effects", "solution": true}
def centred_effects(weights, mean_a):
    """The new w0 and the new w2, in this order."""
    ### BEGIN SOLUTION
    w0, w1, w2, w3 = weights
    return w0 + w1 * mean_a, w2 + w3 * mean_a
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-01-centred-effects", "grade": true, "points": 2}
exercises.centred_effects.check(centred_effects)
### BEGIN HIDDEN TESTS
exercises.centred_effects.check(centred_effects, seed=1_0103)
### END HIDDEN TESTS

# %% [markdown]
# ## What the residuals know
#
# Suppose nobody had told you of an interaction. Would the additive model show that something is
# missing? Look at what it leaves over: first over everybody, then group by group.

# %% folded=true
# The figure: what both models leave over, by group and without groups.
figure, axes = new_figure(11.4, 3.8, columns=3)
rest = additive.resid.to_numpy()
alts = [f"additive, everybody: {spread_of_residuals(axes[0], smiling, rest, BOOKS)}"]
axes[0].set_title("additive, everybody")
for ax, model, title in zip(
    axes[1:], (additive, full), ("additive", "with interaction"), strict=True
):
    alts.append(f"{title}: {residuals(ax, smiling, critic, model.resid.to_numpy(), BOOKS)}")
    ax.set_title(f"{title}, by group")
show(figure, " ".join(alts))


# %% folded=true
# Claims, checked.
def width_test(rest):
    """p-value of Breusch and Pagan's test: do residuals widen with the distance from the mean?"""
    far = np.abs(smiling - smiling.mean())
    return het_breuschpagan(rest, sm.add_constant(far))[1]


claim("Additive, everybody: p of equal width {value:.3f}", width_test(additive.resid), below=0.05)
claim("With the interaction: p of equal width {value:.2f}", width_test(full.resid), above=0.05)
for group, name in enumerate(BOOKS.groups):
    r = np.corrcoef(smiling[critic == group], rest[critic == group])[0, 1]
    sign = 1 if group else -1
    claim(f"Additive residuals of {name}: {sign:+d} × r = {{value:.2f}}", sign * r, above=0.2)
    r = np.corrcoef(smiling[critic == group], full.resid[critic == group])[0, 1]
    claim(f"With the interaction, {name}: |r| = {{value:.1e}}", abs(r), below=1e-8)
for name, model in {"camera": camera, "additive": additive, "full": full}.items():
    print(f"R² {model.rsquared:.3f}  {name}")

# %% [markdown]
# By group the residuals of the additive model fall for one and rise for the other. Over everybody
# the two slopes cancel: the mean stays near zero. What is left is a *width* that is smallest in the
# middle and grows to both ends; a test notices it, the eye hardly does, and it does not say who is
# different from whom. With the interaction both signs are gone. That is worth remembering for
# networks: where inputs are uncorrelated, as here, the mean of what is left over, seen along one
# modality, does not show an interaction. (**R²** is one minus the variance of the residuals over
# that of the answers: 1 where nothing is left over, 0 where the model is no better than the mean.)
#
# ### The answer to H1 and H2
#
# An estimate without its uncertainty is half an answer. Here are the 95 % intervals of the two
# slopes and of their difference. The critics' slope is a sum of two weights; its interval comes
# from a test of that sum, not from adding the ends of two intervals.


# %% folded=true
# The figure.
def slopes_with_intervals(model, x_a, x_b, groups):
    """The slope in both groups and their difference, each with its 95 % interval."""
    tests = {groups[0]: x_a, groups[1]: f"{x_a} + {x_a}:{x_b}", "difference": f"{x_a}:{x_b}"}
    intervals = {}
    for name, combination in tests.items():
        test = model.t_test(f"{combination} = 0")
        intervals[name] = Interval(float(test.effect[0]), *map(float, test.conf_int()[0]))
    return intervals


slopes = slopes_with_intervals(full, "smiling", "critic", BOOKS.groups)
figure, (ax,) = new_figure(7.2, 2.4)
ax.set_title("The slope of smiling, with 95 % intervals")
show(figure, slope_intervals(ax, slopes, "slope of the score on smiling"))

# %% folded=true
# Claims, checked.
claim("H1, lower end of the slope for others: {value:.2f}", slopes["others"].low, above=0)
claim("H1, lower end of the slope for critics: {value:.2f}", slopes["critics"].low, above=0)
claim("H2, lower end of the difference: {value:.2f}", slopes["difference"].low, above=0)
f_value, p_value, _ = full.compare_f_test(additive)
claim(f"H2, F = {f_value:.0f} against the additive model, p = {{value:.1e}}", p_value, below=0.05)

# %% [markdown]
# H1: yes, in both groups. H2: yes, a critic's smile says more. Profession **multiplies** what the
# camera sees; it does not only add to it.
#
# ## Turn the knobs
#
# The explorer makes new reviews from the weights you set, and fits both models to them. Solid lines
# may differ in slope, dashed ones may not. The short code under the knobs brings a setting back,
# here or on somebody else's machine.

# %%
EXPLORERS["lines"]()

# %% [markdown]
# ### Exercise 4 · Estimate the interaction
#
# From three vectors of length $n$, return the least-squares estimate of $w_3$, one number. You have
# everything: the design matrix and the normal equations. numpy, torch and statsmodels are all fine.


# %% nbgrader={"grade_id": "ex-01-interaction-weight", "solution": true}
def interaction_weight(x_a, x_b, y):
    """Estimate of w3 in y = w0 + w1 x_A + w2 x_B + w3 x_A x_B, one number."""
    ### BEGIN SOLUTION
    design = np.column_stack([np.ones(len(y)), x_a, x_b, x_a * x_b])
    weights = np.linalg.lstsq(design, y, rcond=None)[0]
    return weights[3]
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-01-interaction-weight", "grade": true, "points": 2}
exercises.interaction_weight.check(interaction_weight)
### BEGIN HIDDEN TESTS
exercises.interaction_weight.check(interaction_weight, seed=1_0104)
### END HIDDEN TESTS

# %% [markdown]
# ## The same on real people
#
# The reviews were built to make a point. Does it happen outside of textbooks? statsmodels brings a
# part of the American National Election Study of 1996: 944 voters who said, on a scale from 1
# (extremely liberal) to 7 (extremely conservative),
#
# - where they stand themselves ($x_A$, `selfLR`), and
# - where they see Bill Clinton ($y$, `ClinLR`);
#
# and whom they will vote for ($x_B$, `vote`: 0 Clinton, 1 Dole). Clinton is one man with one
# programme. If people only reported what they see, their own place should not matter.

# %%
columns = ["ClinLR", "DoleLR", "selfLR", "vote", "TVnews", "age"]
study = sm.datasets.anes96.load_pandas().data[columns]

# %% folded=true
# The guess.
SLOPES = ("clearly negative", "no clear slope", "clearly positive")
alone_guess = ChoiceGuess(
    "01-alone",
    "All voters, own place alone: the slope of Clinton's place on it is …",
    options=SLOPES,
)
alone_guess


# %%
models = {"own place": smf.ols("ClinLR ~ selfLR", study).fit()}


# %% folded=true
# The outcome, beside your guess.
def slope_in_words(model):
    """One of SLOPES, from the 95 % interval of the slope along the own place."""
    low, high = model.conf_int().loc["selfLR"]
    return SLOPES[0] if high < 0 else SLOPES[2] if low > 0 else SLOPES[1]


alone_guess.reveal(slope_in_words(models["own place"]))

# %% [markdown]
# The further to the right people stand, the further to the left they see Clinton. Now add the vote,
# additively, as we added the profession.

# %% folded=true
# The guess.
added_guess = ChoiceGuess(
    "01-added",
    "With the vote in the additive model: the slope on the own place is …",
    options=SLOPES,
)
added_guess

# %%
models["additive"] = smf.ols("ClinLR ~ selfLR + vote", study).fit()
added_guess.reveal(slope_in_words(models["additive"]))

# %% [markdown]
# Most people expect the slope to stay, as smiling's did, or to shrink. It turns round. And one
# slope for everybody may still hide two:

# %% folded=true
# The guess.
vote_guess = ChoiceGuess(
    "01-voters",
    "A voter stands one step further to the right. Where does this voter see Clinton?",
    options=(
        "further right, whoever they vote for",
        "further left, whoever they vote for",
        "Clinton voters further right, Dole voters further left",
        "Clinton voters further left, Dole voters further right",
    ),
)
vote_guess

# %%
models["with interaction"] = smf.ols("ClinLR ~ selfLR * vote", study).fit()

# %% folded=true
# The outcome, beside your guess.
VOTERS = Names(
    "own place (1 left – 7 right)",
    "Clinton's place (1 left – 7 right)",
    ("Clinton voters", "Dole voters"),
)
voters = slopes_with_intervals(models["with interaction"], "selfLR", "vote", VOTERS.groups)
signs = (voters["Clinton voters"].estimate > 0, voters["Dole voters"].estimate > 0)
by_signs = [(True, True), (False, False), (True, False), (False, True)]
answers = dict(zip(by_signs, vote_guess.options, strict=True))
vote_guess.reveal(answers[signs])

# %% folded=true
# The figure.
x_a, x_b, y = (study[name].to_numpy() for name in ("selfLR", "vote", "ClinLR"))
figure, (ax,) = new_figure()
ax.set_title("Where voters see Clinton, by their own place")
show(figure, two_groups(ax, x_a, x_b, y, models["with interaction"].params.to_list(), VOTERS, 0.3))

# %% folded=true
# Claims, checked.
slope_of = {name: model.params["selfLR"] for name, model in models.items()}
interval_of = {name: model.conf_int().loc["selfLR"] for name, model in models.items()}
claim("Own place alone: slope {value:+.2f}", slope_of["own place"], below=0)
claim("  upper end of its 95 % interval {value:+.2f}", interval_of["own place"][1], below=0)
claim("Additive: slope {value:+.2f}", slope_of["additive"], above=0)
claim("  lower end of its 95 % interval {value:+.2f}", interval_of["additive"][0], above=0)
claim("Clinton voters: lower end {value:+.2f}", voters["Clinton voters"].low, above=0)
claim("Dole voters: upper end {value:+.2f}", voters["Dole voters"].high, below=0)
claim("Own place and vote go together: r = {value:.2f}", np.corrcoef(x_a, x_b)[0, 1], above=0.5)
print("R²: " + ", ".join(f"{name} {model.rsquared:.3f}" for name, model in models.items()))

# %% [markdown]
# Three models, and the slope changes its sign twice, each time with an interval that excludes zero.
# Alone it is negative. With the vote added it is positive. With the interaction it is positive for
# Clinton's voters and negative for Dole's. People pull the man they vote for towards themselves,
# and push the other one away.
#
# The second flip is the interaction, and it is the one that an additive model **cannot** find,
# however many samples it gets. The first comes from inputs that go together (**collinearity**),
# unlike smiling and profession: each stands in for the other when it is alone. What that *means* is
# not in the table. It hangs on a diagram that you have to bring:
#
# | diagram | the vote is a … | then |
# |---|---|---|
# | place ← vote → view of Clinton | **confounder**: a cause of both | add the vote |
# | place → vote → view of Clinton | **mediator** of place | adding it takes a part away |
# | place → vote ← view of Clinton | **collider** | adding it makes up a slope that is not there |
#
# One and the same fit belongs to all three.
#
# Two checks before we believe it. The answers are whole numbers from 1 to 7, so the residuals
# cannot be equally wide everywhere; intervals that do not assume so (HC3) should agree. And Dole
# should show the mirror image.

# %% folded=true
# Claims, checked.
robust = smf.ols("ClinLR ~ selfLR * vote", study).fit(cov_type="HC3")
dole = smf.ols("DoleLR ~ selfLR * vote", study).fit()
claim("HC3, upper end of w3 {value:+.2f}", robust.conf_int().loc["selfLR:vote"][1], below=0)
claim("Dole, lower end of w3 {value:+.2f}", dole.conf_int().loc["selfLR:vote"][0], above=0)

# %% [markdown]
# The signs hold. Still, nobody drew lots for the vote: this describes voters and does not show what
# *makes* them see Clinton where they see him.

# %% [markdown]
# ### And where it is not there
#
# Interactions are not everywhere. In the same study older people watch more news on television. Is
# that different for Dole's voters?

# %% folded=true
# The guess.
news_guess = ChoiceGuess(
    "01-news",
    "Against Clinton's voters, how does news rise with age among Dole's?",
    options=("clearly less", "no clear difference", "clearly more"),
)
news_guess

# %% folded=true
# The figure.
news = smf.ols("TVnews ~ age * vote", study).fit()
news_slopes = slopes_with_intervals(news, "age", "vote", VOTERS.groups)
by_vote = news_slopes["difference"]
outcomes = (by_vote.high < 0, by_vote.low < 0 < by_vote.high, by_vote.low > 0)
news_guess.reveal(news_guess.options[outcomes.index(True)])
figure, (ax,) = new_figure(7.2, 2.4)
ax.set_title("Age and television news, with 95 % intervals")
show(figure, slope_intervals(ax, news_slopes, "days of TV news a week, per year of age"))

# %% folded=true
# Claims, checked.
claim("Lower end of the difference {value:+.3f}", news_slopes["difference"].low, below=0)
claim("Upper end of the difference {value:+.3f}", news_slopes["difference"].high, above=0)
claim("The interaction's p-value {value:.2f}", news.pvalues["age:vote"], above=0.05)
half = (news_slopes["difference"].high - news_slopes["difference"].low) / 2
share = half / news_slopes["Clinton voters"].estimate
claim("Half the interval, as a share of the slope: {value:.2f}", share, below=0.5)

# %% [markdown]
# No sign of an interaction, and the interval is narrow against the slope itself: a large one is
# ruled out, a small one is not. Here the additive model is enough. More machinery would have bought
# nothing but variance. Which of the two cases you are in, you have to **test**; the data will not
# tell by themselves.
#
# ### Exercise 5 · Is it needed?
#
# Write the decision as a function: given a table as three vectors, return True if the test of the
# interaction term rejects $w_3 = 0$ at level 0.05 (two-sided t-test, or the F-test of the full
# against the additive model, which is the same here), else False. The tables you will get differ in
# size, units and main effects.


# %% nbgrader={"grade_id": "ex-01-needs-interaction", "solution": true}
def needs_interaction(x_a, x_b, y):
    """True when w3 = 0 is rejected at level 0.05, else False."""
    ### BEGIN SOLUTION
    design = np.column_stack([np.ones(len(y)), x_a, x_b, x_a * x_b])
    return sm.OLS(y, design).fit().pvalues[3] < 0.05
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-01-needs-interaction", "grade": true, "points": 3}
exercises.needs_interaction.check(needs_interaction)
### BEGIN HIDDEN TESTS
exercises.needs_interaction.check(needs_interaction, seed=1_0105)
### END HIDDEN TESTS

# %% [markdown]
# ## Where this leads
#
# Replace the two numbers by two vectors, and the weights by networks. The additive terms become
# $f_A(x_A) + f_B(x_B)$: two unimodal models whose **logits** are summed. The multiplicative term
# becomes anything that lets one modality change what the other one means: products, gates,
# attention. The next lessons go through these operators, and then ask the question of H2 about a
# trained network: did it use the interaction that it could have used?
#
# One picture goes with you. Here are the two lines of the full model, seen from above: the score
# (minus its mean) for every smile from none to thirty percentage points, downwards, and every share
# of a critic from 0 to 1. In the middle the sum that comes nearest, on the right what no sum can
# say.

# %% folded=true
# The figure: the two lines from above, their additive part, and what is left.
smiles, shares_of_critic = np.linspace(0, 3, 41), np.linspace(0, 1, 41)
above = predict((w0, w1, w2, w3), smiles[:, None], shares_of_critic[None])
figure, axes = new_figure(10.6, 3.8, columns=3)
names = ("smiling", "critic")
alt = additive_parts(figure, axes, above - above.mean(), names, "score", "from low to high")
figure.suptitle("Two lines, seen from above", x=0.01, ha="left", weight="bold")
show(figure, alt)

# %% [markdown]
# The bands in the middle say what each input says alone. The four corners on the right are the
# interaction: a saddle, as high as $w_3$ makes it.
#
# ## Words
#
# - **intercept**: the prediction where all inputs are zero.
# - **slope**: how much the prediction changes per unit of one input.
# - **residual**: what a model leaves over, the answer minus the prediction.
# - **R²**: one minus the variance of the residuals over that of the answers; 1 is a perfect fit.
# - **additive terms**: the parts of a model in which each modality contributes by itself.
# - **interaction**: what one modality contributes depends on the other.
# - **multiplicative term**: a product of two modalities, the simplest interaction.
# - **design matrix**: one row per sample, one column per weight.
# - **centring**: moving the zero of an input to its mean.
# - **collinearity**: two inputs go together, so that one alone speaks for both.
# - **confounder**: a common cause of an input and the answer; to be added to the model.
# - **mediator**: what an input acts through; adding it takes a part of the effect away.
# - **collider**: what two quantities both act on; adding it ties them together.
#
# All words of the course stand in the [glossary](glossary.ipynb).
#
# ## Checkpoint
#
# This writes the circumstances and the main figures of your run to `record.jsonl`, to compare or to
# hand in.

# %% folded=true
# The checkpoint: what your run gave.
record.checkpoint(
    "01",
    {
        "reviews, slope of others": slopes["others"].estimate,
        "reviews, slope of critics": slopes["critics"].estimate,
        "voters, interaction": voters["difference"].estimate,
        "TV news, interaction": news_slopes["difference"].estimate,
    },
    data,
)
