"""What K replicas say of whole splits after an epoch."""

from collections.abc import Mapping, Sequence

import torch

from coursekit.compare.replicas.batches import Batches
from coursekit.compare.replicas.hand_written_gradient import ByHand, can_be_by_hand
from coursekit.compare.replicas.stack import Stack, StackedPrediction


class SplitPredictions:
    """Predictions of all replicas on a named split, made when first asked for in an epoch.

    They are good until the next epoch.  data: by name.  order: the stack's row k is the caller's
    model ``order[k]``.
    """

    def __init__(self, stack: Stack, data: Mapping[str, Batches], order: Sequence[int]) -> None:
        self.stack, self.data = stack, dict(data)
        self._known: dict[str, StackedPrediction] = {}
        by_hand = can_be_by_hand(stack)  # one per split, whose results stand side by side
        self._by_hand = {name: ByHand(stack) for name in data} if by_hand else {}
        places = sorted(range(len(order)), key=order.__getitem__)
        self._places = None if places == list(range(len(order))) else torch.tensor(places)

    def forget(self) -> None:
        """The weights have changed."""
        self._known.clear()

    @torch.no_grad()
    def of(self, name: str) -> StackedPrediction:
        """In the stack's order; joint (K, N, C), features (K, N, D_m), unimodal (K, N, C)."""
        if name not in self._known:
            inputs, _ = self.data[name].whole(len(self.stack.models))
            if name in self._by_hand:
                self._known[name] = self._by_hand[name].answer(inputs)
            else:
                self._known[name] = self.stack.predict(inputs)
        return self._known[name]

    def __call__(self, name: str) -> StackedPrediction:
        """In the order in which the caller gave the models."""
        predictions = self.of(name)
        if self._places is None:
            return predictions
        at = self._places.to(predictions.joint.device)
        features = {m: z[at] for m, z in predictions.features.items()}
        return StackedPrediction(
            predictions.joint[at], features, {m: x[at] for m, x in predictions.unimodal.items()}
        )
