"""A mixed edge: several operators in the place of one, weighted by what a search learns.

Liu, Simonyan and Yang, DARTS: Differentiable Architecture Search (2019),
https://arxiv.org/abs/1806.09055, eq. 2.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from coursekit.utils.checks import choose, require, require_instance, require_mapping
from coursekit.utils.tensor_checks import require_batch, require_module_names, require_tensors

SPREAD = 1e-3  # of the first α; all operators begin nearly equal


def mixed_operation(outputs: Sequence[Tensor], alpha: Tensor) -> Tensor:
    """Σ_o softmax(α)_o o(x), of the outputs' shape.

    outputs: one per operator, all of one shape.  alpha α: (O,).
    """
    require_tensors("outputs", outputs)
    for o, x in enumerate(outputs):
        require_batch(f"outputs[{o}]", x, tuple(outputs[0].shape))
    require_batch("alpha", alpha, (len(outputs),))
    weights = alpha.softmax(0)
    return torch.stack([w * x for w, x in zip(weights, outputs, strict=True)]).sum(0)


class MixedEdge(nn.Module):
    """Operators in one place; the parameter ``alpha`` (O,) says how much each counts.

    operators: by name; each is called with what the edge is called with, fusion operators of
    `coursekit.fusion` say. None is the operator that gives zeros: it has a weight and no output.
    """

    def __init__(self, operators: Mapping[str, nn.Module | None]) -> None:
        super().__init__()
        require_mapping("operators", operators, "modules")
        require_module_names("operators", operators)
        for name, operator in operators.items():
            require_instance(f"operators[{name!r}]", operator, nn.Module | None)
        self.names = tuple(operators)
        self.operators = nn.ModuleDict({n: o for n, o in operators.items() if o is not None})
        require(len(self.operators) > 0, "operators holds none that gives anything; one expected.")
        self.alpha = nn.Parameter(SPREAD * torch.randn(len(operators)))
        self._gone: set[str] = set()

    def initialise(self, generator: torch.Generator) -> None:
        """α normal, .001 wide; the operators draw their own."""
        nn.init.normal_(self.alpha, std=SPREAD, generator=generator)

    @property
    def weights(self) -> dict[str, float]:
        """softmax(α) by name; of those that are left out, 0."""
        return dict(zip(self.names, self._shares().tolist(), strict=True))

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """Inside the block the operator is not there, and the others share its weight.

        `coursekit.analysis.operator_choice` asks so which operator is needed.
        """
        choose("name", name, self.names)
        others = set(self.operators) - self._gone - {name}
        require(len(others) > 0, f"name is {name!r}, and nothing would be left.")
        before = self._gone
        self._gone = before | {name}
        try:
            yield
        finally:
            self._gone = before

    def forward(self, *inputs: object) -> Tensor:
        """What the operators give of the inputs, weighted."""
        shares = dict(zip(self.names, self._shares(), strict=True))
        todo = [name for name in self.operators if name not in self._gone]
        return torch.stack([shares[n] * self.operators[n](*inputs) for n in todo]).sum(0)

    def _shares(self) -> Tensor:
        gone = torch.tensor([name in self._gone for name in self.names], device=self.alpha.device)
        return self.alpha.masked_fill(gone, -torch.inf).softmax(0)
