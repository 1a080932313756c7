"""Blocks run one by one, as models see them; they lie lower, since a fusion is made of them too."""

from coursekit.blocks import Blocks, call

__all__ = ["Blocks", "call"]
