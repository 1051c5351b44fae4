"""Arrays in memory: numpy, pandas, tensors of any backend, nested ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from typing import Any

import numpy as np

from dlcore.src import config, tree
from dlcore.src.ops.core import convert_to_numpy, is_tensor
from dlcore.src.random import make_default_seed
from dlcore.src.training.data.adapter import Batch, DataAdapter, Passes
from dlcore.src.training.data.sparse import Rows, as_rows, is_sparse

Array = np.ndarray[Any, Any]


def _is_pandas(x: Any) -> bool:
    return type(x).__module__.partition(".")[0] == "pandas" and hasattr(x, "to_numpy")


def is_array(x: Any) -> bool:
    """Whether it is an array, a tensor, a DataFrame or a Series."""
    return isinstance(x, np.ndarray) or _is_pandas(x) or is_tensor(x) or is_sparse(x)


def is_arrays(x: Any) -> bool:
    """Whether it is made of arrays, or of nested lists of numbers."""
    if is_array(x):
        return True
    if isinstance(x, dict):
        return _all_arrays(x.values())
    if isinstance(x, list | tuple):
        return _all_arrays(x)
    return False


def _all_arrays(parts: Collection[Any]) -> bool:
    """Whether parts are arrays, numbers or text; optional inputs may be None."""
    return bool(parts) and all(
        v is None or isinstance(v, int | float | str) or is_arrays(v) for v in parts
    )


def _numbers(x: Any) -> bool:
    """Whether it is a list of numbers, or of lists of numbers: one array."""
    while isinstance(x, list | tuple) and x:
        x = x[0]
    return isinstance(x, int | float | bool | str)


def as_arrays(x: Any) -> Any:
    """Return nested numpy arrays; floats as ``floatx()``."""
    if x is None:
        return None
    if isinstance(x, list | tuple) and _numbers(x):
        x = np.asarray(x)
    if isinstance(x, dict):
        return {k: as_arrays(v) for k, v in x.items()}
    if isinstance(x, list | tuple):
        parts = [as_arrays(v) for v in x]
        return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)
    if _is_pandas(x):
        x = x.to_numpy()
        x = x[:, None] if x.ndim == 1 else x
        if x.dtype == object:
            x = _from_objects(x)
    if is_sparse(x):
        return as_rows(x)
    array = convert_to_numpy(x)
    if array.dtype.kind == "O":
        _refuse_objects(array)
    if array.dtype.kind == "f" and array.dtype != config.floatx():
        array = array.astype(config.floatx())
    if array.ndim == 0:
        raise ValueError(f"Data must have a batch axis; a scalar {array!r} has none.")
    return array


def _refuse_objects(x: Array) -> None:
    """Say what to do about rows of different lengths, text and other objects."""
    first = x.flat[0] if x.size else None
    if isinstance(first, str | bytes):
        return  # text: layers that look words up take it
    hint = (
        "Its rows have different lengths: dlcore.utils.pad_sequences makes one array "
        "of them."
        if isinstance(first, list | tuple | np.ndarray)
        else "Give numbers, for instance x.astype('float32')."
    )
    raise ValueError(
        f"An array of Python objects, of shape {x.shape}, cannot be trained on; the "
        f"first one is {type(first).__name__} {str(first)[:60]!r}. {hint}"
    )


def _from_objects(x: Array) -> Array:
    try:
        return x.astype(config.floatx())
    except (TypeError, ValueError):
        return x


def check_lengths(**named: Any) -> int:
    """Return the number of samples that all arrays have.

    Raises
    ------
    ValueError
        If they differ; says how many each of them has.
    """
    sizes = {
        name: [len(a) for a in tree.leaves(value)] for name, value in named.items()
    }
    sizes = {name: found for name, found in sizes.items() if found}
    if len({n for found in sizes.values() for n in found}) > 1:
        shown = "; ".join(
            f"{name} sizes: {', '.join(map(str, found))}"
            for name, found in sizes.items()
        )
        raise ValueError(
            "Data cardinality is ambiguous. Make sure all arrays contain the same "
            f"number of samples: {shown}"
        )
    if not sizes:
        raise ValueError("There is no data: all arrays are None.")
    return next(iter(sizes.values()))[0]


class ArrayAdapter(DataAdapter):
    """Batches of arrays in memory.

    Parameters
    ----------
    x, y, sample_weight : arrays, or nested ones
    batch_size : int
    steps : int, optional
        Ends an epoch earlier; the next one goes on where it ended.
    shuffle : bool or "batch"
        Whether samples, or whole batches, come in another order each epoch.
    class_weight : dict of int to float, optional
    """

    in_memory = True

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        batch_size: int = 32,
        steps: int | None = None,
        shuffle: Any = False,
        class_weight: dict[int, float] | None = None,
    ):
        x, y, sample_weight = map(as_arrays, (x, y, sample_weight))
        self.length = check_lengths(x=x, y=y, sample_weight=sample_weight)
        if class_weight is not None:
            sample_weight = class_weights(y, sample_weight, class_weight)
        self.data: Batch = (x, y, sample_weight)
        self.batch_size = int(batch_size)
        if self.batch_size < 1:
            raise ValueError(f"`batch_size` must be positive, got {batch_size}.")
        whole = math.ceil(self.length / self.batch_size)
        self.steps = whole if steps is None else min(steps, whole)
        self.full = min(self.steps, self.length // self.batch_size)
        self._passes = Passes(whole, steps)
        self.shuffle = shuffle
        self._seed = make_default_seed() if shuffle else 0
        if not self.length:
            raise ValueError("There is no data: the arrays have no samples.")

    def first(self) -> Batch:
        """Return the first batch."""
        return self._take(slice(0, self.batch_size))

    def _take(self, key: Any) -> Batch:
        return tree.map_structure(lambda a: None if a is None else a[key], self.data)

    def order(self, index: int) -> Array | None:
        """Return the order of the samples in an epoch; None as they are."""
        if not self.shuffle:
            return None
        rng = np.random.default_rng([self._seed, index])
        if self.shuffle == "batch":
            whole = self.length // self.batch_size
            blocks = rng.permutation(whole) * self.batch_size
            order = (blocks[:, None] + np.arange(self.batch_size)).ravel()
            return np.concatenate([order, np.arange(len(order), self.length)])
        return rng.permutation(self.length)

    def epoch(self, index: int) -> Iterator[Batch]:
        """Yield the batches of an epoch."""
        for _, batch in self.groups(index, lambda: 1):
            yield batch

    def groups(
        self, index: int, size: Callable[[], int]
    ) -> Iterator[tuple[int, Batch]]:
        """Yield ``(number of batches, batches)``, up to ``size()`` of them stacked."""
        number, step, length = self._passes.next(index)
        order, n, last = self.order(number), self.batch_size, step + length
        full = min(last, self.length // n)
        while step < last:
            count = size()
            count = count if step + count <= full else 1
            begin, end = step * n, min((step + count) * n, self.length)
            key = slice(begin, end) if order is None else order[begin:end]
            batch = self._take(key)
            if count > 1:
                batch = tree.map_structure(
                    lambda a: None if a is None else _cut(a, n), batch
                )
            yield count, batch
            step += count


def _cut(array: Array, size: int) -> Array:
    """Return an array cut into batches: one axis more at the front."""
    return array.reshape(len(array) // size, size, *array.shape[1:])


def class_weights(y: Any, sample_weight: Any, class_weight: dict[int, float]) -> Array:
    """Return a weight for each sample from the weights of classes.

    Raises
    ------
    ValueError
        If there are sample weights as well, or no single array of labels.
    """
    if sample_weight is not None:
        raise ValueError(
            "You cannot `class_weight` and `sample_weight` at the same time."
        )
    if y is None or tree.is_nested(y):
        raise ValueError(
            "`class_weight` is only supported for models with a single output, and "
            "needs `y`."
        )
    labels = convert_to_numpy(y)
    if labels.ndim > 1 and labels.shape[-1] > 1:
        labels = labels.argmax(axis=-1)
    elif labels.ndim > 1:
        labels = labels.squeeze(-1)
    labels = np.round(labels).astype("int64")
    weights = np.ones(labels.shape, config.floatx())
    for label, weight in class_weight.items():
        weights[labels == int(label)] = weight
    return weights


def split(
    arrays: tuple[Any, ...], validation_split: float
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Cut the last share of the samples off, for validation.

    Raises
    ------
    ValueError
        If one of the two parts would be empty, or the data is not in arrays.
    """
    if not is_arrays(arrays[0]):
        raise ValueError(
            "Argument `validation_split` is only supported for arrays and tensors; "
            f"x is a {type(arrays[0]).__name__}. Pass `validation_data` instead."
        )
    if not 0 < validation_split < 1:
        raise ValueError(
            f"`validation_split` must be between 0 and 1, got {validation_split}."
        )
    found = tuple(map(as_arrays, arrays))
    names = ("x", "y", "sample_weight")
    length = check_lengths(**dict(zip(names, found, strict=True)))
    at = math.floor(length * (1.0 - validation_split))
    if at in (0, length):
        raise ValueError(
            f"Training data contains {length} samples, which is not sufficient to "
            "split it into a validation and training set as specified by "
            f"`validation_split={validation_split}`. Either provide more data, or a "
            "different value for the `validation_split` argument."
        )

    def rows(array: Any, key: slice) -> Any:
        return array.rows(key) if type(array) is Rows else array[key]

    def part(key: slice) -> tuple[Any, ...]:
        return tuple(
            tree.map_structure(lambda a: None if a is None else rows(a, key), value)
            for value in found
        )

    return part(slice(0, at)), part(slice(at, None))
