# %% [markdown]
# # 13 · Fairness
#
# **After this lesson you can**
#
# - audit a data set before anything is trained, and say what the audit cannot see,
# - give rates by group with their numbers and intervals, and leave undefined what is undefined,
# - say of each metric what it cannot say,
# - weigh, sample and reverse gradients against a dependence, each beside a control,
# - judge a cure by readers that it has not met.
#
# **Time** about 58 minutes to read and do, 3 more for what is marked *Further*; the computing
# takes 20 to 60 seconds.
#
# **Needed before** lesson 05 (probes, intervals, paired differences); starvation (05) and balanced
# training (07) for comparison.
#
# **Sources** Barocas, Hardt and Narayanan, *Fairness and Machine Learning*
# ([2023](https://fairmlbook.org)); Hardt, Price and Srebro, *Equality of Opportunity in Supervised
# Learning* ([2016](https://arxiv.org/abs/1610.02413)); Kamiran and Calders, *Data Preprocessing
# Techniques for Classification without Discrimination*
# ([2012](https://doi.org/10.1007/s10115-011-0463-8)); Ganin and colleagues, *Domain-Adversarial
# Training* ([2016](https://arxiv.org/abs/1505.07818)); Elazar and Goldberg, *Adversarial Removal of
# Demographic Attributes* ([2018](https://arxiv.org/abs/1808.06640)); Paul Liang, *How to AI
# (Almost) Anything*.

# %% folded=true
# Imports and settings.
import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from coursekit.analysis.group_calibration import group_calibration
from coursekit.analysis.group_intervals import bootstrap_difference, bootstrap_rates
from coursekit.analysis.group_metrics import (
    demographic_parity_difference,
    equal_opportunity_difference,
    equalized_odds_difference,
)
from coursekit.analysis.group_rates import group_rates, intersections
from coursekit.analysis.intervals import interval
from coursekit.course import record
from coursekit.course.claims import claim
from coursekit.course.plots import new_figure, show
from coursekit.course.widgets import EXPLORERS, ChoiceGuess, NumberGuess
from coursekit.data.emoji_people import open_emoji_people
from coursekit.data.files import open_checked
from coursekit.data.german_credit import credit_features, open_german_credit
from coursekit.data.reweighing import reweighing_weights
from coursekit.lessons.l13_fairness import exercises
from coursekit.lessons.l13_fairness.drawing_audit import gender_probe, nearer_to_man
from coursekit.lessons.l13_fairness.plots import calibration_by_group, in_rows, people
from coursekit.lessons.l13_fairness.role_data import CLEAN, NOISY, role_data
from coursekit.lessons.l13_fairness.role_figures import figures
from coursekit.lessons.l13_fairness.role_training import Cure, train
from coursekit.training.adversarial_projection import project_away
from coursekit.training.gradient_reversal import reverse_gradient

torch.set_num_threads(1)  # these networks are too small to be shared between cores
SEEDS = range(100, 108)  # on which nothing was chosen

# %% [markdown]
# ## A laboratory with known truth
#
# Emoji show 65 roles, each as a man, a woman and a person, in six skin tones, by two artists. Every
# combination is there, so we can draw a training set with any dependence we like and know it. With
# photographs of people nobody knows it.

# %% folded=true
# The figure: five roles by both artists.
drawn = open_emoji_people()
figure, axes = new_figure(9.6, 3.4, columns=2)
roles = ("artist", "firefighter", "judge", "surfing", "vampire")
parts = [people(ax, drawn, a, roles) for ax, a in zip(axes, drawn.pictures, strict=True)]
show(figure, " ".join(parts))

# %% [markdown]
# These are drawings. What a network does with them says something about networks and data, and
# **nothing about people**. What changes with real people stands at the end.
#
# ## Audit, before anything is trained
#
# An **audit** asks the data. Three questions cost seconds.
#
# **Who is in it, and as what?** Count pairs. Here is the training set of this lesson for six of its
# roles: half of the roles show a man in 90 % of their pictures, the other half a woman.

# %% folded=true
# The table: pictures by role and gender; test pictures have both equally often.
noisy = role_data(NOISY, SEEDS)
shown = pd.DataFrame({"role": noisy.train.roles[0], "gender": noisy.train.genders[0]})
counts = pd.crosstab(shown["gender"].map({0: "man", 1: "woman"}), shown["role"]).iloc[:, :6]
claim("Rare gender, fewest pictures of a role: {value:.0f}", counts.min().min(), equals=2, within=0)
counts

# %% [markdown]
# **Do the words name the attribute?** A word list finds those that say so.

# %%
GENDERED = {"man", "men", "boy", "he", "male", "woman", "women", "girl", "she", "female"}


def says_gender(text):
    """Whether a text has a word of the list."""
    return bool(GENDERED & set(text.lower().replace(":", " ").split()))


# %% folded=true
# The table: names of emoji of people that the list flags, and some that it misses.
every_name = pd.read_csv(open_checked("emoji.csv"), dtype=str, keep_default_na=False)
of_people = every_name.loc[every_name["group"] == "People & Body", "en_name"].tolist()
flags = [says_gender(name) for name in of_people]
missed = ["princess", "prince", "mermaid", "merman", "Mrs. Claus", "Santa Claus"]
claim("Share of names flagged: {value:.2f}", np.mean(flags), between=(0.45, 0.6))
not_found = [name for name in missed if name in of_people and not says_gender(name)]
claim("Of six names that say it otherwise, the list misses {value:.0f}", len(not_found), equals=6,
      within=0)  # fmt: skip
some = [name for name, flag in zip(of_people, flags, strict=True) if flag][::40]
pd.DataFrame({"flagged": some[:5], "missed": missed[:5]})

# %% [markdown]
# A list flags what stands on it. It is shown so that others can say what is missing.
#
# **Do the pictures?** A linear probe is fitted on some roles and asked about others, so that it has
# to know genders and not roles. And there is a question that only these data can answer: the
# *person* should be neither. Is it nearer to the man or to the woman of the same role and tone?

