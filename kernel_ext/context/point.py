"""A completion point and the history of the document before it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

CELL = "\n\f\n"
"""What stands between two cells of one text: a line holding a form feed, which
Python itself reads as white space."""

WINDOW = 65_536
"""How many characters before the cursor `at` reads. Of a longer text only the
import lines before that window count. Within it `at` and `points` agree."""


def join(cells: Iterable[str]) -> str:
    """One text out of the cells of a notebook, with a mark between two cells."""
    return CELL.join(cell.replace("\f", " ") for cell in cells)


@dataclass(slots=True)
class History:
    """The names of a document in the order in which they stand there.

    The lists are parallel; the index of an entry is its *order*. A document has
    one history, shared by all its points: a point sees the entries whose order
    is below its own (`Point.order`).

    The history of a point from `at` lives until the next call of `at` in the
    same thread; everything else in a point is a value of its own.
    """

    names: list[str] = field(default_factory=list)
    """The names as written."""
    roles: list[str] = field(default_factory=list)
    """`"name"`, `"attribute"`, `"keyword"`, `"import"` (`from m import NAME`),
    `"module"`, `"definition"` (def, class, parameter, `as` alias)."""
    receivers: list[str | None] = field(default_factory=list)
    """For attributes the receiver's identity (`Point.receiver_key`), for keywords the
    call (`Point.call`), for imports the module; else None."""
    types: list[str | None] = field(default_factory=list)
    """For attributes the receiver's type (`Point.receiver_type`), else None."""
    lines: list[int] = field(default_factory=list)
    """Line numbers, from 0."""
    positions: dict[str, list[int]] = field(default_factory=dict)
    """Name -> the orders where it stands, ascending."""
    bindings: dict[str, list[int]] = field(default_factory=dict)
    """Name -> the orders where it is bound (assigned, imported, defined, ...)."""
    members: dict[str, list[str]] = field(default_factory=dict)
    """Class defined in the document (`".Net"`) -> its methods and attributes, in the
    order in which they first appear (also through `self.x = ...`)."""
    member_orders: dict[str, list[int]] = field(default_factory=dict)
    """The orders at which they do, parallel to `members`."""

    parameters: dict[str, list[str]] = field(default_factory=dict)
    """Function or method of the document (`".f"`, `".Net.forward"`) -> its parameters,
    without `self`."""
    parameter_orders: dict[str, list[int]] = field(default_factory=dict)
    """The orders at which they stand, parallel to `parameters`."""

    def uses(self, name: str, before: int) -> list[int]:
        """Orders, ascending, at which `name` stands before the order `before`."""
        orders = self.positions.get(name)
        return orders[: bisect_left(orders, before)] if orders else []

    def members_of(self, class_path: str, before: int) -> list[str]:
        """Members of a class of the document that appear before an order."""
        orders = self.member_orders.get(class_path, [])
        return self.members.get(class_path, [])[: bisect_left(orders, before)]

    def parameters_of(self, path: str, before: int) -> list[str]:
        """Parameters of a function, or of a class's `__init__`, likewise."""
        path = path if path in self.parameters else f"{path}.__init__"
        orders = self.parameter_orders.get(path, [])
        return self.parameters.get(path, [])[: bisect_left(orders, before)]


@dataclass(slots=True)
class Point:
    """A place where a name is completed, described by the text before it.

    `name` and `bound` are what a mined point wants (the labels), and so is the
    difference between the kinds `"keyword"` and `"name"`: before the `=` is
    typed nobody can know it, so `at` says `"name"` with `argument_start` true, and
    candidates for both should then be offered. All else are features, equal in
    `points` and in `at` at the same place.
    """

    kind: str
    """`"attribute"` (`recv.NAME`), `"name"`, `"keyword"` (`f(NAME=`), `"import"`
    (`from m import NAME`) or `"module"` (`import NAME`, `import a.NAME`, `from NAME`).
    `at` also says `"string"`, `"comment"`, `"number"`, `"magic"`, `"definition"` (a new
    name is being given): places where none of the five is asked for."""
    start: int
    """Offset (code points) in the text at which the name starts."""
    prefix: str
    """What of the name is typed already; empty in mined points."""
    name: str | None
    """The wanted name; None from `at`."""
    bound: bool
    """Label: the wanted name is (re)bound here, as in `NAME = 1` or `for NAME in`."""
    order: int
    """This point's place in `history`: entries with a lower order are before it."""
    line: int
    """Line number in the text, from 0."""
    cell: int
    """Number of the cell in the text, from 0; always 0 in a text without marks."""

    receiver: str | None
    """Attributes: the receiver as normalised text (`df`, `np.random`,
    `df.groupby()`, `x[]`; `?` if it is no chain of names). Imports: the module."""
    receiver_key: str | None
    """Which receiver it is: its text, but `.Net` for the `self` of class Net and
    `.Net.fc` for its `self.fc`. Same key, same thing."""
    receiver_type: str | None
    """Attributes: the qualified type (`pandas.DataFrame`, `str`, `.Net` for a class of
    the document), or the qualified path when the receiver is a module, class or
    function (`numpy.random`). Imports: the module. None if not known."""
    receiver_static: bool
    """`receiver_type` names the receiver itself (module, class, function), not its
    type."""
    receiver_bases: tuple[str, ...]
    """The classes to back off to, nearest first (`torch.nn.Module` for `.Net`)."""
    origin: str | None
    """The call that made the receiver, qualified if known (`pandas.read_csv`)."""
    earlier: tuple[str, ...]
    """Names used before on this receiver, oldest first, at most the last 32."""
    earlier_on_type: tuple[str, ...]
    """Names used before on receivers of this type, likewise."""

    call: str | None
    """The innermost call around the point: qualified (`matplotlib.pyplot.plot`,
    `pandas.DataFrame.groupby`) if known, else as written (`model.fit`)."""
    call_known: bool
    """`call` is a qualified path."""
    argument: int
    """Which argument of that call this is, from 0; -1 outside of calls."""
    argument_start: bool
    """The name would be the first token of the argument."""
    argument_keyword: str | None
    """`hue` inside `f(hue=...)`."""
    keywords: tuple[str, ...]
    """Keywords already given in that call, in order."""
    bracket: str
    """Innermost open bracket: `""`, `"("`, `"["`, `"{"`; `"f"` in an f-string."""
    subscripted: str | None
    """Directly inside `x[...]`: the type of x, else its text."""

    statement: str
    """The first keyword of the statement (`if`, `for`, `return`, `import`, ...),
    `@` for a decorator, else `=` once an assignment sign was read, else `""`."""
    statement_start: bool
    """The name would be the first token of the statement."""
    target: str | None
    """The name (last part) on the left of the statement's `=`."""
    before: tuple[str, ...]
    """The tokens of the statement before the point, at most the last 16, strings as
    `'`, numbers as `0`."""
    indent: int
    """Column of the statement's first token."""
    function: str | None
    """Name of the function around the point."""
    class_: str | None
    """Name of the class around the point."""
    imports: tuple[str, ...]
    """Qualified modules imported so far, in order."""

    history: History = field(repr=False, compare=False)
    """All names of the document; see `History`."""

    def recent(self, count: int) -> list[str]:
        """Return the last `count` names of the document before the point."""
        return self.history.names[max(0, self.order - count) : self.order]
