# %% [markdown]
# # 12 · Unimodal bias
#
# **After this lesson you can**
#
# - put the baselines that look at one modality beside every result, and read them,
# - read three tests side by side: the same prior, another one, none,
# - train beside a bias model, by weights, by a product, by a learned power, and name each price,
# - tell a model that sees from one that knows a prior by heart or has turned it round,
# - find what a bias model says too much, and mend it.
#
# **Time** about 55 minutes to read and do, 12 more for what is marked *Further*; the computing
# takes 15 to 60 seconds.
#
# **Needed before** lesson 03 (EMAP); 05 to 08 (what starves a modality); cross entropy; paired
# differences (05).
#
# **Sources** Clark, Yatskar and Zettlemoyer, *Don't Take the Easy Way Out*
# ([2019](https://arxiv.org/abs/1909.03683)); Cadene and colleagues, *RUBi*
# ([2019](https://arxiv.org/abs/1906.10169)); Agrawal and colleagues, *Don't Just Assume; Look and
# Answer* ([2018](https://arxiv.org/abs/1712.00377)); Teney and colleagues, *On the Value of
# Out-of-Distribution Testing* ([2020](https://arxiv.org/abs/2005.09241)); Hendricks and colleagues,
# *Women also Snowboard* ([2018](https://arxiv.org/abs/1803.09797)); Paul Liang, *How to AI (Almost)
# Anything*, lectures on fusion and on data.

# %% folded=true
# Imports and settings.
import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

from coursekit.analysis.intervals import Interval, interval
from coursekit.course import record
from coursekit.course.claims import claim
from coursekit.course.plots import new_figure, show
from coursekit.course.widgets import EXPLORERS, ChoiceGuess, NumberGuess
from coursekit.data.actor_captions import MEN, WOMEN, draw_actor_scenes
from coursekit.data.easy_vqa import open_easy_vqa
from coursekit.data.files import open_checked
from coursekit.data.shifted_priors import TESTS
from coursekit.lessons.l12_unimodal_bias import exercises
from coursekit.lessons.l12_unimodal_bias.answer_shares import rows_on_tests
from coursekit.lessons.l12_unimodal_bias.answerer_training import (
    BATCH,
    EPOCHS,
    answers_of,
    train_answerers,
)
from coursekit.lessons.l12_unimodal_bias.cures import CURES, Cure, training_batch
from coursekit.lessons.l12_unimodal_bias.plots import (
    actor_picture,
    asked_picture,
    caption_of,
    on_tests,
    one_legend,
)
from coursekit.lessons.l12_unimodal_bias.question_data import draw_shapes
from coursekit.training.bias_ensembles import product_loss
from coursekit.training.equalizer import where_any

torch.set_num_threads(1)  # these networks are too small to be shared between cores

# %% [markdown]
# ## Six questions
#
# A picture shows one circle, rectangle or triangle in one of eight colours. Questions are of three
# types: which *shape*, which *colour*, and *yes/no*, half of which deny ("no", "not"). The data are
# [easy-VQA](https://github.com/vzhou842/easy-VQA); what is right is known, for it was generated.

# %% folded=true
# Six pictures with a question each.
data = open_easy_vqa()
draws = [draw_shapes(seed) for seed in (100, 101, 102)]
train = draws[0].train.questions
rows = []
for place in range(3):  # the first question of each type, and the next with another answer
    own = (train.type == place).nonzero().flatten()
    unlike = own[train.answer[own] != train.answer[own[0]]]
    rows += [int(own[0]), int(unlike[0])]
figure, axes = new_figure(10.4, 2.5, columns=6)
shown = [
    asked_picture(
        ax,
        data.pictures[train.picture[row]],
        (train.texts[train.text[row]], f"“{train.answers[train.answer[row]]}”"),
    )
    for ax, row in zip(axes, rows, strict=True)
]
show(figure, " ".join(shown))

# %% [markdown]
# Each question has a *key*: its type, the word it asks about, and whether it denies. ("is no red
# shape present?" has the key yes/no, not red.) In what follows every key has a **favourite answer**
# that is right in 80 % of the training questions; which one was drawn. So *red* things may be
# mostly triangles here, and circles mostly blue. Real questions are like that, too: Goyal and
# colleagues ([2017](https://arxiv.org/abs/1612.00837)) found that of the questions that begin with
# "Do you see a" 87 % had been answered with yes, for people ask about what they see.
#
# A network sees the picture as 32 numbers with noise and reads the question as a bag of words. Two
# encoders, their features and the product of both, 13 answers; 4000 training questions.
#
# Before you train it, ask what it takes to look good. A **question-only model** has the same
# encoder for the question and sees no picture.

# %% folded=true
# The guess.
alone_guess = NumberGuess(
    "12-alone",
    "The question without the picture: what share does it answer rightly?",
    low=0,
    high=100,
    step=5,
    unit="%",
)
alone_guess

# %%
joint = train_answerers(draws, CURES["joint"])  # three networks, one per draw, at once
apart = train_answerers(draws, CURES["both alone"])  # a head for the question, one for the picture

# %% folded=true
# The figure: baselines on new pictures, the same prior; eight trainings each, from the study.
stored = pd.read_csv(open_checked("priors.csv"))
shapes = stored[stored["data"] == "shapes"]
everything = shapes[shapes["type"] == "all"]
SIDE_BY_SIDE = {test: test for test in TESTS}


def of(rows, methods):
    """The rows of some methods, in this order."""
    return pd.concat([rows[rows["method"] == method] for method in methods])


