"""A scene as pixels, where no SVG will do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dlcore.src.drawing.layout import PAD, Point
from dlcore.src.drawing.scene import SMALL, TITLE, Scene, Shape, bounds, curves
from dlcore.src.drawing.svg import COLORS

_INK, _QUIET, _PAGE, _CARD, _LINE = (
    "#1d2129",
    "#6f737a",
    "#ffffff",
    "#f7f8fa",
    "#808080",
)
_PLAIN = str.maketrans({"→": "->"})


def save(scene: Scene, path: Path, dpi: int) -> None:
    """Write the picture as PNG, JPEG, or what else Pillow knows by the ending.

    Parameters
    ----------
    scene : Scene
    path : Path
    dpi : int
        Pixels an inch; the picture is made for 96.
    """
    from PIL import Image, ImageDraw, ImageFont

    factor = dpi / 96
    width, height = bounds(scene)
    image = Image.new("RGB", (round(width * factor), round(height * factor)), _PAGE)
    draw = ImageDraw.Draw(image)
    fonts = {size: ImageFont.load_default(size * factor) for size in (TITLE, SMALL)}

    def at(point: Point) -> Point:
        return (point[0] + PAD) * factor, (point[1] + PAD) * factor

    for shape in scene.shapes:
        _paint(draw, shape, fonts, at, factor)
    image.save(path, dpi=(dpi, dpi))


def _paint(draw: Any, shape: Shape, fonts: Any, at: Any, factor: float) -> None:
    points = [at(p) for p in shape.points]
    if shape.what == "text":
        font = fonts[TITLE if shape.style == "title" else SMALL]
        ink = _QUIET if shape.style == "quiet" else _INK
        text = shape.text.translate(_PLAIN)  # what the font has no picture of
        draw.text(points[0], text, ink, font, anchor="ls")
    elif shape.what == "arrow":
        line = [points[0]]
        for piece in curves(points, shape.style):
            line += _curve(line[-1], *piece)
        draw.line(line, _LINE, max(1, round(1.4 * factor)), joint="curve")
        _tip(draw, line[-2], line[-1], 4 * factor)
    else:
        color = COLORS[shape.style]
        fill = {"strip": color, "card": _CARD}.get(shape.what)
        draw.rounded_rectangle(
            [*points[0], *points[1]],
            2 * factor if shape.what == "strip" else 6 * factor,
            fill,
            None if shape.what == "strip" else color,
            max(1, round(factor)),
        )


def _curve(start: Point, one: Point, two: Point, end: Point) -> list[Point]:
    found = []
    for i in range(1, 17):
        t = i / 16
        weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
        pairs = list(zip(weights, (start, one, two, end), strict=True))
        found.append((sum(w * p[0] for w, p in pairs), sum(w * p[1] for w, p in pairs)))
    return found


def _tip(draw: Any, before: Point, end: Point, size: float) -> None:
    dx, dy = end[0] - before[0], end[1] - before[1]
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    dx, dy = dx / length * size, dy / length * size
    base = end[0] - 1.8 * dx, end[1] - 1.8 * dy
    left, right = (base[0] - dy, base[1] + dx), (base[0] + dy, base[1] - dx)
    draw.polygon([end, left, right], _LINE)
