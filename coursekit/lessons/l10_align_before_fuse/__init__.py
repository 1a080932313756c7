"""Lesson 10: one stream, or align before you fuse; what each notices, and where it looks."""

from coursekit.course.lesson import Lesson

LESSON = Lesson(
    teaches=(
        "one stream or align before fuse; matching, masked words, hard negatives, a slow teacher; "
        "which exchange a score does not see; word-region maps tested against truth"
    ),
    invites="The caption says left, the picture shows right: who notices, and where do they look?",
)