# %% folded=true
# The guess.
person_guess = ChoiceGuess(
    "13-person",
    "Whom is the neutral person drawn like?",
    options=(
        "the man, by both artists",
        "the man, by one of them",
        "the woman, by one of them",
        "neither, by both",
    ),
)
person_guess

# %% folded=true
# The figure: share of the tones in which the person is nearer to the man, over roles; the probe.
nearer = {artist: interval(nearer_to_man(drawn, artist)) for artist in drawn.pictures}
read = gender_probe(drawn)
person_guess.reveal("the man, by one of them")
figure, axes = new_figure(9.6, 2.5, columns=2)
label = "share nearer to the man, 95 % interval over roles"
first = in_rows(axes[0], {"person": nearer}, label, 0.5)
axes[0].set_title("Whom is the person like?")
accuracies = {
    f"{fitted} → {other}": interval(rows["accuracy"])
    for (fitted, other), rows in read.groupby(["fitted on", "read"], sort=False)
}
second = in_rows(axes[1], {"probe": accuracies}, "accuracy on other roles (line: a coin)", 0.5)
axes[1].set_title("Man or woman? fitted on → read")
for ax in axes:
    ax.set_xlim(0.4, 1)
show(figure, f"Person. {first} Probe. {second}")
claim("Twemoji, the interval begins at {value:.2f}", nearer["twemoji"].low, above=0.7)
claim("Google, the interval holds one half: it begins at {value:.2f}", nearer["google"].low,
      below=0.5)  # fmt: skip
claim("… and ends at {value:.2f}", nearer["google"].high, above=0.5)
claim("Weakest probe across artists: {value:.2f}", min(i.mean for i in accuracies.values()),
      above=0.55)  # fmt: skip

# %% [markdown]
# One artist draws the default person as a man; of the other this cannot be said. "Neutral" is a
# claim like any other, and here it was one line to test. The probe reads the gender from roles that
# it has not seen, and from the other artist less well. (An interval over 65 roles, as on the left,
# says how much depends on the choice of roles, not how many people would see it so; those on the
# right are over draws of roles that overlap.)
#
# ## Rates by group
#
# A yes-or-no prediction gives each group a few rates. The **selection rate** is the share predicted
# 1. The **true-positive rate** is the same among those labelled 1, the **false-positive rate**
# among those labelled 0. First without any model: 4526 applications to the six largest departments
# of Berkeley in 1973, as R's documentation has them (`UCBAdmissions`, after Bickel, Hammel and
# O'Connell, [1975](https://doi.org/10.1126/science.187.4175.398)).

# %%
# Department → men admitted, men rejected, women admitted, women rejected.
BERKELEY = {
    "A": (512, 313, 89, 19),
    "B": (353, 207, 17, 8),
    "C": (120, 205, 202, 391),
    "D": (138, 279, 131, 244),
    "E": (53, 138, 94, 299),
    "F": (22, 351, 24, 317),
}
admissions = pd.DataFrame(BERKELEY, index=["men in", "men out", "women in", "women out"]).T
total = admissions.sum()
print(f"men {total['men in'] / (total['men in'] + total['men out']):.3f}")
print(f"women {total['women in'] / (total['women in'] + total['women out']):.3f}")

# %% folded=true
# The guess.
berkeley_guess = NumberGuess(
    "13-berkeley",
    "In how many of the six departments were women admitted at a lower rate than men?",
    low=0,
    high=6,
    step=1,
)
berkeley_guess

# %% folded=true
# The table: rates by department, and what each sex would have got with everybody's applications.
by_department = pd.DataFrame({
    sex: admissions[f"{sex} in"] / (admissions[f"{sex} in"] + admissions[f"{sex} out"])
    for sex in ("men", "women")
})  # fmt: skip
by_department["women − men"] = by_department["women"] - by_department["men"]
by_department["share of women's applications"] = (
    admissions["women in"] + admissions["women out"]
) / (total["women in"] + total["women out"])
lower = int((by_department["women − men"] < 0).sum())
berkeley_guess.reveal(lower, within=0)
overall = total["women in"] / (total["women in"] + total["women out"]) - total["men in"] / (
    total["men in"] + total["men out"]
)
everybody = admissions.sum(axis=1) / admissions.to_numpy().sum()
adjusted = float((by_department["women − men"] * everybody).sum())
claim("Women − men, all together: {value:.3f}", overall, below=-0.1)
claim("Departments where women are behind: {value:.0f}", lower, equals=2, within=0)
claim("Women − men, departments weighed by all applications: {value:+.3f}", adjusted, above=0.02)
by_department.round(3)

# %% [markdown]
# All together women are far behind; department by department they are ahead in four of six, and
# with departments weighed by all applications they are ahead on the whole. They applied where fewer
# got in. **Simpson's paradox**: a difference turns round when the rows are split. Neither table is
# the fair one. Whether a department is a reason or itself a result (who was encouraged to apply
# where?) no rate can tell.
#
# ### Exercise 1 · Of how many?
#
# A rate without its number is half a rate. For each group in `names`, in this order, return how
# many positives it has and its true-positive rate. A group without positives has *no* rate: say −1.


# %% nbgrader={"grade_id": "ex-13-rates", "solution": true}
def hit_rates(labels, predictions, groups, names):
    """Positives and true-positive rate of each name, (G, 2)."""
    ### BEGIN SOLUTION
    rows = []
    for name in names:
        positives = (groups == name) & (labels == 1)
        n = positives.sum()
        rows.append((n, predictions[positives].mean() if n else -1))
    return np.array(rows)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-13-rates", "grade": true, "points": 1}
exercises.hit_rates.check(hit_rates)
### BEGIN HIDDEN TESTS
exercises.hit_rates.check(hit_rates, seed=13_0101)
### END HIDDEN TESTS

# %% [markdown]
# ## Metrics, and what each cannot say
#
# - **Demographic parity**: all groups have one selection rate.
# - **Equal opportunity**: one true-positive rate.
# - **Equalised odds**: one true- and one false-positive rate. The difference is the larger of both.
#
# German credit: a thousand credits, good or bad (Hofmann, UCI,
# [1994](https://doi.org/10.24432/C5NC77)). A plain logistic regression predicts *good* and reads
# neither age nor sex. Each row is predicted by a model that was not fitted on it.

