"""What showing progress costs: nothing shown, the dashboard, Keras' progress bar.

``python benchmarks/dashboard.py`` measures in a real kernel, so that outputs are really
sent, and prints a table. Cases are interleaved, and medians compared, because a shared
machine gets faster and slower. "time" is wall clock, "CPU" that of the process.

* steps: a loop that computes for 200 microseconds and calls the hooks of callbacks;
* convnet: ``fit`` on scikit-learn's digits, by dlcore and by Keras on the same backend.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]


class Cost(NamedTuple):
    """Seconds of one run, by the wall clock and of the processor."""

    wall: float
    cpu: float


def measure(action: Callable[[], Any]) -> Cost:
    """Return what an action costs."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def compare(cases: dict[str, Callable[[], Any]], turns: int) -> dict[str, list[Cost]]:
    """Measure all cases in each turn, after one that warms up."""
    found: dict[str, list[Cost]] = {name: [] for name in cases}
    for turn in range(turns + 1):
        for name, action in cases.items():
            cost = measure(action)
            if turn:
                found[name].append(cost)
    return found


def report(title: str, found: dict[str, list[Cost]], bases: dict[str, str]) -> None:
    """Print the medians, and the ratios to the case with nothing shown."""
    lines = ["", title, f"{'':24}{'time s':>9}{'ratio':>8}{'CPU s':>9}{'ratio':>8}"]
    for name, costs in found.items():
        base = found[bases.get(name, name)]
        cells = ""
        for i in range(2):
            median = statistics.median(c[i] for c in costs)
            ratios = (c[i] / b[i] for c, b in zip(costs, base, strict=True))
            cells += f"{median:9.3f}{statistics.median(ratios):8.3f}"
        lines.append(f"{name:24}{cells}")
    print("\n".join(lines), file=sys.stderr)


def train(callbacks: Iterable[Any], epochs: int, steps: int, seconds: float) -> None:
    """Compute for ``seconds`` in each step, and call the hooks as ``fit`` does."""
    callbacks = list(callbacks)
    for callback in callbacks:
        callback.set_params({"epochs": epochs, "steps": steps, "verbose": 1})
        callback.on_train_begin()
    for epoch in range(epochs):
        for callback in callbacks:
            callback.on_epoch_begin(epoch)
        for step in range(steps):
            until = time.perf_counter() + seconds
            while time.perf_counter() < until:
                pass
            logs = {"loss": 1 / (1 + step), "accuracy": step / steps}
            for callback in callbacks:
                callback.on_train_batch_end(step, logs)
        logs = {"loss": 0.5, "accuracy": 0.9, "val_loss": 0.6, "val_accuracy": 0.8}
        for callback in callbacks:
            callback.on_epoch_end(epoch, logs)
    for callback in callbacks:
        callback.on_train_end()


def steps(turns: int) -> None:
    """Compare on steps of 200 microseconds, 20 epochs of 1000."""
    import keras
    from dlcore.callbacks import Dashboard

    def run(*callbacks: Any) -> Callable[[], None]:
        return lambda: train((make() for make in callbacks), 20, 1000, 200e-6)

    cases = {
        "nothing": run(),
        "dashboard": run(Dashboard),
        "Keras' bar": run(keras.callbacks.ProgbarLogger),
    }
    bases = dict.fromkeys(cases, "nothing")
    found = compare(cases, turns)
    report("20 epochs of 1000 steps of 200 microseconds", found, bases)
    for name in ("dashboard", "Keras' bar"):
        more = statistics.median(
            a.wall - b.wall for a, b in zip(found[name], found["nothing"], strict=True)
        )
        each = more / 20_000 * 1e6
        print(f"{name}: {each:.1f} microseconds a step", file=sys.stderr)


def convnet(turns: int, backend: str) -> None:
    """Compare on a small convolutional network, dlcore and Keras each with itself."""
    import keras
    from sklearn.datasets import load_digits

    import dlcore

    digits = load_digits()
    x = digits.images[..., None].astype("float32") / 16

    def build(library: Any) -> Any:
        layers = library.layers
        model = library.Sequential(
            [
                library.Input((8, 8, 1)),
                layers.Conv2D(16, 3, activation="relu"),
                layers.Flatten(),
                layers.Dense(10, activation="softmax"),
            ]
        )
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def run(model: Any, verbose: Any) -> Callable[[], Any]:
        return lambda: model.fit(
            x, digits.target, epochs=5, validation_split=0.1, verbose=verbose
        )

    with dlcore.use_backend(backend):
        ours = build(dlcore)
    theirs = build(keras)
    cases = {
        "dlcore, nothing": run(ours, 0),
        "dlcore, dashboard": run(ours, "auto"),
        "Keras, nothing": run(theirs, 0),
        "Keras, bar": run(theirs, 1),
    }
    bases = {"dlcore, dashboard": "dlcore, nothing", "Keras, bar": "Keras, nothing"}
    title = f"convnet on {backend}, 5 epochs of 51 steps, first fit left out"
    report(title, compare(cases, turns), bases)


def main() -> int:
    """Start a kernel, measure in it, print what it prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--backend", choices=["jax", "torch"], default="torch")
    parser.add_argument("--case", choices=["all", "steps", "convnet"], default="all")
    options = parser.parse_args()
    from jupyter_client.manager import start_new_kernel

    env = dict(os.environ, KERAS_BACKEND=options.backend, OMP_NUM_THREADS="1")
    manager, client = start_new_kernel(kernel_name="python3", env=env)
    updates = {"dashboard": 0, "bar": 0}

    def show(message: dict[str, Any]) -> None:
        content = message["content"]
        if message["msg_type"] in ("display_data", "update_display_data"):
            updates["dashboard"] += 1
        elif message["msg_type"] == "error":
            print("\n".join(content["traceback"]), file=sys.stderr)
        elif content.get("name") == "stdout":  # Keras' bar; reports go to stderr
            updates["bar"] += 1
        elif message["msg_type"] == "stream":
            print(content["text"], end="", flush=True)

    code = [
        f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'benchmarks')!r}]",
        "import dashboard as benchmark",
    ]
    if options.case != "convnet":
        code.append(f"benchmark.steps({options.turns})")
    if options.case != "steps":
        code.append(f"benchmark.convnet({options.turns}, {options.backend!r})")
    try:
        for line in code:
            reply = client.execute_interactive(line, timeout=1800, output_hook=show)
            if reply["content"]["status"] != "ok":
                return 1
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    print(f"\nmessages: dashboard {updates['dashboard']}, bar {updates['bar']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
