"""Valuation of single samples: a modality that contributes little to one is shown again, alone."""

from collections.abc import Mapping
from itertools import combinations

import torch
from torch import Tensor

from coursekit.balancing.agm import shapley
from coursekit.layers.modality_dropout import what_is_kept
from coursekit.models import MultimodalClassifier, Prediction, evaluating
from coursekit.training.evaluate import largest
from coursekit.training.method import Method, Neutral, Run
from coursekit.utils.checks import require, require_count, require_mapping
from coursekit.utils.precision import wide
from coursekit.utils.tensor_checks import require_batch, require_bools, require_no_negative

ROUNDING = 1e-9  # of Shapley values, which are fractions


def contributions(right: Mapping[frozenset[int], Tensor]) -> Tensor:
    """φ, what each modality contributes to the answer to each sample, (N, M), in float64.

    The Shapley value where a set of modalities is worth their number if its answer is right, and 0
    if not: (v_m + v_all − v_other) / 2 of two. 1 is what a modality is due; two that are right only
    together have 1 each, one that leads the other astray has less than 0.
    right: (N,) of True and False by set of the modalities 0 … M − 1 that are present, features of
    the others zero; every set but the empty one, which is worth 0.
    Errors: ValueError for sets that are missing, or rows that differ; TypeError for what is no
    dictionary of tensors of True and False.
    Source: [Wei, Feng, Wang, Hu 2024](https://arxiv.org/abs/2309.06255), section 3.
    """
    require_mapping("right", right, "answers")
    sets = 2 ** len(frozenset[int]().union(*right)) - 1
    require(len(right) == sets, f"right holds {len(right)} sets; {sets} were expected.")
    first = next(iter(right.values()))
    rows = len(first) if isinstance(first, Tensor) and first.ndim else 0
    for present, truths in right.items():
        require_bools(f"right[{sorted(present)}]", truths, (rows,))
    values = {present: len(present) * wide(truths) for present, truths in right.items()}
    return torch.stack(shapley(values), dim=1)


def extra_copies(contribution: Tensor) -> Tensor:
    """⌈2 (1 − φ)⌉ where φ < 1, else 0: how often a modality is shown once more, alone; int64.

    contribution φ: (N, M).  Of two modalities φ = ½, 0, −½ have 1, 2, 3 copies, as in the released
    code; the paper asks for a number that grows as φ falls, and has none for more modalities.
    Errors: ValueError for another shape, no rows, NaN, a φ larger in size than M.
    Source: as of `contributions`.
    """
    require_batch("contribution", contribution, (None, None))
    phi = wide(contribution)
    most, modalities = float(phi.abs().max()), contribution.shape[1]
    fits = most <= modalities + ROUNDING
    require(fits, f"contribution holds {most:g} in size; {modalities} at most was expected.")
    return (2 * (1 - phi) - ROUNDING).ceil().clamp_min(0).long()


def resampled(copies: Tensor) -> tuple[Tensor, Tensor]:
    """Rows (R,) of a training set with its copies, and what of each is kept, (R, M) of 1 and 0.

    copies: (N, M) int64, how often row n comes with modality m alone, 0 or more; every row also
    comes whole, first of all and in order.
    Errors: TypeError for other numbers or no tensor, ValueError for another shape, no rows, numbers
    below 0.
    Source: as of `contributions`.
    """
    if not isinstance(copies, Tensor) or copies.dtype != torch.int64:
        what = getattr(copies, "dtype", type(copies).__name__)
        raise TypeError(f"copies is {what}; whole numbers as int64 were expected.")
    fits = copies.ndim == 2 and copies.numel() > 0
    require(fits, f"copies has shape {tuple(copies.shape)}; (any, any), not empty, was expected.")
    require_no_negative("copies", copies)
    n, m = copies.shape
    every = torch.arange(n)
    rows = [every, *(every.repeat_interleave(copies[:, i]) for i in range(m))]
    alone = torch.eye(m)
    kept = [torch.ones(n, m), *(alone[i].expand(len(own), m) for i, own in enumerate(rows[1:]))]
    return torch.cat(rows), torch.cat(kept)


class SampleValuation(Method):
    """Joint training; after the warm-up an epoch also has copies with one modality each.

    Any fusion. Before every epoch all rows are valued, in 2^M − 1 passes through the fusion; the
    features of absent modalities are zero, in a copy as in the valuation; encoders read every row,
    so that their batch norms count copies in which they are absent. Epochs get longer: of two
    modalities a row whose answer is wrong has four copies. Results are by epoch, not by step.
    repeats: multiplies the number of copies.  warm_up: epochs without any.
    """

    name = "sample-valuation"
    neutral = Neutral({"repeats": 0, "warm_up": 0})

    def __init__(self, repeats: int = 1, warm_up: int = 5) -> None:
        require_count("repeats", repeats)
        require_count("warm_up", warm_up)
        self.repeats, self.warm_up = repeats, warm_up

    def begin(self, run: Run) -> None:
        """No copies yet."""
        self.copies: Tensor | None = None
        self.kept: list[Tensor] = []

    def begin_epoch(self, run: Run) -> None:
        """Value all rows."""
        if run.epoch > self.warm_up:
            phi = contributions(answers(run))
            self.copies = self.repeats * extra_copies(phi).cpu()

    def batches(self, run: Run, order: torch.Generator) -> list[Tensor]:
        """All rows and their copies in one order; what each shows is remembered by batch."""
        if self.copies is None:
            return super().batches(run, order)
        rows, kept = resampled(self.copies)
        parts = run.parts(torch.randperm(len(rows), generator=order))
        self.kept = [kept[part] for part in parts]
        return [rows[part] for part in parts]

    def end_epoch(self, run: Run) -> None:
        """Forget the copies, which no checkpoint has to store."""
        self.copies, self.kept = None, []

    def predict(self, run: Run, inputs: Mapping[str, Tensor]) -> Prediction:
        """The joint logits of what each row of the batch shows."""
        model = run.model
        if not self.kept:
            return model(inputs)
        features = model.encode(inputs)
        return Prediction(
            model.fusion(what_is_kept(features, self.kept[run.batch - 1])), features, model.heads
        )


@torch.no_grad()
def answers(run: Run) -> dict[frozenset[int], Tensor]:
    """Whether each training row's answer is right, (N,), by set of modalities that are present."""
    model, labels = run.model, run.train.labels
    prediction = run.predict(run.train)
    everyone = range(len(model.modalities))
    right = {}
    with evaluating(model):
        for size in everyone[1:]:
            for present in combinations(everyone, size):
                logits = _logits(model, prediction.features, present, run.settings.batch_size)
                right[frozenset(present)] = largest(logits) == labels
    right[frozenset(everyone)] = largest(prediction.joint) == labels
    return right


def _logits(
    model: MultimodalClassifier, features: Mapping[str, Tensor], present: tuple[int, ...], size: int
) -> Tensor:
    """Joint logits (N, C) with some modalities only, ``size`` rows at a time."""
    alone = torch.eye(len(features))[list(present)].sum(0)
    parts = zip(*(z.split(size) for z in features.values()), strict=True)
    logits = []
    for part in parts:
        by_name = dict(zip(features, part, strict=True))
        logits.append(model.fusion(what_is_kept(by_name, alone.expand(len(part[0]), -1))))
    return torch.cat(logits)
