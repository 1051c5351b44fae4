"""A run as HTML: what it holds, how large it is, that it needs nothing else."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser

import pytest
from PIL import Image

from dlcore.src.widgets import curves, page
from dlcore.src.widgets.curves import MOST_PANELS, figure, panels, svg
from dlcore.src.widgets.pace import Pace
from dlcore.src.widgets.recorder import Recorder
from dlcore.src.widgets.run import Run
from dlcore.src.widgets.text import Lines
from tests.dlcore.widgets.training import train

SEVEN = ("loss", "a", "b", "c", "d", "e", "f")


class Balanced(HTMLParser):
    """Fails if a tag is closed that is not open."""

    empty = frozenset({"img", "br", "path", "polyline", "circle"})

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in self.empty:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.empty:
            assert self.open.pop() == tag


def record(**kwargs) -> Run:
    recorder = Recorder(Lines())
    recorder.view.throttle.due = 0.0
    recorder.view.draw = lambda run: None
    train(recorder, **kwargs)
    return recorder.run


@pytest.mark.parametrize(
    "kwargs",
    [
        {"epochs": 20, "steps": 400},
        {"epochs": 1, "steps": 1, "validation": False},
        {"epochs": 400, "steps": 10, "names": SEVEN},
        {"epochs": 3000, "steps": 2},
    ],
    ids=["20 epochs of 400 steps", "one step", "many metrics", "many epochs"],
)
def test_what_stays_is_small_and_whole(kwargs):
    run = record(**kwargs)
    text = page.still(run)
    assert len(text.encode()) <= 64 * 1024
    tags = Balanced(text).tags
    assert {"div", "style", "svg", "table", "img"} <= tags
    assert not {"script", "link", "iframe", "object"} & tags
    assert not re.search(r'(?:src|href)="(?!data:)', text)
    assert "url(" not in text
    assert text.count("<svg") == min(MOST_PANELS, len(run.metrics()))
    assert "finished" in text


def test_what_stays_holds_the_numbers():
    run = record(epochs=8)
    text = page.still(run)
    assert text.count("<tr") == 1 + page.ROWS + 1 + 8
    assert "8 of 8 epochs" in text
    assert "all 8 epochs" in text
    for name in ("val_loss", "val_accuracy"):
        for epoch in run.epochs:
            assert f"{epoch.logs[name]:.4f}" in text
    assert text.count("class=best") == 2


def test_while_it_runs():
    run = Run("m", Pace(20, 100), backend="jax")
    run.begin_epoch(0)
    run.reach(50, {"loss": 0.25})
    text = page.html(run, [(p, svg(p)) for p in panels(run)])
    Balanced(text)
    assert "epoch 1 of 20" in text
    assert "step 50 of 100" in text
    assert "width: 2.5%" in text
    assert "training" in text
    assert "jax" in text
    assert "0.2500" in text


def test_names_are_escaped():
    run = Run("<script>alert(1)</script>", Pace(1), note="<b>", backend="<i>")
    run.begin_epoch(0)
    run.end_epoch(0, {"<img src=x>": 1.0})
    run.finish("failed", "ValueError: <b>")
    text = page.still(run)
    assert "<script" not in text
    assert "<img src=x>" not in text
    assert "ValueError: &lt;b&gt;" in text


def test_values_that_are_not_finite():
    run = Run("m", Pace(3))
    for i, loss in enumerate([1.0, float("nan"), float("inf")]):
        run.begin_epoch(i)
        run.end_epoch(i, {"loss": loss})
    run.finish("finished")
    text = page.still(run)
    assert text.count('class="bad"') == 2
    assert "nan" not in "".join(re.findall(r"<svg.*?</svg>", text))
    assert run.best.number == 1


@pytest.mark.parametrize("values", [[], [0.0], [5.0, 5.0], [-1e-12, 1e-12], [1e30, 0]])
def test_an_axis_for_any_values(values):
    axis = curves._y_axis(values)
    assert axis.low < axis.high
    assert len(axis.ticks) >= 2
    slack = 1e-9 * (axis.high - axis.low)
    assert all(axis.low - slack <= v <= axis.high + slack for v in values)
    assert len(set(axis.labels)) == len(axis.labels)


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.1, 0.9, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0.05, 2.3, ["0", "1", "2", "3"]),
        (0.961, 0.989, ["0.96", "0.97", "0.98", "0.99"]),
        (-3, 17, ["-5", "0", "5", "10", "15", "20"]),
    ],
)
def test_round_numbers(low, high, labels):
    assert curves._y_axis([low, high]).labels == labels


def test_the_axis_of_epochs_has_whole_numbers_and_grows():
    run = Run("m", Pace(100, 10))
    seen = []
    for epoch in range(100):
        run.begin_epoch(epoch)
        run.end_epoch(epoch, {"loss": 1.0})
        (panel,) = panels(run)
        seen.append(panel.x.high)
        assert all(tick == int(tick) for tick in panel.x.ticks)
    assert sorted(set(seen)) == [20, 40, 80, 100]
    assert seen == sorted(seen)


def test_a_panel_has_few_points():
    run = record(epochs=2000, steps=1)
    for panel in panels(run):
        text = svg(panel)
        assert len(text) < 25_000
        assert all(len(s.x) <= 500 for s in (panel.train, panel.inside, panel.valid))


def test_the_fallback_picture():
    run = record(epochs=5)
    (data,) = re.findall(r"data:image/png;base64,([^\"]*)", page.still(run))
    picture = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA")
    assert picture.width == 2 * 320
    assert picture.getpixel((0, 0))[3] == 0  # transparent
    colors = {c[:3] for _, c in picture.getcolors(100_000) if c[3] > 200}
    assert len(colors) > 2
    assert re.search(r"\.fallback \{ display: none", page.still(run))


def test_pyplot_is_left_alone():
    import matplotlib.pyplot as plt

    plt.close("all")
    page.still(record(epochs=2))
    made = figure(record(epochs=2))
    assert len(made.axes) == 2
    assert plt.get_fignums() == []


def test_plain_text():
    run = record(epochs=9)
    lines = page.text(run).splitlines()
    assert lines[0].startswith("digits, finished; 9 of 9 epochs")
    assert lines[1].split() == ["epoch", *page.columns(run)]
    assert [line.split()[0] for line in lines[2:]] == ["5", "6", "7", "8", "9"]
    assert lines[-1].endswith("best")
