"""Training: one loop (`loop.py`), readable top to bottom; what a method may do: `method.py`."""

from coursekit.training.evaluate import accuracy, predict
from coursekit.training.loop import epochs, fit
from coursekit.training.settings import Settings

__all__ = ["Settings", "accuracy", "epochs", "fit", "predict"]
