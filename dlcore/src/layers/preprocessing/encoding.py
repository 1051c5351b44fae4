"""Categories as vectors: one-hot, multi-hot, counts; on tensors and on the host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcore import ops
from dlcore.src import backend as backends
from dlcore.src.errors import did_you_mean

Shape = tuple[int | None, ...]
MODES = ("int", "one_hot", "multi_hot", "count")


def check_choice(name: str, value: Any, known: Sequence[str], owner: str) -> None:
    """Refuse a string that is none of those known.

    Raises
    ------
    ValueError
        With the known ones, and the nearest.
    """
    if value not in known:
        hint = did_you_mean(value, known) if isinstance(value, str) else ""
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected one of {tuple(known)}. "
            f"Received: {name}={value} ({owner}).{hint}"
        )


def check_sparse(sparse: bool, owner: str, output_mode: str = "one_hot") -> None:
    """Refuse sparse outputs of numbers, and where tensors are dense.

    Raises
    ------
    ValueError
        If they are asked for.
    """
    if sparse and output_mode == "int":
        raise ValueError(
            "`sparse` may only be true if `output_mode` is `'one_hot'`, `'multi_hot'`, "
            f"`'count'` or `'tf_idf'`. Received: sparse={sparse} and "
            f"output_mode={output_mode}"
        )
    backend = backends.current()
    if sparse and not backend.keeps_sparse:
        raise ValueError(
            f"{owner}: `sparse=True` cannot be used with backend {backend.name}, which "
            "has no sparse tensors. Leave it out; the numbers are the same."
        )


def encoded_shape(shape: Sequence[int | None], mode: str, depth: Any) -> Shape:
    """Return the shape of encoded categories.

    Parameters
    ----------
    shape : sequence of int or None
        Of the category numbers.
    mode : {"int", "one_hot", "multi_hot", "count"}
    depth : int or None
        How many categories there are.
    """
    shape = tuple(shape)
    if mode == "int":
        return shape
    if not shape:
        return (depth,)
    if mode == "one_hot" and (len(shape) == 1 or shape[-1] != 1):
        return (*shape, depth)
    return (*shape[:-1], depth)


def encode(
    indices: Any,
    mode: str,
    depth: int,
    dtype: str,
    weights: Any = None,
    sparse: bool = False,
) -> Any:
    """Return category numbers as vectors; numbers out of range as zeros.

    Parameters
    ----------
    indices : tensor of int
    mode : {"int", "one_hot", "multi_hot", "count"}
    depth : int
    dtype : str
    weights : tensor, optional
        What each category counts, for ``"count"``.
    sparse : bool
        Whether the vectors are sparse tensors.
    """
    if mode == "int":
        return ops.cast(indices, dtype)
    if not len(indices.shape):
        indices = ops.reshape(indices, (1,))
    if mode == "one_hot":
        if len(indices.shape) > 1 and indices.shape[-1] == 1:
            indices = ops.squeeze(indices, -1)
        return ops.one_hot(indices, depth, dtype=dtype, sparse=sparse)
    each = ops.one_hot(indices, depth, dtype=dtype, sparse=sparse)
    if mode == "multi_hot" and sparse:  # a sum keeps it sparse, a maximum does not
        return ops.cast(ops.cast(ops.sum(each, axis=-2), "bool"), dtype)
    if mode == "multi_hot":
        return ops.max(each, axis=-2)
    if weights is not None:
        each = ops.multiply(each, ops.expand_dims(weights, -1))
    return ops.sum(each, axis=-2)


def encode_on_host(
    indices: np.ndarray[Any, Any], mode: str, depth: int, dtype: str
) -> np.ndarray[Any, Any]:
    """Do what ``encode`` does with numpy, without an array of one-hot vectors."""
    if mode == "int":
        return indices.astype(dtype)
    shape = encoded_shape(indices.shape, mode, depth)
    rows = indices.reshape(
        (-1, 1) if mode == "one_hot" else (-1, indices.shape[-1] if indices.ndim else 1)
    )
    counts = count_rows(
        np.repeat(np.arange(len(rows)), rows.shape[1]), rows.ravel(), len(rows), depth
    )
    if mode == "multi_hot":
        counts = np.minimum(counts, 1)
    return counts.astype(dtype).reshape(shape)


def count_rows(
    rows: np.ndarray[Any, Any], indices: np.ndarray[Any, Any], count: int, depth: int
) -> np.ndarray[Any, Any]:
    """Count categories by row; numbers out of range are left out.

    Parameters
    ----------
    rows, indices : int arrays of shape (n,)
    count, depth : int
        How many rows and how many categories there are.

    Returns
    -------
    int64 array of shape (count, depth)
    """
    good = (indices >= 0) & (indices < depth)
    places = rows[good] * depth + indices[good]
    return np.bincount(places, minlength=count * depth).reshape(count, depth)
