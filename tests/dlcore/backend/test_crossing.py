"""Tensors cross between libraries: same values, same dtypes, shared where possible."""

from __future__ import annotations

import asyncio
import functools
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import ops
from dlcore.src import backend as backends
from tests.dlcore.conftest import NAMES, require

PAIRS = [*itertools.permutations(NAMES, 2)]
DTYPES = (
    *("bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32"),
    *("float16", "bfloat16", "float32", "float64", "float8_e4m3fn", "float8_e5m2"),
    "complex64",
)
#: jax has no 64 bits unless it is told so.
NARROW = {"int64": "int32", "uint64": "uint32", "float64": "float32"}
#: What a library cannot hold.
WITHOUT = {("openvino", "complex64")}


def made(backend: str, values: Any, dtype: str) -> Any:
    with dlcore.use_backend(backend):
        return ops.cast(ops.convert_to_tensor(values), dtype)


def moved(tensor: Any, backend: str) -> Any:
    with dlcore.use_backend(backend):
        return ops.convert_to_tensor(tensor)


def numbers(tensor: Any) -> Any:
    found = ops.convert_to_numpy(tensor)
    return found.astype("complex64" if found.dtype.kind == "c" else "float64")


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_every_dtype_crosses(source: str, target: str) -> None:
    require(source)
    require(target)
    for dtype in DTYPES:
        if {(source, dtype), (target, dtype)} & WITHOUT:
            continue
        values = [[0.0, 1.0, 0.5], [2.0, 1.0, 0.0]]
        tensor = made(source, values, dtype)
        result = moved(tensor, target)
        here = type(made(target, values, "float32"))
        assert type(result) is here, (dtype, type(result))
        expected = ops.dtype(tensor)
        if target == "jax":
            expected = NARROW.get(expected, expected)
        assert ops.dtype(result) == expected
        np.testing.assert_array_equal(numbers(result), numbers(tensor), dtype)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_layouts_cross(source: str, target: str) -> None:
    require(source)
    require(target)
    x = made(source, np.arange(24.0).reshape(2, 3, 4), "float32")
    for view in (ops.transpose(x), x[:, ::2, 1:], ops.sum(x), ops.zeros_like(x)[:0]):
        result = moved(view, target)
        assert ops.shape(result) == ops.shape(view)
        np.testing.assert_array_equal(numbers(result), numbers(view))


def test_jax_and_torch_share_memory(need: Callable[[str], None]) -> None:
    need("jax")
    need("torch")
    x = made("torch", np.ones(8), "float32")
    assert moved(x, "jax").unsafe_buffer_pointer() == x.data_ptr()
    y = made("jax", np.ones(8), "bfloat16")
    assert moved(y, "torch").data_ptr() == y.unsafe_buffer_pointer()


def test_what_torch_differentiates_crosses_without_its_history(
    need: Callable[[str], None],
) -> None:
    need("torch")
    import torch

    x = torch.ones(3, requires_grad=True)
    conjugate = torch.tensor([1 + 2j]).conj()
    for name in backends.installed():
        np.testing.assert_array_equal(numbers(moved(x * 2, name)), [2, 2, 2])
        if (name, "complex64") not in WITHOUT:
            np.testing.assert_array_equal(numbers(moved(conjugate, name)), [1 - 2j])


def test_read_only_and_reversed_arrays(backend: str) -> None:
    array = np.arange(6, dtype="float32")
    array.flags.writeable = False
    for x in (array, array[::-1], array.reshape(2, 3).T):
        np.testing.assert_array_equal(numbers(ops.convert_to_tensor(x)), x)
        np.testing.assert_array_equal(numbers(ops.exp(x)), numbers(ops.exp(x.copy())))


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_mixed_call_names_both_and_the_way_out(source: str, target: str) -> None:
    require(source)
    require(target)
    if "numpy" in (source, target):
        pytest.skip("numpy's arrays go wherever the other tensor lives")
    x, y = made(source, [1.0], "float32"), made(target, [1.0], "float32")
    for call in (
        lambda: ops.add(x, y),
        lambda: ops.add(x1=x, x2=y),
        lambda: ops.concatenate([x, y]),
        lambda: ops.concatenate(xs=[x, y]),
        lambda: ops.where(True, x, y),
        lambda: ops.while_loop(lambda a, b: True, lambda a, b: (a, b), (x, y)),
    ):
        with pytest.raises(TypeError, match=f"{source} and {target}.*convert_to_ten"):
            call()


