"""The library as a researcher installs it: the wheel without extras, outside the checkout."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
NOT_NEEDED = ("IPython", "ipywidgets", "jupyterlab", "matplotlib", "nbformat", "seaborn")


def run(*command, cwd, **env):
    """Its output; what goes wrong is shown."""
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "COURSEKIT_DATA")}
    done = subprocess.run(
        command, cwd=cwd, env=clean | env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """Python of a fresh environment with the wheel in it and only what the wheel asks for."""
    place = tmp_path_factory.mktemp("wheel")
    tree = place / "tree"  # building leaves a folder where it builds
    tree.mkdir()
    for name in ("coursekit", "pyproject.toml", "README.md", "LICENSE"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tree / name)
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", ".", str(tree), cwd=place)
    (wheel,) = place.glob("*.whl")
    assert {name.split("/")[0] for name in ZipFile(wheel).namelist()} == {
        "coursekit", f"{wheel.name.removesuffix('-py3-none-any.whl')}.dist-info",
    }  # fmt: skip
    venv.create(place / "env", with_pip=True)
    python = str(place / "env" / ("Scripts" if os.name == "nt" else "bin") / "python")
    pip = (python, "-m", "pip", "install", "-q", "--no-compile")
    run(*pip, "-c", str(ROOT / "constraints.txt"), str(wheel), cwd=place)
    return python


def test_the_wheel_trains_without_the_classroom(python, tmp_path):
    missing = f"import importlib.util as u; print([n for n in {NOT_NEEDED!r} if u.find_spec(n)])"
    assert run(python, "-c", missing, cwd=tmp_path).strip() == "[]"
    train = ("-m", "coursekit", "train", "--data", "starve", "--method", "mlb", "--epochs", "2")
    printed = run(python, *train, "--out", str(tmp_path / "run"), cwd=tmp_path)
    assert "epoch 2 of 2" in printed
    assert (tmp_path / "run" / "result.json").exists()


def test_data_files_are_found_or_a_sentence_says_where(python, tmp_path):
    code = "from coursekit.data import load\ntry: print(load('uci_views').num_classes)\n"
    code += "except OSError as problem: print(problem)"
    printed = run(python, "-c", code, cwd=tmp_path)
    assert "COURSEKIT_DATA" in printed and "git checkout" not in printed
    there = run(python, "-c", code, cwd=tmp_path, COURSEKIT_DATA=str(ROOT / "data"))
    assert there.strip() == "10"


def test_what_the_library_imports_is_installed_with_it(python, tmp_path):
    code = (
        "import pkgutil, importlib, coursekit\n"
        "for room in ('utils','data','layers','fusion','models','training','balancing','analysis',"
        "'compare'):\n"
        "    p = importlib.import_module('coursekit.' + room)\n"
        "    for m in pkgutil.walk_packages(p.__path__, p.__name__ + '.'):\n"
        "        importlib.import_module(m.name)\n"
        "print('all')"
    )
    assert run(python, "-c", code, cwd=tmp_path).strip() == "all"
