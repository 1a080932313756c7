"""Input checks: a sentence with the argument, what came and what was expected."""

import numpy as np
import pytest
import torch

from coursekit.utils.checks import choose, require
from coursekit.utils.tensor_checks import require_batch


def test_require():
    require(True, "never said")
    with pytest.raises(ValueError, match=r"^n is 3; 4 was expected\.$"):
        require(False, "n is 3; 4 was expected.")


def test_choose_returns_what_it_knows():
    assert choose("colour", "red", ["red", "blue"]) == "red"
    assert choose("colour", "blue", {"red": 1, "blue": 2}) == "blue"
    assert choose("colour", "red", (c for c in ("blue", "red"))) == "red"


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("bleu", "colour is 'bleu'; it can be 'red', 'blue'. Did you mean 'blue'?"),
        ("xyzzy", "colour is 'xyzzy'; it can be 'red', 'blue'."),
        (7, "colour is 7; it can be 'red', 'blue'."),
        (None, "colour is None; it can be 'red', 'blue'."),
        (["red"], "colour is ['red']; it can be 'red', 'blue'. Did you mean 'red'?"),
    ],
)
def test_choose_refuses_with_the_nearest_name(value, sentence):
    with pytest.raises(ValueError) as refusal:
        choose("colour", value, ["red", "blue"])
    assert str(refusal.value) == sentence


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_a_good_batch_comes_back_itself(dtype):
    x = torch.zeros(2, 3, dtype=dtype)
    assert require_batch("x", x, (None, 3)) is x


@pytest.mark.parametrize(
    ("x", "error", "sentence"),
    [
        (np.zeros((2, 3)), TypeError, "x is a ndarray; a torch tensor was expected."),
        ([[1.0]], TypeError, "x is a list; a torch tensor was expected."),
        (
            torch.zeros(2, 3, dtype=torch.int64),
            TypeError,
            "x has dtype torch.int64; floating",
        ),
        (torch.zeros(2, 3, dtype=torch.bool), TypeError, "x has dtype torch.bool"),
        (torch.zeros(2, 4), ValueError, "x has shape (2, 4); (any, 3) was expected."),
        (torch.zeros(2), ValueError, "x has shape (2,); (any, 3) was expected."),
        (torch.zeros(2, 3, 1), ValueError, "x has shape (2, 3, 1); (any, 3) was expected."),
        (torch.zeros(0, 3), ValueError, "x has shape (0, 3); an empty batch cannot be used."),
        (torch.tensor([[1.0, 2.0, torch.nan]]), ValueError, "x contains NaN or infinite values."),
        (torch.tensor([[1.0, 2.0, -torch.inf]]), ValueError, "x contains NaN or infinite values."),
    ],
)
def test_a_bad_batch_is_refused_by_name(x, error, sentence):
    with pytest.raises(error) as refusal:
        require_batch("x", x, (None, 3))
    assert str(refusal.value).startswith(sentence)
