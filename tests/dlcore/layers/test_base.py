"""What every layer can do: stateless calls, precision, saving, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import layers, ops

rng = np.random.default_rng(0)
FLAT = rng.normal(size=(4, 6)).astype("float32")


@pytest.fixture(params=["numpy", "torch"], autouse=True)
def backend(request: pytest.FixtureRequest) -> Any:
    with dlcore.use_backend(request.param):
        yield request.param


def test_a_stateless_call_changes_nothing() -> None:
    layer = layers.BatchNormalization(gamma_regularizer="l2")
    layer(FLAT)
    before = layer.get_weights()
    trainable = [v.value for v in layer.trainable_variables]
    fixed = [v.value for v in layer.non_trainable_variables]
    outputs, after, losses = layer.stateless_call(
        trainable, fixed, FLAT, training=True, return_losses=True
    )
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert float(losses[0]) == pytest.approx(0.06)
    wanted = layer(FLAT, training=True)
    np.testing.assert_array_equal(
        ops.convert_to_numpy(outputs), ops.convert_to_numpy(wanted)
    )
    for found, variable in zip(after, layer.non_trainable_variables, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(found), variable.numpy())


def test_a_stateless_call_wants_every_value() -> None:
    layer = layers.Dense(2)
    with pytest.raises(ValueError, match="must be built"):
        layer.stateless_call([], [], FLAT)
    layer.build((None, 6))
    with pytest.raises(ValueError, match=r"Received 1 values, expected 2"):
        layer.stateless_call([layer.kernel], [], FLAT)


MIXED: list[tuple[str, dict[str, Any], tuple[int, ...]]] = [
    ("Dense", {"units": 3}, (4, 6)),
    ("Conv1D", {"filters": 3, "kernel_size": 3}, (2, 9, 4)),
    ("Conv2DTranspose", {"filters": 3, "kernel_size": 3}, (2, 6, 6, 2)),
    ("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 5}, (4, 6)),
    ("BatchNormalization", {}, (4, 6)),
    ("LayerNormalization", {}, (4, 6)),
    ("GroupNormalization", {"groups": 2}, (4, 6)),
    ("RMSNormalization", {}, (4, 6)),
    ("LSTM", {"units": 3}, (2, 5, 4)),
    ("GRU", {"units": 3, "return_sequences": True}, (2, 5, 4)),
    ("MaxPooling1D", {}, (2, 8, 3)),
    ("PReLU", {}, (4, 6)),
]


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("case", MIXED, ids=lambda case: case[0])
def test_mixed_precision(case: Any, policy: str, backend: str) -> None:
    name, kwargs, shape = case
    x = rng.normal(size=shape).astype("float32")
    layer = getattr(layers, name)(**kwargs, dtype=policy)
    found = layer(x)
    half = policy.removeprefix("mixed_")
    assert ops.dtype(found) == half
    spec = layer.compute_output_spec(dlcore.KerasTensor(shape, half))
    assert (spec.dtype, tuple(spec.shape)) == (half, tuple(found.shape))
    assert {v.dtype for v in layer.weights} <= {"float32"}
    full = getattr(layers, name)(**kwargs)
    full(x)
    full.set_weights(layer.get_weights())
    np.testing.assert_allclose(
        ops.convert_to_numpy(found).astype("float32"),
        ops.convert_to_numpy(full(x)),
        rtol=0.05,
        atol=0.05,
    )


def test_own_variables_are_those_of_the_layer_alone() -> None:
    block = dlcore.Sequential([layers.Dense(2)])
    block(FLAT)
    store: dict[str, Any] = {}
    block.save_own_variables(store)
    assert store == {}
    dense = block.layers[0]
    dense.save_own_variables(store)
    assert {k: v.shape for k, v in store.items()} == {"0": (6, 2), "1": (2,)}
    twin = layers.Dense(2)
    with pytest.raises(ValueError, match="not built"):
        twin.load_own_variables(store)
    twin.build((None, 6))
    twin.load_own_variables(store)
    np.testing.assert_array_equal(twin.get_weights()[0], store["0"])


def test_an_error_names_the_innermost_layer_once() -> None:
    class Broken(layers.Layer):
        def call(self, x: Any) -> Any:
            raise KeyError("no such thing")

    model = dlcore.Sequential([layers.Dense(2), Broken(name="culprit")])
    with pytest.raises(KeyError) as caught:
        model(FLAT)
    notes = [n for n in caught.value.__notes__ if n.startswith("In layer ")]
    assert len(notes) == 1
    assert "culprit" in notes[0] and "(None, 2)" in notes[0]


def test_a_layer_without_super_init_says_so() -> None:
    class Hasty(layers.Layer):
        def __init__(self) -> None:
            self.units = 3

        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(RuntimeError, match="forgot to call"):
        Hasty()(FLAT)


def test_a_subclass_with_a_build_is_not_born_built() -> None:
    class Built(layers.Dropout):
        def build(self, input_shape: Any) -> None:
            self.seen = input_shape

    assert layers.Dropout(0.5).built and not Built(0.5).built
    layer = Built(0.5)
    layer(FLAT)
    assert layer.built and layer.seen == (4, 6)


def test_numbers_belong_into_named_arguments() -> None:
    class Scaled(layers.Layer):
        def call(self, x: Any, factor: float = 1.0) -> Any:
            return x * factor

    with pytest.raises(ValueError, match=r"keyword arguments: factor=2\.0"):
        Scaled()(FLAT, 2.0)
    assert Scaled()(FLAT, factor=2.0).shape == (4, 6)


def test_the_configuration_is_that_of_now() -> None:
    layer = layers.Dropout(0.5)
    layer.rate = 0.25
    assert layer.get_config()["rate"] == 0.25
    assert layers.Conv2D(2, 3).get_config()["kernel_size"] == (3, 3)


def test_renormalization_trains_as_in_keras(backend: str) -> None:
    import keras

    bounds = {"rmin": 0.5, "rmax": 2.0, "dmax": 1.0}
    options: Any = {"renorm": True, "renorm_clipping": bounds, "momentum": 0.7}
    ours = layers.BatchNormalization(**options)
    theirs = keras.layers.BatchNormalization(**options)
    for step in range(3):
        x = (FLAT + step) * (1 + step)
        found, wanted = ours(x, training=True), theirs(x, training=True)
        np.testing.assert_allclose(
            ops.convert_to_numpy(found),
            keras.ops.convert_to_numpy(wanted),
            rtol=1e-4,
            atol=1e-5,
        )
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("inner", ["Dense", "Conv1D"])
def test_spectral_normalization_is_that_of_keras(inner: str) -> None:
    import keras

    x = rng.normal(size=(2, 5, 4)).astype("float32")
    kwargs: Any = {"units": 3} if inner == "Dense" else {"filters": 3, "kernel_size": 2}
    ours = layers.SpectralNormalization(getattr(layers, inner)(**kwargs), 3)
    theirs = keras.layers.SpectralNormalization(
        getattr(keras.layers, inner)(**kwargs), 3
    )
    ours(x), theirs(x)
    theirs.set_weights(ours.get_weights())
    for _ in range(2):
        np.testing.assert_allclose(
            ops.convert_to_numpy(ours(x, training=True)),
            keras.ops.convert_to_numpy(theirs(x, training=True)),
            rtol=1e-4,
            atol=1e-5,
        )
    for _ in range(12):
        ours(x, training=True)
    kernel = ours.kernel.numpy().reshape(-1, 3)
    assert np.linalg.svd(kernel)[1].max() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("tied", [True, False])
def test_embeddings_backwards_are_those_of_keras(tied: bool) -> None:
    import keras

    x = rng.normal(size=(2, 5, 4)).astype("float32")
    options: Any = {"tie_weights": tied, "logit_soft_cap": 2.0}
    ours = layers.ReversibleEmbedding(7, 4, **options)
    theirs = keras.layers.ReversibleEmbedding(7, 4, **options)
    ours.build(), theirs.build()
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(
        ops.convert_to_numpy(ours(x, reverse=True)),
        keras.ops.convert_to_numpy(theirs(x, reverse=True)),
        rtol=1e-5,
        atol=1e-6,
    )


def test_layers_as_configurations() -> None:
    config = layers.serialize(layers.Conv2D(2, 3, name="eyes"))
    found = layers.deserialize(config)
    assert isinstance(found, layers.Conv2D) and found.name == "eyes"
    with pytest.raises(ValueError, match="not a"):
        layers.deserialize(dlcore.losses.serialize(dlcore.losses.Huber()))


def test_defaults_of_a_subclass() -> None:
    assert layers.Cropping2D()(np.ones((1, 4, 4, 1), "float32")).shape == (1, 4, 4, 1)
    assert layers.Conv2D(1, 2, (2, 1)).strides == (2, 1)
    with pytest.raises(TypeError, match="pool_size"):
        layers.AveragePooling2D()  # type: ignore[call-arg]


def test_weights_are_made_before_the_call() -> None:
    class Late(layers.Layer):
        def call(self, x: Any) -> Any:
            return x * self.add_weight((), initializer="ones")

    class Twice(layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.w = self.add_weight((), "ones")

        def call(self, x: Any) -> Any:
            return x * self.w * self.add_weight((), "ones", name="more")

    for kind in (Late, Twice):
        with pytest.raises(ValueError, match="cannot add new elements of state"):
            kind()(np.ones((2, 3), "float32"))


def test_shape_initializer_and_dtype_of_a_weight_need_no_names() -> None:
    layer = layers.Layer()
    weight = layer.add_weight((2, 3), "ones", "float16")
    assert (weight.shape, weight.dtype) == ((2, 3), "float16")
    assert layer.add_weight().shape == ()
    assert layer.add_weight(overwrite_with_gradient=True).overwrite_with_gradient
    with pytest.raises(ValueError, match="`name` as a keyword argument"):
        layer.add_weight("kernel", shape=(2,))
    with pytest.raises(ValueError, match="`dtype` was passed both"):
        layer.add_weight((2,), "ones", "int32", dtype="int32")
    with pytest.raises(TypeError, match="at most 3 positional"):
        layer.add_weight((2,), "ones", "int32", True)


def test_what_a_layer_assigns_in_mixed_precision_stays(backend: str) -> None:
    class Counts(layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.calls = self.add_weight(initializer="zeros", trainable=False)

        def call(self, x: Any) -> Any:
            self.calls.assign_add(1.0)
            return x * self.calls

    layer = Counts(dtype="mixed_float16")
    for i in (1.0, 2.0):
        found = layer(np.ones(2, "float32"))
        assert ops.dtype(found) == "float16"
        np.testing.assert_array_equal(ops.convert_to_numpy(found), [i, i])
    assert layer.calls.dtype == "float32" and float(layer.calls) == 2.0
