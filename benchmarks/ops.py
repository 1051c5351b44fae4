"""Eager cost of ops: the raw library, dlcore.ops and keras.ops in the same run.

    python benchmarks/ops.py [--backends numpy jax torch tensorflow] [--seconds 0.2]
    python benchmarks/ops.py --mid        # mid-size inputs: times of the raw call

Each backend has a process of its own, since Keras fixes its backend when it is
imported. The three calls take turns, and the least time of each counts, so that other
processes on the machine fall out. Small tensors: microseconds over the raw call; what
dlcore promises is at most 1 on numpy, torch and jax.
"""

from __future__ import annotations

import argparse
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
#: Op -> its arguments.
SMALL: dict[str, tuple[Any, ...]] = {
    "add": (A, A),
    "multiply": (A, 2.0),
    "divide": (A, A),
    "maximum": (A, A),
    "less": (A, A),
    "logaddexp": (A, A),
    "matmul": (M, M),
    "exp": (A,),
    "sqrt": (A,),
    "tanh": (A,),
    "negative": (A,),
    "sum": (A,),
    "max": (A,),
    "reshape": (A, (2, 2)),
}
#: Op -> its name in a library, where that differs.
NAMES = {
    "torch": {"less": "lt", "max": "amax", "divide": "true_divide"},
    "tensorflow": {
        "max": "reduce_max",
        "sum": "reduce_sum",
        "less": "math.less",
        "matmul": "linalg.matmul",
        "negative": "math.negative",
        "logaddexp": "experimental.numpy.logaddexp",
    },
}


def _random(*shape: int) -> Any:
    return np.random.default_rng(0).normal(size=shape).astype("float32")


#: Op -> its arguments and its keyword arguments, on mid-size inputs.
MID: dict[str, tuple[Callable[[], tuple[Any, ...]], dict[str, Any]]] = {
    "add": (lambda: (_random(1000, 1000), _random(1000, 1000)), {}),
    "matmul": (lambda: (_random(512, 512), _random(512, 512)), {}),
    "einsum": (lambda: ("ij,jk->ik", _random(256, 256), _random(256, 256)), {}),
    "softmax": (lambda: (_random(1000, 1000),), {}),
    "sum": (lambda: (_random(1000, 1000),), {"axis": 0}),
    "sort": (lambda: (_random(100_000),), {}),
    "exp": (lambda: (_random(1000, 1000),), {}),
    "transpose": (lambda: (_random(1000, 1000),), {}),
    "concatenate": (lambda: ([_random(500, 500), _random(500, 500)],), {}),
}
RAW_MID: dict[str, dict[str, str]] = {
    "numpy": {"softmax": ""},
    "jax": {"softmax": "nn.softmax"},
    "torch": {"concatenate": "cat", "transpose": "t"},
    "tensorflow": {
        "softmax": "nn.softmax",
        "matmul": "linalg.matmul",
        "sum": "reduce_sum",
        "concatenate": "concat",
    },
}
#: What a library's function calls a keyword argument, or wants besides.
KEYWORDS: dict[tuple[str, str], dict[str, Any]] = {
    ("torch", "sum"): {"dim": 0},
    ("torch", "softmax"): {"dim": -1},
    ("tensorflow", "concatenate"): {"axis": 0},
}


def fastest(calls: list[Callable[[], Any]], seconds: float, inner: int) -> list[float]:
    """Return the least time of each call in microseconds; the calls take turns."""
    best = [float("inf")] * len(calls)
    clock = time.perf_counter_ns
    end = clock() + seconds * len(calls) * 1e9
    while clock() < end:
        for i, call in enumerate(calls):
            start = clock()
            for _ in range(inner):
                call()
            best[i] = min(best[i], (clock() - start) / inner)
    return [b / 1000 for b in best]


def library_function(backend: str, name: str) -> Any:
    """Return the raw function; None where the library has none."""
    import importlib

    if not name:
        return None
    found: Any = importlib.import_module("jax" if backend == "jax" else backend)
    places = [found.numpy, found] if backend == "jax" else [found]
    for place in places:
        for part in name.split("."):
            place = getattr(place, part, None)
        if place is not None:
            return place
    return None


