"""Learning rates that change between epochs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from dlcore.src.callbacks.base import Callback, Logs
from dlcore.src.callbacks.monitor import (
    MonitorCallback,
    learning_rate,
    log_learning_rates,
    optimizers_of,
)
from dlcore.src.export import export
from dlcore.src.utils.talk import say


@export("dlcore.callbacks.LearningRateScheduler")
class LearningRateScheduler(Callback):
    """Ask a function for the learning rate of each epoch.

    Parameters
    ----------
    schedule : Callable
        ``(epoch, rate) -> rate``, or ``(epoch) -> rate``; epochs are counted from 0.
    verbose : {0, 1}
        Whether to say which rate was set.

    Raises
    ------
    ValueError
        If the function returns no float.

    Examples
    --------
    >>> import dlcore
    >>> halve = dlcore.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    """

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0):
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Set the rate."""
        for suffix, optimizer in optimizers_of(self.model).items():
            if _takes_two(self.schedule):
                rate = self.schedule(epoch, learning_rate(optimizer))
            else:
                rate = self.schedule(epoch)
            if not isinstance(rate, float | np.floating):
                raise ValueError(
                    f"The `schedule` function should return a float, got {rate!r}."
                )
            optimizer.learning_rate = rate
            if self.verbose:
                of = f"{suffix[1:]} " if suffix else ""
                say(
                    f"\nEpoch {epoch + 1}: LearningRateScheduler setting {of}"
                    f"learning rate to {rate}."
                )

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Add the rate to the logs."""
        log_learning_rates(self.model, {} if logs is None else logs)


def _takes_two(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return False
    return True


@export("dlcore.callbacks.ReduceLROnPlateau")
class ReduceLROnPlateau(MonitorCallback):
    """Multiply the learning rate by a factor when a number gets no better.

    Parameters
    ----------
    monitor : str
        Which one of the logs to watch.
    factor : float
        Below 1.
    patience : int
        For how many epochs to wait.
    verbose : {0, 1}
        Whether to say that the rate was reduced.
    mode : {"auto", "min", "max"}
        Whether less or more is better; ``"auto"`` asks the metric.
    min_delta : float
        By how much it must get better.
    cooldown : int
        For how many epochs not to watch after a reduction.
    min_lr : float
        Least learning rate.

    Raises
    ------
    ValueError
        If ``factor`` is 1 or more.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 0.0001,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ValueError(
                f"ReduceLROnPlateau: `factor` must be below 1, got {factor!r}."
            )
        if kwargs:
            raise TypeError(
                f"ReduceLROnPlateau: unknown arguments {', '.join(sorted(kwargs))}."
            )
        self.factor = factor
        self.min_lr = min_lr
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.on_train_begin()

    def on_train_begin(self, logs: Logs = None) -> None:
        """Forget the last training."""
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Compare, and reduce the rate if the patience is over."""
        log_learning_rates(self.model, {} if logs is None else logs)
        current = self.get_monitor_value(logs)
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.is_better(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self._reduce(epoch):
                self.cooldown_counter = self.cooldown
                self.wait = 0

    def _reduce(self, epoch: int) -> bool:
        reduced = False
        for suffix, optimizer in optimizers_of(self.model).items():
            old = learning_rate(optimizer)
            if old > np.float32(self.min_lr):
                optimizer.learning_rate = max(old * self.factor, self.min_lr)
                reduced = True
                if self.verbose:
                    of = f"{suffix[1:]} " if suffix else ""
                    say(
                        f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing {of}"
                        f"learning rate to {learning_rate(optimizer):g}."
                    )
        return reduced

    def in_cooldown(self) -> bool:
        """Whether the last reduction was not long ago."""
        return self.cooldown_counter > 0
