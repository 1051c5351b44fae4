"""The extension in a real kernel, asked as the front end asks it."""

from __future__ import annotations

import json

import pytest

FRAME = ["import pandas as pd", "df = pd.DataFrame({'price': [1.0]})"]


def test_every_new_kernel_answers_and_its_namespace_stays_clean(make_kernel):
    kernel = make_kernel()
    names = kernel.run(
        "import sys\n"
        "print([n for n in dir() if 'olaris' in n], 'numpy' in sys.modules,"
        " sorted(m for m in sys.modules if m.startswith(('kernel_ext', 'dlcore'))))"
    )
    assert names.strip() == "[] False ['kernel_ext', 'kernel_ext.extension']"
    assert kernel.open()
    reply = kernel.ask({"op": "ping", "id": 9})
    assert reply["op"] == "pong" and reply["id"] == 9 and reply["version"]


def test_the_usual_names_of_a_frame_come_first(kernel):
    reply = kernel.complete("df.", before=FRAME)
    labels = [item["label"] for item in reply["items"]]
    assert reply["op"] == "completed"
    assert (reply["start"], reply["end"]) == (3, 3)
    assert {"head", "groupby"} <= set(labels[:20])
    assert not {"abs", "add", "add_prefix"} & set(labels[:20])
    assert len(labels) > 200
    head = next(item for item in reply["items"] if item["label"] == "head")
    assert head["stars"] >= 1 and head["signature"] == "(n=5)"
    assert head["type"] == "method" and head["reason"]
    stars = [item["stars"] for item in reply["items"]]
    assert all(0 <= count <= 5 for count in stars)
    probabilities = [item["probability"] for item in reply["items"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert reply["took"] > 0


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("df.gro", "groupby"),
        ("df['", "price"),
        ("df['name']; df.groupby('", "name"),
        ("df.head().des", "describe"),
        ("import pan", "pandas"),
        ("from pandas import DataF", "DataFrame"),
        ("%timei", "%timeit"),
        ("np.arr", "array"),
    ],
)
def test_the_first_of_few(kernel, text, first):
    assert kernel.labels(text, before=FRAME)[0] == first


def test_keyword_arguments_are_offered(kernel):
    assert "by=" in kernel.labels("df.groupby(", before=FRAME)


@pytest.mark.parametrize(
    "load",
    ["x += 1", "np.ones((200, 200)) @ np.ones((200, 200))"],
    ids=["python", "numpy"],
)
def test_a_subshell_answers_while_a_cell_runs(make_kernel, tmp_path, load):
    kernel = make_kernel()
    kernel.run("import os, numpy as np, pandas as pd; x = 0; df = pd.DataFrame()")
    subshell = kernel.subshell()
    if subshell is None:
        pytest.skip("this ipykernel has no subshells")
    assert kernel.open(subshell)
    flag = tmp_path / "stop"
    cell = kernel.begin(f"while not os.path.exists({str(flag)!r}):\n    {load}")
    replies = [kernel.complete("df.he", subshell, before=FRAME) for _ in range(3)]
    replies.append(kernel.complete("np.arr", subshell, before=FRAME))
    ended = [m for m in kernel.seen if m["parent_header"].get("msg_id") == cell]
    assert "idle" not in [m["content"].get("execution_state") for m in ended]
    flag.touch()
    kernel.end(cell)
    assert [reply["items"][0]["label"] for reply in replies] == ["head"] * 3 + ["array"]


def test_plots_of_a_running_cell_are_left_alone(make_kernel, tmp_path):
    """The shell's hooks draw and close figures; they must not run for a request."""
    kernel = make_kernel()
    kernel.run(
        "%matplotlib inline\n"
        "import os, matplotlib.pyplot as plt\n"
        "hooks = []\n"
        "get_ipython().events.register('pre_execute', lambda: hooks.append('pre'))\n"
        "get_ipython().events.register('post_execute', lambda: hooks.append('post'))"
    )
    subshell = kernel.subshell()
    if subshell is None:
        pytest.skip("this ipykernel has no subshells")
    assert kernel.open(subshell)
    flag = tmp_path / "go"
    cell = kernel.begin(
        f"hooks.clear(); plt.plot([1, 2])\n"
        f"while not os.path.exists({str(flag)!r}): pass\n"
        "print(plt.get_fignums(), hooks)"
    )
    assert kernel.complete("plt.pl", subshell)["op"] == "completed"
    flag.touch()
    kernel.end(cell)
    printed = [m["content"]["text"] for m in kernel.seen if m["msg_type"] == "stream"]
    assert "".join(printed).strip().endswith("[1] []")
    drawn = [m for m in kernel.seen if m["msg_type"] == "display_data"]
    assert [m["parent_header"]["msg_id"] for m in drawn] == [cell]


