"""How far bounding boxes overlap."""

from __future__ import annotations

import math
from typing import Any

from dlcore import ops
from dlcore.src import config
from dlcore.src.export import export
from dlcore.src.layers.preprocessing.image.boxes import convert_format, split


def _area(boxes: Any) -> Any:
    x, y, u, v = split(boxes)
    return (u - x) * (v - y)


@export("dlcore.utils.bounding_boxes.compute_iou")
def compute_iou(
    boxes1: Any,
    boxes2: Any,
    bounding_box_format: str,
    use_masking: bool = False,
    mask_val: float = -1,
    image_shape: Any = None,
) -> Any:
    """Return the overlap of all pairs of boxes: intersection over union.

    Parameters
    ----------
    boxes1 : array-like of shape (m, 4) or (batch, m, 4)
    boxes2 : array-like of shape (n, 4) or (batch, n, 4)
    bounding_box_format : str
        See ``convert_format``.
    use_masking : bool
        Whether pairs with a box of negative numbers get ``mask_val``.
    mask_val : float
    image_shape : tuple of int, optional
        (height, width, channels), for relative formats.

    Returns
    -------
    tensor of shape (m, n) or (batch, m, n)
    """
    ranks = [len(ops.shape(ops.convert_to_tensor(b))) for b in (boxes1, boxes2)]
    for name, rank in zip(("boxes1", "boxes2"), ranks, strict=True):
        if rank not in (2, 3):
            raise ValueError(
                f"compute_iou() expects {name} to be batched, or to be unbatched. "
                f"Received len(boxes1.shape)={ranks[0]}, len(boxes2.shape)={ranks[1]}. "
                f"Expected either len({name}.shape)=2 AND or len({name}.shape)=3."
            )
    if "rel" in bounding_box_format and image_shape is None:
        raise ValueError(
            "When using relative bounding box formats (e.g. `rel_yxyx`) the "
            "`image_shape` argument must be provided. Received `image_shape`: "
            f"{image_shape}"
        )
    height, width = (None, None) if image_shape is None else image_shape[:2]
    first, second = (
        convert_format(b, bounding_box_format, "xyxy", height, width)
        for b in (boxes1, boxes2)
    )
    a, b = ops.expand_dims(first, -2), ops.expand_dims(second, -3)
    low = ops.maximum(a[..., :2], b[..., :2])
    high = ops.minimum(a[..., 2:], b[..., 2:])
    sides = ops.maximum(high - low, 0.0)
    shared = sides[..., 0] * sides[..., 1]
    union = ops.squeeze(_area(a), -1) + ops.squeeze(_area(b), -1) - shared
    found = shared / (union + config.epsilon())
    if not use_masking:
        return found
    masked = ops.logical_or(ops.max(a, -1) < 0.0, ops.max(b, -1) < 0.0)
    return ops.where(masked, ops.cast(mask_val, found.dtype), found)


@export("dlcore.utils.bounding_boxes.compute_ciou")
def compute_ciou(
    boxes1: Any, boxes2: Any, bounding_box_format: str, image_shape: Any = None
) -> Any:
    """Return the complete overlap of boxes, pair by pair: at most 1.

    From the overlap are taken the distance of the middles and the difference of the
    shapes.

    Parameters
    ----------
    boxes1, boxes2 : array-like of shape (..., 4)
    bounding_box_format : str
        See ``convert_format``; absolute.
    image_shape : tuple of int, optional
        (height, width, channels).

    Notes
    -----
    Source: Zheng et al., "Distance-IoU loss", AAAI 2020.
    """
    if "rel" in bounding_box_format:
        raise ValueError(
            "When using relative bounding box formats (e.g. `rel_yxyx`) the "
            "`image_shape` argument must be provided. Received `image_shape`: "
            f"{image_shape}"
        )
    height, width = (None, None) if image_shape is None else image_shape[:2]
    first, second = (
        convert_format(b, bounding_box_format, "xyxy", height, width)
        for b in (boxes1, boxes2)
    )
    tiny = config.epsilon()
    a, b = ((p[..., :2], p[..., 2:]) for p in (first, second))
    sides = ops.maximum(ops.minimum(a[1], b[1]) - ops.maximum(a[0], b[0]), 0.0)
    shared = sides[..., 0] * sides[..., 1]
    (width1, height1), (width2, height2) = (
        (p[1][..., 0] - p[0][..., 0], p[1][..., 1] - p[0][..., 1] + tiny)
        for p in (a, b)
    )
    union = width1 * height1 + width2 * height2 - shared + tiny
    overlap = shared / (union + tiny)
    hull = ops.maximum(a[1], b[1]) - ops.minimum(a[0], b[0])
    diagonal = ops.sum(ops.square(hull), -1) + tiny
    middles = (a[0] + a[1]) / 2.0 - (b[0] + b[1]) / 2.0
    angles = ops.arctan(width2 / height2) - ops.arctan(width1 / height1)
    shape = (4.0 / math.pi**2) * ops.square(angles)
    weight = shape / (shape - overlap + (1.0 + tiny))
    distance = ops.sum(ops.square(middles), -1) / diagonal
    return overlap - (distance + shape * weight)
