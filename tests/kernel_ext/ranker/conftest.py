"""A ranker that learned from a few invented repositories."""

from __future__ import annotations

import pytest

from kernel_ext import context
from kernel_ext.ranker.ranker import Ranker
from kernel_ext.ranker.subtokens import Vocabulary
from kernel_ext.training import build

TEXTS = {
    "ann/one": "import pandas as pd\ndf = pd.read_csv('a')\ndf.head()\ndf.groupby('x')\n",
    "bob/two": "import pandas as pd\ndf = pd.read_csv('b')\ndf.head()\ndf.describe()\n",
    "cec/three": "import pandas as pd\nd = pd.read_csv('c')\nd.head()\nd.groupby('y')\n"
    "import matplotlib.pyplot as plt\nplt.plot(d)\nplt.show()\n",
    "dan/four": "import matplotlib.pyplot as plt\nplt.plot([1], label='a')\nplt.show()\n"
    "from sklearn.svm import SVC\n",
    "eve/five": "import matplotlib.pyplot as plt\nplt.plot([2], label='b')\nplt.show()\n"
    "from sklearn.svm import SVC\n",
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
