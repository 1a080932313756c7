"""The tools that make notebooks, on a small lesson of their own."""

import copy
import os

import nbformat
import pytest

from coursekit.course.authoring import __main__ as command
from coursekit.course.authoring.freshness import is_current, problems
from coursekit.course.authoring.learner_notebook import (
    FOLDED,
    Mark,
    learner_notebook,
    marks,
    normalise,
    solved,
    write,
)
from coursekit.course.authoring.sources import (
    instructor_notebook,
    name_of,
    notebook_of,
    outputs_digest,
    pages,
    scripts,
)

LESSON = '''# %% [markdown]
# # 90 · Sums
#
# See [below](#The-end), [the script](source/90_sums.py) and `[not](a link)`.

# %%
import os
import warnings

from IPython.display import HTML, display

from coursekit.course.exercises import Exercise, Misconception

exercise = Exercise(
    key="90-total",
    points=2,
    task="Return the sum.",
    reference=lambda x, y: x + y,
    cases=lambda rng: [tuple(rng.normal(size=2)) for _ in range(4)],
    misconceptions=(Misconception("difference", lambda x, y: x - y, "Add."),),
    hints=("+",),
)

# %% nbgrader={"grade_id": "ex-90-total", "solution": true}
def total(x, y):
    """Sum of two numbers."""
    ### BEGIN SOLUTION
    return x + y
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-90-total", "grade": true, "points": 2}
exercise.check(total)
### BEGIN HIDDEN TESTS
exercise.check(total, seed=1)
### END HIDDEN TESTS

# %%
print("same")

# %%
print("same")

# %% [markdown]
# ## The end
'''


