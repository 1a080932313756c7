"""Modality dropout on features: now and then the fusion has to do without one modality's."""

from collections.abc import Mapping

from torch import Tensor

from coursekit.layers.modality_dropout import without_some
from coursekit.models import Prediction
from coursekit.training.method import Method, Neutral, Run
from coursekit.utils.checks import require_share


class ModalityDropout(Method):
    """Joint training in which the fusion does not see the features that are lost. Any fusion.

    The inputs are whole, and so are the features for the modalities' own heads; where the inputs
    themselves are lost, see `coursekit.models.fusion_stage.DepthClassifier`.
    """

    name = "modality-dropout"
    neutral = Neutral({"p": 0.0})

    def __init__(self, p: float = 0.6) -> None:
        require_share("p", p)
        self.p = p

    def predict(self, run: Run, inputs: Mapping[str, Tensor]) -> Prediction:
        """The model's prediction on what is left; features stay whole for the heads."""
        features = run.model.encode(inputs)
        thinned = without_some(features, self.p, run.generator)
        return Prediction(run.model.fusion(thinned), features, run.model.heads)
