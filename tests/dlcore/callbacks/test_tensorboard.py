"""What TensorBoard itself reads from the files of a fit."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import dlcore
from dlcore import layers

pytest.importorskip("tensorboard")
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)

X = np.arange(32).reshape(32, 1) % 5
Y = np.linspace(0, 1, 32, dtype="float32")[:, None]


def fit(folder, **options):
    model = dlcore.Sequential(
        [dlcore.Input((1,)), layers.Embedding(5, 3, name="table"), layers.Flatten()]
    )
    model.add(layers.Dense(1, name="out"))
    model.compile(dlcore.optimizers.SGD(0.5), "mse", metrics=["mae"])
    board = dlcore.callbacks.TensorBoard(folder, **options)
    history = model.fit(
        X, Y, 8, 2, verbose=0, validation_data=(X, Y), callbacks=[board]
    )
    return model, history.history


def read(folder):
    found = EventAccumulator(str(folder), {"scalars": 0, "tensors": 0, "images": 0})
    return found.Reload()


def numbers(found, tag):
    from tensorboard.util.tensor_util import make_ndarray

    return [(e.step, float(make_ndarray(e.tensor_proto))) for e in found.Tensors(tag)]


def test_files_of_a_fit(tmp_path):
    model, history = fit(
        tmp_path,
        histogram_freq=1,
        write_images=True,
        write_steps_per_second=True,
        update_freq="batch",
        embeddings_freq=1,
        embeddings_metadata={"table": "labels.txt"},
    )
    train, validation = read(tmp_path / "train"), read(tmp_path / "validation")
    for file, tag, name in (
        (train, "epoch_loss", "loss"),
        (validation, "epoch_mae", "val_mae"),
    ):
        wanted = list(enumerate(history[name]))
        np.testing.assert_allclose(numbers(file, tag), wanted, 1e-5)
    assert numbers(train, "epoch_learning_rate") == [(0, 0.5), (1, 0.5)]
    assert [step for step, _ in numbers(train, "batch_loss")] == list(range(1, 9))
    after = numbers(validation, "evaluation_loss_vs_iterations")
    wanted = list(zip((4, 8), history["val_loss"], strict=True))
    np.testing.assert_allclose(after, wanted, 1e-5)
    tags = set(train.Tags()["tensors"])
    kernel = model.get_layer("out").weights[0].path
    assert {"batch_steps_per_second", "epoch_steps_per_second"} <= tags
    assert f"{kernel}/histogram" in tags and f"{kernel}/image" in train.Tags()["images"]
    config = train.Tensors("keras")[0].tensor_proto.string_val[0]
    assert json.loads(config)["class_name"] == "Sequential"
    table = np.loadtxt(tmp_path / "table.tsv")
    np.testing.assert_allclose(table, model.get_layer("table").weights[0].numpy(), 1e-4)
    assert (
        'metadata_path: "labels.txt"'
        in (tmp_path / "projector_config.pbtxt").read_text()
    )


def test_least(tmp_path):
    fit(tmp_path, write_graph=False)
    tags = set(read(tmp_path / "train").Tags()["tensors"])
    assert tags == {"epoch_loss", "epoch_mae", "epoch_learning_rate"}


def test_arguments(tmp_path):
    for options, message in (
        ({"update_freq": "day"}, "'epoch', 'batch' or a number"),
        ({"profile_batch": 2}, "must be 0"),
        ({"embeddings_freq": 1, "embeddings_metadata": {"tabel": "x"}}, "mean 'table'"),
    ):
        with pytest.raises(ValueError, match=message):
            fit(tmp_path, **options)


def test_without_the_package(tmp_path):
    script = (
        "import sys; sys.modules['tensorboard'] = None; import dlcore; "
        "dlcore.callbacks.TensorBoard()"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "pip install tensorboard" in ran.stderr and ran.returncode == 1


def test_tensorflow_is_not_loaded(tmp_path):
    script = (
        "import sys; from pathlib import Path; "
        "from dlcore.src.callbacks.event_files import EventFile; import numpy as np; "
        f"f = EventFile(Path({str(tmp_path)!r})); f.scalar('a', 1.0, 0); "
        "f.histogram('b', np.ones(3), 0); f.graph('c', '{}'); f.close(); "
        "print('tensorflow' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ran.stdout.strip() == "False", ran.stderr
