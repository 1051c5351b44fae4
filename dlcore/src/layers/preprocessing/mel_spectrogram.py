"""``MelSpectrogram``: sound as its power by pitch and time."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.layers.preprocessing.data_layer import DataLayer


def _mel(hertz: Any) -> Any:
    """Return frequencies on the mel scale of HTK."""
    return 1127.0 * np.log(1.0 + np.asarray(hertz) / 700.0)


@export("dlcore.layers.MelSpectrogram")
class MelSpectrogram(DataLayer):
    """Sound as its power by pitch (on the mel scale) and time.

    Parameters
    ----------
    fft_length : int
        Size of the Fourier transform.
    sequence_stride : int
        Samples between two windows.
    sequence_length : int, optional
        Samples of a window; ``fft_length`` unless given.
    window : {"hann", "hamming"}, array or None
    sampling_rate : int
        Samples a second.
    num_mel_bins : int
        How many pitches.
    min_freq : float
        Lowest frequency, in Hz.
    max_freq : float, optional
        Highest frequency, in Hz; half the sampling rate unless given.
    power_to_db : bool
        Whether the result is in decibels.
    top_db : float
        How far below the largest value decibels are cut.
    mag_exp : float
        Exponent of the magnitude: 2 for power, 1 for amplitude.
    min_power : float
        Smallest power before the logarithm.
    ref_power : float
        Power of 0 dB.
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.MelSpectrogram(fft_length=256, sequence_stride=128)
    >>> tuple(layer(dlcore.ops.ones((2, 1024))).shape)
    (2, 128, 9)

    Notes
    -----
    Source: Davis and Mermelstein, IEEE Transactions on Acoustics, Speech and Signal
    Processing 28(4), 1980.
    """

    def __init__(
        self,
        fft_length: int = 2048,
        sequence_stride: int = 512,
        sequence_length: int | None = None,
        window: Any = "hann",
        sampling_rate: int = 16000,
        num_mel_bins: int = 128,
        min_freq: float = 20.0,
        max_freq: float | None = None,
        power_to_db: bool = True,
        top_db: float = 80.0,
        mag_exp: float = 2.0,
        min_power: float = 1e-10,
        ref_power: float = 1.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.fft_length = fft_length
        self.sequence_stride = sequence_stride
        self.sequence_length = sequence_length or fft_length
        if fft_length < self.sequence_length:
            raise ValueError(
                "`fft_length` must be greater than or equal to `sequence_length`. "
                f"Received: sequence_length={sequence_length}, fft_length={fft_length}."
            )
        self.window = window
        self.sampling_rate = sampling_rate
        self.num_mel_bins = num_mel_bins
        self.min_freq = min_freq
        self.max_freq = max_freq or int(sampling_rate / 2)
        self.power_to_db = power_to_db
        self.top_db = top_db
        self.mag_exp = mag_exp
        self.min_power = min_power
        self.ref_power = ref_power

    def linear_to_mel_weight_matrix(
        self,
        num_mel_bins: int = 20,
        num_spectrogram_bins: int = 129,
        sampling_rate: int = 8000,
        lower_edge_hertz: float = 125.0,
        upper_edge_hertz: float = 3800.0,
        dtype: str = "float32",
    ) -> Any:
        """Return what each frequency gives to each pitch.

        Parameters
        ----------
        num_mel_bins, num_spectrogram_bins : int
            How many pitches and frequencies.
        sampling_rate : int
            Samples a second.
        lower_edge_hertz, upper_edge_hertz : float
            The frequencies that count, in Hz.
        dtype : str

        Returns
        -------
        tensor of shape (num_spectrogram_bins, num_mel_bins)
            Triangles; no pitch has anything of the frequency 0.
        """
        places = _mel(np.linspace(0.0, sampling_rate / 2.0, num_spectrogram_bins))
        edges = np.linspace(
            _mel(lower_edge_hertz), _mel(upper_edge_hertz), num_mel_bins + 2
        )
        low, middle, high = edges[:-2], edges[1:-1], edges[2:]
        rising = (places[:, None] - low) / (middle - low)
        falling = (high - places[:, None]) / (high - middle)
        weights = np.maximum(0.0, np.minimum(rising, falling))
        weights[0] = 0.0
        return ops.convert_to_tensor(weights, dtype)

    def call(self, inputs: Any) -> Any:
        """Compute the spectrograms of ``(..., samples)``: ``(..., pitches, times)``."""
        wide = ("float32", "float64")
        dtype = self.compute_dtype if self.compute_dtype in wide else "float32"
        real, imaginary = ops.stft(
            ops.cast(ops.convert_to_tensor(inputs), dtype),
            self.sequence_length,
            self.sequence_stride,
            self.fft_length,
            self.window,
            True,
        )
        magnitude = ops.sqrt(ops.add(ops.square(real), ops.square(imaginary)))
        found = ops.power(magnitude, self.mag_exp)
        weights = self.linear_to_mel_weight_matrix(
            self.num_mel_bins,
            self.fft_length // 2 + 1,
            self.sampling_rate,
            self.min_freq,
            self.max_freq,
            dtype,
        )
        found = ops.matmul(found, weights)
        if self.power_to_db:
            found = self._decibels(found)
        return ops.cast(ops.swapaxes(found, -1, -2), self.compute_dtype)

    def _decibels(self, power: Any) -> Any:
        zero = max(abs(self.ref_power), self.min_power)
        level = 10.0 * ops.log10(ops.maximum(power, self.min_power))
        level = level - 10.0 * float(np.log10(zero))
        return ops.maximum(level, ops.max(level) - self.top_db)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the spectrograms' shape."""
        size, step = input_shape[-1], self.sequence_stride
        half = self.fft_length // 2
        times = None
        if size is not None:
            times = 1 + (size + 2 * half - self.fft_length) // step
        return (*input_shape[:-1], self.num_mel_bins, times)
