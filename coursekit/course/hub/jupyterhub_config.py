"""For ``jupyterhub -f``: the settings are in the file that COURSEKIT_HUB names, else hub.toml."""

import os
import sys
from pathlib import Path

from coursekit.course.hub.configure import configure
from coursekit.course.hub.settings import FILE, read

try:
    configure(get_config(), read(Path(os.environ.get(FILE, "hub.toml"))))  # type: ignore[name-defined]  # noqa: F821
except ValueError as problem:
    sys.exit(str(problem))
