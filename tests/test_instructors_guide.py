"""INSTRUCTORS.md names only what there is, and its table is the sources'; the open questions."""

import ast
import importlib
import re
import shlex
from functools import cache
from pathlib import Path

import pytest
from nbgrader.apps.nbgraderapp import NbGraderApp
from typer.main import get_command

from coursekit.__main__ import app
from coursekit.course import registry
from coursekit.course.authoring.exercise_slices import cut
from coursekit.course.authoring.sources import instructor_notebook, name_of, scripts
from coursekit.course.exercises import Exercise
from coursekit.course.games import games
from coursekit.course.grading.assignment import Plan
from coursekit.course.grading.class_readme import GUIDE
from coursekit.course.grading.lesson_overview import BEGIN, END, block, lesson, lessons, table
from coursekit.course.help_level import HELP, VARIABLE
from coursekit.course.hub.__main__ import app as hub
from coursekit.course.site.__main__ import app as site
from coursekit.course.widgets import EXPLORERS, Explorer
from coursekit.course.widgets.game import GameCard

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "INSTRUCTORS.md").read_text(encoding="utf-8")
PROSE = TEXT.replace(block(TEXT), "")  # without the table that is made
WRITTEN = {n: one.question for n, one in registry.lessons().items() if one.question}
KEY = re.compile(r"\d\d-[a-z][a-z-]*")
CODE = re.compile(r"`([^`]+)`")
QUOTED = re.compile(r"“([^”]+)”")
COMMAND = re.compile(r"python -m (coursekit[\w.]*)(.*)")
HEADING = re.compile(r"^# #{2,3} (.+)$", re.M)


def code_of(text):
    """What stands in backticks, and the lines of indented blocks, in one line each."""
    whole = text.replace("\\\n", " ")
    indented = [line.strip() for line in whole.splitlines() if line.startswith("    ")]
    return [" ".join(part.split()) for part in CODE.findall(whole)] + indented


@cache
def exercises():
    """Key → exercise, of all lessons."""
    modules = [registry.exercises(x.name) for x in lessons()]
    every = [x for module in modules for x in vars(module).values() if isinstance(x, Exercise)]
    return {x.key: x for x in every}


@cache
def explorer(name):
    return EXPLORERS[name]()


@cache
def notebook(name):
    return instructor_notebook(next(s for s in scripts() if name_of(s) == name))


def sources():
    return "\n".join(script.read_text(encoding="utf-8") for script in scripts())


def items(label):
    """The list items that begin with a bold label, each in one line."""
    texts = re.findall(rf"^- \*\*{label}\*\*:(.*?)(?=^- |^$)", TEXT + "\n", re.M | re.S)
    return [" ".join(item.split()) for item in texts]


def sections(level="###"):
    return re.findall(rf"^{level} (.+)$", TEXT, re.M)


def test_the_table_is_that_of_the_sources():
    assert block(TEXT) == table(lessons()), "python course.py refresh renews it"


def test_the_overview_agrees_with_the_exercises_themselves():
    points_by_key = {key: points for one in lessons() for key, points in one.exercises.items()}
    assert points_by_key == {key: float(one.points) for key, one in exercises().items()}


def script_of(folder, head, points=1):
    script = folder / "01_a.py"
    check = f'{{"grade_id": "check-01-x", "grade": true, "points": {points}}}'
    text = f"# %% [markdown]\n{head}\n\n# %% nbgrader={check}\npass\n"
    script.write_text(text, encoding="utf-8")
    return script


TITLE = "# # 01 · A lesson"
TIME = "# **Time** about 45 minutes to read and do, 10 more for what is marked *Further*"
HEAD = f"{TITLE}\n#\n{TIME}; the computing takes 10 to 30 seconds."


def test_a_lesson_is_read_from_its_source(tmp_path):
    head = lesson(script_of(tmp_path, HEAD, 3))
    assert (head.name, head.title, head.minutes, head.further) == ("01", "A lesson", 45, 10)
    assert (head.link, head.exercises) == ("notebooks/01_a.ipynb", {"01-x": 3})
    row = "| [01 A lesson](notebooks/01_a.ipynb) | 45 + 10 |  |  | `01-x` | 3 |"
    assert table([head]).splitlines()[2:] == [row, "| all | 45 + 10 | 0 | 0 | 1 | 3 |"]