# %%
credit = open_german_credit()
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
probabilities = cross_val_predict(
    model, credit_features(credit), credit["good"], cv=10, method="predict_proba"
)[:, 1]
granted = (probabilities > 0.5).astype(int)
good, young = credit["good"].to_numpy(), credit["age_group"].to_numpy()
group_rates(good, granted, young).round(3)

# %% folded=true
# Claims, checked: differences between up to 25 years and older, with bootstrap intervals.
selected = bootstrap_difference(good, granted, young, "selection_rate")
hits = bootstrap_difference(good, granted, young, "true_positive_rate")
for name, one in (("Selection rate", selected), ("True-positive rate", hits)):
    print(f"{name}: difference {one['value']:.3f} [{one['low']:.3f}, {one['high']:.3f}], "
          f"by chance {one['by_chance']:.3f}")  # fmt: skip
claim("Difference of selection rates, begins at {value:.3f}", selected["low"], above=0.03)
claim("Difference of true-positive rates, begins at {value:.3f}", hits["low"], above=0.02)

# %% [markdown]
# The model never saw anybody's age, and the young who would have paid back are refused more often.
# Leaving a column out makes nobody blind: others go with it. (*By chance*: by how much groups of
# these sizes differ on average if both have one rate.)
#
# Why not by sex, as most papers do with these data? `sex` is derived from a code for the personal
# status, by the list that was published with them. Ulrike Grömping compared that list with German
# sources ([2019](https://archive.ics.uci.edu/dataset/522/south+german+credit)): the code read as
# "female" (310 rows) holds single *men* too, and the one read as "male, married" (92 rows) holds
# single women. Years of results stand on a sex that these data do not hold.
#
# ### Exercise 2 · Equalised odds
#
# Return the difference: the larger of how far true-positive and how far false-positive rates lie
# apart, over all groups there are; −1 where a group has no positives or no negatives.


# %% nbgrader={"grade_id": "ex-13-odds", "solution": true}
def odds_difference(labels, predictions, groups):
    """A number in [0, 1], or −1."""
    ### BEGIN SOLUTION
    worst = 0.0
    for label in (0, 1):
        rates = []
        for group in np.unique(groups):
            cases = (groups == group) & (labels == label)
            if not cases.any():
                return -1.0
            rates.append(predictions[cases].mean())
        worst = max(worst, max(rates) - min(rates))
    return worst
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-13-odds", "grade": true, "points": 2}
exercises.odds_difference.check(odds_difference)
### BEGIN HIDDEN TESTS
exercises.odds_difference.check(odds_difference, seed=13_0102)
### END HIDDEN TESTS

# %% folded=true
# The guess.
perfect_guess = ChoiceGuess(
    "13-perfect",
    "A perfect prediction says exactly what came. Which metrics does it violate here?",
    options=("none", "demographic parity", "equal opportunity and equalised odds", "all"),
)
perfect_guess

# %% folded=true
# The table: four predictions, three metrics.
perfect_guess.reveal("demographic parity")
PREDICTIONS = {
    "the model": granted,
    "perfect": good,
    "credit for everybody": np.ones_like(good),
    "a coin": np.random.default_rng(0).integers(0, 2, len(good)),
}
apart = pd.DataFrame({
    name: {
        "accuracy": (p == good).mean(),
        "demographic parity": demographic_parity_difference(p, young),
        "equal opportunity": equal_opportunity_difference(good, p, young),
        "equalised odds": equalized_odds_difference(good, p, young),
    }
    for name, p in PREDICTIONS.items()
}).T  # fmt: skip
claim("Perfect, parity: {value:.3f}", apart.loc["perfect", "demographic parity"], above=0.1)
claim("Perfect, odds: {value:.3f}", apart.loc["perfect", "equalised odds"], equals=0, within=1e-12)
claim("Everybody, odds: {value:.3f}", apart.loc["credit for everybody", "equalised odds"], equals=0,
      within=1e-12)  # fmt: skip
apart.round(3)

# %% [markdown]
# What each cannot say:
#
# - **Parity** blames a perfect prediction when base rates differ. All three praise credit for
#   everybody, and for nobody.
# - **Odds and opportunity** trust the label. If *good* was judged by clerks who were harder on
#   some, a model that repeats them is perfect. Nobody knows what the refused would have paid back.
# - **None** of them says who was harmed, or how much. With unequal base rates and an imperfect
#   prediction, equalised odds and calibration by group cannot both hold (Kleinberg and colleagues,
#   [2016](https://arxiv.org/abs/1609.05807); Chouldechova,
#   [2017](https://arxiv.org/abs/1610.07524)). Choosing one is not a computation.
# - **Two attributes** each fair need not be fair together, and their **intersections** get small.

# %% folded=true
# The table: age and housing together, with bootstrap intervals; age and purpose.
housing = credit["housing"].map({"A151": "rents", "A152": "owns", "A153": "for free"})
both = intersections([young, housing])
small = bootstrap_rates(good, granted, both, "true_positive_rate")
spread = bootstrap_difference(good, granted, both, "true_positive_rate")
tiny = small.loc["young|for free"]
claim("Young, for free: good payers {value:.0f}", tiny["cases"], equals=3, within=0)
claim("… rate {value:.1f}", tiny["value"], equals=0, within=1e-9)
claim("… and the interval ends at {value:.1f}", tiny["high"], equals=0, within=1e-9)
claim("Largest − smallest rate of the six: {value:.2f}", spread["value"], above=0.8)
claim("… where all six had one rate, chance alone: {value:.2f}", spread["by_chance"], above=0.15)
by_purpose = intersections([young, credit["purpose"]])
hit_by_purpose = group_rates(good, granted, by_purpose)["true_positive_rate"]
claim("Groups by age and purpose without a good payer: {value:.0f}", hit_by_purpose.isna().sum(),
      equals=1, within=0)  # fmt: skip
