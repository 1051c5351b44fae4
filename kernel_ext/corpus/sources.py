"""Which files are worth reading, and the text in them."""

from __future__ import annotations

import ast
import json
import re
import warnings
from typing import Any

from kernel_ext import context

SUFFIXES = (".py", ".ipynb")
LARGEST_NOTEBOOK = 20_000_000
"""Bytes of a notebook with its outputs."""
LARGEST_TEXT = 200_000
"""Characters of a file, or of a notebook's code."""

_NOT_OWN = re.compile(
    r"(?:^|/)(?:_?vendor(?:ed|s)?|third[_-]?party|extern(?:al|als)?|node_modules|"
    r"site-packages|dist-packages|\.ipynb_checkpoints|\.?venv|env|build|dist|"
    r"migrations|_build|\.eggs|\.git)/|(?:_pb2(?:_grpc)?|versioneer|_version)\.py$",
    re.IGNORECASE,
)
_GENERATED = re.compile(
    r"(?:auto[- ]?|automatically |machine[- ])generated|generated (?:by|from) |"
    r"do not (?:edit|modify)(?: (?:this|by)|[.!\n])|@generated",
    re.IGNORECASE,
)
_LONG_LINE = 400


def own(path: str) -> bool:
    """Whether a path does not look vendored, built or generated."""
    return _NOT_OWN.search(path) is None


def file_text(content: bytes) -> str | None:
    """Return the text of a Python file, or None if it is not for people."""
    text = _decode(content)
    if text is None or not text.strip() or len(text) > LARGEST_TEXT:
        return None
    if _GENERATED.search(text[:1000]) or _minified(text):
        return None
    return text.replace("\f", " ")


def notebook_cells(content: bytes) -> list[str] | None:
    """Return the Python code cells of a notebook in order; None if it has none.

    Raises
    ------
    ValueError
        If the notebook is not valid JSON, or not a notebook.
    """
    notebook = json.loads(content)
    try:
        if not _is_python(notebook):
            return None
        cells = notebook.get("cells")
        if cells is None:  # format 3
            cells = [c for sheet in notebook["worksheets"] for c in sheet["cells"]]
        found = [_source(cell) for cell in cells if cell.get("cell_type") == "code"]
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"not a notebook: {error!r}") from None
    found = [cell for cell in found if cell.strip()]
    if not found or sum(map(len, found)) > LARGEST_TEXT:
        return None
    return None if _minified("\n".join(found)) else found


def _is_python(notebook: dict[str, Any]) -> bool:
    about = notebook.get("metadata", {})
    spec, info = about.get("kernelspec") or {}, about.get("language_info") or {}
    told = spec.get("language") or info.get("name") or "python"
    return told.lower() in ("python", "python3", "ipython")


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))
    return source if isinstance(source, str) else "".join(source)


def _decode(content: bytes) -> str | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _minified(text: str) -> bool:
    lines = text.count("\n") + 1
    return len(text) / lines > _LONG_LINE


def parses(text: str) -> bool:
    """Whether Python itself can parse a text, its magics set aside."""
    text = re.sub(r"(?m)^([ \t]*)[%!?].*$", r"\1pass", text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def join(cells: list[str]) -> str:
    """Make one text of cells with plain line ends."""
    plain = [cell.replace("\r\n", "\n").replace("\r", "\n") for cell in cells]
    return context.join(plain)
