"""A training loop without a model: it calls the hooks as ``fit`` does."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any


class Model:
    name = "digits"


class Clock:
    """Seconds that pass only when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def metrics(at: float, names: tuple[str, ...] = ("loss", "accuracy")) -> dict[str, Any]:
    """Return metrics after ``at`` epochs: the loss falls, the others grow."""
    values = {name: 1 - 0.9 * math.exp(-at / 2) for name in names}
    return values | {"loss": 2.3 * math.exp(-at / 2)}


def train(
    callback: Any,
    epochs: int = 3,
    steps: int = 10,
    step: Callable[[int, int], None] = lambda epoch, step: None,
    names: tuple[str, ...] = ("loss", "accuracy"),
    validation: bool = True,
    stop: int | None = None,
    first: int = 0,
) -> None:
    """Call the hooks of ``callback``; ``step`` runs in each step and may raise."""
    callback.set_model(Model())
    callback.set_params({"epochs": epochs, "steps": steps, "verbose": 1})
    callback.on_train_begin()
    for epoch in range(first, epochs):
        callback.on_epoch_begin(epoch)
        for i in range(steps):
            step(epoch, i)
            callback.on_train_batch_end(i, metrics(epoch + (i + 1) / steps, names))
        logs = metrics(epoch + 1, names)
        if validation:
            callback.on_test_begin()
            seen = metrics(epoch + 0.5, names)
            callback.on_test_end(seen)
            logs |= {f"val_{name}": value for name, value in seen.items()}
        callback.on_epoch_end(epoch, logs)
        if stop == epoch + 1:
            break
    callback.on_train_end(logs)
