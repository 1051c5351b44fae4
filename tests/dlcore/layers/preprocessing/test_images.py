"""Layers on images, with Keras' layers as the oracle."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import layers, ops, tree
from tests.dlcore.layers import keras_oracle  # noqa: F401  (Keras runs on torch)
from tests.dlcore.layers.preprocessing.samples import (
    BOXES,
    CASES,
    COMPOSED,
    FIXED,
    IMAGES,
    LABELS,
    LOCAL,
    MASKS,
    first,
    identity,
)

RANDOM = [*CASES, *COMPOSED]
TOLERANCE = 2e-2  # of 255: sums in another order


def make(name: str, kwargs: dict[str, Any], **more: Any) -> Any:
    kind = getattr(layers, name)
    if "seed" in kind._signature.parameters:
        more.setdefault("seed", 3)
    return kind(**kwargs, **more)


def to_numpy(x: Any) -> Any:
    def one(v: Any) -> Any:
        return ops.convert_to_numpy(v) if ops.is_tensor(v) else v

    return tree.map_structure(one, x)


def keras_layer(name: str, kwargs: dict[str, Any], **more: Any) -> Any:
    import keras

    return getattr(keras.layers, name)(**kwargs, **more)


def in_keras(x: Any) -> Any:
    import keras

    def one(v: Any) -> Any:
        return keras.ops.convert_to_tensor(v) if isinstance(v, np.ndarray) else v

    return tree.map_structure(one, x)


def close(found: Any, wanted: Any, tolerance: float = TOLERANCE) -> None:
    import keras

    wanted = (
        wanted if isinstance(wanted, np.ndarray) else keras.ops.convert_to_numpy(wanted)
    )
    found = ops.convert_to_numpy(found)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, atol=tolerance, rtol=1e-4)


@pytest.mark.parametrize(("name", "kwargs"), FIXED, ids=identity)
def test_against_keras(name: str, kwargs: dict[str, Any]) -> None:
    wanted = keras_layer(name, kwargs)(IMAGES)
    with dlcore.use_backend("numpy"):
        layer = make(name, kwargs)
        close(layer(IMAGES), wanted)
        close(layer(IMAGES[0]), keras_layer(name, kwargs)(IMAGES[:1])[0])


def test_local_equalization() -> None:
    """The values are Keras' on numpy: of one tile, with a limit."""
    kind = layers.ContrastLimitedAdaptiveHistogramEqualization
    with dlcore.use_backend("numpy"):
        found = kind(tile_grid_size=(1, 1), clip_limit=2.0)(IMAGES)
    wanted = [[145.72096, 4.828808], [160.41768, 176.05678]]
    np.testing.assert_allclose(found[0, :2, :2, 0], wanted, rtol=1e-5)


@pytest.mark.parametrize(("name", "kwargs"), CASES, ids=identity)
def test_what_is_drawn_does_as_in_keras(name: str, kwargs: dict[str, Any]) -> None:
    """Draw here, and have Keras' layer do what was drawn."""
    with dlcore.use_backend("numpy"):
        layer = make(name, kwargs)
        drawn = to_numpy(layer.get_random_transformation(IMAGES))
        found = layer.transform_images(IMAGES, drawn)
    if name == "RandomPosterization":
        drawn = {"shift_factor": drawn["shift_factor"].astype("uint8")}
    if name == "RandomCrop":
        drawn = tuple(map(int, drawn))
    oracle = keras_layer(name, kwargs)
    close(found, oracle.transform_images(in_keras(IMAGES), in_keras(drawn)))


@pytest.mark.parametrize(("name", "kwargs"), [*FIXED, *LOCAL, *RANDOM], ids=identity)
def test_same_on_every_backend(backend: str, name: str, kwargs: dict[str, Any]) -> None:
    """The same seed gives the same images; symbolic results tell shape and dtype."""
    layer = make(name, kwargs)
    found = (
        layer(IMAGES, training=True) if hasattr(layer, "height_axis") else layer(IMAGES)
    )
    spec = layer(dlcore.KerasTensor((None, *IMAGES.shape[1:])))
    assert spec.shape == (None, *found.shape[1:]) and spec.dtype == ops.dtype(found)
    with dlcore.use_backend("numpy"):
        wanted = np.asarray(make(name, kwargs)(IMAGES))
    tolerance = 1.0 if "qualization" in name else 0.05  # ties of rounding
    if name in ("RandAugment", "AugMix"):
        tolerance = 1.0
    close(found, wanted, tolerance)


