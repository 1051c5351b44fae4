"""TensorFlow: steps are traced into graphs; variables lend their values to them.

Values are plain tensors, which never change, and no ``tf.Variable`` is made: a step is
a function from values to values, as with jax.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import optree

# Read once, while TensorFlow is imported; who has set it wants to see more, or less.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf
from tensorflow.python.framework.config import is_op_determinism_enabled

from dlcore.src import config
from dlcore.src.backend.tensorflow import wrappers
from dlcore.src.dtypes import _NAMES, ALL
from dlcore.src.symbolic import KerasTensor
from dlcore.src.variable import Variable, lent

wrappers.register()

#: Name of a dtype -> TensorFlow's.
NATIVE: dict[str, tf.DType] = {
    name: getattr(tf, name) for name in ALL if hasattr(tf, name)
}
NATIVE |= {"int4": tf.dtypes.experimental.int4} | {
    name: getattr(tf.dtypes.experimental, name)
    for name in ("float8_e4m3fn", "float8_e5m2")
}
_NAMES.update({dtype: name for name, dtype in NATIVE.items()})

_SPARSE = (tf.IndexedSlices, tf.RaggedTensor, tf.SparseTensor)
#: What holds values besides plain tensors.
_OTHERS = (tf.Variable, *_SPARSE)
_NUMBERS = (bool, int, float, complex)


def raw(name: str) -> Callable[..., Any]:
    """Return a kernel's own function, which takes its arguments by position.

    What TensorFlow puts around it (names, overloads, conversions that are done here)
    costs four times as much as the call itself.
    """
    return inspect.unwrap(getattr(tf.raw_ops, name))


_cast = raw("Cast")


def flatten(tree: Any) -> tuple[list[Any], Any]:
    """Return the leaves of a nested structure, and the structure."""
    return optree.tree_flatten(tree)


def leaves_of(tree: Any) -> list[Any]:
    """Return the leaves of a nested structure."""
    return optree.tree_leaves(tree)


def native(dtype: str) -> tf.DType:
    """Return TensorFlow's dtype of a name."""
    return NATIVE[dtype]


#: Type -> whether it is a tensor of TensorFlow, eager or in a graph.
_OURS: dict[type, bool] = {}


def is_ours(x: Any) -> bool:
    """Whether ``x`` is a tensor of TensorFlow."""
    ours = _OURS.get(type(x))
    if ours is None:
        ours = _OURS[type(x)] = isinstance(x, tf.Tensor)
    return ours


def convert(x: Any, dtype: str | None = None) -> tf.Tensor:
    """Return ``x`` as a tensor of TensorFlow."""
    ours = _OURS.get(type(x))
    if ours is None:
        ours = is_ours(x)
    if ours:
        if dtype is None:
            return x
        wanted = NATIVE[dtype]
        return x if x.dtype is wanted else _cast(x, wanted)
    if type(x) in _NUMBERS:
        kind = _number(x)
        wanted = NATIVE[dtype or kind]
        if dtype in (None, kind) or _takes(wanted, kind):
            return tf.constant(x, wanted)
        return _cast(tf.constant(x, NATIVE[kind]), wanted)
    if type(x) is np.ndarray:
        found = tf.constant(x)
        return found if dtype is None else convert(found, dtype)
    if isinstance(x, _OTHERS):
        return convert(_dense(x), dtype)
    if not hasattr(x, "dtype"):
        if isinstance(x, list | tuple) and any(is_ours(v) for v in leaves_of(x)):
            return tf.stack([convert(v, dtype) for v in x])
        x = np.asarray(x)
        if dtype is None and x.dtype.kind == "f":
            dtype = config.floatx()
        elif dtype is None and x.dtype == np.int64:
            dtype = "int32"
    found = tf.convert_to_tensor(x)
    return found if dtype is None else convert(found, dtype)


@functools.lru_cache(10_000)
def _remembered(values: Any) -> tf.Tensor:
    with tf.init_scope():  # a graph takes it as a constant
        return tf.constant(values, tf.int32)


def ints(values: Any) -> Any:
    """Return integers (sizes, axes, places) for a kernel.

    To make a tensor of a list takes several times as long as most kernels do, and the
    same shapes and axes come again and again: they are remembered.
    """
    if is_ours(values):
        return values
    try:
        return _remembered(tuple(values))
    except TypeError:  # there are tensors among them, which are not hashable
        return tf.stack([convert(v, "int32") for v in values])


def _number(x: Any) -> str:
    kind = type(x)
    if kind is bool:
        return "bool"
    if kind is int:
        return "int32"
    return config.floatx() if kind is float else "complex64"


def _takes(dtype: tf.DType, kind: str) -> bool:
    """Whether a constant of a dtype can be made of a number of a kind."""
    if kind == "int32":
        return dtype.is_integer or dtype.is_floating
    return kind == "float32" and dtype.is_floating


