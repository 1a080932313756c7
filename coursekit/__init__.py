"""coursekit: multimodal fusion, and why training it is hard; a library and a classroom on it.

A room imports only from rooms before it in this order, and no lesson from another one:

utils      checks, threads, work that pauses
data       data sets, a generator whose truth is known, research data
layers     blocks, norms, tokens, initialisation
fusion     operators, one per file
models     encoders, the classifier, networks that fuse early, in the middle or late
training   the one loop, what a method may change in it, checkpoints
balancing  methods that balance the training of several modalities, one per file
analysis   numbers one asks of a trained model: EMAP, probes, calibration, intervals, costs
compare    several trainings side by side: over seeds, as replicas, as a race, as a sweep
course     the classroom: record, claims, exercises, plots, widgets, games, grading, hub
lessons    one room per lesson: its exercises, explorers, pictures, studies

A new thing goes where its kind stands; what only one lesson needs goes to that lesson's room, and
moves down when a second one needs it. ``tests/test_house.py`` holds the rule.
"""

__version__ = "0.1.0"
