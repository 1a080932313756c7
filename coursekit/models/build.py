"""A classifier by the names of its parts."""

from collections.abc import Callable, Mapping, Sequence

from torch import Tensor, nn

from coursekit import fusion as fusions
from coursekit.checks import choose, require, require_count, require_floats, require_modality
from coursekit.models.classifier import MultimodalClassifier, width_of
from coursekit.models.encoders import CNN, MLP, Dropout
from coursekit.models.initialise import initialise


def build_classifier(
    inputs: Mapping[str, Tensor],
    num_classes: int,
    *,
    fusion: str = "late-linear",
    encoder: str = "mlp",
    widths: Sequence[int] = (64, 32),
    dropout: float = 0.0,
    seed: int = 0,
) -> MultimodalClassifier:
    """A classifier for the modalities in ``inputs`` (one example batch or the whole split).

    encoder: "mlp" or "cnn" (the last of ``widths`` is the feature width).  dropout: rate on the
    features.  The same seed gives the same weights; a modality's encoder depends on its place.
    """
    require_count("num_classes", num_classes, 1)
    if not isinstance(widths, Sequence) or isinstance(widths, str) or len(widths) == 0:
        raise TypeError(f"widths is {widths!r}; whole numbers in a tuple were expected: (64, 32).")
    for width in widths:
        require_count("a width in widths", width, 1)
    require(len(inputs) > 0, "inputs is empty; one or more modalities were expected.")
    for m, x in inputs.items():
        _require_input(m, x)
    make: dict[str, Callable[[Tensor], nn.Module]] = {
        "mlp": lambda x: MLP(x[0].numel(), widths),
        "cnn": lambda x: CNN(x.shape[1], widths[-1]),
    }
    build = make[choose("encoder", encoder, make)]
    encoders = {m: build(x) for m, x in inputs.items()}
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


def _with_dropout(encoder: nn.Module, p: float, seed: int) -> nn.Module:
    wrapped = nn.Sequential(encoder, Dropout(p, seed))
    wrapped.out_features = width_of(encoder)  # type: ignore[assignment]
    return wrapped
