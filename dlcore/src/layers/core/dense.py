"""``Dense``."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.layers.adapters.low_rank import Adaptable, AdaptedWeight
from dlcore.src.layers.input_spec import InputSpec


@export("dlcore.layers.Dense")
class Dense(Adaptable):
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
        self.kernel = self.add_weight(
            (features, self.units),
            name="kernel",
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
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
        x = ops.matmul(inputs, self.kernel)
        if self.bias is not None:
            x = ops.add(x, self.bias)
        return x if self.activation is None else self.activation(x)
