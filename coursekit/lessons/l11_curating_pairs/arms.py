"""What is done about wrong captions: each arm makes of the noisy pairs what is trained on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.analysis.checking_order import lowest_first, nearest_cut_first
from coursekit.analysis.similarity_filter import keep_share
from coursekit.lessons.l11_curating_pairs.noisy_emoji import NoisyPairs
from coursekit.lessons.l11_curating_pairs.pair_training import (
    STEPS,
    Pairs,
    pair_losses,
    weighted_loss,
)
from coursekit.lessons.l11_curating_pairs.scorers import everything, only
from coursekit.training.curriculum import learning_order, paced_share, small_losses
from coursekit.training.noisy_correspondence import (
    MARGIN,
    hardest_loss,
    soft_margins,
    warm_up_loss,
)
from coursekit.utils.share_counts import count_of

FIRST_SHARE = 0.3  # of the pairs, with which a curriculum begins; all are there at the end


@dataclass(frozen=True)
class Opinion:
    """What is known of the pairs of one seed: scores by scorer, (N,) each, and a generator."""

    scores: Mapping[str, Tensor]
    labels: Tensor
    share: float  # of the open pairs that are to be kept
    generator: torch.Generator


Make = Callable[[NoisyPairs, Opinion], Pairs]


@dataclass(frozen=True)
class Arm:
    """make: what one seed trains on.  settings: of the training, see `train_stepwise`."""

    make: Make
    settings: Mapping[str, Any] = field(default_factory=dict)


def kept_rows(pairs: NoisyPairs, scores: Tensor, share: float) -> Tensor:
    """The known pairs, and of the open ones a share with the highest scores, (N,) bool."""
    kept = pairs.known.clone()
    rows = (~pairs.known).nonzero().flatten()
    kept[rows] = keep_share(scores[rows], share)
    return kept


def cut(scorer: str) -> Make:
    """Keep a share by score."""
    return lambda p, o: only(p, kept_rows(p, o.scores[scorer], o.share))


def cut_by_mixture(pairs: NoisyPairs, opinion: Opinion) -> Pairs:
    """Keep what the second network of NCR's two takes for clean."""
    return only(pairs, pairs.known | (opinion.scores["two networks"] > 0.5))


def taken(part: Pairs, rows: Tensor) -> Pairs:
    """The pairs at these places, (n,), in this order."""
    columns = (part.pictures, part.captions, part.weights, part.rows)
    return Pairs(*(column[rows] for column in columns))


def with_captions(pairs: NoisyPairs, rows: Tensor, captions: Tensor) -> Pairs:
    """All pairs; those of ``rows`` (N,) bool get other captions (N, 96)."""
    given = torch.where(rows[:, None], captions, pairs.captions)
    return replace(everything(pairs), captions=given)


def soft_weights(pairs: NoisyPairs, opinion: Opinion) -> Pairs:
    """All pairs, weighted σ(2z) by the standardised cross-fitted score; known ones 1."""
    scores = opinion.scores["cross-fitted"]
    open_scores = scores[~pairs.known]
    z = (scores - open_scores.mean()) / open_scores.std()
    weights = torch.where(pairs.known, 1.0, torch.sigmoid(2 * z))
    return replace(everything(pairs), weights=weights)


def templates(pairs: NoisyPairs, opinion: Opinion) -> Pairs:
    """What the filter would drop gets the name of its subgroup for a caption."""
    kept = kept_rows(pairs, opinion.scores["cross-fitted"], opinion.share)
    return with_captions(pairs, ~kept, pairs.template_captions)


def nearest(pairs: NoisyPairs, opinion: Opinion) -> Pairs:
    """What the filter would drop gets the caption of the kept picture that is most like it."""
    kept = kept_rows(pairs, opinion.scores["cross-fitted"], opinion.share)
    points = F.normalize(pairs.pictures, dim=1)
    partner = (points @ points[kept].T).argmax(1)
    return with_captions(pairs, ~kept, pairs.captions[kept][partner])


def templates_only(pairs: NoisyPairs, opinion: Opinion) -> Pairs:
    """The name of the subgroup for all pairs that nobody has checked."""
    return with_captions(pairs, ~pairs.known, pairs.template_captions)


CHOICES = ("random", "lowest", "nearest the cut")


def checked_rows(pairs: NoisyPairs, opinion: Opinion, choice: str, budget: float) -> Tensor:
    """Which open pairs somebody looks at, (N,) bool: a share, chosen by cross-fitted score."""
    rows = (~pairs.known).nonzero().flatten()
    scores = opinion.scores["cross-fitted"][rows]
    count = count_of(budget, len(rows))
    if choice == "random":
        first = torch.randperm(len(rows), generator=opinion.generator)[:count]
    elif choice == "lowest":
        first = lowest_first(scores, count)
    else:
        first = nearest_cut_first(scores, float(scores.quantile(1 - opinion.share)), count)
    checked = torch.zeros(len(pairs), dtype=torch.bool)
    checked[rows[first]] = True
    return checked


