"""The contract of layers: a list of checks, each with an oracle."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

import dlcore
from dlcore import ops
from dlcore.src import tree

TRAINING = ("jax", "torch", "tensorflow")
BACKENDS = ("numpy", *TRAINING)


def example(shape: Any, dtype: str = "float32", seed: int = 0) -> Any:
    """Return arrays of a shape, or of nested shapes; integers from 0 to 4."""
    rng = np.random.default_rng(seed)

    def one(s: Any) -> Any:
        if dtype.startswith("int"):
            return rng.integers(0, 5, s).astype(dtype)
        return rng.normal(size=s).astype(dtype)

    return tree.map_shape_structure(one, shape)


def make(make_layer: Any, backend: str, x: Any, seed: int = 1) -> Any:
    """Return a built layer on a backend, with weights that depend on the seed only."""
    with dlcore.use_backend(backend):
        layer = make_layer()
        layer(x)
    rng = np.random.default_rng(seed)
    layer.set_weights(
        [
            rng.uniform(0.2, 1.0, v.shape).astype(v.dtype)
            if v.dtype.startswith("float")
            else v.numpy()
            for v in layer.weights
        ]
    )
    return layer


def check_layer(
    make_layer: Any,
    input_shape: Any,
    dtype: str = "float32",
    differentiable: bool = True,
    oracle: Any = None,
    tolerance: float = 1e-5,
    training: bool = False,
) -> None:
    """Check a layer on all backends.

    Parameters
    ----------
    make_layer : Callable
        Returns a new layer.
    input_shape : tuple, or nested tuples
    dtype : str
        Of the inputs.
    differentiable : bool
        Whether gradients must flow to inputs and trainable weights.
    oracle : Callable, optional
        ``(inputs, weights) -> outputs``, another library's, as numpy arrays.
    tolerance : float
    training : bool
        What is passed as ``training`` where the layer takes it.
    """
    x = example(input_shape, dtype)
    kwargs = {"training": training} if _takes_training(make_layer()) else {}
    results = {}
    for backend in BACKENDS:
        layer = make(make_layer, backend, x)
        before = layer.get_weights()
        output = layer(x, **kwargs)
        check_spec(layer, input_shape, dtype, output)
        results[backend] = tree.map_structure(ops.convert_to_numpy, output)
        layer.set_weights(before)
        check_config(layer, x, results[backend], kwargs)
    for backend in TRAINING:
        close(results[backend], results["numpy"], tolerance, backend)
        if differentiable:
            check_gradients(make(make_layer, backend, x), x)
    if oracle is not None:
        weights = make(make_layer, "numpy", x).get_weights()
        close(results["numpy"], oracle(x, weights), tolerance, "the oracle")


def close(found: Any, wanted: Any, tolerance: float, who: str) -> None:
    """Compare nested arrays."""
    for a, b in zip(tree.flatten(found), tree.flatten(wanted), strict=True):
        assert a.shape == b.shape, who
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance, err_msg=who)


def _takes_training(layer: Any) -> bool:
    return type(layer)._call.has_training


def check_spec(layer: Any, shape: Any, dtype: str, output: Any) -> None:
    """Check that the symbolic result has the real one's shape and dtype."""

    def symbol(s: Any) -> Any:
        return dlcore.KerasTensor((None, *s[1:]), dtype)

    symbols = tree.map_shape_structure(symbol, shape)
    before = layer.get_weights()
    spec = layer(symbols)
    for value, wanted in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, wanted)
    for found, real in zip(tree.flatten(spec), tree.flatten(output), strict=True):
        assert found.shape[1:] == tuple(real.shape)[1:]
        assert found.shape[0] in (None, real.shape[0])
        assert found.dtype == ops.dtype(real)


def check_config(layer: Any, x: Any, wanted: Any, kwargs: Any) -> None:
    """Check that the configuration is JSON and makes an equal layer."""
    config = layer.get_config()
    text = json.dumps(config)
    with dlcore.use_backend(layer.backend):
        twin = type(layer).from_config(json.loads(text))
        twin(x)
    assert json.dumps(twin.get_config()) == text
    assert [v.shape for v in twin.weights] == [v.shape for v in layer.weights]
    twin.set_weights(layer.get_weights())
    if not (kwargs.get("training") and twin.variables != twin.weights):  # no seeds
        close(twin(x, **kwargs), wanted, 1e-6, "the layer's twin")


def check_gradients(layer: Any, x: Any) -> None:
    """Check that gradients reach the trainable weights, and are finite."""
    variables = layer.trainable_variables
    if not variables:
        return
    with dlcore.use_backend(layer.backend):

        def objective() -> Any:
            outputs = tree.flatten(layer(x, **_training(layer)))
            total = ops.sum(ops.square(outputs[0]) + outputs[0])
            for output in outputs[1:]:
                total = total + ops.sum(ops.square(output))
            return total, None

        runtime = layer.backend.runtime
        rest = layer.non_trainable_variables
        step = runtime.value_and_grad(objective, variables, rest)
        # As the trainer does it; one compilation is also far faster than one an op.
        _, gradients = runtime.jit(step, [*variables, *rest])()
    for variable, gradient in zip(variables, gradients, strict=True):
        value = ops.convert_to_numpy(gradient)
        assert np.isfinite(value).all(), variable.path
        assert np.abs(value).max() > 0, variable.path


def _training(layer: Any) -> dict[str, bool]:
    return {"training": True} if type(layer)._call.has_training else {}
