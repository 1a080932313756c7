"""Softmax with NumPy, for the references and misconceptions of exercises."""

import numpy as np


def softmax(scores: np.ndarray, axis: int | None = -1) -> np.ndarray:
    """Shares of the shape of ``scores`` that sum to one along ``axis``; None: all of them together.

    scores: any numbers, large ones too: a constant added to all of them changes nothing.
    """
    e = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return np.asarray(e / e.sum(axis=axis, keepdims=True))