def check(choice: str, budget: float, filtered: bool = False) -> Make:
    """Correct the captions of checked pairs; keep all others, or those that the filter keeps."""

    def make(pairs: NoisyPairs, opinion: Opinion) -> Pairs:
        checked = checked_rows(pairs, opinion, choice, budget)
        corrected = with_captions(pairs, checked, pairs.true_captions)
        if not filtered:
            return corrected
        kept = checked | kept_rows(pairs, opinion.scores["cross-fitted"], opinion.share)
        return taken(corrected, kept.nonzero().flatten())

    return make


def ordered(order: str) -> Arm:
    """All pairs, sooner or later, by how well they fit according to the cross-fitted score."""

    def make(pairs: NoisyPairs, opinion: Opinion) -> Pairs:
        rows = learning_order(-opinion.scores["cross-fitted"], order, opinion.generator)
        return taken(everything(pairs), rows)

    def pacing(step: int, count: int) -> int:
        return count_of(paced_share(step, STEPS, FIRST_SHARE), count)

    return Arm(make, {"pacing": pacing})


def small_loss_share(share: float) -> Arm:
    """In every batch the pairs with small losses only; their share falls to ``share``."""

    def loss(cosines: Tensor, log_scales: Tensor, weights: Tensor, done: float) -> Tensor:
        each = pair_losses(cosines, log_scales)
        kept = 1 - (1 - share) * min(1.0, done / 0.4)
        small = torch.stack([small_losses(one, kept) for one in each])
        return weighted_loss(cosines, log_scales, weights * small, done)

    return Arm(lambda p, o: everything(p), {"loss": loss})


def hinge_loss(cosines: Tensor, log_scales: Tensor, weights: Tensor, done: float) -> Tensor:
    """NCR's losses, weights are margins: all wrong partners first, the hardest from halfway on."""
    if done < 0.5:
        losses = [warm_up_loss(one, MARGIN) for one in cosines]
    else:
        losses = [hardest_loss(one, m) for one, m in zip(cosines, weights, strict=True)]
    return torch.stack(losses) / cosines.shape[1]


def one_margin(pairs: NoisyPairs, opinion: Opinion) -> Pairs:
    """All pairs with the same margin."""
    return replace(everything(pairs), weights=torch.full((len(pairs),), MARGIN))


def margins_by_opinion(pairs: NoisyPairs, opinion: Opinion) -> Pairs:
    """All pairs, with NCR's soft margins, from the start.

    A third network is trained, which has no label of its own: for it the mean of the two networks'
    stands in.
    """
    p, label = opinion.scores["two networks"], opinion.labels
    soft = torch.where(p > 0.5, p + (1 - p) * label, label)
    return replace(everything(pairs), weights=soft_margins(soft, MARGIN).float())


def arms_for(share: float) -> Mapping[str, Arm]:
    """All arms by name; ``share`` of the open pairs is to be kept, what the truth would keep."""
    cuts = {f"cut, {name}": Arm(cut(name)) for name in
            ("reference", "own, late", "own, early", "cross-fitted", "random")}  # fmt: skip
    checks = {
        f"check {budget:.0%}, {choice}{', cut' if filtered else ''}": Arm(
            check(choice, budget, filtered)
        )
        for budget, filtered in ((0.1, False), (0.2, False), (0.2, True))
        for choice in CHOICES
    }
    return MappingProxyType(
        {
            "as they are": Arm(lambda p, o: everything(p)),
            "known only": Arm(lambda p, o: only(p, p.known)),
            "cut, truth": Arm(lambda p, o: only(p, ~p.wrong)),
            "all right": Arm(lambda p, o: replace(everything(p), captions=p.true_captions)),
            **cuts,
            "cut, two networks": Arm(cut_by_mixture),
            "small losses": small_loss_share(share),
            "weights": Arm(soft_weights),
            "templates": Arm(templates),
            "nearest": Arm(nearest),
            "templates only": Arm(templates_only),
            **checks,
            **{
                f"order, {order}": ordered(order)
                for order in ("easy first", "hard first", "random")
            },
            "consistency": Arm(lambda p, o: everything(p), {"consistency": 1.0}),
            "hinge": Arm(one_margin, {"loss": hinge_loss}),
            "hinge, soft margins": Arm(margins_by_opinion, {"loss": hinge_loss}),
        }
    )
