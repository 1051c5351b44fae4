"""Ops about tensors as such: conversion, shape, dtype, indexing."""

from __future__ import annotations

import builtins
from typing import Any

import ml_dtypes
import numpy as np

from dlcore.src import backend as backends
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.export import export
from dlcore.src.ops import declare, rules
from dlcore.src.ops.declare import derived, primitive
from dlcore.src.symbolic import KerasTensor, Spec
from dlcore.src.variable import Variable


def _cast_rule(x: Any, dtype: Any) -> Spec:
    return Spec(rules.shape_of(x), standardize_dtype(dtype))


@primitive(_cast_rule)
def cast(x: Any, dtype: Any) -> Any:
    """Convert a tensor to another dtype.

    Parameters
    ----------
    x : tensor
    dtype : str or dtype

    Returns
    -------
    tensor
        Of the same shape. Floats are truncated towards zero on their way to
        integers.

    Notes
    -----
    On jax the 64-bit dtypes mean the 32-bit ones, unless ``jax_enable_x64`` is set.
    What float8 cannot hold becomes its largest number on torch, and NaN or infinity
    elsewhere: see ``saturate_cast``.

    Examples
    --------
    >>> from dlcore import ops
    >>> ops.convert_to_numpy(ops.cast([1.5, 2.5], "int32"))
    array([1, 2], dtype=int32)
    """


def _get_item_rule(x: Any, key: Any) -> Spec:
    keys = list(key) if isinstance(key, tuple) else [key]
    shape = list(rules.shape_of(x))
    used = sum(1 for k in keys if k is not None and k is not Ellipsis)
    if sum(k is Ellipsis for k in keys) > 1:
        raise ValueError(f"`key` may hold one ellipsis, got {key}")
    result: list[int | None] = []
    axis = 0
    for k in keys:
        if k is None:
            result.append(1)
        elif k is Ellipsis:
            gap = len(shape) - used
            result += shape[axis : axis + gap]
            axis += gap
        elif axis >= len(shape):
            raise ValueError(f"too many indices for a tensor of shape {tuple(shape)}")
        elif isinstance(k, builtins.slice):
            size = shape[axis]
            plain = k.start is None and k.stop is None and k.step in (None, 1)
            if size is None:
                result.append(None)
            else:
                result.append(size if plain else len(range(*k.indices(size))))
            axis += 1
        elif isinstance(k, int | np.integer):
            size = shape[axis]
            if size is not None and not -size <= k < size:
                raise ValueError(
                    f"index {k} is out of bounds for axis {axis} of shape "
                    f"{tuple(shape)}"
                )
            axis += 1
        elif rules.promoted(k) == "bool":
            result.append(None)
            axis += len(rules.shape_of(k))
        else:
            result += rules.shape_of(k)
            axis += 1
    return Spec((*result, *shape[axis:]), rules.promoted(x))


@export("dlcore.ops.numpy.get_item")
@primitive(_get_item_rule)
def get_item(x: Any, key: Any) -> Any:
    """Return ``x[key]``.

    Parameters
    ----------
    x : tensor
    key : int, slice, None, Ellipsis, integer tensor, or a tuple of these

    Returns
    -------
    tensor
        With the dtype of ``x``.

    Examples
    --------
    >>> from dlcore import ops
    >>> ops.convert_to_numpy(ops.get_item(ops.arange(4), slice(1, 3)))
    array([1, 2], dtype=int32)
    """


@primitive(rules.same)
def stop_gradient(variable: Any) -> Any:
    """Return the same values, cut off from differentiation."""


@export("dlcore.ops.convert_to_tensor", "dlcore.ops.core.convert_to_tensor")
def convert_to_tensor(
    x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None
) -> Any:
    """Make a tensor of the active backend.

    Parameters
    ----------
    x : array-like, tensor or Variable
        A tensor of another library moves to the active backend.
    dtype : str, optional
        By default that of ``x``; Python floats become ``floatx()``, Python integers
        int32.
    sparse, ragged : bool, optional
        False makes a sparse or ragged tensor dense. Otherwise it stays what it is, and
        a dense one stays dense.

    Returns
    -------
    tensor
        A KerasTensor stays what it is.

    Examples
    --------
    >>> from dlcore import ops
    >>> ops.convert_to_tensor([1.0, 2.0]).shape
    (2,)
    """
    if isinstance(x, KerasTensor):
        x = x if dtype is None else cast(x, dtype)
        if (x.sparse and sparse is False) or (x.ragged and ragged is False):
            kept = {"sparse": sparse, "ragged": ragged}
            spec = Spec(x.shape, x.dtype)
            x = declare.record(convert_to_tensor, (x,), kept, spec)
        return x
    backend = backends.current()
    if isinstance(x, Variable):
        x = x.value
    home = home_of(x)
    if home is not None and home is not backend:
        x = backend.take(x, home)
    elif type(x) in declare.SPARSE and not (sparse is False or ragged is False):
        return x if dtype is None else cast(x, dtype)
    return backend.runtime.convert(x, dtype and standardize_dtype(dtype))


