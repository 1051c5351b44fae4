"""Documentation of a candidate, as Markdown."""

from __future__ import annotations

import inspect
import re

from kernel_ext.candidates import static
from kernel_ext.candidates.candidate import Candidate
from kernel_ext.candidates.signature import documentation_of
from kernel_ext.candidates.static import MISSING
from kernel_ext.candidates.value import public_name

_LONGEST = 20_000
_PLAIN = (int, float, complex, bool, str, bytes, type(None))


def markdown(candidate: Candidate, receiver: str | None = None) -> str:
    """Write the signature and the docstring of a candidate.

    Parameters
    ----------
    candidate : Candidate
        What is documented. Nothing of it is run, its ``repr`` neither.
    receiver : str, optional
        Type or module it is an attribute of.
    """
    where = f"{receiver}." if receiver and candidate.type != "parameter" else ""
    signature = candidate.signature
    if candidate.type == "parameter":
        return f"`{candidate.label}{signature}`" if signature else ""
    if candidate.value is MISSING:
        return ""
    parts = [f"```python\n{where}{candidate.label}{signature}\n```"]
    value = candidate.value
    if candidate.type == "instance" and not static.is_class(value):
        parts = [f"`{candidate.label}`: {_described(value)}"]
        if static.module_of(type(value)) == "builtins":
            return parts[0]
    doc = documentation_of(value)
    if doc:
        parts.append(_formatted(doc[:_LONGEST]))
    return "\n\n".join(parts)


def _described(value: object) -> str:
    text = f"`{public_name(type(value))}`"
    if static.one_of(type(value), _PLAIN):
        shown = repr(value)
        return f"{text} = `{shown if len(shown) <= 80 else shown[:79] + '…'}`"
    return text


_UNDERLINE = re.compile(r"^(\s*)(\S.*)\n\s*([-=~])\3{2,}\s*$", re.MULTILINE)
_PROMPT = re.compile(r"(?:^[ \t]*>>> .*\n?(?:^[ \t]*\S.*\n?)*)+", re.MULTILINE)
_ROLE = re.compile(r":[a-z:]+:`~?([^`]*)`")


def _formatted(doc: str) -> str:
    """Make Markdown of a docstring: headings, examples and roles."""
    doc = inspect.cleandoc(doc)
    doc = _UNDERLINE.sub(lambda m: f"\n**{m[2].strip()}**\n", doc)
    doc = _PROMPT.sub(_fenced, doc)
    doc = _ROLE.sub(lambda m: f"`{m[1]}`", doc)
    return doc.replace("``", "`")


def _fenced(match: re.Match[str]) -> str:
    return f"\n```python\n{match[0].rstrip()}\n```\n"
