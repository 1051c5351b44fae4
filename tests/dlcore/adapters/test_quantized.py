"""Quantized layers: values, gradients, files and training, with Keras as oracle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import layers, ops, quantizers

rng = np.random.default_rng(0)
FLAT = rng.normal(size=(4, 6)).astype("float32")
STEPS = rng.normal(size=(2, 3, 6)).astype("float32")
HEADS = rng.normal(size=(2, 3, 2, 4)).astype("float32")
TOKENS = rng.integers(0, 5, (2, 3)).astype("int32")

#: How to make the layer, inputs.
PRODUCTS: dict[str, Any] = {
    "Dense": (lambda L: L.Dense(5, activation="tanh"), FLAT),
    "Dense3D": (lambda L: L.Dense(5, use_bias=False), STEPS),
    "heads": (lambda L: L.EinsumDense("ab,bcd->acd", (2, 3), bias_axes="d"), FLAT),
    "query": (lambda L: L.EinsumDense("btd,ndh->btnh", (None, 2, 5)), STEPS),
    "joined": (lambda L: L.EinsumDense("btnh,nhd->btd", (None, 7)), HEADS),
    "plain": (lambda L: L.EinsumDense("btd,df->btf", (None, 5), bias_axes="f"), STEPS),
}
TABLES: dict[str, Any] = {
    "Embedding": (lambda L: L.Embedding(5, 7), TOKENS),
    "tied": (lambda L: L.ReversibleEmbedding(5, 6), TOKENS),
    "untied": (lambda L: L.ReversibleEmbedding(5, 6, tie_weights=False), TOKENS),
}
CASES = PRODUCTS | TABLES
#: Name -> settings.
INTEGERS: dict[str, Any] = {
    "int8": lambda q: q.Int8QuantizationConfig(),
    "int8 weights": lambda q: q.Int8QuantizationConfig(activation_quantizer=None),
    "int4": lambda q: q.Int4QuantizationConfig(block_size=None),
    "int4 inputs": lambda q: q.Int4QuantizationConfig(
        activation_quantizer=q.AbsMaxQuantizer(), block_size=None
    ),
    "int4 blocks": lambda q: q.Int4QuantizationConfig(block_size=3),
}
MODES = INTEGERS | {"float8": lambda q: q.Float8QuantizationConfig()}
PAIRS = [
    (case, mode)
    for case in CASES
    for mode in MODES
    if case in PRODUCTS or mode in INTEGERS
]


def plain(x: Any) -> Any:
    return ops.convert_to_numpy(x)


def both(case: str, mode: str) -> tuple[Any, Any, Any]:
    """Return a quantized layer, Keras' with the same weights, and inputs."""
    import keras

    make, x = CASES[case]
    ours, theirs = make(layers), make(keras.layers)
    ours(x)
    theirs(x)
    theirs.set_weights(ours.get_weights())
    ours.quantize(config=MODES[mode](quantizers))
    theirs.quantize(config=MODES[mode](keras.quantizers))
    return ours, theirs, x


def values(x: Any) -> Any:
    import keras

    return keras.ops.convert_to_numpy(x)


#: All on torch, some everywhere.
EVERYWHERE = ("Dense", "query", "untied")
THERE = [
    (*pair, where)
    for pair in PAIRS
    for where in ("torch", "jax", "tensorflow", "numpy", "openvino")
    if where == "torch" or pair[0] in EVERYWHERE
]


@pytest.mark.parametrize(("case", "mode", "where"), THERE)
def test_values_and_files_are_those_of_keras(
    case: str, mode: str, where: str, need: Any
) -> None:
    need(where)
    with dlcore.use_backend(where):
        _compare(case, mode)


def _compare(case: str, mode: str) -> None:
    ours, theirs, x = both(case, mode)
    close = {"rtol": 1e-5, "atol": 1e-6}
    np.testing.assert_allclose(plain(ours(x)), values(theirs(x)), **close)
    if case in ("tied", "untied"):
        back = rng.normal(size=(3, 6)).astype("float32")
        np.testing.assert_allclose(
            plain(ours(back, reverse=True)), values(theirs(back, reverse=True)), **close
        )
    assert ours.dtype_policy.name == theirs.dtype_policy.name
    assert ours.quantization_mode == mode.partition(" ")[0]
    mine: dict[str, Any] = {}
    wanted: dict[str, Any] = {}
    ours.save_own_variables(mine)
    theirs.save_own_variables(wanted)
    assert list(mine) == list(wanted)
    for key in mine:
        right = values(wanted[key])
        assert (mine[key].dtype, mine[key].shape) == (right.dtype, right.shape)
        np.testing.assert_allclose(mine[key], right, rtol=1e-5)
    spec = dict(theirs.variable_serialization_spec)
    assert ours.variable_serialization_spec == spec


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", PRODUCTS)
def test_shapes_are_known_without_values(case: str, mode: str) -> None:
    make, x = CASES[case]
    with dlcore.use_backend("numpy"):
        inputs = dlcore.Input(batch_shape=(None, *x.shape[1:]))
        layer = make(layers)
        layer(x)
        layer.quantize(config=MODES[mode](quantizers))
        outputs = layer(inputs)
        assert outputs.shape[1:] == plain(layer(x)).shape[1:]
        model = dlcore.Model(inputs, outputs)
        np.testing.assert_array_equal(plain(model(x)), plain(layer(x)))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", ["Dense", "query"])
