"""The record of a run."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from dlcore.src.widgets.pace import Pace
from dlcore.src.widgets.recorder import Recorder
from dlcore.src.widgets.run import MOST_LIVE_POINTS, Run, larger_is_better
from dlcore.src.widgets.text import Lines
from tests.dlcore.widgets.training import metrics, train


def record(**kwargs) -> Run:
    recorder = Recorder(Lines(), monitor=kwargs.pop("monitor", None))
    train(recorder, **kwargs)
    return recorder.run


def test_epochs_and_metrics():
    run = record(epochs=4)
    assert run.status == "finished"
    assert run.title == "digits"
    assert [e.number for e in run.epochs] == [1, 2, 3, 4]
    assert run.metrics() == ["loss", "accuracy"]
    assert run.series("val_loss").x == [1, 2, 3, 4]
    assert run.series("loss").y == [metrics(n)["loss"] for n in (1, 2, 3, 4)]
    assert run.latest["accuracy"] == metrics(4)["accuracy"]
    assert run.share == 1


def test_stopped_early():
    run = record(epochs=10, stop=4)
    assert run.status == "stopped early"
    assert run.share == pytest.approx(0.4)


def test_going_on_from_a_later_epoch():
    run = record(epochs=8, first=5)
    assert (run.first, run.done, run.last) == (5, 8, 8)
    assert run.pace.epochs == 3
    assert run.status == "finished"


@pytest.mark.parametrize(
    ("monitor", "values", "best"),
    [
        (None, {"loss": [3, 1, 2], "val_loss": [1, 2, 3]}, 1),
        (None, {"loss": [3, 1, 2]}, 2),
        ("val_accuracy", {"loss": [3, 2, 1], "val_accuracy": [0.5, 0.9, 0.7]}, 2),
        ("loss", {"loss": [float("nan"), 2, 1]}, 3),
        ("auc", {"loss": [1, 2, 3]}, None),
    ],
)
def test_best(monitor, values, best):
    run = Run("m", Pace(3), monitor=monitor)
    for i in range(3):
        run.begin_epoch(i)
        run.end_epoch(i, {name: v[i] for name, v in values.items()})
    assert (run.best and run.best.number) == best


def test_the_best_epoch_stays_among_the_rows():
    run = Run("m", Pace(20))
    for i in range(20):
        run.begin_epoch(i)
        run.end_epoch(i, {"loss": abs(i - 4)})
    assert [e.number for e in run.rows(5)] == [5, 17, 18, 19, 20]
    assert [e.number for e in run.rows(100)] == list(range(1, 21))


def test_only_numbers_are_recorded():
    run = Run("m", Pace(1, 2))
    run.begin_epoch(0)
    logs = {"loss": np.float32(1.5), "f1": np.ones(3), "name": "x", "none": None}
    run.reach(1, logs)
    run.end_epoch(0, logs)
    assert run.epochs[0].logs == {"loss": 1.5}
    assert run.metrics() == ["loss"]


def test_the_points_inside_epochs_stay_few():
    run = Run("m", Pace(1, 1_000_000))
    run.begin_epoch(0)
    for step in range(1, 20_000):
        run.reach(step, {"loss": 1 / step})
    live = run.live("loss")
    assert len(live.x) <= MOST_LIVE_POINTS
    assert max(live.y) == 1
    assert live.y[-1] == 1 / 19_999


def test_from_history():
    run = Run.from_history([0, 1, 2], {"loss": [3, 2, 1], "val_loss": [3, 1, 2]})
    assert run.best.number == 2
    assert run.metrics() == ["loss"]
    assert run.status == "finished"


def test_from_the_history_of_a_second_fit():
    run = Run.from_history([3, 4], {"loss": [5, 4, 3, 2, 1], "val_loss": [9]})
    assert run.series("loss") == ([4.0, 5.0], [2.0, 1.0])
    assert run.series("val_loss") == ([5.0], [9.0])


@pytest.mark.parametrize(
    ("name", "larger"),
    [
        ("val_accuracy", True),
        ("sparse_categorical_accuracy", True),
        ("AUC", True),
        ("mean_io_u", True),
        ("loss", False),
        ("val_mae", False),
    ],
)
def test_direction(name, larger):
    assert larger_is_better(name) is larger


def test_read_by_one_thread_while_another_writes():
    run = Run("m", Pace(200, 50))
    errors = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                for name in run.metrics():
                    for series in (run.series(name), run.live(name)):
                        assert len(series.x) == len(series.y)
                list(run.rows(5))
        except Exception as error:  # reported by the main thread
            errors.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for epoch in range(200):
        run.begin_epoch(epoch)
        for step in range(1, 51):
            run.reach(step, {"loss": 1 / step, f"metric_{epoch % 7}": step})
        run.end_epoch(epoch, {"loss": 1.0})
    done.set()
    for reader in readers:
        reader.join()
    assert not errors
