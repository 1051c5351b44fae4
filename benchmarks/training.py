"""Compare training and prediction in dlcore, Keras and hand-written code.

Each sample is a fresh process on one thread; the three are run in turn, so that a busy
machine slows them alike. What is printed are CPU times and their ratios to the
hand-written code, with the spread over the repetitions::

    python benchmarks/training.py --backends jax,torch --cases fit,batch --repeat 3
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

CASES = ("first", "fit", "batch", "predict", "dense", "build")
TARGETS = ("raw", "dlcore", "keras")
SAMPLES, FEATURES, CLASSES, BATCH = 9600, 784, 10, 32


def median_cpu(
    action: Callable[[], Any], seconds: float = 1.0, least: int = 3
) -> float:
    """Return the median CPU time of an action, in seconds."""
    times: list[float] = []
    end = time.process_time() + seconds
    while len(times) < least or time.process_time() < end:
        begin = time.process_time()
        action()
        times.append(time.process_time() - begin)
    return statistics.median(times)


def data() -> tuple[Any, Any]:
    """Return images as vectors, and labels: random, the same for all."""
    import numpy as np

    rng = np.random.default_rng(0)
    x = rng.random((SAMPLES, FEATURES), dtype="float32")
    return x, rng.integers(0, CLASSES, SAMPLES).astype("int32")


def with_keras_api(library: Any, case: str) -> float:
    """Measure a case by the API that dlcore and Keras share."""
    import numpy as np

    layers = library.layers
    if case == "dense":
        layer, x = layers.Dense(8), library.ops.ones((4, 8))
        layer(x)
        return median_cpu(lambda: [layer(x) for _ in range(200)]) / 200
    if case == "build":

        def build() -> None:
            start = x = library.Input((16,))
            for _ in range(200):
                x = layers.Dense(16)(x)
            library.Model(start, x)

        build()
        return median_cpu(build)
    x, y = data()
    model = library.Sequential(
        [
            library.Input((FEATURES,)),
            layers.Dense(128, activation="relu"),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    model.compile(
        library.optimizers.Adam(1e-3),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    if case == "predict":
        one = x[:1]
        model.predict(one, verbose=0)
        return median_cpu(lambda: model.predict(one, verbose=0), least=20)
    if case == "first":
        model.fit(x[:BATCH], y[:BATCH], batch_size=BATCH, verbose=0)
        return time.process_time()
    if case == "batch":
        bx, by = x[:BATCH], y[:BATCH]
        np.asarray(model.train_on_batch(bx, by))
        run = lambda: [model.train_on_batch(bx, by) for _ in range(50)]  # noqa: E731
        return median_cpu(run) / 50
    model.fit(x, y, batch_size=BATCH, verbose=0)
    steps = SAMPLES // BATCH
    return median_cpu(lambda: model.fit(x, y, batch_size=BATCH, verbose=0)) / steps


def raw_jax(case: str) -> float:
    """Measure a case in plain JAX: one compiled step, called in a loop."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    rng = np.random.default_rng(0)
    if case == "dense":
        w, b, x = jnp.ones((8, 8)), jnp.ones(8), jnp.ones((4, 8))
        return median_cpu(lambda: [x @ w + b for _ in range(200)]) / 200
    x, y = data()
    sizes = [(FEATURES, 128), (128, CLASSES)]
    weights = [
        jnp.asarray(part, "float32")
        for m, n in sizes
        for part in (rng.normal(size=(m, n)) * 0.05, np.zeros(n))
    ]

    def logits(p: Any, x: Any) -> Any:
        return jax.nn.relu(x @ p[0] + p[1]) @ p[2] + p[3]

    def objective(p: Any, x: Any, y: Any) -> Any:
        out = logits(p, x)
        picked = jnp.take_along_axis(jax.nn.log_softmax(out), y[:, None], 1)
        return -picked.mean(), (out.argmax(-1) == y).mean()

    @jax.jit
    def step(state: Any, x: Any, y: Any) -> Any:
        p, m, v, t, seen = state
        (loss, hits), g = jax.value_and_grad(objective, has_aux=True)(p, x, y)
        t = t + 1
        m = [0.9 * a + 0.1 * b for a, b in zip(m, g, strict=True)]
        v = [0.999 * a + 0.001 * b * b for a, b in zip(v, g, strict=True)]
        rate = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        p = [
            w - rate * a / (jnp.sqrt(b) + 1e-7) for w, a, b in zip(p, m, v, strict=True)
        ]
        return p, m, v, t, seen + jnp.stack([loss, hits])

    zeros = [jnp.zeros_like(w) for w in weights]
    state = (weights, zeros, zeros, jnp.zeros(()), jnp.zeros(2))
    if case == "predict":
        forward = jax.jit(lambda p, x: jax.nn.softmax(logits(p, x)))
        one = x[:1]
        np.asarray(forward(weights, one))
        return median_cpu(lambda: np.asarray(forward(weights, one)), least=20)

    def epoch(n: int) -> None:
        nonlocal state
        order = rng.permutation(SAMPLES)
        for i in range(n):
            rows = order[i * BATCH : (i + 1) * BATCH]
            state = step(state, x[rows], y[rows])
        state[4].block_until_ready()

    epoch(1)
    if case == "first":
        return time.process_time()
    steps = SAMPLES // BATCH if case == "fit" else 50
    if case == "batch":

        def batches() -> None:
            nonlocal state
            for _ in range(steps):
                state = step(state, x[:BATCH], y[:BATCH])
                np.asarray(state[4])

        return median_cpu(batches) / steps
    return median_cpu(lambda: epoch(steps)) / steps


