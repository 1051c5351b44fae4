"""Real data: a convnet on scikit-learn's digits, on two backends in one process."""

from __future__ import annotations

import numpy as np
import pytest

import dlcore
from dlcore import layers

datasets = pytest.importorskip("sklearn.datasets")
model_selection = pytest.importorskip("sklearn.model_selection")


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch", "tensorflow"])
def test_a_convnet_reads_digits(backend: str) -> None:
    x, y = datasets.load_digits(return_X_y=True)
    x = (x / 16).reshape(-1, 8, 8, 1).astype("float32")
    x_train, x_test, y_train, y_test = model_selection.train_test_split(
        x, y, test_size=0.2, random_state=0, stratify=y
    )
    with dlcore.use_backend(backend):
        dlcore.utils.set_random_seed(0)
        model = dlcore.Sequential(
            [
                layers.Input((8, 8, 1)),
                layers.Conv2D(32, 3, activation="relu", padding="same"),
                layers.MaxPooling2D(),
                layers.Conv2D(64, 3, activation="relu", padding="same"),
                layers.Flatten(),
                layers.Dropout(0.3),
                layers.Dense(10, activation="softmax"),
            ]
        )
        model.compile(
            dlcore.optimizers.Adam(2e-3),
            "sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        model.fit(x_train, y_train, epochs=12, batch_size=64, verbose=0)
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    assert accuracy >= 0.97
    wanted = model.predict(x_test, verbose=0)
    other = model.to_backend("torch" if backend == "jax" else "jax")
    np.testing.assert_allclose(other.predict(x_test, verbose=0), wanted, atol=1e-5)
