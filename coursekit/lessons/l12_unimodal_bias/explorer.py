"""The priors explorer: how strong a prior is, what one does about it, and what three tests say."""

from collections.abc import Generator

from coursekit.course.widgets.controls import Choice, Control, Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.data.files import DataFileError
from coursekit.lessons.l12_unimodal_bias.explorer_view import Answered, PriorsView
from coursekit.lessons.l12_unimodal_bias.prior_strengths import METHODS as STORED
from coursekit.lessons.l12_unimodal_bias.prior_strengths import STRENGTHS
from coursekit.lessons.l12_unimodal_bias.stored_strengths import accuracies

MIXIN = "learned-mixin"
METHODS = tuple(method for method in STORED if " +H" not in method)  # λ is a knob of its own
ENTROPY = ("0", "0.03", "0.1", "0.36", "1")
SUFFIX = {"0": "", "0.03": " +H .03", "0.1": " +H .1", "0.36": " +H .36", "1": " +H 1"}


def answer(
    trained: float, tested: float, method: str, entropy: str
) -> Generator[Answered, None, Answered]:
    """Accuracies on three tests by type, of the method and of plain joint training beside it."""
    yield Answered(sorry="Opening the trainings …")
    name = method + SUFFIX[entropy] if method == MIXIN else method
    share, other = trained / 100, tested / 100
    try:
        own, plain = (accuracies(m, share, other) for m in (name, METHODS[0]))
    except DataFileError as error:
        return Answered(sorry=str(error))
    return Answered(name=name, trained=share, tested=other, own=own, plain=plain)


@put_off()
def priors_explorer() -> Explorer:
    """Lesson 12: which test does a cure win, and has it seen anything?"""
    low, high = (round(100 * end) for end in (STRENGTHS[0], STRENGTHS[-1]))
    knobs: dict[str, Control] = {
        "trained": Slider("favourite's share in training", low, high, 10, 80, unit="%"),
        "tested": Slider("favourite's share in tests", 50, 100, 1, 80, unit="%"),
        "method": Choice("training", METHODS, METHODS[0]),
        "entropy": Choice("entropy weight λ, learned-mixin only", ENTROPY, ENTROPY[0]),
    }
    return Explorer(
        key="priors",
        title="Seen, learnt by heart, or turned round?",
        question=(
            "Find the training that is best on the shifted prior at 80 %. On which type of "
            "question does it win, and what does the flat test say of that type? Then let the "
            "tests' favourite grow to 100 %: which trainings gain clearly on the shifted test "
            "although nothing was trained anew? From which share in training on does yes/no turn "
            "round at λ = 0.36?"
        ),
        controls=knobs,
        compute=answer,
        make_view=PriorsView,
        presets={
            "plain training": {"method": "joint", "trained": 80, "tested": 80},
            "the question alone": {"method": "question only", "trained": 80, "tested": 80},
            "product of experts": {"method": "product", "trained": 80, "tested": 80},
            "the winner of the shifted test": {
                "method": MIXIN,
                "entropy": "0.36",
                "trained": 80,
                "tested": 80,
            },
            "even yes and no": {"method": MIXIN, "entropy": "0.36", "trained": 50, "tested": 80},
        },
        busy="reading …",
    )
