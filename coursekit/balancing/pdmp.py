"""PDMP: the modality that is best by itself is sped up, against what balancing does."""

from collections.abc import Mapping, Sequence

from coursekit.balancing.unimodal_teachers import (
    AS_MANY,
    alone,
    train_alone,
    validation_accuracy,
)
from coursekit.training.method import Method, Neutral, Run, Step
from coursekit.utils.checks import require_count, require_list, require_positive, require_share


def leader(accuracies: Sequence[float]) -> int | None:
    """Which of the unimodal models is best, by place; None where the best are several.

    accuracies: in [0, 1], one per modality.
    Errors: TypeError for what is no list of numbers, ValueError for none, or one outside [0, 1].
    """
    require_list("accuracies", accuracies, "accuracies")
    for m, value in enumerate(accuracies):
        require_share(f"accuracies[{m}]", value)
    best = [m for m, value in enumerate(accuracies) if value == max(accuracies)]
    return best[0] if len(best) == 1 else None


class PDMP(Method):
    """Joint training; the step of the modality whose own model is best × gain. Any fusion.

    Best on the validation split, of models of one modality each that are trained first, as
    `coursekit.balancing.unimodal_teachers` says; at a tie nobody is sped up. What is multiplied:
    the step of the encoder, its head and its slice of the fusion.
    gain: 1 changes nothing, and trains no such models; one number for the whole training is ours,
    for no code of the authors is public.  epochs: of the unimodal models, None = as many as here.
    Source: [PDMP 2026](https://arxiv.org/abs/2604.05773).
    """

    name = "pdmp"
    keeps = ("leader",)
    neutral = Neutral({"gain": 1.0})

    def __init__(self, gain: float = 2.0, epochs: int | None = None) -> None:
        require_positive("gain", gain)
        if epochs is not None:
            require_count("epochs", epochs, 1)
        self.gain, self.epochs = gain, epochs

    @property
    def bound_to_epochs(self) -> str:
        """Where the unimodal models have as many epochs as this training."""
        return AS_MANY if self.gain != 1 and self.epochs is None else ""

    def begin(self, run: Run) -> None:
        """Nobody is known to be best."""
        self.leader: str | None = None

    def start(self, run: Run) -> None:
        """Each modality by itself."""
        if self.gain == 1:
            return
        accuracies = []
        for m in run.model.modalities:
            model = alone(run.model, m)
            train_alone(run, model, self.epochs)
            accuracies.append(validation_accuracy(run, model))
        best = leader(accuracies)
        self.leader = None if best is None else run.model.modalities[best]

    def scales(self, step: Step) -> Mapping[str, float]:
        """The gain for the leader, if there is one."""
        return {} if self.leader is None else {self.leader: self.gain}
