"""The callback that keeps the record of a run and has a view draw it."""

from __future__ import annotations

import time
from typing import Protocol

from dlcore.src.callbacks.base import Callback, Logs
from dlcore.src.widgets.pace import Clock, Pace, Throttle
from dlcore.src.widgets.run import Kind, Run


class View(Protocol):
    """What draws a run: the dashboard, a bar, lines of a log."""

    throttle: Throttle

    def begin(self, run: Run) -> None:
        """Draw it for the first time."""

    def draw(self, run: Run) -> None:
        """Draw it again, inside an epoch."""

    def epoch(self, run: Run) -> None:
        """Draw it at the end of an epoch."""

    def end(self, run: Run) -> None:
        """Draw it for the last time."""


class Recorder(Callback):
    """Record what ``fit``, ``evaluate`` and ``predict`` measure, and show it.

    A step costs one look at the clock. The metrics are read, which waits for the
    device, only when the view is due to draw.

    Parameters
    ----------
    view : View
    monitor : str, optional
        The metric that decides which epoch is the best one.
    title : str, optional
        The model's name unless given.
    clock : Callable
        Returns seconds.
    """

    #: The trainer may run many steps in one call and tell of the last one only.
    every_batch = False

    def __init__(
        self,
        view: View,
        monitor: str | None = None,
        title: str | None = None,
        clock: Clock = time.perf_counter,
    ):
        self.view = view
        self.monitor = monitor
        self.title = title
        self.run: Run | None = None
        self._clock = clock

    def _begin(self, kind: Kind) -> None:
        params = self.params or {}
        epochs = params.get("epochs") or 1 if kind == "fit" else 1
        model = self.model
        self.run = Run(
            title=self.title or str(getattr(model, "name", "model")),
            pace=Pace(epochs, params.get("steps"), clock=self._clock),
            backend=str(getattr(getattr(model, "backend", None), "name", "")),
            monitor=self.monitor,
            kind=kind,
            directions={
                metric.name: metric._direction == "up"
                for metric in getattr(model, "metrics", None) or ()
                if getattr(metric, "_direction", None)
            },
        )
        self.view.begin(self.run)

    def _step(self, batch: int, logs: Logs) -> None:
        if self.run is not None:
            self.run.reach(batch + 1, logs or {})
            self.view.draw(self.run)

    def _end(self, logs: Logs) -> None:
        run = self.run
        if run is None or run.status != "running":
            return
        if run.kind != "fit":
            run.end_epoch(0, logs or {})
        short = len(run.epochs) < run.pace.epochs
        run.finish("stopped early" if short else "finished")
        self.view.end(run)

    def close(self, error: BaseException | None = None) -> None:
        """Draw the run for the last time if an exception ended it.

        Parameters
        ----------
        error : BaseException, optional
            What ended it; ``KeyboardInterrupt`` means that the user did.
        """
        run = self.run
        if run is None or run.status != "running":
            return
        if error is None or isinstance(error, KeyboardInterrupt):
            run.finish("interrupted")
        else:
            first = next(iter(str(error).splitlines()), "")[:120]
            run.finish("failed", ": ".join(filter(None, [type(error).__name__, first])))
        self.view.end(run)

    def on_train_begin(self, logs: Logs = None) -> None:
        """Show the run for the first time."""
        self._begin("fit")

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Count its steps from zero."""
        if self.run is not None:
            self.run.begin_epoch(epoch)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Show the step if it is time to."""
        if self._clock() >= self.view.throttle.due:
            self._step(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Record the epoch."""
        if self.run is not None:
            self.run.end_epoch(epoch, logs or {})
            self.view.epoch(self.run)

    def on_train_end(self, logs: Logs = None) -> None:
        """Show the run for the last time."""
        self._end(logs)

    @property
    def _fitting(self) -> bool:
        run = self.run
        return run is not None and run.kind == "fit" and run.status == "running"

    def on_test_begin(self, logs: Logs = None) -> None:
        """Show that ``evaluate`` runs, or that ``fit`` validates."""
        if not self._fitting:
            self._begin("evaluate")
        elif self.run is not None:
            self.run.phase = "validation"
            if self._clock() >= self.view.throttle.due:
                self.view.draw(self.run)

    def on_test_end(self, logs: Logs = None) -> None:
        """Show the results of ``evaluate``."""
        if not self._fitting:
            self._end(logs)

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Show that ``predict`` runs."""
        self._begin("predict")

    def on_predict_end(self, logs: Logs = None) -> None:
        """Show that it is done."""
        self._end(None)
