"""Ops shared by the libraries that speak numpy: numpy and jax.

``fill(namespace, xp)`` puts into a backend's file what needs no code of its own;
the file keeps only what differs.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

#: Functions of one and two tensors that both libraries have under our name.
ELEMENTWISE = ("absolute", "negative")
FLOATING = ("exp", "log1p")
BINARY = ("add", "subtract", "multiply", "maximum", "logaddexp")


def fill(
    namespace: dict[str, Any], xp: ModuleType, wrap: Any, names: tuple[str, ...]
) -> None:
    """Put ``wrap(xp.<name>)`` under each name that the file does not define."""
    for name in names:
        namespace.setdefault(name, wrap(getattr(xp, name)))
