"""Models as estimators of scikit-learn, for its pipelines and searches."""

from __future__ import annotations

import copy
from typing import Any, Self

import numpy as np

from dlcore.src.export import export

try:
    from sklearn.base import (
        BaseEstimator,
        ClassifierMixin,
        RegressorMixin,
        TransformerMixin,
    )
    from sklearn.utils.metadata_routing import MetadataRequest
    from sklearn.utils.multiclass import type_of_target
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError(
        "dlcore.wrappers needs scikit-learn 1.6 or newer: "
        'pip install "scikit-learn>=1.6".'
    ) from error

Array = np.ndarray[Any, Any]


class _Estimator(BaseEstimator):
    """A model behind scikit-learn's interface.

    Parameters
    ----------
    model : Model or Callable
        A compiled model, or a function ``(X, y, **model_kwargs)`` that returns one.
        A model is cloned before it is fitted, so that each ``fit`` begins anew.
    warm_start : bool
        Whether ``fit`` goes on with the model of the ``fit`` before.
    model_kwargs : dict, optional
        Further arguments for a ``model`` that is a function.
    fit_kwargs : dict, optional
        Arguments for the model's ``fit``, such as ``epochs``.

    Attributes
    ----------
    model_ : Model
        The fitted model.
    history_ : History
        What its last ``fit`` returned.

    Raises
    ------
    RuntimeError
        In ``fit``, if the model is not compiled.
    """

    #: Whether there may be several targets.
    _multi_output = True

    def __init__(
        self,
        model: Any,
        warm_start: bool = False,
        model_kwargs: dict[str, Any] | None = None,
        fit_kwargs: dict[str, Any] | None = None,
    ):
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def __sklearn_tags__(self) -> Any:
        """Say that two fits differ: weights and shuffles are random."""
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        tags.target_tags.multi_output = self._multi_output
        return tags

    def __sklearn_clone__(self) -> Self:
        """Return an estimator of the same settings that is not fitted."""
        from dlcore.src.models.model import Model

        settings = self.get_params(deep=False)
        settings = {
            k: v if isinstance(v, Model) or callable(v) else copy.deepcopy(v)
            for k, v in settings.items()
        }
        return type(self)(**settings)

    @property
    def epoch_(self) -> list[int]:
        """The epochs of the last ``fit``."""
        return list(getattr(getattr(self, "history_", None), "epoch", []))

    def set_fit_request(self, **kwargs: Any) -> Self:
        """Say which metadata ``fit`` wants (scikit-learn's metadata routing).

        Parameters
        ----------
        **kwargs : bool, None or str
            ``name=alias``.

        Raises
        ------
        RuntimeError
            If routing is not switched on.
        """
        import sklearn

        if not sklearn.get_config().get("enable_metadata_routing"):
            raise RuntimeError(
                "set_fit_request needs metadata routing: call "
                "sklearn.set_config(enable_metadata_routing=True) first."
            )
        request = MetadataRequest(owner=type(self).__name__)
        for param, alias in kwargs.items():
            request.fit.add_request(param=param, alias=alias)
        self._metadata_request = request
        return self

    def _made(self, X: Array, y: Array) -> Any:
        """Return the model to fit."""
        from dlcore.src.models.model import Model

        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if isinstance(self.model, Model):
            import dlcore

            model = dlcore.models.clone_model(self.model)
            if self.model.compiled and not model.compiled:
                model.compile_from_config(self.model.get_compile_config())
        else:
            model = self.model(X=X, y=y, **(self.model_kwargs or {}))
        if not (model.compiled and model.loss and model.optimizer):
            raise RuntimeError(
                f"{type(self).__name__}: the model must be compiled with a loss and an "
                'optimizer: model.compile("adam", loss="mse").'
            )
        return model

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like, shape (samples, features)
        y : array-like, shape (samples,) or (samples, outputs)
        **kwargs
            For the model's ``fit``; they win over ``fit_kwargs``.

        Returns
        -------
        The estimator itself.
        """
        X, y = validate_data(self, X, y, multi_output=self._multi_output)
        y = self._encoded(y)
        model = self._made(X, y)
        self.history_ = model.fit(X, y, **{**(self.fit_kwargs or {}), **kwargs})
        self.model_ = model
        return self

    def predict(self, X: Any) -> Array:
        """Predict the targets.

        Parameters
        ----------
        X : array-like, shape (samples, features)

        Returns
        -------
        ndarray
            Of the shape of the ``y`` it was fitted to.
        """
        return self._decoded(self._outputs(X))

    def _outputs(self, X: Any) -> Array:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        quiet = {"verbose": (self.fit_kwargs or {}).get("verbose", "auto")}
        found: Array = self.model_.predict(X, **quiet)
        return found

    def _encoded(self, y: Array) -> Array:
        """Return the targets as the model wants them, at least two dimensions."""
        if type_of_target(y) == "unknown":
            raise ValueError(f"Unknown label type for data: {y!r}")
        self._target_ndim = y.ndim
        return y.reshape(-1, 1) if y.ndim == 1 else y

    def _decoded(self, y: Array) -> Array:
        """Return what the model predicts in the form of the targets."""
        return y[:, 0] if self._target_ndim == 1 and y.ndim == 2 else y


@export("dlcore.wrappers.SKLearnClassifier")
class SKLearnClassifier(ClassifierMixin, _Estimator):
    """A model as a classifier of scikit-learn.

    The labels, numbers or texts, are one-hot encoded for the model.

    Parameters
    ----------
    model : Model or Callable
        A compiled model, or a function ``(X, y, **model_kwargs)`` that returns one;
        its output has a column for each class.
    warm_start : bool
        Whether ``fit`` goes on with the model of the ``fit`` before.
    model_kwargs : dict, optional
        Further arguments for a ``model`` that is a function.
    fit_kwargs : dict, optional
        Arguments for the model's ``fit``, such as ``epochs``.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted.
    model_ : Model
    history_ : History

    Examples
    --------
    >>> import dlcore, numpy as np
    >>> def mlp(X, y, units=8):
    ...     model = dlcore.Sequential([
    ...         dlcore.layers.Dense(units, activation="relu"),
    ...         dlcore.layers.Dense(y.shape[1], activation="softmax"),
    ...     ])
    ...     model.compile("adam", "categorical_crossentropy")
    ...     return model
    >>> X, y = np.random.default_rng(0).normal(size=(20, 3)), ["no", "yes"] * 10
    >>> settings = {"verbose": 0}
    >>> classifier = dlcore.wrappers.SKLearnClassifier(mlp, fit_kwargs=settings)
    >>> classifier.fit(X, y).predict(X).shape
    (20,)
    """

    _multi_output = False

    def __sklearn_tags__(self) -> Any:
        """Say that few epochs may give a poor score."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags

    def decision_function(self, X: Any) -> Array:
        """Return the model's outputs.

        Parameters
        ----------
        X : array-like, shape (samples, features)

        Returns
        -------
        ndarray, shape (samples, classes)
        """
        return self._outputs(X)

    def _encoded(self, y: Array) -> Array:
        kind = type_of_target(y, raise_unknown=True)
        if kind not in ("binary", "multiclass"):
            raise ValueError(
                "Only binary and multiclass targets are supported. "
                f"Unknown label type: {kind}"
            )
        super()._encoded(y)
        self.classes_, places = np.unique(y, return_inverse=True)
        if len(self.classes_) == 1:
            raise ValueError(
                "Classifier can't train when only one class is present: "
                f"all labels are {self.classes_[0]!r}."
            )
        return np.eye(len(self.classes_))[places.reshape(-1)]

    def _decoded(self, y: Array) -> Array:
        found: Array = self.classes_[np.argmax(y, axis=-1)]
        return found if self._target_ndim == 1 else found[:, None]


