"""The service behind the extension, without a kernel."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from IPython.core.interactiveshell import InteractiveShell

from kernel_ext import service
from kernel_ext.service import Service, nearest, window

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("length", "cursor"),
    [
        (0, 0),
        (10, 5),
        (service.WINDOW, 7),
        (10**6, 0),
        (10**6, 10**6),
        (10**6, 500_000),
    ],
)
def test_window_keeps_what_is_around_the_cursor(length, cursor):
    text = "".join(f"line {i}\n" for i in range(length // 8 + 1))[:length]
    part, inside, begin = window(text, cursor)
    assert len(part) <= service.WINDOW + service.WINDOW // 4
    assert text[begin : begin + len(part)] == part
    assert begin + inside == cursor
    assert begin == 0 or text[begin - 1] == "\n"


def test_window_of_one_long_line():
    part, inside, begin = window("x" * 10**6, 600_000)
    assert begin + inside == 600_000 and len(part) <= service.WINDOW


def test_nearest_cells_are_kept_and_the_imports_of_the_others():
    small = ("a = 1", "b = 2")
    assert nearest(small) == small
    long = "import numpy as np\nfrom a import b\n" + "x = 1\n" * 10_000
    kept = nearest((long, long, "c = 3"))
    assert kept[1:] == (long, "c = 3")
    assert kept[0] == "import numpy as np\nfrom a import b"
    assert sum(map(len, nearest([long] * 100))) < 2 * service.EARLIER


def test_answers_do_not_depend_on_the_thread(monkeypatch):
    monkeypatch.setattr(service, "PATIENCE", 60)
    made = Service(SimpleNamespace(user_ns={"text": "a", "n": 3}))
    questions = [
        {"op": "complete", "id": i, "source": text, "cursor": len(text)}
        for i, text in enumerate(["text.", "n.", "import js", "tex", "text.up"] * 6)
    ]
    expected = [made.answer(q) for q in questions]
    answers: dict[int, dict] = {}

    def ask(part):
        for question in part:
            answers[question["id"]] = made.answer(question)

    threads = [threading.Thread(target=ask, args=(questions[i::3],)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for reply in expected:
        answer = answers[reply["id"]]
        assert {**answer, "took": 0} == {**reply, "took": 0}


def test_the_ranker_is_loaded_once():
    loads = []

    def load():
        loads.append(threading.current_thread().name)
        return SimpleNamespace(rank=lambda candidates, **more: [])

    made = Service(SimpleNamespace(user_ns={}), load)
    threads = [threading.Thread(target=made.ranker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == ["polaris-warm-up"]


def test_half_a_surrogate_pair_does_not_break_the_reply():
    def odd(): ...

    odd.__doc__ = "half \ud83d pair"
    made = Service(SimpleNamespace(user_ns={"odd": odd}))
    question = {"op": "document", "id": 1, "source": "od", "cursor": 2, "label": "odd"}
    assert "half ? pair" in made.answer(question)["documentation"]


def test_a_terminal_gets_the_magic_and_nothing_else(capsys):
    shell = InteractiveShell.instance()
    try:
        from kernel_ext import load_ipython_extension, unload_ipython_extension

        load_ipython_extension(shell)
        load_ipython_extension(shell)
        assert "Polaris" in repr(shell.run_line_magic("stars", ""))
        unload_ipython_extension(shell)
        unload_ipython_extension(shell)
        assert "stars" not in shell.magics_manager.magics["line"]
        source = (ROOT / "lab_extension/startup/50-polaris.py").read_text()
        before = set(shell.user_ns)
        shell.run_cell(source)
        assert "stars" not in shell.magics_manager.magics["line"]
        assert set(shell.user_ns) - before <= {"_i1", "_i", "_ii", "_iii", "_1"}
    finally:
        InteractiveShell.clear_instance()


COST = """
import time
import ipykernel.ipkernel, ipykernel.kernelapp, ipykernel.zmqshell
from IPython.core.interactiveshell import InteractiveShell
class Manager:
    def register_target(self, name, target): self.target = name
class Kernel: comm_manager = Manager()
shell = InteractiveShell.instance(); shell.kernel = Kernel()
began = time.process_time()
shell.safe_execfile({file!r}, shell.user_ns, raise_exceptions=True)
spent = time.process_time() - began
assert Kernel.comm_manager.target == "polaris.completion"
print(1000 * spent)
"""


def test_starting_a_kernel_costs_at_most_five_milliseconds_more():
    script = COST.format(file=str(ROOT / "lab_extension/startup/50-polaris.py"))
    spent = []
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        spent.append(float(done.stdout))
    assert min(spent) <= 5
