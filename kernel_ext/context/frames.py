"""The parts of an unfinished statement: chains of names, and open brackets."""

from __future__ import annotations

from dataclasses import dataclass, field

from kernel_ext.context.point import Point
from kernel_ext.context.types import Value, combine

LONGEST = 120
"""Characters of the longest receiver text that is kept."""

DEEPEST = 100
"""Brackets that are followed into each other."""


@dataclass(slots=True)
class Chain:
    """An expression like `a.b(c)[d].e`, as far as it was read."""

    text: str
    """Normalised: `a.b()[].e`; `?` where it does not begin with a name."""
    key: str | None
    value: Value | None = None
    origin: str | None = None
    owner: str | None = None
    """Type of the object whose attribute the chain is (for method calls)."""
    elements: tuple[str | None, ...] = ()
    """What iterating gives, for `zip` and `enumerate`."""
    order: int = -1
    point: Point | None = None
    """The point of the chain's last name, when points are collected."""

    @property
    def callee(self) -> str:
        """The chain as something that is called: qualified if known, else text."""
        if self.value is not None and self.value.static:
            return self.value.path
        return self.text


@dataclass(slots=True)
class Item:
    """One of the parts of a level that commas separate."""

    chain: Chain | None = None
    """Set if the item is a single chain, so that it can be a target."""
    value: Value | None = None
    origin: str | None = None
    elements: tuple[str | None, ...] = ()


@dataclass(slots=True)
class Level:
    """The inside of an open bracket, or of the whole statement (bracket "")."""

    bracket: str = ""
    kind: str = ""
    """`"call"`, `"index"`, `"group"`, `"params"`, `"bases"`, `"field"` or "" ."""
    opener: Chain | None = None
    """What is called or indexed."""
    chain: Chain | None = None
    """The chain being read."""
    items: list[Item] = field(default_factory=list)
    first: Chain | None = None
    value: Value | None = None
    origin: str | None = None
    operands: int = 0
    operator: str = ""
    commas: int = 0
    colons: int = 0
    keyword: str | None = None
    """Keyword of the argument being read, or the parameter being read."""
    keywords: list[str] = field(default_factory=list)
    annotation: Value | None = None
    default: bool = False
    """The default of a parameter is being read."""
    order: int = -1
    """Order of the parameter being read."""
    starred: str = ""
    """The stars before the parameter being read."""
    comprehension: bool = False
    binding: bool = False
    """Between the `for` and the `in` of a comprehension."""
    parameters: bool = False
    """Between `lambda` and its colon."""

    def flush(self) -> None:
        """End the chain being read: it becomes an operand of the current item."""
        chain = self.chain
        if chain is None:
            return
        self.chain = None
        if self.operands == 0:
            self.first, self.value, self.origin = chain, chain.value, chain.origin
        else:
            self.value = combine(self.value, chain.value, self.operator)
            self.origin = None
        self.operands += 1

    def end_item(self) -> None:
        """End the current item at a comma, an equals sign or the closing bracket."""
        self.flush()
        if self.operands:
            single = self.first if self.operands == 1 and not self.operator else None
            elements = single.elements if single else ()
            self.items.append(Item(single, self.value, self.origin, elements))
        self.first = self.value = self.origin = None
        self.operands, self.operator = 0, ""

    def name_argument(self, name: str) -> None:
        """Take the keyword before an equals sign in a call."""
        self.chain = self.first = self.value = self.origin = None
        self.operands, self.operator = 0, ""
        self.keyword = name
        self.keywords.append(name)

    def take(self) -> list[Item]:
        """End the current item and hand over all items read so far."""
        self.end_item()
        items, self.items = self.items, []
        return items


@dataclass(slots=True, eq=False)
class Scope:
    """A class, a function, or the document."""

    indent: int
    name: str | None = None
    class_path: str | None = None
    """`.Net` for the body of `class Net`."""
    path: str = ""
    """`.Net.forward`, for the type that a function returns."""
    names: dict[str, list[Chain]] = field(default_factory=dict)
    """Name -> what it was bound to, oldest first."""
    decorators: tuple[str, ...] = ()