@pytest.mark.parametrize(("name", "kwargs"), [*FIXED, *LOCAL, *RANDOM], ids=identity)
def test_channels_first(name: str, kwargs: dict[str, Any]) -> None:
    if name == "Rescaling":
        return  # it does not know of channels
    with dlcore.use_backend("numpy"):
        wanted = np.asarray(make(name, kwargs)(IMAGES))
        found = make(name, kwargs, data_format="channels_first")(first(IMAGES))
        close(found, first(wanted))


@pytest.mark.parametrize(("name", "kwargs"), [*FIXED, *LOCAL, *RANDOM], ids=identity)
def test_config(name: str, kwargs: dict[str, Any]) -> None:
    with dlcore.use_backend("numpy"):
        layer = make(name, kwargs)
        config = json.loads(json.dumps(layer.get_config()))
        twin = type(layer).from_config(config)
        assert json.loads(json.dumps(twin.get_config())) == config
        close(twin(IMAGES), np.asarray(layer(IMAGES)))


@pytest.mark.parametrize(("name", "kwargs"), RANDOM, ids=identity)
def test_only_while_training(name: str, kwargs: dict[str, Any]) -> None:
    with dlcore.use_backend("numpy"):
        layer = make(name, kwargs)
        close(layer(IMAGES, training=False), IMAGES, 0.0)
        again = [np.asarray(layer(IMAGES, training=True)) for _ in range(6)]
    assert any(not np.array_equal(again[0], x) for x in again[1:]), "always the same"


@pytest.mark.parametrize(("name", "kwargs"), RANDOM, ids=identity)
def test_dicts(name: str, kwargs: dict[str, Any]) -> None:
    """Images, masks and labels together; the input is left as it was."""
    data = {"images": IMAGES, "segmentation_masks": MASKS, "labels": LABELS}
    with dlcore.use_backend("numpy"):
        layer = make(name, kwargs)
        found = layer(data)
        assert found.keys() == data.keys() and data["images"] is IMAGES
        assert found["images"].shape[:3] == found["segmentation_masks"].shape[:3]
        assert found["labels"].shape == LABELS.shape
        spec = layer.compute_output_spec(
            {key: dlcore.KerasTensor(value.shape) for key, value in data.items()}
        )
        shapes = {key: value.shape for key, value in spec.items()}
        assert shapes == {key: value.shape for key, value in found.items()}


BOXED = [
    *[case for case in FIXED if case[0] in ("Resizing", "CenterCrop")],
    *[case for case in CASES if case[0] in ("RandomFlip", "RandomTranslation")],
    *[case for case in CASES if case[0] in ("RandomZoom", "RandomShear")],
    *[case for case in CASES if case[0] in ("RandomRotation", "RandomPerspective")],
]


@pytest.mark.parametrize(("name", "kwargs"), BOXED, ids=identity)
def test_boxes_against_keras(name: str, kwargs: dict[str, Any]) -> None:
    with dlcore.use_backend("numpy"):
        layer = make(name, kwargs, bounding_box_format="xyxy")
        drawn = to_numpy(layer.get_random_transformation(IMAGES))
        found = layer.transform_bounding_boxes(BOXES, drawn)
        single = {key: value[0] for key, value in BOXES.items()}
        one = to_numpy(layer.get_random_transformation(IMAGES[0]))
        assert layer.transform_single_bounding_box(single, one)["boxes"].shape == (2, 4)
    oracle = keras_layer(name, kwargs, bounding_box_format="xyxy")
    wanted = oracle.transform_bounding_boxes(in_keras(BOXES), in_keras(drawn))
    close(found["boxes"], wanted["boxes"], 2e-3)
    close(found["labels"], wanted["labels"], 0.0)


