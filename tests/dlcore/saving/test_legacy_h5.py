"""Whole models in ``.h5`` files, as Keras writes and reads them."""

from __future__ import annotations

import json

import h5py
import keras
import numpy as np
import pytest

import dlcore


def network(library):
    """Layers of several kinds, one shared, a model in the model, a wrapper."""
    layers = library.layers
    a, b = library.Input((6, 4), name="a"), library.Input((6, 4), name="b")
    shared = layers.Dense(4, "relu", kernel_regularizer="l2", name="shared")
    inner = library.Sequential(
        [
            library.Input((6, 4)),
            layers.BatchNormalization(name="norm"),
            layers.Bidirectional(layers.LSTM(3), name="both"),
        ],
        name="inner",
    )
    x = inner(layers.Add(name="sum")([shared(a), shared(b)]))
    x = layers.Dropout(0.5, name="drop")(x)
    model = library.Model([a, b], layers.Dense(1, name="out")(x), name="net")
    model.compile(
        library.optimizers.Adam(
            library.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
        ),
        library.losses.MeanAbsoluteError(reduction="sum"),
        metrics=["mae"],
    )
    return model


DATA = [
    np.random.default_rng(i).normal(size=(8, 6, 4)).astype("float32") for i in (0, 1)
]
TARGET = np.ones((8, 1), "float32")


@pytest.mark.parametrize(
    ("writer", "reader"), [(keras, dlcore), (dlcore, keras), (dlcore, dlcore)]
)
def test_models_go_both_ways(writer, reader, tmp_path):
    path = str(tmp_path / "model.h5")
    model = network(writer)
    model.fit(DATA, TARGET, verbose=0)
    model.save(path)
    found = reader.models.load_model(path)
    np.testing.assert_allclose(
        np.asarray(found.predict(DATA, verbose=0)),
        np.asarray(model.predict(DATA, verbose=0)),
        atol=1e-5,
    )
    assert found.loss.reduction == "sum" and int(found.optimizer.iterations) == 1
    pairs = zip(found.optimizer.variables, model.optimizer.variables, strict=True)
    for mine, theirs in pairs if reader is dlcore else ():  # Keras drops its slots
        np.testing.assert_allclose(
            np.asarray(mine.numpy()), np.asarray(theirs.numpy()), atol=1e-6
        )
    other = network(reader)
    other.load_weights(path)
    np.testing.assert_allclose(
        np.asarray(other.predict(DATA, verbose=0)),
        np.asarray(model.predict(DATA, verbose=0)),
        atol=1e-5,
    )


def test_files_of_keras_2(tmp_path):
    """As Keras 2 wrote them: no modules, ``batch_input_shape``, lists of places."""
    kernel = np.arange(8.0, dtype="float32").reshape(4, 2)
    dense = {
        "class_name": "Dense",
        "config": {
            "name": "dense",
            "units": 2,
            "batch_input_shape": [None, 4],
            "dtype": "float32",
            "kernel_initializer": {"class_name": "GlorotUniform", "config": {}},
            "use_bias": False,
        },
    }
    start = {
        "class_name": "InputLayer",
        "config": {"batch_input_shape": [None, 4], "dtype": "float32", "name": "in"},
        "name": "in",
        "inbound_nodes": [],
    }
    placed = {**dense, "name": "dense", "inbound_nodes": [[["in", 0, 0, {}]]]}
    graph = {"name": "m", "layers": [start, placed]}
    graph |= {"input_layers": [["in", 0, 0]], "output_layers": [["dense", 0, 0]]}
    training = {
        "optimizer_config": {"class_name": "SGD", "config": {"learning_rate": 0.5}},
        "loss": {"class_name": "MeanSquaredError", "config": {"reduction": "auto"}},
        "metrics": ["mae"],
        "loss_weights": None,
    }
    for number, config in enumerate(
        (
            {"class_name": "Sequential", "config": {"name": "m", "layers": [dense]}},
            {"class_name": "Functional", "config": graph},
        )
    ):
        path = tmp_path / f"{number}.h5"
        with h5py.File(path, "w") as file:
            file.attrs["model_config"] = json.dumps(config)
            file.attrs["training_config"] = json.dumps(training)
            group = file.create_group("model_weights")
            group.attrs["layer_names"] = [b"dense"]
            own = group.create_group("dense")
            own.attrs["weight_names"] = [b"dense/kernel:0"]
            own["dense/kernel:0"] = kernel
        model = dlcore.models.load_model(path)
        out = model.predict(np.ones((1, 4), "float32"), verbose=0)
        np.testing.assert_allclose(np.ravel(out), kernel.sum(0))
        assert float(model.optimizer.learning_rate) == 0.5


def test_long_lists_of_names_are_cut(tmp_path):
    name = "a_rather_long_name_of_a_layer_" * 6
    layers = [dlcore.layers.Dense(1, name=f"{name}{i}") for i in range(400)]
    model = dlcore.Sequential([dlcore.Input((1,)), *layers])
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        assert "layer_names1" in file["model_weights"].attrs
    found = dlcore.models.load_model(tmp_path / "m.h5", compile=False)
    assert [layer.name for layer in found.layers] == [x.name for x in layers]


def test_what_does_not_fit_changes_nothing(tmp_path):
    def model(*units):
        layers = [dlcore.layers.Dense(n, name=f"d{i}") for i, n in enumerate(units)]
        return dlcore.Sequential([dlcore.Input((2,)), *layers])

    model(3, 2).save(tmp_path / "m.h5")
    other = model(3, 5)
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"Shape mismatch in the layer 'd1'.*\(3, 5\)"):
        other.load_weights(tmp_path / "m.h5")
    for now, then in zip(other.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    with pytest.warns(UserWarning, match="Shape mismatch"):
        other.load_weights(tmp_path / "m.h5", skip_mismatch=True)
    longer = model(3, 2, 1)
    with pytest.raises(ValueError, match="Layer count mismatch"):
        longer.load_weights(tmp_path / "m.h5")
    longer.load_weights(tmp_path / "m.h5", by_name=True)
    np.testing.assert_array_equal(longer.get_weights()[0], other.get_weights()[0])


def test_code_and_links_are_refused(tmp_path):
    path = tmp_path / "m.h5"
    model = dlcore.Sequential([dlcore.Input((2,)), dlcore.layers.Lambda(lambda x: x)])
    with pytest.warns(UserWarning, match="lambda"):
        model.save(path)
    with pytest.raises(ValueError, match="brings code"):
        dlcore.models.load_model(path)
    assert dlcore.models.load_model(path, safe_mode=False, compile=False).built
    dlcore.Sequential([dlcore.Input((2,)), dlcore.layers.Dense(1)]).save(path)
    with h5py.File(path, "r+") as file:
        del file["model_weights"]
        file["model_weights"] = h5py.ExternalLink("other.h5", "/")
    with pytest.raises(ValueError, match="ExternalLink"):
        dlcore.models.load_model(path)
