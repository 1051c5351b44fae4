"""The public face of the ranker, on invented and on the shipped weights."""

from __future__ import annotations

import builtins
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import kernel_ext
from kernel_ext.ranker import weights
from kernel_ext.ranker.ranker import LANGUAGES, Ranker, Suggestion
from kernel_ext.ranker.stars import stars
from kernel_ext.ranker.weights import WeightsError

FRAME = "import pandas as pd\ndf = pd.read_csv('a.csv')\n"
PLOT = "import matplotlib.pyplot as plt\n"


def labels(ranker, source, candidates, **more):
    return [s.label for s in ranker.rank(source, len(source), candidates, **more)]


def test_public_usage_decides_the_first_use(small):
    found = labels(small, FRAME + "df.", ["add", "groupby", "head", "abs"])
    assert found[:2] == ["head", "groupby"]
    assert set(found[-2:]) == {"abs", "add"}


def test_what_followed_before_comes_next(small):
    assert labels(small, PLOT + "plt.plot(1)\nplt.", ["plot", "savefig", "show"])[
        0
    ] == ("show")


def test_the_document_itself_teaches_names_never_published(small):
    source = "x = Thing()\nx.frobnicate()\nx.zap()\nx.frobnicate()\nx.zap()\nx."
    found = small.rank(source, len(source), ["aaa", "frobnicate", "zap"])
    assert found[-1].label == "aaa"
    assert "`x` above" in found[0].reason


def test_reasons_cite_public_repositories(small):
    source = FRAME + "df."
    best = small.rank(source, len(source), ["head", "abs"])[0]
    assert "used on `pandas.DataFrame` in 3 of 3 public repositories" in best.reason


def test_imports_and_keywords(small):
    source = "from sklearn.svm import "
    assert labels(small, source, ["LinearSVC", "SVC", "SVR"])[0] == "SVC"
    source = PLOT + "plt.plot([1], "
    assert labels(small, source, ["alpha=", "label=", "x", "zip"])[0] == "label="


def test_a_given_receiver_wins_over_the_text(small):
    source = "thing."
    candidates = ["abs", "groupby", "head"]
    assert labels(small, source, candidates, receiver="pandas.DataFrame")[0] == "head"
    source = FRAME + "df."
    found = labels(
        small, source, ["plot", "show", "head"], receiver="matplotlib.pyplot"
    )
    assert found[-1] == "head"


def test_letters_typed_come_first_then_what_contains_them(small):
    found = labels(small, FRAME + "df.he", ["abs", "head", "where", "Height", "thead"])
    assert set(found[:2]) == {"head", "Height"}
    assert set(found[2:4]) == {"where", "thead"}
    assert found[4] == "abs"


def test_private_names_and_dunders_come_last(small):
    found = labels(small, FRAME + "df.", ["__add__", "_data", "zzz", "head"])
    assert found == ["head", "zzz", "_data", "__add__"]
    assert labels(small, FRAME + "df._", ["__add__", "_data", "head"])[-1] == "head"


def test_private_names_the_text_uses_are_not_hidden(small):
    source = "self._cache = 1\n" * 5 + "self."
    assert labels(small, source, ["alpha", "_cache", "beta"])[0] == "_cache"


def test_duplicates_are_dropped_and_nothing_else(small):
    found = labels(small, "df.", ["b", "a", "b", "a", "c"])
    assert sorted(found) == ["a", "b", "c"]
    assert small.rank("df.", 3, []) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_ranks_by_the_document(small, language):
    source = "list.push(1);\nother.pop();\nlist."
    found = labels(small, source, ["concat", "push", "at"], language=language)
    assert found[0] == "push"
    assert len(found) == 3


BAD = [
    (dict(source=b"x"), TypeError, "source must be a str"),
    (dict(cursor="1"), TypeError, "cursor must be an int"),
    (dict(cursor=True), TypeError, "cursor must be an int"),
    (dict(cursor=-1), ValueError, "cursor is -1, expected 0 to 3"),
    (dict(cursor=4), ValueError, "cursor is 4, expected 0 to 3"),
    (dict(candidates="abc"), TypeError, "candidates must be a list of str"),
    (dict(candidates=7), TypeError, "candidates must be a list of str"),
    (dict(candidates=["a", 3]), TypeError, "candidates must be str, got int: 3"),
    (dict(language="pyhton"), ValueError, "did you mean 'python'"),
    (dict(language="cobol"), ValueError, "expected one of python"),
    (dict(receiver=dict), TypeError, "receiver must be the qualified name"),
]


