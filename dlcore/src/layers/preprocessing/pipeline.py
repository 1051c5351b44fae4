"""``Pipeline``: layers one after the other, for data pipelines."""

from __future__ import annotations

from typing import Any, Self

from dlcore.src import tree
from dlcore.src.export import export
from dlcore.src.layers.context import get_mask
from dlcore.src.layers.layer import Layer
from dlcore.src.layers.preprocessing.data_layer import DataLayer


@export("dlcore.layers.Pipeline")
class Pipeline(DataLayer):
    """Layers one after the other; data of any structure may go through them.

    Parameters
    ----------
    layers : sequence of Layer
    name : str, optional

    Examples
    --------
    >>> import dlcore, numpy as np
    >>> layers = dlcore.layers
    >>> flow = layers.Pipeline([layers.CenterCrop(2, 2), layers.Rescaling(0.5)])
    >>> flow(np.ones((1, 4, 4, 3))).shape[1:3] == (2, 2)
    True
    """

    def __init__(self, layers: Any, name: str | None = None):
        super().__init__(name=name)
        self._pipeline_layers = list(layers)
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True

    @property
    def layers(self) -> list[Layer]:
        """The layers, in order."""
        return self._pipeline_layers

    def build(self, input_shape: Any) -> None:
        """Do nothing: each layer is built by its first input."""

    def call(self, inputs: Any, training: bool = True, mask: Any = None) -> Any:
        """Compute the outputs of the last layer."""
        for layer in self._pipeline_layers:
            takes = type(layer)._call
            kwargs = {"training": training} if takes.has_training else {}
            if "mask" in takes.names:
                kwargs["mask"] = mask
            inputs = layer(inputs, **kwargs)
            mask = tree.map_structure(get_mask, inputs)
        return inputs

    def compute_output_spec(self, inputs: Any, **kwargs: Any) -> Any:
        """Return symbolic tensors of the outputs' shapes and dtypes."""
        for layer in self._pipeline_layers:
            inputs = layer.compute_output_spec(inputs)
        return inputs

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        from dlcore.src.saving.serialization import serialize_keras_object

        layers = [serialize_keras_object(layer) for layer in self._pipeline_layers]
        return {"layers": layers, "name": self.name}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """Make a layer from what ``get_config`` returned."""
        from dlcore.src.saving.serialization import deserialize_keras_object

        layers = config.get("layers")
        if not isinstance(layers, list | tuple):
            raise ValueError(
                "`Pipeline` config must contain a `layers` key mapping to a list of "
                f"serialized layers. Received config with layers={layers}."
            )
        made = [deserialize_keras_object(layer, custom_objects) for layer in layers]
        return cls(**config | {"layers": made})