def is_sparse(kind: type) -> bool:
    """Whether a type's ops stand in the file ``sparse``."""
    return kind in _SPARSE


def _dense(x: Any) -> tf.Tensor:
    if isinstance(x, tf.RaggedTensor):
        return x.to_tensor()
    if isinstance(x, tf.SparseTensor):
        if x.shape.rank == 0:  # TensorFlow has no gradient for it
            return tf.reduce_sum(x.values)
        found = tf.sparse.to_dense(x)
        found.set_shape(x.shape)
        return found
    return tf.convert_to_tensor(x)


def _value(x: Any, dtype: Any = None, name: Any = None, as_ref: bool = False) -> Any:
    """Let TensorFlow's own functions and operators take a Variable for its value."""
    value = convert(x.value)
    if dtype is not None and not dtype.is_compatible_with(value.dtype):
        return NotImplemented
    return value


tf.register_tensor_conversion_function(Variable, _value)
tf.register_tensor_conversion_function(KerasTensor, lambda *_, **__: NotImplemented)


def own(x: tf.Tensor) -> tf.Tensor:
    """Return the value a Variable may keep: tensors never change."""
    return x


def to_numpy(x: Any) -> np.ndarray[Any, Any]:
    """Return the values as a numpy array."""
    if isinstance(x, _OTHERS):
        x = _dense(x)
    # A copy, which may be written to.
    return x.numpy() if is_ours(x) and not traced(x) else np.asarray(x)


def device(name: Any) -> AbstractContextManager[Any]:
    """Return a scope in which new tensors are made on a device."""
    if not isinstance(name, str):
        raise ValueError(
            "Invalid value for argument `device_name`. Expected a string like 'gpu:0'. "
            f"Received: device_name='{name}'"
        )
    return tf.device(name)


#: Dtypes that TensorFlow does not share.
_OWN = ("float8", "string", "int4", "uint4")


def to_dlpack(x: Any) -> Any:
    """Return what other libraries may share; None for a graph's, which has no value."""
    shares = hasattr(x, "numpy") and not x.dtype.name.startswith(_OWN)
    return x if shares else None


def from_dlpack(x: Any) -> tf.Tensor | None:
    """Return a tensor that shares another library's memory; None if it cannot."""
    try:
        return tf.experimental.dlpack.from_dlpack(x.__dlpack__())
    except (BufferError, RuntimeError, TypeError, tf.errors.InvalidArgumentError):
        return None  # a dtype or a layout that one of the two does not share


def value_and_grad(
    fn: Callable[..., Any], trainable: Sequence[Variable], others: Sequence[Variable]
) -> Callable[..., Any]:
    """Return a function that gives ``fn``'s ``(loss, aux)`` and the gradients."""

    def call(*args: Any) -> Any:
        # Of one value in two variables each needs its own gradient.
        values = [tf.identity(v.value) for v in trainable]
        with (
            tf.GradientTape(watch_accessed_variables=False) as tape,
            lent(trainable, values),
        ):
            tape.watch(values)
            loss, aux = fn(*args)
        none = tf.UnconnectedGradients.ZERO
        grads = tape.gradient(loss, values, unconnected_gradients=none)
        return (loss, aux), [convert(g) for g in grads]

    return call


_run = raw("StatefulPartitionedCall")


class _Traced:
    """A step that was traced for one signature of its arguments."""

    __slots__ = ("changed", "dtypes", "graph", "out")

    def __init__(self, step: Any, variables: list[Variable], tree: Any, leaves: Any):
        self.changed: list[Variable] = []
        count = len(variables)

        def pure(*flat: Any) -> list[Any]:
            with lent(variables, flat[:count]):
                found, self.out = flatten(
                    step(*optree.tree_unflatten(tree, flat[count:]))
                )
                ends = [v.value for v in variables]
            # Only what the step has changed comes back.
            moved = [i for i in range(count) if ends[i] is not flat[i]]
            self.changed = [variables[i] for i in moved]
            return [_result(x) for x in (*found, *(ends[i] for i in moved))]

        given = [*(v.value for v in variables), *leaves]
        specs = [tf.TensorSpec(x.shape, x.dtype) for x in given]
        function = tf.function(pure, autograph=False)
        self.graph = function.get_concrete_function(*specs)
        self.dtypes = [x.dtype for x in self.graph.outputs]

    def __call__(self, given: list[Any]) -> Any:
        """Run the graph, without the checks that were made for the signature."""
        flat = _run([*given, *self.graph.captured_inputs], self.dtypes, self.graph)
        flat = flat or []
        count = len(flat) - len(self.changed)
        for variable, value in zip(self.changed, flat[count:], strict=True):
            variable.value = value
        return optree.tree_unflatten(self.out, flat[:count])


