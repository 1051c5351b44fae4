"""OpenVINO: eager ops on numpy's kernels; a step is compiled once a signature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np
import optree

from dlcore.src.backend import loops
from dlcore.src.backend.numpy import runtime as host
from dlcore.src.backend.openvino.graph.compile import jit
from dlcore.src.backend.openvino.graph.traced import Traced
from dlcore.src.backend.openvino.tensor import Tensor
from dlcore.src.variable import Variable

__all__ = ["convert", "jit", "native", "own", "repeat", "to_numpy", "value_and_grad"]


def native(dtype: str) -> str:
    """Return the name: the tensors' dtypes are names."""
    return dtype


def convert(x: Any, dtype: str | None = None) -> Any:
    """Return ``x`` as a tensor of this backend."""
    kind = type(x)
    if kind is Tensor:
        return x if dtype is None else Tensor(host.convert(x.array, dtype))
    if kind is Traced:
        from dlcore.src.ops.core import cast

        return x if dtype is None else cast(x, dtype)
    if kind in (list, tuple) and any(
        type(leaf) is Traced for leaf in optree.tree_leaves(x)
    ):
        from dlcore.src.ops.numpy.shape import stack

        return stack([convert(v, dtype) for v in x])
    return Tensor(host.convert(x, dtype))


def own(x: Any) -> Any:
    """Return the value a Variable may keep: a copy, since the array may be shared."""
    return Tensor(x.array.copy()) if type(x) is Tensor else x


def to_numpy(x: Any) -> np.ndarray[Any, Any]:
    """Return the values as a numpy array."""
    return np.asarray(x)


#: Tensors are where the processor is.
device = host.device


def compiles() -> bool:
    """Whether steps are compiled where nobody asks for it or against it."""
    return True


def value_and_grad(*_: Any) -> NoReturn:
    """Say that openvino does not differentiate."""
    raise NotImplementedError(
        "The openvino backend cannot train: it has no gradients. Build the model "
        'under dlcore.use_backend("jax") or "torch", or move it with '
        'model.to_backend("jax"); predict and evaluate work here.'
    )


#: Whether ``repeat`` is one compiled call, or only a loop over steps.
REPEATS_IN_ONE_CALL = False


def repeat(
    step: Callable[..., Any], variables: Sequence[Variable]
) -> Callable[..., Any]:
    """Return a function that runs ``step`` on stacked batches, one after the other."""
    run = jit(step, variables)

    def stack(values: Sequence[Any]) -> Tensor:
        return Tensor(np.stack([to_numpy(v) for v in values]))

    def call(batches: Any) -> Any:
        count = len(optree.tree_leaves(batches)[0])
        outputs = [run(*loops.slices(batches, i)) for i in range(count)]
        return loops.stacked(outputs, stack)

    return call


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``f`` without its gradient function: openvino does not differentiate."""
    return lambda *args: f(*args)[0]


def jvp(*_: Any) -> NoReturn:
    """Say that openvino does not differentiate."""
    raise NotImplementedError(
        "The openvino backend has no gradients: run jvp under "
        'dlcore.use_backend("jax").'
    )


def traced(x: Any) -> bool:
    """Whether a tensor has no value yet, since a graph is being made."""
    return type(x) is Traced


def on_host(*_: Any) -> NoReturn:
    """Say that a compiled graph cannot call Python."""
    raise NotImplementedError(
        "A graph of openvino cannot call Python. Run this layer before the model, or "
        "compile the model with run_eagerly=True."
    )
