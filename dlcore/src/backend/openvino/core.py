"""Every op, under its name."""

from __future__ import annotations

from dlcore.src.backend.openvino.dispatch import (
    cond,
    eager_or_node,
    scan,
    vectorized_map,
    while_loop,
)
from dlcore.src.ops.declare import REGISTRY

__all__ = ["cond", "scan", "vectorized_map", "while_loop"]

#: Ops that call functions of the user with tensors: their shared bodies run.
_CALLING = {"switch", *(name for name, op in REGISTRY.items() if op.nested)}

for _name in REGISTRY:
    if _name not in _CALLING:
        globals()[_name] = eager_or_node(_name)
