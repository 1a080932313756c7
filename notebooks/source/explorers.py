# %% [markdown]
# # The explorers
#
# All explorers of the course on one page. Each trains or computes anew while you turn its knobs,
# so each is opened by its own button and costs nothing before.
#
# **A code** stands under the knobs of every explorer. It brings back all knobs, seed included,
# wherever it is entered. A **handout** is a code that also locks or hides knobs; a teacher makes it
# with `explorer.handout(locked=[…], hidden=[…])`. Enter either below.
#
# In the app (`python course.py app`) a code can also stand in the address, behind `?code=`. In
# JupyterLab the address does not reach this page: use the field there.

# %%
from coursekit.course.widgets.explorers_page import Opener, Shelf

Opener()

# %% [markdown]
# ## One slope or two?
#
# **Lesson 01.** Shows what a regression without the interaction term makes of data that has one.

# %%
Shelf("lines")

# %% [markdown]
# ## What can this operator say?
#
# **Lesson 02.** Shows which functions of two modalities a fusion operator can learn, and which not.

# %%
Shelf("surface")

# %% [markdown]
# ## Before and after the projection
#
# **Lesson 03.** Shows whether a trained model uses the interaction: what EMAP takes away from it.

# %%
Shelf("emap")

# %% [markdown]
# ## Early, intermediate or late?
#
# **Lesson 04.** Shows how deep two modalities must meet when what counts is that they speak at the
# same moment.

# %%
Shelf("depth")

# %% [markdown]
# ## One network, two modalities: which illness?
#
# **Lessons 00 and 05.** Shows when a joint network loses to one of its parts, and from which of two
# illnesses.

# %%
Shelf("imbalance")

# %% [markdown]
# ## Two arrows per head, one weight each
#
# **Lesson 06.** Shows how Gradient-Blending reads its weights off two points of the learning
# curves, and how far chance moves them.

# %%
Shelf("blend")

# %% [markdown]
# ## The race: who feeds the slow encoder?
#
# **Lesson 07.** Shows several balancing methods side by side, epoch by epoch, on the same data.

# %%
Shelf("race")

# %% [markdown]
# ## MLB: how fast may each modality move?
#
# **Lesson 08.** Shows the factors by which MLB brakes one modality and hurries the other.

# %%
Shelf("pace")

# %% [markdown]
# ## The film: one training, stopped where you like
#
# **Lesson 08.** Shows one training in four linked views, with a cursor through its epochs.

# %%
Shelf("film")

# %% [markdown]
# ## When does a gap pay?
#
# **Lesson 09.** Shows nine pictures and nine texts on a sphere, and the contrastive loss at every
# distance between them.

# %%
Shelf("gap")

# %% [markdown]
# ## Words find pictures
#
# **Lesson 09.** Shows the emoji that a query of your own words finds, after every epoch of one
# training, at any temperature.

# %%
Shelf("retrieval")

# %% [markdown]
# ## Where does it look for a word?
#
# **Lesson 10.** Shows where trained networks look for a word, also for one that is not there, and
# how captions with one thing exchanged score.

# %%
Shelf("where")

# %% [markdown]
# ## What does a filter throw away?
#
# **Lesson 11.** Shows, for six ways to score pairs, what a cut finds, whom it drops and how much of
# the loss it wins back.

# %%
Shelf("curating")

# %% [markdown]
# ## Seen, learnt by heart, or turned round?
#
# **Lesson 12.** Shows what eleven trainings answer on tests of the same, of another and of no
# prior, by type of question, for priors of any strength.

# %%
Shelf("priors")

# %% [markdown]
# ## A dependence, a cure, and who pays
#
# **Lesson 13.** Shows what a dependence in the training data does to the accuracy of each group,
# what each cure changes, and who can still read the attribute.

# %%
Shelf("fairness")

# %% [markdown]
# ## How much of which encoder?
#
# **Lesson 14.** Shows what both encoders' probes and the joint model still get right when each
# modality's weights are pruned by a share of its own, or all in one ranking.

# %%
Shelf("pruning")

# %% [markdown]
# ## Which word moves which metric?
#
# **Lesson 15.** Shows which n-grams of a caption that you type stand in the references, and what
# BLEU, CIDEr and CIDEr-D make of it beside what is true.

# %%
Shelf("captions")

# %% [markdown]
# ## Who needs both?
#
# **Lesson 16.** Shows whom a gate sends to which expert, by kind of sample, as its charge and
# temperature change, and what it reaches and costs beside a cascade, a random gate and an oracle.

# %%
Shelf("gates")

# %% [markdown]
# ## Which modality is missing?
#
# **Lesson 17.** Shows what one transformer over six views reaches as you switch views off or blur
# them, beside the ensemble of six networks, and each view's Shapley value.

# %%
Shelf("views")

# %% [markdown]
# ## Where does a symptom begin to count?
#
# **Lesson 18.** Shows a symptom of every stored mystery beside a threshold, and what each threshold
# gets right, misses, or suspects without cause.

# %%
Shelf("symptoms")
