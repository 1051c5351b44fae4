"""Images turned, moved, zoomed, sheared: affine maps of their coordinates."""

from __future__ import annotations

import math
from typing import Any

from dlcore import ops
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.layers.preprocessing.image.base import RandomLayer, between
from dlcore.src.layers.preprocessing.image.boxes import (
    affine_transform,
    clip_to_image_size,
    convert_format,
    join,
    shifted,
    split,
)

FILL_MODES = ("reflect", "wrap", "constant", "nearest")
INTERPOLATIONS = ("nearest", "bilinear")


def check_known(name: str, value: Any, known: tuple[str, ...]) -> None:
    """Refuse a way to fill or to interpolate that there is not.

    Raises
    ------
    NotImplementedError
        With those there are.
    """
    if value not in known:
        raise NotImplementedError(
            f"Unknown `{name}` {value}. Expected of one {known}."
            f"{did_you_mean(str(value), known)}"
        )


class Warp(RandomLayer):
    """A layer that looks at images through a change of coordinates.

    Parameters
    ----------
    interpolation : {"bilinear", "nearest"}
    fill_mode : {"reflect", "wrap", "constant", "nearest"}
        What is outside of the image.
    fill_value : float
        For ``"constant"``.
    **kwargs
        Of ``RandomLayer``.
    """

    def __init__(
        self, interpolation: str, fill_mode: str, fill_value: float, **kwargs: Any
    ):
        super().__init__(**kwargs)
        check_known("fill_mode", fill_mode, FILL_MODES)
        check_known("interpolation", interpolation, INTERPOLATIONS)
        self.fill_mode = fill_mode
        self.interpolation = interpolation
        self.fill_value = fill_value

    def _map(self, transformation: Any, height: int, width: int) -> Any:
        """Return eight numbers an image: see ``ops.image.affine_transform``."""
        raise NotImplementedError

    def _seen(self, images: Any, transformation: Any, interpolation: str) -> Any:
        _, height, width = self._shape(images)
        return ops.image.affine_transform(
            images,
            self._map(transformation, height, width),
            interpolation=interpolation,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Change a batch of images."""
        images = self._floating(images)
        if not training or transformation is None:
            return images
        return self._seen(images, transformation, self.interpolation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Change a batch of masks alike; no new values appear within them."""
        if not training or transformation is None:
            return segmentation_masks
        return self._seen(segmentation_masks, transformation, "nearest")

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Change a batch of boxes alike."""
        if not training or transformation is None:
            return bounding_boxes
        shape = transformation["input_shape"]
        sides = shape[self.height_axis], shape[self.width_axis]
        found = self._to_xyxy(bounding_boxes, *sides)
        found = found | {"boxes": self._boxes(found["boxes"], transformation, *sides)}
        return self._from_xyxy(clip_to_image_size(found, *sides), *sides)

    def _boxes(self, boxes: Any, transformation: Any, height: int, width: int) -> Any:
        """Return where boxes ``xyxy`` are afterwards."""
        raise NotImplementedError

    def _input_shape(self, data: Any) -> tuple[int, ...]:
        return tuple(ops.shape(data["images"] if isinstance(data, dict) else data))

    def get_transformed_x_y(self, x: Any, y: Any, transform: Any) -> tuple[Any, Any]:
        """Return the point that eight numbers an image make of a point."""
        a0, a1, a2, b0, b1, b2, c0, c1 = ops.split(transform, 8, axis=-1)
        k = c0 * x + c1 * y + 1.0
        return (a0 * x + a1 * y + a2) / k, (b0 * x + b1 * y + b2) / k

    def get_shifted_bbox(
        self, bounding_boxes: Any, w_shift_factor: Any, h_shift_factor: Any
    ) -> Any:
        """Move boxes to the left and up."""
        boxes = ops.convert_to_tensor(bounding_boxes["boxes"])
        left, top = (
            along(ops.cast(f, boxes.dtype), boxes)
            for f in (w_shift_factor, h_shift_factor)
        )
        return bounding_boxes | {"boxes": shifted(boxes, -left, -top)}


def along(x: Any, boxes: Any) -> Any:
    """Give one number an image the axes of boxes."""
    return ops.reshape(x, (-1, *[1] * (len(boxes.shape) - 1)))


def _boxwise(x: Any) -> Any:
    """Give one number an image the axes of a batch of boxes."""
    return ops.reshape(x, (-1, 1, 1))


def rows(*columns: Any) -> Any:
    """Stack numbers of shape (batch,) and floats to (batch, n)."""
    first = next(c for c in columns if not isinstance(c, float))
    return ops.stack(
        [c + ops.zeros_like(first) if isinstance(c, float) else c for c in columns], -1
    )


@export("dlcore.layers.RandomRotation")
class RandomRotation(Warp):
    """Images turned at random, while training.

    Parameters
    ----------
    factor : float or pair of float
        Range of the angle, as a fraction of a whole turn; counterclockwise above 0.
    fill_mode : {"reflect", "wrap", "constant", "nearest"}
    interpolation : {"bilinear", "nearest"}
    seed : int, optional
    fill_value : float
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore, numpy as np
    >>> layer = dlcore.layers.RandomRotation((0.5, 0.5), interpolation="nearest")
    >>> x = np.arange(4.0).reshape(1, 2, 2, 1)
    >>> dlcore.ops.convert_to_numpy(layer(x, training=True)).ravel().tolist()
    [3.0, 2.0, 1.0, 0.0]
    """

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            interpolation,
            fill_mode,
            fill_value,
            seed=seed,
            data_format=data_format,
            **kwargs,
        )
        self.factor = between("factor", factor, (-1.0, 1.0))

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Draw the angles, in degrees."""
        if not training:
            return None
        batch, height, width = self._shape(data)
        low, high = (360.0 * f for f in self.factor)
        angle = self._uniform((batch,), low, high, seed)
        found = {
            "angle": angle,
            "image_height": height,
            "image_width": width,
            "batch_size": batch,
            "input_shape": self._input_shape(data),
        }
        return found | {"rotation_matrix": self._map(found, height, width)}

    def _map(self, transformation: Any, height: int, width: int) -> Any:
        angle = ops.multiply(transformation["angle"], math.pi / 180.0)
        cos, sin = ops.cos(angle), ops.sin(angle)
        x, y = (width - 1) / 2.0, (height - 1) / 2.0
        return rows(
            *(cos, -sin, x - cos * x + sin * y, sin, cos, y - sin * x - cos * y),
            *(0.0, 0.0),
        )

    def _boxes(self, boxes: Any, transformation: Any, height: int, width: int) -> Any:
        angle = ops.convert_to_tensor(transformation["angle"])
        zero, one = ops.zeros_like(angle), ops.ones_like(angle)
        return affine_transform(
            boxes, angle, zero, zero, one, zero, zero, height, width
        )


@export("dlcore.layers.RandomTranslation")
class RandomTranslation(Warp):
    """Images moved at random, while training.

    Parameters
    ----------
    height_factor, width_factor : float or pair of float
        Range of the way down and to the right, as a fraction of the image's sides.
    fill_mode : {"reflect", "wrap", "constant", "nearest"}
    interpolation : {"bilinear", "nearest"}
    seed : int, optional
    fill_value : float
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore, numpy as np
    >>> layer = dlcore.layers.RandomTranslation(0, (0.5, 0.5), fill_mode="constant")
    >>> x = np.arange(4.0).reshape(1, 2, 2, 1)
    >>> dlcore.ops.convert_to_numpy(layer(x, training=True)).ravel().tolist()
    [0.0, 0.0, 0.0, 2.0]
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            interpolation,
            fill_mode,
            fill_value,
            seed=seed,
            data_format=data_format,
            **kwargs,
        )
        self.height_factor = height_factor
        self.width_factor = width_factor
        self._down = between("height_factor", height_factor, (-1.0, 1.0), strict=True)
        self._right = between("width_factor", width_factor, (-1.0, 1.0), strict=True)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Draw the ways, in pixels: right and down."""
        if not training:
            return None
        batch, height, width = self._shape(data)
        down = self._uniform((batch, 1), *self._down, seed) * float(height)
        right = self._uniform((batch, 1), *self._right, seed) * float(width)
        ways = ops.concatenate([right, down], 1)
        return {"translations": ways, "input_shape": self._input_shape(data)}

    def _map(self, transformation: Any, height: int, width: int) -> Any:
        ways = ops.cast(transformation["translations"], "float32")
        right, down = ways[:, 0], ways[:, 1]
        return rows(1.0, 0.0, -right, 0.0, 1.0, -down, 0.0, 0.0)

    def _boxes(self, boxes: Any, transformation: Any, height: int, width: int) -> Any:
        ways = ops.cast(transformation["translations"], "float32")
        right, down = (along(ways[..., i], boxes) for i in (0, 1))
        return shifted(boxes, right, down)


@export("dlcore.layers.RandomZoom")
class RandomZoom(Warp):
    """Images zoomed in or out at random, while training.

    Parameters
    ----------
    height_factor, width_factor : float or pair of float
        Range of how much more of each side is seen: above 0 zooms out, below 0 zooms
        in. The width's is the height's, drawn once, unless given.
    fill_mode : {"reflect", "wrap", "constant", "nearest"}
    interpolation : {"bilinear", "nearest"}
    seed : int, optional
    fill_value : float
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.RandomZoom(0.2, seed=1)
    >>> tuple(layer(dlcore.ops.ones((5, 8, 8, 3)), training=True).shape)
    (5, 8, 8, 3)
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            interpolation,
            fill_mode,
            fill_value,
            seed=seed,
            data_format=data_format,
            **kwargs,
        )
        self.height_factor = height_factor
        self.width_factor = width_factor
        self._tall = _zooms("height_factor", height_factor)
        if width_factor is not None:
            self._wide = _zooms("width_factor", width_factor)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Draw how much is seen: 1 is the whole image, 2 is twice as much."""
        if not training:
            return None
        batch, _, _ = self._shape(data)
        tall = self._uniform((batch, 1), *self._tall, seed)
        wide = tall
        if self.width_factor is not None:
            wide = self._uniform((batch, 1), *self._wide, seed)
        return {
            "height_zoom": tall,
            "width_zoom": wide,
            "input_shape": self._input_shape(data),
        }

    def _map(self, transformation: Any, height: int, width: int) -> Any:
        wide, tall = (
            ops.reshape(ops.cast(transformation[key], "float32"), (-1,))
            for key in ("width_zoom", "height_zoom")
        )
        x, y = (width - 1) / 2.0, (height - 1) / 2.0
        return rows(
            *(wide, 0.0, (1.0 - wide) * x, 0.0, tall, (1.0 - tall) * y, 0.0, 0.0)
        )

    def get_clipped_bbox(
        self, bounding_boxes: Any, h_end: Any, h_start: Any, w_end: Any, w_start: Any
    ) -> Any:
        """Cut boxes at a part of the image, and count from where it begins."""
        boxes = ops.convert_to_tensor(bounding_boxes["boxes"])
        x, y, u, v = split(boxes)
        left, right, top, bottom = (
            _boxwise(p) for p in (w_start, w_end, h_start, h_end)
        )
        x, u = (ops.minimum(ops.maximum(p, left), right) - left for p in (x, u))
        y, v = (ops.minimum(ops.maximum(p, top), bottom) - top for p in (y, v))
        return bounding_boxes | {"boxes": join((x, y, u, v))}

    def _boxes(self, boxes: Any, transformation: Any, height: int, width: int) -> Any:
        transform = self._map(transformation, height, width)
        left, top = self.get_transformed_x_y(0.0, 0.0, transform)
        right, bottom = self.get_transformed_x_y(float(width), float(height), transform)
        found = self.get_clipped_bbox({"boxes": boxes}, bottom, top, right, left)
        tall, wide = _boxwise(bottom - top), _boxwise(right - left)
        part = convert_format(found["boxes"], "xyxy", "rel_xyxy", tall, wide)
        return convert_format(part, "rel_xyxy", "xyxy", height, width)


def _zooms(name: str, factor: Any) -> tuple[float, float]:
    low, high = between(name, factor, (-1.0, 1.0), strict=True)
    if isinstance(factor, list | tuple) and low <= -1.0:
        raise ValueError(
            f"The `{name}` argument should be a number (or a list of two numbers) in "
            f"the range (-1.0, 1.0]. Received: {name}={factor}"
        )
    return 1.0 + low, 1.0 + high


@export("dlcore.layers.RandomShear")
class RandomShear(Warp):
    """Images sheared at random, to either side, while training.

    Parameters
    ----------
    x_factor, y_factor : float or pair of float
        Range of how far rows and columns slip: pixels a pixel.
    interpolation : {"bilinear", "nearest"}
    fill_mode : {"reflect", "wrap", "constant", "nearest"}
    fill_value : float
    data_format : {"channels_last", "channels_first"}, optional
    seed : int, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.RandomShear(x_factor=0.2, seed=1)
    >>> tuple(layer(dlcore.ops.ones((5, 8, 8, 3)), training=True).shape)
    (5, 8, 8, 3)
    """

    def __init__(
        self,
        x_factor: Any = 0.0,
        y_factor: Any = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            interpolation,
            fill_mode,
            fill_value,
            seed=seed,
            data_format=data_format,
            **kwargs,
        )
        self.x_factor = _shears("x_factor", x_factor)
        self.y_factor = _shears("y_factor", y_factor)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Draw the slips of each image: along x and along y."""
        if not training:
            return None
        batch, _, _ = self._shape(data)
        side = ops.where(self._uniform((batch, 1), 0.0, 1.0, seed) > 0.5, -1.0, 1.0)
        y = self._uniform((batch, 1), *self.y_factor, seed)
        x = self._uniform((batch, 1), *self.x_factor, seed)
        return {
            "shear_factor": ops.concatenate([x, y], 1) * side,
            "input_shape": self._input_shape(data),
        }

    def _map(self, transformation: Any, height: int, width: int) -> Any:
        slips = ops.cast(transformation["shear_factor"], "float32")
        return rows(1.0, slips[:, 0], 0.0, slips[:, 1], 1.0, 0.0, 0.0, 0.0)

    def _boxes(self, boxes: Any, transformation: Any, height: int, width: int) -> Any:
        slips = ops.cast(transformation["shear_factor"], "float32")
        x_slip, y_slip = (_boxwise(slips[..., i]) for i in (0, 1))
        relative = convert_format(boxes, "xyxy", "rel_xyxy", height, width)
        x, y, u, v = split(relative)
        left = x_slip < 0
        x, u = (
            ops.where(left, x - x_slip * y, x - x_slip * v),
            ops.where(left, u - x_slip * v, u - x_slip * y),
        )
        up = y_slip > 0
        y, v = (
            ops.where(up, y - y_slip * u, y - y_slip * x),
            ops.where(up, v - y_slip * x, v - y_slip * u),
        )
        return convert_format(join((x, y, u, v)), "rel_xyxy", "xyxy", height, width)


def _shears(name: str, factor: Any) -> tuple[float, float]:
    if isinstance(factor, list | tuple) and len(factor) == 2:
        low, high = factor
        if low == -high:  # as files of Keras have it for a number
            factor = abs(high)
    low, high = between(name, factor, (0.0, 1.0), strict=True)
    return (low, high) if isinstance(factor, list | tuple) else (-high, high)
