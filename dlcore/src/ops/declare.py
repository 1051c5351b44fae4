"""Declaring ops, ``@primitive(rule)`` and ``@derived``, and the dispatch.

Everything an op can meet has a home: one dict, ``type -> home``, answers with
one look-up an argument. Tensors live on their library's backend; symbolic tensors
and variables are homes of their own that win over it; numbers, lists and numpy
arrays have none (the two rules stand in ``dlcore.src.backend``).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import optree

from dlcore.src import backend as backends, tree
from dlcore.src.backend import sparse
from dlcore.src.ops import documents
from dlcore.src.symbolic import KerasTensor, Node, Spec
from dlcore.src.variable import Variable

F = TypeVar("F", bound=Callable[..., Any])


class Op:
    """What is known of an op; what users call is a plain function.

    Attributes
    ----------
    name : str
    rule : Callable or None
        Arguments -> Spec, or a list of them, for a primitive op.
    body : Callable or None
        The shared implementation of a derived op.
    function : Callable
        The dispatcher.
    sequence : bool
        Whether the first argument is a list of tensors.
    nested : bool
        Whether arguments may be nested structures of tensors.
    found : Callable
        Arguments, keyword arguments -> the values whose types say where it runs.
    """

    __slots__ = (
        *("body", "found", "function", "name", "nested", "rule", "sequence"),
        "signature",
    )

    def __init__(
        self,
        declared: Callable[..., Any],
        rule: Callable[..., Any] | None,
        body: Callable[..., Any] | None,
        sequence: bool,
        nested: bool = False,
    ):
        self.name = declared.__name__
        self.rule = rule
        self.body = body
        self.sequence = sequence
        self.nested = nested
        self.signature = inspect.signature(declared)
        self.found = _nested if nested else _flat
        if sequence:
            self.found = _sequence(next(iter(self.signature.parameters)))
        self.function = _dispatcher(declared, self.found)

    def spec(self, args: Any, kwargs: Any) -> Any:
        """Return what the rule, or the body on symbolic tensors, makes of a call."""
        if self.rule is None:
            return self.body(*args, **kwargs)  # type: ignore[misc]
        if kwargs:  # a rule's parameters have the op's order, not always its names
            bound = self.signature.bind(*args, **kwargs)
            args, kwargs = bound.args, bound.kwargs
        return self.rule(*args, **kwargs)


#: Name -> op.
REGISTRY: dict[str, Op] = {}

#: Type of a value -> who runs ops on it; None: nobody in particular. Filled with
#: the builtin types beforehand, so that tracing compilers only meet ``dict.get``.
HOME: dict[type, Any] = dict.fromkeys(
    (
        *(int, float, bool, complex, str, type(None), list, tuple, dict, slice),
        *(np.ndarray, np.bool_, np.int32, np.int64, np.float32, np.float64),
    )
)
#: Types of sparse tensors, as they are met: their ops have a table of their own.
SPARSE: set[type] = set()
_LIBRARIES = {
    "torch": "torch",
    "jax": "jax",
    "jaxlib": "jax",
    "tensorflow": "tensorflow",
}
_CONTAINERS = frozenset((list, tuple, dict))
_UNKNOWN = object()
_NONE = object()  # in the place of an argument that was not given


def find_home(kind: type) -> Any:
    """Find, and remember, who runs ops on values of a type met for the first time."""
    home = None
    if hasattr(kind, "shape") or hasattr(kind, "ndim"):
        for base in kind.__mro__:
            home = HOME.get(base)
            library = _library(base.__module__)
            if home is None and library is not None:
                home = backends.get(library)
            if home is not None:
                if not home.wins and home.has_sparse(kind):
                    SPARSE.add(kind)
                break
    HOME[kind] = home
    return home


def _sparse(home: Any, values: Any) -> bool:
    """Whether a call at home in a library has sparse tensors among its values."""
    return bool(home) and not home.wins and not SPARSE.isdisjoint(map(type, values))


def _library(module: str) -> str | None:
    """Return the backend whose tensors a module defines, or None."""
    first, *rest = module.split(".")
    if first == "dlcore" and rest[:2] == ["src", "backend"]:
        return rest[2]  # a library's tensors, wrapped by its backend
    return _LIBRARIES.get(first)


def _dispatcher(
    declared: Callable[..., Any], found: Callable[..., Any]
) -> Callable[..., Any]:
    """Return the function that runs an op where its arguments live.

    Which kernel that is follows from the arguments' types. It is remembered for the
    type of the first argument: calls on one argument, and on two of which the second
    has the same type or no home, are nearly all there are.
    """
    name, current, homes = declared.__name__, backends.current, HOME
    # Type -> the kernel where it lives; None: the active backend's.
    kernels: dict[type, Callable[..., Any] | None] = {}
    find = kernels.get

    def general(args: Any, kwargs: Any) -> Any:
        if len(args) == 2 and not kwargs and type(args[1]) is Variable:
            return homes[Variable].ops[name](*args)  # a weight: the usual case
        values = found(args, kwargs)
        home = _home_of(name, values)
        if SPARSE and _sparse(home, values):
            return home.sparse[name](*args, **kwargs)
        kernel = (home or current()).ops[name]
        if found is _flat and args and home is homes[type(args[0])]:
            kernels[type(args[0])] = kernel if home else None
        return kernel(*args, **kwargs)

    @functools.wraps(declared)
    def call(x: Any = _NONE, y: Any = _NONE, /, *rest: Any, **named: Any) -> Any:
        kernel: Any = _UNKNOWN
        if not (rest or named):
            kind = type(x)
            if y is _NONE or type(y) is kind or homes.get(type(y), _UNKNOWN) is None:
                kernel = find(kind, _UNKNOWN)
                if kernel is None:
                    kernel = current().ops[name]
        try:
            if kernel is _UNKNOWN:
                return general(_given(x, y, rest), named)
            return kernel(x) if y is _NONE else kernel(x, y)
        except Exception as error:
            __tracebackhide__ = True  # notebooks show the line that called
            raise _explained(name, _given(x, y, rest), named, error) from None

    call.name = name  # type: ignore[attr-defined]  # as all operations have
    return call


def _given(x: Any, y: Any, rest: Any) -> tuple[Any, ...]:
    return () if x is _NONE else (x,) if y is _NONE else (x, y, *rest)


def _flat(args: Any, kwargs: Any) -> Any:
    return (*args, *kwargs.values()) if kwargs else args


def _nested(args: Any, kwargs: Any) -> Any:
    return optree.tree_leaves((args, kwargs))  # type: ignore[arg-type]


def _sequence(first: str) -> Callable[..., Any]:
    """Return what looks into the first argument, by position or by its name."""

    def found(args: Any, kwargs: Any) -> Any:
        xs = args[0] if args else kwargs.get(first)
        flat = _flat(args, kwargs)
        return (*xs, *flat) if isinstance(xs, list | tuple) else flat

    return found


def _home_of(name: str, values: Any) -> Any:
    """Return who runs an op on these values; None if it is the active backend.

    Raises
    ------
    TypeError
        If they are tensors of two libraries.
    """
    home = None
    for value in values:
        other = HOME.get(type(value), _UNKNOWN)
        if other is _UNKNOWN:
            other = find_home(type(value))
        if other is None:
            continue
        if home is None or other.wins:
            home = other
        elif other is not home and not home.wins:
            raise mixed(name, home, other)
    return home


def _explained(name: str, args: Any, kwargs: Any, error: Exception) -> Exception:
    """Return what a failed call raises: the user's frames, and a clear message."""
    from dlcore.src.ops import errors
    from dlcore.src.utils import tracebacks

    found = errors.explain(name, args, kwargs, error)
    if tracebacks.is_traceback_filtering_enabled():
        return found.with_traceback(tracebacks.without_own_frames(found.__traceback__))
    if found is not error:
        found.add_note(f"The {type(error).__name__} behind it: {error}")
        found = found.with_traceback(error.__traceback__)
    return found


