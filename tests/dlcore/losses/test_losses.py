"""All losses against Keras' own, on every backend."""

from __future__ import annotations

import functools
from typing import Any

import keras
import numpy as np
import pytest

import dlcore
from dlcore import losses, ops

RNG = np.random.default_rng(3)
REAL = RNG.normal(size=(2, 5, 4)).astype("float32")
POSITIVE = RNG.uniform(0.1, 2.0, (2, 5, 4)).astype("float32")
PROBABILITY = RNG.uniform(0.05, 0.95, (2, 5, 4)).astype("float32")
PROBABILITY[1] /= PROBABILITY[1].sum(-1, keepdims=True)
BITS = RNG.integers(0, 2, (5, 4)).astype("float32")
CLASSES = np.array([0, 3, 1, 2, 2], "int32")
ONE_HOT = np.eye(4, dtype="float32")[CLASSES]
UNIT = REAL[0] / np.linalg.norm(REAL[0], axis=-1, keepdims=True)

#: Class, arguments, labels, predictions.
ROWS: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("MeanSquaredError", {}, REAL[0], REAL[1]),
    ("MeanAbsoluteError", {}, REAL[0], REAL[1]),
    ("MeanAbsolutePercentageError", {}, REAL[0], REAL[1]),
    ("MeanSquaredLogarithmicError", {}, POSITIVE[0], POSITIVE[1]),
    ("CosineSimilarity", {}, REAL[0], REAL[1]),
    ("CosineSimilarity", {"axis": 0}, REAL[0], REAL[1]),
    ("Huber", {}, REAL[0], REAL[1]),
    ("Huber", {"delta": 0.3}, REAL[0], REAL[1]),
    ("LogCosh", {}, REAL[0], REAL[1]),
    ("Hinge", {}, BITS * 2 - 1, REAL[1]),
    ("Hinge", {}, BITS, REAL[1]),
    ("SquaredHinge", {}, BITS, REAL[1]),
    ("CategoricalHinge", {}, ONE_HOT, REAL[1]),
    ("KLDivergence", {}, PROBABILITY[0], PROBABILITY[1]),
    ("Poisson", {}, POSITIVE[0], POSITIVE[1]),
    ("BinaryCrossentropy", {}, BITS, PROBABILITY[0]),
    ("BinaryCrossentropy", {"from_logits": True}, BITS, REAL[0]),
    ("BinaryCrossentropy", {"label_smoothing": 0.2}, BITS, PROBABILITY[0]),
    ("BinaryFocalCrossentropy", {}, BITS, PROBABILITY[0]),
    (
        "BinaryFocalCrossentropy",
        {"apply_class_balancing": True, "gamma": 1.5, "from_logits": True},
        BITS,
        REAL[0],
    ),
    ("CategoricalCrossentropy", {}, ONE_HOT, PROBABILITY[1]),
    ("CategoricalCrossentropy", {"from_logits": True}, ONE_HOT, REAL[0]),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}, ONE_HOT, PROBABILITY[1]),
    ("CategoricalFocalCrossentropy", {}, ONE_HOT, PROBABILITY[1]),
    ("CategoricalFocalCrossentropy", {"from_logits": True}, ONE_HOT, REAL[0]),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.7}, CLASSES, PROBABILITY[1]),
    ("SparseCategoricalCrossentropy", {}, CLASSES, PROBABILITY[1]),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, CLASSES, REAL[0]),
    ("SparseCategoricalCrossentropy", {"ignore_class": 2}, CLASSES, PROBABILITY[1]),
    ("Dice", {}, BITS, PROBABILITY[0]),
    ("Dice", {"axis": (1,)}, BITS, PROBABILITY[0]),
    ("Tversky", {"alpha": 0.3, "beta": 0.8}, BITS, PROBABILITY[0]),
    ("Circle", {}, CLASSES, UNIT),
    ("Circle", {"gamma": 2.0, "margin": 0.2, "remove_diagonal": False}, CLASSES, UNIT),
]
IDS = [f"{name}-{options}" for name, options, *_ in ROWS]


def number(x: Any) -> np.ndarray:
    return ops.convert_to_numpy(x)


WEIGHTS = np.array([0.5, 1, 0, 2, 3], "float32")
REDUCTIONS = (
    ("sum_over_batch_size", None),
    ("sum", WEIGHTS),
    ("mean_with_sample_weight", WEIGHTS),
    (None, WEIGHTS),
)


@functools.cache
def of_keras(row: int) -> list[np.ndarray]:
    name, options, y_true, y_pred = ROWS[row]
    results = []
    for reduction, weight in REDUCTIONS:
        loss = getattr(keras.losses, name)(reduction=reduction, **options)
        weight = weight if per_sample(name, options) else None
        results.append(np.asarray(loss(y_true, y_pred, sample_weight=weight)))
    return results


def per_sample(name: str, options: dict[str, Any]) -> bool:
    whole = name in ("Dice", "Tversky") and not options.get("axis")
    return not whole and options.get("axis") != 0


