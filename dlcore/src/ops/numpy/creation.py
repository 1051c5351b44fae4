"""New tensors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlcore.src.dtypes import standardize_dtype
from dlcore.src.ops import rules
from dlcore.src.ops.core import convert_to_tensor
from dlcore.src.ops.declare import derived, primitive
from dlcore.src.symbolic import Spec


def _full_rule(shape: Any, fill_value: Any, dtype: Any = None) -> Spec:
    return rules.created(shape, dtype=dtype)


def _like(x: Any, dtype: Any = None) -> Spec:
    return Spec(rules.shape_of(x), standardize_dtype(dtype or rules.promoted(x)))


def _full_like(x: Any, fill_value: Any, dtype: Any = None) -> Spec:
    return _like(x, dtype)


@primitive(rules.created)
def zeros(shape: Any, dtype: Any = None) -> Any:
    """Zeros."""


@primitive(rules.created)
def ones(shape: Any, dtype: Any = None) -> Any:
    """Ones."""


@primitive(rules.created)
def empty(shape: Any, dtype: Any = None) -> Any:
    """Return a tensor whose values are arbitrary."""


@primitive(_full_rule)
def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """Return a tensor filled with one value.

    Parameters
    ----------
    shape : sequence of int
    fill_value : number or tensor
        Broadcast to the shape.
    dtype : str, optional
        ``floatx()`` unless given.
    """


@derived(rule=_like)
def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Zeros, with the shape and dtype of ``x``."""
    return zeros(rules.shape_of(x), dtype or rules.promoted(x))


@derived(rule=_like)
def ones_like(x: Any, dtype: Any = None) -> Any:
    """Ones, with the shape and dtype of ``x``."""
    return ones(rules.shape_of(x), dtype or rules.promoted(x))


@derived(rule=_like)
def empty_like(x: Any, dtype: Any = None) -> Any:
    """Arbitrary values, with the shape and dtype of ``x``."""
    return empty(rules.shape_of(x), dtype or rules.promoted(x))


@derived(rule=_full_like)
def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Any:
    """One value, with the shape and dtype of ``x``."""
    return full(rules.shape_of(x), fill_value, dtype or rules.promoted(x))


def arange_dtype(start: Any, stop: Any, step: Any, dtype: Any) -> str:
    """Return the dtype of ``arange``: the given one, or what the bounds make."""
    if dtype is not None:
        return standardize_dtype(dtype)
    given = [v for v in (start, stop, step) if v is not None]
    return rules.promoted(*given)


def _arange_rule(
    start: Any, stop: Any = None, step: Any = None, dtype: Any = None
) -> Spec:
    name = arange_dtype(start, stop, step, dtype)
    if any(
        hasattr(v, "shape") and not isinstance(v, np.generic | np.ndarray)
        for v in (start, stop, step)
    ):
        return Spec((None,), name)
    first, last = (0, start) if stop is None else (start, stop)
    size = math.ceil((last - first) / (1 if step is None else step))
    return Spec((max(size, 0),), name)


@primitive(_arange_rule)
def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    """Evenly spaced values in the half-open interval ``[start, stop)``.

    Parameters
    ----------
    start : number
        The end, with 0 as the start, when ``stop`` is not given.
    stop, step : number, optional
    dtype : str, optional
        int32 for integers and ``floatx()`` for floats unless given.
    """


@derived
def array(x: Any, dtype: Any = None) -> Any:
    """Make a tensor, as ``convert_to_tensor`` does."""
    return convert_to_tensor(x, dtype=dtype)
