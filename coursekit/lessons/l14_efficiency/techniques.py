"""What the lesson does to a trained network, or to how one is trained."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.data.multimodal import Split
from coursekit.lessons.l14_efficiency.digit_networks import FEATURES, MODALITIES, classifier
from coursekit.models import MultimodalClassifier
from coursekit.models.structured_pruning import smaller, strongest_units
from coursekit.training import predict
from coursekit.training.activation_checkpointing import recomputed
from coursekit.training.distillation import logit_distillation
from coursekit.training.method import Method, Run, Step
from coursekit.training.pruning import magnitudes, part_masks, weights_of
from coursekit.utils.checks import require_instance, require_positive, require_share

ENCODERS = "encoders"


def encoder_scores(model: MultimodalClassifier) -> dict[str, Tensor]:
    """|w| of all weights of the encoders, by name; the head's are left out, and stay whole."""
    return magnitudes(weights_of(model, ENCODERS))


def amount_masks(model: MultimodalClassifier, shares: Mapping[str, float]) -> dict[str, Tensor]:
    """One ranking in each modality's encoder; its own share of it goes."""
    parts = {f"{ENCODERS}.{m}": share for m, share in shares.items()}
    return part_masks(encoder_scores(model), parts)


def rebuilt(
    model: MultimodalClassifier, share: float, random_seed: int | None = None
) -> MultimodalClassifier:
    """A smaller copy without ``share`` of the hidden units of each encoder, the weakest rows.

    random_seed: as many units of each layer stay, drawn at random; a control.
    """
    require_share("share", share)
    kept = {m: strongest_units(e, share) for m, e in model.encoders.items()}
    if random_seed is not None:
        rng = torch.Generator().manual_seed(random_seed)
        kept = {
            m: [x[torch.randperm(len(x), generator=rng)] for x in layers]
            for m, layers in kept.items()
        }
    small = {m: smaller(e, kept[m]) for m, e in model.encoders.items()}
    copied = classifier(small)
    copied.fusion = copy.deepcopy(model.fusion)
    return copied


def rescaled(model: MultimodalClassifier, modality: str, factor: float) -> MultimodalClassifier:
    """A copy that computes the same, the weights of one encoder ``factor`` times as large.

    ReLU lets a positive factor through, so that the k-th layer's output is factor^k times as
    large; its bias is made so as well, and the head's columns are divided by the last factor.
    """
    require_positive("factor", factor)
    copied, total = copy.deepcopy(model), 1.0
    with torch.no_grad():
        for layer in copied.encoders[modality].children():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                total *= factor
                layer.weight *= factor
                assert layer.bias is not None
                layer.bias *= total
        place = MODALITIES.index(modality) * FEATURES
        head = copied.get_parameter("fusion.linear.weight")
        head[:, place : place + FEATURES] /= total
    return copied


@contextmanager
def encoders_run(model: MultimodalClassifier, how: str) -> Iterator[None]:
    """Inside, the encoders run in bfloat16 (how="bf16"), or are recomputed ("checkpointed")."""
    ways = {"plain": model.run_encoder, "bf16": _in_bf16, "checkpointed": recomputed}
    before, model.run_encoder = model.run_encoder, ways[how]
    try:
        yield
    finally:
        model.run_encoder = before


def _in_bf16(module: nn.Module, x: Tensor) -> Tensor:
    with torch.autocast(x.device.type, dtype=torch.bfloat16):
        return module(x).float()


class Int8Linear(nn.Module):
    """A linear layer whose weights are whole numbers from −127 to 127 times one scale.

    Dynamic: inputs are rounded likewise, by the scale of the batch at hand. The product is one of
    whole numbers; it is computed in float32 here, exactly, so that it saves no time.
    """

    weight: Tensor
    scale: Tensor
    bias: Tensor | None

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        require_instance("layer", layer, nn.Linear)
        whole, scale = as_int8(layer.weight.detach())
        self.register_buffer("weight", whole)
        self.register_buffer("scale", scale)
        self.register_buffer("bias", None if layer.bias is None else layer.bias.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        """(B, D) → (B, out)."""
        whole, scale = as_int8(x)
        y = F.linear(whole.float(), self.weight.float()) * (scale * self.scale)
        return y if self.bias is None else y + self.bias


def as_int8(x: Tensor) -> tuple[Tensor, Tensor]:
    """Whole numbers, int8, and the scale that they are multiplied by; max |x| becomes 127."""
    scale = x.abs().max().clamp(min=1e-12) / 127
    return (x / scale).round().to(torch.int8), scale


def quantised(model: MultimodalClassifier) -> MultimodalClassifier:
    """A copy with `Int8Linear` in place of every linear layer; convolutions stay as they are."""
    copied = copy.deepcopy(model)
    for owner in list(copied.modules()):
        for name, child in list(owner.named_children()):
            if isinstance(child, nn.Linear):
                setattr(owner, name, Int8Linear(child))
    return copied


class Distilled(Method):
    """(1 − mix) · cross-entropy + mix · T² KL to a trained teacher's softened answers.

    The teacher reads the training rows once, before the first step.
    """

    name = "distilled"
    neutral = None
    never_neutral = "of a lesson, in no registry"

    def __init__(
        self, teacher: MultimodalClassifier, temperature: float = 3.0, mix: float = 0.7
    ) -> None:
        require_instance("teacher", teacher, MultimodalClassifier)
        require_positive("temperature", temperature)
        require_share("mix", mix)
        self.teacher, self.temperature, self.mix = teacher, temperature, mix
        self.answers = torch.empty(0)

    def start(self, run: Run) -> None:
        """The teacher's logits of all training rows."""
        assert isinstance(run.train, Split)
        self.answers = predict(self.teacher, run.train.inputs).joint

    def loss(self, step: Step, weights: Mapping[str, float]) -> Tensor:
        """Both terms."""
        own = super().loss(step, weights)
        wanted = self.answers[step.run.rows]
        followed = logit_distillation(step.prediction.joint, wanted, self.temperature)
        return (1 - self.mix) * own + self.mix * followed