@pytest.mark.parametrize("row", range(len(ROWS)), ids=IDS)
def test_value_is_that_of_keras(backend, row):
    name, options, y_true, y_pred = ROWS[row]
    for (reduction, weight), expected in zip(REDUCTIONS, of_keras(row), strict=True):
        loss = getattr(losses, name)(reduction=reduction, **options)
        weight = weight if per_sample(name, options) else None
        got = number(loss(y_true, y_pred, sample_weight=weight))
        np.testing.assert_allclose(got, expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(("name", "options", "y_true", "y_pred"), ROWS, ids=IDS)
def test_contract(name, options, y_true, y_pred):
    """``check_loss``: what every loss promises."""
    with dlcore.use_backend("numpy"):
        loss = getattr(losses, name)(**options, name="mine")
        value = number(loss(y_true, y_pred))
        assert value.shape == () and np.isfinite(value)
        assert loss.name == "mine"
        again = type(loss).from_config(loss.get_config())
        assert again.get_config() == loss.get_config()
        assert number(again(y_true, y_pred)) == value
        config = losses.serialize(loss)
        assert config["module"] == "keras.losses"
        assert number(losses.deserialize(config)(y_true, y_pred)) == value
        theirs = keras.saving.deserialize_keras_object(
            config
        )  # Keras reads what we write,
        np.testing.assert_allclose(theirs(y_true, y_pred), value, rtol=2e-5, atol=2e-6)
        config = keras.losses.serialize(theirs)  # and we what it writes
        assert type(losses.deserialize(config)) is type(loss)
        halved = getattr(losses, name)(**options, dtype="float16")
        with np.errstate(over="ignore"):
            assert str(number(halved(y_true, y_pred)).dtype) == "float16"


@pytest.mark.parametrize("name", ["jax", "torch", "tensorflow"])
@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred"),
    [
        ("huber", REAL[0], REAL[1]),
        ("log_cosh", REAL[0], REAL[1]),
        ("squared_hinge", BITS, REAL[1]),
        ("kl_divergence", PROBABILITY[0], PROBABILITY[1]),
        ("categorical_crossentropy", ONE_HOT, PROBABILITY[1]),
        ("binary_focal_crossentropy", BITS, PROBABILITY[0]),
        ("dice", BITS, PROBABILITY[0]),
    ],
)
def test_gradient_is_the_slope(name, loss, y_true, y_pred):
    with dlcore.use_backend(name):
        fn = getattr(losses, loss)
        variable = dlcore.Variable(y_pred)

        def total():
            return ops.mean(fn(y_true, variable.value)), ()

        runtime = variable.backend.runtime
        (value, _), (gradient,) = runtime.value_and_grad(total, [variable], [])()
        direction = RNG.normal(size=y_pred.shape).astype("float32")
        slope = float(np.sum(number(gradient) * direction))
    with dlcore.use_backend("numpy"):
        up, down = (
            float(np.mean(number(fn(y_true, y_pred + s * 2e-3 * direction))))
            for s in (1, -1)
        )
    assert slope == pytest.approx((up - down) / 4e-3, rel=2e-2, abs=1e-4)
    assert np.isfinite(number(value))


def test_same_name_gives_function_or_class():
    assert losses.get("mse") is losses.mean_squared_error
    assert losses.get("MSE") is losses.mean_squared_error
    assert isinstance(losses.get("MeanSquaredError"), losses.MeanSquaredError)
    assert losses.get(None) is None
    assert losses.get(losses.huber) is losses.huber
    config = {"class_name": "Huber", "config": {"delta": 2.0}}
    assert losses.get(config).delta == 2.0


def test_names_of_keras_are_there():
    wanted = {name for name in vars(keras.losses) if not name.startswith("_")}
    assert not wanted - set(vars(losses))


def test_ctc_is_that_of_keras():
    y_true = np.array([[1, 2, 2], [3, 0, 0]])
    y_pred = RNG.normal(size=(2, 6, 4)).astype("float32")
    for reduction in ("sum_over_batch_size", "sum", None):
        expected = keras.losses.CTC(reduction)(y_true, y_pred)
        found = losses.CTC(reduction)(y_true, y_pred)
        np.testing.assert_allclose(number(found), number(expected), rtol=1e-5)
    with pytest.raises(ValueError, match="`y_pred` must have the shape"):
        losses.ctc(y_true, y_pred[0])


def test_errors_help():
    with pytest.raises(
        ValueError, match=r"Unknown loss 'huberr'. Did you mean 'huber'"
    ):
        losses.get("huberr")
    with pytest.raises(ValueError, match="Did you mean 'sum'"):
        losses.MeanSquaredError(reduction="summ")
    with pytest.raises(TypeError, match="Did you mean 'label_smoothing'"):
        losses.BinaryCrossentropy(label_smothing=0.1)
    with pytest.raises(ValueError, match="`q` must be"):
        losses.CategoricalGeneralizedCrossEntropy(q=1.0)
    with pytest.raises(NotImplementedError, match="must define `call"):
        losses.Loss()([1.0], [1.0])
    with pytest.warns(SyntaxWarning, match="one class"):
        losses.categorical_crossentropy([[1.0]], [[1.0]])


def test_custom_loss_is_saved_by_name():
    @dlcore.saving.register_keras_serializable("tests")
    class Scaled(losses.Loss):
        def __init__(self, factor, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def call(self, y_true, y_pred):
            return self.factor * ops.mean(ops.square(y_true - y_pred), axis=-1)

    with dlcore.use_backend("numpy"):
        loss = Scaled(3.0, reduction="sum")
        assert number(loss([[1.0]], [[2.0]])) == 3.0
        again = losses.deserialize(losses.serialize(loss))
        assert number(again([[1.0], [1.0]], [[2.0], [2.0]])) == 6.0


def test_loss_runs_where_the_predictions_are():
    with dlcore.use_backend("torch"):
        y_pred = ops.convert_to_tensor(REAL[0])
    with dlcore.use_backend("jax"):
        value = losses.MeanSquaredError()(REAL[1], y_pred)
    assert type(value).__module__.startswith("torch")
