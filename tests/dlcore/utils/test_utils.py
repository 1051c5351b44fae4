"""Helpers: labels, sequences, names, messages, tracebacks."""

from __future__ import annotations

import logging
import traceback

import keras
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import dlcore
from dlcore import ops, utils
from dlcore.src.utils.naming import auto_name, reset_uids


@given(st.lists(st.integers(0, 6), min_size=1), st.booleans())
@settings(deadline=None, max_examples=30)
def test_to_categorical_is_that_of_keras(labels, column):
    x = np.array(labels)[:, None] if column else labels
    np.testing.assert_array_equal(
        utils.to_categorical(x), keras.utils.to_categorical(x)
    )


def test_to_categorical_of_tensors(backend):
    one_hot = utils.to_categorical(ops.convert_to_tensor([0, 2]), 3)
    assert ops.convert_to_numpy(one_hot).tolist() == [[1, 0, 0], [0, 0, 1]]
    with pytest.raises(ValueError, match="num_classes=2 allows 0 to 1"):
        utils.to_categorical([0, 2], 2)


@given(
    st.lists(st.lists(st.integers(1, 9), max_size=5), min_size=1, max_size=4),
    st.sampled_from([None, 3]),
    st.sampled_from(["pre", "post"]),
    st.sampled_from(["pre", "post"]),
)
@settings(deadline=None, max_examples=40)
def test_pad_sequences_is_that_of_keras(sequences, maxlen, padding, truncating):
    options = {"maxlen": maxlen, "padding": padding, "truncating": truncating}
    np.testing.assert_array_equal(
        utils.pad_sequences(sequences, **options),
        keras.utils.pad_sequences(sequences, **options),
    )


def test_pad_sequences_errors():
    for call, message in (
        (lambda: utils.pad_sequences([[1]], padding="left"), "not understood"),
        (lambda: utils.pad_sequences([1, 2]), "non-iterable"),
        (lambda: utils.pad_sequences(3), "must be iterable"),
        (lambda: utils.pad_sequences([[1]], value="x"), "not compatible"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_normalize():
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    np.testing.assert_allclose(utils.normalize(x), keras.utils.normalize(x))
    np.testing.assert_allclose(utils.normalize(x, axis=0), [[1, 1], [0, 0]])


def test_names():
    reset_uids()
    assert [auto_name("MyLayer") for _ in range(3)] == [
        "my_layer",
        "my_layer_1",
        "my_layer_2",
    ]
    utils.clear_session()
    assert auto_name("MyLayer") == "my_layer"
    with pytest.raises(ValueError, match="integer"):
        utils.set_random_seed(1.5)


def test_messages(capsys, caplog):
    stop = dlcore.callbacks.EarlyStopping(verbose=1)
    stop.stopped_epoch = 2
    stop.on_train_end()
    assert "Epoch 3: early stopping" in capsys.readouterr().out
    utils.disable_interactive_logging()
    try:
        assert not dlcore.config.is_interactive_logging_enabled()
        with caplog.at_level(logging.INFO, "dlcore"):
            stop.on_train_end()
        assert capsys.readouterr().out == ""
        assert "early stopping" in caplog.text
    finally:
        utils.enable_interactive_logging()


def test_tracebacks_show_the_users_lines():
    def user(y_true, y_pred):
        raise ArithmeticError("mine")

    loss = dlcore.src.losses.base.LossFunctionWrapper(user)
    assert dlcore.config.is_traceback_filtering_enabled()
    with pytest.raises(ArithmeticError) as caught:
        loss([1.0], [1.0])
    names = [f.filename for f in traceback.extract_tb(caught.value.__traceback__)]
    assert sum("dlcore/src" in name for name in names) <= 1  # the wrapper itself
    assert names[-1] == __file__
    dlcore.config.disable_traceback_filtering()
    try:
        with pytest.raises(ArithmeticError) as caught:
            loss([1.0], [1.0])
        names = [f.filename for f in traceback.extract_tb(caught.value.__traceback__)]
        assert sum("dlcore/src" in name for name in names) >= 3
    finally:
        dlcore.config.enable_traceback_filtering()
