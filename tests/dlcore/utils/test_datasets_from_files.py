"""Folders and series as datasets, beside Keras' own; pictures as arrays."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

import dlcore
from dlcore import layers
from dlcore.src.utils.dataset import Dataset

rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten pictures of several sizes in two folders, one of them deep."""
    root = tmp_path_factory.mktemp("pictures")
    for i in range(10):
        folder = root / ("cat" if i % 3 else "dog") / ("deep" if i == 4 else "")
        folder.mkdir(parents=True, exist_ok=True)
        size = (20 + i, 30 - i, 3)
        Image.fromarray(rng.integers(0, 256, size, "uint8")).save(folder / f"{i}.png")
    (root / "cat" / "notes.txt").write_text("no picture")
    return root


def both(name: str, *args: Any, **kwargs: Any) -> tuple[list[Any], list[Any], Any, Any]:
    """Return what ours and Keras' yield, and the datasets."""
    ours = getattr(dlcore.utils, name)(*args, verbose=False, **kwargs)
    theirs = getattr(keras.utils, name)(*args, verbose=False, **kwargs)
    return list(ours), list(theirs), ours, theirs


def same(ours: list[Any], theirs: list[Any], tolerance: float = 1e-3) -> None:
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        one, other = (v if isinstance(v, tuple) else (v,) for v in (one, other))
        for a, b in zip(one, other, strict=True):
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b.numpy(), atol=tolerance)


