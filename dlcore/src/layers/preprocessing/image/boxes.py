"""Bounding boxes: their formats, and what happens to them when images change."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from dlcore import ops
from dlcore.src import config
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export

Parts = tuple[Any, Any, Any, Any]

#: Format -> its four numbers to left, top, right, bottom; and back.
_FORMATS: dict[
    str, tuple[Callable[[Any, Any, Any, Any], Parts], Callable[..., Parts]]
] = {
    "xyxy": (lambda a, b, c, d: (a, b, c, d), lambda x, y, u, v: (x, y, u, v)),
    "yxyx": (lambda a, b, c, d: (b, a, d, c), lambda x, y, u, v: (y, x, v, u)),
    "xywh": (
        lambda x, y, w, h: (x, y, x + w, y + h),
        lambda x, y, u, v: (x, y, u - x, v - y),
    ),
    "center_xywh": (
        lambda x, y, w, h: (x - w / 2.0, y - h / 2.0, x + w / 2.0, y + h / 2.0),
        lambda x, y, u, v: (x + (u - x) / 2.0, y + (v - y) / 2.0, u - x, v - y),
    ),
    "center_yxhw": (
        lambda y, x, h, w: (x - w / 2.0, y - h / 2.0, x + w / 2.0, y + h / 2.0),
        lambda x, y, u, v: (y + (v - y) / 2.0, x + (u - x) / 2.0, v - y, u - x),
    ),
}
#: Formats that also exist relative to the image's size.
_RELATIVE = ("xyxy", "yxyx", "xywh", "center_xywh")
FORMATS = (*_FORMATS, *(f"rel_{name}" for name in _RELATIVE))


def split(boxes: Any) -> Parts:
    """Return the four numbers of boxes, each of shape (..., 1)."""
    first, second, third, fourth = ops.split(boxes, 4, axis=-1)
    return first, second, third, fourth


def join(parts: Parts) -> Any:
    """Return boxes from their four numbers."""
    return ops.concatenate(parts, axis=-1)


@export("dlcore.utils.bounding_boxes.convert_format")
def convert_format(
    boxes: Any,
    source: str,
    target: str,
    height: Any = None,
    width: Any = None,
    dtype: str = "float32",
) -> Any:
    """Return boxes in another format.

    Parameters
    ----------
    boxes : array-like of shape (..., 4), or dict with the key ``"boxes"``
    source, target : str
        ``"xyxy"`` (left, top, right, bottom), ``"yxyx"``, ``"xywh"``,
        ``"center_xywh"``, ``"center_yxhw"``; all but the last one also with ``"rel_"``:
        as fractions of the image's sides.
    height, width : number, optional
        Of the image; needed between relative and absolute formats.
    dtype : str

    Raises
    ------
    ValueError
        If a format is unknown, or the image's size is missing.

    Examples
    --------
    >>> import dlcore, numpy as np
    >>> convert = dlcore.utils.bounding_boxes.convert_format
    >>> boxes = convert(np.array([[10, 20, 30, 50]]), source="xyxy", target="xywh")
    >>> dlcore.ops.convert_to_numpy(boxes).tolist()
    [[10.0, 20.0, 20.0, 30.0]]
    """
    if isinstance(boxes, dict):
        found = convert_format(boxes["boxes"], source, target, height, width, dtype)
        return boxes | {"boxes": found}
    boxes = ops.convert_to_tensor(boxes)
    if boxes.shape[-1] != 4:
        raise ValueError(
            "`boxes` must be a tensor with the last dimension of 4. Received: "
            f"boxes.shape={tuple(boxes.shape)}"
        )
    source, target = source.lower(), target.lower()
    for name in (source, target):
        if name not in FORMATS:
            raise ValueError(
                f"Invalid source or target format {name!r}. Supported formats: "
                f"{FORMATS}{did_you_mean(name, FORMATS)}"
            )
    relative = [name.startswith("rel_") for name in (source, target)]
    if any(relative) and (height is None or width is None):
        raise ValueError(
            "convert_format() must receive `height` and `width` transforming between "
            f"relative and absolute formats. Received source={source!r}, "
            f"target={target!r}, height={height} and width={width}."
        )
    boxes = ops.cast(boxes, dtype)
    if source == target:
        return boxes
    parts = _FORMATS[source.removeprefix("rel_")][0](*split(boxes))
    if relative[0] != relative[1]:
        height, width = ops.cast(height, dtype), ops.cast(width, dtype)
        sides = (width, height, width, height)
        scale = ops.multiply if relative[0] else ops.divide
        parts = tuple(scale(p, s) for p, s in zip(parts, sides, strict=True))
    return join(_FORMATS[target.removeprefix("rel_")][1](*parts))


@export("dlcore.utils.bounding_boxes.clip_to_image_size")
def clip_to_image_size(
    bounding_boxes: dict[str, Any],
    height: Any = None,
    width: Any = None,
    bounding_box_format: str = "xyxy",
) -> dict[str, Any]:
    """Cut boxes at the image's borders; boxes without an area get the label -1.

    Parameters
    ----------
    bounding_boxes : dict
        ``"boxes"`` of shape (..., n, 4) and, if wanted, ``"labels"`` of shape (..., n).
    height, width : number, optional
        Of the image; needed for ``"xyxy"``.
    bounding_box_format : {"xyxy", "rel_xyxy"}
    """
    if bounding_box_format not in ("xyxy", "rel_xyxy"):
        raise NotImplementedError(
            "clip_to_image_size: `bounding_box_format` is 'xyxy' or 'rel_xyxy', got "
            f"{bounding_box_format!r}. Use convert_format first."
        )
    boxes = ops.convert_to_tensor(bounding_boxes["boxes"])
    if bounding_box_format == "rel_xyxy":
        height = width = 1.0
    elif height is None or width is None:
        raise ValueError("`height` and `width` must be set if `format='xyxy'`.")
    x, y, u, v = split(boxes)
    x, u = (ops.clip(p, 0, width) for p in (x, u))
    y, v = (ops.clip(p, 0, height) for p in (y, v))
    result = bounding_boxes | {"boxes": ops.cast(join((x, y, u, v)), boxes.dtype)}
    if bounding_boxes.get("labels") is not None:
        areas = ops.squeeze((u - x) * (v - y), -1)
        labels = ops.convert_to_tensor(bounding_boxes["labels"])
        result["labels"] = ops.where(areas > 0, labels, -1)
    return result


def _degrees(x: Any) -> Any:
    return ops.multiply(x, math.pi / 180.0)


def _only_xyxy(bounding_box_format: str, name: str) -> None:
    if bounding_box_format != "xyxy":
        raise NotImplementedError(
            f"{name}: `bounding_box_format` is 'xyxy', got {bounding_box_format!r}. "
            "Use convert_format first."
        )


@export("dlcore.utils.bounding_boxes.affine_transform")
def affine_transform(
    boxes: Any,
    angle: Any,
    translate_x: Any,
    translate_y: Any,
    scale: Any,
    shear_x: Any,
    shear_y: Any,
    height: Any,
    width: Any,
    center_x: Any = None,
    center_y: Any = None,
    bounding_box_format: str = "xyxy",
) -> Any:
    """Return the boxes around boxes that were turned, moved, scaled and sheared.

    Parameters
    ----------
    boxes : tensor of shape (batch, n, 4)
    angle, shear_x, shear_y : tensor of shape (batch,)
        In degrees.
    translate_x, translate_y : tensor of shape (batch,)
        Fractions of the image's sides.
    scale : tensor of shape (batch,)
    height, width : number
        Of the image.
    center_x, center_y : float, optional
        The point that stays, as a fraction; the middle unless given.
    bounding_box_format : {"xyxy"}
    """
    _only_xyxy(bounding_box_format, "affine_transform")
    angle = ops.convert_to_tensor(angle)
    dtype = angle.dtype
    wide, tall = (ops.cast(side, dtype) - 1.0 for side in (width, height))
    cx = wide * (0.5 if center_x is None else center_x)
    cy = tall * (0.5 if center_y is None else center_y)
    turn, sx, sy = (_degrees(ops.negative(a)) for a in (angle, shear_x, shear_y))
    x0 = cx - ops.multiply(translate_x, wide)
    y0 = cy - ops.multiply(translate_y, tall)
    # Rotation and shear have the determinant 1, so the inverse has the same numbers.
    a = ops.cos(turn - sy) / ops.cos(sy)
    b = a * ops.tan(sx) + ops.sin(turn)
    c = ops.negative(ops.sin(turn - sy)) / ops.cos(sy)
    d = ops.cos(turn) - c * ops.tan(sx)
    a, b, c, d = (ops.multiply(p, scale) for p in (a, b, c, d))

    def each(p: Any) -> Any:
        return p[:, None, None]

    left, top, right, bottom = split(ops.cast(boxes, dtype))
    x = ops.concatenate([left, right, right, left], -1)
    y = ops.concatenate([top, top, bottom, bottom], -1)
    new_x = each(d) * x - each(b) * y + each(cx - d * x0 + b * y0)
    new_y = each(a) * y - each(c) * x + each(cy + c * x0 - a * y0)
    return around(new_x, new_y)


def around(x: Any, y: Any) -> Any:
    """Return the boxes around points; the last axis is the points of a box."""
    low = [ops.min(p, -1, keepdims=True) for p in (x, y)]
    high = [ops.max(p, -1, keepdims=True) for p in (x, y)]
    return ops.concatenate([*low, *high], -1)


def shifted(boxes: Any, left: Any, top: Any) -> Any:
    """Move boxes to the right and down."""
    boxes = ops.convert_to_tensor(boxes)
    x, y, u, v = split(boxes)
    return join((x + left, y + top, u + left, v + top))


@export("dlcore.utils.bounding_boxes.crop")
def crop(
    boxes: Any,
    top: Any,
    left: Any,
    height: Any,
    width: Any,
    bounding_box_format: str = "xyxy",
) -> Any:
    """Return boxes as they are in a part of the image.

    Parameters
    ----------
    boxes : array-like of shape (..., 4)
    top, left : number
        Where the part begins.
    height, width : number
        Its size.
    bounding_box_format : {"xyxy"}
    """
    _only_xyxy(bounding_box_format, "crop")
    moved = shifted(boxes, -left, -top)
    return clip_to_image_size({"boxes": moved}, height, width)["boxes"]


@export("dlcore.utils.bounding_boxes.pad")
def pad(
    boxes: Any,
    top: Any,
    left: Any,
    height: Any = None,
    width: Any = None,
    bounding_box_format: str = "xyxy",
) -> Any:
    """Return boxes as they are in an image with borders.

    Parameters
    ----------
    boxes : array-like of shape (..., 4)
    top, left : number
        The borders.
    height, width : number, optional
        Accepted for compatibility.
    bounding_box_format : {"xyxy"}
    """
    _only_xyxy(bounding_box_format, "pad")
    return shifted(boxes, left, top)


def _sides(image_shape: Any) -> tuple[Any, Any]:
    return (None, None) if image_shape is None else (image_shape[0], image_shape[1])


def _checked_encoding(name: str, value: str, variance: Any) -> Any:
    if value not in ("center_xywh", "center_yxhw"):
        raise ValueError(
            f"`{name}` should be one of 'center_xywh' or 'center_yxhw', got {value}"
        )
    if variance is None:
        return 1.0
    variance = ops.convert_to_tensor(variance, "float32")
    if variance.shape[-1] != 4:
        raise ValueError(f"`variance` must be length 4, got {variance}")
    return variance


@export("dlcore.utils.bounding_boxes.encode_box_to_deltas")
def encode_box_to_deltas(
    anchors: Any,
    boxes: Any,
    anchor_format: str,
    box_format: str,
    encoding_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Any:
    """Return boxes as differences from anchors.

    Parameters
    ----------
    anchors : array-like of shape (n, 4)
    boxes : array-like of shape (n, 4) or (batch, n, 4)
    anchor_format, box_format : str
        See ``convert_format``.
    encoding_format : {"center_yxhw", "center_xywh"}
    variance : sequence of four float, optional
        What the differences are divided by.
    image_shape : tuple of int, optional
        (height, width, channels), for relative formats.

    Notes
    -----
    Source: Girshick et al., "Rich feature hierarchies", 2014, appendix C.
    """
    variance = _checked_encoding("encoding_format", encoding_format, variance)
    sides = _sides(image_shape)
    anchors = convert_format(anchors, anchor_format, encoding_format, *sides)
    boxes = convert_format(boxes, box_format, encoding_format, *sides)
    sizes = ops.maximum(anchors[..., 2:], config.epsilon())
    middles = (boxes[..., :2] - anchors[..., :2]) / sizes
    growth = ops.log(ops.maximum(boxes[..., 2:], config.epsilon()) / sizes)
    if len(middles.shape) > len(growth.shape):
        growth = ops.broadcast_to(growth, middles.shape)
    return ops.divide(ops.concatenate([middles, growth], -1), variance)


@export("dlcore.utils.bounding_boxes.decode_deltas_to_boxes")
def decode_deltas_to_boxes(
    anchors: Any,
    boxes_delta: Any,
    anchor_format: str,
    box_format: str,
    encoded_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Any:
    """Return boxes from their differences from anchors: see ``encode_box_to_deltas``.

    Parameters
    ----------
    anchors : array-like of shape (n, 4), or dict of them
    boxes_delta : array-like of shape (n, 4) or (batch, n, 4), or dict of them
    anchor_format, box_format : str
    encoded_format : {"center_yxhw", "center_xywh"}
    variance : sequence of four float, optional
    image_shape : tuple of int, optional
    """
    variance = _checked_encoding("encoded_format", encoded_format, variance)
    sides = _sides(image_shape)

    def decoded(anchor: Any, delta: Any) -> Any:
        anchor = convert_format(anchor, anchor_format, encoded_format, *sides)
        delta = ops.multiply(delta, variance)
        middles = delta[..., :2] * anchor[..., 2:] + anchor[..., :2]
        sizes = ops.exp(delta[..., 2:]) * anchor[..., 2:]
        found = ops.concatenate([middles, sizes], -1)
        return convert_format(found, encoded_format, box_format, *sides)

    if isinstance(anchors, dict) and isinstance(boxes_delta, dict):
        return {key: decoded(a, boxes_delta[key]) for key, a in anchors.items()}
    return decoded(anchors, boxes_delta)
