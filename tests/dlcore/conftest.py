"""Every backend, and what is known of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Keras is the oracle of many tests and chooses its backend once a process: the same one
# whatever test comes first. Eager jax would compile every op.
os.environ["KERAS_BACKEND"] = "torch"

import dlcore
from dlcore.src import backend as backends

# ... which is not what these tests are to run on unless they say so.
os.environ.setdefault(
    "DLCORE_BACKEND",
    next(
        n for n in ("jax", "torch", "tensorflow", "numpy") if n in backends.installed()
    ),
)

HERE = Path(backends.__file__).parent
#: The backends that this version has.
NAMES = [name for name in backends.NAMES if (HERE / name).is_dir()]


def require(name: str) -> None:
    """Skip what is not installed on a developer's machine; fail where all must be."""
    if name not in backends.installed():
        message = f"the {name} backend is not installed"
        if os.environ.get("CI"):
            pytest.fail(f"{message}, and CI runs them all")
        pytest.skip(message)


@pytest.fixture(params=NAMES)
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run the test with each backend active."""
    require(request.param)
    with dlcore.use_backend(request.param):
        yield request.param


@pytest.fixture(
    params=[name for name in NAMES if name in ("jax", "torch", "tensorflow")]
)
def differentiating(request: pytest.FixtureRequest) -> str:
    """Return each backend that has gradients."""
    require(request.param)
    return str(request.param)


@pytest.fixture
def need() -> Callable[[str], None]:
    """Return what skips, or fails under CI, when a backend is not installed."""
    return require
