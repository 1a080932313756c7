"""What a scaffold left open: sentences that only an author can write, and further exercises."""

import pytest

from coursekit.course.authoring.exercise_slices import exercises_of
from coursekit.course.authoring.sources import ROOT, instructor_notebook, scripts
from coursekit.course.authoring.unwritten_sentences import MARK, placeholders, places

LEAST = 3  # exercises in a lesson; lesson 00 is a warm-up with two
AREAS = sorted({path.relative_to(ROOT).parts[0] for path in places()})


@pytest.mark.parametrize("area", AREAS)
def test_no_sentence_is_left_to_write(area):
    here = [path for path in places() if path.relative_to(ROOT).parts[0] == area]
    missing = [sentence for path in here for sentence in placeholders(path)]
    assert not missing, "\n" + "\n".join(missing)


@pytest.mark.parametrize("script", scripts(), ids=lambda script: script.stem)
def test_a_lesson_has_exercises_enough(script):
    number, count = script.stem[:2], len(exercises_of(instructor_notebook(script)))
    more = f"python -m coursekit new exercise {number}-NAME adds one"
    least = 2 if number == "00" else LEAST
    assert count >= least, f"{script.name} has {count} exercises, {least} were expected; {more}."


def test_each_mark_is_named_with_its_file_and_line(monkeypatch, tmp_path):
    monkeypatch.setattr("coursekit.course.authoring.unwritten_sentences.ROOT", tmp_path)
    path = tmp_path / "page.py"
    path.write_text(f'# a title\nx = "{MARK} the task."\n# {MARK} one; {MARK} two\n')
    assert list(placeholders(path)) == [
        "page.py:2: missing is the task",
        "page.py:3: missing is one",
        "page.py:3: missing is two",
    ]