def by_seed(method, test, kind="all", rows=shapes):
    """Accuracies of one method on one test and type of question, by seed."""
    own = rows[(rows["method"] == method) & (rows["test"] == test) & (rows["type"] == kind)]
    return own.set_index("seed")["accuracy"]


def lead(method, other, test, kind="all", rows=shapes) -> Interval:
    """Paired difference of two methods, interval over seeds."""
    return interval(by_seed(method, test, kind, rows) - by_seed(other, test, kind, rows))


BASELINES = ("majority", "picture only", "question only", "ensemble", "joint")
SHUFFLED = ("pictures shuffled", "questions shuffled")
alone_guess.reveal(100 * float(by_seed("question only", "same prior").mean()), within=5)
figure, (ax,) = new_figure(8.4, 3.4)
ax.set_title("New pictures, the same prior")
same_prior = {"same prior": "same prior"}
show(figure, on_tests(ax, of(everything, (*BASELINES, *SHUFFLED)), same_prior))

# %% folded=true
# Claims, checked; and the three networks that you have trained.
same = {method: by_seed(method, "same prior").mean() for method in (*BASELINES, *SHUFFLED)}
claim("Joint: {value:.2f}", same["joint"], between=(0.84, 0.94))
claim("Question only: {value:.2f}", same["question only"], between=(0.72, 0.85))
claim("Majority of each type: {value:.2f}", same["majority"], between=(0.35, 0.55))
claim("Joint with shuffled pictures: {value:.2f}", same["pictures shuffled"], below=0.6)
both = by_seed("joint, first questions", "same prior") - by_seed("joint, EMAP", "same prior")
print("Joint minus its EMAP:", interval(both))
claim("… is small: {value:.3f}", both.mean(), below=0.05)


def tested(networks, head="joint", method="this run"):
    """Accuracy by test and type of networks just trained, mean of the draws."""
    logits = {t: answers_of(networks, [d.splits[t] for d in draws])[head] for t in TESTS}
    rows = pd.DataFrame(rows_on_tests(method, draws, logits))
    return rows.pivot_table("accuracy", "test", "type", sort=False)


