"""The dashboard in real kernels: what is seen while it runs, and what stays."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

ROOT = Path(__file__).parents[3]
SETUP = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import time
from tests.dlcore.widgets.training import train
from dlcore.src.widgets.dashboard import Dashboard
from dlcore.src.widgets.progress import progress_callback
def wait(epoch, step):
    time.sleep(0.001)
"""


def execute(*cells: str, allow_errors: bool = False) -> list[list[dict]]:
    """Run cells in a kernel of their own; return the outputs of each."""
    book = nbformat.v4.new_notebook()
    book.cells = [nbformat.v4.new_code_cell(c) for c in (SETUP, *cells)]
    NotebookClient(
        book, timeout=120, allow_errors=allow_errors, resources={"metadata": {}}
    ).execute()
    assert "application/vnd.jupyter.widget-view+json" not in nbformat.writes(book)
    return [cell.outputs for cell in book.cells[1:]]


def check_still(output: dict, status: str) -> str:
    assert output["output_type"] == "display_data"
    assert set(output["data"]) == {"text/html", "text/plain"}
    html = output["data"]["text/html"]
    assert len(html.encode()) <= 64 * 1024
    assert f"</span>{status}" in html
    assert "<svg" in html
    assert "data:image/png" in html
    return html


@pytest.mark.slow
def test_one_output_stays_however_a_run_ends():
    finished, failed, interrupted, later, bar = execute(
        "train(progress_callback('auto'), epochs=20, steps=400)",
        """
def step(epoch, i):
    if (epoch, i) == (2, 5):
        raise RuntimeError("out of memory")
train(Dashboard(), epochs=4, step=step)
""",
        """
def step(epoch, i):
    if (epoch, i) == (2, 5):
        raise KeyboardInterrupt
train(Dashboard(title="mine", monitor="val_accuracy"), epochs=4, step=step)
""",
        "1 + 1",
        "train(progress_callback(1), epochs=30)",
        allow_errors=True,
    )
    (output,) = finished
    html = check_still(output, "finished")
    assert "20 of 20 epochs" in html
    output, error = failed
    html = check_still(output, "failed: RuntimeError: out of memory")
    assert "2 of 4 epochs" in html
    assert error["ename"] == "RuntimeError"
    output, error = interrupted
    html = check_still(output, "interrupted")
    assert "<b>mine</b>" in html
    assert error["ename"] == "KeyboardInterrupt"
    assert later[0]["data"] == {"text/plain": "2"}
    (output,) = bar
    assert set(output["data"]) == {"text/plain"}
    lines = output["data"]["text/plain"].splitlines()
    assert lines[-1].startswith("Epoch 30/30")
    assert len(lines) == 20


@pytest.mark.slow
def test_a_model_shows_itself():
    build = "import dlcore; layers = [dlcore.Input((2,)), dlcore.layers.Dense(1)]"
    shown, printed, summary = execute(
        f"{build}\ndlcore.Sequential(layers)",
        f"{build}\ndlcore.Sequential(layers).summary(print_fn=print)",
        f"{build}\ndlcore.Sequential(layers).summary()",
    )
    for (output,), kind in ((shown, "execute_result"), (summary, "display_data")):
        assert output["output_type"] == kind
        assert set(output["data"]) == {"text/html", "text/plain"}
        assert "<details" in output["data"]["text/html"]
        assert "Total params: 3" in output["data"]["text/plain"]
    (output,) = printed
    assert "Total params: 3" in output["text"]


@pytest.mark.slow
def test_a_run_in_another_thread_outlives_the_cell():
    first, second = execute(
        """
import threading
begun, go = threading.Event(), threading.Event()
def step(epoch, i):
    begun.set()
    if epoch == 1:
        go.wait(60)
dashboard = Dashboard()
thread = threading.Thread(target=train, args=[dashboard], kwargs={"step": step})
thread.start()
begun.wait(60)
""",
        """
status = dashboard.run.status
html = dashboard._repr_html_()
go.set()
thread.join()
print(status, "<div" in html, dashboard.run.status)
""",
    )
    text = [o["text"] for o in second if o["output_type"] == "stream"]
    assert text == ["running True finished\n"]
    shown = [o for o in (*first, *second) if o["output_type"] == "display_data"]
    assert len(shown) == 1


@pytest.mark.slow
def test_it_is_drawn_while_it_runs_and_stops_with_the_kernels_interrupt():
    """The kernel is interrupted as by the stop button, once a curve was seen."""
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        client.execute_interactive(SETUP, timeout=60)
        drawn = threading.Event()
        bundles: list[str] = []

        def hook(message: dict) -> None:
            if message["msg_type"] in ("display_data", "update_display_data"):
                bundles.append(message["content"]["data"]["text/html"])
                seen = "<polyline" in bundles[-1]
                if seen and not drawn.is_set():
                    drawn.set()
                    manager.interrupt_kernel()

        code = "train(Dashboard(), epochs=1000, steps=100, step=wait)"
        reply = client.execute_interactive(code, timeout=120, output_hook=hook)
        assert drawn.is_set()
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        assert "</span>training" in bundles[0]
        assert "</span>interrupted" in bundles[-1]
        assert all("data:image/png" not in b for b in bundles[:-1])
        epochs = [re.search(r"epoch (\d+) of 1000", b) for b in bundles[:-1]]
        assert all(epochs)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_failing_picture_does_not_end_training(monkeypatch):
    from dlcore.src.widgets import dashboard as module
    from tests.dlcore.widgets.training import train

    class Broken:
        def show(self, bundle: dict) -> None:
            if "<svg" in bundle["text/html"]:
                raise OSError("no display")

    class Lasting(module.Panels):
        def end(self, run) -> None:
            pass

    callback = module.Recorder(Lasting(least=0.0001))
    callback.view._output = Broken()
    with pytest.warns(UserWarning, match="stops drawing this run: OSError"):
        train(callback, epochs=3)
    assert callback.run.status == "finished"
    assert len(callback.run.epochs) == 3
