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

from dlcore.src import backend as backends
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
    """

    __slots__ = ("body", "function", "name", "nested", "rule", "sequence", "signature")

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
        self.function = _dispatcher(declared, sequence, nested)

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
_LIBRARIES = {
    "torch": "torch",
    "jax": "jax",
    "jaxlib": "jax",
    "tensorflow": "tensorflow",
    "dlcore": "openvino",
}
_UNKNOWN = object()


def find_home(kind: type) -> Any:
    """Find, and remember, who runs ops on values of a type met for the first time."""
    home = None
    if hasattr(kind, "shape"):
        for base in kind.__mro__:
            name = _LIBRARIES.get(base.__module__.partition(".")[0])
            if name:
                home = backends.get(name)
                break
    HOME[kind] = home
    return home


def _dispatcher(
    declared: Callable[..., Any], sequence: bool, nested: bool = False
) -> Callable[..., Any]:
    name, homes, current = declared.__name__, HOME, backends.current

    @functools.wraps(declared)
    def call(*args: Any, **kwargs: Any) -> Any:
        home = None
        found = args[0] if sequence and args else args
        if nested:
            found = optree.tree_leaves((args, kwargs))  # type: ignore[arg-type]
        for a in found:
            h = homes.get(type(a), _UNKNOWN)
            if h is not None:
                if h is _UNKNOWN:
                    h = find_home(type(a))
                    if h is None:
                        continue
                if home is None or h.wins:
                    home = h
                elif h is not home and not home.wins:
                    raise mixed(name, home, h)
        if kwargs:
            for a in kwargs.values():
                h = homes.get(type(a), _UNKNOWN)
                if h is not None:
                    if h is _UNKNOWN:
                        h = find_home(type(a))
                        if h is None:
                            continue
                    if home is None or h.wins:
                        home = h
                    elif h is not home and not home.wins:
                        raise mixed(name, home, h)
        if home is None:
            home = current()
        elif home.wins:
            return home.run(name, args, kwargs)
        return home.ops[name](*args, **kwargs)

    return call


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


class Symbolic:
    """The home of symbolic tensors: it runs rules instead of kernels."""

    wins, name = True, "symbolic"

    def run(self, name: str, args: Any, kwargs: Any) -> Any:
        """Compute the shape of an op's result, and remember the call."""
        op = REGISTRY[name]
        try:
            spec = op.spec(args, kwargs)
        except (TypeError, ValueError, IndexError) as error:
            raise _named(name, error) from error
        return record(op.function, args, kwargs, spec)


def _named(name: str, error: Exception) -> Exception:
    """Return the error of a rule with the op's name in front."""
    text = str(error)
    return type(error)(text if text.startswith(f"{name}:") else f"{name}: {text}")


def record(function: Callable[..., Any], args: Any, kwargs: Any, specs: Any) -> Any:
    """Make symbolic tensors for a call's results, with the node that makes them."""
    node = Node(function, args, kwargs)

    def tensor(spec: Any) -> Any:
        if isinstance(spec, list | tuple):
            return type(spec)(tensor(s) for s in spec)
        if not isinstance(spec, Spec | KerasTensor):
            return spec
        made = KerasTensor(spec.shape, spec.dtype, node=node)
        node.outputs.append(made)
        return made

    return tensor(specs)


class Unwrap:
    """The home of variables: an op runs on their values, where they live."""

    wins, name = True, "variable"

    def run(self, name: str, args: Any, kwargs: Any) -> Any:
        """Run the op on the values; symbolic arguments keep the variable."""
        home: Any = None
        values = [*args, *kwargs.values()]
        if REGISTRY[name].sequence and args:
            values += args[0]
        if REGISTRY[name].nested:
            values = optree.tree_leaves((args, kwargs))  # type: ignore[arg-type]
        for a in values:
            h = HOME.get(type(a))
            if h is SYMBOLIC:
                return SYMBOLIC.run(name, args, kwargs)
            if type(a) is Variable:
                if type(a.value) is KerasTensor:
                    return SYMBOLIC.run(name, _plain(args), _plain(kwargs))
                h = a.backend
            if h is not None:
                if home is not None and h is not home:
                    raise mixed(name, home, h)
                home = h
        return home.ops[name](*_plain(args), **_plain(kwargs))


def _plain(tree: Any) -> Any:
    if type(tree) is Variable:
        return tree.value
    if type(tree) is dict:
        return {k: _plain(v) for k, v in tree.items()}
    if type(tree) in (list, tuple):
        return type(tree)(_plain(v) for v in tree)
    return tree


SYMBOLIC = Symbolic()
HOME[KerasTensor] = SYMBOLIC
HOME[Variable] = Unwrap()
