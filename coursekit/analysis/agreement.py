"""Where a joint model is right, by which of the unimodal models is: their agreement on samples."""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.utils.checks import require_list
from coursekit.utils.tensor_checks import require_labels

GROUPS = ("all", "none", "1", "2")  # which of the unimodal models are right


def agreement(answers: Tensor, alone: Sequence[Tensor], labels: Tensor) -> dict[str, float]:
    """Of which samples is a model right, by which of the unimodal models is?

    answers: classes (N,) of the model.  alone: classes (N,), one tensor per modality.
    labels: (N,).
    Returns share_all, share_none, share_1, share_2, …: the share of samples that all of them
    answer right, none, or only the first, the second; and right_… the model's accuracy on these
    samples, NaN where there are none. Σ share · right is its accuracy.  With three modalities or
    more, samples that some but not all of several get right are in no group.
    Errors: TypeError or ValueError for what are no classes, or not as many as there are labels.
    """
    require_labels("labels", labels)
    require_list("alone", alone, "classes")
    for name, tensors in (("answers", [answers]), ("alone", alone)):
        for classes in tensors:
            require_labels(name, classes, len(labels))
    right = torch.stack([answer == labels for answer in alone])  # (M, N)
    count = right.sum(0)
    groups = {"all": count == len(alone), "none": count == 0}
    groups |= {str(m + 1): right[m] & (count == 1) for m in range(len(alone))}
    correct = answers == labels
    shares = {f"share_{k}": float(g.double().mean()) for k, g in groups.items()}
    return shares | {f"right_{k}": float(correct[g].double().mean()) for k, g in groups.items()}
