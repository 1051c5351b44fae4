"""Random colours: brightness, contrast, hue, saturation and the like."""

from __future__ import annotations

from typing import Any

from dlcore import ops, random
from dlcore.src import config
from dlcore.src.export import export
from dlcore.src.layers.preprocessing.image.base import (
    RandomLayer,
    between,
    each_image,
    value_range_of,
)

_UNIT = (0.0, 1.0)
_BYTE = (0.0, 255.0)


class ColorLayer(RandomLayer):
    """A layer that changes values, and leaves boxes, masks and labels alone.

    Parameters
    ----------
    value_range : pair of float
        The smallest and the largest value of images.
    **kwargs
        Of ``RandomLayer``.
    """

    def __init__(self, value_range: Any = (0, 255), **kwargs: Any):
        super().__init__(**kwargs)
        self.value_range = value_range_of(value_range)

    def _draw(self, batch: int, seed: Any) -> Any:
        """Return what is drawn for a batch, as a dict."""
        raise NotImplementedError

    def _recolored(self, images: Any, transformation: Any) -> Any:
        """Return the images with other values."""
        raise NotImplementedError

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Draw what will be done."""
        return self._draw(self._shape(data)[0], seed) if training else None

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Change a batch of images."""
        images = self._floating(images)
        if not training or transformation is None:
            return images
        return self._floating(self._recolored(images, transformation))

    def _clipped(self, images: Any) -> Any:
        return ops.clip(images, *self.value_range)

    def _factor(self, transformation: Any, name: str = "factor") -> Any:
        return each_image(self._floating(transformation[name]))


@export("dlcore.layers.RandomBrightness")
class RandomBrightness(ColorLayer):
    """Images brighter or darker at random, while training.

    Parameters
    ----------
    factor : float or pair of float
        Range of what is added, as a fraction of the range of values, in [-1, 1].
    value_range : pair of float
        The smallest and the largest value of images.
    seed : int, optional
    **kwargs
        ``data_format``, ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.RandomBrightness((0.5, 0.5), value_range=(0, 1))
    >>> float(dlcore.ops.max(layer(dlcore.ops.zeros((1, 2, 2, 3)), training=True)))
    0.5
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(value_range, seed=seed, **kwargs)
        self._set_factor(factor)

    def _set_factor(self, factor: Any) -> None:
        self.factor = between("factor", factor, (-1.0, 1.0))

    def _draw(self, batch: int, seed: Any) -> Any:
        low, high = self.value_range
        delta = self._uniform((batch, 1, 1, 1), *self.factor, seed)
        return {"rgb_delta": delta * float(high - low)}

    def _recolored(self, images: Any, transformation: Any) -> Any:
        return self._clipped(images + self._factor(transformation, "rgb_delta"))


@export("dlcore.layers.RandomContrast")
class RandomContrast(ColorLayer):
    """Images with more or less contrast at random, while training.

    Values become ``(x - mean) * factor + mean``, channel by channel.

    Parameters
    ----------
    factor : float or pair of float
        ``(lower, upper)`` in [0, 1]: the factor is drawn from
        ``[1 - lower, 1 + upper]``; a float is both.
    value_range : pair of float
        The smallest and the largest value of images.
    seed : int, optional
    **kwargs
        ``data_format``, ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.RandomContrast(0.2, seed=1)
    >>> tuple(layer(dlcore.ops.ones((5, 8, 8, 3)), training=True).shape)
    (5, 8, 8, 3)
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(value_range, seed=seed, **kwargs)
        both = factor if isinstance(factor, list | tuple) else (factor, factor)
        self.factor = between("factor", both, _UNIT)

    def _draw(self, batch: int, seed: Any) -> Any:
        low, high = 1.0 - self.factor[0], 1.0 + self.factor[1]
        return {"contrast_factor": self._uniform((batch, 1, 1, 1), low, high, seed)}

    def _recolored(self, images: Any, transformation: Any) -> Any:
        axes = (self.height_axis, self.width_axis)
        mean = ops.mean(images, axes, keepdims=True)
        factor = self._factor(transformation, "contrast_factor")
        return self._clipped((images - mean) * factor + mean)


