"""Transposed convolutions: the way back from a convolution's outputs to its inputs."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.layers.convolutional.conv import BaseConv
from dlcore.src.layers.defaults import defaults
from dlcore.src.layers.input_spec import InputSpec
from dlcore.src.layers.sizes import sizes


class BaseConvTranspose(BaseConv):
    """A convolution's gradient with respect to its inputs, as a layer.

    Parameters
    ----------
    filters : int
        Number of output channels.
    kernel_size : int or sequence of int
    strides : int or sequence of int
        By how much the output is larger than the input.
    padding : {"valid", "same"}
    output_padding : int or sequence of int, optional
        Rows to add at the end of the output, less than ``strides``; chosen by
        ``padding`` and ``strides`` unless given.
    data_format : {"channels_last", "channels_first"}, optional
    dilation_rate : int or sequence of int
    activation : str or Callable, optional
    use_bias : bool
    kernel_initializer, bias_initializer : str or Initializer
    kernel_regularizer, bias_regularizer, activity_regularizer : optional
    kernel_constraint, bias_constraint : optional
    **kwargs
        Of ``Layer``.

    Notes
    -----
    The kernel has the shape ``(*kernel_size, filters, input channels)``. Source:
    Zeiler et al., 2010, "Deconvolutional networks".
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.output_padding: Any = output_padding
        if output_padding is not None:
            self.output_padding = sizes(
                output_padding, self.rank, "output_padding", allow_zero=True
            )
            for axis, (extra, stride) in enumerate(
                zip(self.output_padding, self.strides, strict=True)
            ):
                if extra >= stride:
                    raise ValueError(
                        "`output_padding` must be strictly less than `strides` for all "
                        f"dimensions. At dimension {axis}, `output_padding` is {extra} "
                        f"but `strides` is {stride}. Received: output_padding="
                        f"{self.output_padding}, strides={self.strides}"
                    )

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        channels = self._channels(input_shape)
        self._add_kernel("kernel", (*self.kernel_size, self.filters, channels))
        self._add_bias(self.filters)
        self.input_spec = InputSpec(
            min_ndim=self.rank + 2, axes={self._channel_axis: channels}
        )

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        outputs = ops.conv_transpose(
            inputs,
            self.kernel,
            strides=self.strides,
            padding=self.padding,
            output_padding=self.output_padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self._activate(outputs)


@export("dlcore.layers.Conv1DTranspose", "dlcore.layers.Convolution1DTranspose")
class Conv1DTranspose(BaseConvTranspose):
    """Transposed convolution of sequences.

    Notes
    -----
    Arguments: those of ``BaseConvTranspose``. Shape: ``(batch, steps, channels)`` to
    ``(batch, new steps, filters)``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.Conv1DTranspose(4, 3, strides=2, padding="same")
    >>> layer(dlcore.ops.ones((2, 8, 3))).shape
    (2, 16, 4)
    """

    rank = 1


@export("dlcore.layers.Conv2DTranspose", "dlcore.layers.Convolution2DTranspose")
@defaults(strides=(1, 1), dilation_rate=(1, 1))
class Conv2DTranspose(BaseConvTranspose):
    """Transposed convolution of images.

    Notes
    -----
    Arguments: those of ``BaseConvTranspose``. Shape:
    ``(batch, height, width, channels)`` to ``(batch, new height, new width, filters)``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.Conv2DTranspose(4, 3, strides=2, padding="same")
    >>> layer(dlcore.ops.ones((2, 8, 8, 3))).shape
    (2, 16, 16, 4)
    """

    rank = 2


@export("dlcore.layers.Conv3DTranspose", "dlcore.layers.Convolution3DTranspose")
@defaults(strides=(1, 1, 1), dilation_rate=(1, 1, 1))
class Conv3DTranspose(BaseConvTranspose):
    """Transposed convolution of volumes.

    Notes
    -----
    Arguments: those of ``BaseConvTranspose``. Shape: ``(batch, d1, d2, d3, channels)``
    to ``(batch, new d1, new d2, new d3, filters)``.
    """

    rank = 3
