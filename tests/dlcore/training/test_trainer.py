"""``fit``, ``evaluate`` and ``predict``, on every backend that trains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import layers

TRAINING = ("jax", "torch", "tensorflow")
rng = np.random.default_rng(0)
X = rng.normal(size=(70, 5)).astype("float32")
Y = (X[:, 0] + X[:, 1] > 0).astype("int32") + (X[:, 2] > 1)


@pytest.fixture(params=TRAINING)
def backend(request: pytest.FixtureRequest) -> Any:
    with dlcore.use_backend(request.param):
        dlcore.utils.set_random_seed(1)
        yield request.param


def classifier(compiled: bool = True, **kwargs: Any) -> Any:
    model = dlcore.Sequential(
        [
            dlcore.Input((5,)),
            layers.Dense(8, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.2),
            layers.Dense(3, activation="softmax"),
        ]
    )
    if compiled:
        settings = {"metrics": ["accuracy"], **kwargs}
        model.compile("adam", "sparse_categorical_crossentropy", **settings)
    return model


def run(backend: str, **kwargs: Any) -> Any:
    with dlcore.use_backend(backend):
        dlcore.utils.set_random_seed(3)
        model = classifier(**kwargs.pop("compile", {}))
        history = model.fit(X, Y, epochs=3, batch_size=8, verbose=0, **kwargs).history
        return model, history


OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "validation split": {"validation_split": 0.3},
    "validation data": {"validation_data": (X[:20], Y[:20], np.ones(20))},
    "sample weight": {"sample_weight": rng.uniform(size=70)},
    "class weight": {"class_weight": {0: 1.0, 1: 0.5, 2: 3.0}},
    "unshuffled": {"shuffle": False},
    "few steps": {"steps_per_epoch": 3},
    "weighted metrics": {
        "compile": {"weighted_metrics": ["accuracy"]},
        "sample_weight": rng.uniform(size=70),
    },
    "one step a call": {"compile": {"run_eagerly": True}},
    "four steps a call": {"compile": {"steps_per_execution": 4}},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_losses_are_the_same_on_all_backends(name: str) -> None:
    results = {}
    for backend in TRAINING:
        _, history = run(backend, **dict(OPTIONS[name]))
        results[backend] = history
        assert all(len(values) == 3 for values in history.values())
    first, *others = results.values()
    for other in others:
        assert first.keys() == other.keys()
        for key in first:
            np.testing.assert_allclose(first[key], other[key], rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["one step a call", "four steps a call"])
def test_how_steps_are_grouped_does_not_matter(backend: str, name: str) -> None:
    _, grouped = run(backend, **dict(OPTIONS[name]))
    _, plain = run(backend)
    for key in plain:
        np.testing.assert_allclose(grouped[key], plain[key], rtol=1e-5, atol=1e-6)


def test_training_learns(backend: str) -> None:
    model = classifier()
    model.optimizer.learning_rate = 0.01
    history = model.fit(X, Y, epochs=30, batch_size=10, verbose=0).history
    assert history["loss"][-1] < 0.6 * history["loss"][0]
    _, accuracy = model.evaluate(X, Y, verbose=0)
    assert accuracy > 0.75
    labels = model.predict(X, verbose=0).argmax(-1)
    assert np.isclose((labels == Y).mean(), accuracy)


def test_numpy_says_the_way_out_and_evaluates() -> None:
    with dlcore.use_backend("numpy"):
        model = classifier()
        with pytest.raises(NotImplementedError, match="to_backend"):
            model.fit(X, Y, verbose=0)
        found = model.evaluate(X, Y, verbose=0, return_dict=True)
        assert set(found) == {"loss", "accuracy"}
        assert model.predict(X, verbose=0).shape == (70, 3)


def test_training_goes_on_after_a_move(backend: str) -> None:
    model, _ = run(backend)
    other = "torch" if backend == "jax" else "jax"
    moved = model.to_backend(other)
    assert int(moved.optimizer.iterations) == int(model.optimizer.iterations) > 0
    kwargs = {"batch_size": 70, "epochs": 2, "verbose": 0, "shuffle": False}
    wanted = model.fit(X, Y, **kwargs).history["loss"][-2:]
    found = moved.fit(X, Y, **kwargs).history["loss"][-2:]
    np.testing.assert_allclose(found, wanted, rtol=2e-5)


# Data


def as_generator(batch: int = 10, rounds: int = 9) -> Any:
    for _ in range(rounds):
        for i in range(0, 70, batch):
            yield X[i : i + batch], Y[i : i + batch]


class Batches(dlcore.utils.PyDataset):
    def __len__(self) -> int:
        return 7

    def __getitem__(self, index: int) -> Any:
        return X[index * 10 : index * 10 + 10], Y[index * 10 : index * 10 + 10]


class Again:
    """Begins anew at each iteration, as data loaders do."""

    def __iter__(self) -> Any:
        return as_generator(rounds=1)

    def __len__(self) -> int:
        return 7


SOURCES: dict[str, Any] = {
    "arrays": lambda: {"x": X, "y": Y, "batch_size": 10},
    "lists": lambda: {"x": X.tolist(), "y": Y.tolist(), "batch_size": 10},
    "generator": lambda: {"x": as_generator(), "steps_per_epoch": 7},
    "pydataset": lambda: {"x": Batches()},
    "loader": lambda: {"x": Again()},
}


@pytest.mark.parametrize("name", SOURCES)
def test_every_kind_of_data_trains_alike(backend: str, name: str) -> None:
    losses = []
    for source in ("arrays", name):
        dlcore.utils.set_random_seed(2)
        model = classifier()
        history = model.fit(**SOURCES[source](), epochs=2, verbose=0, shuffle=False)
        losses.append(history.history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


def test_pandas_and_native_tensors(backend: str) -> None:
    pandas = pytest.importorskip("pandas")
    frame, labels = pandas.DataFrame(X), pandas.Series(Y)
    model = classifier()
    model.fit(frame, labels, epochs=1, verbose=0)
    wanted = model.predict(X, verbose=0)
    np.testing.assert_array_equal(model.predict(frame, verbose=0), wanted)
    tensor = dlcore.ops.convert_to_tensor(X)
    np.testing.assert_array_equal(model.predict(tensor, verbose=0), wanted)


def test_several_outputs(backend: str) -> None:
    x = dlcore.Input((5,))
    hidden = layers.Dense(4)(x)
    model = dlcore.Model(
        x,
        {
            "kind": layers.Dense(3, activation="softmax")(hidden),
            "size": layers.Dense(1)(hidden),
        },
    )
    model.compile(
        "sgd",
        loss={"kind": "sparse_categorical_crossentropy", "size": "mse"},
        loss_weights={"kind": 1.0, "size": 0.5},
        metrics={"kind": ["accuracy"], "size": ["mae"]},
    )
    labels = {"kind": Y, "size": X[:, :1]}
    history = model.fit(X, labels, epochs=1, verbose=0, batch_size=70).history
    assert set(history) == {
        *("loss", "kind_loss", "size_loss", "kind_accuracy", "size_mae"),
    }
    total = history["kind_loss"][0] + 0.5 * history["size_loss"][0]
    assert np.isclose(history["loss"][0], total)
    with pytest.raises(KeyError, match="Did you mean 'kind'"):
        model.compile("sgd", loss={"kinds": "mse"})
        model.fit(X, labels, verbose=0)


# Callbacks


class Watch(dlcore.callbacks.Callback):
    def __init__(self) -> None:
        self.steps: list[int] = []
        self.losses: list[float] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.steps.append(batch)
        self.losses.append(logs["loss"])


def test_callbacks_see_every_batch(backend: str) -> None:
    watch = Watch()
    history = classifier().fit(
        X, Y, batch_size=7, epochs=2, callbacks=[watch], verbose=0
    )
    assert watch.steps == [*range(10), *range(10)]
    assert np.isclose(watch.losses[9], history.history["loss"][0])


class Stop(dlcore.callbacks.Callback):
    def __init__(self, error: type[BaseException] | None = None):
        self.error = error

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch == 3:
            if self.error is not None:
                raise self.error("stop")
            self.model.stop_training = True


def test_stop_training_ends_the_epoch(backend: str) -> None:
    model = classifier()
    model.fit(X, Y, batch_size=7, epochs=5, callbacks=[Stop()], verbose=0)
    assert int(model.optimizer.iterations) == 4
    assert model.history.epoch == [0]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_interrupted_fit_leaves_a_usable_model(backend: str, error: Any) -> None:
    model = classifier()
    model.fit(X, Y, batch_size=7, epochs=1, verbose=0)
    with pytest.raises(error):
        model.fit(X, Y, batch_size=7, epochs=5, callbacks=[Stop(error)], verbose=0)
    assert int(model.optimizer.iterations) == 14
    assert np.isfinite(model.predict(X, verbose=0)).all()
    assert model.history is not None
    history = model.fit(X, Y, batch_size=7, epochs=1, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_early_stopping_and_epochs(backend: str) -> None:
    stop = dlcore.callbacks.EarlyStopping(monitor="loss", min_delta=1e9, patience=1)
    history = classifier().fit(
        X, Y, epochs=9, initial_epoch=2, callbacks=[stop], verbose=0
    )
    assert history.epoch == [2, 3]


# Single batches, own steps, own losses


def test_single_batches(backend: str) -> None:
    model = classifier()
    loss, accuracy = model.train_on_batch(X, Y)
    assert int(model.optimizer.iterations) == 1
    assert np.isfinite(loss) and 0 <= accuracy <= 1
    model.reset_metrics()
    found = model.test_on_batch(X, Y, return_dict=True)
    assert found == pytest.approx(model.evaluate(X, Y, 70, return_dict=True, verbose=0))
    np.testing.assert_allclose(
        model.predict_on_batch(X), model.predict(X, verbose=0), rtol=1e-5
    )


class Custom(dlcore.Sequential):
    def compute_loss(
        self, x: Any, y: Any, y_pred: Any, *args: Any, **kwargs: Any
    ) -> Any:
        return 2.0 * super().compute_loss(x, y, y_pred, *args, **kwargs)


class Stepper(dlcore.Sequential):
    def train_step(self, data: Any) -> Any:
        logs = super().train_step(data)
        return {**logs, "double": logs["loss"] * 2.0}


def test_own_losses_and_steps(backend: str) -> None:
    losses = {}
    for kind in (dlcore.Sequential, Custom, Stepper):
        dlcore.utils.set_random_seed(0)
        model = kind([dlcore.Input((5,)), layers.Dense(3, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        losses[kind] = model.fit(X, Y, batch_size=70, verbose=0).history
    plain = losses[dlcore.Sequential]["loss"][0]
    assert np.isclose(losses[Custom]["loss"][0], 2 * plain)
    assert np.isclose(losses[Stepper]["double"][0], 2 * plain)


class Penalised(layers.Layer):
    def call(self, x: Any) -> Any:
        self.add_loss(dlcore.ops.mean(dlcore.ops.square(x)))
        return x


def test_added_losses_and_penalties(backend: str) -> None:
    model = dlcore.Sequential(
        [dlcore.Input((5,)), Penalised(), layers.Dense(1, kernel_regularizer="l2")]
    )
    model.compile("sgd", "mse")
    weights = model.get_weights()
    found = model.evaluate(X, X[:, :1], 70, verbose=0)
    error = np.mean((X @ weights[0] + weights[1] - X[:, :1]) ** 2)
    wanted = error + np.mean(X**2) + 0.01 * np.sum(weights[0] ** 2)
    assert np.isclose(found, wanted, rtol=1e-4)
    model.fit(X, X[:, :1], verbose=0)


def test_moving_averages_move_and_frozen_weights_stay(backend: str) -> None:
    model = classifier()
    model.layers[0].trainable = False
    before = [layer.get_weights() for layer in model.layers]
    model.fit(X, Y, epochs=1, verbose=0)
    for layer, old in zip(model.layers, before, strict=True):
        for a, b in zip(layer.get_weights(), old, strict=True):
            assert (np.abs(a - b).max() > 0) == (layer is not model.layers[0])
    model.layers[0].trainable = True
    with pytest.raises(ValueError, match=r"dense.*compile\(\)` again"):
        model.fit(X, Y, epochs=1, verbose=0)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(X, Y, epochs=1, verbose=0)
    assert np.abs(model.layers[0].get_weights()[0] - before[0][0]).max() > 0


# Mistakes


def mistake(**kwargs: Any) -> Any:
    return lambda: classifier().fit(**{"x": X, "y": Y, "verbose": 0, **kwargs})


MISTAKES = {
    "from 0 to 2.*sample 4 has 7": mistake(y=np.where(np.arange(70) == 4, 7, Y)),
    r"x sizes: 70; y sizes: 60": mistake(y=Y[:60]),
    "must be compiled": lambda: classifier(compiled=False).fit(X, Y, verbose=0),
    "Did you mean '[aA]dam'": lambda: classifier(False).compile("adm", "mse"),
    "Did you mean 'mean_squared_error'": lambda: classifier(False).compile(
        "sgd", "mean_squared_eror"
    ),
    "(?i)did you mean '.*accuracy'": lambda: classifier(metrics=["acuracy"]),
    "list, tuple, or dict": lambda: classifier(metrics="accuracy"),
    "at the same time": mistake(class_weight={0: 1.0}, sample_weight=np.ones(70)),
    "validation_split": mistake(validation_split=1.5),
    "incompatible|expected": mistake(x=X[:, :3]),
    "labels `y`": mistake(y=None),
    "yields nothing": mistake(x=iter(()), y=None),
    "No loss to compute|Provide a `loss`": lambda: _without_loss(),
    "verbose": mistake(verbose=7),
}


def _without_loss() -> None:
    model = classifier(compiled=False)
    model.compile("sgd")
    model.fit(X, Y, verbose=0)


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes_end_in_a_clear_error(message: str) -> None:
    with dlcore.use_backend("torch"), pytest.raises(ValueError, match=message):
        MISTAKES[message]()


def test_nan_in_the_inputs_is_told(backend: str) -> None:
    bad = X.copy()
    bad[12, 1] = np.nan
    with pytest.warns(UserWarning, match="NaN.*sample 12"):
        classifier().fit(bad, Y, verbose=0)


COMPILED = {"jax": 0}


@pytest.fixture(autouse=True, scope="module")
def _count_compilations() -> None:
    jax = pytest.importorskip("jax")

    def listen(event: str, duration: float, **_: Any) -> None:
        COMPILED["jax"] += event == "/jax/core/compile/backend_compile_duration"

    jax.monitoring.register_event_duration_secs_listener(listen)


def test_nothing_is_compiled_twice() -> None:
    with dlcore.use_backend("jax"):
        model = classifier()
        model.fit(X, Y, epochs=1, batch_size=8, verbose=0)
        model.predict(X[:1], verbose=0)
        before = COMPILED["jax"]
        assert before > 0
        model.fit(X, Y, epochs=3, batch_size=8, verbose=0)
        model.predict(X[:1], verbose=0)
        assert COMPILED["jax"] == before
