"""Common mistakes: each is caught early, and nearly each is told how to mend it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
import pytest

import dlcore
from dlcore import layers, ops

rng = np.random.default_rng(0)
X = rng.random((16, 4), "float32")
Y = rng.random((16, 1), "float32")
CLASSES = rng.integers(0, 3, 16)
HERE = Path(__file__)


class Mistake(NamedTuple):
    """What is done, what it raises or warns, what the message and its hint say."""

    do: Callable[[Path], Any]
    error: type[BaseException] | type[Warning]
    says: str
    hint: str = ""
    #: Whether the traceback ends in the user's line; constructors show their own.
    own_line: bool = True


MISTAKES: dict[str, Mistake] = {}


def mistake(
    error: type[BaseException], says: str, hint: str = "", own_line: bool = True
) -> Callable[[Callable[[Path], Any]], Callable[[Path], Any]]:
    """Put a function into the table."""

    def put(do: Callable[[Path], Any]) -> Callable[[Path], Any]:
        MISTAKES[do.__name__] = Mistake(do, error, says, hint, own_line)
        return do

    return put


def net(units: int = 3, activation: str | None = "softmax") -> dlcore.Sequential:
    return dlcore.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(8, activation="relu", name="hidden"),
            layers.Dense(units, activation=activation, name="out"),
        ],
        name="net",
    )


def compiled(
    loss: str = "sparse_categorical_crossentropy",
    units: int = 3,
    activation: str | None = "softmax",
    **options: Any,
) -> dlcore.Sequential:
    model = net(units, activation)
    model.compile("adam", loss, **options)
    return model


def two_inputs() -> dlcore.Model:
    left, right = dlcore.Input((4,), name="left"), dlcore.Input((4,), name="right")
    return dlcore.Model([left, right], layers.add([left, right]))


# Data.


@mistake(ValueError, r"expected shape=\(None, 4\), found shape", "dlcore.Input")
def wrong_number_of_features(tmp: Path) -> None:
    compiled().fit(rng.random((16, 5), "float32"), CLASSES, verbose=0)


@mistake(ValueError, "expected min_ndim=4, found ndim=3", r"x\[\.\.\., None\]")
def image_without_channels(tmp: Path) -> None:
    layers.Conv2D(4, 3)(np.zeros((2, 28, 28), "float32"))


@mistake(ValueError, "expected ndim=3", "return_sequences=True", own_line=False)
def stacked_lstm_without_sequences(tmp: Path) -> None:
    dlcore.Sequential([layers.Input((5, 3)), layers.LSTM(4), layers.LSTM(4)])


@mistake(ValueError, "sample 0 has 3", "Give the last layer 4 units")
def label_out_of_range(tmp: Path) -> None:
    compiled().fit(X, np.full(16, 3), verbose=0)


@mistake(ValueError, "sample 0 has -1", "ignore_class=-1")
def negative_label(tmp: Path) -> None:
    compiled().fit(X, np.full(16, -1), verbose=0)


@mistake(ValueError, "without the classes' axis", "One-hot labels go with categorical")
def one_hot_labels_for_a_sparse_loss(tmp: Path) -> None:
    compiled().fit(X, np.eye(3, dtype="float32")[CLASSES], verbose=0)


@mistake(ValueError, "must have the same shape", "sparse_categorical_crossentropy")
def class_numbers_for_a_one_hot_loss(tmp: Path) -> None:
    compiled("categorical_crossentropy").fit(X, CLASSES, verbose=0)


@mistake(ValueError, "must have the same shape", "as many units as a label has: 3")
def more_labels_than_units(tmp: Path) -> None:
    compiled("binary_crossentropy", 1, "sigmoid").fit(X, np.zeros((16, 3)), verbose=0)


@mistake(UserWarning, "input x has NaN, the first one in sample 3", "nan_to_num")
def nan_in_the_data(tmp: Path) -> None:
    x = X.copy()
    x[3, 1] = np.nan
    compiled().fit(x, CLASSES, verbose=0)


@mistake(UserWarning, "target y has NaN, the first one in sample 5", "nan_to_num")
def nan_in_the_targets(tmp: Path) -> None:
    y = Y.copy()
    y[5] = np.nan
    compiled("mse", 1, None).fit(X, y, verbose=0)


@mistake(ValueError, "x sizes: 16; y sizes: 10")
def different_numbers_of_samples(tmp: Path) -> None:
    compiled().fit(X, CLASSES[:10], verbose=0)


@mistake(ValueError, "Python objects", "pad_sequences")
def rows_of_different_lengths(tmp: Path) -> None:
    x = np.empty(16, object)
    x[:] = [[1.0] * (1 + i % 3) for i in range(16)]
    compiled().fit(x, CLASSES, verbose=0)


@mistake(ValueError, "text", "TextVectorization")
def text_into_a_dense_layer(tmp: Path) -> None:
    compiled().fit(np.array([["a"] * 4] * 16), CLASSES, verbose=0)


@mistake(ValueError, "`x` is None")
def no_data(tmp: Path) -> None:
    compiled().fit(None, CLASSES, verbose=0)


@mistake(ValueError, "`batch_size` must be positive, got 0")
def batches_of_nothing(tmp: Path) -> None:
    compiled().fit(X, CLASSES, batch_size=0, verbose=0)


@mistake(ValueError, "only supported for arrays", "validation_data")
def validation_split_of_a_generator(tmp: Path) -> None:
    batches = ((X, CLASSES) for _ in range(3))
    compiled().fit(batches, validation_split=0.2, verbose=0)


@mistake(ValueError, 'Missing data for input "right"', "Did you mean 'rihgt'")
def misspelt_input(tmp: Path) -> None:
    two_inputs().predict({"left": X, "rihgt": X}, verbose=0)


@mistake(ValueError, r"expects 2 input\(s\) \['left', 'right'\]", "a dict by name")
def one_input_of_two(tmp: Path) -> None:
    two_inputs().predict(X, verbose=0)


@mistake(ValueError, "12", r"input_dim=13")
def word_outside_of_the_vocabulary(tmp: Path) -> None:
    model = dlcore.Sequential(
        [layers.Input((2,), dtype="int32"), layers.Embedding(10, 4), layers.Flatten()]
    )
    model.compile("sgd", "mse")
    model.fit(np.array([[1, 12]] * 4), np.zeros((4, 8)), verbose=0)


# Names.


@mistake(ValueError, "Unknown optimizer 'adm'", "Did you mean 'adam'")
def misspelt_optimizer(tmp: Path) -> None:
    net().compile("adm", "mse")


@mistake(ValueError, "Unknown loss", "Did you mean 'sparse_categorical_crossentropy'")
def misspelt_loss(tmp: Path) -> None:
    net().compile("adam", "spare_categorical_crossentropy")


@mistake(ValueError, "Unknown metric", "Did you mean 'accuracy'")
def misspelt_metric(tmp: Path) -> None:
    net().compile("adam", "mse", metrics=["acuracy"])


@mistake(ValueError, "Unknown activation", "Did you mean 'relu'", own_line=False)
def misspelt_activation(tmp: Path) -> None:
    layers.Dense(3, activation="rleu")


@mistake(ValueError, "Unknown init", "Did you mean 'glorot_uniform'", own_line=False)
def misspelt_initializer(tmp: Path) -> None:
    layers.Dense(3, kernel_initializer="glorot_unifrm")


@mistake(ValueError, "Unrecognized", "Did you mean 'activation'", own_line=False)
def misspelt_argument(tmp: Path) -> None:
    layers.Dense(3, activaton="relu")


@mistake(ValueError, "'smae'", "Did you mean 'same'", own_line=False)
def misspelt_padding(tmp: Path) -> None:
    layers.Conv2D(2, 3, padding="smae")


@mistake(ValueError, "'float23'", "Did you mean 'float32'", own_line=False)
def misspelt_dtype(tmp: Path) -> None:
    layers.Dense(3, dtype="float23")


@mistake(AttributeError, "no attribute 'Desne'", "Did you mean 'Dense'", own_line=False)
def misspelt_layer(tmp: Path) -> None:
    layers.Desne  # noqa: B018


@mistake(AttributeError, "'reduce_sum'", "Did you mean 'sum'", own_line=False)
def name_of_another_library(tmp: Path) -> None:
    ops.reduce_sum  # noqa: B018


@mistake(TypeError, "'axes'", "Did you mean 'axis'")
def misspelt_argument_of_an_op(tmp: Path) -> None:
    ops.sum(ops.ones((2, 3)), axes=1)


@mistake(ValueError, "'pytorch'", "Did you mean 'torch'", own_line=False)
def misspelt_backend(tmp: Path) -> None:
    dlcore.config.set_backend("pytorch")


@mistake(ValueError, "No such layer: hiden", "Did you mean 'hidden'", own_line=False)
def misspelt_name_of_a_layer(tmp: Path) -> None:
    net().get_layer("hiden")


@mistake(UserWarning, "'val_acc' is not available", "Did you mean 'val_accuracy'")
def misspelt_monitor(tmp: Path) -> None:
    compiled(metrics=["accuracy"]).fit(
        X,
        CLASSES,
        validation_split=0.25,
        callbacks=[dlcore.callbacks.EarlyStopping("val_acc")],
        verbose=0,
    )


@mistake(KeyError, "cannot fill in the name", "Did you mean 'accuracy'")
def misspelt_metric_in_a_file_name(tmp: Path) -> None:
    name = str(tmp / "{acc:.2f}.keras")
    saver = dlcore.callbacks.ModelCheckpoint(name)
    compiled(metrics=["accuracy"]).fit(X, CLASSES, callbacks=[saver], verbose=0)


# Models.


@mistake(ValueError, "must be compiled", r"model\.compile\(optimizer, loss\)")
def fit_before_compile(tmp: Path) -> None:
    net().fit(X, CLASSES, verbose=0)


@mistake(ValueError, "No loss to compute", "labels `y`")
def no_labels(tmp: Path) -> None:
    compiled().fit(X, verbose=0)


@mistake(UserWarning, "no trainable weights", "trainable = True")
def everything_frozen(tmp: Path) -> None:
    model = net()
    model.trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(X, CLASSES, verbose=0)


@mistake(UserWarning, "expects probabilities", "from_logits=True")
def crossentropy_of_numbers_that_are_no_probabilities(tmp: Path) -> None:
    compiled(activation=None).fit(X, CLASSES, verbose=0)


@mistake(UserWarning, "softmax over a single unit", "sigmoid")
def softmax_over_a_single_unit(tmp: Path) -> None:
    compiled("binary_crossentropy", 1).fit(X, np.zeros((16, 1)), verbose=0)


@mistake(ValueError, "input_layer.* is not among|not connected", own_line=False)
def output_of_another_input(tmp: Path) -> None:
    one, two = dlcore.Input((3,)), dlcore.Input((3,))
    dlcore.Model(one, layers.Dense(2)(two))


@mistake(ValueError, "must be KerasTensors", "Call it on a tensor", own_line=False)
def layer_instead_of_its_output(tmp: Path) -> None:
    dlcore.Model(dlcore.Input((3,)), layers.Dense(2))


@mistake(ValueError, "cannot be converted to a numpy", "dlcore.ops", own_line=False)
def numpy_on_a_symbolic_tensor(tmp: Path) -> None:
    np.mean(dlcore.Input((3,)))


@mistake(TypeError, "used as a boolean", "dlcore.ops.cond", own_line=False)
def if_on_a_symbolic_tensor(tmp: Path) -> None:
    if dlcore.Input((3,)) > 0:
        raise AssertionError


@mistake(RuntimeError, "super", "Go add it")
def constructor_without_super(tmp: Path) -> None:
    class Mine(layers.Layer):
        def __init__(self) -> None:
            self.inner = layers.Dense(3)

    Mine()(X)


@mistake(ValueError, "returned None", "lack a `return`", own_line=False)
def call_without_return(tmp: Path) -> None:
    class Mine(layers.Layer):
        def call(self, x: Any) -> None:
            self.seen = x

    dlcore.Sequential([layers.Input((4,)), Mine()])


@mistake(ValueError, "unique names", "Update the `name`", own_line=False)
def two_layers_of_one_name(tmp: Path) -> None:
    dlcore.Sequential([layers.Dense(2, name="a"), layers.Dense(2, name="a")])


@mistake(ValueError, "zero or negative", "padding='same'", own_line=False)
def kernel_larger_than_the_image(tmp: Path) -> None:
    dlcore.Sequential(
        [layers.Input((4, 4, 1)), layers.Conv2D(2, 3), layers.Conv2D(2, 3)]
    )


@mistake(NotImplementedError, "cannot train: it has no gradients", "to_backend")
def training_on_numpy(tmp: Path) -> None:
    with dlcore.use_backend("numpy"):
        compiled().fit(X, CLASSES, verbose=0)


# Ops.


@mistake(ValueError, r"add: shapes \(2, 3\) and \(2, 4\)", "must be equal or 1")
def shapes_that_do_not_broadcast(tmp: Path) -> None:
    ops.add(ops.ones((2, 3)), ops.ones((2, 4)))


@mistake(TypeError, "two libraries, .*torch", "convert_to_tensor")
def tensors_of_two_libraries(tmp: Path) -> None:
    with dlcore.use_backend("numpy"):
        variable = dlcore.Variable([1.0, 2.0])
    with dlcore.use_backend("jax"):
        other = ops.ones((2,))
    with dlcore.use_backend("torch"):
        ops.add(other, ops.ones((2,))) + variable


# Files.


@mistake(FileNotFoundError, "File not found", "Did you mean 'model.keras'")
def misspelt_file(tmp: Path) -> None:
    net().save(tmp / "model.keras")
    dlcore.saving.load_model(tmp / "modle.keras")


@mistake(ValueError, "Invalid filepath extension", r"'x\.keras'", own_line=False)
def misspelt_extension(tmp: Path) -> None:
    net().save(tmp / "x.kers")


@mistake(ValueError, "no zip archive", own_line=False)
def damaged_file(tmp: Path) -> None:
    (tmp / "bad.keras").write_text("hello")
    dlcore.saving.load_model(tmp / "bad.keras")


@mistake(ValueError, r"out/kernel", "skip_mismatch=True", own_line=False)
def weights_of_another_model(tmp: Path) -> None:
    net().save_weights(tmp / "w.weights.h5")
    net(5).load_weights(tmp / "w.weights.h5")


@mistake(TypeError, "Mine", "custom_objects=", own_line=False)
def own_class_missing_on_load(tmp: Path) -> None:
    class Mine(layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    dlcore.Sequential([layers.Input((4,)), Mine()]).save(tmp / "mine.keras")
    dlcore.saving.load_model(tmp / "mine.keras")


@pytest.fixture(autouse=True)
def on_torch() -> Any:
    with dlcore.use_backend("torch"):
        yield


def seen(do: Callable[[Path], Any], tmp: Path) -> tuple[list[Any], Any]:
    """Return the warnings and the error that something ends in."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            do(tmp)
        except BaseException as error:
            return caught, error
    return caught, None


