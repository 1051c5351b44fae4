"""What loops of one's own need: a bar, settings, split data, packed batches."""

from __future__ import annotations

import copy
import pickle

import keras
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from dlcore import use_backend, utils


def test_config_is_a_dict_of_attributes():
    config = utils.Config(rate=0.1, momentum=0.9)
    config.seed = 3
    config["name"] = "adam"
    assert list(config) == ["momentum", "name", "rate", "seed"]
    assert config.as_dict() == dict(config) and config.seed == config["seed"] == 3
    assert config == pickle.loads(pickle.dumps(config)) == copy.deepcopy(config)
    assert "seed" in dir(config) and config.get("other", 1) == 1
    config.freeze()
    for change in (
        lambda: config.update(seed=4),
        lambda: config.pop("seed"),
        lambda: setattr(config, "seed", 4),
        lambda: config.__delitem__("seed"),
    ):
        with pytest.raises(ValueError, match="frozen"):
            change()
    config.unfreeze()
    assert config.pop("seed") == 3
    with pytest.raises(AttributeError, match="Did you mean 'momentum'"):
        _ = config.momentun
    with pytest.raises(AttributeError, match="part of every config"):
        config.keys = 3


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({}, "x: 1.0000"),
        ({"stateful_metrics": ["x"]}, "x: 2.0000"),
        ({"stateless_metrics": ["x"]}, "x: 1.0000"),
        ({"stateless_metrics": []}, "x: 2.0000"),
    ],
)
def test_progbar_averages_as_keras(options, shown, capsys):
    for library in (utils, keras.utils):
        bar = library.Progbar(3, interval=0.0, **options)
        bar.update(1, [("x", 0.0)])
        capsys.readouterr()
        bar.add(1, [("x", [2.0, 2.0])] if library is utils else [("x", 2.0)])
        out = capsys.readouterr().out
        assert shown in out and "2/3" in out
        bar.update(3, [("x", 5.0)])  # the last values are those of the epoch
        assert "x: 5.0000\n" in capsys.readouterr().out


def test_progbar_of_unknown_length_and_at_the_end(capsys):
    bar = utils.Progbar(None, verbose=1)
    bar.update(0)
    bar.update(7, [("loss", 1e-5)], finalize=True)
    assert "7/Unknown" in (out := capsys.readouterr().out) and "1.0000e-05" in out
    utils.Progbar(2, verbose=2).update(2, [("loss", 1.0)])
    assert capsys.readouterr().out == "2/2 - 0s - loss: 1.0000\n"
    with pytest.raises(ValueError, match="Only one of"):
        utils.Progbar(1, stateful_metrics=[], stateless_metrics=[])


@given(
    st.integers(4, 30),
    st.none() | st.floats(0.3, 0.5) | st.integers(1, 2),
    st.none() | st.floats(0.3, 0.5) | st.integers(1, 2),
    st.booleans(),
)
@settings(deadline=None, max_examples=40)
def test_split_keeps_samples_apart(count, left, right, shuffle):
    x = {"a": np.arange(count), "b": (np.arange(count) * 2.0,)}
    if left is None and right is None:
        with pytest.raises(ValueError, match="At least one"):
            utils.split_dataset([x], left, right)
        return
    with use_backend("numpy"):
        first, second = utils.split_dataset([x], left, right, shuffle=shuffle)
    seen = [int(sample[0]["a"]) for part in (first, second) for sample in part]
    assert len(set(seen)) == len(seen) == len(first) + len(second) <= count
    if left is None or right is None:
        assert len(seen) == count
    assert all(s[0]["b"][0] == 2 * s[0]["a"] for s in first)
    assert first[len(first) - 1][0]["a"] == list(first)[-1][0]["a"]


def test_split_of_datasets_of_others():
    torch_data = pytest.importorskip("torch.utils.data")
    x = np.arange(20.0).reshape(10, 2)
    left, right = utils.split_dataset(x, right_size=3, preferred_backend="torch")
    batch = next(iter(torch_data.DataLoader(left, batch_size=7)))
    assert tuple(batch.shape) == (7, 2) and len(right) == 3
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices((x, x[:, 0])).batch(4)
    left, right = utils.split_dataset(data, left_size=0.6)
    assert [len(b[1]) for b in left] == [4, 2] and [len(b[1]) for b in right] == [4]
    np.testing.assert_array_equal(next(iter(right))[0], x[6:])


def test_split_says_what_is_wrong():
    for sizes, error, message in (
        ({"left_size": 1.5}, ValueError, "between 0 and 1"),
        ({"left_size": 10}, ValueError, "smaller than 10"),
        ({"left_size": "half"}, TypeError, "float or an int"),
        ({"left_size": 0.7, "right_size": 0.6}, ValueError, "greater than 1"),
        ({"left_size": 0.01}, ValueError, "no part may be empty"),
    ):
        with pytest.raises(error, match=message):
            utils.split_dataset(np.arange(10), **sizes)
    with pytest.raises(TypeError, match="got 3 of type int"):
        utils.split_dataset(3, 0.5)
    with pytest.raises(ValueError, match=r"lengths \[2, 3\]"):
        utils.split_dataset((np.arange(2), np.arange(3)), 0.5)


def test_packing():
    for parts in ((1,), (1, 2), (1, 2, 3)):
        packed = utils.pack_x_y_sample_weight(*parts)
        assert packed == keras.utils.pack_x_y_sample_weight(*parts)
        assert utils.unpack_x_y_sample_weight(packed) == (*parts, None, None)[:3]
    assert utils.pack_x_y_sample_weight([1, 2]) == ([1, 2],)
    with pytest.raises(ValueError, match="tuple of 4"):
        utils.unpack_x_y_sample_weight((1, 2, 3, 4))
