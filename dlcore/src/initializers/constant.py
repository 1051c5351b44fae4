"""Initializers without chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from dlcore import ops
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.initializers.base import Initializer
from dlcore.src.saving.serialization import deserialize_keras_object


@export("dlcore.initializers.Zeros", "dlcore.initializers.zeros")
class Zeros(Initializer):
    """All 0.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.initializers.Zeros()((2, 3)).shape
    (2, 3)
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return a tensor of zeros."""
        return ops.zeros(shape, dtype=standardize_dtype(dtype))


@export("dlcore.initializers.Ones", "dlcore.initializers.ones")
class Ones(Initializer):
    """All 1."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return a tensor of ones."""
        return ops.ones(shape, dtype=standardize_dtype(dtype))


@export("dlcore.initializers.Constant", "dlcore.initializers.constant")
class Constant(Initializer):
    """All the same value, or copies of a tensor.

    Parameters
    ----------
    value : number or array-like
        An array must broadcast to the shape.
    """

    def __init__(self, value: Any = 0.0):
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return a tensor filled with the value."""
        dtype = standardize_dtype(dtype)
        value = ops.convert_to_tensor(self.value, dtype=dtype)
        return ops.broadcast_to(value, tuple(shape))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make an initializer from what ``get_config`` returned."""
        return cls(deserialize_keras_object(config["value"]))


@export(
    "dlcore.initializers.Identity",
    "dlcore.initializers.IdentityInitializer",
    "dlcore.initializers.identity",
)
class Identity(Initializer):
    """A matrix with ``gain`` on its diagonal and 0 elsewhere.

    Parameters
    ----------
    gain : float

    Raises
    ------
    ValueError
        When called with a shape that is no matrix's.
    """

    def __init__(self, gain: float = 1.0):
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return a matrix."""
        if len(shape) != 2:
            raise ValueError(f"Identity makes matrices only, got shape={tuple(shape)}.")
        return self.gain * ops.eye(*shape, dtype=standardize_dtype(dtype))


@export(
    "dlcore.initializers.STFT",
    "dlcore.initializers.STFTInitializer",
    "dlcore.initializers.stft",
)
class STFT(Initializer):
    """Kernels of a convolution that is a short-time Fourier transform.

    Parameters
    ----------
    side : {"real", "imag"}
        Which part of the complex result.
    window : str, array-like or None
        A window's name in scipy, or its values.
    scaling : {"density", "spectrum", None}
        Divide by the root of the sum of the window's squares, by the sum of its values,
        or not.
    periodic : bool
        Whether a named window is periodic.

    Raises
    ------
    ValueError
        If an argument is none of these.
    """

    def __init__(
        self,
        side: str = "real",
        window: Any = "hann",
        scaling: str | None = "density",
        periodic: bool = False,
    ):
        for name, value, known in (
            ("side", side, ("real", "imag")),
            ("scaling", scaling, ("density", "spectrum", None)),
        ):
            if value not in known:
                hint = did_you_mean(value, filter(None, known))
                raise ValueError(f"Argument `{name}` cannot be {value!r}.{hint}")
        if isinstance(window, str):
            _window(window, 1, periodic)
        self.side = side
        self.window = window
        self.scaling = scaling
        self.periodic = periodic

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return kernels.

        Parameters
        ----------
        shape : tuple of int
            ``(length of the window, 1, frequencies)``.
        dtype : str, optional
        """
        length, _, frequencies = shape
        dtype = standardize_dtype(dtype)
        times = np.arange(length, dtype="float32").reshape(-1, 1, 1)
        turns = np.arange(frequencies, dtype="float32") / ((frequencies - 1) * 2)
        angle = (-2.0 * math.pi) * times * turns
        kernel = np.cos(angle) if self.side == "real" else np.sin(angle)
        if self.window is not None:
            window = self.window
            if isinstance(window, str):
                window = _window(window, length, self.periodic)
            window = ops.convert_to_numpy(window)
            if window.shape != (length,):
                raise ValueError(
                    f"`window` must have the shape ({length},), got {window.shape}."
                )
            scale = {
                "density": np.sqrt(np.sum(np.square(window))),
                "spectrum": np.sum(np.abs(window)),
                None: 1.0,
            }[self.scaling]
            kernel = kernel * window.reshape(-1, 1, 1) / scale
        return ops.convert_to_tensor(kernel.astype("float32"), dtype=dtype)


def _window(name: str, length: int, periodic: bool) -> Any:
    from scipy.signal import get_window

    return get_window(name, length, periodic)
