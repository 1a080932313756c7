# %% [markdown]
# # 00 · Start here
#
# **After this lesson you can**
#
# - run a lesson, answer an exercise, ask for a hint, and read what the check says,
# - say what works on your machine,
# - turn the knobs of an explorer and share what you found as a short code,
# - name two numbers that a result is held against.
#
# **Time** about 25 minutes to read and do; the computing takes 10 to 30 seconds.
#
# **Needed before** Python with a little numpy. PyTorch helps from lesson 02 on.
#
# **Sources** Paul Liang, *How to AI (Almost) Anything*, lecture 5, for what fusion is; the training
# chapter *Multi-Modal Training*, for the habit of a verification checkpoint.

# %% folded=true
# Imports and settings.
import numpy as np
import pandas as pd

from coursekit.course import record
from coursekit.compare.seeds_at_once import seeds_at_once
from coursekit.course.claims import claim
from coursekit.data import load_preset, preset
from coursekit.analysis.diagnosis import drop_by_seed
from coursekit.lessons.l00_start_here import exercises
from coursekit.lessons.l00_start_here.route_map import draw_routes
from coursekit.course.health import CHECKS
from coursekit.course.plots import accuracy_intervals, new_figure, show
from coursekit.analysis.intervals import interval
from coursekit.training import Settings
from coursekit.course.widgets import EXPLORERS, ChoiceGuess, NumberGuess

# %% [markdown]
# ## What this course is about
#
# A video has a picture track and a sound track. A patient has an X-ray and a report. Each such view
# is a **modality**. Putting them together to one answer is **fusion**, and it sounds easy: more
# views, more information, better answers.
#
# In training it often goes wrong. A network with two modalities can end up *worse* than one with a
# single modality, on the same data. This course shows when and why, and what helps. Everything is
# small enough to run while you watch.
#
# ## How a lesson works
#
# - Run cells from top to bottom with <kbd>Shift</kbd>+<kbd>Enter</kbd>. Nothing needs the network.
# - A grey line with three dots is **folded** code: imports, drawing, the check of a claim. Run it
#   like any other cell; you need not read it. To read it, select it and press <kbd>Enter</kbd>.
# - Sections marked **Further** can be left out: no later cell needs them, though tables and
#   summaries name what they are about. The minutes in a lesson's head are those of the rest; the
#   seconds of computing are those of an idle machine and of a busy one.
# - Before a result you are asked for a **guess**. Commit one; a wrong guess that you remember is
#   worth more than a right answer that you only read.
# - A line that begins with ✓ is a **claim**: a sentence of the lesson, checked in your run. If one
#   is false, its cell stops.
# - **Exercises** are functions to write. Replace the `...` and run the check below it.
# - This is your own copy. The course keeps another one: `python course.py lab --fresh 01` sets
#   yours aside and gives you a new lesson 01, `--reset 01-slope-for` does that for one exercise.
#
# ## Does everything work here?

# %% folded=true
# A table of what works.
rows = []
for name, check in CHECKS:
    try:
        rows.append({"part": name, "works": "yes", "what was found": check()})
    except Exception as problem:  # whatever is broken is the answer
        rows.append({"part": name, "works": "no", "what was found": str(problem)})
pd.set_option("display.max_colwidth", None)
health = pd.DataFrame(rows).set_index("part")
health

# %% folded=true
# Claims, checked.
claim("Parts that do not work: {value:.0f}", (health["works"] == "no").sum(), equals=0, within=0)

# %% [markdown]
# ## The first surprise
#
# Here are data with two modalities, A and B, made by a generator. Every sample that B could answer,
# A could answer too, and A more. (Could: what a network learns is less.) B is only *quicker to
# learn*. How the data are made is the business of lesson 05; for now look at the outcome.
#
# We train three small networks: two **unimodal models**, on A alone and on B alone, and a **joint
# model** on both. A fourth row, the **ensemble**, needs no training: it averages the answers of the
# first two. A alone answers about 85 % of new samples right. **Accuracy** is that share.

# %% folded=true
# The guess.
joint_guess = NumberGuess(
    "00-joint",
    "Accuracy of the joint network on new samples?",
    low=0.60,
    high=1.00,
    step=0.01,
)
joint_guess

# %% folded=true
# The guess.
ensemble_guess = ChoiceGuess(
    "00-ensemble",
    "Half of the ensemble is B, which knows less than A. Against A alone the ensemble is …",
    options=("clearly better", "about as good", "clearly worse"),
)
ensemble_guess

# %% [markdown]
# Five times over, with new data and new networks each time. One such repetition is a **seed**. With
# each mean over seeds stands a 95 % **interval**: where the mean plausibly lies.