def _result(x: Any) -> tf.Tensor:
    if is_ours(x) or isinstance(x, np.ndarray | np.generic) or type(x) in _NUMBERS:
        return convert(x)
    raise TypeError(
        f"A compiled step returns tensors and numbers, got {x!r} of {type(x)}."
    )


def jit(step: Callable[..., Any], variables: Sequence[Variable]) -> Callable[..., Any]:
    """Trace a step that reads and assigns ``variables``.

    The arguments are pytrees of arrays; one graph a signature, that is a structure,
    shapes and dtypes.
    """
    kept: dict[Any, _Traced] = {}
    variables = list(variables)

    def call(*args: Any) -> Any:
        if not tf.executing_eagerly():
            return step(*args)  # a part of the graph that is being made
        leaves, tree = flatten(args)
        leaves = [convert(x) for x in leaves]
        key = (tree, *[(x.shape, x.dtype) for x in leaves])
        traced = kept.get(key)
        if traced is None:
            traced = kept[key] = _Traced(step, variables, tree, leaves)
        return traced([*[v.value for v in variables], *leaves])

    return call


def compiles() -> bool:
    """Whether steps are compiled where nobody asks for it or against it."""
    return not is_op_determinism_enabled()


#: What runs with ``jit_compile=False``: a graph is made all the same.
graph = jit


#: Whether ``repeat`` is one compiled call, or only a loop over steps.
REPEATS_IN_ONE_CALL = True


def repeat(
    step: Callable[..., Any], variables: Sequence[Variable]
) -> Callable[..., Any]:
    """Return a function that runs ``step`` on stacked batches, in one graph.

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

    def one(leaves: Any, tree: Any, i: Any) -> Any:
        return flatten(step(*optree.tree_unflatten(tree, [x[i] for x in leaves])))

    def steps(batches: Any) -> Any:
        leaves, tree = flatten(batches)
        count = leaves[0].shape[0]
        # The first step stands before the loop: it tells what the loop carries.
        flat, out = one(leaves, tree, 0)
        stacks = [_stack_of(_result(x), count) for x in flat]

        def body(i: Any, values: Any, stacks: Any) -> Any:
            with lent(variables, values):
                flat, _ = one(leaves, tree, i)
                values = [v.value for v in variables]
            written = zip(stacks, flat, strict=True)
            return i + 1, values, [s.write(i, _result(x)) for s, x in written]

        _, values, stacks = tf.while_loop(
            lambda i, *_: i < count,
            body,
            (tf.constant(1), [v.value for v in variables], stacks),
            parallel_iterations=1,
        )
        for variable, value in zip(variables, values, strict=True):
            variable.value = value
        return optree.tree_unflatten(out, [s.stack() for s in stacks])

    return jit(steps, variables)


def _stack_of(first: tf.Tensor, count: int) -> tf.TensorArray:
    stack = tf.TensorArray(first.dtype, count, element_shape=first.shape)
    return stack.write(0, first)


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``f`` with the gradient function that it returns beside its result."""

    @tf.custom_gradient
    def call(*args: Any) -> Any:
        out, gradient = f(*args)
        return out, lambda *up: gradient(upstream=up[0] if len(up) == 1 else up)

    return call


def remat(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of tensors that is computed again for its gradient."""
    return tf.recompute_grad(f)


def jvp(fun: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool) -> Any:
    """Differentiate forwards."""
    primals, aux = [tf.identity(p) for p in primals], ()
    with tf.autodiff.ForwardAccumulator(primals, list(tangents)) as accumulator:
        out = fun(*primals)
        if has_aux:
            out, *aux = out
        out = optree.tree_map(tf.identity, out)
    none = tf.UnconnectedGradients.ZERO
    slope = optree.tree_map(lambda y: accumulator.jvp(y, none), out)
    return (out, slope, *aux)


def traced(x: Any) -> bool:
    """Whether a tensor has no value yet, since a graph is being made."""
    return is_ours(x) and not hasattr(x, "numpy")


def on_host(function: Callable[..., Any], tensors: Any, specs: Any) -> list[Any]:
    """Call a function of numpy arrays each time the graph runs.

    Parameters
    ----------
    function : Callable
        Arrays, one a tensor -> list of arrays, one a spec.
    tensors : list of tf.Tensor
    specs : list of KerasTensor
        Shapes and dtypes of the results.
    """
    dtypes = [NATIVE[s.dtype] for s in specs]

    def run(*arrays: Any) -> list[Any]:
        found = function(*arrays)
        return [
            np.asarray(x, d.as_numpy_dtype) for x, d in zip(found, dtypes, strict=True)
        ]

    found = tf.numpy_function(run, list(tensors), dtypes)
    return [tf.ensure_shape(x, s.shape) for x, s in zip(found, specs, strict=True)]