def raw_torch(case: str) -> float:
    """Measure a case in plain PyTorch."""
    import numpy as np
    import torch
    from torch import nn

    torch.set_num_threads(1)
    if case == "dense":
        layer, one = nn.Linear(8, 8), torch.ones(4, 8)
        return median_cpu(lambda: [layer(one) for _ in range(200)]) / 200
    x, y = data()
    parts = (nn.Linear(FEATURES, 128), nn.ReLU(), nn.Linear(128, CLASSES))
    model = nn.Sequential(*parts)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    loss_of, seen = nn.CrossEntropyLoss(), torch.zeros(2)

    def step(bx: Any, by: Any) -> None:
        optimizer.zero_grad()
        bx, by = torch.from_numpy(bx), torch.from_numpy(by).long()
        out = model(bx)
        loss = loss_of(out, by)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            hits = (out.argmax(-1) == by).float().mean()
            seen.add_(torch.stack([loss.detach(), hits]))

    if case == "predict":
        one = x[:1]

        def predict() -> Any:
            with torch.no_grad():
                return model(torch.from_numpy(one)).softmax(-1).numpy()

        predict()
        return median_cpu(predict, least=20)
    step(x[:BATCH], y[:BATCH])
    if case == "first":
        return time.process_time()
    rng = np.random.default_rng(0)

    def epoch() -> None:
        order = rng.permutation(SAMPLES)
        for i in range(0, SAMPLES, BATCH):
            rows = order[i : i + BATCH]
            step(x[rows], y[rows])

    if case == "batch":
        return median_cpu(lambda: [step(x[:BATCH], y[:BATCH]) for _ in range(50)]) / 50
    return median_cpu(epoch) / (SAMPLES // BATCH)


def sample(target: str, backend: str, case: str) -> float:
    """Measure one case in this process."""
    if target == "raw":
        if case == "build":
            raise LookupError("there is nothing to build by hand")
        return {"jax": raw_jax, "torch": raw_torch}[backend](case)
    if backend == "torch":
        import torch

        torch.set_num_threads(1)
    if target == "keras":
        import keras as library
    else:
        import dlcore as library  # type: ignore[no-redef]
    return with_keras_api(library, case)


def measured(target: str, backend: str, case: str) -> float | None:
    """Measure one case in a fresh process; None where there is nothing to measure."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    environment = {
        **os.environ,
        **threads,
        "DLCORE_BACKEND": backend,
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    command = [sys.executable, __file__, "--sample", target, backend, case]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode == 3:
        return None
    if done.returncode:
        raise RuntimeError(f"{target} {backend} {case} failed:\n{done.stderr[-2000:]}")
    return float(json.loads(done.stdout.splitlines()[-1]))


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backends", default="jax,torch")
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--sample", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.sample:
        try:
            print(json.dumps(sample(*options.sample)))
        except LookupError:
            return 3
        return 0
    print("| backend | case | raw | dlcore | keras | dlcore / raw | keras / raw |")
    print("|---|---|---|---|---|---|---|")
    for backend in options.backends.split(","):
        for case in options.cases.split(","):
            rows: dict[str, list[float]] = {target: [] for target in TARGETS}
            for _ in range(options.repeat):
                for target in TARGETS:
                    found = measured(target, backend, case)
                    if found is not None:
                        rows[target].append(found)
            print(line(backend, case, rows), flush=True)
    return 0


def line(backend: str, case: str, rows: dict[str, list[float]]) -> str:
    """Return a line of the table: medians, and ratios with their spread."""

    def shown(target: str) -> str:
        times = rows[target]
        return f"{statistics.median(times) * 1e6:,.0f} µs" if times else "-"

    def ratio(target: str) -> str:
        base = rows["raw"]
        if not base or not rows[target]:
            return "-"
        found = [a / b for a, b in zip(rows[target], base, strict=True)]
        spread = f"{min(found):.2f}-{max(found):.2f}"
        return f"{statistics.median(found):.2f} ({spread})"

    cells = [backend, case, *map(shown, TARGETS), ratio("dlcore"), ratio("keras")]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
