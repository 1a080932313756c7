"""Lesson 00: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import Lesson

LESSON = Lesson(
    teaches="how a lesson works; the first surprise",
)