def test_no_code_of_the_user_is_run(kernel):
    kernel.run(
        "runs = []\n"
        "def note(name, answer=None):\n"
        "    return lambda *a, **k: (runs.append(name), answer)[1]\n"
        "class Trap:\n"
        "    prop = property(note('property'))\n"
        "    __getattr__ = note('getattr'); __dir__ = note('dir', [])\n"
        "    __getitem__ = note('getitem'); __eq__ = note('eq')\n"
        "    __bool__ = note('bool'); __len__ = note('len', 1)\n"
        "    __repr__ = note('repr', ''); __call__ = note('call')\n"
        "    def method(self) -> 'runs.append(1)': ...\n"
        "trap = Trap(); traps = {'a': trap}"
    )
    texts = ["trap.", "trap.prop.", "trap[0].", "trap['", "trap().", "trap(", "tra"]
    texts += ["traps['a'].", "(trap + 1).", "trap.method().", "trap.nothing.", "Trap."]
    for text in texts:
        for label in kernel.labels(text)[:5]:
            question = {"op": "document", "id": 2, "source": text, "label": label}
            assert kernel.ask({**question, "cursor": len(text)})["op"] == "documented"
    assert {"prop", "method"} <= set(kernel.labels("trap."))
    assert kernel.run("print(runs)").strip() == "[]"


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("\tx = '🎉🎉'; df.he", 14),
        ("'é'.join(df.he", 12),
        ("y = [(\ndef f(:\n  df.he", 20),
        ("class\n\n'unclosed\ndf.he", 20),
        ("df . he", 5),
    ],
)
def test_odd_text_before_the_cursor(kernel, text, start):
    reply = kernel.complete(text, before=["import (", "'''", "df = ", "🎉" * 9])
    assert [item["label"] for item in reply["items"]] == ["head"]
    assert (reply["start"], reply["end"]) == (start, len(text))


def test_a_cell_of_a_megabyte(kernel):
    text = "value = df['price'].mean()  # it's\n" * 32_000 + "df.he"
    assert len(text) > 1_000_000
    reply = kernel.complete(text)
    assert reply["items"][0]["label"] == "head"
    assert (reply["start"], reply["end"]) == (len(text) - 2, len(text))


def test_many_long_cells_before(kernel):
    before = ["import numpy as np\n" + "x = np.zeros(3)\n" * 3000] * 60
    assert kernel.complete("df.he", before=before)["items"][0]["label"] == "head"


def test_what_others_offer_is_ranked_too(kernel):
    offered = [{"label": "from_server", "type": "function"}, {"label": "head"}]
    reply = kernel.complete("df.", offered=offered)
    found = {item["label"]: item for item in reply["items"]}
    assert found["from_server"]["type"] == "function"
    assert found["from_server"]["insert"] == "from_server"
    assert found["head"]["type"] == "method"
    reply = kernel.complete("console.", language="typescript", offered=offered)
    assert {item["label"] for item in reply["items"]} == {"from_server", "head"}


def test_documentation(kernel):
    question = {
        "op": "document",
        "id": 5,
        "source": "df.",
        "cursor": 3,
        "label": "head",
    }
    reply = kernel.ask(question)
    assert reply["op"] == "documented" and reply["id"] == 5
    assert "pandas.DataFrame.head(n=5)" in reply["documentation"]
    assert kernel.ask({**question, "label": "no such"})["documentation"] == ""


@pytest.mark.parametrize(
    ("message", "number", "words"),
    [
        ({"op": "compleet", "id": 3}, 3, "compleet"),
        ({"op": "complete", "id": 4, "source": "df."}, 4, "cursor"),
        ({"op": "complete", "id": 5, "source": "df.", "cursor": 99}, 5, "0..3"),
        ({"op": "pong", "id": 6, "version": "1"}, 6, "no request"),
        ({}, -1, "operation"),
    ],
)
def test_bad_messages_get_one_clear_sentence(kernel, message, number, words):
    reply = kernel.ask(message)
    assert (reply["op"], reply["id"]) == ("failed", number)
    assert words in reply["error"] and "\n" not in reply["error"]


def test_a_restarted_kernel_answers_again(make_kernel):
    kernel = make_kernel()
    kernel.run("text = 'a'")
    assert kernel.open()
    assert "upper" in kernel.labels("text.")
    kernel.restart()
    assert kernel.open()
    assert kernel.labels("text.") == []
    kernel.run("text = 3")
    assert "bit_length" in kernel.labels("text.")


