"""numpy: the reference backend; it does not differentiate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
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
    if x is None:  # numpy makes an object, or NaN, of it
        raise TypeError("None is no tensor")
    if dtype is not None:
        return np.asarray(x, native(dtype))
    x_ = np.asarray(x)
    if not hasattr(x, "dtype") and x_.dtype in _PYTHON:
        name = _PYTHON[x_.dtype]
        x_ = x_.astype(config.floatx() if name == "floatx" else name)
    return x_


_HALF = np.dtype(ml_dtypes.bfloat16)


def adapted(op: Any) -> Callable[..., Any]:
    """Return an op's shared body, in single precision for bfloat16.

    numpy does not know this dtype as a floating one: with a Python number it makes
    float32 of it, where the other libraries keep it.
    """
    body = op.body

    def is_half(x: Any) -> bool:
        return type(x) is np.ndarray and x.dtype == _HALF

    def run(*args: Any, **kwargs: Any) -> Any:
        leaves: list[Any] = optree.tree_leaves((args, kwargs))  # type: ignore[arg-type]
        if not any(map(is_half, leaves)):
            return body(*args, **kwargs)
        tree: Any = (args, kwargs)
        wide_args, wide_kwargs = optree.tree_map(
            lambda x: x.astype("float32") if is_half(x) else x, tree, none_is_leaf=True
        )
        found = body(*wide_args, **wide_kwargs)
        if op.rule is not None:
            return optree.tree_map(
                lambda x, spec: x.astype(native(spec.dtype), copy=False),
                found,
                op.spec(args, kwargs),
            )
        floats = [x for x in leaves if getattr(x, "dtype", np.dtype(bool)).kind in "fV"]
        if not all(map(is_half, floats)):
            return found
        return optree.tree_map(
            lambda x: x.astype(_HALF) if x.dtype == np.float32 else x, found
        )

    return run


def own(x: Array) -> Array:
    """Return the value a Variable may keep: a copy, since arrays can be changed."""
    return x.copy()


def to_numpy(x: Any) -> Array:
    """Return the array itself."""
    return np.asarray(x)


def jit(step: Callable[..., Any], variables: Sequence[Variable]) -> Callable[..., Any]:
    """Return the step: numpy has no compiler."""
    return step


def compiles() -> bool:
    """Whether steps are compiled where nobody asks for it or against it."""
    return False


def device(name: Any) -> AbstractContextManager[Any]:
    """Return a scope that changes nothing: arrays are where the processor is."""
    if not isinstance(name, str) or name.lower().partition(":")[0] != "cpu":
        raise ValueError(
            "Invalid value for argument `device_name`. This backend has the device "
            f"'cpu' only. Received: device_name='{name}'"
        )
    return nullcontext()


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


def traced(x: Any) -> bool:
    """Whether a tensor has no value yet: numpy's always have one."""
    return False
