"""``STFTSpectrogram``: sound as its frequencies over time, by convolution."""

from __future__ import annotations

import math
import warnings
from typing import Any

from dlcore import ops
from dlcore.src import config
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.export import export
from dlcore.src.initializers.constant import STFT
from dlcore.src.layers.input_spec import InputSpec
from dlcore.src.layers.layer import Layer
from dlcore.src.layers.preprocessing.encoding import check_choice

_MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


@export("dlcore.layers.STFTSpectrogram")
class STFTSpectrogram(Layer):
    """Sound as its frequencies over time: a convolution with waves in a window.

    The waves are weights, which may be trained.

    Parameters
    ----------
    mode : {"log", "magnitude", "psd", "real", "imag", "angle", "stft"}
        What of the complex numbers; ``"stft"`` is real and imaginary parts together.
    frame_length : int
        Samples of a window.
    frame_step : int, optional
        Samples between two windows; half a window unless given.
    fft_length : int, optional
        Size of the Fourier transform; the next power of two unless given.
    window : str, array-like or None
        A window's name in scipy, or its values.
    periodic : bool
        Whether a named window is periodic.
    scaling : {"density", "spectrum", None}
    padding : {"valid", "same"}
    expand_dims : bool
        Whether channels keep an axis of their own.
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.STFTSpectrogram(frame_length=64)
    >>> tuple(layer(dlcore.ops.ones((2, 256, 1))).shape)
    (2, 7, 33)
    """

    def __init__(
        self,
        mode: str = "log",
        frame_length: int = 256,
        frame_step: int | None = None,
        fft_length: int | None = None,
        window: Any = "hann",
        periodic: bool = False,
        scaling: str | None = "density",
        padding: str = "valid",
        expand_dims: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if frame_step is not None and not 1 <= frame_step <= frame_length:
            raise ValueError(
                "`frame_step` should be a positive integer not greater than "
                f"`frame_length`. Received frame_step={frame_step}, "
                f"frame_length={frame_length}"
            )
        if fft_length is not None and fft_length < frame_length:
            raise ValueError(
                "`fft_length` should be not less than `frame_length`. Received "
                f"fft_length={fft_length}, frame_length={frame_length}"
            )
        if fft_length is not None and fft_length & (fft_length - 1):
            warnings.warn(
                "`fft_length` is recommended to be a power of two. Received "
                f"fft_length={fft_length}",
                stacklevel=2,
            )
        if mode not in _MODES:
            raise ValueError(
                "Output mode is invalid, it must be one of "
                f"{', '.join(_MODES)}. Received: mode={mode}"
            )
        if scaling not in (None, "density", "spectrum"):
            raise ValueError(
                "Scaling is invalid, it must be `None`, 'density' or 'spectrum'. "
                f"Received scaling={scaling}"
            )
        if padding not in ("valid", "same"):
            raise ValueError(
                "Padding is invalid, it should be 'valid', 'same'. Received: "
                f"padding={padding}"
            )
        self.mode = mode
        self.frame_length = frame_length
        self.frame_step = frame_step
        self.fft_length = fft_length
        self._step = frame_step or frame_length // 2
        self._size = fft_length or 2 ** math.ceil(math.log2(frame_length))
        self.window = window
        self.periodic = periodic
        self.scaling = scaling
        self.padding = padding
        self.expand_dims = expand_dims
        self.data_format = data_format or config.image_data_format()
        formats = ("channels_last", "channels_first")
        check_choice("data_format", self.data_format, formats, "STFTSpectrogram")
        for side in ("real", "imag"):  # a window's wrong name is said at once
            STFT(side, window, scaling, periodic)
        self.input_spec = InputSpec(ndim=3)

    def build(self, input_shape: Any) -> None:
        """Make the waves."""
        shape = (self.frame_length, 1, self._size // 2 + 1)
        for side, other in (("real", "imag"), ("imag", "real")):
            if self.mode != other:
                waves = STFT(side, self.window, self.scaling, self.periodic)
                name = f"{side}_kernel"
                setattr(self, name, self.add_weight(shape, waves, name=name))

    def _part(self, inputs: Any, kernel: Any) -> Any:
        """Return ``(batch, channels, times, frequencies)``."""
        if self.data_format == "channels_last":
            inputs = ops.swapaxes(inputs, 1, 2)
        _, channels, samples = inputs.shape
        inputs = ops.reshape(inputs, (-1, samples, 1))
        kernel = ops.cast(kernel, standardize_dtype(inputs.dtype))
        found = ops.conv(inputs, kernel, self._step, self.padding, "channels_last")
        return ops.reshape(found, (-1, channels, *found.shape[1:]))

    def _arranged(self, parts: Any) -> Any:
        """Put the axes where the data format wants them."""
        last = self.data_format == "channels_last"
        if self.expand_dims:
            return ops.transpose(parts, (0, 2, 3, 1)) if last else parts
        _, channels, times, frequencies = parts.shape
        if last:
            parts = ops.transpose(parts, (0, 2, 1, 3))
            return ops.reshape(parts, (-1, times, channels * frequencies))
        parts = ops.transpose(parts, (0, 1, 3, 2))
        return ops.reshape(parts, (-1, channels * frequencies, times))

    def call(self, inputs: Any) -> Any:
        """Compute the spectrograms of ``(batch, samples, channels)``."""
        dtype = standardize_dtype(inputs.dtype)
        if dtype not in ("float16", "float32", "float64"):
            raise TypeError(
                "Invalid input type. Expected `float16`, `float32` or `float64`. "
                f"Received: input type={dtype}"
            )
        return self._arranged(self._values(inputs))

    def _values(self, inputs: Any) -> Any:
        if self.mode != "imag":
            real = self._part(inputs, self.real_kernel)
            if self.mode == "real":
                return real
        imaginary = self._part(inputs, self.imag_kernel)
        if self.mode == "imag":
            return imaginary
        if self.mode == "angle":
            return ops.arctan2(imaginary, real)
        if self.mode == "stft":
            return ops.concatenate([real, imaginary], -1)
        power = ops.add(ops.square(real), ops.square(imaginary))
        if self.mode == "psd":  # negative frequencies have as much as positive ones
            sides = ((0, 0), (0, 0), (0, 0), (1, 1))
            return ops.add(power, ops.pad(power[..., 1:-1], sides))
        found = ops.sqrt(ops.maximum(power, config.epsilon()))
        if self.mode == "magnitude":
            return found
        return ops.log(ops.maximum(found, config.epsilon()))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the spectrograms' shape."""
        last = self.data_format == "channels_last"
        batch, samples, channels = (
            input_shape if last else (input_shape[0], input_shape[2], input_shape[1])
        )
        times = samples
        if samples is not None:
            room = (
                samples if self.padding == "same" else samples - self.frame_length + 1
            )
            times = -(-room // self._step)
        frequencies = (self._size // 2 + 1) * (2 if self.mode == "stft" else 1)
        if self.expand_dims:
            sizes = (times, frequencies, channels)
            return (batch, *(sizes if last else (channels, times, frequencies)))
        both = None if channels is None else channels * frequencies
        return (batch, times, both) if last else (batch, both, times)
