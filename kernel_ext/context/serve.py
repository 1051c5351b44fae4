"""The two faces of the reading: all points of a text, and the point at a cursor."""

from __future__ import annotations

import re
import threading

from kernel_ext.context.languages import language as _table
from kernel_ext.context.point import WINDOW, Point
from kernel_ext.context.reader import Reader


def points(source: str, language: str = "python") -> list[Point]:
    """Return all completion points of a text, in order.

    Parameters
    ----------
    source
        A file's text, or the cells of a notebook joined by `join`. Any text will do:
        broken syntax never raises.
    language
        `"python"`.

    Raises
    ------
    ValueError
        If the language is not known.
    """
    reader = Reader(_table(language), collect=True)
    reader.read(source, len(source))
    return reader.points


_local = threading.local()
_IMPORT = re.compile(
    r"^(?:import[ \t][^\n\f]*|from[ \t][^\n\f(]*(?:\([^()\f]{0,2000}\)?)?[^\n\f]*)",
    re.MULTILINE,
)
_PREAMBLE = 200
_LONGEST_NAME = 200


def at(source: str, cursor: int, language: str = "python") -> Point:
    """Describe the place at a cursor; only the text before it is read.

    The reading is remembered (one text per thread): the next key press costs only
    the lines that changed. Of the text, at most `WINDOW` characters before the cursor
    and the import lines before those count.

    Parameters
    ----------
    source
        The text around the cursor; earlier cells joined by `join`.
    cursor
        Offset in code points.
    language
        `"python"`.

    Raises
    ------
    ValueError
        If the cursor is outside of the text, or the language is not known.
    """
    if not 0 <= cursor <= len(source):
        raise ValueError(
            f"cursor is {cursor}, expected an offset from 0 to {len(source)}, the "
            "length of the source"
        )
    start = cursor
    while start > 0 and cursor - start < _LONGEST_NAME:
        letter = source[start - 1]
        if not (letter.isalnum() or letter == "_"):
            break
        start -= 1
    prefix = source[start:cursor]
    base, before = _window(source, cursor)
    readers = _local.__dict__.setdefault("readers", {})
    reader = readers.setdefault(language, None) or Reader(_table(language))
    readers[language] = reader
    text = before + source[base:start]
    reader.rewind(text)
    reader.read(text, len(text))
    point = reader.at(len(text))
    if prefix[:1].isdecimal() and point.kind not in ("string", "comment", "magic"):
        point.kind = "number"
    shift = base - len(before)
    point.start += shift
    point.prefix = source[point.start : cursor]
    if base:
        point.line += source.count("\n", 0, base) - before.count("\n")
        point.cell += source.count("\f", 0, base)
    return point


def _window(source: str, cursor: int) -> tuple[int, str]:
    """Return where the window begins, and the import lines before it.

    The beginning moves in steps, so that the remembered reading stays of use while
    somebody types.
    """
    if cursor <= WINDOW:
        return 0, ""
    step = WINDOW // 4
    base = ((cursor - WINDOW) // step + 1) * step
    line = source.find("\n", base, base + step)
    base = line + 1 if line >= 0 else base
    head = source[:base]
    known = getattr(_local, "imports", None)
    if known is None or known[0] != head:
        lines = []
        for match in _IMPORT.finditer(head):
            lines.append(match.group() + "\n")
            if len(lines) == _PREAMBLE:
                break
        known = _local.imports = (head, "".join(lines)[: WINDOW // 4])
    return base, known[1]
