"""Images seen from another place, or as if on rubber."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.layers.preprocessing.image.base import RandomLayer, between, each_image
from dlcore.src.layers.preprocessing.image.boxes import (
    around,
    clip_to_image_size,
    split,
)
from dlcore.src.layers.preprocessing.image.warps import INTERPOLATIONS, check_known
from dlcore.src.ops.image.resampling import homography


@export("dlcore.layers.RandomPerspective")
class RandomPerspective(RandomLayer):
    """Images seen from another place, while training: their corners move.

    Parameters
    ----------
    factor : float or pair of float
        Range of the probability that an image is changed.
    scale : float
        How far corners move: up to half of it, as a fraction of the side.
    interpolation : {"bilinear", "nearest"}
    fill_value : float
        What is outside of the image.
    seed : int, optional
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.RandomPerspective(scale=0.2, seed=1)
    >>> tuple(layer(dlcore.ops.ones((5, 8, 8, 3)), training=True).shape)
    (5, 8, 8, 3)
    """

    def __init__(
        self,
        factor: Any = 1.0,
        scale: float = 1.0,
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = between("factor", factor, (0.0, 1.0))
        if not 0.0 <= scale <= 1.0:
            raise ValueError(
                "The `scale` argument should be a number in the range [0,1]. Received: "
                f"scale={scale}"
            )
        check_known("interpolation", interpolation, INTERPOLATIONS)
        self.scale = scale
        self.fill_value = fill_value
        self.interpolation = interpolation

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Draw which images are changed, and where their corners come to."""
        if not training:
            return None
        images = data["images"] if isinstance(data, dict) else data
        batch, height, width = self._shape(images)
        chosen = self._chosen(batch, self.factor, seed)
        half = 0.5 * self.scale
        moves = self._uniform((batch, 4, 2), -half, half, seed)
        x, y = width - 1.0, height - 1.0
        corners = [[0.0, 0.0], [x, 0.0], [0.0, y], [x, y]]
        start = ops.zeros_like(moves) + ops.convert_to_tensor(corners, "float32")
        return {
            "apply_perspective": chosen,
            "start_points": start,
            "end_points": start + start * moves,
            "input_shape": tuple(ops.shape(images)),
        }

    def _seen(self, images: Any, transformation: Any, interpolation: str) -> Any:
        found = ops.image.perspective_transform(
            images,
            transformation["start_points"],
            transformation["end_points"],
            interpolation=interpolation,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )
        chosen = ops.convert_to_tensor(transformation["apply_perspective"])
        return ops.where(each_image(chosen, images), found, images)

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
        """Change a batch of masks alike."""
        if not training or transformation is None:
            return segmentation_masks
        return self._seen(segmentation_masks, transformation, "nearest")

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the boxes around where the corners of boxes come to."""
        if not training or transformation is None:
            return bounding_boxes
        shape = transformation["input_shape"]
        sides = int(shape[self.height_axis]), int(shape[self.width_axis])
        found = self._to_xyxy(bounding_boxes, *sides)
        left, top, right, bottom = split(found["boxes"])
        x = ops.concatenate([left, right, left, right], -1)
        y = ops.concatenate([top, bottom, bottom, top], -1)
        # From new places to old ones is what images need; boxes go the other way.
        m = homography(transformation["end_points"], transformation["start_points"])
        a0, a1, a2, b0, b1, b2, c0, c1 = (m[:, i][:, None, None] for i in range(8))
        k = c0 * x + c1 * y + 1.0
        boxes = around((a0 * x + a1 * y + a2) / k, (b0 * x + b1 * y + b2) / k)
        chosen = ops.convert_to_tensor(transformation["apply_perspective"])
        boxes = ops.where(ops.reshape(chosen, (-1, 1, 1)), boxes, found["boxes"])
        found = clip_to_image_size(found | {"boxes": boxes}, *sides)
        return self._from_xyxy(found, *sides)


@export("dlcore.layers.RandomElasticTransform")
class RandomElasticTransform(RandomLayer):
    """Images pulled about smoothly, as if on rubber, while training.

    Parameters
    ----------
    factor : float or pair of float
        Range of the probability that an image is changed.
    scale : float or pair of float
        Range of how strongly.
    interpolation : {"bilinear", "nearest"}
    fill_mode : {"reflect", "wrap", "constant", "nearest", "mirror"}
    fill_value : float
    value_range : pair of float
        The smallest and the largest value of images.
    seed : int, optional
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.RandomElasticTransform(seed=1)
    >>> tuple(layer(dlcore.ops.ones((2, 16, 16, 3)), training=True).shape)
    (2, 16, 16, 3)
    """

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = 1.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = between("factor", factor, (0.0, 1.0))
        self.scale = between("scale", scale, (0.0, 1.0))
        modes = ("constant", "nearest", "wrap", "mirror", "reflect")
        check_known("interpolation", interpolation, INTERPOLATIONS)
        check_known("fill_mode", fill_mode, modes)
        self.interpolation = interpolation
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.value_range = value_range

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Draw which images are changed, how strongly, and a seed for the pulling."""
        if not training or not self.scale[1] or not self.factor[1]:
            return None
        batch, _, _ = self._shape(data)
        return {
            "apply_transform": self._chosen(batch, self.factor, seed),
            "distortion_factor": self._uniform((), *self.scale, seed),
            # One seed for images and masks, so that they are pulled alike.
            "seed": self.generator.next() if seed is None else seed,
        }

    def get_elastic_transform_params(
        self, height: int, width: int, factor: Any
    ) -> tuple[Any, Any]:
        """Return how far and how smoothly pixels are pulled, in pixels."""
        return max(height, width) * 0.1 * factor, min(height, width) * 0.05 * factor

    def _pulled(self, images: Any, transformation: Any, interpolation: str) -> Any:
        _, height, width = self._shape(images)
        alpha, sigma = self.get_elastic_transform_params(
            height, width, transformation["distortion_factor"]
        )
        found = ops.image.elastic_transform(
            images,
            alpha=alpha,
            sigma=sigma,
            interpolation=interpolation,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            seed=transformation["seed"],
            data_format=self.data_format,
        )
        chosen = ops.convert_to_tensor(transformation["apply_transform"])
        return ops.where(each_image(chosen, images), found, images)

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Change a batch of images."""
        images = self._floating(images)
        if not training or transformation is None:
            return images
        found = self._pulled(images, transformation, self.interpolation)
        return self._floating(ops.clip(found, *self.value_range))

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Change a batch of masks alike."""
        if not training or transformation is None:
            return segmentation_masks
        return self._pulled(segmentation_masks, transformation, "nearest")
