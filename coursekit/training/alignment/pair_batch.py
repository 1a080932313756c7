"""The pairs of one step as an objective sees them: patches and words of the whole batch."""

from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit.models.pair_network import PICTURE, TEXT, PairNetwork
from coursekit.training.all_reduce import everyones
from coursekit.training.method import Run, Step
from coursekit.utils.checks import require_instance
from coursekit.utils.tensor_checks import require_batch


@dataclass(frozen=True)
class PairBatch:
    """B pairs: encoded patches (B, P, W), encoded words (B, L, W), the words (B, L, V).

    ids: (B,) int64, equal for equal texts, which are no wrong partners of each other's pictures.
    """

    run: Run
    network: PairNetwork
    patches: Tensor
    encoded: Tensor
    words: Tensor
    ids: Tensor

    def encode(self, words: Tensor) -> Tensor:
        """Encoded words (B, L, W) of other texts of this batch, (B, L, V), such as masked ones."""
        run = self.run
        own = words.tensor_split(run.engine.world)[run.engine.rank]
        return run.model.feature(TEXT, own)

    def drawn(self, weights: Tensor) -> Tensor:
        """A row of the batch for each row of ``weights`` (B, B), with these probabilities, (B,)."""
        rows = torch.multinomial(weights.cpu(), 1, generator=self.run.generator)[:, 0]
        return rows.to(self.patches.device)


def pair_batch(step: Step) -> PairBatch:
    """What a step gives; of processes that share the batch each gets the words of all."""
    require_instance("step", step, Step)
    run, engine = step.run, step.run.engine
    words = step.inputs[TEXT]
    words = words if engine.world == 1 else everyones(words, engine.rank, engine.world)
    features = step.prediction.features
    ids = same_text(words)
    return PairBatch(run, network_of(run), features[PICTURE], features[TEXT], words, ids)


def network_of(run: Run) -> PairNetwork:
    """The network that reads pairs.  Errors: TypeError for a model that has another fusion."""
    require_instance("run", run, Run)
    require_instance("the fusion of model", run.model.fusion, PairNetwork)
    assert isinstance(run.model.fusion, PairNetwork)
    return run.model.fusion


def same_text(words: Tensor) -> Tensor:
    """(B, L, V), a one per word → (B,) int64, equal where the texts are."""
    require_batch("words", words, (None, None, None))
    places = words.argmax(2).masked_fill(words.sum(2) == 0, -1)
    return places.unique(dim=0, return_inverse=True)[1]
