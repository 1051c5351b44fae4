"""Run a notebook in a kernel of its own; as a script, save its outputs.

``python tests/notebooks/execute.py notebooks/01-quickstart.ipynb`` writes the outputs
into the file, which is what is committed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).parents[2]
WIDGET = "application/vnd.jupyter.widget-view+json"


def execute(path: Path) -> NotebookNode:
    """Return the notebook with the outputs of a new kernel.

    Parameters
    ----------
    path : Path

    Raises
    ------
    CellExecutionError
        If a cell fails.
    """
    book = nbformat.read(path, as_version=4)
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    # The checkout, wherever else a dlcore may be installed.
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = dict(os.environ, PYTHONPATH=os.pathsep.join(paths))
    client = NotebookClient(
        book,
        timeout=900,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute(env=env)
    for cell in book.cells:
        cell.metadata.pop("execution", None)  # times, new in each run
    book.metadata.pop("widgets", None)
    return book


if __name__ == "__main__":
    for name in sys.argv[1:]:
        target = Path(name).resolve()
        nbformat.write(execute(target), target)
        print(f"{name}: {target.stat().st_size / 1024:.0f} KB")
