"""A card to rate captions on: blind, in an order drawn by a seed, kept in the learner's record."""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import ipywidgets as W
import numpy as np
import pandas as pd

from coursekit.course import record
from coursekit.course.plots.display import image_html, pixels, png
from coursekit.course.plots.style import new_figure
from coursekit.course.widgets.after_choices import after_choices
from coursekit.course.widgets.css import OWN_ARROWS, alert, paragraph, style_with_names
from coursekit.lessons.l15_evaluation.scripted_raters import QUESTIONS
from coursekit.lessons.l15_evaluation.systems import Described
from coursekit.utils.checks import choose, require, require_count, require_list

KEY = "15-ratings"
YOU = "you"
ENDS = {
    "correctness": "Correctness: 1 nothing is right … 5 all is right",
    "coherence": "Coherence: 1 no sentence … 5 well said",
}
SCALE = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Unit:
    """A caption to rate. scene and system say what it is; the card shows neither."""

    scene: int
    system: str
    caption: str
    picture: str  # an <img> with its text


def units_of(data: Described, scenes: Sequence[int], systems: Sequence[str]) -> list[Unit]:
    """A unit per scene and system, with the scene's picture."""
    require_list("scenes", scenes, "numbers of scenes")
    for system in systems:
        choose("a system in systems", system, data.captions)
    pictures = {scene: scene_image(data, scene) for scene in scenes}
    return [
        Unit(scene, system, data.captions[system][scene], pictures[scene])
        for scene in scenes
        for system in systems
    ]


def scene_image(data: Described, scene: int) -> str:
    """A scene as an ``<img>``; its text says what is shown, for whoever does not see it."""
    figure, (ax,) = new_figure(2.2, 2.2)
    ax.imshow(as_picture(data, scene), interpolation="nearest")
    ax.set_axis_off()
    cells = {name: divmod(cell, 3) for name, cell in data.shown[scene].cells.items()}
    parts = [
        f"{' '.join(name)} in row {row + 1}, column {column + 1}"
        for name, (row, column) in cells.items()
    ]
    return image_html(png(figure), f"Three by three cells: {'; '.join(parts)}.", pixels(figure))


def as_picture(data: Described, scene: int) -> np.ndarray:
    """The scene's picture, (48, 48, 3) from 0 to 1."""
    require_count("scene", scene, 0, len(data) - 1)
    pixels_of = data.scenes.pictures[scene].permute(1, 2, 0)
    return (1 - pixels_of).clamp(0, 1).numpy()


class RatingCard:
    """Captions one after the other, two ratings each; what is kept can be gone back to and changed.

    units: shown in an order drawn by ``seed``.  The record gets scene, system, both ratings, seed
    and place; the card, its repr and its text do not name the system.
    """

    def __init__(self, units: Sequence[Unit], seed: int = 0) -> None:
        require_list("units", units, "captions to rate")
        require_count("seed", seed)
        self.seed = seed
        order = np.random.default_rng(seed).permutation(len(units))
        self._units = [units[place] for place in order]
        self.place = 0
        name = f"ck-{uuid4().hex[:8]}"
        self._shown = W.HTML()
        self._radios = {
            question: W.RadioButtons(options=[*SCALE], value=None) for question in QUESTIONS
        }
        self._status = W.HTML().add_class(f"{name}-status").add_class("ck-status")
        self._keep = W.Button(description="Keep and go on").add_class("ck-main")
        self._back = W.Button(description="Back").add_class("ck-plain")
        self._keep.on_click(lambda _: after_choices(self._on_keep))
        self._back.on_click(lambda _: self.back())
        self.widget = self._card(name)
        self._show()

    def _card(self, name: str) -> W.Widget:
        names: dict[str, dict[str, str]] = {
            f".{name}": {"role": "group", "aria-label": "Rate captions"},
            f".{name}-status": {"role": "status", "aria-live": "polite"},
        }
        columns = []
        for question, radio in self._radios.items():
            own = f"{name}-{question}"
            radio.add_class(own)
            names[f".{own}"] = {"role": "radiogroup", "aria-label": ENDS[question]}
            names[f".{own} input"] = {"name": own, **OWN_ARROWS}
            columns.append(W.VBox([W.HTML(paragraph(ENDS[question], "")), radio]))
        head = W.HTML(style_with_names(names) + paragraph("Rate the caption", "ck-title"))
        buttons = W.HBox([self._keep, self._back]).add_class("ck-buttons")
        choices = W.HBox(columns).add_class("ck-row")
        card = W.VBox([head, self._shown, choices, buttons, self._status])
        return card.add_class("ck-card").add_class(name)

    @property
    def done(self) -> bool:
        """Whether the last caption has been rated."""
        return self.place >= len(self._units)

    @property
    def caption(self) -> str:
        """The caption shown, "" behind the last one."""
        return "" if self.done else self._units[self.place].caption

    def rate(self, correctness: int, coherence: int) -> None:
        """Keep both ratings of the caption shown, and go on to the next.

        Errors: ValueError for what is no whole number from 1 to 5, or behind the last caption.
        """
        require(not self.done, "All captions are rated; go back to change one.")
        given = {"correctness": correctness, "coherence": coherence}
        for question, value in given.items():
            require_count(question, value, SCALE[0], SCALE[-1])
        unit = self._units[self.place]
        failed = record.keep(
            "rating", key=KEY, scene=unit.scene, system=unit.system, **given,
            seed=self.seed, place=self.place,
        )  # fmt: skip
        self.place += 1
        self._show(failed)

    def back(self) -> None:
        """To the caption before; rated again, the later rating counts."""
        self.place = max(0, self.place - 1)
        self._show()

    def _on_keep(self) -> None:
        values = [radio.value for radio in self._radios.values()]
        if self.done:
            return
        if None in values:
            self._status.value = alert("Choose a number for both questions first.")
        else:
            self.rate(*values)

    def _show(self, note: str = "") -> None:
        many = len(self._units)
        for radio in self._radios.values():
            radio.value = None
        self._keep.disabled = self.done
        self._back.disabled = self.place == 0
        if self.done:
            self._shown.value = ""
            where = f"All {many} captions are rated. Run the next cells."
        else:
            unit = self._units[self.place]
            words = f"<p style='font-size:1.15em'>“{html.escape(unit.caption)}”</p>"
            self._shown.value = unit.picture + words
            where = f"Caption {self.place + 1} of {many}."
        self._status.value = paragraph(f"{where} {note}".strip(), "")

    def __repr__(self) -> str:
        return f"RatingCard: {len(self._units)} captions, order {self.seed}, at {self.place}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle = dict(self.widget._repr_mimebundle_())
        note = "Open this notebook with a kernel and run the cell to rate captions."
        bundle["text/html"] = paragraph(f"{len(self._units)} captions to rate. {note}", "")
        bundle["text/plain"] = repr(self)
        return bundle


def own_ratings(read: Callable[[], list[dict[str, Any]]] = record.read) -> pd.DataFrame:
    """The learner's ratings in the record, the last one of each caption: as the stored ones are."""
    try:
        entries = read()
    except OSError:
        entries = []
    mine = [e for e in entries if e["kind"] == "rating" and e.get("key") == KEY]
    columns = ["scene", "system", *QUESTIONS]
    table = pd.DataFrame([{c: e.get(c) for c in columns} for e in mine], columns=columns)
    last = table.drop_duplicates(["scene", "system"], keep="last").reset_index(drop=True)
    last.insert(2, "rater", YOU)
    return last
