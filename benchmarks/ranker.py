"""Time the ranker: loading, memory, and ranking lists of several lengths.

Run ``python benchmarks/ranker.py [weights.npz]``; one core, one thread. Prints one
line a measure: median and 95 % quantile of wall-clock and of processor milliseconds
(the second do not depend on what else the machine does). Memory is told apart: what
dlcore takes with any model, and what the ranker adds.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPEATS = 100
NOTEBOOK = (
    "import numpy as np\nimport pandas as pd\nimport matplotlib.pyplot as plt\n"
    "df = pd.read_csv('data.csv')\n"
    + "df.head()\nx = df.groupby('a').mean()\nplt.plot(np.arange(10), x)\nplt.show()\n"
    * 100
)


def resident() -> float:
    """Read the resident memory of this process in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def timed(run: Callable[[int], object]) -> str:
    """Time a call on many inputs; say the median and the 95 % quantile."""
    run(0)
    wall, cpu = [], []
    for i in range(1, REPEATS + 1):
        start, used = time.perf_counter(), time.process_time()
        run(i)
        wall.append((time.perf_counter() - start) * 1e3)
        cpu.append((time.process_time() - used) * 1e3)
    return (
        f"median {statistics.median(wall):6.2f} ms, p95 {_p95(wall):6.2f} ms; "
        f"CPU median {statistics.median(cpu):6.2f} ms, p95 {_p95(cpu):6.2f} ms"
    )


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def main() -> None:
    """Measure and print."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    import numpy

    before, start = resident(), time.perf_counter()
    _small_model(numpy.ones((1, 2), "float32"))
    library, loaded = resident(), time.perf_counter()
    from kernel_ext import Ranker

    ranker = Ranker.load(*sys.argv[1:2])
    text = NOTEBOOK + "np."
    ranker.rank(text, len(text), ["array"])
    print(
        f"dlcore with a small model: {loaded - start:.2f} s, "
        f"{library - before:.1f} MB; the ranker, load and first rank: "
        f"{time.perf_counter() - loaded:.2f} s, {resident() - library:.1f} MB more"
    )
    names = sorted(dir(numpy))
    names += [f"name_{i}" for i in range(1000 - len(names))]
    for n in (20, 100, 500, 1000):
        offered = names[:n]
        print(
            f"{n:5} candidates, same list:  "
            f"{timed(lambda i, c=offered: ranker.rank(text, len(text), c))}"
        )
    print(
        "  500 candidates, new lists:  "
        + timed(lambda i: ranker.rank(text, len(text), [*names[:499], f"new_{i}"]))
    )
    print(
        "  500 candidates, next line:  "
        + timed(lambda i: _at_end(ranker, f"{text}sin(x)\na{i} = np.", names[:500]))
    )
    print(f"after all these lists: {resident() - library:.1f} MB more than dlcore")


def _small_model(inputs: Any) -> None:
    import dlcore

    with dlcore.use_backend("numpy"):
        dlcore.Sequential([dlcore.layers.Dense(1)])(inputs)


def _at_end(ranker: Any, text: str, names: list[str]) -> object:
    return ranker.rank(text, len(text), names)


if __name__ == "__main__":
    main()
