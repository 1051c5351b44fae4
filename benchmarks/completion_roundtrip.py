"""Time completions from request to reply: ours on a comm, the kernel's own beside it.

Run ``python benchmarks/completion_roundtrip.py [repeats]``. Both ask the same kernel by
turns in one run, so that their ratio holds on a machine that is busy with other things;
the milliseconds do not. Prints the median and the 95 % quantile in milliseconds, and
the ratio of the medians; the load of the machine goes first.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.kernel_ext.kernel import Kernel  # noqa: E402 - a script is no package

SETUP = """
import os, numpy as np, pandas as pd, matplotlib.pyplot as plt
df = pd.DataFrame({f"c{i}": range(1000) for i in range(30)})
a = np.ones((300, 300)); x = 0
"""
BEFORE = ["import numpy as np, pandas as pd, matplotlib.pyplot as plt", "df.head()"]
QUERIES = ["df.", "np.", "plt.", "df.gro", "df['", "pd.read_csv('a', "]
LOADS = {"Python loop": "x += 1", "numpy loop": "a @ a"}
WAIT = 3.0
HEADINGS = [("ours p50", 10), ("p95", 8), ("stock p50", 10), ("p95", 8), ("ratio", 8)]


def timed(ask: Callable[[], object]) -> float:
    """Return the milliseconds one request takes."""
    began = time.perf_counter()
    ask()
    return 1000 * (time.perf_counter() - began)


def stock(kernel: Kernel, text: str) -> int:
    """Ask the kernel's own completer; return the number of matches."""
    return received(kernel, kernel.client.complete(text, len(text)))


def received(kernel: Kernel, number: str) -> int:
    """Wait for the reply to a request; return the number of matches."""
    while True:
        reply = kernel.client.get_shell_msg(timeout=60)
        if reply["parent_header"].get("msg_id") == number:
            return len(reply["content"]["matches"])


def ours(kernel: Kernel, text: str, subshell: str | None) -> int:
    """Ask our comm; return the number of items."""
    kernel.seen.clear()
    reply = kernel.complete(text, subshell, before=BEFORE)
    if reply["op"] != "completed":
        raise SystemExit(f"The kernel cannot rank: {reply['error']}")
    return len(reply["items"])


def line(name: str, mine: list[float], other: list[float] | None = None) -> str:
    """Format one row of the table."""
    text = f"{name:34}{_shown(mine)}"
    if other:
        ratio = statistics.median(mine) / statistics.median(other)
        text += f"{_shown(other)}{ratio:8.2f}"
    return text


def _shown(times: list[float]) -> str:
    ordered = sorted(times)
    late = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return f"{statistics.median(ordered):10.1f}{late:8.1f}"


def started(folder: Path) -> tuple[Kernel, str | None]:
    """Start a kernel with an open comm, on a subshell where there are any."""
    kernel = Kernel(folder)
    kernel.run(SETUP)
    subshell = kernel.subshell()
    if not kernel.open(subshell, ready=False):
        raise SystemExit("Nobody answers on the comm: is kernel_ext broken?")
    return kernel, subshell


def main(repeats: int = 20) -> None:
    """Print the tables."""
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f}, {repeats} repeats, milliseconds")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("".join(["\n", " " * 34, *(f"{h:>{w}}" for h, w in HEADINGS)]))
        kernel, subshell = started(folder / "first")
        first = timed(lambda: kernel.await_ranker(subshell))
        stock_first = timed(lambda: stock(kernel, "df."))
        print(line("the first ever, ranker loading", [first], [stock_first]))
        for jedi in (True, False):
            kernel.run(f"%config Completer.use_jedi = {jedi}")
            for text in QUERIES:
                mine, other = [], []
                for _ in range(repeats):
                    mine.append(timed(lambda t=text: ours(kernel, t, subshell)))
                    other.append(timed(lambda t=text: stock(kernel, t)))
                items = f"{ours(kernel, text, subshell)} / {stock(kernel, text)}"
                kind = "" if jedi else ", no jedi"
                print(line(f"{text} ({items}){kind}", mine, other))
        print(
            "\nWhile a cell runs, on a subshell; the kernel's own answers when it ends:"
        )
        for kind, code in LOADS.items() if subshell else ():
            flag = folder / "stop"
            cell = kernel.begin(f"while not os.path.exists({str(flag)!r}): {code}")
            for text in QUERIES[:3]:
                ours(kernel, text, subshell)
                mine = [
                    timed(lambda t=text: ours(kernel, t, subshell))
                    for _ in range(repeats)
                ]
                print(line(f"{text} {kind}", mine))
            asked = time.perf_counter()
            number = kernel.client.complete("df.", 3)
            time.sleep(WAIT)
            flag.touch()
            received(kernel, number)
            waited = 1000 * (time.perf_counter() - asked)
            print(f"df. {kind}, stock; cell ends after {1000 * WAIT:.0f}{waited:10.1f}")
            kernel.end(cell)
            flag.unlink()
        kernel.stop()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
