"""``PyDataset``: batches by number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dlcore.src.export import export
from dlcore.src.random import make_default_seed
from dlcore.src.training.data.adapter import Batch, DataAdapter, Passes
from dlcore.src.training.data.iterables import as_batch


@export("dlcore.utils.PyDataset", "dlcore.utils.Sequence")
class PyDataset:
    """Base class of data that gives any batch by its number.

    A subclass writes ``__getitem__(index)``, which returns a batch, and ``__len__``
    (or ``num_batches``), the number of batches.

    Parameters
    ----------
    workers : int
    use_multiprocessing : bool
    max_queue_size : int
        Accepted for compatibility: batches are made when they are needed.

    Examples
    --------
    >>> import dlcore, numpy as np
    >>> class Zeros(dlcore.utils.PyDataset):
    ...     def __len__(self):
    ...         return 3
    ...     def __getitem__(self, index):
    ...         return np.zeros((4, 2)), np.zeros(4)
    >>> len(Zeros())
    3
    """

    def __init__(
        self,
        workers: int = 1,
        use_multiprocessing: bool = False,
        max_queue_size: int = 10,
    ):
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """Return batch number ``index``."""
        raise NotImplementedError

    @property
    def num_batches(self) -> int | None:
        """Number of batches; None for no end."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(
            "You need to implement the `num_batches` property: return the number of "
            "batches, or None."
        )

    def on_epoch_begin(self) -> None:
        """Run before each epoch."""

    def on_epoch_end(self) -> None:
        """Run after each epoch, to shuffle for instance."""


class PyDatasetAdapter(DataAdapter):
    """Batches of a ``PyDataset``, or of anything like it.

    Parameters
    ----------
    source : PyDataset
    steps : int, optional
    shuffle : bool
        Whether batches come in another order each epoch.
    class_weight : dict of int to float, optional
    """

    def __init__(
        self,
        source: Any,
        steps: int | None = None,
        shuffle: Any = False,
        class_weight: dict[int, float] | None = None,
    ):
        self.source = source
        self.class_weight = class_weight
        length = getattr(source, "num_batches", None)
        if length is None and hasattr(source, "__len__"):
            length = len(source)
        if length is None and steps is None:
            raise ValueError(
                "The PyDataset has no end (`num_batches` is None): give "
                "`steps_per_epoch`."
            )
        self.steps = length if steps is None else steps
        self._length = length
        self.shuffle = shuffle and length is not None
        self._seed = make_default_seed() if self.shuffle else 0
        self._passes = None if length is None else Passes(length, steps)
        self._next = 0

    def _get(self, index: int) -> Batch:
        return as_batch(self.source[index], self.class_weight)

    def first(self) -> Batch:
        """Return batch 0."""
        return self._get(0)

    def epoch(self, index: int) -> Iterator[Batch]:
        """Yield the batches of an epoch."""
        getattr(self.source, "on_epoch_begin", lambda: None)()
        number, begin, count = index, self._next, self.steps or 0
        if self._passes is not None:
            number, begin, count = self._passes.next(index)
        order: Any = None
        if self.shuffle:
            rng = np.random.default_rng([self._seed, number])
            order = rng.permutation(self._length or 0)
        for step in range(begin, begin + count):
            yield self._get(step if order is None else int(order[step]))
        self._next = begin + count
        getattr(self.source, "on_epoch_end", lambda: None)()
