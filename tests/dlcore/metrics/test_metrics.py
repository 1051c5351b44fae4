"""All metrics against scikit-learn and Keras, on every backend."""

from __future__ import annotations

import functools
from typing import Any

import keras
import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

import dlcore
from dlcore import metrics, ops
from dlcore.src.metrics.registry import for_output

RNG = np.random.default_rng(11)
N = 24
BITS = RNG.integers(0, 2, N).astype("float32")
SCORES = np.clip(0.3 * BITS + RNG.uniform(0, 0.7, N), 0, 1).astype("float32")
CLASSES = RNG.integers(0, 3, N).astype("int32")
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]
GUESSES = RNG.uniform(0.05, 1, (N, 3)).astype("float32")
GUESSES += 0.5 * ONE_HOT
GUESSES /= GUESSES.sum(-1, keepdims=True)
BEST = GUESSES.argmax(-1)
MANY = RNG.integers(0, 2, (N, 3)).astype("float32")
REAL = RNG.normal(size=(2, N, 2)).astype("float32")
REAL[1] += REAL[0]
POSITIVE = np.abs(REAL) + 0.1
WEIGHTS = RNG.uniform(0.1, 2, N).astype("float32")


def mean_squared(w: Any = None) -> float:
    return sk.mean_squared_error(REAL[0], REAL[1], sample_weight=w)