@export("dlcore.wrappers.SKLearnRegressor")
class SKLearnRegressor(RegressorMixin, _Estimator):
    """A model as a regressor of scikit-learn.

    Parameters
    ----------
    model : Model or Callable
        A compiled model, or a function ``(X, y, **model_kwargs)`` that returns one.
    warm_start : bool
        Whether ``fit`` goes on with the model of the ``fit`` before.
    model_kwargs : dict, optional
        Further arguments for a ``model`` that is a function.
    fit_kwargs : dict, optional
        Arguments for the model's ``fit``, such as ``epochs``.

    Attributes
    ----------
    model_ : Model
    history_ : History

    Examples
    --------
    >>> import dlcore, numpy as np
    >>> model = dlcore.Sequential([dlcore.Input((3,)), dlcore.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> regressor = dlcore.wrappers.SKLearnRegressor(model, fit_kwargs={"verbose": 0})
    >>> X = np.random.default_rng(0).normal(size=(20, 3))
    >>> regressor.fit(X, X.sum(axis=1)).predict(X).shape
    (20,)
    """

    def __sklearn_tags__(self) -> Any:
        """Say that few epochs may give a poor score."""
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags


@export("dlcore.wrappers.SKLearnTransformer")
class SKLearnTransformer(TransformerMixin, _Estimator):
    """A model as a transformer of scikit-learn: a step that gives features.

    Parameters
    ----------
    model : Model or Callable
        A compiled model, or a function ``(X, y, **model_kwargs)`` that returns one.
    warm_start : bool
        Whether ``fit`` goes on with the model of the ``fit`` before.
    model_kwargs : dict, optional
        Further arguments for a ``model`` that is a function.
    fit_kwargs : dict, optional
        Arguments for the model's ``fit``, such as ``epochs``.

    Attributes
    ----------
    model_ : Model
    history_ : History

    Examples
    --------
    >>> import dlcore, numpy as np
    >>> model = dlcore.Sequential([dlcore.Input((3,)), dlcore.layers.Dense(2)])
    >>> model.compile("sgd", "mse")
    >>> embed = dlcore.wrappers.SKLearnTransformer(model, fit_kwargs={"verbose": 0})
    >>> X = np.random.default_rng(0).normal(size=(20, 3))
    >>> embed.fit(X, X[:, :2]).transform(X).shape
    (20, 2)
    """

    def __sklearn_tags__(self) -> Any:
        """Say that outputs are floats, whatever goes in."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags

    def transform(self, X: Any) -> Array:
        """Return the model's outputs.

        Parameters
        ----------
        X : array-like, shape (samples, features)

        Returns
        -------
        ndarray, shape (samples, outputs)
        """
        return self._outputs(X)
