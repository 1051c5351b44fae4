"""Padding, cropping and enlarging of sequences, images and volumes."""

from __future__ import annotations

from typing import Any, ClassVar

from dlcore import ops
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.layers.defaults import defaults
from dlcore.src.layers.input_spec import InputSpec
from dlcore.src.layers.layer import Layer
from dlcore.src.layers.sizes import data_format_of, pairs, sizes


class _Spatial(Layer):
    """Base: knows which axes are those of space."""

    rank: ClassVar[int]

    def _ready(self, data_format: str | None) -> None:
        self.data_format = data_format_of(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self._build_at_init()

    @property
    def _first(self) -> int:
        return 2 if self.data_format == "channels_first" else 1


class BaseZeroPadding(_Spatial):
    """Zeros around each sample.

    Parameters
    ----------
    padding : int, sequence of int, or sequence of pairs
        One number for all sides, one an axis, or (before, after) an axis.
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        Of ``Layer``.
    """

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        one = self.rank == 1 and isinstance(padding, list | tuple)
        found = pairs((padding,) if one else padding, self.rank, "padding")
        self.padding: Any = found if self.rank > 1 else found[0]
        self._ready(data_format)

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        widths = [(0, 0)] * (self.rank + 2)
        padding = self.padding if self.rank > 1 else (self.padding,)
        widths[self._first : self._first + self.rank] = padding
        return ops.pad(inputs, widths)


@export("dlcore.layers.ZeroPadding1D")
class ZeroPadding1D(BaseZeroPadding):
    """Zeros before and after sequences.

    Notes
    -----
    Arguments: those of ``BaseZeroPadding``; ``padding`` may be one pair.
    """

    rank = 1


@export("dlcore.layers.ZeroPadding2D")
@defaults(padding=(1, 1))
class ZeroPadding2D(BaseZeroPadding):
    """Zeros around images.

    Notes
    -----
    Arguments: those of ``BaseZeroPadding``.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.layers.ZeroPadding2D(1)(dlcore.ops.ones((2, 4, 4, 3))).shape
    (2, 6, 6, 3)
    """

    rank = 2


@export("dlcore.layers.ZeroPadding3D")
@defaults(padding=((1, 1), (1, 1), (1, 1)))
class ZeroPadding3D(BaseZeroPadding):
    """Zeros around volumes.

    Notes
    -----
    Arguments: those of ``BaseZeroPadding``.
    """

    rank = 3


class BaseCropping(_Spatial):
    """Cut values off the sides of each sample.

    Parameters
    ----------
    cropping : int, sequence of int, or sequence of pairs
        One number for all sides, one an axis, or (before, after) an axis.
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        Of ``Layer``.
    """

    def __init__(
        self, cropping: Any = 1, data_format: str | None = None, **kwargs: Any
    ):
        super().__init__(**kwargs)
        one = self.rank == 1 and isinstance(cropping, list | tuple)
        found = pairs((cropping,) if one else cropping, self.rank, "cropping")
        self.cropping: Any = found if self.rank > 1 else found[0]
        self._ready(data_format)

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        shape = tuple(ops.shape(inputs))
        key = [slice(None)] * len(shape)
        cropping = self.cropping if self.rank > 1 else (self.cropping,)
        for axis, (before, after) in enumerate(cropping, self._first):
            if shape[axis] is not None and before + after >= shape[axis]:
                what = (
                    "`cropping` parameter of `Cropping1D` layer must be smaller than "
                    "the input length."
                    if self.rank == 1
                    else "Values in `cropping` argument should be smaller than the "
                    "corresponding spatial dimension of the input."
                )
                raise ValueError(
                    f"{what} Received: input_shape={shape}, cropping={self.cropping}"
                )
            key[axis] = slice(before, -after if after else None)
        return ops.get_item(inputs, tuple(key))


@export("dlcore.layers.Cropping1D")
@defaults(cropping=(1, 1))
class Cropping1D(BaseCropping):
    """Cut off the ends of sequences.

    Notes
    -----
    Arguments: those of ``BaseCropping``; ``cropping`` may be one pair.
    """

    rank = 1

    def __init__(self, cropping: Any = 1, **kwargs: Any):
        super().__init__(cropping, "channels_last", **kwargs)


@export("dlcore.layers.Cropping2D")
@defaults(cropping=((0, 0), (0, 0)))
class Cropping2D(BaseCropping):
    """Cut off the margins of images.

    Notes
    -----
    Arguments: those of ``BaseCropping``.
    """

    rank = 2


@export("dlcore.layers.Cropping3D")
@defaults(cropping=((1, 1), (1, 1), (1, 1)))
class Cropping3D(BaseCropping):
    """Cut off the margins of volumes.

    Notes
    -----
    Arguments: those of ``BaseCropping``.
    """

    rank = 3


@export("dlcore.layers.UpSampling1D")
class UpSampling1D(Layer):
    """Repeat each step ``size`` times.

    Parameters
    ----------
    size : int
    **kwargs
        Of ``Layer``.
    """

    def __init__(self, size: int = 2, **kwargs: Any):
        super().__init__(**kwargs)
        if not isinstance(size, int) or isinstance(size, bool):
            raise TypeError(
                f"Expected an integer value for `size`, got {size!r} of type "
                f"{type(size)}."
            )
        if size <= 0:
            raise ValueError(
                f"Argument `size` should be a positive integer. Received: size={size}"
            )
        self.size = size
        self.input_spec = InputSpec(ndim=3)
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        return ops.repeat(inputs, self.size, axis=1)


INTERPOLATIONS = ("bicubic", "bilinear", "lanczos3", "lanczos5", "nearest")


@export("dlcore.layers.UpSampling2D")
class UpSampling2D(_Spatial):
    """Enlarge images.

    Parameters
    ----------
    size : int or pair of int
        Factors of height and width.
    data_format : {"channels_last", "channels_first"}, optional
    interpolation : {"nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"}
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.layers.UpSampling2D(2)(dlcore.ops.ones((1, 4, 4, 3))).shape
    (1, 8, 8, 3)
    """

    rank = 2

    def __init__(
        self,
        size: Any = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.size = sizes(size, 2, "size")
        self.interpolation = interpolation.lower()
        if self.interpolation not in INTERPOLATIONS:
            raise ValueError(
                f"`interpolation` argument should be one of {INTERPOLATIONS}. "
                f"Received: {interpolation!r}."
                f"{did_you_mean(interpolation, INTERPOLATIONS)}"
            )
        self._ready(data_format)

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        if self.interpolation == "nearest":
            x = ops.repeat(inputs, self.size[0], axis=self._first)
            return ops.repeat(x, self.size[1], axis=self._first + 1)
        space = ops.shape(inputs)[self._first : self._first + 2]
        wanted = tuple(d * s for d, s in zip(space, self.size, strict=True))
        return ops.image.resize(
            inputs,
            wanted,
            data_format=self.data_format,
            interpolation=self.interpolation,
        )


@export("dlcore.layers.UpSampling3D")
class UpSampling3D(_Spatial):
    """Enlarge volumes by repeating values.

    Parameters
    ----------
    size : int or three int
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        Of ``Layer``.
    """

    rank = 3

    def __init__(
        self, size: Any = (2, 2, 2), data_format: str | None = None, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.size = sizes(size, 3, "size")
        self._ready(data_format)

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        for axis, factor in enumerate(self.size, self._first):
            inputs = ops.repeat(inputs, factor, axis=axis)
        return inputs
