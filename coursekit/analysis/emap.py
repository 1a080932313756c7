"""EMAP: the part of a model's logits that is a sum of one function a modality.

Hessel & Lee 2020, "Does my multimodal model learn cross-modal interactions?", equation 5; the
projection of a function on sums of one-variable functions is Hoeffding's (functional ANOVA).
"""

import copy
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from coursekit.analysis.emap_blocks import grid_means, logits_in_blocks, split_means
from coursekit.fusion.base import SplitHead
from coursekit.models import MultimodalClassifier, Prediction, evaluating
from coursekit.utils.checks import require, require_count, require_present
from coursekit.utils.precision import HALF, as_before, not_half, wide
from coursekit.utils.tensor_checks import require_weights

Model = Callable[[Mapping[str, Tensor]], Tensor | Prediction]
BLOCK = 4096  # combinations at a time: what fits into a processor's cache is fastest
ENCODED_AT_ONCE = 256  # samples: a convolution's pictures take more room than its features


def project(grid: Tensor) -> Tensor:
    """Logits of the nearest additive function at the N real samples, (N, C).

    grid: (N, N, C) for two modalities, (N,)*M + (C,) for M; grid[i, j, c] is the logit of class c
    for sample i's first and sample j's second modality.  With f for the grid and E for the mean
    over all N choices, the sample itself among them:

        P_i = Σ_m E_{others of m}[f](i) − (M − 1) E[f]

    Computed in float64; the dtype stays, but half precision gives float64.  Errors: TypeError when
    the grid is no floating-point tensor, ValueError when it is not square, empty, of rank below
    three or not finite.
    """
    require_weights("grid", grid)
    alone, overall = _grid_means(wide(grid))
    return as_before(torch.stack(alone).sum(dim=0) - (len(alone) - 1) * overall, grid)


def interaction_share(grid: Tensor) -> float:
    """Share of the grid's variance that no additive function explains, in [0, 1].

    grid: as in `project`.  Variance over all combinations, summed over classes; with two classes or
    more, a common shift of all classes of a combination is taken out first, as softmax does not
    see it.  Zero where nothing varies.
    """
    require_weights("grid", grid)
    centred = wide(grid)
    if grid.ndim > 0 and grid.shape[-1] > 1:
        centred = centred - centred.mean(dim=-1, keepdim=True)
    alone, overall = _grid_means(centred)
    varied = (centred - overall).square().mean(dim=list(range(grid.ndim - 1))).sum()
    # Main effects are orthogonal to each other, so their variances add up (Parseval).
    explained = sum((mean - overall).square().mean(dim=0).sum() for mean in alone)
    return max(0.0, float(1 - explained / varied)) if varied > 0 else 0.0


def _grid_means(grid: Tensor) -> tuple[list[Tensor], Tensor]:
    """The mean over all other axes for each modality, (N, C), and over all of them, (C,)."""
    require_weights("grid", grid)
    shape = tuple(grid.shape)
    want = "(N, N, C), or one more N for each further modality,"
    require(grid.ndim >= 3, f"grid has shape {shape}; {want} was expected.")
    require(grid.numel() > 0, f"grid has shape {shape}; {want} with N, C ≥ 1 was expected.")
    square = len(set(shape[:-1])) == 1
    same = (shape[0],) * (grid.ndim - 1) + shape[-1:]
    require(square, f"grid has shape {shape}; {same}, all samples on every axis, was expected.")
    axes = range(grid.ndim - 1)
    alone = [grid.mean(dim=[a for a in axes if a != m]) for m in axes]
    return alone, grid.mean(dim=list(axes))


