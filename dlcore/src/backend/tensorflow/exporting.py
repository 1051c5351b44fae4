"""Models as functions of tensorflow, and as SavedModel folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf

from dlcore.src import backend as backends, tree
from dlcore.src.saving.files import replacing
from dlcore.src.variable import lent


def spec(x: Any) -> tf.TensorSpec:
    """Return a spec as tensorflow has it."""
    return tf.TensorSpec(x.shape, x.dtype, x.name)


class Weights(tf.Module):
    """Weights of models as variables of tensorflow."""

    def __init__(self) -> None:
        super().__init__()
        self.variables_: dict[int, tf.Variable] = {}
        self.ours: list[Any] = []

    def add(self, variables: Any) -> list[tf.Variable]:
        """Return the variables of tensorflow for ours."""
        for variable in variables:
            if id(variable) not in self.variables_:
                value = tf.Variable(
                    variable.value,
                    trainable=variable.trainable,
                    name=variable.name.replace("/", "_"),
                )
                self.variables_[id(variable)] = value
                self.ours.append(variable)
        return [self.variables_[id(v)] for v in variables]

    def lend(self) -> Any:
        """Let the models compute with the variables of tensorflow."""
        values = [self.variables_[id(v)].value() for v in self.ours]
        return lent(self.ours, values)

    def wrap(self, function: Callable[..., Any], signature: list[Any] | None) -> Any:
        """Return a function of tensorflow that computes with these variables."""

        def run(*args: Any) -> Any:
            with backends.use_backend("tensorflow"), self.lend():
                return function(*args)

        if signature is None:
            return tf.function(run)
        specs = tree.map_structure(spec, signature)
        return tf.function(run, input_signature=specs)


def function(model: Any, signature: list[Any]) -> tuple[Weights, Any]:
    """Return a model's weights, and its forward pass as a concrete function."""
    weights = Weights()
    weights.add(model.variables)
    return weights, weights.wrap(model, signature).get_concrete_function()


def write(
    path: Path,
    endpoints: dict[str, Any],
    weights: Weights,
    collections: dict[str, list[Any]],
    options: Any,
) -> None:
    """Write a SavedModel folder, whole or not at all."""
    root = tf.Module()
    root._weights = list(weights.variables_.values())
    for name, own in collections.items():
        setattr(root, name, weights.add(own))
    signatures = {}
    for name, endpoint in endpoints.items():
        setattr(root, name, endpoint)
        signatures[name] = endpoint
    if "serve" in signatures:
        signatures["serving_default"] = signatures["serve"]
    with replacing(path) as new:
        tf.saved_model.save(root, new, options=options, signatures=signatures)
