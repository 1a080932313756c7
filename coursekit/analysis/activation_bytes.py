"""What a training keeps in memory until the backward pass has used it."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from coursekit.utils.checks import require, require_callable, require_instance


def activation_bytes(model: nn.Module, compute: Callable[[], object]) -> int:
    """Bytes that ``compute()``, a forward pass, leaves behind for the backward pass.

    model: whose parameters and buffers do not count, they are there anyway.  compute: of nothing,
    ``lambda: F.cross_entropy(model(x), y)`` say. It runs once, in the mode the model is in, as any
    step of a training would.
    What views share counts once, and a view counts as the whole that it keeps alive. The inputs
    count, where a layer needs them. Works the same on every device.
    Errors: ValueError where nothing is left behind, as where no parameter is trained.
    """
    require_instance("model", model, nn.Module)
    require_callable("compute", compute)
    kept: list[Tensor] = []

    def keep(x: Tensor) -> Tensor:
        kept.append(x)  # alive until all are counted, or its place in memory would be used again
        return x.detach()  # a result that its own graph held would never be freed

    try:
        with torch.enable_grad(), saved_tensors_hooks(keep, lambda x: x):
            compute()
        storages = {x.untyped_storage().data_ptr(): x.untyped_storage() for x in kept}
    finally:
        kept.clear()  # the graph holds `keep`, and with it what is in here
    sentence = "compute left nothing for a backward pass; a forward pass was expected."
    require(len(storages) > 0, sentence)
    own = {x.untyped_storage().data_ptr() for x in (*model.parameters(), *model.buffers())}
    return sum(storage.nbytes() for place, storage in storages.items() if place not in own)
