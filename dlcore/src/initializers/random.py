"""Initializers by chance: the same numbers on every backend for the same seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from dlcore import ops
from dlcore.src import backend as backends
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.initializers.base import Initializer
from dlcore.src.ops import random
from dlcore.src.random import SeedGenerator, make_default_seed
from dlcore.src.saving.serialization import deserialize_keras_object

#: Standard deviation of a normal distribution cut off at two of its own.
_CUT_OFF = 0.87962566103423978


class RandomInitializer(Initializer):
    """Base of the initializers by chance.

    Numbers are drawn on the host, so that weights do not depend on the backend.

    Parameters
    ----------
    seed : int or SeedGenerator, optional
        With an integer, or None, the same tensor comes at every call; with a generator
        another one each time.

    Raises
    ------
    ValueError
        If the seed is something else.
    """

    def __init__(self, seed: Any = None):
        if isinstance(seed, dict):
            seed = deserialize_keras_object(seed)
        if seed is None:
            seed = make_default_seed()
        elif isinstance(seed, bool) or not isinstance(seed, int | SeedGenerator):
            raise ValueError(
                "Argument `seed` must be an integer, a dlcore.random.SeedGenerator or "
                f"None, got {seed!r}."
            )
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return a random tensor.

        Parameters
        ----------
        shape : sequence of int
        dtype : str, optional
            A floating one, ``floatx()`` by default.
        """
        dtype = standardize_dtype(dtype)
        with backends.use_backend("numpy"):
            values = self.draw(tuple(shape))
        return ops.convert_to_tensor(values, dtype=dtype)

    def draw(self, shape: tuple[int, ...]) -> Any:
        """Return float32 numbers; numpy is active."""
        raise NotImplementedError(f"{type(self).__name__} must define `draw`.")

    def normal(self, shape: tuple[int, ...], mean: float, stddev: float) -> Any:
        """Return normal numbers."""
        return random.normal(shape, mean, stddev, "float32", self.seed)

    def truncated(self, shape: tuple[int, ...], mean: float, stddev: float) -> Any:
        """Return normal numbers at most two standard deviations from the mean."""
        return random.truncated_normal(shape, mean, stddev, "float32", self.seed)

    def uniform(self, shape: tuple[int, ...], low: float, high: float) -> Any:
        """Return numbers between two bounds."""
        return random.uniform(shape, low, high, "float32", self.seed)


@export("dlcore.initializers.RandomNormal", "dlcore.initializers.random_normal")
class RandomNormal(RandomInitializer):
    """Normal distribution.

    Parameters
    ----------
    mean, stddev : float
    seed : int or SeedGenerator, optional

    Examples
    --------
    >>> import dlcore
    >>> first = dlcore.initializers.RandomNormal(seed=1)((2, 2))
    >>> again = dlcore.initializers.RandomNormal(seed=1)((2, 2))
    >>> bool(dlcore.ops.all(first == again))
    True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None):
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def draw(self, shape: tuple[int, ...]) -> Any:
        """Return float32 numbers."""
        return self.normal(shape, self.mean, self.stddev)


@export("dlcore.initializers.TruncatedNormal", "dlcore.initializers.truncated_normal")
class TruncatedNormal(RandomInitializer):
    """Normal distribution without what is beyond two standard deviations.

    Parameters
    ----------
    mean, stddev : float
        Of the distribution before it is cut.
    seed : int or SeedGenerator, optional
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None):
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def draw(self, shape: tuple[int, ...]) -> Any:
        """Return float32 numbers."""
        return self.truncated(shape, self.mean, self.stddev)


@export("dlcore.initializers.RandomUniform", "dlcore.initializers.random_uniform")
class RandomUniform(RandomInitializer):
    """Uniform distribution.

    Parameters
    ----------
    minval, maxval : float
        Bounds; the upper one is not reached.
    seed : int or SeedGenerator, optional
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None):
        super().__init__(seed)
        self.minval = minval
        self.maxval = maxval

    def draw(self, shape: tuple[int, ...]) -> Any:
        """Return float32 numbers."""
        return self.uniform(shape, self.minval, self.maxval)


def compute_fans(
    shape: Sequence[int],
    input_axes: Sequence[int] | None = None,
    output_axes: Sequence[int] | None = None,
) -> tuple[int, int]:
    """Return how many inputs and outputs a unit of a kernel has.

    Parameters
    ----------
    shape : sequence of int
        ``(inputs, outputs)``, or ``(*window, inputs, outputs)`` of a convolution.
    input_axes, output_axes : sequence of int, optional
        Which axes are inputs and outputs, if it is otherwise.
    """
    shape = tuple(shape)
    if input_axes is not None and output_axes is not None:
        sizes = [
            math.prod(shape[i] for i in axes) for axes in (input_axes, output_axes)
        ]
        return sizes[0], sizes[1]
    if len(shape) < 2:
        size = math.prod(shape)
        return size, size
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


@export("dlcore.initializers.VarianceScaling", "dlcore.initializers.variance_scaling")
class VarianceScaling(RandomInitializer):
    """Random numbers of variance ``scale / n``.

    Parameters
    ----------
    scale : float
        Above 0.
    mode : {"fan_in", "fan_out", "fan_avg"}
        What ``n`` is: inputs of a unit, outputs, or their mean.
    distribution : {"truncated_normal", "untruncated_normal", "uniform"}
        ``"normal"`` is the first one.
    seed : int or SeedGenerator, optional
    input_axes, output_axes : sequence of int, optional
        Which axes of the shape are inputs and outputs (see ``compute_fans``).

    Raises
    ------
    ValueError
        If ``scale`` is not positive, or a name is unknown.

    References
    ----------
    He et al., 2015, Delving deep into rectifiers, arXiv:1502.01852. Glorot and Bengio,
    2010, Understanding the difficulty of training deep feedforward neural networks.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ):
        super().__init__(seed)
        if scale <= 0:
            raise ValueError(
                f"Argument `scale` must be positive float. Given: scale={scale!r}."
            )
        distribution = distribution.lower()
        if distribution == "normal":
            distribution = "truncated_normal"
        for name, value, known in (
            ("mode", mode, ("fan_in", "fan_out", "fan_avg")),
            (
                "distribution",
                distribution,
                ("truncated_normal", "untruncated_normal", "uniform"),
            ),
        ):
            if value not in known:
                raise ValueError(
                    f"Invalid `{name}` argument: {value!r}.{did_you_mean(value, known)}"
                )
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.input_axes = input_axes
        self.output_axes = output_axes

    def draw(self, shape: tuple[int, ...]) -> Any:
        """Return float32 numbers."""
        inputs, outputs = compute_fans(shape, self.input_axes, self.output_axes)
        n = {
            "fan_in": inputs,
            "fan_out": outputs,
            "fan_avg": (inputs + outputs) / 2,
        }[self.mode]
        deviation = math.sqrt(self.scale / max(1.0, n))
        if self.distribution == "uniform":
            limit = math.sqrt(3.0) * deviation
            return self.uniform(shape, -limit, limit)
        if self.distribution == "untruncated_normal":
            return self.normal(shape, 0.0, deviation)
        return self.truncated(shape, 0.0, deviation / _CUT_OFF)


