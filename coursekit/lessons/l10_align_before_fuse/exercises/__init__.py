"""Exercises of lesson 10: softened targets, wrong partners, transport, foils, passes."""

from coursekit.lessons.l10_align_before_fuse.exercises.foils import is_fooled
from coursekit.lessons.l10_align_before_fuse.exercises.negatives import hard_negative_weights
from coursekit.lessons.l10_align_before_fuse.exercises.passes import choose_stream
from coursekit.lessons.l10_align_before_fuse.exercises.targets import distilled_targets
from coursekit.lessons.l10_align_before_fuse.exercises.transport import transport_step

__all__ = [
    "choose_stream",
    "distilled_targets",
    "hard_negative_weights",
    "is_fooled",
    "transport_step",
]
