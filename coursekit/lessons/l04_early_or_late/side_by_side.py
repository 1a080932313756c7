"""Several networks of any shape in one loop, each as if it were alone: for the explorer.

`coursekit.training.epochs` does far more for each step than these small networks ask for. Here all
see the same batch, one backward pass and one step of the optimiser serve them all, and nobody may
change a loss or a gradient. Weights and curves are those of `epochs` but for rounding.
"""

from collections.abc import Generator, Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.data.multimodal import MultimodalData, Split
from coursekit.models import MultimodalClassifier
from coursekit.training import Settings, accuracy, predict
from coursekit.training.settings import make_optimizer
from coursekit.utils.threads import threads


def train_side_by_side(
    models: Mapping[str, MultimodalClassifier],
    data: MultimodalData,
    settings: Settings,
    *,
    seed: int,
) -> Generator[None, None, dict[str, np.ndarray]]:
    """Train ``models`` in place, pausing after every epoch; validation accuracy by epoch of each.

    Of the settings epochs, batch_size, the optimiser's, clip and keep_best count.
    Errors: FloatingPointError when a loss is not finite.
    """
    optimizer = make_optimizer(nn.ModuleList(models.values()), settings)
    weights = [list(model.parameters()) for model in models.values()]  # found once, not each step
    train, valid = data.train, data.valid  # cut out of the data once, not each step
    order = torch.Generator().manual_seed(seed)
    curves: dict[str, list[float]] = {name: [] for name in models}
    best: dict[str, dict[str, Tensor]] = {}
    for _ in range(settings.epochs):
        with threads(settings.threads):
            for rows in torch.randperm(len(train), generator=order).split(settings.batch_size):
                _backward(models, optimizer, train, rows)
                if settings.clip is not None:
                    for own in weights:
                        nn.utils.clip_grad_norm_(own, settings.clip)
                optimizer.step()
            for name, model in models.items():
                reached = accuracy(predict(model, valid.inputs).joint, valid.labels)
                if settings.keep_best and reached > max(curves[name], default=-1.0):
                    best[name] = {k: x.clone() for k, x in model.state_dict().items()}
                curves[name].append(reached)
        yield
    for name, state in best.items():
        models[name].load_state_dict(state)
    return {name: np.array(values) for name, values in curves.items()}


def _backward(
    models: Mapping[str, MultimodalClassifier],
    optimizer: torch.optim.Optimizer,
    train: Split,
    rows: Tensor,
) -> None:
    """The gradient of every model's own loss on these rows."""
    inputs = {m: x[rows] for m, x in train.inputs.items()}
    labels = train.labels[rows]
    losses = {name: F.cross_entropy(m(inputs).joint, labels) for name, m in models.items()}
    whole = torch.stack(list(losses.values())).sum()
    if not bool(torch.isfinite(whole)):
        lost = [name for name, loss in losses.items() if not bool(torch.isfinite(loss))]
        raise FloatingPointError(f"The loss of {', '.join(lost)} is not finite.")
    optimizer.zero_grad()
    whole.backward()
