"""How many batches go into one compiled call: measured, not guessed."""

from __future__ import annotations

import math
import time
from typing import Any

from dlcore.src import tree
from dlcore.src.training.data.adapter import DataAdapter

#: Fewest and most batches in one compiled call, and most bytes of them.
LEAST_STEPS = 8
MOST_STEPS = 40
MOST_BYTES = 16_000_000

#: Steps of the trial after the first one, and seconds that a short step takes.
TRIAL = 5
SHORT = 1e-3

#: Seconds of steps ahead that are worth a second compilation.
WORTH = 2.0


class Grouping:
    """Decides, while the batches of a run go by, how many of them to stack next.

    A call of a compiled step costs the host some tenths of a millisecond, which
    several steps in one call share. But XLA runs the body of a loop on one thread and
    without its fastest convolutions (nine times slower for a small convnet on two
    cores), so only steps that are short are put together: the first steps of a model
    run one by one and are timed. The numbers are the same either way.

    Parameters
    ----------
    model : Model
    kind : {"train", "test"}
    adapter : DataAdapter
    strict : bool
        Whether a callback wants to see every batch.
    rounds : int
        How often the data will be gone through, this time included.
    """

    def __init__(
        self, model: Any, kind: str, adapter: DataAdapter, strict: bool, rounds: int
    ):
        self._model, self._kind = model, kind
        self._ahead = rounds * (adapter.steps or 0)
        self._most = self._limit(model, adapter, strict)
        self._step = self._seen = 0
        self._began = _clocks()

    @staticmethod
    def _limit(model: Any, adapter: DataAdapter, strict: bool) -> int:
        steps = adapter.steps or 0
        one_call = model.backend.runtime.REPEATS_IN_ONE_CALL
        if strict or not one_call or not adapter.in_memory or steps < LEAST_STEPS:
            return 1
        size = sum(getattr(a, "nbytes", 0) for a in tree.leaves(adapter.first()))
        most = min(MOST_STEPS, steps, MOST_BYTES // max(size, 1))
        # A divisor leaves no rest, which would be run one by one.
        divisors = [n for n in range(LEAST_STEPS, most + 1) if adapter.full % n == 0]
        return max(divisors, default=max(most, 1))

    @property
    def every(self) -> int:
        """After how many batches callbacks are called."""
        wanted = self._model.steps_per_execution
        return wanted if isinstance(wanted, int) else 1

    def size(self) -> int:
        """Return how many batches to stack next."""
        model, wanted = self._model, self.every
        if model._eager:
            return 1
        if wanted > 1:
            return wanted - self._step % wanted
        seconds = model._functions.seconds.get(self._kind, SHORT)
        if seconds >= SHORT:
            return 1
        ready = model._functions.has((self._kind, "repeated"))
        return self._most if ready or seconds * self._ahead > WORTH else 1

    def done(self, count: int) -> None:
        """Note that a step is done; the trial ends with its last one."""
        self._step += count
        known = self._model._functions.seconds
        if self._most == 1 or count > 1 or self._kind in known:
            return
        self._seen += 1
        if self._seen == 1:  # it was compiled: the clock starts behind it
            self._wait()
            self._began = _clocks()
        elif self._seen == 1 + TRIAL:
            self._wait()
            spent = min(b - a for a, b in zip(self._began, _clocks(), strict=True))
            known[self._kind] = spent / TRIAL

    def _wait(self) -> None:
        """Wait for the device: what a step computes is there at once or not at all."""
        variables = self._model._functions.state(self._model).all()
        if variables:
            min(variables, key=lambda v: math.prod(v.shape)).numpy()


def _clocks() -> tuple[float, float]:
    """Return wall and CPU seconds: on a busy machine the second tell more."""
    return time.perf_counter(), time.process_time()