def mixed(name: str, first: backends.Backend, second: backends.Backend) -> TypeError:
    """Return the error for a call on tensors of two libraries."""
    return TypeError(
        f"{name}: the arguments are tensors of two libraries, {first.name} and "
        f"{second.name}. Move one of them first: with dlcore.use_backend("
        f"{first.name!r}), dlcore.ops.convert_to_tensor(x) gives a {first.name} tensor."
    )


def primitive(
    rule: Callable[..., Any], *, sequence: bool = False, nested: bool = False
) -> Callable[[F], F]:
    """Declare an op that every backend implements.

    Parameters
    ----------
    rule : Callable
        The op's arguments -> Spec or list of Spec (see ``rules``).
    sequence : bool
        Whether the first argument is a list of tensors.
    nested : bool
        Whether arguments may be nested structures of tensors.
    """
    return lambda function: _declare(function, rule, None, sequence, nested)


def derived(
    function: Any = None,
    *,
    rule: Callable[..., Any] | None = None,
    sequence: bool = False,
    nested: bool = False,
) -> Any:
    """Declare an op whose body, written with other ops, is its implementation.

    A backend may still have its own.

    Parameters
    ----------
    function : Callable
        When used without arguments.
    rule : Callable, optional
        As for ``primitive``; unless given, the shape of the result is found by running
        the body on symbolic tensors.
    sequence : bool
        Whether the first argument is a list of tensors.
    nested : bool
        Whether arguments may be nested structures of tensors.
    """
    if function is not None:
        return _declare(function, rule, function, sequence, nested)
    return lambda f: _declare(f, rule, f, sequence, nested)


