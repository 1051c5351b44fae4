"""Sums, means, extremes over axes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from dlcore.src import config
from dlcore.src.backend.torch.runtime import NATIVE, SUM_OF_UNSIGNED, convert
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.ops import rules

_FLOATS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)


def _over(x: Tensor, axis: Any, keepdims: bool) -> tuple[Tensor, Any, bool]:
    """Return what torch reduces: for it, no axes are all of them."""
    if axis is None or type(axis) is int:
        return x, axis, keepdims
    if not len(axis):  # each element for itself
        return x[..., None], -1, False
    return x, tuple(axis), keepdims


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    x = x if type(x) is Tensor else convert(x)
    if x.dtype.is_floating_point:
        if axis is None and not keepdims:
            return torch.sum(x)
        x, axis, keepdims = _over(x, axis, keepdims)
        return torch.sum(x, dim=axis, keepdim=keepdims)
    dtype = _accumulator(x)
    x, axis, keepdims = _over(x, axis, keepdims)
    if dtype == torch.uint32:  # only the sum of these into int64 is there
        return torch.sum(x, dim=axis, keepdim=keepdims).to(dtype)
    return torch.sum(x, dim=axis, keepdim=keepdims, dtype=dtype)


def _accumulator(x: Tensor) -> torch.dtype:
    if x.dtype in (torch.uint8, torch.uint16):
        return NATIVE[SUM_OF_UNSIGNED]
    return NATIVE[rules.accumulator(standardize_dtype(x.dtype))]


def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    x = convert(x)
    name = standardize_dtype(dtype or _accumulator(x))
    if name != "uint32":
        x = x.to(NATIVE[name])
    for a in sorted(rules.canonical_axes(axis, x.ndim), reverse=True):
        x = torch.prod(x, dim=a, keepdim=keepdims)
    return x.to(NATIVE[name])


def _floating(x: Any) -> Tensor:
    x = x if type(x) is Tensor else convert(x)
    if x.dtype.is_floating_point or x.dtype.is_complex:
        return x
    return x.to(NATIVE[config.floatx()])


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    x, axis, keepdims = _over(_floating(x), axis, keepdims)
    return torch.mean(x, dim=axis, keepdim=keepdims)


def var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    x, axis, keepdims = _over(_floating(x), axis, keepdims)
    return torch.var(x, dim=axis, correction=0, keepdim=keepdims)


def std(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return torch.sqrt(var(x, axis, keepdims))


def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    x, axis, keepdims = _over(convert(x), axis, keepdims)
    return torch.any(x != 0, rules.canonical_axes(axis, x.ndim), keepdim=keepdims)


def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    x, axis, keepdims = _over(convert(x), axis, keepdims)
    return torch.all(x != 0, rules.canonical_axes(axis, x.ndim), keepdim=keepdims)


#: What torch does not compare -> what it does.
_ORDERED = {
    torch.bool: torch.int8,
    torch.uint16: torch.int32,
    torch.uint32: torch.int64,
}


def _extreme(
    x: Any, axis: Any, keepdims: bool, initial: Any, best: Any, two: Any
) -> Any:
    x = x if type(x) is Tensor else convert(x)
    if initial is None and (axis is None or type(axis) is int) and x.dtype in _FLOATS:
        return best(x, dim=() if axis is None else axis, keepdim=keepdims)
    axes = rules.canonical_axes(axis, x.ndim)
    if initial is not None:
        initial = torch.as_tensor(initial, dtype=x.dtype)
        if x.numel() == 0:
            return initial.expand(rules.reduced(x, axis, keepdims)).clone()
    kind = x.dtype
    x = x.to(_ORDERED.get(kind, kind))
    found = (best(x, dim=axes, keepdim=keepdims) if axes else x).to(kind)
    return found if initial is None else two(found, initial)


def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    return _extreme(x, axis, keepdims, initial, torch.amax, torch.maximum)


def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    return _extreme(x, axis, keepdims, initial, torch.amin, torch.minimum)


def _index(x: Any, axis: Any, keepdims: bool, best: Any) -> Any:
    x = convert(x)
    x = x.to(_ORDERED.get(x.dtype, x.dtype))
    if axis is None:
        found = best(x.reshape(-1), dim=0)
        found = found.reshape((1,) * x.ndim) if keepdims else found
    else:
        found = best(x, dim=axis, keepdim=keepdims)
    return found.to(torch.int32)


def argmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return _index(x, axis, keepdims, torch.argmax)


def argmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return _index(x, axis, keepdims, torch.argmin)


def _cumulative(x: Any, axis: Any, dtype: Any, total: Any) -> Any:
    x = convert(x)
    if axis is None:
        x, axis = x.reshape(-1), 0
    name = standardize_dtype(dtype or x.dtype)
    return total(x, dim=axis, dtype=NATIVE["int32" if name == "bool" else name])


def cumsum(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    return _cumulative(x, axis, dtype, torch.cumsum)


def cumprod(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    return _cumulative(x, axis, dtype, torch.cumprod)


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    x, axis, keepdims = _over(_floating(x), axis, keepdims)
    axes = rules.canonical_axes(axis, x.ndim)
    return torch.logsumexp(x, dim=axes, keepdim=keepdims) if x.ndim else x
