"""PyTorch: eager, with its own autograd."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from dlcore.src import config
from dlcore.src.variable import Variable, lent


def native(dtype: str) -> torch.dtype:
    """Return torch's dtype of a name."""
    return getattr(torch, dtype)  # type: ignore[no-any-return]


def convert(x: Any, dtype: str | None = None) -> torch.Tensor:
    """Return ``x`` as a tensor of torch."""
    if isinstance(x, torch.Tensor):
        return x if dtype is None else x.to(native(dtype))
    if not hasattr(x, "dtype"):
        if isinstance(x, list | tuple) and any(isinstance(v, torch.Tensor) for v in x):
            return torch.stack([convert(v, dtype) for v in x])
        x = np.asarray(x)
        if dtype is None and x.dtype.kind == "f":
            dtype = config.floatx()
        elif dtype is None and x.dtype == np.int64:
            dtype = "int32"
    x = np.asarray(x)
    if not x.flags.writeable:  # torch would warn: it cannot keep a promise not to write
        x = x.copy()
    return torch.as_tensor(x, dtype=dtype and native(dtype))


def own(x: torch.Tensor) -> torch.Tensor:
    """Return the value a Variable may keep: tensors can be changed in place."""
    return x.detach().clone() if not x.requires_grad else x


def to_numpy(x: Any) -> np.ndarray[Any, Any]:
    """Return the values as a numpy array."""
    if isinstance(x, torch.Tensor):
        return x.detach().cpu().numpy()  # type: ignore[no-any-return]
    return np.asarray(x)


def value_and_grad(
    fn: Callable[..., Any], trainable: Sequence[Variable], others: Sequence[Variable]
) -> Callable[..., Any]:
    """Return a function that gives ``fn``'s result ``(loss, aux)`` and the gradients."""

    def call(*args: Any) -> Any:
        values = [v.value.detach().requires_grad_() for v in trainable]
        with lent(trainable, values), torch.enable_grad():
            loss, aux = fn(*args)
            grads = torch.autograd.grad(loss, values, allow_unused=True)
        zero = [
            torch.zeros_like(v) if g is None else g
            for v, g in zip(values, grads, strict=True)
        ]
        return (loss.detach(), aux), zero

    return call


def jit(step: Callable[..., Any], variables: Sequence[Variable]) -> Callable[..., Any]:
    """Return the step: eager torch is the fastest start for small models."""
    return step
