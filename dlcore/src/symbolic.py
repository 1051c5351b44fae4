"""Tensors without values: ops on them compute shapes, and remember the graph."""

from __future__ import annotations

import itertools
import operator
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
    sparse, ragged : bool
        Remembered for compatibility: tensors are dense.
    record_history : bool
        Whether calls on it become nodes of a graph.
    name : str, optional

    Raises
    ------
    ValueError
        If the shape is no sequence of sizes.

    Examples
    --------
    >>> import dlcore
    >>> x = dlcore.KerasTensor((None, 3))
    >>> (x + 1.0).shape
    (None, 3)
    """

    __slots__ = (
        *("__weakref__", "_dtype", "_keras_mask", "_ragged", "_shape", "_sparse"),
        *("name", "node", "record_history"),
    )
    __array_ufunc__ = None  # numpy leaves ``array + tensor`` to us
    __array_priority__ = 100.0

    def __init__(
        self,
        shape: Any,
        dtype: str = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
        node: Node | None = None,
    ):
        if sparse and ragged:
            raise ValueError(
                "A KerasTensor cannot have `sparse=True` and `ragged=True` at the same "
                "time."
            )
        self._shape = _sizes(shape)
        self._dtype = standardize_dtype(dtype)
        self._sparse, self._ragged = bool(sparse), bool(ragged)
        self.record_history = record_history
        self.name = name or f"keras_tensor_{next(_counter)}"
        self.node = node
        self._keras_mask = None

    def _fixed(name: str) -> property:  # type: ignore[misc]
        """Return a property that cannot be set."""

        def put(self: Any, value: Any) -> None:
            raise AttributeError(
                f"The `{name}` attribute of KerasTensor is immutable. Make another "
                "KerasTensor instead."
            )

        return property(lambda self: getattr(self, f"_{name}"), put)

    shape = _fixed("shape")
    dtype = _fixed("dtype")
    sparse = _fixed("sparse")
    ragged = _fixed("ragged")
    del _fixed

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    def reshape(self, newshape: Any) -> Any:
        """Return it with another shape, as ``dlcore.ops.reshape``."""
        from dlcore.src.ops.numpy.shape import reshape

        return reshape(self, newshape)

    def squeeze(self, axis: Any = None) -> Any:
        """Return it without axes of size 1, as ``dlcore.ops.squeeze``."""
        from dlcore.src.ops.numpy.shape import squeeze

        return squeeze(self, axis)

    def __repr__(self) -> str:
        """Show shape, dtype and name."""
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        from dlcore.src.display import cards

        return cards.symbolic(self)

    def _no_value(self, wanted: str) -> str:
        return (
            f"A KerasTensor {wanted}: {self!r} is symbolic, it stands for a future "
            "tensor while a model is put together, and doesn't have any actual "
            "numerical value. Use functions of dlcore.ops on it, wrap other code in a "
            "layer, or call the model on an array."
        )

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: there is no value."""
        raise ValueError(self._no_value("cannot be converted to a numpy array"))

    def __tf_tensor__(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: there is no value."""
        raise ValueError(
            self._no_value("cannot be used as input to a TensorFlow function")
        )

    def __bool__(self) -> bool:
        """Refuse: there is no value."""
        raise TypeError(
            self._no_value("cannot be used as a boolean")
            + " For `if`, use dlcore.ops.cond or dlcore.ops.where."
        )

    def __float__(self) -> float:
        """Refuse: there is no value."""
        raise ValueError(self._no_value("cannot be converted to a float"))

    def __int__(self) -> int:
        """Refuse: there is no value."""
        raise ValueError(self._no_value("cannot be converted to an int"))

    def __index__(self) -> int:
        """Refuse: there is no value."""
        raise TypeError(self._no_value("cannot be used as an index"))

    def __len__(self) -> int:
        """Refuse: the length may be open."""
        raise TypeError(
            self._no_value("has no length")
            + " Its sizes stand in `shape`; None is one that is not known."
        )

    def __iter__(self) -> Iterator[KerasTensor]:
        """Refuse: the length may be open."""
        raise NotImplementedError(
            self._no_value("cannot be iterated over")
            + " dlcore.ops.unstack(x, num=...) takes it apart."
        )


def _sizes(shape: Any) -> Shape:
    """Return a shape as a tuple of int and None.

    Raises
    ------
    ValueError
        If it is no sequence of sizes.
    """
    if isinstance(shape, int) or shape is None:
        raise ValueError(f"A shape is a sequence, got {shape}: write ({shape},).")
    sizes: list[int | None] = []
    for size in shape:
        if size is not None:
            try:
                size = operator.index(size)
            except TypeError:
                raise ValueError(
                    f"Cannot convert {shape!r} to a shape: found the size {size!r} of "
                    f"type {type(size).__name__}."
                ) from None
            if size < 0:
                raise ValueError(
                    f"Cannot convert {shape!r} to a shape: negative sizes are not "
                    "allowed; None stands for one that is not known."
                )
        sizes.append(size)
    return tuple(sizes)


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
