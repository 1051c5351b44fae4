"""Time: how fast training goes, when it will end, when to draw again."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Clock = Callable[[], float]


class Throttle:
    """Keep an action's share of the time small, whatever it costs.

    After each turn the action rests for ``factor`` times what that turn cost, and
    for ``least`` seconds at least. So it takes at most ``1 / (factor + 1)`` of the
    time.

    Parameters
    ----------
    factor : float
        Rest by cost.
    least : float
        Shortest rest, in seconds.
    clock : Callable
        Returns seconds.

    Examples
    --------
    >>> throttle = Throttle(factor=20)
    >>> if throttle.ready():
    ...     with throttle.turn():
    ...         print("drawn")
    drawn
    """

    def __init__(
        self,
        factor: float = 20.0,
        least: float = 0.0,
        clock: Clock = time.perf_counter,
    ):
        self.factor = factor
        self.least = least
        self.clock = clock
        self.cost = 0.0
        self.due = float("-inf")

    def ready(self) -> bool:
        """Return whether the rest is over."""
        return self.clock() >= self.due

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Measure the action inside, and rest by its cost, also if it raises."""
        begin = self.clock()
        try:
            yield
        finally:
            end = self.clock()
            self.cost = end - begin
            self.due = end + max(self.least, self.factor * self.cost)


class Pace:
    """Speed and time left of a run, from the steps seen so far.

    The first step compiles, so speed is measured from the second one on. As soon as
    an epoch is done, epochs tell better what is left, because they hold the
    validation too.

    Parameters
    ----------
    epochs : int
        Epochs of this run.
    steps : int, optional
        Steps of an epoch, if known.
    window : float
        Speed is that of the last ``window`` seconds.
    clock : Callable
        Returns seconds.
    """

    def __init__(
        self,
        epochs: int,
        steps: int | None = None,
        window: float = 5.0,
        clock: Clock = time.perf_counter,
    ):
        self.epochs = epochs
        self.steps = steps
        self.window = window
        self.clock = clock
        self.begin = self.epoch_begin = clock()
        self.end: float | None = None
        self.step = 0
        self._marks: deque[tuple[float, int]] = deque(maxlen=64)
        self._durations: list[float] = []
        self._before = 0  # steps of the epochs that are done

    def begin_epoch(self) -> None:
        """Note that an epoch begins now."""
        self.step = 0
        self.epoch_begin = self.clock()

    def reach(self, step: int) -> None:
        """Note that ``step`` steps of this epoch are done now."""
        if step > self.step:
            self.step = step
            self._marks.append((self.clock(), self._before + step))

    def end_epoch(self) -> float:
        """Note that the epoch ends now; return its seconds."""
        now = self.clock()
        self._durations.append(now - self.epoch_begin)
        self.epoch_begin = now
        self._before += self.steps or self.step
        self.step = 0
        return self._durations[-1]

    def stop(self) -> None:
        """Stop the clock of the run."""
        self.end = self.clock()

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return (self.clock() if self.end is None else self.end) - self.begin

    @property
    def speed(self) -> float | None:
        """Steps per second of late, or None before there are two marks."""
        if len(self._marks) < 2:
            return None
        last, step = self._marks[-1]
        # The window; or the last few marks, where steps are long and come in groups.
        few = self._marks[max(0, len(self._marks) - 5)]
        begin = min(last - self.window, few[0])
        since, first = next(m for m in self._marks if m[0] >= begin)
        return (step - first) / (last - since) if last > since else None

    @property
    def left(self) -> float | None:
        """Seconds left of the run, or None when nothing is known yet."""
        done = len(self._durations)
        if done:
            # The first epoch compiled; it counts only while there is no other.
            recent = self._durations[1:][-5:] or self._durations
            inside = self.clock() - self.epoch_begin
            epoch = sum(recent) / len(recent)
            return max(0.0, epoch * (self.epochs - done) - min(inside, epoch))
        speed = self.speed
        if speed is None or self.steps is None:
            return None
        return (self.epochs * self.steps - self.step) / speed
