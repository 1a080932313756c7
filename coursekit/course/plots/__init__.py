"""Pictures of the course: they take data and axes, compute no model, return their alt text."""

from coursekit.course.plots.curves import learning_curves
from coursekit.course.plots.intervals import accuracy_intervals
from coursekit.course.plots.probes import encoder_probes
from coursekit.course.plots.show import show
from coursekit.course.plots.style import STYLE, new_figure, style

__all__ = [
    "STYLE",
    "accuracy_intervals",
    "encoder_probes",
    "learning_curves",
    "new_figure",
    "show",
    "style",
]
