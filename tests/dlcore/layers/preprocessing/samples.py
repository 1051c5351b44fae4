"""Images, and the layers that are tried on them."""

from __future__ import annotations

from typing import Any

import numpy as np

RNG = np.random.default_rng(0)
IMAGES = (RNG.random((2, 12, 10, 3)) * 255.0).astype("float32")
BOXES = {
    "boxes": np.array(
        [[[2, 1, 4, 3], [6, 4, 8, 6]], [[0, 0, 9, 11], [5, 5, 6, 7]]], "float32"
    ),
    "labels": np.array([[0, 1], [2, 3]]),
}
MASKS = RNG.integers(0, 3, (2, 12, 10, 1)).astype("float32")
LABELS = np.eye(2, dtype="float32")

#: Layer, arguments. All of them draw, or change something.
CASES: list[tuple[str, dict[str, Any]]] = [
    ("RandomBrightness", {"factor": (0.1, 0.4)}),
    ("RandomContrast", {"factor": 0.5}),
    ("RandomColorDegeneration", {"factor": 0.5}),
    ("RandomGrayscale", {"factor": 0.5}),
    ("RandomHue", {"factor": 0.5}),
    ("RandomSaturation", {"factor": (0.2, 0.5)}),
    ("RandomInvert", {"factor": (0.5, 0.5)}),
    ("RandomPosterization", {"factor": (2, 5)}),
    ("RandomSharpness", {"factor": 0.9}),
    ("RandomGaussianBlur", {"kernel_size": 5}),
    ("RandomErasing", {"fill_value": 7.0}),
    ("RandomErasing", {}),
    ("Solarization", {"addition_factor": 0.3, "threshold_factor": 0.6}),
    ("RandomFlip", {}),
    ("RandomFlip", {"mode": "vertical"}),
    ("RandomTranslation", {"height_factor": 0.3, "width_factor": (0.1, 0.4)}),
    (
        "RandomTranslation",
        {"height_factor": 0.3, "width_factor": 0.2, "fill_mode": "wrap"},
    ),
    ("RandomZoom", {"height_factor": 0.3, "fill_mode": "constant"}),
    ("RandomZoom", {"height_factor": 0.3, "width_factor": (-0.5, -0.2)}),
    ("RandomShear", {"x_factor": 0.3, "y_factor": 0.2}),
    ("RandomRotation", {"factor": 0.3, "fill_mode": "nearest"}),
    ("RandomPerspective", {"scale": 0.4}),
    ("MixUp", {"alpha": 0.4}),
    ("CutMix", {}),
    ("RandomCrop", {"height": 5, "width": 7}),
]
#: The same, for layers that have no oracle: what they draw inside is their own.
COMPOSED: list[tuple[str, dict[str, Any]]] = [
    ("RandomElasticTransform", {}),
    (
        "RandomColorJitter",
        {"brightness_factor": 0.2, "contrast_factor": 0.2, "hue_factor": 0.1},
    ),
    ("RandAugment", {}),
    ("AugMix", {}),
]
#: The same, for what Keras does another way on torch (it pads differently, and counts
#: in integers).
LOCAL = [
    (
        "ContrastLimitedAdaptiveHistogramEqualization",
        {"tile_grid_size": (3, 3), "clip_limit": 2.0},
    )
]
#: Layer, arguments. Nothing is drawn.
FIXED: list[tuple[str, dict[str, Any]]] = [
    ("Resizing", {"height": 7, "width": 5}),
    ("Resizing", {"height": 7, "width": 15, "interpolation": "nearest"}),
    ("Resizing", {"height": 6, "width": 6, "crop_to_aspect_ratio": True}),
    (
        "Resizing",
        {"height": 20, "width": 30, "pad_to_aspect_ratio": True, "fill_value": 3.0},
    ),
    ("CenterCrop", {"height": 5, "width": 4}),
    ("CenterCrop", {"height": 20, "width": 16}),
    ("AutoContrast", {}),
    ("Equalization", {}),
    ("Equalization", {"bins": 64}),
    (
        "ContrastLimitedAdaptiveHistogramEqualization",
        {"tile_grid_size": (3, 2), "clip_limit": 0.0},
    ),
    ("RandomRotation", {"factor": (0.1, 0.1)}),
    ("RandomRotation", {"factor": (-0.2, -0.2), "fill_mode": "constant"}),
    ("RandomTranslation", {"height_factor": (0.25, 0.25), "width_factor": (0.1, 0.1)}),
    ("RandomZoom", {"height_factor": (0.5, 0.5), "width_factor": (0.8, 0.8)}),
    ("RandomZoom", {"height_factor": (-0.5, -0.5), "interpolation": "nearest"}),
    ("RandomPosterization", {"factor": (3, 3)}),
    ("RandomHue", {"factor": (0.0, 0.0)}),
    ("RandomBrightness", {"factor": (-0.3, -0.3)}),
    ("RandomCrop", {"height": 14, "width": 6}),
    ("Rescaling", {"scale": 0.1, "offset": 2.0}),
]


def identity(value: Any) -> str:
    return value if isinstance(value, str) else "-".join(map(str, value.values()))


def first(images: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return images with their channels first."""
    return np.moveaxis(images, -1, 1).copy()
