"""PyTorch: eager, with its own autograd."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import ml_dtypes
import numpy as np
import optree
import torch
from torch.utils.checkpoint import checkpoint, set_checkpoint_early_stop

from dlcore.src import config
from dlcore.src.backend import loops
from dlcore.src.dtypes import _NAMES, ALL
from dlcore.src.variable import Variable, lent

#: Name of a dtype -> torch's.
NATIVE: dict[str, torch.dtype] = {
    name: getattr(torch, name) for name in ALL if hasattr(torch, name)
}
# Known beforehand, so that the dispatcher's look-ups never run their slow way, which a
# compiler that traces could not follow.
_NAMES.update({dtype: name for name, dtype in NATIVE.items()})


#: What uint8 and uint16 are added up in: torch has hardly an op on uint32.
SUM_OF_UNSIGNED = "int32"

_ML_DTYPES = ("bfloat16", "float8_e4m3fn", "float8_e5m2", "int4")
_NUMBERS = (bool, int, float)


def native(dtype: str) -> torch.dtype:
    """Return torch's dtype of a name."""
    return NATIVE[dtype]


def convert(x: Any, dtype: str | None = None) -> torch.Tensor:
    """Return ``x`` as a tensor of torch."""
    if isinstance(x, torch.Tensor):
        return x if dtype is None else x.to(NATIVE[dtype])
    if type(x) in _NUMBERS:
        if dtype is None:
            kind = type(x)
            dtype = (
                "bool" if kind is bool else "int32" if kind is int else config.floatx()
            )
        return torch.tensor(x, dtype=NATIVE[dtype])
    if not hasattr(x, "dtype"):
        if isinstance(x, list | tuple) and any(isinstance(v, torch.Tensor) for v in x):
            return torch.stack([convert(v, dtype) for v in x])
        x = np.asarray(x)
        if dtype is None and x.dtype.kind == "f":
            dtype = config.floatx()
        elif dtype is None and x.dtype == np.int64:
            dtype = "int32"
    x = np.asarray(x)
    if x.dtype.name in _ML_DTYPES:  # torch does not read numpy's extension dtypes
        wide = torch.as_tensor(x.astype("float32"))
        return wide.to(NATIVE[dtype or x.dtype.name])
    if any(s < 0 for s in x.strides):
        x = x.copy()
    if not x.flags.writeable:  # torch would warn: it cannot keep a promise not to write
        x = x.copy()
    return torch.as_tensor(x, dtype=dtype and native(dtype))


def own(x: torch.Tensor) -> torch.Tensor:
    """Return the value a Variable may keep: tensors can be changed in place."""
    return x if x.requires_grad else x.detach().clone()


def to_numpy(x: Any) -> np.ndarray[Any, Any]:
    """Return the values as a numpy array."""
    if isinstance(x, torch.Tensor):
        x = x.detach().cpu().resolve_conj()
        name = str(x.dtype).removeprefix("torch.")
        if name in _ML_DTYPES:
            return x.float().numpy().astype(getattr(ml_dtypes, name))
        return x.numpy()
    return np.asarray(x)


def device(name: Any) -> AbstractContextManager[Any]:
    """Return a scope in which new tensors are made on a device."""
    if isinstance(name, str):
        return torch.device(name.lower().replace("gpu", "cuda"))
    if not isinstance(name, torch.device):
        raise ValueError(
            "Invalid value for argument `device_name`. Expected a string like 'gpu:0' "
            f"or a `torch.device`. Received: device_name='{name}'"
        )
    return name


def to_dlpack(x: torch.Tensor) -> Any:
    """Return what other libraries may share."""
    return x.detach().resolve_conj()


def from_dlpack(x: Any) -> torch.Tensor | None:
    """Return a tensor that shares another library's memory; None if it cannot."""
    try:
        return torch.from_dlpack(x)
    except (BufferError, RuntimeError, TypeError, ValueError):
        return None  # a dtype or a layout that one of the two does not share


def value_and_grad(
    fn: Callable[..., Any], trainable: Sequence[Variable], others: Sequence[Variable]
) -> Callable[..., Any]:
    """Return a function that gives ``fn``'s ``(loss, aux)`` and the gradients."""

    def call(*args: Any) -> Any:
        values = [v.value.detach().requires_grad_() for v in trainable]
        with lent(trainable, values), torch.enable_grad():
            loss, aux = fn(*args)
            if values and loss.requires_grad:
                grads = torch.autograd.grad(loss, values, allow_unused=True)
            else:  # nothing to train, or nothing that the loss depends on
                grads = (None,) * len(values)
        zero = [
            torch.zeros_like(v) if g is None else g
            for v, g in zip(values, grads, strict=True)
        ]
        return (loss.detach(), aux), zero

    return call


def jit(step: Callable[..., Any], variables: Sequence[Variable]) -> Callable[..., Any]:
    """Return the step: eager torch is the fastest start for small models."""
    return step


def compiles() -> bool:
    """Whether steps are compiled where nobody asks for it or against it."""
    return False


#: Whether ``repeat`` is one compiled call, or only a loop over steps.
REPEATS_IN_ONE_CALL = False


def repeat(
    step: Callable[..., Any], variables: Sequence[Variable]
) -> Callable[..., Any]:
    """Return a function that runs ``step`` on stacked batches, one after the other."""
    run = jit(step, variables)

    def call(batches: Any) -> Any:
        count = len(optree.tree_leaves(batches)[0])
        outputs = [run(*loops.slices(batches, i)) for i in range(count)]
        return loops.stacked(outputs, lambda xs: torch.stack([convert(x) for x in xs]))

    return call


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``f`` with the gradient function that it returns beside its result."""

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *args: Any) -> Any:
            out, ctx.gradient = f(*args)
            return out

        @staticmethod
        def backward(ctx: Any, *upstream: Any) -> Any:
            up = upstream[0] if len(upstream) == 1 else upstream
            return ctx.gradient(upstream=up)

    return lambda *args: Function.apply(*args)


def remat(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of tensors that is computed again for its gradient."""

    def call(*tensors: Any) -> Any:
        # Stopping early works by an exception, which must not meet handlers on its way.
        with set_checkpoint_early_stop(False):
            return checkpoint(f, *tensors, use_reentrant=False)

    return call


def jvp(fun: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool) -> Any:
    """Differentiate forwards."""
    return torch.func.jvp(fun, tuple(primals), tuple(tangents), has_aux=has_aux)


def traced(x: Any) -> bool:
    """Whether a tensor has no value yet: eager torch's always have one."""
    return False
