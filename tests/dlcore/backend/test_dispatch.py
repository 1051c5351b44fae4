"""Where an op runs: two rules, and what breaks when they are broken."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

import dlcore
from dlcore import ops
from dlcore.src import backend as backends
from dlcore.src.ops.declare import REGISTRY


def home(x: object) -> str:
    return type(x).__module__.partition(".")[0]


def test_an_op_runs_where_its_tensor_lives(backend: str) -> None:
    x = ops.convert_to_tensor([1.0, 2.0])
    with dlcore.use_backend("numpy"):
        for result in (
            ops.add(x, 1),
            ops.zeros_like(x),
            ops.logaddexp(1.0, x),
            ops.add(1, x),
            ops.add(x1=np.ones(2, "float32"), x2=x),
            ops.where(True, x, 0),
            ops.concatenate([x, x]),
            ops.concatenate(xs=[x, np.ones(1, "float32")]),
            ops.stack(x=(x, x), axis=1),
        ):
            assert type(result) is type(x)


def test_without_a_home_it_runs_on_the_active_backend(backend: str) -> None:
    tensor = type(ops.convert_to_tensor([1.0]))
    for result in (
        ops.zeros((2,)),
        ops.add(np.ones(2), np.ones(2)),
        ops.softmax([1.0, 2.0]),
    ):
        assert type(result) is tensor


def test_variables_know_their_backend(backend: str) -> None:
    v = dlcore.Variable([1.0, 2.0])
    with dlcore.use_backend("numpy"):
        assert type(v + np.ones(2, "float32")) is type(v.value)
        assert type(np.ones(2, "float32") * v) is type(v.value)


def test_a_mixed_call_names_both_libraries(need: Callable[[str], None]) -> None:
    for name in ("jax", "torch"):
        need(name)
    with dlcore.use_backend("jax"):
        one = ops.ones((2,))
    with dlcore.use_backend("torch"):
        two = ops.ones((2,))
    with pytest.raises(TypeError, match=r"jax and torch.*convert_to_tensor"):
        ops.add(one, two)
    with dlcore.use_backend("jax"):
        moved = ops.convert_to_tensor(two)
    assert home(ops.add(one, moved)) in ("jax", "jaxlib")


def test_new_threads_see_set_backend_and_not_the_scope() -> None:
    seen: list[str] = []
    before = dlcore.config.backend()
    try:
        dlcore.config.set_backend("numpy")
        with dlcore.use_backend("torch"):
            thread = threading.Thread(
                target=lambda: seen.append(dlcore.config.backend())
            )
            thread.start()
            thread.join()
        assert seen == ["numpy"]
    finally:
        dlcore.config.set_backend(before)


def test_subclasses_of_variables_and_symbolic_tensors_are_what_they_are() -> None:
    class Weight(dlcore.Variable):
        pass

    class Shape(dlcore.KerasTensor):
        pass

    with dlcore.use_backend("numpy"):
        np.testing.assert_array_equal(ops.add(Weight([1.0, 2.0]), 1.0), [2.0, 3.0])
        assert isinstance(ops.exp(Shape((2, None))), dlcore.KerasTensor)


def test_a_failed_call_shows_the_caller_and_one_frame(backend: str) -> None:
    with pytest.raises((ValueError, TypeError), match=r"matmul.*\(2, 3\)") as caught:
        ops.matmul(ops.ones((2, 3)), ops.ones((4, 5)))
    assert [entry.name for entry in caught.traceback][1:] == ["call"]
    dlcore.config.disable_traceback_filtering()
    try:
        with pytest.raises((ValueError, TypeError)) as whole:
            ops.matmul(ops.ones((2, 3)), ops.ones((4, 5)))
        assert len(whole.traceback) > 2
    finally:
        dlcore.config.enable_traceback_filtering()


def test_a_compiler_that_traces_sees_no_dispatcher(need: Callable[[str], None]) -> None:
    def f(x: object) -> object:
        y = ops.add(ops.exp(x), 2.0)
        return ops.sum(y, axis=0) + ops.concatenate([y, y])[0]

    need("torch")
    import torch

    x = torch.ones(3)
    compiled = torch.compile(f, fullgraph=True, backend="eager")
    np.testing.assert_allclose(compiled(x), f(x))
    need("jax")
    import jax

    jaxpr = jax.make_jaxpr(lambda x: ops.add(ops.exp(x), 2.0))(jax.numpy.ones(3))
    assert [e.primitive.name for e in jaxpr.eqns] == ["exp", "add"]


def test_compilers_see_the_values_of_variables_only(
    need: Callable[[str], None],
) -> None:
    """A layer's step: what is traced is what the library's own calls make."""
    for name in ("torch", "jax", "tensorflow"):
        need(name)
    import jax
    import tensorflow as tf
    import torch

    def step(name: str) -> Callable[..., object]:
        with dlcore.use_backend(name):
            w = dlcore.Variable([[2.0, 0.0], [0.0, 1.0]])
        return lambda x: ops.tanh(ops.matmul(x, w))

    jnp, w = jax.numpy, jax.numpy.eye(2)
    raw = jax.make_jaxpr(lambda x: jnp.tanh(jnp.matmul(x, w)))(jnp.ones((1, 2)))
    jaxpr = jax.make_jaxpr(step("jax"))(jnp.ones((1, 2)))
    assert [str(e.primitive) for e in jaxpr.eqns] == [
        str(e.primitive) for e in raw.eqns
    ]
    spec = tf.TensorSpec((1, 2), "float32")
    graph = tf.function(step("tensorflow")).get_concrete_function(spec).graph
    kinds = [op.type for op in graph.get_operations()]
    assert [k for k in kinds if k not in ("Placeholder", "Identity", "Const")] == [
        "MatMul",
        "Tanh",
    ]
    x, eager = torch.ones(1, 2), step("torch")
    compiled = torch.compile(eager, fullgraph=True, backend="eager")
    np.testing.assert_allclose(compiled(x), eager(x))


VARIABLE_CALLS: dict[str, Callable[..., object]] = {
    "first": lambda v, t: ops.subtract(v, t),
    "second": lambda v, t: ops.subtract(t, v),
    "both": lambda v, t: ops.subtract(v, v * 2),
    "alone": lambda v, t: ops.negative(v),
    "number": lambda v, t: ops.subtract(v, 1),
    "numpy array": lambda v, t: ops.subtract(np.ones(2, "float32"), v),
    "by name": lambda v, t: ops.subtract(x1=v, x2=t),
    "one by name": lambda v, t: ops.sum(v, axis=0, keepdims=True),
    "only by name": lambda v, t: ops.sum(x=v, keepdims=True),
    "shape": lambda v, t: ops.reshape(v, (2, 1)),
    "in a list": lambda v, t: ops.stack([v, t]),
    "list and variable": lambda v, t: ops.stack([t, v], 1),
    "operator": lambda v, t: 2.0 - v,
    "three": lambda v, t: ops.where(v > 1.0, v, t),
}


@pytest.mark.parametrize("call", VARIABLE_CALLS)
def test_ops_take_variables_for_their_values(call: str, backend: str) -> None:
    v, t = dlcore.Variable([1.0, 3.0]), ops.convert_to_tensor([4.0, 5.0])
    run = VARIABLE_CALLS[call]
    with dlcore.use_backend("numpy"):
        found = run(v, t)
    wanted = run(np.array([1.0, 3.0], "float32"), np.array([4.0, 5.0], "float32"))
    assert type(found) is type(ops.negative(t))
    np.testing.assert_array_equal(
        ops.convert_to_numpy(found), ops.convert_to_numpy(wanted)
    )


@pytest.mark.parametrize("call", VARIABLE_CALLS)
def test_ops_on_variables_and_symbols_stay_symbolic(call: str, backend: str) -> None:
    found = VARIABLE_CALLS[call](dlcore.Variable([1.0, 3.0]), dlcore.KerasTensor((2,)))
    uses_both = call in ("first", "second", "by name", "in a list", "three")
    assert isinstance(found, dlcore.KerasTensor) == (
        uses_both or call == "list and variable"
    )


def test_an_unknown_backend_has_a_suggestion() -> None:
    with pytest.raises(ValueError, match=r"did you mean|Did you mean 'torch'"):
        dlcore.config.set_backend("troch")


def test_every_op_is_there_or_listed_with_its_reason(backend: str) -> None:
    here = backends.get(backend)
    for name, op in REGISTRY.items():
        listed = name in here.lacks
        there = here.find(name) is not None or (op.body is not None and not listed)
        assert there != listed, f"{name} on {backend}: there {there}, in LACKS {listed}"
    assert set(here.lacks) <= set(REGISTRY)


def test_repeat_runs_the_step_on_every_batch(backend: str) -> None:
    total = dlcore.Variable([0.0, 0.0])

    def step(x: object) -> object:
        total.assign_add(x)
        return ops.sum(total)

    run = backends.get(backend).runtime.repeat(step, [total])
    batches = ops.convert_to_tensor(np.arange(6, dtype="float32").reshape(3, 2))
    out = ops.convert_to_numpy(run((batches,)))
    np.testing.assert_array_equal(out, [1.0, 6.0, 15.0])
    np.testing.assert_array_equal(total.numpy(), [6.0, 9.0])


def test_tensors_are_made_on_the_device_of_a_scope(backend: str) -> None:
    with dlcore.device("cpu:0"):
        x = ops.ones((2,))
    assert "cpu" in str(getattr(x, "device", "cpu")).lower()
    with pytest.raises(ValueError, match="Received: device_name='123'"):
        dlcore.device(123)
    with pytest.raises((ValueError, RuntimeError)), dlcore.device("no such device"):
        ops.ones((2,))


def test_torch_has_a_device_without_values(need: Callable[[str], None]) -> None:
    need("torch")
    with dlcore.use_backend("torch"), dlcore.device("meta"):
        made = (ops.ones((2,)), ops.convert_to_tensor([1.0]), ops.arange(3))
        assert {x.device.type for x in made} == {"meta"}
