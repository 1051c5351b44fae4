"""Convolutions channel by channel, alone or followed by a mixing one."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.layers.convolutional.conv import BaseConv
from dlcore.src.layers.defaults import defaults
from dlcore.src.layers.input_spec import InputSpec


def _check_multiplier(value: int | None) -> None:
    if value is not None and value <= 0:
        raise ValueError(
            "Invalid value for argument `depth_multiplier`. Expected a strictly "
            f"positive value. Received depth_multiplier={value}."
        )


class BaseDepthwiseConv(BaseConv):
    """Each channel has filters of its own.

    Parameters
    ----------
    kernel_size : int or sequence of int
    strides : int or sequence of int
    padding : {"valid", "same"}
    depth_multiplier : int
        Number of filters a channel.
    data_format : {"channels_last", "channels_first"}, optional
    dilation_rate : int or sequence of int
    activation : str or Callable, optional
    use_bias : bool
    depthwise_initializer, bias_initializer : str or Initializer
    depthwise_regularizer, bias_regularizer, activity_regularizer : optional
    depthwise_constraint, bias_constraint : optional
    **kwargs
        Of ``Layer``.
    """

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(
            None,  # type: ignore[arg-type]
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation=activation,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.depth_multiplier = depth_multiplier
        self._keep(
            {
                "depthwise_initializer": depthwise_initializer,
                "depthwise_regularizer": depthwise_regularizer,
                "depthwise_constraint": depthwise_constraint,
            }
        )
        _check_multiplier(depth_multiplier)

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        channels = self._channels(input_shape)
        self.input_spec = InputSpec(
            min_ndim=self.rank + 2, axes={self._channel_axis: channels}
        )
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self._add_kernel("kernel", shape, "depthwise")
        self._add_bias(channels * self.depth_multiplier)
        self._check_output(input_shape)

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        outputs = ops.depthwise_conv(
            inputs,
            self.kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self._activate(outputs)


@export("dlcore.layers.DepthwiseConv1D")
class DepthwiseConv1D(BaseDepthwiseConv):
    """Convolution of sequences, channel by channel.

    Notes
    -----
    Arguments: those of ``BaseDepthwiseConv``. Shape: ``(batch, steps, channels)`` to
    ``(batch, new steps, channels * depth_multiplier)``.
    """

    rank = 1


@export("dlcore.layers.DepthwiseConv2D")
@defaults(strides=(1, 1), dilation_rate=(1, 1))
class DepthwiseConv2D(BaseDepthwiseConv):
    """Convolution of images, channel by channel.

    Notes
    -----
    Arguments: those of ``BaseDepthwiseConv``. Shape:
    ``(batch, height, width, channels)`` to
    ``(batch, new height, new width, channels * depth_multiplier)``.
    """

    rank = 2


class BaseSeparableConv(BaseConv):
    """A depthwise convolution, and one of size 1 that mixes its channels.

    Parameters
    ----------
    filters : int
        Number of output channels.
    kernel_size : int or sequence of int
    strides : int or sequence of int
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}, optional
    dilation_rate : int or sequence of int
    depth_multiplier : int
        Number of filters a channel in the first step.
    activation : str or Callable, optional
    use_bias : bool
    depthwise_initializer, pointwise_initializer, bias_initializer : optional
    depthwise_regularizer, pointwise_regularizer, bias_regularizer : optional
    activity_regularizer : optional
    depthwise_constraint, pointwise_constraint, bias_constraint : optional
    **kwargs
        Of ``Layer``.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        arguments = locals()
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation=activation,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        parts = ("depthwise_", "pointwise_")
        self._keep({k: v for k, v in arguments.items() if k.startswith(parts)})
        self.depth_multiplier = depth_multiplier
        _check_multiplier(depth_multiplier)

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        channels = self._channels(input_shape)
        self.input_spec = InputSpec(
            min_ndim=self.rank + 2, axes={self._channel_axis: channels}
        )
        depth = self.depth_multiplier
        self._add_kernel(
            "depthwise_kernel", (*self.kernel_size, channels, depth), "depthwise"
        )
        ones = (1,) * self.rank
        self._add_kernel(
            "pointwise_kernel", (*ones, channels * depth, self.filters), "pointwise"
        )
        self._add_bias(self.filters)
        self._check_output(input_shape)

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        outputs = ops.separable_conv(
            inputs,
            self.depthwise_kernel,
            self.pointwise_kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self._activate(outputs)


@export("dlcore.layers.SeparableConv1D", "dlcore.layers.SeparableConvolution1D")
class SeparableConv1D(BaseSeparableConv):
    """Convolution of sequences, channel by channel, then mixed.

    Notes
    -----
    Arguments: those of ``BaseSeparableConv``.
    """

    rank = 1


@export("dlcore.layers.SeparableConv2D", "dlcore.layers.SeparableConvolution2D")
@defaults(strides=(1, 1), dilation_rate=(1, 1))
class SeparableConv2D(BaseSeparableConv):
    """Convolution of images, channel by channel, then mixed.

    Notes
    -----
    Arguments: those of ``BaseSeparableConv``. Source: Chollet, 2017, arXiv:1610.02357.
    """

    rank = 2
