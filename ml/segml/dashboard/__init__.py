"""Pages over what ``segml publish`` wrote, in the browser and without any network."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from segml.errors import PublishingError
from segml.publishing import CURRENT

SCRIPT = Path(__file__).with_name("app.py")
FOLDER_VARIABLE = "SEGML_PUBLISH_DIR"
OPTIONS = {
    "server.address": "localhost",
    "server.headless": "true",  # it starts no browser and asks for no e-mail address
    "server.fileWatcherType": "none",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "theme.base": "light",
    "theme.primaryColor": "#0072B2",
    "theme.textColor": "#1F2933",
}


def serve(folder: Path, *, port: int) -> None:
    """Run the dashboard until it is interrupted.

    Parameters
    ----------
    folder : Path
        What ``segml publish`` wrote; a newer publication shows at the next click.
    port : int
        Port on this machine; other machines cannot reach it.

    Raises
    ------
    PublishingError
        When Streamlit is not installed, nothing has been published, or the port is taken.
    """
    if importlib.util.find_spec("streamlit") is None:
        raise PublishingError(
            "The dashboard needs Streamlit, which is not installed",
            "Run `pip install 'segml[dashboard]'`",
        )
    if not (folder / CURRENT).exists():
        raise PublishingError(
            f"Nothing has been published in {folder}", "Run `segml publish` first"
        )
    done = subprocess.run(
        command(port), check=False, env=os.environ | {FOLDER_VARIABLE: str(folder)}
    )
    if done.returncode != 0:
        raise PublishingError(
            f"The dashboard stopped with exit code {done.returncode}",
            "Choose a free port with --port",
        )


def command(port: int) -> list[str]:
    """Return the command line that starts the server."""
    options = [f"--{name}={value}" for name, value in OPTIONS.items()]
    return [
        *(sys.executable, "-m", "streamlit", "run", str(SCRIPT)),
        f"--server.port={port}",
        *options,
    ]
