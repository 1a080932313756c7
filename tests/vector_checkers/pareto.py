"""MMPareto: weights of an encoder's two gradients, and the gradient that it follows."""

import torch

from coursekit.balancing import mmpareto

LEAST = 0.001  # the release's solver keeps weights this far from 0 and 1


def solver_row(row):
    """The shortest sum of two vectors with these products: its first weight, its square."""
    first, along, second = (row.number(key) for key in ("v1v1", "v1v2", "v2v2"))
    one = torch.tensor([first**0.5, 0.0], dtype=torch.float64)
    rest = max(second - along**2 / first, 0.0)
    other = torch.tensor([along / first**0.5, rest**0.5], dtype=torch.float64)
    weights = mmpareto.min_norm_weights(one, other)
    row.same("gamma", kept_inside(weights)[0])
    row.same("cost", (weights @ torch.stack([one, other])).square().sum())


def kept_inside(weights):
    """As the release has them where the rule's are 0 and 1."""
    return weights.clamp(LEAST, 1 - LEAST)


def mmpareto_case(case):
    """Every encoder by itself; the release takes the lengths of each of its tensors."""
    gamma, encoders = case.number("gamma"), case.part("encoders")
    for name in encoders:
        encoder = encoders.part(name)
        multimodal, unimodal = encoder.tensors("grad_mm"), encoder.tensors("grad_uni")
        both = [torch.cat([g.flatten() for g in x.values()]) for x in (multimodal, unimodal)]
        weights = kept_inside(mmpareto.pareto_weights(*both))
        encoder.same("cosine", mmpareto.cosine(*both))
        encoder.same("weights_mm_uni", weights)
        final = {
            key: mmpareto.integrated(
                g.flatten(), unimodal[key].flatten(), weights, gamma
            ).view_as(g)
            for key, g in multimodal.items()
        }  # fmt: skip
        encoder.same_in("final_grad", final)


CHECKERS = {"mmpareto.json": {"cases": mmpareto_case, "solver_2d": solver_row}}
