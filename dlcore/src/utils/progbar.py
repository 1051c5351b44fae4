"""A bar of text for loops of one's own."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from dlcore.src.export import export
from dlcore.src.utils.talk import say

_WITH_TARGET = "{n_fmt}/{total_fmt} |{bar}| {elapsed}<{remaining}, {rate_inv_fmt}"
_WITHOUT = "{n_fmt}/Unknown {elapsed}, {rate_inv_fmt}"


@export("dlcore.utils.Progbar")
class Progbar:
    """Show how far a loop is, and numbers that belong to it.

    Parameters
    ----------
    target : int or None
        How many steps there will be, None if that is not known.
    width : int
        Width of the bar, in characters.
    verbose : {0, 1, 2}
        0: nothing. 1: a line that is written again. 2: one line at the end.
    interval : float
        Shortest time between two drawings, in seconds.
    stateful_metrics : iterable of str, optional
        Names of numbers that are shown as they come; all others are averaged.
    stateless_metrics : iterable of str, optional
        Names of numbers that are averaged; all others are shown as they come.
    unit_name : str
        What a step is called.

    Raises
    ------
    ValueError
        If both lists of names are given.

    Examples
    --------
    >>> import dlcore
    >>> bar = dlcore.utils.Progbar(3, verbose=0)
    >>> for step in range(3):
    ...     bar.add(1, values=[("loss", 1.0 / (step + 1))])
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ):
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError(
                "Only one of `stateful_metrics` and `stateless_metrics` can be given: "
                "each says how all other numbers are shown."
            )
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self._averages = stateless_metrics is None
        names = stateful_metrics if self._averages else stateless_metrics
        self._exceptions = set(names or ())
        self._sums: dict[str, tuple[float, int]] = {}
        self._done = 0
        self._start = time.perf_counter()
        self._drawn = -interval
        self._length = 0

    def update(
        self,
        current: int,
        values: Iterable[tuple[str, Any]] | None = None,
        finalize: bool | None = None,
    ) -> None:
        """Show a step.

        Parameters
        ----------
        current : int
            Number of the step.
        values : iterable of (str, number), optional
            Names and values since the last update.
        finalize : bool, optional
            Whether this is the end; by default it is when ``target`` is reached.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        steps = max(current - self._done, 1)
        for name, given in values or ():
            value = float(np.mean(given))
            averaged = (name in self._exceptions) is not self._averages
            total, count = self._sums.get(name, (0.0, 0))
            if averaged and not finalize:
                self._sums[name] = total + value * steps, count + steps
            else:  # the last values are those of the whole epoch
                self._sums[name] = value, 1
        self._done = current
        now = time.perf_counter()
        if self.verbose == 1 and (finalize or now - self._drawn >= self.interval):
            self._draw(now - self._start, finalize)
            self._drawn = now
        elif self.verbose == 2 and finalize:
            took = f"{now - self._start:.0f}s"
            say(f"{current}/{self.target or 'Unknown'} - {took}{self._metrics()}")

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Show that so many further steps were done."""
        self.update(self._done + n, values)

    def _metrics(self) -> str:
        text = ""
        for name, (total, count) in self._sums.items():
            mean = total / count
            text += f" - {name}: {mean:.4{'f' if abs(mean) > 1e-3 else 'e'}}"
        return text

    def _draw(self, seconds: float, last: bool) -> None:
        from tqdm.std import tqdm

        form = _WITH_TARGET if self.target else _WITHOUT
        meter = tqdm.format_meter(
            self._done,
            self.target,
            seconds,
            unit=self.unit_name,
            bar_format=form.replace("{bar}", f"{{bar:{self.width}}}"),
        )
        text = f"{meter}{self._metrics()}"
        say(f"\r{text:<{self._length}}", end="\n" if last else "")
        self._length = len(text)
