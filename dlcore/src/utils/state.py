"""Giving variables other values, and other homes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dlcore.src import backend as backends
from dlcore.src.symbolic import KerasTensor
from dlcore.src.variable import Variable


def put(variable: Variable, value: Any) -> None:
    """Give a variable a freshly computed value: nobody else holds it, so no copy.

    A symbolic value changes nothing: shapes are being computed, no state.
    """
    if type(value) is KerasTensor:
        return
    old = variable.value
    if type(value) is type(old) and value.dtype == old.dtype:
        variable.put(value)
    else:
        variable.assign(value)


def plain(values: Iterable[Any]) -> list[Any]:
    """Return tensors for tensors and variables."""
    return [v.value if isinstance(v, Variable) else v for v in values]


def move(variables: Iterable[Variable], backend: backends.Backend) -> None:
    """Move variables to a backend: same values, same objects."""
    for variable in variables:
        if variable.backend is not backend:
            value, dtype = variable.numpy(), variable.dtype
            variable.backend = backend
            variable.value = backend.runtime.own(backend.runtime.convert(value, dtype))
