"""Threads for a while."""

import pytest
import torch
from threadpoolctl import threadpool_info

from coursekit.utils import threads as module
from coursekit.utils.threads import threads


def in_force():
    blas = {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
    return torch.get_num_threads(), blas


def test_inside_the_block_and_behind_it():
    with threads(2):
        before = in_force()
        with threads(1):
            assert in_force() == (1, {1})
            torch.set_num_threads(2)  # somebody in between
        assert in_force() == before
    with threads(None):
        assert in_force() == in_force()


def test_they_come_back_after_an_error():
    before = in_force()
    with pytest.raises(ZeroDivisionError), threads(1):
        raise ZeroDivisionError
    assert in_force() == before


def test_what_is_in_force_is_not_set_again(monkeypatch):
    with threads(1):
        monkeypatch.setattr(torch, "set_num_threads", None)
        for library in module._libraries():
            monkeypatch.setattr(library, "set_num_threads", None)
        with threads(1):
            assert in_force() == (1, {1})
        monkeypatch.undo()
