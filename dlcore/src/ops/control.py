"""Conditions, loops, and functions of functions."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import optree

from dlcore.src import backend as backends
from dlcore.src.export import export
from dlcore.src.ops import declare, rules
from dlcore.src.ops.core import get_item
from dlcore.src.ops.declare import derived, primitive
from dlcore.src.symbolic import KerasTensor, Spec


def _leaves(tree: Any) -> list[Any]:
    return optree.tree_leaves(tree, none_is_leaf=False)


def _map(function: Callable[..., Any], *trees: Any) -> Any:
    return optree.tree_map(function, *trees)


def spec_of(x: Any) -> Any:
    """Return the spec of a tensor; other things stay what they are."""
    return Spec(rules.shape_of(x), rules.promoted(x)) if hasattr(x, "shape") else x


def _symbolic(x: Any) -> Any:
    """Return a symbolic tensor like ``x``."""
    return KerasTensor(rules.shape_of(x), rules.promoted(x))


def _cond_rule(pred: Any, true_fn: Any, false_fn: Any) -> Any:
    one, two = true_fn(), false_fn()
    ours, theirs = _leaves(one), _leaves(two)
    if len(ours) != len(theirs):
        raise ValueError(f"both branches must return the same structure: {one}, {two}")
    for a, b in zip(ours, theirs, strict=True):
        if rules.shape_of(a) != rules.shape_of(b):
            raise ValueError(f"the branches return different shapes: {one}, {two}")
    return _map(spec_of, one)


@primitive(_cond_rule, nested=True)
def cond(pred: Any, true_fn: Any, false_fn: Any) -> Any:
    """Call one of two functions.

    Parameters
    ----------
    pred : bool tensor of shape ()
    true_fn, false_fn : Callable
        Without arguments; they return the same structure of tensors.

    Returns
    -------
    tensor or structure of tensors
    """


@derived
def switch(index: Any, branches: Any, *operands: Any) -> Any:
    """Call one of several functions with the operands.

    Parameters
    ----------
    index : integer tensor of shape ()
        Which one; the nearest if there is no such function.
    branches : sequence of Callable
    *operands : tensor

    Returns
    -------
    tensor or structure of tensors
    """
    last = branches[-1]
    if len(branches) == 1:
        return last(*operands)

    def rest() -> Any:
        return switch(index - 1, branches[1:], *operands)

    return cond(index <= 0, lambda: branches[0](*operands), rest)


def _while_rule(
    cond: Any, body: Any, loop_vars: Any, maximum_iterations: Any = None
) -> Any:
    return _map(spec_of, loop_vars)


@primitive(_while_rule, nested=True)
def while_loop(
    cond: Any, body: Any, loop_vars: Any, maximum_iterations: Any = None
) -> Any:
    """Repeat ``loop_vars = body(*loop_vars)`` while ``cond(*loop_vars)`` holds.

    Parameters
    ----------
    cond : Callable
        Returns a bool tensor.
    body : Callable
        Returns new values of the same shapes and dtypes.
    loop_vars : tuple or list of tensor
    maximum_iterations : int, optional

    Returns
    -------
    structure of ``loop_vars``
    """


def _fori_rule(lower: Any, upper: Any, body_fun: Any, init_val: Any) -> Any:
    return _map(spec_of, init_val)


@derived(rule=_fori_rule, nested=True)
def fori_loop(lower: Any, upper: Any, body_fun: Any, init_val: Any) -> Any:
    """Repeat ``value = body_fun(i, value)`` for ``i`` in ``[lower, upper)``.

    Parameters
    ----------
    lower, upper : int or integer tensor
    body_fun : Callable
    init_val : tensor or structure of tensors

    Returns
    -------
    structure of ``init_val``
    """
    from dlcore.src.ops.core import cast

    # The counter is a tensor, so that a compiler traces the body once.
    start = cast(lower, "int32")
    _, value = while_loop(
        lambda i, value: i < upper,
        lambda i, value: (i + 1, body_fun(i, value)),
        (start, init_val),
    )
    return value


def check_scan(f: Any, xs: Any, length: Any, unroll: Any = 1) -> None:
    """Raise an error for arguments that ``scan`` cannot use."""
    if not callable(f):
        raise TypeError(f"scan: `f` should be a callable. Received: {f!r}.")
    if xs is None and length is None:
        raise ValueError(
            "scan: there is no `xs` to scan over and no `length`: give one of them."
        )
    if not isinstance(unroll, int) or unroll < 0:
        raise ValueError(
            "scan: `unroll` must be an positive integer or boolean. "
            f"Received: {unroll!r}."
        )


def _scan_rule(
    f: Any,
    init: Any,
    xs: Any = None,
    length: Any = None,
    reverse: bool = False,
    unroll: Any = 1,
) -> Any:
    check_scan(f, xs, length, unroll)
    count, slices = length, xs
    leaves = _leaves(xs)
    if leaves:
        count = rules.shape_of(leaves[0])[0]
        slices = _map(
            lambda x: KerasTensor(rules.shape_of(x)[1:], rules.promoted(x)), xs
        )
    carry, out = f(_map(_symbolic, init), slices)
    stacked = _map(lambda y: Spec((count, *rules.shape_of(y)), rules.promoted(y)), out)
    return _map(spec_of, carry), stacked


@primitive(_scan_rule, nested=True)
def scan(
    f: Any,
    init: Any,
    xs: Any = None,
    length: Any = None,
    reverse: bool = False,
    unroll: Any = 1,
) -> Any:
    """Carry a value along the first axis.

    Parameters
    ----------
    f : Callable
        ``(carry, slice) -> (carry, output)``.
    init : tensor or structure
        The first carry.
    xs : tensor or structure, optional
        What is cut into slices along its first axis.
    length : int, optional
        Number of steps, where there is no ``xs``.
    reverse : bool
        Whether to begin at the end.
    unroll : int or bool
        How many steps a compiler writes out.

    Returns
    -------
    tuple
        The last carry, and the outputs stacked.
    """


def _vectorized_rule(function: Any, elements: Any) -> Any:
    count = rules.shape_of(_leaves(elements)[0])[0]
    one = _map(
        lambda x: KerasTensor(rules.shape_of(x)[1:], rules.promoted(x)), elements
    )
    return _map(
        lambda y: Spec((count, *rules.shape_of(y)), rules.promoted(y)), function(one)
    )


@primitive(_vectorized_rule, nested=True)
def vectorized_map(function: Any, elements: Any) -> Any:
    """Call a function on each slice along the first axis, all at once.

    Parameters
    ----------
    function : Callable
        Gets one slice, or a structure of slices.
    elements : tensor or structure of tensors

    Returns
    -------
    tensor or structure of tensors
        The results, stacked.
    """


def _map_rule(f: Any, xs: Any) -> Any:
    return _vectorized_rule(f, xs)


@derived(rule=_map_rule, nested=True)
def map(f: Any, xs: Any) -> Any:
    """Call a function on each slice along the first axis, one after the other.

    Parameters
    ----------
    f : Callable
        Gets one slice, or a structure of slices.
    xs : tensor or structure of tensors

    Returns
    -------
    tensor or structure of tensors
        The results, stacked.
    """
    return scan(lambda carry, x: (carry, f(x)), (), xs)[1]


def _associative_rule(f: Any, elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    _size_along(elems, axis)
    return _map(spec_of, elems)


def _size_along(elems: Any, axis: int) -> int | None:
    leaves = _leaves(elems)
    axis = rules.canonical_axis(axis, len(rules.shape_of(leaves[0])))
    sizes = {rules.shape_of(x)[axis] for x in leaves}
    if len(sizes) != 1:
        raise ValueError(
            "associative_scan: all of `elems` need the same first dimension, the one "
            f"of axis {axis}; got {[*sizes]}."
        )
    return sizes.pop()


@derived(rule=_associative_rule, nested=True)
def associative_scan(f: Any, elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """All prefixes combined by an associative function, in logarithmic depth.

    Parameters
    ----------
    f : Callable
        Combines two structures of slices, element by element along ``axis``.
    elems : tensor or structure of tensors
    reverse : bool
        Whether to combine from the end.
    axis : int

    Returns
    -------
    structure of ``elems``

    Notes
    -----
    Source: Hillis and Steele, "Data parallel algorithms", 1986.
    """
    from dlcore.src.ops.numpy.shape import concatenate, flip

    leaves = _leaves(elems)
    if not callable(f):
        raise TypeError(f"associative_scan: `f` should be a callable. Received: {f!r}.")
    axis = rules.canonical_axis(axis, len(rules.shape_of(leaves[0])))
    size = _size_along(elems, axis)
    if size is None:
        raise ValueError(
            f"associative_scan: the size of axis {axis} of `elems` must be known when "
            "the function is compiled. Fix it in the shape of the inputs, or use scan, "
            "which takes open sizes."
        )

    def part(tree: Any, begin: Any, end: Any) -> Any:
        key = (*[slice(None)] * axis, slice(begin, end))
        return _map(lambda x: get_item(x, key), tree)

    if reverse:
        elems = _map(lambda x: flip(x, axis), elems)
    distance = 1
    while distance < size:
        combined = f(part(elems, None, -distance), part(elems, distance, None))
        elems = _map(
            lambda a, b: concatenate([a, b], axis),
            part(elems, None, distance),
            combined,
        )
        distance *= 2
    return _map(lambda x: flip(x, axis), elems) if reverse else elems


@export("dlcore.ops.custom_gradient")
def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function its own gradient.

    Parameters
    ----------
    f : Callable
        Returns the result and a function ``grad(*args, upstream) -> gradients``.

    Returns
    -------
    Callable
        The function with this gradient, on the backend of its arguments.

    Examples
    --------
    The logarithm of ``1 + exp(x)``, whose own gradient overflows:

    >>> from dlcore import ops
    >>> @ops.custom_gradient
    ... def softplus(x):
    ...     power = ops.exp(x)
    ...
    ...     def grad(*args, upstream=None):
    ...         return upstream * (1 - 1 / (1 + power))
    ...
    ...     return ops.log1p(power), grad
    >>> softplus(ops.array([0.0]))
    array([0.6931472], dtype=float32)
    """

    def call(*args: Any) -> Any:
        values = [getattr(a, "value", a) for a in args]
        homes = [declare.HOME.get(type(v)) for v in values]
        if declare.SYMBOLIC in homes:
            return f(*values)[0]
        home = next((h for h in homes if isinstance(h, backends.Backend)), None)
        runtime = (home or backends.current()).runtime
        return runtime.custom_gradient(f)(*values)

    return call


