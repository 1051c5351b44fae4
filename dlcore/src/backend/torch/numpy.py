"""torch's functions, under numpy's names and with Keras' dtypes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from dlcore.src.backend import kinds
from dlcore.src.backend.torch.runtime import NATIVE, convert
from dlcore.src.dtypes import result_type, standardize_dtype
from dlcore.src.ops import rules
from dlcore.src.ops.numpy.creation import arange_dtype
from dlcore.src.ops.numpy.matrices import _diagonal_rule
from dlcore.src.ops.numpy.shape import check_constant, pad_widths, sections

_NUMBERS = (int, float)
_PYTHON = (int, float, bool, complex)
_FLOATS = frozenset(
    (
        *(torch.float32, torch.float64, torch.float16, torch.bfloat16),
        *(torch.complex64, torch.complex128),
    )
)


def dtype_of(x: Any) -> Any:
    """Return what ``result_type`` wants to know of an argument."""
    return type(x) if type(x) in _PYTHON else convert(x).dtype


def promote(*xs: Any) -> list[Tensor]:
    """Return tensors of the promoted dtype."""
    dtype = result_type(*map(dtype_of, xs))
    return [convert(x, dtype) for x in xs]


def floats(*xs: Any) -> list[Tensor]:
    """Return tensors of the promoted dtype, floating."""
    dtype = rules.float_of(result_type(*map(dtype_of, xs)))
    return [convert(x, dtype) for x in xs]


def _elementwise(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(x1: Any, x2: Any) -> Any:
        kind2 = type(x2)
        if type(x1) is Tensor:
            if kind2 is Tensor:
                if x1.dtype == x2.dtype and x1.dtype not in _UNSIGNED:
                    return fn(x1, x2)
            elif kind2 in _NUMBERS and x1.dtype in _FLOATS and fn in _TAKES_NUMBERS:
                return fn(x1, x2)
        x1, x2 = promote(x1, x2)
        return _widened(fn, x1, x2) if x1.dtype in _UNSIGNED else fn(x1, x2)

    return op


#: What torch stores, but has hardly an op on -> what it computes with instead.
_UNSIGNED = {
    torch.uint16: torch.int32,
    torch.uint32: torch.int64,
    torch.uint64: torch.int64,
}
#: Right for uint64 too: the bits of the result do not depend on the sign.
_MODULAR = {torch.add, torch.subtract, torch.multiply, torch.matmul, torch.eq, torch.ne}


def _widened(fn: Callable[..., Any], x1: Tensor, x2: Tensor) -> Tensor:
    """Compute with unsigned integers in wider ones with a sign."""
    dtype = x1.dtype
    if dtype == torch.uint64 and fn not in _MODULAR:
        return fn(x1, x2)
    wide = _UNSIGNED[dtype]
    found = fn(x1.to(wide), x2.to(wide))
    return found.to(dtype) if found.dtype == wide else found


_TAKES_NUMBERS = {
    *(torch.add, torch.subtract, torch.multiply, torch.pow, torch.remainder),
    *(torch.floor_divide, torch.fmod, torch.eq, torch.ne, torch.lt, torch.le),
    *(torch.gt, torch.ge, torch.true_divide),
}


def _floating(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(x: Any) -> Any:
        if type(x) is Tensor and x.dtype in _FLOATS:
            return fn(x)
        return fn(*floats(x))

    return op


def _floating2(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(x1: Any, x2: Any) -> Any:
        if type(x1) is Tensor and x1.dtype in _FLOATS:
            if type(x2) is Tensor:
                if x1.dtype == x2.dtype:
                    return fn(x1, x2)
            elif type(x2) in _NUMBERS and fn in _TAKES_NUMBERS:
                return fn(x1, x2)
        return fn(*floats(x1, x2))

    return op


def _same(fn: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: fn(x if type(x) is Tensor else convert(x))


def _logical(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(x1: Any, x2: Any) -> Any:
        return fn(
            x1 if type(x1) is Tensor else convert(x1),
            x2 if type(x2) is Tensor else convert(x2),
        )

    return op


def _integers(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function for which torch has no bool kernel."""

    def op(x: Any) -> Any:
        x = convert(x)
        return fn(x.to(torch.int32)) if x.dtype == torch.bool else fn(x)

    return op


