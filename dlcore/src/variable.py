"""State: a value that lives on one backend and can be assigned."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import optree

from dlcore.src import backend as backends, scopes
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.export import export
from dlcore.src.symbolic import KerasTensor
from dlcore.src.utils.naming import auto_name, checked_name

_AGGREGATIONS = (None, "none", "mean", "sum", "only_first_replica")
_SYNCHRONIZATIONS = (None, "none", "on_read", "on_write", "auto")


def _checked(name: str, right: Callable[[Any], bool], wanted: str) -> property:
    """Return a property that refuses wrong values."""
    place = f"_{name}"

    def put(self: Any, value: Any) -> None:
        if not right(value):
            kind = TypeError if "boolean" in wanted else ValueError
            raise kind(
                f"Invalid value for attribute `{name}`: `{name}` must be {wanted}. "
                f"Received: {name}={value!r}"
            )
        setattr(self, place, value)

    return property(lambda self: getattr(self, place), put, doc=f"Must be {wanted}.")


@export("dlcore.Variable")
class Variable:
    """A named tensor that changes: a weight, an optimizer's slot, a metric's total.

    Parameters
    ----------
    initializer : array-like, str or Callable
        The first value, or an initializer: a name, or a function
        ``(shape, dtype) -> tensor``.
    shape : sequence of int, optional
        Needed with an initializer.
    dtype : str, optional
        That of the value, or ``floatx()`` with an initializer.
    trainable : bool
        Whether training changes it.
    autocast : bool
        Whether a layer may cast it to the dtype it computes in.
    aggregation : {"none", "mean", "sum", "only_first_replica"}
        How copies on several devices are put together.
    synchronization : {"none", "on_read", "on_write", "auto"}
        When they are.
    name : str, optional
        Without ``"/"``.

    Attributes
    ----------
    value : tensor
        The current value, on ``backend``.
    path : str
        The name with those of the scopes around it.
    overwrite_with_gradient : bool
        Whether an optimizer replaces the value by the gradient.
    regularizer, constraint : Callable or None

    Raises
    ------
    ValueError
        If the shape is missing, is not that of the value or has unknown sizes.

    Examples
    --------
    >>> import dlcore
    >>> v = dlcore.Variable([1.0, 2.0], name="weights")
    >>> _ = v.assign_add([1.0, 1.0])
    >>> v.numpy()
    array([2., 3.], dtype=float32)
    """

    __slots__ = (
        *("__weakref__", "_constraint", "_overwrite_with_gradient", "_regularizer"),
        *("aggregation", "autocast", "backend", "name", "path", "synchronization"),
        *("trainable", "value"),
    )
    __array_ufunc__ = None  # numpy leaves ``array * variable`` to us
    __array_priority__ = 100.0
    # ``==`` compares values, so this must be said: a variable is itself in dicts.
    __hash__ = object.__hash__

    regularizer = _checked(
        "regularizer", lambda v: v is None or callable(v), "a callable or None"
    )
    constraint = _checked(
        "constraint", lambda v: v is None or callable(v), "a callable or None"
    )
    overwrite_with_gradient = _checked(
        "overwrite_with_gradient", lambda v: isinstance(v, bool), "a boolean"
    )

    def __init__(
        self,
        initializer: Any,
        shape: Sequence[int] | None = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str | None = "none",
        synchronization: str | None = "auto",
        name: str | None = None,
    ):
        name = checked_name(name) or auto_name(type(self).__name__)
        for argument, given, known in (
            ("aggregation", aggregation, _AGGREGATIONS),
            ("synchronization", synchronization, _SYNCHRONIZATIONS),
        ):
            if given not in known:
                raise ValueError(
                    f"Invalid value for argument `{argument}`. Expected one of "
                    f"{known}. Received: {argument}={given!r}"
                )
        self.name, self.trainable, self.autocast = name, bool(trainable), bool(autocast)
        self.aggregation = aggregation or "none"
        self.synchronization = synchronization or "none"
        self.path = "/".join(filter(None, (scopes.current_path(), name)))
        self.backend = backends.current()
        self.regularizer = self.constraint = None
        self.overwrite_with_gradient = False
        self.value = self._first(initializer, shape, dtype)

    def _first(self, initializer: Any, shape: Any, dtype: Any) -> Any:
        """Return the first value."""
        if isinstance(initializer, str):
            from dlcore.src.initializers.registry import get

            initializer = get(initializer)
        made = callable(initializer) and not isinstance(initializer, Variable)
        if made:
            if shape is None:
                raise ValueError(
                    "When creating a Variable from an initializer, the `shape` "
                    f"argument must be given. Received: initializer={initializer!r} "
                    "and shape=None"
                )
            if None in tuple(shape):
                raise ValueError(
                    "Shapes used to initialize variables must be fully-defined (no "
                    f"`None` dimensions). Received: shape={tuple(shape)} for variable "
                    f"path={self.path!r}"
                )
            dtype = standardize_dtype(dtype)
            initializer = initializer(tuple(shape), dtype=dtype)
        elif scopes.stateless() is not None:
            raise ValueError(
                "You are attempting to create a variable while in a stateless scope, "
                "which would forget it. Make sure that all variables are created "
                f"before: {self.path!r}."
            )
        value = self._owned(initializer, dtype and standardize_dtype(dtype))
        if shape is not None and tuple(shape) != tuple(value.shape):
            raise ValueError(
                f"Variable: `shape` is {tuple(shape)}, but the value has the shape "
                f"{tuple(value.shape)}."
            )
        return value

    def _owned(self, given: Any, dtype: str | None = "") -> Any:
        """Return a value converted, sharing no memory with anything that can change."""
        from dlcore.src.ops.core import convert_to_numpy, home_of

        given = given.value if isinstance(given, Variable) else given
        home = home_of(given)
        if isinstance(given, np.ndarray) or (home or self.backend) is not self.backend:
            return self.converted(np.array(convert_to_numpy(given)), dtype)
        return self.backend.runtime.own(self.converted(given, dtype))

    def converted(self, value: Any, dtype: str | None = "") -> Any:
        """Return a value as a tensor of its backend.

        Parameters
        ----------
        value : tensor, array-like or Variable
        dtype : str, optional
            By default that of the variable; None for that of the value.
        """
        from dlcore.src.ops.core import convert_to_tensor

        dtype = self.dtype if dtype == "" else dtype
        if backends.current() is self.backend:
            return convert_to_tensor(value, dtype)
        with backends.use_backend(self.backend):
            return convert_to_tensor(value, dtype)

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

    def assign(self, value: Any) -> Any:
        """Give it another value, converted to its backend and dtype.

        Parameters
        ----------
        value : tensor or array-like
            Of this variable's shape.

        Returns
        -------
        tensor
            The new value.

        Raises
        ------
        ValueError
            If the shape is another one.
        """
        if isinstance(value, KerasTensor):
            return value  # a run on shapes changes nothing
        runtime = self.backend.runtime
        if type(value) is type(self.value):
            value = runtime.own(runtime.convert(value, self.dtype))
        else:
            value = self._owned(value)
        if tuple(value.shape) != self.shape:
            raise ValueError(
                "The shape of the target variable and the shape of the target value "
                "in `variable.assign(value)` must match. "
                f"variable.shape={self.shape}, Received: "
                f"value.shape={tuple(value.shape)}. Target variable: {self.path!r}"
            )
        self.put(value)
        return self.value

    def put(self, value: Any) -> None:
        """Give it a value as it is: of its shape and dtype, and nobody else's."""
        scope = scopes.stateless()
        if scope is not None:
            scope.hold(self)
        self.value = value

    def assign_add(self, value: Any) -> Any:
        """Add ``value`` to it; return the new value."""
        return self.assign(self + value)

    def assign_sub(self, value: Any) -> Any:
        """Subtract ``value`` from it; return the new value."""
        return self.assign(self - value)

    # As what other libraries take it for.

    def numpy(self) -> np.ndarray[Any, Any]:
        """Return the value as a numpy array."""
        return self.backend.runtime.to_numpy(self.value)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """Return the value as a numpy array."""
        return np.asarray(self.numpy(), dtype)

    def __jax_array__(self) -> Any:
        """Return the value, for functions of jax."""
        return self.value

    def __tf_tensor__(self, dtype: Any = None, name: str | None = None) -> Any:
        """Return the value, for functions of tensorflow."""
        with backends.use_backend("tensorflow"):
            value = self.value
            convert = backends.current().runtime.convert
            return convert(
                value if self.backend.name == "tensorflow" else self.numpy(),
                dtype and standardize_dtype(dtype),
            )

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Call a function of torch on the values."""

        def plain(x: Any) -> Any:
            return x.value if isinstance(x, Variable) else x

        tree: Any = (args, kwargs or {})
        args, kwargs = optree.tree_map(plain, tree, none_is_leaf=True)
        return function(*args, **kwargs)

    def _scalar(self) -> Any:
        if self.ndim:
            raise TypeError(
                "Only scalar arrays can be converted to Python scalars. "
                f"Got: shape={self.shape}"
            )
        return self.numpy()

    def __float__(self) -> float:
        """Return the value of a scalar."""
        return float(self._scalar())

    def __int__(self) -> int:
        """Return the value of a scalar."""
        return int(self._scalar())

    def __index__(self) -> int:
        """Return the value of an integer scalar."""
        return self._scalar().__index__()

    def __bool__(self) -> bool:
        """Refuse: it is a tensor that changes, and no condition."""
        raise TypeError(
            f"A Variable cannot be used as a boolean: {self.path!r} is a tensor that "
            "changes. Ask for `variable is None`, or for `bool(variable.numpy())`."
        )

    def __len__(self) -> int:
        """Return the size of the first axis."""
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        """Go over the first axis."""
        return iter(self.value)

    def __repr__(self) -> str:
        """Show path, shape, dtype and value."""
        try:
            value = f", value={self.numpy()}"
        except Exception:  # a tracer has none, and looking at it must not fail
            value = ""
        return (
            f"<Variable path={self.path}, shape={self.shape}, "
            f"dtype={self.dtype}{value}>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        from dlcore.src.display import cards

        return cards.variable(self)

    def __treescope_repr__(self, path: str | None, subtree_renderer: Any) -> Any:
        """Unfold it in treescope."""
        from dlcore.src.display import hooks

        return hooks.treescope(self, path, subtree_renderer)


@contextmanager
def lent(variables: Sequence[Variable], values: Sequence[Any]) -> Iterator[None]:
    """Give ``variables`` other values, a tracer's for instance, for a while.

    What a step assigns to them meanwhile is read from ``variable.value`` before
    the block ends; afterwards they have their own values again.
    """
    own = [v.value for v in variables]
    for variable, value in zip(variables, values, strict=True):
        variable.value = value
    outer = _loans.variables
    _loans.variables = (*outer, variables)
    try:
        yield
    finally:
        _loans.variables = outer
        for variable, value in zip(variables, own, strict=True):
            variable.value = value


class _Loans(threading.local):
    variables: tuple[Sequence[Variable], ...] = ()


_loans = _Loans()


def on_loan() -> list[Variable]:
    """Return the variables of this thread that have others' values now."""
    return list({id(v): v for part in _loans.variables for v in part}.values())
