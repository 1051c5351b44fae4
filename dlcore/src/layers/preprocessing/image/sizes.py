"""Images of another size: ``Resizing``, ``CenterCrop``, ``RandomCrop``."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.dtypes import is_float, standardize_dtype
from dlcore.src.export import export
from dlcore.src.layers.preprocessing.image.base import ImageLayer, RandomLayer
from dlcore.src.layers.preprocessing.image.boxes import (
    clip_to_image_size,
    join,
    shifted,
    split,
)


class Sized(ImageLayer):
    """A layer whose images have a fixed size."""

    height: int
    width: int

    def _image_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        if len(shape) not in (3, 4):
            raise ValueError(
                "`input_shape` must have size 3 (unbatched) or 4 (batched). Received: "
                f"input_shape={shape}"
            )
        sizes = [*shape]
        sizes[self.height_axis], sizes[self.width_axis] = self.height, self.width
        return tuple(sizes)

    def _resized(self, images: Any, interpolation: str, **kwargs: Any) -> Any:
        return ops.image.resize(
            images,
            (self.height, self.width),
            interpolation=interpolation,
            data_format=self.data_format,
            **kwargs,
        )

    def _part(self, images: Any, top: Any, left: Any, height: int, width: int) -> Any:
        """Return a part of the images; where it begins may be a tensor."""
        start: list[Any] = [0] * len(images.shape)
        sizes = [*ops.shape(images)]
        start[self.height_axis], start[self.width_axis] = top, left
        sizes[self.height_axis], sizes[self.width_axis] = height, width
        return ops.slice(images, start, sizes)

    def _covering(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Return top, left, height and width of the largest part of the wanted form."""
        tall = max(min(height, int(width * self.height / self.width)), 1)
        wide = max(min(width, int(height * self.width / self.height)), 1)
        return (height - tall) // 2, (width - wide) // 2, tall, wide


def _scaled(boxes: Any, x: Any, y: Any) -> Any:
    left, top, right, bottom = split(boxes)
    return join((left * x, top * y, right * x, bottom * y))