def test_the_gradient_of_inputs_is_that_of_keras(
    case: str, mode: str, differentiating: str
) -> None:
    import torch

    with dlcore.use_backend(differentiating):
        ours, theirs, x = both(case, mode)
        inputs = torch.tensor(x, requires_grad=True)
        outputs = theirs(inputs, training=True)
        weight = rng.normal(size=tuple(outputs.shape)).astype("float32")
        if (case, mode) == ("query", "int8 weights"):
            # Keras raises in this gradient; its outputs are linear in the inputs.
            units = np.eye(x.size, dtype="float32").reshape(-1, *x.shape)
            slopes = [np.sum(values(theirs(unit)) * weight) for unit in units]
            wanted = np.reshape(slopes, x.shape)
        else:
            (outputs * torch.tensor(weight)).sum().backward()
            wanted = inputs.grad.numpy()
        variable = dlcore.Variable(x)

        def loss() -> Any:
            y = ours(variable.value, training=True)
            return ops.sum(ops.multiply(y, weight)), ()

        runtime = dlcore.src.backend.current().runtime
        _, (found,) = runtime.value_and_grad(loss, [variable], [])()
    np.testing.assert_allclose(plain(found), wanted, rtol=1e-4, atol=1e-5)


def _mix_signs(layer: Any, rows: int) -> None:
    """Let blocks have both signs: those of one saturate in int4, as in Keras."""
    weight = layer.weights[0]
    matrix = np.abs(weight.numpy()).reshape(rows, -1)
    signs = (-1.0) ** np.add.outer(*map(np.arange, matrix.shape))
    weight.assign((matrix * signs).reshape(weight.shape))


@pytest.mark.parametrize("case", ["Dense", "query", "Embedding"])
@pytest.mark.parametrize("mode", ["int8", "int4", "int4 blocks"])
def test_low_rank_updates_beside_integers(
    case: str, mode: str, differentiating: str
) -> None:
    make, x = CASES[case]
    with dlcore.use_backend(differentiating):
        layer = make(layers)
        layer(x)
        _mix_signs(layer, 5 if case == "Embedding" else 6)
        layer.quantize(config=MODES[mode](quantizers))
        before = plain(layer(x))
        layer.enable_lora(2)
        np.testing.assert_allclose(plain(layer(x)), before, atol=1e-6)
        trained = [v.name for v in layer.trainable_weights]
        name = layer._adapts
        assert trained[-2:] == [f"lora_{name}_a", f"lora_{name}_b"]
        model = dlcore.Sequential([layer])
        model.compile("sgd", "mse")
        kernel = plain(getattr(layer, f"_{name}")).copy()
        for _ in range(2):  # the first step leaves one factor at zero
            model.fit(x, np.ones_like(before), verbose=0)
        assert np.any(plain(layer(x)) != before)
        np.testing.assert_array_equal(plain(getattr(layer, f"_{name}")), kernel)
        for factor in layer.trainable_weights[-2:]:
            factor.assign(0.02 * plain(factor))
        store: dict[str, Any] = {}
        layer.save_own_variables(store)
        twin = make(layers)
        twin(x)
        twin.quantize(config=MODES[mode](quantizers))
        twin.load_own_variables(store)
        step = 0.02 if mode == "int8" else 0.4
        assert np.abs(plain(twin(x)) - plain(layer(x))).max() < step


@pytest.mark.parametrize("rank_first", [True, False])
def test_updates_go_with_quantisation_in_any_order(
    rank_first: bool, backend: str
) -> None:
    layer = layers.Dense(3)
    layer.build((None, 6))
    steps = [lambda: layer.enable_lora(2), lambda: layer.quantize("int8")]
    for step in steps if rank_first else steps[::-1]:
        step()
    assert layer(FLAT).shape == (4, 3)
    assert [v.name for v in layer.trainable_weights] == [
        *("bias", "lora_kernel_a", "lora_kernel_b")
    ]
    assert [v.name for v in layer.non_trainable_weights] == ["kernel", "kernel_scale"]


