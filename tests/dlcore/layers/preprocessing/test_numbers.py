"""Categories, sound, pipelines: with Keras, or numpy, as the oracle."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import layers, ops
from tests.dlcore.layers import keras_oracle  # noqa: F401  (Keras runs on torch)

RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(size=(4, 3)).astype("float32")
IDS = RNG.integers(0, 5, (4, 3))
SOUND = RNG.normal(size=(2, 700)).astype("float32")
WAVES = RNG.normal(size=(2, 300, 2)).astype("float32")

#: Layer, arguments, input.
CASES: list[tuple[str, dict[str, Any], Any]] = [
    *[
        ("CategoryEncoding", {"num_tokens": 5, "output_mode": mode}, x)
        for mode in ("one_hot", "multi_hot", "count")
        for x in (IDS, IDS[:, :1], IDS[:, 0])
    ],
    *[
        ("Discretization", {"bin_boundaries": [-0.5, 0.1], "output_mode": mode}, x)
        for mode in ("int", "one_hot", "multi_hot", "count")
        for x in (NUMBERS, NUMBERS[:, :1], np.stack([NUMBERS, NUMBERS]))
    ],
    ("MelSpectrogram", {"fft_length": 128, "sequence_stride": 60}, SOUND),
    (
        "MelSpectrogram",
        {
            "fft_length": 128,
            "sequence_length": 100,
            "num_mel_bins": 20,
            "power_to_db": False,
            "mag_exp": 1.0,
        },
        SOUND[0],
    ),
    *[
        ("STFTSpectrogram", {"mode": mode, "frame_length": 64, "frame_step": 20}, WAVES)
        for mode in ("log", "magnitude", "psd", "real", "imag", "stft")
    ],
    (
        "STFTSpectrogram",
        {"mode": "real", "frame_length": 50, "padding": "same", "expand_dims": True},
        WAVES,
    ),
]


def identity(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return "x".join(map(str, value.shape))
    return value if isinstance(value, str) else "-".join(map(str, value.values()))


@pytest.mark.parametrize(("name", "kwargs", "x"), CASES, ids=identity)
def test_against_keras(backend: str, name: str, kwargs: dict[str, Any], x: Any) -> None:
    import keras

    wanted = keras.ops.convert_to_numpy(getattr(keras.layers, name)(**kwargs)(x))
    layer = getattr(layers, name)(**kwargs)
    found = ops.convert_to_numpy(layer(x))
    assert found.shape == wanted.shape
    # Keras makes the triangles of mel frequencies in float32.
    tolerance = 2e-3 if name == "MelSpectrogram" else 2e-4
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)
    shape = layer.compute_output_shape((None, *x.shape[1:]))
    assert tuple(shape)[1:] == found.shape[1:] or x.ndim == 1
    twin = type(layer).from_config(json.loads(json.dumps(layer.get_config())))
    assert twin.get_config() == layer.get_config()


def test_adapted_bounds() -> None:
    """The same quantiles as Keras finds in the same batches."""
    import keras

    parts = np.split(RNG.normal(size=5000).astype("float32"), 10)
    oracle = keras.layers.Discretization(num_bins=4)
    oracle.adapt(iter(parts))
    layer = layers.Discretization(num_bins=4)
    layer.adapt(iter(parts))
    np.testing.assert_allclose(layer.bin_boundaries, oracle.bin_boundaries, rtol=1e-6)
    twin = layers.Discretization.from_config(json.loads(json.dumps(layer.get_config())))
    assert twin.bin_boundaries == layer.bin_boundaries


def test_counts_with_weights(backend: str) -> None:
    layer = layers.CategoryEncoding(4, output_mode="count")
    weights = np.array([[0.5, 1.5], [2.0, 3.0]], "float32")
    found = layer(np.array([[1, 1], [0, 3]]), count_weights=weights)
    assert ops.convert_to_numpy(found).tolist() == [[0, 2, 0, 0], [2, 0, 0, 3]]


def test_normalization_of_batches(backend: str) -> None:
    """Batches, with or without labels, are as good as one array."""
    x = RNG.normal(3.0, 2.0, (30, 4)).astype("float32")
    for data in (x, [x[:10], x[10:]], ((x[i : i + 7], 0) for i in range(0, 30, 7))):
        layer = layers.Normalization()
        layer.adapt(data)
        found = ops.convert_to_numpy(layer(x))
        np.testing.assert_allclose(found.mean(0), 0.0, atol=1e-5)
        np.testing.assert_allclose(found.std(0), 1.0, atol=1e-5)
    with pytest.raises(ValueError, match="empty iterable"):
        layers.Normalization().adapt(iter(()))


def test_pipeline(backend: str) -> None:
    flow = layers.Pipeline([layers.CenterCrop(2, 2), layers.Rescaling(0.5)])
    found = flow(np.ones((1, 4, 4, 3), "float32"))
    assert ops.convert_to_numpy(found).tolist() == np.full((1, 2, 2, 3), 0.5).tolist()
    twin = layers.Pipeline.from_config(json.loads(json.dumps(flow.get_config())))
    assert [type(x).__name__ for x in twin.layers] == ["CenterCrop", "Rescaling"]


def test_in_a_dataset_of_tensorflow() -> None:
    """In ``map``, layers run on the host, on their own backend, again each time."""
    tf = pytest.importorskip("tensorflow")
    x = RNG.random((4, 8, 6, 3)).astype("float32")
    with dlcore.use_backend("numpy"):
        flip = layers.RandomFlip(seed=1, bounding_box_format="xyxy")
        words = layers.StringLookup(vocabulary=["a", "b"])
    images = tf.data.Dataset.from_tensor_slices(x).batch(2).map(flip)
    assert tuple(images.element_spec.shape) == (None, 8, 6, 3)
    epochs = [np.concatenate([b.numpy() for b in images]) for _ in range(4)]
    assert any(not np.array_equal(epochs[0], e) for e in epochs[1:])
    tokens = tf.data.Dataset.from_tensor_slices(["b", "q"]).batch(2).map(words)
    assert next(iter(tokens)).numpy().tolist() == [2, 0]
    boxes = {"boxes": np.array([[2.0, 1.0, 4.0, 3.0]]), "labels": np.array([7])}
    drawn = {"flips": np.array([[True]]), "input_shape": (8, 10, 3)}
    moved = tf.data.Dataset.from_tensors(boxes).map(
        lambda b: flip.transform_bounding_boxes(b, drawn)
    )
    found = next(iter(moved))["boxes"].numpy()
    np.testing.assert_allclose(found, [[6.0, 5.0, 8.0, 7.0]], rtol=1e-5)


def test_in_a_data_loader() -> None:
    from torch.utils.data import DataLoader

    with dlcore.use_backend("numpy"):
        words = layers.TextVectorization(vocabulary=["a", "b"])
        loader = DataLoader(["a b", "b q"], batch_size=2, collate_fn=words)
        assert next(iter(loader)).tolist() == [[2, 3], [3, 1]]


def test_tensors_of_another_library() -> None:
    import torch

    with dlcore.use_backend("numpy"):
        layer = layers.Rescaling(0.5)
        found = layer(torch.ones(3))
    assert isinstance(found, np.ndarray) and found.tolist() == [0.5, 0.5, 0.5]


TABLE = {
    "age": [31.0, 47.0, 20.0, 20.0],
    "city": ["Rome", "Oslo", "Rome", "Bonn"],
    "rooms": [1, 2, 3, 2],
}


def space(**kwargs: Any) -> Any:
    kinds = {
        "age": "float_normalized",
        "city": "string_categorical",
        "rooms": "integer_hashed",
    }
    made = dlcore.utils.FeatureSpace(kinds, crosses=[("city", "rooms")], **kwargs)
    made.adapt(TABLE)
    return made


def test_feature_space(backend: str) -> None:
    made = space(crossing_dim=6, hashing_dim=5)
    found = ops.convert_to_numpy(made(TABLE))
    assert found.shape == (4, 1 + 4 + 5 + 6)
    np.testing.assert_allclose(found[:, 0].mean(), 0.0, atol=1e-6)
    assert found[:, 1:].sum(1).tolist() == [3.0, 3.0, 3.0, 3.0]  # one of each
    row = made({key: column[1] for key, column in TABLE.items()})
    np.testing.assert_allclose(ops.convert_to_numpy(row), found[1], rtol=1e-6)
    model = dlcore.Model(made.get_inputs(), made.get_encoded_features())
    columns = {key: np.array(value)[:, None] for key, value in TABLE.items()}
    np.testing.assert_allclose(ops.convert_to_numpy(model(columns)), found, rtol=1e-6)


def test_feature_space_in_a_file(tmp_path: Any) -> None:
    with dlcore.use_backend("numpy"):
        made = space()
        path = tmp_path / "space.keras"
        made.save(path)
        again = dlcore.saving.load_model(path)
        np.testing.assert_allclose(again(TABLE), made(TABLE), rtol=1e-6)


def test_feature_space_as_a_dict() -> None:
    with dlcore.use_backend("numpy"):
        found = space(output_mode="dict")(TABLE)
    assert sorted(found) == ["age", "city", "city_X_rooms", "rooms"]
    with pytest.raises(ValueError, match="adapt"):
        dlcore.utils.FeatureSpace({"a": "integer_categorical"})({"a": [1]})
    with pytest.raises(ValueError, match="float_normalized"):
        dlcore.utils.FeatureSpace({"a": "float_normalised"})
