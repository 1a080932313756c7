"""InfoReg: early in training, hold the encoder that leads near where the epoch began."""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.utils.checks import require, require_count, require_not_negative
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import (
    require_batch,
    require_no_negative,
    require_tensors,
    require_weights,
    within_range,
)

WINDOW = 10  # epochs over which traces are averaged
LEAST_RISE = 0.05  # of `relative_rise`, as long as the window is open


def fisher_trace(squares: Sequence[Tensor]) -> Tensor:
    """Σ over layers of the mean of an epoch's summed squared gradients, a scalar.

    squares: per layer of one encoder, of the shape of its weight, Σ over the epoch's batches of
    the gradient's square: 0 or more.  Half precision gives float64.
    Errors: ValueError for no layer, an empty one, NaN or negative numbers.
    Source: [Huang and colleagues 2025](https://arxiv.org/abs/2503.18595), section 3, by their code,
    which looks at convolutions and linear layers. A trace is a sum; the mean is the code's, and
    weighs layers of any size alike.
    """
    require_tensors("squares", squares)
    for i, layer in enumerate(squares):
        require_weights(f"squares[{i}]", layer)
        shape = f"squares[{i}] has shape {tuple(layer.shape)}"
        require(layer.numel() > 0, f"{shape}; one number or more was expected.")
        require_no_negative(f"squares[{i}]", layer)
    return within_range("fisher_trace", torch.stack([not_half(x).mean() for x in squares]).sum())


def relative_rise(traces: Sequence[float], window: int = WINDOW) -> float:
    """k = (mean of the last 10 traces − mean of the 10 that end one earlier) / mean of the last 10.

    traces: `fisher_trace` of each epoch so far, oldest first; before the first epoch they count as
    zero.  window: how many are averaged.  Returns 1 where there is none yet, and 0 where the last
    ones are all zero, which rise no more. While k > 0.05 the prime learning window is open.
    Errors: TypeError or ValueError for what are no numbers, 0 or more.
    Source: [Huang and colleagues 2025](https://arxiv.org/abs/2503.18595), section 3; how long a
    window is averaged is their code's, which measures audio only, for both modalities.
    """
    if isinstance(traces, str) or not isinstance(traces, Sequence):
        raise TypeError(f"traces is {traces!r}; numbers in a list were expected.")
    for trace in traces:
        require_not_negative("a trace in traces", trace)
    require_count("window", window, 1)
    if len(traces) == 0:
        return 1.0
    padded = [0.0] * window + [float(t) / window for t in traces]
    now, before = sum(padded[-window:]), sum(padded[-window - 1 : -1])
    return (now - before) / now if now > 0 else 0.0


def coefficients(scores: Tensor, factors: Tensor) -> Tensor:
    """β_m = factor_m · exp(tanh(s_m − mean of the others' s)) for the one that leads, else 0, (M,).

    scores s: (M,), true-class probabilities of the batch by modality; of sums tanh is nearly 0 or
    1, of means it tells them apart.  factors: (M,), 0 or more; in the released code 0.95 for audio
    and 0.1 for pictures.  Where two share the lead nobody is held.  Half precision gives float64.
    Errors: ValueError for one modality, shapes that differ, NaN, a factor below 0.
    Source: [Huang and colleagues 2025](https://arxiv.org/abs/2503.18595), section 3; more than two
    modalities: ours. In the released code pictures are never held: it asks twice whether audio
    leads.
    """
    require_batch("scores", scores, (None,))
    m = len(scores)
    require(m > 1, f"scores has shape {tuple(scores.shape)}; two or more were expected.")
    require_batch("factors", factors, (m,))
    require_no_negative("factors", factors)
    s, factors = not_half(scores), not_half(factors)
    apart = s[:, None] - s[None]
    leads = (apart > 0).sum(1) == m - 1
    beta = factors * torch.exp(torch.tanh(apart.sum(1) / (m - 1)))
    return within_range("coefficients", torch.where(leads, beta, 0.0))


def regulated(grad: Tensor, weight: Tensor, start: Tensor, beta: float) -> Tensor:
    """grad + β (weight − start): the gradient with that of ½ β ‖weight − start‖² added.

    grad, weight, start: of one parameter, of one shape; start is the weight when the epoch began.
    beta β ≥ 0, see `coefficients`.  Half precision gives float64.
    Errors: ValueError for shapes that differ, NaN, a negative β.
    Source: [Huang and colleagues 2025](https://arxiv.org/abs/2503.18595), section 3.
    """
    require_not_negative("beta", beta)
    for name, x in (("grad", grad), ("weight", weight), ("start", start)):
        require_weights(name, x)
        shapes = f"{name} has shape {tuple(x.shape)}; {tuple(grad.shape)}, as grad, was expected."
        require(x.shape == grad.shape, shapes)
    total = not_half(grad) + beta * (not_half(weight) - not_half(start))
    return within_range("regulated", total)
