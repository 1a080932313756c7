"""Exact numbers for the tests: float64 tensors, reproducible draws."""

import torch


def tensor(nested):
    return torch.tensor(nested, dtype=torch.float64)


def draw(*shapes, seed=0):
    """A normal tensor in float64 for each shape."""
    rng = torch.Generator().manual_seed(seed)
    return [torch.randn(*s, generator=rng, dtype=torch.float64) for s in shapes]
