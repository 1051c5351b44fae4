"""A real IPython kernel, with the startup file that the wheel installs."""

from __future__ import annotations

import os
import shutil
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.manager import KernelManager

ROOT = Path(__file__).parents[2]
STARTUP = ROOT / "lab_extension" / "startup" / "50-polaris.py"
TARGET = "polaris.completion"
PATIENCE = 60


class Kernel:
    """A kernel process, and what its front end would see."""

    def __init__(self, folder: Path, path: str = str(ROOT)) -> None:
        self.folder = folder
        startup = folder / "ipython" / "profile_default" / "startup"
        startup.mkdir(parents=True)
        shutil.copy(STARTUP, startup)
        self.env = {
            **os.environ,
            "IPYTHONDIR": str(folder / "ipython"),
            # Another ipykernel than the installed one may be given in PYTHONPATH.
            "PYTHONPATH": os.pathsep.join([path, os.environ.get("PYTHONPATH", "")]),
            "PYTHONWARNINGS": "ignore",
        }
        self.manager = KernelManager()
        self.manager.kernel_cmd = [
            sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}",
        ]  # fmt: skip
        self.manager.start_kernel(env=self.env, cwd=str(folder))
        self.connect()

    def connect(self) -> None:
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        self.seen: list[dict[str, Any]] = []
        self.comm = ""

    def restart(self) -> None:
        self.client.stop_channels()
        self.manager.restart_kernel(now=True)
        self.connect()

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first message on iopub that is wanted; keep the others."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                message = self.client.get_iopub_msg(timeout=1)
            except Empty:
                continue
            if wanted(message):
                return message
            self.seen.append(message)
        raise TimeoutError(f"no such message in {PATIENCE} s; saw {self.seen}")

    def begin(self, code: str) -> str:
        """Start a cell and return when it has said "begun"."""
        number = self.client.execute(f"print('begun', flush=True)\n{code}")
        self.until(
            lambda m: (
                m["msg_type"] == "stream" and m["parent_header"].get("msg_id") == number
            )
        )
        return number

    def end(self, number: str) -> None:
        self.until(lambda m: _is_idle(m, number))

    def run(self, code: str) -> str:
        """Run a cell to its end and return what it printed."""
        self.seen.clear()
        number = self.client.execute(code)
        self.end(number)
        mine = [m for m in self.seen if m["parent_header"].get("msg_id") == number]
        for message in mine:
            if message["msg_type"] == "error":
                raise AssertionError("\n".join(message["content"]["traceback"]))
        texts = [
            m["content"].get("text")
            or m["content"].get("data", {}).get("text/plain", "")
            for m in mine
            if m["msg_type"] in ("stream", "execute_result")
        ]
        return "".join(texts)

    def subshell(self) -> str | None:
        """Make a subshell and return its identifier; None where there are none."""
        info = self.client.kernel_info(reply=True, timeout=PATIENCE)["content"]
        if "kernel subshells" not in info.get("supported_features", []):
            return None
        message = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(message)
        while True:
            reply = self.client.get_control_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return reply["content"]["subshell_id"]

    def send(self, kind: str, content: dict[str, Any], subshell: str | None) -> str:
        message = self.client.session.msg(kind, content)
        if subshell:
            message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def open(self, subshell: str | None = None, ready: bool = True) -> bool:
        """Open a comm; return whether somebody answers on it, the ranker loaded."""
        self.comm = uuid.uuid4().hex
        content = {"comm_id": self.comm, "target_name": TARGET, "data": {}}
        self.seen.clear()
        number = self.send("comm_open", content, subshell)
        self.end(number)
        answered = not any(m["msg_type"] == "comm_close" for m in self.seen)
        if answered and ready:
            self.await_ranker(subshell)
        return answered

    def ask(self, message: Any, subshell: str | None = None) -> dict[str, Any]:
        """Send a request on the open comm and return the reply."""
        content = {"comm_id": self.comm, "data": message}
        number = self.send("comm_msg", content, subshell)
        reply = self.until(
            lambda m: (
                m["msg_type"] == "comm_msg"
                and m["content"]["comm_id"] == self.comm
                and m["parent_header"].get("msg_id") == number
            )
        )
        return reply["content"]["data"]

    def complete(self, text: str, subshell: str | None = None, **more: Any) -> dict:
        """Ask for completions at the end of a text."""
        request = {"op": "complete", "id": 1, "source": text, "cursor": len(text)}
        return self.ask({**request, **more}, subshell)

    def await_ranker(self, subshell: str | None = None) -> None:
        """Ask until the ranker is loaded; each request waits a while for it."""
        for _ in range(PATIENCE):
            if "still being loaded" not in self.complete("str.", subshell).get(
                "error", ""
            ):
                return
        raise TimeoutError(f"the ranker is not loaded after {PATIENCE} requests")

    def labels(self, text: str, **more: Any) -> list[str]:
        """Return the labels that are listed at the end of a text, best first."""
        reply = self.complete(text, **more)
        assert reply["op"] == "completed", reply
        return [item["label"] for item in reply["items"]]


def _is_idle(message: dict[str, Any], number: str) -> bool:
    return (
        message["msg_type"] == "status"
        and message["content"]["execution_state"] == "idle"
        and message["parent_header"].get("msg_id") == number
    )
