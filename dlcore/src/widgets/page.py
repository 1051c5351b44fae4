"""A run as HTML and as text: head, bar, curves, table of epochs."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from dlcore.src.widgets import curves
from dlcore.src.widgets.curves import Panel
from dlcore.src.widgets.format import duration, number
from dlcore.src.widgets.run import VALIDATION, Epoch, Run
from dlcore.src.widgets.style import TRAIN, VALID, sheet

ROWS = 5
ALL = 100
# What a saved output may hold of points, all curves together.
POINTS = 2000
_COLOR = {
    "running": "#2b83ba",
    "finished": "#2f9e6b",
    "stopped early": "#2f9e6b",
    "interrupted": "#c98a00",
    "failed": "#d1433f",
}
_STYLE = f"""
.dl.run {{ --dl-train: {TRAIN}; --dl-valid: {VALID}; }}
.dl .head {{ align-items: baseline; display: flex; flex-wrap: wrap; gap: 2px 10px; }}
.dl .head b {{ font-size: 14px; font-weight: 600; }}
.dl .state {{ margin-left: auto; }}
.dl .dot {{
  border-radius: 50%; display: inline-block; height: 8px; margin-right: 6px; width: 8px;
}}
.dl .bar {{
  background: var(--dl-line); border-radius: 2px; height: 4px; margin: 7px 0 6px;
  overflow: hidden;
}}
.dl .bar > div {{ height: 100%; }}
.dl .facts {{ display: flex; flex-wrap: wrap; font-size: 12px; gap: 0 16px; }}
.dl .facts > .q {{ min-width: 6em; }}
.dl .facts > .key {{ margin-left: auto; }}
.dl .key i {{
  border-radius: 1px; display: inline-block; height: 3px; margin: 0 5px 3px 12px;
  width: 14px;
}}
.dl .key i.b {{
  background: none; border: 1.5px solid; border-radius: 50%; height: 7px;
  margin-bottom: -1px; width: 7px;
}}
.dl .panels {{
  display: grid; gap: 6px 24px;
  grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); margin: 10px 0 4px;
}}
.dl.live .panels.n0 {{ min-height: 198px; }}
.dl .panels.n1 {{ grid-template-columns: minmax(0, 480px); }}
.dl .panels.n2, .dl .panels.n4 {{
  grid-template-columns: repeat(auto-fit, minmax(340px, 1fr));
}}
.dl .name {{ display: flex; gap: 10px; }}
.dl .name b {{ font-weight: 600; margin-right: auto; }}
.dl .t {{ color: var(--dl-train); }}
.dl .v {{ color: var(--dl-valid); }}
.dl .name .t {{ color: color-mix(in srgb, var(--dl-train) 72%, currentColor); }}
.dl .name .v {{ color: color-mix(in srgb, var(--dl-valid) 72%, currentColor); }}
.dl svg {{ display: block; font: 10px var(--dl-font); overflow: visible; width: 100%; }}
.dl .n1 svg {{ font-size: 9px; }}
.dl .n3 svg, .dl .n5 svg, .dl .n6 svg {{ font-size: 13.5px; }}
.dl .n3 text.e, .dl .n5 text.e, .dl .n6 text.e {{ display: none; }}
.dl svg text {{ fill: currentColor; opacity: .68; text-anchor: middle; }}
.dl svg text.y {{ text-anchor: end; }}
.dl svg path {{ stroke: currentColor; stroke-opacity: .2; stroke-width: .8; }}
.dl svg path.base {{ stroke-opacity: .6; }}
.dl polyline {{
  fill: none; stroke: currentColor; stroke-linejoin: round; stroke-width: 1.8;
}}
.dl polyline.i {{ color: var(--dl-train); opacity: .5; stroke-width: 1; }}
.dl circle {{ fill: currentColor; }}
.dl circle.b {{ fill: none; stroke: currentColor; stroke-width: 1.5; }}
.dl .epochs {{ overflow-x: auto; }}
.dl.live .epochs {{ min-height: 138px; }}
.dl summary {{ cursor: pointer; font-size: 12px; margin-top: 2px; opacity: .68; }}
.dl details .epochs {{ max-height: 260px; overflow-y: auto; }}
.dl tr.best td {{ font-weight: 600; }}
.dl td.bad {{ color: #d1433f; }}
.dl .plot[hidden] {{ display: block !important; }}
.dl .fallback {{ display: none !important; }}
"""


def html(run: Run, drawn: Sequence[tuple[Panel, str]], picture: bytes = b"") -> str:
    """Write a run as a piece of HTML that needs nothing from outside.

    Parameters
    ----------
    run : Run
    drawn : sequence of (Panel, str)
        The panels with their SVG, see ``curves.svg``.
    picture : bytes
        PNG of the curves for places that remove ``<svg>`` and ``<style>``; where
        these are kept, the style hides it.

    Returns
    -------
    str
        One ``<div>``, no script.
    """
    live = run.status == "running"
    done = f"width: {100 * run.share:.1f}%; background: {_COLOR[run.status]}"
    parts = [
        _head(run),
        f'<div class="bar"><div style="{done}"></div></div>',
        _facts(run),
        f'<div class="panels n{len(drawn)}">{_panels(run, drawn)}</div>',
        _fallback(picture),
        _table(run, ROWS),
        "" if live or len(run.epochs) <= ROWS else _all(run),
    ]
    kind = "dl run live" if live else "dl run"
    return f'<div class="{kind}">{sheet(_STYLE)}{"".join(parts)}</div>'


def _head(run: Run) -> str:
    where = f'<span class="chip">{escape(run.backend)}</span>' if run.backend else ""
    state: str = run.phase if run.status == "running" else run.status
    note = f": {escape(run.note)}" if run.note else ""
    return (
        f'<div class="head"><b>{escape(run.title)}</b> {where} '
        f'<span class="state"><span class="dot" style="background: '
        f'{_COLOR[run.status]}"></span>{state}{note}</span></div>'
    )


def facts(run: Run) -> list[str]:
    """Return where a run is and how fast: for instance ``["epoch 3 of 20", ...]``."""
    pace = run.pace
    if run.status != "running":
        found = [f"{len(run.epochs)} of {pace.epochs} epochs"]
        if pace.end is not None:
            found.append(f"took {duration(pace.elapsed)}")
        return found
    found = [f"epoch {min(run.done + 1, run.last)} of {run.last}"]
    if pace.step:
        found.append(f"step {pace.step:,}" + (f" of {pace.steps:,}" * bool(pace.steps)))
    found.append(f"{duration(pace.elapsed)} so far")
    if pace.left is not None:
        found.append(f"{duration(pace.left)} left")
    if pace.speed is not None:
        found.append(f"{pace.speed:,.{0 if pace.speed >= 10 else 1}f} steps/s")
    return found


def _facts(run: Run) -> str:
    spans = " ".join(f'<span class="q">{fact}</span>' for fact in facts(run))
    key = '<i style="background: var(--dl-train)"></i> train '
    if any(name.startswith(VALIDATION) for e in run.epochs[-1:] for name in e.logs):
        key += '<i style="background: var(--dl-valid)"></i> validation '
    if run.best is not None:
        key += '<i class="b"></i> best epoch'
    return f'<div class="facts">{spans} <span class="key">{key}</span></div>'


def _panels(run: Run, drawn: Sequence[tuple[Panel, str]]) -> str:
    cells = []
    for panel, picture in drawn:
        values = "".join(
            f'<span class="{kind}">{number(run.latest[name])}</span> '
            for kind, name in (("t", panel.name), ("v", VALIDATION + panel.name))
            if name in run.latest
        )
        name = f'<div class="name"><b>{escape(panel.name)}</b> {values}</div>'
        # Where <style> is removed, so is <svg>, all but its numbers: these stay hidden.
        cells.append(f"<div>{name}<div class=plot hidden>{picture}</div></div>")
    return "".join(cells)


def _fallback(picture: bytes) -> str:
    if not picture:
        return ""
    data = base64.b64encode(picture).decode()
    return (
        '<img class="fallback" alt="Curves of the metrics" '
        f'src="data:image/png;base64,{data}">'
    )


def columns(run: Run) -> list[str]:
    """Return the metrics of the table, each followed by its validation."""
    known = {name for e in run.epochs[:1] + run.epochs[-1:] for name in e.logs}
    both = ((name, VALIDATION + name) for name in run.metrics())
    return [name for pair in both for name in pair if name in known]


def _table(run: Run, count: int) -> str:
    if not run.epochs:
        return '<div class="epochs"></div>'
    names = columns(run)
    best = run.best
    head = "".join(f"<th>{escape(n)}</th>" for n in ("epoch", *names, "time", ""))
    rows = "".join(_row(e, names, e is best) for e in run.rows(count))
    return (
        f'<div class="epochs"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _all(run: Run) -> str:
    count = len(run.epochs)
    title = f"all {count} epochs" if count <= ALL else f"the last {ALL} epochs"
    return f"<details><summary>{title}</summary>{_table(run, ALL)}</details>"


def _row(epoch: Epoch, names: Sequence[str], best: bool) -> str:
    cells = [f"<td>{epoch.number}</td>"]
    for name in names:
        value = epoch.logs.get(name)
        shown = "" if value is None else number(value)
        bad = ' class="bad"' if shown in ("nan", "inf", "-inf") else ""
        cells.append(f"<td{bad}>{shown}</td>")
    took = duration(epoch.seconds) if epoch.seconds == epoch.seconds else ""
    cells.append(f"<td>{took}</td><td>{'best' if best else ''}</td>")
    return f"<tr{' class=best' if best else ''}>{''.join(cells)}</tr>"


def text(run: Run) -> str:
    """Write a run as a few lines of plain text.

    Returns
    -------
    str
        A line about the run, then a table of the latest epochs.
    """
    where = f" on {run.backend}" if run.backend else ""
    note = f": {run.note}" if run.note else ""
    state: str = run.phase if run.status == "running" else run.status
    lines = [f"{run.title}{where}, {state}{note}; {', '.join(facts(run))}"]
    if run.epochs:
        names = columns(run)
        widths = [max(8, len(name)) for name in names]
        titles = "  ".join(f"{n:>{w}}" for n, w in zip(names, widths, strict=True))
        lines.append(f"epoch  {titles}")
        for epoch in run.rows(ROWS):
            values = "  ".join(
                f"{number(epoch.logs[n]) if n in epoch.logs else '':>{w}}"
                for n, w in zip(names, widths, strict=True)
            )
            best = "  best" if epoch is run.best else ""
            lines.append(f"{epoch.number:>5}  {values}{best}")
    return "\n".join(lines)


def still(run: Run) -> str:
    """Write a run that is over as HTML, with its curves and their fallback.

    Parameters
    ----------
    run : Run

    Returns
    -------
    str
        At most 64 KB.
    """
    count = min(curves.MOST_PANELS, max(1, len(run.metrics())))
    points = min(curves.MOST_POINTS, POINTS // (3 * count))
    drawn = [(panel, curves.svg(panel)) for panel in curves.panels(run, points)]
    return html(run, drawn, curves.png(run) if run.epochs else b"")
