"""Candidates of mined points come from the real libraries."""

from __future__ import annotations

import pytest

from kernel_ext import context
from kernel_ext.corpus import Pools, live


@pytest.fixture(scope="module")
def pools(tmp_path_factory) -> Pools:
    return Pools(tmp_path_factory.mktemp("cache"), ["common"], ["usual"])


LIVE = [
    ("import numpy as np\nnp.NAME", "zeros", "__version__"),
    ("import pandas as pd\ndf = pd.DataFrame()\ndf.NAME", "groupby", "_mgr"),
    ("import pandas as pd\ndf = pd.DataFrame()\ndf['a'].str.NAME", "upper", "groupby"),
    (
        "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.NAME",
        "plot",
        "gca",
    ),
    ("from sklearn.linear_model import Ridge\nRidge().NAME", "coef_", "zeros"),
    ("import torch\ntorch.nn.Linear(1, 2).NAME", "weight", "zeros"),
    ("'a'.NAME", "upper", "append"),
    ("import os\nos.path.NAME", "join", "upper"),
    ("from sklearn import NAME", "linear_model", "Ridge"),
    ("from sklearn.svm import NAME", "SVC", "svm"),
    ("import NAME", "sklearn", "linear_model"),
    ("import os.NAME", "path", "sep"),
    ("import pandas as pd\npd.read_csv(NAME=1)", "sep", "filepath"),
    ("import numpy as np\nnp.zeros(3, NAME=1)", "dtype", "fill"),
    ("import matplotlib.pyplot as plt\nplt.plot(x, NAME=1)", "linewidth", "sep"),
    ("from sklearn.svm import SVC\nSVC(NAME=1)", "kernel", "self"),
    ("import pandas as pd\ndf = pd.DataFrame()\ndf.groupby(NAME=1)", "by", "self"),
]


def ask(pools: Pools, text: str) -> tuple[list[str], str]:
    point = next(p for p in context.points(text) if p.name == "NAME")
    return pools.candidates(point)


@pytest.mark.parametrize(("text", "inside", "outside"), LIVE)
def test_live(pools, text, inside, outside):
    names, source = ask(pools, text)
    assert source == "live"
    assert inside in names
    assert outside not in names
    assert names == sorted(set(names))


def test_names_seen_on_a_receiver_are_offered_again(pools):
    text = "import pandas as pd\ndf = pd.DataFrame()\ndf.price\ndf.NAME"
    assert "price" in ask(pools, text)[0]


def test_unknown_receivers_get_pooled_candidates(pools):
    text = "x = make()\nx.early\ny.other\nx.NAME\nx.late"
    names, source = ask(pools, text)
    assert source == "pooled"
    assert names == ["common", "early", "other"]


def test_own_classes_offer_their_members_and_bases(pools):
    text = (
        "import torch\nclass Net(torch.nn.Module):\n"
        "    def __init__(self):\n        self.fc = 1\n        self.NAME\n"
        "    def late(self): pass\n"
    )
    names, source = ask(pools, text)
    assert source == "pooled"
    assert {"fc", "__init__", "parameters", "common"} <= set(names)
    assert "late" not in names


def test_plain_names_are_those_bound_before(pools):
    names, source = ask(pools, "import a.b as c\nd = e\nNAME\nf = 1")
    assert source == "scope"
    assert {"c", "d", "print", "for"} <= set(names)
    assert not {"a", "b", "e", "f"} & set(names)


def test_keywords_of_unknown_callables(pools):
    names, source = ask(pools, "f(a=1)\ng(b=2, NAME=3)")
    assert (names, source) == (["a", "usual"], "pooled")


def test_own_callables_offer_their_parameters(pools):
    text = "def f(b, a=1, *c, **d): pass\nf(NAME=1)\ndef g(e): pass"
    assert ask(pools, text) == (["a", "b"], "live")
    text = "class A:\n  def __init__(self, x, y): pass\nA(x=1, NAME=2)"
    assert ask(pools, text) == (["y"], "live")


def test_unknown_modules_offer_what_was_imported_from_them(pools):
    text = "from nowhere import a\nfrom elsewhere import b\nfrom nowhere import NAME"
    assert ask(pools, text) == (["a"], "pooled")


