"""What a page shows where the Lab would run a cell: guesses, exercises, explorers, games."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from nbformat import NotebookNode

from coursekit.course.site.exercise_card import exercise_cells
from coursekit.course.site.guess_card import guess_cells, outcome_cells
from coursekit.course.site.lesson_page import Replaced

EXPLORER = re.compile(r'data-explorer="(\w+)"')
GAME = re.compile(r'GAMES\["(\w+)"\]\(')
# key, address of the folder with its states, the stored output → the card
StoredCard = Callable[[str, str, str], str]


@dataclass(frozen=True)
class PageParts:
    """Makes the parts of a lesson's page.

    explorer, game: make the card of one; they see the output that the notebook has stored, to show
    it where no states are stored.  solutions: whether exercises get theirs.
    """

    explorer: StoredCard
    game: StoredCard
    solutions: bool = True

    def __call__(self, lesson: str, notebook: NotebookNode, states: str) -> Replaced:
        """The parts of one lesson. states: address of the folder of all states, from its page."""
        exercises = exercise_cells(lesson, notebook, solutions=self.solutions)
        cards = {number: card or "" for number, card in exercises.items()}
        cards |= guess_cells(notebook)
        outputs = {}
        for number, cell in enumerate(notebook.cells):
            if cell.cell_type != "code" or number in cards:
                continue
            stored = "".join(o.get("data", {}).get("text/html", "") for o in cell.outputs)
            shown, played = EXPLORER.search(stored), GAME.search(cell.source)
            if shown:
                cards[number] = self.explorer(shown[1], f"{states}/{shown[1]}", stored)
            elif played and 'data-game="' in stored:
                folder = f"{states}/game-{played[1]}"
                outputs[number] = self.game(played[1], folder, stored)
        return Replaced(cards, outcome_cells(notebook), outputs)