@export("dlcore.layers.RandomColorDegeneration")
class RandomColorDegeneration(ColorLayer):
    """Images with less colour at random, while training.

    Parameters
    ----------
    factor : float or pair of float
        Range of how much, in [0, 1]: 0 for nothing, 1 for no colour at all.
    value_range : pair of float
        The smallest and the largest value of images.
    data_format : {"channels_last", "channels_first"}, optional
    seed : int, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.RandomColorDegeneration(0.5, seed=1)
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
        return {"factor": self._uniform((batch, 1, 1, 1), *self.factor, seed)}

    def _recolored(self, images: Any, transformation: Any) -> Any:
        gray = ops.image.rgb_to_grayscale(images, data_format=self.data_format)
        factor = self._factor(transformation)
        return self._clipped(images + factor * (gray - images))

    def _mask_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return shape

    def _image_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        if len(shape) not in (3, 4):
            raise ValueError(
                "Invalid images rank: expected rank 3 (single image) or rank 4 (batch "
                f"of images). Received: input_shape={shape}"
            )
        channels = shape[self.channel_axis]
        if channels not in (None, 3):
            raise ValueError(
                "Input images must have 3 channels, but received images with "
                f"{channels} channels."
            )
        return shape


@export("dlcore.layers.RandomGrayscale")
class RandomGrayscale(RandomLayer):
    """Images without colour, some of them, while training.

    Parameters
    ----------
    factor : float
        The probability that an image is changed.
    data_format : {"channels_last", "channels_first"}, optional
    seed : int, optional
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.RandomGrayscale(0.5, seed=1)
    >>> tuple(layer(dlcore.ops.ones((5, 8, 8, 3)), training=True).shape)
    (5, 8, 8, 3)
    """

    def __init__(
        self,
        factor: float = 0.5,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        if not 0 <= factor <= 1:
            raise ValueError(
                f"`factor` should be between 0 and 1. Received: factor={factor}"
            )
        self.factor = factor

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Draw which images are changed."""
        if not training:
            return None
        batch, _, _ = self._shape(data)
        return self._uniform((batch, 1, 1, 1), 0.0, 1.0, seed) < self.factor

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Change a batch of images; they keep their dtype."""
        if not training or transformation is None:
            return images
        gray = ops.image.rgb_to_grayscale(images, data_format=self.data_format)
        return ops.where(transformation, gray, images)

    def _dtype_of(self, key: str, dtype: str) -> str:
        return dtype


@export("dlcore.layers.RandomHue")
class RandomHue(ColorLayer):
    """Images with other hues at random, while training.

    Parameters
    ----------
    factor : float or pair of float
        Range of how far hues move, to either side, in [0, 1]: 1 is half the circle.
    value_range : pair of float
        The smallest and the largest value of images.
    data_format : {"channels_last", "channels_first"}, optional
    seed : int, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.RandomHue(0.2, seed=1)
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
        side = ops.where(self._uniform((batch,), 0.0, 1.0, seed) > 0.5, -0.5, 0.5)
        return {"factor": side * self._uniform((batch,), *self.factor, seed)}

    def _recolored(self, images: Any, transformation: Any) -> Any:
        images = self._rescaled(images, self.value_range, _UNIT)
        colors = ops.image.rgb_to_hsv(images, data_format=self.data_format)
        hue, saturation, value = ops.split(colors, 3, self.channel_axis)
        hue = (hue + self._factor(transformation)) % 1.0
        colors = ops.concatenate([hue, saturation, value], self.channel_axis)
        found = ops.image.hsv_to_rgb(colors, data_format=self.data_format)
        return self._rescaled(ops.clip(found, 0.0, 1.0), _UNIT, self.value_range)


@export("dlcore.layers.RandomSaturation")
class RandomSaturation(ColorLayer):
    """Images with more or less saturated colours at random, while training.

    Parameters
    ----------
    factor : float or pair of float
        Range of how saturated, in [0, 1]: 0 for gray, 0.5 as it was, 1 for full
        saturation; a float ``f`` stands for ``[0, f]``.
    value_range : pair of float
        The smallest and the largest value of images.
    data_format : {"channels_last", "channels_first"}, optional
    seed : int, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.RandomSaturation((0.4, 0.6), seed=1)
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
        factor = self._uniform((batch,), *self.factor, seed)
        return {"factor": factor / (1.0 - factor + config.epsilon())}

    def _recolored(self, images: Any, transformation: Any) -> Any:
        colors = ops.image.rgb_to_hsv(images, data_format=self.data_format)
        hue, saturation, value = ops.split(colors, 3, self.channel_axis)
        saturation = ops.clip(saturation * self._factor(transformation), 0.0, 1.0)
        colors = ops.concatenate([hue, saturation, value], self.channel_axis)
        return ops.image.hsv_to_rgb(colors, data_format=self.data_format)


@export("dlcore.layers.RandomInvert")
class RandomInvert(ColorLayer):
    """Negatives of images, some of them, while training.

    Parameters
    ----------
    factor : float or pair of float
        Range of the probability that an image is changed.
    value_range : pair of float
        The smallest and the largest value of images.
    seed : int, optional
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.RandomInvert((1.0, 1.0))
    >>> float(dlcore.ops.max(layer(dlcore.ops.ones((1, 2, 2, 3)), training=True)))
    254.0
    """

    def __init__(
        self,
        factor: Any = 1.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(value_range, seed=seed, data_format=data_format, **kwargs)
        self.factor = between("factor", factor, _UNIT)

    def _draw(self, batch: int, seed: Any) -> Any:
        return {"apply_inversion": self._chosen(batch, self.factor, seed)}

    def _recolored(self, images: Any, transformation: Any) -> Any:
        chosen = each_image(transformation["apply_inversion"])
        return ops.where(chosen, self.value_range[1] - images, images)


@export("dlcore.layers.RandomPosterization")
class RandomPosterization(ColorLayer):
    """Images with fewer different values, while training.

    Parameters
    ----------
    factor : int or pair of int
        How many bits of each value are kept, 1 to 8; of a pair, a random number from
        the first one to below the second one.
    value_range : pair of float
        The smallest and the largest value of images.
    data_format : {"channels_last", "channels_first"}, optional
    seed : int, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.RandomPosterization(1)
    >>> x = dlcore.ops.ones((1, 2, 2, 3)) * 200.0
    >>> float(dlcore.ops.max(layer(x, training=True)))
    128.0
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
        both = factor if isinstance(factor, list | tuple) else (factor, factor)
        self.factor = between("factor", both, (1, 8))

    def _draw(self, batch: int, seed: Any) -> Any:
        low, high = (int(f) for f in self.factor)
        if low == high:
            return {"shift_factor": ops.full((batch,), 8 - low, dtype="int32")}
        bits = random.randint((batch,), low, high, seed=self._seed(seed))
        return {"shift_factor": 8 - bits}

    def _recolored(self, images: Any, transformation: Any) -> Any:
        shift = each_image(ops.cast(transformation["shift_factor"], "int32"))
        values = ops.clip(self._rescaled(images, self.value_range, _BYTE), 0.0, 255.0)
        values = ops.cast(values, "int32")
        values = ops.left_shift(ops.right_shift(values, shift), shift)
        return self._rescaled(self._floating(values), _BYTE, self.value_range)