#: Class, arguments, labels, predictions, oracle of the weights.
ROWS: list[tuple[str, dict[str, Any], Any, Any, Any]] = [
    ("MeanSquaredError", {}, REAL[0], REAL[1], mean_squared),
    ("RootMeanSquaredError", {}, REAL[0], REAL[1], lambda w: mean_squared(w) ** 0.5),
    (
        "MeanAbsoluteError",
        {},
        REAL[0],
        REAL[1],
        lambda w: sk.mean_absolute_error(REAL[0], REAL[1], sample_weight=w),
    ),
    (
        "MeanAbsolutePercentageError",
        {},
        POSITIVE[0],
        POSITIVE[1],
        lambda w: (
            100
            * sk.mean_absolute_percentage_error(
                POSITIVE[0], POSITIVE[1], sample_weight=w
            )
        ),
    ),
    (
        "MeanSquaredLogarithmicError",
        {},
        POSITIVE[0],
        POSITIVE[1],
        lambda w: sk.mean_squared_log_error(POSITIVE[0], POSITIVE[1], sample_weight=w),
    ),
    (
        "R2Score",
        {},
        REAL[0],
        REAL[1],
        lambda w: sk.r2_score(REAL[0], REAL[1], sample_weight=w),
    ),
    (
        "R2Score",
        {"class_aggregation": "variance_weighted_average"},
        REAL[0],
        REAL[1],
        lambda w: sk.r2_score(
            REAL[0], REAL[1], sample_weight=w, multioutput="variance_weighted"
        ),
    ),
    ("LogCoshError", {}, REAL[0], REAL[1], "keras"),
    ("CosineSimilarity", {}, REAL[0], REAL[1], "keras"),
    ("Poisson", {}, POSITIVE[0], POSITIVE[1], "keras"),
    ("KLDivergence", {}, ONE_HOT, GUESSES, "keras"),
    ("Hinge", {}, MANY, GUESSES, "keras"),
    ("SquaredHinge", {}, MANY, GUESSES, "keras"),
    ("CategoricalHinge", {}, ONE_HOT, GUESSES, "keras"),
    (
        "BinaryCrossentropy",
        {},
        BITS[:, None],
        SCORES[:, None] * 0.98 + 0.01,
        lambda w: sk.log_loss(BITS, SCORES * 0.98 + 0.01, sample_weight=w),
    ),
    (
        "CategoricalCrossentropy",
        {},
        ONE_HOT,
        GUESSES,
        lambda w: sk.log_loss(CLASSES, GUESSES, sample_weight=w),
    ),
    (
        "SparseCategoricalCrossentropy",
        {},
        CLASSES,
        GUESSES,
        lambda w: sk.log_loss(CLASSES, GUESSES, sample_weight=w),
    ),
    (
        "Accuracy",
        {},
        CLASSES,
        BEST,
        lambda w: sk.accuracy_score(CLASSES, BEST, sample_weight=w),
    ),
    (
        "BinaryAccuracy",
        {"threshold": 0.4},
        BITS,
        SCORES,
        lambda w: sk.accuracy_score(BITS, SCORES > 0.4, sample_weight=w),
    ),
    (
        "CategoricalAccuracy",
        {},
        ONE_HOT,
        GUESSES,
        lambda w: sk.accuracy_score(CLASSES, BEST, sample_weight=w),
    ),
    (
        "SparseCategoricalAccuracy",
        {},
        CLASSES[:, None],
        GUESSES,
        lambda w: sk.accuracy_score(CLASSES, BEST, sample_weight=w),
    ),
    (
        "TopKCategoricalAccuracy",
        {"k": 2},
        ONE_HOT,
        GUESSES,
        lambda w: sk.top_k_accuracy_score(CLASSES, GUESSES, k=2, sample_weight=w),
    ),
    (
        "SparseTopKCategoricalAccuracy",
        {"k": 2},
        CLASSES,
        GUESSES,
        lambda w: sk.top_k_accuracy_score(CLASSES, GUESSES, k=2, sample_weight=w),
    ),
    (
        "Precision",
        {},
        BITS,
        SCORES,
        lambda w: sk.precision_score(BITS, SCORES > 0.5, sample_weight=w),
    ),
    (
        "Recall",
        {"thresholds": 0.3},
        BITS,
        SCORES,
        lambda w: sk.recall_score(BITS, SCORES > 0.3, sample_weight=w),
    ),
    (
        "Precision",
        {"thresholds": [0.6, 0.2]},
        BITS,
        SCORES,
        lambda w: [
            sk.precision_score(BITS, SCORES > t, sample_weight=w) for t in (0.6, 0.2)
        ],
    ),
    ("Precision", {"top_k": 1}, ONE_HOT, GUESSES, "keras"),
    ("Recall", {"class_id": 1}, ONE_HOT, GUESSES, "keras"),
    ("TruePositives", {}, BITS, SCORES, "keras"),
    ("FalsePositives", {"thresholds": [0.1, 0.5, 0.9]}, BITS, SCORES, "keras"),
    ("TrueNegatives", {}, BITS, SCORES, "keras"),
    ("FalseNegatives", {}, MANY, GUESSES, "keras"),
    (
        "AUC",
        {"num_thresholds": 5000},
        BITS,
        SCORES,
        lambda w: sk.roc_auc_score(BITS, SCORES, sample_weight=w),
    ),
    ("AUC", {"curve": "PR"}, BITS, SCORES, "keras"),
    ("AUC", {"curve": "PR", "summation_method": "minoring"}, BITS, SCORES, "keras"),
    ("AUC", {"curve": "PRGAIN"}, BITS, SCORES, "keras"),
    ("AUC", {"summation_method": "majoring"}, BITS, SCORES, "keras"),
    ("AUC", {"thresholds": [0.3, 0.7]}, BITS, SCORES, "keras"),
    ("AUC", {"multi_label": True, "num_labels": 3}, MANY, GUESSES, "keras"),
    ("AUC", {"from_logits": True}, BITS, SCORES * 4 - 2, "keras"),
    ("SensitivityAtSpecificity", {"specificity": 0.6}, BITS, SCORES, "keras"),
    ("SpecificityAtSensitivity", {"sensitivity": 0.6}, BITS, SCORES, "keras"),
    ("PrecisionAtRecall", {"recall": 0.6}, BITS, SCORES, "keras"),
    ("RecallAtPrecision", {"precision": 0.6}, BITS, SCORES, "keras"),
    (
        "F1Score",
        {"average": "macro"},
        ONE_HOT,
        GUESSES,
        lambda w: sk.f1_score(CLASSES, BEST, average="macro", sample_weight=w),
    ),
    (
        "FBetaScore",
        {"beta": 2.0, "threshold": 0.4, "average": "weighted"},
        MANY,
        GUESSES,
        lambda w: sk.fbeta_score(
            MANY, GUESSES > 0.4, beta=2.0, average="weighted", sample_weight=w
        ),
    ),
    (
        "F1Score",
        {"threshold": 0.3, "average": "micro"},
        MANY,
        GUESSES,
        lambda w: sk.f1_score(MANY, GUESSES > 0.3, average="micro", sample_weight=w),
    ),
    (
        "MeanIoU",
        {"num_classes": 3, "dtype": "float32"},
        CLASSES,
        BEST,
        lambda w: sk.jaccard_score(CLASSES, BEST, average="macro", sample_weight=w),
    ),
    (
        "IoU",
        {"num_classes": 3, "target_class_ids": [1], "dtype": "float32"},
        CLASSES,
        BEST,
        lambda w: sk.jaccard_score(
            CLASSES, BEST, average="macro", labels=[1], sample_weight=w
        ),
    ),
    ("BinaryIoU", {"dtype": "float32"}, BITS, SCORES, "keras"),
    (
        "OneHotMeanIoU",
        {"num_classes": 3, "dtype": "float32"},
        ONE_HOT,
        GUESSES,
        lambda w: sk.jaccard_score(CLASSES, BEST, average="macro", sample_weight=w),
    ),
    (
        "OneHotIoU",
        {
            "num_classes": 3,
            "target_class_ids": [0, 2],
            "ignore_class": 1,
            "dtype": "float32",
        },
        ONE_HOT,
        GUESSES,
        "keras without weights",
    ),
    (
        "PearsonCorrelation",
        {"axis": 0},
        REAL[0],
        REAL[1],
        lambda w: (
            np.mean([stats.pearsonr(REAL[0][:, i], REAL[1][:, i])[0] for i in range(2)])
            if w is None
            else None
        ),
    ),
    ("ConcordanceCorrelation", {"axis": 0}, REAL[0], REAL[1], "keras without weights"),
]
IDS = [f"{i}-{name}-{options}" for i, (name, options, *_) in enumerate(ROWS)]


