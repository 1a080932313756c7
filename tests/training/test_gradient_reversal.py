"""The reversed gradient, for one network and for several at once; the projected form."""

import pytest
import torch
from torch.func import vmap

from coursekit.training.adversarial_projection import project_away, projected_gradients
from coursekit.training.gradient_reversal import reversal_strength, reverse_gradient

torch.manual_seed(0)
X, Z = torch.randn(5, 3, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)


@pytest.mark.parametrize("strength", [0.0, 0.5, 3.0])
def test_forward_is_nothing_and_backward_is_minus_the_strength(strength):
    features = X.clone().requires_grad_()
    seen = reverse_gradient(features, strength)
    assert torch.equal(seen, features)
    (gradient,) = torch.autograd.grad((seen * Z).sum(), features)
    torch.testing.assert_close(gradient, -strength * Z)


def test_an_integer_will_do_and_a_second_network_at_once():
    features = torch.stack([X, Z]).requires_grad_()
    seen = vmap(lambda x: reverse_gradient(x, 2))(features)
    (gradient,) = torch.autograd.grad(seen.sum(), features)
    assert (gradient == -2).all()


def test_the_strength_rises_from_nothing_towards_one():
    values = [reversal_strength(p / 10) for p in range(11)]
    assert values[0] == 0 and values == sorted(values) and 0.999 < values[-1] < 1
    assert reversal_strength(0.1, 20) > reversal_strength(0.1, 5)


@pytest.mark.parametrize("scale", [1.0, 1e-12])
def test_nothing_is_left_along_the_adversary(scale):
    projected = project_away(X, scale * Z, 0.0)
    assert abs((projected * Z).sum()) < 1e-12
    stepped = project_away(X, scale * Z, 2.0)
    torch.testing.assert_close(stepped, projected - 2 * scale * Z)


def test_an_adversary_without_gradient_changes_nothing():
    assert torch.equal(project_away(X, 0 * Z, 1.0), X)
    assert project_away(X.half(), 0 * Z.half(), 1.0).dtype == torch.float64


def test_whole_vector_and_single_tensors_differ_but_for_one_tensor():
    task, adversary = {"w": X, "b": X[0]}, {"b": Z[0], "w": Z}
    whole = projected_gradients(task, adversary, 0.5)
    apart = projected_gradients(task, adversary, 0.5, whole_vector=False)
    assert whole["w"].shape == X.shape and not torch.allclose(whole["w"], apart["w"])
    one = [projected_gradients({"w": X}, {"w": Z}, 0.5, whole_vector=w)["w"] for w in (True, False)]
    torch.testing.assert_close(*one)
    with pytest.raises(ValueError, match=r"adversary has gradients of \['b'\]; \['b', 'w'\]"):
        projected_gradients(task, {"b": Z[0]}, 0.5)
    with pytest.raises(ValueError, match=r"adversary\['w'\] has shape"):
        projected_gradients(task, {"b": Z[0], "w": Z[0]}, 0.5)
