"""Choosing elements."""

from __future__ import annotations

from typing import Any

from dlcore.src.ops import rules
from dlcore.src.ops.core import cast
from dlcore.src.ops.declare import derived, primitive
from dlcore.src.ops.numpy import logic
from dlcore.src.symbolic import Spec


def _where_rule(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    if x1 is None and x2 is None:
        return [Spec((None,), "int32") for _ in rules.shape_of(condition)]
    if x1 is None or x2 is None:
        raise ValueError(
            "`x1` and `x2` either both should be `None`, for the places of the true "
            "elements, or both should be given"
        )
    shapes = map(rules.shape_of, (condition, x1, x2))
    return Spec(rules.broadcast_shapes(*shapes), rules.promoted(x1, x2))


@primitive(_where_rule)
def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """Choose from ``x1`` where the condition holds, else from ``x2``.

    Parameters
    ----------
    condition : tensor of bool
    x1, x2 : tensor or number
        All three broadcast together. Without both, the indices of the true elements
        are returned, one tensor an axis.
    """


def _nonzero_rule(x: Any) -> Any:
    return tuple(Spec((None,), "int32") for _ in rules.shape_of(x))


@primitive(_nonzero_rule)
def nonzero(x: Any) -> Any:
    """Return the indices of the elements that are not zero, one tensor an axis."""


def _take_rule(x: Any, indices: Any, axis: Any = None) -> Spec:
    shape, chosen = rules.shape_of(x), rules.shape_of(indices)
    if axis is None:
        return Spec(chosen, rules.promoted(x))
    axis = rules.canonical_axis(axis, len(shape))
    return Spec((*shape[:axis], *chosen, *shape[axis + 1 :]), rules.promoted(x))


@primitive(_take_rule)
def take(x: Any, indices: Any, axis: Any = None) -> Any:
    """Choose slices along an axis, elements of the flat tensor for None.

    Parameters
    ----------
    x : tensor
    indices : integer tensor
        Negative ones count from the end.
    axis : int, optional
    """


def _take_along_axis_rule(x: Any, indices: Any, axis: Any = None) -> Spec:
    shape, chosen = rules.shape_of(x), rules.shape_of(indices)
    if axis is None:
        return Spec((rules.size_of(chosen),), rules.promoted(x))
    if len(shape) != len(chosen):
        raise ValueError(
            f"`x` and `indices` need as many dimensions, got {shape} and {chosen}"
        )
    axis = rules.canonical_axis(axis, len(shape))
    others = rules.broadcast_shapes(
        (*shape[:axis], 1, *shape[axis + 1 :]), (*chosen[:axis], 1, *chosen[axis + 1 :])
    )
    result = (*others[:axis], chosen[axis], *others[axis + 1 :])
    return Spec(result, rules.promoted(x))


@primitive(_take_along_axis_rule)
def take_along_axis(x: Any, indices: Any, axis: Any = None) -> Any:
    """Choose one element a row: the inverse of ``argsort`` and its like.

    Parameters
    ----------
    x : tensor
    indices : integer tensor
        With as many dimensions as ``x``.
    axis : int, optional
        The flat tensor unless given.
    """


@derived
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Choose from the first list entry whose condition holds.

    Parameters
    ----------
    condlist : list of tensor of bool
    choicelist : list of tensor
    default : number or tensor
        Where no condition holds.
    """
    if len(condlist) != len(choicelist):
        raise ValueError(
            "select: `condlist` and `choicelist` need the same length, got "
            f"{len(condlist)} and {len(choicelist)}."
        )
    dtype = rules.promoted(*choicelist, default)
    result = cast(default, dtype)
    for condition, choice in zip(condlist[::-1], choicelist[::-1], strict=True):
        result = where(condition, cast(choice, dtype), result)
    return result


@derived
def unravel_index(indices: Any, shape: Any) -> Any:
    """Turn indices of the flat tensor into coordinates, one tensor an axis."""
    dtype = rules.promoted(indices)
    indices = cast(indices, dtype)
    total = rules.times(*shape)
    rest = where(logic.less(indices, 0), indices + total, indices)
    coordinates = []
    for size in reversed(tuple(shape)):
        coordinates.append(cast(rest % size, dtype))
        rest = rest // size
    return tuple(coordinates[::-1])
