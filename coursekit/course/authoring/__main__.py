"""Commands for authors: ``refresh [NN ...] [--force]`` and ``check [NN ...]``."""

import argparse
import sys
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from coursekit.course.authoring import assign_share_code_numbers
from coursekit.course.authoring.freshness import is_current, problems
from coursekit.course.authoring.glossary import glossary, path_of_glossary
from coursekit.course.authoring.learner_notebook import (
    execute,
    learner_notebook,
    normalise,
    stamp,
    write,
)
from coursekit.course.authoring.lesson_listings import renew, stale
from coursekit.course.authoring.sources import NOTEBOOKS, name_of, notebook_of, pages, scripts


def refresh(script: Path, force: bool) -> str:
    """Make the learner notebook of ``script`` unless it is current; what was done, in a word."""
    path = notebook_of(script)
    if is_current(path) and not force:
        return "is current"
    notebook = learner_notebook(script)
    seconds = execute(notebook, path.parent)
    normalise(notebook)
    stamp(notebook, script, seconds)
    write(notebook, path)
    return f"run in {seconds.clock:.1f} s, {seconds.processor:.1f} s of processors"


def refresh_all(chosen: list[Path], force: bool) -> int:
    """Refresh every script, a line each; the number that failed, their notebooks as before."""
    failed = 0
    for number, script in enumerate(chosen, 1):
        print(f"[{number}/{len(chosen)}] {script.stem} ... ", end="", flush=True)
        try:
            print(refresh(script, force), flush=True)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            failed += 1
            print(f"FAILED, the notebook is left as it was:\n{error}", flush=True)
    return failed


def refresh_glossary() -> int:
    """Write the glossary anew unless it says what the lessons say; 1 when it cannot be made."""
    path = path_of_glossary()
    try:
        page = glossary()
    except ValueError as problem:
        print(f"{path.name}: FAILED, it is left as it was: {problem}", flush=True)
        return 1
    if not path.exists() or nbformat.read(path, 4) != page:
        write(page, path)
        print(f"{path.name}: written", flush=True)
    return 0


def check_glossary() -> str:
    """What is to be said of the stored glossary."""
    path = path_of_glossary()
    try:
        fresh = path.exists() and nbformat.read(path, 4) == glossary()
    except ValueError as problem:
        return str(problem)
    return "good" if fresh else "It does not say what the lessons say; `refresh` writes it anew."


def refresh_numbers() -> int:
    """Number the explorers' new options; 1 when that cannot be done."""
    try:
        for name in assign_share_code_numbers.renew():
            print(f"{name}: what is new has its number", flush=True)
    except ValueError as problem:
        print(f"FAILED, no option was numbered: {problem}", flush=True)
        return 1
    return 0


def check_all(chosen: list[Path]) -> int:
    """Print every problem of every notebook; their number."""
    count = 0
    for script in chosen:
        path = notebook_of(script)
        sentences = problems(path)
        count += len(sentences)
        for sentence in sentences or ["good"]:
            print(f"{path.name}: {sentence}")
    verdict = check_glossary()
    count += verdict != "good"
    print(f"{path_of_glossary().name}: {verdict}")
    for name in stale():
        count += 1
        print(f"{name}: Its list of lessons is not what they declare; `refresh` renews it.")
    for sentence in assign_share_code_numbers.missing():
        count += 1
        print(sentence)
    known = {notebook_of(script) for script in [*scripts(), *pages()]} | {path_of_glossary()}
    for path in sorted(set(NOTEBOOKS.glob("*.ipynb")) - known):
        count += 1
        print(f"{path.name}: There is no source script for it.")
    return count


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when all is well."""
    parser = argparse.ArgumentParser(
        prog="python -m coursekit.course.authoring", description=__doc__
    )
    parser.add_argument("command", choices=("refresh", "check"))
    parser.add_argument(
        "lessons", nargs="*", metavar="NN", help="two digits, or a page's name; all when left out"
    )
    parser.add_argument("--force", action="store_true", help="run notebooks that are current too")
    options = parser.parse_args(arguments)
    available = [*scripts(), *pages()]
    unknown = set(options.lessons) - {name_of(script) for script in available}
    if unknown:
        parser.error(f"there is no lesson {', '.join(sorted(unknown))} in notebooks/source")
    chosen = [s for s in available if not options.lessons or name_of(s) in options.lessons]
    if options.command == "check":
        return min(check_all(chosen), 1)
    for name in renew():
        print(f"{name}: its list is renewed", flush=True)
    failed = refresh_numbers()  # the notebooks' codes have them
    failed += refresh_glossary()  # first: the lessons link to it
    return min(failed + refresh_all(chosen, options.force), 1)


if __name__ == "__main__":
    sys.exit(main())
