"""Pictures of the course: they take data and axes, compute no model, return their alt text."""

from coursekit.plots.curves import learning_curves
from coursekit.plots.intervals import accuracy_intervals
from coursekit.plots.probes import encoder_probes
from coursekit.plots.show import show
from coursekit.plots.style import STYLE, new_figure, style

__all__ = [
    "STYLE",
    "accuracy_intervals",
    "encoder_probes",
    "learning_curves",
    "new_figure",
    "show",
    "style",
]
