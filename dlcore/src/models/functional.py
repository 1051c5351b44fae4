"""Functional models as configurations, in Keras' own format, and back."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from dlcore.src import tree
from dlcore.src.errors import did_you_mean
from dlcore.src.layers.core.input_layer import InputLayer
from dlcore.src.layers.layer import Layer
from dlcore.src.models.graph import identity
from dlcore.src.models.operations import DescribedOp, describe, is_operation
from dlcore.src.operation import Operation
from dlcore.src.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from dlcore.src.symbolic import KerasTensor, Node
from dlcore.src.utils.naming import to_snake_case

_KEYS = ("layers", "input_layers", "output_layers")


def is_config(config: Mapping[str, Any]) -> bool:
    """Whether a configuration is that of a functional model."""
    return all(key in config for key in _KEYS)


def takes_graph(cls: Any) -> bool:
    """Whether a class of models is made from inputs and outputs, as ``Model`` is."""
    parameters = inspect.signature(cls.__init__).parameters.values()
    kinds = {p.kind for p in parameters}
    if {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD} <= kinds:
        return True
    return {"inputs", "outputs"} <= {p.name for p in parameters}


class _Names:
    """Names of the operations in a graph, and the calls each of them has in it."""

    def __init__(self, graph: Any):
        self.calls: dict[int, list[Node]] = {}
        self.names: dict[int, str] = {}
        taken = {x.name for x in graph.operations if isinstance(x, Operation)}
        for node in [*graph.sources, *graph.nodes]:
            key = identity(node)
            if key not in self.names:
                self.names[key] = _name_of(node.operation, taken)
            self.calls.setdefault(key, []).append(node)
        for calls in self.calls.values():
            operation = calls[0].operation
            if isinstance(operation, Operation):  # in the order in which it was called
                order = {id(node): i for i, node in enumerate(operation._nodes)}
                calls.sort(key=lambda node: order.get(id(node), len(order)))
        self.makers = {
            id(t): (node, i)
            for nodes in self.calls.values()
            for node in nodes
            for i, t in enumerate(node.outputs)
        }

    def place(self, tensor: KerasTensor) -> list[Any]:
        """Return ``[name, call, output]`` of the tensor."""
        node, index = self.makers[id(tensor)]
        key = identity(node)
        return [self.names[key], self.calls[key].index(node), index]

    def end(self, tensor: KerasTensor) -> list[Any]:
        """Return the place of an input or output of the model.

        There the calls of a functional model are counted from 1, since in old
        versions of Keras such a model had a call of its own.
        """
        name, call, index = self.place(tensor)
        operation = self.makers[id(tensor)][0].operation
        return [name, call + _is_functional(operation), index]


def _is_functional(operation: Any) -> bool:
    return bool(getattr(operation, "_is_functional", False)) and not hasattr(
        operation, "_sequence"
    )


def _name_of(operation: Any, taken: set[str]) -> str:
    if isinstance(operation, Operation):
        return operation.name
    stem = name = to_snake_case(operation.__name__)
    count = 0
    while name in taken:
        count += 1
        name = f"{stem}_{count}"
    taken.add(name)
    return name


def config_of(model: Any) -> dict[str, Any]:
    """Return the configuration of a functional model."""
    graph = model._graph
    names = _Names(graph)

    def described(part: Any) -> Any:
        if not isinstance(part, KerasTensor):
            return serialize_keras_object(part)
        config = {
            "shape": list(part.shape),
            "dtype": part.dtype,
            "keras_history": names.place(part),
        }
        return {"class_name": "__keras_tensor__", "config": config}

    made = [_layer(names.calls[k], names.names[k], described) for k in graph.order]
    inputs = tree.pack_sequence_as(graph.inputs, [s.outputs[0] for s in graph.sources])
    return {
        "name": model.name,
        "trainable": model._trainable,
        "layers": made,
        "input_layers": _ends(names, inputs),
        "output_layers": _ends(names, graph.outputs),
    }


def _layer(calls: list[Node], name: str, described: Any) -> dict[str, Any]:
    """Return the configuration of a layer or an op, with its calls."""
    operation = calls[0].operation
    if isinstance(operation, Operation):
        made = dict(serialize_keras_object(operation))
        arguments = [(list(n.args), n.kwargs) for n in calls]
    else:
        made, args, kwargs = describe(operation, calls[0].args, calls[0].kwargs)
        made["config"] = serialize_keras_object({"name": name, **made["config"]})
        arguments = [(args, kwargs)]
    made["name"] = name
    made["inbound_nodes"] = [
        {"args": _each(described, args), "kwargs": _each(described, kwargs)}
        for args, kwargs in arguments
        if not isinstance(operation, InputLayer)
    ]
    return made


def _ends(names: _Names, part: Any) -> Any:
    if isinstance(part, KerasTensor):
        return names.end(part)
    if isinstance(part, Mapping):
        return {k: _ends(names, p) for k, p in part.items()}
    return type(part)(_ends(names, p) for p in part)


def _each(function: Any, part: Any) -> Any:
    if isinstance(part, list | tuple):
        return [_each(function, p) for p in part]
    if isinstance(part, Mapping):
        return {k: _each(function, p) for k, p in part.items()}
    return function(part)


def from_config(cls: Any, config: dict[str, Any], custom_objects: Any = None) -> Any:
    """Make a functional model from its configuration.

    Parameters
    ----------
    cls : type
        Called with ``inputs``, ``outputs``, and what else the configuration has.

    Raises
    ------
    ValueError
        If the graph has loops or loose ends, or what it consists of is not known.
    """
    inputs, outputs = _connected(config, custom_objects)
    rest = {k: v for k, v in config.items() if k not in _KEYS}
    trainable = rest.pop("trainable", None)
    model = cls(inputs=inputs, outputs=outputs, **rest)
    if trainable is False:
        model._trainable = False  # the layers know for themselves
    return model


def _connected(config: dict[str, Any], custom_objects: Any) -> tuple[Any, Any]:
    operations: dict[str, Any] = {}
    outputs: dict[tuple[str, int], list[KerasTensor]] = {}
    waiting: list[tuple[str, int, Any]] = []
    for data in config["layers"]:
        name = data.get("name") or data["config"]["name"]
        operations[name] = _operation(data, custom_objects)
        if isinstance(operations[name], InputLayer):
            outputs[name, 0] = operations[name]._nodes[0].outputs
        for index, node in enumerate(data["inbound_nodes"]):
            waiting.append((name, index, _arguments(node)))
    for name, _, (args, kwargs) in waiting:
        _check_names(name, [args, kwargs], operations)
    while waiting:
        left = []
        for name, index, (args, kwargs) in waiting:
            ready = all(place in outputs for place in _needed([args, kwargs]))
            if ready and (index == 0 or (name, index - 1) in outputs):
                operation = operations[name]
                kwargs = _without_defaults(operation, _filled(kwargs, outputs))
                result = operation(*_filled(args, outputs), **kwargs)
                outputs[name, index] = tree.flatten(result)
            else:
                left.append((name, index, (args, kwargs)))
        if len(left) == len(waiting):
            names = sorted({name for name, _, _ in left})
            raise ValueError(
                "Invalid Functional model configuration. The graph of the Functional "
                "model either has loops or disconnected nodes. The following nodes "
                f"failed to be resolved: {names}"
            )
        waiting = left

    def tensor(place: list[Any]) -> KerasTensor:
        name, index, output = place
        if name not in operations:
            raise ValueError(
                f"Invalid Functional model configuration. Unknown layer: {name!r}."
                f"{did_you_mean(name, operations)}"
            )
        return outputs[name, index - _is_functional(operations[name])][output]

    def tensors(part: Any) -> Any:
        if isinstance(part, Mapping):
            return {k: tensors(v) for k, v in part.items()}
        if len(part) == 3 and isinstance(part[0], str):
            return tensor(list(part))
        return type(part)(tensors(p) for p in part)

    return tensors(config["input_layers"]), tensors(config["output_layers"])


def _operation(data: dict[str, Any], custom_objects: Any) -> Any:
    if is_operation(data):
        return DescribedOp(_settings_read(data))
    known = {k: v for k, v in data.items() if k not in ("inbound_nodes", "name")}
    if not known.get("module") and not known.get("registered_name"):
        known["module"] = "keras.layers"  # old files name no module
        if known["class_name"] in ("Functional", "Model", "Sequential"):
            known["module"] = "keras.models"
    found = deserialize_keras_object(known, custom_objects=custom_objects)
    if not isinstance(found, Operation):
        raise ValueError(
            f"Unexpected object {found!r} in the configuration of a model: expected a "
            "layer or another operation."
        )
    return found


def _settings_read(data: dict[str, Any]) -> dict[str, Any]:
    settings = {k: deserialize_keras_object(v) for k, v in data["config"].items()}
    return {**data, "config": settings}


def _arguments(node: Any) -> tuple[Any, dict[str, Any]]:
    """Return the arguments of a call; old files only list places of tensors."""
    if isinstance(node, Mapping):
        return node["args"], node.get("kwargs") or {}
    places = [_tensor_at(place[:3]) for place in node]
    kwargs = node[0][3] if node and len(node[0]) > 3 else {}
    return [places[0] if len(places) == 1 else places], kwargs


def _tensor_at(place: list[Any]) -> dict[str, Any]:
    return {"class_name": "__keras_tensor__", "config": {"keras_history": place}}


def _without_defaults(operation: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Leave out what Keras writes though nobody gave it.

    It notes the ``training`` that a layer's ``call`` has by default; passed on, it
    would fix the layer's phase for ever. A ``mask`` of None is the same as none.
    """
    if not isinstance(operation, Layer):
        return kwargs
    default = operation._call.defaults.get("training")
    unset = {"training": default, "mask": None}
    return {k: v for k, v in kwargs.items() if not (k in unset and v is unset[k])}


