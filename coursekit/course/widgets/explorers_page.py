"""The page of all explorers: each is made when it is opened, and a code opens the one it is of."""

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import ipywidgets as W

from coursekit.course.widgets.css import alert, paragraph, style_with_names
from coursekit.course.widgets.explorer import Explorer
from coursekit.course.widgets.gallery import EXPLORERS, explorer_from_code
from coursekit.utils.checks import choose


def code_in_address(environment: Mapping[str, str] = os.environ) -> str:
    """The code after ``?code=`` in the page's address; "" without one.

    Voila tells its kernel the address in QUERY_STRING. JupyterLab tells nothing.
    """
    return parse_qs(environment.get("QUERY_STRING", "")).get("code", [""])[0]


class Shelf:
    """A button that opens one explorer and closes it again; before that nothing is computed."""

    def __init__(self, key: str) -> None:
        self.key = choose("key", key, EXPLORERS)
        self.explorer: Explorer | None = None
        self._button = W.Button()
        self._button.on_click(lambda _: self.close() if self.is_open else self.open())
        self._says = W.HTML()
        self._place = W.VBox().add_class("ck-place")
        name = f"ck-{uuid4().hex[:8]}"
        style = W.HTML(style_with_names({f".{name}": {"role": "status", "aria-live": "polite"}}))
        row = W.HBox([self._button, self._says.add_class(name), style]).add_class("ck-buttons")
        self.widget = W.VBox([row, self._place]).add_class("ck-shelf")
        self._label()

    @property
    def is_open(self) -> bool:
        """Whether the explorer is shown."""
        return bool(self._place.children)

    def open(self) -> Explorer:
        """Show the explorer: a new one the first time, then the one that was left."""
        if self.explorer is None:
            self._says.value = paragraph("opening …", "ck-status")
            try:
                explorer = EXPLORERS[self.key]()
                self._place.children = [explorer.widget]  # made by now, with its picture
                self.explorer = explorer
            finally:
                self._says.value = ""
        self._place.children = [self.explorer.widget]
        self._label()
        return self.explorer

    def close(self) -> None:
        """Take the explorer off the page; it keeps its knobs where they stand."""
        if self.explorer is not None and self.explorer.player is not None:
            self.explorer.player.pause()
        self._place.children = []
        self._label()

    def _label(self) -> None:
        # Each with its explorer's name: nine buttons "Open" cannot be told apart by ear.
        self._button.description = f"{'Close' if self.is_open else 'Open'} “{self.key}”"

    def __repr__(self) -> str:
        return f"Explorer {self.key}, {'open' if self.is_open else 'not opened yet'}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return _bundle(self.widget, f"The explorer “{self.key}” opens here.", repr(self))


class Opener:
    """A field for any code: the explorer it is of opens below, a handout with its knobs closed.

    code: what to open at once; what stands in the page's address unless given.
    """

    def __init__(self, code: str | None = None) -> None:
        self.explorer: Explorer | None = None
        self._field = (
            W.Text(
                description="Code of an explorer",
                placeholder="paste one and press Enter",
                continuous_update=False,
                style={"description_width": "initial"},
            )
            .add_class("ck-code")
            .add_class("ck-wide")
        )
        self._field.observe(lambda change: self._entered(change["new"]), "value")
        self._says, self._place = W.HTML(), W.VBox().add_class("ck-place")
        name = f"ck-{uuid4().hex[:8]}"
        names = {
            f".{name}": {"role": "group", "aria-label": "Open a code"},
            f".{name}-says": {"role": "status", "aria-live": "polite"},
        }
        head = W.HTML(style_with_names(names) + paragraph("Open a code", "ck-title"))
        says = self._says.add_class(f"{name}-says").add_class("ck-status")
        card = W.VBox([head, self._field, says]).add_class("ck-card").add_class(name)
        self.widget = W.VBox([card, self._place]).add_class("ck-shelf")
        self._field.value = code_in_address() if code is None else code

    def open(self, code: str) -> Explorer:
        """Show the explorer of ``code`` as it says.

        Errors: ValueError, in a sentence, for a code of no explorer or a mistyped one.
        """
        self._says.value = paragraph("opening …", "")
        explorer = explorer_from_code(code)
        for shown in self._place.children:
            _discard(shown)
        self.explorer = explorer
        self._place.children = [explorer.widget]
        self._says.value = paragraph(f"Opened below: {explorer.title}", "")
        return explorer

    def _entered(self, code: str) -> None:
        if not code.strip():
            self._says.value = ""
            return
        try:
            self.open(code.strip())
        except ValueError as error:
            self._says.value = alert(str(error))

    def __repr__(self) -> str:
        shown = "nothing is open" if self.explorer is None else self.explorer.code
        return f"Open a code: {shown}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return _bundle(self.widget, "Here stands a field that opens any code.", repr(self))


def _discard(widget: W.Widget) -> None:
    """Take a widget out of kernel and page with all that is in it: ipywidgets keeps it else."""
    looks = [getattr(widget, name, None) for name in ("layout", "style")]
    for part in (*getattr(widget, "children", ()), *filter(None, looks)):
        _discard(part)
    widget.close()


def _bundle(widget: W.Widget, sentence: str, plain: str) -> dict[str, Any]:
    """The widget for a page with a kernel; a sentence for one without."""
    bundle = dict(widget._repr_mimebundle_())
    note = "Open this notebook with a kernel and run the cell."
    return bundle | {"text/html": paragraph(f"{sentence} {note}", ""), "text/plain": plain}
