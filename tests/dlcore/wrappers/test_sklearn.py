"""scikit-learn's own checks of estimators, and what they do not ask."""

from __future__ import annotations

import unittest
import warnings
from typing import Any

import numpy as np
import pytest
from dlcore.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import dlcore
from dlcore import layers

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 4))
LABELS = np.where(X[:, 0] + X[:, 1] > 0, "yes", "no")


class MLP:
    """A function of a stable name: ids of tests must be the same in all processes."""

    def __call__(self, X: Any, y: Any, loss: str = "mse", units: int = 16) -> Any:
        dlcore.utils.set_random_seed(3)  # the checks want two fits to agree
        last = "softmax" if loss == "categorical_crossentropy" else None
        outputs = y.shape[1] if y.ndim > 1 else 1
        model = dlcore.Sequential(
            [
                dlcore.Input((X.shape[1],)),
                layers.Dense(units, activation="relu"),
                layers.Dense(outputs, activation=last),
            ]
        )
        model.compile(dlcore.optimizers.Adam(0.02), loss)
        return model

    def __repr__(self) -> str:
        return "mlp"


mlp = MLP()
QUIET = {"verbose": 0}
CLASSES = {"loss": "categorical_crossentropy"}
#: Check -> why it cannot pass.
FAILING = {
    "check_classifiers_train": "scores have a column for each class, as in Keras",
    "check_classifiers_classes": "scores have a column for each class, as in Keras",
    "check_regressor_multioutput": "predictions are float32, not float64",
}
ESTIMATORS = [
    SKLearnClassifier(mlp, model_kwargs=CLASSES, fit_kwargs={"epochs": 2, **QUIET}),
    SKLearnRegressor(mlp, fit_kwargs=QUIET),
    SKLearnTransformer(mlp, fit_kwargs=QUIET),
]


@parametrize_with_checks(
    ESTIMATORS,
    expected_failed_checks=lambda _: FAILING,
    xfail_strict=True,
)
def test_the_checks_of_scikit_learn(estimator: Any, check: Any) -> None:
    with dlcore.use_backend("torch"), warnings.catch_warnings():
        warnings.simplefilter("default")  # the checks provoke some on purpose
        try:
            check(estimator)
        except unittest.SkipTest as reason:
            pytest.skip(str(reason))


def test_labels_of_text(differentiating: str) -> None:
    with dlcore.use_backend(differentiating):
        dlcore.utils.set_random_seed(1)
        settings = {"epochs": 20, "batch_size": 16, **QUIET}
        classifier = SKLearnClassifier(mlp, model_kwargs=CLASSES, fit_kwargs=settings)
        classifier.fit(X, LABELS)
        assert set(classifier.predict(X)) <= {"no", "yes"}
        assert classifier.score(X, LABELS) > 0.9
        scores = classifier.decision_function(X)
        places = scores.argmax(axis=1)
        np.testing.assert_array_equal(
            classifier.classes_[places], classifier.predict(X)
        )


def test_a_model_is_cloned_and_begins_anew() -> None:
    with dlcore.use_backend("torch"):
        model = mlp(X, X[:, :1])
        before = [np.array(w) for w in model.get_weights()]
        regressor = SKLearnRegressor(model, fit_kwargs=QUIET).fit(X, X[:, 0])
        assert regressor.model_ is not model
        for old, new in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)
        first = regressor.model_
        assert regressor.fit(X, X[:, 0]).model_ is not first


def test_a_warm_start_goes_on() -> None:
    with dlcore.use_backend("torch"):
        regressor = SKLearnRegressor(mlp, warm_start=True, fit_kwargs=QUIET)
        model = regressor.fit(X, X[:, 0]).model_
        steps = int(model.optimizer.iterations)
        assert regressor.fit(X, X[:, 0]).model_ is model
        assert int(model.optimizer.iterations) == 2 * steps


def test_the_arguments_of_fit_win_and_nothing_is_kept() -> None:
    with dlcore.use_backend("torch"):
        settings = {"epochs": 1, **QUIET}
        regressor = SKLearnRegressor(mlp, fit_kwargs=settings)
        regressor.fit(X, X[:, 0], epochs=3)
        assert regressor.epoch_ == [0, 1, 2]
        assert settings == {"epochs": 1, "verbose": 0}
        assert clone(regressor).fit_kwargs == settings


def test_several_targets() -> None:
    with dlcore.use_backend("torch"):
        regressor = SKLearnRegressor(mlp, fit_kwargs=QUIET).fit(X, X[:, :2])
        assert regressor.predict(X).shape == (120, 2)
        assert regressor.fit(X, X[:, 0]).predict(X).shape == (120,)


def test_pipelines_and_searches() -> None:
    with dlcore.use_backend("torch"):
        embed = SKLearnTransformer(mlp, fit_kwargs=QUIET)
        classifier = SKLearnClassifier(mlp, model_kwargs=CLASSES, fit_kwargs=QUIET)
        pipe = make_pipeline(StandardScaler(), classifier)
        assert cross_val_score(pipe, X, LABELS, cv=2).shape == (2,)
        grid = {"model_kwargs": [{"units": 2}, {"units": 4}]}
        search = GridSearchCV(SKLearnRegressor(mlp, fit_kwargs=QUIET), grid, cv=2)
        assert search.fit(X, X[:, 0]).best_params_ in [
            {"model_kwargs": one} for one in grid["model_kwargs"]
        ]
        assert embed.fit_transform(X, X[:, :3]).shape == (120, 3)


def test_a_model_that_is_not_compiled_is_refused() -> None:
    model = dlcore.Sequential([dlcore.Input((4,)), layers.Dense(1)])
    with pytest.raises(RuntimeError, match="must be compiled"):
        SKLearnRegressor(model).fit(X, X[:, 0])


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="only one class"):
        SKLearnClassifier(mlp).fit(X, np.zeros(120, int))
