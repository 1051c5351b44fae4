"""Strings on the host: UTF-8 bytes inside, numpy's unicode arrays at the edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcore.src.layers.preprocessing.fingerprints import fingerprint64, siphash64


def as_array(x: Any) -> np.ndarray[Any, Any]:
    """Return an array; strings in lists stay objects, whatever their lengths.

    Raises
    ------
    ValueError
        If lists of strings differ in length.
    """
    if isinstance(x, str | bytes):
        return np.array(x, dtype=object)
    if not isinstance(x, list | tuple):
        return np.asarray(x)
    first: Any = x
    while isinstance(first, list | tuple) and first:
        first = first[0]
    if not isinstance(first, str | bytes):
        return np.asarray(x)
    array = np.array(x, dtype=object)
    if isinstance(array.flat[0], list | tuple):
        raise ValueError(
            "Lists of strings must all have the same length. Pad them, or join the "
            'words by spaces and let `TextVectorization(split="whitespace")` split '
            "them."
        )
    return array


def to_bytes(x: Any) -> bytes:
    """Return a string, bytes or number as UTF-8 bytes."""
    return x if isinstance(x, bytes) else str(x).encode()


def flat_bytes(array: np.ndarray[Any, Any]) -> list[bytes]:
    """Return an array's elements, in order, as UTF-8 bytes."""
    values = array.ravel().tolist()
    if array.dtype.kind == "S":
        return values
    if array.dtype.kind == "U":
        return [v.encode() for v in values]
    if array.dtype.kind == "f":
        values = array.astype("int64").ravel().tolist()
    return [to_bytes(v) for v in values]


def to_text(array: Any, encoding: str = "utf-8") -> np.ndarray[Any, Any]:
    """Return strings or bytes as a numpy array of unicode strings."""
    array = np.asarray(array)
    if array.dtype.kind == "U":
        return array
    texts = [
        v.decode(encoding) if isinstance(v, bytes) else str(v)
        for v in array.ravel().tolist()
    ]
    return np.array(texts, dtype=None if texts else "U1").reshape(array.shape)


def is_text(array: np.ndarray[Any, Any]) -> bool:
    """Whether an array holds strings."""
    if array.dtype.kind == "O":
        return array.size > 0 and isinstance(array.flat[0], str | bytes)
    return array.dtype.kind in "US"


def checked_salt(salt: Any, owner: str) -> list[int] | None:
    """Return the key of a strong hash, two integers, or None.

    Raises
    ------
    ValueError
        If it is neither an integer nor two of them.
    """
    if salt is None:
        return None
    if isinstance(salt, int) and not isinstance(salt, bool):
        return [salt, salt]
    if (
        isinstance(salt, tuple | list)
        and len(salt) == 2
        and all(isinstance(s, int | np.integer) for s in salt)
    ):
        return [int(s) for s in salt]
    raise ValueError(
        f"The `salt` argument for `{owner}` can only be a tuple of size 2 integers, "
        f"or a single integer. Received: salt={salt}."
    )


def buckets(
    values: Sequence[bytes], count: int, salt: list[int] | None = None
) -> np.ndarray[Any, Any]:
    """Return each string's bucket in ``[0, count)``: as TensorFlow's hashes.

    Parameters
    ----------
    values : sequence of bytes
    count : int
    salt : two int, optional
        The key of SipHash; FarmHash's fingerprint unless given.

    Returns
    -------
    int64 array of shape (len(values),)
    """
    hashes = fingerprint64(values) if salt is None else siphash64(values, salt)
    return (hashes % np.uint64(count)).astype("int64")
