"""numpy: the reference backend; it does not differentiate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import ml_dtypes
import numpy as np
import optree

from dlcore.src import config
from dlcore.src.backend import loops
from dlcore.src.variable import Variable

Array = np.ndarray[Any, Any]

#: What Python numbers and lists of them become.
_PYTHON = {np.dtype("float64"): "floatx", np.dtype("int64"): "int32"}


def native(dtype: str) -> Any:
    """Return numpy's dtype of a name (bfloat16 and float8 come from ml_dtypes)."""
    return np.dtype(getattr(ml_dtypes, dtype, dtype))


def convert(x: Any, dtype: str | None = None) -> Array:
    """Return ``x`` as an array."""
    if type(x) is np.ndarray:
        return x if dtype is None else x.astype(native(dtype), copy=False)
    if dtype is not None:
        return np.asarray(x, native(dtype))
    x_ = np.asarray(x)
    if not hasattr(x, "dtype") and x_.dtype in _PYTHON:
        name = _PYTHON[x_.dtype]
        x_ = x_.astype(config.floatx() if name == "floatx" else name)
    return x_


def own(x: Array) -> Array:
    """Return the value a Variable may keep: a copy, since arrays can be changed."""
    return x.copy()


def to_numpy(x: Any) -> Array:
    """Return the array itself."""
    return np.asarray(x)


def jit(step: Callable[..., Any], variables: Sequence[Variable]) -> Callable[..., Any]:
    """Return the step: numpy has no compiler."""
    return step


def value_and_grad(*_: Any) -> NoReturn:
    """Say that numpy does not differentiate."""
    raise NotImplementedError(
        "The numpy backend cannot train: it has no gradients. Build the model under "
        'dlcore.use_backend("jax") or "torch", or move it with '
        'model.to_backend("jax"); predict and evaluate work here.'
    )


#: Whether ``repeat`` is one compiled call, or only a loop over steps.
REPEATS_IN_ONE_CALL = False


def repeat(
    step: Callable[..., Any], variables: Sequence[Variable]
) -> Callable[..., Any]:
    """Return a function that runs ``step`` on stacked batches, one after the other."""

    def call(batches: Any) -> Any:
        count = len(optree.tree_leaves(batches)[0])
        outputs = [step(*loops.slices(batches, i)) for i in range(count)]
        return loops.stacked(outputs, np.stack)

    return call


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``f`` without its gradient function: numpy does not differentiate."""
    return lambda *args: f(*args)[0]


def jvp(*_: Any) -> NoReturn:
    """Say that numpy does not differentiate."""
    raise NotImplementedError(
        'The numpy backend has no gradients: run jvp under dlcore.use_backend("jax").'
    )
