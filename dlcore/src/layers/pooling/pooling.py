"""Pooling: the largest or the mean value of each window, or of everything."""

from __future__ import annotations

from typing import Any, ClassVar

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.layers.defaults import defaults
from dlcore.src.layers.input_spec import InputSpec
from dlcore.src.layers.layer import Layer
from dlcore.src.layers.sizes import data_format_of, padding_of, sizes


class BasePooling(Layer):
    """A window that slides over ``rank`` axes.

    Parameters
    ----------
    pool_size : int or sequence of int
    strides : int or sequence of int, optional
        ``pool_size`` unless given.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}, optional
    name : str, optional
    **kwargs
        Of ``Layer``.
    """

    rank: ClassVar[int]

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self.pool_size = sizes(pool_size, self.rank, "pool_size")
        strides = pool_size if strides is None else strides
        self.strides = sizes(strides, self.rank, "strides")
        self.padding = padding_of(padding)
        self.data_format = data_format_of(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self._build_at_init()

    def _pool(self, op: Any, inputs: Any) -> Any:
        return op(
            inputs,
            pool_size=self.pool_size,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
        )


class _Max(BasePooling):
    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        return self._pool(ops.max_pool, inputs)


class _Average(BasePooling):
    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        return self._pool(ops.average_pool, inputs)


@export("dlcore.layers.MaxPooling1D", "dlcore.layers.MaxPool1D")
@defaults(pool_size=2)
class MaxPooling1D(_Max):
    """Largest value of each window, over one axis.

    Notes
    -----
    Arguments: those of ``BasePooling``. Shape: ``(batch, steps, channels)`` to
    ``(batch, new steps, channels)``.
    """

    rank = 1


@export("dlcore.layers.MaxPooling2D", "dlcore.layers.MaxPool2D")
@defaults(pool_size=(2, 2))
class MaxPooling2D(_Max):
    """Largest value of each window, over two axes.

    Notes
    -----
    Arguments: those of ``BasePooling``. Shape: ``(batch, height, width, channels)`` to
    ``(batch, new height, new width, channels)``.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.layers.MaxPooling2D()(dlcore.ops.ones((2, 8, 8, 3))).shape
    (2, 4, 4, 3)
    """

    rank = 2


@export("dlcore.layers.MaxPooling3D", "dlcore.layers.MaxPool3D")
@defaults(pool_size=(2, 2, 2))
class MaxPooling3D(_Max):
    """Largest value of each window, over three axes.

    Notes
    -----
    Arguments: those of ``BasePooling``.
    """

    rank = 3


@export("dlcore.layers.AveragePooling1D", "dlcore.layers.AvgPool1D")
class AveragePooling1D(_Average):
    """Mean of each window, over one axis; padding does not count.

    Notes
    -----
    Arguments: those of ``BasePooling``.
    """

    rank = 1


@export("dlcore.layers.AveragePooling2D", "dlcore.layers.AvgPool2D")
class AveragePooling2D(_Average):
    """Mean of each window, over two axes; padding does not count.

    Notes
    -----
    Arguments: those of ``BasePooling``.
    """

    rank = 2


@export("dlcore.layers.AveragePooling3D", "dlcore.layers.AvgPool3D")
class AveragePooling3D(_Average):
    """Mean of each window, over three axes; padding does not count.

    Notes
    -----
    Arguments: those of ``BasePooling``.
    """

    rank = 3
