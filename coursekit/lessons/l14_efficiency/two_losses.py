"""A network with a second loss: from the audio's features its picture is drawn again."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.layers.initialise import initialise
from coursekit.lessons.l14_efficiency.digit_networks import FEATURES, HALF, network

PIXELS = 256  # of a spectrogram, 16 × 16


class Redrawing(nn.Module):
    """The classifier, and a linear layer that draws the spectrogram from the audio's features.

    What both losses share is the audio's encoder; the decoder is reached by the second one alone.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.classifier = network(seed, HALF)
        self.decoder = nn.Linear(FEATURES, PIXELS)
        initialise(self.decoder, seed)

    def losses(self, inputs: Mapping[str, Tensor], labels: Tensor) -> list[Tensor]:
        """Cross-entropy of the digit, and squared error of the picture, summed over its pixels."""
        prediction = self.classifier(inputs)
        drawn = self.decoder(prediction.features["audio"])
        error = (drawn - inputs["audio"].flatten(1)).square().sum(1).mean()
        return [F.cross_entropy(prediction.joint, labels), error]


def moved(
    model: Redrawing,
    inputs: Mapping[str, Tensor],
    labels: Tensor,
    weight: float,
    kind: type[torch.optim.Optimizer],
    lr: float,
) -> dict[str, Tensor]:
    """By how much one step on loss 1 + weight · loss 2 moves decoder and audio encoder, flat.

    The model is afterwards as it was.
    """
    before = {name: x.clone() for name, x in model.state_dict().items()}
    optimizer = kind(model.parameters(), lr=lr, weight_decay=0.0)  # type: ignore[call-arg]
    first, second = model.losses(inputs, labels)
    (first + weight * second).backward()
    optimizer.step()
    steps = {name: x - before[name] for name, x in model.state_dict().items()}
    model.load_state_dict(before)
    model.zero_grad(set_to_none=True)
    parts = {"decoder": "decoder.", "audio encoder": "classifier.encoders.audio."}
    return {
        part: torch.cat([x.flatten() for name, x in steps.items() if name.startswith(start)])
        for part, start in parts.items()
    }
