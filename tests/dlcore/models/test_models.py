"""Sequential, functional and subclassed models."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import layers

rng = np.random.default_rng(0)
X = rng.normal(size=(6, 4)).astype("float32")


@pytest.fixture(params=["numpy", "jax", "torch", "tensorflow"], autouse=True)
def backend(request: pytest.FixtureRequest) -> Any:
    with dlcore.use_backend(request.param):
        yield request.param


def predictions(model: Any, x: Any = X) -> Any:
    return model.predict(x, verbose=0)


def branching() -> Any:
    a, b = dlcore.Input((4,), name="a"), dlcore.Input((3,), name="b")
    shared = layers.Dense(5, activation="tanh")
    left = shared(a)
    right = shared(layers.Dense(4)(b))
    merged = layers.Add()([left, right]) * 2.0 + left
    return dlcore.Model(
        {"a": a, "b": b}, [layers.Dense(1, name="first")(merged), merged], name="both"
    )


def test_a_sequential_model_builds_at_the_first_call() -> None:
    model = dlcore.Sequential([layers.Dense(3), layers.Dense(2)])
    assert not model.built and model.weights == []
    with pytest.raises(ValueError, match="isn't built"):
        model.count_params()
    assert model(X).shape == (6, 2)
    assert model.count_params() == 4 * 3 + 3 + 3 * 2 + 2
    assert model.output_shape == (None, 2)


def test_sizes_of_the_first_data_do_not_bind_a_sequential_model() -> None:
    model = dlcore.Sequential([dlcore.layers.Flatten()])
    for shape in ((3, 5, 7), (2, 7, 5)):
        assert model(np.ones(shape, "float32")).shape == (shape[0], 35)
    declared = dlcore.Sequential([dlcore.Input((5, 7)), dlcore.layers.Flatten()])
    with pytest.raises(ValueError, match=r"expected shape=\(None, 5, 7\)"):
        declared(np.ones((2, 7, 5), "float32"))


def test_a_sequential_model_is_the_layers_one_after_the_other() -> None:
    parts = [layers.Dense(3, activation="relu"), layers.Dense(2)]
    model = dlcore.Sequential([dlcore.Input((4,)), *parts])
    wanted = np.asarray(dlcore.ops.convert_to_numpy(parts[1](parts[0](X))))
    np.testing.assert_allclose(predictions(model), wanted, rtol=1e-6)
    assert model.layers == parts


def test_layers_can_be_added_and_taken_away() -> None:
    model = dlcore.Sequential([dlcore.Input((4,)), layers.Dense(3)])
    model.add(layers.Dense(2))
    assert model.output_shape == (None, 2)
    assert model.pop().units == 2
    assert model.output_shape == (None, 3)
    assert predictions(model).shape == (6, 3)


def test_a_functional_model_takes_lists_and_dicts() -> None:
    model = branching()
    x = {"a": X, "b": X[:, :3]}
    first = predictions(model, x)
    assert [p.shape for p in first] == [(6, 1), (6, 5)]
    assert model.output_names[0] == "first"
    with pytest.warns(UserWarning, match="structure of `inputs`"):
        reordered = predictions(model, {"b": X[:, :3], "a": X, "unused": X})
    np.testing.assert_array_equal(first[0], reordered[0])
    with pytest.raises(ValueError, match=r'Missing data for input "b".*keys'):
        model({"a": X, "bb": X[:, :3]})


def test_shared_layers_are_listed_once() -> None:
    model = branching()
    assert len(model.layers) == len({id(layer) for layer in model.layers})
    assert sum(isinstance(layer, layers.Dense) for layer in model.layers) == 3
    assert model.count_params() == (4 * 5 + 5) + (3 * 4 + 4) + (5 + 1)


def test_a_functional_model_is_a_layer_too() -> None:
    inner = dlcore.Sequential([dlcore.Input((4,)), layers.Dense(3)])
    x = dlcore.Input((4,))
    model = dlcore.Model(x, layers.Dense(1)(inner(x)))
    assert inner in model.layers
    assert predictions(model).shape == (6, 1)
    assert len(model.weights) == 4


def test_inner_outputs_can_be_taken_out() -> None:
    model = dlcore.Sequential(
        [dlcore.Input((4,)), layers.Dense(3, name="hidden"), layers.Dense(1)]
    )
    features = dlcore.Model(model.input, model.get_layer("hidden").output)
    assert predictions(features).shape == (6, 3)
    assert features.weights[0] is model.weights[0]
    head = dlcore.Model(model.get_layer("hidden").output, model.output)
    np.testing.assert_allclose(
        predictions(head, predictions(features)), predictions(model), rtol=1e-5
    )


def test_a_missing_input_is_named() -> None:
    a, b = dlcore.Input((4,), name="a"), dlcore.Input((4,), name="forgotten")
    with pytest.raises(ValueError, match="forgotten"):
        dlcore.Model(a, layers.Add()([a, b]))


def test_a_thousand_layers_are_no_problem() -> None:
    x = y = dlcore.Input((4,))
    for _ in range(1000):
        y = layers.Identity()(y)
    model = dlcore.Model(x, y)
    assert len(model.layers) == 1001
    np.testing.assert_array_equal(predictions(model), X)
    assert len(copy.deepcopy(model).layers) == 1001
    assert len(model.get_config()["layers"]) == 1001


class Residual(dlcore.Model):
    def __init__(self, units: int = 4, depth: int = 2, **kwargs: Any):
        super().__init__(**kwargs)
        self.blocks = [layers.Dense(units, activation="relu") for _ in range(depth)]
        self.heads = {"out": layers.Dense(1)}
        self.drop = layers.Dropout(0.5)

    def call(self, x: Any, training: bool = False) -> Any:
        for block in self.blocks:
            x = x + self.drop(block(x))
        return self.heads["out"](x)


def test_layers_in_lists_and_dicts_are_tracked() -> None:
    model = Residual()
    model(X)
    assert len(model.weights) == 6
    assert len(model.variables) == 7  # and the seed of the dropout
    model.blocks.append(layers.Dense(4))
    model(X)
    assert len(model.weights) == 8
    assert model.weights[-1].path.startswith(f"{model.name}/dense")
    del model.blocks[0]
    assert len(model.weights) == 6


def test_training_reaches_the_layers_inside() -> None:
    model = Residual()
    quiet = dlcore.ops.convert_to_numpy(model(X))
    np.testing.assert_array_equal(quiet, dlcore.ops.convert_to_numpy(model(X)))
    loud = dlcore.ops.convert_to_numpy(model(X, training=True))
    assert np.abs(loud - quiet).max() > 0


def test_trainable_reaches_the_layers_inside() -> None:
    model = Residual()
    model(X)
    model.blocks[0].trainable = False
    assert len(model.trainable_weights) == 4
    model.trainable = False
    assert model.trainable_weights == []
    assert len(model.non_trainable_weights) == 6
    model.trainable = True
    assert len(model.trainable_weights) == 6


@pytest.mark.parametrize("target", ["numpy", "jax", "torch", "tensorflow"])
@pytest.mark.parametrize("make", [Residual, branching])
def test_models_move_between_backends(target: str, make: Any) -> None:
    model = make()
    x = X if make is Residual else {"a": X, "b": X[:, :3]}
    wanted = predictions(model, x)
    moved = model.to_backend(target)
    assert moved.backend.name == target
    assert all(v.backend.name == target for v in moved.variables)
    for a, b in zip(
        dlcore.tree.flatten(predictions(moved, x)),
        dlcore.tree.flatten(wanted),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    moved.set_weights([w * 0 for w in moved.get_weights()])
    np.testing.assert_array_equal(
        dlcore.tree.flatten(predictions(model, x))[0], dlcore.tree.flatten(wanted)[0]
    )


@pytest.mark.parametrize("make", [Residual, branching])
def test_weights_go_to_a_file_and_back(make: Any, tmp_path: Any) -> None:
    model, other = make(), make()
    x = X if make is Residual else {"a": X, "b": X[:, :3]}
    wanted, before = predictions(model, x), predictions(other, x)
    path = tmp_path / "model.safetensors"
    model.save_weights(path)
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]
    other.load_weights(path)
    found = predictions(other, x)
    np.testing.assert_array_equal(
        dlcore.tree.flatten(found)[0], dlcore.tree.flatten(wanted)[0]
    )
    assert np.abs(found[0] - before[0]).max() > 0


def test_files_that_do_not_fit_say_why(tmp_path: Any) -> None:
    path = tmp_path / "model.safetensors"
    small = dlcore.Sequential([dlcore.Input((4,)), layers.Dense(3)])
    small.save_weights(path)
    large = dlcore.Sequential([dlcore.Input((4,)), layers.Dense(5)])
    before = large.get_weights()
    with pytest.raises(ValueError, match=r"\(4, 3\).*\(4, 5\)"):
        large.load_weights(path)
    np.testing.assert_array_equal(large.get_weights()[0], before[0])
    with pytest.raises(FileExistsError):
        small.save_weights(path, overwrite=False)
    with pytest.raises(ValueError, match="safetensors"):
        small.save_weights(tmp_path / "model.pkl")
    path.write_bytes(b"nonsense")
    with pytest.raises(ValueError, match="broken"):
        small.load_weights(path)
    with pytest.raises(FileNotFoundError):
        small.load_weights(tmp_path / "other.safetensors")


@pytest.mark.parametrize(
    "make",
    [
        branching,
        lambda: dlcore.Sequential([dlcore.Input((4,)), layers.Dense(3)]),
        lambda: Residual(depth=3),
    ],
)
def test_configurations_are_json_and_make_equal_models(make: Any) -> None:
    model = make()
    x = {"a": X, "b": X[:, :3]} if model.name == "both" else X
    model(x)
    config = json.loads(json.dumps(model.get_config()))
    twin = type(model).from_config(config)
    twin(x)
    twin.set_weights(model.get_weights())
    np.testing.assert_array_equal(
        dlcore.tree.flatten(predictions(twin, x))[0],
        dlcore.tree.flatten(predictions(model, x))[0],
    )


MISTAKES = {
    "passed to Dense.*Did you mean 'units'": lambda: layers.Dense(3, unit=2),
    "positive integer": lambda: layers.Dense(-1),
    "expected axis -1": lambda: dlcore.Sequential(
        [dlcore.Input((4,)), layers.Dense(3)]
    ).layers[0](X[:, :2]),
    "min_ndim=2": lambda: layers.Dense(3)(X[0]),
    "Did you mean 'hidden'": lambda: dlcore.Sequential(
        [dlcore.Input((4,)), layers.Dense(3, name="hidden")]
    ).get_layer("hiden"),
    "unique names": lambda: dlcore.Sequential(
        [layers.Dense(2, name="a"), layers.Dense(2, name="a")]
    ),
    "single|expects 1 input": lambda: dlcore.Sequential(
        [dlcore.Input((4,)), layers.Dense(3)]
    )([X, X]),
    "smaller kernel": lambda: layers.Conv2D(2, 5)(np.zeros((1, 3, 3, 1), "float32")),
    "numerical value": lambda: np.asarray(dlcore.Input((4,))),
    "KerasTensors": lambda: dlcore.Model(X, X),
    "weight list of length 1": lambda: dlcore.Sequential(
        [dlcore.Input((4,)), layers.Dense(3)]
    ).set_weights([X]),
    "cannot contain character": lambda: layers.Dense(3, name="a/b"),
    "write one|does not have a": lambda: dlcore.Model()(X),
}


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes_end_in_a_clear_error(message: str) -> None:
    with pytest.raises((ValueError, TypeError, NotImplementedError), match=message):
        MISTAKES[message]()


def test_a_tensor_of_another_backend_says_what_to_do(backend: str) -> None:
    other = "torch" if backend != "torch" else "jax"
    with dlcore.use_backend(other):
        foreign = dlcore.ops.ones((2, 4))
    with pytest.raises(TypeError, match=rf"convert_to_numpy.*to_backend\('{other}'\)"):
        layers.Dense(3)(foreign)


def test_errors_name_the_layer_they_come_from() -> None:
    class Broken(layers.Layer):
        def call(self, x: Any) -> Any:
            return dlcore.ops.matmul(x, dlcore.ops.ones((7, 7)))

    model = dlcore.Sequential([layers.Dense(3), Broken(name="odd")], name="whole")
    with pytest.raises(Exception) as caught:
        model(X)
    assert any("whole/odd" in note for note in caught.value.__notes__)


def test_forgetting_super_init_is_told() -> None:
    class Forgetful(layers.Layer):
        def __init__(self) -> None:
            self.units = 3

        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(RuntimeError, match=r"super\(\)\.__init__"):
        Forgetful()(X)
