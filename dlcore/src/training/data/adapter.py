"""The base of what turns data into batches, and the choice among them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

from dlcore.src import config, tree

#: x, y, sample_weight; what there is none of is None.
Batch = tuple[Any, Any, Any]


class DataAdapter:
    """Data that can be gone through once an epoch.

    Attributes
    ----------
    steps : int or None
        Batches in an epoch, if known.
    full : int
        How many of them are full, where that is known beforehand.
    in_memory : bool
        Whether many batches can be had at once at no cost.
    """

    steps: int | None = None
    full = 0
    in_memory = False

    def first(self) -> Batch:
        """Return the first batch, without using it up."""
        raise NotImplementedError

    def epoch(self, index: int) -> Iterator[Batch]:
        """Yield the batches of an epoch."""
        raise NotImplementedError

    def groups(
        self, index: int, size: Callable[[], int]
    ) -> Iterator[tuple[int, Batch]]:
        """Yield ``(number of batches, batches)``, up to ``size()`` of them stacked.

        One batch alone comes as it is; batches of another shape come alone.
        """
        waiting: list[Batch] = []
        shapes = None
        for batch in self.epoch(index):
            found = [x.shape for x in tree.leaves(batch)]
            if waiting and found != shapes:
                yield _stacked(waiting)
                waiting = []
            shapes = found
            waiting.append(batch)
            if len(waiting) >= size():
                yield _stacked(waiting)
                waiting = []
        if waiting:
            yield _stacked(waiting)


class Passes:
    """Where each epoch begins in data of a known length.

    An epoch that is shorter than the data ends within it, and the next one goes on
    there; at the end of the data an epoch ends early.

    Parameters
    ----------
    whole : int
        Batches in the data.
    limit : int, optional
        Batches in an epoch.
    """

    def __init__(self, whole: int, limit: int | None):
        self.whole, self._limit = whole, limit
        self._number = self._at = 0

    def next(self, index: int) -> tuple[int, int, int]:
        """Return for an epoch: the number of the pass, its first batch, its length."""
        if self._limit is None:
            return index, 0, self.whole
        if self._at >= self.whole:
            self._number, self._at = self._number + 1, 0
        begin, count = self._at, min(self._limit, self.whole - self._at)
        self._at += count
        if count < self._limit:
            warn_of_end()
        return self._number, begin, count


def warn_of_end() -> None:
    """Warn that an epoch ends before its number of steps is reached."""
    warnings.warn(
        "Your input ran out of data; interrupting training. Make sure that your "
        "dataset or generator can generate at least `steps_per_epoch * epochs` "
        "batches. You may need to use the `.repeat()` function when building your "
        "dataset.",
        stacklevel=3,
    )


def _stacked(batches: list[Batch]) -> tuple[int, Batch]:
    if len(batches) == 1:
        return 1, batches[0]
    import numpy as np

    def stack(*parts: Any) -> Any:
        return None if parts[0] is None else np.stack(parts)

    return len(batches), tree.map_structure(stack, *batches)


def unpack(data: Any) -> Batch:
    """Return ``(x, y, sample_weight)`` from what a generator yields.

    Raises
    ------
    ValueError
        If it is a tuple of more than three.
    """
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if len(data) > 3 or not data:
        raise ValueError(
            "Data is expected to be in format `x`, `(x,)`, `(x, y)`, or `(x, y, "
            f"sample_weight)`, found a tuple of {len(data)}."
        )
    x, y, weight = (*data, None, None)[:3]
    return x, y, weight


def pack(batch: Batch) -> Any:
    """Return a batch as a step that a user wrote expects it: without what is None."""
    x, y, weight = batch
    if y is None and weight is None:
        return (x,) if isinstance(x, tuple | list) else x
    return (x, y) if weight is None else (x, y, weight)


def adapt(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    steps: int | None = None,
    shuffle: Any = False,
    class_weight: dict[int, float] | None = None,
) -> DataAdapter:
    """Return the adapter for some data.

    Parameters
    ----------
    x : arrays, nested arrays, pandas, tensors, generator, PyDataset, data loader
    y, sample_weight : arrays, optional
        Only where ``x`` is made of arrays.
    batch_size : int, optional
        For arrays; 32 unless given.
    steps : int, optional
        Batches in an epoch.
    shuffle : bool or "batch"
    class_weight : dict of int to float, optional

    Raises
    ------
    ValueError
        If the arguments do not go together.
    TypeError
        If ``x`` is nothing that holds data.
    """
    from dlcore.src.training.data.arrays import ArrayAdapter, is_arrays
    from dlcore.src.training.data.datasets import PyDataset, PyDatasetAdapter
    from dlcore.src.training.data.iterables import IterableAdapter, is_iterable

    if isinstance(x, DataAdapter):
        return x
    if x is None:
        raise ValueError("There is no data: `x` is None.")
    limit = config.max_steps_per_epoch()
    if limit is not None:
        steps = min(limit, steps or limit)
    if is_arrays(x):
        return ArrayAdapter(
            x,
            y,
            sample_weight,
            32 if batch_size is None else batch_size,
            steps,
            shuffle,
            class_weight,
        )
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ValueError(
                f"`{name}` must not be given when `x` is a {type(x).__name__}: it is "
                "expected to yield (x, y) or (x, y, sample_weight)."
            )
    if isinstance(x, PyDataset) or (
        hasattr(x, "__getitem__")
        and hasattr(x, "__len__")
        and hasattr(x, "on_epoch_end")
    ):
        return PyDatasetAdapter(x, steps, shuffle, class_weight)
    if is_iterable(x):
        return IterableAdapter(x, steps, class_weight)
    raise TypeError(
        f"`x` is of type {type(x).__name__}, which holds no data that is known here. "
        "Pass arrays, tensors, a DataFrame, a generator, a PyDataset or a data loader."
    )
