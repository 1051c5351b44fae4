"""Every notebook runs in a real kernel; what is saved in it is what it gives."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from tests.notebooks.execute import ROOT, WIDGET, execute

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
QUICKSTART = ROOT / "notebooks" / "01-quickstart.ipynb"
MOST_BYTES = 64 * 1024


def code(book):
    return [cell for cell in book.cells if cell.cell_type == "code"]


def printed(book) -> str:
    outputs = [o for cell in code(book) for o in cell.outputs]
    return "".join(o.text for o in outputs if o.output_type == "stream")


def dashboards(book) -> list[str]:
    """Return the HTML of the dashboards."""
    outputs = [o for cell in code(book) for o in cell.outputs if "data" in o]
    return [
        o.data["text/html"]
        for o in outputs
        if 'class="dl run' in o.data.get("text/html", "")
    ]


def check_outputs(book) -> None:
    """Check what holds for any notebook: no error, no widget, small outputs."""
    for cell in code(book):
        for output in cell.outputs:
            assert output.output_type != "error"
            data = output.get("data", {})
            assert WIDGET not in data
            assert all(len(str(value)) <= MOST_BYTES for value in data.values())
        assert "stderr" not in [o.get("name") for o in cell.outputs]


def check_quickstart(book) -> None:
    """Check what the quickstart promises."""
    text = printed(book)
    accuracies = dict(re.findall(r"(jax|torch) +accuracy ([\d.]+)", text))
    assert set(accuracies) == {"jax", "torch"}
    assert all(float(a) >= 0.97 for a in accuracies.values()), accuracies
    differences = dict(re.findall(r"jax and (\w+): at most (\S+) apart", text))
    assert set(differences) == {"torch", "numpy"}
    assert all(float(d) <= 1e-5 for d in differences.values()), differences
    shown = dashboards(book)
    assert len(shown) == 2
    for html, backend in zip(shown, ("jax", "torch"), strict=True):
        assert f">{backend}</span>" in html
        assert "finished" in html
        assert "15 of 15 epochs" in html
        assert html.count("<svg") == 2


@pytest.fixture(scope="module")
def executed():
    """Return a function that runs a notebook once."""
    books: dict[Path, nbformat.NotebookNode] = {}

    def run(path: Path):
        if path not in books:
            books[path] = execute(path)
        return books[path]

    return run


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_runs(executed, path):
    check_outputs(executed(path))


@pytest.mark.slow
def test_the_quickstart_keeps_its_promises(executed):
    check_quickstart(executed(QUICKSTART))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_outputs_are_saved(path):
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    check_outputs(book)
    counts = [cell.execution_count for cell in code(book)]
    assert counts == list(range(1, len(counts) + 1))
    assert any(cell.outputs for cell in code(book))
    assert path.stat().st_size <= 512 * 1024


def test_the_quickstarts_saved_outputs():
    check_quickstart(nbformat.read(QUICKSTART, as_version=4))