def _is_tensor(part: Any) -> bool:
    return isinstance(part, dict) and part.get("class_name") == "__keras_tensor__"


def _needed(part: Any) -> list[tuple[str, int]]:
    if _is_tensor(part):
        name, call, _ = part["config"]["keras_history"]
        return [(name, call)]
    if not isinstance(part, dict | list | tuple):
        return []
    parts = part.values() if isinstance(part, dict) else part
    return [place for p in parts for place in _needed(p)]


def _check_names(name: str, arguments: Any, operations: dict[str, Any]) -> None:
    for needed, _ in _needed(arguments):
        if needed not in operations:
            raise ValueError(
                f"Invalid Functional model configuration. {name!r} needs an unknown "
                f"layer: {needed!r}. Missing node: {needed}."
                f"{did_you_mean(needed, operations)}"
            )


def _filled(part: Any, outputs: Any) -> Any:
    if _is_tensor(part):
        name, index, output = part["config"]["keras_history"]
        return outputs[name, index][output]
    if isinstance(part, dict) and "class_name" in part:
        return deserialize_keras_object(part)
    if isinstance(part, dict):
        return {k: _filled(v, outputs) for k, v in part.items()}
    if isinstance(part, list | tuple):
        return [_filled(p, outputs) for p in part]
    return part