measured = hit_by_purpose.max() - hit_by_purpose.min()
claim("True-positive rates of the others differ by {value:.2f}", measured, below=0.8)
pretended = equal_opportunity_difference(good, granted, by_purpose, undefined=0.0)
claim("… with 0 for the one that has none: {value:.2f}", pretended, above=0.95)
small.round(3)

# %% [markdown]
# Three good payers are young and live for free; all three were refused. The bootstrap, which draws
# rows of a group anew, gives the interval [0, 0]: it cannot draw what it never saw. And the largest
# minus the smallest of six rates is large by chance alone when some groups are small. Report $n$,
# compare with chance, and leave a rate without cases **undefined**. fairlearn gives 0 there: by age
# and purpose one person, young, asked for money to retrain and did not pay back; that group has no
# good payer, and with a 0 for its rate it is the worst treated of all.
#
# ## A dependence in the training data
#
# Now a network names the role, 24 of them, 20 pictures each, 90 % of a role's pictures with its
# frequent gender. The test has unseen tones and both genders equally often. A picture is
# **typical** if its gender was the role's frequent one, else **counter**; the **typical–counter
# gap** is how much more often typical ones are named rightly. Eight seeds draw roles, pictures and
# weights anew. Pictures are numbers (edges, colours), with noise as in a bad photograph, or clean.

# %% folded=true
# The guess.
gap_guess = NumberGuess(
    "13-clean",
    "Noisy pictures give a gap of about 0.13. And 12 roles on clean ones, with the same 90 to 10?",
    low=-0.1,
    high=0.4,
    step=0.01,
)
gap_guess

# %%
plain = train(noisy)
before = figures(noisy, plain)
clean = role_data(CLEAN, SEEDS)
plain_clean = train(clean)
before_clean = figures(clean, plain_clean)

# %% folded=true
# The figure: accuracy of typical and counter pictures, noisy and clean; claims, checked.
gap_guess.reveal(float(before_clean["gap"].mean()), within=0.02)
figure, (ax,) = new_figure(7.2, 2.6)
ax.set_title("Role named rightly", pad=28)
cases = {"noisy, 24 roles": before, "clean, 12 roles": before_clean}
series = {
    column: {name: interval(table[column]) for name, table in cases.items()}
    for column in ("typical", "counter")
}
alt = in_rows(ax, series, "accuracy on the balanced test, 95 % interval over seeds")
ax.set_xlim(0.5, 1)
show(figure, alt)
gap, clean_gap = interval(before["gap"]), interval(before_clean["gap"])
print("Gap, noisy:", gap, "  clean:", clean_gap)
claim("As quoted, noisy: {value:.2f}", gap.mean, equals=0.13, within=0.04)
claim("Noisy, the interval begins at {value:.2f}", gap.low, above=0.08)
claim("Clean, the mean: {value:.3f}", clean_gap.mean, below=0.06)
more = interval(before["gap"] - before_clean["gap"])
claim("Noisy minus clean, the interval begins at {value:.3f}", more.low, above=0.04)

# %% [markdown]
# The clean pictures answer the question nearly by themselves: a network that learns from them has
# little need of what usually goes together. Where pictures are ambiguous it falls back on what it
# has counted, and for counter pictures that is wrong. So a laboratory in which all is clean reports
# next to nothing, and whoever has a bad camera pays. (Clean ones have 12 roles here; with 24 the
# explorer shows a small gap, and not none.) Lesson 05's starvation is another illness: there a
# modality is not learnt. Here all is learnt, and the wrong thing with it.
#
# A trap before we cure it. A known measure of **bias amplification** (Zhao and colleagues,
# [2017](https://arxiv.org/abs/1707.09457)) takes all pictures that are *answered* with a role, and
# asks whether the frequent gender has a larger share among them than in training, on a test whose
# genders are weighed as training's.

# %% folded=true
# Claims, checked.
amplified = interval(before["amplification"])
print("Share among the answers minus share in training:", amplified)
claim("Amplification, the interval ends at {value:.3f}", amplified.high, below=0)
stereotyped = interval(before["stereotyped"])
print("Share of answers whose frequent gender is the picture's; 0.5 would be right:", stereotyped)
claim("Stereotyped answers, the interval begins at {value:.3f}", stereotyped.low, above=0.51)

# %% [markdown]
# It is *negative* in a network with a clear gap: confusions between roles bring the other gender in
# and dilute most shares. On a balanced test the share of stereotyped answers says what happens.
#
# ## Cures
#
# **Reweighing**: give each row the weight
#
# $$w = \frac{n_\text{group}\; n_\text{label}}{n\; n_\text{group, label}}$$
#
# and group and label are independent, each as frequent as before. Sampling every cell of group and
# label equally often is the relative that also changes those frequencies. Neither can repair an
# empty cell.


# %%
def reweighed(groups, labels):
    """A weight per row."""
    n_group = (groups[:, None] == groups).sum(1)
    n_label = (labels[:, None] == labels).sum(1)
    n_both = ((groups[:, None] == groups) & (labels[:, None] == labels)).sum(1)
    return n_group * n_label / (len(labels) * n_both)


# %% folded=true
# Claims, checked.
genders, named = noisy.train.genders[0].numpy(), noisy.train.roles[0].numpy()
own = reweighed(genders, named)
off = np.abs(own - reweighing_weights(genders.tolist(), named.tolist())).max()
claim("By hand against the package: {value:.1e}", off, below=1e-8)
shares = pd.Series(own * (genders == 1)).groupby(named).sum() / pd.Series(own).groupby(named).sum()
claim("Weighed share of women, the roles differ by {value:.1e}", shares.max() - shares.min(),
      below=1e-9)  # fmt: skip

# %% [markdown]
# ### Exercise 3 · Weights
#
# The same in a form of your own, for any groups and labels.


