"""Callbacks: driven by hand, and by a real ``fit``."""

from __future__ import annotations

import csv
import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import callbacks


class FakeModel:
    """What callbacks see of a model."""

    def __init__(self, rate: float = 0.1):
        self.stop_training = False
        self.optimizer = dlcore.optimizers.SGD(rate)
        self.metrics = [dlcore.metrics.BinaryAccuracy(name="accuracy")]
        self.weights = 0
        self.saved: list[str] = []

    def get_weights(self) -> Any:
        return [np.array(self.weights)]

    def set_weights(self, weights: Any) -> None:
        self.weights = int(weights[0])

    def save(self, path: str, overwrite: bool = True) -> None:
        self.saved.append(str(path).rpartition("/")[2])

    save_weights = save


def drive(callback: Any, name: str, values: list[float], model: Any = None) -> Any:
    """Run epochs in which a number has these values; return the model."""
    model = model or FakeModel()
    every = callbacks.CallbackList([callback], add_history=True, model=model, epochs=9)
    every.on_train_begin()
    for epoch, value in enumerate(values):
        every.on_epoch_begin(epoch)
        model.weights = epoch
        every.on_epoch_end(epoch, {name: value})
        if model.stop_training:
            break
    every.on_train_end()
    return model


@pytest.mark.parametrize(
    ("options", "name", "values", "epochs"),
    [
        ({"patience": 1}, "val_loss", [3, 2, 2.5, 2.6, 1], 3),
        ({"patience": 2}, "val_loss", [3, 2, 2.5, 2.6, 1], 4),
        ({"monitor": "loss", "min_delta": 0.5}, "loss", [3, 2.4, 2.3], 3),
        ({"monitor": "accuracy"}, "accuracy", [0.5, 0.6, 0.4], 3),
        ({"monitor": "x", "mode": "max"}, "x", [1, 2, 3, 2], 4),
        ({"baseline": 1.0, "patience": 3}, "val_loss", [3, 2, 1.5, 1.6, 0], 4),
        ({"start_from_epoch": 3}, "val_loss", [3, 4, 5, 6, 7], 5),
        ({}, "val_loss", [float("nan")] * 3, 2),
    ],
)
def test_early_stopping(options, name, values, epochs):
    model = drive(callbacks.EarlyStopping(**options), name, values)
    assert len(model.history.epoch) == epochs


def test_early_stopping_gives_the_best_weights_back():
    stop = callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    model = drive(stop, "val_loss", [3, 1, 2, 2, 0])
    assert model.weights == 1 and stop.stopped_epoch == 3 and stop.best_epoch == 1


def test_early_stopping_says_what_is_missing():
    with pytest.warns(UserWarning, match="Did you mean 'val_loss'"):
        drive(callbacks.EarlyStopping("val_los"), "val_loss", [1.0])
    with pytest.raises(ValueError, match="mode='min' or mode='max'"):
        drive(callbacks.EarlyStopping("x"), "x", [1.0])
    with pytest.warns(UserWarning, match="Did you mean 'min'"):
        callbacks.EarlyStopping(mode="mim")


def test_reduce_on_plateau():
    callback = callbacks.ReduceLROnPlateau(factor=0.5, patience=2, cooldown=1)
    model = drive(callback, "val_loss", [1.0] * 8)
    rates = model.history.history["learning_rate"]
    np.testing.assert_allclose(
        rates, [0.1] * 3 + [0.05] * 2 + [0.025] * 2 + [0.0125], rtol=1e-6
    )
    floor = callbacks.ReduceLROnPlateau(patience=1, min_lr=0.05)
    model = drive(floor, "val_loss", [1.0] * 5)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.05)
    with pytest.raises(ValueError, match="below 1"):
        callbacks.ReduceLROnPlateau(factor=1.0)


def test_learning_rate_scheduler(capsys):
    for schedule in (
        lambda epoch, rate: rate / 2,
        lambda epoch: 0.1 / 2 ** (epoch + 1),
    ):
        callback = callbacks.LearningRateScheduler(schedule, verbose=1)
        history = drive(callback, "loss", [1.0] * 3).history.history
        np.testing.assert_allclose(history["learning_rate"], [0.05, 0.025, 0.0125])
    assert "setting learning rate to 0.0125" in capsys.readouterr().out
    with pytest.raises(ValueError, match="should return a float"):
        drive(callbacks.LearningRateScheduler(lambda epoch: "x"), "loss", [1.0])


def test_csv_logger(tmp_path):
    path = tmp_path / "log.csv"
    drive(callbacks.CSVLogger(path), "loss", [2.0, 1.0])
    drive(callbacks.CSVLogger(path, append=True), "loss", [0.5])
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert [(r["epoch"], r["loss"], r["val_loss"]) for r in rows] == [
        ("0", "2.0", "NA"),
        ("1", "1.0", "NA"),
        ("0", "0.5", "NA"),
    ]


