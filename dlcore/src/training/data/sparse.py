"""Sparse data: a batch of it is made dense, never all of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlcore.src import config
from dlcore.src.ops.core import home_of
from dlcore.src.ops.declare import SPARSE

Array = np.ndarray[Any, Any]


def is_sparse(x: Any) -> bool:
    """Whether it is a sparse matrix of scipy, or a sparse tensor."""
    return _of_scipy(x) or (home_of(x) is not None and type(x) in SPARSE)


def _of_scipy(x: Any) -> bool:
    return type(x).__module__.startswith("scipy.sparse") and hasattr(x, "tocsr")


class Rows:
    """Sparse data by rows; to index it gives a dense array.

    Batches of one size are all compiled alike, however much is stored in each.

    Parameters
    ----------
    starts : array of n + 1 integers
        Where in the values each row begins.
    places : array of integers
        In which place of its row each value stands, the row taken flat.
    values : array
    shape : tuple of int
    """

    def __init__(self, starts: Array, places: Array, values: Array, shape: Any):
        self._starts, self._places, self._values = starts, places, values
        self.shape = tuple(map(int, shape))
        self.ndim = len(self.shape)
        self.dtype = values.dtype

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.shape[0]

    def rows(self, key: Any) -> Rows:
        """Return some rows, still sparse."""
        chosen = np.arange(len(self))[key]
        counts = np.diff(self._starts)[chosen]
        starts = np.concatenate([[0], np.cumsum(counts)])
        at = np.repeat(self._starts[:-1][chosen] - starts[:-1], counts)
        at = at + np.arange(len(at))
        shape = (len(chosen), *self.shape[1:])
        return Rows(starts, self._places[at], self._values[at], shape)

    def __getitem__(self, key: Any) -> Array:
        """Return some rows, or one, as a dense array."""
        if isinstance(key, int | np.integer):
            return self[np.array([key])][0]
        chosen = self.rows(key)
        found = np.zeros((len(chosen), math.prod(self.shape[1:])), self.dtype)
        which = np.repeat(np.arange(len(chosen)), np.diff(chosen._starts))
        np.add.at(found, (which, chosen._places), chosen._values)
        return found.reshape(chosen.shape)


def as_rows(x: Any) -> Rows:
    """Return sparse data by rows; floats as ``floatx()``."""
    if _of_scipy(x):
        x = x.tocsr()
        starts, places, values, shape = x.indptr, x.indices, x.data, x.shape
    else:
        indices, values, shape = home_of(x).sparse.stored(x)  # type: ignore[union-attr]
        row = np.argsort(indices[:, 0], kind="stable")
        starts = np.searchsorted(indices[row, 0], np.arange(shape[0] + 1))
        inner = tuple(indices[row, 1:].T)
        places = np.ravel_multi_index(inner, shape[1:]) if inner else 0 * row
        values = values[row]
    if values.dtype.kind == "f":
        values = values.astype(config.floatx(), copy=False)
    return Rows(starts, places, values, shape)
