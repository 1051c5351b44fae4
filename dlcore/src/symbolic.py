"""Tensors without values: ops on them compute shapes, and remember the graph."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from dlcore.src.dtypes import standardize_dtype
from dlcore.src.export import export

Shape = tuple[int | None, ...]
_counter = itertools.count(1)


class Spec:
    """A shape and a dtype: what a rule computes.

    Parameters
    ----------
    shape : sequence of int or None
        None stands for a size that is not known yet.
    dtype : str
    """

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: Any, dtype: str = "float32"):
        self.shape: Shape = tuple(shape)
        self.dtype = dtype

    def __repr__(self) -> str:
        """Show shape and dtype."""
        return f"Spec({self.shape}, {self.dtype!r})"

    def __eq__(self, other: object) -> bool:
        """Compare shape and dtype."""
        if not isinstance(other, Spec):
            return False
        return (self.shape, self.dtype) == (other.shape, other.dtype)

    def __hash__(self) -> int:
        """Hash shape and dtype."""
        return hash((self.shape, self.dtype))


class Node:
    """One call in a graph: an operation, its arguments, what came out.

    Attributes
    ----------
    operation : Callable
        A layer, or the function of an op.
    args, kwargs
        The arguments, symbolic tensors among them.
    outputs : list of KerasTensor
    """

    __slots__ = ("args", "kwargs", "operation", "outputs")

    def __init__(self, operation: Any, args: Any, kwargs: Any):
        self.operation = operation
        self.args = args
        self.kwargs = kwargs
        self.outputs: list[KerasTensor] = []

    @property
    def inputs(self) -> Iterator[KerasTensor]:
        """The symbolic tensors among the arguments, nested ones included."""
        return _symbolic_in((self.args, self.kwargs))


def _symbolic_in(tree: Any) -> Iterator[KerasTensor]:
    if isinstance(tree, KerasTensor):
        yield tree
    elif isinstance(tree, dict):
        for value in tree.values():
            yield from _symbolic_in(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _symbolic_in(value)


@export("dlcore.KerasTensor")
class KerasTensor:
    """A tensor that has a shape and a dtype, and no value yet.

    Parameters
    ----------
    shape : sequence of int or None
    dtype : str, optional
        ``"float32"`` unless given.
    name : str, optional
    sparse, ragged : bool
        Remembered for compatibility: tensors are dense.

    Examples
    --------
    >>> import dlcore
    >>> x = dlcore.KerasTensor((None, 3))
    >>> (x + 1.0).shape
    (None, 3)
    """

    __slots__ = (
        *("__weakref__", "_keras_mask", "dtype", "name", "node", "ragged", "shape"),
        "sparse",
    )
    __array_ufunc__ = None  # numpy leaves ``array + tensor`` to us

    def __init__(
        self,
        shape: Any,
        dtype: str = "float32",
        name: str | None = None,
        node: Node | None = None,
        sparse: bool = False,
        ragged: bool = False,
    ):
        if isinstance(shape, int):
            raise ValueError(f"A shape is a sequence, got {shape}: write ({shape},).")
        self.sparse, self.ragged = sparse, ragged
        self.shape: Shape = tuple(shape)
        self.dtype = standardize_dtype(dtype)
        self.name = name or f"keras_tensor_{next(_counter)}"
        self.node = node
        self._keras_mask = None

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    def __repr__(self) -> str:
        """Show shape and dtype."""
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    def _no_value(self, wanted: str) -> TypeError:
        return TypeError(
            f"A KerasTensor has no value, so it cannot be {wanted}. It only stands for "
            "a future tensor while a model is put together: use functions of "
            "dlcore.ops on it, or call the model on an array."
        )

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: there is no value."""
        raise self._no_value("made a numpy array")

    def __bool__(self) -> bool:
        """Refuse: there is no value."""
        raise self._no_value("used as a condition")

    def __float__(self) -> float:
        """Refuse: there is no value."""
        raise self._no_value("made a number")

    __int__ = __index__ = __float__

    def __len__(self) -> int:
        """Refuse: the length may be open."""
        raise self._no_value("measured with len()")

    def __iter__(self) -> Iterator[KerasTensor]:
        """Refuse: the length may be open."""
        raise self._no_value("iterated over")


@export("dlcore.backend.is_keras_tensor", "dlcore.utils.is_keras_tensor")
def is_keras_tensor(x: Any) -> bool:
    """Whether ``x`` is a symbolic tensor.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.backend.is_keras_tensor(dlcore.KerasTensor((2,)))
    True
    """
    return isinstance(x, KerasTensor)