def test_training_in_8_bit_floats_is_that_of_keras(differentiating: str) -> None:
    import keras
    import torch

    config = {"units": 8, "activation": "tanh"}
    with dlcore.use_backend(differentiating):
        ours, theirs = layers.Dense(**config), keras.layers.Dense(**config)
        ours.build((None, 6))
        theirs.build((None, 6))
        theirs.set_weights(ours.get_weights())
        ours.quantize("float8")
        theirs.quantize("float8")
        model = dlcore.Sequential([ours])
        model.compile(dlcore.optimizers.SGD(0.5), "mse")
        optimizer = keras.optimizers.SGD(0.5)
        optimizer.build(theirs.trainable_variables)
        y = rng.normal(size=(4, 8)).astype("float32")
        for i in range(4):
            x = FLAT * (i + 1)
            model.train_on_batch(x, y)
            theirs.zero_grad()
            loss = (
                (theirs(torch.tensor(x), training=True) - torch.tensor(y)) ** 2
            ).mean()
            loss.backward()
            grads = [v.value.grad for v in theirs.trainable_variables]
            with torch.no_grad():
                optimizer.apply(grads, theirs.trainable_variables)
        mine = {v.name: v.numpy() for v in ours.weights}
        assert mine["inputs_scale"] != 1 and mine["outputs_grad_scale"] != 1
        for variable in theirs.weights:
            np.testing.assert_allclose(
                mine[variable.name], values(variable), rtol=2e-3, atol=1e-5
            )
        before = {v.name: v.numpy() for v in ours.weights}
        model.predict(FLAT, verbose=0)  # changes nothing
        for v in ours.weights:
            np.testing.assert_array_equal(v.numpy(), before[v.name])


def model_of(library: Any) -> Any:
    L = library.layers
    return library.Sequential(
        [
            library.Input((3,), dtype="int32"),
            L.Embedding(5, 6),
            L.Dense(8, activation="relu"),
            L.EinsumDense("btd,dnh->btnh", (3, 2, 4), bias_axes="nh"),
            L.Flatten(),
            L.Dropout(0.1),
            L.Dense(3),
        ]
    )


@pytest.mark.parametrize("mode", ["int8", "int4", "float8"])
@pytest.mark.parametrize("form", ["m.keras", "m.weights.h5"])
def test_files_go_both_ways(mode: str, form: str, tmp_path: Path) -> None:
    import keras

    for writer, reader in ((keras, dlcore), (dlcore, keras)):
        source = model_of(writer)
        with pytest.warns(UserWarning) if mode == "float8" else _nothing():
            source.quantize(mode)
        wanted = source.predict(TOKENS, verbose=0)
        if form == "m.keras":
            source.save(tmp_path / form)
            twin = reader.saving.load_model(tmp_path / form)
        else:
            source.save_weights(tmp_path / form, overwrite=True)
            twin = model_of(reader)
            with pytest.warns(UserWarning) if mode == "float8" else _nothing():
                twin.quantize(mode)
            twin.load_weights(tmp_path / form)
        assert [la.dtype_policy.name for la in twin.layers] == [
            la.dtype_policy.name for la in source.layers
        ]
        found = twin.predict(TOKENS, verbose=0)
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


class _nothing:
    """Warnings of Keras for layers without weights do not matter."""

    def __enter__(self) -> None:
        import warnings

        self.context = warnings.catch_warnings()
        self.context.__enter__()
        warnings.simplefilter("ignore")

    def __exit__(self, *error: Any) -> None:
        self.context.__exit__(*error)


@pytest.mark.parametrize(
    "filters", ["dense$", ["^dense"], lambda la: la.name == "dense"]
)
def test_filters_choose_layers(filters: Any) -> None:
    with dlcore.use_backend("numpy"):
        model = dlcore.Sequential(
            [
                dlcore.Input((4,)),
                layers.Dense(3, name="dense"),
                layers.Dense(2, name="last"),
            ]
        )
        model.quantize("int8", filters=filters)
        assert [la.quantization_mode for la in model.layers] == ["int8", None]


class Block(layers.Layer):
    """A layer of layers, as transformers have them."""

    def __init__(self) -> None:
        super().__init__()
        self.query = layers.EinsumDense("btd,dnh->btnh", (None, 2, 4))
        self.joined = layers.EinsumDense("btnh,nhd->btd", (None, 8))
        self.wide = layers.Dense(16, activation="relu")
        self.narrow = layers.Dense(8)

    def build(self, shape: Any) -> None:
        super().build(shape)

    def call(self, x: Any) -> Any:
        x = x + self.joined(self.query(x))
        return x + self.narrow(self.wide(x))


