"""The house: a room imports only from rooms before it, and no lesson from another one."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "coursekit"
ROOMS = (  # from the ground up
    "utils", "data", "layers", "fusion", "models", "training",
    "balancing", "analysis", "compare", "course", "lessons",
)  # fmt: skip
LOOSE = {"__init__.py", "__main__.py"}
FILES = sorted(PACKAGE.rglob("*.py"))
# What these load, a hub, a grader or the kernel of a submission holds in memory: no torch in it.
LIGHT = (
    "coursekit", "coursekit.__main__", "coursekit.lessons", "coursekit.course.registry",
    "coursekit.course.authoring.__main__", "coursekit.course.authoring.lesson_listings",
    "coursekit.course.authoring.scaffold_commands", "coursekit.course.authoring.scaffold_lesson",
    "coursekit.course.grading.commands", "coursekit.course.grading.assignment",
    "coursekit.course.grading.grade_class", "coursekit.course.grading.collect",
    "coursekit.course.grading.feedback", "coursekit.course.grading.canvas_moodle",
    "coursekit.course.grading.lesson_overview", "coursekit.course.grading.preview",
    "coursekit.course.hub.__main__", "coursekit.course.hub.configure", "coursekit.course.workbook",
    "coursekit.course.record", "coursekit.course.grading.record_table", "coursekit.course.plots",
    "coursekit.course.exercises", "coursekit.lessons.l00_start_here.exercises",
    "coursekit.lessons.l01_additive_or_multiplicative.exercises",
    "coursekit.lessons.l02_fusion_operators.exercises", "coursekit.lessons.l03_emap.exercises",
    "coursekit.lessons.l04_early_or_late.exercises",
    "coursekit.lessons.l05_more_can_be_worse.exercises",
)  # fmt: skip


def imported(path):
    """Dotted names that a file imports, the names behind ``from`` too, and by import_module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: write the whole name"
            yield from (f"{node.module}.{a.name}" for a in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
            yield getattr(node.args[0], "value", "")


def wrong(name, room, inside):
    """Why a file of a room may not import this name; "" where it may."""
    top, *parts = name.split(".")
    if top == "benchmarks":
        return f"{name}: a benchmark is no part of the package"
    if top != "coursekit" or not parts or parts[0] not in ROOMS:
        return ""
    if ROOMS.index(parts[0]) > ROOMS.index(room):
        return f"{name} stands above {room}"
    if room == parts[0] == "lessons" and parts[1:2] != inside[:1]:
        return f"{name} belongs to another lesson, or is all of them"
    return ""


def test_the_rooms_are_those_of_the_plan():
    there = {p.name for p in PACKAGE.iterdir() if p.name != "__pycache__"}
    assert there == {*ROOMS, *LOOSE}
    text = ast.get_docstring(ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8")))
    listed = [line.split()[0] for line in text.splitlines() if line[:1].islower() and "  " in line]
    assert listed == list(ROOMS), "coursekit/__init__.py lists the rooms in their order"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_a_room_imports_only_downwards(path):
    room, *inside = path.relative_to(PACKAGE).parts
    if room == "__init__.py":
        assert not list(imported(path)), "what coursekit itself imports, everybody loads"
    elif room == "__main__.py":  # finds lessons through the registry
        assert not [name for name in imported(path) if name.startswith("coursekit.lessons")]
    else:
        assert not [why for name in imported(path) if (why := wrong(name, room, inside))]


@pytest.mark.parametrize(
    ("name", "room", "inside"),
    [
        ("coursekit.course.claims", "analysis", ["emap.py"]),
        ("coursekit.lessons", "course", ["registry.py"]),
        ("coursekit.lessons", "lessons", ["l01_a", "plots.py"]),
        ("coursekit.lessons.l02_b.plots", "lessons", ["l01_a", "plots.py"]),
        ("benchmarks.emap", "course", ["app.py"]),
    ],
)
def test_the_rule_refuses(name, room, inside):
    assert wrong(name, room, inside)


def loaded(*modules):
    """What a fresh process has loaded once it has imported these."""
    code = f"import sys\nfor m in {modules!r}: __import__(m)\nprint(*sys.modules, sep='\\n')"
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_what_hub_grading_authoring_and_plain_exercises_load_has_no_torch():
    assert "torch" not in loaded(*LIGHT)


def bound(init):
    """Names that a package's ``__init__`` binds → the module they come from, "" for its own."""
    for node in ast.parse(init.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            yield from ((a.asname or a.name, f"{node.module}.{a.name}") for a in node.names)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, ""
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((t.id, "") for t in targets if isinstance(t, ast.Name))


@pytest.mark.parametrize("init", sorted(PACKAGE.rglob("__init__.py")), ids=lambda p: p.parent.name)
def test_a_module_on_a_package_s_face_is_itself(init):
    """Else ``import coursekit.course.plots.style as s`` would give a function of that name."""
    package = ".".join(init.parent.relative_to(ROOT).parts)
    inside = {p.stem for p in init.parent.glob("*.py")}
    inside |= {p.name for p in init.parent.iterdir() if p.is_dir()}
    hidden = {
        f"{package}.{name}"
        for name, origin in bound(init)
        if name in inside and (origin != f"{package}.{name}")
    }
    assert not hidden


def test_no_other_room_loads_a_lesson():
    modules = []
    for path in FILES:
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[1] != "lessons" and "student" not in parts and "jupyterhub_config" not in parts:
            modules.append(".".join(parts).removesuffix(".__init__"))
    parts_of_lessons = [m for m in loaded(*modules) if m.startswith("coursekit.lessons.")]
    # The declarations are read to list what there is; what they name is loaded when asked for.
    assert all(m.count(".") == 2 for m in parts_of_lessons), parts_of_lessons
