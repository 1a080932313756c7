"""Replicas: K small models trained at once, each as if it were alone.

Every parameter gets a replica dimension in front, so that K small matrix products become one call
(`stack.py`); the optimisers keep a row per replica (`optimizers.py`), and so do the methods' loss
weights and scales (`method_rules.py`). The loop (`loop.py`, its steps in `loop_state.py`) has the
shape of `coursekit.training.loop` and gives the same models, losses and accuracies but for
rounding.
"""

from coursekit.compare.replicas.loop import epochs, fit, raise_on_divergence
from coursekit.compare.replicas.method_rules import replicable
from coursekit.compare.replicas.predictions import SplitPredictions
from coursekit.compare.replicas.stack import Stack, StackedPrediction

__all__ = [
    "SplitPredictions",
    "Stack",
    "StackedPrediction",
    "epochs",
    "fit",
    "raise_on_divergence",
    "replicable",
]