# %% nbgrader={"grade_id": "ex-13-weights", "solution": true}
def independent_weights(groups, labels):
    """A weight per row, (N,)."""
    ### BEGIN SOLUTION
    weights = []
    for group, label in zip(groups, labels, strict=True):
        mine, same = groups == group, labels == label
        weights.append(mine.sum() * same.sum() / (len(labels) * (mine & same).sum()))
    return np.array(weights)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-13-weights", "grade": true, "points": 1}
exercises.independent_weights.check(independent_weights)
### BEGIN HIDDEN TESTS
exercises.independent_weights.check(independent_weights, seed=13_0103)
### END HIDDEN TESTS

# %% [markdown]
# **Adversarial debiasing**: a second network, the adversary, reads the gender from the features,
# and the features learn to hide it. **Gradient reversal** does both in one backward pass: a layer
# that does nothing forward and multiplies the gradient by $-\lambda$ backward. The loss is a *sum*,
# task + adversary's.


# %%
class Reverse(torch.autograd.Function):
    """Forward nothing; backward the gradient times −λ."""

    @staticmethod
    def forward(ctx, features, strength):
        ctx.strength = strength
        return features.clone()

    @staticmethod
    def backward(ctx, gradient):
        return -ctx.strength * gradient, None


# %% folded=true
# Claims, checked: gradients by features and by the adversary's own weights.
features = torch.randn(6, 4, dtype=torch.float64, requires_grad=True)
weights = torch.randn(4, dtype=torch.float64, requires_grad=True)
mine, theirs, never_reversed = (
    torch.autograd.grad((layer(features) @ weights).sigmoid().sum(), (features, weights))
    for layer in (lambda x: Reverse.apply(x, 0.7), lambda x: reverse_gradient(x, 0.7), lambda x: x)
)
off = max(float((a - b).abs().max()) for a, b in zip(mine, theirs, strict=True))
claim("By hand against the package: {value:.1e}", off, below=1e-8)
ratio = mine[0] / never_reversed[0]
claim("By features, over that without the layer: {value:.1f}", ratio.mean(), equals=-0.7,
      within=1e-9)  # fmt: skip
off = (mine[1] - never_reversed[1]).abs().max()
claim("By the adversary's weights nothing changes: {value:.1e}", off, below=1e-8)

# %% [markdown]
# ### Exercise 4 · One reversed step
#
# The smallest case: $f = w x$, the task's loss $\frac12 (f - y)^2$, the adversary's
# $\frac12 (u f - a)^2$. Return $w$ and $u$ after *one* step down with `rate`, the gradient reversed
# with `strength` between them. The mistake that was asked about in four repositories: write task −
# λ · adversary as one loss and let everything go down it. What does $u$ then learn?


# %% nbgrader={"grade_id": "ex-13-reversal", "solution": true}
def reversed_step(w, u, x, y, a, strength, rate):
    """New w and new u, (2,)."""
    ### BEGIN SOLUTION
    f = w * x
    by_feature = (f - y) - strength * (u * f - a) * u
    return np.array([w - rate * by_feature * x, u - rate * (u * f - a) * f])
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-13-reversal", "grade": true, "points": 2}
exercises.reversed_step.check(reversed_step)
### BEGIN HIDDEN TESTS
exercises.reversed_step.check(reversed_step, seed=13_0104)
### END HIDDEN TESTS

# %% [markdown]
# Now all of them, with equal steps, and beside each kind a control: the same cure for genders that
# have been *shuffled* among the rows, in which there is nothing to cure. One is trained here; the
# table was made with
#
# `python -m coursekit fairness`

# %%
weighed = figures(noisy, train(noisy, Cure(reweighing=True)))
print("Gap, reweighed minus plain:", interval(weighed["gap"] - before["gap"]))

# %% folded=true
# The figure: what each cure and each control changes, paired over seeds.
stored = pd.read_csv(open_checked("fairness.csv"))
CURES = {
    "sampling": "cells sampled equally",
    "reweighing": "reweighing",
    "adversary .3": "adversary, λ = 0.3",
    "adversary 1": "adversary, λ = 1",
    "adversary 3": "adversary, λ = 3",
    "reweighing, adversary 1": "reweighing, adversary 1",
    "projected .1": "projected form, α = 0.1",
    "projected 1": "projected form, α = 1",
    "sampling, shuffled": "control: sampling",
    "reweighing, shuffled": "control: reweighing",
    "adversary 1, shuffled": "control: adversary 1",
    "projected .1, shuffled": "control: projected form",
}


def over_seeds(read_from, cure, column):
    """One figure of the stored study, by seed."""
    chosen = stored[(stored["read"] == read_from) & (stored["cure"] == cure)]
    return chosen.set_index("seed")[column]


def change(read_from, cure, column, against="plain"):
    """Cure minus plain, interval over seeds."""
    other = over_seeds(read_from, against, column)
    return interval(over_seeds(read_from, cure, column) - other)


figure, axes = new_figure(10.4, 4.7, columns=3)
alts = []
PARTS = {"gap": "Gap", "typical": "Typical pictures", "counter": "Counter pictures"}
for ax, (column, title) in zip(axes, PARTS.items(), strict=True):
    changed = {name: change("noisy pictures", cure, column) for cure, name in CURES.items()}
    alts.append(f"{title}. " + in_rows(ax, {"change": changed}, "cure − plain, 95 % interval", 0))
    ax.set_title(title)
    ax.set_xlim(-0.15, 0.07)
    ax.tick_params(labelleft=ax is axes[0])
show(figure, " ".join(alts))

# %% folded=true
# Claims, checked.
for cure in ("sampling", "reweighing", "adversary .3", "adversary 1", "projected .1"):
    changed = change("noisy pictures", cure, "gap")
    claim(f"{cure}, gap: {{value:+.3f}}", changed.mean, below=-0.03)
    claim("… the interval ends at {value:+.3f}", changed.high, below=0)
    rest = interval(over_seeds("noisy pictures", cure, "gap"))
    claim("… and what is left begins at {value:+.3f}", rest.low, above=0.02)
