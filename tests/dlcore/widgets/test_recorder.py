"""The callback: when it draws, what a step costs, how a run ends."""

from __future__ import annotations

import time

import pytest

from dlcore.src.widgets.pace import Throttle
from dlcore.src.widgets.recorder import Recorder
from tests.dlcore.widgets.training import Clock, Model, metrics, train


class View:
    """Notes what it is asked to draw; drawing takes 50 milliseconds."""

    def __init__(self, clock: Clock):
        self.clock = clock
        self.throttle = Throttle(20, 0.25, clock)
        self.seen: list[str] = []

    def begin(self, run) -> None:
        self.seen.append("begin")

    def draw(self, run) -> None:
        with self.throttle.turn():
            self.clock.now += 0.05
            self.seen.append("draw")

    def epoch(self, run) -> None:
        self.seen.append("epoch")

    def end(self, run) -> None:
        self.seen.append(run.status)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def recorder(clock) -> Recorder:
    return Recorder(View(clock), clock=clock)


def test_it_draws_as_often_as_its_cost_allows(clock, recorder):
    def step(epoch, i):
        clock.now += 0.001

    train(recorder, epochs=2, steps=5000, step=step)
    draws = recorder.view.seen.count("draw")
    assert 0.05 * draws / clock.now <= 0.05
    assert draws == pytest.approx(10.5 / 1.05, abs=2)
    assert recorder.view.seen[0] == "begin"
    assert recorder.view.seen[-1] == "finished"
    assert recorder.view.seen.count("epoch") == 2


def test_metrics_are_read_only_to_be_drawn(clock, recorder):
    class Logs(dict):
        read = 0

        def items(self):
            Logs.read += 1
            return super().items()

    recorder.set_model(Model())
    recorder.set_params({"epochs": 1, "steps": 1000})
    recorder.on_train_begin()
    recorder.on_epoch_begin(0)
    logs = Logs(loss=1.0)
    for i in range(1000):
        recorder.on_train_batch_end(i, logs)
    assert Logs.read == recorder.view.seen.count("draw") == 1


def test_a_step_costs_microseconds():
    recorder = Recorder(View(Clock()))
    recorder.view.throttle.due = float("inf")
    recorder.set_params({"epochs": 1, "steps": 10})
    recorder.on_train_begin()
    logs = {"loss": 1.0}
    best = float("inf")
    for _ in range(5):
        begin = time.perf_counter()
        for i in range(10_000):
            recorder.on_train_batch_end(i, logs)
        best = min(best, time.perf_counter() - begin)
    assert best / 10_000 < 5e-6


@pytest.mark.parametrize(
    ("error", "status", "note"),
    [
        (KeyboardInterrupt(), "interrupted", ""),
        (None, "interrupted", ""),
        (ValueError("wrong\nshape"), "failed", "ValueError: wrong"),
        (MemoryError(), "failed", "MemoryError"),
    ],
)
def test_an_exception_ends_the_run(recorder, error, status, note):
    def step(epoch, i):
        if (epoch, i) == (1, 5):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        train(recorder, step=step)
    assert recorder.run.status == "running"
    recorder.close(error)
    assert (recorder.run.status, recorder.run.note) == (status, note)
    assert recorder.view.seen[-1] == status
    count = len(recorder.view.seen)
    recorder.close(error)
    recorder.on_train_end()
    assert len(recorder.view.seen) == count  # a run ends once


def test_closing_before_anything_ran(recorder):
    recorder.close()
    assert recorder.view.seen == []


def test_validation_belongs_to_the_run(recorder):
    train(recorder, epochs=1)
    assert recorder.run.kind == "fit"
    assert len(recorder.run.epochs) == 1


def test_evaluate_and_predict(recorder):
    recorder.set_model(Model())
    recorder.set_params({"steps": 10})
    recorder.on_test_begin()
    assert recorder.run.kind == "evaluate"
    recorder.on_test_end(metrics(1))
    assert recorder.run.epochs[0].logs == metrics(1)
    recorder.on_predict_begin()
    recorder.on_predict_end({"outputs": [1, 2]})
    assert recorder.run.kind == "predict"
    assert recorder.view.seen == ["begin", "finished"] * 2


def test_fit_may_run_again(recorder):
    train(recorder, epochs=2)
    first = recorder.run
    train(recorder, epochs=5, first=2)
    assert recorder.run is not first
    assert [e.number for e in recorder.run.epochs] == [3, 4, 5]