@export("dlcore.ops.jvp", "dlcore.ops.linalg.jvp")
def jvp(fun: Any, primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """Differentiate forwards: a function's value and its change along tangents.

    Parameters
    ----------
    fun : Callable
    primals, tangents : sequence of tensor
        The arguments, and a direction of the same shapes.
    has_aux : bool
        Whether ``fun`` returns something else besides, which is not differentiated.

    Returns
    -------
    tuple
        The value, its derivative along the tangents, and what came besides.

    Examples
    --------
    >>> import dlcore
    >>> from dlcore import ops
    >>> with dlcore.use_backend("jax"):
    ...     value, slope = ops.jvp(ops.square, [ops.array(3.0)], [ops.array(1.0)])
    >>> float(value), float(slope)
    (9.0, 6.0)
    """
    homes = [declare.HOME.get(type(v)) for v in primals]
    if declare.SYMBOLIC in homes:
        out, *aux = fun(*primals) if has_aux else (fun(*primals),)
        return (out, _map(lambda x: KerasTensor(x.shape, x.dtype), out), *aux)
    home = next((h for h in homes if isinstance(h, backends.Backend)), None)
    runtime = (home or backends.current()).runtime
    primals = [runtime.convert(getattr(p, "value", p)) for p in primals]
    tangents = [runtime.convert(getattr(t, "value", t)) for t in tangents]
    return runtime.jvp(fun, primals, tangents, has_aux)


def _core_axes(signature: str) -> list[int]:
    """Return how many core axes each argument of a signature has."""
    left = signature.partition("->")[0]
    return [
        len([n for n in group.split(",") if n.strip()])
        for group in re.findall(r"\(([^)]*)\)", left)
    ]


@export("dlcore.ops.vectorize", "dlcore.ops.numpy.vectorize")
def vectorize(
    pyfunc: Callable[..., Any], *, excluded: Any = None, signature: Any = None
) -> Any:
    """Make a function of single elements one of whole tensors, which broadcast.

    Parameters
    ----------
    pyfunc : Callable
    excluded : set of int, optional
        Numbers of arguments that are passed on as they are.
    signature : str, optional
        Core axes, for instance ``"(n),(n)->()"``; single elements unless given.

    Returns
    -------
    Callable

    Examples
    --------
    >>> from dlcore import ops
    >>> square = ops.vectorize(lambda x: x * x)
    >>> square(ops.arange(3)).shape
    (3,)
    """
    from dlcore.src.ops.core import convert_to_tensor
    from dlcore.src.ops.numpy.shape import broadcast_to, reshape

    if not callable(pyfunc):
        raise ValueError(f"vectorize: `pyfunc` must be callable, got {pyfunc!r}.")
    fixed = set(excluded or ())

    @functools.wraps(pyfunc)
    def call(*args: Any) -> Any:
        moving = [i for i in range(len(args)) if i not in fixed]
        xs = [convert_to_tensor(args[i]) for i in moving]
        core = _core_axes(signature) if signature else [0] * len(xs)
        if len(core) != len(xs):
            raise TypeError(
                f"vectorize: {signature!r} is for {len(core)} arguments, got {len(xs)}."
            )
        cuts = [len(rules.shape_of(x)) - n for x, n in zip(xs, core, strict=True)]
        shapes = [rules.shape_of(x) for x in xs]
        lead = rules.broadcast_shapes(
            *(s[:c] for s, c in zip(shapes, cuts, strict=True))
        )
        rows = [
            reshape(broadcast_to(x, (*lead, *s[c:])), (-1, *s[c:]))
            for x, s, c in zip(xs, shapes, cuts, strict=True)
        ]

        def one(slices: Any) -> Any:
            full = list(args)
            for i, value in zip(moving, slices, strict=True):
                full[i] = value
            return pyfunc(*full)

        found = vectorized_map(one, rows)
        return _map(lambda y: reshape(y, (*lead, *rules.shape_of(y)[1:])), found)

    return call