@pytest.mark.parametrize(("change", "error", "says"), BAD)
def test_bad_arguments_are_named(small, change, error, says):
    call = dict(source="df.", cursor=3, candidates=["a"]) | change
    with pytest.raises(error, match=says):
        small.rank(**call)


NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="\n"), min_size=0, max_size=12
)
SOURCES = st.lists(
    st.sampled_from(
        ["df", ".", "(", ")", "\n", " ", "=", "import ", "from ", "'", "head", "x",
         "[", "]", ",", "plt", "def f(a):\n    ", "é", "\f", "%magic", "#", "self"]
    )
).map("".join)  # fmt: skip


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    source=SOURCES | st.text(max_size=80),
    at=st.floats(0, 1),
    candidates=st.lists(NAMES, max_size=30),
    language=st.sampled_from(LANGUAGES),
    receiver=st.none() | st.sampled_from(["pandas.DataFrame", "", "a..b", "."]) | NAMES,
)
def test_anything_gives_every_candidate_once(
    small, source, at, candidates, language, receiver
):
    call = dict(
        source=source,
        cursor=round(at * len(source)),
        candidates=candidates,
        language=language,
        receiver=receiver,
    )
    found = small.rank(**call)
    assert sorted(s.label for s in found) == sorted(set(candidates))
    p = [s.probability for s in found]
    assert all(0.0 <= x <= 1.0 for x in p)
    assert p == sorted(p, reverse=True)
    assert all(s.stars == stars(s.probability) for s in found)
    assert all(s.reason for s in found if s.stars)
    assert small.rank(**call) == found


def test_the_order_of_the_candidates_does_not_matter(small):
    candidates = ["head", "abs", "groupby", "describe", "x", "y"]
    source = FRAME + "df."
    assert small.rank(source, len(source), candidates) == small.rank(
        source, len(source), candidates[::-1]
    )


def public(names):
    return [name for name in names if not name.startswith("__")]


def test_shipped_weights_put_the_usual_frame_methods_first(shipped):
    pandas = pytest.importorskip("pandas")
    source = FRAME + "df."
    for receiver in (None, "pandas.DataFrame", "pandas.core.frame.DataFrame"):
        found = labels(shipped, source, dir(pandas.DataFrame), receiver=receiver)
        assert "head" in found[:3]
        assert len({"head", "info", "describe", "columns", "shape", "groupby", "drop",
                    "loc", "iloc"} & set(found[:8])) >= 5  # fmt: skip
        assert not {"abs", "add", "T"} & set(found[:8])


def test_shipped_weights_put_the_usual_plot_functions_first(shipped):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    found = labels(shipped, PLOT + "plt.", dir(pyplot))
    assert {"figure", "subplots"} & set(found[:3])
    assert {"figure", "plot"} <= set(found[:8])
    found = labels(shipped, PLOT + "plt.plot(x, y)\nplt.", dir(pyplot))
    assert {"show", "xlabel"} & set(found[:4])
    found = shipped.rank(PLOT + "plt.sh", len(PLOT) + 6, dir(pyplot))
    assert found[0].label == "show"
    assert found[0].stars >= 4


def test_shipped_weights_know_what_is_imported(shipped):
    found = labels(shipped, "import ", ["abc", "numpy", "wave", "pandas", "os", "zlib"])
    assert set(found[:3]) == {"numpy", "pandas", "os"}
    names = [
        "Axes",
        "LogisticRegression",
        "train_test_split",
        "BaseShuffleSplit",
        "GroupKFold",
    ]
    source = "from sklearn.model_selection import "
    assert labels(shipped, source, names)[0] == "train_test_split"


def test_shipped_weights_say_where_they_come_from(shipped):
    assert shipped.meta["repositories"] >= 19
    listed = (weights.FOLDER / "repositories.csv").read_text().splitlines()
    assert listed[0].startswith("repository,commit,licence")
    train = [line for line in listed[1:] if ",train," in line]
    assert len(train) == shipped.meta["repositories"]


