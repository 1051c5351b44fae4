"""Labels and vectors in other forms."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore import ops
from dlcore.src.export import export


@export("dlcore.utils.to_categorical")
def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Return class numbers as one-hot vectors.

    Parameters
    ----------
    x : array-like or tensor of int
        ``(...)`` or ``(..., 1)``, from 0 to ``num_classes - 1``.
    num_classes : int, optional
        By default the largest number plus 1.

    Returns
    -------
    array or tensor
        ``(..., num_classes)``; numpy float64, or for a tensor one of its backend.

    Raises
    ------
    ValueError
        If a class number is out of range.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.utils.to_categorical([0, 2])
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    if ops.is_tensor(x) and not isinstance(x, np.ndarray):
        if len(x.shape) > 1 and x.shape[-1] == 1:
            x = ops.squeeze(x, -1)
        if num_classes is None:
            num_classes = int(ops.max(x)) + 1
        return ops.one_hot(x, num_classes)
    numbers = np.array(x, dtype="int64")
    if numbers.ndim > 1 and numbers.shape[-1] == 1:
        numbers = numbers[..., 0]
    if not num_classes:
        num_classes = int(numbers.max()) + 1
    if numbers.size and not (
        -num_classes <= numbers.min() and numbers.max() < num_classes
    ):
        raise ValueError(
            f"to_categorical: `x` holds class numbers from {numbers.min()} to "
            f"{numbers.max()}, but num_classes={num_classes} allows 0 to "
            f"{num_classes - 1}."
        )
    return np.eye(num_classes)[numbers]


@export("dlcore.utils.normalize")
def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """Divide vectors by their norm; zero vectors stay zero.

    Parameters
    ----------
    x : array or tensor
    axis : int
        Along which the vectors lie.
    order : int
        Of the norm: 2 is the Euclidean one.

    Examples
    --------
    >>> import dlcore, numpy as np
    >>> dlcore.utils.normalize(np.array([[3.0, 4.0]]))
    array([[0.6, 0.8]])
    """
    if not isinstance(x, np.ndarray):
        return ops.normalize(x, axis=axis, order=order)
    norm = np.linalg.norm(x, order, axis, keepdims=True)
    return x / np.where(norm == 0, 1, norm)


@export("dlcore.utils.pad_sequences", "dlcore.preprocessing.sequence.pad_sequences")
def pad_sequences(
    sequences: Any,
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray[Any, Any]:
    """Give sequences one length.

    Parameters
    ----------
    sequences : sequence of sequences
    maxlen : int, optional
        The length; by default that of the longest one.
    dtype : str or dtype
    padding, truncating : {"pre", "post"}
        At which end values are added or cut off.
    value : float or str
        What is added.

    Returns
    -------
    numpy array of shape (len(sequences), maxlen, ...)

    Raises
    ------
    ValueError
        If there are no sequences, their items have different shapes, or an end is
        neither ``"pre"`` nor ``"post"``.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.utils.pad_sequences([[1], [2, 3]])
    array([[0, 1],
           [2, 3]], dtype=int32)
    """
    if not hasattr(sequences, "__len__"):
        raise ValueError(f"`sequences` must be iterable, got {sequences!r}.")
    for name, end, kind in (
        ("truncating", truncating, "Truncating"),
        ("padding", padding, "Padding"),
    ):
        if end not in ("pre", "post"):
            raise ValueError(
                f'{kind} type "{end}" not understood: `{name}` is "pre" or "post".'
            )
    wrong = [s for s in sequences if not hasattr(s, "__len__")]
    if wrong:
        raise ValueError(
            f"`sequences` must be a list of iterables. Found non-iterable: {wrong[0]!r}"
        )
    shape = next((np.asarray(s).shape[1:] for s in sequences if len(s)), ())
    if maxlen is None:
        maxlen = max(map(len, sequences), default=0)
    texts = np.issubdtype(dtype, np.str_) or np.issubdtype(dtype, np.bytes_)
    if isinstance(value, str) and dtype is not object and not texts:
        raise ValueError(
            f"`dtype` {dtype} is not compatible with `value`'s type: {type(value)}\n"
            "You should set `dtype=object` for variable length strings."
        )
    result = np.full((len(sequences), maxlen, *shape), value, dtype=dtype)
    for i, sequence in enumerate(sequences):
        if not len(sequence) or not maxlen:
            continue
        cut = sequence[-maxlen:] if truncating == "pre" else sequence[:maxlen]
        cut = np.asarray(cut, dtype=dtype)
        if cut.shape[1:] != shape:
            raise ValueError(
                f"Shape of sample {cut.shape[1:]} of sequence at position {i} is "
                f"different from expected shape {shape}"
            )
        place = slice(-len(cut), None) if padding == "pre" else slice(len(cut))
        result[i, place] = cut
    return result
