"""What an entrant has to do: methods that work pass, and each slip is told what it lacks."""

import pytest

from coursekit import balancing
from coursekit.course.exercises import Correct, Incorrect, NotAttempted, OpenExercise
from coursekit.course.exercises.own_method import GAIN, NAMES, THREE, requirements, slips
from coursekit.training.method import Method

ENTER = OpenExercise(
    key="07-try",
    points=1,
    task="Enter.",
    reference=balancing.registry()["mlb"],
    misconceptions=slips(feeds=True),
    hints=("Try.",),
    requirements=requirements(feeds=True),
    untouched=Method,
)


@pytest.mark.parametrize("name", ["mlb", "multi-loss", "ogm"])
def test_methods_that_feed_the_starved_encoder_enter(name):
    assert isinstance(ENTER.evaluate(balancing.registry()[name], seed=1), Correct)


def test_joint_training_by_another_name_is_no_attempt():
    assert isinstance(ENTER.evaluate(Method), NotAttempted)


@pytest.mark.parametrize("slip", ENTER.misconceptions, ids=lambda slip: slip.name)
def test_each_slip_meets_all_before_its_own_requirement(slip):
    order = [r.hint for r in ENTER.requirements]
    outcome = ENTER.evaluate(slip.function, seed=2)
    assert isinstance(outcome, Incorrect) and outcome.hint == slip.hint
    shorter = OpenExercise(
        **{
            **{f: getattr(ENTER, f) for f in ("key", "points", "task", "reference", "hints")},
            "misconceptions": (),
            "requirements": ENTER.requirements[: order.index(slip.hint)],
            "untouched": Method,
        }
    )
    assert isinstance(shorter.evaluate(slip.function, seed=2), Correct)


def test_a_method_of_two_named_modalities_hears_of_names_and_one_of_two_of_number():
    class Named(Method):
        def scales(self, step):
            return {"B": 0.5}

    class Paired(Method):
        def scales(self, step):
            a, b = step.cross_entropies().keys() - {"joint"}
            return {a: 1.0, b: 1.0}

    assert ENTER.evaluate(Named).hint == NAMES
    assert ENTER.evaluate(Paired).hint == THREE


def test_the_gain_asked_for_is_one_that_brakes_alone_do_not_reach():
    """MSLR hardly feeds anybody; the requirement tells it from the methods that do."""
    outcome = ENTER.evaluate(balancing.registry()["mslr"])
    assert isinstance(outcome, Incorrect) and str(GAIN) in outcome.sentence


def test_helpers_of_the_exercise_do_not_enter_the_registry():
    assert all(
        not cls.__module__.startswith("coursekit.course.exercises")
        for cls in balancing.registry().values()
    )
