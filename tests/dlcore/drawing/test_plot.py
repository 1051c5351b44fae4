"""Pictures of models: what is in them, nothing overlaps, themes in a browser."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given, settings, strategies as st

import dlcore
from dlcore import layers
from dlcore.src.drawing.diagram import Shown, diagram
from dlcore.src.drawing.layout import laid_out

SVG = "{http://www.w3.org/2000/svg}"


def towers():
    """Two inputs, a branch, a shared layer, an op, a model in the model."""
    a, b = dlcore.Input((8,), name="a"), dlcore.Input((8,), name="b")
    shared = layers.Dense(4, "relu", name="shared")
    inner = dlcore.Sequential([dlcore.Input((4,)), layers.Dense(4, "tanh")], name="in")
    x = layers.Add()([shared(a), inner(shared(b))])
    x = layers.Concatenate()([x * 2.0, shared(a)])
    return dlcore.Model([a, b], [layers.Dense(1)(x), layers.Dense(2)(x)], name="towers")


def texts(svg):
    return [e.text for e in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_what_the_boxes_say(tmp_path):
    path = tmp_path / "m.svg"
    everything = dict.fromkeys(
        (
            *("show_shapes", "show_dtype", "show_layer_names", "expand_nested"),
            *("show_layer_activations", "show_trainable"),
        ),
        True,
    )
    model = towers()
    picture = dlcore.utils.plot_model(model, path, **everything)
    said = texts(picture.svg)
    assert path.read_text() == picture.svg == picture._repr_html_()
    for wanted in (
        "shared",
        "a",
        "InputLayer",
        "(None, 8) → (None, 4)",
        "tanh",
        "float32",
    ):
        assert wanted in said
    assert "36 parameters" in said and "multiply" in said and said.count("shared") == 1
    plain = texts(dlcore.utils.plot_model(model, path).svg)
    assert "shared" not in plain and plain.count("InputLayer") == 2
    assert "Sequential" in plain


@pytest.mark.parametrize("direction", ["TB", "LR", "BT", "RL"])
def test_arrows_lead_where_they_should(direction, tmp_path):
    svg = dlcore.utils.plot_model(towers(), tmp_path / "m.svg", rankdir=direction).svg
    arrows = list(ElementTree.fromstring(svg).iter(f"{SVG}path"))[1:]  # after the tip
    assert len(arrows) == 10
    axis, sign = {"TB": (1, 1), "BT": (1, -1), "LR": (0, 1), "RL": (0, -1)}[direction]
    for arrow in arrows:
        numbers = [float(n) for n in arrow.get("d").replace("C", " ")[1:].split()]
        start, end = numbers[:2], numbers[-2:]
        assert sign * (end[axis] - start[axis]) > 0


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=24))
@settings(deadline=None, max_examples=60)
def test_boxes_do_not_overlap(pairs):
    boxes = [object() for _ in range(12)]
    sizes = [(box, 40.0 + 10 * i, 30.0) for i, box in enumerate(boxes)]
    arrows = [(boxes[min(p)], boxes[max(p)]) for p in pairs]
    layout = laid_out(sizes, arrows)
    assert len(layout.places) == 12
    for one, two in itertools.combinations(layout.places, 2):
        apart = one.x + one.width <= two.x + 1e-6 or two.x + two.width <= one.x + 1e-6
        assert apart or one.rank != two.rank
        assert one.rank >= two.rank or one.y + one.height <= two.y
    inside = [0 <= p.x and p.x + p.width <= layout.width + 1e-6 for p in layout.places]
    assert all(inside)


def test_files_of_all_kinds(tmp_path):
    model = towers()
    for name, head in (
        ("m.png", b"\x89PNG"),
        ("m.pdf", b"%PDF"),
        ("m.dot", b"digraph"),
    ):
        dlcore.utils.plot_model(model, tmp_path / name, dpi=96)
        assert (tmp_path / name).read_bytes().startswith(head)
    with pytest.raises(ValueError, match="Did you mean 'png'"):
        dlcore.utils.plot_model(model, tmp_path / "m.pngg")
    with pytest.raises(ValueError, match="Did you mean 'LR'"):
        dlcore.utils.plot_model(model, tmp_path / "m.svg", rankdir="LRT")
    with pytest.raises(ValueError, match="has not yet been built"):
        dlcore.utils.plot_model(dlcore.Sequential([layers.Dense(1)]), "m.svg")
    with pytest.raises(ValueError, match="Unrecognized keyword arguments"):
        dlcore.utils.plot_model(model, tmp_path / "m.svg", show_shape=True)


def test_dot_has_every_box_and_arrow():
    pydot = pytest.importorskip("pydot")
    model = towers()
    dot = dlcore.utils.model_to_dot(model, show_shapes=True)
    found = diagram(model, Shown())
    assert isinstance(dot, pydot.Dot)
    keys = {box.key for box in found.boxes}
    assert keys <= {node.get_name() for node in dot.get_nodes()}
    edges = {(e.get_source(), e.get_destination()) for e in dot.get_edges()}
    assert edges == {(a.key, b.key) for a, b in found.arrows}
    nested = dlcore.utils.model_to_dot(model, expand_nested=True)
    assert len(nested.get_subgraphs()) == 1
    assert isinstance(dlcore.utils.model_to_dot(model, subgraph=True), pydot.Subgraph)


def test_subclassed_models_are_one_box(tmp_path):
    class Own(dlcore.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    model = Own()
    model.build((None, 3))
    assert texts(dlcore.utils.plot_model(model, tmp_path / "m.svg").svg) == ["Own"]


def test_themes_and_widths_in_a_browser(tmp_path):
    sync = pytest.importorskip("playwright.sync_api")
    path = tmp_path / "m.svg"
    dlcore.utils.plot_model(
        towers(), path, show_shapes=True, show_layer_names=True, expand_nested=True
    )
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    inks = {}
    with sync.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=arguments
        )
        for scheme in ("light", "dark"):
            page = browser.new_page(color_scheme=scheme)
            page.goto(path.as_uri())
            inks[scheme] = page.evaluate(
                "getComputedStyle(document.querySelector('text')).fill"
            )
            # No text leaves its card.
            out = page.evaluate(
                """() => {
                  const cards = [...document.querySelectorAll('.card, .group')]
                    .map(e => e.getBoundingClientRect());
                  return [...document.querySelectorAll('text')].filter(t => {
                    const r = t.getBoundingClientRect();
                    return !cards.some(c => c.left <= r.left && r.right <= c.right
                      && c.top <= r.top && r.bottom <= c.bottom);
                  }).map(t => t.textContent);
                }"""
            )
            assert out == []
        browser.close()
    assert inks["light"] != inks["dark"]
