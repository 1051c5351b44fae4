"""A JupyterLab for tests: its own folders, port and kernels, nothing of the user's."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KERNELS = Path(__file__).parent / "kernels"
QUIET = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    }
}


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab."""

    url: str
    notebooks: Path
    log: Path

    def write(self, name: str, cells: list[str], kernel: str = "python3") -> str:
        """Write a notebook and return its path in JupyterLab."""
        notebook = {
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"cell-{i}",
                    "execution_count": None,
                    "metadata": {},
                    "outputs": [],
                    "source": source,
                }
                for i, source in enumerate(cells)
            ],
            "metadata": {"kernelspec": {"name": kernel, "display_name": kernel}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        (self.notebooks / name).write_text(json.dumps(notebook))
        return name

    def end_sessions(self) -> None:
        """Shut down every kernel."""
        with urllib.request.urlopen(f"{self.url}/api/sessions") as reply:
            sessions = json.load(reply)
        for session in sessions:
            address = f"{self.url}/api/sessions/{session['id']}"
            urllib.request.urlopen(
                urllib.request.Request(address, method="DELETE")
            ).close()


@contextmanager
def running_lab(folder: Path, settings: dict[str, dict] | None = None) -> Iterator[Lab]:
    """Run JupyterLab with all its files under `folder`."""
    for plugin, values in (QUIET | (settings or {})).items():
        file = folder / "settings" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    for file in KERNELS.glob("*.py"):
        _write_kernel_spec(folder / "data" / "kernels" / file.stem, file)
    notebooks = folder / "notebooks"
    notebooks.mkdir()
    log = folder / "lab.log"
    port = _free_port()
    with log.open("w") as output:
        process = subprocess.Popen(
            _command(port, notebooks),
            stdout=output,
            stderr=output,
            env=_environment(folder),
        )
    try:
        lab = Lab(f"http://127.0.0.1:{port}", notebooks, log)
        _wait_until_up(lab, process)
        yield lab
        lab.end_sessions()
    finally:
        process.terminate()
        process.wait(30)


def _command(port: int, notebooks: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"),
        *("--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"),
        f"--ServerApp.root_dir={notebooks}",
        "--LabApp.expose_app_in_browser=True",
    ]


def _environment(folder: Path) -> dict[str, str]:
    places = {
        "HOME": "home",
        "IPYTHONDIR": "ipython",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    for place in places.values():
        (folder / place).mkdir(exist_ok=True)
    return os.environ | {name: str(folder / place) for name, place in places.items()}


def _write_kernel_spec(folder: Path, startup: Path) -> None:
    folder.mkdir(parents=True)
    spec = {
        "argv": [
            *(sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"),
            f"--IPKernelApp.exec_files={startup}",
        ],
        "display_name": folder.name,
        "language": "python",
    }
    (folder / "kernel.json").write_text(json.dumps(spec))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_up(lab: Lab, process: subprocess.Popen, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(f"{lab.url}/api/status", timeout=5).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(lab.log.read_text()[-3000:]) from None
            time.sleep(0.1)
