"""The explorers as an app: ``python -m coursekit.course.app`` shows their page under Voila.

On this machine only, behind a token, and nothing is loaded from elsewhere. What follows the command
is handed on to Voila: ``--port=9000`` or ``--no-browser``, say.
"""

import html
import os
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "notebooks" / "explorers.ipynb"
# Voila loads every extension of JupyterLab that it finds; others than these fail without Lab.
WIDGETS = ("@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8")
# Voila's template asks a content network for icons that this page does not use: refused.
HERE_ONLY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob: ws:; frame-ancestors 'self'"
)


def main(arguments: list[str]) -> int:
    """Serve the page until Ctrl-C; the exit status."""
    try:
        from traitlets.config import Config
        from voila.app import Voila
    except ImportError:
        print("Voila shows the app and is not installed; `python course.py app` installs it.")
        return 2

    class App(Voila):
        """Voila, but that the browser it opens is given the token."""

        def launch_browser(self) -> None:
            open_address(self.display_url)

    print("Starting the explorers; stop them with Ctrl-C here. The address, with its token:")
    sys.stdout.flush()
    App.launch_instance(argv=[str(PAGE), *arguments], config=Config(settings()))
    return 0


def settings() -> dict[str, dict[str, Any]]:
    """What Voila is told; the command line may overrule it."""
    return {
        "Voila": {
            "ip": "127.0.0.1",
            "auto_token": True,
            "tornado_settings": {"headers": {"Content-Security-Policy": HERE_ONLY}},
        },
        "VoilaConfiguration": {"extension_allowlist": list(WIDGETS)},
    }


def open_address(address: str) -> None:
    """Open ``address`` in the browser by way of a file that nobody else can read.

    On a command line every user of the machine could read the token.
    """
    handle, name = tempfile.mkstemp(suffix=".html")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f'<meta http-equiv="refresh" content="0;url={html.escape(address)}">')
    webbrowser.open(Path(name).as_uri())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
