"""Ops of images against scipy, jax.image and what must hold of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from dlcore import ops

X = np.random.default_rng(4).uniform(0, 1, (2, 14, 15, 3)).astype("float32")


def value(x: Any) -> np.ndarray:
    return ops.convert_to_numpy(x)


def test_colours(backend: str) -> None:
    from matplotlib.colors import rgb_to_hsv

    hsv = ops.image.rgb_to_hsv(ops.convert_to_tensor(X))
    np.testing.assert_allclose(value(hsv), rgb_to_hsv(X), atol=1e-5)
    np.testing.assert_allclose(value(ops.image.hsv_to_rgb(hsv)), X, atol=1e-5)
    grey = value(ops.image.rgb_to_grayscale(ops.convert_to_tensor(X)))
    np.testing.assert_allclose(grey[..., 0], X @ [0.2989, 0.587, 0.114], atol=1e-5)
    first = ops.image.rgb_to_grayscale(
        np.moveaxis(X, -1, 1), data_format="channels_first"
    )
    np.testing.assert_allclose(value(first)[:, 0], grey[..., 0], atol=1e-6)


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize(
    "method", ["bilinear", "bicubic", "lanczos3", "lanczos5", "nearest"]
)
def test_resize(backend: str, method: str, antialias: bool) -> None:
    import jax

    name = {"bilinear": "linear", "bicubic": "cubic"}.get(method, method)
    expected = jax.image.resize(X, (2, 5, 23, 3), name, antialias=antialias)
    found = ops.image.resize(ops.convert_to_tensor(X), (5, 23), method, antialias)
    np.testing.assert_allclose(value(found), expected, atol=1e-5)


@pytest.mark.parametrize("mode", ["constant", "nearest", "wrap", "mirror", "reflect"])
@pytest.mark.parametrize("order", [0, 1])
def test_map_coordinates(backend: str, order: int, mode: str) -> None:
    places = np.random.default_rng(5).uniform(-4, 18, (3, 50)).astype("float32")
    # scipy's "constant" and "wrap" do not interpolate with what is outside.
    name = {"constant": "grid-constant", "wrap": "grid-wrap"}.get(mode, mode)
    expected = ndimage.map_coordinates(X[0], places, order=order, mode=name)
    found = ops.image.map_coordinates(ops.convert_to_tensor(X[0]), places, order, mode)
    np.testing.assert_allclose(value(found), expected, atol=1e-5)


def test_transforms(backend: str) -> None:
    x = ops.convert_to_tensor(X)
    same = ops.image.affine_transform(x, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0])
    np.testing.assert_allclose(value(same), X, atol=1e-6)
    moved = ops.image.affine_transform(x, [1.0, 0.0, 2.0, 0.0, 1.0, 1.0, 0.0, 0.0])
    np.testing.assert_allclose(value(moved)[:, :-1, :-2], X[:, 1:, 2:], atol=1e-5)
    start = np.array([[0, 0], [10, 0], [0, 10], [10, 10]], "float32")
    shifted = ops.image.perspective_transform(x, start + 1, start)
    np.testing.assert_allclose(value(shifted)[:, :-1, :-1], X[:, 1:, 1:], atol=1e-3)
    assert value(ops.image.elastic_transform(x, seed=1)).shape == X.shape


def test_borders_and_patches(backend: str) -> None:
    x = ops.convert_to_tensor(X)
    padded = ops.image.pad_images(x, 1, 2, target_height=18, target_width=18)
    assert padded.shape == (2, 18, 18, 3)
    cut = ops.image.crop_images(padded, 1, 2, target_height=14, target_width=15)
    np.testing.assert_array_equal(value(cut), X)
    with pytest.raises(ValueError, match="exactly two"):
        ops.image.pad_images(x, 1)
    patches = value(ops.image.extract_patches(x, 7, strides=7))
    np.testing.assert_array_equal(patches[:, 1, 0], X[:, 7:14, :7].reshape(2, -1))
    volume = np.random.default_rng(1).normal(size=(1, 4, 4, 4, 2)).astype("float32")
    found = value(ops.image.extract_patches_3d(volume, 2))
    np.testing.assert_array_equal(found[0, 1, 0, 1], volume[0, 2:, :2, 2:].reshape(-1))


def test_filters(backend: str) -> None:
    x = ops.convert_to_tensor(X)
    blurred = value(ops.image.gaussian_blur(x, (5, 5), (1.0, 1.0)))
    one = np.exp(-0.5 * np.arange(-2, 3) ** 2)
    kernel = np.outer(one, one) / one.sum() ** 2
    expected = ndimage.convolve(X[0, :, :, 0], kernel, mode="constant")
    np.testing.assert_allclose(blurred[0, :, :, 0], expected, atol=1e-5)
    slopes = value(ops.image.sobel_edges(x))
    for i, axis in enumerate((0, 1)):
        np.testing.assert_allclose(
            slopes[0, :, :, 1, i],
            ndimage.sobel(X[0, :, :, 1], axis, mode="mirror"),
            atol=1e-5,
        )
    np.testing.assert_allclose(value(ops.image.ssim(x, x)), [1, 1], atol=1e-5)
    noisy = ops.convert_to_tensor(1 - X)
    assert (value(ops.image.ssim(x, noisy)) < 0.5).all()
