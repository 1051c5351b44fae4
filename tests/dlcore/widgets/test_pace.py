"""Throttle, speed and time left, on a clock that the test moves."""

from __future__ import annotations

import pytest

from dlcore.src.widgets.format import duration, memory, number
from dlcore.src.widgets.pace import Pace, Throttle


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def tick(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_throttle_rests_by_cost(clock):
    throttle = Throttle(factor=20, least=0.1, clock=clock)
    assert throttle.ready()
    with throttle.turn():
        clock.tick(0.05)
    assert throttle.cost == pytest.approx(0.05)
    clock.tick(0.999)
    assert not throttle.ready()
    clock.tick(0.002)
    assert throttle.ready()


def test_throttle_rests_at_least(clock):
    throttle = Throttle(factor=20, least=0.25, clock=clock)
    with throttle.turn():
        clock.tick(0.001)
    clock.tick(0.24)
    assert not throttle.ready()
    clock.tick(0.02)
    assert throttle.ready()


def test_throttle_rests_after_an_error(clock):
    throttle = Throttle(factor=20, clock=clock)
    with pytest.raises(RuntimeError), throttle.turn():
        clock.tick(1)
        raise RuntimeError
    assert throttle.due == pytest.approx(clock.now + 20)


@pytest.mark.parametrize("cost", [0.0001, 0.004, 0.08, 1.5])
def test_throttle_keeps_the_share(clock, cost):
    throttle = Throttle(factor=20, least=0.01, clock=clock)
    begin, spent = clock.now, 0.0
    while clock.now < begin + 1000 * cost + 1:
        if throttle.ready():
            with throttle.turn():
                clock.tick(cost)
            spent += cost
        clock.tick(0.001)
    assert spent / (clock.now - begin) <= 0.05


def test_nothing_is_known_before_two_marks(clock):
    pace = Pace(epochs=3, steps=10, clock=clock)
    pace.begin_epoch()
    assert pace.speed is None
    assert pace.left is None
    clock.tick(5)
    pace.reach(1)
    assert pace.speed is None


def test_the_first_step_compiles_and_does_not_count(clock):
    pace = Pace(epochs=3, steps=10, clock=clock)
    pace.begin_epoch()
    clock.tick(8)  # compiles
    pace.reach(1)
    clock.tick(0.4)
    pace.reach(5)
    assert pace.speed == pytest.approx(10)
    assert pace.left == pytest.approx((30 - 5) / 10)


def test_epochs_tell_what_is_left_validation_included(clock):
    pace = Pace(epochs=5, steps=10, clock=clock)
    for seconds in (9.0, 2.0, 2.0):  # the first one compiles
        pace.begin_epoch()
        clock.tick(seconds)
        pace.reach(10)
        assert pace.end_epoch() == pytest.approx(seconds)
    assert pace.left == pytest.approx(4.0)
    pace.begin_epoch()
    clock.tick(0.5)
    assert pace.left == pytest.approx(3.5)
    clock.tick(100)  # slower than ever: at least the last epoch is left
    assert pace.left == pytest.approx(2.0)


def test_nothing_is_left_at_the_end(clock):
    pace = Pace(epochs=1, steps=10, clock=clock)
    pace.begin_epoch()
    clock.tick(1)
    pace.end_epoch()
    assert pace.left == 0


def test_speed_is_that_of_late(clock):
    pace = Pace(epochs=1, steps=10_000, window=5, clock=clock)
    pace.begin_epoch()
    for step in range(1, 11):
        clock.tick(1)
        pace.reach(step)
    for step in range(110, 1010, 100):
        clock.tick(1)
        pace.reach(step)
    assert pace.speed == pytest.approx(100)


def test_speed_goes_on_over_short_epochs(clock):
    pace = Pace(epochs=4, steps=10, clock=clock)
    for _ in range(3):
        pace.begin_epoch()
        clock.tick(0.5)
        pace.reach(5)
        clock.tick(0.5)
        pace.end_epoch()
    assert pace.speed == pytest.approx(10)


def test_speed_of_long_steps_in_groups(clock):
    pace = Pace(epochs=9, steps=21, window=5, clock=clock)
    for _ in range(4):
        pace.begin_epoch()
        clock.tick(20)
        pace.reach(20)  # twenty steps in one call, and one in another
        clock.tick(1)
        pace.reach(21)
        pace.end_epoch()
    assert pace.speed == pytest.approx(1)


def test_unknown_steps(clock):
    pace = Pace(epochs=2, clock=clock)
    pace.begin_epoch()
    for step in (1, 2, 3):
        clock.tick(1)
        pace.reach(step)
    assert pace.speed == pytest.approx(1)
    assert pace.left is None
    pace.end_epoch()
    assert pace.left == pytest.approx(3)


def test_elapsed_stops(clock):
    pace = Pace(epochs=1, clock=clock)
    clock.tick(2)
    pace.stop()
    clock.tick(50)
    assert pace.elapsed == pytest.approx(2)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 ms"),
        (0.0123, "12 ms"),
        (0.9999, "1.0 s"),
        (4.56, "4.6 s"),
        (59.96, "1:00"),
        (75, "1:15"),
        (3599.7, "1:00:00"),
        (4000, "1:06:40"),
        (None, "?"),
    ],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.0000"),
        (0.98765, "0.9877"),
        (-0.5, "-0.5000"),
        (12.3456, "12.346"),
        (54321.4, "54321"),
        (0.000123, "1.23e-04"),
        (1.5e9, "1.50e+09"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_number(value, text):
    assert number(value) == text


def test_memory():
    assert [memory(n) for n in (0, 3640, 5 * 1024**2, 3 * 1024**4)] == [
        "0.00 B",
        "3.55 KB",
        "5.00 MB",
        "3.00 TB",
    ]
