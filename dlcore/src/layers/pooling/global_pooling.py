"""Pooling over everything but batch and channels."""

from __future__ import annotations

from typing import Any, ClassVar

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.layers.input_spec import InputSpec
from dlcore.src.layers.layer import Layer
from dlcore.src.layers.sizes import data_format_of


class BaseGlobalPooling(Layer):
    """One value a channel.

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}, optional
    keepdims : bool
        Whether pooled axes stay, with size one.
    **kwargs
        Of ``Layer``.
    """

    rank: ClassVar[int]

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.data_format = data_format_of(data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self._build_at_init()

    @property
    def _axes(self) -> tuple[int, ...]:
        first = 1 if self.data_format == "channels_last" else 2
        return tuple(range(first, first + self.rank))


class _Max(BaseGlobalPooling):
    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        return ops.max(inputs, axis=self._axes, keepdims=self.keepdims)


class _Average(BaseGlobalPooling):
    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        return ops.mean(inputs, axis=self._axes, keepdims=self.keepdims)


@export("dlcore.layers.GlobalMaxPooling1D", "dlcore.layers.GlobalMaxPool1D")
class GlobalMaxPooling1D(_Max):
    """Largest value of each channel over all steps.

    Notes
    -----
    Arguments: those of ``BaseGlobalPooling``. Shape: ``(batch, steps, channels)`` to
    ``(batch, channels)``.
    """

    rank = 1


@export("dlcore.layers.GlobalMaxPooling2D", "dlcore.layers.GlobalMaxPool2D")
class GlobalMaxPooling2D(_Max):
    """Largest value of each channel over an image.

    Notes
    -----
    Arguments: those of ``BaseGlobalPooling``.
    """

    rank = 2


@export("dlcore.layers.GlobalMaxPooling3D", "dlcore.layers.GlobalMaxPool3D")
class GlobalMaxPooling3D(_Max):
    """Largest value of each channel over a volume.

    Notes
    -----
    Arguments: those of ``BaseGlobalPooling``.
    """

    rank = 3


@export("dlcore.layers.GlobalAveragePooling1D", "dlcore.layers.GlobalAvgPool1D")
class GlobalAveragePooling1D(_Average):
    """Mean of each channel over the steps; masked steps do not count.

    Notes
    -----
    Arguments: those of ``BaseGlobalPooling``. Shape: ``(batch, steps, channels)`` to
    ``(batch, channels)``.
    """

    rank = 1

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ):
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Compute the outputs."""
        if mask is None:
            return super().call(inputs)
        axis = self._axes[0]
        channel = 2 if axis == 1 else 1
        kept = ops.expand_dims(ops.cast(mask, inputs.dtype), axis=channel)
        total = ops.sum(ops.multiply(inputs, kept), axis=axis, keepdims=self.keepdims)
        count = ops.sum(kept, axis=axis, keepdims=self.keepdims)
        return ops.divide(total, count)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the outputs' mask."""
        return None


@export("dlcore.layers.GlobalAveragePooling2D", "dlcore.layers.GlobalAvgPool2D")
class GlobalAveragePooling2D(_Average):
    """Mean of each channel over an image.

    Notes
    -----
    Arguments: those of ``BaseGlobalPooling``.
    """

    rank = 2


@export("dlcore.layers.GlobalAveragePooling3D", "dlcore.layers.GlobalAvgPool3D")
class GlobalAveragePooling3D(_Average):
    """Mean of each channel over a volume.

    Notes
    -----
    Arguments: those of ``BaseGlobalPooling``.
    """

    rank = 3