class _Scaled(VarianceScaling):
    """Variance scaling with everything but the seed decided."""

    _scaling: tuple[float, str, str]

    def __init__(
        self,
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ):
        super().__init__(*self._scaling, seed, input_axes, output_axes)


@export("dlcore.initializers.GlorotUniform", "dlcore.initializers.glorot_uniform")
class GlorotUniform(_Scaled):
    """Uniform, of variance ``2 / (inputs + outputs)``.

    Parameters
    ----------
    seed, input_axes, output_axes
        As for ``VarianceScaling``.

    References
    ----------
    Glorot and Bengio, 2010, Understanding the difficulty of training deep feedforward
    neural networks, eq. 16.
    """

    _scaling = (1.0, "fan_avg", "uniform")


@export("dlcore.initializers.GlorotNormal", "dlcore.initializers.glorot_normal")
class GlorotNormal(_Scaled):
    """Truncated normal, of variance ``2 / (inputs + outputs)``.

    Parameters
    ----------
    seed, input_axes, output_axes
        As for ``VarianceScaling``.

    References
    ----------
    Glorot and Bengio, 2010, eq. 12.
    """

    _scaling = (1.0, "fan_avg", "truncated_normal")


@export("dlcore.initializers.LecunUniform", "dlcore.initializers.lecun_uniform")
class LecunUniform(_Scaled):
    """Uniform, of variance ``1 / inputs``.

    Parameters
    ----------
    seed, input_axes, output_axes
        As for ``VarianceScaling``.

    References
    ----------
    LeCun et al., 1998, Efficient backprop, section 4.6.
    """

    _scaling = (1.0, "fan_in", "uniform")


@export("dlcore.initializers.LecunNormal", "dlcore.initializers.lecun_normal")
class LecunNormal(_Scaled):
    """Truncated normal, of variance ``1 / inputs``.

    Parameters
    ----------
    seed, input_axes, output_axes
        As for ``VarianceScaling``.

    References
    ----------
    Klambauer et al., 2017, Self-normalizing neural networks, arXiv:1706.02515.
    """

    _scaling = (1.0, "fan_in", "truncated_normal")


@export("dlcore.initializers.HeUniform", "dlcore.initializers.he_uniform")
class HeUniform(_Scaled):
    """Uniform, of variance ``2 / inputs``.

    Parameters
    ----------
    seed, input_axes, output_axes
        As for ``VarianceScaling``.

    References
    ----------
    He et al., 2015, Delving deep into rectifiers, arXiv:1502.01852.
    """

    _scaling = (2.0, "fan_in", "uniform")


@export("dlcore.initializers.HeNormal", "dlcore.initializers.he_normal")
class HeNormal(_Scaled):
    """Truncated normal, of variance ``2 / inputs``.

    Parameters
    ----------
    seed, input_axes, output_axes
        As for ``VarianceScaling``.

    References
    ----------
    He et al., 2015, Delving deep into rectifiers, arXiv:1502.01852, eq. 10.
    """

    _scaling = (2.0, "fan_in", "truncated_normal")


@export(
    "dlcore.initializers.Orthogonal",
    "dlcore.initializers.OrthogonalInitializer",
    "dlcore.initializers.orthogonal",
)
class Orthogonal(RandomInitializer):
    """A random orthogonal matrix.

    Parameters
    ----------
    gain : float
        Norm of each row, or of each column, whichever are fewer.
    seed : int or SeedGenerator, optional

    Raises
    ------
    ValueError
        When called with a shape of fewer than two axes; all but the last one are put
        together to rows.

    References
    ----------
    Saxe et al., 2013, Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks, arXiv:1312.6120.
    """

    def __init__(self, gain: float = 1.0, seed: Any = None):
        super().__init__(seed)
        self.gain = gain

    def draw(self, shape: tuple[int, ...]) -> Any:
        """Return float32 numbers."""
        if len(shape) < 2:
            raise ValueError(
                f"Orthogonal makes tensors of two axes or more, got shape={shape}."
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        drawn = self.normal((max(rows, columns), min(rows, columns)), 0.0, 1.0)
        q, r = ops.qr(drawn)
        q = q * ops.sign(ops.diagonal(r))  # makes the distribution uniform
        if rows < columns:
            q = ops.transpose(q)
        return self.gain * ops.reshape(q, shape)