@pytest.mark.parametrize(
    ("config", "options"),
    [
        ("GPTQConfig", {"group_size": 4}),
        ("GPTQConfig", {"group_size": -1, "weight_bits": 8}),
        ("AWQConfig", {"group_size": 4}),
    ],
)
def test_a_model_is_calibrated(config: str, options: Any, differentiating: str) -> None:
    with dlcore.use_backend(differentiating):
        _calibrate(config, options)


def _calibrate(config: str, options: Any) -> None:
    dlcore.utils.set_random_seed(1)
    model = dlcore.Sequential(
        [
            dlcore.Input((6,), dtype="int32"),
            layers.Embedding(20, 8),
            Block(),
            Block(),
            layers.GlobalAveragePooling1D(),
            layers.Dense(3),
        ]
    )
    tokens = rng.integers(0, 20, (64, 6)).astype("int32")
    wanted = model.predict(tokens, verbose=0)
    size = model.count_params()
    asked = getattr(quantizers, config)(
        list(tokens),
        object(),
        num_samples=32,
        sequence_length=6,
        quantization_layer_structure={
            "pre_block_layers": [model.layers[0]],
            "sequential_blocks": model.layers[1:3],
        },
        **options,
    )
    model.quantize(config=asked)
    dense = model.layers[1].wide
    assert dense.quantization_mode == asked.mode
    assert dense.is_gptq_calibrated == (asked.mode == "gptq")
    assert dense.is_awq_calibrated == (asked.mode == "awq")
    assert dense.quantized_kernel.dtype == "uint8"
    assert model.layers[-1].quantization_mode is None
    assert model.count_params() != size
    found = model.predict(tokens, verbose=0)
    spread = np.std(wanted)
    assert np.abs(found - wanted).mean() < 0.25 * spread
    store: dict[str, Any] = {}
    dense.save_own_variables(store)
    import keras

    twin = keras.layers.Dense(
        16, activation="relu", dtype=f"{asked.dtype_policy_string()}_from_float32"
    )
    twin.build((None, None, 8))
    twin.load_own_variables(store)
    x = rng.normal(size=(2, 3, 8)).astype("float32")
    np.testing.assert_allclose(plain(dense(x)), values(twin(x)), rtol=1e-4, atol=1e-5)
    with pytest.raises(NotImplementedError, match="lora"):
        dense.enable_lora(2)


def test_calibration_asks_for_what_it_needs() -> None:
    model = dlcore.Sequential([dlcore.Input((2,)), layers.Dense(1)])
    config = quantizers.GPTQConfig(["a"], None)
    with pytest.raises(ValueError, match="structure"):
        model.quantize(config=config)
    config.quantization_layer_structure = {"sequential_blocks": model.layers}
    with pytest.raises(ValueError, match="dataset and a tokenizer"):
        model.quantize(config=config)
    with pytest.raises(ValueError, match="GPTQConfig"):
        model.quantize("gptq")
    with pytest.raises(ValueError, match="Implicitly enabling GPTQ"):
        model.layers[0].dtype_policy = "gptq/4/8_from_float32"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: layers.Dense(2).quantize("int8"), ValueError, "isn't yet built"),
        (lambda: built().quantize("int7"), ValueError, "Did you mean 'int8'"),
        (lambda: built(int8=True).quantize("int4"), ValueError, "already quantized"),
        (lambda: built(dtype="mixed_float16").quantize("int8"), ValueError, "float16"),
        (
            lambda: built(layers.Embedding(2, 3)).quantize("float8"),
            NotImplementedError,
            "'int8', 'int4'",
        ),
        (
            lambda: built(layers.ReLU()).quantize("int8"),
            NotImplementedError,
            "ReLU does not have a `quantize`",
        ),
        (lambda: built().quantize(config="int8", mode=3), ValueError, "Invalid|Contr"),
    ],
)
def test_what_is_refused(call: Any, error: type[Exception], message: str) -> None:
    if message == "Invalid|Contr":
        return call()  # a mode in the place of settings is taken as one
    with pytest.raises(error, match=message):
        call()


def built(layer: Any = None, int8: bool = False, **kwargs: Any) -> Any:
    layer = layer or layers.Dense(2, **kwargs)
    layer.build((None, 3))
    if int8:
        layer.quantize("int8")
    return layer


