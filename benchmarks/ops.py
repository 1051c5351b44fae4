"""Eager overhead of ops on small tensors, beside the raw library and keras.ops.

    python benchmarks/ops.py [--backends numpy jax torch] [--runs 2000]

Thread CPU time of one call in microseconds: the minimum of many runs, so that other
processes do not count. keras.ops runs in a process of its own for each backend.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

A = np.array([1.0, 2.0, 3.0, 4.0], "float32")
M = np.ones((2, 2), "float32")
#: Op -> its arguments, and the raw call on each library.
CASES: dict[str, tuple[tuple[Any, ...], dict[str, str]]] = {
    "add": ((A, A), {"numpy": "add", "jax": "numpy.add", "torch": "add"}),
    "multiply": (
        (A, 2.0),
        {"numpy": "multiply", "jax": "numpy.multiply", "torch": "multiply"},
    ),
    "exp": ((A,), {"numpy": "exp", "jax": "numpy.exp", "torch": "exp"}),
    "logaddexp": (
        (A, A),
        {"numpy": "logaddexp", "jax": "numpy.logaddexp", "torch": "logaddexp"},
    ),
    "less": ((A, A), {"numpy": "less", "jax": "numpy.less", "torch": "lt"}),
    "matmul": ((M, M), {"numpy": "matmul", "jax": "numpy.matmul", "torch": "matmul"}),
    "sum": ((A,), {"numpy": "sum", "jax": "numpy.sum", "torch": "sum"}),
    "sqrt": ((A,), {"numpy": "sqrt", "jax": "numpy.sqrt", "torch": "sqrt"}),
}


def minimum(call: Callable[[], Any], runs: int) -> float:
    """Return the least time of one call in microseconds."""
    best, inner, clock = float("inf"), 10, time.thread_time_ns
    for _ in range(runs):
        start = clock()
        for _ in range(inner):
            call()
        best = min(best, (clock() - start) / inner)
    return best / 1000


def measure(ops: Any, runs: int) -> dict[str, float]:
    """Return op -> microseconds of ``ops``."""
    found = {}
    for name, (args, _) in CASES.items():
        xs = [
            ops.convert_to_tensor(a) if isinstance(a, np.ndarray) else a for a in args
        ]
        fn = getattr(ops, name)
        fn(*xs)
        found[name] = minimum(lambda fn=fn, xs=xs: fn(*xs), runs)
    return found


def raw(backend: str, runs: int) -> dict[str, float]:
    """Return op -> microseconds of the library's own function."""
    import dlcore
    from dlcore import ops

    found = {}
    with dlcore.use_backend(backend):
        for name, (args, names) in CASES.items():
            fn: Any = importlib.import_module("jax" if backend == "jax" else backend)
            for part in names[backend].split("."):
                fn = getattr(fn, part)
            xs = [
                ops.convert_to_tensor(a) if isinstance(a, np.ndarray) else a
                for a in args
            ]
            fn(*xs)
            found[name] = minimum(lambda fn=fn, xs=xs: fn(*xs), runs)
    return found


def keras(backend: str, runs: int) -> dict[str, float] | None:
    """Return op -> microseconds of keras.ops, or None where it is not installed."""
    if importlib.util.find_spec("keras") is None:
        return None
    env = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    out = subprocess.run(
        [sys.executable, __file__, "--keras", "--runs", str(runs)],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(out.stdout.splitlines()[-1])


def main() -> None:
    """Print one table a backend."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backends", nargs="+", default=["numpy", "jax", "torch"])
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument(
        "--keras", action="store_true", help="measure keras.ops, as JSON"
    )
    options = parser.parse_args()
    if options.keras:
        from keras import ops as keras_ops

        print(json.dumps(measure(keras_ops, options.runs)))
        return
    import dlcore
    from dlcore import ops

    for backend in options.backends:
        own = raw(backend, options.runs)
        with dlcore.use_backend(backend):
            ours = measure(ops, options.runs)
        theirs = keras(backend, max(options.runs // 4, 50))
        print(
            f"{backend:10} {'raw':>8} {'dlcore':>8} {'over':>8} {'keras over':>11}"
            "  (microseconds)"
        )
        for name in CASES:
            over = f"{theirs[name] - own[name]:11.2f}" if theirs else " " * 11
            print(
                f"{name:10} {own[name]:8.2f} {ours[name]:8.2f} "
                f"{ours[name] - own[name]:8.2f} {over}"
            )


if __name__ == "__main__":
    main()
