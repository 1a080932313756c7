"""The other half of the explorers through the stress test, for a second process."""

import explorer_stress
import pytest

from coursekit.course.widgets import EXPLORERS


@pytest.mark.parametrize("key", list(EXPLORERS)[1::2])
def test_every_state_can_be_computed_drawn_and_read(key):
    explorer_stress.require_no_problems(key)
