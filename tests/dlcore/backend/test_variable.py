"""Variables: first values, assignment, other libraries, scopes."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest

import dlcore
from dlcore import ops


def test_first_values(backend: str) -> None:
    assert dlcore.Variable("ones", shape=(2,)).numpy().tolist() == [1.0, 1.0]
    assert dlcore.Variable([1, 2]).dtype == "int32"
    assert dlcore.Variable(np.ones(2), dtype="float16").dtype == "float16"
    made = dlcore.Variable(lambda shape, dtype: ops.zeros(shape, dtype), shape=(2, 1))
    assert made.shape == (2, 1)
    assert made.dtype == dlcore.config.floatx()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"initializer": "ones"}, "shape"),
        ({"initializer": "ones", "shape": (None, 2)}, "fully-defined"),
        ({"initializer": [1.0], "shape": (2,)}, r"\(1,\)"),
        ({"initializer": [1.0], "name": "a/b"}, "name"),
        ({"initializer": [1.0], "aggregation": "median"}, "median"),
        ({"initializer": [1.0], "synchronization": "never"}, "never"),
    ],
)
def test_wrong_arguments(arguments: dict[str, object], message: str) -> None:
    with dlcore.use_backend("numpy"), pytest.raises(ValueError, match=message):
        dlcore.Variable(**arguments)


def test_assignment_returns_the_new_value(backend: str) -> None:
    v = dlcore.Variable([1.0, 2.0])
    new = v.assign_add([1.0, 1.0])
    assert type(new) is type(v.value)
    np.testing.assert_array_equal(ops.convert_to_numpy(new), [2.0, 3.0])
    np.testing.assert_array_equal(v.numpy(), [2.0, 3.0])
    with pytest.raises(ValueError, match="must match"):
        v.assign([1.0, 2.0, 3.0])


def test_it_keeps_its_backend_and_dtype(backend: str) -> None:
    v = dlcore.Variable([1.0, 2.0])
    with dlcore.use_backend("numpy"):
        v.assign(np.array([3.0, 4.0], "float64"))
    assert v.dtype == "float32"
    assert type(v.value) is type(ops.convert_to_tensor([1.0]))


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("count", [4, 4096])
def test_it_shares_no_memory_that_can_change(
    backend: str, library: str, count: int, need: Callable[[str], None]
) -> None:
    need(library)
    if library == "torch":
        import torch

        given = torch.ones(count)
    else:
        given = np.ones(count, "float32")
    made, assigned = dlcore.Variable(given), dlcore.Variable("zeros", shape=(count,))
    assigned.assign(given)
    given[:] = 2
    assert (made.numpy().max(), assigned.numpy().max()) == (1, 1)


def test_comparison_is_elementwise_and_identity_decides_in_dicts(backend: str) -> None:
    v, w = dlcore.Variable([1.0, 2.0]), dlcore.Variable([1.0, 3.0])
    np.testing.assert_array_equal(ops.convert_to_numpy(v == w), [True, False])
    np.testing.assert_array_equal(ops.convert_to_numpy(v != 1.0), [False, True])
    assert {v: 1, w: 2}[v] == 1
    with pytest.raises(TypeError, match="cannot be used as a boolean"):
        bool(v)


def test_a_copy_is_another_variable(backend: str) -> None:
    v = dlcore.Variable([1.0], name="v")
    w = copy.deepcopy(v)
    w.assign([5.0])
    assert v.numpy() == [1.0] and w.name == "v" and w.backend is v.backend


def test_properties_refuse_wrong_values() -> None:
    with dlcore.use_backend("numpy"):
        v = dlcore.Variable([1.0])
    with pytest.raises(TypeError, match="overwrite_with_gradient"):
        v.overwrite_with_gradient = 1
    with pytest.raises(ValueError, match="regularizer"):
        v.regularizer = "l2"
    with pytest.raises(ValueError, match="constraint"):
        v.constraint = 3
    v.constraint = abs
    assert v.constraint is abs


def test_scalars_become_numbers(backend: str) -> None:
    v = dlcore.Variable(3)
    assert int(v) == 3 and float(v) == 3.0 and [0, 1, 2, 7][v] == 7
    with pytest.raises(TypeError, match="Only scalar"):
        float(dlcore.Variable([1.0]))


def test_functions_of_numpy_take_its_value(backend: str) -> None:
    v = dlcore.Variable([1.0, 4.0])
    np.testing.assert_array_equal(np.asarray(v), [1.0, 4.0])
    np.testing.assert_array_equal(np.sqrt(np.asarray(v)), [1.0, 2.0])


def test_functions_of_its_own_library_take_its_value(
    need: Callable[[str], None],
) -> None:
    need("jax")
    need("torch")
    import jax
    import torch

    with dlcore.use_backend("jax"):
        v = dlcore.Variable([1.0, 4.0])
    assert isinstance(jax.numpy.asarray(v), jax.Array)
    assert isinstance(jax.numpy.ones(2) + v, jax.Array)
    with dlcore.use_backend("torch"):
        w = dlcore.Variable([1.0, 4.0])
    assert torch.equal(torch.sqrt(w), torch.tensor([1.0, 2.0]))
    assert torch.equal(torch.stack([w, w])[0], w.value)
    assert isinstance(torch.ones(2) * w, torch.Tensor)


def test_functions_of_tensorflow_take_its_value(need: Callable[[str], None]) -> None:
    need("tensorflow")
    import tensorflow as tf

    for name in ("tensorflow", "numpy"):
        with dlcore.use_backend(name):
            v = dlcore.Variable([1.0, 4.0])
        np.testing.assert_array_equal(tf.sqrt(v), [1.0, 2.0])


def test_a_stateless_scope_keeps_what_is_assigned(backend: str) -> None:
    v, w = dlcore.Variable([1.0]), dlcore.Variable([2.0])
    seed = dlcore.random.SeedGenerator(1)
    before = seed.state.numpy().tolist()
    with dlcore.StatelessScope([(v, ops.ones((1,)) * 5)]) as scope:
        w.assign(v + 1)
        dlcore.random.uniform((2,), seed=seed)
        np.testing.assert_array_equal(w.numpy(), [6.0])
    assert (v.numpy(), w.numpy()) == ([1.0], [2.0])
    assert seed.state.numpy().tolist() == before
    assert ops.convert_to_numpy(scope.get_current_value(w)) == [6.0]
    assert ops.convert_to_numpy(scope.get_current_value(v)) == [5.0]
    assert scope.get_current_value(dlcore.Variable([0.0])) is None
    assert not np.array_equal(scope.get_current_value(seed.state), before)


def test_stateless_scopes_nest_and_collect_losses() -> None:
    class Penalty(dlcore.layers.Layer):
        def call(self, x: object) -> object:
            self.add_loss(ops.sum(x))
            return x

    with dlcore.use_backend("numpy"):
        v = dlcore.Variable([1.0])
        layer = Penalty()
        with dlcore.StatelessScope(collect_losses=True) as outer:
            v.assign([2.0])
            with dlcore.StatelessScope([(v, [3.0])]) as inner:
                v.assign_add([1.0])
            assert v.numpy() == [2.0]
            layer(np.ones(3, "float32"))
        assert v.numpy() == [1.0]
        assert inner.get_current_value(v) == [4.0]
        assert [float(loss) for loss in outer.losses] == [3.0]


def test_a_stateless_scope_refuses_what_does_not_fit() -> None:
    with dlcore.use_backend("numpy"):
        v = dlcore.Variable([1.0])
        with pytest.raises(ValueError, match="must be Variable"):
            dlcore.StatelessScope([("v", [1.0])])
        with pytest.raises(ValueError, match="shape"):
            dlcore.StatelessScope([(v, [1.0, 2.0])])
        with dlcore.StatelessScope(), pytest.raises(ValueError, match="stateless"):
            dlcore.Variable([1.0])


def test_name_scopes_make_paths() -> None:
    with dlcore.use_backend("numpy"), dlcore.name_scope("outer"):
        with dlcore.name_scope("inner", caller=1), dlcore.name_scope("inner", caller=1):
            assert dlcore.Variable([1.0], name="v").path == "outer/inner/v"
        with dlcore.name_scope("x", override_parent="/a/b"):
            assert dlcore.Variable([1.0], name="v").path == "a/b/x/v"
        assert dlcore.Variable([1.0], name="v").path == "outer/v"
    for wrong in ("a/b", 4):
        with pytest.raises(ValueError, match="must be a string"):
            dlcore.name_scope(wrong)
