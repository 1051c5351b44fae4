"""``RandomFlip``: images as in a mirror."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.layers.preprocessing.encoding import check_choice
from dlcore.src.layers.preprocessing.image.base import RandomLayer
from dlcore.src.layers.preprocessing.image.boxes import (
    clip_to_image_size,
    convert_format,
    join,
    split,
)

_MODES = ("horizontal", "vertical", "horizontal_and_vertical")


@export("dlcore.layers.RandomFlip")
class RandomFlip(RandomLayer):
    """Images as in a mirror, half of them, while training.

    Parameters
    ----------
    mode : {"horizontal", "vertical", "horizontal_and_vertical"}
        Left and right are exchanged, or top and bottom, or both.
    seed : int, optional
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.RandomFlip("horizontal", seed=1)
    >>> tuple(layer(dlcore.ops.ones((5, 8, 8, 3)), training=True).shape)
    (5, 8, 8, 3)
    """

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        check_choice("mode", mode, _MODES, "RandomFlip")
        self.mode = mode

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Draw which images are flipped."""
        if not training:
            return None
        images = data["images"] if isinstance(data, dict) else data
        batch, _, _ = self._shape(images)
        flips = self._uniform((batch, 1, 1, 1), 0.0, 1.0, seed) <= 0.5
        return {"flips": flips, "input_shape": tuple(ops.shape(images))}

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Flip some images of a batch."""
        images = self._floating(images)
        if not training or transformation is None:
            return images
        flips = transformation["flips"]
        if "horizontal" in self.mode:
            images = ops.where(flips, ops.flip(images, self.width_axis), images)
        if "vertical" in self.mode:
            images = ops.where(flips, ops.flip(images, self.height_axis), images)
        return images

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Flip the masks of the same images."""
        return self.transform_images(segmentation_masks, transformation, training)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Flip the boxes of the same images."""
        if not training or transformation is None:
            return bounding_boxes
        shape = transformation["input_shape"]
        sides = shape[self.height_axis], shape[self.width_axis]
        source = self.bounding_box_format or "xyxy"
        found = convert_format(bounding_boxes, source, "rel_xyxy", *sides)
        boxes = found["boxes"]
        flips = ops.convert_to_tensor(transformation["flips"])
        flips = ops.reshape(flips, (-1, *[1] * (len(boxes.shape) - 1)))
        if "horizontal" in self.mode:
            x, y, u, v = split(boxes)
            boxes = ops.where(flips, join((1.0 - u, y, 1.0 - x, v)), boxes)
        if "vertical" in self.mode:
            x, y, u, v = split(boxes)
            boxes = ops.where(flips, join((x, 1.0 - v, u, 1.0 - y)), boxes)
        found = clip_to_image_size(
            found | {"boxes": boxes}, bounding_box_format="rel_xyxy"
        )
        return convert_format(found, "rel_xyxy", source, *sides)
