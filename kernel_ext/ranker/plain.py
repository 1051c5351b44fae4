"""A point of a language for which there is no full reading: names and dots alone."""

from __future__ import annotations

import re

from kernel_ext.context import WINDOW, History, Point

NAME = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")
CHAIN = re.compile(r"((?:[^\W\d][\w$]*(?:\(\)|\[\])?\s*\??\.\s*)*)([\w$]*)\Z")
NOISE = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL
)


def point(source: str, cursor: int) -> Point:
    r"""Describe the place at a cursor by the names that stand before it.

    Parameters
    ----------
    source : str
        Text of a language of the C family; comments and strings are skipped.
    cursor : int
        Offset in code points. Only the text before it is read.

    Returns
    -------
    Point
        With kind, receiver, prefix and history; the types are unknown.

    Examples
    --------
    >>> p = point("list.push(1);\nlist.le", 21)
    >>> p.kind, p.receiver, p.prefix, p.earlier
    ('attribute', 'list', 'le', ('push',))
    """
    text = source[max(0, cursor - WINDOW) : cursor]
    chain = CHAIN.search(text[-400:])
    receiver = re.sub(r"[\s?]", "", chain[1]).rstrip(".") if chain else ""
    prefix = chain[2] if chain else ""
    history = _history(text[: len(text) - len(prefix)])
    earlier = tuple(
        name
        for name, of in zip(history.names, history.receivers, strict=True)
        if receiver and of == receiver
    )[-32:]
    return Point(
        kind="attribute" if receiver else "name",
        start=cursor - len(prefix),
        prefix=prefix,
        name=None,
        bound=False,
        order=len(history.names),
        line=text.count("\n"),
        cell=0,
        receiver=receiver or None,
        receiver_key=receiver or None,
        receiver_type=None,
        receiver_static=False,
        receiver_bases=(),
        origin=None,
        earlier=earlier,
        earlier_on_type=(),
        call=None,
        call_known=False,
        argument=-1,
        argument_start=False,
        argument_keyword=None,
        keywords=(),
        bracket="",
        subscripted=None,
        statement="",
        statement_start=False,
        target=None,
        before=(),
        indent=0,
        function=None,
        class_=None,
        imports=(),
        history=history,
    )


def _history(text: str) -> History:
    history = History()
    text = NOISE.sub(lambda m: "\n" * m[0].count("\n") or " ", text)
    line, at = 0, 0
    for found in NAME.finditer(text):
        line += text.count("\n", at, found.start())
        at = found.start()
        before = text[:at][-80:].rstrip() if text[at - 1 : at] == "." else ""
        of = None
        if before:
            chain = CHAIN.search(before)
            of = re.sub(r"[\s?]", "", chain[1]).rstrip(".") if chain else None
        order = len(history.names)
        history.names.append(found[0])
        history.roles.append("attribute" if before else "name")
        history.receivers.append(of or None)
        history.types.append(None)
        history.lines.append(line)
        history.positions.setdefault(found[0], []).append(order)
    return history
