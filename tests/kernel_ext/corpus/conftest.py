"""Small real repositories."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

IDENTITY = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@b",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@b",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **IDENTITY},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def notebook(*cells: str, language: str = "python", **more) -> str:
    """A notebook of format 4, with an output that must not be read."""
    output = {"output_type": "stream", "name": "stdout", "text": ["secret.output()"]}
    made = [{"cell_type": "markdown", "source": "text.in_markdown"}]
    for source in cells:
        lines = source.splitlines(keepends=True)
        made.append({"cell_type": "code", "source": lines, "outputs": [output]})
    about = {"kernelspec": {"language": language}}
    return json.dumps({"nbformat": 4, "metadata": about, "cells": made, **more})


def words(first: int, last: int) -> str:
    """A text with the identifiers name<first> .. name<last - 1>."""
    return "".join(f"name{i} = thing{i}.call{i}()\n" for i in range(first, last))


MakeRepository = Callable[..., Path]


@pytest.fixture
def make_repository(tmp_path) -> MakeRepository:
    """Make `owner/name` as a work tree, a bare git folder or a plain folder."""

    def make(name: str, files: dict[str, str | bytes], form: str = "tree") -> Path:
        folder = tmp_path / "repositories" / name.replace("/", "+")
        tree = folder if form != "bare" else tmp_path / "trees" / name
        for path, content in files.items():
            path = tree / path
            path.parent.mkdir(parents=True, exist_ok=True)
            content = content.encode() if isinstance(content, str) else content
            path.write_bytes(content)
        if form == "plain":
            return folder
        if not (tree / ".git").exists():
            git(tree, "init", "-q")
        git(tree, "add", "-A")
        git(tree, "commit", "-q", "-m", "x", "--allow-empty")
        if form == "bare":
            folder.parent.mkdir(parents=True, exist_ok=True)
            git(tree, "clone", "-q", "--bare", ".", str(folder))
            git(folder, "remote", "remove", "origin")
        return folder

    return make