@functools.cache
def expected(row: int, weighted: bool) -> Any:
    name, options, y_true, y_pred, oracle = ROWS[row]
    weight = WEIGHTS if weighted else None
    if callable(oracle):
        return oracle(weight)
    if weighted and oracle != "keras":
        return None
    metric = getattr(keras.metrics, name)(**options)
    metric.update_state(y_true, y_pred, sample_weight=weight)
    return np.asarray(metric.result())


def value(metric: Any) -> np.ndarray:
    return ops.convert_to_numpy(metric.result())


def close(a: Any, b: Any) -> None:
    np.testing.assert_allclose(a, b, rtol=3e-5, atol=3e-6)


@pytest.mark.parametrize("row", range(len(ROWS)), ids=IDS)
def test_value_is_the_oracles(backend, row):
    name, options, y_true, y_pred, _ = ROWS[row]
    for weight in (None, WEIGHTS):
        wanted = expected(row, weight is not None)
        if wanted is None:
            continue
        metric = getattr(metrics, name)(**options)
        metric.update_state(y_true, y_pred, sample_weight=weight)
        close(value(metric), wanted)


@pytest.mark.parametrize("row", range(len(ROWS)), ids=IDS)
def test_contract(row):
    """``check_metric``: what every metric promises."""
    name, options, y_true, y_pred, _ = ROWS[row]
    by_sample = "Correlation" not in name
    weight = WEIGHTS if by_sample else None
    with dlcore.use_backend("numpy"):
        metric = getattr(metrics, name)(**options, name="mine")
        assert metric.name == "mine"
        metric.update_state(y_true, y_pred, weight)
        whole = value(metric)
        # a reset forgets, and parts add up to the whole
        metric.reset_state()
        if by_sample:
            for part in (slice(0, 5), slice(5, None)):
                metric.update_state(y_true[part], y_pred[part], WEIGHTS[part])
            close(value(metric), whole)
        # an equal one comes from its configuration, and Keras reads it
        config = metrics.serialize(metric)
        again = metrics.deserialize(config)
        assert again.get_config() == metric.get_config()
        again.update_state(y_true, y_pred, weight)
        close(value(again), whole)
        theirs = keras.saving.deserialize_keras_object(config)
        assert type(theirs).__name__ == name
        ours = metrics.deserialize(keras.metrics.serialize(theirs))
        assert type(ours) is type(metric)
        # without state of its own
        again.reset_state()
        zero = [v.value for v in again.variables]
        values = again.stateless_update_state(zero, y_true, y_pred, weight)
        close(ops.convert_to_numpy(again.stateless_result(values)), whole)
        assert all(not np.any(v.numpy()) for v in again.variables)
        # its state moves, and it goes on there, whatever is active
        again.to_backend("torch")
        again.update_state(y_true, y_pred, weight)
        assert type(again.result()).__module__.startswith("torch")
        close(value(again), whole)


@pytest.mark.parametrize(
    "name", ["Mean", "BinaryAccuracy", "AUC", "F1Score", "MeanIoU", "Precision"]
)
def test_update_is_compiled(name):
    with dlcore.use_backend("jax"):
        options = {"num_classes": 2} if name == "MeanIoU" else {}
        y_true, y_pred = map(ops.convert_to_tensor, (BITS[:, None], SCORES[:, None]))
        args = (y_pred,) if name == "Mean" else (y_true, y_pred)
        plain, traced = (getattr(metrics, name)(**options) for _ in range(2))
        traced.build(y_true, y_pred)
        update = traced.backend.runtime.jit(traced.update_state, traced.variables)
        for _ in range(2):
            plain.update_state(*args)
            update(*args)
        close(value(traced), value(plain))


