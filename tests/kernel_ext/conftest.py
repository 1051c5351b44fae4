"""Real kernels for the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.kernel_ext.kernel import Kernel


@pytest.fixture(scope="session")
def make_kernel(tmp_path_factory) -> Iterator[Callable[..., Kernel]]:
    """Start kernels that end with the tests."""
    kernels: list[Kernel] = []

    def make(**more: Any) -> Kernel:
        kernels.append(Kernel(tmp_path_factory.mktemp("kernel"), **more))
        return kernels[-1]

    yield make
    for kernel in kernels:
        kernel.stop()


@pytest.fixture(scope="module")
def kernel(make_kernel) -> Kernel:
    """A kernel with pandas and a frame, and an open comm."""
    made = make_kernel()
    made.run(
        "import pandas as pd, numpy as np\n"
        "df = pd.DataFrame({'price': [1.0, 2.0], 'name': ['x', 'y']})"
    )
    assert made.open()
    return made
