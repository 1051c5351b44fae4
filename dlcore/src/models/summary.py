"""What a model consists of: as a table of text, and as HTML for notebooks."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from dlcore.src.widgets.format import memory
from dlcore.src.widgets.place import in_notebook, place

NESTED = "   "


@dataclass(frozen=True)
class Weight:
    """One weight: name, shape, dtype, whether training changes it, what is wrong."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    trainable: bool
    marks: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Number of scalars."""
        return math.prod(self.shape)

    @property
    def size(self) -> int:
        """Number of bytes; four bits an ``int4``."""
        bits = re.search(r"\d+", self.dtype)
        return -(-self.count * int(bits[0] if bits else 8) // 8)


@dataclass(frozen=True)
class Row:
    """One layer of a summary.

    Attributes
    ----------
    name, kind : str
        Its name and its class.
    shape : str
        Shape of its outputs, ``"?"`` while unknown.
    weights : list of Weight
    built, trainable : bool
    sources : list of str
        Where its inputs come from.
    inside : list of Row
        The layers it consists of.
    """

    name: str
    kind: str
    shape: str
    weights: list[Weight]
    built: bool = True
    trainable: bool = True
    sources: list[str] = field(default_factory=list)
    inside: list[Row] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Number of scalars in its weights."""
        return sum(w.count for w in self.weights)

    @property
    def marks(self) -> list[str]:
        """What is wrong with its weights."""
        return [m for w in self.weights for m in w.marks]

    @property
    def params(self) -> str:
        """The number as it is shown."""
        return f"{self.count:,}" if self.built else f"{self.count:,} (unbuilt)"

    @property
    def trained(self) -> str:
        """``"Y"`` or ``"N"``; ``"-"`` without weights."""
        return "-" if not self.weights else "Y" if self.trainable else "N"

    def flat(self, depth: int = 0) -> Iterator[tuple[int, Row]]:
        """Yield it and the rows inside with their depths."""
        yield depth, self
        for row in self.inside:
            yield from row.flat(depth + 1)


Look = Callable[[Any], Sequence[str]]


def _unseen(variable: Any) -> Sequence[str]:
    return ()


def describe(layer: Any, look: Look = _unseen) -> Row:
    """Describe a layer or a model, and what it consists of.

    Parameters
    ----------
    layer : Layer
    look : Callable
        Gets a variable and returns what is wrong with its values.

    Returns
    -------
    Row
    """
    nodes = _graph(layer)
    return _row(layer, [], nodes, look)


def _row(layer: Any, nodes: Sequence[Any], inner: Sequence[Any], look: Look) -> Row:
    own = [n for n in nodes if n.operation is layer]
    parts = getattr(layer, "layers", [])
    weights = [
        Weight(
            _short(v, layer),
            v.shape,
            v.dtype,
            v.trainable,
            () if parts else tuple(look(v)),
        )
        for v in layer.weights
    ]
    return Row(
        name=layer.name,
        kind=type(layer).__name__,
        shape=_shape(layer, own),
        weights=weights,
        built=bool(layer.built),
        trainable=bool(layer.trainable),
        sources=[_source(x) for n in own for x in n.inputs],
        inside=[_row(x, inner, _graph(x), look) for x in parts],
    )


def _short(variable: Any, layer: Any) -> str:
    path = str(variable.path)
    return path.rpartition(f"{layer.name}/")[2] or path


def _graph(model: Any) -> list[Any]:
    """Return the nodes between a model's inputs and outputs; none if it has none."""
    graph = getattr(model, "_graph", None)
    return [] if graph is None else list(graph.nodes)


def _flat(tensors: Any) -> Iterator[Any]:
    from dlcore.src import tree

    yield from tree.flatten(tensors)


def _source(tensor: Any) -> str:
    node = tensor.node
    operation = getattr(node, "operation", None)
    if operation is None:
        return str(tensor.name)
    name = getattr(operation, "name", None) or operation.__name__
    calls = [n for n in getattr(operation, "_nodes", []) if n is not None]
    call = calls.index(node) if node in calls else 0
    place = next(i for i, x in enumerate(node.outputs) if x is tensor)
    return f"{name}[{call}][{place}]"


def _shape(layer: Any, nodes: Sequence[Any]) -> str:
    calls = nodes or getattr(layer, "_nodes", [])[-1:]
    shapes = [tuple(x.shape) for n in calls for x in n.outputs]
    if not shapes and getattr(layer, "outputs", None):
        shapes = [tuple(x.shape) for x in _flat(layer.outputs)]
    built = layer.get_build_config() if layer.built and not shapes else None
    if built and "input_shape" in built:
        shapes = _traced(layer, built["input_shape"])
    return ", ".join(str(s) for s in dict.fromkeys(shapes)) or "?"


def _traced(layer: Any, shape: Any) -> list[Any]:
    """Return the output's shape of a layer that was only called on values."""
    try:
        found = layer.compute_output_shape(shape)
    except Exception:  # a call that depends on values cannot be traced
        return []
    return [tuple(found)] if isinstance(found, list | tuple) else []


