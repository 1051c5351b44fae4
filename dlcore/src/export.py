"""Mark what is public: ``@export("dlcore.layers.Dense")``.

The generator ``dlcore.api_gen`` reads these marks from the source, so the
decorator has nothing to do at run time but remember the name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def export(*names: str) -> Callable[[T], T]:
    """Give an object its public names; the first one is the canonical name.

    Parameters
    ----------
    *names : str
        Dotted names that begin with ``dlcore.``.

    Returns
    -------
    Callable
        A decorator that returns the object itself.

    Examples
    --------
    >>> @export("dlcore.layers.Dense")
    ... class Dense: ...
    """

    def mark(thing: T) -> T:
        thing.__dlcore_name__ = names[0]  # type: ignore[attr-defined]
        return thing

    return mark
