"""From a lesson's source script to the notebook that learners open; for authors only.

``python -m coursekit.course.authoring refresh [NN ...]`` makes and runs the learner notebooks,
``python -m coursekit.course.authoring check`` says what is wrong with them, without running
anything. ``python -m coursekit new`` begins a lesson, an exercise, a method or an operator. Needs
the packages of the ``test`` extra.
"""
