"""Style and types of everything that is read: the package, the launcher, the lessons, the tests."""

import subprocess
import sys

import pytest

from coursekit.course.authoring.sources import ROOT, scripts

LAUNCHER = ["course.py"] if (ROOT / "course.py").exists() else []
SOURCES = [str(script.relative_to(ROOT)) for script in scripts()]


def run(*command):
    """Run a tool of this environment in the repository; nothing to say means all is well."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def test_ruff_finds_nothing():
    run("ruff", "check", "coursekit", "tests", "data", "notebooks/source", *LAUNCHER)


def test_everything_is_formatted():
    run("ruff", "format", "--check", "coursekit", "tests", "data", "notebooks/source", *LAUNCHER)


def test_types_of_the_package_and_the_lessons():
    assert SOURCES
    run("mypy", "coursekit", *LAUNCHER, *SOURCES)  # at once: the package is looked at once


def test_the_type_check_of_lessons_can_fail(tmp_path):
    wrong = tmp_path / "99_wrong.py"
    wrong.write_text("def double(x):\n    y: int = 'two'\n    return y\n")
    with pytest.raises(AssertionError, match="Incompatible types"):
        run("mypy", str(wrong))
