"""What is drawn on the CPU goes to where it is used, as it is there."""

import torch

from coursekit.utils.devices import moved


def test_dtype_and_device_are_those_of_the_other_tensor():
    like = torch.ones(2, dtype=torch.float64)
    assert torch.equal(moved(torch.tensor([True, False]), like), torch.tensor([1.0, 0.0]).double())
    assert moved(torch.ones(3), torch.ones(2, device="meta", dtype=torch.bfloat16)).is_meta