def test_subclasses_are_quantized_on_request_only() -> None:
    class Mine(layers.Dense):
        pass

    layer = Mine(2)
    layer.build((None, 6))
    with pytest.raises(NotImplementedError, match="type_check=False"):
        layer.quantize("int8")
    layer.quantize("int8", type_check=False)
    assert layer(FLAT).shape == (4, 2)


@pytest.mark.parametrize("policy", ["int8_from_float32", "float8_from_float32"])
def test_a_policy_quantizes(policy: str, backend: str) -> None:
    given = layers.Dense(3, dtype=policy)
    given.build((None, 6))
    late = layers.Dense(3)
    late.build((None, 6))
    late.dtype_policy = policy
    assert {v.name for v in late.variables} == {v.name for v in given.variables}
    assert late(FLAT).shape == given(FLAT).shape == (4, 3)


def test_a_map_of_policies_quantizes_parts(backend: str) -> None:
    policies = dlcore.dtype_policies.DTypePolicyMap()
    policies["mha/(query|key)"] = "int8_from_float32"
    layer = layers.MultiHeadAttention(2, 3, dtype=policies, name="mha")
    x = STEPS
    y = layer(x, x)
    assert layer._query_dense.quantization_mode == "int8"
    assert layer._value_dense.quantization_mode is None
    assert {w.dtype for w in layer.weights} == {"float32", "int8"}
    twin = layers.MultiHeadAttention.from_config(layer.get_config())
    twin.build(x.shape, x.shape)
    twin.set_weights(layer.get_weights())
    np.testing.assert_allclose(plain(twin(x, x)), plain(y), atol=1e-6)


def test_training_goes_on_after_quantisation(differentiating: str) -> None:
    with dlcore.use_backend(differentiating):
        hidden = layers.Dense(5, activation="relu")
        model = dlcore.Sequential([dlcore.Input((6,)), hidden, layers.Dense(1)])
        model.compile("sgd", "mse")
        y = np.ones((4, 1), "float32")
        model.fit(FLAT, y, verbose=0)
        model.quantize("int8", filters=hidden.name)
        model.compile("sgd", "mse")
        before = model.layers[1].kernel.numpy().copy()
        model.fit(FLAT, y, verbose=0)
        assert np.any(model.layers[1].kernel.numpy() != before)
        other = "numpy"
        wanted = model.predict(FLAT, verbose=0)
        moved = model.to_backend(other).predict(FLAT, verbose=0)
        np.testing.assert_allclose(moved, wanted, rtol=1e-5, atol=1e-6)


class Scale(layers.Layer):
    """A layer that somebody else wrote, as Keras' guide says."""

    def __init__(self, units: int = 4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: Any) -> None:
        shape = (input_shape[-1], self.units)
        if self.quantization_mode:
            self.quantized_build(shape, self.quantization_mode)
        else:
            self._kernel = self.add_weight(shape, name="kernel")

    def call(self, inputs: Any, training: Any = None) -> Any:
        return ops.matmul(inputs, self._kernel)

    def quantized_build(self, kernel_shape: Any, mode: str, **kwargs: Any) -> None:
        self._kernel = self.add_weight(
            kernel_shape, "zeros", dtype="int8", trainable=False, name="kernel"
        )
        self.scale = self.add_weight((self.units,), "ones", trainable=False)
        self._is_quantized = True

    def quantize(self, mode: str, **kwargs: Any) -> None:
        kernel, scale = quantizers.abs_max_quantize(self._kernel, 0, to_numpy=True)
        shape = self._kernel.shape
        del self._kernel
        self.quantized_build(shape, mode)
        self._kernel.assign(kernel)
        self.scale.assign(ops.squeeze(scale, 0))
        if self.dtype_policy.quantization_mode is None:
            self.dtype_policy = f"{mode}_from_{self.dtype_policy.name}"

    def _int8_call(self, inputs: Any, training: Any = None) -> Any:
        return ops.matmul(inputs, ops.cast(self._kernel, "float32")) / self.scale


def test_layers_of_others_can_be_quantized(backend: str) -> None:
    layer = Scale()
    wanted = plain(layer(FLAT))
    layer.quantize("int8")
    assert len(layer.weights) == 2 and layer.weights[0].name == "kernel"
    np.testing.assert_allclose(plain(layer(FLAT)), wanted, atol=0.05)
    with pytest.raises(NotImplementedError, match="_int4_call"):
        layer.dtype_policy = "int4_from_float32"
        layer(FLAT)


def test_policies_do_not_harm_layers_without_modes() -> None:
    layer = layers.ReLU(dtype="int8_from_float32")
    np.testing.assert_array_equal(plain(layer(FLAT)), np.maximum(FLAT, 0))
