"""Every public op has an example in its docstring, and it does what it says."""

from __future__ import annotations

import doctest
import re
from types import ModuleType
from typing import Any

import pytest

import dlcore
from dlcore import ops

_NUMBER = re.compile(r"-?(?:\d+\.\d*|\.\d+|\d+)(?:e[+-]?\d+)?")


class Near(doctest.OutputChecker):
    """Numbers may differ in the last digits, which a processor decides."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        if super().check_output(want, got, optionflags):
            return True
        one, two = (_NUMBER.sub("#", "".join(t.split())) for t in (want, got))
        pairs = zip(_NUMBER.findall(want), _NUMBER.findall(got), strict=False)
        return one == two and all(
            float(a) == pytest.approx(float(b), rel=1e-4, abs=1e-6) for a, b in pairs
        )


def functions() -> dict[str, Any]:
    """Return the public ops by their full name, aliases once."""
    found: dict[Any, str] = {}
    for module, prefix in (
        (ops, "ops"),
        (ops.image, "ops.image"),
        (ops.linalg, "ops.linalg"),
        (ops.nn, "ops.nn"),
        (ops.numpy, "ops.numpy"),
        (dlcore.random, "random"),
    ):
        for name, value in vars(module).items():
            if not name.startswith("_") and not isinstance(value, ModuleType):
                if callable(value):
                    found.setdefault(value, f"{prefix}.{name}")
    return {name: value for value, name in found.items()}


FUNCTIONS = functions()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_example(name: str) -> None:
    text = FUNCTIONS[name].__doc__ or ""
    examples = doctest.DocTestParser().get_doctest(text, {}, name, None, None)
    assert examples.examples, "no example"
    runner = doctest.DocTestRunner(Near(), verbose=False)
    report: list[str] = []
    with dlcore.use_backend("numpy"):
        runner.run(examples, out=report.append)
    assert not runner.failures, "".join(report)


def test_all_ops_are_there() -> None:
    assert len(FUNCTIONS) > 350