def test_model_checkpoint(tmp_path):
    path = f"{tmp_path}/m-{{epoch:02d}}-{{val_loss:.1f}}.keras"
    saved = drive(callbacks.ModelCheckpoint(path), "val_loss", [3.0, 4.0, 2.0]).saved
    assert saved == ["m-01-3.0.keras", "m-02-4.0.keras", "m-03-2.0.keras"]
    best = callbacks.ModelCheckpoint(path, save_best_only=True)
    assert len(drive(best, "val_loss", [3.0, 4.0, 2.0]).saved) == 2
    every = callbacks.ModelCheckpoint(
        f"{tmp_path}/w-{{batch}}.weights.h5", save_weights_only=True, save_freq=3
    )
    model = FakeModel()
    every.set_model(model)
    for _ in range(2):
        for batch in range(4):
            every.on_train_batch_end(batch, {})
    assert model.saved == ["w-3.weights.h5", "w-2.weights.h5"]
    for options, message in (
        ({"filepath": "x"}, "must end in"),
        ({"filepath": "x.keras", "save_weights_only": True}, "weights.h5"),
        ({"filepath": "x.keras", "save_freq": "day"}, "Unrecognized save_freq"),
    ):
        with pytest.raises(ValueError, match=message):
            callbacks.ModelCheckpoint(**options)
    with pytest.raises(KeyError, match="is not among epoch, loss"):
        drive(callbacks.ModelCheckpoint("{x}.keras"), "loss", [1.0])


def test_terminate_on_nan(capsys):
    model = FakeModel()
    callback = callbacks.TerminateOnNaN()
    callback.set_model(model)
    callback.on_train_batch_end(0, {"loss": 1.0})
    assert not model.stop_training
    callback.on_train_batch_end(1, {"loss": float("inf")})
    assert model.stop_training and "inf" in capsys.readouterr().out
    with pytest.raises(RuntimeError, match="NaN or Inf loss"):
        callbacks.TerminateOnNaN(True).on_train_batch_end(0, {"loss": float("nan")})


def test_backup_goes_on(tmp_path):
    class Saving(FakeModel):
        built = True
        _initial_epoch = 0

        def __init__(self):
            super().__init__()
            self.optimizer.built = True

        def save_weights(self, path: Any, overwrite: bool = True) -> None:
            path.write_text(str(self.weights))

        def load_weights(self, path: Any) -> None:
            self.weights = int(path.read_text())

    folder = tmp_path / "backup"
    backup = callbacks.BackupAndRestore(folder, delete_checkpoint=False)
    drive(backup, "loss", [3.0, 2.0], Saving())
    assert json.loads((folder / "training_metadata.json").read_text())["epoch"] == 2
    model = Saving()
    second = callbacks.BackupAndRestore(folder)
    second.set_model(model)
    second.on_train_begin()
    assert model.weights == 1 and model._initial_epoch == 2
    second.on_train_end()
    assert not folder.exists()


def test_lambda_callback_and_order():
    seen: list[str] = []

    class Older(callbacks.Callback):
        def on_batch_end(self, batch, logs=None):
            seen.append(f"batch {batch} {logs['loss']}")

    say = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(f"epoch {epoch}"),
        on_test_end=lambda logs: seen.append("test"),
    )
    every = callbacks.CallbackList([Older(), [say]], model=FakeModel())
    every.on_train_begin()
    with dlcore.use_backend("jax"):
        every.on_train_batch_end(0, {"loss": dlcore.ops.convert_to_tensor(0.5)})
    every.on_test_begin()
    every.on_test_end({})
    every.on_epoch_end(0, {})
    every.on_train_end()
    assert seen == ["batch 0 0.5", "test", "epoch 0"]
    with pytest.raises(TypeError, match="Did you mean 'on_epoch_end'"):
        callbacks.LambdaCallback(on_epoch_ends=print)
    with pytest.raises(ValueError, match="without its beginning"):
        every.on_train_end()


def test_nobody_reads_the_logs_of_a_batch_for_nothing():
    class Device(SimpleNamespace):
        shape = ()

        def __array__(self, *args: Any, **kwargs: Any) -> Any:
            raise AssertionError("the device was read")

    watcher = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    every = callbacks.CallbackList([watcher, callbacks.History()], model=FakeModel())
    every.on_train_begin()
    every.on_train_batch_end(0, {"loss": Device()})
    assert every.wants("on_train_batch_end") and not every.wants("on_test_end")


def test_swap_ema_weights():
    model = FakeModel()
    variable = dlcore.Variable([0.0])
    model.optimizer = dlcore.optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5)
    for _ in range(2):
        gradient = dlcore.ops.convert_to_tensor([-2.0])
        model.optimizer.apply([gradient], [variable])
    swap = callbacks.SwapEMAWeights()
    swap.set_model(model)
    swap.on_test_begin()
    assert variable.numpy().tolist() == [3.0]
    swap.on_test_end()
    assert variable.numpy().tolist() == [4.0]
    swap.set_model(FakeModel())
    with pytest.raises(ValueError, match="use_ema=True"):
        swap.on_test_begin()


@pytest.mark.parametrize("name", ["jax", "torch", "tensorflow"])
def test_in_a_real_fit(name, tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 3)).astype("float32")
    y = (x @ np.array([[1.0], [-2.0], [0.5]]) > 0).astype("float32")
    with dlcore.use_backend(name):
        dlcore.utils.set_random_seed(1)
        model = dlcore.Sequential([dlcore.layers.Dense(1, activation="sigmoid")])
        model.compile(
            dlcore.optimizers.SGD(0.5), "binary_crossentropy", metrics=["accuracy"]
        )
        history = model.fit(
            x,
            y,
            validation_split=0.25,
            epochs=4,
            verbose=0,
            callbacks=[
                callbacks.EarlyStopping(patience=3, restore_best_weights=True),
                callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2),
                callbacks.CSVLogger(tmp_path / "log.csv"),
                callbacks.TerminateOnNaN(),
            ],
        )
    assert set(history.history) == {
        "loss",
        "accuracy",
        "val_loss",
        "val_accuracy",
        "learning_rate",
    }
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 5
