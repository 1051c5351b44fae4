"""Base classes of a type that the running process has imported already."""

from __future__ import annotations

import sys
from types import ModuleType


def bases_of(qualified: str) -> tuple[str, ...]:
    """Look up the method resolution order of a class without importing anything.

    Parameters
    ----------
    qualified : str
        Such as ``"pandas.DataFrame"``.

    Returns
    -------
    tuple of str
        Qualified names of its base classes, nearest first, without ``object``; empty
        if the class is not to be found among the imported modules.

    Examples
    --------
    >>> bases_of("collections.OrderedDict"), bases_of("not.imported")
    (('dict',), ())
    """
    parts = qualified.split(".")
    for cut in range(len(parts) - 1, -1, -1):
        found: object = sys.modules.get(".".join(parts[:cut]) or "builtins")
        if not isinstance(found, ModuleType):
            continue
        for part in parts[cut:]:
            # vars(), not getattr(): a module's or a class's own code must not run.
            found = vars(found).get(part) if hasattr(type(found), "__dict__") else None
            if not isinstance(found, type | ModuleType):
                break
        if isinstance(found, type):
            return tuple(_qualified(base) for base in found.__mro__[1:-1])
    return ()


def _qualified(class_: type) -> str:
    if class_.__module__ == "builtins":
        return class_.__qualname__
    return f"{class_.__module__}.{class_.__qualname__}"
