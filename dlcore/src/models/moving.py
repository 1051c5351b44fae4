"""Copying a model to a backend, with its weights, optimizer and settings."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from dlcore.src import backend as backends
from dlcore.src.layers.convert import Converter
from dlcore.src.ops.declare import HOME
from dlcore.src.variable import Variable

M = TypeVar("M", bound=Any)


def moved(model: M, backend: backends.Backend, memo: dict[int, Any] | None = None) -> M:
    """Return a deep copy of a model in which everything lives on ``backend``.

    The copy is ``copy.deepcopy``'s; told beforehand what becomes of backends,
    variables and tensors, it needs to know nothing of layers and optimizers.
    """
    memo = {} if memo is None else memo
    home = model.backend
    memo[id(home)] = backend
    memo[id(home.runtime)] = backend.runtime
    for variable in _variables(model):
        if id(variable) not in memo:
            memo[id(variable)] = _copied(variable, backend)
    for layer in model._flatten_layers():
        memo[id(layer._converter)] = Converter(backend, layer._converter.dtype)
        for value in vars(layer).values():
            _tensors(value, home, backend, memo)
    _nodes_first(model, memo)
    twin = object.__new__(type(model))
    memo[id(model)] = twin
    twin.__dict__.update({k: copy.deepcopy(v, memo) for k, v in vars(model).items()})
    _fix_optimizer(twin)
    return twin


def _variables(model: Any) -> list[Variable]:
    found = list(model.variables)
    for metric in model.metrics:
        found += metric.variables
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        found += optimizer.variables
    return found


def _copied(variable: Variable, backend: backends.Backend) -> Variable:
    with backends.use_backend(backend):
        twin = Variable(
            variable.numpy(),
            dtype=variable.dtype,
            trainable=variable.trainable,
            autocast=variable.autocast,
            aggregation=variable.aggregation,
            name=variable.name,
        )
    twin.path = variable.path
    twin.regularizer = variable.regularizer
    twin.constraint = variable.constraint
    twin.overwrite_with_gradient = variable.overwrite_with_gradient
    return twin


def _tensors(
    value: Any, home: backends.Backend, backend: backends.Backend, memo: dict[int, Any]
) -> None:
    """Note what becomes of tensors that are attributes."""
    if isinstance(value, list | tuple):
        for part in value:
            _tensors(part, home, backend, memo)
    elif isinstance(value, dict):
        for part in value.values():
            _tensors(part, home, backend, memo)
    elif HOME.get(type(value)) is home:
        array = home.runtime.to_numpy(value)
        memo[id(value)] = backend.runtime.own(backend.runtime.convert(array))


def _nodes_first(model: Any, memo: dict[int, Any]) -> None:
    """Copy graphs node by node: following them from the end recurses too deep."""
    for layer in model._flatten_layers():
        graph = vars(layer).get("_graph")
        if graph is not None:
            for source in graph.sources:
                copy.deepcopy(source, memo)
            for node in graph.nodes:
                copy.deepcopy(node, memo)


def _fix_optimizer(model: Any) -> None:
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and getattr(optimizer, "built", False):
        weights = optimizer._trainable_variables
        optimizer._index = {id(v): i for i, v in enumerate(weights)}
