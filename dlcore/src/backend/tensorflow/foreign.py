"""What layers around SavedModels need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from dlcore.src import tree


def load(path: str) -> Any:
    """Return what a SavedModel holds."""
    return tf.saved_model.load(path)


def endpoint(loaded: Any, name: str, argument: str) -> Any:
    """Return an attribute or a signature of a SavedModel.

    Raises
    ------
    ValueError
        If there is none of this name.
    """
    found = getattr(loaded, name, None)
    if found is None:
        found = loaded.signatures.get(name)
    if found is None:
        raise ValueError(
            f"The endpoint '{name}' is neither an attribute of the reloaded SavedModel,"
            " nor an entry in the `signatures` field of the reloaded SavedModel. Select"
            f" another endpoint via the `{argument}` argument. Available endpoints for "
            f"this SavedModel: {list(loaded.signatures)}"
        )
    return found


class Program:
    """Functions of a SavedModel, and the variables that they read and change.

    Parameters
    ----------
    loaded : trackable
        Kept: variables live as long as it does.
    functions : list
        Signatures or restored functions.
    """

    def __init__(self, loaded: Any, functions: list[Any]):
        self.loaded = loaded
        self.functions = functions
        found = {v.ref(): v for f in functions for v in _variables(f)}
        variables = list(found.values())
        self.variables = [v for v in variables if v.trainable]
        self.variables += [v for v in variables if not v.trainable]

    def __deepcopy__(self, memo: dict[int, Any]) -> Program:
        """Stay one: the variables are only used while a function runs."""
        return self

    def values(self) -> list[tuple[tf.Tensor, bool]]:
        """Return the variables' values, and whether they are trained."""
        return [(v.read_value(), v.trainable) for v in self.variables]

    def run(
        self, index: int, values: list[Any], inputs: Any, kwargs: dict[str, Any]
    ) -> tuple[Any, list[Any]]:
        """Return a function's outputs, and the values that it gave to variables.

        Gradients reach ``inputs`` and ``values``.
        """
        structure: Any = None

        @tf.custom_gradient
        def compute(*flat: Any) -> Any:
            nonlocal structure
            inner, own = flat[: len(leaves)], flat[len(leaves) :]
            for variable, value in zip(self.variables, own, strict=True):
                variable.assign(value)
            trained = [v for v in self.variables if v.trainable]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([*inner, *trained])
                given = tree.pack_sequence_as(inputs, list(inner))
                outputs = self.functions[index](given, **kwargs)
                structure = outputs
                results = tree.flatten(outputs)
            after = [v.read_value() for v in self.variables if not v.trainable]

            def gradient(*upstream: Any, variables: Any = None) -> Any:
                found = tape.gradient(
                    results,
                    [*inner, *trained],
                    output_gradients=list(upstream[: len(results)]),
                    unconnected_gradients=tf.UnconnectedGradients.ZERO,
                )
                rest = [None] * len(after)
                return [*found, *rest], [None] * len(variables or ())

            return [*results, *after], gradient

        leaves = tree.flatten(inputs)
        found = compute(*leaves, *values)
        count = len(tree.flatten(structure))
        fixed = [v for v in self.variables if v.trainable]
        outputs = tree.pack_sequence_as(structure, list(found[:count]))
        return outputs, [*[None] * len(fixed), *found[count:]]

    def shapes(self, index: int, pairs: Any, kwargs: dict[str, Any]) -> Any:
        """Return tensors of a graph of the outputs' shapes and dtypes."""

        def run(*flat: Any) -> Any:
            given = tree.pack_sequence_as(pairs, list(flat))
            return self.functions[index](given, **kwargs)

        specs = [tf.TensorSpec(x.shape, x.dtype) for x in tree.flatten(pairs)]
        traced = tf.function(run, autograph=False).get_concrete_function(*specs)
        return tree.map_structure(
            lambda x: tf.TensorSpec(tuple(x.shape), x.dtype), traced.structured_outputs
        )


def _variables(function: Any) -> Iterator[tf.Variable]:
    """Give the variables that a signature or a restored function uses."""
    concrete = getattr(function, "concrete_functions", None)
    for one in [function] if concrete is None else concrete:
        yield from one.variables
