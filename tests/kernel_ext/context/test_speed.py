"""A key press costs little, however long the text is.

Measured in processor time, so that a busy machine does not decide; the limits are
several times what was measured, and far below what reading anew would cost.
"""

from __future__ import annotations

import time

import pytest

from kernel_ext import context

LINE = "df{0} = df.groupby('a{0}').agg(b=np.mean).reset_index().merge(other)\n"
HEAD = "import numpy as np\nimport pandas as pd\ndf = pd.read_csv('a')\n"


def cost(text: str) -> float:
    """Milliseconds for one more letter, at best of several."""
    taken = []
    for stop in range(len(text) - 12, len(text) + 1):
        start = time.process_time()
        context.at(text[:stop], stop)
        taken.append((time.process_time() - start) * 1000)
    return sorted(taken)[len(taken) // 2]


@pytest.mark.parametrize("lines", [200, 900])
def test_a_key_press_costs_the_changed_line_only(lines):
    text = HEAD + "".join(LINE.format(i) for i in range(lines)) + "df2.reset_index"
    assert len(text) < context.WINDOW
    assert cost(text) < 4


def test_a_key_press_in_a_long_text_is_bounded():
    text = HEAD + LINE * 14_000 + "df2.reset_index"
    assert len(text) > 900_000
    assert cost(text) < 20


@pytest.mark.parametrize(
    "unit",
    ["(", "]", '"', "'''", "a.", "\\", 'f"{', "def f(\n", "lambda x:", "a=b;", "[1,"],
)
def test_no_text_is_slow(unit):
    """Cost grows with the length, never with its square."""
    text = unit * (1_000_000 // len(unit))
    start = time.process_time()
    context.at(text, len(text))
    context.points(text[:20_000])
    assert time.process_time() - start < 5
