"""``BatchNormalization``."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.dtypes import result_type
from dlcore.src.export import export
from dlcore.src.layers.input_spec import InputSpec
from dlcore.src.layers.layer import Layer


@export("dlcore.layers.BatchNormalization")
class BatchNormalization(Layer):
    """Zero mean and unit variance over the batch, then scale and offset.

    While training the batch's own mean and variance are used, and moving averages of
    them are kept; otherwise the averages are used.

    Parameters
    ----------
    axis : int
        The features' axis.
    momentum : float
        How much of the averages stays in a step.
    epsilon : float
        Added to the variance.
    center, scale : bool
        Whether to learn an offset, and a factor.
    beta_initializer, gamma_initializer : str or Initializer
    moving_mean_initializer, moving_variance_initializer : str or Initializer
    beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint : optional
    synchronized : bool
        Whether replicas share their statistics; with one device there is no difference.
    **kwargs
        Of ``Layer``.

    Notes
    -----
    With ``trainable=False`` it uses the moving averages, whatever ``training`` says.
    Source: Ioffe and Szegedy, 2015, arXiv:1502.03167.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.BatchNormalization()
    >>> layer(dlcore.ops.ones((2, 3)), training=True).shape
    (2, 3)
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        synchronized: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._keep(locals())
        self.axis = int(axis)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        ndim = len(input_shape)
        if not -ndim <= self.axis < ndim:
            raise ValueError(
                f"Axis {self.axis} is out of bounds for input shape {input_shape}. "
                f"Received: axis={self.axis}"
            )
        size = input_shape[self.axis]
        self.gamma = self._weight("gamma", size) if self.scale else None
        self.beta = self._weight("beta", size) if self.center else None
        self.moving_mean = self._weight("moving_mean", size)
        self.moving_variance = self._weight("moving_variance", size)
        self.input_spec = InputSpec(ndim=ndim, axes={self.axis: size})
        axis = self.axis % ndim
        self._reduction_axes = [i for i in range(ndim) if i != axis]

    def _weight(self, name: str, size: int) -> Any:
        return self.add_weight(
            (size,),
            name=name,
            initializer=getattr(self, f"{name}_initializer"),
            regularizer=getattr(self, f"{name}_regularizer", None),
            constraint=getattr(self, f"{name}_constraint", None),
            trainable=not name.startswith("moving"),
            autocast=False,
        )

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Compute the outputs."""
        if mask is not None and len(mask.shape) != len(inputs.shape) - 1:
            raise ValueError(
                "The mask provided should be one dimension less than the inputs. "
                f"Received: mask.shape={tuple(mask.shape)}, "
                f"inputs.shape={tuple(inputs.shape)}"
            )
        # 16-bit sums overflow.
        inputs = ops.cast(inputs, result_type(inputs.dtype, "float32"))
        mean, variance = self.moving_mean.value, self.moving_variance.value
        if training and self.trainable:
            mean, variance = self._moments(inputs, mask)
            kept = self.momentum
            for average, new in (
                (self.moving_mean, mean),
                (self.moving_variance, variance),
            ):
                average.assign(
                    ops.add(
                        ops.multiply(average.value, kept),
                        ops.multiply(
                            ops.cast(ops.stop_gradient(new), average.dtype), 1.0 - kept
                        ),
                    )
                )
        outputs = ops.batch_normalization(
            inputs,
            mean,
            variance,
            axis=self.axis,
            offset=self.beta,
            scale=self.gamma,
            epsilon=self.epsilon,
        )
        return ops.cast(outputs, self.compute_dtype) if self._mixed else outputs

    def _moments(self, inputs: Any, mask: Any) -> tuple[Any, Any]:
        axes = self._reduction_axes
        if mask is None:
            return ops.moments(inputs, axes=axes)
        weight = ops.expand_dims(ops.cast(mask, inputs.dtype), -1)
        weight = ops.broadcast_to(weight, ops.shape(inputs))
        count = ops.sum(weight, axis=axes, keepdims=True)
        mean = ops.sum(ops.multiply(inputs, weight), axis=axes, keepdims=True)
        mean = ops.divide(mean, ops.add(count, 1e-7))
        square = ops.multiply(weight, ops.square(ops.subtract(inputs, mean)))
        variance = ops.divide(
            ops.sum(square, axis=axes), ops.add(ops.squeeze(count, axes), 1e-7)
        )
        return ops.squeeze(mean, axes), variance
