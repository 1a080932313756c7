"""One new file makes a balancing method appear everywhere."""

import subprocess
import sys

NEW = """
from coursekit.training.method import JOINT, Method

class Halved(Method):
    '''All losses, the joint one with half the weight.'''

    name = "halved"

    def weights(self, step):
        return {JOINT: 0.5, **dict.fromkeys(step.run.model.modalities, 1.0)}
"""

SEEN = """
import sys
from coursekit import balancing
balancing.__path__.append(sys.argv[1])
from coursekit.compare import cells, protocol
from coursekit.compare.seeds import Variant
from coursekit.balancing.taxonomy import lineup
from coursekit.course.widgets import EXPLORERS
assert "halved" in balancing.names()
assert lineup().loc["halved", "loss weights w"] and not lineup().loc["halved", "scales k"]
assert len(protocol.trials("halved")) == 6
places, left_out = cells.places(["starve"], ["late-linear", "film"], ["halved"])
assert len(places) == 2 and not left_out
row = protocol.result_row("starve", "film", "halved", {"lr": 0.1}, 100)
assert row["method"] == "halved" and 0.5 < row["test"] < 1
race = EXPLORERS["race"]()
race.set(lane_1="halved", lane_2="nobody", lane_3="nobody", epochs=5)
assert "halved" in race.alt, race.alt
Variant(method="halved")
"""


def test_one_new_file_makes_a_method_appear_everywhere(tmp_path):
    (tmp_path / "halved.py").write_text(NEW, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", SEEN, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


ORDER = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(f"coursekit.balancing.{name}")
from coursekit.course.widgets import EXPLORERS
print([c.options for c in EXPLORERS["race"]().controls.values() if hasattr(c, "options")])
"""


def test_an_explorers_options_do_not_hang_on_what_was_imported_first():
    """Two learners side by side see the same list."""
    outputs = [
        subprocess.run(
            [sys.executable, "-c", ORDER, *first], capture_output=True, text=True, check=True
        ).stdout
        for first in (["mlb", "agm"], ["pmr", "gblend"])
    ]
    assert "mlb" in outputs[0] and outputs[0] == outputs[1]
