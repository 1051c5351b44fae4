"""What is in the wheel and the source archive, and that the wheel works alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import venv
from email.parser import Parser
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
EXTENSION = "share/jupyter/labextensions/polaris-lab"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source archive, and the wheel from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> ZipFile:
    (path,) = dist.glob("*.whl")
    return ZipFile(path)


@pytest.fixture(scope="module")
def data(wheel: ZipFile) -> dict[str, str]:
    """The files that go beside the packages: place below the prefix -> name."""
    marker = ".data/data/"
    return {
        name.partition(marker)[2]: name for name in wheel.namelist() if marker in name
    }


def run(*command: object, **options: object) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [str(word) for word in command],
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=600,
        **options,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def tracked(*folders: str) -> set[str]:
    return set(run("git", "-C", ROOT, "ls-files", *folders).split("\n")) - {""}


def test_wheel_has_the_packages_whole(wheel: ZipFile) -> None:
    names = set(wheel.namelist())
    assert tracked("dlcore", "kernel_ext") <= names
    assert {"dlcore/py.typed", "kernel_ext/py.typed"} <= names
    assert any(name.startswith("kernel_ext/weights/") for name in names)


def test_wheel_has_the_extension_and_the_startup_file(
    wheel: ZipFile, data: dict[str, str]
) -> None:
    package = json.loads(wheel.read(data[f"{EXTENSION}/package.json"]))
    assert f"{EXTENSION}/{package['jupyterlab']['_build']['load']}" in data
    assert f"{EXTENSION}/install.json" in data
    assert f"{EXTENSION}/schemas/polaris-lab/completion.json" in data
    assert "etc/ipython/startup/50-polaris.py" in data


def test_wheel_has_nothing_else(wheel: ZipFile) -> None:
    tops = {PurePosixPath(name).parts[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.startswith("polaris_lab-")} == {
        "dlcore",
        "kernel_ext",
    }
    assert not [name for name in wheel.namelist() if name.endswith((".pyc", ".map"))]
    assert Path(str(wheel.filename)).stat().st_size < 20e6


def test_wheel_names_its_licence_and_light_requirements(wheel: ZipFile) -> None:
    (metadata,) = (n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
    (licence,) = (n for n in wheel.namelist() if n.endswith("licenses/LICENSE"))
    assert wheel.read(licence) == (ROOT / "LICENSE").read_bytes()
    fields = Parser().parsestr(wheel.read(metadata).decode())
    assert fields["License-Expression"] == "Apache-2.0"
    base = {line for line in fields.get_all("Requires-Dist", []) if "extra" not in line}
    heavy = ("torch", "tensorflow", "openvino", "keras", "pandas")
    assert base and not [line for line in base if line.startswith(heavy)]


def test_sources_build_without_node(dist: Path) -> None:
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert "lab_extension/labextension/static/style.js" in names
    assert tracked("dlcore", "kernel_ext", "lab_extension") <= names
    assert not [name for name in names if "node_modules" in name or "/.yarn/" in name]


CHECK = """
import importlib.util, os
from jupyter_client.manager import start_new_kernel
import dlcore, kernel_ext
kernel_ext.Ranker.load()
for heavy in ("torch", "tensorflow", "openvino", "pandas"):
    assert importlib.util.find_spec(heavy) is None, heavy
manager, client = start_new_kernel()
reply = client.execute_interactive("%stars", timeout=60, output_hook=print)
manager.shutdown_kernel(now=True)
client.stop_channels()
assert reply["content"]["status"] == "ok", reply
"""


def test_wheel_works_in_a_fresh_environment(dist: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    (wheel,) = dist.glob("*.whl")
    constraints = ROOT / "constraints.txt"
    run(python, "-m", "pip", "install", "-qq", "-c", constraints, wheel)
    listed = run(python.parent / "jupyter", "labextension", "list", cwd=tmp_path)
    (line,) = (line for line in listed.splitlines() if "polaris-lab" in line)
    assert "enabled" in line and "OK" in line
    run(python, "-c", CHECK, cwd=tmp_path)
