"""``MaxNumBoundingBoxes``: as many boxes an image as wanted."""

from __future__ import annotations

from typing import Any

from dlcore import ops
from dlcore.src.export import export
from dlcore.src.layers.preprocessing.image.base import ImageLayer


@export("dlcore.layers.MaxNumBoundingBoxes")
class MaxNumBoundingBoxes(ImageLayer):
    """As many boxes an image as wanted: the first ones, or filled up.

    Parameters
    ----------
    max_number : int
    fill_value : int
        Of the boxes and labels that are added.
    **kwargs
        ``bounding_box_format``, ``data_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore, numpy as np
    >>> layer = dlcore.layers.MaxNumBoundingBoxes(3, bounding_box_format="xyxy")
    >>> boxes = {"boxes": np.ones((2, 1, 4)), "labels": np.ones((2, 1))}
    >>> out = layer({"images": np.ones((2, 8, 8, 3)), "bounding_boxes": boxes})
    >>> tuple(out["bounding_boxes"]["boxes"].shape)
    (2, 3, 4)
    """

    def __init__(self, max_number: int, fill_value: int = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.max_number = int(max_number)
        self.fill_value = int(fill_value)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Cut or fill up a batch of boxes and their labels."""
        found = dict(bounding_boxes)
        for key in ("boxes", "labels"):
            part = ops.convert_to_tensor(found[key])[:, : self.max_number]
            more = [(0, 0)] * len(part.shape)
            more[1] = (0, self.max_number - part.shape[1])
            found[key] = ops.pad(part, more, constant_values=self.fill_value)
        return found

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the inputs' shapes with the wanted number of boxes."""
        if not isinstance(input_shape, dict) or "bounding_boxes" not in input_shape:
            return input_shape
        boxes = input_shape["bounding_boxes"]
        unknown = set(boxes) - {"boxes", "labels"}
        if unknown:
            raise KeyError(
                "There are unsupported keys in `bounding_boxes`: "
                f"{sorted(unknown)}. Only `boxes` and `labels` are supported."
            )
        batch = len(boxes["boxes"]) - 2
        fitted = {
            key: (*shape[:batch], self.max_number, *shape[batch + 1 :])
            for key, shape in boxes.items()
        }
        return input_shape | {"bounding_boxes": fitted}

    def _dtype_of(self, key: str, dtype: str) -> str:
        return dtype
