"""Training as text: a bar in a terminal, a line for each epoch in a log."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Mapping

from dlcore.src.widgets.format import duration, number
from dlcore.src.widgets.output import Output
from dlcore.src.widgets.pace import Clock, Throttle
from dlcore.src.widgets.run import Run

NEVER = float("inf")
CLEAR = "\x1b[K"


def _metrics(logs: Mapping[str, float]) -> list[str]:
    """Write metrics, those of training first and the loss before the others."""
    order = sorted(logs, key=lambda n: (n.startswith("val_"), not n.endswith("loss")))
    return [f"{name}: {number(logs[name])}" for name in order]


def _title(run: Run, epoch: int) -> str:
    return f"Epoch {epoch}/{run.last}" if run.kind == "fit" else run.kind.capitalize()


class Lines:
    """One line for each epoch, for logs and continuous integration."""

    def __init__(self) -> None:
        self.throttle = Throttle()
        self.throttle.due = NEVER  # nothing is shown inside an epoch

    def begin(self, run: Run) -> None:
        """Say nothing yet."""

    draw = begin

    def epoch(self, run: Run) -> None:
        """Print the epoch."""
        last = run.epochs[-1]
        steps = f" - {run.pace.steps} steps" if run.pace.steps else ""
        parts = [_title(run, last.number) + steps, duration(last.seconds)]
        print(" - ".join([*parts, *_metrics(last.logs)]), flush=True)

    def end(self, run: Run) -> None:
        """Print the result of ``evaluate``, or that training was cut short."""
        if run.kind == "evaluate" and run.epochs:
            self.epoch(run)
        elif run.status in ("interrupted", "failed"):
            note = f": {run.note}" if run.note else ""
            print(f"Training {run.status}{note}", flush=True)


class Bar:
    """A line that is written again, for terminals; or a cell's output, in notebooks.

    Parameters
    ----------
    output : Output, optional
        Write there instead of on the standard output.
    least : float
        Shortest time between two drawings, in seconds.
    clock : Callable
        Returns seconds.
    """

    def __init__(
        self,
        output: Output | None = None,
        least: float = 0.1,
        clock: Clock = time.perf_counter,
    ):
        self.throttle = Throttle(20.0, least, clock)
        self._output = output
        self._lines: list[str] = []
        self._drawn = False

    def begin(self, run: Run) -> None:
        """Draw nothing before there is something to see."""
        self._drawn = False
        self._line(run, 1, 0, "", {})  # loads what draws the line
        self.throttle.due = self.throttle.clock() + self.throttle.least

    def draw(self, run: Run) -> None:
        """Write the line again."""
        self._drawn = True
        with self.throttle.turn():
            left = f"{duration(run.pace.left)} left" if run.pace.left else ""
            self._write(self._line(run, run.done + 1, run.pace.step, left, run.latest))

    def epoch(self, run: Run) -> None:
        """Leave the line of the epoch, and begin another one."""
        last = run.epochs[-1]
        took = duration(last.seconds)
        line = self._line(run, last.number, None, took, last.logs)
        self._write(line, stays=True)

    def end(self, run: Run) -> None:
        """Leave the line of ``evaluate`` and ``predict``, or say what happened."""
        if run.status in ("interrupted", "failed"):
            note = f": {run.note}" if run.note else ""
            self._write(f"{_title(run, run.done + 1)} {run.status}{note}", stays=True)
        elif run.kind == "evaluate" or (run.kind == "predict" and self._drawn):
            self.epoch(run)

    def _write(self, line: str, stays: bool = False) -> None:
        if self._output is not None:
            shown = [*self._lines[-19:], line]
            self._output.show({"text/plain": "\n".join(shown)})
            if stays:
                self._lines = shown
            return
        sys.stdout.write(f"\r{line}{CLEAR}" + "\n" * stays)
        sys.stdout.flush()

    def _line(
        self,
        run: Run,
        epoch: int,
        step: int | None,
        when: str,
        logs: Mapping[str, float],
    ) -> str:
        """Return the line; while steps go on with a bar, and cut to the place."""
        from rich.console import Console
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        notebook = self._output is not None
        console = Console(
            file=io.StringIO(),
            force_terminal=not notebook,
            force_jupyter=False,
            color_system=None if notebook else "auto",
            width=100 if notebook else None,
            legacy_windows=False,
        )
        steps = run.pace.steps
        parts = [Text(_title(run, epoch), style="bold")]
        if step is None:
            parts.append(Text(f"{steps} steps" if steps else ""))
        elif steps:
            drawn = ProgressBar(
                total=steps,
                completed=step,
                width=20,
                complete_style="blue",
                finished_style="green",
            )
            segments = console.render(drawn)
            parts.append(Text.assemble(*((x.text, x.style or "") for x in segments)))
            parts.append(Text(f"{step:>{len(str(steps))}}/{steps}"))
        else:
            parts.append(Text(f"{step} steps"))
        parts.append(Text(f"{when:<11}", style="dim"))
        line = Text("  ").join([*parts, *map(Text, _metrics(logs))])
        if step is not None:
            line.truncate(console.width - 1, overflow="ellipsis")
        console.print(line, end="", soft_wrap=True)
        file = console.file
        assert isinstance(file, io.StringIO)
        return file.getvalue()