def totals(model: Any, row: Row) -> list[tuple[str, int, int]]:
    """Return the lines below the table: title, scalars, bytes."""
    groups = {
        "Total params": row.weights,
        "Trainable params": [w for w in row.weights if w.trainable],
        "Non-trainable params": [w for w in row.weights if not w.trainable],
    }
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and optimizer.built:
        slots = [Weight(v.name, v.shape, v.dtype, False) for v in optimizer.variables]
        groups["Total params"] = [*row.weights, *slots]
        groups["Optimizer params"] = slots
    return [
        (title, sum(w.count for w in ws), sum(w.size for w in ws))
        for title, ws in groups.items()
    ]


def summary(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> None:
    """Print what a model consists of.

    In a notebook it is shown as HTML unless an argument asks for something else.

    Parameters
    ----------
    model : Model
    line_length : int, optional
        Characters in a line; 80, or 100 with a column more.
    positions : sequence of float, optional
        Where the columns end, as parts of the line, the last one 1.0; or in
        characters.
    print_fn : Callable, optional
        Gets the whole text instead of its being printed.
    expand_nested : bool
        Whether to list the layers of models inside the model.
    show_trainable : bool
        Whether to say which layers are trained.
    layer_range : sequence of two str, optional
        Names, or regular expressions, of the first and the last layer to show.

    Raises
    ------
    ValueError
        If a name in ``layer_range`` fits no layer.
    """
    plain = (line_length, positions, print_fn, layer_range) == (None,) * 4
    if plain and not show_trainable and not expand_nested and in_notebook():
        from dlcore.src.widgets.output import Output

        Output().show(mimebundle(model))
        return
    color = print_fn is None and place() == "terminal"
    written = text(
        model, line_length, positions, expand_nested, show_trainable, layer_range, color
    )
    (print_fn or print)(written)


def text(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
    color: bool = False,
) -> str:
    """Return what ``summary`` prints; the arguments are the same."""
    from rich.console import Console
    from rich.markup import escape

    row = describe(model)
    graph = _branches(model)
    columns = ["Layer (type)", "Output Shape", "Param #"]
    columns += ["Connected to"] * graph + ["Trainable"] * show_trainable
    width = line_length or (100 if len(columns) > 3 else 80)
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=color,
        force_jupyter=False,
        color_system="auto" if color else None,
        highlight=False,
        legacy_windows=False,
    )
    console.print(f'[bold]Model: "{escape(row.name)}"[/bold]')
    rows = [p for r in _between(row.inside, layer_range) for p in r.flat()]
    table = _table(columns, width, positions)
    for depth, shown in rows:
        if depth and not expand_nested:
            continue
        table.add_row(*(escape(c) for c in _cells(shown, depth, graph, show_trainable)))
    console.print(table)
    for title, count, size in totals(model, row):
        console.print(f" [bold]{title}:[/bold] {count:,} ({memory(size)})")
    written: str = console.file.getvalue()  # type: ignore[attr-defined]
    return written.rstrip("\n")


def _table(columns: Sequence[str], width: int, positions: Any) -> Any:
    from rich.table import Table

    table = Table(show_lines=True)
    ends = [0.0, *(positions or [])]
    scale = width if positions and positions[-1] <= 1 else 1
    for i, title in enumerate(columns):
        fixed = int(scale * (ends[i + 1] - ends[i])) - 3 if i + 1 < len(ends) else None
        table.add_column(
            title,
            justify="right" if title == "Param #" else "left",
            width=fixed,
            overflow="fold",
        )
    return table


def _cells(row: Row, depth: int, graph: bool, trainable: bool) -> list[str]:
    indent = f"{NESTED * depth}└ " if depth else ""
    cells = [f"{indent}{row.name} ({row.kind})", row.shape, row.params]
    if graph:
        cells.append(", ".join(row.sources) or "-")
    return cells + [row.trained] * trainable


def _branches(model: Any) -> bool:
    """Return whether the layers are more than a chain, so that sources matter."""
    nodes = _graph(model)
    used = [id(x) for n in nodes for x in n.inputs]
    several = any(sum(1 for _ in n.inputs) > 1 or len(n.outputs) > 1 for n in nodes)
    return several or len(used) != len(set(used))


def _between(rows: Sequence[Row], wanted: Sequence[str] | None) -> Sequence[Row]:
    if wanted is None:
        return rows
    if len(wanted) != 2:
        raise ValueError(
            f"summary: `layer_range` takes two names, got {list(wanted)!r}."
        )
    places = []
    for pattern in wanted:
        fits = [i for i, r in enumerate(rows) if re.fullmatch(pattern, r.name)]
        if not fits:
            from dlcore.src.errors import did_you_mean

            hint = did_you_mean(pattern, [r.name for r in rows])
            raise ValueError(f"summary: no layer is called {pattern!r}.{hint}")
        places += [fits[0], fits[-1]]
    return rows[min(places) : max(places) + 1]


def html(model: Any) -> str:
    """Return a piece of HTML: the layers, which unfold, and the totals.

    Parameters
    ----------
    model : Model

    Returns
    -------
    str
        One ``<div>`` that needs nothing from outside.
    """
    from dlcore.src.display.facts import wrong
    from dlcore.src.widgets.layers import html as write

    row = describe(model, wrong)
    return write(row, totals(model, row), _branches(model), _home(model))


def _home(model: Any) -> str:
    return str(getattr(getattr(model, "backend", None), "name", ""))


def mimebundle(model: Any) -> dict[str, str]:
    """Return text and HTML by MIME type, for ``_repr_mimebundle_``."""
    return {"text/plain": text(model), "text/html": html(model)}
