"""The fairness explorer: how strong a dependence, which cure, how much of it; what came of it."""

from collections.abc import Generator
from functools import lru_cache

import pandas as pd

from coursekit.course.widgets.controls import Choice, Control, Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.data.files import DataFileError, open_checked
from coursekit.lessons.l13_fairness.explorer_view import FairnessView, State
from coursekit.lessons.l13_fairness.study_grid import CURES, NOISES, SHARES, STRENGTHS, WORDS

TABLE = "fairness_grid.csv"
PICTURES = dict(zip(("clean", "slightly noisy", "noisy"), NOISES, strict=True))
LAMBDA = {f"{strength:g}": strength for strength in STRENGTHS}


@lru_cache(maxsize=1)
def stored_grid() -> pd.DataFrame:
    """Every state that was trained, a row per seed.  Errors: DataFileError for a damaged file."""
    return pd.read_csv(open_checked(TABLE), keep_default_na=False)


def rows_at(share: float, noise: float, words: str, cure: str, strength: float) -> pd.DataFrame:
    """The seeds of one state."""
    table = stored_grid()
    chosen = (table["noise"] == noise) & (table["words"] == words) & (table["cure"] == cure)
    chosen &= ((table["share"] - share).abs() < 1e-6) & (table["strength"] == strength)
    return table[chosen]


def look(
    share: float, pictures: str, words: str, cure: str, strength: str
) -> Generator[None, None, State]:
    """The state and the plain one beside it, at this and at every other dependence."""
    yield
    noise = PICTURES[pictures]
    used = LAMBDA[strength] if "adversary" in cure else 0.0
    try:
        of = {s: rows_at(s, noise, words, cure, used) for s in SHARES}
        plain = {s: rows_at(s, noise, words, "none", 0.0) for s in SHARES}
    except DataFileError as error:
        return State(sorry=str(error))
    now = min(SHARES, key=lambda s: abs(s - share))
    return State(
        share=now,
        title=f"{cure}{f', λ = {strength}' if used else ''}; {pictures} pictures, {said(words)}",
        cured=of,
        plain=plain,
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
        "share": Slider("frequent gender's share in training", SHARES[0], SHARES[-1], 0.1, 0.9),
        "pictures": Choice("pictures", tuple(PICTURES), "noisy"),
        "words": Choice("words", WORDS, WORDS[0]),
        "cure": Choice("cure", tuple(CURES), "none"),
        "strength": Choice("adversary's strength λ", tuple(LAMBDA), "1"),
    }
    return Explorer(
        key="fairness",
        title="A dependence, a cure, and who pays",
        question=(
            "From which dependence on is the gap of noisy pictures surely above zero, and of clean "
            "ones? Find a cure that halves the gap: what does it cost in accuracy, and what does "
            "the new reader find afterwards? With “he or she”: does any cure keep a new reader "
            "from the gender?"
        ),
        controls=knobs,
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
