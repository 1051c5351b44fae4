"""Ops on mid-size inputs against the obvious call of the library itself.

    python benchmarks/ops_midsize.py --backends numpy,torch,jax

A row is an op, its arguments, and the native call of each backend. Both are called by
turns, and the ratio of their fastest times is shown: above 1.2 an op is too slow.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import dlcore
from dlcore import ops

LIMIT = 1.2
RNG = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    """Return normal numbers."""
    return RNG.normal(size=shape).astype("float32")


SQUARE = normal(512, 512), normal(512, 512)
IMAGES, KERNEL = normal(128, 28, 28, 32), normal(3, 3, 32, 32)
LONG, TABLE = normal(1000, 1000), normal(4096, 256)
TIED = RNG.integers(0, 50, (1000, 1000)).astype("float32")
IDS = np.sort(RNG.integers(0, 100, 100_000)).astype("int32")
ROWS = normal(100_000, 16)
PLACES = RNG.integers(0, 4096, (20_000,)).astype("int32")
CLASSES = RNG.integers(0, 100, (20_000,)).astype("int32")
QUERY = tuple(normal(4, 256, 8, 64) for _ in range(3))

#: Name -> arguments, call of dlcore.
CALLS: dict[str, tuple[tuple[Any, ...], Callable[..., Any]]] = {
    "matmul 512x512": (SQUARE, ops.matmul),
    "conv 128x28x28x32": ((IMAGES, KERNEL), ops.conv),
    "max_pool 128x28x28x32": ((IMAGES,), lambda x: ops.max_pool(x, 2)),
    "softmax 10^6": ((LONG,), ops.softmax),
    "log_softmax 10^6": ((LONG,), ops.log_softmax),
    "logsumexp 10^6": ((LONG,), lambda x: ops.logsumexp(x, axis=-1)),
    "exp 10^6": ((LONG,), ops.exp),
    "gelu 10^6": ((LONG,), ops.gelu),
    "sort 10^6": ((LONG,), ops.sort),
    "argsort 10^6": ((LONG,), ops.argsort),
    "top_k 10 of 1000": ((LONG,), lambda x: ops.top_k(x, 10)),
    "top_k 10 of 1000, ties": ((TIED,), lambda x: ops.top_k(x, 10)),
    "einsum ij,jk->ik": (SQUARE, lambda a, b: ops.einsum("ij,jk->ik", a, b)),
    "segment_sum 10^5x16": (
        (ROWS, IDS),
        lambda x, i: ops.segment_sum(x, i, num_segments=100),
    ),
    "attention 4x256x8x64": (QUERY, ops.dot_product_attention),
    "take 20000 rows": ((TABLE, PLACES), lambda x, i: ops.take(x, i, axis=0)),
    "concatenate": ((LONG, LONG), lambda a, b: ops.concatenate([a, b], axis=1)),
    "mean": ((LONG,), lambda x: ops.mean(x, axis=-1)),
    "var": ((LONG,), lambda x: ops.var(x, axis=-1)),
    "sum": ((LONG,), lambda x: ops.sum(x, axis=0)),
    "layer_normalization": (
        (LONG, LONG[0], LONG[1]),
        lambda x, g, b: ops.layer_normalization(x, g, b, epsilon=1e-5),
    ),
    "one_hot 20000x100": ((CLASSES,), lambda x: ops.one_hot(x, 100)),
    "where": ((LONG,), lambda x: ops.where(x > 0, x, 0.0)),
    "transpose copy": ((LONG,), lambda x: ops.add(ops.transpose(x), 1.0)),
    "cumsum": ((LONG,), lambda x: ops.cumsum(x, axis=1)),
    "argmax": ((LONG,), lambda x: ops.argmax(x, axis=-1)),
}


def native_numpy() -> dict[str, Callable[..., Any]]:
    """Return what one would write with numpy and scipy."""
    from scipy import special

    def top(x: Any) -> Any:
        best = np.argpartition(-x, 10, -1)[:, :10]
        order = np.argsort(-np.take_along_axis(x, best, -1), -1)
        best = np.take_along_axis(best, order, -1)
        return np.take_along_axis(x, best, -1), best

    def segments(x: Any, i: Any) -> Any:
        out = np.zeros((100, x.shape[1]), x.dtype)
        np.add.at(out, i, x)
        return out

    def attention(q: Any, k: Any, v: Any) -> Any:
        q, k, v = (x.transpose(0, 2, 1, 3) for x in (q, k, v))
        weights = special.softmax(q @ k.swapaxes(-1, -2) / 8.0, -1)
        return (weights @ v).transpose(0, 2, 1, 3)

    def conv(x: Any, w: Any) -> Any:
        cells = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (1, 2))
        cells = np.moveaxis(cells, 3, -1).reshape(-1, 288)
        return (cells @ w.reshape(288, -1)).reshape(128, 26, 26, -1)

    def layer_norm(x: Any, g: Any, b: Any) -> Any:
        middle = x.mean(-1, keepdims=True)
        return (x - middle) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * g + b

    return {
        "matmul 512x512": np.matmul,
        "conv 128x28x28x32": conv,
        "max_pool 128x28x28x32": lambda x: x.reshape(128, 14, 2, 14, 2, 32).max((2, 4)),
        "softmax 10^6": lambda x: special.softmax(x, -1),
        "log_softmax 10^6": lambda x: special.log_softmax(x, -1),
        "logsumexp 10^6": lambda x: special.logsumexp(x, -1),
        "exp 10^6": np.exp,
        "gelu 10^6": lambda x: (
            0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))
        ),
        "sort 10^6": np.sort,
        "argsort 10^6": lambda x: np.argsort(x, kind="stable"),
        "top_k 10 of 1000": top,
        "top_k 10 of 1000, ties": top,
        "einsum ij,jk->ik": lambda a, b: np.einsum("ij,jk->ik", a, b, optimize=True),
        "segment_sum 10^5x16": segments,
        "attention 4x256x8x64": attention,
        "take 20000 rows": lambda x, i: np.take(x, i, 0),
        "concatenate": lambda a, b: np.concatenate([a, b], 1),
        "mean": lambda x: np.mean(x, -1),
        "var": lambda x: np.var(x, -1),
        "sum": lambda x: np.sum(x, 0),
        "layer_normalization": layer_norm,
        "one_hot 20000x100": lambda x: np.eye(100, dtype="float32")[x],
        "where": lambda x: np.where(x > 0, x, np.float32(0)),
        "transpose copy": lambda x: x.T + 1.0,
        "cumsum": lambda x: np.cumsum(x, 1),
        "argmax": lambda x: np.argmax(x, -1),
    }


def native_torch() -> dict[str, Callable[..., Any]]:
    """Return what one would write with torch."""
    import torch
    import torch.nn.functional as F

    def conv(x: Any, w: Any) -> Any:
        return F.conv2d(x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1))

    def attention(q: Any, k: Any, v: Any) -> Any:
        q, k, v = (x.transpose(1, 2) for x in (q, k, v))
        return F.scaled_dot_product_attention(q, k, v).transpose(1, 2)

    return {
        "matmul 512x512": torch.matmul,
        "conv 128x28x28x32": conv,
        "max_pool 128x28x28x32": lambda x: F.max_pool2d(x.permute(0, 3, 1, 2), 2),
        "softmax 10^6": lambda x: torch.softmax(x, -1),
        "log_softmax 10^6": lambda x: torch.log_softmax(x, -1),
        "logsumexp 10^6": lambda x: torch.logsumexp(x, -1),
        "exp 10^6": torch.exp,
        "gelu 10^6": lambda x: F.gelu(x, approximate="tanh"),
        "sort 10^6": lambda x: torch.sort(x).values,
        "argsort 10^6": lambda x: torch.argsort(x, stable=True),
        "top_k 10 of 1000": lambda x: torch.topk(x, 10),
        "top_k 10 of 1000, ties": lambda x: torch.topk(x, 10),
        "einsum ij,jk->ik": lambda a, b: torch.einsum("ij,jk->ik", a, b),
        "segment_sum 10^5x16": lambda x, i: torch.zeros(100, 16).index_add(0, i, x),
        "attention 4x256x8x64": attention,
        "take 20000 rows": lambda x, i: torch.index_select(x, 0, i),
        "concatenate": lambda a, b: torch.cat([a, b], 1),
        "mean": lambda x: torch.mean(x, -1),
        "var": lambda x: torch.var(x, -1, correction=0),
        "sum": lambda x: torch.sum(x, 0),
        "layer_normalization": lambda x, g, b: F.layer_norm(x, (1000,), g, b, 1e-5),
        "one_hot 20000x100": lambda x: F.one_hot(x.long(), 100).float(),
        "where": lambda x: torch.where(x > 0, x, 0.0),
        "transpose copy": lambda x: x.T + 1.0,
        "cumsum": lambda x: torch.cumsum(x, 1),
        "argmax": lambda x: torch.argmax(x, -1),
    }


def native_jax() -> dict[str, Callable[..., Any]]:
    """Return what one would write with jax."""
    import jax
    import jax.numpy as jnp

    def conv(x: Any, w: Any) -> Any:
        names = ("NHWC", "HWIO", "NHWC")
        return jax.lax.conv_general_dilated(
            x, w, (1, 1), "VALID", dimension_numbers=names
        )

    def pool(x: Any) -> Any:
        low = np.float32(-np.inf)
        sizes = (1, 2, 2, 1)
        return jax.lax.reduce_window(x, low, jax.lax.max, sizes, sizes, "VALID")

    def layer_norm(x: Any, g: Any, b: Any) -> Any:
        middle = x.mean(-1, keepdims=True)
        return (x - middle) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-5) * g + b

    def segments(x: Any, i: Any) -> Any:
        return jax.ops.segment_sum(x, i, num_segments=100)

    return {
        "matmul 512x512": jnp.matmul,
        "conv 128x28x28x32": conv,
        "max_pool 128x28x28x32": pool,
        "softmax 10^6": jax.nn.softmax,
        "log_softmax 10^6": jax.nn.log_softmax,
        "logsumexp 10^6": lambda x: jax.scipy.special.logsumexp(x, axis=-1),
        "exp 10^6": jnp.exp,
        "gelu 10^6": jax.nn.gelu,
        "sort 10^6": jnp.sort,
        "argsort 10^6": jnp.argsort,
        "top_k 10 of 1000": lambda x: jax.lax.top_k(x, 10),
        "top_k 10 of 1000, ties": lambda x: jax.lax.top_k(x, 10),
        "einsum ij,jk->ik": lambda a, b: jnp.einsum("ij,jk->ik", a, b),
        "segment_sum 10^5x16": segments,
        "attention 4x256x8x64": jax.nn.dot_product_attention,
        "take 20000 rows": lambda x, i: jnp.take(x, i, 0),
        "concatenate": lambda a, b: jnp.concatenate([a, b], 1),
        "mean": lambda x: jnp.mean(x, -1),
        "var": lambda x: jnp.var(x, -1),
        "sum": lambda x: jnp.sum(x, 0),
        "layer_normalization": layer_norm,
        "one_hot 20000x100": lambda x: jax.nn.one_hot(x, 100),
        "where": lambda x: jnp.where(x > 0, x, 0.0),
        "transpose copy": lambda x: x.T + 1.0,
        "cumsum": lambda x: jnp.cumsum(x, 1),
        "argmax": lambda x: jnp.argmax(x, -1),
    }


NATIVE = {"numpy": native_numpy, "torch": native_torch, "jax": native_jax}


def fastest(calls: list[Callable[[], Any]], seconds: float) -> list[float]:
    """Return the fastest time of each call, called by turns."""
    best = [float("inf")] * len(calls)
    for call in calls:
        call()
    end, rounds = time.perf_counter() + seconds, 0
    while time.perf_counter() < end or rounds < 5:
        for i, call in enumerate(calls):
            start = time.perf_counter()
            call()
            best[i] = min(best[i], time.perf_counter() - start)
        rounds += 1
    return best


def measure(name: str, only: str, seconds: float) -> list[tuple[str, float, float]]:
    """Return op, milliseconds of dlcore, milliseconds of the native call."""
    wait: Callable[[Any], Any] = lambda x: x  # noqa: E731
    if name == "jax":
        import jax

        wait = jax.block_until_ready
    if name == "torch":
        import torch

        torch.set_num_threads(1)
    rows = []
    with dlcore.use_backend(name):
        native = NATIVE[name]()
        for op, (arrays, ours) in CALLS.items():
            if only not in op:
                continue
            xs = [ops.convert_to_tensor(a) for a in arrays]
            theirs = native[op]
            pair = [lambda f=f, xs=xs: wait(f(*xs)) for f in (ours, theirs)]
            one, two = fastest(pair, seconds)
            rows.append((op, one * 1e3, two * 1e3))
    return rows


def main() -> None:
    """Print one table a backend."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backends", default="numpy,torch,jax")
    parser.add_argument("--only", default="", help="ops whose name contains this")
    parser.add_argument("--seconds", type=float, default=1.0, help="for a row")
    options = parser.parse_args()
    for name in options.backends.split(","):
        print(f"\n{name:26}{'dlcore ms':>12}{'native ms':>12}{'ratio':>8}")
        for op, ours, theirs in measure(name, options.only, options.seconds):
            mark = "  slow" if ours > LIMIT * theirs else ""
            print(f"{op:26}{ours:12.3f}{theirs:12.3f}{ours / theirs:8.2f}{mark}")


if __name__ == "__main__":
    main()
