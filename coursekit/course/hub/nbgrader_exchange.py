"""nbgrader's exchange for a whole class: one folder, which the class's folder points to."""

import os
from pathlib import Path

from coursekit.utils.checks import require

MODE = 0o1777  # everybody writes, nobody removes what is another's


def share(exchange: Path) -> None:
    """Make the folder if it is not there, writable for everybody as nbgrader wants it."""
    exchange.mkdir(parents=True, exist_ok=True)
    if exchange.stat().st_mode & 0o7777 != MODE:
        exchange.chmod(MODE)


def connect(folder: Path, exchange: Path) -> None:
    """Let the class's folder, as `coursekit assign` makes it, use the shared exchange.

    Errors: ValueError when the folder is no class's, or has an exchange of its own with something
    in it.
    """
    config = folder / "nbgrader_config.py"
    require(config.exists(), f"{folder} has no {config.name}; the folder of a class was expected.")
    link = folder / "exchange"
    if link.is_symlink():
        link.unlink()
    elif link.is_dir():
        sentence = f"{link} is not empty; move what is in it to {exchange}, and remove it."
        require(not any(link.iterdir()), sentence)
        link.rmdir()
    os.symlink(exchange.resolve(), link)
