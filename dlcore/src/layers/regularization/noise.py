"""Layers that disturb training so that a model does not learn by heart."""

from __future__ import annotations

import math
from typing import Any

from dlcore import ops, random
from dlcore.src.export import export
from dlcore.src.layers.input_spec import InputSpec
from dlcore.src.layers.layer import Layer
from dlcore.src.layers.sizes import data_format_of


class _Noisy(Layer):
    """Base: draws numbers while training, and is the identity otherwise."""

    def _ready(self, seed: int | None, draws: bool) -> None:
        self.seed = seed
        self.supports_masking = True
        if draws:
            self.seed_generator = random.SeedGenerator(seed)
        self._build_at_init()


def _check_rate(rate: Any) -> None:
    if not isinstance(rate, int | float) or not 0 <= rate <= 1:
        raise ValueError(
            f"Invalid value received for argument `rate`. Expected a float value "
            f"between 0 and 1. Received: rate={rate}"
        )


def _noise_shape(value: Any) -> tuple[int | None, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(
            "Invalid value received for argument `noise_shape`. Expected a tuple or "
            f"list of integers. Received: noise_shape={value}"
        )
    for size in value:
        if size is not None and (not isinstance(size, int) or isinstance(size, bool)):
            raise ValueError(
                "Invalid value received for argument `noise_shape`. Expected all "
                f"elements to be integers or None. Received: noise_shape={value}"
            )
        if size is not None and size <= 0:
            raise ValueError(
                "Invalid value received for argument `noise_shape`. Expected all "
                "dimensions to be positive integers or None. Received: "
                f"noise_shape={value}"
            )
    return tuple(value)


@export("dlcore.layers.Dropout")
class Dropout(_Noisy):
    """Set inputs to zero at random while training, and scale up the others.

    Parameters
    ----------
    rate : float
        Share of inputs to drop, from 0 to 1.
    noise_shape : sequence of int or None, optional
        Shape of the random mask; None and missing sizes are the input's.
    seed : int, optional
    **kwargs
        Of ``Layer``.

    Notes
    -----
    Source: Srivastava et al., 2014.

    Examples
    --------
    >>> import dlcore
    >>> x = dlcore.ops.ones((2, 3))
    >>> bool(dlcore.ops.all(dlcore.layers.Dropout(0.5)(x) == x))
    True
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Any = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        _check_rate(rate)
        self.rate = rate
        self.noise_shape = None if noise_shape is None else _noise_shape(noise_shape)
        self._ready(seed, rate > 0)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Compute the outputs."""
        if not training or self.rate == 0:
            return inputs
        return random.dropout(
            inputs,
            self.rate,
            noise_shape=self._mask_shape(inputs),
            seed=self.seed_generator,
        )

    def _mask_shape(self, inputs: Any) -> Any:
        if self.noise_shape is None:
            return None
        shape = ops.shape(inputs)
        return tuple(
            shape[i] if d is None else d for i, d in enumerate(self.noise_shape)
        )


class BaseSpatialDropout(Dropout):
    """Drop whole channels."""

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any):
        super().__init__(rate, seed=seed, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments that Keras' classes take too."""
        config = super().get_config()
        del config["trainable"]  # it has no weights
        return config


@export("dlcore.layers.SpatialDropout1D")
class SpatialDropout1D(BaseSpatialDropout):
    """Drop whole channels of sequences while training.

    Parameters
    ----------
    rate : float
    seed : int, optional
    **kwargs
        Of ``Layer``.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any):
        super().__init__(rate, seed, **kwargs)
        self.input_spec = InputSpec(ndim=3)

    def _mask_shape(self, inputs: Any) -> Any:
        shape = ops.shape(inputs)
        return (shape[0], 1, shape[2])


class _SpatialDropout(BaseSpatialDropout):
    rank: int

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(rate, seed, **kwargs)
        self.data_format = data_format_of(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _mask_shape(self, inputs: Any) -> Any:
        shape, ones = ops.shape(inputs), (1,) * self.rank
        if self.data_format == "channels_first":
            return (shape[0], shape[1], *ones)
        return (shape[0], *ones, shape[-1])


@export("dlcore.layers.SpatialDropout2D")
class SpatialDropout2D(_SpatialDropout):
    """Drop whole channels of images while training.

    Parameters
    ----------
    rate : float
    data_format : {"channels_last", "channels_first"}, optional
    seed : int, optional
    **kwargs
        Of ``Layer``.
    """

    rank = 2


@export("dlcore.layers.SpatialDropout3D")
class SpatialDropout3D(_SpatialDropout):
    """Drop whole channels of volumes while training.

    Parameters
    ----------
    rate : float
    data_format : {"channels_last", "channels_first"}, optional
    seed : int, optional
    **kwargs
        Of ``Layer``.
    """

    rank = 3


@export("dlcore.layers.GaussianNoise")
class GaussianNoise(_Noisy):
    """Add normal noise while training.

    Parameters
    ----------
    stddev : float
    seed : int, optional
    **kwargs
        Of ``Layer``.
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        if not 0 <= stddev <= 1:
            raise ValueError(
                "Invalid value received for argument `stddev`. Expected a float value "
                f"between 0 and 1. Received: stddev={stddev}"
            )
        self.stddev = stddev
        self._ready(seed, stddev > 0)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Compute the outputs."""
        if not training or self.stddev == 0:
            return inputs
        noise = random.normal(
            ops.shape(inputs),
            mean=0.0,
            stddev=self.stddev,
            dtype=self.compute_dtype,
            seed=self.seed_generator,
        )
        return ops.add(inputs, noise)


@export("dlcore.layers.GaussianDropout")
class GaussianDropout(_Noisy):
    """Multiply by normal noise around 1 while training.

    Parameters
    ----------
    rate : float
        The noise has the standard deviation ``sqrt(rate / (1 - rate))``.
    seed : int, optional
    **kwargs
        Of ``Layer``.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        _check_rate(rate)
        self.rate = rate
        self._ready(seed, rate > 0)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Compute the outputs."""
        if not training or self.rate == 0:
            return inputs
        noise = random.normal(
            ops.shape(inputs),
            mean=1.0,
            stddev=math.sqrt(self.rate / (1.0 - self.rate)),
            dtype=self.compute_dtype,
            seed=self.seed_generator,
        )
        return ops.multiply(inputs, noise)


@export("dlcore.layers.AlphaDropout")
class AlphaDropout(_Noisy):
    """Dropout that keeps mean and variance, for SELU networks.

    Parameters
    ----------
    rate : float
    noise_shape : sequence of int, optional
    seed : int, optional
    **kwargs
        Of ``Layer``.

    Notes
    -----
    Source: Klambauer et al., 2017, arXiv:1706.02515.
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Any = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        _check_rate(rate)
        self.rate = rate
        self.noise_shape = noise_shape
        self._ready(seed, rate > 0)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Compute the outputs."""
        if not training or self.rate == 0:
            return inputs
        shape = self._noise_shape(inputs)
        saturated = -1.6732632423543772 * 1.0507009873554805
        drawn = random.uniform(shape, seed=self.seed_generator)
        kept = ops.cast(ops.greater_equal(drawn, self.rate), self.compute_dtype)
        a = ((1 - self.rate) * (1 + self.rate * saturated**2)) ** -0.5
        b = -a * saturated * self.rate
        dropped = ops.multiply(ops.subtract(1.0, kept), saturated)
        x = ops.add(ops.multiply(inputs, kept), dropped)
        return ops.add(ops.multiply(x, a), b)

    def _noise_shape(self, inputs: Any) -> Any:
        shape = ops.shape(inputs)
        if self.noise_shape is None:
            return shape
        return tuple(
            shape[i] if d is None else d for i, d in enumerate(self.noise_shape)
        )


@export("dlcore.layers.ActivityRegularization")
class ActivityRegularization(Layer):
    """Add a penalty on the inputs to the loss, and return them.

    Parameters
    ----------
    l1, l2 : float
        Factors of the sum of absolute values and of squares.
    **kwargs
        Of ``Layer``.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any):
        from dlcore import regularizers

        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1 = l1
        self.l2 = l2
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        return inputs
