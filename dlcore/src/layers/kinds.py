"""What a layer's arguments stand for, read from the ends of their names."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def _getter(space: str) -> Callable[[Any], Any]:
    def get(identifier: Any) -> Any:
        return importlib.import_module(f"dlcore.{space}").get(identifier)

    return get


#: Last word of an argument's name -> what its value stands for.
KINDS = {
    "activation": _getter("activations"),
    "constraint": _getter("constraints"),
    "initializer": _getter("initializers"),
    "regularizer": _getter("regularizers"),
}
