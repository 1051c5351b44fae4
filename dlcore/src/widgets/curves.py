"""Pictures of metrics: small multiples, train and validation together.

While a run goes on, panels are written as SVG by hand: that takes a millisecond or two,
where matplotlib takes fifty and more, and colours come from CSS, so that the picture
follows the theme of the page. What stays is drawn by matplotlib as well, through its
objects only, never through pyplot: nothing of the user's own figures is touched.
"""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dlcore.src.widgets.decimate import decimate
from dlcore.src.widgets.run import VALIDATION, Run, Series
from dlcore.src.widgets.style import INK, TRAIN, VALID

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_POINTS = 500
MOST_PANELS = 6
# A panel and the place of its curves, in pixels.
WIDTH, HEIGHT = 400.0, 166.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 390.0, 8.0, 144.0
# Fonts and matplotlib's caches are shared by all figures.
_drawing = threading.Lock()


class Axis(NamedTuple):
    """One direction of a panel: its ends, and where numbers stand."""

    low: float
    high: float
    ticks: list[float]

    @property
    def labels(self) -> list[str]:
        """The numbers, with equally many decimals."""
        short = [f"{tick:.6g}" for tick in self.ticks]
        if any("e" in label for label in short):
            return short
        decimals = max((len(s.partition(".")[2]) for s in short), default=0)
        return [f"{tick:.{decimals}f}" for tick in self.ticks]


class Panel(NamedTuple):
    """One metric: its curves, its axes, the number of the best epoch."""

    name: str
    train: Series
    inside: Series
    valid: Series
    x: Axis
    y: Axis
    best: int | None


def panels(run: Run, points: int = MOST_POINTS) -> list[Panel]:
    """Return what is to be drawn, at most ``MOST_PANELS`` metrics.

    Parameters
    ----------
    run : Run
    points : int
        Most points of a curve.
    """
    best = run.best
    return [
        _panel(run, name, best.number if best else None, points)
        for name in run.metrics()[:MOST_PANELS]
    ]


def _panel(run: Run, name: str, best: int | None, points: int) -> Panel:
    train, inside, valid = (
        Series(*decimate(*series, points))
        for series in (run.series(name), run.live(name), run.series(VALIDATION + name))
    )
    y = _y_axis([*train.y, *inside.y, *valid.y])
    return Panel(name, train, inside, valid, _x_axis(run, inside), y, best)