for cure in ("sampling", "reweighing", "adversary 1", "projected .1"):
    control = change("noisy pictures", f"{cure}, shuffled", "gap")
    claim(f"Control of {cure}, gap: {{value:+.3f}}", control.mean, between=(-0.02, 0.03))
for cure in ("sampling", "reweighing"):
    counter = change("noisy pictures", cure, "counter")
    claim(f"{cure}, counter pictures: begins at {{value:+.3f}}", counter.low, above=0)
    price = change("noisy pictures", cure, "accuracy")
    claim("… accuracy: begins at {value:+.3f}", price.low, above=-0.02)
for cure in ("adversary .3", "adversary 1"):
    counter = change("noisy pictures", cure, "counter")
    claim(f"{cure}, counter pictures: {{value:+.3f}}", counter.mean, below=0.01)
    price = change("noisy pictures", cure, "typical")
    claim("… typical pictures: ends at {value:+.3f}", price.high, below=-0.03)
for cure, share in (("sampling", (0.2, 0.45)), ("reweighing", (0.2, 0.45)),
                    ("adversary .3", (0.35, 0.6)), ("projected .1", (0.2, 0.45))):  # fmt: skip
    taken = -change("noisy pictures", cure, "gap").mean / gap.mean
    claim(f"{cure}: share of the gap that it takes, {{value:.2f}}", taken, between=share)
for column in ("typical", "counter"):
    price = change("noisy pictures", "projected 1", column)
    claim(f"projected 1, {column} pictures: ends at {{value:+.3f}}", price.high, below=-0.02)
price = change("noisy pictures", "projected .1", "typical")
claim("projected .1, typical pictures: ends at {value:+.3f}", price.high, below=0)
idle = change("noisy pictures", "adversary 1, shuffled", "accuracy")
claim("Adversary with nothing to cure, accuracy: ends at {value:+.3f}", idle.high, below=0)
print("On a test biased as training, sampling:",
      change("noisy pictures", "sampling", "accuracy, biased test"))  # fmt: skip

# %% [markdown]
# Sampling and reweighing take about a third of the gap, mostly by naming counter pictures better,
# at no cost in accuracy on the balanced test. The adversary with λ = 0.3 takes nearly half, and
# look how: typical pictures get worse, counter ones no better. Nobody has gained. The projected
# form, whose adversary reads the answers (further down), takes a third with α = 0.1, and typical
# pictures pay for it too; with α = 1 all pictures pay. A gap by itself does not tell raising one
# group from lowering the other, so show both. None of the cures removes this gap; their controls
# hardly move it, though the adversary with λ = 1 costs accuracy even where there is nothing to
# cure. Which one is best this table does not say: intervals overlap, and no setting was searched (α
# is two of four that were looked at, on other seeds).
#
# ## The adversary has lost. Is it gone?
#
# Take the clean pictures, where reading is easiest. Who knows the role alone is right about the
# gender in nine of ten training rows. With λ = 3 the adversary ends far below that, and papers stop
# there. A **fresh probe** is a new reader that is fitted on the frozen features, on rows with both
# genders equally often, and has never met the encoder before. What it reads is **leakage**.

# %% folded=true
# The guess.
probe_guess = ChoiceGuess(
    "13-probe",
    "The adversary has lost. What does a new reader find?",
    options=(
        "nothing: a coin",
        "less than in plain training, more than a coin",
        "as much as in plain training, or more",
    ),
)
probe_guess

# %%
hidden = figures(clean, train(clean, Cure(adversary=3.0)))
pd.DataFrame(
    {"plain": before_clean[["probe"]].mean(),  # there no adversary is trained
     "adversary, λ = 3": hidden[["adversary", "probe"]].mean()}
).round(3)  # fmt: skip

# %% folded=true
# The figure: the cure's own adversary, and three new readers, by λ; claims, checked.
probe_guess.reveal("as much as in plain training, or more")
READERS = {
    "probe": "new: logistic",
    "probe, 16 hidden": "new: 16 hidden",
    "probe, 64 hidden": "new: 64 hidden",
    "adversary": "the cure's own, on training rows",
}
STEPS = {
    "plain": "no adversary",
    "adversary .3": "λ = 0.3",
    "adversary 1": "λ = 1",
    "adversary 3": "λ = 3",
}
figure, axes = new_figure(10.4, 3.6, columns=2)
alts = []
for ax, source in zip(axes, ("clean pictures", "noisy pictures"), strict=True):
    series = {
        label: {
            name: interval(over_seeds(source, cure, column))
            for cure, name in STEPS.items()
            if column != "adversary" or cure != "plain"
        }
        for column, label in READERS.items()
    }
    drawing = in_rows(ax, series, "gender read rightly (line: a coin)", 0.5)
    alts.append(f"{source.capitalize()}. {drawing}")
    legend = ax.get_legend()
    assert legend is not None  # one for both panels stands below
    legend.remove()
    ax.set_title(source.capitalize())
    ax.set_xlim(0.4, 1)
    ax.tick_params(labelleft=ax is axes[0])
handles, labels = axes[0].get_legend_handles_labels()
figure.legend(handles, labels, loc="outside lower center", ncols=4)
show(figure, " ".join(alts))
for cure in ("adversary .3", "adversary 1", "adversary 3"):
    for column in ("probe", "probe, 64 hidden"):
        more = change("clean pictures", cure, column)
        claim(f"Clean, {cure}, {column}: change begins at {{value:+.3f}}", more.low, above=0)
beaten = interval(over_seeds("clean pictures", "adversary 3", "adversary"))
claim("Clean, λ = 3, its own adversary: {value:.2f}", beaten.mean, below=0.7)
print("Noisy, adversary 1, logistic reader, change:",
      change("noisy pictures", "adversary 1", "probe"))  # fmt: skip

