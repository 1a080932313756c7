"""Assignments for a class: handed out, collected, graded and returned with nbgrader.

The lessons' sources are the only source; an assignment is cut out of them, see
`coursekit.course.authoring.exercise_slices`.
"""