OPTIONS: list[dict[str, Any]] = [
    {},
    {"label_mode": "binary", "batch_size": 4},
    {"label_mode": "categorical", "color_mode": "grayscale"},
    {"label_mode": None, "color_mode": "rgba", "batch_size": None},
    {"labels": None, "crop_to_aspect_ratio": True},
    {"labels": list(range(10)), "pad_to_aspect_ratio": True},
    {"class_names": ["dog", "cat"], "interpolation": "nearest"},
    {"class_names": ["dog"], "data_format": "channels_first"},
    {"validation_split": 0.3, "subset": "validation"},
    {"validation_split": 0.3, "subset": "training", "batch_size": 3},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_pictures_are_those_of_keras(pictures: Path, options: dict[str, Any]) -> None:
    arguments = {"shuffle": False, "image_size": (12, 16), **options}
    ours, theirs, one, other = both(
        "image_dataset_from_directory", str(pictures), **arguments
    )
    # Pillow and TensorFlow round grey in their own ways.
    same(ours, theirs, 1.01 if "color_mode" in options else 1e-2)
    assert one.class_names == other.class_names
    assert one.file_paths == list(other.file_paths)
    assert len(one) == len(ours) == one.cardinality()


def test_the_split_of_a_seed_is_that_of_keras(pictures: Path) -> None:
    arguments: dict[str, Any] = {"validation_split": 0.3, "subset": "both", "seed": 3}
    find = "image_dataset_from_directory"
    ours = getattr(dlcore.utils, find)(pictures, verbose=False, **arguments)
    theirs = getattr(keras.utils, find)(str(pictures), verbose=False, **arguments)
    for one, other in zip(ours, theirs, strict=True):
        assert set(one.file_paths) == set(other.file_paths)
    assert not set(ours[0].file_paths) & set(ours[1].file_paths)


def test_each_epoch_has_another_order(pictures: Path) -> None:
    def orders(seed: int) -> list[list[int]]:
        dataset = dlcore.utils.image_dataset_from_directory(
            pictures,
            labels=list(range(10)),
            image_size=(4, 4),
            seed=seed,
            verbose=False,
        )
        return [[int(v) for _, y in dataset for v in y] for _ in range(2)]

    first, second = orders(5)
    assert first != second and sorted(first) == sorted(second) == list(range(10))
    assert orders(5) == [first, second]


def test_a_model_learns_from_a_folder(
    pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with dlcore.use_backend("torch"):
        dataset = dlcore.utils.image_dataset_from_directory(
            pictures, image_size=(8, 8), batch_size=5, seed=1
        )
        assert "Found 10 files belonging to 2 classes." in capsys.readouterr().out
        model = dlcore.Sequential([layers.Flatten(), layers.Dense(2)])
        loss = dlcore.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss)
        steps = dataset.map(lambda x, y: (x / 255, y)).cache().prefetch(2)
        history = model.fit(steps, epochs=3, validation_data=steps, verbose=0)
        assert len(history.history["val_loss"]) == 3
        assert model.predict(steps, verbose=0).shape == (10, 2)


def test_texts(tmp_path: Path) -> None:
    for name, text in (("pos/a.txt", "good film"), ("neg/b.txt", "bad"), ("neg/c", "")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    dataset = dlcore.utils.text_dataset_from_directory(
        tmp_path, shuffle=False, max_length=6, verbose=False
    )
    ((texts, labels),) = dataset
    assert list(texts) == ["bad", "good f"] and labels.tolist() == [0, 1]


@pytest.mark.parametrize("dtype", ["int16", "uint8", "float32"])
def test_sounds(tmp_path: Path, dtype: str) -> None:
    wave = np.sin(np.arange(800) / 20) * 0.5
    scaled = {"int16": wave * 32768, "uint8": wave * 128 + 128, "float32": wave}[dtype]
    for label, length in (("a", 800), ("b", 500)):
        (tmp_path / label).mkdir()
        content = scaled[:length].astype(dtype)
        wavfile.write(tmp_path / label / "x.wav", 8000, content)
    read = dlcore.utils.audio_dataset_from_directory
    arguments: dict[str, Any] = {"shuffle": False, "verbose": False}
    ((sounds, labels),) = read(tmp_path, **arguments)
    assert sounds.shape == (2, 800, 1) and labels.tolist() == [0, 1]
    np.testing.assert_allclose(sounds[0, :, 0], wave, atol=0.01)
    assert not sounds[1, 500:].any()
    assert (
        next(iter(read(tmp_path, sampling_rate=4000, **arguments)))[0].shape[1] == 400
    )
    cut = next(iter(read(tmp_path, output_sequence_length=600, **arguments)))
    assert cut[0].shape == (2, 600, 1)
    ragged = next(iter(read(tmp_path, ragged=True, **arguments)))
    assert [len(sound) for sound in ragged[0]] == [800, 500]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"directory": "/nowhere"}, "no folder"),
        ({"color_mode": "rbg"}, "mean 'rgb'"),
        ({"label_mode": "integer"}, "mean 'int'"),
        ({"class_names": ["cats"]}, "mean 'cat'"),
        ({"labels": [1, 2]}, "2 entries"),
        ({"labels": "none"}, "must be 'inferred'"),
        ({"validation_split": 0.2}, "belong together"),
        ({"validation_split": 0.2, "subset": "training"}, "needs a `seed`"),
        ({"validation_split": 2.0, "subset": "training"}, "between 0 and 1"),
        ({"validation_split": 0.2, "subset": "train", "seed": 1}, "mean 'training'"),
        ({"label_mode": "binary", "class_names": ["cat"]}, "exactly two"),
        ({"image_size": 3}, r"\(height, width\)"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "Only one"),
    ],
)
def test_wrong_arguments(pictures: Path, arguments: Any, message: str) -> None:
    arguments = {"directory": pictures, "verbose": False, **arguments}
    with pytest.raises(ValueError, match=message):
        dlcore.utils.image_dataset_from_directory(**arguments)


SERIES: list[dict[str, Any]] = [
    {"sequence_length": 4},
    {"sequence_length": 3, "sampling_rate": 2, "sequence_stride": 3, "batch_size": 2},
    {"sequence_length": 2, "start_index": 3, "end_index": 11},
    {"sequence_length": 5, "batch_size": None},
]


@pytest.mark.parametrize("options", SERIES, ids=str)
@pytest.mark.parametrize("with_targets", [True, False])
def test_series_are_those_of_keras(options: dict[str, Any], with_targets: bool) -> None:
    data = rng.normal(size=(20, 2)).astype("float32")
    targets = np.arange(20) if with_targets else None
    ours = dlcore.utils.timeseries_dataset_from_array(data, targets, **options)
    theirs = keras.utils.timeseries_dataset_from_array(data, targets, **options)
    same(list(ours), list(theirs), 0)


def test_a_series_that_is_too_short() -> None:
    with pytest.raises(ValueError, match=r"`sequence_length` must be from 1 to 5"):
        dlcore.utils.timeseries_dataset_from_array(np.zeros(5), None, 6)


