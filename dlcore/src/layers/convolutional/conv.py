"""Convolutions."""

from __future__ import annotations

from typing import Any, ClassVar

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.layers.adapters.low_rank import Adaptable, AdaptedWeight
from dlcore.src.layers.defaults import defaults
from dlcore.src.layers.input_spec import InputSpec
from dlcore.src.layers.sizes import data_format_of, padding_of, sizes


class BaseConv(Adaptable):
    """A kernel that slides over ``rank`` axes.

    Parameters
    ----------
    filters : int
        Number of output channels.
    kernel_size : int or sequence of int
    strides : int or sequence of int
    padding : {"valid", "same"}
        ``Conv1D`` also takes ``"causal"``: no output looks at later steps.
    data_format : {"channels_last", "channels_first"}, optional
        ``image_data_format()`` unless given.
    dilation_rate : int or sequence of int
    groups : int
        Channels are cut into so many groups, each with filters of its own.
    activation : str or Callable, optional
    use_bias : bool
    kernel_initializer, bias_initializer : str or Initializer
    kernel_regularizer, bias_regularizer, activity_regularizer : optional
    kernel_constraint, bias_constraint : optional
    lora_rank, lora_alpha : optional
        As in ``enable_lora``, which ``build`` then calls.
    **kwargs
        Of ``Layer``.
    """

    rank: ClassVar[int]
    _missing_axis = "Images without channels get that axis by x[..., None]"
    kernel: Any = AdaptedWeight()
    _paddings: ClassVar[tuple[str, ...]] = ("valid", "same")

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        **kwargs: Any,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._keep(locals())
        self.kernel_size = sizes(kernel_size, self.rank, "kernel_size")
        self.strides = sizes(strides, self.rank, "strides")
        self.dilation_rate = sizes(dilation_rate, self.rank, "dilation_rate")
        self.padding = padding_of(padding, self._paddings)
        self.data_format = data_format_of(data_format)
        self.input_spec = InputSpec(min_ndim=self.rank + 2)
        self._check()

    def _check(self) -> None:
        if self.filters is not None and self.filters <= 0:
            raise ValueError(
                "Invalid value for argument `filters`. Expected a strictly positive "
                f"value. Received filters={self.filters}."
            )
        if self.groups <= 0:
            raise ValueError(
                "The number of groups must be a positive integer. Received: "
                f"groups={self.groups}."
            )
        if (self.filters or self.groups) % self.groups:
            raise ValueError(
                "The number of filters must be evenly divisible by the number of "
                f"groups. Received: groups={self.groups}, filters={self.filters}."
            )
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "`strides > 1` not supported in conjunction with `dilation_rate > 1`. "
                f"Received: strides={self.strides} and "
                f"dilation_rate={self.dilation_rate}"
            )
        if self.padding == "causal" and self.data_format == "channels_first":
            raise ValueError("Causal padding needs `data_format='channels_last'`.")

    @property
    def _channel_axis(self) -> int:
        return -1 if self.data_format == "channels_last" else 1

    def _channels(self, input_shape: Any) -> int:
        channels = input_shape[self._channel_axis]
        if channels is None:
            raise ValueError(
                "The channel dimension of the inputs should be defined. The "
                f"input_shape received is {input_shape}, where axis "
                f"{self._channel_axis} (0-based) is the channel dimension, which "
                "found to be `None`."
            )
        return channels

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                "The number of input channels must be evenly divisible by the number "
                f"of groups. Received groups={self.groups}, but the input has "
                f"{channels} channels (full input shape is {input_shape})."
            )
        self._add_kernel(
            "kernel", (*self.kernel_size, channels // self.groups, self.filters)
        )
        self._add_bias(self.filters)
        self.input_spec = InputSpec(
            min_ndim=self.rank + 2, axes={self._channel_axis: channels}
        )
        self._check_output(input_shape)
        self._adapt_as_asked()

    def _check_output(self, input_shape: Any) -> None:
        """Find a kernel larger than the image before any number is computed."""
        first = 1 if self.data_format == "channels_last" else 2
        space = input_shape[len(input_shape) - self.rank - 2 + first :][: self.rank]
        spans = [
            1 + (k - 1) * d
            for k, d in zip(self.kernel_size, self.dilation_rate, strict=True)
        ]
        small = any(n is not None and n < s for n, s in zip(space, spans, strict=True))
        if self.padding == "valid" and small:
            raise ValueError(
                "Computed output size would be zero or negative. Received: inputs "
                f"shape={input_shape}, kernel shape={self.kernel_size}, "
                f"dilation_rate={self.dilation_rate}. Use a smaller kernel, larger "
                "images, or padding='same'."
            )

    def _add_kernel(
        self, name: str, shape: tuple[int, ...], part: str = "kernel"
    ) -> None:
        weight = self.add_weight(
            shape,
            name=name,
            initializer=getattr(self, f"{part}_initializer"),
            regularizer=getattr(self, f"{part}_regularizer"),
            constraint=getattr(self, f"{part}_constraint"),
        )
        setattr(self, name, weight)

    def _add_bias(self, channels: int) -> None:
        self.bias: Any = None
        if self.use_bias:
            self._add_kernel("bias", (channels,), "bias")

    def _activate(self, outputs: Any) -> Any:
        """Add the bias and apply the activation."""
        if self.bias is not None:
            shape = [1] * (self.rank + 2)
            shape[self._channel_axis] = self.bias.shape[0]
            bias = self.bias
            if self.data_format == "channels_first":
                bias = ops.reshape(bias, shape)
            outputs = ops.add(outputs, bias)
        return outputs if self.activation is None else self.activation(outputs)

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """Convolve, without bias and activation; what a subclass may change."""
        padding = self.padding
        if padding == "causal":
            before = self.dilation_rate[0] * (self.kernel_size[0] - 1)
            inputs = ops.pad(inputs, [[0, 0], [before, 0], [0, 0]])
            padding = "valid"
        return ops.conv(
            inputs,
            kernel,
            strides=self.strides,
            padding=padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        return self._activate(self.convolution_op(inputs, self.kernel))


@export("dlcore.layers.Conv1D", "dlcore.layers.Convolution1D")
class Conv1D(BaseConv):
    """Convolution over one axis: sequences.

    Notes
    -----
    Arguments: those of ``BaseConv``. Shape: ``(batch, steps, channels)`` to
    ``(batch, new steps, filters)``.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.layers.Conv1D(4, 3)(dlcore.ops.ones((2, 8, 3))).shape
    (2, 6, 4)
    """

    rank = 1
    _paddings = ("valid", "same", "causal")


@export("dlcore.layers.Conv2D", "dlcore.layers.Convolution2D")
@defaults(strides=(1, 1), dilation_rate=(1, 1))
class Conv2D(BaseConv):
    """Convolution over two axes: images.

    Notes
    -----
    Arguments: those of ``BaseConv``. Shape: ``(batch, height, width, channels)`` to
    ``(batch, new height, new width, filters)``, channels first where
    ``data_format`` says so.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.layers.Conv2D(4, 3, padding="same")(dlcore.ops.ones((2, 8, 8, 3))).shape
    (2, 8, 8, 4)
    """

    rank = 2


@export("dlcore.layers.Conv3D", "dlcore.layers.Convolution3D")
@defaults(strides=(1, 1, 1), dilation_rate=(1, 1, 1))
class Conv3D(BaseConv):
    """Convolution over three axes: volumes, videos.

    Notes
    -----
    Arguments: those of ``BaseConv``. Shape: ``(batch, d1, d2, d3, channels)`` to
    ``(batch, new d1, new d2, new d3, filters)``.
    """

    rank = 3