def test_mean_and_sum(backend):
    mean, total = metrics.Mean(), metrics.Sum()
    for values, weight in (([1.0, 3.0], [1.0, 0.5]), ([[2.0, 4.0]], None), (5.0, None)):
        mean.update_state(values, weight)
        total.update_state(values, weight)
    assert float(mean.result()) == pytest.approx((1 + 1.5 + 3 + 5) / 3.5)
    assert float(total.result()) == pytest.approx(1 + 1.5 + 6 + 5)
    assert float(metrics.Mean().result()) == 0.0


@pytest.mark.parametrize(
    ("name", "y_true", "y_pred", "kind"),
    [
        ("accuracy", (8, 1), (8, 1), "BinaryAccuracy"),
        ("acc", (8,), (8, 1), "BinaryAccuracy"),
        ("accuracy", (8,), (8, 3), "SparseCategoricalAccuracy"),
        ("accuracy", (8, 1), (8, 3), "SparseCategoricalAccuracy"),
        ("accuracy", (8, 3), (8, 3), "CategoricalAccuracy"),
        ("accuracy", (8, 5), (8, 5, 3), "SparseCategoricalAccuracy"),
        ("ce", (8,), (8, 3), "SparseCategoricalCrossentropy"),
        ("crossentropy", (8, 1), (8, 1), "BinaryCrossentropy"),
    ],
)
def test_accuracy_by_shapes(name, y_true, y_pred, kind):
    with dlcore.use_backend("numpy"):
        shapes = (dlcore.KerasTensor(shape) for shape in (y_true, y_pred))
        metric = for_output(name, *shapes)
        assert type(metric).__name__ == kind
        assert metric.name == name


def test_metric_of_a_function():
    def off(y_true, y_pred):
        return ops.absolute(y_true - y_pred)

    with dlcore.use_backend("numpy"):
        metric = for_output(off, None, None)
        assert metric.name == "off"
        one, three = np.ones(2, "float32"), np.full(2, 3, "float32")
        assert float(metric(one, three)) == 2.0


def test_metric_remembers_its_backend():
    with dlcore.use_backend("jax"):
        metric = metrics.MeanSquaredError()
    with dlcore.use_backend("torch"):
        y_pred = ops.convert_to_tensor([[1.0, 2.0]])
        metric.update_state(np.zeros((1, 2), "float32"), y_pred)
        assert "jax" in type(metric.result()).__module__
        assert float(metric.result()) == 2.5


def test_nested_state_is_found():
    class Both(metrics.Metric):
        def __init__(self, name="both"):
            super().__init__(name=name)
            self.parts = {"a": [metrics.Mean()], "b": metrics.Sum()}
            self.own = self.add_variable((2,), name="own")

    metric = Both()
    assert [v.shape for v in metric.variables] == [(2,), (), (), ()]
    metric.parts["b"].update_state([3.0])
    metric.reset_state()
    assert float(metric.parts["b"].result()) == 0.0


def test_names_of_keras_are_there():
    for name in vars(keras.metrics):
        if not name.startswith("_"):
            assert hasattr(metrics, name), name
    assert isinstance(metrics.get("mse"), metrics.MeanSquaredError)
    assert isinstance(metrics.get("AUC"), metrics.AUC)
    assert isinstance(metrics.get("binary_accuracy"), metrics.BinaryAccuracy)


def test_errors_help():
    wrong = [
        (lambda: metrics.get("binary_acuracy"), "Did you mean 'binary_accuracy'"),
        (lambda: metrics.AUC(curve="ROCK"), "Did you mean 'ROC'"),
        (lambda: metrics.AUC(num_thresholds=1), "> 1, got 1"),
        (lambda: metrics.Precision(thresholds=[0.5, 2.0]), r"got \[2.0\]"),
        (lambda: metrics.F1Score(average="makro"), "Did you mean 'macro'"),
        (lambda: metrics.FBetaScore(beta=0.0), "above 0"),
        (lambda: metrics.IoU(2, [2]), "the classes are 0 to 1"),
        (lambda: metrics.RecallAtPrecision(2.0), "`precision` must be in the range"),
        (lambda: metrics.F1Score()([1.0], [1.0]), "shape"),
        (lambda: metrics.R2Score(num_regressors=-1), "0 or more"),
        (lambda: metrics.Mean().stateless_result([]), "2 variables"),
    ]
    for call, message in wrong:
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(NotImplementedError, match="must define `update_state"):
        metrics.Metric()([1.0], [1.0])
    with pytest.warns(UserWarning, match="floating"):
        metrics.MeanIoU(2).update_state([0, 1], [0, 1], np.array([0.5, 1.0]))
