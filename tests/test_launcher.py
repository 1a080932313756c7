"""The one command, and the files that say what it installs."""

import ast
import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

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
    "benchmarks",
    "data",
    "tests",
    "environment.yml",
    "README.md",
    "course.py",
    "pyproject.toml",
    "constraints.txt",
    "CONTRIBUTING.md",
    "INSTRUCTORS.md",
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
    module.real_python, module.real_run = module.python, module.run
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "ENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "python", lambda *a, **k: ran.append(("python", a, k)) or "PY")
    monkeypatch.setattr(module, "run", lambda *a, **k: ran.append(("run", a, k)) or 7)
    module.ran = ran
    return module


# ---- what is installed ---------------------------------------------------------------------


def pins():
    lines = (ROOT / "constraints.txt").read_text("utf-8").split()
    versions = dict(line.split("==") for line in lines)
    assert len(versions) == len(lines)
    return {canonicalize_name(name): version for name, version in versions.items()}


EXTRAS = PROJECT["optional-dependencies"]
OWN = re.compile(r"coursekit\[([\w,]+)\]")  # an extra that has another one


def required(extra):
    """What an extra asks for, with what the extras in it ask for."""
    lines = EXTRAS[extra]
    further = [name for line in lines if (m := OWN.fullmatch(line)) for name in m[1].split(",")]
    own = {line for line in lines if not OWN.fullmatch(line)}
    return own.union(*(required(name) for name in further))


REQUIREMENTS = sorted({*PROJECT["dependencies"], *required("test")})


