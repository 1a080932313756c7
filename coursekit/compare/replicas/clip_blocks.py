"""Which stretches of its weights a replica clips by themselves."""

from collections.abc import Sequence

from coursekit.balancing.ensemble import Ensemble
from coursekit.compare.replicas.optimizers import Blocks
from coursekit.compare.replicas.stack import Stack
from coursekit.fusion.base import Fusion
from coursekit.models import MultimodalClassifier
from coursekit.training.method import Method


def clipped_apart(
    stack: Stack, methods: Sequence[Method], listening: Sequence[int]
) -> Blocks | None:
    """What the replicas clip by itself: an ensemble each modality, heads that listen each head."""
    blocks, parts = [], []
    for m, whole in stack.blocks.items():
        head = stack.head_columns[m]
        blocks += [slice(whole.start, head.start), head]
    count = len(stack.modalities)
    for k, method in enumerate(methods):
        if isinstance(method, Ensemble):
            parts.append([*(i // 2 for i in range(2 * count)), count])
        elif k in listening:
            parts.append([*(i // 2 + 1 if i % 2 else 0 for i in range(2 * count)), 0])
        else:
            parts.append([0] * (2 * count + 1))
    apart = any(max(own) > 0 for own in parts)
    return Blocks(stack.flat, blocks, parts) if apart else None


def has_additive_head(model: MultimodalClassifier) -> bool:
    """As `coursekit.balancing.unimodal_signals.is_additive`, before any batch is seen."""
    if not isinstance(model.fusion, Fusion):
        return False
    like = next(model.parameters())
    features = {m: like.new_zeros(1, d) for m, d in model.fusion.widths.items()}
    head = model.fusion.split(features)
    return head is not None and head.activation is None
