"""Rules that hold the parts of dlcore apart, read from the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import dlcore

ROOT = Path(dlcore.__file__).parent
SOURCE = sorted((ROOT / "src").rglob("*.py"))
FRAMEWORKS = {"jax", "jaxlib", "torch", "tensorflow", "openvino"}
DISPLAY = {"ipywidgets", "IPython", "matplotlib"}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (a.name.partition(".")[0] for a in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("path", SOURCE, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_framework_is_imported_in_its_own_folder_only(path: Path) -> None:
    parts = path.relative_to(ROOT / "src").parts
    own = (
        {parts[1], *(["jaxlib"] if parts[1] == "jax" else [])}
        if parts[0] == "backend"
        else set()
    )
    foreign = set(imports(path)) & FRAMEWORKS - own
    assert not foreign
    if parts[0] != "widgets":
        assert not set(imports(path)) & DISPLAY


BACKENDS = {"numpy", *FRAMEWORKS}
#: Layers around code of one framework: they say where they live.
FOREIGN = {
    "layers/foreign/torch_module.py": {"TorchModuleWrapper"},
    "layers/foreign/jax_layer.py": {"JaxLayer", "FlaxLayer"},
    "layers/foreign/saved_model.py": {"TFSMLayer"},
}


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Give the strings of a file, but for docstrings."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if "\n" not in node.value:
                yield node.lineno, node.value


@pytest.mark.parametrize(
    "folder", ["layers", "losses", "metrics", "optimizers", "callbacks"]
)
def test_no_backend_is_named(folder: str) -> None:
    for path in (ROOT / "src" / folder).rglob("*.py"):
        if str(path.relative_to(ROOT / "src")) not in FOREIGN:
            for line, text in texts(path):
                assert text.partition(".")[0] not in BACKENDS, f"{path}:{line}"


def test_only_the_wrappers_may_name_a_backend() -> None:
    for file, classes in FOREIGN.items():
        source = ast.parse((ROOT / "src" / file).read_text())
        public = {
            node.name
            for node in ast.walk(source)
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
        }
        assert public == classes


@pytest.mark.parametrize("folder", ["ops", "models", "training", "saving"])
def test_no_code_asks_for_the_backend_by_name(folder: str) -> None:
    for path in (ROOT / "src" / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare):
                values = [
                    c.value for c in ast.walk(node) if isinstance(c, ast.Constant)
                ]
                assert not BACKENDS & {v for v in values if isinstance(v, str)}, (
                    f"{path}:{node.lineno}"
                )


def test_files_are_short() -> None:
    lines = {p: p.read_text().count("\n") for p in SOURCE}
    long = {str(p.relative_to(ROOT)): n for p, n in lines.items() if n > 600}
    assert len(long) <= len(SOURCE) / 50 and max(long.values(), default=0) < 900, long
    ordered = sorted(lines.values())
    assert ordered[len(ordered) // 2] <= 180


def test_generated_names_are_fresh() -> None:
    subprocess.run([sys.executable, str(ROOT / "api_gen.py"), "--check"], check=True)


def test_import_loads_no_framework_and_is_quick() -> None:
    script = (
        "import time; t = time.thread_time(); import dlcore, sys; "
        "print(time.thread_time() - t, *(m for m in sys.modules if '.' not in m))"
    )
    out = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT.parent,
    ).stdout.split()
    assert float(out[0]) < 0.2
    assert not set(out[1:]) & (FRAMEWORKS | DISPLAY)
