"""The public namespaces; at run time each is a module of ``dlcore`` itself.

Type checkers and editors read ``dlcore.layers`` here, where the file lies; an import
gives the one module of that name, loaded at its first use.
"""

from __future__ import annotations

import importlib
from types import ModuleType


def __getattr__(name: str) -> ModuleType:
    try:
        return importlib.import_module(f"dlcore.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"dlcore.{name}":
            raise
        raise AttributeError(f"dlcore.api has no namespace {name!r}") from None
