import numpy as np
import pytest
import torch

from coursekit.course.claims import ClaimFailed, claim

HOLD = [
    (1.2, {"equals": 1.2, "within": 0}),
    (1.204, {"equals": 1.2, "within": 0.005}),
    (np.float32(0.5), {"below": 0.6}),
    (torch.tensor(3), {"above": 2}),
    (torch.tensor(3.0), {"equals": 3, "within": torch.tensor(0.1)}),
    (np.array([2.0]), {"between": (2, 3)}),
]
FAIL = [
    (1.206, {"equals": 1.2, "within": 0.005}),
    (0.6, {"below": 0.6}),
    (2.0, {"above": 2}),
    (1.999, {"between": (2, 3)}),
    (float("nan"), {"equals": 1.0, "within": 9}),
    (float("nan"), {"below": 1}),
    (float("nan"), {"above": 1}),
    (float("nan"), {"between": (0, 1)}),
]
WRONG_USE = [
    {},
    {"below": 1, "above": 0},
    {"equals": 1},
    {"within": 1},
    {"below": 1, "within": 1},
    {"equals": 1, "within": -1},
    {"between": (2, 1)},
]


@pytest.mark.parametrize(("value", "need"), HOLD)
def test_what_holds_is_printed_with_its_figure(value, need, capsys):
    claim("The slope is {value:.2f} points.", value, **need)
    out = capsys.readouterr().out
    assert (
        f"The slope is {value.item() if hasattr(value, 'item') else value:.2f} points." in out
        and "required" in out
    )


@pytest.mark.parametrize(("value", "need"), FAIL)
def test_what_does_not_hold_stops_with_figure_and_requirement(value, need, capsys):
    with pytest.raises(ClaimFailed, match=rf"slope is .*measured {value:.6g}, required"):
        claim("The slope is {value}.", value, **need)
    assert capsys.readouterr().out == ""
    assert issubclass(ClaimFailed, AssertionError)


@pytest.mark.parametrize("need", WRONG_USE)
def test_a_claim_has_exactly_one_requirement(need):
    with pytest.raises(ValueError):
        claim("It is {value}.", 0.5, **need)


def test_a_claim_shows_its_figure_and_takes_one_number():
    with pytest.raises(ValueError, match="needs a"):
        claim("It is small.", 0.5, below=1)
    for value in (True, "0.5", np.zeros(2), None):
        with pytest.raises(TypeError, match="one number"):
            claim("It is {value}.", value, below=1)


@pytest.mark.parametrize("within", [float("inf"), float("nan")])
def test_a_tolerance_that_lets_everything_through_is_refused(within):
    with pytest.raises(ValueError, match=r"within is (inf|nan); a finite number"):
        claim("the slope is {value}", 5.0, equals=1.0, within=within)


@pytest.mark.parametrize("between", [(1, 2, 3), (1,), 3.0, "ab", (None, 1)])
def test_between_is_two_numbers(between):
    with pytest.raises(TypeError, match=r"between is .*; two numbers"):
        claim("the slope is {value}", 5.0, between=between)
