"""``to_backend`` in the middle of training: it goes on where it stopped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import layers

rng = np.random.default_rng(3)
X = rng.normal(size=(64, 5)).astype("float32")
Y = (X @ rng.normal(size=(5, 1)) > 0).astype("float32")


def network() -> Any:
    dlcore.utils.set_random_seed(7)
    x = dlcore.Input((5,))
    hidden = layers.Dense(8, activation="relu", kernel_regularizer="l2")(x)
    hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Dropout(0.3, seed=5)(hidden)
    model = dlcore.Model(x, layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(
        dlcore.optimizers.Adam(
            dlcore.optimizers.schedules.ExponentialDecay(0.02, 5, 0.9),
            use_ema=True,
            clipnorm=1.0,
        ),
        loss="binary_crossentropy",
        metrics=["accuracy", dlcore.metrics.AUC(name="auc")],
    )
    return model


def train(model: Any, epochs: int) -> list[float]:
    history = model.fit(X, Y, 16, epochs=epochs, shuffle=False, verbose=0)
    return history.history["loss"]


@pytest.mark.parametrize("route", [("jax", "torch", "jax"), ("torch", "jax", "torch")])
def test_training_goes_on_where_it_stopped(route: tuple[str, ...]) -> None:
    with dlcore.use_backend(route[0]):
        unbroken, broken = network(), network()
        wanted = [loss for _ in route for loss in train(unbroken, 2)]
    found = train(broken, 2)
    for name in route[1:]:
        broken = broken.to_backend(name)
        assert broken.backend.name == name
        assert broken.optimizer.backend.name == name
        found += train(broken, 2)
    np.testing.assert_allclose(found, wanted, rtol=2e-4)
    assert int(broken.optimizer.iterations) == int(unbroken.optimizer.iterations) == 24
    for a, b in zip(
        [*broken.weights, *broken.optimizer.variables],
        [*unbroken.weights, *unbroken.optimizer.variables],
        strict=True,
    ):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=2e-3, atol=2e-5)
    for key, value in unbroken.evaluate(X, Y, verbose=0, return_dict=True).items():
        result = broken.evaluate(X, Y, verbose=0, return_dict=True)[key]
        np.testing.assert_allclose(result, value, rtol=1e-3)


def test_predicting_after_training_elsewhere() -> None:
    with dlcore.use_backend("torch"):
        model = network()
    train(model, 1)
    wanted = model.predict(X, verbose=0)
    found = model.to_backend("numpy").predict(X, verbose=0)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
