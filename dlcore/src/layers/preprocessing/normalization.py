"""``Normalization`` and ``Rescaling``: inputs of a common scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore import ops
from dlcore.src import config
from dlcore.src.export import export
from dlcore.src.layers.preprocessing.data_layer import DataLayer, batches


@export("dlcore.layers.Normalization")
class Normalization(DataLayer):
    """Subtract the data's mean and divide by its standard deviation.

    Parameters
    ----------
    axis : int, sequence of int, or None
        Axes with a mean and variance for each of their positions; None: one for all.
    mean, variance : float or array-like, optional
        Found by ``adapt`` unless given; both or none.
    invert : bool
        Whether to undo the normalization instead.
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore, numpy as np
    >>> layer = dlcore.layers.Normalization()
    >>> layer.adapt(np.array([[1.0, 10.0], [3.0, 30.0]]))
    >>> dlcore.ops.convert_to_numpy(layer(np.array([[3.0, 10.0]])))
    array([[ 1., -1.]], dtype=float32)
    """

    def __init__(
        self,
        axis: Any = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        axes = (
            () if axis is None else axis if isinstance(axis, list | tuple) else (axis,)
        )
        self.axis = tuple(axes)
        self.input_mean = mean
        self.input_variance = variance
        self.invert = invert
        self.supports_masking = True
        if (mean is None) != (variance is None):
            raise ValueError(
                "When setting values directly, both `mean` and `variance` must be set. "
                f"Received: mean={mean} and variance={variance}"
            )

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        if input_shape is None:
            return
        ndim = len(input_shape)
        if any(not -ndim <= a < ndim for a in self.axis):
            raise ValueError(
                "All `axis` values must be in the range [-ndim, ndim). Received "
                f"inputs with ndim={ndim}, while axis={self.axis}"
            )
        kept = sorted(a % ndim for a in self.axis)
        open_axes = [a for a in kept if input_shape[a] is None]
        if open_axes:
            raise ValueError(
                "All `axis` values to be kept must have a known shape. Received "
                f"axis={self.axis}, inputs.shape={input_shape}, with unknown axis at "
                f"index {open_axes[0]}"
            )
        self._reduced = tuple(a for a in range(ndim) if a not in kept)
        self._wide = [input_shape[a] if a in kept else 1 for a in range(ndim)]
        self._sample = tuple(input_shape[1:])
        if self.input_mean is None:
            shape = tuple(input_shape[a] for a in kept)
            for name, first in (("mean", "zeros"), ("variance", "ones")):
                weight = self.add_weight(
                    shape, name=name, initializer=first, trainable=False
                )
                setattr(self, f"adapt_{name}", weight)
            self.count = self.add_weight(
                (), name="count", dtype="int32", initializer="zeros", trainable=False
            )

    def _statistic(self, given: Any, found: Any) -> Any:
        """Return a mean or variance in a shape that broadcasts with the inputs."""
        if given is None:
            return ops.reshape(found, self._wide)
        value = np.asarray(given, dtype="float32")
        if value.ndim == len(self._wide):
            return ops.convert_to_tensor(value, self.compute_dtype)
        if value.ndim:
            kept = [a for a in range(len(self._wide)) if a not in self._reduced]
            shape = [1] * len(self._wide)
            for i in range(1, value.ndim + 1):
                shape[kept[-i]] = value.shape[-i]
            value = value.reshape(shape)
        value = np.broadcast_to(value, self._wide)
        return ops.convert_to_tensor(value.copy(), self.compute_dtype)

    @property
    def mean(self) -> Any:
        """The mean, in a shape that broadcasts with the inputs."""
        return self._statistic(self.input_mean, getattr(self, "adapt_mean", None))

    @property
    def variance(self) -> Any:
        """The variance, in a shape that broadcasts with the inputs."""
        return self._statistic(
            self.input_variance, getattr(self, "adapt_variance", None)
        )

    def adapt(self, data: Any) -> None:
        """Find mean and variance of the data; they replace earlier ones.

        Parameters
        ----------
        data : array-like, or an iterable of batches
        """
        if self.input_mean is not None:
            raise RuntimeError(
                f"{self.described}: `adapt` cannot be called on a layer that was given "
                "`mean` and `variance`."
            )
        total: Any = 0.0
        squares: Any = 0.0
        count = 0
        for batch in self._parts(data):
            values = np.asarray(batch, "float64")
            if not self.built:
                self.build(values.shape)
            elif tuple(values.shape[1:]) != self._sample and len(self._sample):
                self._check_sizes(values.shape)
            n = int(np.prod([values.shape[a] for a in self._reduced]))
            # Merging of means and variances: Chan et al., 1979.
            mean = values.mean(axis=self._reduced)
            variance = values.var(axis=self._reduced)
            share = n / (count + n)
            step = mean - total
            squares = (
                squares * (1 - share) + variance * share + step**2 * share * (1 - share)
            )
            total = total + step * share
            count += n
        if not count:
            raise ValueError(
                "adapt() received an empty iterable (no batches). Pass an array, or an "
                "iterable of batches that is not used up."
            )
        self.adapt_mean.assign(np.asarray(total, "float32"))
        self.adapt_variance.assign(np.asarray(squares, "float32"))

    def finalize_state(self) -> None:
        """Do nothing: mean and variance follow the adapted weights by themselves."""

    def _parts(self, data: Any) -> Any:
        """Yield the data as numpy batches; of tuples, what comes first."""
        if isinstance(data, list | tuple) and not all(
            isinstance(x, int | float | list) for x in data
        ):
            data = iter(data)
        elif isinstance(data, list | tuple) and not data:
            return
        parts = batches(data, None)
        for part in [data] if parts is None else parts:
            batch = part[0] if isinstance(part, tuple) else part
            if parts is not None and not hasattr(batch, "shape"):
                raise TypeError(
                    "adapt() expects an iterable that yields arrays or tensors with a "
                    "`.shape` attribute. Got an element of type "
                    f"{type(batch).__name__}."
                )
            yield self._array(batch)

    def _check_sizes(self, shape: tuple[int, ...]) -> None:
        kept = [a for a in range(len(self._wide)) if a not in self._reduced]
        if len(shape) != len(self._wide) or any(
            shape[a] != self._wide[a] for a in kept
        ):
            raise ValueError(
                f"The layer was built with input_shape={(None, *self._sample)}, but "
                "adapt() is being called with data with an incompatible shape, "
                f"data.shape={shape}"
            )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the outputs' shape."""
        return tuple(input_shape)

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        inputs = ops.cast(inputs, self.compute_dtype)
        deviation = ops.maximum(ops.sqrt(self.variance), 1e-7)
        if self.invert:
            return ops.add(self.mean, ops.multiply(inputs, deviation))
        return ops.divide(ops.subtract(inputs, self.mean), deviation)


@export("dlcore.layers.Rescaling")
class Rescaling(DataLayer):
    """``inputs * scale + offset``.

    Parameters
    ----------
    scale : float or array-like
    offset : float or array-like
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> float(dlcore.layers.Rescaling(1 / 255)(dlcore.ops.ones(()) * 255.0))
    1.0
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        dtype = self.compute_dtype
        scale = ops.convert_to_tensor(self.scale, dtype)
        offset = ops.convert_to_tensor(self.offset, dtype)
        if len(scale.shape) and config.image_data_format() == "channels_first":
            scale = ops.reshape(scale, (*scale.shape, *[1] * (3 - len(scale.shape))))
        return ops.add(ops.multiply(ops.cast(inputs, dtype), scale), offset)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the outputs' shape."""
        return tuple(input_shape)