def ruin_nothing_there(data):
    return None


BROKEN = {
    "missing": ruin_nothing_there,
    "empty": lambda data: b"",
    "half": lambda data: data[: len(data) // 2],
    "text": lambda data: b"hello",
}


@pytest.mark.parametrize("ruin", BROKEN.values(), ids=BROKEN.keys())
def test_broken_weights_end_in_one_clear_error(tmp_path, ruin):
    data = ruin((weights.FOLDER / "python.npz").read_bytes())
    path = tmp_path / "w.npz"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(WeightsError, match=r"w\.npz.*Reinstall"):
        Ranker.load(path)


CHANGES = {
    "no vocabulary": lambda arrays, meta: meta.pop("vocabulary"),
    "no scales": lambda arrays, meta: meta.pop("scales"),
    "other features": lambda arrays, meta: meta.update(features="0"),
    "odd scales": lambda arrays, meta: meta.update(scales={"a/0": [1, 2, 3, 4]}),
    "no table": lambda arrays, meta: arrays.pop("counts/member/ends"),
    "no names": lambda arrays, meta: arrays.pop("counts/names"),
    "short": lambda arrays, meta: arrays.update(
        {"counts/member/counts": arrays["counts/member/counts"][:-1]}
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_weights_that_do_not_fit_end_in_one_clear_error(tmp_path, change):
    arrays, meta = weights.read(weights.FOLDER / "python.npz")
    meta.pop("format")
    change(arrays, meta)
    weights.write(tmp_path / "w.npz", arrays, meta)
    with pytest.raises(WeightsError, match=r"w\.npz"):
        Ranker.load(tmp_path / "w.npz")


def test_a_list_twice_as_long_takes_about_twice_as_long(shipped):
    """Latency as a ratio: machines differ, the growth with the list does not."""
    source = FRAME + "df.head()\ndf."

    def cost(n):
        names = [f"name_{i}" for i in range(n)]
        shipped.rank(source, len(source), names)
        times = []
        for _ in range(7):
            start = time.process_time()
            shipped.rank(source, len(source), names)
            times.append(time.process_time() - start)
        return min(times)

    assert cost(1000) < 6 * cost(250)


def test_importing_the_package_loads_nothing(tmp_path):
    code = (
        "import sys; import kernel_ext; "
        "print([m for m in ('numpy', 'dlcore', 'kernel_ext.ranker') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_ranking_opens_no_socket_and_runs_no_text(small, monkeypatch):
    import socket

    def refuse(*args, **more):
        raise AssertionError("not allowed")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(builtins, "exec", refuse)
    monkeypatch.setattr(builtins, "eval", refuse)
    source = "raise SystemExit(1)\nimport os\nos."
    assert len(small.rank(source, len(source), ["path", "remove"])) == 2


def test_the_lazy_names_of_the_package():
    assert kernel_ext.Ranker is Ranker
    assert kernel_ext.Suggestion is Suggestion
    assert "Ranker" in dir(kernel_ext)
    with pytest.raises(AttributeError, match="Rankr"):
        _ = kernel_ext.Rankr


def test_a_cell_of_a_megabyte_is_ranked(small):
    source = "x = df.head()\n" * 75_000 + "df."
    assert labels(small, source, ["abs", "head"])[0] == "head"


def test_probabilities_of_a_list_never_sum_to_more_than_about_one(shipped):
    source = FRAME + "df."
    total = sum(s.probability for s in shipped.rank(source, len(source), ["a", "head"]))
    assert total <= 1.1
    assert np.isfinite(total)


def test_the_examples_in_the_documentation_are_true():
    import doctest
    import importlib
    import pkgutil

    from kernel_ext import ranker

    names = ["kernel_ext"] + [
        f"kernel_ext.ranker.{module.name}"
        for module in pkgutil.iter_modules(ranker.__path__)
    ]
    tried = [doctest.testmod(importlib.import_module(name)) for name in names]
    assert sum(result.attempted for result in tried) > 20
    assert not any(result.failed for result in tried)