def _bool_stays(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(x: Any) -> Any:
        x = convert(x)
        return x if x.dtype == torch.bool else fn(x)

    return op


divide = true_divide = _floating2(torch.true_divide)
square = _integers(torch.square)
absolute = _bool_stays(torch.abs)
sign = _bool_stays(torch.sign)
trunc = _bool_stays(torch.trunc)
real = _same(lambda x: torch.real(x) if x.is_complex() else x)
imag = _same(lambda x: torch.imag(x) if x.is_complex() else torch.zeros_like(x))
conjugate = _same(lambda x: torch.conj(x).resolve_conj())
fabs = _floating(torch.abs)


def round(x: Any, decimals: int = 0) -> Any:
    x = convert(x)
    if x.dtype == torch.bool:
        return x.to(torch.int32)
    if not x.is_floating_point():
        if decimals >= 0:
            return x
        scaled = x.to(torch.float64) / 10**-decimals
        return (torch.round(scaled) * 10**-decimals).to(x.dtype)
    return torch.round(x, decimals=decimals)


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    if type(x) is Tensor and x.dtype in _FLOATS:
        if type(x_min) in _NUMBERS and type(x_max) in _NUMBERS:
            return torch.clamp(x, x_min, x_max)
    x, x_min, x_max = promote(x, x_min, x_max)
    if x.dtype == torch.bool:
        x, x_min, x_max = (v.to(torch.int32) for v in (x, x_min, x_max))
    return torch.minimum(torch.maximum(x, x_min), x_max)


def nan_to_num(x: Any, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    x = convert(x)
    if not x.is_floating_point():
        return x
    return torch.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


# Shapes


def reshape(x: Any, newshape: Any) -> Any:
    newshape = (newshape,) if isinstance(newshape, int) else tuple(newshape)
    return torch.reshape(convert(x), newshape)


def transpose(x: Any, axes: Any = None) -> Any:
    x = convert(x)
    axes = range(x.ndim)[::-1] if axes is None else axes
    return x.permute(*axes) if x.ndim else x


def broadcast_to(x: Any, shape: Any) -> Any:
    return torch.broadcast_to(convert(x), (shape,) if isinstance(shape, int) else shape)


def joined(xs: Any) -> list[Tensor]:
    """Return tensors of one dtype."""
    tensors = [convert(x) for x in xs]
    if len({t.dtype for t in tensors}) == 1:
        return tensors
    dtype = NATIVE[result_type(*(t.dtype for t in tensors))]
    return [t.to(dtype) for t in tensors]


def concatenate(xs: Any, axis: int = 0) -> Any:
    return torch.cat(joined(xs), dim=axis)


def stack(x: Any, axis: int = 0) -> Any:
    return torch.stack(joined(x), dim=axis)


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    x = convert(x)
    sizes = sections(x.shape[axis], indices_or_sections, False)
    return list(torch.split(x, sizes, dim=axis))


def pad(
    x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None
) -> Any:
    x = convert(x)
    widths = pad_widths(pad_width, x.ndim)
    if mode == "constant":
        flat = [n for pair in widths[::-1] for n in pair]
        value = 0 if constant_values is None else constant_values
        if isinstance(value, Tensor):
            value = value.item()
        if x.dtype == torch.bool:
            wide = torch.nn.functional.pad(x.to(torch.uint8), flat, value=int(value))
            return wide.to(torch.bool)
        return torch.nn.functional.pad(x, flat, value=value)
    check_constant(mode, constant_values)
    for axis, (before, after) in enumerate(widths):
        if before or after:
            x = torch.index_select(x, axis, _border(x.shape[axis], before, after, mode))
    return x


def _border(size: int, before: int, after: int, mode: str) -> Tensor:
    """Return which element stands in each place of a padded axis."""
    place = torch.arange(-before, size + after)
    if mode == "edge":
        return place.clamp(0, size - 1)
    if mode == "wrap":
        return place % size
    if mode == "symmetric":
        place = place % (2 * size)
        return torch.where(place < size, place, 2 * size - 1 - place)
    if mode == "reflect":
        if size == 1:
            return torch.zeros_like(place)
        place = place % (2 * size - 2)
        return torch.where(place < size, place, 2 * size - 2 - place)
    raise ValueError(
        f"pad: `mode` is constant, edge, reflect, symmetric or wrap, got {mode!r}."
    )


def tile(x: Any, repeats: Any) -> Any:
    return torch.tile(
        convert(x), (repeats,) if isinstance(repeats, int) else tuple(repeats)
    )


def repeat(x: Any, repeats: Any, axis: Any = None) -> Any:
    if not isinstance(repeats, int):
        repeats = convert(repeats).to(torch.int64)
    return torch.repeat_interleave(convert(x), repeats, dim=axis)


def flip(x: Any, axis: Any = None) -> Any:
    x = convert(x)
    return torch.flip(x, rules.canonical_axes(axis, x.ndim))


def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    return torch.roll(convert(x), shift, axis)


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    x = convert(x)
    _diagonal_rule(x, offset, axis1, axis2)
    return torch.diagonal(x, offset, axis1, axis2)


def tril(x: Any, k: int = 0) -> Any:
    return torch.tril(convert(x), k)


def triu(x: Any, k: int = 0) -> Any:
    return torch.triu(convert(x), k)


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    return torch.swapaxes(convert(x), axis1, axis2)


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    return torch.movedim(convert(x), source, destination)


def expand_dims(x: Any, axis: Any) -> Any:
    x = convert(x)
    if isinstance(axis, int):
        return torch.unsqueeze(x, axis)
    for a in sorted(rules.canonical_axes(axis, x.ndim + len(axis))):
        x = torch.unsqueeze(x, a)
    return x


# Creation


def _sizes(shape: Any) -> tuple[int, ...]:
    return (shape,) if isinstance(shape, int) else tuple(int(d) for d in shape)


def zeros(shape: Any, dtype: Any = None) -> Any:
    return torch.zeros(_sizes(shape), dtype=NATIVE[standardize_dtype(dtype)])


def ones(shape: Any, dtype: Any = None) -> Any:
    return torch.ones(_sizes(shape), dtype=NATIVE[standardize_dtype(dtype)])


def empty(shape: Any, dtype: Any = None) -> Any:
    return torch.empty(_sizes(shape), dtype=NATIVE[standardize_dtype(dtype)])


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    name = standardize_dtype(dtype)
    if isinstance(fill_value, int | float):
        return torch.full(_sizes(shape), fill_value, dtype=NATIVE[name])
    return torch.broadcast_to(convert(fill_value, name), _sizes(shape)).clone()


def _like(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(x: Any, dtype: Any = None) -> Any:
        return fn(convert(x), dtype=dtype and NATIVE[standardize_dtype(dtype)])

    return op


zeros_like = _like(torch.zeros_like)
ones_like = _like(torch.ones_like)
empty_like = _like(torch.empty_like)


def copy(x: Any) -> Any:
    return convert(x).clone()


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    name = arange_dtype(start, stop, step, dtype)
    first, last = (0, start) if stop is None else (start, stop)
    first, last, step = (
        v.item() if isinstance(v, Tensor) else v for v in (first, last, step)
    )
    step = 1 if step is None else step
    if name == "bool":
        return torch.arange(first, last, step).to(torch.bool)
    # Torch refuses an end before the start, where others make an empty range.
    if (last - first) * step <= 0:
        return torch.empty((0,), dtype=NATIVE[name])
    return torch.arange(first, last, step, dtype=NATIVE[name])


# Choosing


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    condition = convert(condition)
    condition = condition if condition.dtype == torch.bool else condition != 0
    if x1 is None and x2 is None:
        return list(nonzero(condition))
    if type(x1) is Tensor and type(x2) is Tensor and x1.dtype == x2.dtype:
        return torch.where(condition, x1, x2)
    return torch.where(condition, *promote(x1, x2))


def nonzero(x: Any) -> Any:
    found = torch.nonzero(convert(x), as_tuple=True)
    return tuple(i.to(torch.int32) for i in found)


def take(x: Any, indices: Any, axis: Any = None) -> Any:
    x, indices = convert(x), convert(indices).to(torch.int64)
    if axis is None:
        x, axis = x.reshape(-1), 0
    axis = rules.canonical_axis(axis, x.ndim)
    if axis == 0 and indices.ndim and x.ndim == 2:
        plain = torch.where(indices < 0, indices + x.shape[0], indices)
        return torch.nn.functional.embedding(plain, x)
    indices = torch.where(indices < 0, indices + x.shape[axis], indices)
    shape = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
    return torch.index_select(x, axis, indices.reshape(-1)).reshape(shape)


def take_along_axis(x: Any, indices: Any, axis: Any = None) -> Any:
    x, indices = convert(x), convert(indices).to(torch.int64)
    if axis is None:
        x, indices, axis = x.reshape(-1), indices.reshape(-1), 0
    indices = torch.where(indices < 0, indices + x.shape[axis], indices)
    return torch.take_along_dim(x, indices, axis)


def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
    ordered, values = convert(sorted_sequence), convert(values)
    if ordered.ndim != 1:
        raise ValueError(
            "searchsorted: `sorted_sequence` must have one dimension, got the shape "
            f"{tuple(ordered.shape)}. Use vectorized_map for several."
        )
    ordered, values = promote(ordered, values)
    if ordered.dtype == torch.bool:  # torch has no order of bool
        ordered, values = ordered.to(torch.uint8), values.to(torch.uint8)
    found = torch.searchsorted(ordered.contiguous(), values.contiguous(), side=side)
    return found.to(torch.int32)


# Products


def matmul(x1: Any, x2: Any) -> Any:
    x1 = x1 if type(x1) is Tensor else convert(x1)
    x2 = x2 if type(x2) is Tensor else convert(x2)
    if x1.dtype == x2.dtype and x1.dtype in _FLOATS:
        return torch.matmul(x1, x2)
    if x1.dtype == x2.dtype == torch.int8:
        return torch.matmul(x1.to(torch.int32), x2.to(torch.int32))
    x1, x2 = promote(x1, x2)
    if x1.dtype == torch.bool:
        return torch.matmul(x1.to(torch.int32), x2.to(torch.int32)).to(torch.bool)
    if x1.dtype in _UNSIGNED:
        return _widened(torch.matmul, x1, x2)
    return torch.matmul(x1, x2)


def einsum(subscripts: Any, *operands: Any, **kwargs: Any) -> Any:
    tensors = [convert(x) for x in operands]
    names = {t.dtype for t in tensors}
    dtype = torch.int32 if names == {torch.int8} else NATIVE[result_type(*names)]
    if dtype == torch.bool:
        wide = torch.einsum(subscripts, *(t.to(torch.int32) for t in tensors))
        return wide.to(torch.bool)
    return torch.einsum(subscripts, *(t.to(dtype) for t in tensors))


kinds.fill(
    globals(),
    torch,
    {
        "elementwise": _elementwise,
        "floating": _floating,
        "floating2": _floating2,
        "predicate": _elementwise,
        "logical": _logical,
        "same": _same,
    },
    renamed={
        "power": "pow",
        "mod": "remainder",
        "equal": "eq",
        "not_equal": "ne",
        "less": "lt",
        "less_equal": "le",
        "greater": "gt",
        "greater_equal": "ge",
        "bitwise_not": "bitwise_not",
    },
    without=("reciprocal", "conjugate", "sinc"),
)
