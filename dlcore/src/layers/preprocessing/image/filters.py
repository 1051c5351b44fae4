"""Images sharper, smoother, or with a piece missing."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore import ops, random
from dlcore.src.export import export
from dlcore.src.layers.preprocessing.image.base import between, each_image
from dlcore.src.layers.preprocessing.image.color import ColorLayer

_UNIT = (0.0, 1.0)


@export("dlcore.layers.RandomSharpness")
class RandomSharpness(ColorLayer):
    """Images sharper or smoother at random, while training.

    Parameters
    ----------
    factor : float or pair of float
        Range of how sharp, in [0, 1]: 0 for smooth, 0.5 as it was, 1 for sharp.
    value_range : pair of float
        The smallest and the largest value of images.
    data_format : {"channels_last", "channels_first"}, optional
    seed : int, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.RandomSharpness(0.5, seed=1)
    >>> tuple(layer(dlcore.ops.ones((5, 8, 8, 3)), training=True).shape)
    (5, 8, 8, 3)
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(value_range, seed=seed, data_format=data_format, **kwargs)
        self.factor = between("factor", factor, _UNIT)

    def _draw(self, batch: int, seed: Any) -> Any:
        return {"factor": self._uniform((batch,), *self.factor, seed)}

    def _recolored(self, images: Any, transformation: Any) -> Any:
        channels = images.shape[self.channel_axis]
        kernel = np.full((3, 3, channels, 1), 1.0 / 13.0, "float32")
        kernel[1, 1] = 5.0 / 13.0
        smooth = ops.depthwise_conv(
            images,
            ops.convert_to_tensor(kernel, self.compute_dtype),
            strides=1,
            padding="same",
            data_format=self.data_format,
        )
        factor = self._factor(transformation) * 2.0
        return self._clipped(images + (1.0 - factor) * (smooth - images))


@export("dlcore.layers.RandomGaussianBlur")
class RandomGaussianBlur(ColorLayer):
    """Images smoothed with a bell at random, while training.

    Parameters
    ----------
    factor : float or pair of float
        Range of the probability that an image is changed.
    kernel_size : int or pair of int
        Odd size of the window, in pixels.
    sigma : float or pair of float
        Range of the bell's standard deviation, in pixels, in [0, 1].
    value_range : pair of float
        The smallest and the largest value of images.
    data_format : {"channels_last", "channels_first"}, optional
    seed : int, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.RandomGaussianBlur(seed=1)
    >>> tuple(layer(dlcore.ops.ones((5, 8, 8, 3)), training=True).shape)
    (5, 8, 8, 3)
    """

    def __init__(
        self,
        factor: Any = 1.0,
        kernel_size: Any = 3,
        sigma: Any = 1.0,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(value_range, seed=seed, data_format=data_format, **kwargs)
        self.factor = between("factor", factor, _UNIT)
        self.sigma = between("sigma", sigma, _UNIT)
        sizes = kernel_size
        if not isinstance(sizes, list | tuple):
            sizes = (sizes, sizes)
        if len(sizes) != 2 or any(
            not isinstance(n, int) or n % 2 == 0 or n < 1 for n in sizes
        ):
            raise ValueError(
                "The `kernel_size` argument must be an odd number, or two of them. "
                f"Received: kernel_size={kernel_size}"
            )
        self.kernel_size = tuple(sizes)

    def _draw(self, batch: int, seed: Any) -> Any:
        return {
            "should_apply_blur": self._chosen(batch, self.factor, seed),
            "blur_factor": self._uniform((2,), *self.sigma, seed) + 1e-6,
        }

    def _recolored(self, images: Any, transformation: Any) -> Any:
        smooth = ops.image.gaussian_blur(
            images,
            kernel_size=self.kernel_size,
            sigma=self._floating(transformation["blur_factor"]),
            data_format=self.data_format,
        )
        chosen = each_image(transformation["should_apply_blur"])
        return self._clipped(ops.where(chosen, smooth, images))


@export("dlcore.layers.RandomErasing")
class RandomErasing(ColorLayer):
    """Images with a rectangle missing, while training.

    Parameters
    ----------
    factor : float or pair of float
        Range of the probability that an image is changed.
    scale : float or pair of float
        Range of the squares of the rectangle's sides, as fractions of the image's.
    fill_value : float or sequence of float, optional
        What is there instead, a number a channel; random numbers unless given.
    value_range : pair of float
        The smallest and the largest value of images.
    seed : int, optional
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.RandomErasing(fill_value=0.0, seed=1)
    >>> tuple(layer(dlcore.ops.ones((5, 8, 8, 3)), training=True).shape)
    (5, 8, 8, 3)

    Notes
    -----
    Source: Zhong et al., "Random erasing data augmentation", AAAI 2020.
    """

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = (0.02, 0.33),
        fill_value: Any = None,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(value_range, seed=seed, data_format=data_format, **kwargs)
        self.factor = between("factor", factor, _UNIT)
        self.scale = between("scale", scale, _UNIT)
        if not isinstance(fill_value, int | float | list | tuple | None):
            raise ValueError(
                "The `fill_value` argument should be a number (or a list of three "
                f"numbers). Received: fill_value={fill_value}"
            )
        self.fill_value = fill_value

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Draw which images are changed, where, and by what."""
        if not training:
            return None
        images = data["images"] if isinstance(data, dict) else data
        batch, height, width = self._shape(images)
        ratios = ops.sqrt(self._uniform((batch, 2), *self.scale, seed))
        x = self._interval(batch, width, ratios[:, 0], seed)
        y = self._interval(batch, height, ratios[:, 1], seed)
        masks = self._rectangles(batch, height, width, (*x, *y))
        chosen = self._chosen(batch, self.factor, seed)
        fill = self._fill((batch, height, width, images.shape[self.channel_axis]), seed)
        return {"apply_erasing": chosen, "batch_masks": masks, "fill_value": fill}

    def _fill(self, shape: Any, seed: Any) -> Any:
        """Return what is in rectangles; the same in both data formats."""
        if self.fill_value is None:
            noise = random.normal(shape, seed=self._seed(seed))
            fill = noise * float(self.value_range[1])
        else:
            fill = ops.convert_to_tensor(self.fill_value, "float32")
        if len(fill.shape) == 1:
            fill = ops.reshape(fill, (1, 1, 1, -1))
        if len(fill.shape):
            fill = ops.moveaxis(fill, -1, self.channel_axis)
        return self._clipped(fill)

    def _recolored(self, images: Any, transformation: Any) -> Any:
        fill = self._floating(transformation["fill_value"])
        masks = ops.convert_to_tensor(transformation["batch_masks"])
        chosen = each_image(transformation["apply_erasing"])
        return ops.where(ops.logical_and(masks, chosen), fill, images)
