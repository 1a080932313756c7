"""What an entrant has to do: methods that work pass, and each slip is told what it lacks."""

from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch

from coursekit import balancing
from coursekit.balancing.mlb import MLB
from coursekit.balancing.multi_loss import MultiLoss
from coursekit.course.exercises import Correct, Incorrect, NotAttempted, OpenExercise
from coursekit.course.exercises.own_method import (
    GAIN,
    NAME,
    NAMES,
    NEGATIVE,
    REPEATED,
    STARVES,
    THREE,
    UNTRAINED,
    requirements,
)
from coursekit.course.exercises.own_method_slips import slips
from coursekit.course.exercises.own_rule import (
    keeps_scales_when_redrawn,
    scales_without_heads,
    stays_in_range,
    tells_modalities_apart,
    treats_alike,
    treats_names_alike,
)
from coursekit.data import load_preset
from coursekit.models import build_classifier
from coursekit.training import Settings, fit
from coursekit.training.method import JOINT, Method

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


@pytest.mark.parametrize("name", ["mlb", "multi-loss", "ogm"])
def test_whoever_adds_nothing_to_a_method_hears_to_which(name):
    class Mine(balancing.registry()[name]):
        """Not written yet."""

    outcome = ENTER.evaluate(Mine)
    assert isinstance(outcome, NotAttempted)
    assert outcome.sentence.endswith(f"you added nothing to {Mine.__base__.__name__}.")


def test_a_dataclass_with_a_diary_on_its_class_enters():
    @dataclass
    class Kept(MultiLoss):
        floor: float = 0.3
        diary: ClassVar[list] = []

        def scales(self, step):
            losses = {m: x for m, x in step.cross_entropies().items() if m != JOINT}
            self.diary.append(losses)  # with the graphs that hang on them
            mean = sum(x.item() for x in losses.values()) / len(losses)
            return {m: min(max(x.item() / mean, self.floor), 3.0) for m, x in losses.items()}

    data = load_preset("starve", seed=0, train=100, valid=50, test=50)
    model = build_classifier(data.train.inputs, data.num_classes)
    fit(model, data.train, data.valid, Settings(epochs=1), method=Kept())
    assert isinstance(ENTER.evaluate(Kept, seed=1), Correct)


def test_a_weight_below_zero_where_the_joint_head_is_sure_and_wrong_is_met():
    class Sinks(MultiLoss):
        def weights(self, step):
            losses = step.cross_entropies()
            return {k: 1 - float(losses[JOINT]) / 15 for k in losses}

    assert not stays_in_range(Sinks) and stays_in_range(MultiLoss)


@pytest.mark.parametrize("first", [0, 4])
def test_one_rate_for_everybody_is_none_of_the_methods_wherever_it_begins(first):
    class Rate(MultiLoss):
        def scales(self, step):
            late = step.run.epoch > first
            return dict.fromkeys(step.run.model.modalities, 3.0) if late else {}

    class Warm(Rate):
        def scales(self, step):
            losses = {m: float(x) for m, x in step.cross_entropies().items() if m != JOINT}
            mean = sum(losses.values()) / len(losses)
            return {m: x / mean if step.run.epoch > first else 0.5 for m, x in losses.items()}

    assert not tells_modalities_apart(Rate) and tells_modalities_apart(Warm)


def test_one_weight_for_all_losses_is_a_rate_and_several_are_none():
    class Thrice(MultiLoss):
        def weights(self, step):
            return dict.fromkeys(super().weights(step), 3.0)

    class HalfJoint(MultiLoss):
        def weights(self, step):
            return {**super().weights(step), JOINT: 0.5}

    assert not tells_modalities_apart(Thrice)
    assert tells_modalities_apart(HalfJoint) and tells_modalities_apart(MultiLoss)


def at_random(base, width, first=0, once=False):
    """What ``base`` gives, times a number between 1 / width and width from an epoch on."""

    class Drawn(base):
        def begin(self, run):
            super().begin(run)
            self.kept = self.drawn(run) if once else None

        def drawn(self, run):
            u = torch.rand(len(run.model.modalities), generator=run.generator)
            return dict(zip(run.model.modalities, (width ** (2 * u - 1)).tolist(), strict=True))

        def scales(self, step):
            k = {m: 1.0 for m in step.run.model.modalities} | dict(super().scales(step))
            if step.run.epoch <= first:
                return k
            drawn = self.kept or self.drawn(step.run)
            return {m: k[m] * drawn[m] for m in k}

    return Drawn


