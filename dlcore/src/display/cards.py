"""Cards: a variable, a layer, an optimizer, a symbolic tensor, a history."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import numpy as np

from dlcore.src.config import Configurable
from dlcore.src.display.facts import Facts, facts, values_of
from dlcore.src.display.pictures import matrix, spread
from dlcore.src.widgets.format import memory
from dlcore.src.widgets.style import sheet

Bundle = dict[str, str]
MOST_WEIGHTS = 60
MOST_TEXT = 4000
_STYLE = """
.dl.card .head { align-items: baseline; display: flex; flex-wrap: wrap; gap: 2px 9px; }
.dl.card code { background: none; font-size: 12px; padding: 0; }
.dl.card .args { font-size: 12px; padding-top: 2px; }
.dl.card .body {
  align-items: flex-start; display: flex; flex-wrap: wrap; gap: 6px 26px;
  padding-top: 8px;
}
.dl.card img {
  border: 1px solid var(--dl-line); display: block; image-rendering: pixelated;
  margin: 0; max-width: 100%;
}
.dl.card .note { font-size: 11px; padding-top: 3px; }
.dl.card details { padding-top: 6px; }
.dl.card summary { cursor: pointer; font-size: 12px; opacity: .68; }
.dl.card pre { font-size: 11px; margin: 4px 0 0; overflow-x: auto; }
.dl.card .weights td:nth-child(-n+3), .dl.card .weights th:nth-child(-n+3) {
  text-align: left;
}
.dl svg.spread { color: #2b83ba; display: block; overflow: visible; width: auto; }
.dl svg.spread path { fill: currentColor; stroke: none; }
.dl .bad { color: #d1433f; font-weight: 600; }
"""


def card(kind: str, *parts: str) -> str:
    """Return a ``<div>`` with its style."""
    return f'<div class="dl card {kind}">{sheet(_STYLE)}{"".join(parts)}</div>'


def head(name: str, *words: str, chips: Sequence[str] = ()) -> str:
    """Return the first line: a name, what it is, and marks in frames."""
    said = "".join(f'<span class="q">{escape(w)}</span> ' for w in words if w)
    framed = "".join(f'<span class="chip">{escape(c)}</span> ' for c in chips if c)
    return f'<div class="head"><b>{escape(name)}</b> {said}{framed}</div>'


def marks(found: Facts | None) -> str:
    """Return what is wrong with an array, as a piece of HTML."""
    wrong = "" if found is None else ", ".join(found.marks)
    return f'<span class="bad">{wrong}</span>' if wrong else ""


def _digits(value: float) -> str:
    return f"{value:.3g}"


def variable(self: Any) -> Bundle:
    """Describe a variable: its place, its values as a picture and in numbers."""
    text = repr(self)
    array = values_of(self)
    chips = [self.backend.name, "" if self.trainable else "not trained"]
    top = head(self.path, f"{tuple(self.shape)}", str(self.dtype), chips=chips)
    if array is None:
        return {"text/plain": text, "text/html": card("variable", top)}
    found = facts(array)
    body = f'<div class="body">{_matrix(array)}{_numbers(found)}</div>'
    shown = np.array2string(array, threshold=200, precision=4)[:MOST_TEXT]
    values = f"<details><summary>values</summary><pre>{escape(shown)}</pre></details>"
    return {"text/plain": text, "text/html": card("variable", top, body, values)}


def _matrix(array: np.ndarray[Any, Any]) -> str:
    drawn = matrix(array)
    if drawn is None:
        return ""
    address, (high, wide) = drawn
    columns = -(-array.shape[-1] // wide)
    rows = -(-(array.size // array.shape[-1]) // high)
    scale = max(1, min(14, 240 // max(columns, 1), 140 // max(rows, 1)))
    cell = f"a cell is the mean of {high} by {wide} values" if high * wide > 1 else ""
    note = f'<div class="note q">{cell}</div>' if cell else ""
    return (
        f'<div><img src="{address}" width="{columns * scale}" '
        f'height="{rows * scale}" alt="values: blue above zero, orange below">'
        f"{note}</div>"
    )


def _numbers(found: Facts | None) -> str:
    if found is None:
        return ""
    rows = [
        ("mean ± deviation", f"{_digits(found.mean)} ± {_digits(found.deviation)}"),
        ("range", f"{_digits(found.low)} to {_digits(found.high)}"),
        ("zeros", f"{found.zeros:,}" if found.zeros else "none"),
    ]
    lines = "".join(f'<tr><td class="q">{a}</td><td>{b}</td></tr>' for a, b in rows)
    part = (
        f'<div class="note q">of {found.part:.0%} of the values</div>'
        if found.part < 1
        else ""
    )
    return (
        f"<div>{spread(found.bins, 200, 44)}<table><tbody>{lines}</tbody></table>"
        f"{marks(found)}{part}</div>"
    )


def weights_table(weights: Sequence[Any], owner: str = "") -> str:
    """Return a table of variables: shape, dtype, spread, mean, what is wrong.

    Parameters
    ----------
    weights : sequence of Variable
        At most 60 are shown.
    owner : str
        The beginning of their paths that need not be repeated.
    """
    rows = "".join(_weight(v, owner) for v in weights[:MOST_WEIGHTS])
    more = len(weights) - MOST_WEIGHTS
    rest = f'<div class="note q">and {more:,} more</div>' if more > 0 else ""
    return (
        '<table class="weights"><thead><tr><th>weight</th><th>shape</th><th>dtype</th>'
        "<th>count</th><th>spread</th><th>mean ± deviation</th><th></th></tr></thead>"
        f"<tbody>{rows}</tbody></table>{rest}"
    )


def _weight(self: Any, owner: str) -> str:
    array = values_of(self)
    found = None if array is None else facts(array)
    name = str(self.path).rpartition(f"{owner}/")[2] or str(self.path)
    mean = f"{_digits(found.mean)} ± {_digits(found.deviation)}" if found else ""
    state = "" if self.trainable else '<span class="q">not trained</span> '
    cells = [
        escape(name),
        f"<code>{tuple(self.shape)}</code>",
        str(self.dtype),
        f"{int(np.prod(self.shape)):,}",
        spread(found.bins) if found else "",
        mean,
        state + marks(found),
    ]
    return f"<tr>{''.join(f'<td>{c}</td>' for c in cells)}</tr>"


def layer(self: Any) -> Bundle:
    """Describe a layer: shapes, the arguments that matter, its weights."""
    from dlcore.src.models.summary import describe

    row = describe(self)
    flow = _flow(self, row.shape)
    chips = [self.backend.name, "" if self.built else "not built"]
    chips += ["" if self.trainable or not row.weights else "not trained"]
    parts = [
        head(row.name, row.kind, flow, chips=chips),
        f'<div class="args"><code>{escape(arguments(self))}</code></div>',
    ]
    if row.weights:
        size = memory(sum(w.size for w in row.weights))
        parts.append(weights_table(self.weights, row.name))
        parts.append(f'<div class="note q">{row.count:,} parameters, {size}</div>')
    text = repr(self) if not row.weights else _text(self, row, flow)
    return {"text/plain": text, "text/html": card("layer", *parts)}


def _text(self: Any, row: Any, flow: str) -> str:
    lines = [f"{row.kind} {row.name!r} {flow}, {row.count:,} parameters"]
    lines += [f"  {w.name} {w.shape} {w.dtype}" for w in row.weights[:MOST_WEIGHTS]]
    return "\n".join(lines)


def _flow(self: Any, after: str) -> str:
    config = self.get_build_config() if self.built else None
    before = (config or {}).get("input_shape")
    if not isinstance(before, list | tuple) or after == "?":
        return "" if after == "?" else f"→ {after}"
    return f"{tuple(before)} → {after}"


def arguments(self: Any) -> str:
    """Return the arguments of a constructor that are not its defaults.

    Parameters
    ----------
    self : Configurable
        A layer, an optimizer.

    Examples
    --------
    >>> import dlcore
    >>> arguments(dlcore.layers.Dense(3, activation="relu"))
    "units=3, activation='relu'"
    """
    known = {n: p.default for c in type(self).__mro__[::-1] for n, p in _taken(c)}
    said = []
    for name, value in self.get_config().items():
        own = getattr(self, name, None)
        if isinstance(own, Configurable) and hasattr(own, "name"):
            said.append(f"{name}={type(own).__name__}({arguments(own)})")
            continue
        plain, default = _plain(value), known.get(name)
        if name not in _SAID_ELSEWHERE and plain not in (
            _plain(default),
            _named(default),
        ):
            said.append(f"{name}={plain}")
    return ", ".join(said)


_SAID_ELSEWHERE = ("name", "dtype", "learning_rate", "trainable")


def _taken(cls: type) -> Iterator[tuple[str, inspect.Parameter]]:
    signature = vars(cls).get("_signature")
    if signature is not None:
        yield from signature.parameters.items()


def _plain(value: Any) -> str:
    if isinstance(value, dict) and "class_name" in value:
        inner = value.get("config")
        inside = inner if isinstance(inner, dict) else {}
        said = ", ".join(f"{k}={_plain(v)}" for k, v in inside.items() if v is not None)
        return f"{value['class_name']}({said})"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)


def _named(default: Any) -> str:
    """Return how an initializer given by name is written in a configuration."""
    if not isinstance(default, str):
        return _plain(default)
    from dlcore.src import initializers

    try:
        found = initializers.get(default)
    except ValueError:  # a name of something else
        return _plain(default)
    return _plain(initializers.serialize(found))


def optimizer(self: Any) -> Bundle:
    """Describe an optimizer: where it is, its rate, its settings, its slots."""
    from dlcore.src.models.summary import Weight

    steps = int(self.iterations.numpy())
    rate = float(np.asarray(self.learning_rate))
    slots = [v for v in self.variables if v is not self.iterations]
    size = sum(Weight(v.name, v.shape, v.dtype, False).size for v in slots)
    rows = [
        ("learning rate", f"{rate:.6g}"),
        ("steps done", f"{steps:,}"),
        ("state", f"{len(slots):,} variables, {memory(size)}" if self.built else "-"),
        ("settings", f"<code>{escape(arguments(self)) or 'defaults'}</code>"),
    ]
    lines = "".join(
        f'<tr><td class="q">{a}</td><td style="text-align: left">{b}</td></tr>'
        for a, b in rows
    )
    chips = [self.backend.name, "" if self.built else "not built"]
    top = head(self.name, type(self).__name__, chips=chips)
    table = f"<table><tbody>{lines}</tbody></table>"
    return {"text/plain": repr(self), "text/html": card("optimizer", top, table)}


def symbolic(self: Any) -> Bundle:
    """Describe a symbolic tensor: its shape, and the operation it comes from."""
    node = self.node
    operation = getattr(node, "operation", None)
    source = getattr(operation, "name", None) or getattr(operation, "__name__", "")
    words = [str(tuple(self.shape)), str(self.dtype), f"from {source}" * bool(source)]
    top = head(str(self.name), *words, chips=["symbolic", "sparse" * self.sparse])
    return {"text/plain": repr(self), "text/html": card("symbolic", top)}


def history(self: Any) -> Bundle:
    """Describe what ``fit`` measured: curves and a table of epochs.

    As the last value of the very cell whose dashboard has shown them it is a line.
    """
    from dlcore.src.widgets import page
    from dlcore.src.widgets.place import cell
    from dlcore.src.widgets.run import Run

    run = Run.from_history(self.epoch, self.history)
    text = page.text(run)
    if self.shown_in is not None and self.shown_in == cell():
        return {"text/plain": text.partition("\n")[0]}
    return {"text/plain": text, "text/html": page.still(run)}
