"""Contrast from what values there are: stretched, or made equally frequent."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.dtypes import standardize_dtype
from dlcore.src.export import export
from dlcore.src.layers.preprocessing.image.base import ImageLayer, value_range_of

_BYTE = (0.0, 255.0)


@export("dlcore.layers.AutoContrast")
class AutoContrast(ImageLayer):
    """Images whose values are stretched to the whole range, channel by channel.

    Parameters
    ----------
    value_range : pair of float
        The smallest and the largest value of images.
    **kwargs
        ``data_format``, ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore, numpy as np
    >>> x = np.array([1.0, 2.0]).reshape(1, 2, 1, 1)
    >>> layer = dlcore.layers.AutoContrast()
    >>> dlcore.ops.convert_to_numpy(layer(x)).ravel().tolist()
    [0.0, 255.0]
    """

    def __init__(self, value_range: Any = (0, 255), **kwargs: Any):
        super().__init__(**kwargs)
        self.value_range = value_range_of(value_range)

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Change a batch of images."""
        images = self._floating(images)
        axes = (self.height_axis, self.width_axis)
        values = self._rescaled(images, self.value_range, _BYTE)
        low = ops.min(values, axes, keepdims=True)
        spread = ops.max(values, axes, keepdims=True) - low
        flat = ops.equal(spread, 0.0)
        values = (values - low) * (255.0 / ops.where(flat, 1.0, spread))
        values = ops.clip(values, 0.0, 255.0)
        return ops.where(flat, images, self._rescaled(values, _BYTE, self.value_range))


@export("dlcore.layers.Equalization")
class Equalization(ImageLayer):
    """Images whose values are equally frequent, channel by channel.

    Parameters
    ----------
    value_range : pair of float
        The smallest and the largest value of images.
    bins : int
        How many different values are counted.
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> tuple(dlcore.layers.Equalization()(dlcore.ops.ones((5, 8, 8, 3))).shape)
    (5, 8, 8, 3)
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        bins: int = 256,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.bins = bins
        self.value_range = value_range_of(value_range)

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Change a batch of images; as in Keras, channel by channel of the batch."""
        images = self._floating(images)
        if not training:
            return images
        values = self._rescaled(images, self.value_range, _BYTE)
        values = ops.moveaxis(values, self.channel_axis, 0)
        found = [self._equalized(values[i]) for i in range(values.shape[0])]
        values = ops.stack(found, self.channel_axis)
        return self._floating(self._rescaled(values, _BYTE, self.value_range))

    def _equalized(self, channel: Any) -> Any:
        top = self.bins - 1
        places = ops.cast(channel * (top / 255.0), "int32")
        places = ops.clip(places, 0, top)
        counts = ops.segment_sum(
            ops.ones_like(ops.reshape(places, (-1,))),
            ops.reshape(places, (-1,)),
            num_segments=self.bins,
        )
        below = ops.cumsum(counts)
        first = ops.take(counts, ops.argmax(counts > 0))
        rest = ops.cast(ops.maximum(below[-1] - first, 1), "float32")
        table = ops.cast(below - first, "float32") * 255.0 / rest
        table = ops.clip(ops.round(table), 0.0, 255.0)
        found = ops.cast(ops.take(table, places), channel.dtype)
        several = ops.sum(ops.cast(counts > 0, "int32")) > 1
        return ops.where(several, found, channel)