@pytest.mark.parametrize("width", [2.0, 16.0])
@pytest.mark.parametrize(("first", "once"), [(0, False), (6, False), (0, True)])
def test_scales_that_other_draws_change_are_noise(width, first, once):
    assert not keeps_scales_when_redrawn(at_random(MultiLoss, width, first, once))


@pytest.mark.parametrize("name", ["mlb", "multi-loss", "ogm", "ogm-ge", "gblend-online"])
def test_scales_that_hang_on_scores_stay_when_something_else_is_drawn(name):
    assert keeps_scales_when_redrawn(balancing.registry()[name])


def test_a_little_chance_in_a_rule_leaves_it_one():
    assert keeps_scales_when_redrawn(at_random(MLB, 1.3))
    assert not keeps_scales_when_redrawn(balancing.registry()["random-scale"])


def test_heads_without_a_weight_are_named_where_k_differs_by_modality():
    class Deaf(MLB):
        def weights(self, step):
            return {JOINT: 1.0}

    class Slow(Method):
        def scales(self, step):
            return dict.fromkeys(step.run.model.modalities, 0.8)

    assert scales_without_heads(Deaf) and ENTER.evaluate(Deaf).hint == UNTRAINED
    assert not scales_without_heads(Slow) and ENTER.evaluate(Slow).hint == STARVES
    assert not scales_without_heads(MLB) and not scales_without_heads(MultiLoss)


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


def test_a_line_of_the_check_is_never_quoted_as_the_learners():
    class Stranger(Method):
        def scales(self, step):
            return {"nobody": 0.5}

    assert ENTER.evaluate(Stranger).detail == "KeyError: 'nobody'"


def test_what_an_earlier_training_left_on_the_class_is_named():
    class Kept(Method):
        names: ClassVar[list] = []

        def scales(self, step):
            self.names.extend([] if self.names else step.run.model.modalities)
            return dict.fromkeys(self.names, 0.5)

    assert ENTER.evaluate(Kept).hint == REPEATED
    assert Kept.names == []  # the class is as it was, for the next check


def test_a_method_that_draws_from_its_generator_may_tell_modalities_apart():
    class Drawn(Method):
        def scales(self, step):
            names = step.run.model.modalities
            drawn = torch.rand(len(names), generator=step.run.generator).tolist()
            return dict(zip(names, drawn, strict=True))

    class Placed(Method):
        def scales(self, step):
            return {step.run.model.modalities[-1]: 0.5}

    assert treats_alike(Drawn)
    assert treats_names_alike(Drawn)
    assert not treats_alike(Placed)
    assert treats_names_alike(Placed)


@pytest.mark.parametrize(
    "chosen",
    [
        lambda names: [m for m in names if m.lower() in ("a", "slow")],
        lambda names: [min(names)],
        lambda names: [max(names)],
        lambda names: sorted(names)[1:2],
    ],
)
def test_a_rule_that_hangs_on_names_is_told_so_before_what_it_does_on_data(chosen):
    class Named(Method):
        def scales(self, step):
            names = step.run.model.modalities
            return {m: 3.0 if m in chosen(names) else 0.4 for m in names}

    assert not treats_names_alike(Named)
    assert ENTER.evaluate(Named).hint == NAME


def test_weights_that_are_no_number_late_are_told_so_before_what_they_do_on_data():
    class Late(Method):
        def weights(self, step):
            return {"joint": float("nan") if step.run.epoch > 4 else 1.0}

    assert ENTER.evaluate(Late).hint == NEGATIVE


def test_weights_below_zero_are_found_also_where_they_come_late():
    class Late(Method):
        def weights(self, step):
            return {"joint": 1.0} | dict.fromkeys(
                step.run.model.modalities, -0.01 if step.run.epoch > 15 else 0.5
            )

    assert stays_in_range(balancing.registry()["mlb"])
    assert not stays_in_range(Late)