def test_nothing_unknown_is_imported(pools, tmp_path, monkeypatch):
    (tmp_path / "evil.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    assert ask(pools, "import evil\nevil.NAME")[1] == "pooled"
    assert not live.allowed("antigravity")


class Annotated:
    """A class.

    Attributes
    ----------
    told : int
        Known by the documentation.
    """

    noted: int
    __annotations__[3] = int  # not a name

    def __call__(self, given: int, **more: int) -> None:
        """Take more than the signature says.

        Parameters
        ----------
        documented : int
            Known by the documentation.
        """


class Text(str):
    """Documentation that is text of another kind."""


def odd(**attributes: object) -> type:
    """A class in which something else stands where text and names are expected."""
    return type("Odd", (Annotated,), attributes)


PROPERTY = property(lambda self: 1 / 0)
ODD = [
    odd(__annotations__=["noted"]),
    odd(__annotations__=None),
    odd(__annotations__=PROPERTY),
    odd(__annotations__={3: int, "__x": int}),
    odd(__doc__=None),
    odd(__doc__=3),
    odd(__doc__=["Attributes"]),
    odd(__doc__=PROPERTY),
    odd(__doc__=Text("Attributes")),
    type("Meta", (type,), {"__doc__": PROPERTY})("Odd", (Annotated,), {}),
]


@pytest.mark.parametrize("cls", ODD)
def test_what_is_odd_in_a_class_hides_nothing_else(cls, monkeypatch):
    monkeypatch.setattr(live, "resolve", {"odd.Odd": cls}.get)
    assert live.attributes("odd.Odd", static=False) == ["noted", "told"]


def test_what_is_odd_in_a_callable_hides_nothing_else(monkeypatch):
    def f(given: int, **more: int) -> None: ...

    for text, found in [
        ("Parameters\n---\ndocumented : int\n", ["documented", "given"]),
        (3, ["given"]),
        (None, ["given"]),
        (["Parameters"], ["given"]),
    ]:
        f.__doc__ = text
        monkeypatch.setattr(live, "resolve", {"odd.f": f}.get)
        assert live.keywords("odd.f") == found
    f.__signature__ = "nonsense"
    assert live.keywords("odd.f") is None


def test_objects_that_answer_to_every_name(pools):
    """`mock.call` gives another call for whatever is asked of it."""
    for text in (
        "from unittest.mock import call\ncall.NAME",
        "from unittest.mock import call\ncall(NAME=1)",
        "from unittest import mock\nmock.call.a.b(NAME=1)",
        "from unittest.mock import MagicMock\nMagicMock(NAME=1)",
        "from unittest.mock import MagicMock\nm = MagicMock()\nm.NAME",
        "from unittest.mock import sentinel\nsentinel.x.NAME",
    ):
        names, _ = ask(pools, text)
        assert all(isinstance(name, str) for name in names)
        assert names == sorted(set(names))
    names, source = ask(pools, "import unittest.mock as m\nm.NAME")
    assert (source, "call" in names) == ("live", True)


def test_old_names_of_a_library_are_looked_at_quietly(pools):
    """`torch.distributed.reduce_op` warns when its class is asked for."""
    names, source = ask(pools, "import torch\nimport torch.distributed.NAME")
    assert (source, "nn" in names) == ("live", True)


def test_a_library_that_breaks_on_import_is_told_of(monkeypatch, tmp_path, caplog):
    (tmp_path / "broken_one.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(live, "PACKAGES", {"broken_one", "absent_one"})
    assert live.attributes("broken_one", static=True) is None
    assert live.attributes("absent_one", static=True) is None
    (told,) = caplog.messages
    assert "broken_one counts as unknown" in told and "ZeroDivisionError" in told


def test_live_names_are_kept(pools, monkeypatch):
    ask(pools, "import math\nmath.NAME")
    pools.save()
    monkeypatch.setattr(live.Store, "_READ", {})  # nothing can be read anew
    again = Pools(pools._live.folder.parent)
    assert "sqrt" in ask(again, "import math\nmath.NAME")[0]


def test_other_places_are_refused(pools):
    with pytest.raises(ValueError, match="comment"):
        pools.candidates(context.at("# a", 3))
