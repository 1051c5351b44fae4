"""Promotion, exhaustively against Keras' table."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable

import dlcore.backend
import pytest

import dlcore
from dlcore.src.dtypes import COMPLEX, FLOATS, SIGNED, UNSIGNED, result_type

NAMES = ("bool", *UNSIGNED, *SIGNED, *FLOATS, *COMPLEX)
SCRIPT = """
import itertools, json, keras
names = {names!r}
kinds = {{"int": int, "float": float}}
table = {{}}
for a, b in itertools.product(names, (*names, "int", "float")):
    table[f"{{a}} {{b}}"] = keras.backend.result_type(a, kinds.get(b, b))
print(json.dumps(table))
"""
#: Keras never promotes to 64 bits but on tensorflow; here a 64-bit argument keeps them.
NARROW = {
    "int64": "int32",
    "uint64": "uint32",
    "float64": "float32",
    "complex128": "complex64",
}


@pytest.fixture(scope="module")
def table() -> dict[str, str]:
    out = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(names=NAMES)],
        env={**os.environ, "KERAS_BACKEND": "numpy", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(out.stdout.splitlines()[-1])


def test_promotion_is_that_of_keras(table: dict[str, str]) -> None:
    kinds = {"int": int, "float": float}
    wrong = []
    for pair, expected in table.items():
        a, b = pair.split()
        found = result_type(a, kinds.get(b, b))
        if NARROW.get(found, found) != expected:
            wrong.append((pair, found, expected))
    assert not wrong


@pytest.mark.parametrize(("a", "b"), [*itertools.combinations(NAMES, 2)])
def test_promotion_does_not_depend_on_the_order(a: str, b: str) -> None:
    assert result_type(a, b) == result_type(b, a)


def test_64_bits_come_from_64_bits_only() -> None:
    assert result_type("float64", "float32") == "float64"
    assert result_type("int64", "int32") == "int64"
    assert result_type("int32", "uint32") == "int32"


def test_floatx_decides_for_python_floats() -> None:
    before = dlcore.config.floatx()
    try:
        dlcore.config.set_floatx("float16")
        assert result_type("int32", float) == "float16"
        assert result_type(float) == "float16"
    finally:
        dlcore.config.set_floatx(before)


def test_bad_dtypes_have_a_suggestion() -> None:
    with pytest.raises(ValueError, match="float32"):
        dlcore.backend.standardize_dtype("flaot32")
    with pytest.raises(ValueError, match="float8"):
        result_type("float8_e4m3fn", "float32")


@pytest.mark.parametrize("number", [1, 3, True])
def test_numbers_are_no_dtypes(number: int, need: Callable[[str], None]) -> None:
    need("tensorflow")
    import tensorflow as tf

    for dtype in (tf.float32, tf.int32):  # which equal 1 and 3
        dlcore.backend.standardize_dtype(dtype)
    with pytest.raises(ValueError, match="Invalid dtype"):
        dlcore.backend.standardize_dtype(number)