@pytest.mark.parametrize("box_format", ["xywh", "rel_yxyx", "center_xywh"])
@pytest.mark.parametrize(("name", "kwargs"), BOXED, ids=identity)
def test_formats_of_boxes(name: str, kwargs: dict[str, Any], box_format: str) -> None:
    """Boxes in any format move as those of corners do."""
    convert = dlcore.utils.bounding_boxes.convert_format
    with dlcore.use_backend("numpy"):
        layer = make(name, kwargs, bounding_box_format="xyxy")
        drawn = layer.get_random_transformation(IMAGES)
        wanted = layer.transform_bounding_boxes(BOXES, drawn)
        after = layer.compute_output_shape(IMAGES.shape)[1:3]
        layer.bounding_box_format = box_format
        given = convert(BOXES, "xyxy", box_format, *IMAGES.shape[1:3])
        found = layer.transform_bounding_boxes(given, drawn)
        found = convert(found, box_format, "xyxy", *after)
        close(found["boxes"], np.asarray(wanted["boxes"]), 1e-3)


def test_a_crop_takes_its_boxes_along() -> None:
    """A pixel that is marked stays in its box."""
    image = np.zeros((1, 12, 10, 1), "float32")
    image[0, 5, 6] = 1.0
    boxes = {"boxes": np.array([[[6.0, 5.0, 7.0, 6.0]]]), "labels": np.array([[1]])}
    with dlcore.use_backend("numpy"):
        layer = layers.RandomCrop(9, 8, seed=1, bounding_box_format="xyxy")
        for _ in range(5):
            found = layer({"images": image, "bounding_boxes": boxes})
            x, y, *_ = found["bounding_boxes"]["boxes"][0, 0].astype(int)
            assert found["images"][0, y, x, 0] == 1.0


def test_number_of_boxes(backend: str) -> None:
    for count in (1, 4):
        layer = layers.MaxNumBoundingBoxes(count, bounding_box_format="xyxy")
        found = layer({"images": IMAGES, "bounding_boxes": BOXES})["bounding_boxes"]
        assert tuple(found["boxes"].shape) == (2, count, 4)
        labels = ops.convert_to_numpy(found["labels"]).tolist()
        assert labels[0] == [0, 1, -1, -1][:count]


def test_mixing_goes_with_labels() -> None:
    """What share an image has, its label has too."""
    images = np.stack([np.zeros((8, 8, 1)), np.ones((8, 8, 1))]).astype("float32")
    with dlcore.use_backend("numpy"):
        for name in ("MixUp", "CutMix"):
            layer = getattr(layers, name)(seed=1)
            for _ in range(4):
                found = layer({"images": images, "labels": LABELS})
                shares = found["labels"][:, 1]
                np.testing.assert_allclose(found["labels"].sum(-1), 1.0, rtol=1e-5)
                tolerance = 1e-5 if name == "MixUp" else 0.3  # whole pixels
                means = found["images"].mean((1, 2, 3))
                np.testing.assert_allclose(means, shares, atol=tolerance)


def test_integer_images_keep_their_dtype_when_resized(backend: str) -> None:
    found = layers.Resizing(3, 4)(IMAGES.astype("uint8"))
    assert ops.dtype(found) == "uint8"


#: A call that is wrong, and a part of the message.
MISTAKES: list[tuple[Any, str]] = [
    (lambda: layers.RandomRotation("a"), "`factor` argument should be a number"),
    (lambda: layers.RandomRotation(0.1, fill_mode="mirrored"), "fill_mode"),
    (lambda: layers.RandomFlip("sideways"), "horizontal"),
    (lambda: layers.RandomZoom((-1.0, 0.2)), "height_factor"),
    (lambda: layers.RandomGaussianBlur(kernel_size=4), "odd"),
    (lambda: layers.RandomPerspective(scale=2.0), "scale"),
    (lambda: layers.AutoContrast(value_range=3), "value_range"),
    (lambda: layers.RandomGrayscale(2.0), "between 0 and 1"),
    (lambda: layers.RandomFlip()(np.ones((3, 3))), "rank 3 or 4"),
    (lambda: layers.RandomFlip(data_format="last"), "data_format"),
    (
        lambda: layers.RandomFlip()({"images": IMAGES, "bounding_boxes": BOXES}),
        "bounding_box_format",
    ),
    (
        lambda: layers.RandomFlip(bounding_box_format="xyxy")(
            {"images": IMAGES, "bounding_boxes": {"boxes": BOXES["boxes"]}}
        ),
        "keys 'boxes' and 'labels'",
    ),
]


@pytest.mark.parametrize(("wrong", "message"), MISTAKES)
def test_mistakes(wrong: Any, message: str) -> None:
    with dlcore.use_backend("numpy"), pytest.raises(Exception, match=message):
        wrong()
