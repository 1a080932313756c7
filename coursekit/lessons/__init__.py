"""One room per lesson, named "l" and the notebook's stem; `course.registry` finds them."""