def test_the_steps_of_a_dataset() -> None:
    made: list[int] = []

    def make() -> Any:
        for i in range(10):
            made.append(i)
            yield np.array([i]), i % 2

    dataset = Dataset(make, 10)
    assert [int(x[0]) for x, _ in dataset.skip(2).take(3)] == [2, 3, 4]
    assert len(dataset.skip(8).repeat(2)) == 4
    assert [y for _, y in dataset.filter(lambda x, y: y == 1)] == [1] * 5
    batches = dataset.batch(4)
    assert [len(x) for x, _ in batches] == [4, 4, 2] and len(batches) == 3
    assert len(list(dataset.batch(4, drop_remainder=True))) == 2
    assert [int(x[0]) for x, _ in batches.unbatch()] == list(range(10))
    order = [int(x[0]) for x, _ in dataset.shuffle(4, seed=1)]
    assert order != sorted(order) and sorted(order) == list(range(10))
    again = dataset.shuffle(4, seed=1, reshuffle_each_iteration=False)
    assert [int(x[0]) for x, _ in again] == [int(x[0]) for x, _ in again] == order
    made.clear()
    cached = dataset.cache()
    assert len(list(cached)) == len(list(cached)) == len(made) == 10
    assert "10 items" in repr(dataset)
    with pytest.raises(TypeError, match="not known"):
        len(dataset.filter(lambda *_: True))


def test_what_goes_wrong_ahead_is_raised_where_it_is_used() -> None:
    def make() -> Any:
        yield 1
        raise OSError("disk")

    ahead = iter(Dataset(make).prefetch(3))
    assert next(ahead) == 1
    with pytest.raises(OSError, match="disk"):
        next(ahead)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("scale", [True, False])
def test_pictures_and_arrays(channels: int, data_format: str, scale: bool) -> None:
    x = rng.integers(0, 200, (6, 5, channels)).astype("float32")
    x = x if data_format == "channels_last" else x.transpose(2, 0, 1)
    ours = dlcore.utils.array_to_img(x, data_format, scale)
    theirs = keras.utils.array_to_img(x, data_format, scale)
    assert ours.mode == theirs.mode
    back = dlcore.utils.img_to_array(ours, data_format)
    np.testing.assert_array_equal(back, keras.utils.img_to_array(theirs, data_format))
    assert back.shape == x.shape and back.dtype == np.float32


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp"])
def test_saved_and_loaded(tmp_path: Path, name: str) -> None:
    x = np.linspace(0, 255, 300).reshape(10, 10, 3)
    dlcore.utils.save_img(tmp_path / name, x)
    found = dlcore.utils.load_img(tmp_path / name)
    assert found.size == (10, 10)
    np.testing.assert_allclose(np.asarray(found, "float32"), x, atol=40)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("mode", ["rgb", "rgba", "grayscale"])
def test_loaded_as_by_keras(pictures: Path, keep: bool, mode: str) -> None:
    path = next(pictures.rglob("*.png"))
    arguments: dict[str, Any] = {"target_size": (9, 14), "interpolation": "bilinear"}
    arguments |= {"keep_aspect_ratio": keep, "color_mode": mode}
    ours = dlcore.utils.load_img(path, **arguments)
    theirs = keras.utils.load_img(path, **arguments)
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


def test_a_transparent_picture_as_jpeg() -> None:
    with pytest.warns(UserWarning, match="converting to RGB"):
        dlcore.utils.save_img(io.BytesIO(), np.zeros((3, 3, 4)), file_format="jpg")


def test_what_is_no_picture() -> None:
    with pytest.raises(ValueError, match="three dimensions"):
        dlcore.utils.array_to_img(np.zeros((3, 3)))
    with pytest.raises(ValueError, match="1, 3 or 4 channels"):
        dlcore.utils.array_to_img(np.zeros((3, 3, 2)))
    with pytest.raises(TypeError, match="path-like"):
        dlcore.utils.load_img(3)


@pytest.mark.parametrize("shape", [(10, 20, 3), (2, 10, 20, 3), (2, 30, 10, 3)])
def test_smart_resize(shape: tuple[int, ...], backend: str) -> None:
    x = rng.normal(size=shape).astype("float32")
    resize = dlcore.preprocessing.image.smart_resize
    expected = keras.preprocessing.image.smart_resize(x, (6, 7))
    np.testing.assert_allclose(resize(x, (6, 7)), expected, atol=1e-4)
    tensor = resize(dlcore.ops.convert_to_tensor(x), (6, 7))
    assert dlcore.ops.is_tensor(tensor)
