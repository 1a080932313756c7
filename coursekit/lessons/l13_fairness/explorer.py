"""The fairness explorer: how strong a dependence, which cure, how much of it; what came of it."""

from collections.abc import Generator, Mapping
from functools import lru_cache

import pandas as pd

from coursekit.course.widgets.controls import Choice, Control, Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.data.files import DataFileError, open_checked
from coursekit.lessons.l13_fairness.explorer_view import FairnessView, State
from coursekit.lessons.l13_fairness.study_grid import CURES, NOISES, SHARES, STRENGTHS, WORDS

TABLE = "fairness_grid.csv"
Place = tuple[float, float, str, str, float]
PICTURES = dict(zip(("clean", "slightly noisy", "noisy"), NOISES, strict=True))
LAMBDA = {f"{strength:g}": strength for strength in STRENGTHS}


@lru_cache(maxsize=1)
def stored_grid() -> Mapping[Place, pd.DataFrame]:
    """Share, noise, words, cure, strength → a row per seed.

    Errors: DataFileError for a damaged file.
    """
    table = pd.read_csv(open_checked(TABLE), keep_default_na=False)
    by = ["share", "noise", "words", "cure", "strength"]
    return {tuple(place): rows for place, rows in table.groupby(by)}  # type: ignore[misc]


def look(
    share: float, pictures: str, words: str, cure: str, strength: str, margin: float
) -> Generator[None, None, State]:
    """The state and the plain one beside it, at this and at every other dependence."""
    yield
    noise = PICTURES[pictures]
    used = LAMBDA[strength] if "adversary" in cure else 0.0
    try:
        trained = stored_grid()
    except DataFileError as error:
        return State(sorry=str(error))
    return State(
        share=min(SHARES, key=lambda s: abs(s - share)),
        title=f"{cure}{f', λ = {strength}' if used else ''}; {pictures} pictures, {said(words)}",
        cured={s: trained[s, noise, words, cure, used] for s in SHARES},
        plain={s: trained[s, noise, words, "none", 0.0] for s in SHARES},
        margin=margin,
        is_plain=cure == "none",
        has_adversary=used > 0,
    )


def said(words: str) -> str:
    """What is read beside the picture."""
    return "no words" if words == "none" else f"words “{words}”"


@put_off()
def fairness_explorer() -> Explorer:
    """Lesson 13: what a dependence does to whom, and what a cure changes."""
    knobs: dict[str, Control] = {
        "share": Slider("share", SHARES[0], SHARES[-1], 0.1, 0.9),
        "pictures": Choice("pictures", tuple(PICTURES), "noisy"),
        "words": Choice("words", WORDS, WORDS[0]),
        "cure": Choice("cure", tuple(CURES), "none"),
        "strength": Choice("adversary's strength λ", tuple(LAMBDA), "1"),
        "margin": Slider("margin", 0.0, 0.25, 0.01, 0.05),
    }
    return Explorer(
        key="fairness",
        title="A dependence, a cure, and who pays",
        question=(
            "share: how many of a role's training pictures show its frequent gender; margin: how "
            "far above a coin a reader counts as reading. From which share on is the gap of noisy "
            "pictures surely above zero, and of clean ones? Which cure takes most of it, who is "
            "named worse for it, and what does the new reader find afterwards? With “he or "
            "she”: does any cure keep a new reader from the gender?"
        ),
        controls=knobs,
        groups={
            "training data": ("share", "pictures", "words"),
            "cure and verdict": ("cure", "strength", "margin"),
        },
        compute=look,
        make_view=FairnessView,
        presets={
            "plain": {"pictures": "noisy", "words": "none", "cure": "none"},
            "clean pictures": {"pictures": "clean", "words": "none", "cure": "none"},
            "clean, adversary": {
                "pictures": "clean",
                "words": "none",
                "cure": "adversary",
                "strength": "1",
            },
            "reweighing": {"pictures": "noisy", "words": "none", "cure": "reweighing"},
            "he or she": {"pictures": "noisy", "words": "he or she", "cure": "none"},
            "he or she, adversary": {
                "pictures": "noisy",
                "words": "he or she",
                "cure": "adversary",
                "strength": "1",
            },
        },
        busy="looking it up …",
    )
