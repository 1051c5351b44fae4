"""What a person does with a notebook in JupyterLab, and sees of the completer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import Lab

#: From a key press to the first frame that shows a list, by the page's clock.
STOPWATCH = """() => {
  const watch = (window.stopwatch = {});
  const onKey = event => {
    if (event.key === 'Tab') {
      watch.start = performance.now();
      watch.end = undefined;
    }
  };
  document.addEventListener('keydown', onKey, true);
  const look = () => {
    const shown = '.jp-Completer:not(.lm-mod-hidden) .jp-Completer-item';
    if (watch.start && !watch.end && document.querySelector(shown)) {
      watch.end = performance.now();
    }
    requestAnimationFrame(look);
  };
  look();
}"""
#: Kept once no line has been added for some frames.
DRAWN = """() => new Promise(resolve => {
  let [count, quiet] = [-1, 0];
  const look = () => {
    const now = document.querySelectorAll('.jp-Completer-item').length;
    [count, quiet] = [now, now === count ? quiet + 1 : 0];
    quiet < 5 ? requestAnimationFrame(look) : resolve();
  };
  look();
})"""
SESSION = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session"
ITEMS = """list => [...list.querySelectorAll('.jp-Completer-item')].map(item => ({
  label: item.querySelector('.jp-Completer-match').textContent,
  marked: [...item.querySelectorAll('mark')].map(mark => mark.textContent).join(''),
  stars: Number(item.querySelector('.polaris-Stars')?.dataset.stars ?? -1),
  spoken: item.getAttribute('aria-label'),
}))"""


@dataclass(frozen=True)
class Item:
    """A line of the list; ``stars`` is -1 where the line has no place for stars."""

    label: str
    marked: str
    stars: int
    spoken: str | None


class Notebook:
    """The notebook open in a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.list = page.locator(".jp-Completer:not(.lm-mod-hidden)")
        self.documentation = self.list.locator(".jp-Completer-docpanel")

    @classmethod
    def open(cls, page: Page, lab: Lab, path: str) -> Notebook:
        """Open a notebook; JupyterLab itself is loaded only if it is not there yet."""
        if not page.url.startswith(lab.url):
            page.goto(f"{lab.url}/lab?reset")
            page.wait_for_function("window.jupyterapp?.restored.then(() => true)")
            page.evaluate(STOPWATCH)
        notebook = cls(page)
        notebook.command("docmanager:open", path=path)
        notebook.wait_for_kernel()
        return notebook

    def command(self, name: str, **arguments: object) -> None:
        """Run a command of JupyterLab."""
        run = (
            "([name, given]) => jupyterapp.commands.execute(name, given).then(() => 0)"
        )
        self.page.evaluate(run, [name, arguments])

    def close(self) -> None:
        """Close all notebooks without saving them."""
        self.page.evaluate(
            "() => [...jupyterapp.shell.widgets('main')].forEach(tab => tab.dispose())"
        )

    def wait_for_kernel(self, status: str = "idle") -> None:
        self.page.wait_for_function(
            f"status => {SESSION}?.kernel?.status === status", arg=status
        )

    def cell(self, index: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def run(self, index: int) -> None:
        """Run a cell and wait until it has run."""
        prompt = self.cell(index).locator(".jp-InputPrompt")
        before = re.escape(prompt.inner_text())
        self.start(index)
        ran = re.compile(rf"^(?!{before})\[\d+\]:$")
        expect(prompt).to_have_text(ran, timeout=60_000)

    def start(self, index: int) -> None:
        """Run a cell without waiting."""
        self.enter(index)
        self.page.keyboard.press("Control+Enter")

    def enter(self, index: int) -> None:
        """Place the cursor at the end of a cell, ready for completion."""
        editor = self.cell(index).locator(".cm-content")
        editor.click()
        expect(self.cell(index).locator(".jp-mod-completer-enabled")).to_be_visible()
        self.page.keyboard.press("Control+End")

    def type(self, index: int, text: str) -> None:
        """Type into a cell, in the place of what it holds."""
        self.enter(index)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(text)

    def complete(self, index: int, text: str, timeout: float = 20_000) -> float:
        """Type into a cell, press Tab; return the milliseconds until the list shows."""
        self.type(index, text)
        self.page.keyboard.press("Tab")
        return self.wait_for_list(timeout)

    def wait_for_list(self, timeout: float = 20_000) -> float:
        self.page.wait_for_function("stopwatch.end", timeout=timeout)
        return self.page.evaluate("stopwatch.end - stopwatch.start")

    def items(self) -> list[Item]:
        """The lines of the list once all are drawn; JupyterLab draws them by pages."""
        self.page.evaluate(DRAWN)
        return [Item(**item) for item in self.list.evaluate(ITEMS)]

    def labels(self) -> list[str]:
        return [item.label for item in self.items()]

    def set_setting(self, title: str, value: bool) -> None:
        """Tick a setting of Polaris in the settings editor, then come back."""
        here = self.page.evaluate("jupyterapp.shell.currentWidget.id")
        self.command("settingeditor:open", query="Polaris")
        box = self.page.get_by_role("checkbox", name=title)
        with self.page.expect_response(
            lambda reply: "api/settings" in reply.url and reply.request.method == "PUT"
        ):
            box.set_checked(value)
        self.page.evaluate("id => jupyterapp.shell.activateById(id)", here)

    def use_theme(self, name: str) -> None:
        self.command("apputils:change-theme", theme=name)
        self.page.wait_for_function(
            "name => document.body.dataset.jpThemeName === name", arg=name
        )

    def screenshot(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path)