# %% [markdown]
# A new reader finds the gender *better* than without any adversary, at each λ. A likely reason: the
# two chase each other, the features turn the code when the adversary has learnt it, and the
# information stays, more of it than a plain network would bother to keep. (The two are asked about
# different rows: the adversary about those of training, the new readers about the balanced test.)
# Elazar and Goldberg saw the same with texts. So an adversary's own loss proves nothing, and with
# noisy pictures the gap became smaller while the reading stayed as it was: **gap and leakage are
# two different things**.
#
# ### Exercise 5 · The verdict
#
# You get the change of the gap (mean, low, high of its interval), new readers' accuracies by size,
# the accuracy of the cure's own adversary, chance and a margin. Is the gap surely smaller, is the
# attribute gone (not even the best reader more than the margin above chance)? Return `"both"`,
# `"gap only"`, `"attribute only"` or `"neither"`.


# %% nbgrader={"grade_id": "ex-13-verdict", "solution": true}
def verdict(change, probes, own, chance, margin):
    """One of "both", "gap only", "attribute only", "neither"."""
    ### BEGIN SOLUTION
    _, _, high = change
    smaller = high < 0
    gone = max(probes.values()) <= chance + margin
    if smaller and gone:
        return "both"
    return "gap only" if smaller else "attribute only" if gone else "neither"
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-13-verdict", "grade": true, "points": 2}
exercises.verdict.check(verdict)
### BEGIN HIDDEN TESTS
exercises.verdict.check(verdict, seed=13_0105)
### END HIDDEN TESTS

# %% [markdown]
# ## Does a second modality make it worse?
#
# Each picture gets a text. "They …" says nothing; "he …" or "she …" says what the picture shows
# anyway; in a second round half of the texts also name the role. More information, then.

# %% folded=true
# The guess.
pronoun_guess = ChoiceGuess(
    "13-pronoun",
    "“He” and “she” beside the noisy pictures, in place of “they”. The gap …",
    options=("shrinks", "stays", "grows"),
)
pronoun_guess

# %% folded=true
# The figure: gap and accuracy by what is read; claims, checked.
pronoun_guess.reveal("grows")
READ = {
    "noisy pictures": "picture alone",
    "they": "picture, they",
    "he or she": "picture, he or she",
    "they, role in half": "picture, they, role in half",
    "he or she, role in half": "picture, he or she, role in half",
    "words alone: they, role in half": "words alone, they, role in half",
    "words alone: he or she, role in half": "words alone, he or she, role in half",
}
figure, axes = new_figure(10.4, 3.4, columns=3)
alts = []
for ax, (column, title) in zip(
    axes, {"gap": "Gap", "accuracy": "Accuracy", "probe": "Gender read"}.items(), strict=True
):
    plainly = {name: interval(over_seeds(key, "plain", column)) for key, name in READ.items()}
    alts.append(f"{title}. " + in_rows(ax, {"plain": plainly}, "95 % interval over seeds"))
    ax.set_title(title)
    ax.tick_params(labelleft=ax is axes[0])
show(figure, " ".join(alts))


def pronoun(column, named_too=""):
    """He or she minus they, interval over seeds."""
    one = over_seeds(f"he or she{named_too}", "plain", column)
    return interval(one - over_seeds(f"they{named_too}", "plain", column))


for named_too in ("", ", role in half"):
    claim(f"Gap, he or she − they{named_too}: {{value:+.3f}}", pronoun("gap", named_too).mean,
          above=0.0)  # fmt: skip
    claim(f"Gender read, the same{named_too}: {{value:+.3f}}", pronoun("probe", named_too).mean,
          above=0.04)  # fmt: skip
    claim(f"Accuracy, the same{named_too}: ends at {{value:+.3f}}",
          pronoun("accuracy", named_too).high, below=0.02)  # fmt: skip
print("Gap, he or she − they:", pronoun("gap"), " accuracy:", pronoun("accuracy"))
alone = interval(over_seeds("words alone: he or she, role in half", "plain", "gap"))
claim("Words alone, he or she, role in half: the gap begins at {value:.3f}", alone.low, above=0)
swapped = interval(over_seeds("he or she", "plain", "swapped"))
print("Answers that change when he and she are exchanged:", swapped)
claim("… begins at {value:.3f}", swapped.low, above=0.03)
for cure in ("sampling", "adversary 1"):
    cured = change("he or she", cure, "gap")
    claim(f"With {cure}, gap: ends at {{value:+.3f}}", cured.high, below=0)
still = interval(over_seeds("he or she", "adversary 1", "probe"))
claim("… after the adversary a new reader reads the gender at {value:.2f}", still.mean, above=0.65)

# %% [markdown]
# The pronoun makes the gap larger and the gender easier to read, and accuracy no better: it is no
# help for the role, but a clear sign of what is usual. Words alone, where half name the role, know
# about half, with a gap that comes of the pronoun. A second modality may bring a cleaner copy of
# just the attribute that the first one blurred. Both cures shrink the gap here too. After the
# adversary, which shrinks it most and costs most, the gender is read as easily as before.
#
# The **counterfactual swap** is the cheapest test of all: exchange *he* and *she*, leave the
# picture, count the answers that change. No label is needed, and every one that changes is a person
# who would have got another answer for a pronoun.
#
# - From which dependence on is the gap surely above zero?
# - Which cure takes most of it, and who is named worse for it?
# - Does any keep a new reader from the gender once the text says "he" or "she"?

# %%
EXPLORERS["fairness"]()

