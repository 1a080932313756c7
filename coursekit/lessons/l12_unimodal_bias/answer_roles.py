"""Names in the tables of lesson 12: of types together, and of what a right answer is to its key."""

ALL = "all"  # types of questions together
ROLES = ("preferred", "preferred in the shifted test", "other")