def home_of(x: Any) -> backends.Backend | None:
    """Return the backend whose tensor ``x`` is; None for numpy's arrays and others."""
    home = declare.HOME.get(type(x), declare._UNKNOWN)
    if home is declare._UNKNOWN:
        home = declare.find_home(type(x))
    return home if isinstance(home, backends.Backend) else None


@export("dlcore.ops.convert_to_numpy", "dlcore.ops.core.convert_to_numpy")
def convert_to_numpy(x: Any) -> np.ndarray[Any, Any]:
    """Return the values of a tensor of any backend as a numpy array.

    Examples
    --------
    >>> from dlcore import ops
    >>> ops.convert_to_numpy(ops.ones((2,)))
    array([1., 1.], dtype=float32)
    """
    if isinstance(x, Variable):
        return x.numpy()
    if isinstance(x, KerasTensor):
        raise ValueError(
            f"convert_to_numpy: a symbolic tensor has no value to convert: {x}."
        )
    home = home_of(x)
    return np.asarray(x) if home is None else home.runtime.to_numpy(x)


@export("dlcore.ops.is_tensor", "dlcore.ops.core.is_tensor")
def is_tensor(x: Any) -> bool:
    """Whether ``x`` is a tensor of a backend; a symbolic one too.

    A numpy array is one where numpy is the active backend.

    Examples
    --------
    >>> from dlcore import ops
    >>> ops.is_tensor(ops.ones((2,))), ops.is_tensor([1.0, 1.0])
    (True, False)
    """
    if isinstance(x, np.ndarray):  # is it what the active backend computes with?
        return isinstance(backends.current().runtime.convert(0), np.ndarray)
    return isinstance(x, KerasTensor) or home_of(x) is not None


@export("dlcore.ops.shape", "dlcore.ops.core.shape")
def shape(x: Any) -> tuple[int | Any, ...]:
    """Return the shape as a tuple; a size that is not known yet is None.

    Examples
    --------
    >>> from dlcore import ops
    >>> ops.shape(ops.zeros((2, 3)))
    (2, 3)
    """
    return rules.shape_of(x)


@export("dlcore.ops.dtype", "dlcore.ops.core.dtype")
def dtype(x: Any) -> str:
    """Return the name of a tensor's dtype.

    Examples
    --------
    >>> from dlcore import ops
    >>> ops.dtype(ops.zeros((2,)))
    'float32'
    """
    return standardize_dtype(rules.dtype_of(x))


def _slice_rule(inputs: Any, start_indices: Any, shape: Any) -> Spec:
    sizes = rules.shape_of(inputs)
    starts = rules.shape_of(start_indices)[0]
    if not rules.same_sizes(starts, len(sizes)):
        raise ValueError(
            f"the {starts} dimensions in `start_indices` must match the {len(sizes)} "
            "dimensions in `inputs`"
        )
    if len(shape) != len(sizes):
        raise ValueError(
            f"the {len(sizes)} dimensions in `inputs` must match the {len(shape)} "
            "dimensions in `shape`"
        )
    # -1 stands for all that is left behind a start that is known.
    return Spec(
        [
            _rest(d, start_indices, i) if s == -1 else s
            for i, (s, d) in enumerate(zip(shape, sizes, strict=True))
        ],
        rules.promoted(inputs),
    )


def _rest(size: int | None, starts: Any, i: int) -> int | None:
    if (
        size is None
        or isinstance(starts, KerasTensor)
        or isinstance(starts[i], KerasTensor)
    ):
        return None
    return size - int(starts[i])


@primitive(_slice_rule)
def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    """Cut out a block.

    Parameters
    ----------
    inputs : tensor
    start_indices : sequence of int or integer tensor
        Where the block begins, one number an axis.
    shape : sequence of int
        The block's sizes.
    """


def _slice_update_rule(inputs: Any, start_indices: Any, updates: Any) -> Spec:
    sizes, block = rules.shape_of(inputs), rules.shape_of(updates)
    starts = rules.shape_of(start_indices)[0]
    if len(sizes) != len(block) or not rules.same_sizes(starts, len(sizes)):
        raise ValueError(
            "`inputs` and `updates` need as many dimensions as `start_indices` has "
            f"numbers, got {sizes}, {block} and {starts}"
        )
    return rules.same(inputs)


