"""Guesses, exercises and games on static pages: made from the stored notebooks, nothing trained."""

import ast
import json
from collections import Counter
from functools import cache

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_notebook, new_output

from coursekit.course import registry
from coursekit.course.authoring.sources import notebook_of, scripts
from coursekit.course.exercises.solution_source import FOLDER, solution_of
from coursekit.course.games import Case, Evidence, Game, Scale, game
from coursekit.course.site import game_cases
from coursekit.course.site.exercise_card import exercise_card, exercise_cells, question_card
from coursekit.course.site.game_card import game_card, game_cells, lab_only_game, write_game
from coursekit.course.site.game_cases import answer_key, answers, orders_key, read_cases
from coursekit.course.site.guess_card import guess_card, guess_cells
from coursekit.course.site.learner_files import SCRIPTS, STYLES
from coursekit.course.site.notebook_values import NotebookValues, code_trees
from coursekit.course.site.stored_guesses import ALONE, outcome_cells, stored_guesses
from coursekit.data.files import DataFileError

LESSONS = [script.stem[:2] for script in scripts()]
STATIC = FOLDER.parents[1] / "coursekit" / "course" / "site" / "static"


@cache
def stored(lesson):
    """The lesson's notebook; nobody changes it."""
    (script,) = (s for s in scripts() if s.stem[:2] == lesson)
    return nbformat.read(notebook_of(script), 4)


def parsed(markup):
    return BeautifulSoup(markup, "html.parser")


def texts(cell):
    return ["".join(o.get("data", {}).get("text/plain", "")) for o in cell.get("outputs", [])]


# Guesses


def test_every_guess_of_the_course_has_its_truth():
    every = [g for n in LESSONS for g in stored_guesses(stored(n)).values()]
    assert Counter(g.kind for g in every) == {"choice": 75, "number": 57, "curve": 8}
    assert [(g.key, g.lacks) for g in every if g.lacks] == []
    assert len({g.key for g in every}) == len(every)
    for guess in every:
        assert (guess.within is None) == (guess.kind == "choice"), guess.key
        assert guess.within is None or guess.within >= 0


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_truth_is_what_the_stored_picture_says(lesson):
    notebook = stored(lesson)
    outcomes = [t for cell in notebook.cells for t in texts(cell) if t.endswith(ALONE)]
    guesses = stored_guesses(notebook)
    assert len(outcomes) == len(guesses)
    for guess in guesses.values():
        (text,) = (t for t in outcomes if t.startswith(f"{guess.question} "))
        if guess.kind == "curve":
            true = dict(guess.truth)
            points = ", ".join(f"{true[float(x)]:.3g} at {x:g}" for x in guess.asked["xs"])
            shown = text.removesuffix(f". {ALONE}").partition("The true curve: ")[2]
            pairs = zip(numbers(shown), numbers(points), strict=True)
            assert all(a == pytest.approx(b, rel=6e-3) for a, b in pairs), guess.key
        elif guess.kind == "number":
            assert f" The truth is {guess.truth:.4g} {guess.asked['unit']}".rstrip() + "." in text
        else:
            assert text.endswith(f" The truth is: {guess.truth}. {ALONE}")


def numbers(text):
    return [float(word) for point in text.split(", ") for word in point.split(" at ")]


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_card_stands_for_each_guess_and_its_outcome_leaves_the_page(lesson):
    notebook = stored(lesson)
    cards, dropped = guess_cells(notebook), outcome_cells(notebook)
    for number, card in cards.items():
        data = json.loads(parsed(card).select_one(".ck-guess")["data-guess"])
        assert data["question"] in texts(notebook.cells[number])[-1]
    for number, cell in enumerate(notebook.cells):
        kept = [t for i, t in enumerate(texts(cell)) if i not in dropped.get(number, ())]
        assert not any("No guess was made" in t or "folded away" in t for t in kept)
    last = max((n for n, places in dropped.items() if places), default=0)
    assert not cards or last > min(cards)


def test_what_can_be_used_on_a_card_has_a_name():
    for n in ("02", "04"):
        for card in guess_cells(stored(n)).values():
            page = parsed(card)
            labels = {label.get("for") for label in page.find_all("label")}
            for part in page.find_all("input"):
                inside = part.find_parent("label") is not None
                assert inside or part.get("aria-label") or part["id"] in labels
            assert page.select_one(".ck-guess")["aria-labelledby"] == page.p.find_next("p")["id"]


def guessing(source, outcome):
    """A notebook of two cells: one that shows the guess, one with this outcome."""
    question = new_output("execute_result", {"text/plain": "Guess 00-x: How <many>?"})
    cells = [new_code_cell(source, outputs=[question])]
    if outcome:
        data = {"text/plain": f"How <many>? The truth is 3. {ALONE}", "text/html": outcome}
        cells += [
            new_code_cell("g.reveal(n, within=1)", outputs=[new_output("display_data", data)])
        ]
    return new_notebook(cells=cells)


