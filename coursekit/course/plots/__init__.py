"""Pictures of the course: they take data and axes, compute no model, return their alt text.

Colours, markers and line styles, by role: `coursekit.course.plots.style`.
"""

from coursekit.course.plots.curves import learning_curves
from coursekit.course.plots.display import show
from coursekit.course.plots.intervals import accuracy_intervals
from coursekit.course.plots.probes import encoder_probes
from coursekit.course.plots.style import STYLE, new_figure

__all__ = [
    "STYLE",
    "accuracy_intervals",
    "encoder_probes",
    "learning_curves",
    "new_figure",
    "show",
]
