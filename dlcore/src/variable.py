"""State: a value that lives on one backend and can be assigned."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from dlcore.src import backend as backends
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.export import export
from dlcore.src.symbolic import KerasTensor

_counter = itertools.count(1)


@export("dlcore.Variable")
class Variable:
    """A named tensor that changes: a weight, an optimizer's slot, a metric's total.

    Parameters
    ----------
    initializer : array-like or Callable
        The first value, or a function ``(shape, dtype) -> tensor``.
    shape : sequence of int, optional
        Needed when the initializer is a function.
    dtype : str, optional
        That of the value, or ``floatx()`` when the initializer is a function.
    trainable : bool
        Whether training changes it.
    name : str, optional

    Examples
    --------
    >>> import dlcore
    >>> v = dlcore.Variable([1.0, 2.0], name="weights")
    >>> v.assign_add([1.0, 1.0]).numpy()
    array([2., 3.], dtype=float32)
    """

    __slots__ = (
        "__weakref__",
        "aggregation",
        "autocast",
        "backend",
        "constraint",
        "name",
        "path",
        "regularizer",
        "trainable",
        "value",
    )
    __array_ufunc__ = None  # numpy leaves ``array * variable`` to us

    def __init__(
        self,
        initializer: Any,
        shape: Sequence[int] | None = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str = "none",
        name: str | None = None,
    ):
        self.backend = backends.current()
        runtime = self.backend.runtime
        if callable(initializer):
            if shape is None:
                raise ValueError(
                    "Variable: `shape` is needed when `initializer` is a function, "
                    f"got initializer={initializer!r} and shape=None."
                )
            dtype = standardize_dtype(dtype)
            initializer = initializer(tuple(shape), dtype=dtype)
        value = runtime.convert(initializer, dtype and standardize_dtype(dtype))
        if shape is not None and tuple(shape) != tuple(value.shape):
            raise ValueError(
                f"Variable: `shape` is {tuple(shape)}, but the value has the shape "
                f"{tuple(value.shape)}."
            )
        self.value = runtime.own(value)
        self.name = name or f"variable_{next(_counter)}"
        self.path = self.name
        self.trainable = trainable
        self.autocast = autocast
        self.aggregation = aggregation
        self.regularizer: Callable[[Any], Any] | None = None
        self.constraint: Callable[[Any], Any] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape; an assigned value must have it too."""
        return tuple(self.value.shape)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.value.shape)

    @property
    def dtype(self) -> str:
        """Name of its dtype."""
        return standardize_dtype(self.value.dtype)

    def assign(self, value: Any) -> Variable:
        """Give it another value, converted to its backend and dtype.

        Parameters
        ----------
        value : tensor or array-like
            Of this variable's shape.

        Raises
        ------
        ValueError
            If the shape is another one.
        """
        runtime = self.backend.runtime
        if isinstance(value, KerasTensor):
            return self  # a run on shapes changes nothing
        value = runtime.convert(getattr(value, "value", value), self.dtype)
        if tuple(value.shape) != self.shape:
            raise ValueError(
                f"The variable {self.path!r} has the shape {self.shape}; a value of "
                f"shape {tuple(value.shape)} cannot be assigned to it."
            )
        self.value = runtime.own(value)
        return self

    def assign_add(self, value: Any) -> Variable:
        """Add ``value`` to it."""
        return self.assign(self + value)

    def assign_sub(self, value: Any) -> Variable:
        """Subtract ``value`` from it."""
        return self.assign(self - value)

    def numpy(self) -> np.ndarray[Any, Any]:
        """Return the value as a numpy array."""
        return self.backend.runtime.to_numpy(self.value)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """Return the value as a numpy array."""
        return np.asarray(self.numpy(), dtype)

    def __float__(self) -> float:
        """Return the value of a scalar."""
        return float(self.numpy())

    def __int__(self) -> int:
        """Return the value of a scalar."""
        return int(self.numpy())

    def __index__(self) -> int:
        """Return the value of an integer scalar."""
        return self.numpy().__index__()

    def __bool__(self) -> bool:
        """Return the value of a scalar as a condition."""
        return bool(self.numpy())

    def __len__(self) -> int:
        """Return the size of the first axis."""
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        """Go over the first axis."""
        return iter(self.value)

    def __repr__(self) -> str:
        """Show path, shape, dtype and backend."""
        return (
            f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, "
            f"backend={self.backend.name}>"
        )


@contextmanager
def lent(variables: Sequence[Variable], values: Sequence[Any]) -> Iterator[None]:
    """Give ``variables`` other values, a tracer's for instance, for a while.

    What a step assigns to them meanwhile is read from ``variable.value`` before
    the block ends; afterwards they have their own values again.
    """
    own = [v.value for v in variables]
    for variable, value in zip(variables, values, strict=True):
        variable.value = value
    try:
        yield
    finally:
        for variable, value in zip(variables, own, strict=True):
            variable.value = value