@export("dlcore.layers.Resizing")
class Resizing(Sized):
    """Images at another size.

    Parameters
    ----------
    height, width : int
        The new size.
    interpolation : {"bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"}
    crop_to_aspect_ratio, pad_to_aspect_ratio : bool
        Keep the ratio of the sides: cut what is too long, or add borders.
    fill_mode : {"constant"}
    fill_value : float
        What the borders are.
    antialias : bool
        Whether a smaller image is smoothed.
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> tuple(dlcore.layers.Resizing(2, 3)(dlcore.ops.ones((5, 8, 8, 3))).shape)
    (5, 2, 3, 3)
    """

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.height = height
        self.width = width
        self.interpolation = interpolation
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.antialias = bool(antialias)

    def _transform(self, images: Any, interpolation: str) -> Any:
        dtype = standardize_dtype(images.dtype)
        found = self._resized(
            images,
            interpolation,
            antialias=self.antialias,
            crop_to_aspect_ratio=self.crop_to_aspect_ratio,
            pad_to_aspect_ratio=self.pad_to_aspect_ratio,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
        )
        if standardize_dtype(found.dtype) == dtype:
            return found
        return ops.saturate_cast(found if is_float(dtype) else ops.round(found), dtype)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return the images' height and width."""
        return self._shape(data)[1:]

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Resize a batch of images; they keep their dtype."""
        return self._transform(images, self.interpolation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Resize a batch of masks; no new values appear."""
        return self._transform(segmentation_masks, "nearest")

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Resize a batch of boxes; boxes of only 0 or only -1 become 0."""
        height, width = transformation
        given = ops.convert_to_tensor(bounding_boxes["boxes"])
        none = ops.logical_or(ops.all(given == -1, -1), ops.all(given == 0, -1))
        found = self._to_xyxy(bounding_boxes, height, width)
        found = found | {"boxes": self._moved(found["boxes"], height, width)}
        found = clip_to_image_size(found, self.height, self.width)
        boxes = ops.where(ops.expand_dims(none, -1), 0.0, found["boxes"])
        found = found | {"boxes": boxes}
        return self._from_xyxy(found, self.height, self.width)

    def _moved(self, boxes: Any, height: int, width: int) -> Any:
        x, y = self.width / width, self.height / height
        if self.pad_to_aspect_ratio:
            ratio = min(x, y)
            left = (self.width - width * ratio) // 2
            top = (self.height - height * ratio) // 2
            return shifted(_scaled(boxes, ratio, ratio), left, top)
        if self.crop_to_aspect_ratio:
            ratio = max(x, y)
            left = (width * ratio - self.width) // 2
            top = (height * ratio - self.height) // 2
            return shifted(_scaled(boxes, ratio, ratio), -left, -top)
        return _scaled(boxes, x, y)

    def _dtype_of(self, key: str, dtype: str) -> str:
        return self.compute_dtype if key == "images" and is_float(dtype) else dtype


@export("dlcore.layers.CenterCrop")
class CenterCrop(Sized):
    """The middle of images; smaller images are enlarged.

    Parameters
    ----------
    height, width : int
        The new size.
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> tuple(dlcore.layers.CenterCrop(2, 3)(dlcore.ops.ones((5, 8, 8, 3))).shape)
    (5, 2, 3, 3)
    """

    def __init__(
        self, height: int, width: int, data_format: str | None = None, **kwargs: Any
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.height = height
        self.width = width

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return the images' shape."""
        images = data["images"] if isinstance(data, dict) else data
        return {"input_shape": tuple(ops.shape(images))}

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Cut a batch of images."""
        images = self._floating(images)
        _, height, width = self._shape(images)
        top, left = (height - self.height) // 2, (width - self.width) // 2
        if top < 0 or left < 0 or height < self.height or width < self.width:
            return self._resized(images, "bilinear", crop_to_aspect_ratio=True)
        return self._part(images, top, left, self.height, self.width)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Cut a batch of masks."""
        return self.transform_images(segmentation_masks, transformation, training)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Cut a batch of boxes."""
        shape = transformation["input_shape"]
        height, width = shape[self.height_axis], shape[self.width_axis]
        found = self._to_xyxy(bounding_boxes, height, width)
        top, left = (height - self.height) // 2, (width - self.width) // 2
        tall, wide = self.height, self.width
        if top < 0 or left < 0 or height < tall or width < wide:
            top, left, tall, wide = self._covering(height, width)
        x, y, u, v = split(found["boxes"])
        x, u = (ops.clip(p, left, left + wide) - left for p in (x, u))
        y, v = (ops.clip(p, top, top + tall) - top for p in (y, v))
        boxes = _scaled(join((x, y, u, v)), self.width / wide, self.height / tall)
        found = clip_to_image_size(found | {"boxes": boxes}, self.height, self.width)
        return self._from_xyxy(found, self.height, self.width)


@export("dlcore.layers.RandomCrop")
class RandomCrop(Sized, RandomLayer):
    """A random part of images, the same of a whole batch; none outside of training.

    Images that are not larger on both sides are cut in the middle, and resized.

    Parameters
    ----------
    height, width : int
        The new size.
    seed : int, optional
    data_format : {"channels_last", "channels_first"}, optional
    name : str, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.RandomCrop(2, 3, seed=1)
    >>> tuple(layer(dlcore.ops.ones((5, 8, 8, 3)), training=True).shape)
    (5, 2, 3, 3)
    """

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed=seed, data_format=data_format, name=name, **kwargs)
        self.height = height
        self.width = width

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Draw where the part begins: row and column."""
        _, height, width = self._shape(data)
        if training and height > self.height and width > self.width:
            rooms = (height - self.height + 1, width - self.width + 1)
            return tuple(
                ops.cast(self._uniform((), 0.0, float(room), seed), "int32")
                for room in rooms
            )
        return self._covering(height, width)[:2]

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Cut a batch of images."""
        images = self._floating(images)
        if not training:
            return images
        _, height, width = self._shape(images)
        top, left = transformation
        if height > self.height and width > self.width:
            return self._part(images, top, left, self.height, self.width)
        tall, wide = min(self.height, height - top), min(self.width, width - left)
        images = self._part(images, top, left, tall, wide)
        return self._floating(self._resized(images, "bilinear"))

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Cut a batch of masks."""
        return self.transform_images(segmentation_masks, transformation, training)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Cut a batch of boxes."""
        if not training:
            return bounding_boxes
        top, left = (ops.cast(p, "float32") for p in transformation)
        found = self._to_xyxy(bounding_boxes, self.height, self.width)
        found = found | {"boxes": shifted(found["boxes"], -left, -top)}
        boxes = clip_to_image_size({"boxes": found["boxes"]}, self.height, self.width)
        return self._from_xyxy(found | boxes, self.height, self.width)
