# %% [markdown]
# # 15 · Evaluation
#
# **After this lesson you can**
#
# - TODO(author): the first ability, with a verb that one can check,
# - TODO(author): the second ability,
# - TODO(author): the third ability, of three to five.
#
# **Time** about 10 minutes to read and do; the computing takes 5 to 15 seconds.
# TODO(author): the minutes above as `tests/course/test_reading_time.py` estimates them, and the
# seconds as `refresh` measures them.
#
# **Needed before** TODO(author): earlier lessons, and what else one has to know.
#
# **Source** TODO(author): papers and lectures, with their sections.

# %% folded=true
# Imports.
from coursekit.course import record
from coursekit.course.claims import claim
from coursekit.course.widgets import EXPLORERS, NumberGuess
from coursekit.lessons.l15_evaluation import exercises
from coursekit.lessons.l15_evaluation.explorer import throw

# %% [markdown]
# ## TODO(author): a title for what is asked first
#
# TODO(author): the text of the lesson. The cells below throw a die: a guess before its result, a
# claim, an explorer, an exercise. Put your own in their place, one after the other.

# %% folded=true
# The guess.
sixes_guess = NumberGuess(
    "15-sixes",
    "Of 60 throws of a fair die, which share shows a six?",
    low=0.0,
    high=0.5,
    step=0.01,
)
sixes_guess

# %%
shares = throw(60, seed=0)

# %% folded=true
# The outcome, beside your guess; claims, checked.
sixes_guess.reveal(shares[5], within=0.03)
claim("Share of sixes in 60 throws: {value:.3f}", shares[5], between=(0.05, 0.30))
furthest = abs(throw(60_000, seed=0) - 1 / 6).max()
claim("In 60 000 throws no share is further from 1/6 than {value:.4f}", furthest, below=0.01)

# %% [markdown]
# TODO(author): what the figures say, and what they do not.
#
# ## Turn the knobs
#
# TODO(author): what to try in the explorer first.

# %%
EXPLORERS["dice15"]()

# %% [markdown]
# ### Exercise 1 · TODO(author): a title of one to three words
#
# TODO(author): what the arguments are and what to return, so that nothing has to be guessed.
#
# `throws` is a list of faces, 1 to 6. Return which share of the throws shows `face`.


# %% nbgrader={"grade_id": "ex-15-share-of", "solution": true}
def share_of(throws, face):
    """Share of the throws that show this face, one number."""
    ### BEGIN SOLUTION
    return throws.count(face) / len(throws)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-15-share-of", "grade": true, "points": 1}
exercises.share_of.check(share_of)
### BEGIN HIDDEN TESTS
exercises.share_of.check(share_of, seed=15_0101)
### END HIDDEN TESTS

# %% [markdown]
# ## Words
#
# - **a word of lesson 15**: TODO(author): what it means. One term per item, as many as needed.
#
# All words of the course stand in the [glossary](glossary.ipynb).
#
# ## Checkpoint
#
# This writes the circumstances and the main figures of your run to `record.jsonl`, to compare or to
# hand in.

# %%
record.checkpoint("15", {"share of sixes in 60 throws": float(shares[5])})