# %% [markdown]
# ## What changes with real people
#
# - **Consent.** These emoji were drawn to be used. Faces in scraped collections belong to people
#   whom nobody asked (Birhane and Prabhu, [2021](https://arxiv.org/abs/2006.16923)).
# - **Labels.** Here the artist *said* man or woman. In a photograph somebody guesses, and a guess
#   from looks wrongs those whom it does not fit (Keyes, *The Misgendering Machines*,
#   [2018](https://doi.org/10.1145/3274357)). Audits that do better chose their faces with care and
#   say how: Buolamwini and Gebru's *Gender Shades*
#   ([2018](https://proceedings.mlr.press/v81/buolamwini18a.html)).
# - **Law.** To measure rates by group one must hold the attribute. In the European Union health,
#   origin and belief are special categories (GDPR,
#   [article 9](https://eur-lex.europa.eu/eli/reg/2016/679/oj)), and the AI Act lets providers of
#   high-risk systems process them to find bias, under conditions
#   ([article 10](https://eur-lex.europa.eu/eli/reg/2024/1689/oj)). This is a pointer, no advice.
# - **Filters upstream.** A filter that throws pairs away may throw away a group (lesson 11). An
#   audit of what is left finds nobody who is not there.
# - **Knobs nobody thinks of.** Liang and colleagues moved CLIP's pictures and texts further apart
#   (lesson 09; from 0.82 to 0.97) and found fewer degrading labels for faces of every group
#   ([2022](https://arxiv.org/abs/2203.02053)). The largest rate fell from 15.7 to 13.7 %: a finding
#   about a knob, not a repair.
#
# ## Further · The projected form
#
# Zhang, Lemoine and Mitchell ([2018](https://arxiv.org/abs/1801.07593)) change the predictor's
# gradient $g$ by the adversary's $h$: $g - \mathrm{proj}_h\, g - \alpha h$. What would help the
# adversary is taken out, then a step against it is added. A well-known release (fairlearn's for
# PyTorch, 0.15.0 too) multiplies *rows with rows* in the projection: right for vectors, wrong for
# matrices.

# %%
g, h = torch.tensor([[1.0, 2.0], [0.0, 1.0]]), torch.tensor([[0.5, 0.0], [1.0, 1.0]])
right = g - (g * h).sum() / (h * h).sum() * h
unit = h / h.norm()
released = g - torch.inner(unit, g).sum() * unit

# %% folded=true
# Claims, checked.
off = (right - project_away(g, h, 0.0)).abs().max()
claim("By hand against the package: {value:.1e}", off, below=1e-6)
claim("What is left along h: {value:.1e}", (right * h).sum().abs(), below=1e-6)
claim("… as it was released: {value:.2f}", (released * h).sum().abs(), above=0.5)

# %% [markdown]
# The test that finds it takes one line: after the projection nothing may be left along $h$.
#
# ## Further · Calibration by group
#
# Of those who are given 0.7, do 0.7 pay back, in each group?

# %% folded=true
# The figure: share of good credits by probability given, by age.
table = group_calibration(good, probabilities, young, bins=4)
figure, (ax,) = new_figure(5.2, 3.6)
ax.set_title("Calibration by age group")
show(figure, calibration_by_group(ax, table))
sure = table[table["low"] >= 0.5].assign(over=lambda t: t["probability"] - t["share"])
too_sure = {
    str(name): float(np.average(rows["over"], weights=rows["n"]))
    for name, rows in sure.groupby("group")
}
claim("Young, above one half: given minus paid back {value:+.3f}", too_sure["young"], above=0.05)
claim("Older: {value:+.3f}", too_sure["older"], between=(-0.05, 0.05))

# %% [markdown]
# Above one half it holds for the older; the young are given more than they pay back, *and* their
# good payers are refused more often. (Mind the bars: the bins of the young are small.) Lower
# probabilities would calibrate them, higher ones would give them equal opportunity: two notions of
# fair ask for opposite changes of the same model.

# %% [markdown]
# ## What stays
#
# - Count before you train. Say what your word list misses.
# - A rate has an $n$ and an interval, or it is undefined. Max minus min grows with small groups.
# - No metric knows whether the label, or the attribute, was measured rightly.
# - A dependence shows where the input is ambiguous. A clean laboratory hides it.
# - Every cure beside a control and its price. None removed the gap of noisy pictures at 90 to 10.
# - A beaten adversary proves nothing. Ask new readers, and look at the gap by itself.
# - A second modality can bring the attribute in clear writing. Swap it and count.
#
# ## Words
#
# - **audit**: questions to a data set or model about whom it holds and how it treats them.
# - **selection rate**: the share of a group that is predicted 1.
# - **true-positive rate**: the share of those labelled 1 that are predicted 1.
# - **false-positive rate**: the share of those labelled 0 that are predicted 1.
# - **Simpson's paradox**: a difference between groups that turns round when the rows are split.
# - **demographic parity**: equal selection rates.
# - **equal opportunity**: equal true-positive rates.
# - **equalised odds**: equal true-positive and equal false-positive rates.
# - **intersection**: a group by several attributes at once.
# - **undefined**: a rate of which a group has no case.
# - **typical**: with the gender that is frequent with this role in training.
# - **counter**: with the other one.
# - **typical–counter gap**: how much more often typical pictures are named rightly.
# - **bias amplification**: a dependence that is stronger in the answers than in the training data.
# - **reweighing**: weights with which group and label are independent.
# - **adversarial debiasing**: training features against a network that reads an attribute.
# - **gradient reversal**: a layer that multiplies the gradient by −λ.
# - **fresh probe**: a reader fitted on frozen features that has not met the encoder before.
# - **leakage**: what such a reader can read of an attribute.
# - **counterfactual swap**: exchanging an attribute's words in the input, counting changed answers.
#
# All words of the course stand in the [glossary](glossary.ipynb).
#
# Pictures: Noto Emoji by Google, Apache 2.0. Twemoji, copyright 2014–2021 Twitter, Inc. and other
# contributors, 2022–2024 Jdecked and contributors, licensed under
# [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/); scaled, on white ground. German credit:
# Hans Hofmann, UCI, CC BY 4.0. The texts of the licences stand in the folder `data/licences`.
#
# ## Checkpoint

# %% folded=true
# The checkpoint: what your run gave.
record.checkpoint(
    "13",
    {
        "person nearer to the man, Google": nearer["google"].mean,
        "person nearer to the man, Twemoji": nearer["twemoji"].mean,
        "gap, noisy": gap.mean,
        "gap, clean": clean_gap.mean,
        "gap, reweighed − plain": interval(weighed["gap"] - before["gap"]).mean,
        "amplification": amplified.mean,
        "clean, λ = 3: own adversary": float(hidden["adversary"].mean()),
        "clean, λ = 3: fresh probe": float(hidden["probe"].mean()),
    },
    open_checked("emoji_people_pictures.npz"),
)
