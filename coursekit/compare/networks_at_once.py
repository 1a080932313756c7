"""Networks of one form that differ in their weights, trained at once: one step for all seeds."""

from collections.abc import Iterator, Sequence
from typing import Any

from torch import nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn.modules.batchnorm import _BatchNorm

from coursekit.utils.checks import require, require_instance


class NetworksAtOnce(nn.Module):
    """K networks whose parameters are stacked, (K, …) each.

    Forward takes the arguments of one network with K in front, (K, B, …), and gives its values
    likewise. Networks share nothing, and Adam goes number by number: the sum of their K losses and
    one optimizer train each as it would train alone, but for rounding. Not so with a step that is
    clipped by the norm of all gradients. Dropout differs per network.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        """Errors: TypeError or ValueError for none, for unlike ones, for batch norm."""
        super().__init__()
        require(len(networks) > 0, "networks is empty; at least one network was expected.")
        for network in networks:
            require_instance("a network", network, nn.Module)
        forms = {_form(network) for network in networks}
        require(
            len(forms) == 1,
            "networks differ in their parameters' names or sizes; networks of one form were "
            "expected.",
        )
        kept = [m for m in networks[0].modules() if isinstance(m, _BatchNorm)]
        require(
            not kept, "networks have batch norm, which keeps means; networks without were expected."
        )
        parameters, self._buffers_at_once = stack_module_state(list(networks))
        # A dot is not allowed in the name of a parameter.
        self._names = {name: name.replace(".", "-") for name in parameters}
        for name, value in parameters.items():
            self.register_parameter(self._names[name], nn.Parameter(value.detach()))
        self._one = [networks[0]]  # in a list, or its parameters would count as this module's

    def __len__(self) -> int:
        return len(next(self.parameters()))

    def forward(self, *inputs: Any) -> Any:
        """What the networks give for ``inputs``, tensors or dicts of tensors (K, B, …) each."""
        one = self._one[0].train(self.training)

        def of_one(parameters: dict, buffers: dict, *own: Any) -> Any:
            return functional_call(one, (parameters, buffers), own)

        return vmap(of_one, randomness="different")(self.stacked, self._buffers_at_once, *inputs)

    @property
    def stacked(self) -> dict[str, nn.Parameter]:
        """Each parameter of a network by its name there, (K, …)."""
        return {name: self.get_parameter(stored) for name, stored in self._names.items()}

    def apart(self) -> Iterator[dict[str, Any]]:
        """Each network's own parameters and buffers, for its ``load_state_dict``."""
        every = {**self.stacked, **self._buffers_at_once}
        for place in range(len(self)):
            yield {name: value[place].detach().clone() for name, value in every.items()}


def at_once(networks: Sequence[nn.Module]) -> NetworksAtOnce:
    """The networks, stacked: they are not changed by its training; see `NetworksAtOnce`."""
    return NetworksAtOnce(networks)


def _form(network: nn.Module) -> tuple[tuple[str, tuple[int, ...], str], ...]:
    state = network.state_dict()
    return tuple((name, tuple(value.shape), str(value.dtype)) for name, value in state.items())
