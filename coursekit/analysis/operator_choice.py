"""Which operator is left when a search over mixed edges has ended.

By α: Liu, Simonyan and Yang, DARTS (2019), https://arxiv.org/abs/1806.09055, section 2.4. By
removal: Wang and colleagues, Rethinking Architecture Selection in Differentiable NAS (DARTS-PT,
2021), https://arxiv.org/abs/2108.04392, algorithm 1. α tells what was learnt fastest, which need
not be what the network cannot do without.
"""

from collections.abc import Callable, Sequence

from torch import Tensor

from coursekit.utils.checks import (
    require,
    require_callable,
    require_count,
    require_finite,
    require_list,
)
from coursekit.utils.precision import wide
from coursekit.utils.tensor_checks import require_batch

INPUTS = 2  # edges that DARTS keeps per node


def strongest_operator(
    alpha: Tensor, names: Sequence[str], never: Sequence[str] = ("none",)
) -> str:
    """The name with the largest α, the first of equals.

    alpha: (O,).  names: of the operators, in its order.  never: those that are not chosen, however
    large their α; names that are not there do no harm.
    """
    require_batch("alpha", alpha, (None,))
    left = _candidates(names, never)
    require(len(names) == len(alpha), f"names holds {len(names)}; {len(alpha)} were expected.")
    by_name = dict(zip(names, wide(alpha.detach()).tolist(), strict=True))
    return max(left, key=by_name.__getitem__)


def strongest_edges(
    alphas: Sequence[Tensor],
    names: Sequence[str],
    nodes: int,
    never: Sequence[str] = ("none",),
) -> list[tuple[str, int]]:
    """Operator and input of the two strongest edges into every node of a cell, node after node.

    alphas: (O,) per edge; node n has one from each of the cell's two inputs and of the nodes before
    it, 2 + n edges, in this order.  nodes: how many.  names, never: see `strongest_operator`.
    An edge is as strong as its best operator, by softmax(α), in which those of ``never`` count.
    Returns (operator, place of the input from 0), the stronger of a node's edges first.
    """
    require_count("nodes", nodes, 1)
    _candidates(names, never)
    require_list("alphas", alphas, "tensors")
    wanted = sum(INPUTS + n for n in range(nodes))
    edges = f"alphas holds {len(alphas)} edges; {wanted}, of {nodes} nodes, were expected."
    require(len(alphas) == wanted, edges)
    for place, alpha in enumerate(alphas):
        require_batch(f"alphas[{place}]", alpha, (len(alphas[0]) if place else None,))
    chosen, begin = [], 0
    for node in range(nodes):
        best = []
        for place, alpha in enumerate(alphas[begin : begin + INPUTS + node]):
            operator = strongest_operator(alpha, names, never)
            shares = dict(zip(names, wide(alpha.detach()).softmax(0).tolist(), strict=True))
            best.append((shares[operator], operator, place))
        best.sort(key=lambda edge: -edge[0])  # keeps the order of equals
        chosen += [(operator, place) for _, operator, place in best[:INPUTS]]
        begin += INPUTS + node
    return chosen


def hardest_to_lose(
    score_without: Callable[[str], float], names: Sequence[str], never: Sequence[str] = ("none",)
) -> str:
    """The operator without which the network is worst, the first of equals.

    score_without: of an operator's name, the validation score of the searched network without it,
    `coursekit.models.mixed_edge.MixedEdge.without`; the higher the better.  names, never: see
    `strongest_operator`.  On several edges the paper trains on after each choice.
    """
    require_callable("score_without", score_without)
    left = _candidates(names, never)
    scores = {}
    for name in left:
        score = score_without(name)
        require_finite(f"what score_without returns for {name!r}", score)
        scores[name] = float(score)
    return min(left, key=scores.__getitem__)


def _candidates(names: Sequence[str], never: Sequence[str]) -> list[str]:
    """Names that may be chosen, one or more, each of them once."""
    require_list("names", names, "names")
    if isinstance(never, str) or not isinstance(never, Sequence):
        raise TypeError(f"never is {never!r}; names in a list were expected.")
    require(len(set(names)) == len(names), f"names holds one twice, {list(names)}.")
    left = [name for name in names if name not in never]
    require(len(left) > 0, f"never holds all of {list(names)}; one to choose was expected.")
    return left
