"""The record of one training run: what every view of it is drawn from."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Any, Literal, NamedTuple

import numpy as np

from dlcore.src.widgets.decimate import decimate
from dlcore.src.widgets.pace import Pace

Status = Literal["running", "finished", "stopped early", "interrupted", "failed"]
Kind = Literal["fit", "evaluate", "predict"]
VALIDATION = "val_"
MOST_LIVE_POINTS = 4000
_LARGER_IS_BETTER = (
    "acc",
    "auc",
    "cosine_similarity",
    "dice",
    "f1",
    "fbeta",
    "io_u",
    "iou",
    "precision",
    "r2",
    "recall",
    "sensitivity",
    "specificity",
)


class Epoch(NamedTuple):
    """One finished epoch: its number from 1, its seconds, its metrics."""

    number: int
    seconds: float
    logs: dict[str, float]


class Series(NamedTuple):
    """One curve: epochs, fractions included, and the values at them."""

    x: list[float]
    y: list[float]


def larger_is_better(metric: str) -> bool:
    """Return whether a metric of this name is to grow."""
    name = metric.removeprefix(VALIDATION).lower()
    return any(part in name for part in _LARGER_IS_BETTER)


def numbers(logs: Mapping[str, Any]) -> dict[str, float]:
    """Return the logs that are single numbers; a curve cannot show anything else."""
    return {
        name: float(value)
        for name, value in logs.items()
        if np.ndim(value) == 0 and not isinstance(value, str) and value is not None
    }


@dataclass
class Run:
    """Metrics, position and state of one run of ``fit``.

    Any thread may read it while training writes: each method takes the lock.

    Parameters
    ----------
    title : str
        Name of the model.
    pace : Pace
        Its clock.
    backend : str
        Where it runs; may be empty.
    monitor : str, optional
        The metric that decides which epoch is the best one; by default
        ``"val_loss"``, or ``"loss"`` without validation.
    directions : mapping of str to bool
        Whether a metric is to grow, where its name does not tell.
    """

    title: str
    pace: Pace
    backend: str = ""
    monitor: str | None = None
    directions: Mapping[str, bool] = field(default_factory=dict)
    first: int = 0
    kind: Kind = "fit"
    status: Status = "running"
    phase: Literal["training", "validation"] = "training"
    note: str = ""
    latest: dict[str, float] = field(default_factory=dict)
    epochs: list[Epoch] = field(default_factory=list)
    _live: dict[str, Series] = field(default_factory=dict)
    _lock: Any = field(default_factory=threading.RLock, repr=False)

    @classmethod
    def from_history(cls, epoch: list[int], history: Mapping[str, Any]) -> Run:
        """Make the record of a run that is over from a ``History``.

        Parameters
        ----------
        epoch : list of int
            Numbers of the epochs, from 0.
        history : mapping of str to list of float
            Values of each metric, one an epoch.
        """
        run = cls("History", Pace(len(epoch)), status="finished")
        run.first = epoch[0] if epoch else 0
        for i, number in enumerate(epoch):
            # Lists of a model that was trained before are longer: the last ones count.
            at = i - len(epoch)
            logs = numbers({k: v[at] for k, v in history.items() if -at <= len(v)})
            run.epochs.append(Epoch(number + 1, nan, logs))
        if run.epochs:
            run.latest = run.epochs[-1].logs
        return run

    def begin_epoch(self, epoch: int) -> None:
        """Note that the epoch of this number, from 0, begins."""
        with self._lock:
            if not self.epochs:
                self.first = epoch
                self.pace.epochs = max(1, self.pace.epochs - epoch)
            self.phase = "training"
            self.pace.begin_epoch()

    def reach(self, step: int, logs: Mapping[str, Any]) -> None:
        """Note the metrics after ``step`` steps of this epoch."""
        with self._lock:
            self.phase = "training"
            self.pace.reach(step)
            values = numbers(logs)
            self.latest.update(values)
            if self.pace.steps:  # else nobody knows where in the epoch this is
                for name, value in values.items():
                    self._point(name, self.position, value)

    def _point(self, name: str, x: float, y: float) -> None:
        series = self._live.setdefault(name, Series([], []))
        series.x.append(x)
        series.y.append(y)
        if len(series.x) > MOST_LIVE_POINTS:
            thin = decimate(series.x, series.y, MOST_LIVE_POINTS // 2)
            self._live[name] = Series(*thin)

    def end_epoch(self, epoch: int, logs: Mapping[str, Any]) -> None:
        """Note that the epoch of this number, from 0, ends with these metrics."""
        with self._lock:
            values = numbers(logs)
            self.epochs.append(Epoch(epoch + 1, self.pace.end_epoch(), values))
            self.latest = dict(values)

    def finish(self, status: Status, note: str = "") -> None:
        """Note how the run ended."""
        with self._lock:
            self.status, self.note = status, note
            self.pace.stop()

    @property
    def last(self) -> int:
        """Number of the last epoch that is planned."""
        return self.first + self.pace.epochs

    @property
    def done(self) -> int:
        """Number of the last epoch that is finished."""
        return self.epochs[-1].number if self.epochs else self.first

    @property
    def position(self) -> float:
        """Epochs done, with the part of the running one."""
        if self.status != "running":
            return float(self.done)
        steps = self.pace.steps
        inside = self.pace.step / steps if steps else 0.0
        return min(self.done + inside, float(self.last))

    @property
    def share(self) -> float:
        """Part of the run that is done, between 0 and 1."""
        if self.status == "finished":
            return 1.0
        return (self.position - self.first) / max(1, self.pace.epochs)

    def metrics(self) -> list[str]:
        """Return the names of the metrics without those of validation, loss first."""
        with self._lock:
            names = dict.fromkeys(self._live)
            for epoch in self.epochs[:1] + self.epochs[-1:]:
                names.update(dict.fromkeys(epoch.logs))
        plain = dict.fromkeys(n.removeprefix(VALIDATION) for n in names)
        return sorted(plain, key=lambda n: n != "loss")

    def series(self, name: str) -> Series:
        """Return the values of a metric at the ends of the epochs."""
        with self._lock:
            rows = [(e.number, e.logs[name]) for e in self.epochs if name in e.logs]
        return Series([float(n) for n, _ in rows], [v for _, v in rows])

    def live(self, name: str) -> Series:
        """Return the values of a metric seen inside the epochs."""
        with self._lock:
            series = self._live.get(name, Series([], []))
            return Series(list(series.x), list(series.y))

    @property
    def monitored(self) -> str:
        """Name of the metric that decides which epoch is the best one."""
        if self.monitor is not None:
            return self.monitor
        seen = self.epochs[-1].logs if self.epochs else {}
        return "val_loss" if "val_loss" in seen else "loss"

    @property
    def best(self) -> Epoch | None:
        """The best finished epoch, or None while there is none."""
        name = self.monitored
        with self._lock:
            rows = [e for e in self.epochs if isfinite(e.logs.get(name, nan))]
        if not rows:
            return None
        plain = name.removeprefix(VALIDATION)
        pick = max if self.directions.get(plain, larger_is_better(name)) else min
        return pick(rows, key=lambda e: e.logs[name])

    def rows(self, count: int) -> Iterator[Epoch]:
        """Yield the last ``count`` epochs, and the best one if it is older."""
        with self._lock:
            shown = self.epochs[-count:]
        best = self.best
        if best is not None and shown and best.number < shown[0].number:
            yield best
            shown = shown[1:]
        yield from shown
