"""JAX: steps are traced once; variables lend their values to the tracer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dlcore.src import config
from dlcore.src.variable import Variable, lent


def native(dtype: str) -> Any:
    """Return jax's dtype of a name.

    jax has 64-bit numbers only where ``jax.config.update("jax_enable_x64", True)`` was
    called: otherwise int64 stands for int32, uint64 for uint32, float64 for float32 and
    complex128 for complex64, in everything that is made or converted.
    """
    return jax.dtypes.canonicalize_dtype(dtype)


#: Type -> whether it is an array of jax: its own ``isinstance`` is slow.
_OURS: dict[type, bool] = {}


def convert(x: Any, dtype: str | None = None) -> jax.Array:
    """Return ``x`` as an array of jax."""
    ours = _OURS.get(type(x))
    if ours is None:
        ours = _OURS[type(x)] = isinstance(x, jax.Array)
    if ours:
        return x if dtype is None else x.astype(native(dtype))
    if is_sparse(type(x)):
        return convert(_dense(x), dtype)
    if dtype is None and not hasattr(x, "dtype"):
        array = np.asarray(x)
        if array.dtype.kind == "f":
            dtype = config.floatx()
        elif array.dtype == np.int64:
            dtype = "int32"
    return jnp.asarray(x, dtype and native(dtype))


def is_sparse(kind: type) -> bool:
    """Whether a type is one of jax's sparse arrays: its file is imported by users."""
    return kind.__module__.startswith("jax.experimental.sparse")


def _dense(x: Any) -> jax.Array:
    if x.dtype != bool:
        return x.todense()
    # What stands in one place is added up, which jax cannot do with bool.
    whole = type(x)((x.data.astype("int32"), x.indices), shape=x.shape)
    return whole.todense().astype(bool)


def own(x: jax.Array) -> jax.Array:
    """Return the value a Variable may keep: arrays of jax never change."""
    return x


def to_numpy(x: Any) -> np.ndarray[Any, Any]:
    """Return the values as a numpy array."""
    return np.asarray(convert(x) if is_sparse(type(x)) else x)


def device(name: Any) -> AbstractContextManager[Any]:
    """Return a scope in which new arrays are made on a device."""
    if isinstance(name, str):
        kind, _, index = name.lower().partition(":")
        name = jax.devices(kind)[int(index or 0)]
    elif not isinstance(name, jax.Device):
        raise ValueError(
            "Invalid value for argument `device_name`. Expected a string like 'gpu:0' "
            f"or a `jax.Device`. Received: device_name='{name}'"
        )
    return jax.default_device(name)


def to_dlpack(x: Any) -> Any:
    """Return what other libraries may share; None for a tracer, which has no values."""
    return None if isinstance(x, jax.core.Tracer) else x


def from_dlpack(x: Any) -> jax.Array | None:
    """Return an array that shares another library's memory; None if it cannot.

    64 bits become 32 as everywhere in jax, unless ``jax_enable_x64`` is set.
    """
    try:
        return jax.dlpack.from_dlpack(x)
    except (BufferError, RuntimeError, TypeError, ValueError):
        return None  # a dtype or a layout that one of the two does not share


def value_and_grad(
    fn: Callable[..., Any], trainable: Sequence[Variable], others: Sequence[Variable]
) -> Callable[..., Any]:
    """Return a function that gives ``fn``'s result and the gradients.

    Parameters
    ----------
    fn : Callable
        Returns ``(loss, aux)``.
    trainable : sequence of Variable
        What to differentiate by.
    others : sequence of Variable
        What ``fn`` may assign besides (seeds, moving averages). They leave the
        traced function as auxiliary outputs: a tracer must not stay in a variable.

    Returns
    -------
    Callable
        ``(*args) -> ((loss, aux), gradients)``.
    """

    def pure(values: Any, *args: Any) -> Any:
        kept = [v.value for v in others]
        with lent([*trainable, *others], [*values, *kept]):
            loss, aux = fn(*args)
            return loss, (aux, [v.value for v in others])

    def call(*args: Any) -> Any:
        differentiate = jax.value_and_grad(pure, has_aux=True)
        (loss, (aux, kept)), grads = differentiate([v.value for v in trainable], *args)
        for variable, value in zip(others, kept, strict=True):
            variable.value = value
        return (loss, aux), grads

    return call


def jit(step: Callable[..., Any], variables: Sequence[Variable]) -> Callable[..., Any]:
    """Compile a step that reads and assigns ``variables``.

    The arguments are pytrees of arrays; one compilation a signature.
    """

    @jax.jit
    def pure(values: Any, *args: Any) -> Any:
        with lent(variables, values):
            out = step(*args)
            return out, [v.value for v in variables]

    def call(*args: Any) -> Any:
        out, values = pure([v.value for v in variables], *args)
        for variable, value in zip(variables, values, strict=True):
            variable.value = value
        return out

    return call


def compiles() -> bool:
    """Whether steps are compiled where nobody asks for it or against it."""
    return True


#: Whether ``repeat`` is one compiled call, or only a loop over steps.
REPEATS_IN_ONE_CALL = True


def repeat(
    step: Callable[..., Any], variables: Sequence[Variable]
) -> Callable[..., Any]:
    """Return a function that runs ``step`` on stacked batches in one compiled call.

    Parameters
    ----------
    step : Callable
        As for ``jit``.
    variables : sequence of Variable

    Returns
    -------
    Callable
        ``(batches) -> outputs``: ``batches`` is a tuple of the step's arguments, each
        stacked along a new first axis; so are the outputs.
    """

    def pure(values: Any, batches: Any) -> Any:
        def one(values: Any, batch: Any) -> Any:
            with lent(variables, values):
                out = step(*batch)
                return [v.value for v in variables], out

        return jax.lax.scan(one, values, batches)

    compiled = jax.jit(pure)

    def call(batches: Any) -> Any:
        values, out = compiled([v.value for v in variables], batches)
        for variable, value in zip(variables, values, strict=True):
            variable.value = value
        return out

    return call


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``f`` with the gradient function that it returns beside its result."""

    @jax.custom_gradient
    def call(*args: Any) -> Any:
        out, gradient = f(*args)
        return out, lambda upstream: gradient(upstream=upstream)

    return call


def remat(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of arrays that is computed again for its gradient."""
    return jax.checkpoint(f)


def jvp(fun: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool) -> Any:
    """Differentiate forwards."""
    return jax.jvp(fun, tuple(primals), tuple(tangents), has_aux=has_aux)


def traced(x: Any) -> bool:
    """Whether a tensor has no value yet, since a function is being traced."""
    return isinstance(x, jax.core.Tracer)


def on_host(function: Callable[..., Any], tensors: Any, specs: Any) -> list[Any]:
    """Call a function of numpy arrays each time the traced function runs.

    Parameters
    ----------
    function : Callable
        Arrays, one a tensor -> list of arrays, one a spec.
    tensors : list of jax.Array
    specs : list of KerasTensor
        Shapes and dtypes of the results.
    """
    shapes = [
        jax.ShapeDtypeStruct(s.shape, jax.dtypes.canonicalize_dtype(s.dtype))
        for s in specs
    ]

    def run(*arrays: Any) -> list[Any]:
        found = function(*map(np.asarray, arrays))
        return [np.asarray(x, s.dtype) for x, s in zip(found, shapes, strict=True)]

    return list(jax.pure_callback(run, shapes, *tensors))
