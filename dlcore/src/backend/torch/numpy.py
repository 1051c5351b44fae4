"""torch's functions, under numpy's names and with Keras' dtypes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from dlcore.src.backend.torch.runtime import convert
from dlcore.src.dtypes import result_type

_NUMBERS = (int, float)


def _dtype(x: Any) -> Any:
    return type(x) if type(x) in (int, float, bool, complex) else convert(x).dtype


def promote(x1: Any, x2: Any) -> Any:
    """Return two tensors of the promoted dtype."""
    dtype = result_type(_dtype(x1), _dtype(x2))
    return convert(x1, dtype), convert(x2, dtype)


def _binary(fn: Callable[..., Any]) -> Callable[..., Any]:
    def op(x1: Any, x2: Any) -> Any:
        if type(x1) is Tensor and type(x2) is Tensor and x1.dtype == x2.dtype:
            return fn(x1, x2)
        return fn(*promote(x1, x2))

    return op


def _unary(fn: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: fn(x if type(x) is Tensor else convert(x))


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    x = convert(x)
    small = x.dtype.itemsize < 4 and not x.dtype.is_floating_point
    dtype = torch.int32 if small else x.dtype
    return torch.sum(x, dim=axis, keepdim=keepdims, dtype=dtype)


for _name in ("add", "subtract", "multiply", "maximum", "logaddexp", "divide"):
    globals()[_name] = _binary(getattr(torch, _name))
for _name in ("exp", "log1p", "absolute", "negative"):
    globals()[_name] = _unary(getattr(torch, _name))
