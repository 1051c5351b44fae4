"""The first minutes with Polaris: the real kernel side, the real ranker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.notebook import SESSION, Notebook

FRAME = """import numpy as np
import pandas as pd

df = pd.DataFrame({"name": ["pear", "fig"], "price": [3, 5], "shop": ["a", "b"]})"""
#: What people do with a data frame far more often than anything else.
USUAL = {"columns", "describe", "drop", "dropna", "groupby", "head", "iloc", "info"}
USUAL |= {"loc", "shape", "plot", "values", "index", "fillna", "isnull"}


@pytest.fixture
def notebook(open_notebook: Callable[..., Notebook]) -> Notebook:
    notebook = open_notebook(FRAME, "")
    notebook.run(0)
    return notebook


def test_usual_names_come_first_with_stars(
    notebook: Notebook, screenshots: Path
) -> None:
    notebook.page.keyboard.press("Control+B")
    notebook.complete(1, "df.")
    items = notebook.items()
    first = [item.label for item in items[:5]]
    assert len(USUAL.intersection(first)) >= 4, first
    assert items[0].stars >= 1
    stars = [item.stars for item in items]
    assert stars == sorted(stars, reverse=True)
    # Nothing the frame has is dropped; what is private comes after what is public.
    labels = [item.label for item in items]
    assert {"abs", "add", "groupby", "name", "price", "shop"} <= set(labels)
    expect(notebook.documentation).to_contain_text("repositories")
    notebook.screenshot(screenshots / "completion.png")

    notebook.page.keyboard.type("g")
    expect(notebook.list.locator(".jp-Completer-item").first).to_contain_text("g")
    typed = notebook.items()
    assert typed[0].label == "groupby"
    assert typed[0].stars >= 1
    begins = [item.label for item in typed if item.label.startswith("g")]
    assert begins == [label for label in labels if label.startswith("g")]
    assert {item.marked for item in typed[: len(begins)]} == {"g"}
    notebook.screenshot(screenshots / "completion-typed.png")


def test_documentation_comes_from_the_live_object(notebook: Notebook) -> None:
    notebook.complete(1, "df.group")
    expect(notebook.documentation).to_contain_text("Group DataFrame")


def test_stars_while_a_cell_runs(notebook: Notebook) -> None:
    notebook.complete(1, "df.")
    notebook.page.keyboard.press("Escape")
    notebook.type(1, "while True: np.random.rand(200, 200) @ np.random.rand(200, 200)")
    notebook.start(1)
    notebook.wait_for_kernel("busy")
    notebook.complete(0, f"{FRAME}\ndf.")
    assert USUAL.intersection(notebook.labels()[:5])
    notebook.page.evaluate(f"{SESSION}.kernel.interrupt()")
    notebook.wait_for_kernel()


def test_cells_with_syntax_errors(notebook: Notebook) -> None:
    notebook.complete(1, "for (in ]:\n  x = = df.")
    assert USUAL.intersection(notebook.labels()[:5])


def test_cell_of_a_megabyte(open_notebook: Callable[..., Notebook]) -> None:
    lines = "\n".join(f"value_{i} = {i}" for i in range(60_000))
    assert len(lines) > 1_000_000
    notebook = open_notebook(FRAME, f"{lines}\ndf.")
    notebook.run(0)
    notebook.enter(1)
    notebook.page.keyboard.press("Tab")
    notebook.wait_for_list()
    assert "head" in notebook.labels()


def test_dark(notebook: Notebook, screenshots: Path) -> None:
    notebook.use_theme("JupyterLab Dark")
    notebook.complete(1, "df.")
    expect(notebook.documentation).to_be_visible()
    notebook.screenshot(screenshots / "completion-dark.png")
    notebook.use_theme("JupyterLab Light")
