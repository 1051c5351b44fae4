"""``Identity``, ``Lambda``, ``Masking``, ``Wrapper``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.layers.context import set_mask
from dlcore.src.layers.layer import Layer


@export("dlcore.layers.Identity")
class Identity(Layer):
    """Return the inputs as they are."""

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        return inputs


@export("dlcore.layers.Lambda")
class Lambda(Layer):
    """Any function as a layer; it has no weights of its own.

    Parameters
    ----------
    function : Callable
        Gets the inputs first, and ``mask`` and ``training`` if it takes them.
    output_shape : tuple or Callable, optional
        Without the batch axis; found by running the function unless given.
    mask : Callable or tensor, optional
        ``(inputs, previous mask) -> mask``.
    arguments : dict, optional
        Further keyword arguments for the function.
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> double = dlcore.layers.Lambda(lambda x: x * 2.0)
    >>> float(double(dlcore.ops.ones(())))
    2.0
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.function = function
        self.arguments = arguments or {}
        self._output_shape = output_shape
        self.mask = mask
        self.supports_masking = mask is not None
        self._takes = getattr(getattr(function, "__code__", None), "co_varnames", ())

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs' shape and dtype."""
        from dlcore.src.symbolic import KerasTensor

        if self._output_shape is None:
            return self.call(*args, **kwargs)
        x = args[0]
        if callable(self._output_shape):
            shape = self._output_shape(x.shape)
        else:
            shape = (x.shape[0], *self._output_shape)
        return KerasTensor(shape, x.dtype)

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        """Compute the outputs."""
        offered = {"mask": mask, "training": training}
        taken = {k: v for k, v in offered.items() if k in self._takes}
        return self.function(inputs, **{**taken, **self.arguments})

    def get_config(self) -> dict[str, Any]:
        """Return the arguments; lambdas as Keras' ``Lambda`` writes them."""
        config = super().get_config()
        for value in config.values():
            if isinstance(value, dict) and value.get("class_name") == "__lambda__":
                parts = zip(
                    ("code", "defaults", "closure"),
                    value["config"]["value"],
                    strict=True,
                )
                value["config"] = dict(parts)
        return config

    @classmethod
    def from_config(
        cls,
        config: dict[str, Any],
        custom_objects: Any = None,
        safe_mode: bool | None = None,
    ) -> Self:
        """Make a layer from what ``get_config`` returned.

        Parameters
        ----------
        config : dict
        custom_objects : dict, optional
            Functions that are not registered.
        safe_mode : bool, optional
            False consents to running the code of a lambda that the configuration
            brings.

        Raises
        ------
        ValueError
            If the function is a lambda and nobody consented.
        """
        from dlcore.src.saving import lambdas
        from dlcore.src.saving.serialization import deserialize_keras_object

        config = dict(config)
        for key in ("function", "output_shape", "mask", "arguments"):
            value = config.get(key)
            if isinstance(value, dict) and value.get("class_name") == "__lambda__":
                config[key] = lambdas.load(
                    value["config"].get("value", value["config"]), safe_mode
                )
            elif isinstance(value, dict):
                config[key] = deserialize_keras_object(
                    value, custom_objects=custom_objects
                )
        return super().from_config(config)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the outputs' mask."""
        return self.mask(inputs, mask) if callable(self.mask) else self.mask


@export("dlcore.layers.Masking")
class Masking(Layer):
    """Mask the steps whose features all equal ``mask_value``.

    Parameters
    ----------
    mask_value : float
    **kwargs
        Of ``Layer``.

    Notes
    -----
    Shape: ``(batch, steps, features)`` to the same; masked steps become zero.
    """

    def __init__(self, mask_value: float = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True
        self._build_at_init()

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the outputs' mask."""
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        kept = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        outputs = ops.multiply(inputs, ops.cast(kept, inputs.dtype))
        set_mask(outputs, ops.squeeze(kept, axis=-1))
        return outputs


@export("dlcore.layers.Wrapper")
class Wrapper(Layer):
    """A layer around another one.

    Parameters
    ----------
    layer : Layer
    **kwargs
        Of ``Layer``.

    Raises
    ------
    ValueError
        If ``layer`` is none.
    """

    def __init__(self, layer: Layer, **kwargs: Any):
        if not isinstance(layer, Layer):
            raise ValueError(
                f"Layer {layer} supplied to Wrapper isn't a supported layer type. "
                "Please ensure wrapped layer is a valid Keras layer."
            )
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        """Make the weights."""
        if not self.layer.built:
            self.layer.build(input_shape)
