"""What objects show of themselves: text always, small self-contained HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

import dlcore
from dlcore import layers
from dlcore.src.display.facts import MOST, facts
from dlcore.src.display.pictures import matrix

BACKENDS = ("numpy", "jax", "torch", "tensorflow", "openvino")
VOID = {"img", "br", "hr", "path", "input", "meta"}


class Balanced(HTMLParser):
    """Checks that each element is closed, and that nothing runs or is loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "iframe")
        for name, value in attrs:
            assert not name.startswith("on"), name
            if name in ("src", "href"):
                assert (value or "").startswith("data:image/")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        """Leave elements that close themselves."""


def html(shown: object) -> str:
    bundle = shown._repr_mimebundle_()  # type: ignore[attr-defined]
    assert bundle["text/plain"].strip()
    parser = Balanced()
    parser.feed(bundle["text/html"])
    parser.close()
    assert parser.open == []
    assert len(bundle["text/html"].encode()) <= 50_000
    return re.sub(r"<style>.*?</style>", "", bundle["text/html"])


def small_model() -> dlcore.Sequential:
    model = dlcore.Sequential(
        [layers.Input((4,)), layers.Dense(6, activation="relu"), layers.Dense(2)],
        name="small",
    )
    model.compile(dlcore.optimizers.Adam(2e-3, clipnorm=1.0), "mse")
    return model


@pytest.mark.parametrize("name", BACKENDS)
def test_everything_has_a_display_on_every_backend(name: str) -> None:
    with dlcore.use_backend(name):
        model = small_model()
        dense = model.layers[0]
        assert "(None, 4) → (None, 6)" in html(dense)
        assert "units=6" in html(dense) and "activation=" in html(dense)
        assert "small/dense" in html(dense.kernel) or "kernel" in html(dense.kernel)
        assert "Adam" in html(model.optimizer) and "clipnorm=1" in html(model.optimizer)
        assert "(None, 4)" in html(model.inputs[0])
        assert name in html(model)


def test_what_is_broken_is_marked_in_layer_model_and_variable() -> None:
    with dlcore.use_backend("numpy"):
        model = small_model()
        kernel = model.layers[0].kernel
        values = kernel.numpy().copy()
        values[:, 1] = 0.0
        values[0, 3] = np.nan
        values[1, 3] = np.inf
        kernel.assign(values)
        for shown in (model, model.layers[0], kernel):
            written = html(shown)
            assert "1 NaN, 1 infinite, 1 of 6 units dead" in written
        assert "NaN" not in html(model.layers[1])


def test_facts_agree_with_numpy() -> None:
    array = np.random.default_rng(0).normal(size=(50, 40)).astype("float32")
    found = facts(array)
    assert found is not None
    np.testing.assert_allclose(found.mean, array.mean(dtype="float64"))
    np.testing.assert_allclose(found.deviation, array.std(dtype="float64"))
    assert (found.low, found.high) == (array.min(), array.max())
    assert sum(found.bins) == array.size and found.part == 1
    assert found.marks == []


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((3, 0)),
        np.array(["a"]),
        np.array(1j),
    ],
)
def test_arrays_without_real_numbers_have_no_facts(array: np.ndarray) -> None:
    assert facts(array) is None


@pytest.mark.parametrize(
    ("array", "marks"),
    [
        (np.array(3.0), []),
        (np.array([True, False]), []),
        (np.full((2, 2), np.nan), ["4 NaN"]),
        (np.array([np.inf, -np.inf]), ["2 infinite"]),
        (np.zeros((2, 3)), ["3 of 3 units dead"]),
        (np.zeros((4, 1)), []),
        (np.array([[-1e308, 1e308]]), []),
    ],
)
def test_marks(array: np.ndarray, marks: list[str]) -> None:
    found = facts(array)
    assert found is not None and found.marks == marks


def test_large_arrays_are_looked_at_in_part() -> None:
    found = facts(np.ones((MOST // 10 * 3, 10), "float32"))
    assert found is not None and found.part == pytest.approx(1 / 3, rel=1e-3)


def test_a_matrix_is_drawn_with_the_means_of_its_blocks() -> None:
    import base64
    import io

    from PIL import Image

    values = np.zeros((96, 192), "float32")
    values[:2, :2] = [[4, 0], [0, 0]]  # mean 1: the largest
    values[2:4, 2:4] = -0.25
    values[4, 4] = np.nan
    drawn = matrix(values)
    assert drawn is not None
    address, cell = drawn
    data = base64.b64decode(address.partition(",")[2])
    pixels = np.asarray(Image.open(io.BytesIO(data)))
    assert cell == (2, 2) and pixels.shape == (48, 96, 4)
    assert pixels[0, 0, 3] == 255 and pixels[1, 1, 3] == 128  # sqrt(1 / 4)
    assert pixels[0, 0, 2] > pixels[0, 0, 0]  # blue above zero
    assert pixels[1, 1, 0] > pixels[1, 1, 2]  # orange below
    assert tuple(pixels[2, 2]) == (0xD1, 0, 0xD1, 255)
    assert pixels[10, 10, 3] == 0


def test_a_model_of_many_layers_stays_small() -> None:
    with dlcore.use_backend("numpy"):
        model = dlcore.Sequential(
            [layers.Input((8,)), *(layers.Dense(8) for _ in range(300))]
        )
        assert re.search(r"and \d+ more", html(model))


def test_names_are_escaped() -> None:
    with dlcore.use_backend("numpy"):
        assert "<b><i>" not in html(layers.Dense(2, name="<i>x"))


def test_a_history_shows_its_curves() -> None:
    with dlcore.use_backend("torch"):
        model = small_model()
        x = np.random.default_rng(0).random((32, 4), "float32")
        history = model.fit(x, x[:, :2], epochs=3, validation_split=0.25, verbose=0)
    written = html(history)
    assert "polyline" in written and "val_loss" in written
    assert "val_loss" in history._repr_mimebundle_()["text/plain"]


def test_a_history_that_its_cell_has_shown_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dlcore.src.widgets import place

    history = dlcore.callbacks.History()
    history.epoch, history.history = [0], {"loss": [1.0]}
    history.shown_in = 7
    monkeypatch.setattr(place, "cell", lambda: 7)
    assert set(history._repr_mimebundle_()) == {"text/plain"}
    monkeypatch.setattr(place, "cell", lambda: 8)
    assert "text/html" in history._repr_mimebundle_()


def test_a_traced_variable_shows_no_values() -> None:
    jax = pytest.importorskip("jax")
    with dlcore.use_backend("jax"):
        variable = dlcore.Variable([[1.0, 2.0], [3.0, 4.0]], name="w")

        def show(value: object) -> object:
            from dlcore.src.variable import lent

            with lent([variable], [value]):
                assert "<img" not in html(variable)
            return value

        jax.jit(show)(variable.value)
        assert "<img" in html(variable)


def test_treescope_unfolds_layers_and_variables() -> None:
    import treescope

    with dlcore.use_backend("torch"):
        model = small_model()
        text = treescope.render_to_text(model)
        assert "Dense(" in text and "np.ndarray float32(4, 6)" in text
        assert "Adam(" in treescope.render_to_text(model.optimizer)
        assert "treescope" in treescope.render_to_html(model.layers[0])
