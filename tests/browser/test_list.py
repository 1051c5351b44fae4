"""The list: stars, order, letters, documentation. The kernel's side is a fake."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.notebook import SESSION, Notebook


@pytest.fixture
def notebook(open_notebook: Callable[..., Notebook]) -> Notebook:
    notebook = open_notebook("x = 1", "", kernel="fake")
    notebook.run(0)
    return notebook


def test_items_come_in_the_kernels_order_with_their_stars(notebook: Notebook) -> None:
    notebook.complete(1, "df.")
    items = notebook.items()
    assert [(item.label, item.stars) for item in items] == [
        ("head", 5),
        ("groupby", 4),
        ("shape", 3),
        ("get", 2),
        ("agg", 1),
        ("abs", 0),
        ("a<b>&c", 0),
        ("_internal", 0),
    ]
    assert items[1].spoken == "groupby, method, 4 of 5 stars"
    assert items[5].spoken == "abs, method, no stars"


def test_order_and_stars_stay_while_letters_are_typed(notebook: Notebook) -> None:
    notebook.complete(1, "df.")
    notebook.page.keyboard.type("g")
    expect(notebook.list.locator(".jp-Completer-item")).to_have_count(3)
    items = [(item.label, item.stars, item.marked) for item in notebook.items()]
    assert items == [("groupby", 4, "g"), ("get", 3, "g"), ("agg", 0, "g")]
    notebook.page.keyboard.type("e")
    expect(notebook.list.locator(".jp-Completer-item")).to_have_count(1)
    notebook.page.keyboard.press("Backspace")
    expect(notebook.list.locator(".jp-Completer-item")).to_have_count(3)
    assert notebook.labels() == ["groupby", "get", "agg"]
    notebook.page.keyboard.press("ArrowDown")
    notebook.page.keyboard.press("Enter")
    expect(notebook.cell(1).locator(".cm-content")).to_have_text("df.get")


def test_letters_typed_before_the_list_opens_are_marked(notebook: Notebook) -> None:
    notebook.complete(1, "df.a")
    assert [(item.label, item.marked) for item in notebook.items()] == [
        ("agg", "a"),
        ("abs", "a"),
        ("a<b>&c", "a"),
    ]


def test_what_is_no_ascii_stands_before_the_cursor(notebook: Notebook) -> None:
    notebook.complete(1, "s = '🎉 é'; df.he")
    expect(notebook.cell(1).locator(".cm-content")).to_have_text("s = '🎉 é'; df.he")
    notebook.page.keyboard.press("Enter")
    expect(notebook.cell(1).locator(".cm-content")).to_have_text("s = '🎉 é'; df.head")


def test_panel_shows_the_reason_then_the_documentation(notebook: Notebook) -> None:
    notebook.complete(1, "df.")
    panel = notebook.documentation
    # The earlier cell reached the kernel; Markdown is rendered.
    expect(panel).to_contain_text("Used 500 times after ['x = 1'].")
    expect(panel).to_contain_text("Documentation of head")
    expect(panel.locator("strong")).to_have_text(["500", "head"])
    notebook.page.keyboard.press("ArrowDown")
    expect(panel).to_contain_text("Documentation of groupby")
    assert panel.locator("img[onerror]").count() == 0, "not sanitised"


def test_stars_while_a_cell_runs(notebook: Notebook) -> None:
    notebook.type(0, "while True: x += 1")
    notebook.start(0)
    notebook.wait_for_kernel("busy")
    notebook.complete(1, "df.")
    assert [item.stars for item in notebook.items()[:3]] == [5, 4, 3]
    notebook.page.evaluate(f"{SESSION}.kernel.interrupt()")
    notebook.wait_for_kernel()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_stars_stand_out_in_light_and_dark(
    notebook: Notebook, screenshots: Path, theme: str
) -> None:
    notebook.use_theme(theme)
    notebook.complete(1, "df.")
    expect(notebook.documentation).to_contain_text("Documentation of head")
    notebook.screenshot(screenshots / f"fake-{theme.split()[-1].lower()}.png")
    line = notebook.list.locator(".jp-Completer-item").nth(1)
    star, back = line.evaluate(
        """line => {
          const stars = line.querySelector('.polaris-Stars');
          return [
            getComputedStyle(stars, '::after').backgroundColor,
            getComputedStyle(line.closest('.jp-Completer')).backgroundColor,
          ];
        }"""
    )
    assert contrast(star, back) >= 3, (star, back)


def contrast(one: str, other: str) -> float:
    """Contrast of two CSS colours, 1 to 21; graphics want 3 (WCAG 2.2, 1.4.11)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance as defined by WCAG 2.2."""
    channels = [int(c) / 255 for c in re.findall(r"\d+", colour)[:3]]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
