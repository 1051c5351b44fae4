"""``clone_model``: the same layers in the same places, with new weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcore.src import backend as backends, tree
from dlcore.src.export import export
from dlcore.src.layers.core.input_layer import Input, InputLayer
from dlcore.src.layers.layer import Layer
from dlcore.src.models import functional
from dlcore.src.models.model import Model
from dlcore.src.models.sequential import Sequential
from dlcore.src.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from dlcore.src.symbolic import KerasTensor

Clone = Callable[[Any], Any]


@export("dlcore.models.clone_model")
def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Clone | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Any:
    """Return a model of the same structure with new weights.

    Parameters
    ----------
    model : Model
        Functional or sequential; of another class only as a whole.
    input_tensors : KerasTensor, or nested ones, optional
        Inputs of the clone; new ones unless given.
    clone_function : Callable, optional
        Layer -> what takes its place; by default an equal layer.
    call_function : Callable, optional
        ``(layer, *args, **kwargs) -> outputs``: how layers of a functional model are
        called.
    recursive : bool
        Whether models in the model are cloned by the same functions.

    Raises
    ------
    ValueError
        If an argument does not apply to this kind of model.

    Examples
    --------
    >>> import dlcore
    >>> model = dlcore.Sequential([dlcore.Input((2,)), dlcore.layers.Dense(1)])
    >>> dlcore.models.clone_model(model).layers[0] is model.layers[0]
    False
    """
    cache = kwargs.pop("cache", {})
    if kwargs:
        raise ValueError(f"Unexpected keyword argument(s): {tuple(kwargs)}")
    clone = _Cloner(clone_function, call_function, recursive, cache)
    with backends.use_backend(model.backend):
        if isinstance(model, Sequential):
            if call_function is not None:
                raise ValueError(
                    "`call_function` argument is not supported with Sequential models: "
                    "their layers are listed, not called. Received model of type "
                    f"'{type(model).__name__}', with call_function={call_function}"
                )
            twin = _sequential(model, clone, input_tensors)
        elif getattr(model, "_is_functional", False) and (
            functional.takes_graph(type(model)) or clone_function or input_tensors
        ):
            twin = _functional(model, clone, input_tensors)
        else:
            _refuse(model, clone_function, input_tensors, call_function)
            known = {type(model).__name__: type(model)}
            return deserialize_keras_object(serialize_keras_object(model), known)
        if model.compiled:
            twin.compile_from_config(model.get_compile_config())
    return twin


def _refuse(model: Any, clone_function: Any, tensors: Any, call_function: Any) -> None:
    if clone_function or tensors or call_function:
        raise ValueError(
            "Arguments `clone_function`, `call_function` and `input_tensors` are only "
            "supported for Sequential models or Functional models. Received model of "
            f"type '{type(model).__name__}'."
        )


class _Cloner:
    """Clones layers, each once."""

    def __init__(
        self,
        function: Clone | None,
        call_function: Callable[..., Any] | None,
        recursive: bool,
        cache: dict[int, Any],
    ):
        self.function = function or _equal
        self.call_function = call_function
        self.recursive = recursive
        self.cache = cache

    def __call__(self, layer: Any) -> Any:
        if id(layer) not in self.cache:
            self.cache[id(layer)] = self._clone(layer)
        return self.cache[id(layer)]

    def _clone(self, layer: Any) -> Any:
        graph = getattr(layer, "_is_functional", False)
        sequential = isinstance(layer, Sequential)
        if not self.recursive or not (graph or sequential):
            return self.function(layer)
        return clone_model(
            layer,
            clone_function=self.function,
            call_function=None if sequential else self.call_function,
            recursive=True,
            cache=self.cache,
        )

    def call(self, layer: Any, *args: Any, **kwargs: Any) -> Any:
        if self.call_function is None:
            return layer(*args, **kwargs)
        return self.call_function(layer, *args, **kwargs)


def _equal(layer: Any) -> Any:
    return type(layer).from_config(layer.get_config())


def _sequential(model: Any, clone: _Cloner, input_tensors: Any) -> Any:
    layers = [clone(layer) for layer in model.layers]
    if input_tensors is not None:
        if len(tree.flatten(input_tensors)) != 1:
            raise ValueError("Argument `input_tensors` must contain a single tensor.")
        (tensor,) = tree.flatten(input_tensors)
        if not isinstance(tensor, KerasTensor):
            raise ValueError(
                "Argument `input_tensors` must be a KerasTensor. Received invalid "
                f"value: input_tensors={input_tensors}"
            )
        layers.insert(0, tensor)
    elif model._input is not None:
        layers.insert(0, _again(model._input))
    return Sequential(layers, name=model.name, trainable=model._trainable)


def _again(tensor: KerasTensor) -> Any:
    """Return a new input like another."""
    origin = tensor.node.operation if tensor.node else None
    optional = isinstance(origin, InputLayer) and origin.optional
    name = origin.name if isinstance(origin, InputLayer) else tensor.name
    return Input(
        batch_shape=tensor.shape, dtype=tensor.dtype, name=name, optional=optional
    )


def _functional(model: Any, clone: _Cloner, input_tensors: Any) -> Any:
    graph = model._graph
    if input_tensors is None:
        flat = [_again(node.outputs[0]) for node in graph.sources]
        input_tensors = tree.pack_sequence_as(graph.inputs, flat)
    else:
        flat = tree.flatten(input_tensors)
        if not all(isinstance(x, KerasTensor) for x in flat):
            raise ValueError(
                "All entries in `input_tensors` must be KerasTensors. Received "
                f"invalid values: inputs_tensors={input_tensors}"
            )
        try:
            tree.assert_same_structure(input_tensors, graph.inputs)
        except ValueError as error:
            raise ValueError(
                "`input_tensors` must have the same structure as model.input\n"
                f"Reference structure: {graph.inputs}\n"
                f"Received structure: {input_tensors}"
            ) from error

    def replaced(operation: Any) -> Any:
        if not isinstance(operation, Layer):
            return operation
        twin = clone(operation)
        return lambda *args, **kwargs: clone.call(twin, *args, **kwargs)

    outputs = graph.run(flat, replaced)
    cls = type(model) if functional.takes_graph(type(model)) else Model
    return cls(input_tensors, outputs, name=model.name)