@pytest.mark.parametrize("state", ["missing", "cut short", "not numpy"])
def test_broken_weights_fail_in_one_sentence(make_kernel, tmp_path, state):
    from kernel_ext.ranker import weights

    whole = (weights.FOLDER / "python.npz").read_bytes()
    broken = {"missing": None, "cut short": whole[: len(whole) // 2], "not numpy": b"x"}
    if broken[state] is not None:
        (tmp_path / "python.npz").write_bytes(broken[state])
    kernel = make_kernel()
    kernel.run(
        "import pathlib, kernel_ext.ranker.weights as weights\n"
        f"weights.FOLDER = pathlib.Path({str(tmp_path)!r})\ndel weights, pathlib"
    )
    assert kernel.open()
    reply = kernel.complete("str.")
    assert reply["op"] == "failed"
    assert "python.npz" in reply["error"] and "\n" not in reply["error"]
    assert not [m for m in kernel.seen if m["msg_type"] in ("error", "stream")]
    assert "JupyterLab's own completion is used" in kernel.run("%stars")


def test_a_ranker_that_is_late_fails_in_one_sentence(make_kernel):
    kernel = make_kernel()
    kernel.run(
        "import threading, kernel_ext, kernel_ext.service as service\n"
        "service.PATIENCE = 0.1; wait = threading.Event(); Real = kernel_ext.Ranker\n"
        "class Late:\n"
        "    load = staticmethod(lambda: wait.wait() and Real.load())\n"
        "kernel_ext.Ranker = Late"
    )
    assert kernel.open(ready=False)
    reply = kernel.complete("str.")
    assert reply["op"] == "failed" and "still being loaded" in reply["error"]
    kernel.run("service.PATIENCE = 60; wait.set()")
    assert "upper" in kernel.labels("str.")


def test_an_error_of_ours_fails_in_one_sentence(make_kernel):
    kernel = make_kernel()
    kernel.run(
        "import kernel_ext\n"
        "class Broken:\n"
        "    load = classmethod(lambda cls: cls())\n"
        "    def rank(self, **more): raise RuntimeError('two\\nlines')\n"
        "kernel_ext.Ranker = Broken"
    )
    assert kernel.open()
    reply = kernel.complete("str.")
    assert reply["error"] == "Completion failed: RuntimeError: two lines"
    assert kernel.run("print(1)").strip() == "1"


@pytest.mark.parametrize("line", ["raise ImportError('gone')", "1/0", "def broken(:"])
def test_a_kernel_starts_without_a_working_package(make_kernel, tmp_path, line):
    (tmp_path / "kernel_ext").mkdir()
    (tmp_path / "kernel_ext" / "__init__.py").write_text(line)
    kernel = make_kernel(path=str(tmp_path))
    assert kernel.run("print('works')") == "works\n"
    assert not kernel.open()


def test_switching_off_and_on(make_kernel):
    kernel = make_kernel()
    kernel.run("%load_ext kernel_ext\n%reload_ext kernel_ext")
    assert kernel.open()
    assert kernel.ask({"op": "ping", "id": 1})["op"] == "pong"
    kernel.run("%unload_ext kernel_ext")
    assert [m for m in kernel.seen if m["msg_type"] == "comm_close"]
    assert not kernel.open()
    assert kernel.run("print(get_ipython().find_line_magic('stars'))") == "None\n"
    kernel.run("%load_ext kernel_ext")
    assert kernel.open()
    assert "upper" in kernel.labels("str.")


def test_two_front_ends_are_answered_alike(kernel):
    first = kernel.comm
    assert kernel.open()
    second, answers = kernel.comm, {}
    for comm in (first, second):
        kernel.comm = comm
        answers[comm] = kernel.labels("df.")
    assert answers[first] == answers[second]


def test_the_kernels_own_completion_is_left_as_it_was(kernel):
    number = kernel.client.complete("df.grou", 7)
    reply = kernel.client.get_shell_msg(timeout=30)
    while reply["parent_header"]["msg_id"] != number:
        reply = kernel.client.get_shell_msg(timeout=30)
    assert [m.rpartition(".")[2] for m in reply["content"]["matches"]] == ["groupby"]


def test_status(kernel):
    text = kernel.run("%stars")
    assert "Polaris" in text and "loaded in" in text and "MB" in text


def test_replies_are_json_of_a_moderate_size(kernel):
    assert len(json.dumps(kernel.complete("np."))) < 300_000