def lay_out(folder, text=LESSON):
    (folder / "source").mkdir()
    script = folder / "source" / "90_sums.py"
    script.write_text(text, encoding="utf-8")
    return script


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A lesson made once; tests get a copy of the notebook to spoil."""
    folder = tmp_path_factory.mktemp("course")
    script = lay_out(folder)
    command.refresh(script, force=False)
    return script


@pytest.fixture
def spoiled(made, tmp_path):
    """Functions to read the made notebook and to say what is wrong with a changed one."""
    script = lay_out(tmp_path)
    notebook = nbformat.read(notebook_of(made), 4)

    def complaints(stamped=True):
        if stamped:  # as if a run had given these outputs
            notebook.metadata["coursekit"]["outputs"] = outputs_digest(notebook)
        write(notebook, notebook_of(script))
        return problems(notebook_of(script))

    return notebook, complaints, script


def cell_of(notebook, cell_id):
    return next(cell for cell in notebook.cells if cell.id == cell_id)


def test_ids_are_grade_ids_or_hashes_and_stay(tmp_path):
    script = lay_out(tmp_path)
    ids = [cell.id for cell in instructor_notebook(script).cells]
    assert len(set(ids)) == len(ids) and {"ex-90-total", "check-90-total"} <= set(ids)
    assert any(name.endswith("-2") for name in ids)
    script.write_text(LESSON.replace("import os\n", "import sys\n", 1))
    after = [cell.id for cell in instructor_notebook(script).cells]
    assert [a == b for a, b in zip(ids, after, strict=True)].count(False) == 1


def test_whoever_gets_a_notebook_may_change_it(tmp_path):
    script = lay_out(tmp_path)
    instructor_notebook(script).cells[0].source = "another"
    instructor_notebook(script).cells.pop()
    last = instructor_notebook(script)
    assert last.cells[0].source.startswith("# 90") and len(last.cells) > 1
    last.cells[0].metadata["changed"] = True
    assert "changed" not in instructor_notebook(script).cells[0].metadata


def test_a_grade_id_used_twice_or_without_points_is_refused(tmp_path):
    script = lay_out(tmp_path, LESSON.replace("check-90-total", "ex-90-total"))
    with pytest.raises(ValueError, match="used twice"):
        instructor_notebook(script)
    script.write_text(LESSON.replace(', "points": 2', ""))
    with pytest.raises(ValueError, match="no points"):
        instructor_notebook(script)


def test_the_learner_gets_a_stub_and_no_hidden_test(made):
    notebook = nbformat.read(notebook_of(made), 4)
    stub = cell_of(notebook, "ex-90-total").source
    assert "..." in stub and "return" not in stub
    check = cell_of(notebook, "check-90-total")
    assert check.source.strip() == "exercise.check(total)"
    assert check.metadata["editable"] is False and check.metadata["nbgrader"]["checksum"]
    nbformat.validate(notebook)


def test_untouched_is_zero_and_solved_is_full(made):
    assert marks(nbformat.read(notebook_of(made), 4)) == {"check-90-total": Mark(0, 2)}
    assert solved(made) == {"check-90-total": Mark(2, 2)}


def test_a_wrong_solution_is_noticed(tmp_path):
    script = lay_out(
        tmp_path, LESSON.replace("    return x + y\n    ###", "    return x - y\n    ###")
    )
    assert solved(script) == {"check-90-total": Mark(0, 2)}


def test_the_made_notebook_is_good_and_left_alone(made):
    assert problems(notebook_of(made)) == [] and is_current(notebook_of(made))
    before = notebook_of(made).read_bytes()
    assert command.refresh(made, force=False) == "is current"
    assert notebook_of(made).read_bytes() == before
    assert [p.name for p in notebook_of(made).parent.iterdir()].count("90_sums.ipynb") == 1
    assert not list(notebook_of(made).parent.glob("record.jsonl"))


def test_a_changed_source_makes_it_stale(spoiled):
    _, complaints, script = spoiled
    script.write_text(LESSON.replace("Sum of two", "The sum of two"))
    text = " ".join(complaints())
    assert "stale" in text and "differs from what the source gives: text" in text


def test_an_edited_cell_is_noticed(spoiled):
    notebook, complaints, _ = spoiled
    notebook.cells[-1].source = "## Another end"
    text = " ".join(complaints())
    assert "edited" in text and "differs" in text and "no such heading" in text


def test_a_missing_or_added_cell_is_noticed(spoiled):
    notebook, complaints, _ = spoiled
    extra = copy.deepcopy(notebook.cells[-1])
    extra.id = "extra"
    notebook.cells.append(extra)
    assert any(f"It has {len(notebook.cells)} cells; the source gives" in s for s in complaints())


def output(notebook, **fields):
    cell = notebook.cells[1]
    cell.outputs = [nbformat.v4.new_output(**fields)]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"output_type": "error", "ename": "KeyError", "evalue": "x"}, "stores an error: KeyError"),
        ({"output_type": "stream", "name": "stderr", "text": "careful"}, "writes to stderr"),
        ({"output_type": "display_data", "data": {"image/png": "aGk="}}, "alternative text"),
        (
            {"output_type": "display_data", "data": {"text/html": "<img src='x' alt=' '>"}},
            "<img> without",
        ),
        ({"output_type": "display_data", "data": {"text/html": "<IMG SRC='x'>"}}, "<img> without"),
        (
            {
                "output_type": "display_data",
                "data": {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}},
            },
            "widget view",
        ),
        (
            {"output_type": "stream", "name": "stdout", "text": os.path.expanduser("~/secret")},
            "folder of the machine",
        ),
        ({"output_type": "stream", "name": "stdout", "text": "### BEGIN SOLUTION"}, "marker"),
    ],
)
def test_bad_outputs_are_named(spoiled, fields, words):
    notebook, complaints, _ = spoiled
    output(notebook, **fields)
    assert any(words in sentence for sentence in complaints()), complaints()


@pytest.mark.parametrize(
    "data",
    [
        {"text/html": "<img src='x' alt='Two lines'>"},
        {"text/html": "<p>no picture; an &lt;img&gt; in words</p>"},
    ],
)
def test_good_outputs_pass(spoiled, data):
    notebook, complaints, _ = spoiled
    output(notebook, output_type="display_data", data=data)
    assert complaints() == []


def test_outputs_edited_by_hand_are_noticed(spoiled):
    notebook, complaints, _ = spoiled
    assert complaints(stamped=False) == []
    output(notebook, output_type="stream", name="stdout", text="w0 = 4.64")
    assert complaints(stamped=False) == [
        "Its outputs are not those that were stored when it was run."
    ]


def test_a_picture_with_alt_metadata_passes(spoiled):
    notebook, complaints, _ = spoiled
    metadata = {"image/png": {"alt": "Two lines."}}
    output(notebook, output_type="display_data", data={"image/png": "aGk="}, metadata=metadata)
    assert complaints() == []


def test_unrun_cells_and_widget_state_are_named(spoiled):
    notebook, complaints, _ = spoiled
    notebook.cells[1].execution_count = None
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {}}
    text = " ".join(complaints())
    assert "has not been run" in text and "widgets' state" in text


def test_a_leaked_solution_is_named(spoiled):
    notebook, complaints, _ = spoiled
    cell_of(notebook, "ex-90-total").source = "def total(x, y):\n  return x + y"
    assert any("solution of ex-90-total" in sentence for sentence in complaints())


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("[x](gone.ipynb)", "no such file"),
        ("[x](#Nowhere)", "no such heading"),
        ("[x](90_sums.ipynb#Nowhere)", "no such heading"),
        ("![](source/90_sums.py)", "without an alternative text"),
        ("<img src='x'>", "<img> without"),
    ],
)
def test_broken_links_are_named(spoiled, link, words):
    notebook, complaints, _ = spoiled
    notebook.cells[0].source += f"\n{link}"
    assert any(words in sentence for sentence in complaints()), complaints()


@pytest.mark.parametrize(
    "link", ["[x](https://example.org/a#b)", "[x](90_sums.ipynb#The-end)", "`[x](gone.py)`"]
)
def test_sound_links_are_not(spoiled, link):
    notebook, complaints, _ = spoiled
    notebook.cells[0].source += f"\n{link}"
    assert not any("links to" in sentence for sentence in complaints())


def test_a_notebook_that_is_missing_or_has_no_source(made, tmp_path):
    assert "not been made" in problems(notebook_of(lay_out(tmp_path)))[0]
    assert "no source script" in problems(tmp_path / "91_alone.ipynb")[0]


def test_a_failing_cell_leaves_the_old_notebook(tmp_path, monkeypatch, capsys):
    script = lay_out(tmp_path, LESSON.replace('print("same")', "1 / 0", 1))
    notebook_of(script).write_text("old")
    monkeypatch.setattr(command, "is_current", lambda path: False)
    assert command.refresh_all([script], force=False) == 1
    assert "ZeroDivisionError" in capsys.readouterr().out
    assert notebook_of(script).read_text() == "old"
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".tmp"] == []


def test_the_stub_runs_and_carries_the_stamp(made):
    notebook = nbformat.read(notebook_of(made), 4)
    assert set(notebook.metadata) == {"coursekit", "kernelspec"}
    assert notebook.metadata["coursekit"]["seconds"] > 0
    fresh = learner_notebook(made)
    assert [c.source for c in fresh.cells] == [c.source for c in notebook.cells]


def test_a_page_without_a_number_is_made_like_a_lesson_and_is_none(tmp_path):
    lesson = lay_out(tmp_path)
    page = lesson.with_name("corner.py")
    page.write_text("# %% [markdown]\n# # A corner\n\n# %%\nprint(2)\n", encoding="utf-8")
    assert scripts(tmp_path) == [lesson] and pages(tmp_path) == [page]
    assert [name_of(lesson), name_of(page)] == ["90", "corner"]
    assert command.refresh(page, force=False).startswith("run in")
    assert problems(notebook_of(page)) == [] and marks(nbformat.read(notebook_of(page), 4)) == {}


def test_an_unknown_lesson_is_an_error_in_a_sentence(capsys):
    with pytest.raises(SystemExit):
        command.main(["check", "77"])
    assert "there is no lesson 77" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("cell", "hidden"),
    [
        ("guess.reveal(truth, within=0.1)", True),
        ("for g in guesses:\n    g.reveal(1.0, within=0.1)", True),
        ("# later comes guess.reveal(truth)\nguess = 1", False),
        ("guess", False),
    ],
)
def test_only_what_reveals_is_stored_collapsed_and_opens_with_its_cell(tmp_path, cell, hidden):
    folder = tmp_path / "source"
    folder.mkdir()
    script = folder / "90_guess.py"
    script.write_text(f"# %%\n{cell}\n")
    made = learner_notebook(script).cells[0].metadata.get("jupyter", {})
    assert made.get("outputs_hidden", False) is hidden


def test_figure_and_claims_of_a_reveal_are_collapsed_up_to_the_next_text(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    script = folder / "90_guess.py"
    cells = ("guess", "guess.reveal(1)", "draw()", "claim()", "", "later()")
    heads = ["# %% [markdown]\n# text" if not cell else f"# %%\n{cell}" for cell in cells]
    script.write_text("\n\n".join(heads) + "\n")
    made = [cell.metadata.get("jupyter", {}) for cell in learner_notebook(script).cells]
    assert [x.get("outputs_hidden", False) for x in made] == [False, True, True, True, False, False]


def test_what_a_collapsed_output_still_shows_is_not_the_answer():
    shown = nbformat.v4.new_output("display_data", data={"text/plain": "The truth is 7."})
    cell = nbformat.v4.new_code_cell("guess.reveal(7)", outputs=[shown])
    plain = nbformat.v4.new_code_cell("look()", outputs=[shown])
    notebook = nbformat.v4.new_notebook(cells=[cell, plain])
    normalise(notebook)
    normalise(notebook)
    first, second = notebook.cells[0].outputs
    assert first.data["text/plain"] == FOLDED and second == shown
    assert notebook.cells[1].outputs == [shown]
