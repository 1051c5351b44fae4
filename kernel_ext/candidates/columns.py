"""Columns of frames and keys of dicts, read from the live object."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kernel_ext.candidates import static, trust
from kernel_ext.candidates.static import MISSING
from kernel_ext.candidates.value import public_name

_MOST_KEYS = 100_000
_MOST_ROWS = 1000

FRAMES = ("pandas.DataFrame", "polars.DataFrame")


def is_frame(cls: type) -> bool:
    """Tell whether a class is a known data frame, and not a subclass by the user."""
    return public_name(cls) in FRAMES and trust.is_trusted(cls)


def columns(obj: Any) -> list[str]:
    """Return the names of the columns of a frame, group or record array.

    Of names that are tuples (several levels) the first part counts.
    """
    if obj is MISSING or not trust.is_trusted(type(obj)):
        return []
    read = _READERS.get(public_name(type(obj)))
    return _texts(read, obj) if read else []


def rows(obj: Any) -> list[str]:
    """Return the first labels of the rows of a frame or series that are text."""
    if obj is MISSING or not trust.is_trusted(type(obj)):
        return []
    labelled = public_name(type(obj)) in ("pandas.DataFrame", "pandas.Series")
    return _texts(_index, obj) if labelled else []


def keys(obj: Any) -> list[str]:
    """Return the keys of a dict that are text, even if a subclass hides them."""
    if obj is MISSING or not issubclass(type(obj), dict):
        return []
    if dict.__len__(obj) > _MOST_KEYS:
        return []
    return [key for key in list(dict.keys(obj)) if type(key) is str]


def _texts(read: Callable[[Any], Iterable[object]], obj: Any) -> list[str]:
    try:
        labels = list(read(obj))
    except Exception:  # a cell that runs may be changing the frame at this moment
        return []
    first = [label[0] if type(label) is tuple and label else label for label in labels]
    return list(dict.fromkeys(label for label in first if type(label) is str))


def _index(obj: Any) -> Iterable[object]:
    return list(obj.index[:_MOST_ROWS].tolist())


def _frame(obj: Any) -> Iterable[object]:
    return list(obj.columns.tolist())


def _grouped(obj: Any) -> Iterable[object]:
    return columns(static.instance_dict(obj).get("obj", MISSING))


# Properties of trusted types that are known to be pure.
_READERS: dict[str, Callable[[Any], Iterable[object]]] = {
    "numpy.ndarray": lambda obj: obj.dtype.names or (),
    "pandas.DataFrame": _frame,
    "pandas.api.typing.DataFrameGroupBy": _grouped,
    "pandas.core.groupby.DataFrameGroupBy": _grouped,
    "polars.DataFrame": lambda obj: obj.columns,
}
