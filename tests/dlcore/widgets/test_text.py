"""The bar of a terminal, the lines of a log, and which of them is chosen."""

from __future__ import annotations

import io
import re
import sys
from types import SimpleNamespace

import pytest

from dlcore.src.widgets import place as places, progress, text
from dlcore.src.widgets.dashboard import Dashboard
from dlcore.src.widgets.progress import progress_callback
from dlcore.src.widgets.recorder import Recorder
from dlcore.src.widgets.text import Bar, Lines
from tests.dlcore.widgets.training import Model, metrics, train

ANSI = re.compile(r"\x1b\[[0-9;]*[mK]")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch) -> Terminal:
    found = Terminal()
    # Not sys.stdout itself: pytest sets that anew before the test's body.
    seen = SimpleNamespace(stdout=found, modules=sys.modules)
    monkeypatch.setattr(text, "sys", seen)
    monkeypatch.setattr(places, "sys", seen)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("CI", raising=False)
    return found


def screen(written: str) -> list[str]:
    """Return what is seen after all carriage returns."""
    lines = ANSI.sub("", written).split("\n")
    return [line.rpartition("\r")[2] for line in lines]


def test_lines(capsys):
    train(Recorder(Lines()), epochs=3, steps=10)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    pattern = r"Epoch 2/3 - 10 steps - \S+ m?s - loss: 0.8461 - accuracy: 0.6689 - val_"
    assert re.match(pattern, lines[1])


def test_lines_of_a_run_that_ends_badly(capsys):
    recorder = Recorder(Lines())

    def step(epoch, i):
        if epoch == 1:
            raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError) as raised:
        train(recorder, step=step)
    recorder.close(raised.value)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "Training failed: RuntimeError: out of memory"


def test_lines_of_evaluate(capsys):
    recorder = Recorder(Lines())
    recorder.set_model(Model())
    recorder.set_params({"steps": 4})
    recorder.on_test_begin()
    recorder.on_test_end(metrics(2))
    (line,) = capsys.readouterr().out.splitlines()
    assert re.match(r"Evaluate - 4 steps - .* - loss: 0.8461 - accuracy: 0.6689$", line)


def test_bar(terminal):
    bar = Bar(least=0.0)
    bar.throttle.factor = 0
    train(Recorder(bar), epochs=2, steps=10)
    written = terminal.getvalue()
    assert written.count("\n") == 2
    lines = re.split(r"[\r\n]+", ANSI.sub("", written))
    assert all(len(line) < 80 for line in lines if "/10" in line)
    assert re.search(r"Epoch 1/2  [━╸╺]+ +3/10", lines[3])
    seen = screen(written)
    assert seen[-1] == ""
    assert re.match(r"Epoch 2/2  10 steps  .*loss: 0.8461.*val_accuracy: ", seen[1])


def test_bar_says_what_is_left(terminal):
    bar = Bar(least=0.0)
    bar.throttle.factor = 0
    train(Recorder(bar), epochs=2, steps=10)
    assert re.search(r"\d m?s left", ANSI.sub("", terminal.getvalue()))


def test_bar_of_a_run_that_is_interrupted(terminal):
    recorder = Recorder(Bar(least=0.0))

    def step(epoch, i):
        if epoch == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(recorder, step=step)
    recorder.close(KeyboardInterrupt())
    assert screen(terminal.getvalue())[-2:] == ["Epoch 2/3 interrupted", ""]


def test_bar_without_a_known_number_of_steps(terminal):
    recorder = Recorder(Bar(least=0.0))
    recorder.set_model(Model())
    recorder.set_params({"epochs": 1, "steps": None})
    recorder.on_train_begin()
    recorder.on_epoch_begin(0)
    recorder.view.throttle.due = 0
    recorder.on_train_batch_end(4, {"loss": 1.0})
    assert "Epoch 1/1  5 steps" in ANSI.sub("", terminal.getvalue())


def test_a_quick_predict_says_nothing(terminal):
    recorder = Recorder(Bar(least=100.0))
    recorder.set_model(Model())
    recorder.on_predict_begin()
    recorder.on_predict_end()
    assert terminal.getvalue() == ""


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"TERM": "xterm"}, "terminal"),
        ({"TERM": "dumb"}, "log"),
        ({"TERM": "xterm", "CI": "true"}, "log"),
        ({"TERM": "xterm", "CI": "false"}, "terminal"),
    ],
)
def test_place(terminal, monkeypatch, variables, expected):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert places.place() == expected


def test_a_pipe_and_no_output_at_all_are_logs(monkeypatch):
    for stdout in (io.StringIO(), None):
        seen = SimpleNamespace(stdout=stdout, modules=sys.modules)
        monkeypatch.setattr(places, "sys", seen)
        assert places.place() == "log"


@pytest.mark.parametrize(
    ("verbose", "notebook", "tty", "kind", "view"),
    [
        ("auto", True, False, Dashboard, None),
        ("auto", False, True, Recorder, Bar),
        ("auto", False, False, Recorder, Lines),
        (1, True, False, Recorder, Bar),
        (1, False, True, Recorder, Bar),
        (1, False, False, Recorder, Lines),
        (True, False, True, Recorder, Bar),
        (2, True, False, Recorder, Lines),
        (2, False, True, Recorder, Lines),
        (0, True, False, None, None),
        (False, False, True, None, None),
    ],
)
def test_verbose(monkeypatch, verbose, notebook, tty, kind, view):
    monkeypatch.setattr(progress, "in_notebook", lambda: notebook)
    monkeypatch.setattr(progress, "place", lambda: "terminal" if tty else "log")
    found = progress_callback(verbose, Model())
    if kind is None:
        assert found is None
        return
    assert type(found) is kind
    assert isinstance(found.model, Model)
    if view is not None:
        assert type(found.view) is view


def test_a_dashboard_of_the_user_is_enough():
    assert progress_callback("auto", callbacks=[Dashboard()]) is None
    assert progress_callback(1, callbacks=[Dashboard()]) is None


@pytest.mark.parametrize("verbose", [3, "atuo", None, -1])
def test_wrong_verbose(verbose):
    with pytest.raises(ValueError, match="`verbose` cannot be"):
        progress_callback(verbose)


def test_wrong_interval():
    with pytest.raises(ValueError, match="`interval` must be a positive number"):
        Dashboard(interval=0)


def test_dashboard_outside_of_a_notebook_is_text(capsys):
    dashboard = Dashboard()
    train(dashboard, epochs=3)
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert "<svg" in dashboard._repr_html_()
    assert repr(dashboard).startswith("digits, finished")
    assert len(dashboard.figure().axes) == 2


def test_dashboard_before_a_run():
    dashboard = Dashboard(monitor="val_accuracy")
    assert dashboard._repr_html_() is None
    assert repr(dashboard) == "Dashboard(monitor='val_accuracy', title=None)"
    with pytest.raises(ValueError, match="there is no run to draw"):
        dashboard.figure()
