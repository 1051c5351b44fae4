"""A dataset in two parts, and the tuples that ``fit`` takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcore.src import backend as backends, tree
from dlcore.src.export import export
from dlcore.src.utils.dataset import Dataset


@export("dlcore.utils.split_dataset")
def split_dataset(
    dataset: Any,
    left_size: float | int | None = None,
    right_size: float | int | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Any, Any]:
    """Split a dataset in two: for training and for validation, say.

    Parameters
    ----------
    dataset : arrays, tf.data.Dataset, torch Dataset, or what this library returns
        Arrays, also in nested tuples, lists and dicts, are of one length.
    left_size, right_size : float or int, optional
        A share between 0 and 1, or how many samples; what is not given is the rest.
    shuffle : bool
        Whether the samples change places before.
    seed : int, optional
    preferred_backend : {"tensorflow", "torch", "jax", "numpy"}, optional
        "tensorflow" asks for ``tf.data.Dataset``, as a dataset of that kind and the
        active backend do by themselves.

    Returns
    -------
    tuple of two datasets
        Of samples, or of batches if they came in batches. What is not
        ``tf.data.Dataset`` has ``len``, can be indexed, and has ``map``, ``batch``,
        ``shuffle`` and the like; a torch ``DataLoader`` takes it.

    Raises
    ------
    TypeError
        If it is nothing that holds samples, or a size is no number.
    ValueError
        If the sizes leave a part empty, or are more than there is.

    Examples
    --------
    >>> import dlcore, numpy as np
    >>> left, right = dlcore.utils.split_dataset(np.arange(10), left_size=0.8)
    >>> len(left), len(right)
    (8, 2)
    """
    samples = _samples(dataset)
    left, right = _sizes(left_size, right_size, len(samples))
    order = np.arange(len(samples))
    if shuffle:
        np.random.default_rng(seed).shuffle(order)
    parts = order[:left], order[len(order) - right :]
    wanted = preferred_backend or _kind(dataset)
    if wanted == "tensorflow":
        from dlcore.src.backend.tensorflow.data import from_samples

        size = getattr(dataset, "_batch_size", None)
        first, second = (from_samples([samples[i] for i in p], size) for p in parts)
        return first, second
    return Samples(samples, parts[0]), Samples(samples, parts[1])


class Samples(Dataset):
    """Some of the samples of a sequence: a dataset that can be indexed.

    Parameters
    ----------
    samples : sequence
    order : array of int
        Which ones, and in what order.
    """

    def __init__(self, samples: Any, order: np.ndarray[Any, Any]):
        super().__init__(lambda: (samples[int(i)] for i in order), len(order))
        self._samples = samples
        self._order = order

    def __getitem__(self, index: int) -> Any:
        """Return a sample."""
        return self._samples[int(self._order[index])]


class _Rows(Sequence[Any]):
    """Arrays of one length, row by row."""

    def __init__(self, arrays: Any):
        lengths = {len(a) for a in tree.flatten(arrays)}
        if len(lengths) != 1:
            raise ValueError(
                "The arrays of a dataset must have one length, got lengths "
                f"{sorted(lengths)}."
            )
        self._arrays = tuple(arrays) if isinstance(arrays, list) else arrays
        self._length = lengths.pop()

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: Any) -> Any:
        return tree.map_structure(lambda a: a[index], self._arrays)


def _samples(dataset: Any) -> Any:
    """Return the samples of a dataset as a sequence."""
    if isinstance(dataset, np.ndarray | list | tuple):
        return _Rows(tree.map_structure(np.asarray, dataset))
    if _is_tf_data(dataset):
        single = dataset.unbatch() if hasattr(dataset, "_batch_size") else dataset
        return list(single.as_numpy_iterator())
    if hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__"):
        return dataset
    if isinstance(dataset, Dataset) or hasattr(dataset, "__iter__"):
        return list(dataset)
    raise TypeError(
        "`dataset` must be arrays, a dataset of samples or an iterable, got "
        f"{dataset!r} of type {type(dataset).__name__}."
    )


def _is_tf_data(dataset: Any) -> bool:
    return hasattr(dataset, "as_numpy_iterator") and hasattr(dataset, "element_spec")


def _kind(dataset: Any) -> str:
    if isinstance(dataset, np.ndarray | list | tuple):
        return backends.current().name
    return "tensorflow" if _is_tf_data(dataset) else "numpy"


def _sizes(left: Any, right: Any, count: int) -> tuple[int, int]:
    """Return how many samples go to each side."""
    if left is None and right is None:
        raise ValueError("At least one of `left_size` and `right_size` must be given.")
    numbers = [
        _number(name, size, count)
        for name, size in (("left_size", left), ("right_size", right))
    ]
    if isinstance(left, float) and isinstance(right, float) and left + right > 1:
        raise ValueError(
            "The sum of `left_size` and `right_size` is greater than 1, got "
            f"{left} + {right}."
        )
    first, second = numbers
    first = count - (second or 0) if first is None else first
    second = count - first if second is None else second
    if first + second > count or not first or not second:
        raise ValueError(
            f"left_size={left} and right_size={right} give {first} and {second} "
            f"samples, but there are {count}, and no part may be empty."
        )
    return first, second


def _number(name: str, size: Any, count: int) -> int | None:
    if size is None:
        return None
    if isinstance(size, bool) or not isinstance(size, int | float):
        raise TypeError(
            f"Invalid `{name}` type: a float or an int is expected, got {size!r}."
        )
    if isinstance(size, int) and not 0 < size < count:
        raise ValueError(
            f"`{name}` must be a positive integer smaller than {count}, the number of "
            f"samples, or a float between 0 and 1, got {size}."
        )
    if isinstance(size, float) and not 0 < size < 1:
        raise ValueError(f"`{name}` must be between 0 and 1, got {size}.")
    return round(size * count) if isinstance(size, float) else size


@export("dlcore.utils.unpack_x_y_sample_weight")
def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Return ``(x, y, sample_weight)`` of what ``train_step`` is given.

    Parameters
    ----------
    data : tensor, or tuple or list of one to three
        What is not there becomes None.

    Raises
    ------
    ValueError
        If there are more.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.utils.unpack_x_y_sample_weight(("x", "y"))
    ('x', 'y', None)
    """
    from dlcore.src.training.data.adapter import unpack

    return unpack(data)


@export("dlcore.utils.pack_x_y_sample_weight")
def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return what ``fit`` takes of a dataset: ``x`` alone, or a tuple.

    Parameters
    ----------
    x, y, sample_weight : tensor, or nested tensors
        ``y`` and ``sample_weight`` may be None.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.utils.pack_x_y_sample_weight("x", "y")
    ('x', 'y')
    """
    if y is None:
        return (x,) if isinstance(x, tuple | list) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)
