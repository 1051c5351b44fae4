"""What all layers on images share.

A layer's input is an image, a batch of them, or a dict with the keys ``"images"``,
``"labels"``, ``"bounding_boxes"`` and ``"segmentation_masks"``. What happens is drawn
once (``get_random_transformation``) and done to each of them; a subclass writes what
differs. Inside, everything has a batch axis.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from dlcore import ops, random
from dlcore.src import backend as backends, config, tree
from dlcore.src.layers.preprocessing.data_layer import DataLayer, home_of
from dlcore.src.layers.preprocessing.image.boxes import convert_format
from dlcore.src.ops.nn.convolution import channels_last
from dlcore.src.random import SeedGenerator
from dlcore.src.symbolic import KerasTensor

Range = tuple[float, float]
#: Key of a dict of inputs -> the word for one of them.
_SINGLE = {
    "images": "image",
    "bounding_boxes": "bounding_box",
    "labels": "label",
    "segmentation_masks": "segmentation_mask",
}


def between(
    name: str,
    value: Any,
    bounds: Sequence[float],
    symmetric: bool = True,
    strict: bool = False,
) -> Range:
    """Return the range from which a factor is drawn.

    Parameters
    ----------
    name : str
        Of the argument.
    value : number or pair of number
        A number ``f`` stands for ``[-f, f]``, as far as that is within the bounds; a
        pair has to overlap with them.
    bounds : pair of float
    symmetric : bool
        Whether a number stands for a range around 0; else for ``[bounds[0], f]``.
    strict : bool
        Whether both numbers of a pair have to be within the bounds.

    Raises
    ------
    ValueError
        If it is out of the bounds, or neither a number nor a pair.
    """
    low, high = bounds
    pair = isinstance(value, list | tuple) and len(value) == 2
    if pair or (isinstance(value, int | float) and not isinstance(value, bool)):
        first, last = value if pair else (value, value)
        exact = strict or not pair
        if (
            all(low <= v <= high for v in (first, last))
            if exact
            else first <= high and last >= low
        ):
            if pair:
                return min(value), max(value)
            size = abs(value)
            return (max(-size, low) if symmetric else low), size
    raise ValueError(
        f"The `{name}` argument should be a number (or a list of two numbers) in the "
        f"range [{low}, {high}]. Received: {name}={value}"
    )


def value_range_of(value: Any) -> Range:
    """Return the smallest and the largest value of images.

    Raises
    ------
    ValueError
        If it is not a pair.
    """
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError(
            "The `value_range` argument should be a list of two numbers. Received: "
            f"value_range={value}"
        )
    return min(value), max(value)


def _where_data_live(method: Callable[..., Any]) -> Callable[..., Any]:
    """Have a method run on the backend of its data, else on the layer's."""

    @functools.wraps(method)
    def run(
        self: ImageLayer,
        data: Any,
        transformation: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        homes = (home_of(x) for x in tree.leaves(data))
        home = next((h for h in homes if h is not None), self.backend)
        if backends.current() is home:
            return method(self, data, transformation, *args, **kwargs)
        others = {home_of(x) for x in tree.leaves(transformation)} - {None, home}
        if others:
            transformation = tree.map_structure(
                lambda x: self._array(x) if home_of(x) in others else x, transformation
            )
        with backends.use_backend(home):
            return method(self, data, transformation, *args, **kwargs)

    run.autograph_info__ = {}  # type: ignore[attr-defined]  # as for the layer itself
    return run


class ImageLayer(DataLayer):
    """A layer on images.

    Parameters
    ----------
    bounding_box_format : str, optional
        Of the boxes in a dict of inputs: see ``dlcore.utils.bounding_boxes``.
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        Of ``Layer``.
    """

    def __init__(
        self,
        bounding_box_format: str | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        channels_last(data_format)  # an unknown one is refused
        self.bounding_box_format = bounding_box_format
        self.data_format = data_format or config.image_data_format()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Wrap what a subclass writes."""
        super().__init_subclass__(**kwargs)
        for name in ("transform_" + key for key in _SINGLE):
            if name in cls.__dict__:
                setattr(cls, name, _where_data_live(cls.__dict__[name]))

    # Sizes.

    @property
    def height_axis(self) -> int:
        """The axis of the rows, from the end."""
        return -3 if self.data_format == "channels_last" else -2

    @property
    def width_axis(self) -> int:
        """The axis of the columns, from the end."""
        return self.height_axis + 1

    @property
    def channel_axis(self) -> int:
        """The axis of the channels, from the end."""
        return -1 if self.data_format == "channels_last" else -3

    def _shape(self, data: Any) -> tuple[int, int, int]:
        """Return batch size (1 without a batch axis), height and width."""
        shape = ops.shape(data["images"] if isinstance(data, dict) else data)
        if len(shape) not in (3, 4):
            raise ValueError(
                "Expected the input image to be rank 3 or 4. Received "
                f"inputs.shape={tuple(shape)}"
            )
        batch = shape[0] if len(shape) == 4 else 1
        return batch, shape[self.height_axis], shape[self.width_axis]

    # What a subclass writes, as far as it differs.

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Draw what will be done.

        Parameters
        ----------
        data : tensor, or dict with the key ``"images"``
        training : bool
        seed : int or SeedGenerator, optional
            The layer's own unless given.
        """
        return None

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Change a batch of images."""
        return images

    def transform_labels(
        self, labels: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Change a batch of labels."""
        return labels

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Change a batch of boxes: a dict of ``"boxes"`` and ``"labels"``."""
        return bounding_boxes

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Change a batch of masks."""
        return segmentation_masks

    # The same for one image.

    def _single(self, function: Callable[..., Any], x: Any, *args: Any) -> Any:
        return ops.squeeze(function(ops.expand_dims(x, 0), *args), 0)

    def transform_single_image(
        self, image: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Change one image."""
        return self._single(self.transform_images, image, transformation, training)

    def transform_single_label(
        self, label: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Change one label."""
        return self._single(self.transform_labels, label, transformation, training)

    def transform_single_bounding_box(
        self, bounding_box: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Change the boxes of one image."""
        batch = {key: ops.expand_dims(v, 0) for key, v in bounding_box.items()}
        found = self.transform_bounding_boxes(batch, transformation, training)
        return {key: ops.squeeze(v, 0) for key, v in found.items()}

    def transform_single_segmentation_mask(
        self, segmentation_mask: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Change one mask."""
        return self._single(
            self.transform_segmentation_masks,
            segmentation_mask,
            transformation,
            training,
        )

    # Calling.

    def call(self, data: Any, training: bool = True) -> Any:
        """Compute the outputs: of the form of the inputs."""
        images = data["images"] if isinstance(data, dict) else data
        images = ops.convert_to_tensor(images)
        self._shape(images)
        transformation = self.get_random_transformation(data, training)
        args = (transformation, training)
        single = len(images.shape) == 3
        if not isinstance(data, dict):
            if single:
                return self.transform_single_image(images, *args)
            return self.transform_images(images, *args)
        result = dict(data)
        for key, word in _SINGLE.items():
            if key in data:
                boxes = key == "bounding_boxes"
                value = self._dense(data[key]) if boxes else data[key]
                value = value if boxes else ops.convert_to_tensor(value)
                method = f"transform_single_{word}" if single else f"transform_{key}"
                result[key] = getattr(self, method)(value, *args)
        return result

    def _dense(self, bounding_boxes: Any) -> dict[str, Any]:
        """Check boxes, and make tensors of them."""
        if not self.bounding_box_format:
            name = type(self).__name__
            raise ValueError(
                "You passed an input with a 'bounding_boxes' key, but you didn't "
                "specify a bounding box format. Pass a `bounding_box_format` argument "
                f"to your {name} layer, e.g. `bounding_box_format='xyxy'`."
            )
        if not isinstance(bounding_boxes, dict) or not (
            {"boxes", "labels"} <= set(bounding_boxes)
        ):
            raise ValueError(
                "Expected `bounding_boxes` to be a dict with keys 'boxes' and "
                f"'labels'. Received: bounding_boxes={bounding_boxes}"
            )
        boxes = ops.cast(ops.convert_to_tensor(bounding_boxes["boxes"]), "float32")
        labels = ops.convert_to_tensor(bounding_boxes["labels"])
        rank = len(boxes.shape)
        if rank not in (2, 3) or len(labels.shape) not in (rank - 1, rank):
            raise ValueError(
                "Expected `bounding_boxes['boxes']` to have the shape (num_boxes, 4) "
                "or (batch_size, num_boxes, 4), and the labels one axis less (or as "
                f"many). Received: boxes.shape={tuple(boxes.shape)}, "
                f"labels.shape={tuple(labels.shape)}"
            )
        return bounding_boxes | {"boxes": boxes, "labels": labels}

    def _to_xyxy(self, bounding_boxes: Any, height: Any, width: Any) -> Any:
        source = self.bounding_box_format or "xyxy"
        return convert_format(bounding_boxes, source, "xyxy", height, width)

    def _from_xyxy(self, bounding_boxes: Any, height: Any, width: Any) -> Any:
        target = self.bounding_box_format or "xyxy"
        return convert_format(bounding_boxes, "xyxy", target, height, width)

    # Values.

    def _floating(self, images: Any) -> Any:
        return ops.cast(images, self.compute_dtype)

    def _rescaled(self, images: Any, source: Range, target: Range) -> Any:
        """Move values from one range to another."""
        if tuple(source) == tuple(target):
            return images
        scale = (target[1] - target[0]) / (source[1] - source[0])
        return (images - source[0]) * scale + target[0]

    # Shapes and configuration.

    def _image_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the images that come out."""
        return tuple(shape)

    def _mask_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the masks that come out."""
        return self._image_shape(shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the outputs' shape, or a dict of shapes."""
        if not isinstance(input_shape, dict):
            return self._image_shape(tuple(input_shape))
        rules = {"images": self._image_shape, "segmentation_masks": self._mask_shape}
        return {
            key: rules[key](tuple(shape)) if key in rules else shape
            for key, shape in input_shape.items()
        }

    def _dtype_of(self, key: str, dtype: str) -> str:
        return self.compute_dtype if key == "images" else dtype

    def compute_output_spec(self, data: Any, training: bool = True) -> Any:
        """Return symbolic tensors of the outputs' shapes and dtypes."""
        if not isinstance(data, dict):
            shape = self.compute_output_shape(data.shape)
            return KerasTensor(shape, self._dtype_of("images", data.dtype))

        def of(key: str, value: Any, shape: Any) -> Any:
            if isinstance(value, dict):
                return {k: of(k, v, shape[k]) for k, v in value.items()}
            dtype = "float32" if key == "boxes" else self._dtype_of(key, value.dtype)
            return KerasTensor(shape, dtype)

        def shapes(value: Any) -> Any:
            if isinstance(value, dict):
                return {k: shapes(v) for k, v in value.items()}
            return tuple(value.shape)

        found = self.compute_output_shape(shapes(data))
        return {key: of(key, value, found[key]) for key, value in data.items()}

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        config = super().get_config() | {"data_format": self.data_format}
        if self.bounding_box_format is not None:
            config["bounding_box_format"] = self.bounding_box_format
        return config


class RandomLayer(ImageLayer):
    """A layer on images that draws random numbers.

    Parameters
    ----------
    seed : int, optional
    **kwargs
        Of ``ImageLayer``.
    """

    def __init__(self, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.seed = seed
        self.generator = SeedGenerator(seed)

    def _seed(self, seed: Any) -> Any:
        return self.generator if seed is None else seed

    def _uniform(self, shape: Any, low: float, high: float, seed: Any) -> Any:
        return random.uniform(shape, low, high, seed=self._seed(seed))

    def _chosen(self, batch: int, factor: Range, seed: Any) -> Any:
        """Draw which images are changed: each with a probability in a range."""
        probability = self._uniform((batch,), *factor, seed)
        return self._uniform((batch,), 0.0, 1.0, seed) < probability

    def _interval(self, batch: int, size: Any, ratio: Any, seed: Any) -> Any:
        """Draw where a part of the length ``ratio * size`` begins and ends."""
        length = ratio * float(size)
        start = self._uniform((batch,), 0.0, 1.0, seed) * (float(size) - length)
        return start, start + length

    def _rectangles(self, batch: int, height: int, width: int, bounds: Any) -> Any:
        """Return a mask of each image: inside a rectangle or not."""
        x0, x1, y0, y1 = (b[:, None, None] for b in bounds)
        x = ops.arange(width, dtype="float32")[None, None, :]
        y = ops.arange(height, dtype="float32")[None, :, None]
        across = ops.logical_and(x >= x0, x < x1)
        inside = ops.logical_and(across, ops.logical_and(y >= y0, y < y1))
        return ops.expand_dims(inside, self.channel_axis)


def each_image(x: Any, images: Any = None) -> Any:
    """Give one number an image the axes of images: four, or those of ``images``."""
    rank = 4 if images is None else len(images.shape)
    return ops.reshape(x, (-1, *[1] * (rank - 1)))
