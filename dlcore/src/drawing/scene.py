"""A picture as a list of shapes, which two painters paint."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from dlcore.src.drawing.diagram import Box, Diagram
from dlcore.src.drawing.layout import PAD, Point, laid_out

TITLE, SMALL, LINE = 13.0, 11.0, 17.0
_SIDE, _TOP, _STRIP, _HEAD = 14.0, 10.0, 4.0, 24.0


@dataclass
class Shape:
    """A rectangle, a text or a curve.

    Attributes
    ----------
    what : {"card", "strip", "group", "text", "arrow"}
    points : list of (x, y)
        Of rectangles the upper left and lower right corner; of texts the left end of
        the base line.
    style : str
        A kind of box, or of text: "title", "quiet", "plain".
    text : str
    """

    what: str
    points: list[Point]
    style: str = ""
    text: str = ""


@dataclass
class Scene:
    """Shapes, and the size of the picture."""

    width: float
    height: float
    shapes: list[Shape] = field(default_factory=list)


def width_of(text: str, size: float, bold: bool = False) -> float:
    """Return roughly how wide a text is; a little too wide rather than too narrow."""
    narrow = sum(c in " .,:;'|()[]ilj1" for c in text)
    wide = sum(c in "mwMW→@%" for c in text)
    units = 0.58 * (len(text) - narrow - wide) + 0.34 * narrow + 0.92 * wide
    return units * size * (1.14 if bold else 1.0)


def scene(diagram: Diagram, direction: str = "TB") -> Scene:
    """Lay a diagram out, with the models in it.

    Parameters
    ----------
    diagram : Diagram
    direction : {"TB", "BT", "LR", "RL"}
        Where the arrows lead.
    """
    inner = {
        id(box): scene(box.inner, direction)
        for box in diagram.boxes
        if box.inner is not None
    }
    sizes = {id(box): _size(box, inner.get(id(box))) for box in diagram.boxes}
    aside = direction in ("LR", "RL")
    layout = laid_out(
        [(b, *(sizes[id(b)][::-1] if aside else sizes[id(b)])) for b in diagram.boxes],
        diagram.arrows,
    )

    def turned(point: Point) -> Point:
        x, y = point
        if direction in ("BT", "RL"):
            y = layout.height - y
        return (y, x) if aside else (x, y)

    made = Scene(
        *((layout.height, layout.width) if aside else (layout.width, layout.height))
    )
    for line in layout.arrows:
        made.shapes.append(Shape("arrow", [turned(p) for p in line], direction))
    for place in layout.places:
        corners = [
            turned((place.x, place.y)),
            turned((place.x + place.width, place.y + place.height)),
        ]
        x, y = min(c[0] for c in corners), min(c[1] for c in corners)
        _draw(made, place.box, x, y, sizes[id(place.box)], inner.get(id(place.box)))
    return made


def _heading(box: Box) -> float:
    width = width_of(box.title, TITLE, bold=True)
    return width + (8 + width_of(box.subtitle, SMALL) if box.subtitle else 0)


def _size(box: Box, inner: Scene | None) -> tuple[float, float]:
    if inner is not None:
        width = max(inner.width, _heading(box)) + 2 * PAD
        return width, inner.height + 2 * PAD + _HEAD
    rows = [width_of(f"{a}  {b}", SMALL) + 6 for a, b in box.rows]
    width = max(_heading(box), *rows, 70.0) + 2 * _SIDE
    return width, 2 * _TOP + LINE * (1 + len(box.rows))


def _draw(
    made: Scene,
    box: Box,
    x: float,
    y: float,
    size: tuple[float, float],
    inner: Scene | None,
) -> None:
    width, height = size
    corner = (x + width, y + height)
    shapes = made.shapes
    shapes.append(Shape("group" if inner else "card", [(x, y), corner], box.kind))
    if not inner:
        shapes.append(Shape("strip", [(x, y), (x + _STRIP, y + height)], box.kind))
    left, base = x + _SIDE, y + _TOP + LINE * 0.75
    shapes.append(Shape("text", [(left, base)], "title", box.title))
    if box.subtitle:
        after = left + width_of(box.title, TITLE, bold=True) + 8
        shapes.append(Shape("text", [(after, base)], "quiet", box.subtitle))
    if inner:
        dx = x + (width - inner.width) / 2
        shapes += [_shifted(s, dx, y + PAD + _HEAD) for s in inner.shapes]
        return
    for number, (word, value) in enumerate(box.rows, 1):
        line = base + LINE * number
        shapes.append(Shape("text", [(left, line)], "quiet", word))
        start = left + width_of(word + "  ", SMALL)
        shapes.append(Shape("text", [(start, line)], "plain", value))


def _shifted(shape: Shape, dx: float, dy: float) -> Shape:
    points = [(x + dx, y + dy) for x, y in shape.points]
    return Shape(shape.what, points, shape.style, shape.text)


def curves(points: list[Point], direction: str) -> list[tuple[Point, Point, Point]]:
    """Return the pieces of an arrow: two control points and an end, each."""
    pieces = []
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if direction in ("LR", "RL"):
            middle = (x0 + x1) / 2
            pieces.append(((middle, y0), (middle, y1), (x1, y1)))
        else:
            middle = (y0 + y1) / 2
            pieces.append(((x0, middle), (x1, middle), (x1, y1)))
    return pieces


def bounds(made: Scene) -> tuple[float, float]:
    """Return width and height with a margin."""
    return made.width + 2 * PAD, made.height + 2 * PAD