@export("dlcore.layers.Solarization")
class Solarization(ColorLayer):
    """Images whose bright values are inverted, while training.

    Parameters
    ----------
    addition_factor : float or pair of float
        Range of what is added first, as a fraction of 255.
    threshold_factor : float or pair of float
        Range of the value from which on values are inverted, as a fraction of 255.
    value_range : pair of float
        The smallest and the largest value of images.
    seed : int, optional
    **kwargs
        ``data_format``, ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.Solarization()
    >>> float(dlcore.ops.max(layer(dlcore.ops.ones((1, 2, 2, 3)), training=True)))
    254.0
    """

    def __init__(
        self,
        addition_factor: Any = 0.0,
        threshold_factor: Any = 0.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(value_range, seed=seed, **kwargs)
        self.addition_factor = between(
            "addition_factor", addition_factor, _UNIT, False, True
        )
        self.threshold_factor = between(
            "threshold_factor", threshold_factor, _UNIT, False, True
        )

    def _draw(self, batch: int, seed: Any) -> Any:
        # Keras scales only the upper bounds to 255; so do the ranges here.
        shape = (batch, 1, 1, 1)
        low, high = self.addition_factor
        additions = self._uniform(shape, low, high * 255.0, seed)
        low, high = self.threshold_factor
        thresholds = self._uniform(shape, low, high * 255.0, seed)
        return {"additions": additions, "thresholds": thresholds}

    def _recolored(self, images: Any, transformation: Any) -> Any:
        values = self._rescaled(images, self.value_range, _BYTE)
        values = values + self._factor(transformation, "additions")
        values = ops.clip(values, 0.0, 255.0)
        dark = values < self._factor(transformation, "thresholds")
        values = ops.where(dark, values, 255.0 - values)
        return self._rescaled(values, _BYTE, self.value_range)


@export("dlcore.layers.RandomColorJitter")
class RandomColorJitter(RandomLayer):
    """Brightness, contrast, saturation and hue changed at random, while training.

    Parameters
    ----------
    value_range : pair of float
        The smallest and the largest value of images.
    brightness_factor, contrast_factor, saturation_factor, hue_factor : optional
        As for ``RandomBrightness``, ``RandomContrast``, ``RandomSaturation`` and
        ``RandomHue``; None leaves the change out.
    seed : int, optional
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.RandomColorJitter(brightness_factor=0.2, hue_factor=0.1)
    >>> tuple(layer(dlcore.ops.ones((5, 8, 8, 3)), training=True).shape)
    (5, 8, 8, 3)
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        brightness_factor: Any = None,
        contrast_factor: Any = None,
        saturation_factor: Any = None,
        hue_factor: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.value_range = value_range
        self.brightness_factor = brightness_factor
        self.contrast_factor = contrast_factor
        self.saturation_factor = saturation_factor
        self.hue_factor = hue_factor
        common = {
            "value_range": value_range,
            "seed": seed,
            "data_format": data_format,
            "dtype": self.dtype_policy,
        }
        kinds = (
            ("brightness", RandomBrightness),
            ("contrast", RandomContrast),
            ("saturation", RandomSaturation),
            ("hue", RandomHue),
        )
        self._parts = []
        for name, kind in kinds:
            factor = getattr(self, f"{name}_factor")
            part = None if factor is None else kind(factor, **common)
            setattr(self, f"random_{name}", part)
            if part is not None:
                self._parts.append(part)

    def build(self, input_shape: Any) -> None:
        """Build the layers inside."""
        for part in self._parts:
            part.built = True

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Draw what each of the changes will do."""
        if not training:
            return None
        seed = self._seed(seed)
        return [p.get_random_transformation(data, seed=seed) for p in self._parts]

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Change a batch of images."""
        images = self._floating(images)
        if not training or transformation is None:
            return images
        for part, drawn in zip(self._parts, transformation, strict=True):
            images = part.transform_images(images, drawn)
        return self._floating(images)
