"""A scene as SVG: follows light and dark themes by CSS alone."""

from __future__ import annotations

from html import escape

from dlcore.src.drawing.layout import PAD
from dlcore.src.drawing.scene import Scene, Shape, bounds, curves

#: Kind of box -> its colour, of a lightness that shows on white and on black.
COLORS = {
    "input": "#3f9b5f",
    "core": "#2b83ba",
    "conv": "#8a63c9",
    "pool": "#23938c",
    "norm": "#b98312",
    "activation": "#c0567f",
    "attention": "#c2476a",
    "rnn": "#d9631e",
    "merge": "#6b7f99",
    "shape": "#7d8a52",
    "model": "#5468c7",
    "own": "#5468c7",
    "op": "#808080",
}
_STYLE = """
.dl-plot { --ink: #1d2129; --page: #ffffff; --card: #f7f8fa;
  font-family: system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
@media (prefers-color-scheme: dark) {
  .dl-plot { --ink: #e6e8ec; --page: #15181d; --card: #1f242b; } }
[data-jp-theme-light="true"] .dl-plot {
  --ink: #1d2129; --page: #ffffff; --card: #f7f8fa; }
[data-jp-theme-light="false"] .dl-plot {
  --ink: #e6e8ec; --page: #111111; --card: #1f242b; }
.dl-plot text { fill: var(--ink); font-size: 11px; }
.dl-plot .title { font-size: 13px; font-weight: 600; }
.dl-plot .quiet { opacity: .66; }
.dl-plot .page { fill: var(--page); }
.dl-plot .card { fill: var(--card); stroke-width: 1; }
.dl-plot .group { fill-opacity: .05; stroke-width: 1; stroke-dasharray: 4 3; }
.dl-plot .arrow { fill: none; stroke: #808080; stroke-width: 1.4; }
.dl-plot marker path { fill: #808080; }
"""


def svg(scene: Scene, name: str) -> str:
    """Return the picture as the text of an SVG file.

    Parameters
    ----------
    scene : Scene
    name : str
        What it shows, for those who cannot see it.
    """
    width, height = bounds(scene)
    style = " ".join(_STYLE.split())
    title = escape(f"The model {name}")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="dl-plot" role="img" '
        f'width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" style="max-width:100%;height:auto">',
        f"<title>{title}</title><style>{style}</style>",
        '<defs><marker id="dl-tip" viewBox="0 0 8 8" refX="7" refY="4" '
        'markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0.6L7.4 4L0 7.4z"/></marker></defs>',
        f'<rect class="page" width="{width:.0f}" height="{height:.0f}"/>',
        f'<g transform="translate({PAD:.0f} {PAD:.0f})">',
        *map(_drawn, scene.shapes),
        "</g></svg>",
    ]
    return "".join(parts)


def _drawn(shape: Shape) -> str:
    (x, y), *rest = shape.points
    if shape.what == "text":
        css = f' class="{shape.style}"' if shape.style != "plain" else ""
        return f'<text x="{x:.1f}" y="{y:.1f}"{css}>{escape(shape.text)}</text>'
    if shape.what == "arrow":
        pieces = "".join(
            "C" + " ".join(f"{a:.1f} {b:.1f}" for a, b in piece)
            for piece in curves(shape.points, shape.style)
        )
        return (
            f'<path class="arrow" d="M{x:.1f} {y:.1f}{pieces}" '
            'marker-end="url(#dl-tip)"/>'
        )
    (right, bottom) = rest[0]
    size = f'width="{right - x:.1f}" height="{bottom - y:.1f}"'
    color = COLORS[shape.style]
    if shape.what == "strip":
        return f'<rect x="{x:.1f}" y="{y:.1f}" {size} rx="2" fill="{color}"/>'
    fill = f' fill="{color}"' if shape.what == "group" else ""
    return (
        f'<rect class="{shape.what}" x="{x:.1f}" y="{y:.1f}" {size} rx="6" '
        f'stroke="{color}"{fill}/>'
    )
