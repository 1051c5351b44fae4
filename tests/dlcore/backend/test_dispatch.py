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
            ops.concatenate([x, x]),
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
