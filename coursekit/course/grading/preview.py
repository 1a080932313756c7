"""What a student sees: the release, run from top to bottom, as pages."""

import os
import shutil
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

from coursekit.course.grading.class_folder import SECONDS, plan_of
from coursekit.utils.checks import require


def preview(folder: Path, name: str) -> list[Path]:
    """Run the released notebooks as nobody's submission; pages in ``folder/preview/name``.

    Errors: ValueError for an unknown assignment; RuntimeError when a cell of the untouched release
    fails, which no student should meet.
    """
    plan_of(folder, name)
    releases = sorted((folder / "release" / name).glob("*.ipynb"))
    require(bool(releases), f"{name} has no release in {folder}; `assign --again` makes one.")
    to = folder / "preview" / name
    to.mkdir(parents=True, exist_ok=True)
    pages = []
    for path in releases:
        with tempfile.TemporaryDirectory() as place:  # the record of nobody's attempts stays there
            copy = Path(place, path.name)
            shutil.copy(path, copy)
            notebook = nbformat.read(copy, 4)
            client = NotebookClient(
                notebook, timeout=SECONDS, kernel_name="python3",
                resources={"metadata": {"path": place}}, extra_arguments=["--log-level=ERROR"],
            )  # fmt: skip
            try:
                client.execute(env={**os.environ, "COURSEKIT_RECORD": place})
            except CellExecutionError as error:
                reason = f"{error.ename}: {error.evalue}"
                raise RuntimeError(
                    f"{path.name} fails before anybody has answered: {reason}"
                ) from None
        page = to / f"{path.stem}.html"
        page.write_text(HTMLExporter().from_notebook_node(notebook)[0], encoding="utf-8")
        pages.append(page)
    return pages
