"""Operations and functions: calls on values and on symbolic tensors, configurations."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import ops

ONES = np.ones((2, 3), "float32")


def values(x: Any) -> Any:
    return dlcore.tree.map_structure(
        lambda t: np.asarray(ops.convert_to_numpy(t)).tolist(), x
    )


@dlcore.saving.register_keras_serializable("tests")
class Scale(dlcore.Operation):
    def __init__(self, factor: float, *, offset: float = 0.0, name: Any = None):
        super().__init__(name=name)
        self.factor, self.offset = factor, offset

    def call(self, x: Any, y: Any = None) -> Any:
        scaled = x * self.factor + self.offset
        return scaled if y is None else scaled + y


class Both(dlcore.Operation):
    def call(self, x: Any) -> Any:
        return {"up": x + 1, "down": (x - 1, None)}


# Operations.


def test_an_operation_runs_where_its_tensors_live(backend: str) -> None:
    out = Scale(2.0)(ops.ones((2, 3)), y=ops.ones((2, 3)))
    assert dlcore.backend.is_float_dtype(out.dtype)
    np.testing.assert_array_equal(ops.convert_to_numpy(out), 3 * ONES)


def test_a_symbolic_call_is_remembered_each_time() -> None:
    x, y = dlcore.KerasTensor((None, 3)), dlcore.KerasTensor((None, 3))
    scale = Scale(2.0)
    with pytest.raises(AttributeError, match="no defined input"):
        _ = scale.input
    first = scale(x)
    assert first.shape == (None, 3) and scale.input is x and scale.output is first
    second = scale(x, y=y)
    assert len(scale._inbound_nodes) == 2 and scale.output is first
    assert dlcore.Function([x, y], second).operations == [scale]
    other = Scale(2.0)
    out = other(x, y=y)
    assert other.input == [x, y] and other.output is out


def test_nested_outputs_of_an_operation() -> None:
    x = dlcore.KerasTensor((2,))
    both = Both()
    out = both(x)
    assert out["up"].shape == out["down"][0].shape == (2,) and out["down"][1] is None
    assert all(t in both.output for t in (out["up"], out["down"][0]))
    function = dlcore.Function(x, [out["up"], out["down"][0]])
    assert values(function(np.array([1.0, 2.0]))) == [[2.0, 3.0], [0.0, 1.0]]


def test_layers_are_operations() -> None:
    x = dlcore.Input((2,))
    dense = dlcore.layers.Dense(3)
    y = dense(x)
    dense(x)
    assert isinstance(dense, dlcore.Operation)
    assert dense.input is x and dense.output is y and len(dense._inbound_nodes) == 2


def test_a_layer_with_nested_outputs_is_a_part_of_its_graph() -> None:
    class Split(dlcore.layers.Layer):
        def build(self, shape: Any) -> None:
            self.factor = self.add_weight((), initializer="ones")

        def call(self, x: Any) -> Any:
            return {"double": x * self.factor * 2, "rest": [x, None]}

    x = dlcore.Input((3,))
    split = Split()
    out = split(x)
    model = dlcore.Model(x, {"a": out["double"], "b": out["rest"][0]})
    assert model.layers[1] is split and model.weights == split.weights
    found = model(ONES)
    np.testing.assert_array_equal(ops.convert_to_numpy(found["a"]), 2 * ONES)


@pytest.mark.parametrize("name", ["a/b", 3])
def test_names_have_no_slashes(name: Any) -> None:
    with pytest.raises(ValueError, match="must be a string and cannot contain"):
        Scale(1.0, name=name)


def test_a_failing_call_on_shapes_says_what_to_write() -> None:
    class Asks(dlcore.Operation):
        def call(self, x: Any) -> Any:
            return x if x else -x

    with pytest.raises(TypeError, match="boolean") as info:
        Asks()(dlcore.KerasTensor((2,)))
    assert "compute_output_spec" in info.value.__notes__[0]


# Configurations.


class Unnamed(dlcore.Operation):
    def __init__(self, sizes: Any):
        super().__init__()


class Free(dlcore.Operation):
    def __init__(self, alpha: float, **kwargs: Any):
        super().__init__(**kwargs)


class Starred(dlcore.Operation):
    def __init__(self, *parts: Any, name: Any = None):
        super().__init__(name=name)


class Own(dlcore.Operation):
    def __init__(self, thing: Any, name: Any = None):
        super().__init__(name=name)
        self.thing = thing

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thing": 5}


@pytest.mark.parametrize(
    ("operation", "config"),
    [
        (
            Scale(2.0, name="s"),
            {"name": "s", "factor": 2.0, "offset": 0.0},
        ),
        (Unnamed([1, {"a": None}]), {"sizes": [1, {"a": None}]}),
        (Free(1.0, name="f"), {"name": "f", "alpha": 1.0}),
        (Starred(name="none"), {"name": "none"}),
        (Own(object(), name="own"), {"name": "own", "thing": 5}),
    ],
    ids=lambda x: type(x).__name__,
)
def test_configurations(operation: Any, config: dict[str, Any]) -> None:
    assert operation.get_config() == config
    assert type(operation).from_config(config).get_config() == config


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (Unnamed(object()), "JSON cannot hold"),
        (Starred(1, 2), "have no names"),
    ],
)
def test_what_cannot_be_described_says_so(operation: Any, reason: str) -> None:
    with pytest.raises(NotImplementedError, match=reason):
        operation.get_config()


# Functions.


def test_a_function_is_called_on_values_and_on_symbols(backend: str) -> None:
    a, b = dlcore.KerasTensor((2, 3)), dlcore.KerasTensor((2, 3))
    function = dlcore.Function({"a": a, "b": b}, [(a + b) * 3, (a + b) ** 2], name="f")
    assert function.name == "f" and function.inputs == [a, b]
    found = function({"a": ONES, "b": ONES})
    assert values(found) == [(6 * ONES).tolist(), (4 * ONES).tolist()]
    c, d = dlcore.KerasTensor((2, 3)), dlcore.KerasTensor((2, 3))
    again = dlcore.Function([c, d], function({"a": c, "b": d}))
    assert again.operations == [function]
    assert values(again([ONES, ONES])) == values(found)


def test_shapes_of_a_function() -> None:
    x = dlcore.KerasTensor((None, 3), "int32")
    function = dlcore.Function(
        x, [x**2, ops.cast(x, "float32") @ np.ones((3, 5), "f4")]
    )
    assert function.compute_output_shape((4, 3)) == [(4, 3), (4, 5)]
    assert [t.dtype for t in function.compute_output_spec(x)] == ["int32", "float32"]


def test_a_function_begins_at_its_inputs() -> None:
    x = dlcore.Input((3,), name="x")
    between = x * 2 + 1
    function = dlcore.Function(between, ops.square(between))
    assert [op.name for op in function.operations] == ["square"]
    assert values(function(ONES)) == ONES.tolist()
    whole = dlcore.Function(x, ops.square(between))
    names = [op.name for op in whole.operations]
    assert names == ["x", "multiply", "add", "square"]


def test_a_function_with_layers_trains_their_weights_and_owns_none() -> None:
    x = dlcore.Input((3,))
    dense = dlcore.layers.Dense(2, kernel_initializer="ones")
    dropout = dlcore.layers.Dropout(0.5, seed=1)
    function = dlcore.Function(x, dropout(dense(x)))
    assert values(function(ONES)) == [[3.0, 3.0], [3.0, 3.0]]
    calls = len(dense._inbound_nodes)
    before = ops.convert_to_numpy(dropout.seed_generator.state)
    assert function(dlcore.KerasTensor((7, 3))).shape == (7, 2)
    assert len(dense._inbound_nodes) == calls  # the function's own node is the call
    after = ops.convert_to_numpy(dropout.seed_generator.state)
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (ONES, "invalid input structure"),
        ([np.ones((2, 3, 3)), ONES], "incompatible inputs"),
        ([np.ones((4, 3)), ONES], "incompatible inputs"),
    ],
    ids=["structure", "rank", "first axis"],
)
def test_wrong_inputs_of_a_function(inputs: Any, message: str) -> None:
    a, b = dlcore.KerasTensor((2, 3)), dlcore.KerasTensor((2, 3))
    function = dlcore.Function([a, b], a + b)
    with pytest.raises(ValueError, match=message):
        function(inputs)


def test_graphs_need_inputs_and_outputs_that_are_connected() -> None:
    x, other = dlcore.Input((3,)), dlcore.Input((3,), name="other")
    with pytest.raises(ValueError, match="`inputs` argument cannot be empty"):
        dlcore.Function([], x + 1)
    with pytest.raises(ValueError, match="`outputs` argument cannot be empty"):
        dlcore.Function(x, [])
    message = "Output with path `b` is not connected to `inputs`.*'other'"
    with pytest.raises(ValueError, match=message):
        dlcore.Function(x, {"a": x + 1, "b": x + other})
    with pytest.raises(ValueError, match="is not connected to `inputs`"):
        dlcore.Model(x, other * 2)


# Operations in models.


def test_a_model_with_operations_is_saved_and_cloned(tmp_path: Any) -> None:
    x = dlcore.Input((3,))
    scale = Scale(3.0, offset=1.0, name="twice")
    model = dlcore.Model(x, scale(scale(x) * 2))
    config = model.get_config()
    again = dlcore.Model.from_config(config)
    assert json.dumps(again.get_config()) == json.dumps(config)
    model.save(tmp_path / "model.keras")
    loaded = dlcore.models.load_model(tmp_path / "model.keras")
    cloned = dlcore.models.clone_model(model)
    for one in (model, again, loaded, cloned):
        np.testing.assert_array_equal(ops.convert_to_numpy(one(ONES)), 25 * ONES)
    kinds = [type(op).__name__ for op in loaded.operations]
    assert kinds == ["InputLayer", "Scale", "function"]


# Source inputs.


def test_source_inputs() -> None:
    a, b = dlcore.KerasTensor((2,)), dlcore.Input((2,))
    dense = dlcore.layers.Dense(2)
    found = dlcore.utils.get_source_inputs(ops.square(dense(b) + a * 2 + a))
    assert found == [b, a]
    assert dlcore.utils.get_source_inputs(a) == [a]
    assert dlcore.utils.get_source_inputs(3.0) == 3.0


def test_source_inputs_of_a_long_chain() -> None:
    x = first = dlcore.KerasTensor((2,))
    for _ in range(2000):
        x = x + 1
    assert dlcore.utils.get_source_inputs(x) == [first]
