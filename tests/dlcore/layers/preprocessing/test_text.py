"""Strings and integers as numbers: vocabularies, texts, hashes.

The values were computed once with Keras 3.15.1 on tensorflow.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import layers, ops


def values(x: Any) -> Any:
    return ops.convert_to_numpy(x).tolist()


#: Layer, arguments, what it learns from, input, output.
CASES: list[tuple[str, dict[str, Any], Any, Any, Any]] = [
    ("StringLookup", {}, list("aaabbc"), ["b", "c", "d"], [2, 3, 0]),
    ("StringLookup", {"vocabulary": ["a", "b"]}, None, [["b"], ["x"]], [[2], [0]]),
    (
        "StringLookup",
        {"vocabulary": ["a", "b"], "mask_token": "", "num_oov_indices": 3},
        None,
        ["", "a", "b", "x", "y", "é"],
        [0, 4, 5, 3, 3, 2],
    ),
    (
        "StringLookup",
        {"vocabulary": ["a", "b"], "num_oov_indices": 4, "salt": [137, 42]},
        None,
        ["x", "y", "z", "w", "v", "u"],
        [3, 0, 0, 1, 3, 2],
    ),
    (
        "StringLookup",
        {"vocabulary": ["a", "b"], "output_mode": "multi_hot"},
        None,
        [["a", "a"], ["b", "z"]],
        [[0, 1, 0], [1, 0, 1]],
    ),
    (
        "StringLookup",
        {"vocabulary": ["a", "b"], "output_mode": "one_hot"},
        None,
        ["a", "z"],
        [[0, 1, 0], [1, 0, 0]],
    ),
    (
        "StringLookup",
        {"max_tokens": 5, "pad_to_max_tokens": True, "output_mode": "count"},
        ["x", "y", "y"],
        [["y", "y", "q"]],
        [[1, 2, 0, 0, 0]],
    ),
    ("IntegerLookup", {"vocabulary": [5, 7]}, None, [7, 6, 5], [2, 0, 1]),
    (
        "IntegerLookup",
        {"vocabulary": [10, 20, 30], "num_oov_indices": 4, "oov_method": "farmhash"},
        None,
        [100, 200, 300, 400, 30],
        [3, 1, 3, 1, 6],
    ),
    (
        "IntegerLookup",
        {"vocabulary": [10, 20], "num_oov_indices": 3},
        None,
        [-1, 4, 10],
        [2, 1, 3],
    ),
    (
        "IntegerLookup",
        {"vocabulary": [10, 20, 30], "invert": True},
        None,
        [1, 2, 3, 0],
        [10, 20, 30, -1],
    ),
    (
        "IntegerLookup",
        {"output_mode": "tf_idf"},
        [1, 1, 1, 2, 2, 3],
        [1, 2, 4],
        [1.133732, 0.916291, 1.098612, 0.0],
    ),
    (
        "TextVectorization",
        {"output_sequence_length": 4},
        ["foo bar", "bar baz", "baz bada boom"],
        [["foo qux bar"], ["qux BAZ, boom bada bar"]],
        [[4, 1, 3, 0], [1, 2, 5, 6]],
    ),
    (
        "TextVectorization",
        {"vocabulary": ["a", "b", "a b"], "ngrams": 2},
        None,
        ["a b c", "b"],
        [[2, 3, 1, 4, 1], [3, 0, 0, 0, 0]],
    ),
    (
        "TextVectorization",
        {"vocabulary": list("abé"), "split": "character", "standardize": None},
        None,
        ["abé", "É"],
        [[2, 3, 4], [1, 0, 0]],
    ),
    (
        "TextVectorization",
        {"vocabulary": ["foo", "É"], "standardize": "lower"},
        None,
        ["FOO É foo!"],
        [[2, 3, 1]],
    ),
    (
        "TextVectorization",
        {"vocabulary": ["foo", "bar"], "output_mode": "count"},
        None,
        ["foo foo bar", "", "qux"],
        [[0, 2, 1], [0, 0, 0], [1, 0, 0]],
    ),
    (
        "TextVectorization",
        {
            "vocabulary": ["foo", "bar"],
            "output_mode": "tf_idf",
            "idf_weights": [0.3, 0.5],
        },
        None,
        ["foo foo bar", "qux"],
        [[0.0, 0.6, 0.5], [0.4, 0.0, 0.0]],
    ),
    (
        "TextVectorization",
        {"vocabulary": ["foo", "bar"], "split": None},
        None,
        [["foo"], ["foo bar"]],
        [[2], [1]],
    ),
    ("Hashing", {"num_bins": 3}, None, list("ABCDE"), [1, 0, 1, 1, 2]),
    ("Hashing", {"num_bins": 3, "salt": 133}, None, list("ABCDE"), [0, 0, 2, 1, 0]),
    (
        "Hashing",
        {"num_bins": 3, "mask_value": ""},
        None,
        [["A"], ["B"], [""], ["C"], ["D"]],
        [[1], [1], [0], [2], [2]],
    ),
    ("Hashing", {"num_bins": 3}, None, [0, 1, 2, 3, 4], [1, 0, 1, 0, 2]),
    (
        "Hashing",
        {"num_bins": 3, "output_mode": "count"},
        None,
        [[0, 1, 2, 3, 4]],
        [[2, 2, 1]],
    ),
    (
        "HashedCrossing",
        {"num_bins": 5},
        None,
        (np.array(list("ABABA")), np.array([101, 101, 101, 102, 102])),
        [1, 4, 1, 1, 3],
    ),
]


def identity(case: Any) -> str:
    return f"{case[0]}-{'-'.join(case[1])}"


@pytest.mark.parametrize("case", CASES, ids=identity)
def test_values(backend: str, case: Any) -> None:
    name, kwargs, data, given, wanted = case
    layer = getattr(layers, name)(**kwargs)
    if data is not None:
        layer.adapt(data)
    found = layer(given)
    assert ops.is_tensor(found)
    np.testing.assert_allclose(ops.convert_to_numpy(found), wanted, rtol=1e-5)


# What was learnt is saved as a file, not in the configuration.
@pytest.mark.parametrize("case", [c for c in CASES if c[2] is None], ids=identity)
def test_config(case: Any) -> None:
    """A layer from the configuration, after JSON, does the same."""
    name, kwargs, _, given, wanted = case
    with dlcore.use_backend("numpy"):
        layer = getattr(layers, name)(**kwargs)
        config = json.loads(json.dumps(layer.get_config()))
        twin = type(layer).from_config(config)
        assert twin.get_config() == layer.get_config()
        np.testing.assert_allclose(values(twin(given)), wanted, rtol=1e-5)


@pytest.mark.parametrize("kind", ["list", "unicode", "bytes", "objects"])
def test_kinds_of_strings(backend: str, kind: str) -> None:
    texts: Any = ["Grüße a", "b"]
    if kind != "list":
        dtype = {"unicode": "U9", "bytes": None, "objects": object}[kind]
        items = [t.encode() for t in texts] if kind == "bytes" else texts
        texts = np.array(items, dtype)
    layer = layers.TextVectorization(vocabulary=["a", "grüße"])
    assert values(layer(texts)) == [[3, 2], [1, 0]]


def test_invert_gives_numpy_strings(backend: str) -> None:
    layer = layers.StringLookup(vocabulary=["a", "b"], invert=True, mask_token="-")
    found = layer(np.array([[2, 3], [1, 0], [9, -1]]))
    wanted = [["a", "b"], ["[UNK]", "-"], ["[UNK]", "[UNK]"]]
    assert isinstance(found, np.ndarray) and found.tolist() == wanted


def test_tensors_as_inputs(backend: str) -> None:
    layer = layers.IntegerLookup(vocabulary=[5, 7])
    assert values(layer(ops.convert_to_tensor([[7], [6]]))) == [[2], [0]]


def test_within_a_compiled_step() -> None:
    """While jax traces, the lookup becomes a call to the host."""
    import jax

    with dlcore.use_backend("jax"):
        layer = layers.IntegerLookup(vocabulary=[5, 7], output_mode="one_hot")
        found = jax.jit(layer)(jax.numpy.array([7, 6]))
    assert found.tolist() == [[0, 0, 1], [1, 0, 0]]


def test_special_tokens_may_be_given() -> None:
    layer = layers.StringLookup(mask_token="", num_oov_indices=2)
    layer.set_vocabulary(["", "[UNK]", "[UNK]", "a", "b"])
    assert layer.get_vocabulary() == ["", "[UNK]", "[UNK]", "a", "b"]
    assert layer.get_vocabulary(include_special_tokens=False) == ["a", "b"]
    assert layer.vocabulary_size() == 5


def test_adapt_takes_the_most_frequent_ones() -> None:
    layer = layers.TextVectorization(max_tokens=4)
    layer.adapt(iter([["b b a"], ["c c c", "a b"]]))
    assert layer.get_vocabulary() == ["", "[UNK]", "c", "b"]


def test_callables(backend: str) -> None:
    layer = layers.TextVectorization(
        standardize=lambda x: np.char.replace(x, "-", "|"),
        split=lambda x: [text.split("|") for text in x.tolist()],
        vocabulary=["foo", "bar"],
    )
    assert values(layer(["foo-bar", "bar"])) == [[2, 3], [3, 0]]


@pytest.mark.parametrize("mode", ["int", "tf_idf"])
def test_assets(tmp_path: Path, mode: str) -> None:
    """What was learnt goes through a folder and a store."""
    with dlcore.use_backend("numpy"):
        layer = layers.TextVectorization(output_mode=mode)
        layer.adapt(["foo bar", "bar Grüße"])
        layer.save_assets(tmp_path)
        store: dict[str, Any] = {}
        layer.save_own_variables(store)
        twin = layers.TextVectorization.from_config(layer.get_config())
        twin.load_own_variables(store)
        twin.load_assets(tmp_path)
        given = ["grüße bar bar qux"]
        np.testing.assert_allclose(values(twin(given)), values(layer(given)))
        assert twin.get_vocabulary() == layer.get_vocabulary()


def test_vocabulary_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("foo\nbar\n", encoding="utf-8")
    layer = layers.StringLookup(vocabulary=str(path))
    assert values(layer(["bar", "foo"])) == [2, 1]
    assert layer.get_config()["vocabulary"] is None
    with pytest.raises(ValueError, match="does not exist"):
        layers.StringLookup(vocabulary=str(tmp_path / "none.txt"))


def test_symbolic_shapes() -> None:
    texts = dlcore.KerasTensor((None, 1), "string")
    found = layers.TextVectorization(output_sequence_length=7)(texts)
    assert (found.shape, found.dtype) == ((None, 7), "int64")
    lookup = layers.StringLookup(vocabulary=["a", "b"], output_mode="multi_hot")
    assert lookup(texts).shape == (None, 3)
    assert layers.Hashing(num_bins=4, output_mode="one_hot")(texts).shape == (None, 4)


#: A call that is wrong, and a part of the message.
MISTAKES: list[tuple[Any, str]] = [
    (lambda: layers.StringLookup(vocabulary=["a", "a"]), "repeated term"),
    (lambda: layers.StringLookup(vocabulary=[]), "empty vocabulary"),
    (lambda: layers.StringLookup(output_mode="multihot"), "multi_hot"),
    (lambda: layers.StringLookup(invert=True, output_mode="count"), "invert"),
    (lambda: layers.StringLookup(max_tokens=3, vocabulary=list("abcd")), "larger than"),
    (lambda: layers.IntegerLookup(salt=3), "oov_method='farmhash'"),
    (lambda: layers.IntegerLookup(vocabulary=[1], num_oov_indices=0)([2]), r"\[2\]"),
    (lambda: layers.IntegerLookup(vocabulary=[1])(["a"]), "expects integers"),
    (lambda: layers.StringLookup(output_mode="count")(["a"]), "vocabulary before"),
    (lambda: layers.TextVectorization(ragged=True), "dense"),
    (lambda: layers.TextVectorization(split="word"), "whitespace"),
    (lambda: layers.TextVectorization()(np.array([["a", "b"]])), "input rank"),
    (lambda: layers.StringLookup()([["a"], ["a", "b"]]), "same length"),
    (lambda: layers.Hashing(num_bins=0), "num_bins"),
    (lambda: layers.Hashing(num_bins=2, salt=[1]), "tuple of size 2"),
    (lambda: layers.HashedCrossing(num_bins=2)([np.array([1])]), "at least two"),
]


@pytest.mark.parametrize(("wrong", "message"), MISTAKES)
def test_mistakes(wrong: Any, message: str) -> None:
    with dlcore.use_backend("numpy"), pytest.raises(Exception, match=message):
        wrong()
