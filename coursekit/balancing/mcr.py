"""MCR: encoders play for influence on the answer, told by what a permutation of theirs changes."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import torch
from torch import Tensor

from coursekit.fusion.base import require_vectors
from coursekit.training.method import Method, Neutral, Step
from coursekit.utils.checks import choose, require, require_list, require_not_negative
from coursekit.utils.precision import finite_logs, in_one_dtype, not_half
from coursekit.utils.tensor_checks import require_one_shape

# k and f of `pulls`: what an encoder makes of the others' influence, besides raising its own.
STRATEGIES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"greedy": (-1, 0), "independent": (0, 1), "collaborative": (1, 1)}
)


def jensen_shannon(first: Tensor, second: Tensor) -> Tensor:
    """½ KL(p ‖ (p+q)/2) + ½ KL(q ‖ (p+q)/2) in nats, mean over the batch, a scalar in 0 … ln 2.

    first, second: logits (B, C), p and q their softmax.  Half precision gives float64.
    Errors: ValueError for shapes that differ, no rows, NaN.
    Source: [Kontras and colleagues 2025](https://arxiv.org/abs/2411.07335), section on L_MIPD.
    """
    require_one_shape("first", first, "second", second)
    both = in_one_dtype(not_half(first), not_half(second))
    p, q = (finite_logs(x.log_softmax(1)) for x in both)
    middle = torch.logaddexp(p, q) - math.log(2)
    return ((p.exp() * (p - middle) + q.exp() * (q - middle)).sum(1) / 2).mean()


def pulls(
    permuted: Sequence[Sequence[Tensor]], whole: Sequence[Tensor], strategy: str
) -> list[Tensor]:
    """− P_mm − k Σ_{j≠m} P_jm − f F_m: the gradient that encoder m descends, (B, D_m) each.

    permuted P: one list per modality j, ∂J_j/∂z_m (B, D_m) for every m as it flows through the
    answer with modality j permuted.  whole F: Σ_j ∂J_j/∂z_m through the answer as it is.
    strategy: "greedy", k = −1, f = 0: encoder m raises J_m and lowers the others; "independent",
    0 and 1: it raises J_m; "collaborative", 1 and 1: it raises all. Half precision gives float64.
    Errors: ValueError for lists or shapes that do not fit, NaN, another strategy; TypeError for
    what is no list of tensors.
    Source: as of `jensen_shannon`. In the paper's equation each J has its gradient whole; here as
    in their code what others may do to it in the permuted answer is a constant, so that F reaches
    everybody, and cancels in greedy. More than two modalities: ours.
    """
    k, f = STRATEGIES[choose("strategy", strategy, STRATEGIES)]
    require_vectors("whole", whole)
    require_list("permuted", permuted, "gradients by modality")
    rows, modalities = len(permuted), range(len(whole))
    require(rows == len(whole), f"permuted holds {rows} lists; {len(whole)} were expected.")
    for j, row in enumerate(permuted):
        require_vectors(f"permuted[{j}]", row)
        fits = [x.shape for x in row] == [x.shape for x in whole]
        require(fits, f"permuted[{j}] has other shapes than whole; the same were expected.")
    p, both = [[not_half(g) for g in row] for row in permuted], [not_half(g) for g in whole]
    others = [torch.stack([row[m] for row in p]).sum(0) - p[m][m] for m in modalities]
    return [-p[m][m] - k * others[m] - f * both[m] for m in modalities]


class MCR(Method):
    """Joint training, and each encoder raises J_m, its influence on the answer. Any fusion.

    J_m is the `jensen_shannon` divergence of the answer with the features of modality m permuted in
    the batch from the answer as it is. Features alone have a gradient of it: the fusion learns from
    labels. Of the paper this is L_MIPD, with one permutation per step; its contrast between
    modalities and its conditional entropy bottleneck are left out.
    strength λ ≥ 0.  strategy: see `pulls`.
    """

    name = "mcr"
    neutral = Neutral({"strength": 0.0})

    def __init__(self, strength: float = 0.1, strategy: str = "greedy") -> None:
        require_not_negative("strength", strength)
        self.strength, self.strategy = strength, choose("strategy", strategy, STRATEGIES)

    def loss(self, step: Step, weights: Mapping[str, float]) -> Tensor:
        """The joint loss − λ Σ_m J_m, whose second part has the gradients of `pulls`."""
        loss = super().loss(step, weights)
        if self.strength == 0:
            return loss
        total, by_modality = self.game(step)
        parts = zip(step.prediction.features.values(), by_modality, strict=True)
        pulled = torch.stack([(z * g.to(z)).sum() for z, g in parts]).sum()
        # Strategies differ in their gradients alone: the value shown is Σ J in all of them.
        return loss + self.strength * (pulled - pulled.detach() - total.to(pulled))

    def game(self, step: Step) -> tuple[Tensor, list[Tensor]]:
        """Σ_m J_m, a scalar, and the gradient that each modality's features descend."""
        run, features = step.run, step.prediction.features
        # The same features twice, to tell what flows through the permuted answer from the rest;
        # views, because PyTorch's counter of multiply-adds refuses gradients of a module's leaves.
        one, other = (
            {m: z.detach().requires_grad_().view_as(z) for m, z in features.items()}
            for _ in range(2)
        )
        joint, count = run.model.fusion(other), len(one)
        divergences, permuted, whole = [], [], []
        for m, z in one.items():
            order = torch.randperm(len(z), generator=run.generator).to(z.device)
            divergence = jensen_shannon(run.model.fusion({**one, m: z[order]}), joint)
            inputs = [*one.values(), *other.values()]
            grads = torch.autograd.grad(
                divergence, inputs, retain_graph=True, materialize_grads=True
            )
            divergences.append(divergence.detach())
            permuted.append(grads[:count])
            whole.append(grads[count:])
        sums = [torch.stack(by_modality).sum(0) for by_modality in zip(*whole, strict=True)]
        return torch.stack(divergences).sum(), pulls(permuted, sums, self.strategy)
