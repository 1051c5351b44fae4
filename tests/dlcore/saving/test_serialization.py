"""Objects as configurations: Keras' format, and nothing that runs code."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import dlcore
from dlcore import saving


@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        2.5,
        "text",
        True,
        [1, [2, "a"]],
        {"a": {"b": 1}},
        b"bytes",
        slice(1, None, 2),
        Ellipsis,
    ],
)
def test_plain_values_as_keras_writes_them(value):
    config = saving.serialize_keras_object(value)
    assert config == keras.saving.serialize_keras_object(value)
    assert saving.deserialize_keras_object(config) == value


def test_arrays_and_tensors():
    config = saving.serialize_keras_object(np.arange(3.0))
    assert config == keras.saving.serialize_keras_object(np.arange(3.0))
    np.testing.assert_array_equal(saving.deserialize_keras_object(config), [0, 1, 2])
    assert saving.serialize_keras_object(np.float32(0.5)) == 0.5
    with dlcore.use_backend("torch"):
        tensor = dlcore.ops.convert_to_tensor([1.0, 2.0])
    config = saving.serialize_keras_object(tensor)
    with dlcore.use_backend("numpy"):
        np.testing.assert_array_equal(saving.deserialize_keras_object(config), [1, 2])


def test_scopes_and_registration():
    def mine(x):
        return x

    with saving.CustomObjectScope({"mine": mine}):
        assert dlcore.activations.get("mine") is mine
        with saving.CustomObjectScope({"other": print}):
            assert saving.get_registered_object("mine") is mine
    assert saving.get_registered_object("mine") is None
    saving.register_keras_serializable("pack", "own")(mine)
    assert saving.get_registered_name(mine) == "pack>own"
    assert saving.get_registered_object("pack>own") is mine
    assert saving.get_custom_objects()["pack>own"] is mine
    config = saving.serialize_keras_object(mine)
    assert saving.deserialize_keras_object(config) is mine
    with pytest.raises(ValueError, match="does not have a get_config"):
        saving.register_keras_serializable()(type("Plain", (), {}))


def test_nothing_but_models_parts_is_made():
    for module, name in (
        ("keras.utils", "get_file"),
        ("keras.saving", "load_model"),
        ("os", "system"),
        ("keras.losses", "get"),
        ("keras.losses", "Nonsense"),
    ):
        config = {"module": module, "class_name": name, "config": {}}
        with pytest.raises(TypeError, match="unknown"):
            saving.deserialize_keras_object(config)
    config = {"class_name": "__lambda__", "config": {"value": "code"}}
    with pytest.raises(ValueError, match="not run"):
        saving.deserialize_keras_object(config)
    with pytest.raises(TypeError, match="no method `get_config"):
        saving.serialize_keras_object(object())
