"""A diagram in graphviz' language."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from dlcore.src.drawing.diagram import Box, Diagram
from dlcore.src.drawing.svg import COLORS


def dot(
    diagram: Diagram, rankdir: str, dpi: int, splines: str, subgraph: bool = False
) -> str:
    """Return the text of a ``.gv`` file; of a cluster of one with ``subgraph``."""
    head = f'subgraph "cluster_{diagram.name}"' if subgraph else "digraph model"
    options = {"label": diagram.name, "style": "dashed", "labeljust": "l"}
    if not subgraph:
        options = {"rankdir": rankdir, "dpi": str(dpi), "splines": splines}
    lines = [f"{head} {{", *(f"  {k}={_quoted(v)};" for k, v in options.items())]
    if not subgraph:
        lines.append('  node [shape=plain, fontname="Helvetica"];')
        lines.append('  edge [color="#808080", penwidth="1.4"];')
    lines += [f"  {line}" for line in _body(diagram)]
    return "\n".join([*lines, "}"]) + "\n"


def _body(diagram: Diagram) -> Iterator[str]:
    for box in diagram.boxes:
        if box.inner is None:
            yield f"{box.key} [label=<{_label(box)}>];"
        else:
            yield f'subgraph "cluster_{box.key}" {{'
            yield f"  label={_quoted(box.title)}; style=dashed; labeljust=l;"
            yield from (f"  {line}" for line in _body(box.inner))
            yield "}"
    for source, target in diagram.arrows:
        yield f"{_last(source).key} -> {_first(target).key};"


def _first(box: Box) -> Box:
    return box if box.inner is None else _first(box.inner.boxes[0])


def _last(box: Box) -> Box:
    return box if box.inner is None else _last(box.inner.boxes[-1])


def _label(box: Box) -> str:
    heading = f"<b>{escape(box.title)}</b>"
    if box.subtitle:
        heading += f" ({escape(box.subtitle)})"
    cells = [heading, *(f"{escape(a)}: {escape(b)}" for a, b in box.rows)]
    rows = "".join(f'<tr><td align="left">{cell}</td></tr>' for cell in cells)
    color = COLORS[box.kind]
    return (
        f'<table border="1" cellborder="0" cellpadding="4" color="{color}" '
        f'style="rounded">{rows}</table>'
    )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
