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
    renorm : bool
        Whether to correct each batch's statistics towards their averages.
    renorm_clipping : dict, optional
        Bounds ``rmin``, ``rmax`` of the correction's factor, ``dmax`` of its offset.
    renorm_momentum : float
        As ``momentum``, for the averages that the correction uses.
    synchronized : bool
        Whether replicas share their statistics; with one device there is no difference.
    **kwargs
        Of ``Layer``.

    Notes
    -----
    With ``trainable=False`` it uses the moving averages, whatever ``training`` says.
    Source: Ioffe and Szegedy, 2015, arXiv:1502.03167; ``renorm``: Ioffe, 2017,
    arXiv:1702.03275.

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
        renorm: bool = False,
        renorm_clipping: dict[str, float] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._keep(locals())
        if renorm:
            _check_clipping(renorm_clipping or {})
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
        if self.renorm:
            self._build_renorm(size)
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

    def _build_renorm(self, size: int) -> None:
        def stddev(shape: Any, dtype: Any = None) -> Any:
            return ops.sqrt(self.moving_variance_initializer(shape, dtype=dtype))

        for name, initializer in (
            ("moving_stddev", stddev),
            ("renorm_mean", self.moving_mean_initializer),
            ("renorm_stddev", stddev),
        ):
            weight = self.add_weight(
                (size,),
                name=name,
                initializer=initializer,
                trainable=False,
                autocast=False,
            )
            setattr(self, name, weight)

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
        scale, offset = self.gamma, self.beta
        if training and self.trainable:
            mean, variance = self._moments(inputs, mask)
            if self.renorm:
                scale, offset = self._corrected(mean, variance, scale, offset)
            else:
                _average(self.moving_mean, mean, self.momentum)
                _average(self.moving_variance, variance, self.momentum)
        outputs = ops.batch_normalization(
            inputs,
            mean,
            variance,
            axis=self.axis,
            offset=offset,
            scale=scale,
            epsilon=self.epsilon,
        )
        return ops.cast(outputs, self.compute_dtype)

    def _corrected(
        self, mean: Any, variance: Any, scale: Any, offset: Any
    ) -> tuple[Any, Any]:
        """Return scale and offset with the correction in them; renew the averages."""
        mean, variance = ops.stop_gradient(mean), ops.stop_gradient(variance)
        stddev = ops.sqrt(ops.add(variance, self.epsilon))
        usual = ops.maximum(self.renorm_stddev.value, self.epsilon**0.5)
        factor = ops.divide(stddev, usual)
        shift = ops.divide(ops.subtract(mean, self.renorm_mean.value), usual)
        bounds = self.renorm_clipping or {}
        if bounds.get("rmin") is not None:
            factor = ops.maximum(factor, bounds["rmin"])
        if bounds.get("rmax") is not None:
            factor = ops.minimum(factor, bounds["rmax"])
        if bounds.get("dmax") is not None:
            shift = ops.clip(shift, -bounds["dmax"], bounds["dmax"])
        if scale is not None:
            factor, shift = ops.multiply(factor, scale), ops.multiply(shift, scale)
        if offset is not None:
            shift = ops.add(shift, offset)
        _average(self.renorm_mean, mean, self.renorm_momentum)
        _average(self.renorm_stddev, stddev, self.renorm_momentum)
        _average(self.moving_mean, mean, self.momentum)
        _average(self.moving_stddev, stddev, self.momentum)
        square = ops.square(self.moving_stddev.value)
        self.moving_variance.assign(ops.relu(ops.subtract(square, self.epsilon)))
        return factor, shift

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


def _average(average: Any, new: Any, kept: float) -> None:
    new = ops.multiply(ops.cast(ops.stop_gradient(new), average.dtype), 1.0 - kept)
    average.assign(ops.add(ops.multiply(average.value, kept), new))


def _check_clipping(bounds: dict[str, float]) -> None:
    known = ["rmax", "rmin", "dmax"]
    if set(bounds) - set(known):
        raise ValueError(
            "Received invalid keys for `renorm_clipping` argument: "
            f"{bounds}. Supported values: {known}."
        )
    rmax, rmin, dmax = map(bounds.get, known)
    if rmax is not None and rmin is not None and rmax < rmin:
        raise ValueError(
            "rmax should be greater than rmin in the `renorm_clipping` argument. "
            f"Received: rmax={rmax}, rmin={rmin}."
        )
    if dmax is not None and dmax < 0:
        raise ValueError(
            "dmax should be non-negative in the `renorm_clipping` argument. "
            f"Received: dmax={dmax}."
        )
