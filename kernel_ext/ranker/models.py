"""The table of count models: what each is keyed by, and what it backs off to.

A model looks a place up under a chain of keys, most specific first; its
probabilities interpolate along that chain (Witten and Bell 1991) and end in
those of another model. The same functions fill the tables in training and read
them in use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from kernel_ext.ranker.place import START, Place

Key = tuple[str, ...]


class Model(NamedTuple):
    """One count model.

    `keys` gives the chain of row keys (none if the model has nothing to say),
    `lower` names the model it backs off to, `least` is the number of repositories a
    row's entry must come from to be kept, and `phrase` says the evidence in a reason
    (``{0}``, ``{1}`` are the parts of the key; empty: never cited).
    """

    name: str
    kinds: tuple[str, ...]
    keys: Callable[[Place], list[Key]]
    lower: str | None
    least: int = 2
    phrase: str = ""


def _typed(*rest: Callable[[Place], str]) -> Callable[[Place], list[Key]]:
    """Key by every type of the chain, together with other strings."""

    def keys(p: Place) -> list[Key]:
        parts = tuple(part(p) for part in rest)
        return [(t, *parts) for t in p.types] if all(parts) else []

    return keys


def _called(*rest: Callable[[Place], str]) -> Callable[[Place], list[Key]]:
    def keys(p: Place) -> list[Key]:
        parts = tuple(part(p) for part in rest)
        return [(c, *parts) for c in p.calls] if all(parts) else []

    return keys


def _by(*parts: Callable[[Place], str]) -> Callable[[Place], list[Key]]:
    """Key by strings alone; nothing where one is empty."""

    def keys(p: Place) -> list[Key]:
        key = tuple(part(p) for part in parts)
        return [key] if all(key) else []

    return keys


A, N, F, M = ("attribute",), ("name",), ("import",), ("module",)

MODELS = (
    Model("member", A, lambda p: [()], None),
    Model("member_receiver", A, _by(lambda p: p.receiver), "member", 2,
          "used on a variable named `{0}`"),
    Model("member_type", A, _typed(), "member_receiver", 2, "used on `{0}`"),
    Model("member_previous", A, _by(lambda p: p.earlier[0]), "member_type"),
    Model("member_markov", A, _typed(lambda p: p.earlier[0]), "member_type", 2,
          "follows `{1}` on `{0}`"),
    Model("member_markov2", A,
          _typed(lambda p: p.earlier[0], lambda p: p.earlier[1]), "member_markov", 2,
          "follows `{2}`, `{1}` on `{0}`"),
    Model("member_on_type", A, _typed(lambda p: p.on_type), "member_type"),
    Model("member_named", A, _by(lambda p: p.receiver, lambda p: p.earlier[0]),
          "member_receiver", 2, "follows `{1}` on a variable named `{0}`"),
    Model("member_origin", A, _by(lambda p: p.origin), "member_type", 2,
          "used on what `{0}` returns"),
    Model("member_call", A,
          lambda p: [(t, c) for t in p.types[:1] for c in p.calls], "member_type", 2,
          "used on `{0}` inside `{1}(...)`"),
    Model("member_target", A, _typed(lambda p: p.target), "member_type", 2,
          "assigned from `{0}` to `{1}`"),
    Model("member_shape", A, _typed(lambda p: p.shape), "member_type"),
    Model("member_before", A,
          lambda p: [(t, *p.before[:2]) for t in p.types[:1]]
          + [(t, p.before[0]) for t in p.types[:1]], "member_shape"),
    Model("name", N, lambda p: [()], None, 3),
    Model("name_shape", N, _by(lambda p: p.shape), "name", 3),
    Model("name_before", N,
          lambda p: [p.before, p.before[:2], p.before[:1]], "name_shape", 3),
    Model("name_recent", N, lambda p: [p.recent, p.recent[:1]], "name_shape", 3),
    Model("name_call", N, _called(lambda p: p.slot), "name_shape", 3,
          "an argument of `{0}`"),
    Model("name_keyword", N,
          lambda p: [(c, p.keyword) for c in (*p.calls, "*") if p.keyword],
          "name_shape", 3, "given as `{1}=`"),
    Model("name_target", N, _by(lambda p: p.target), "name_shape", 3,
          "assigned to `{0}`"),
    Model("name_subscript", N, _by(lambda p: p.subscripted), "name_shape", 3),
    Model("keyword", N, lambda p: [()], None, 3),
    Model("keyword_call", N, _called(), "keyword", 2, "a keyword of `{0}`"),
    Model("keyword_slot", N, _called(lambda p: p.slot), "keyword_call"),
    Model("keyword_markov", N, _called(lambda p: p.last_keyword), "keyword_call", 2,
          "follows `{1}=` in `{0}(...)`"),
    Model("import", F, lambda p: [()], None),
    Model("import_module", F, _typed(), "import", 2, "imported from `{0}`"),
    Model("import_markov", F,
          lambda p: [(t, p.before[1] if p.before[0] == "," else START)
                     for t in p.types], "import_module", 2,
          "follows `{1}` among the imports from `{0}`"),
    Model("module", M, lambda p: [()], None),
    Model("module_shape", M, _by(lambda p: p.before[0]), "module"),
    Model("module_markov", M, lambda p: [p.imports[::-1], (p.imports[1],)],
          "module_shape", 2, "imported after `{0}`"),
)  # fmt: skip

BY_NAME = {model.name: model for model in MODELS}
KEYWORDS = tuple(m.name for m in MODELS if m.name.startswith("keyword"))
"""Models of keyword arguments: counted at mined keywords, read at names."""


def counted(place: Place, keyword: bool) -> list[Model]:
    """Say which models a mined point is counted in."""
    return [
        model
        for model in MODELS
        if place.kind in model.kinds and (model.name in KEYWORDS) == keyword
    ]


def read(kind: str) -> list[Model]:
    """Say which models rank candidates of a kind; lower models come first."""
    return [model for model in MODELS if kind in model.kinds]
