"""Pooling to a given size: as many windows an axis as outputs are wanted."""

from __future__ import annotations

from typing import Any, ClassVar

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.layers.input_spec import InputSpec
from dlcore.src.layers.layer import Layer
from dlcore.src.layers.sizes import data_format_of


class BaseAdaptivePooling(Layer):
    """Windows that share an axis as evenly as they can.

    Parameters
    ----------
    output_size : int or sequence of int
        Size of the output, for all axes or for each.
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        Of ``Layer``.

    Raises
    ------
    TypeError, ValueError
        If ``output_size`` is neither, or has another length.
    """

    rank: ClassVar[int]

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        n = self.rank
        if isinstance(output_size, int):
            output_size = (output_size,) * n
        if not isinstance(output_size, list | tuple):
            raise TypeError(
                f"`output_size` must be an integer or a tuple of {n} integers. "
                f"Received: {output_size} of type {type(output_size)}"
            )
        if len(output_size) != n:
            raise ValueError(
                f"For {n}D input, `output_size` tuple must have length {n}. Received: "
                f"{output_size}"
            )
        self.output_size = tuple(output_size)
        self.data_format = data_format_of(data_format)
        self.input_spec = InputSpec(ndim=n + 2)
        self._build_at_init()


class _Max(BaseAdaptivePooling):
    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        return ops.adaptive_max_pool(
            inputs, output_size=self.output_size, data_format=self.data_format
        )


class _Average(BaseAdaptivePooling):
    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        return ops.adaptive_average_pool(
            inputs, output_size=self.output_size, data_format=self.data_format
        )


@export("dlcore.layers.AdaptiveMaxPooling1D")
class AdaptiveMaxPooling1D(_Max):
    """Largest value of each of ``output_size`` windows.

    Notes
    -----
    Arguments: those of ``BaseAdaptivePooling``. Shape:
    ``(batch, steps, channels)`` to ``(batch, size, channels)``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.AdaptiveMaxPooling1D(4)
    >>> layer(dlcore.ops.ones((2, 8, 3))).shape
    (2, 4, 3)
    """

    rank = 1


@export("dlcore.layers.AdaptiveMaxPooling2D")
class AdaptiveMaxPooling2D(_Max):
    """Largest value of each of ``output_size`` windows an axis.

    Notes
    -----
    Arguments: those of ``BaseAdaptivePooling``. Shape:
    ``(batch, height, width, channels)`` to ``(batch, *output_size, channels)``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.AdaptiveMaxPooling2D(4)
    >>> layer(dlcore.ops.ones((2, 8, 8, 3))).shape
    (2, 4, 4, 3)
    """

    rank = 2


@export("dlcore.layers.AdaptiveMaxPooling3D")
class AdaptiveMaxPooling3D(_Max):
    """Largest value of each of ``output_size`` windows an axis.

    Notes
    -----
    Arguments: those of ``BaseAdaptivePooling``. Shape:
    ``(batch, d1, d2, d3, channels)`` to ``(batch, *output_size, channels)``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.AdaptiveMaxPooling3D(4)
    >>> layer(dlcore.ops.ones((2, 8, 8, 8, 3))).shape
    (2, 4, 4, 4, 3)
    """

    rank = 3


@export("dlcore.layers.AdaptiveAveragePooling1D")
class AdaptiveAveragePooling1D(_Average):
    """Mean of each of ``output_size`` windows.

    Notes
    -----
    Arguments: those of ``BaseAdaptivePooling``. Shape:
    ``(batch, steps, channels)`` to ``(batch, size, channels)``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.AdaptiveAveragePooling1D(4)
    >>> layer(dlcore.ops.ones((2, 8, 3))).shape
    (2, 4, 3)
    """

    rank = 1


@export("dlcore.layers.AdaptiveAveragePooling2D")
class AdaptiveAveragePooling2D(_Average):
    """Mean of each of ``output_size`` windows an axis.

    Notes
    -----
    Arguments: those of ``BaseAdaptivePooling``. Shape:
    ``(batch, height, width, channels)`` to ``(batch, *output_size, channels)``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.AdaptiveAveragePooling2D(4)
    >>> layer(dlcore.ops.ones((2, 8, 8, 3))).shape
    (2, 4, 4, 3)
    """

    rank = 2


@export("dlcore.layers.AdaptiveAveragePooling3D")
class AdaptiveAveragePooling3D(_Average):
    """Mean of each of ``output_size`` windows an axis.

    Notes
    -----
    Arguments: those of ``BaseAdaptivePooling``. Shape:
    ``(batch, d1, d2, d3, channels)`` to ``(batch, *output_size, channels)``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.AdaptiveAveragePooling3D(4)
    >>> layer(dlcore.ops.ones((2, 8, 8, 8, 3))).shape
    (2, 4, 4, 4, 3)
    """

    rank = 3
