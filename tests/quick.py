"""What one runs before each commit: `python course.py test --quick`, three minutes at most.

Style, types, the house's rule, and the units of what has changed since the last commit: test files
that name a changed module, and changed test files. What needs a server, a browser or a class is
left to the whole command.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUDGET = 100  # seconds of tests; what does not fit is skipped, and said
ALWAYS = ("tests/test_house.py", "tests/test_docs.py")
LATER = re.compile(r"browser/|test_(class|hub|stress|launcher|wheel|style|processes|vectors)")


def changed():
    """Files that differ from the last commit; those of the last commit where none does."""
    for ask in (["diff", "--name-only", "HEAD"], ["diff", "--name-only", "HEAD~1"]):
        names = _git(*ask) + _git("ls-files", "--others", "--exclude-standard")
        if names:
            return names
    return []


def _git(*arguments):
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.split()


def tests_of(names):
    """Test files for these files."""
    every = [p.relative_to(ROOT).as_posix() for p in (ROOT / "tests").rglob("test_*.py")]
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in every}
    wanted = set(ALWAYS)
    for name in names:
        path = Path(name)
        if name in texts:
            wanted.add(name)
        elif path.name == "answers.py":
            wanted.add("tests/course/test_exercises.py")
        elif path.suffix == ".py" and path.parts[0] in ("coursekit", "benchmarks"):
            dotted = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
            pattern = re.compile(rf"\b{re.escape(dotted)}\b|{_as_imported(dotted)}")
            wanted |= {test for test, text in texts.items() if pattern.search(text)}
    return sorted(name for name in wanted if (ROOT / name).exists() and not LATER.search(name))


def _as_imported(dotted):
    package, _, name = dotted.rpartition(".")
    return rf"from {re.escape(package)} import [^\n]*\b{name}\b"


def step(title, *command):
    """Run one command, say how long it took; whether it went well."""
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False)
    print(
        f"{'ok  ' if done.returncode == 0 else 'FAIL'} {time.monotonic() - began:5.1f} s  {title}"
    )
    return done.returncode == 0


def main(arguments):
    """All steps, also after one has failed; 1 when one did."""
    tests = tests_of(changed())
    os.environ["COURSEKIT_BUDGET"] = str(BUDGET)
    print(f"Units of what changed: {len(tests)} test files.", flush=True)
    good = [
        step("style", "ruff", "check", "-q", "."),
        step("format", "ruff", "format", "--check", "-q", "."),
        step("types", "mypy"),
        step("units", "pytest", "-q", "-n", "2", "--dist", "loadfile", *tests, *arguments),
    ]
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
