"""What a picture of a model shows: boxes, what they say, and what leads where."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from dlcore.src import tree


@dataclass(frozen=True)
class Shown:
    """What the boxes say beside the class.

    Attributes
    ----------
    names, shapes, dtypes, activations, trainable : bool
    nested : bool
        Whether models in the model are drawn from inside.
    """

    names: bool = False
    shapes: bool = False
    dtypes: bool = False
    activations: bool = False
    trainable: bool = False
    nested: bool = False


@dataclass(eq=False)
class Box:
    """A layer, an op, or a model.

    Attributes
    ----------
    key : str
        Another one for each box.
    title, subtitle : str
    rows : list of (str, str)
        What is said below: a word and a value.
    kind : str
        Decides the colour: ``"conv"``, ``"rnn"``...
    inner : Diagram, optional
        What the model consists of.
    """

    key: str
    title: str
    subtitle: str = ""
    rows: list[tuple[str, str]] = field(default_factory=list)
    kind: str = "op"
    inner: Diagram | None = None


@dataclass
class Diagram:
    """Boxes in an order in which they can run, and arrows between them."""

    name: str
    boxes: list[Box]
    arrows: list[tuple[Box, Box]]


#: Folder of a layer's source -> kind; others are "core".
_KINDS = {
    "convolutional": "conv",
    "pooling": "pool",
    "normalization": "norm",
    "activations": "activation",
    "attention": "attention",
    "rnn": "rnn",
    "merging": "merge",
    "reshaping": "shape",
    "regularization": "norm",
    "preprocessing": "shape",
}


def diagram(model: Any, shown: Shown) -> Diagram:
    """Return what there is to draw of a built model."""
    if _is_chain(model):
        return _chain(model, shown)
    if getattr(model, "_is_functional", False):
        return _graph(model, shown)
    return Diagram(model.name, [_box(model, [], [], shown)], [])


def _is_chain(model: Any) -> bool:
    return hasattr(model, "_sequence")


def _chain(model: Any, shown: Shown) -> Diagram:
    layers = list(model.layers)
    if model._is_functional and len(model._graph.nodes) >= len(layers):
        return _graph(model, shown)
    boxes = [_box(layer, [], [], shown) for layer in layers]
    return Diagram(model.name, boxes, list(itertools.pairwise(boxes)))


def _graph(model: Any, shown: Shown) -> Diagram:
    graph = model._graph
    boxes: dict[int, Box] = {}
    makers: dict[int, Box] = {}
    arrows: dict[tuple[int, int], tuple[Box, Box]] = {}
    for node in [*graph.sources, *graph.nodes]:
        operation = node.operation
        key = id(operation) if hasattr(operation, "name") else id(node)
        if key not in boxes:
            boxes[key] = _box(operation, list(node.inputs), node.outputs, shown)
        box = boxes[key]
        for tensor in node.outputs:
            makers.setdefault(id(tensor), box)
        for tensor in node.inputs:
            source = makers.get(id(tensor))
            if source is not None:
                arrows.setdefault((id(source), id(box)), (source, box))
    for tensor, source in zip(tree.flatten(graph.inputs), graph.sources, strict=True):
        makers.setdefault(id(tensor), makers[id(source.outputs[0])])
    return Diagram(model.name, list(boxes.values()), list(arrows.values()))


def _box(thing: Any, inputs: list[Any], outputs: list[Any], shown: Shown) -> Box:
    is_layer = hasattr(thing, "name") and hasattr(thing, "weights")
    kind_name = type(thing).__name__ if is_layer else _op_name(thing)
    named = is_layer and shown.names
    box = Box(
        key=f"n{id(thing) if is_layer else id(outputs[0]) if outputs else id(thing)}",
        title=thing.name if named else kind_name,
        subtitle=kind_name if named else "",
        kind=_kind(thing, is_layer),
    )
    if shown.activations and getattr(thing, "activation", None) is not None:
        activation = thing.activation
        name = getattr(activation, "__name__", type(activation).__name__)
        box.rows.append(("activation", str(name)))
    if shown.shapes:
        before, after = _shapes(inputs), _shapes(outputs)
        if not after:
            before, after = _own_shapes(thing)
        if before and before != after:
            box.rows.append(("shape", f"{before} → {after or '?'}"))
        else:
            box.rows.append(("shape", after or "?"))
    if shown.dtypes:
        found = sorted({str(t.dtype) for t in outputs})
        box.rows.append(
            ("dtype", ", ".join(found) or str(getattr(thing, "compute_dtype", "?")))
        )
    if shown.trainable and is_layer and thing.weights:
        count = thing.count_params()
        state = "trainable" if thing.trainable else "frozen"
        box.rows.append((state, f"{count:,} parameters"))
    has_inside = _is_chain(thing) or getattr(thing, "_is_functional", False)
    if shown.nested and has_inside and thing.built:
        box.inner = diagram(thing, shown)
    return box


def _op_name(thing: Any) -> str:
    return str(getattr(thing, "__name__", None) or getattr(thing, "name", "op"))


def _kind(thing: Any, is_layer: bool) -> str:
    if not is_layer:
        return "op"
    module = type(thing).__module__
    if type(thing).__name__ == "InputLayer":
        return "input"
    if not module.startswith("dlcore.src."):
        return "own"
    parts = module.split(".")
    if parts[2] == "models":
        return "model"
    return _KINDS.get(parts[3] if len(parts) > 3 else "", "core")


def _shapes(tensors: list[Any]) -> str:
    return ", ".join(_shape(tuple(t.shape)) for t in tensors)


def _shape(shape: tuple[Any, ...]) -> str:
    return "(" + ", ".join(map(str, shape)) + ")"


def _own_shapes(thing: Any) -> tuple[str, str]:
    """Return the shapes of the only call of a layer, if there was just one."""
    try:
        return _shapes(tree.flatten(thing.input)), _shapes(tree.flatten(thing.output))
    except (AttributeError, ValueError):
        return "", ""
