"""Logs that are computed when somebody looks at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from dlcore.src.ops.core import convert_to_numpy


def number(value: Any) -> Any:
    """Return a float for a scalar of any backend; a list for a vector."""
    if isinstance(value, str | int | float) or value is None:
        return value
    found = convert_to_numpy(value)
    return float(found) if found.ndim == 0 else np.asarray(found).tolist()


def numbers(logs: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain numbers, in alphabetical order as in Keras; nested dicts as one."""
    found: dict[str, Any] = {}
    for name in sorted(logs):
        value = logs[name]
        if isinstance(value, Mapping):
            found.update(numbers(value))
        else:
            found[name] = number(value)
    return found


class LazyResults(Mapping[str, Any]):
    """The results so far; the device is asked at the first look.

    Parameters
    ----------
    compute : Callable
        Returns the results by name.
    """

    __slots__ = ("_compute", "_found")

    def __init__(self, compute: Callable[[], Mapping[str, Any]]):
        self._compute = compute
        self._found: dict[str, Any] | None = None

    def _results(self) -> dict[str, Any]:
        if self._found is None:
            self._found = numbers(self._compute())
        return self._found

    def __getitem__(self, name: str) -> Any:
        """Return one result."""
        return self._results()[name]

    def __iter__(self) -> Iterator[str]:
        """Go over the names."""
        return iter(self._results())

    def __len__(self) -> int:
        """Return the number of results."""
        return len(self._results())

    def copy(self) -> dict[str, Any]:
        """Return a plain dict."""
        return dict(self._results())
