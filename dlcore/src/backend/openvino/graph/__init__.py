"""Ops as nodes of an openvino graph, while a step is traced."""

from __future__ import annotations

import importlib
from typing import Any

from dlcore.src import backend as backends
from dlcore.src.backend.openvino.graph.traced import Untraceable, tracing
from dlcore.src.ops.declare import REGISTRY

__all__ = ["Untraceable", "run", "tracing"]

_FILES = (
    *("elementwise", "reduction", "shape", "indexing", "sorting"),
    *("products", "nn", "control"),
)

#: Ops without a form in a graph -> why.
WITHOUT_GRAPH = {
    **dict.fromkeys(
        ("nonzero", "unique", "bincount"),
        "the shape of its result depends on values, and a compiled step has fixed ones",
    ),
    **dict.fromkeys(
        (
            *("cholesky", "det", "slogdet", "eig", "eigh", "inv", "lu_factor", "qr"),
            *("solve", "solve_triangular", "svd"),
        ),
        "openvino has no decompositions of matrices",
    ),
    **dict.fromkeys(
        ("view", "nextafter"), "openvino cannot read the bits of a number as another"
    ),
    **dict.fromkeys(("gcd", "lcm"), "openvino has no such function"),
    **dict.fromkeys(
        ("fft", "fft2", "ifft2", "rfft", "irfft"),
        "the transforms of openvino are not used yet",
    ),
}

_found: dict[str, Any] = {}


def _find(name: str) -> Any:
    """Return what makes the nodes of an op, or its shared body."""
    for file in _FILES:
        module = importlib.import_module(f"{__name__}.{file}")
        function = vars(module).get("OPS", {}).get(name)
        if function is not None:
            return function
    body = REGISTRY[name].body
    if body is None or name in WITHOUT_GRAPH:
        raise Untraceable(name, WITHOUT_GRAPH.get(name, "it has no graph form"))
    return backends.get("openvino").here(body)


def run(name: str, args: Any, kwargs: Any) -> Any:
    """Add an op to the graph that is being traced."""
    make = _found.get(name)
    if make is None:
        make = _found[name] = _find(name)
    try:
        return make(*args, **kwargs)
    except Untraceable as error:
        error.op = error.op or name
        raise
    except RuntimeError as error:  # openvino's own, when it makes a node
        raise Untraceable(name, f"openvino refused it: {error}") from error