# %%
start = preset("starve")
result = seeds_at_once(
    lambda seed: load_preset("starve", seed),
    Settings(**start.training),
    range(100, 105),
    label="seeds",
)

# %% folded=true
# The outcome, beside your guesses.
means = result.accuracy.groupby("model")["accuracy"].mean()
joint_guess.reveal(means["joint"], within=0.02)
by_seed = result.accuracy.pivot_table(index="seed", columns="model", values="accuracy")
averaged = interval(by_seed["ensemble"] - by_seed["A"])
ensemble_guess.reveal(averaged.in_words("clearly worse", "about as good", "clearly better"))

# %% folded=true
# The figure.
figure, (ax,) = new_figure(7.2, 3.2)
ax.set_title("Two modalities, and worse than one of them")
roles = {"A": "A", "B": "B", "joint": "joint", "ensemble": "ensemble"}
show(figure, accuracy_intervals(result.accuracy, ax, roles))

# %% folded=true
# Claims, checked.
gap = interval(drop_by_seed(result.accuracy, "AB"))
claim("Joint minus the best single network, mean over 5 seeds: {value:+.3f}", gap.mean, below=-0.03)
claim("… and the 95 % interval ends at {value:+.3f}", gap.high, below=0)
claim("Ensemble minus A, the 95 % interval begins at {value:+.3f}", averaged.low, above=0)

# %% [markdown]
# Most people expect the joint network above A: it had everything that A has. It lost. And they
# expect the average between A and B. It is above both (here, not always): the two err on different
# samples (lesson 08 counts them), and in an average of probabilities the surer one has the last
# word. Hold on to this picture; the course is about the distance between the joint network and the
# two rows above it.
#
# ## Two numbers to hold a result against
#
# "Our model reaches 0.78" says nothing by itself. Against what? The least that one asks for: what
# does the **best single modality** reach, and what does somebody reach who does not look at all?
#
# ### Exercise 1 · The gap
#
# `accuracies` maps each modality's name to its accuracy when trained alone, for example
# `{"audio": 0.61, "video": 0.55}`; `joint` is a number. Return the joint accuracy minus that of the
# best single modality: positive when the joint model is better.
#
# Write your line in place of the `...` and run the check. Stuck? `exercises.gap.hint()` in a cell
# of your own gives a hint, and again, the next one. After an honest attempt
# `exercises.gap.solution()` shows a solution.


# %% nbgrader={"grade_id": "ex-00-gap", "solution": true}
def gap_to_best(accuracies, joint):
    """Joint accuracy minus the best unimodal accuracy, one number."""
    ### BEGIN SOLUTION
    return joint - max(accuracies.values())
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-00-gap", "grade": true, "points": 1}
exercises.gap.check(gap_to_best)
### BEGIN HIDDEN TESTS
exercises.gap.check(gap_to_best, seed=1)
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 2 · Without looking
#
# `labels` is a numpy array of class numbers, one per sample. Return the accuracy of the answer that
# is always the same: the most frequent class. Leave what you are handed as it came: a check also
# looks whether your function has changed it.


# %% nbgrader={"grade_id": "ex-00-majority", "solution": true}
def majority_accuracy(labels):
    """Share of the samples that have the most frequent label, one number."""
    ### BEGIN SOLUTION
    _, counts = np.unique(labels, return_counts=True)
    return counts.max() / len(labels)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-00-majority", "grade": true, "points": 1}
exercises.majority.check(majority_accuracy)
### BEGIN HIDDEN TESTS
exercises.majority.check(majority_accuracy, seed=2)
### END HIDDEN TESTS

# %% [markdown]
# ## A taste of an explorer
#
# Each move of a knob draws new data and trains three networks, here and now. Every control works by
# keyboard: <kbd>Tab</kbd> goes to the next one, the arrow keys move a slider.
#
# Try two things. Press **balanced**: what does the joint network do when both modalities are
# equally quick? Then go back to **starve** and lower "nuisance around A" step by step: A becomes
# quicker to learn. When does the joint network overtake A alone?
#
# Under the knobs stands a short code. Send it to a friend: pasted into the code field it brings
# back your setting, seed included. What the words *probe* and *starvation* mean, lesson 05 says.

# %%
EXPLORERS["imbalance"]()

# %% [markdown]
# ## What you have done so far
#
# Your guesses, attempts and checkpoints are kept in `record.jsonl` beside this notebook, on your
# machine only. This table reads it; come back and run it again whenever you like.

# %%
progress = record.progress()
progress if len(progress) else print("Nothing yet: answer an exercise above and run this again.")

# %% [markdown]
# ## The way through
#
# Nineteen lessons, and three routes through them. A filled mark is a lesson to work through, a
# hollow one a lesson of which one section is enough. Where a lesson's head names another one that
# is not on your route, begin with *What stays* and *Words* at that one's end.

