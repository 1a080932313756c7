"""OPM: the fusion has to do without the features of the modality that is ahead, now and then."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from coursekit.balancing.unimodal_scores import (
    all_equal,
    in_range,
    ratio,
    require_scores,
    rivals,
    true_class_scores,
)
from coursekit.balancing.unimodal_signals import Listening, logits_of
from coursekit.fusion.base import require_vectors
from coursekit.models import Prediction
from coursekit.training.method import Neutral, Run
from coursekit.utils.accelerator_checks import check
from coursekit.utils.checks import require, require_count, require_not_negative, require_share
from coursekit.utils.devices import moved
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import require_batch, require_bools


def drop_rates(scores: Tensor, q_base: float, strength: float) -> Tensor:
    """q_m = min(1, q_base (1 + λ ρ_m)) where ρ_m > 0, else 0; ρ_m = tanh(max(0, s_m / s̄_m − 1)).

    scores s: (M,), the batch's sum of true-class probabilities by modality; s̄_m is the mean of the
    others.  q_base: in [0, 1].  strength λ ≥ 0.  Returns (M,), the probability with which a sample
    loses modality m. Nobody is dropped at a tie, and who is last never is, so no sample loses all.
    Half precision gives float64.  Errors: ValueError also for a score of 0; in a training `rates`
    takes the limit.
    Source: [Wei, Hu, Du, Wen 2024](https://arxiv.org/abs/2410.11582), section on prediction
    modulation; more than two modalities: ours.
    """
    require_scores("scores", scores)
    _require_own(q_base, strength)
    return rates(in_range(scores), q_base, strength)


def rates(scores: Tensor, q_base: float, strength: float) -> Tensor:
    """`drop_rates` without its checks: (M,).  Where the others have 0, ρ has its limit, 1."""
    scores = in_range(scores)
    ahead = torch.where(all_equal(scores), 1.0, ratio(scores, rivals(scores)))
    lead = torch.tanh((ahead - 1).clamp_min(0))  # ρ
    behind = (lead == 0) | (scores == scores.amin(-1, keepdim=True))  # rounding says no other
    return torch.where(behind, 0.0, (q_base * (1 + strength * lead)).clamp_max(1))


def lost_share(q: Tensor, widths: Sequence[int]) -> Tensor:
    """θ = Σ_m D_m q_m / Σ_m D_m, the share of all features that is lost on average, a scalar.

    q: (M,), probabilities.  widths D: M whole numbers.  Half precision gives float64.
    Errors: ValueError also for θ = 1, where nothing would be left.
    Source: as of `drop_rates`.
    """
    require_batch("q", q, (None,))
    check(((q >= 0) & (q <= 1)).all(), lambda: ValueError("q lies beyond 0 to 1."))
    listed = isinstance(widths, Sequence) and not isinstance(widths, str)
    require(listed and len(widths) == len(q), f"widths is {widths!r}; {len(q)} were expected.")
    for width in widths:
        require_count("a width in widths", width, 1)
    q = not_half(q)
    shares = torch.tensor([width / sum(widths) for width in widths], dtype=torch.float64)
    theta = (q * moved(shares, q)).sum()
    check(theta < 1, lambda: ValueError("q is 1 throughout; one below 1 was expected."))
    return theta


def thinned(features: Sequence[Tensor], keep: Tensor, theta: Tensor) -> list[Tensor]:
    """z_m · keep_m / (1 − θ): what the fusion gets to see, (B, D_m) each.

    features z: (B, D_m) each.  keep: (B, M), False where a sample has lost a modality; one that has
    lost all is zero, and has no place in the loss.  theta θ: scalar in [0, 1), see `lost_share`.
    Half precision gives float64.
    Errors: ValueError for shapes that do not fit, NaN, a theta outside [0, 1); TypeError for what
    is no tensor of True and False.
    Source: as of `drop_rates`. The factor is one for all modalities, so that sums keep their mean.
    """
    require_vectors("features", features)
    require_bools("keep", keep, (len(features[0]), len(features)))
    require_batch("theta", theta, ())
    fair = (theta >= 0) & (theta < 1)
    check(fair, lambda: ValueError("theta lies beyond 0 to 1; a share below 1 was expected."))
    left = 1 - not_half(theta)
    parts = [not_half(z) for z in features]
    return [z * keep[:, m, None] / left.to(z) for m, z in enumerate(parts)]


def _require_own(q_base: float, strength: float) -> None:
    require_share("q_base", q_base)
    require_not_negative("strength", strength)


class OPM(Listening):
    """Joint training; after the warm-up the fusion loses features of who is ahead. Any fusion.

    The scores are those of the very batch, before anything is lost; where the fusion is not
    additive they come from heads that listen (ours).
    q_base, strength λ: see `drop_rates`.  p_exe: the share of batches in which it acts.  warm_up:
    epochs before it acts.
    """

    name = "opm"
    neutral = Neutral({"q_base": 0.0, "warm_up": 0})

    def __init__(
        self, q_base: float = 0.5, strength: float = 0.5, p_exe: float = 0.7, warm_up: int = 5
    ) -> None:
        _require_own(q_base, strength)
        require_share("p_exe", p_exe)
        require_count("warm_up", warm_up)
        self.q_base, self.strength = q_base, strength
        self.p_exe, self.warm_up = p_exe, warm_up

    def predict(self, run: Run, inputs: Mapping[str, Tensor]) -> Prediction:
        """The joint logits of what is left; features stay whole for the heads."""
        model = run.model
        if run.epoch <= self.warm_up:
            return model(inputs)
        if float(torch.rand((), generator=run.generator)) >= self.p_exe:
            return model(inputs)
        features = model.encode(inputs)
        labels = run.train.labels[run.rows]
        with torch.no_grad():
            heard = logits_of(model, features)
            q = rates(true_class_scores(list(heard.values()), labels), self.q_base, self.strength)
        drawn = torch.rand(len(labels), len(features), generator=run.generator)
        theta = lost_share(q, [z.shape[1] for z in features.values()])
        left = thinned(list(features.values()), moved(drawn, q) >= q, theta)
        given = {m: x.to(features[m]) for m, x in zip(features, left, strict=True)}
        return Prediction(model.fusion(given), features, model.heads)
