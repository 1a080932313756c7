"""One modality by itself: what every joint model has to beat."""

from collections.abc import Mapping

from coursekit.balancing.ensemble import MeanOfHeads
from coursekit.training.method import Method, Run, Step
from coursekit.utils.checks import choose, require_modality


class Unimodal(Method):
    """loss = CE(head_m) of one modality m; the joint answer is this head's.

    modality: its name, None = the model's first.  Whatever fusion the model had is dropped.
    """

    name = "unimodal"
    fusions = ()
    neutral = None
    never_neutral = "It trains one modality and has no joint head."
    identity_test = "tests/balancing/test_identities.py::test_unimodal_is_a_model_of_one"

    def __init__(self, modality: str | None = None) -> None:
        if modality is not None:
            require_modality("modality", modality)
        self.modality = modality

    def begin(self, run: Run) -> None:
        """The mean over one head is that head."""
        model = run.model
        if self.modality is None:
            self.modality = model.modalities[0]
        choose("modality", self.modality, model.modalities)
        width = {self.modality: int(model.encoders[self.modality].out_features)}  # type: ignore[arg-type]
        model.fusion = MeanOfHeads(model.heads, width, model.num_classes)

    def weights(self, step: Step) -> Mapping[str, float]:
        """1 for the one head, nothing for all others."""
        assert self.modality is not None
        return {self.modality: 1.0}
