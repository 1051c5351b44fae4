"""``Dense``."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.layers.adapters.layout import Layout
from dlcore.src.layers.adapters.low_rank import AdaptedWeight
from dlcore.src.layers.adapters.quantizable import QuantizableProduct
from dlcore.src.layers.input_spec import InputSpec


@export("dlcore.layers.Dense")
class Dense(QuantizableProduct):
    """``activation(inputs @ kernel + bias)``, over the last axis.

    Parameters
    ----------
    units : int
        Size of the last axis of the output.
    activation : str or Callable, optional
        Applied to the result; none unless given.
    use_bias : bool
    kernel_initializer, bias_initializer : str or Initializer
    kernel_regularizer, bias_regularizer, activity_regularizer : optional
    kernel_constraint, bias_constraint : optional
    lora_rank, lora_alpha : optional
        As in ``enable_lora``, which ``build`` then calls.
    quantization_config : QuantizationConfig, optional
        Settings of the mode where ``dtype`` is that of a quantized layer.
    **kwargs
        Of ``Layer``.

    Notes
    -----
    Shape: ``(batch, ..., features)`` to ``(batch, ..., units)``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.Dense(3, activation="relu")
    >>> layer(dlcore.ops.ones((2, 5))).shape
    (2, 3)
    """

    kernel: Any = AdaptedWeight()

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._keep(locals())
        if not isinstance(units, int) or units <= 0:
            raise ValueError(
                "Received an invalid value for `units`, expected a positive integer. "
                f"Received: units={units}"
            )
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        features = input_shape[-1]
        self._make_weight("kernel", (features, self.units))
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,),
                name="bias",
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})
        self._adapt_as_asked()

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        return self._ended(ops.matmul(inputs, self.kernel), self.bias)

    def _layouts_of(self, shape: tuple[int, ...]) -> dict[str, Layout]:
        return {"kernel": Layout(shape, (0,), (1,), shape)}