@pytest.mark.parametrize(
    ("head", "points", "sentence"),
    [
        ("# # A lesson", 1, "does not begin with '# NN · Title'"),
        (f"{TITLE}\n#\n{TIME}.", 1, "does not state 'computing takes N to M seconds'"),
        (TITLE, 1, r"no line '\*\*Time\*\* about N minutes'"),
        (HEAD, 5, r"points of 01-x is 5; one of \[1, 2, 3\]"),
    ],
)
def test_a_lesson_that_says_too_little_is_refused(tmp_path, head, points, sentence):
    with pytest.raises(ValueError, match=sentence):
        lesson(script_of(tmp_path, head, points))


@pytest.mark.parametrize(
    "text", ["", f"{BEGIN}\na\n", f"{END}\na\n{BEGIN}", f"{BEGIN}\na\n{END}\n" * 2]
)
def test_a_page_without_its_markers_is_refused(text):
    with pytest.raises(ValueError, match="once each, in this order"):
        block(text)


def test_every_lesson_has_its_section_with_all_that_belongs_to_it():
    titles = [f"{one.name} {one.title}" for one in lessons()]
    assert [s for s in sections() if s[:2].isdigit()] == titles
    parts = dict(zip(titles, re.split(r"^### \d\d .+$", TEXT, flags=re.M)[1:], strict=True))
    for title, text in parts.items():
        own = text.split("\n## ")[0]
        for label in ("Usual mistakes", "Show live"):
            assert f"- **{label}**:" in own, f"{title} has no {label}"
        assert 2 <= own.count("- **Discuss**:") <= 4, title
        assert own.count("Good:") == own.count("- **Discuss**:"), title
        assert ("- **Written answer**:" in own) == (title[:2] in WRITTEN), title


def test_links_and_files_exist():
    links = re.findall(r"\]\(([^)\s]+)\)", TEXT)
    assert links
    for target in links:
        page, _, anchor = target.partition("#")
        assert "://" in target or not page or (ROOT / page).exists(), target
        if anchor and not page:
            known = {re.sub(r"[^\w\- ]", "", s).replace(" ", "-").lower() for s in sections("##")}
            assert anchor in known, target
    of_a_class = {Path(part).parts[0] for part in CODE.findall(GUIDE)}
    for token in CODE.findall(PROSE):
        first = token.split("/")[0]
        if " " in token or "/" not in token or not first or first.isupper() or "://" in token:
            continue
        if first not in of_a_class:
            assert (ROOT / token).exists(), f"`{token}` is named and not there"


def test_exercises_and_their_mistakes_exist():
    named = set(KEY.findall(" ".join(CODE.findall(PROSE))))
    assert named and named <= set(exercises()), named - set(exercises())
    for item in items("Usual mistakes"):
        for key, words in re.findall(r"`([\w-]+)`([^`]*)", item):
            known = {m.name for m in exercises()[key].misconceptions}
            quoted = set(QUOTED.findall(words))
            assert quoted and quoted <= known, f"{key}: {quoted - known}"


def test_what_is_shown_live_exists():
    shown = items("Show live")
    assert len(shown) >= len(lessons())
    for item in shown:
        name, *others = CODE.findall(item)
        one = explorer(name)
        options = {str(o) for c in one.controls.values() for o in getattr(c, "options", ())}
        known = {*one.presets, *(c.label for c in one.controls.values()), *options}
        assert set(others) <= known, f"{name}: {set(others) - known}"
        assert set(others) & set(one.presets), f"{name}: no preset is named"


def test_games_and_what_is_called_on_them_exist():
    for name in re.findall(r"`(\w+)` game|cases of `(\w+)`", TEXT):
        assert "".join(name) in games()
    for called in re.findall(r"doctor\.(\w+)\(", TEXT):
        assert hasattr(GameCard, called)
    for called in re.findall(r"explorer\.(\w+)\(", TEXT):
        assert hasattr(Explorer, called)


def test_sections_of_lessons_that_are_named_exist():
    known = set(HEADING.findall(sources()))
    plain = CODE.sub("", PROSE).replace("**", "")
    named = re.findall(r"\*([^*\n]+)\*", plain)
    assert named and set(named) <= known, set(named) - known


def command_of(module, words):
    """The click command that these words call, its name, and what follows."""
    command, rest = (
        get_command({"coursekit": app, "coursekit.course.hub": hub}[module]),
        list(words),
    )
    while hasattr(command, "list_commands"):
        assert rest and rest[0] in command.list_commands(None), (
            f"{module} has no command {rest[:1]}"
        )
        command = command.get_command(None, rest.pop(0))
    return command, rest


