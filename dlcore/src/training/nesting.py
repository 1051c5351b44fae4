"""Nested losses: which loss stands for which part of the outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dlcore.src import tree
from dlcore.src.errors import did_you_mean
from dlcore.src.training.outputs import Path, at

_SOMEWHERE = "either the model's output (`y_pred`) or in the labels (`y_true`)"


def visit(loss: Any, weight: Any, y_pred: Any, names: Any, path: Path) -> Iterator[Any]:
    """Yield ``(path, name, loss, weight)`` of each loss in nested ones."""
    if loss is None:
        return
    if not tree.is_nested(loss):
        yield path, names, loss, weight
        return
    listed = isinstance(loss, list | tuple)
    leaves = tree.flatten_with_path(y_pred)
    if listed and is_plain(loss) and len(loss) == len(leaves):  # one for each output
        for one, factor, (inner, leaf) in zip(
            loss, _spread(weight, loss), leaves, strict=True
        ):
            name = at(names, inner)
            yield from visit(one, factor, leaf, name, path + inner)
    elif listed and not isinstance(y_pred, type(loss)):  # several for the same outputs
        for one, factor in zip(loss, _spread(weight, loss), strict=True):
            yield from visit(one, factor, y_pred, names, path)
    elif not listed and not isinstance(y_pred, Mapping):
        raise _not_found(path, "the model's output (`y_pred`)")
    else:
        items: Any = enumerate(loss) if listed else loss.items()
        for key, one in items:
            if one is None:
                continue
            if not _has(y_pred, key):
                known = [str(k) for k in y_pred] if not listed else []
                raise _not_found((*path, key), _SOMEWHERE, str(key), known)
            factor = _weight_of(weight, key)
            yield from visit(one, factor, y_pred[key], names[key], (*path, key))


def _not_found(path: Path, where: str, key: str = "", known: Any = ()) -> KeyError:
    return KeyError(
        f"The path: {path} in the `loss` argument, can't be found in {where}."
        f"{did_you_mean(key, known) if known else ''}"
    )


def _has(structure: Any, key: Any) -> bool:
    if isinstance(structure, Mapping):
        return key in structure
    return isinstance(structure, list | tuple) and key < len(structure)


def labels_at(y_true: Any, path: Path) -> Any:
    """Return the labels to which some keys lead."""
    for place, key in enumerate(path):
        if not _has(y_true, key):
            raise _not_found(path[: place + 1], _SOMEWHERE)
        y_true = y_true[key]
    return y_true


def is_plain(parts: Sequence[Any]) -> bool:
    """Whether none of them is nested."""
    return not any(map(tree.is_nested, parts))


def _spread(weight: Any, loss: Sequence[Any]) -> Any:
    return weight if isinstance(weight, list | tuple) else [weight] * len(loss)


def _weight_of(weight: Any, key: Any) -> Any:
    if isinstance(weight, Mapping):
        return weight.get(key)
    return weight[key] if isinstance(weight, list | tuple) else weight


def alike(weights: Any, loss: Any) -> Any:
    """Return weights nested as the losses."""
    if weights is None or not tree.is_nested(weights):
        return weights
    if tree.same_structure(weights, loss):
        return weights
    if isinstance(weights, Mapping) and isinstance(loss, Mapping):
        unknown = [k for k in weights if k not in loss]
        if unknown:
            raise ValueError(
                f"`loss_weights` has the key {unknown[0]!r}, but `loss` has only "
                f"{list(loss)}.{did_you_mean(str(unknown[0]), map(str, loss))}"
            )
        return weights
    flat, wanted = tree.flatten(weights), len(tree.flatten(loss))
    if len(flat) != wanted:
        raise ValueError(
            f"`loss_weights` must match the number of losses, got {wanted} losses and "
            f"{len(flat)} weights."
        )
    return tree.pack_sequence_as(loss, flat) if tree.is_nested(loss) else flat[0]
