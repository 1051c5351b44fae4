"""A stream of samples or batches, with the usual steps behind one another.

It is what ``dlcore.utils.image_dataset_from_directory`` and its like return: the part
of ``tf.data.Dataset`` that notebooks use, without TensorFlow.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from dlcore.src import tree

_END = object()


class HostArray(np.ndarray[Any, Any]):
    """A numpy array with the method that tensors of other libraries have."""

    def numpy(self) -> np.ndarray[Any, Any]:
        """Return it as a plain array."""
        return np.asarray(self)


def _shown(item: Any) -> Any:
    """Return an item as users get it."""

    def view(x: Any) -> Any:
        return np.asarray(x).view(HostArray) if isinstance(x, np.ndarray) else x

    return tree.map_structure(view, item)


class Dataset:
    """Items made anew each time they are gone through.

    Parameters
    ----------
    make : Callable
        Without arguments; returns an iterator over the items.
    length : int, optional
        How many they are, if that is known.
    class_names : list of str, optional
    file_paths : list of str, optional

    Examples
    --------
    >>> numbers = Dataset(lambda: iter(range(5)), 5)
    >>> list(numbers.map(lambda n: n * n).take(3))
    [0, 1, 4]
    """

    def __init__(
        self,
        make: Callable[[], Iterator[Any]],
        length: int | None = None,
        class_names: list[str] | None = None,
        file_paths: list[str] | None = None,
    ):
        self._make = make
        self._length = length
        self.class_names = class_names
        self.file_paths = file_paths

    def __iter__(self) -> Iterator[Any]:
        """Yield the items; arrays have ``.numpy()``, as tensors do."""
        return map(_shown, self._make())

    def __len__(self) -> int:
        """Return how many items there are."""
        if self._length is None:
            raise TypeError("It is not known how many items this dataset has.")
        return self._length

    def cardinality(self) -> int:
        """Return how many items there are, -2 if that is not known."""
        return -2 if self._length is None else self._length

    def _then(self, make: Callable[[], Iterator[Any]], length: int | None) -> Dataset:
        return Dataset(make, length, self.class_names, self.file_paths)

    def map(
        self, function: Callable[..., Any], num_parallel_calls: Any = None
    ) -> Dataset:
        """Return the results of a function of each item.

        Parameters
        ----------
        function : Callable
            Takes an item; of a tuple, such as ``(x, y)``, each part for itself.
        num_parallel_calls : optional
            Accepted for compatibility.
        """

        def make() -> Iterator[Any]:
            for item in self:
                yield function(*item) if isinstance(item, tuple) else function(item)

        return self._then(make, self._length)

    def filter(self, predicate: Callable[..., Any]) -> Dataset:
        """Return the items for which a function is true."""

        def make() -> Iterator[Any]:
            for item in self:
                if predicate(*item) if isinstance(item, tuple) else predicate(item):
                    yield item

        return self._then(make, None)

    def take(self, count: int) -> Dataset:
        """Return the first items."""
        known = self._length is not None
        length = min(count, len(self)) if known else None
        return self._then(lambda: itertools.islice(self._make(), count), length)

    def skip(self, count: int) -> Dataset:
        """Return all but the first items."""
        length = None if self._length is None else max(len(self) - count, 0)
        return self._then(lambda: itertools.islice(self._make(), count, None), length)

    def repeat(self, count: int | None = None) -> Dataset:
        """Return the items several times, or without an end."""

        def make() -> Iterator[Any]:
            rounds = itertools.count() if count is None or count < 0 else range(count)
            for _ in rounds:
                yield from self._make()

        known = count is not None and count >= 0 and self._length is not None
        return self._then(make, count * len(self) if count and known else None)

    def shuffle(
        self,
        buffer_size: int,
        seed: int | None = None,
        reshuffle_each_iteration: bool = True,
    ) -> Dataset:
        """Return the items in random order.

        Parameters
        ----------
        buffer_size : int
            How many items wait, of which each time one is drawn.
        seed : int, optional
        reshuffle_each_iteration : bool
            Whether the order is another one each time.
        """
        rng = np.random.default_rng(seed)
        first = rng.bit_generator.state

        def make() -> Iterator[Any]:
            if not reshuffle_each_iteration:
                rng.bit_generator.state = first
            waiting: list[Any] = []
            for item in self._make():
                waiting.append(item)
                if len(waiting) >= buffer_size:
                    yield waiting.pop(int(rng.integers(len(waiting))))
            rng.shuffle(waiting)
            yield from waiting

        return self._then(make, self._length)

    def batch(
        self,
        batch_size: int,
        drop_remainder: bool = False,
        num_parallel_calls: Any = None,
    ) -> Dataset:
        """Return batches: each array of so many items stacked along a first axis."""

        def make() -> Iterator[Any]:
            items = self._make()
            while group := list(itertools.islice(items, batch_size)):
                if len(group) == batch_size or not drop_remainder:
                    yield tree.map_structure(lambda *xs: np.stack(xs), *group)

        length = None
        if self._length is not None:
            extra = 0 if drop_remainder else batch_size - 1
            length = (len(self) + extra) // batch_size
        return self._then(make, length)

    def unbatch(self) -> Dataset:
        """Return the items of the batches, one by one."""

        def make() -> Iterator[Any]:
            for batch in self._make():
                for i in range(len(tree.flatten(batch)[0])):
                    yield tree.map_structure(lambda x, i=i: x[i], batch)

        return self._then(make, None)

    def cache(self, filename: str = "") -> Dataset:
        """Return a dataset that keeps its items in memory once they were seen.

        Parameters
        ----------
        filename : str
            Accepted for compatibility.
        """
        kept: list[Any] = []

        def make() -> Iterator[Any]:
            if kept:
                yield from kept
                return
            items = []
            for item in self._make():
                items.append(item)
                yield item
            kept.extend(items)  # only when all were seen

        return self._then(make, self._length)

    def prefetch(self, buffer_size: int = 2) -> Dataset:
        """Return a dataset that makes its next items while the last one is used."""
        ahead = 2 if buffer_size < 1 else buffer_size

        def make() -> Iterator[Any]:
            items = self._make()
            with ThreadPoolExecutor(1) as pool:
                waiting = deque(pool.submit(next, items, _END) for _ in range(ahead))
                while (item := waiting.popleft().result()) is not _END:
                    waiting.append(pool.submit(next, items, _END))
                    yield item

        return self._then(make, self._length)

    def as_numpy_iterator(self) -> Iterator[Any]:
        """Yield the items with plain arrays."""
        return iter(self._make())

    def __repr__(self) -> str:
        """Show how many items there are."""
        count = "unknown length" if self._length is None else f"{self._length} items"
        return f"<Dataset of {count}>"
