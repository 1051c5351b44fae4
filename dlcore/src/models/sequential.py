"""``Sequential``: layers one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from dlcore.src import backend as backends, tree
from dlcore.src.export import export
from dlcore.src.layers import context as calls
from dlcore.src.layers.core.input_layer import Input, InputLayer
from dlcore.src.layers.layer import Layer
from dlcore.src.models.model import Model
from dlcore.src.symbolic import KerasTensor


@export("dlcore.Sequential", "dlcore.models.Sequential")
class Sequential(Model):
    """Layers one after the other, each with one input and one output.

    Parameters
    ----------
    layers : sequence of Layer, optional
        An ``Input`` may come first; otherwise the shape is that of the first data.
    trainable : bool
    name : str, optional

    Examples
    --------
    >>> import dlcore
    >>> model = dlcore.Sequential([dlcore.layers.Dense(4), dlcore.layers.Dense(1)])
    >>> model(dlcore.ops.ones((2, 3))).shape
    (2, 1)
    """

    def __init__(
        self,
        layers: Sequence[Any] | None = None,
        trainable: bool = True,
        name: str | None = None,
    ):
        super().__init__(trainable=trainable, name=name)
        self._sequence: list[Layer] = []
        self._input: KerasTensor | None = None
        self._last: Any = None
        for layer in layers or ():
            self._append(layer)
        self._connect()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Add a layer at the end.

        Parameters
        ----------
        layer : Layer, or what ``Input`` returns
        rebuild : bool
            Accepted for compatibility.

        Raises
        ------
        ValueError
            If it is no layer, or its name is taken.
        """
        self._append(layer)
        self._connect()

    def _append(self, layer: Any) -> None:
        if isinstance(layer, KerasTensor):
            origin = layer.node.operation if layer.node else None
            layer = origin if isinstance(origin, InputLayer) else layer
        if not isinstance(layer, Layer):
            raise ValueError(
                "Only instances of `keras.Layer` can be added to a Sequential model. "
                f"Received: {layer!r} (of type {type(layer).__name__})."
            )
        if any(layer.name == other.name for other in self._sequence):
            raise ValueError(
                "All layers added to a Sequential model should have unique names. Name "
                f'"{layer.name}" is already the name of a layer in this model. Update '
                "the `name` argument to pass a unique name."
            )
        if isinstance(layer, InputLayer):
            if self._input is not None:
                raise ValueError(
                    f"Sequential model '{self.name}' has already been configured to "
                    f"use input shape {self._input.shape}. You cannot add a different "
                    "Input layer to it."
                )
            if self._sequence:
                raise ValueError(
                    "An Input must come first in a Sequential model; this one has "
                    f"{len(self._sequence)} layers already."
                )
            self._input = self._last = layer._nodes[0].outputs[0]
            return
        shape = getattr(layer, "_input_shape_arg", None)
        if self._input is None and not self._sequence and shape is not None:
            self._input = self._last = Input(batch_shape=shape)
        if layer.backend is not self.backend:
            raise ValueError(
                f"{layer.described} lives on the {layer.backend.name} backend, the "
                f"model {self.name!r} on {self.backend.name}. Make both under one "
                "dlcore.use_backend(...)."
            )
        self._sequence = [*self._sequence, layer]
        if self._last is not None:
            self._extend(layer)

    def _extend(self, layer: Layer) -> None:
        known = layer._call
        required = [n for n in known.names[1:] if n not in known.defaults]
        if required:
            raise ValueError(
                "Layers added to a Sequential model can only have a single required "
                f"positional argument, the input tensor; `call()` of {layer.described} "
                f"also needs {required}."
            )
        with backends.use_backend(self.backend), calls.fresh_call():
            with calls.named(self.name):
                last = layer(self._last)
        if len(tree.flatten(last)) != 1:
            raise ValueError(
                "All layers in a Sequential model should have a single output tensor. "
                f"{layer.described} has {len(tree.flatten(last))}. For multi-output "
                "layers, use the functional API."
            )
        self._last = last

    def _connect(self) -> None:
        """Bring the graph up to date; a model without an Input waits for data."""
        self._functions.clear()
        if self._input is not None and self._sequence:
            self._become_functional(self._input, self._last)

    def pop(self, rebuild: bool = True) -> Layer:
        """Remove the last layer and return it."""
        if not self._sequence:
            raise ValueError("There are no layers to remove.")
        layer = self._sequence[-1]
        self._sequence = self._sequence[:-1]
        layer._nodes[:] = [n for n in layer._nodes if self._last not in n.outputs]
        self._last = self._input
        self.__dict__.pop("_graph", None)
        self.__dict__.pop("_graph_layers", None)
        self.built = False
        if self._input is not None:
            for kept in self._sequence:
                self._last = kept._nodes[-1].outputs[0]
        self._connect()
        return layer

    def build(self, input_shape: Any = None) -> None:
        """Make the weights.

        Parameters
        ----------
        input_shape : tuple of int or None
            Batch axis included.
        """
        if input_shape is None or any(
            isinstance(d, tuple | list | str) for d in input_shape
        ):
            return  # several inputs: the layers are built by the first call
        if self._is_functional:
            self._check_conflict(tuple(input_shape))
            return
        if not self._sequence:
            raise ValueError(
                f"Sequential model {self.name} cannot be built because it has no "
                "layers. Call `model.add(layer)`."
            )
        self._begin(Input(batch_shape=tuple(input_shape)))

    def _check_conflict(self, shape: tuple[int | None, ...]) -> None:
        known = self._input.shape if self._input is not None else shape
        if len(known) != len(shape) or any(
            a is not None and b is not None and a != b
            for a, b in zip(known[1:], shape[1:], strict=True)
        ):
            raise ValueError(
                f"Sequential model '{self.name}' has already been configured to use "
                f"input shape {known}. You cannot build it with input_shape {shape}"
            )

    def _begin(self, start: KerasTensor) -> None:
        self._input = self._last = start
        try:
            for layer in self._sequence:
                self._extend(layer)
        except NotImplementedError:  # a layer cannot tell its outputs' shape
            self._input = self._last = None
            return
        except BaseException:
            self._input = self._last = None
            raise
        self._connect()

    def __call__(
        self, inputs: Any, training: bool | None = None, mask: Any = None
    ) -> Any:
        """Run the layers; the first call builds them."""
        if not self._sequence and self._input is None:
            raise ValueError(
                f"Sequential model {self.name} cannot be called because it has no "
                "layers. Call `model.add(layer)`."
            )
        if not self._is_functional and self._sequence and not self.built:
            with backends.use_backend(self.backend):
                first = self._converter.all(self, (inputs,), {})[0][0]
                if not tree.is_nested(first) or not any(
                    hasattr(x, "shape") for x in tree.flatten(first)
                ):
                    self._begin_with(first)
        kwargs = {"training": training, "mask": mask}
        return super().__call__(
            inputs, **{k: v for k, v in kwargs.items() if v is not None}
        )

    def _begin_with(self, first: Any) -> None:
        if not hasattr(first, "shape"):
            first = self.backend.runtime.convert(first, self.compute_dtype)
        self._begin(Input(batch_shape=(None, *first.shape[1:]), dtype=first.dtype))
        self._sizes_declared = False

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Run the layers."""
        if self._is_functional:
            return super().call(inputs, training, mask)
        for layer in self._sequence:  # several inputs, or shapes that nobody can tell
            known = layer._call.names
            offered = {"training": training, "mask": mask}
            kwargs = {k: v for k, v in offered.items() if v is not None and k in known}
            inputs = layer(inputs, **kwargs)
            mask = tree.map_structure(calls.get_mask, inputs)
            mask = None if tree.is_nested(mask) else mask
        return inputs

    @property
    def layers(self) -> list[Layer]:
        """Its layers, without the input."""
        return list(self._sequence)

    @layers.setter
    def layers(self, _: Any) -> None:
        raise AttributeError(
            "`Sequential.layers` attribute is reserved and should not be used. Use "
            "`add()` and `pop()` to change the layers in this model."
        )

    @property
    def input_dtype(self) -> Any:
        """The dtype of the input."""
        return self._input.dtype if self._input is not None else self.compute_dtype

    def get_config(self) -> dict[str, Any]:
        """Return the layers' configurations."""
        from dlcore.src.saving.serialization import serialize_keras_object

        if type(self).__init__ is not Sequential.__init__:
            return super().get_config()
        layers = [serialize_keras_object(layer) for layer in self._sequence]
        if self._input is not None and self._input.node is not None:
            layers.insert(0, serialize_keras_object(self._input.node.operation))
        config: dict[str, Any] = {"name": self.name, "trainable": self._trainable}
        config["layers"] = layers
        if self._input is not None:
            config["build_input_shape"] = list(self._input.shape)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Make a model from what ``get_config`` returned."""
        from dlcore.src.saving.serialization import deserialize_keras_object

        if cls.__init__ is not Sequential.__init__ and "layers" not in config:
            return super().from_config(config)
        if "name" not in config or "layers" not in config:
            raise ValueError(
                "A Sequential model configuration must be a dictionary containing the "
                f"'name' and 'layers' keys. Received: {config}"
            )
        for made in config["layers"]:
            if "config" not in made:
                raise ValueError(
                    "Invalid layer in the configuration of a Sequential model. "
                    f"Expected a dictionary containing a 'config' key. Received: {made}"
                )
        layers = [
            deserialize_keras_object(c, custom_objects=custom_objects)
            for c in config["layers"]
        ]
        model = cls(layers, name=config.get("name"))
        model.trainable = config.get("trainable", True)
        shape = config.get("build_input_shape")
        if not model.built and shape is not None:
            model.build(tuple(shape))
        return model
