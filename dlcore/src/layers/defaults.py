"""Other defaults than those of an inherited constructor."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

C = TypeVar("C", bound=type)


def defaults(**values: Any) -> Callable[[C], C]:
    """Give a class the constructor of its base, with other default values.

    Parameters
    ----------
    **values
        Argument to default.

    Examples
    --------
    >>> import dlcore
    >>> @defaults(units=3)
    ... class ThreeUnits(dlcore.layers.Dense):
    ...     pass
    >>> ThreeUnits().units
    3
    """

    def change(cls: C) -> C:
        made: Any = cls
        inherited = made.__init__
        parameters = inspect.signature(inherited).parameters.values()
        names = [p.name for p in parameters][1:]

        @functools.wraps(inherited)
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            given = {*names[: len(args)], *kwargs}
            rest = {name: v for name, v in values.items() if name not in given}
            inherited(self, *args, **kwargs, **rest)

        signature = inspect.Signature(
            [p.replace(default=values.get(p.name, p.default)) for p in parameters]
        )
        made.__init__ = __init__
        made.__init__.__signature__ = signature
        made._signature = signature
        return cls

    return change