def test_variables_of_two_libraries_are_a_mixed_call(
    need: Callable[[str], None],
) -> None:
    need("torch")
    need("jax")
    with dlcore.use_backend("torch"):
        v = dlcore.Variable([1.0])
    with dlcore.use_backend("jax"):
        w = dlcore.Variable([1.0])
    with pytest.raises(TypeError, match="torch and jax"):
        ops.add(v, w)
    with pytest.raises(TypeError, match="torch and jax"):
        ops.add(v, w.value)
    v.assign(w)
    assert type(v.value) is type(made("torch", [1.0], "float32"))


# Threads and tasks.


def test_every_thread_has_its_own_scope() -> None:
    names = backends.installed()
    barrier = threading.Barrier(len(names))

    def work(name: str) -> set[Any]:
        found: set[Any] = set()
        with dlcore.use_backend(name):
            barrier.wait(60)  # all scopes are entered now
            for _ in range(50):
                found |= {dlcore.config.backend(), type(ops.add([1.0], 1.0))}
            barrier.wait(60)
        return found

    with ThreadPoolExecutor(len(names)) as pool:
        results = list(pool.map(work, names))
    for name, found in zip(names, results, strict=True):
        assert found == {name, type(made(name, [1.0], "float32"))}


def test_a_thread_takes_the_scope_with_a_copied_context() -> None:
    seen: list[str] = []

    def work() -> None:
        seen.append(dlcore.config.backend())

    before = dlcore.config.backend()
    try:
        dlcore.config.set_backend("numpy")
        with dlcore.use_backend("torch"):
            for target in (work, functools.partial(copy_context().run, work)):
                thread = threading.Thread(target=target)
                thread.start()
                thread.join()
    finally:
        dlcore.config.set_backend(before)
    assert seen == ["numpy", "torch"]


def test_tasks_inherit_the_scope_and_keep_their_own() -> None:
    async def work(name: str, entered: asyncio.Barrier) -> tuple[str, str]:
        inherited = dlcore.config.backend()
        with dlcore.use_backend(name):
            await entered.wait()  # the others enter theirs meanwhile
            return inherited, dlcore.config.backend()

    async def main() -> list[tuple[str, str]]:
        names = ["torch", "numpy", "jax"]
        entered = asyncio.Barrier(len(names))
        with dlcore.use_backend("jax"):
            found = await asyncio.gather(*(work(n, entered) for n in names))
            assert dlcore.config.backend() == "jax"
        return found

    for name in ("torch", "numpy", "jax"):
        require(name)
    expected = [("jax", "torch"), ("jax", "numpy"), ("jax", "jax")]
    assert asyncio.run(main()) == expected


def test_other_scopes_belong_to_their_thread_too() -> None:
    barrier = threading.Barrier(2)

    def work(entered: bool) -> tuple[str, bool]:
        with ExitStack() as scopes, dlcore.use_backend("numpy"):
            if entered:
                scopes.enter_context(dlcore.name_scope("block"))
                scopes.enter_context(dlcore.RematScope("full"))
                scopes.enter_context(dlcore.StatelessScope())
            barrier.wait(60)
            try:
                path = dlcore.Variable("zeros", shape=(1,), name="v").path
                v = dlcore.Variable("zeros", shape=(1,), name="v")
                v.assign([1.0])
                layer = dlcore.layers.Dense(1)
                return f"{path}{float(v.numpy()[0])}", layer._remat_mode is not None
            finally:
                barrier.wait(60)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, (True, False))) == [
            ("block/v1.0", True),
            ("v1.0", False),
        ]


def test_scopes_end_with_an_error() -> None:
    before = dlcore.config.backend()
    with pytest.raises(RuntimeError), dlcore.use_backend("torch"):
        raise RuntimeError
    assert dlcore.config.backend() == before


def test_switching_leaves_what_exists_alone(need: Callable[[str], None]) -> None:
    before = dlcore.config.backend()
    models = {}
    try:
        for name in backends.installed():
            dlcore.config.set_backend(name)
            models[name] = dlcore.Sequential([dlcore.layers.Dense(1)])
            models[name](np.ones((1, 2), "float32"))
        for name, model in models.items():
            out = model(np.ones((1, 2), "float32"))
            assert type(out) is type(made(name, [1.0], "float32"))
    finally:
        dlcore.config.set_backend(before)
