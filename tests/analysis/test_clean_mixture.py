"""Two normals of losses, and who is taken for clean."""

import pytest
import torch

from coursekit.analysis.clean_mixture import clean_mixture, clean_part, scaled_losses


def two_groups(seed=0):
    generator = torch.Generator().manual_seed(seed)
    low, high = (
        0.2 + 0.03 * torch.randn(60, generator=generator),
        0.7 + 0.05 * torch.randn(40, generator=generator),
    )
    return torch.cat([low, high])


def test_the_lower_group_is_clean_whatever_the_scale():
    losses = two_groups()
    mixture = clean_mixture(losses)
    assert (mixture.probability[:60] > 0.99).all() and (mixture.probability[60:] < 0.01).all()
    torch.testing.assert_close(clean_mixture(30 * losses - 4).probability, mixture.probability)
    assert mixture.means[0] < mixture.means[1]


def test_means_are_those_of_the_groups():
    losses = two_groups()
    scaled = scaled_losses(losses)
    expected = torch.stack([scaled[:60].mean(), scaled[60:].mean()])
    torch.testing.assert_close(clean_mixture(losses).means, expected, atol=1e-3, rtol=0)


def test_probabilities_follow_bayes():
    losses = torch.cat([torch.linspace(0, 0.6, 50), torch.linspace(0.4, 1, 50)])
    mixture = clean_mixture(losses)
    assert (mixture.probability.diff()[:49] <= 1e-12).all()
    middle = clean_mixture(torch.linspace(0, 1, 101)).probability[50]
    assert middle == pytest.approx(0.5, abs=0.05)


def test_equal_losses_tell_nothing():
    with pytest.raises(ValueError, match=r"losses are all 0\.3"):
        clean_mixture(torch.full((5,), 0.3))
    with pytest.raises(ValueError, match="losses are all"):
        scaled_losses(torch.tensor([1.0]))


def test_the_threshold_itself_is_not_clean():
    p = torch.tensor([0.5, 0.50001, 0.2, 1.0])
    assert clean_part(p).tolist() == [False, True, False, True]
    assert clean_part(p, 0.2).tolist() == [True, True, False, True]


@pytest.mark.parametrize(("rows", "forced"), [(1, 1), (5, 1), (99, 1), (100, 2), (250, 3)])
def test_where_all_look_clean_some_are_forced_out(rows, forced):
    p = torch.linspace(0.6, 0.9, rows) if rows > 1 else torch.tensor([0.7])
    clean = clean_part(p)
    assert int((~clean).sum()) == forced and not clean[:forced].any()


def test_equal_probabilities_are_all_forced_out():
    assert not clean_part(torch.full((4,), 0.9)).any()


def test_losses_of_a_training_are_read_without_their_gradient():
    losses = two_groups()
    probability = clean_mixture(losses.clone().requires_grad_()).probability
    assert torch.equal(probability, clean_mixture(losses).probability)
    assert not probability.requires_grad
