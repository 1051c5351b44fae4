"""Callbacks that watch one number."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dlcore import ops
from dlcore.src.callbacks.base import Callback, Logs
from dlcore.src.errors import did_you_mean


class MonitorCallback(Callback):
    """Base of the callbacks that ask whether a number got better.

    Parameters
    ----------
    monitor : str
        Which one of the logs: ``"loss"``, ``"val_accuracy"``...
    mode : {"auto", "min", "max"}
        Whether less or more is better; ``"auto"`` asks the metric.
    baseline : float, optional
        What must be beaten first.
    min_delta : float
        By how much it must be better.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        baseline: float | None = None,
        min_delta: float = 0,
    ):
        if mode not in ("auto", "min", "max"):
            warnings.warn(
                f"{type(self).__name__} mode {mode!r} is unknown, 'auto' is taken."
                + did_you_mean(mode, ("auto", "min", "max")),
                stacklevel=3,
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best = baseline
        self.min_delta = abs(min_delta)
        self.monitor_op: Callable[[Any, Any], Any] | None = None

    def is_better(self, value: Any, reference: Any) -> bool:
        """Whether a number is better than another one; than None anything is."""
        if self.monitor_op is None:
            self.monitor_op = ops.less if self._less_is_better() else ops.greater
        if reference is None:
            return True
        sign = 1 if self.monitor_op is ops.less else -1
        shifted = np.asarray(value) + sign * self.min_delta
        return bool(self.monitor_op(shifted, reference))

    def _less_is_better(self) -> bool:
        if self.mode != "auto":
            return self.mode == "min"
        name = self.monitor.removeprefix("val_")
        if name == "loss":
            return True
        for metric in _all_metrics(self.model):
            if metric.name == name and getattr(metric, "_direction", None):
                return metric._direction == "down"
        if name.endswith("loss"):
            return True
        raise ValueError(
            f"{type(self).__name__}: whether less or more {self.monitor!r} is better "
            "is not known. Say mode='min' or mode='max'."
        )

    def get_monitor_value(self, logs: Logs) -> Any:
        """Return the watched number, or None with a warning if it is not there."""
        logs = logs or {}
        value = logs.get(self.monitor)
        if value is None:
            warnings.warn(
                f"{type(self).__name__}: the metric {self.monitor!r} is not available."
                f"{did_you_mean(self.monitor, logs)} Available metrics are: "
                + ",".join(logs),
                stacklevel=2,
            )
        return value


def _all_metrics(holder: Any) -> Iterator[Any]:
    for metric in getattr(holder, "metrics", None) or ():
        yield metric
        yield from _all_metrics(metric)


def optimizers_of(model: Any) -> dict[str, Any]:
    """Return the optimizers whose rates can be set, by the ending of their logs."""
    optimizer = model.optimizer
    several = getattr(optimizer, "optimizers", None)
    if several is None:
        return {"": optimizer}
    return {f"_{single.name}": single for single in several}


def learning_rate(optimizer: Any) -> float:
    """Return the learning rate as a number."""
    if not hasattr(optimizer, "learning_rate"):
        raise ValueError(f"The optimizer {optimizer!r} has no `learning_rate`.")
    return float(optimizer.learning_rate)


def log_learning_rates(model: Any, logs: Any) -> None:
    """Add the learning rate to the logs, for the callbacks that come after."""
    for suffix, optimizer in optimizers_of(model).items():
        logs[f"learning_rate{suffix}"] = learning_rate(optimizer)
