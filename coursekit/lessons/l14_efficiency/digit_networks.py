"""The lesson's networks: two small convolutional encoders on written and spoken digits."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from coursekit import fusion
from coursekit.data.av_digits import load_av_digits
from coursekit.data.files import open_checked
from coursekit.data.multimodal import MultimodalData
from coursekit.layers.initialise import initialise
from coursekit.models import MultimodalClassifier
from coursekit.training import Settings, accuracy, fit, predict
from coursekit.training.method import Method
from coursekit.utils.checks import require, require_count, require_list

MODALITIES = ("image", "audio")
CLASSES = 10
WHOLE = (16, 32)  # channels of the two convolutions
HALF = (8, 16)  # with as many features, half of the parameters
FEATURES = 32
EPOCHS = 16
STORED = "efficiency_networks.npz"


def digits(seed: int) -> MultimodalData:
    """1000 training pairs, image (N, 1, 14, 14) and audio (N, 1, 16, 16)."""
    return load_av_digits(seed=seed)


def encoder(channels: tuple[int, int] = WHOLE, width: int = FEATURES) -> nn.Sequential:
    """(B, 1, H, W) → (B, width); both sizes of picture come out 4 × 4, so one may read both."""
    require_list("channels", channels, "two whole numbers")
    require(len(channels) == 2, f"channels is {channels}; two whole numbers were expected.")
    first, second = channels
    for number in (first, second, width):
        require_count("a width", number, 1)
    layers = nn.Sequential(
        nn.Conv2d(1, first, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(first, second, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(4),
        nn.Flatten(),
        nn.Linear(16 * second, width),
        nn.ReLU(),
    )
    layers.out_features = width  # type: ignore[assignment]
    return layers


def classifier(encoders: Mapping[str, nn.Module]) -> MultimodalClassifier:
    """Encoders under one linear layer, and no head of a modality's own: nothing would train it."""
    joint = fusion.build("late-linear", {m: FEATURES for m in encoders}, CLASSES)
    model = MultimodalClassifier(encoders, joint, CLASSES)
    model.heads = nn.ModuleDict()
    return model


def network(
    seed: int, channels: tuple[int, int] = WHOLE, shared: bool = False
) -> MultimodalClassifier:
    """An untrained network.  shared: one encoder for both modalities."""
    first = encoder(channels)
    second = first if shared else encoder(channels)
    model = classifier(dict(zip(MODALITIES, (first, second), strict=True)))
    initialise(model, seed)
    return model


def train(
    model: MultimodalClassifier,
    data: MultimodalData,
    seed: int,
    epochs: int = EPOCHS,
    method: Method | None = None,
    lr: float = 3e-3,
) -> MultimodalClassifier:
    """Train in place, and give it back."""
    settings = Settings(epochs=epochs, batch_size=64, optimizer="adam", lr=lr, measure_train=False)
    fit(model, data.train, data.valid, settings, seed=seed, method=method)
    return model


def share_right(model: MultimodalClassifier, data: MultimodalData, split: str = "test") -> float:
    """Accuracy on one split."""
    rows = getattr(data, split)
    return accuracy(predict(model, rows.inputs).joint, rows.labels)


def packed(models: Mapping[int, MultimodalClassifier]) -> dict[str, np.ndarray]:
    """What the file of networks holds: weights in half precision, "seed/name" each."""
    return {
        f"{seed}/{name}": x.numpy().astype(np.float16)
        for seed, model in models.items()
        for name, x in model.state_dict().items()
    }


def stored_networks() -> dict[int, MultimodalClassifier]:
    """The trained networks by seed.

    Errors: DataFileError for a file that is missing or damaged.
    """
    states: dict[int, dict[str, Tensor]] = {}
    with np.load(open_checked(STORED)) as arrays:
        for key in arrays.files:
            seed, _, name = key.partition("/")
            states.setdefault(int(seed), {})[name] = torch.from_numpy(
                arrays[key].astype(np.float32)
            )
    models = {}
    for seed, state in states.items():
        model = network(seed)
        model.load_state_dict(state)
        models[seed] = model
    return models