def options_of(command):
    return {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help"}


def all_options(group):
    if not hasattr(group, "list_commands"):
        return options_of(group)
    every = (group.get_command(None, name) for name in group.list_commands(None))
    return set().union(*(all_options(one) for one in every))


def test_commands_and_their_options_exist():
    matches = [COMMAND.search(line) for line in code_of(PROSE)]
    assert sum(one is not None for one in matches) >= 4
    for module, rest in (one.groups() for one in matches if one):
        if module not in ("coursekit", "coursekit.course.hub"):
            assert importlib.util.find_spec(module), module
        elif words := shlex.split(rest.split("&&")[0], comments=True):
            command, given = command_of(module, words)
            options = {w.split("=")[0] for w in given if w.startswith("--")}
            assert options <= options_of(command), f"{rest}: {options - options_of(command)}"
    alone = {line.split()[0] for line in code_of(PROSE) if line.startswith("--")}
    known = set().union(*(all_options(get_command(one)) for one in (app, hub, site)))
    assert alone <= known, alone - known


def test_other_commands_exist():
    usage = ast.get_docstring(ast.parse((ROOT / "course.py").read_text(encoding="utf-8"))) or ""
    for line in code_of(PROSE):
        if called := re.search(r"python course\.py (\w+)(.*)", line):
            assert f"python course.py {called[1]}" in usage, line
            assert all(w in usage for w in called[2].split() if w.startswith("--")), line
        for called in re.findall(r"(?:^|&& |; )nbgrader (\w+)", line):
            assert called in NbGraderApp().subcommands, line


def test_assignments_that_are_named_can_be_made():
    for line in code_of(PROSE):
        words = shlex.split(line) if "coursekit assign" in line and "…" not in line else []
        if "--out" not in words:
            continue
        given = words[words.index("assign") + 1 : words.index("--out")]
        keys = [words[i + 1] for i, w in enumerate(words) if w == "--exercise"]
        assert Plan(tuple(given), exercises=tuple(keys), written="--written" in words)


def test_chosen_exercises_stand_without_the_others():
    """A row of a plan is homework; nothing in it may need the answer to what was left out."""
    rows = [line for line in PROSE.splitlines() if line.startswith("| ") and KEY.search(line)]
    assert len(rows) > 10
    for row in rows:
        keys = [key for key in CODE.findall(row) if KEY.fullmatch(key)]
        for name in {key[:2] for key in keys}:
            cut(notebook(name), [key for key in keys if key[:2] == name])


def test_what_is_said_of_help_is_so():
    part = TEXT.split("## Less help")[1].split("\n## ")[0]
    assert f"`{VARIABLE}`" in part
    assert tuple(re.findall(r"^- `(\w+)`:", part, re.M)) == HELP


@pytest.mark.parametrize("name", WRITTEN)
def test_an_open_question_can_be_asked_and_marked(name):
    question = WRITTEN[name]
    assert name in {one.name for one in lessons()}
    assert question.points == 4
    assert 3 <= len(question.criteria) <= 4 and all(points > 0 for points, _ in question.criteria)
    assert all(len(criterion) > 30 and criterion.endswith(".") and "|" not in criterion
               for _, criterion in question.criteria)  # fmt: skip
    assert len(question.question) > 200 and question.question[-1] in "?."
    lines = question.rubric().splitlines()
    assert lines[2:] == [f"| {points:g} | {criterion} |" for points, criterion in question.criteria]


@pytest.mark.parametrize("name", WRITTEN)
def test_an_open_question_quotes_a_guess_of_its_lesson_word_for_word(name):
    asked = [n.value for n in ast.walk(ast.parse(_code(name))) if _is_question(n)]
    quoted = QUOTED.findall(WRITTEN[name].question)
    assert set(quoted) <= set(asked)
    assert quoted or "guess of this lesson" in WRITTEN[name].question or name == "07"


def _code(name):
    return "\n".join(c.source for c in notebook(name).cells if c.cell_type == "code")


def _is_question(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) > 20


@pytest.mark.parametrize("name", WRITTEN)
def test_a_rubric_does_not_stand_in_its_question(name):
    def runs(text):
        words = re.findall(r"\w+", text.lower())
        return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}

    for _, criterion in WRITTEN[name].criteria:
        assert not runs(criterion) & runs(WRITTEN[name].question), criterion


def test_lessons_that_need_an_open_question_have_one():
    assert set(WRITTEN) == {one.name for one in lessons()} - {"00"}