@pytest.mark.parametrize("name", list(MISTAKES))
def test_mistake_is_caught_and_explained(name: str, tmp_path: Path) -> None:
    wanted = MISTAKES[name]
    caught, error = seen(wanted.do, tmp_path)
    if issubclass(wanted.error, Warning):
        assert error is None
        found = [str(w.message) for w in caught if issubclass(w.category, wanted.error)]
        text = next((t for t in found if re.search(wanted.says, t)), "")
        assert text, found
    else:
        assert isinstance(error, wanted.error), repr(error)
        text = "\n".join([str(error), *getattr(error, "__notes__", [])])
        assert re.search(wanted.says, text), text
    assert re.search(wanted.hint, text), text
    assert "\x1b" not in text  # no codes of colours: logs and notebooks show them
    if wanted.own_line and error is not None:
        assert last_shown(error.__traceback__) == HERE


def last_shown(trace: TracebackType | None) -> Path:
    """Return the file of the last frame that a notebook shows of a traceback."""
    last = HERE
    while trace is not None:
        if not trace.tb_frame.f_locals.get("__tracebackhide__"):
            last = Path(trace.tb_frame.f_code.co_filename)
        trace = trace.tb_next
    return last


def test_nine_of_ten_mistakes_come_with_a_hint() -> None:
    assert len(MISTAKES) >= 45
    hints = [m.hint for m in MISTAKES.values()]
    assert sum(map(bool, hints)) >= 0.9 * len(hints)
