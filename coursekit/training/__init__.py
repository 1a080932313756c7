"""Training: one loop (`loop.py`), readable top to bottom."""

from coursekit.training.evaluate import accuracy, predict
from coursekit.training.loop import Settings, epochs, fit

__all__ = ["Settings", "accuracy", "epochs", "fit", "predict"]
