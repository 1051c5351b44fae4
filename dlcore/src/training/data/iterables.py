"""Generators, data loaders, datasets of other libraries: anything that yields."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from dlcore.src import config, tree
from dlcore.src.ops.core import convert_to_numpy
from dlcore.src.training.data.adapter import Batch, DataAdapter, unpack, warn_of_end
from dlcore.src.training.data.arrays import class_weights
from dlcore.src.training.data.sparse import as_rows, is_sparse


def is_iterable(x: Any) -> bool:
    """Whether batches can be had from it by iterating."""
    return hasattr(x, "__iter__") or hasattr(x, "__next__")


def as_batch(data: Any, class_weight: Any = None) -> Batch:
    """Return what was yielded as numpy arrays."""

    def array(value: Any) -> Any:
        if value is None:
            return None
        found = as_rows(value)[:] if is_sparse(value) else convert_to_numpy(value)
        if found.dtype.kind == "f" and found.dtype != config.floatx():
            found = found.astype(config.floatx())
        return found

    x, y, weight = unpack(data)
    batch = tree.map_structure(array, (x, y, weight))
    if class_weight is not None:
        x, y, weight = batch
        return x, y, class_weights(y, weight, class_weight)
    return batch


class IterableAdapter(DataAdapter):
    """Batches from an iterable.

    An iterable that begins anew when it is iterated again is gone through once an
    epoch, a generator as far as it goes.

    Parameters
    ----------
    source : iterable
        Yields ``x``, ``(x, y)`` or ``(x, y, sample_weight)``.
    steps : int, optional
        Batches in an epoch.
    class_weight : dict of int to float, optional
    """

    def __init__(
        self,
        source: Any,
        steps: int | None = None,
        class_weight: dict[int, float] | None = None,
    ):
        self.source = source
        self.class_weight = class_weight
        self._limit = steps
        self.steps = steps if steps is not None else _length(source)
        self._again = not hasattr(source, "__next__")
        self._iterator: Iterator[Any] | None = None
        self._started = False

    def first(self) -> Batch:
        """Return the first batch; it comes again in the epoch."""
        iterator = self._open()
        try:
            data = next(iterator)
        except StopIteration:
            raise ValueError("There is no data: the iterable yields nothing.") from None
        self._iterator = itertools.chain([data], iterator)
        return as_batch(data, self.class_weight)

    def _open(self) -> Iterator[Any]:
        if self._iterator is None:
            self._iterator = iter(self.source)
        return self._iterator

    def epoch(self, index: int) -> Iterator[Batch]:
        """Yield the batches of an epoch."""
        count = 0
        while self._limit is None or count < self._limit:
            try:
                data = next(self._open())
            except StopIteration:
                self._iterator = None
                if self._limit is not None:
                    warn_of_end()
                break
            count += 1
            yield as_batch(data, self.class_weight)
        if self._limit is None:
            self.steps = count
            if self._again:
                self._iterator = None


def _length(source: Any) -> int | None:
    cardinality = getattr(source, "cardinality", None)
    if callable(cardinality):
        found = int(np.asarray(cardinality()))
        return found if found >= 0 else None
    try:
        return len(source)
    except (TypeError, NotImplementedError):
        return None
