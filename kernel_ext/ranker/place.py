"""A completion point read as the short strings that the count tables are keyed by."""

from __future__ import annotations

from typing import NamedTuple

from kernel_ext.context import Point

START = "^"
"""Stands for "nothing before": the first name used on a receiver, in a call, ..."""


class Place(NamedTuple):
    """What of a point the counts and the network look at.

    `kind` is `"attribute"`, `"name"` (keyword arguments included: before the ``=`` is
    typed nobody can know), `"import"` or `"module"`.
    """

    kind: str
    types: tuple[str, ...]
    receiver: str
    earlier: tuple[str, str]
    on_type: str
    origin: str
    calls: tuple[str, ...]
    slot: str
    keyword: str
    last_keyword: str
    target: str
    before: tuple[str, str, str]
    shape: str
    recent: tuple[str, str]
    subscripted: str
    imports: tuple[str, str]


def place(
    point: Point, receiver: str | None = None, bases: tuple[str, ...] = ()
) -> Place:
    """Read a point.

    Parameters
    ----------
    point : Point
        From `kernel_ext.context`.
    receiver : str, optional
        Qualified type (or module) of the object before the dot, where the running
        kernel knows it; it wins over what the text lets one guess.
    bases : tuple of str
        Qualified classes to back off to from `receiver`, nearest first.

    Returns
    -------
    Place
    """
    kind = "name" if point.kind == "keyword" else point.kind
    if kind not in ("attribute", "import", "module"):
        kind = "name"
    before = _before(point)
    shape = " ".join(
        (
            point.statement or "-",
            "s" if point.statement_start else "-",
            point.bracket or "-",
            "a" if point.argument_start else "-",
        )
    )
    recent = point.recent(2) if kind == "name" else []
    imports = (START, START, *point.imports)[-2:]
    # Where the kernel contradicts the text, what the text says of it is wrong too.
    believed = not (
        receiver and point.receiver_type and last(receiver) != last(point.receiver_type)
    )
    return Place(
        kind=kind,
        types=_types(point, kind, receiver, bases),
        receiver=last(point.receiver) if kind == "attribute" and believed else "",
        earlier=_two(point.earlier),
        on_type=point.earlier_on_type[-1] if point.earlier_on_type else START,
        origin=short(point.origin) if point.origin and believed else "",
        calls=_calls(point),
        slot=str(min(point.argument, 4)),
        keyword=point.argument_keyword or "",
        last_keyword=point.keywords[-1] if point.keywords else START,
        target=point.target or "",
        before=before,
        shape=shape,
        recent=_two(tuple(recent)),
        subscripted=last(point.subscripted) if point.subscripted else "",
        imports=(imports[0], imports[1]),
    )


def short(qualified: str) -> str:
    """Shorten a qualified name to its root and its last part.

    The path between them differs between where a class is written and where it is
    imported from; the two ends hardly ever do.

    Examples
    --------
    >>> short("pandas.core.frame.DataFrame"), short("numpy"), short("builtins.str")
    ('pandas:DataFrame', 'numpy:numpy', 'str:str')
    """
    parts = qualified.removeprefix("builtins.").split(".")
    return f"{parts[0]}:{parts[-1]}"


def last(text: str | None) -> str:
    """Give the last name of a receiver's text, brackets kept.

    Examples
    --------
    >>> last("self.model"), last("df.groupby()"), last("x[]"), last(None)
    ('model', 'groupby()', 'x[]', '')
    """
    return text.rpartition(".")[2] if text else ""


def _types(
    point: Point, kind: str, receiver: str | None, bases: tuple[str, ...]
) -> tuple[str, ...]:
    """Chain of short types to look under, most specific first."""
    if kind == "import" and point.receiver:
        return (point.receiver, "~" + last(point.receiver))
    if kind != "attribute":
        return ()
    own, static = receiver, False
    if own is None:
        own, static, bases = (
            point.receiver_type, point.receiver_static, point.receiver_bases,
        )  # fmt: skip
    chain = []
    if own and not own.startswith("."):
        mark = "!" if static and last(own)[:1].isupper() else ""
        chain.append(short(own) + mark)
    chain += [short(base) for base in bases if base != "object"]
    if own and not own.startswith("."):
        chain.append("~" + last(own))
    return tuple(dict.fromkeys(chain))[:6]


def _calls(point: Point) -> tuple[str, ...]:
    if not point.call:
        return ()
    name = last(point.call)
    return (short(point.call), "~" + name) if point.call_known else ("~" + name,)


def _two(names: tuple[str, ...]) -> tuple[str, str]:
    """Give the last name and the one before it, `START` where there is none."""
    newest = names[-1] if names else START
    return newest, names[-2] if len(names) > 1 else START


def _before(point: Point) -> tuple[str, str, str]:
    """Three tokens before the name, or before its receiver; nearest first."""
    tokens = point.before
    if point.kind == "attribute" and point.receiver:
        own = 2 * point.receiver.count(".") + 2
        if "(" not in point.receiver and "[" not in point.receiver:
            tokens = tokens[:-own] if len(tokens) >= own else ()
    padded = (START, START, START, *tokens)
    return padded[-1], padded[-2], padded[-3]