def _ticks(low: float, high: float, count: int, whole: bool = False) -> list[float]:
    """Return multiples of 1, 2, 2.5 or 5 times a power of ten, around a range."""
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    steps = [power * m for m in (1, 2, 2.5, 5, 10)]
    if whole:
        steps = [s for s in (1, 2, 5, *steps, 10 * power) if s == int(s)]
    step = next(s for s in steps if s >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [i * step for i in range(first, last + 1)]


def _x_axis(run: Run, inside: Series) -> Axis:
    """Show the whole run if it is short, else let the axis double as it goes."""
    low = float(run.first)
    if run.status != "running":
        high = max(run.done, *inside.x[-1:], low + 1)
    else:
        shown = 20
        while shown < run.position - run.first:
            shown *= 2
        high = min(run.first + shown, run.last)
    ticks = _ticks(low, high, 8, whole=True)
    return Axis(low, float(high), [t for t in ticks if low <= t <= high])


def _y_axis(values: Sequence[float]) -> Axis:
    """Round the ends, so that the axis seldom changes."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        low, high = low - abs(low or 1) / 10, high + abs(high or 1) / 10
    ticks = _ticks(low, high, 4)
    return Axis(ticks[0], ticks[-1], ticks)


def svg(panel: Panel) -> str:
    """Draw one panel as an ``<svg>`` element whose colours come from CSS.

    Parameters
    ----------
    panel : Panel

    Returns
    -------
    str
        At most about 20 KB. Classes: ``t`` train, ``i`` train inside the epochs,
        ``v`` validation, ``b`` the best epoch.
    """
    body = [
        *_frame(panel),
        _path(panel, panel.inside, "i"),
        _path(panel, panel.train, "t"),
        _path(panel, panel.valid, "v"),
        *_marks(panel),
    ]
    return f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}">{"".join(body)}</svg>'


def _place(panel: Panel, series: Series) -> list[tuple[float, float]]:
    """Return the points in the units of the picture, y downwards."""
    across = (RIGHT - LEFT) / (panel.x.high - panel.x.low)
    down = (BOTTOM - TOP) / (panel.y.high - panel.y.low)
    return [
        (
            round(LEFT + (x - panel.x.low) * across, 1),
            round(BOTTOM - (y - panel.y.low) * down, 1),
        )
        for x, y in zip(series.x, series.y, strict=True)
    ]


def _path(panel: Panel, series: Series, kind: str) -> str:
    if len(series.x) < 2:
        return ""
    points = " ".join(f"{x:g},{y:g}" for x, y in _place(panel, series))
    return f'<polyline class="{kind}" points="{points}"/>'


def _marks(panel: Panel) -> list[str]:
    """Dots where a curve has too few points to be a line, and the best epoch."""
    marks = []
    for kind, series in (("t", panel.train), ("v", panel.valid)):
        if 0 < len(series.x) <= 30:
            for x, y in _place(panel, series):
                marks.append(f'<circle class="{kind}" cx="{x:g}" cy="{y:g}" r="2"/>')
    chosen = best_point(panel)
    if chosen is not None:
        kind, point = chosen
        ((x, y),) = _place(panel, point)
        marks.append(f'<circle class="b {kind}" cx="{x:g}" cy="{y:g}" r="5.5"/>')
    return marks


def best_point(panel: Panel) -> tuple[str, Series] | None:
    """Return which curve holds the best epoch, ``"v"`` or ``"t"``, and the point."""
    for kind, series in (("v", panel.valid), ("t", panel.train)):
        if panel.best is not None and float(panel.best) in series.x:
            at = series.x.index(float(panel.best))
            return kind, Series([series.x[at]], [series.y[at]])
    return None


def _frame(panel: Panel) -> Iterator[str]:
    """Write what helps reading: values, epochs, a quiet grid."""
    edge, below = f"{LEFT - 7:g}", f"{BOTTOM + 15:g}"
    heights = _place(panel, Series([panel.x.low] * len(panel.y.ticks), panel.y.ticks))
    for (_, y), label in zip(heights, panel.y.labels, strict=True):
        base = ' class="base"' if y == BOTTOM else ""
        yield f'<path{base} d="M{LEFT:g} {y:g}H{RIGHT:g}"/>'
        yield f'<text class="y" x="{edge}" y="{y + 3.5:g}">{label}</text>'
    yield f'<text class="y e" x="{edge}" y="{below}">epoch</text>'
    places = _place(panel, Series(panel.x.ticks, [panel.y.low] * len(panel.x.ticks)))
    for (x, _), label in zip(places, panel.x.labels, strict=True):
        yield f'<text x="{x:g}" y="{below}">{label}</text>'


def figure(run: Run, across: int = 3) -> Figure:
    """Draw all panels with matplotlib, on a transparent background.

    The colours are legible on white and on black.

    Parameters
    ----------
    run : Run
    across : int
        Panels side by side.

    Returns
    -------
    matplotlib.figure.Figure
        A panel is 4.0 by 1.9 inches.
    """
    from matplotlib.figure import Figure

    shown = panels(run)
    across = max(1, min(across, len(shown)))
    rows = max(1, -(-len(shown) // across))
    made = Figure(figsize=(4.0 * across, 1.9 * rows))
    # Room for the numbers, in inches; a layout engine would draw all of it twice.
    made.subplots_adjust(
        left=0.45 / (4.0 * across),
        right=1 - 0.1 / (4.0 * across),
        bottom=0.3 / (1.9 * rows),
        top=1 - 0.3 / (1.9 * rows),
        wspace=0.6 / 3.4,
        hspace=0.65 / 1.3,
    )
    made.patch.set_visible(False)
    for i, panel in enumerate(shown):
        axes = made.add_subplot(rows, across, i + 1)
        _draw(axes, panel)
        if i == 0:
            axes.legend(frameon=False, labelcolor=INK, fontsize=9)
    return made


def _draw(axes: Axes, panel: Panel) -> None:
    axes.set_title(panel.name, loc="left", fontsize=10, color=INK)
    axes.plot(*panel.inside, color=TRAIN, alpha=0.35, linewidth=1)
    axes.plot(*panel.train, color=TRAIN, linewidth=1.6, label="train")
    if panel.valid.x:
        axes.plot(*panel.valid, color=VALID, linewidth=1.6, label="validation")
    chosen = best_point(panel)
    if chosen is not None:
        color = VALID if chosen[0] == "v" else TRAIN
        axes.plot(*chosen[1], "o", mfc="none", mec=color, clip_on=False)
    axes.set(xlim=panel.x[:2], ylim=panel.y[:2])
    axes.set_xticks(panel.x.ticks, panel.x.labels)
    axes.set_yticks(panel.y.ticks, panel.y.labels)
    axes.grid(axis="y", color=INK, alpha=0.25, linewidth=0.8)
    axes.tick_params(length=0, labelsize=9, labelcolor=INK)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.spines["bottom"].set(color=INK, alpha=0.6, linewidth=0.8)
    axes.patch.set_visible(False)


def png(run: Run, dpi: float = 80) -> bytes:
    """Draw all panels into one PNG file.

    For places that remove ``<svg>`` and ``<style>`` from a saved notebook.
    """
    from matplotlib import style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    # One picture at a time, and in matplotlib's own style rather than in the user's.
    with _drawing, style.context("default"):
        made = figure(run)
        made.set_dpi(dpi)
        canvas = FigureCanvasAgg(made)
        canvas.draw()
        pixels = Image.fromarray(np.asarray(canvas.buffer_rgba()))
    # A palette makes the file a fifth as large.
    palette = pixels.quantize(64, method=Image.Quantize.FASTOCTREE)
    out = io.BytesIO()
    palette.save(out, "PNG")
    return out.getvalue()
