"""Axes by name."""

from __future__ import annotations

import re
from typing import Any

from dlcore.src.ops import rules
from dlcore.src.ops.declare import derived
from dlcore.src.ops.numpy.shape import reshape, transpose


def _groups(side: str) -> list[list[str]]:
    """Return the axes of one side of a pattern, those in parentheses together."""
    found = re.findall(r"\(([^)]*)\)|(\S+)", side)
    return [inner.split() if not name else [name] for inner, name in found]


@derived
def rearrange(tensor: Any, pattern: str, **axes_lengths: int) -> Any:
    """Reshape and transpose by a pattern of named axes.

    Parameters
    ----------
    tensor : tensor
    pattern : str
        For instance ``"b (h w) c -> b c h w"``.
    **axes_lengths : int
        Sizes that do not follow from the tensor.

    Notes
    -----
    The notation is that of einops (Rogozhnikov, ICLR 2022).
    """
    shape = rules.shape_of(tensor)
    left, arrow, right = pattern.partition("->")
    if not arrow:
        raise ValueError(f"rearrange: `pattern` has no '->': {pattern!r}.")
    sides = []
    for side in (left, right):
        groups = _groups(side)
        if ["..."] in groups:
            hidden = len(shape) - sum(g != ["..."] for g in _groups(left))
            at = groups.index(["..."])
            groups[at : at + 1] = [[f"...{i}"] for i in range(hidden)]
        sides.append(groups)
    given, wanted = sides
    if len(given) != len(shape):
        raise ValueError(
            f"rearrange: {pattern!r} is for {len(given)} axes, `tensor` has the shape "
            f"{shape}."
        )
    names = [n for g in given for n in g]
    if sorted(names) != sorted(n for g in wanted for n in g):
        raise ValueError(
            f"rearrange: both sides of {pattern!r} must name the same axes."
        )
    sizes: dict[str, int | None] = dict(axes_lengths)
    for size, group in zip(shape, given, strict=True):
        open_ = [n for n in group if n not in sizes]
        known = rules.times(*(sizes[n] for n in group if n in sizes))
        if len(open_) > 1:
            raise ValueError(f"rearrange: give the sizes of {', '.join(open_[1:])}.")
        if open_:
            sizes[open_[0]] = None if size is None else size // (known or 1)
    split = [sizes[n] for n in names]
    result = [rules.times(*(sizes[n] for n in g)) for g in wanted]
    tensor = reshape(tensor, [-1 if s is None else s for s in split])
    tensor = transpose(tensor, [names.index(n) for g in wanted for n in g])
    return reshape(tensor, [-1 if s is None else s for s in result])
