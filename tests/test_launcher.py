"""The one command, and the files that say what it installs."""

import ast
import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
TOP_LEVEL = {
    "notebooks",
    "coursekit",
    "data",
    "tests",
    "environment.yml",
    "README.md",
    "course.py",
    "pyproject.toml",
    "constraints.txt",
    "CONTRIBUTING.md",
    "LICENSE",
    "CITATION.cff",
}


@pytest.fixture
def course(monkeypatch, tmp_path):
    """course.py as a module, in an empty folder, with an environment that is only written down."""
    spec = importlib.util.spec_from_file_location("course_under_test", ROOT / "course.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    ran = []
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "ENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "python", lambda *a, **k: ran.append(("python", a, k)) or "PY")
    monkeypatch.setattr(module, "run", lambda *a, **k: ran.append(("run", a, k)) or 7)
    module.ran = ran
    return module


# ---- what is installed ---------------------------------------------------------------------


def pins():
    lines = (ROOT / "constraints.txt").read_text("utf-8").split()
    found = dict(line.split("==") for line in lines)
    assert len(found) == len(lines)
    return {canonicalize_name(name): version for name, version in found.items()}


REQUIREMENTS = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]


@pytest.mark.parametrize("line", REQUIREMENTS)
def test_every_requirement_is_pinned_within_its_range(line):
    requirement = Requirement(line)
    version = pins()[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(version), version


def test_torch_is_the_one_the_figures_were_made_with():
    assert pins()["torch"] == "2.13.0"


def test_the_conda_environment_installs_this_project_under_the_constraints():
    packages = [d for d in ENVIRONMENT["dependencies"] if isinstance(d, str)]
    (pip,) = [d["pip"] for d in ENVIRONMENT["dependencies"] if isinstance(d, dict)]
    assert pip == ["-c constraints.txt", "-e ."]
    assert sorted(p.split()[0] for p in packages) == ["pip", "python"]
    assert ENVIRONMENT["name"] == PROJECT["name"]


def test_conda_and_pip_ask_for_the_same_python():
    (python,) = [str(d) for d in ENVIRONMENT["dependencies"] if str(d).startswith("python")]
    assert SpecifierSet(python.removeprefix("python")) == SpecifierSet(PROJECT["requires-python"])


def test_the_launcher_and_the_check_know_the_oldest_python():
    (oldest,) = re.findall(r">=3\.(\d+)", PROJECT["requires-python"])
    text = (ROOT / "course.py").read_text("utf-8")
    assert f"sys.version_info < (3, {oldest})" in text
    assert f"Needs only Python 3.{oldest} or newer" in text
    health = (ROOT / "coursekit" / "health.py").read_text("utf-8")
    assert f"OLDEST = (3, {oldest})" in health


# ---- it runs before anything is installed --------------------------------------------------


def imported(file):
    """Every module that a file imports, ``from a import b`` as a.b when that is a module."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            for alias in node.names:
                within = f"{node.module}.{alias.name}"
                is_module = (ROOT / (within.replace(".", "/") + ".py")).exists()
                yield within if is_module else node.module


def test_the_launcher_needs_the_standard_library_only():
    own = "coursekit.workbook"
    found = set(imported(ROOT / "course.py"))
    assert own in found
    for module in (found - {own}) | set(imported(ROOT / "coursekit" / "workbook.py")):
        assert module.split(".")[0] in sys.stdlib_module_names, module
    assert list(imported(ROOT / "coursekit" / "__init__.py")) == []


def test_it_does_run_without_any_installed_package(tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import course; "
        "from coursekit import workbook; from pathlib import Path; "
        f"workbook.fill(Path({str(ROOT / 'notebooks')!r}), Path({str(tmp_path / 'mine')!r})); "
        "sys.exit(course.main(['help']))"
    )
    alone = [sys.executable, "-I", "-S", "-c", code]  # -S: no site-packages
    done = subprocess.run(alone, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "python course.py lab" in done.stdout


# ---- commands ------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["nonsense"], ["Test"], ["--cpu"]])
def test_an_unknown_command_prints_the_usage_and_returns_2(course, capsys, arguments):
    status = course.main(arguments)
    assert status == (0 if arguments == ["--help"] else 2)
    assert "python course.py lab" in capsys.readouterr().out
    assert course.ran == []  # and sets nothing up


@pytest.mark.parametrize("arguments", [[], ["help"], ["-h"], ["--help"]])
def test_help_prints_the_usage_and_returns_0(course, capsys, arguments):
    assert course.main(arguments) == 0
    said = capsys.readouterr().out
    for command in ("lab", "test", "check", "refresh", "pin", "clean"):
        assert f"python course.py {command}" in said
    assert course.ran == []


@pytest.mark.parametrize(
    ("arguments", "cpu", "test", "started"),
    [
        (["test"], False, True, ("-m", "pytest")),
        (["test", "--cpu", "-k", "line"], True, True, ("-m", "pytest", "-k", "line")),
        (["check"], False, False, ("-m", "coursekit.health")),
        (["refresh", "01"], False, True, ("-m", "coursekit.authoring", "refresh", "01")),
    ],
)
def test_commands_hand_on_their_arguments_and_the_exit_status(
    course, arguments, cpu, test, started
):
    assert course.main(arguments) == 7
    (_, given, named), (_, ran, _) = course.ran
    assert given == (cpu,)
    assert named.get("test", False) is test
    assert ran == ("PY", *started)


@pytest.fixture
def lessons(course):
    (course.ROOT / "notebooks").mkdir()
    for name in ("00_start_here", "01_lines"):
        empty = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (course.ROOT / "notebooks" / f"{name}.ipynb").write_text(json.dumps(empty))
    return course.ROOT / "workbook"


def started(course):
    (arguments,) = [(a, k) for what, a, k in course.ran if what == "run"]
    return arguments


def test_lab_fills_the_workbook_and_opens_it_on_this_machine_only(course, lessons, capsys):
    assert course.main(["lab"]) == 7
    arguments, options = started(course)
    assert arguments[:4] == ("PY", "-m", "jupyterlab", "00_start_here.ipynb")
    assert "--ServerApp.ip=127.0.0.1" in arguments
    assert not any("token" in a or "password" in a for a in arguments)  # JupyterLab's own stays
    assert options == {"cwd": lessons}
    assert (lessons / "01_lines.ipynb").exists()
    assert "01_lines.ipynb: a new copy for you." in capsys.readouterr().out


def test_lab_opens_the_notebook_it_is_given_and_hands_on_the_rest(course, lessons):
    course.main(["lab", "01_lines.ipynb", "--no-browser"])
    arguments, _ = started(course)
    assert "00_start_here.ipynb" not in arguments
    assert arguments[-2:] == ("01_lines.ipynb", "--no-browser")


def test_lab_fresh_sets_aside_before_it_opens(course, lessons, capsys):
    course.main(["lab"])
    (lessons / "01_lines.ipynb").write_text("mine")
    course.ran.clear()
    assert course.main(["lab", "--fresh", "01", "--no-browser"]) == 7
    arguments, _ = started(course)
    assert "--fresh" not in arguments and "01" not in arguments
    assert "What you had is in workbook/set-aside/" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rest", "sentence"),
    [
        (["--fresh"], "--fresh needs a name after it, such as --fresh 01"),
        (["--reset"], "--reset needs a name after it, such as --reset 01-"),
        (["--fresh", "77"], "lesson is '77'; one of 00_start_here, 01_lines was expected"),
        (["--reset", "01-x"], "exercise is '01-x'"),
    ],
)
def test_lab_refuses_in_a_sentence_and_opens_nothing(course, lessons, capsys, rest, sentence):
    assert course.main(["lab", *rest]) == 2
    assert sentence in capsys.readouterr().out
    assert not [what for what, *_ in course.ran if what == "run"]


def test_clean_keeps_the_learners_work(course, lessons):
    course.main(["lab"])
    for folder in (".venv", "build"):
        (course.ROOT / folder).mkdir()
    (lessons / "01_lines.ipynb").write_text("mine")
    assert course.main(["clean"]) == 0
    assert not (course.ROOT / ".venv").exists()
    assert (lessons / "01_lines.ipynb").read_text() == "mine"
    assert len(list((course.ROOT / "notebooks").iterdir())) == 2


# ---- set-up --------------------------------------------------------------------------------


@pytest.fixture
def pip(course, monkeypatch):
    for name in ("pyproject.toml", "constraints.txt"):
        (course.ROOT / name).write_bytes((ROOT / name).read_bytes())
    asked = []
    monkeypatch.setattr(course, "pip", lambda exe, *a: asked.append(a))
    return asked


def test_installing_is_done_once_until_the_versions_change(course, pip, tmp_path):
    environment = tmp_path / "environment"
    environment.mkdir()
    for test in (False, False, True, False, True):
        course.install("PY", environment, cpu=False, test=test)
    assert [a[-1] for a in pip] == [".", ".[test]"]  # the tools once, and they stay
    assert all(a[:3] == ("install", "-c", "constraints.txt") for a in pip)
    with (course.ROOT / "constraints.txt").open("a") as file:
        file.write("something==1\n")
    course.install("PY", environment, cpu=False, test=False)
    assert len(pip) == 3


def test_a_failed_installation_is_tried_again(course, pip, monkeypatch, tmp_path):
    def fail(*arguments):
        raise SystemExit(1)

    with monkeypatch.context() as patch:
        patch.setattr(course, "pip", fail)
        with pytest.raises(SystemExit):
            course.install("PY", tmp_path, cpu=False, test=False)
    course.install("PY", tmp_path, cpu=False, test=False)
    assert len(pip) == 1


def test_cpu_leaves_cuda_out_on_linux_only(course, pip, monkeypatch, tmp_path):
    for platform in ("linux", "darwin", "win32"):
        monkeypatch.setattr(course.sys, "platform", platform)
        (tmp_path / platform).mkdir()
        course.install("PY", tmp_path / platform, cpu=True, test=False)
    assert [course.CPU_INDEX in a for a in pip] == [True, False, False]


# ---- the repository ------------------------------------------------------------------------


def test_continuous_integration_runs_the_readmes_test_command():
    readme = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert "python course.py test" in [line.strip() for line in readme]
    script = ROOT / ".ci" / "run"
    commands = [line for line in script.read_text("utf-8").splitlines() if "course.py" in line]
    assert commands == ["python3 course.py test"]
    assert "set -eu" in script.read_text("utf-8")
    assert sys.platform == "win32" or script.stat().st_mode & 0o100


def test_the_top_level_holds_what_a_learner_can_take_in():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("this copy is no git repository")
    top = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert {name for name in top if not name.startswith(".")} <= TOP_LEVEL
