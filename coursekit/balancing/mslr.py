"""MSLR: a learning rate for each modality that follows its own validation accuracy."""

from collections.abc import Mapping

import torch
from torch import Tensor

from coursekit.balancing.unimodal_signals import Listening, own_logits
from coursekit.training.evaluate import accuracy
from coursekit.training.method import Neutral, Run, Step
from coursekit.utils.checks import require_count
from coursekit.utils.precision import as_before, wide
from coursekit.utils.tensor_checks import NoValue, require_batch

FOREVER = 1_000_000  # more epochs than anybody trains: too few accuracies for a ratio


def ratios(accuracies: Tensor, memory: int = 5) -> Tensor:
    """acc_m(now) / mean of the ``memory`` accuracies before now; 1 until there are enough.

    accuracies: (epochs, M), validation accuracy after each epoch, the last row is now.
    Returns (M,), which multiplies the learning rate of modality m in the next epoch; half
    precision gives float64.  Errors: ValueError also where the mean is 0, or a ratio too large for
    a number.
    Source: [Yao and Mihalcea 2022](https://aclanthology.org/2022.findings-acl.143/), the "smooth"
    strategy; their initial rate per modality is one for all here.
    """
    require_batch("accuracies", accuracies, (None, None))
    require_count("memory", memory, 1)
    if len(accuracies) <= memory:
        return as_before(torch.ones_like(wide(accuracies[-1])), accuracies)
    before, now = wide(accuracies[-memory - 1 : -1]), wide(accuracies[-1])
    mean = before.mean(0)
    low, lowest = float(mean.min()), torch.nonzero(mean <= 0).flatten().tolist()
    if lowest:
        want = "a positive one was expected"
        raise NoValue(f"accuracies before now have the mean {low}; {want}.", lowest)
    scales = as_before(now / mean, accuracies)
    beyond = torch.nonzero(~scales.isfinite()).flatten().tolist()
    if beyond:
        raise NoValue("accuracies have a ratio that is too large for a number.", beyond)
    return scales


class MSLR(Listening):
    """Joint training, each modality's step × its ratio, set anew after every epoch. Any fusion.

    What is multiplied: the step of the encoder, its head and its slice of the fusion, after
    clipping: a learning rate of its own, as in the paper, where models are additive.
    memory: how many accuracies before now are averaged.
    """

    name = "mslr"
    neutral = Neutral({"memory": FOREVER})
    keeps = ("accuracies", "now")

    def __init__(self, memory: int = 5) -> None:
        require_count("memory", memory, 1)
        self.memory = memory

    def begin(self, run: Run) -> None:
        """No accuracy is known yet."""
        self.accuracies: list[list[float]] = []
        self.now: dict[str, float] = {}

    def scales(self, step: Step) -> Mapping[str, float]:
        """The ratios of the last epoch; none in the first."""
        return self.now

    def end_epoch(self, run: Run) -> None:
        """Each modality's accuracy on the validation split, and the ratios that follow."""
        with torch.no_grad():
            heard = own_logits(run.model, run.predict(run.valid))
        self.accuracies.append([accuracy(x, run.valid.labels) for x in heard.values()])
        scales = ratios(torch.tensor(self.accuracies, dtype=torch.float64), self.memory)
        self.now = dict(zip(heard, scales.tolist(), strict=True))
