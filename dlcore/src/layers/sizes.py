"""Arguments that are one size or one size an axis, and data formats."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore.src import config
from dlcore.src.errors import did_you_mean

FORMATS = ("channels_last", "channels_first")


def sizes(value: Any, n: int, name: str, allow_zero: bool = False) -> tuple[int, ...]:
    """Return ``n`` positive integers from a number or a sequence.

    Raises
    ------
    ValueError
        If it is neither.
    """
    least = 0 if allow_zero else 1
    given = value
    if isinstance(value, int | np.integer):
        value = (value,) * n
    try:
        found = tuple(int(v) for v in value)
    except (TypeError, ValueError):
        found = ()
    if len(found) != n or any(
        v < least or v != w for v, w in zip(found, value, strict=True)
    ):
        bad = {v for v in found if v < least}
        reason = f", including values {bad} that do not satisfy " if bad else ""
        reason += f"`value {'>= 0' if allow_zero else '> 0'}`" if bad else ""
        raise ValueError(
            f"The `{name}` argument must be a tuple of {n} integers. Received "
            f"{name}={given if isinstance(given, int) else value}{reason}"
        )
    return found


def data_format_of(value: str | None) -> str:
    """Return the data format, or the process' one for None."""
    if value is None:
        return config.image_data_format()
    value = str(value).lower()
    if value not in FORMATS:
        raise ValueError(
            "The `data_format` argument must be one of "
            f"{FORMATS}. Received: {value!r}.{did_you_mean(value, FORMATS)}"
        )
    return value


def padding_of(value: str, known: tuple[str, ...] = ("valid", "same")) -> str:
    """Return a kind of padding in lower case."""
    found = str(value).lower()
    if found not in known:
        raise ValueError(
            f"The `padding` argument must be one of {known}. Received: {value!r}."
            f"{did_you_mean(found, known)}"
        )
    return found


def pairs(value: Any, n: int, name: str) -> tuple[tuple[int, int], ...]:
    """Return ``n`` pairs (before, after) from a number, ``n`` numbers or pairs."""
    if isinstance(value, int | np.integer):
        return ((int(value), int(value)),) * n
    if len(value) != n:
        raise ValueError(
            f"`{name}` should have {n} elements. Received: {value!r} of length "
            f"{len(value)}."
        )
    return tuple(sizes(v, 2, name, allow_zero=True) for v in value)  # type: ignore[misc]