DECLARED = 'g = NumberGuess("00-x", f"How {what}?", low=0, high=9, step=1)\ng'
TABLE = "<table><tr><td>truth</td><td>3</td></tr></table>"


def test_a_guess_whose_truth_cannot_be_had_is_read():
    whole = stored_guesses(guessing(DECLARED, TABLE))[0]
    assert (whole.truth, whole.within, whole.lacks) == (3.0, 1.0, "")
    for source, outcome, why in (
        (DECLARED, "", "no stored output"),
        (DECLARED, "<table></table>", "no row of the truth"),
        ("make()", TABLE, "declaration"),
        (DECLARED.replace("high=9", "high=most(9)"), TABLE, "most(9) cannot be read"),
    ):
        guess = stored_guesses(guessing(source, outcome))[0]
        assert why in guess.lacks
        card = guess_card(guess)
        assert "ck-reading" in card and "ck-guess" not in card  # nothing below it waits
        assert "How &lt;many&gt;?" in card and "<input" not in card


def test_names_are_read_and_what_must_be_computed_is_refused():
    lines = (
        'words = ("a", "b")',
        'rows = [", ".join(words[:n]) for n in (1, 2)]',
        "from coursekit.compare.seeds import cures",
        "most = len(words)",
    )
    trees = code_trees(new_notebook(cells=[new_code_cell("\n".join(lines))]))
    values = NotebookValues(trees)

    def value(source):
        return values.value(ast.parse(source, mode="eval").body)

    assert value('("none", *rows)') == ("none", "a", "a, b")
    assert "SE gate" in value("tuple(cures())")
    for source in ("most", "nothing", "open('x')", "[w for w in words if w]"):
        with pytest.raises(ValueError, match=r"cannot be read|neither written"):
            value(source)


# Exercises


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_exercise_has_hints_and_a_solution_that_stands_in_the_source(lesson):
    notebook = stored(lesson)
    cards = exercise_cells(lesson, notebook)
    ids = {i: c.metadata.nbgrader.grade_id for i, c in enumerate(notebook.cells) if graded(c)}
    assert list(cards) == list(ids)
    (script,) = FOLDER.glob(f"{lesson}_*.py")
    source = script.read_text(encoding="utf-8")
    for number, card in cards.items():
        if ids[number].startswith("check-"):
            assert card is None
            continue
        page = parsed(card)
        assert page.textarea.string == notebook.cells[number].source
        hints = page.select(".ck-hint > p")
        assert [h.strong.string for h in hints] == [
            f"Hint {i} of {len(hints)}." for i in range(1, len(hints) + 1)
        ]
        assert len(hints) > 0
        shown = page.select_one(".ck-solution .highlight").get_text().strip()
        assert shown == solution_of(ids[number].removeprefix("ex-"))
        assert all(line.strip() in source for line in shown.splitlines())
        check = ".check(" in page.select_one(".ck-note code").string
        assert check and page.select_one(".ck-solution").has_attr("hidden")


def graded(cell):
    return "nbgrader" in cell.metadata


def test_there_are_all_exercises():
    asked = [c for n in LESSONS for c in exercise_cells(n, stored(n)).values() if c]
    assert len(asked) == 103


@pytest.mark.parametrize("lesson", LESSONS)
def test_without_solutions_none_of_their_lines_is_anywhere(lesson):
    notebook = stored(lesson)
    for number, card in exercise_cells(lesson, notebook, solutions=False).items():
        if card is None:
            continue
        page = parsed(card)
        hint = page.select_one(".ck-hint")
        hint.decompose()  # hints may quote code; they are no solutions
        rest = str(page) + parsed(card).select_one(".ck-exercise")["data-exercise"]
        key = notebook.cells[number].metadata.nbgrader.grade_id.removeprefix("ex-")
        given = {line.strip() for line in notebook.cells[number].source.splitlines()}
        own = [line.strip() for line in solution_of(key).splitlines()]
        own = [line for line in own if line not in given and len(line) > 1]
        assert own
        assert not [line for line in own if line in rest or line in page.get_text()]
        assert "ck-sol" not in rest and "Show a solution" not in rest


def test_what_a_lesson_lacks_is_said_and_what_it_writes_is_escaped():
    cell = new_code_cell("...", metadata={"nbgrader": {"grade_id": "ex-00-none"}})
    with pytest.raises(ValueError, match="Lesson 00 has no exercise '00-none'"):
        exercise_cells("00", new_notebook(cells=[cell]))
    gap = registry.exercises("00").gap
    page = parsed(exercise_card(gap, "a </textarea><b>", "c < d", "x = '<i>'"))
    assert page.textarea.string == "a </textarea><b>" and page.b is None and page.i is None


def test_a_class_of_ones_own_tells_what_the_check_asks_for():
    for lesson, key in (("06", "06-own-blend"), ("07", "07-method"), ("08", "08-own")):
        exercises = [e for e in exercise_cells(lesson, stored(lesson)).values() if e]
        (card,) = (e for e in exercises if f'id="exercise-{key}"' in e)
        rows = parsed(card).select("details > ul > li")
        assert len(rows) >= 10 and rows[0].string == "It cannot be made without arguments."


