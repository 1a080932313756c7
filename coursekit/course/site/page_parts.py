"""What a page shows where the Lab would run a cell: guesses, exercises, explorers, games."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from nbformat import NotebookNode

from coursekit.course.site import explorer_card, game_card
from coursekit.course.site.exercise_card import exercise_cells, question_card
from coursekit.course.site.game_card import game_cells
from coursekit.course.site.guess_card import guess_cells, outcome_cells
from coursekit.course.site.lesson_page import Replaced
from coursekit.course.site.state_archive import read
from coursekit.course.site.state_plan import plan_of

EXPLORER = re.compile(r'data-explorer="(\w+)"')


@dataclass(frozen=True)
class PageParts:
    """Makes the parts of a lesson's page.

    explorers, games: keys of those with stored states that are good; where others stand the page
    shows the notebook's own picture, and that the rest needs the Lab.
    solutions: whether exercises get theirs.
    """

    explorers: Collection[str]
    games: Collection[str]
    solutions: bool = True

    def explorer(self, key: str, base: str) -> str:
        """The card of an explorer. base: address of the folder of all states, from the page."""
        if key not in self.explorers:
            return explorer_card.lab_only_card(key)
        return explorer_card.card(plan_of(key), read(key), f"{base}/{key}/")

    def replaced(self, lesson: str, notebook: NotebookNode, base: str) -> Replaced:
        """The parts of one lesson. base: as in `explorer`."""
        exercises = exercise_cells(lesson, notebook, solutions=self.solutions)
        cards = {number: card or "" for number, card in exercises.items()} | guess_cells(notebook)
        outputs, notes = {}, {}
        for number, cell in enumerate(notebook.cells):
            if cell.cell_type != "code" or number in cards:
                continue
            shown = EXPLORER.search(_stored(cell))
            if not shown or cell.source.strip() != explorer_card.call(shown[1]):
                continue  # with a method of the reader's own it shows what no stored state has
            if shown[1] in self.explorers:
                cards[number] = self.explorer(shown[1], base)
            else:
                notes[number] = self.explorer(shown[1], base)
        for number, key in game_cells(notebook).items():
            if 'data-game="' not in _stored(notebook.cells[number]):
                continue
            if key in self.games:
                outputs[number] = game_card.game_card(key, f"{base}/game-{key}")
            else:
                notes[number] = game_card.lab_only_game(key)
        return Replaced(cards, outcome_cells(notebook), outputs, notes, question_card(lesson))


def _stored(cell: NotebookNode) -> str:
    """The HTML that a cell has stored."""
    return "".join(o.get("data", {}).get("text/html", "") for o in cell.outputs)
