"""Matching labels, losses, metrics and weights with a model's outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dlcore.src import tree
from dlcore.src.errors import did_you_mean

#: The keys that lead to a part of nested outputs.
Path = tuple[Any, ...]


def output_names(y_pred: Any, names: Sequence[str] | None) -> list[str | None]:
    """Return a name for each of the outputs; None where nobody knows one.

    Parameters
    ----------
    y_pred : nested tensors
    names : sequence of str, optional
        Those that the model has.
    """
    flat = tree.flatten(y_pred)
    if isinstance(y_pred, Mapping):
        keys = [str(k) for k in sorted(y_pred)]
        if len(keys) == len(flat):
            return list(keys)
    if names is not None and len(names) == len(flat):
        return list(names)
    return [None] * len(flat)


def is_flat(y_pred: Any) -> bool:
    """Whether outputs are one list, tuple or dict of tensors."""
    return tree.is_nested(y_pred) and len(y_pred) == len(tree.flatten(y_pred))


def at(structure: Any, path: Sequence[Any]) -> Any:
    """Return the part of a structure to which some keys lead."""
    for key in path:
        structure = structure[key]
    return structure


def like_outputs(
    value: Any,
    y_pred: Any,
    names: Sequence[str | None],
    used: Sequence[bool] | None = None,
    what: str = "y_true",
) -> Any:
    """Return labels, or weights, nested as the outputs are.

    Parameters
    ----------
    value : nested
        As the outputs, a dict by their names, or a list in their order.
    y_pred : nested tensors
        The outputs.
    names : sequence of str or None
        The outputs' names.
    used : sequence of bool, optional
        Which outputs have a loss: the others' labels may be left out.
    what : str
        For error messages.

    Raises
    ------
    ValueError
        If there are too few, too many, or others than there are outputs.
    """
    nested = tree.is_nested(y_pred)
    if not nested and not tree.is_nested(value):
        return value
    if nested and tree.same_structure(value, y_pred):
        return value
    if isinstance(value, Mapping) and is_flat(y_pred):
        value = _by_name(value, names, used, what)
    elif isinstance(value, Mapping) and not nested and len(value) == 1:
        value = list(value.values())
    flat = tree.flatten(value)
    if len(flat) != len(names) and used is not None and len(flat) == sum(used):
        rest = iter(flat)
        flat = [next(rest) if u else None for u in used]
    if len(flat) != len(names):
        wanted, found = (
            tree.map_structure(lambda _: "*", part) for part in (y_pred, value)
        )
        raise ValueError(
            f"{what} and y_pred have different structures.\n"
            f"{what}: {found}\ny_pred: {wanted}\n"
            f"The model has {len(names)} outputs, {what} has {len(flat)} values."
        )
    return tree.pack_sequence_as(y_pred, flat) if nested else flat[0]


def _by_name(value: Any, names: Any, used: Any, what: str) -> list[Any]:
    unknown = [k for k in value if str(k) not in names]
    if not unknown:
        return [value.get(name) for name in names]
    if None in names or len(value) == (sum(used) if used else 0):
        return tree.flatten(value)
    raise ValueError(
        f"In the dict argument `{what}`, key {unknown[0]!r} does not correspond to any "
        f"model output. Outputs: {names}.{did_you_mean(str(unknown[0]), names)}"
    )