def test_open_questions_come_with_what_earns_their_points():
    for n, lesson in registry.lessons().items():
        card = question_card(n)
        if lesson.question is None:
            assert card == ""
            continue
        rows = parsed(card).select("tbody tr")
        assert len(rows) == len(lesson.question.criteria)
        assert parsed(card).label["for"] == parsed(card).textarea["id"]


# Games


@pytest.fixture
def stub(monkeypatch, tmp_path):
    """A game of the key "illness" that trains nothing, and a folder for its archive."""

    def train(case):
        yield
        return Evidence({"A": 0.5, "B": 0.4, "joint": 0.6, "late-linear": 0.7 + case.truth / 10})

    def draw(rng, number):
        return Case(number, round(0.05 * (number % 4), 2), game("illness").case(1).recipe)

    models = {"A": "A alone", "B": "B alone", "joint": "joint", "late-linear": "late-linear"}
    made = Game(
        key="05-stub", title="How <much>?", question="Which share?", orders={"late-linear": 10},
        answers=Scale(0.0, 0.15, 0.05, within=0.05, worthless=0.2), models=models,
        draw=draw, train=train, rule=lambda e: 0.0, explain=lambda e: "So it is.",
    )  # fmt: skip
    monkeypatch.setattr(game_cases, "game", lambda key: made)
    monkeypatch.setattr(game_cases, "STORED", 2)  # drawing is what takes long
    (tmp_path / "checksums.json").write_text("{}", encoding="utf-8")
    return made, tmp_path


def test_cases_are_stored_and_read_again(stub):
    _, folder = stub
    made = game_cases.make_cases("illness", folder)
    assert read_cases("illness", folder) == made
    assert game_cases.stale_cases("illness", folder) == ""
    case = made.cases[1]
    assert (case.number, case.truth) == (2, 0.1)
    assert list(case.before) == ["", "late-linear"]
    assert list(case.after) == ["0", "0.05", "0.1", "0.15"]
    assert "The truth: 0.10." in case.after["0"].alt and "truth" not in case.before[""].alt
    assert case.verdict == "So it is. Here the numbers mislead: they point to 0.00. " + (
        "One seed is one seed."
    )


def test_stored_cases_that_are_old_or_damaged_are_refused(stub, monkeypatch):
    _, folder = stub
    assert "illness" in game_cases.stale_cases("illness", folder)  # there is none yet
    game_cases.make_cases("illness", folder)
    monkeypatch.setattr(game_cases, "digest", lambda *_: "other")
    assert "other code" in game_cases.stale_cases("illness", folder)
    path = folder / "web_states" / "game-illness.zip"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataFileError, match="truncated"):
        read_cases("illness", folder)


def test_a_card_of_a_game_and_the_files_beside_it(stub, tmp_path):
    _, folder = stub
    archive = game_cases.make_cases("illness", folder)
    page = parsed(game_card("illness", "../games/illness/", folder))
    image = page.img["src"].removeprefix("../games/illness/")
    write_game("illness", archive, tmp_path / "out")
    assert (tmp_path / "out" / image).read_bytes() == archive.pictures[image]
    script = (tmp_path / "out" / "cases.js").read_text(encoding="utf-8")
    _, _, call = script.partition('coursekitGameCases("illness", ')
    cases = json.loads(call.removesuffix(");\n"))
    assert len(cases) == 2 and cases["1"]["truth"] == 0.05
    spec = json.loads(page.select_one(".ck-game")["data-game"])
    assert spec["orders"] == dict(game("illness").orders)
    assert 'GAMES["illness"](3)' in page.get_text() and "2 of 100" in page.get_text()
    assert 'GAMES["illness"]()' in parsed(lab_only_game("illness")).get_text()


@pytest.mark.parametrize("key", list(registry.games()))
def test_the_stored_cases_are_those_of_the_course(key):
    assert game_cases.stale_cases(key) == ""
    played, archive = game(key), read_cases(key)
    assert [c.number for c in archive.cases] == list(range(1, game_cases.STORED + 1))
    for case in archive.cases:
        assert case.truth == played.case(case.number).truth
        assert (
            len(case.before) == 2 ** len(played.orders)
            and orders_key(played, tuple(reversed(played.orders))) in case.before
        )
        assert list(case.after) == [answer_key(a) for a in answers(played)]
        assert all("truth" not in look.alt for look in case.before.values())
        assert case.verdict
    assert len({look.alt for c in archive.cases for look in c.before.values()}) > 60 or (
        len(played.orders) == 2
    )


def test_the_games_are_where_the_lessons_open_them():
    opened = [key for n in LESSONS for key in game_cells(stored(n)).values()]
    assert sorted(opened) == sorted(registry.games())


def test_files_of_the_cards_are_there_and_short():
    for name in (*SCRIPTS, *STYLES):
        lines = (STATIC / name).read_text(encoding="utf-8").splitlines()
        assert len(lines) < 200
        assert name.endswith(".css") or '"use strict";' in lines
