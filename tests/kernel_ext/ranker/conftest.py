"""A ranker that learned from a few invented repositories."""

from __future__ import annotations

import pytest

from kernel_ext import context
from kernel_ext.ranker.ranker import Ranker
from kernel_ext.ranker.subtokens import Vocabulary
from kernel_ext.training import build

FRAME = "import pandas as pd\n{0} = pd.read_csv('a')\n{0}.head()\n{0}.{1}()\n"
PLOT = "import matplotlib.pyplot as plt\nplt.plot([1]{0})\nplt.show()\n"
SKLEARN = "from sklearn.svm import SVC\n"
TEXTS = {
    "ann/one": FRAME.format("df", "groupby"),
    "bob/two": FRAME.format("df", "describe"),
    "cec/three": FRAME.format("d", "groupby") + PLOT.format(""),
    "dan/four": PLOT.format(", label='a'") + SKLEARN,
    "eve/five": PLOT.format(", label='b'") + SKLEARN,
}


@pytest.fixture(scope="session")
def learned():
    names = build.Names()
    tallies = [
        build.tally(repository, context.points(text), names)
        for repository, text in TEXTS.items()
    ]
    return tallies, names


@pytest.fixture(scope="session")
def small(learned):
    tallies, names = learned
    entries = build.vocabulary(tallies, names, 200, least=1)
    return Ranker(build.merge(tallies, names), Vocabulary(entries))


@pytest.fixture(scope="session")
def shipped():
    return Ranker.load()
