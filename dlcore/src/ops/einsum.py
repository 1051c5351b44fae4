"""Reading einsum's subscripts."""

from __future__ import annotations

from typing import Any

from dlcore.src.ops import rules
from dlcore.src.symbolic import Spec


def parse(subscripts: str, ranks: list[int]) -> tuple[list[str], str]:
    """Return the letters of every operand and of the result, without ellipsis.

    Axes behind an ellipsis get capital letters that are not used.

    Raises
    ------
    ValueError
        If the subscripts do not fit the operands.
    """
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise ValueError(
            f"{subscripts!r} is for {len(terms)} operands, got {len(ranks)}"
        )
    spare = [c for c in "ZYXWVUTSRQPONMLKJIHGFEDCBA" if c not in text]
    hidden = [
        rank - len(term.replace("...", "")) if "..." in term else 0
        for term, rank in zip(terms, ranks, strict=True)
    ]
    names = "".join(spare[: max(hidden, default=0)][::-1])
    full = [
        term.replace("...", names[len(names) - n :])
        for term, n in zip(terms, hidden, strict=True)
    ]
    for term, rank, given in zip(full, ranks, terms, strict=True):
        if len(term) != rank:
            raise ValueError(f"{given!r} in {subscripts!r} does not fit {rank} axes")
    if arrow:
        return full, right.replace("...", names)
    letters = "".join(full)
    once = sorted(c for c in set(letters) if letters.count(c) == 1 and c not in names)
    return full, names + "".join(once)


def einsum_rule(subscripts: str, *operands: Any, **kwargs: Any) -> Spec:
    """Shape by letters; promoted dtype, int32 for int8."""
    shapes = [rules.shape_of(x) for x in operands]
    terms, result = parse(subscripts, [len(s) for s in shapes])
    sizes: dict[str, int | None] = {}
    for term, shape in zip(terms, shapes, strict=True):
        for letter, size in zip(term, shape, strict=True):
            known = sizes.get(letter)
            if known not in (None, 1) and size not in (None, 1, known):
                raise ValueError(
                    f"{letter!r} in {subscripts!r} is {known} and {size}: "
                    f"shapes {shapes}"
                )
            if letter not in sizes or known in (None, 1):
                sizes[letter] = size if size != 1 or letter not in sizes else known
    missing = set(result) - set(sizes)
    if missing:
        raise ValueError(f"{subscripts!r} has no operand with {sorted(missing)}")
    names = {rules.promoted(x) for x in operands}
    dtype = "int32" if names == {"int8"} else rules.promoted(*operands)
    return Spec([sizes[c] for c in result], dtype)
