"""A model as HTML: one line a layer, its weights behind it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from dlcore.src.widgets.format import memory
from dlcore.src.widgets.style import sheet

if TYPE_CHECKING:
    from dlcore.src.models.summary import Row

# A display is not to swell the notebook: rows are left out until it fits.
MOST_ROWS = 200
MOST_BYTES = 50_000
_STYLE = """
.dl.model .line {
  display: grid; gap: 0 14px; padding: 3px 0;
  grid-template-columns: minmax(130px, 5fr) minmax(90px, 4fr) 90px 64px;
}
.dl.model.graph .line {
  grid-template-columns:
    minmax(130px, 5fr) minmax(90px, 4fr) 90px 64px minmax(90px, 4fr);
}
.dl.model .chip { margin-left: 4px; }
.dl.model .title { border-bottom: 1px solid var(--dl-line); font-size: 12px; }
.dl.model .inner td:first-child, .dl.model .inner td:nth-child(2) { text-align: left; }
.dl.model .line > :nth-child(3) { text-align: right; }
.dl.model .line code { background: none; font-size: 12px; padding: 0; }
.dl.model details { border-bottom: 1px solid var(--dl-line); }
.dl.model details details:last-of-type { border-bottom: 0; }
.dl.model summary { cursor: pointer; list-style: none; }
.dl.model summary::-webkit-details-marker { display: none; }
.dl.model summary .n::before {
  content: "\\25B8"; display: inline-block; opacity: .6; width: 1.1em;
}
.dl.model details[open] > summary .n::before { content: "\\25BE"; }
.dl.model .leaf summary { cursor: default; }
.dl.model .leaf summary .n::before { content: "" !important; }
.dl.model .part { align-self: center; background: var(--dl-line); height: 4px; }
.dl.model .part > div { background: #2b83ba; height: 100%; }
.dl.model .inner { padding: 0 0 6px 1.1em; }
.dl.model .bad { color: #d1433f; font-weight: 600; }
.dl.model .sum { display: flex; flex-wrap: wrap; gap: 0 22px; padding-top: 6px; }
"""


def html(
    model: Row,
    totals: Sequence[tuple[str, int, int]],
    graph: bool = False,
    backend: str = "",
) -> str:
    """Write a described model as HTML without scripts.

    Parameters
    ----------
    model : Row
    totals : sequence of (str, int, int)
        Titles, numbers of scalars, bytes.
    graph : bool
        Whether to say where the inputs of each layer come from.
    backend : str
        Where the model lives; may be empty.
    """
    rows = MOST_ROWS
    while True:
        written = _html(model, totals, graph, backend, rows)
        if len(written.encode()) <= MOST_BYTES or rows <= 5:
            return written
        rows = rows * 2 // 3


def _html(
    model: Row,
    totals: Sequence[tuple[str, int, int]],
    graph: bool,
    backend: str,
    most: int,
) -> str:
    titles = ["Layer", "Output shape", "Params", ""] + ["Connected to"] * graph
    head = " ".join(f"<span>{t}</span>" for t in titles)
    whole = max(1, model.count)
    rows = [_layer(r, whole, graph) for r in model.inside[:most]]
    more = len(model.inside) - most
    if more > 0:
        rows.append(f'<div class="q">and {more} more</div>')
    chip = f'<span class="chip">{escape(backend)}</span>' if backend else ""
    return (
        f'<div class="dl model{" graph" if graph else ""}">{sheet(_STYLE)}'
        f"<div><b>{escape(model.name)}</b> "
        f'<span class="q">{escape(model.kind)}</span> {chip}</div>'
        f'<div class="line title q">{head}</div>{"".join(rows)}{_sum(totals)}</div>'
    )


def _layer(row: Row, whole: int, graph: bool) -> str:
    cells = [
        f'<span><span class="n"></span>{escape(row.name)} '
        f'<span class="q">{escape(row.kind)}</span>{_marks(row.marks)}</span>',
        f"<code>{escape(row.shape)}</code>",
        f"<span>{row.params}</span>",
        f'<span class="part"><div style="width: {100 * row.count / whole:.1f}%">'
        "</div></span>"
        if row.count
        else "<span></span>",
    ]
    if graph:
        cells.append(f'<span class="q">{escape(", ".join(row.sources))}</span>')
    inner = _inner(row, whole, graph)
    leaf = "" if inner else ' class="leaf"'
    return (
        f'<details{leaf}><summary class="line">{" ".join(cells)}</summary>'
        f"{inner}</details>"
    )


def _inner(row: Row, whole: int, graph: bool) -> str:
    if row.inside:
        found = "".join(_layer(r, whole, graph) for r in row.inside)
        return f'<div class="inner">{found}</div>'
    if not row.weights:
        return ""
    lines = "".join(
        f"<tr><td>{escape(w.name)}</td><td><code>{w.shape}</code></td>"
        f"<td>{escape(w.dtype)}</td><td>{w.count:,}</td>"
        f"<td>{'trainable' if w.trainable else 'not trained'}{_marks(w.marks)}</td>"
        "</tr>"
        for w in row.weights
    )
    return f'<div class="inner"><table><tbody>{lines}</tbody></table></div>'


def _marks(marks: Sequence[str]) -> str:
    return f' <span class="bad">{escape(", ".join(marks))}</span>' if marks else ""


def _sum(totals: Sequence[tuple[str, int, int]]) -> str:
    spans = " ".join(
        f'<span><span class="q">{title}</span> {count:,} '
        f'<span class="q">({memory(size)})</span></span>'
        for title, count, size in totals
    )
    return f'<div class="sum">{spans}</div>'
