"""The summary of models, as text and as HTML; Keras is the oracle."""

from __future__ import annotations

import re
import types

import numpy as np
import pytest

import dlcore
from dlcore.src.models import summary
from tests.dlcore.widgets.test_page import Balanced


def chain(lib, name: str = "chain"):
    layers = lib.layers
    return lib.Sequential(
        [
            lib.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.Flatten(name="flat"),
            layers.Dense(10, name="out"),
        ],
        name=name,
    )


def branches(lib):
    layers = lib.layers
    x = lib.Input((8,), name="features")
    hidden = layers.Dense(16, name="hidden")(x)
    left = layers.Dense(4, name="left")(hidden)
    right = layers.Dense(4, name="right", trainable=False)(hidden)
    return lib.Model(x, layers.Add(name="sum")([left, right]), name="branches")


def nested(lib):
    inner = chain(lib, "inner")
    layers = [lib.Input((8, 8, 1)), inner, lib.layers.Dense(2, name="last")]
    return lib.Sequential(layers, name="nested")


@pytest.fixture(scope="module")
def keras():
    import keras

    return types.SimpleNamespace(
        layers=keras.layers,
        Sequential=keras.Sequential,
        Model=keras.Model,
        Input=keras.Input,
    )


def table(text: str) -> list[list[str]]:
    """Return the cells of a printed table; lines that go on are joined."""
    rows: list[list[str]] = []
    fresh = True
    for line in text.splitlines():
        if line.startswith(("┏", "├", "┡", "└")):
            fresh = True
        elif line.startswith(("│", "┃")):
            cells = [c.strip() for c in re.split("[│┃]", line)[1:-1]]
            if fresh:
                rows.append(cells)
            else:
                joined = zip(rows[-1], cells, strict=True)
                rows[-1] = [f"{a} {b}".strip() for a, b in joined]
            fresh = False
    return rows


def totals(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if "params:" in line]


def printed(model, **kwargs) -> str:
    found: list[str] = []
    model.summary(print_fn=lambda text, **_: found.append(text), **kwargs)
    return "\n".join(found)


@pytest.mark.parametrize("build", [chain, branches, nested])
@pytest.mark.parametrize(
    "kwargs",
    [{}, {"show_trainable": True}, {"expand_nested": True}],
    ids=["plain", "trainable", "expanded"],
)
def test_the_same_as_keras(keras, monkeypatch, build, kwargs):
    monkeypatch.setenv("COLUMNS", "220")  # Keras cuts its table at this width
    ours = printed(build(dlcore), line_length=200, **kwargs)
    theirs = printed(build(keras), line_length=200, **kwargs)
    assert table(ours)[0] == table(theirs)[0]
    for row, wanted in zip(table(ours), table(theirs), strict=True):
        assert row == [c.replace("(Functional)", "(Sequential)") for c in wanted]
    assert totals(ours) == totals(theirs)


def test_the_optimizer_counts_once_it_has_slots(keras):
    ours, theirs = chain(dlcore), chain(keras)
    x, y = np.ones((4, 8, 8, 1), "float32"), np.zeros((4, 10), "float32")
    found = []
    for model in (ours, theirs):
        model.compile("sgd", "mse")
        model.train_on_batch(x, y)
        found.append([line.partition(" (")[0] for line in totals(printed(model))])
    assert found[0] == found[1]
    assert found[0][-1] == "Optimizer params: 2"


def test_a_model_that_is_not_built():
    model = dlcore.Sequential([dlcore.layers.Dense(2)])
    assert table(printed(model))[1][1:] == ["?", "0 (unbuilt)"]
    model(np.ones((4, 3), "float32"))
    assert table(printed(model))[1][1:] == ["(None, 2)", "8"]


def test_a_model_with_its_own_call():
    class Own(dlcore.Model):
        def __init__(self):
            super().__init__()
            self.first = dlcore.layers.Dense(4)
            self.second = dlcore.layers.Dense(2)

        def call(self, x):
            return self.second(self.first(x))

    model = Own()
    assert [row[2] for row in table(printed(model))[1:]] == ["0 (unbuilt)"] * 2
    model(np.ones((5, 3), "float32"))
    assert [row[1:] for row in table(printed(model))[1:]] == [
        ["(5, 4)", "16"],
        ["(5, 2)", "10"],
    ]


def test_line_length_and_positions():
    text = printed(branches(dlcore), line_length=70, positions=[0.3, 0.6, 0.75, 1.0])
    assert max(len(line) for line in text.splitlines()) <= 70
    assert "features" in text


def test_layer_range():
    text = printed(chain(dlcore), layer_range=["norm", "fl.*"])
    assert [row[0] for row in table(text)[1:]] == [
        "norm (BatchNormalization)",
        "flat (Flatten)",
    ]
    with pytest.raises(ValueError, match=r"called 'nrm'.* mean 'norm'"):
        printed(chain(dlcore), layer_range=["nrm", "out"])
    with pytest.raises(ValueError, match="takes two names"):
        printed(chain(dlcore), layer_range=["norm"])


def test_printing(capsys):
    chain(dlcore).summary()
    assert 'Model: "chain"' in capsys.readouterr().out


@pytest.mark.parametrize("build", [chain, branches, nested])
def test_html(build):
    model = build(dlcore)
    text = summary.html(model)
    tags = Balanced(text).tags
    assert {"details", "summary", "style"} <= tags
    assert not {"script", "link", "img"} & tags
    assert len(text.encode()) <= 50 * 1024
    assert f"{model.count_params():,}" in text
    for layer in model.layers:
        assert layer.name in text
        assert str(tuple(layer.output.shape)) in text
        for weight in layer.weights:
            assert str(weight.shape) in text


def test_html_of_a_large_model_stays_small():
    layers = [dlcore.layers.Dense(2) for _ in range(300)]
    model = dlcore.Sequential([dlcore.Input((2,)), *layers])
    text = summary.html(model)
    assert re.search(r"and \d+ more", text)
    assert len(text.encode()) <= 50_000


def test_mimebundle():
    model = chain(dlcore)
    bundle = model._repr_mimebundle_()
    assert bundle == {
        "text/plain": summary.text(model),
        "text/html": summary.html(model),
    }
    assert 'Model: "chain"' in bundle["text/plain"]


def test_names_are_escaped():
    model = dlcore.Sequential([dlcore.layers.Dense(1, name="<b>")], name="[red]<i>")
    assert "<b>" not in summary.html(model).replace("<b>[red]", "")
    assert "&lt;i&gt;" in summary.html(model)
    assert "[red]<i>" in summary.text(model)


@pytest.mark.parametrize(
    ("dtype", "size"), [("float32", 40), ("bfloat16", 20), ("int4", 5), ("bool", 10)]
)
def test_bytes(dtype, size):
    assert summary.Weight("w", (10,), dtype, True).size == size
