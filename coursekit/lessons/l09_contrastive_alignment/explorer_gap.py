"""The gap explorer: nine pairs on a sphere, how far apart the two circles, at what temperature."""

from collections.abc import Generator

from coursekit.course.widgets.controls import Choice, Control, Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.lessons.l09_contrastive_alignment.explorer_gap_view import Gap, GapView

PAIRS = ("all right", "two exchanged")


def place(height: float, inverse_temperature: float, pairs: str) -> Generator[None, None, Gap]:
    """Both circles at this height, and the loss at every other one."""
    yield
    return Gap(height, inverse_temperature, pairs == PAIRS[1])


@put_off()
def gap_explorer() -> Explorer:
    """Lesson 09: when is the loss least with a gap between the modalities?"""
    knobs: dict[str, Control] = {
        "height": Slider("height of the circles", 0.0, 0.98, 0.01, 0.5),
        "inverse_temperature": Slider("1/τ: what cosines are multiplied by", 1, 100, 1, 14),
        "pairs": Choice("pairs", PAIRS, PAIRS[0]),
    }
    return Explorer(
        key="gap",
        title="When does a gap pay?",
        question=(
            "With all pairs right: is there a temperature at which the loss is least with a gap? "
            "Exchange two partners: from which 1/τ on does a gap pay, and where do the circles "
            "then want to be at 50 and at 100?"
        ),
        controls=knobs,
        compute=place,
        make_view=GapView,
        presets={
            "start of a training": {"inverse_temperature": 14, "pairs": PAIRS[0]},
            "at the clamp": {"inverse_temperature": 100, "pairs": PAIRS[0]},
            "wrong pair, warm": {"inverse_temperature": 10, "pairs": PAIRS[1]},
            "wrong pair, cold": {"inverse_temperature": 50, "pairs": PAIRS[1]},
        },
        busy="measuring …",
    )
