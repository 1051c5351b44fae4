"""Matching labels, losses, metrics and weights with a model's outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlcore.src import tree
from dlcore.src.errors import did_you_mean


def output_names(y_pred: Any, names: list[str] | None) -> list[str]:
    """Return a name for each of the outputs."""
    flat = tree.flatten(y_pred)
    if isinstance(y_pred, Mapping):
        keys = [str(k) for k in sorted(y_pred)]
        if len(keys) == len(flat):
            return keys
    if names is not None and len(names) == len(flat):
        return names
    return ["output"] if len(flat) == 1 else [f"output_{i}" for i in range(len(flat))]


def align(value: Any, names: list[str], what: str, leaf: Any = None) -> list[Any]:
    """Return one value an output.

    Parameters
    ----------
    value : nested
        A dict by the outputs' names, a list in their order, or, with one output, its
        value alone.
    names : list of str
        The outputs' names.
    what : str
        For error messages: ``"loss"``.
    leaf : Callable, optional
        Whether a list is a value rather than a list of values.

    Raises
    ------
    ValueError
        If there is no such output, or there are too few or too many values.
    """
    n = len(names)
    if value is None:
        return [None] * n
    if isinstance(value, Mapping) and not (leaf and leaf(value)):
        unknown = [k for k in value if str(k) not in names]
        if unknown and n == 1 and len(value) == 1 and what not in ("loss", "metrics"):
            return list(value.values())
        if unknown:
            raise ValueError(
                f"In the dict argument `{what}`, key {unknown[0]!r} does not "
                f"correspond to any model output. Outputs: {names}."
                f"{did_you_mean(unknown[0], names)}"
            )
        return [value.get(name) for name in names]
    if isinstance(value, list | tuple) and not (leaf and leaf(value)):
        flat = list(value)
        if len(flat) != n:
            flat = tree.flatten(value)
        if len(flat) != n:
            raise ValueError(
                f"`{what}` has {len(flat)} values, the model has {n} outputs: {names}."
            )
        return flat
    if n == 1:
        return [value]
    raise ValueError(
        f"The model has {n} outputs, {names}; `{what}` must be a list or a dict with a "
        f"value for each of them, got {type(value).__name__}."
    )