@pytest.mark.parametrize("line", REQUIREMENTS)
def test_every_requirement_is_pinned_within_its_range(line):
    requirement = Requirement(line)
    version = pins()[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(version), version


def test_each_extra_of_the_launcher_has_what_the_ones_before_it_have(course):
    assert [*course.EXTRAS] == ["course", "app", "site", "test"]
    assert required("course") < required("app") < required("site") < required("test")
    assert set(EXTRAS) - {"test"} == {"course", "app", "site", "class", "hub", "research"}
    assert all(required(extra) <= required("test") for extra in EXTRAS)
    assert all(extra in course.SIZES for extra in course.EXTRAS)


def test_torch_is_the_one_the_figures_were_made_with():
    assert pins()["torch"] == "2.13.0"


def test_the_conda_environment_installs_this_project_under_the_constraints():
    packages = [d for d in ENVIRONMENT["dependencies"] if isinstance(d, str)]
    (pip,) = [d["pip"] for d in ENVIRONMENT["dependencies"] if isinstance(d, dict)]
    assert pip == ["-c constraints.txt", "-e .[course]"]
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
    health = (ROOT / "coursekit" / "course" / "health.py").read_text("utf-8")
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
    own = "coursekit.course.workbook"
    modules = set(imported(ROOT / "course.py"))
    assert own in modules
    for module in (modules - {own}) | set(imported(ROOT / "coursekit" / "course" / "workbook.py")):
        assert module.split(".")[0] in sys.stdlib_module_names, module
    assert list(imported(ROOT / "coursekit" / "__init__.py")) == []


def test_it_does_run_without_any_installed_package(tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import course; "
        "from coursekit.course import workbook; from pathlib import Path; "
        f"workbook.fill(Path({str(ROOT / 'notebooks')!r}), Path({str(tmp_path / 'mine')!r})); "
        "sys.exit(course.main(['help']))"
    )
    alone = [sys.executable, "-I", "-S", "-c", code]  # -S: no site-packages
    done = subprocess.run(alone, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "python course.py lab" in done.stdout


@pytest.mark.parametrize("name", ["course.py", "coursekit/course/workbook.py"])
def test_an_old_python_can_read_the_launcher(name):
    tree = ast.parse((ROOT / name).read_text("utf-8"), feature_version=(3, 8))
    first = tree.body[1]  # after the docstring; with it no annotation is evaluated
    assert isinstance(first, ast.ImportFrom) and first.module == "__future__"
    assert [alias.name for alias in first.names] == ["annotations"]


@pytest.mark.parametrize("arguments", [[], ["lab"], ["test"], ["pin"], ["clean"]])
def test_an_old_python_gets_a_sentence_before_anything_is_done(course, monkeypatch, arguments):
    old = SimpleNamespace(version_info=(3, 8, 10), version="3.8.10 (default)", exit=sys.exit)
    monkeypatch.setattr(course, "sys", old)
    (course.ROOT / "build").mkdir()
    with pytest.raises(SystemExit) as stop:
        course.main(arguments)
    assert stop.value.code == "Python 3.11 or newer is needed; this is 3.8.10."
    assert course.ran == [] and (course.ROOT / "build").exists()


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
    printed = capsys.readouterr().out
    for command in ("lab", "app", "test", "check", "refresh", "pin", "clean"):
        assert f"python course.py {command}" in printed
    assert course.ran == []


PYTEST = (
    "-m",
    "pytest",
    "-n",
    "3",
    "--dist",
    "loadfile",
    "--no-loadscope-reorder",
    "--durations=25",
)


@pytest.mark.parametrize(
    ("arguments", "given", "started"),
    [
        (["test"], (False, "test"), PYTEST),
        (["test", "--cpu", "-k", "line"], (True, "test"), (*PYTEST, "-k", "line")),
        (["check"], (False,), ("-m", "coursekit.course.health")),
        (["app"], (False, "app"), ("-m", "coursekit.course.app")),
        (["app", "--cpu", "--port=9"], (True, "app"), ("-m", "coursekit.course.app", "--port=9")),
        (["test", "--quick"], (False, "test"), ("tests/quick.py",)),
        (["refresh", "01"], (False, "test"), ("-m", "coursekit.course.authoring", "refresh", "01")),
    ],
)
def test_commands_hand_on_their_arguments_and_the_exit_status(
    course, monkeypatch, arguments, given, started
):
    monkeypatch.setattr(course.shutil, "which", lambda _: None)
    assert course.main(arguments) == 7
    (_, asked, named), (_, ran, _) = course.ran
    assert (asked, named) == (given, {})
    assert ran == ("PY", *started)


def test_the_proxy_of_the_class_s_server_is_installed_for_the_tests_where_npm_is(
    course, monkeypatch
):
    monkeypatch.setattr(course.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert course.main(["test"]) == 7
    assert [a for _, a, _ in course.ran][1:] == [
        ("PY", "-m", "coursekit.course.hub", "proxy"),
        ("PY", *PYTEST),
    ]


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


@pytest.mark.parametrize("given", [["--fresh", "01"], ["--fresh=01"]])
def test_lab_takes_a_name_after_a_space_or_an_equals_sign(course, lessons, capsys, given):
    assert course.main(["lab", *given, "--port=9999"]) == 7
    arguments, _ = started(course)
    assert not any("fresh" in a for a in arguments) and arguments[-1] == "--port=9999"
    assert "01_lines.ipynb: a fresh copy." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "sentence"),
    [("--reset=01-x", "exercise is '01-x'"), ("--fresh=", "lesson is ''"), ("--fresh=77", "'77'")],
)
def test_lab_refuses_a_wrong_name_after_an_equals_sign(course, lessons, capsys, given, sentence):
    assert course.main(["lab", given]) == 2
    assert sentence in capsys.readouterr().out


def test_lab_says_so_when_the_workbook_is_a_file(course, lessons, capsys):
    lessons.write_text("mine")
    assert course.main(["lab"]) == 2
    assert f"{lessons} is a file" in capsys.readouterr().out
    assert lessons.read_text() == "mine"
    assert not [what for what, *_ in course.ran if what == "run"]


def test_lab_says_so_when_the_workbook_cannot_be_filled(course, lessons, capsys):
    (lessons / "01_lines.ipynb").mkdir(parents=True)  # a folder in the place of a notebook
    assert course.main(["lab"]) == 2
    assert "Your workbook could not be filled: " in capsys.readouterr().out
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
    for extra in ("course", "course", "app", "course", "test", "app", "course", "test"):
        course.install("PY", environment, cpu=False, extra=extra)
    assert [a[-1] for a in pip] == [".[course]", ".[app]", ".[test]"]  # each once, and they stay
    assert all(a[:3] == ("install", "-c", "constraints.txt") for a in pip)
    with (course.ROOT / "constraints.txt").open("a") as file:
        file.write("something==1\n")
    course.install("PY", environment, cpu=False, extra="course")
    assert [a[-1] for a in pip[3:]] == [".[test]"]  # renewed with the rest


def test_a_failed_installation_is_tried_again(course, pip, monkeypatch, tmp_path):
    def fail(*arguments):
        raise SystemExit(1)

    with monkeypatch.context() as patch:
        patch.setattr(course, "pip", fail)
        with pytest.raises(SystemExit):
            course.install("PY", tmp_path, cpu=False, extra="course")
    course.install("PY", tmp_path, cpu=False, extra="course")
    assert len(pip) == 1


def test_cpu_leaves_cuda_out_on_linux_only(course, pip, monkeypatch, tmp_path):
    for platform in ("linux", "darwin", "win32"):
        monkeypatch.setattr(course.sys, "platform", platform)
        (tmp_path / platform).mkdir()
        course.install("PY", tmp_path / platform, cpu=True, extra="course")
    assert [course.CPU_INDEX in a for a in pip] == [True, False, False]


@pytest.mark.parametrize(
    "left", ["", '{"inputs": "12', "[1, 2]", "7", "null", '{"extra": "gone"}', '{"test": true}']
)
def test_a_stamp_that_is_empty_or_cut_off_counts_as_none(course, pip, tmp_path, left):
    stamp = tmp_path / "coursekit.json"
    stamp.write_text(left)
    for _ in range(2):
        course.install("PY", tmp_path, cpu=False, extra="course")
    assert len(pip) == 1
    assert json.loads(stamp.read_text())["extra"] == "course"
    assert not list(tmp_path.glob("*.part"))


def test_a_stamp_that_is_cut_off_while_written_keeps_the_old_one(
    course, pip, monkeypatch, tmp_path
):
    def stop(a, b):
        raise KeyboardInterrupt

    course.install("PY", tmp_path, cpu=False, extra="course")
    before = (tmp_path / "coursekit.json").read_text()
    with monkeypatch.context() as patch:
        patch.setattr(course.os, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            course.install("PY", tmp_path, cpu=False, extra="test")
    assert (tmp_path / "coursekit.json").read_text() == before
    course.install("PY", tmp_path, cpu=False, extra="test")
    assert len(pip) == 3


# ---- set-up with a stand-in for the environment's Python -------------------------------------

STAND_IN = """
import json, pathlib, sys
here = pathlib.Path(__file__).parent
with (here / "log").open("a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
if "freeze" in sys.argv:
    print("torch==2.13.0+cpu\\nnumpy==9.9\\nnvidia-nccl==1\\nlocal @ file:///x")
if "install" in sys.argv:
    print("Collecting numpy (from x)\\nsomething that pip says")
    sys.exit((here / "refuse").exists())
"""


@pytest.fixture
def made(course, monkeypatch):
    """A stand-in for venv.create; lists the folders and logs what their Python was asked."""
    if sys.platform == "win32":
        pytest.skip("the stand-in is a shell script")
    for name in ("pyproject.toml", "constraints.txt"):
        (course.ROOT / name).write_bytes((ROOT / name).read_bytes())
    work = course.ROOT / "stand_in"
    work.mkdir()
    (work / "main.py").write_text(STAND_IN)
    script = f'#!/bin/sh\nexec "{sys.executable}" -S "{work}/main.py" "$@"\n'
    folders = []

    def create(folder, with_pip, clear):
        assert with_pip and clear
        folders.append(Path(folder))
        (Path(folder) / "bin").mkdir(parents=True, exist_ok=True)
        exe = Path(folder) / "bin" / "python"
        exe.write_text(script)
        exe.chmod(0o755)

    def asked():
        return [json.loads(line) for line in (work / "log").read_text().splitlines()]

    monkeypatch.setattr(course.venv, "create", create)
    monkeypatch.delenv("CONDA_DEFAULT_ENV", raising=False)
    return SimpleNamespace(folders=folders, asked=asked, work=work)


def test_the_first_set_up_makes_and_installs_and_the_second_does_neither(course, made, capsys):
    exe = course.real_python()
    assert Path(exe) == course.ENV / "bin" / "python"
    (installed,) = made.asked()
    start = ["-m", "pip", "--disable-pip-version-check", "install", "-c", "constraints.txt"]
    assert installed[:6] == start and installed[-2:] == ["-e", ".[course]"]
    assert (course.ENV / "share/jupyter/lab/settings/overrides.json").exists()
    printed = capsys.readouterr().out
    assert "Making an environment in .venv" in printed and "installed in" in printed
    assert course.real_python() == exe
    assert made.folders == [course.ENV]
    assert made.asked()[1:] == [["-m", "pip", "--version"]]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("left", ["no python", "fails", "cannot be run"])
def test_a_half_made_environment_is_made_again(course, made, left):
    exe = course.ENV / "bin" / "python"
    exe.parent.mkdir(parents=True)
    if left != "no python":
        exe.write_text("#!/bin/sh\nexit 1\n")
        exe.chmod(0o755 if left == "fails" else 0o644)
    course.real_python()
    assert made.folders == [course.ENV]
    assert course.has_pip(str(exe))


@pytest.mark.parametrize(
    "problem",
    [subprocess.CalledProcessError(1, "ensurepip"), OSError(28, "No space left on device")],
)
@pytest.mark.parametrize("command", ["set up", "pin"])
def test_an_environment_that_cannot_be_made_is_removed_and_the_way_out_said(
    course, made, monkeypatch, problem, command
):
    def fail(folder, with_pip, clear):
        (Path(folder) / "bin").mkdir(parents=True)
        made.folders.append(Path(folder))
        raise problem

    monkeypatch.setattr(course.venv, "create", fail)
    before = (course.ROOT / "constraints.txt").read_bytes()
    with pytest.raises(SystemExit) as stop:
        course.real_python() if command == "set up" else course.pin()
    assert str(problem) in stop.value.code and "install python3-venv" in stop.value.code
    assert not made.folders[0].exists()
    assert (course.ROOT / "constraints.txt").read_bytes() == before


def test_what_pip_says_is_shown_when_it_fails_and_no_stamp_is_left(course, made):
    (made.work / "refuse").touch()
    with pytest.raises(SystemExit) as stop:
        course.real_python(extra="test")
    assert "something that pip says" in stop.value.code
    assert "pip could not install the course" in stop.value.code
    assert not (course.ENV / "coursekit.json").exists()
    (made.work / "refuse").unlink()
    course.real_python(extra="test")
    assert made.folders == [course.ENV]  # the environment itself was good
    assert json.loads((course.ENV / "coursekit.json").read_text())["extra"] == "test"


def test_pin_keeps_torch_and_writes_neither_cuda_nor_local_packages(course, made, capsys):
    assert course.main(["pin"]) == 0
    installed, frozen = made.asked()
    assert installed[3:] == ["install", "torch==2.13.0", "-e", ".[test]"]
    assert frozen == ["-m", "pip", "freeze", "--exclude-editable"]
    assert (course.ROOT / "constraints.txt").read_text() == "torch==2.13.0\nnumpy==9.9\n"
    assert "has 2 pins" in capsys.readouterr().out
    assert not made.folders[0].exists()


def test_the_environments_folder_comes_first_on_the_path(course, tmp_path):
    out = tmp_path / "out"
    code = f"import os; open({str(out)!r}, 'w').write(os.environ['PATH']); raise SystemExit(5)"
    assert course.real_run(sys.executable, "-c", code, cwd=tmp_path) == 5
    assert out.read_text().startswith(str(Path(sys.executable).parent))


# ---- conda ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [(None, 0, False), ("base", 0, False), ("coursekit", 0, True), ("other", 1, False)],
)
def test_a_conda_environment_counts_when_it_has_the_course(
    course, monkeypatch, name, status, expected
):
    if name is None:
        monkeypatch.delenv("CONDA_DEFAULT_ENV", raising=False)
    else:
        monkeypatch.setenv("CONDA_DEFAULT_ENV", name)
    looked = []

    def look(command, **options):
        looked.append((command, options["cwd"]))
        return SimpleNamespace(returncode=status)

    monkeypatch.setattr(course.subprocess, "run", look)
    assert course.in_conda() is expected
    assert len(looked) == (name not in (None, "base"))
    for command, folder in looked:  # from elsewhere, so that this folder does not count
        assert command == [sys.executable, "-I", "-c", "import coursekit"]
        assert Path(folder) != course.ROOT


def test_in_conda_no_environment_is_made_and_only_the_test_tools_are_added(
    course, pip, monkeypatch, tmp_path
):
    monkeypatch.setattr(course, "in_conda", lambda: True)
    monkeypatch.setattr(course.sys, "prefix", str(tmp_path))
    assert course.real_python() == sys.executable
    assert pip == []
    assert course.real_python(extra="test") == sys.executable
    assert [a[-1] for a in pip] == [".[test]"]
    assert not course.ENV.exists()


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
