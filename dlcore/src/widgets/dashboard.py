"""Watching ``fit`` in a notebook: live curves, time left, table of epochs."""

from __future__ import annotations

import sys
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any

from dlcore.src.export import export
from dlcore.src.widgets import curves, page
from dlcore.src.widgets.output import Output
from dlcore.src.widgets.pace import Clock, Throttle
from dlcore.src.widgets.place import cell, in_notebook
from dlcore.src.widgets.recorder import Recorder
from dlcore.src.widgets.run import Kind, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Panels:
    """The view of a notebook: HTML with curves, drawn again in its place.

    Parameters
    ----------
    factor : float
        It rests for ``factor`` times what drawing cost.
    least : float
        Shortest rest, in seconds.
    clock : Callable
        Returns seconds.
    """

    def __init__(
        self,
        factor: float = 20.0,
        least: float = 0.5,
        clock: Clock = time.perf_counter,
    ):
        self.throttle = Throttle(factor, least, clock)
        self._output = Output()

    def begin(self, run: Run) -> None:
        """Show the head at once."""
        self._output.show(_bundle(run, page.html(run, [])))

    def draw(self, run: Run) -> None:
        """Show the run as it stands."""
        with self.throttle.turn():
            try:
                drawn = [(panel, curves.svg(panel)) for panel in curves.panels(run)]
                self._output.show(_bundle(run, page.html(run, drawn)))
            except Exception as error:
                # Hours of training are not to be lost for a picture.
                self.throttle.factor = self.throttle.least = float("inf")
                warnings.warn(
                    f"The dashboard stops drawing this run: {error!r}", stacklevel=2
                )

    def epoch(self, run: Run) -> None:
        """Show the epoch, if it is time to draw again."""
        if self.throttle.ready():
            self.draw(run)

    def end(self, run: Run) -> None:
        """Leave one output that needs no kernel: HTML, and plain text."""
        self._output.show(_bundle(run, page.still(run)))


def _bundle(run: Run, html: str) -> dict[str, str]:
    return {"text/html": html, "text/plain": page.text(run)}


@export("dlcore.callbacks.Dashboard")
class Dashboard(Recorder):
    """Show training while it runs: curves, time left, the latest epochs.

    In a notebook each metric has a picture with train and validation, and the best
    epoch is marked. At the end, also when training is interrupted or fails, one
    output stays in the saved notebook that needs neither kernel nor widgets. It draws
    no faster than it costs at most 5 percent of the time, usually about one.

    Elsewhere it is a bar of text, or a line for each epoch. ``fit(verbose="auto")``
    makes a ``Dashboard`` by itself in a notebook; give one to configure it.

    Parameters
    ----------
    monitor : str, optional
        The metric that decides which epoch is the best one; ``"val_loss"`` unless
        given, or ``"loss"`` without validation data.
    title : str, optional
        The model's name unless given.
    interval : float
        Shortest time between two drawings, in seconds.

    Attributes
    ----------
    run : Run or None
        The record of the last run.

    Examples
    --------
    >>> import dlcore
    >>> dashboard = dlcore.callbacks.Dashboard(monitor="val_accuracy")
    >>> # model.fit(x, y, validation_split=0.1, callbacks=[dashboard])
    """

    def __init__(
        self,
        monitor: str | None = None,
        title: str | None = None,
        interval: float = 0.5,
    ):
        if not interval > 0:
            raise ValueError(
                f"Dashboard: `interval` must be a positive number of seconds, got "
                f"{interval!r}."
            )
        self.interval = interval
        super().__init__(Panels(least=interval), monitor, title)
        self._thread: threading.Thread | None = None

    def _begin(self, kind: Kind) -> None:
        from dlcore.src.widgets.progress import text_view

        curved = kind == "fit" and in_notebook()
        self.view = Panels(least=self.interval) if curved else text_view()
        self._listen()
        super()._begin(kind)

    def _listen(self) -> None:
        """Ask IPython to tell when the cell ends: an exception reaches no callback."""
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython is not None else None
        if shell is None:
            return
        self._thread = threading.current_thread()
        shell.events.register("post_run_cell", self._cell_ended)

    def _cell_ended(self, result: Any) -> None:
        if threading.current_thread() is not self._thread:
            return  # fit runs in another thread, and outlives the cell
        ipython = sys.modules["IPython"]
        ipython.get_ipython().events.unregister("post_run_cell", self._cell_ended)
        self.close(result.error_in_exec)

    def on_train_end(self, logs: Any = None) -> None:
        """Show the run for the last time; the history need not show it again."""
        super().on_train_end(logs)
        history = getattr(self.model, "history", None)
        if isinstance(self.view, Panels) and history is not None:
            history.shown_in = cell()

    def figure(self) -> Figure:
        """Draw the curves of the last run with matplotlib.

        Raises
        ------
        ValueError
            If nothing has run yet.
        """
        if self.run is None:
            raise ValueError("Dashboard: there is no run to draw; call `fit` first.")
        return curves.figure(self.run)

    def _repr_html_(self) -> str | None:
        """Return the last run as HTML; any thread may ask while it runs."""
        return None if self.run is None else page.still(self.run)

    def __repr__(self) -> str:
        """Return the last run as text."""
        if self.run is None:
            return f"Dashboard(monitor={self.monitor!r}, title={self.title!r})"
        return page.text(self.run)
