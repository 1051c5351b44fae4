"""Chromium, and one JupyterLab for all browser tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, sync_playwright

from tests.browser.lab import Lab, running_lab
from tests.browser.notebook import Notebook

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update"
).split()
VIEW = {"width": 1100, "height": 620}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[BrowserContext]:
    """One context for all tests, so that JupyterLab's files are read only once."""
    found = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
    path = os.environ.get("CHROMIUM") or next(filter(None, found), None)
    if path is None:
        pytest.fail("Chromium is missing: install it, or set CHROMIUM to its path.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        context = browser.new_context(viewport=VIEW, device_scale_factor=2)
        context.set_default_timeout(60_000)
        yield context
        browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture
def open_notebook(
    browser: BrowserContext, lab: Lab, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Notebook]]:
    """Open a notebook with some cells and a kernel, both gone after the test."""
    opened: list[Notebook] = []

    def open_notebook(*cells: str, kernel: str = "python3", lab: Lab = lab) -> Notebook:
        path = lab.write(f"{request.node.name[:60]}.ipynb", list(cells), kernel)
        known = [page for page in browser.pages if page.url.startswith(lab.url)]
        page = known[0] if known else browser.new_page()
        opened.append(Notebook.open(page, lab, path))
        return opened[-1]

    yield open_notebook
    for notebook in opened:
        if request.session.testsfailed or notebook.page.locator(".jp-Dialog").count():
            notebook.page.close()
        else:
            notebook.close()
    lab.end_sessions()


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: the folder SCREENSHOTS names, else a temporary one."""
    folder = os.environ.get("SCREENSHOTS")
    return Path(folder) if folder else tmp_path_factory.mktemp("screenshots")
