"""Two integers of 4 bits in one byte."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore import ops
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.export import export

_BYTES = ("int8", "uint8")


def _check(dtype: str, found: str, what: str, right: tuple[str, ...]) -> None:
    if dtype not in _BYTES:
        raise ValueError(f"Expected dtype to be 'int8' or 'uint8', but got {dtype!r}.")
    if found not in right:
        raise TypeError(
            f"Expected {' or '.join(right)} tensor for {what}, got {found}."
        )


@export("dlcore.quantizers.pack_int4")
def pack_int4(arr: Any, axis: int = 0, dtype: str = "int8") -> tuple[Any, Any, int]:
    """Pack neighbours along an axis into one byte, the first in the lower half.

    Parameters
    ----------
    arr : tensor
        Integers from -8 to 7, or from 0 to 15, of ``dtype``.
    axis : int
    dtype : {"int8", "uint8"}

    Returns
    -------
    tuple
        The bytes, their shape, and the size of the axis before. An odd last one is
        paired with 0.

    Raises
    ------
    ValueError
        If ``dtype`` is another one.
    TypeError
        If that of ``arr`` is.

    Examples
    --------
    >>> import numpy as np
    >>> packed, shape, size = pack_int4(np.array([1, -1, 7], "int8"))
    >>> packed.tolist(), shape, size
    ([-15, 7], (2,), 3)
    """
    _check(dtype, standardize_dtype(arr.dtype), "packing", (dtype,))
    values = np.moveaxis(ops.convert_to_numpy(arr), axis, 0)
    size = len(values)
    if size % 2:
        values = np.concatenate([values, np.zeros_like(values[:1])])
    halves = values.view("uint8") & 0x0F
    packed = np.moveaxis((halves[::2] | halves[1::2] << 4).view(dtype), 0, axis)
    return ops.convert_to_tensor(np.ascontiguousarray(packed)), packed.shape, size


@export("dlcore.quantizers.unpack_int4")
def unpack_int4(packed: Any, orig_len: int, axis: int = 0, dtype: str = "int8") -> Any:
    """Undo ``pack_int4``.

    Parameters
    ----------
    packed : tensor
        Bytes.
    orig_len : int
        Size of the axis before packing.
    axis : int
    dtype : {"int8", "uint8"}
        Whether the integers go from -8 to 7, or from 0 to 15.

    Returns
    -------
    tensor
        Of ``dtype``.

    Raises
    ------
    ValueError
        If ``dtype`` is another one.
    TypeError
        If ``packed`` is not of bytes.

    Examples
    --------
    >>> import numpy as np
    >>> unpack_int4(np.array([-15, 7], "int8"), 3).tolist()
    [1, -1, 7]
    """
    _check(dtype, standardize_dtype(packed.dtype), "unpacking", _BYTES)
    rank = len(packed.shape)
    axis %= rank
    both = ops.stack(
        [
            ops.bitwise_and(packed, 0x0F),
            ops.bitwise_and(ops.right_shift(packed, 4), 0x0F),
        ],
        axis=axis + 1,
    )
    if dtype == "int8":  # the highest of the four bits is the sign
        both = ops.subtract(ops.bitwise_xor(both, 8), 8)
    shape = [-1 if n is None else n for n in packed.shape]
    shape[axis] = 2 * shape[axis]
    values = ops.cast(ops.reshape(both, shape), dtype)
    if orig_len == shape[axis]:
        return values
    return values[(*[slice(None)] * axis, slice(orig_len))]