@primitive(_slice_update_rule)
def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    """Return ``inputs`` with a block replaced.

    Parameters
    ----------
    inputs : tensor
    start_indices : sequence of int or integer tensor
        Where the block begins, one number an axis.
    updates : tensor
        The new block.
    """


def _scatter_rule(indices: Any, values: Any, shape: Any) -> Spec:
    result = Spec(shape, rules.promoted(values))
    _scatter_update_rule(result, indices, values)
    return result


@derived(rule=_scatter_rule)
def scatter(indices: Any, values: Any, shape: Any) -> Any:
    """Put values into zeros; values of one place are added up.

    Parameters
    ----------
    indices : integer tensor of shape (n, k)
        Places: the first k coordinates.
    values : tensor of shape (n, *shape[k:])
    shape : sequence of int
        Shape of the result.
    """
    from dlcore.src.ops.numpy.creation import zeros

    dtype = rules.promoted(values)
    return scatter_update(zeros(tuple(shape), dtype), indices, values, "add")


def _scatter_update_rule(
    inputs: Any, indices: Any, updates: Any, reduction: str | None = None
) -> Spec:
    known = (None, "add", "max", "min", "mul")
    if reduction not in known:
        raise ValueError(f"`reduction` is one of {known}, got {reduction!r}")
    sizes, places = rules.shape_of(inputs), rules.shape_of(indices)
    depth = places[-1] if places else 0
    if not places or (depth is not None and depth > len(sizes)):
        raise ValueError(
            "the last axis of `indices` holds coordinates, at most one for each of "
            f"the {len(sizes)} dimensions of shape {sizes}: got the shape {places}"
        )
    if depth is not None:
        rules.broadcast_shapes((*places[:-1], *sizes[depth:]), rules.shape_of(updates))
    return rules.same(inputs)


@primitive(_scatter_update_rule)
def scatter_update(
    inputs: Any, indices: Any, updates: Any, reduction: str | None = None
) -> Any:
    """Return ``inputs`` with the elements or slices at some places replaced.

    Parameters
    ----------
    inputs : tensor
    indices : integer tensor of shape (n, k)
        Places: the first k coordinates.
    updates : tensor of shape (n, *inputs.shape[k:])
    reduction : {None, "add", "max", "min", "mul"}
        How an update is combined with what is there.
    """


@derived
def unstack(x: Any, num: int | None = None, axis: int = 0) -> Any:
    """Take a tensor apart along an axis.

    Parameters
    ----------
    x : tensor
    num : int, optional
        Size of the axis, where it is not known.
    axis : int

    Returns
    -------
    list of tensor
    """
    sizes = rules.shape_of(x)
    axis = rules.canonical_axis(axis, len(sizes))
    count = num or sizes[axis]
    if count is None:
        raise ValueError(
            f"unstack: Cannot infer argument `num` from shape {sizes}: axis {axis} is "
            "not known. Give `num`."
        )
    front = (builtins.slice(None),) * axis
    return [get_item(x, (*front, i)) for i in range(count)]


def _view_rule(x: Any, dtype: Any = None) -> Spec:
    sizes, old = rules.shape_of(x), rules.promoted(x)
    new = standardize_dtype(dtype or old)
    before, after = (np.dtype(getattr(ml_dtypes, d, d)).itemsize for d in (old, new))
    if before == after:
        return Spec(sizes, new)
    last = sizes[-1] if sizes else 0
    if last is None:
        return Spec(sizes, new)
    if (last * before) % after:
        raise ValueError(f"{last} numbers of {old} are no whole number of {new}")
    return Spec((*sizes[:-1], last * before // after), new)


@export("dlcore.ops.numpy.view")
@primitive(_view_rule)
def view(x: Any, dtype: Any = None) -> Any:
    """Return the same bytes, read as another dtype; the last axis changes its size.

    Parameters
    ----------
    x : tensor
    dtype : str
    """


@export("dlcore.ops.ndim", "dlcore.ops.numpy.ndim")
def ndim(x: Any) -> int:
    """Return the number of dimensions.

    Examples
    --------
    >>> from dlcore import ops
    >>> ops.ndim(ops.zeros((2, 3)))
    2
    """
    return len(rules.shape_of(x))


@export("dlcore.ops.size", "dlcore.ops.numpy.size")
def size(x: Any) -> int | Any:
    """Return the number of elements; of a symbolic tensor, as a symbolic scalar.

    Examples
    --------
    >>> from dlcore import ops
    >>> ops.size(ops.zeros((2, 3)))
    6
    """
    if isinstance(x, KerasTensor):
        return declare.record(size, (x,), {}, Spec((), "int32"))
    return rules.size_of(rules.shape_of(x))
