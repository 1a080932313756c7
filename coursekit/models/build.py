"""A classifier by the names of its parts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from torch import Tensor, nn

from coursekit import fusion as fusions
from coursekit.layers.initialise import initialise
from coursekit.models.classifier import MultimodalClassifier, width_of
from coursekit.models.conformer import Conformer
from coursekit.models.encoders import CNN, MLP, Dropout
from coursekit.models.pair_encoders import BagEncoder, StridedCNN
from coursekit.models.resnet import ResNet18
from coursekit.models.token_encoders import PatchEncoder, WordEncoder
from coursekit.utils.checks import (
    choose,
    require,
    require_count,
    require_finite,
    require_list,
    require_mapping,
    require_modality,
)
from coursekit.utils.tensor_checks import require_floats


@dataclass(frozen=True)
class Kind:
    """A kind of encoder: which inputs it reads, and how it is made.

    axes: how many they may have; None: any number.  reads: the same as shapes, in words.
    make: from one modality's batch and `build_classifier`'s widths.
    """

    axes: tuple[int, ...] | None
    reads: str
    make: Callable[[Tensor, Sequence[int]], nn.Module]


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "mlp": Kind(None, "(B, …)", lambda x, widths: MLP(x[0].numel(), widths)),
        "cnn": Kind((4,), "(B, channels, H, W)", lambda x, widths: CNN(x.shape[1], widths[-1])),
        "strided-cnn": Kind(
            (4,),
            "(B, channels, H, W)",
            lambda x, _: StridedCNN(x.shape[1], x.shape[2], x.shape[3]),
        ),
        "bag": Kind((2,), "(B, V)", lambda x, widths: BagEncoder(x.shape[1], widths[-1])),
        "resnet18": Kind(
            (4, 5),
            "(B, channels, H, W) or (B, T, channels, H, W)",
            lambda x, widths: ResNet18(x.shape[-3]),
        ),
        "conformer": Kind(
            (2, 3, 4),
            "(B, D), (B, T, D) or (B, 1, F, T)",
            lambda x, widths: Conformer(x.shape[min(x.ndim - 1, 2)], widths[-1]),
        ),
        # The first of the widths is for the embedded tokens, each further one for a block.
        "patches": Kind(
            (4,),
            "(B, channels, H, W)",
            lambda x, widths: PatchEncoder(
                x.shape[1], x.shape[2], x.shape[3], widths[-1], len(widths) - 1
            ),
        ),
        "words": Kind(
            (3,),
            "(B, L, V)",
            lambda x, widths: WordEncoder(x.shape[2], x.shape[1], widths[-1], len(widths) - 1),
        ),
    }
)

SEQUENCES = frozenset(("patches", "words"))  # a vector per token, which not every fusion reads


def build_classifier(
    inputs: Mapping[str, Tensor],
    num_classes: int,
    *,
    fusion: str = "late-linear",
    encoder: str | Mapping[str, str] = "mlp",
    widths: Sequence[int] = (64, 32),
    dropout: float = 0.0,
    seed: int = 0,
) -> MultimodalClassifier:
    """A classifier for the modalities in ``inputs`` (one example batch or the whole split).

    encoder: "mlp", "cnn", "bag", "conformer" (the last of ``widths`` is the feature width),
    "strided-cnn" (its own), "resnet18" (512), "patches" or "words" (a sequence of that width, a
    block for each width beyond the first), or one of them for each modality, by its name.
    dropout: rate on the features.
    The same seed gives the same weights; a modality's encoder depends on its place.
    """
    require_count("num_classes", num_classes, 1)
    require_list("widths", widths, "whole numbers")
    for width in widths:
        require_count("a width in widths", width, 1)
    require_finite("dropout", dropout)
    require(0 <= dropout < 1, f"dropout is {dropout}; a rate in [0, 1) was expected.")
    require_count("seed", seed)
    require_mapping("inputs", inputs, "tensors")
    for m, x in inputs.items():
        _require_input(m, x)
    chosen = _kinds(encoder, inputs)
    encoders = {m: chosen[m].make(x, widths) for m, x in inputs.items()}
    if dropout != 0:
        encoders = {
            m: _with_dropout(e, dropout, seed + i) for i, (m, e) in enumerate(encoders.items())
        }
    widths_of = {m: width_of(e) for m, e in encoders.items()}
    joint = fusions.build("late-linear" if len(encoders) == 1 else fusion, widths_of, num_classes)
    model = MultimodalClassifier(encoders, joint, num_classes)
    initialise(model, seed)
    return model


def _require_input(name: str, x: Tensor) -> None:
    require_modality("inputs", name)
    require_floats(f"inputs[{name!r}]", x)
    fits = x.ndim >= 2 and x.numel() > 0
    want = "(N, …) with one or more rows"
    require(fits, f"inputs[{name!r}] has shape {tuple(x.shape)}; {want} was expected.")


def _kinds(encoder: str | Mapping[str, str], inputs: Mapping[str, Tensor]) -> dict[str, Kind]:
    """The kind of every modality's encoder, each able to read what there is."""
    if isinstance(encoder, Mapping):
        missing = [m for m in inputs if m not in encoder]
        require(not missing, f"encoder lacks {missing}; it names those of {list(encoder)}.")
        further = [m for m in encoder if m not in inputs]
        require(not further, f"encoder names {further}; inputs has {list(inputs)} only.")
        named = {m: choose(f"encoder[{m!r}]", encoder[m], KINDS) for m in inputs}
    else:
        named = dict.fromkeys(inputs, choose("encoder", encoder, KINDS))
    for m, name in named.items():
        axes = KINDS[name].axes
        shape = f"inputs[{m!r}] has shape {tuple(inputs[m].shape)}"
        reads = f"{KINDS[name].reads} was expected by the encoder {name!r}"
        require(axes is None or inputs[m].ndim in axes, f"{shape}; {reads}.")
    return {m: KINDS[name] for m, name in named.items()}


def _with_dropout(encoder: nn.Module, p: float, seed: int) -> nn.Module:
    wrapped = nn.Sequential(encoder, Dropout(p, seed))
    wrapped.out_features = width_of(encoder)  # type: ignore[assignment]
    return wrapped
