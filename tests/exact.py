"""Exact numbers for the tests: stored vectors, float64 tensors, reproducible draws."""

import json
from pathlib import Path

import torch

VECTORS = Path(__file__).parent / "vectors"


def read(name):
    """The stored vectors of one method."""
    return json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


def tensor(nested):
    return torch.tensor(nested, dtype=torch.float64)


def draw(*shapes, seed=0):
    """A normal tensor in float64 for each shape."""
    rng = torch.Generator().manual_seed(seed)
    return [torch.randn(*s, generator=rng, dtype=torch.float64) for s in shapes]