def ready(backend: str, function: Callable[..., Any]) -> Callable[[], Any]:
    """Return the call, waiting for its result where the library is asynchronous."""
    if backend == "jax":
        return lambda: function().block_until_ready()
    return function


def measure(backend: str, seconds: float, mid: bool) -> dict[str, list[float | None]]:
    """Return op -> microseconds of raw, dlcore and keras; None for what lacks."""
    import dlcore
    from dlcore import ops

    calls_of: dict[str, Any] = {"dlcore": ops}
    try:
        from keras import ops as keras_ops

        calls_of["keras"] = keras_ops
    except ImportError:
        pass
    rows: dict[str, list[float | None]] = {}
    with dlcore.use_backend(backend):
        for name in MID if mid else SMALL:
            args, kwargs = (MID[name][0](), MID[name][1]) if mid else (SMALL[name], {})

            def tensor(x: Any) -> Any:
                if isinstance(x, list):
                    return [tensor(v) for v in x]
                return ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x

            xs = tuple(map(tensor, args))
            table = RAW_MID if mid else NAMES
            own = library_function(backend, table.get(backend, {}).get(name, name))
            known = {"raw": own, **{k: getattr(v, name) for k, v in calls_of.items()}}
            made: dict[str, Callable[[], Any]] = {}
            for who, function in known.items():
                if function is not None:
                    given = kwargs
                    if who == "raw":
                        given = KEYWORDS.get((backend, name), kwargs) if mid else {}
                    made[who] = _call(function, xs, given)
                    if mid:
                        made[who] = ready(backend, made[who])
                    made[who]()
            times = fastest([*made.values()], seconds, 1 if mid else 20)
            found = dict(zip(made, times, strict=True))
            rows[name] = [found.get(who) for who in ("raw", "dlcore", "keras")]
    return rows


def _call(function: Any, xs: tuple[Any, ...], kwargs: Any) -> Callable[[], Any]:
    if kwargs:
        return lambda: function(*xs, **kwargs)
    if len(xs) == 1:
        (x,) = xs
        return lambda: function(x)
    if len(xs) == 2:
        x, y = xs
        return lambda: function(x, y)
    return lambda: function(*xs)


def show(backend: str, rows: dict[str, list[float | None]], mid: bool) -> None:
    """Print one table."""
    unit = "milliseconds; times raw" if mid else "microseconds; over raw"
    print(f"{backend:11}{'raw':>9}{'dlcore':>9}{'keras':>9}   ({unit})")
    for name, (own, ours, theirs) in rows.items():
        if own is None or ours is None:
            print(f"{name:11}{'-':>9}")
            continue
        line = f"{name:11}{own / 1000 if mid else own:9.2f}"
        for value in (ours, theirs):
            if value is None:
                line += f"{'-':>9}"
            else:
                line += f"{value / own:8.2f}x" if mid else f"{value - own:+9.2f}"
        print(line)


def main() -> None:
    """Print a table for each backend."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    known = ["numpy", "jax", "torch", "tensorflow"]
    parser.add_argument("--backends", nargs="+", default=known)
    parser.add_argument("--seconds", type=float, default=0.2, help="for each call")
    parser.add_argument("--mid", action="store_true", help="mid-size inputs")
    parser.add_argument("--json", action="store_true", help="for one backend, as JSON")
    options = parser.parse_args()
    if options.json:
        (backend,) = options.backends
        print(json.dumps(measure(backend, options.seconds, options.mid)))
        return
    for backend in options.backends:
        command = [sys.executable, __file__, "--json", "--backends", backend]
        command += ["--seconds", str(options.seconds), *["--mid"] * options.mid]
        out = subprocess.run(
            command,
            env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        show(backend, json.loads(out.stdout.splitlines()[-1]), options.mid)


if __name__ == "__main__":
    main()
