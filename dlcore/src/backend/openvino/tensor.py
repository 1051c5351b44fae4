"""The tensor of the openvino backend: values on the host, which never change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dlcore.src.ops.declare import REGISTRY

Array = np.ndarray[Any, Any]


class Operators:
    """Python's operators, as ops."""

    __slots__ = ()
    #: numpy leaves ``array + tensor`` to the tensor.
    __array_priority__ = 100
    __hash__ = object.__hash__


class Tensor(Operators):
    """Values of one dtype.

    Parameters
    ----------
    array : numpy array
        Kept, not copied.

    Examples
    --------
    >>> import dlcore
    >>> with dlcore.use_backend("openvino"):
    ...     dlcore.ops.arange(3) + 1
    Tensor([1, 2, 3], dtype=int32)
    """

    __slots__ = ("__weakref__", "_keras_mask", "array")

    def __init__(self, array: Array):
        self.array = array

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""
        return self.array.shape

    @property
    def dtype(self) -> str:
        """Name of the dtype."""
        return self.array.dtype.name

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return self.array.ndim

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.array.size

    def numpy(self) -> Array:
        """Return the values as a numpy array."""
        return self.array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Return the values as a numpy array."""
        array = self.array if dtype is None else self.array.astype(dtype, copy=False)
        return array.copy() if copy else array

    def item(self) -> Any:
        """Return the value of a tensor with one element as a number."""
        return self.array.item()

    def tolist(self) -> Any:
        """Return the values as nested lists of numbers."""
        return self.array.tolist()

    def __float__(self) -> float:
        """Return the value of a scalar."""
        return float(self.array)

    def __int__(self) -> int:
        """Return the value of a scalar."""
        return int(self.array)

    def __complex__(self) -> complex:
        """Return the value of a scalar."""
        return complex(self.array)

    def __index__(self) -> int:
        """Return the value of an integer scalar."""
        return self.array.__index__()

    def __bool__(self) -> bool:
        """Return the value of a scalar as a condition."""
        return bool(self.array)

    def __len__(self) -> int:
        """Return the size of the first axis."""
        return len(self.array)

    def __iter__(self) -> Iterator[Tensor]:
        """Go over the first axis."""
        return (Tensor(np.asarray(row)) for row in self.array)

    def __format__(self, spec: str) -> str:
        """Format a scalar like a number."""
        return format(self.array[()] if not self.ndim else self.array, spec)

    def __repr__(self) -> str:
        """Show values and dtype."""
        values = np.array2string(self.array, separator=", ", prefix="Tensor(")
        return f"Tensor({values}, dtype={self.dtype})"


_BINARY = {
    **{"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide"},
    **{"floordiv": "floor_divide", "mod": "mod", "pow": "power", "matmul": "matmul"},
    **{"and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor"},
    **{"lshift": "bitwise_left_shift", "rshift": "bitwise_right_shift"},
}
_COMPARISON = {
    **{"eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal"},
    **{"gt": "greater", "ge": "greater_equal"},
}
_UNARY = {"neg": "negative", "abs": "absolute", "invert": "bitwise_not"}


def _binary(op: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, b: op(a, b)


def _reflected(op: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, b: op(b, a)


def _unary(op: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a: op(a)


for _name, _op in {**_BINARY, **_COMPARISON, "getitem": "get_item"}.items():
    setattr(Operators, f"__{_name}__", _binary(REGISTRY[_op].function))
for _name, _op in _BINARY.items():
    setattr(Operators, f"__r{_name}__", _reflected(REGISTRY[_op].function))
for _name, _op in _UNARY.items():
    setattr(Operators, f"__{_name}__", _unary(REGISTRY[_op].function))
