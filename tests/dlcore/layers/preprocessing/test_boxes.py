"""Formats of bounding boxes, and how far boxes overlap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import ops
from dlcore.src.layers.preprocessing.image.boxes import FORMATS
from tests.dlcore.layers import keras_oracle  # noqa: F401  (Keras runs on torch)

boxes = dlcore.utils.bounding_boxes
CORNERS = np.array([[10, 20, 30, 60], [0, 5, 25, 15]], "float32")
OTHERS = np.array([[12, 22, 40, 50], [0, 5, 25, 15], [50, 50, 60, 70]], "float32")
SIZE = {"height": 100, "width": 80}


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", FORMATS)
def test_formats(source: str, target: str) -> None:
    import keras

    oracle = keras.utils.bounding_boxes.convert_format
    given = keras.ops.convert_to_numpy(oracle(CORNERS, "xyxy", source, **SIZE))
    wanted = keras.ops.convert_to_numpy(oracle(given, source, target, **SIZE))
    with dlcore.use_backend("numpy"):
        found = boxes.convert_format(given, source, target, **SIZE)
        np.testing.assert_allclose(found, wanted, rtol=1e-5)
        back = boxes.convert_format(found, target, "xyxy", **SIZE)
        np.testing.assert_allclose(back, CORNERS, rtol=1e-5)


#: Function, arguments.
CASES: list[tuple[str, list[Any], dict[str, Any]]] = [
    ("compute_iou", [CORNERS, OTHERS, "xyxy"], {}),
    ("compute_iou", [np.stack([CORNERS] * 2), OTHERS, "xywh"], {}),
    (
        "compute_iou",
        [CORNERS, OTHERS * [[1], [-1], [1]], "xyxy"],
        {"use_masking": True},
    ),
    ("compute_ciou", [CORNERS, OTHERS[:2], "xyxy"], {}),
    ("crop", [CORNERS, 10, 5, 30, 20], {}),
    ("pad", [CORNERS, 10, 5], {}),
    ("encode_box_to_deltas", [CORNERS, OTHERS[:2], "xyxy", "xyxy"], {}),
    (
        "decode_deltas_to_boxes",
        [CORNERS, OTHERS[:2] / 100, "xyxy", "xywh"],
        {"variance": [0.1, 0.1, 0.2, 0.2], "encoded_format": "center_xywh"},
    ),
    (
        "affine_transform",
        [
            np.stack([CORNERS, CORNERS]),
            *(np.array(v, "float32") for v in ([30, -10], [0.1, 0], [0, 0.2])),
            *(np.array(v, "float32") for v in ([1, 1.5], [5, 0], [0, 8])),
            *(100, 80),
        ],
        {},
    ),
]


@pytest.mark.parametrize(("name", "args", "kwargs"), CASES)
def test_against_keras(backend: str, name: str, args: Any, kwargs: Any) -> None:
    import keras

    given = [
        keras.ops.convert_to_tensor(a, "float32") if isinstance(a, np.ndarray) else a
        for a in args
    ]
    wanted = getattr(keras.utils.bounding_boxes, name)(*given, **kwargs)
    found = getattr(boxes, name)(*args, **kwargs)
    wanted = keras.ops.convert_to_numpy(wanted)
    np.testing.assert_allclose(
        ops.convert_to_numpy(found), wanted, rtol=1e-4, atol=1e-3
    )


def test_clipping(backend: str) -> None:
    given = {
        "boxes": np.array([[-5.0, 5.0, 10.0, 20.0], [90.0, 0.0, 99.0, 9.0]], "float32"),
        "labels": np.array([3, 4]),
    }
    found = boxes.clip_to_image_size(given, height=10, width=80)
    assert ops.convert_to_numpy(found["boxes"]).tolist() == [
        [0, 5, 10, 10],
        [80, 0, 80, 9],
    ]
    assert ops.convert_to_numpy(found["labels"]).tolist() == [3, -1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: boxes.convert_format(CORNERS, "xyxx", "xywh"), "did you mean|Did you"),
        (lambda: boxes.convert_format(CORNERS, "xyxy", "rel_xywh"), "height"),
        (
            lambda: boxes.convert_format(CORNERS[:, :3], "xyxy", "xywh"),
            "dimension of 4",
        ),
        (lambda: boxes.compute_iou(CORNERS[0], OTHERS, "xyxy"), "boxes1"),
    ],
)
def test_mistakes(wrong: Any, message: str) -> None:
    with dlcore.use_backend("numpy"), pytest.raises(ValueError, match=message):
        wrong()