@torch.no_grad()
def emap(
    model: Model, inputs: Mapping[str, Tensor], *, block: int = BLOCK, label: str = ""
) -> Tensor:
    """The projected logits (N, C) of ``model`` over all combinations of the rows of ``inputs``.

    Exactly `project` of the grid of logits, whatever its size, with memory for ``block``
    combinations.  A `MultimodalClassifier` encodes each input once; a head whose first layer is a
    sum of parts is split there (`coursekit.fusion.base.SplitHead`), an additive one needs no grid.
    Any other callable, inputs by modality → logits (B, C) or `Prediction`, runs as a whole on every
    combination.  A module runs in evaluation mode on its own device and in its own dtype; its mode
    is restored. Half precision is the encoders' alone: from the features on all is float64, and so
    is what comes out.
    inputs: (N, …) by modality, two or more.  label: names a progress bar, "" = none.
    Errors: ValueError when a modality is missing, row numbers differ, something is empty or not
    finite, or only one modality is read; TypeError when inputs are no floating-point tensors.
    """
    require_count("block", block, 1)
    x = _checked(model, inputs)
    with evaluating(model):
        if not isinstance(model, MultimodalClassifier):
            means = grid_means(_caller(model, list(x)), list(x.values()), block, label)
            return _like(means.project(), next(iter(x.values())))
        features, fusion = _encoded(model, x), model.fusion
        if any(z.dtype in HALF for z in features.values()):
            features = {m: not_half(z) for m, z in features.items()}
            fusion = copy.deepcopy(fusion).to(next(iter(features.values())))
        head = _split(fusion, features)
        if head is None:
            run = _caller(fusion, list(features))
            means = grid_means(run, list(features.values()), block, label)
            return _like(means.project(), next(iter(features.values())))
        if head.activation is None:  # additive: its own projection
            return head.readout(torch.stack(head.parts).sum(dim=0))
        hidden = split_means(head.parts, head.activation, block, label).project()
        # The weights of the projection sum to one, so an affine layer may come after it.
        return head.readout(hidden.to(head.parts[0]))


@torch.no_grad()
def logit_grid(
    model: Model, inputs: Mapping[str, Tensor], *, block: int = BLOCK, label: str = ""
) -> Tensor:
    """All logits, (N,)*M + (C,), for small N: what `project` reads. Arguments as in `emap`."""
    require_count("block", block, 1)
    x = _checked(model, inputs)
    with evaluating(model):
        run: Model = model
        if isinstance(model, MultimodalClassifier):
            x, run = _encoded(model, x), model.fusion
        caller = _caller(run, list(x))
        blocks = [z for _, z in logits_in_blocks(caller, list(x.values()), block, label)]
    n = len(next(iter(x.values())))
    return torch.cat(blocks).reshape(*(n,) * len(x), -1)


def _checked(model: Model, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The modalities that the model reads, checked, on its device and in its dtype."""
    if not callable(model):
        raise TypeError(f"model is a {type(model).__name__}; what gives logits was expected.")
    if not isinstance(inputs, Mapping):
        what = type(inputs).__name__
        raise TypeError(f"inputs is a {what}; a dictionary, modality → (N, …), was expected.")
    names = list(inputs)
    if isinstance(model, MultimodalClassifier):
        names = list(model.modalities)
        require_present("inputs", inputs, names)
    require(len(names) > 1, f"inputs read are {names}; EMAP needs two modalities or more.")
    own = next(model.parameters(), None) if isinstance(model, nn.Module) else None
    first = inputs[names[0]]
    for m in names:
        require_weights(f"inputs[{m!r}]", inputs[m])
        fits = inputs[m].ndim >= 2 and inputs[m].numel() > 0
        shape, other = tuple(inputs[m].shape), tuple(first.shape)
        want = "(N, …) with one or more rows"
        require(fits, f"inputs[{m!r}] has shape {shape}; {want} was expected.")
        agree = f"as many rows as inputs[{names[0]!r}], which has shape {other},"
        require(shape[0] == other[0], f"inputs[{m!r}] has shape {shape}; {agree} was expected.")
    return {m: inputs[m] if own is None else inputs[m].to(own) for m in names}


def _like(projected: Tensor, like: Tensor) -> Tensor:
    """On the device and with the dtype of ``like``, unless that is half precision."""
    return as_before(projected, like).to(like.device)


def _encoded(model: MultimodalClassifier, x: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Features by modality, (N, D_m), every input encoded once."""
    chunks = {m: part.split(ENCODED_AT_ONCE) for m, part in x.items()}
    count = len(next(iter(chunks.values())))
    encoded = [model.encode({m: c[k] for m, c in chunks.items()}) for k in range(count)]
    return {m: torch.cat([f[m] for f in encoded]) for m in x}


def _split(fusion: nn.Module, features: Mapping[str, Tensor]) -> SplitHead | None:
    split = getattr(fusion, "split", None)
    return split(features) if callable(split) else None


def _caller(model: Model, names: Sequence[str]) -> Callable[[list[Tensor]], Tensor]:
    """``model`` as a function of tensors in the order of ``names``."""

    def run(parts: list[Tensor]) -> Tensor:
        answer = model(dict(zip(names, parts, strict=True)))
        return answer.joint if isinstance(answer, Prediction) else answer

    return run