@export("dlcore.layers.ContrastLimitedAdaptiveHistogramEqualization")
class ContrastLimitedAdaptiveHistogramEqualization(ImageLayer):
    """Images whose values are about equally frequent in each neighbourhood (CLAHE).

    Parameters
    ----------
    value_range : pair of float
        The smallest and the largest value of images.
    clip_limit : float
        How often a value counts at most, as a multiple of the mean; 0 for no limit.
    tile_grid_size : pair of int
        How many neighbourhoods there are along the rows and the columns.
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.ContrastLimitedAdaptiveHistogramEqualization()
    >>> tuple(layer(dlcore.ops.ones((5, 16, 16, 3))).shape)
    (5, 16, 16, 3)

    Notes
    -----
    Source: Zuiderveld, "Contrast limited adaptive histogram equalization", Graphics
    Gems IV, 1994.
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        clip_limit: float = 4.0,
        tile_grid_size: Any = (8, 8),
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = value_range
        self.clip_limit = clip_limit
        self.tile_grid_size = tile_grid_size

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Change a batch of images; they keep their dtype."""
        images = ops.convert_to_tensor(images)
        dtype = standardize_dtype(images.dtype)
        values = ops.moveaxis(ops.cast(images, "float32"), self.channel_axis, -1)
        values = self._rescaled(values, tuple(self.value_range), _BYTE)
        values = self._rescaled(self._local(values), _BYTE, tuple(self.value_range))
        return ops.cast(ops.moveaxis(values, -1, self.channel_axis), dtype)

    def _local(self, images: Any) -> Any:
        batch, height, width, channels = images.shape
        rows, columns = self.tile_grid_size
        tall, wide = -(-height // rows), -(-width // columns)
        more = ((0, 0), (0, tall * rows - height), (0, wide * columns - width), (0, 0))
        padded = ops.pad(images, more, mode="symmetric")
        pixels = ops.cast(ops.clip(padded, 0.0, 255.0), "int32")
        tables = self._tables(pixels, rows, tall, columns, wide)
        # The tables before and after each pixel, and the share of the latter.
        y, dy = _between_tiles(tall, rows)
        x, dx = _between_tiles(wide, columns)
        dx, dy = dx[None, None, :, None], dy[None, :, None, None]
        tile = ops.arange(batch, dtype="int32")[:, None, None, None] * (rows * columns)
        channel = ops.arange(channels, dtype="int32")[None, None, None, :]

        def seen(i: int, j: int) -> Any:
            places = tile + y[i][None, :, None, None] * columns
            places = (places + x[j][None, None, :, None]) * channels + channel
            return ops.take(tables, places * 256 + pixels)

        above = seen(0, 0) * (1.0 - dx) + seen(0, 1) * dx
        below = seen(1, 0) * (1.0 - dx) + seen(1, 1) * dx
        found = above * (1.0 - dy) + below * dy
        return found[:, :height, :width]

    def _tables(
        self, pixels: Any, rows: int, tall: int, columns: int, wide: int
    ) -> Any:
        """Return the new values: flat, 256 a tile and channel."""
        batch, channels = pixels.shape[0], pixels.shape[-1]
        tiles = ops.reshape(pixels, (batch, rows, tall, columns, wide, channels))
        tiles = ops.transpose(tiles, (0, 1, 3, 5, 2, 4))
        tiles = ops.reshape(tiles, (-1, tall * wide))
        count, size = tiles.shape
        flat = ops.reshape(
            tiles + ops.arange(count, dtype="int32")[:, None] * 256, (-1,)
        )
        counts = ops.segment_sum(
            ops.ones_like(flat, dtype="float32"), flat, num_segments=count * 256
        )
        counts = ops.reshape(counts, (count, 256))
        if self.clip_limit > 0:
            clipped = ops.minimum(counts, self.clip_limit * size / 256.0)
            excess = ops.sum(counts - clipped, -1, keepdims=True)
            counts = clipped + excess / 256.0
        below = ops.cumsum(counts, -1)
        low = ops.min(below, -1, keepdims=True)
        rest = float(size) - low
        table = (below - low) * 255.0 / ops.where(ops.equal(rest, 0.0), 1.0, rest)
        return ops.reshape(ops.clip(table, 0.0, 255.0), (-1,))


def _between_tiles(size: int, count: int) -> tuple[tuple[Any, Any], Any]:
    """Return the tiles before and after each pixel, and the share of the latter."""
    place = (ops.arange(size * count, dtype="float32") - size / 2.0) / size
    before = ops.floor(place)
    first = ops.cast(before, "int32")
    top = count - 1
    return (ops.clip(first, 0, top), ops.clip(first + 1, 0, top)), place - before
