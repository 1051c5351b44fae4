"""Quantizers: functions from floats to integers and a scale, with a configuration."""

from __future__ import annotations

from typing import Any, Self

from dlcore.src.export import export
from dlcore.src.quantizers.absolute import abs_max_quantize


@export("dlcore.Quantizer", "dlcore.quantizers.Quantizer")
class Quantizer:
    """Base of quantizers; a subclass defines ``__call__`` and ``get_config``.

    Parameters
    ----------
    output_dtype : str
        Of the integers.
    """

    def __init__(self, output_dtype: str = "int8"):
        self.output_dtype = output_dtype

    def __call__(self, x: Any) -> Any:
        """Return ``x`` quantized; here as it is."""
        return x

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a quantizer from what ``get_config`` returned."""
        return cls(**config)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        raise NotImplementedError(f"{self} does not implement get_config()")


@export("dlcore.quantizers.AbsMaxQuantizer")
class AbsMaxQuantizer(Quantizer):
    """Quantizes so that the largest absolute value becomes the largest integer.

    Parameters
    ----------
    axis : int or sequence of int, optional
        Along which the largest value is taken where a call does not say it; the last
        one unless given.
    value_range : tuple of two int
        Least and largest integer.
    epsilon : float
        Added to the largest value, since it may be 0.
    output_dtype : str
        Of the integers.

    Raises
    ------
    ValueError
        If int8 cannot hold the range.

    Examples
    --------
    >>> values, scale = AbsMaxQuantizer()([[1.0, -2.0]])
    >>> values.tolist(), scale.tolist()
    ([[64, -127]], [[63.5]])
    """

    def __init__(
        self,
        axis: Any = None,
        value_range: tuple[int, int] = (-127, 127),
        epsilon: float = 1e-07,
        output_dtype: str = "int8",
    ):
        super().__init__(output_dtype)
        if axis is not None:
            axis = (axis,) if isinstance(axis, int) else tuple(axis)
        low, high = value_range
        if output_dtype == "int8" and (low < -128 or high > 127):
            raise ValueError(
                "Quantizer with output_dtype='int8' requires value_range to be within "
                f"the interval [-128, 127]. Received: value_range={value_range}"
            )
        self.axis = axis
        self.value_range = (low, high)
        self.epsilon = epsilon

    def __call__(self, x: Any, axis: Any = None, to_numpy: bool = False) -> Any:
        """Return integers and scale.

        Parameters
        ----------
        x : tensor
        axis : int or sequence of int, optional
            Along which the largest value is taken.
        to_numpy : bool
            Whether to compute on the host.
        """
        if axis is None:
            axis = -1 if self.axis is None else self.axis
        return abs_max_quantize(
            x, axis, self.value_range, self.output_dtype, self.epsilon, to_numpy
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        config = {
            "value_range": self.value_range,
            "epsilon": self.epsilon,
            "output_dtype": self.output_dtype,
        }
        return config if self.axis is None else {**config, "axis": self.axis}
