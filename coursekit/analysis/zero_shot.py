"""Zero-shot classification: a class is the mean direction of sentences about it.

Radford and colleagues (2021), https://arxiv.org/abs/2103.00020, section 3.1.
"""

from torch import Tensor

from coursekit.training.contrastive_losses import cosine_factor, unit
from coursekit.utils.checks import require_finite
from coursekit.utils.precision import in_one_dtype
from coursekit.utils.tensor_checks import require_batch, require_one_width


def class_weights(prompts: Tensor) -> Tensor:
    """One direction per class from the features of its prompts, (K, P, D) → (K, D).

    Each prompt has length one before the mean, or those with long features would outvote the rest.
    Errors: ValueError for a prompt of zeros, prompts that cancel, NaN, another shape.
    """
    require_batch("prompts", prompts, (None, None, None))
    classes, count, width = prompts.shape
    directions = unit("prompts", prompts.reshape(classes * count, width))
    return unit("prompts", directions.reshape(classes, count, width).mean(1))


def class_probabilities(pictures: Tensor, weights: Tensor, log_scale: float) -> Tensor:
    """Softmax over classes of the cosines times exp(log_scale), (N, D) and (K, D) → (N, K).

    Errors: ValueError for other shapes, a row of zeros, NaN, and where exp(log_scale) is infinite.
    """
    require_one_width("pictures", pictures, "weights", weights)
    require_finite("log_scale", log_scale)
    pictures, weights = in_one_dtype(pictures, weights)
    cosine = unit("pictures", pictures) @ unit("weights", weights).T
    return (cosine * cosine_factor(cosine.new_tensor(log_scale))).softmax(1)
