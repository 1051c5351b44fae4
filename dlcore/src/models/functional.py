"""Functional models as configurations, in Keras' own format, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlcore.src import tree
from dlcore.src.errors import did_you_mean
from dlcore.src.layers.core.input_layer import InputLayer
from dlcore.src.layers.layer import Layer
from dlcore.src.ops.declare import REGISTRY
from dlcore.src.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from dlcore.src.symbolic import KerasTensor, Node


class _Names:
    """Names of the operations in a graph, and the calls each of them has in it."""

    def __init__(self, graph: Any):
        self.calls: dict[int, list[Node]] = {}
        self.names: dict[int, str] = {}
        self.order: list[Any] = []
        counts: dict[str, int] = {}
        for node in [*graph.sources, *graph.nodes]:
            key = self.key(node)
            if key not in self.names:
                name = getattr(node.operation, "name", None)
                if name is None:
                    name = f"op_{node.operation.__name__}"
                    counts[name] = counts.get(name, 0) + 1
                    name += f"_{counts[name] - 1}" if counts[name] > 1 else ""
                self.names[key] = name
                self.order.append(node.operation)
            self.calls.setdefault(key, []).append(node)
        self.makers = {
            id(t): (node, i)
            for nodes in self.calls.values()
            for node in nodes
            for i, t in enumerate(node.outputs)
        }

    @staticmethod
    def key(node: Node) -> int:
        return id(node.operation) if isinstance(node.operation, Layer) else id(node)

    def place(self, tensor: KerasTensor) -> list[Any]:
        """Return ``[name, call, output]`` of the tensor."""
        node, index = self.makers[id(tensor)]
        key = self.key(node)
        return [self.names[key], self.calls[key].index(node), index]


def config_of(model: Any) -> dict[str, Any]:
    """Return the configuration of a functional model."""
    graph = model._graph
    names = _Names(graph)

    def described(tree_: Any) -> Any:
        def tensor(x: Any) -> Any:
            if not isinstance(x, KerasTensor):
                return serialize_keras_object(x)
            config = {
                "shape": list(x.shape),
                "dtype": x.dtype,
                "keras_history": names.place(x),
            }
            return {"class_name": "__keras_tensor__", "config": config}

        return _each(tensor, tree_)

    layers = []
    for key, calls in names.calls.items():
        operation = calls[0].operation
        if isinstance(operation, Layer):
            made = serialize_keras_object(operation)
        else:
            made = {
                "module": "dlcore.ops",
                "class_name": operation.__name__,
                "config": {},
                "registered_name": None,
            }
        made["name"] = names.names[key]
        made["inbound_nodes"] = [
            {"args": described(node.args), "kwargs": described(node.kwargs)}
            for node in calls
            if not isinstance(operation, InputLayer)
        ]
        layers.append(made)

    def places(tensors: Any) -> Any:
        return _each(names.place, tensors)

    inputs = tree.pack_sequence_as(graph.inputs, [s.outputs[0] for s in graph.sources])
    return {
        "name": model.name,
        "trainable": model._trainable,
        "layers": layers,
        "input_layers": places(inputs),
        "output_layers": places(graph.outputs),
    }


def _each(function: Any, part: Any) -> Any:
    if isinstance(part, list | tuple):
        return [_each(function, p) for p in part]
    if isinstance(part, Mapping):
        return {k: _each(function, p) for k, p in part.items()}
    return function(part)


def from_config(cls: Any, config: dict[str, Any], custom_objects: Any = None) -> Any:
    """Make a functional model from its configuration.

    Raises
    ------
    ValueError
        If the graph has loops or loose ends.
    """
    operations: dict[str, Any] = {}
    outputs: dict[tuple[str, int], list[KerasTensor]] = {}
    waiting: list[tuple[str, int, dict[str, Any]]] = []
    for data in config["layers"]:
        name = data["name"]
        operations[name] = _operation(data, custom_objects)
        if isinstance(operations[name], InputLayer):
            outputs[name, 0] = operations[name]._nodes[0].outputs
        for index, node in enumerate(data["inbound_nodes"]):
            waiting.append((name, index, node))
    while waiting:
        left = []
        for name, index, node in waiting:
            ready = all((n, i) in outputs for n, i, _ in _needed(node))
            if ready and (index == 0 or (name, index - 1) in outputs):
                args = _filled(node["args"], outputs)
                kwargs = _filled(node.get("kwargs") or {}, outputs)
                result = operations[name](*args, **kwargs)
                outputs[name, index] = tree.flatten(result)
            else:
                left.append((name, index, node))
        if len(left) == len(waiting):
            raise ValueError(
                "Invalid Functional model configuration: the graph has loops or loose "
                f"ends at {sorted({name for name, _, _ in left})}."
            )
        waiting = left

    def tensors(part: Any) -> Any:
        if isinstance(part, Mapping):
            return {k: tensors(v) for k, v in part.items()}
        if len(part) == 3 and isinstance(part[0], str):
            name, index, output = part
            made = outputs.get((name, index)) or outputs[name, index - 1]
            return made[output]
        return [tensors(p) for p in part]

    rest = {k: v for k, v in config.items() if k in ("name", "trainable")}
    ins, outs = tensors(config["input_layers"]), tensors(config["output_layers"])
    return cls(inputs=ins, outputs=outs, **rest)


def _operation(data: dict[str, Any], custom_objects: Any) -> Any:
    if data.get("module") == "dlcore.ops":
        name = data["class_name"]
        if name not in REGISTRY:
            raise ValueError(f"Unknown op {name!r}.{did_you_mean(name, REGISTRY)}")
        return REGISTRY[name].function
    layer = deserialize_keras_object(
        {k: v for k, v in data.items() if k not in ("inbound_nodes", "name")},
        custom_objects=custom_objects,
    )
    if not isinstance(layer, Layer):
        raise ValueError(
            f"Unexpected object {layer!r} in the configuration of a model: expected a "
            "layer."
        )
    return layer


def _is_tensor(part: Any) -> bool:
    return isinstance(part, dict) and part.get("class_name") == "__keras_tensor__"


def _needed(part: Any) -> list[Any]:
    if _is_tensor(part):
        return [part["config"]["keras_history"]]
    parts = part.values() if isinstance(part, dict) else part
    if not isinstance(part, dict | list | tuple):
        return []
    return [place for p in parts for place in _needed(p)]


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
