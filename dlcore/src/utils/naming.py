"""Names of objects that were given none."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from dlcore.src.export import export

_used: defaultdict[str, int] = defaultdict(int)


def to_snake_case(name: str) -> str:
    """Return a class's name as a name of an object.

    Examples
    --------
    >>> to_snake_case("MeanSquaredError")
    'mean_squared_error'
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def uniquify(name: str) -> str:
    """Return the name the first time, then ``name_1``, ``name_2``..."""
    count = _used[name]
    _used[name] += 1
    return f"{name}_{count}" if count else name


def checked_name(name: Any) -> Any:
    """Return a name that was given, or None.

    Raises
    ------
    ValueError
        If it is no string, or has a ``"/"`` in it: that separates the parts of a path.
    """
    if name is not None and (not isinstance(name, str) or "/" in name):
        raise ValueError(
            "Argument `name` must be a string and cannot contain character `/`. "
            f"Received: name={name!r}"
        )
    return name


def auto_name(class_name: str) -> str:
    """Return a name that no other object got this way: ``dense``, ``dense_1``..."""
    return uniquify(to_snake_case(class_name))


@export("dlcore.backend.get_uid")
def get_uid(prefix: str = "") -> int:
    """Return 1 the first time a prefix is asked for, then 2, 3...

    Examples
    --------
    >>> import dlcore
    >>> dlcore.backend.get_uid("some prefix")
    1
    >>> dlcore.backend.get_uid("some prefix")
    2
    """
    _used[prefix] += 1
    return _used[prefix]


def reset_uids() -> None:
    """Forget which names were given."""
    _used.clear()


def object_name(thing: object) -> str:
    """Return the name of an object, else that of its function or class."""
    name = getattr(thing, "name", None)
    if isinstance(name, str):
        return name
    return to_snake_case(getattr(thing, "__name__", type(thing).__name__))