# %% folded=true
# The map.
route_figure, (ax,) = new_figure(10.4, 4.6)
show(route_figure, draw_routes(ax))

# %% [markdown]
# ### The routes
#
# - **The arc**: 00–08, about 8 hours. For everyone who trains on more than one modality; a week,
#   two hours a day. At its end you tell starvation from overfitting, cure each, and hold it against
#   an ensemble.
# - **Alignment**: 00, 03, 05, 09–13, 15, about 8 hours. For those who work with pictures and words.
#   At its end you align, filter and test pairs, and know which score sees which mistake. One
#   section is enough of 04 (*The video and audio transformer*).
# - **Research**: 00, 05, 07, 08, 14–18, about 8 hours. For those who will propose a method, or
#   judge one. At its end you compare methods so that the table holds, and diagnose data you have
#   not seen. One section is enough of 02 (*All of them in one table*), 03 (*What follows, and what
#   does not*), 04 (*The video and audio transformer*), 09 (*Who wins a tie?*), 10 (*Scenes whose
#   truth is known*), 11 (*Whose score?*), 12 (*Move the prior*).
#
# ### The lessons
#
# **Part I. Fusion as a function**
#
# - [01 Additive or multiplicative?](01_additive_or_multiplicative.ipynb) When do two modalities
#   need each other? One regression says it all.
# - [02 Fusion operators](02_fusion_operators.ipynb) Products, tensors, gates, attention: what can
#   each of them express, and what does it cost?
# - [03 EMAP](03_emap.ipynb) Did the network use an interaction, or only add up?
# - [04 Early or late?](04_early_or_late.ipynb) Where in the network should modalities meet?
#
# **Part II. Why training it is hard**
#
# - [05 More can be worse](05_more_can_be_worse.ipynb) Why can a joint network lose, and which
#   illness is it?
# - [06 Gradient-Blending](06_gradient_blending.ipynb) How much should each loss weigh? Measured,
#   not guessed.
# - [07 Gradient modulation](07_gradient_modulation.ipynb) Some thirty methods that steer who
#   learns, on one map and in one race.
# - [08 Multi-loss, balanced](08_multi_loss_balanced.ipynb) Brake and accelerate; and does any of it
#   beat a plain ensemble?
#
# **Part III. Alignment and data**
#
# - [09 Contrastive alignment](09_contrastive_alignment.ipynb) Pictures and words that find each
#   other: what was learnt, and who checked it how?
# - [10 Align before fuse](10_align_before_fuse.ipynb) The caption says left, the picture shows
#   right: who notices, and where do they look?
# - [11 Curating pairs](11_curating_pairs.ipynb) Two captions in five are wrong. Drop them, weigh
#   them, or have them checked?
# - [12 Unimodal bias](12_unimodal_bias.ipynb) It wins on the test for which it was made. Has it
#   looked at the picture?
# - [13 Fairness](13_fairness.ipynb) The adversary can no longer read the gender. Is it gone?
#
# **Part IV. Scale, evaluation, open ends**
#
# - [14 Efficiency](14_efficiency.ipynb) Eight of ten weights are gone. What has become cheaper?
# - [15 Evaluation](15_evaluation.ipynb) Left became right in every caption. Which metric noticed?
# - [16 Dynamic fusion](16_dynamic_fusion.ipynb) A gate saves two thirds of the computing. Who saves
#   more?
# - [17 Many modalities](17_many_modalities.ipynb) Six modalities. Which one do you add next, and
#   who is right about it?
# - [18 Capstone: a mystery](18_capstone.ipynb) Eight trainings, six questions, one judge. What is
#   wrong with these data?
#
# The words of the whole course stand in the [glossary](glossary.ipynb).
#
# ## Words
#
# - **modality**: one view of a sample: its picture, its sound, its text.
# - **fusion**: bringing the modalities together to one answer.
# - **unimodal model**: a network that reads one modality only.
# - **joint model**: one network that reads all modalities and is trained on them together.
# - **ensemble**: unimodal models, trained apart, whose probabilities are averaged.
# - **accuracy**: the share of right answers.
# - **seed**: one repetition of an experiment with its own random draws.
# - **verification checkpoint**: the cell at a lesson's end that keeps the main figures of your run.
# - **interval**: where the mean over seeds plausibly lies; in this course always 95 %.
#
# ## Checkpoint
#
# Every lesson ends with a **verification checkpoint**. The cell writes down the version, the
# machine and the main figures of your run, so that you can compare them with somebody else's or
# hand them in.

# %% folded=true
# The checkpoint: what your run gave.
record.checkpoint(
    "00",
    {"joint minus best": gap.mean, "ensemble": float(means["ensemble"])},
    load_preset("starve"),
)