def _declare(function: F, rule: Any, body: Any, sequence: bool, nested: bool) -> F:
    documents.complete(function, rule)
    op = REGISTRY[function.__name__] = Op(function, rule, body, sequence, nested)
    return op.function  # type: ignore[return-value]


class _Runs(dict):
    """Name of an op -> what runs it on things that are no tensors themselves."""

    def __init__(self, make: Callable[[str], Callable[..., Any]]):
        self._make = make

    def __missing__(self, name: str) -> Callable[..., Any]:
        run = self[name] = self._make(name)
        return run


class Symbolic:
    """The home of symbolic tensors: it runs rules instead of kernels."""

    wins, name = True, "symbolic"

    def __init__(self) -> None:
        self.ops = _Runs(lambda name: lambda *a, **k: self.run(name, a, k))

    def run(self, name: str, args: Any, kwargs: Any) -> Any:
        """Compute the shape of an op's result, and remember the call."""
        op = REGISTRY[name]
        spec = op.spec(args, kwargs)
        flags = sparse.flags(name, op.signature.bind(*args, **kwargs).arguments)
        return record(op.function, args, kwargs, spec, flags)


def record(
    function: Callable[..., Any],
    args: Any,
    kwargs: Any,
    specs: Any,
    flags: tuple[bool, bool] | None = None,
) -> Any:
    """Make symbolic tensors for a call's results, with the node that makes them.

    Parameters
    ----------
    function : Callable
        An op's function, or a layer.
    args, kwargs
        What it was called with.
    specs : Spec, KerasTensor, or a structure of them
        Shapes and dtypes of the results.
    flags : tuple of bool, optional
        Whether they are sparse, and ragged; as the specs are unless given.
    """
    node = Node(function, args, kwargs)
    inputs = list(node.inputs)
    recorded = not inputs or any(x.record_history for x in inputs)

    def tensor(spec: Any) -> Any:
        if not isinstance(spec, Spec | KerasTensor):
            return spec
        kinds = flags or (
            getattr(spec, "sparse", False),
            getattr(spec, "ragged", False),
        )
        made = KerasTensor(spec.shape, spec.dtype, *kinds, record_history=recorded)
        if recorded:
            made.node = node
        node.outputs.append(made)
        return made

    return tree.map_structure(tensor, specs)


class Unwrap:
    """The home of variables: an op runs on their values, where they live."""

    wins, name = True, "variable"

    def __init__(self) -> None:
        self.ops = _Runs(self._kernel)

    def _kernel(self, name: str) -> Callable[..., Any]:
        """Return what runs an op; one or two arguments take a short way."""
        run, homes = self.run, HOME

        def fits(kind: type, given: Any, value: Any, home: Any) -> bool:
            """Whether an argument can go to a kernel as it is."""
            if kind is Variable:
                return given.backend is home and type(value) is not KerasTensor
            other = homes.get(kind, _UNKNOWN)
            if other is None:
                return kind not in _CONTAINERS
            return other is home and kind not in SPARSE

        def call(x: Any = _NONE, y: Any = _NONE, /, *rest: Any, **named: Any) -> Any:
            first, second = type(x), type(y)
            if not (rest or named) and (first is Variable or second is Variable):
                home = x.backend if first is Variable else y.backend
                a = x.value if first is Variable else x
                b = y.value if second is Variable else y
                if fits(first, x, a, home):
                    if y is _NONE:
                        return home.ops[name](a)
                    if fits(second, y, b, home):
                        return home.ops[name](a, b)
            return run(name, _given(x, y, rest), named)

        return call

    def run(self, name: str, args: Any, kwargs: Any) -> Any:
        """Run the op on the values; with symbolic arguments variables stay."""
        values = REGISTRY[name].found(args, kwargs)
        homes = list(dict.fromkeys(h for h in map(_of, values) if h is not None))
        if SYMBOLIC in homes:
            if not any(type(v) is KerasTensor for v in values):
                args, kwargs = _plain(args), _plain(kwargs)
            return SYMBOLIC.run(name, args, kwargs)
        if len(homes) > 1:
            raise mixed(name, homes[0], homes[1])
        table = homes[0].sparse if _sparse(homes[0], values) else homes[0].ops
        return table[name](*_plain(args), **_plain(kwargs))


def _of(value: Any) -> Any:
    """Return who runs ops on a value, which may be a variable."""
    if isinstance(value, Variable):
        return SYMBOLIC if type(value.value) is KerasTensor else value.backend
    return HOME.get(type(value))


def _plain(tree: Any) -> Any:
    if isinstance(tree, Variable):
        return tree.value
    if type(tree) is dict:
        return {k: _plain(v) for k, v in tree.items()}
    if type(tree) in (list, tuple):
        return type(tree)(_plain(v) for v in tree)
    return tree


SYMBOLIC = Symbolic()
HOME[KerasTensor] = SYMBOLIC
HOME[Variable] = Unwrap()