mine = tested(joint)
mine_alone = tested(apart, "question")
steps = EPOCHS * (len(draws[0].train) // BATCH)
claim("Training questions: {value:.0f}", len(draws[0].train), equals=4000, within=0)
claim("Steps of a training: {value:.0f}", steps, equals=744, within=0)
for name, run in (("joint", mine), ("question only", mine_alone)):
    print(f"This run, {name}, same prior: {run.loc['same prior', 'all']:.2f}")

# %% [markdown]
# A model that never sees a picture answers nearly four questions in five. Whoever reports 0.88 and
# no baseline has reported very little. Read the others as well:
#
# - the *majority* of each type of question is where a table should begin;
# - *shuffled* pictures (each question gets another question's picture) tell that the network does
#   look: its answers fall far below those of the question alone, for it follows the wrong picture;
# - EMAP (lesson 03), the nearest sum of a function of the picture and one of the question, keeps
#   nearly all of the accuracy. Yet yes/no needs both at once: *is there a red shape* has no answer
#   in a sum. Keep that in mind.
#
# ## Move the prior
#
# Agrawal and colleagues made a test whose answers have *another* prior than training's, VQA-CP:
# the pictures and questions are ordinary, but who has learnt the prior by heart fails. Here it can
# be done by design, and with three tests instead of one, all about the same new pictures:
#
# - **same prior**: each key's favourite is right in 80 %;
# - **shifted prior**: another favourite, drawn per key, is right in 80 %;
# - **flat prior**: all possible answers of a key are equally often right.

# %% folded=true
# The guess.
shift_guess = NumberGuess(
    "12-shift",
    "Plain joint training, other prior: what share is right?",
    low=0,
    high=100,
    step=5,
    unit="%",
)
shift_guess

# %% folded=true
# The figure: baselines on three tests.
shift_guess.reveal(100 * float(by_seed("joint", "shifted prior").mean()), within=5)
figure, (ax,) = new_figure(8.4, 3.6)
ax.set_title("Three tests, the same networks", pad=28)
show_alt = on_tests(ax, of(everything, BASELINES), SIDE_BY_SIDE)
one_legend([ax])
show(figure, show_alt)
mine.round(2)

# %% folded=true
# Claims, checked.
fallen = interval(by_seed("joint", "same prior") - by_seed("joint", "shifted prior"))
print("Joint, same prior minus shifted prior:", fallen)
claim("… begins at {value:.2f}", fallen.low, above=0.2)
blind = by_seed("question only", "shifted prior").mean()
claim("Question only, shifted prior: {value:.2f}", blind, below=0.2)
claim("Picture only, shifted prior: {value:.2f}",
      by_seed("picture only", "shifted prior").mean(), below=0.3)  # fmt: skip
for kind, low, high in (("shape", 0.9, 1.0), ("colour", 0.55, 0.8), ("yes/no", 0.15, 0.4)):
    reached = by_seed("joint", "shifted prior", kind).mean()
    claim(f"Joint, shifted prior, {kind}: {{value:.2f}}", reached, between=(low, high))
claim("Joint, flat prior, yes/no: {value:.2f}", by_seed("joint", "flat prior", "yes/no").mean(),
      equals=0.5, within=0.05)  # fmt: skip

# %% [markdown]
# More than a quarter of the accuracy is gone, and nothing but the frequency of the answers has
# changed. Look by type (the table is your run): shapes it sees under every prior; colours it sees
# and leans on the prior; yes/no it has hardly learnt. On the flat test it is little better than a
# coin there.
#
# The simplest model of the bias is made of counts: how often did this answer stand beside this
# key?
#
# ### Exercise 1 · Count a prior
#
# `keys` and `answers` are those of the training questions, as numbers from 0. Return a row per key
# with the share of every answer, after `smoothing` has been added to every count.


# %% nbgrader={"grade_id": "ex-12-prior", "solution": true}
def count_prior(keys, answers, num_keys, num_answers, smoothing):
    """Shares of the answers, (num_keys, num_answers)."""
    ### BEGIN SOLUTION
    table = np.full((num_keys, num_answers), float(smoothing))
    np.add.at(table, (keys, answers), 1)
    return table / table.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-12-prior", "grade": true, "points": 2}
exercises.count_prior.check(count_prior)
### BEGIN HIDDEN TESTS
exercises.count_prior.check(count_prior, seed=12_0101)
### END HIDDEN TESTS

# %% [markdown]
# ## Cures
#
# Most of them use a **bias model** $b$: the probabilities of the answers by the key alone, counted
# on training questions, fixed, and gone at test time. (Counted on test questions it would be
# cheating; where it is a network, train it on other folds, or it knows the training answers by
# heart. Beside a product the counts are mended first, which *Find the mistake* will explain.)
#
# **Weights.** A question whose answer the bias knows counts less: Clark and colleagues' reweighting
# takes $1 - b(y)$. Or each question counts $1/n$, with $n$ the number of training questions of its
# key and answer; or batches are drawn with these weights.
#
# **Product of experts.** In training the model's probabilities $p$ are multiplied by the bias's and
# scaled to sum to one, and that product is judged:
#
# $$L = -\log \mathrm{softmax}\big(\log p + \log b\big)_y.$$
#
# Where $b$ is right already, $p$ has nothing to gain; it learns what the bias does not say.


# %%
def product_by_hand(logits, log_bias, labels):
    """Cross entropy of the model times the bias, logits and log_bias (…, B, A), labels (…, B)."""
    together = logits.log_softmax(-1) + log_bias  # a product of probabilities
    together = together.log_softmax(-1)  # which sums to one again
    return -together.gather(-1, labels[..., None]).squeeze(-1).mean(-1)


def by_hand(answers, batch):
    """The loss of each network; a cure is a function of answers and batch."""
    return product_by_hand(answers["joint"], batch["log_bias"], batch["answers"])


with_product = train_answerers(draws, Cure(by_hand))

# %% folded=true
# Claims, checked; and the three networks on three tests.
logits, labels = torch.randn(64, 13).double(), torch.arange(64) % 13
log_bias = torch.randn(64, 13).double().log_softmax(1)
off = product_by_hand(logits, log_bias, labels) - product_loss(logits, log_bias, labels)
claim("By hand against the package: {value:.1e}", off.abs(), below=1e-8)
flat_bias = torch.full_like(log_bias, 1 / 13).log()
off = product_by_hand(logits, flat_bias, labels) - F.cross_entropy(logits, labels)
claim("A flat bias: plain cross entropy, but for {value:.1e}", off.abs(), below=1e-8)
multiplied = tested(with_product)
gained = multiplied.loc["shifted prior", "all"] - mine.loc["shifted prior", "all"]
claim("This run, shifted prior, product minus plain: {value:.2f}", gained, above=0.05)
multiplied.round(2)

# %% [markdown]
# **Learned-mixin.** How far to trust the bias may depend on the question. The bias is taken to a
# power $g \ge 0$ that the network's last layer predicts: $\log p + g \log b$. Nothing keeps $g$
# from 0, where the bias is ignored and training is plain; so **+H** adds the entropy of $b^g$
# (scaled to sum to one) times a weight $\lambda$: only a sure bias is cheap.
#
# **RUBi.** The question's features give a mask $\sigma(c(q))$ that multiplies the logits in
# training, and are kept from its gradient; a second head answers from the question alone.
#
# ### Exercise 2 · To the power of g
#
# With NumPy: the mean cross entropy of model times $b^g$. `logits` and `bias` $(B, A)$, `bias` as
# probabilities above 0; `power` and `labels` $(B,)$. Logits may reach ±1000.


# %% nbgrader={"grade_id": "ex-12-mixin", "solution": true}
def mixin_loss(logits, bias, power, labels):
    """A number."""
    ### BEGIN SOLUTION
    scores = logits + power[:, None] * np.log(bias)
    scores = scores - scores.max(axis=1, keepdims=True)
    logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return -logs[np.arange(len(labels)), labels].mean()
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-12-mixin", "grade": true, "points": 2}
exercises.mixin_loss.check(mixin_loss)
### BEGIN HIDDEN TESTS
exercises.mixin_loss.check(mixin_loss, seed=12_0102)
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 3 · One over n
#
# Weights $1/n$ for questions whose `keys` and `answers` are lists of words; $n$ is how many
# questions have the same key *and* the same answer. Let their mean be one.


# %% nbgrader={"grade_id": "ex-12-weights", "solution": true}
def inverse_weights(keys, answers):
    """A weight per question."""
    ### BEGIN SOLUTION
    pairs = list(zip(keys, answers, strict=True))
    weights = np.array([1 / pairs.count(pair) for pair in pairs])
    return weights / weights.mean()
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-12-weights", "grade": true, "points": 2}
exercises.inverse_weights.check(inverse_weights)
### BEGIN HIDDEN TESTS
exercises.inverse_weights.check(inverse_weights, seed=12_0103)
### END HIDDEN TESTS

# %% [markdown]
# ## The table
#
# Every cure with the same 744 steps on the same questions, eight seeds that nothing was chosen on.
# No cure was tuned by itself: the entropy weights are the papers', 0.03 and 0.36, and two others.
# One thing must be said. The learning rate and the noise, the same for all, were set on six other
# seeds by people who looked at all three tests, until the effects were clear; at a smaller rate +H
# does not win. So this is a demonstration of what can happen, and no ranking of methods. Made with
#
# `python -m coursekit priors --out data/priors.csv`

# %% folded=true
# The guess.
winner_guess = ChoiceGuess(
    "12-winner",
    "Which training is best on the shifted prior?",
    options=(
        "plain joint training",
        "weights 1/n",
        "product",
        "learned-mixin",
        "learned-mixin +H, λ = 0.36",
        "RUBi",
    ),
)
winner_guess

# %% folded=true
# The figure: all cures on all three tests, in the order of the shifted one.
MADE_FOR_IT = (
    *("joint", "RUBi", "RUBi, not detached", "reweight", "weights 1/n", "balanced sampling"),
    *("product", "learned-mixin", "learned-mixin +H .03", "learned-mixin +H .1"),
    *("learned-mixin +H .36", "learned-mixin +H 1"),
)
on_shifted = {method: by_seed(method, "shifted prior").mean() for method in MADE_FOR_IT}
best = max(on_shifted, key=lambda method: on_shifted[method])
winner_guess.reveal("learned-mixin +H, λ = 0.36")
figure, (ax,) = new_figure(8.8, 5.0)
ax.set_title("Every cure on three tests", pad=28)
ordered = sorted(MADE_FOR_IT, key=lambda method: on_shifted[method])
shown_alt = on_tests(ax, of(everything, ordered), SIDE_BY_SIDE)
one_legend([ax])
show(figure, shown_alt)

# %% folded=true
# Claims, checked: paired differences to plain training.
WINNER, PLAIN = "learned-mixin +H .36", "joint"
claim("Shifted prior, best of all minus +H .36: {value:.3f}",
      on_shifted[best] - on_shifted[WINNER], equals=0, within=0.001)  # fmt: skip
print("Minus plain training, on same, shifted and flat prior:")
for cure in ("reweight", "weights 1/n", "balanced sampling", "product", "learned-mixin", WINNER):
    print(f"  {cure}:", *(lead(cure, PLAIN, test) for test in TESTS))
for cure in ("reweight", "balanced sampling", "product", "learned-mixin"):
    claim(f"{cure}, shifted prior, gains {{value:.2f}} or more",
          lead(cure, PLAIN, "shifted prior").low, above=0.06)  # fmt: skip
    claim(f"{cure}, same prior, loses {{value:.2f}} or more",
          -lead(cure, PLAIN, "same prior").high, above=0.05)  # fmt: skip
    honest = lead(cure, PLAIN, "flat prior")
    claim(f"{cure}, flat prior, gains {{value:.3f}}", honest.mean, between=(0.0, 0.06))
price = lead(WINNER, PLAIN, "same prior")
claim("Same prior, question only minus +H .36, begins at {value:.2f}",
      lead("question only", WINNER, "same prior").low, above=0.2)  # fmt: skip
claim("+H .36, same prior, loses {value:.2f} or more", -price.high, above=0.3)
claim("RUBi, shifted prior, gains at most {value:.2f}", lead("RUBi", PLAIN, "shifted prior").high,
      below=0.06)  # fmt: skip

# %% [markdown]
# Learned-mixin +H wins, clearly. It pays four tenths on the test of the old prior, where the
# question alone would be better by far. All forms of weights and products gain a tenth on the
# shifted test and pay a tenth on the other. RUBi as published, untuned, is below plain training on
# all three tests here; read nothing about its own data sets into that.
#
# Many a paper has one column, the shifted one, for VQA-CP comes with a training set and a test;
# there is no other data to choose on, and Teney and colleagues found that most had chosen on the
# test. You have two columns more. What do they say about the winner?

# %% folded=true
# The guess.
flat_guess = ChoiceGuess(
    "12-flat",
    "On the flat prior, where no prior helps: where does the winner stand?",
    options=(
        "best of all there, too",
        "level with learned-mixin without +H",
        "below learned-mixin without +H",
    ),
)
flat_guess

# %% folded=true
# The figure: by type of question, plain, product, learned-mixin and the winner.
flat_guess.reveal("below learned-mixin without +H")
figure, axes = new_figure(10.4, 3.2, columns=3)
alts = []
for ax, kind in zip(axes, ("shape", "colour", "yes/no"), strict=True):
    of_kind = of(shapes[shapes["type"] == kind], (PLAIN, "product", "learned-mixin", WINNER))
    chance = {"shape": 1 / 3, "colour": 1 / 8, "yes/no": 1 / 2}[kind]
    ax.set_title(kind, pad=28)
    alts.append(f"{kind}: {on_tests(ax, of_kind, SIDE_BY_SIDE, chance)}")
    ax.set_xlabel("share of right answers")
    ax.tick_params(labelleft=ax is axes[0])
one_legend(axes)
show(figure, " ".join(alts))

# %% folded=true
# Claims, checked.
behind = lead(WINNER, "learned-mixin", "flat prior")
print("Flat prior, +H .36 minus learned-mixin:", behind)
claim("… ends at {value:.3f}", behind.high, below=0)
below_plain = lead(WINNER, PLAIN, "flat prior")
print("Flat prior, +H .36 minus plain:", below_plain)
claim("… ends at {value:.3f}", below_plain.high, between=(-0.03, 0.0))
print("Flat prior, +H 1 minus plain:", lead("learned-mixin +H 1", PLAIN, "flat prior"))
claim("… ends at {value:.3f}", lead("learned-mixin +H 1", PLAIN, "flat prior").high, below=0)
for method in (PLAIN, WINNER):
    total = by_seed(method, "same prior", "yes/no") + by_seed(method, "shifted prior", "yes/no")
    claim(f"yes/no, {method}: same + shifted is {{value:.2f}}", total.mean(), equals=1, within=0.06)
    coin = by_seed(method, "flat prior", "yes/no").mean()
    claim(f"yes/no, {method}: flat is {{value:.2f}}", coin, equals=0.5, within=0.05)
for method, test, about in (
    *((PLAIN, "same prior", 0.74), (PLAIN, "shifted prior", 0.26)),
    *((WINNER, "same prior", 0.26), (WINNER, "shifted prior", 0.75)),
):
    share = by_seed(method, test, "yes/no").mean()
    claim(f"yes/no, {method}, {test}: {{value:.2f}}", share, equals=about, within=0.03)
turned = interval(
    by_seed(WINNER, "shifted prior", "yes/no") - by_seed(WINNER, "same prior", "yes/no")
)
print("yes/no, +H .36, shifted minus same:", turned)
claim("… begins at {value:.2f}", turned.low, above=0.3)

# %% [markdown]
# Look at yes/no. Plain training says what was usual: about three in four on the same prior, one in
# four on the other, and both sum to one, for with two answers whoever follows one favourite fails
# the other. The winner has three in four on the *shifted* prior, one in four on the same one, and
# again they sum to one. On the flat test both are hardly better than a coin. **It has seen nothing
# that plain training has not. It has turned the prior round.** A likely reason: the entropy term
# makes the bias so sure in training that the model's own logits have to speak *against* the
# favourite, whatever the picture; at test time the bias is gone, and the objection remains. On a
# test whose favourite was drawn among all other answers, objecting pays.
#
# With all types together the winner is below learned-mixin without +H on the flat prior, and by
# less, with an interval that nearly reaches 0, below plain training; clearly so at λ = 1. The
# honest gain of products and weights, the one on the flat test, is one to three hundredths, and for
# Clark's reweighting its interval holds 0.
#
# The published table has the same mark. From plain training to +H, yes/no on VQA-CP rises from 42
# to 73 %, the answers called *other* from 45 to 47, and on VQA 2.0, where the prior is training's,
# all together fall from 63 to 56 (figures stated with Clark and colleagues' code, eight runs each).
#
# ### Exercise 4 · Diagnose
#
# A model's accuracies in percent on one type of question: `same`, `shifted`, `flat`; every key has
# as many `answers`. What differs by at least `margin` counts. Return `"sees"` where the flat test
# is that much above chance; otherwise `"prior"` where the same prior is that much better than the
# shifted one, `"turned"` where it is the other way round, and `"guesses"` where neither is.


# %% nbgrader={"grade_id": "ex-12-diagnose", "solution": true}
def diagnose(same, shifted, flat, answers, margin):
    """One of "sees", "prior", "turned", "guesses"."""
    ### BEGIN SOLUTION
    if flat - 100 / answers >= margin:
        return "sees"
    if same - shifted >= margin:
        return "prior"
    return "turned" if shifted - same >= margin else "guesses"
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-12-diagnose", "grade": true, "points": 2}
exercises.diagnose.check(diagnose)
### BEGIN HIDDEN TESTS
exercises.diagnose.check(diagnose, seed=12_0104)
### END HIDDEN TESTS

# %% [markdown]
# Now with priors of any strength. The question below the knobs is worth the minutes.

# %%
EXPLORERS["priors"]()

# %% [markdown]
# ## Find the mistake
#
# The bias models above count only answers that occur with a key: for *is there a red shape* these
# are yes and no. What of the eleven others? A natural table gives them next to nothing. Trained
# beside such a bias, the product falls on *all* tests.

# %% folded=true
# The guess.
mistake_guess = ChoiceGuess(
    "12-mistake",
    "The bias gives impossible answers 0. What does the product answer to yes/no questions?",
    options=("yes and no by a coin", "always the key's favourite", "mostly a shape or a colour"),
)
mistake_guess

# %% folded=true
# The figure: both bias models, by type; what a network answers to yes/no questions.
mistake_guess.reveal("mostly a shape or a colour")
MISTAKE = "product, impossible answers 0"
figure, axes = new_figure(10.4, 2.5, columns=3)
alts = []
for ax, kind in zip(axes, ("shape", "colour", "yes/no"), strict=True):
    ax.set_title(kind, pad=28)
    of_kind = of(shapes[shapes["type"] == kind], ("product", MISTAKE))
    alts.append(f"{kind}: {on_tests(ax, of_kind, SIDE_BY_SIDE)}")
    ax.set_xlabel("share of right answers")
    ax.tick_params(labelleft=ax is axes[0])
one_legend(axes)
show(figure, " ".join(alts))
claim("yes/no, same prior: {value:.2f}", by_seed(MISTAKE, "same prior", "yes/no").mean(), below=0.1)
claim("All, flat prior: {value:.2f}", by_seed(MISTAKE, "flat prior").mean(), below=0.5)
asked = [draw.splits["flat prior"] for draw in draws]
mistaken = train_answerers(draws, CURES[MISTAKE])
given = answers_of(mistaken, asked)["joint"].argmax(-1)
names = np.array(train.answers)
yes_no = np.concatenate([
    names[own.numpy()][part.questions.type.numpy() == 2]
    for own, part in zip(given, asked, strict=True)
])  # fmt: skip
sensible = np.isin(yes_no, ["yes", "no"]).mean()
claim("This run, yes/no questions answered with yes or no: {value:.3f}", sensible, below=0.1)
print("Answers to them:", pd.Series(yes_no).value_counts(normalize=True).head(4).round(2).to_dict())
key = int(train.key[train.type == 2][0])
for neutral in (True, False):
    sizes = len(train.keys), len(train.answers)
    bias = training_batch(train.key, train.answer, sizes, neutral)["log_bias"].exp()
    row = bias[(train.key == key).nonzero()[0, 0]]
    print("mended: " if neutral else "as counted: ", train.keys[key],
          {a: round(float(p), 4) for a, p in zip(train.answers, row, strict=True)})  # fmt: skip

# %% [markdown]
# The bias knows that it is a yes/no question: "circle" has next to nothing. So in the product the
# model gains nothing by knowing it as well, and does not learn it. At test time the bias is gone,
# and the model says "circle" to *is there a red shape*. The bias was meant to know which answer is
# usual; it also knew which ones are *possible*, and that was forgotten with it. Any fixed bias
# carries away all it knows, not only what you call bias.
#
# Clark's reweighting is different: it asks the bias for the label only, and there the counts should
# be as they are.
#
# ### Exercise 5 · Mend it
#
# For each key (row of `prior`) let every answer that is not `possible` (0 in that table) have the
# *least* probability of the possible ones (which may be 0); then let rows sum to one. So the bias
# no longer says which answers are possible, and leaves that to the model.


# %% nbgrader={"grade_id": "ex-12-mend", "solution": true}
def mend_bias(prior, possible):
    """The mended table, of the shape of prior."""
    ### BEGIN SOLUTION
    least = np.where(possible > 0, prior, np.inf).min(axis=1, keepdims=True)
    table = np.where(possible > 0, prior, least)
    return table / table.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-12-mend", "grade": true, "points": 2}
exercises.mend_bias.check(mend_bias)
### BEGIN HIDDEN TESTS
exercises.mend_bias.check(mend_bias, seed=12_0105)
### END HIDDEN TESTS

# %% [markdown]
# ## Is it starvation?
#
# In lessons 05 to 08 one modality learnt fast and starved the other, and losses of their own, their
# blend and the pace of steps helped. Here the question is the fast one. Is that the illness?

# %% folded=true
# The guess.
starved_guess = NumberGuess(
    "12-starved",
    "A loss on each modality's head: how much does the shifted prior gain (in hundredths)?",
    low=-10,
    high=15,
    step=1,
)
starved_guess

# %% folded=true
# The figure: the remedies of lessons 06 to 08, and a cure for the prior; claims, checked.
BALANCING = ("loss per modality", "G-Blend", "MLB")
moved = {m: lead(m, PLAIN, "shifted prior") for m in (*BALANCING, "product")}
starved_guess.reveal(100 * moved["loss per modality"].mean, within=1)
figure, (ax,) = new_figure(8.4, 3.2)
ax.set_title("Remedies for starvation, and the product", pad=28)
shown_alt = on_tests(ax, of(everything, (PLAIN, *BALANCING, "product")), SIDE_BY_SIDE)
one_legend([ax])
show(figure, shown_alt)
for method, difference in moved.items():
    print(f"Shifted prior, {method} minus plain: {difference}")
for method in BALANCING:
    claim(f"{method} gains {{value:.3f}} at most", moved[method].high, below=0.04)
claim("The product's gain begins at {value:.2f}", moved["product"].low, above=0.06)

# %% [markdown]
# No. The picture's encoder has learnt: it sees shapes almost perfectly. The prior is part of what
# is *right* in training, and a plain cross entropy on training questions rewards it, of one
# modality or of two. **Starvation** is too little training of a modality; **unimodal bias** is a
# shortcut that the data really offer. The first you find with probes and unimodal models on the
# same distribution, the second only where the distribution changes.

# %% [markdown]
# ## Further · Questions about scenes
#
# Does the finding carry over? The scenes of lesson 10, as nine cells with noise; three types: "what
# is left of the dog?", "which colour is the heart?", "is there a moon?". The last one can be seen
# here. The same network and cures, the same three tests.

# %% folded=true
# The guess.
scenes_guess = ChoiceGuess(
    "12-scenes",
    "Where yes/no can be seen: what does +H .36 do with it?",
    options=("it sees it, under every prior", "it turns the prior round all the same"),
)
scenes_guess

# %% folded=true
# The figure: by type, on three tests; claims, checked.
scenes_guess.reveal("it turns the prior round all the same")
scenes = stored[stored["data"] == "scenes"]
figure, axes = new_figure(10.4, 3.4, columns=3)
alts = []
for ax, kind in zip(axes, ("place", "colour", "yes/no"), strict=True):
    methods = ("question only", PLAIN, "product", "learned-mixin", WINNER)
    ax.set_title(kind, pad=28)
    of_kind = of(scenes[scenes["type"] == kind], methods)
    alts.append(f"{kind}: {on_tests(ax, of_kind, SIDE_BY_SIDE)}")
    ax.set_xlabel("share of right answers")
    ax.tick_params(labelleft=ax is axes[0])
one_legend(axes)
show(figure, " ".join(alts))
both = by_seed("joint, first questions", "same prior", "all", scenes)
fallen = interval(both - by_seed("joint, EMAP", "same prior", "all", scenes))
print("Scenes, joint minus its EMAP:", fallen)
claim("… begins at {value:.2f}", fallen.low, above=0.08)
worse = lead("loss per modality", PLAIN, "shifted prior", rows=scenes)
print("Scenes, shifted prior, loss per modality minus plain:", worse)
claim("… ends at {value:.2f}", worse.high, below=0)
for test in TESTS:
    print(f"Scenes, {test}, product minus plain:", lead("product", PLAIN, test, rows=scenes))
    print(f"Scenes, {test}, +H .36 minus product:", lead(WINNER, "product", test, rows=scenes))
claim("Scenes, flat prior, product gains {value:.2f} or more",
      lead("product", PLAIN, "flat prior", rows=scenes).low, above=0.02)  # fmt: skip
seen = by_seed("product", "flat prior", "yes/no", scenes).mean()
claim("Scenes, yes/no, flat prior, product: {value:.2f}", seen, above=0.7)
unseen = by_seed(WINNER, "flat prior", "yes/no", scenes).mean()
claim("… +H .36: {value:.2f}", unseen, below=0.62)
claim("… +H .36, same prior: {value:.2f}",
      by_seed(WINNER, "same prior", "yes/no", scenes).mean(), below=0.35)  # fmt: skip
claim("… +H .36, shifted prior: {value:.2f}",
      by_seed(WINNER, "shifted prior", "yes/no", scenes).mean(), above=0.65)  # fmt: skip
claim("Scenes, all types, shifted prior, +H .36 minus product: {value:.3f}",
      lead(WINNER, "product", "shifted prior", rows=scenes).mean, below=0)  # fmt: skip
claim("Scenes, flat prior, learned-mixin minus plain: {value:.3f}",
      lead("learned-mixin", PLAIN, "flat prior", rows=scenes).mean, below=0)  # fmt: skip

# %% [markdown]
# This network needs both modalities at once: its EMAP is far worse than it is. The product gains on
# the flat test, more than with the shapes, for there was something to see that plain training had
# left to the prior. Learned-mixin without +H does not, and a loss per modality makes the shifted
# test *worse*: it rewards the question's encoder for the prior once more. And +H turns yes/no round
# although it can be seen: what the product and even plain training see is lost, and with all types
# together it no longer wins the shifted test. The turn is not what is left when nothing else can be
# learnt.

# %% [markdown]
# ## Further · The person guessed from the thing
#
# Captions have a shortcut of this kind inside the picture. Hendricks and colleagues found
# captioners that wrote "man" over a laptop whoever sat before it. A laboratory for it: scenes of
# somebody (woman, girl, man, boy; noisy emoji) and one of eight things. In training half of the
# things go with women nine times in ten, the others with men; which, was drawn, and says nothing
# about people. A captioner writes two words: who, with what. The test is balanced: each thing as
# often with women as with men.

# %% folded=true
# Five scenes of the training, without their noise.
clear = draw_actor_scenes(400, 100, "train", 0.9, noise=0.0)
figure, axes = new_figure(10.4, 2.5, columns=5)
shown = [
    asked_picture(ax, actor_picture(clear.pictures[row]), (caption_of(clear.captions[row]),))
    for row, ax in enumerate(axes)
]
show(figure, " ".join(shown))

# %% [markdown]
# The **Equalizer** adds two losses, at the positions whose word is about the person. Let $W$ and
# $M$ be the words for women and for men, and $I'$ the picture with the person blanked:
#
# $$\text{confusion} = \Big|\sum_{w \in W} p(w \mid I') - \sum_{m \in M} p(m \mid I')\Big|, \qquad
# \text{confident} = \frac{\sum_{m \in M} p(m \mid I)}{\sum_{w \in W} p(w \mid I) + 10^{-5}}$$
#
# (the latter where the target is a word for women, and the other way round). Without the person
# nothing should be said; with her, something sure. The paper's weights are 10 and 1, beside cross
# entropy on $I$, and on $I'$ for all other words.
#
# ### Exercise 6 · One word or another
#
# Words are numbers. Return 1 for each position of `targets` $(B, T)$ that is one of the `words` and
# belongs to its caption, of which the first `lengths` positions count; else 0. The released code,
# as we read it (it was not run), builds this mask by keeping what is this word, and of that what is
# the next one.


# %% nbgrader={"grade_id": "ex-12-mask", "solution": true}
def word_mask(targets, words, lengths):
    """Ones and zeros, (B, T)."""
    ### BEGIN SOLUTION
    inside = np.arange(targets.shape[1]) < lengths[:, None]
    return (np.isin(targets, words) & inside) * 1.0
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-12-mask", "grade": true, "points": 2}
exercises.word_mask.check(word_mask)
### BEGIN HIDDEN TESTS
exercises.word_mask.check(word_mask, seed=12_0106)
### END HIDDEN TESTS

# %% [markdown]
# With two words for women (woman, girl) the released mask is empty: no target is both. Both losses
# are then 0 without a word, and what remains is cross entropy on pictures and on blanked ones.
# (There the person's words are left out rightly, so that this row is the same as *hidden pictures*
# alone.) The table was made with
#
# `python -m coursekit actors --out data/actors.csv`

# %% folded=true
# The guess.
mask_guess = ChoiceGuess(
    "12-mask",
    "The mask is empty, the run looks normal. What is the error on the person's word then?",
    options=(
        "as in plain training",
        "lower than in plain training",
        "higher than in plain training",
    ),
)
mask_guess

# %% folded=true
# The table: errors, ratio, stereotyped captions, reasons; claims, checked.
captions = pd.read_csv(open_checked("actors.csv"))


def of_training(name, column):
    """One figure of a training, by seed."""
    return captions[captions["training"] == name].set_index("seed")[column]


def between(name, other, column):
    """Paired difference of two trainings, interval over seeds."""
    return interval(of_training(name, column) - of_training(other, column))


mask_guess.reveal("higher than in plain training")
RELEASED = "Equalizer, masks as released"
for name, other, column in (
    *(("Equalizer", "plain", column) for column in ("error", "stereotyped", "reason")),
    *(("balanced sampling", "plain", column) for column in ("error", "stereotyped", "reason")),
    ("Equalizer", "balanced sampling", "error"),
    (RELEASED, "plain", "error"),
):
    print(f"{column}, {name} minus {other}:", between(name, other, column))
claim("Error, Equalizer minus plain, ends at {value:.3f}",
      between("Equalizer", "plain", "error").high, below=0)  # fmt: skip
claim("Error, masks as released minus plain, begins at {value:.3f}",
      between(RELEASED, "plain", "error").low, above=0)  # fmt: skip
claim("Plain, stereotyped captions on the balanced test (even: 0.50): {value:.2f}",
      of_training("plain", "stereotyped").mean(), above=0.6)  # fmt: skip
claim("Plain, amplification as the literature measures it: {value:.3f}",
      of_training("plain", "amplification").mean(), equals=0, within=0.02)  # fmt: skip
claim("Plain, men per woman (truth: 1): {value:.2f}",
      of_training("plain", "men per woman").mean(), equals=1, within=0.15)  # fmt: skip
claim("Equalizer, for the right reason, minus plain, begins at {value:.2f}",
      between("Equalizer", "plain", "reason").low, above=0)  # fmt: skip
columns = ["error", "thing wrong", "men per woman", "stereotyped", "reason", "amplification"]
captions.pivot_table(columns, "training", sort=False)[columns].round(3)

# %% [markdown]
# - *error*: of women called men and men called women, on the balanced test.
# - *men per woman*: near 1 for most, and no comfort: errors of both kinds cancel.
# - *stereotyped*: the share of captions whose person is the one the thing goes with; 0.50 is even.
# - *reason*: blank the person, then the thing; in what share does the person matter more for the
#   word about the person? It is **right for the right reason** only there.
# - *amplification*, after Zhao and colleagues ([2017](https://arxiv.org/abs/1707.09457)), asks
#   whether a thing's predicted captions lean more than its training captions do, on a test with
#   training's pairing. Near 0 it seems to say that all is well, with two captions in three that
#   follow the stereotype where one in two would be fair. It compares with data that lean
#   themselves, and things that are mistaken for one another dilute it.
#
# The Equalizer lowers the error; so does drawing the batches evenly, the control, which needs no
# blanked pictures. Both need to know whom a caption names. The Equalizer's lead over the control is
# printed, and its interval nearly reaches 0. With the empty mask the error is *higher* than without
# any cure: the blanked pictures teach things without persons. A loss that is exactly 0 at every
# step is a finding. Look at each term once.

# %% folded=true
# A check that the released mask would not have passed.
targets = clear.captions
every = torch.ones_like(targets, dtype=torch.bool)
counted = where_any(targets, [*WOMEN, *MEN], every).sum()
claim("Positions about a person among 400 captions: {value:.0f}", counted, equals=400, within=0)

# %% [markdown]
# ## What stays
#
# - Majority, question only, picture only, shuffled: a table without them says nothing.
# - One test with another prior does not show that a model looks. Three tests do: the same prior,
#   another one, none; by type of question.
# - Every cure has a price on the old prior. The honest gain is what the flat test shows.
# - A bias model carries away all that it knows. See to it that it knows no more than the bias.
# - Starvation and bias are two illnesses. More gradient for a modality does not cure a shortcut.
# - A mask that may be empty needs a check.
#
# ## Words
#
# - **favourite answer**: the answer that is right most often for a key.
# - **question-only model**: a model of the same kind that never sees the picture.
# - **same prior**: of a test, answers as frequent per key as in training.
# - **shifted prior**: of a test, another favourite per key than in training.
# - **flat prior**: of a test, all possible answers of a key equally often right.
# - **bias model**: fixed probabilities of the answers from what must not decide alone.
# - **product of experts**: distributions multiplied and scaled to sum to one.
# - **learned-mixin**: the product with the bias to a power that the network predicts.
# - **+H**: the entropy of the bias at its power, as a penalty.
# - **RUBi**: logits masked by what the question says alone, in training.
# - **unimodal bias**: a shortcut through one modality that the training data really offer.
# - **Equalizer**: two losses that let a word about a person depend on the person.
# - **right for the right reason**: right, and by what the word is about.
#
# All words of the course stand in the [glossary](glossary.ipynb).
#
# Pictures: easy-VQA by Victor Zhou, MIT. Noto Emoji by Google, Apache 2.0. Twemoji, copyright
# 2014–2021 Twitter, Inc. and other contributors, 2022–2024 Jdecked and contributors, licensed under
# [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/); scaled, on white ground. The texts of
# the licences stand in the folder `data/licences`.
#
# ## Checkpoint

# %% folded=true
# The checkpoint: what your run gave.
record.checkpoint(
    "12",
    {
        "this run, joint, same prior": float(mine.loc["same prior", "all"]),
        "this run, joint, shifted prior": float(mine.loc["shifted prior", "all"]),
        "this run, product − joint, shifted": float(gained),
        "product − joint, flat": lead("product", PLAIN, "flat prior").mean,
        "+H .36 − learned-mixin, flat": behind.mean,
        "yes/no, +H .36, shifted − same": turned.mean,
        "loss per modality − joint, shifted": moved["loss per modality"].mean,
    },
    open_checked("easy_vqa.npz"),
)
