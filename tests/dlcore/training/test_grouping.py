"""How many batches go into one compiled call: the rules, and that nothing changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import layers
from dlcore.src.training import grouping
from dlcore.src.training.grouping import Grouping

BYTES = 4_000


@dataclass
class Data:
    """What the rules ask of an adapter: batches of 1,000 float32 numbers."""

    steps: int | None = 400
    in_memory: bool = True
    nbytes: int = BYTES
    full: int = field(init=False)

    def __post_init__(self) -> None:
        self.full = self.steps or 0

    def first(self) -> Any:
        return (np.broadcast_to(np.float32(0), (self.nbytes // 4,)),)


@dataclass
class Model:
    one_call: bool = True
    steps_per_execution: Any = "auto"
    _eager: bool = False
    seconds: dict[str, float] = field(default_factory=lambda: {"train": 1e-4})
    compiled: bool = False

    def __post_init__(self) -> None:
        runtime = SimpleNamespace(REPEATS_IN_ONE_CALL=self.one_call)
        self.backend = SimpleNamespace(runtime=runtime)
        state = SimpleNamespace(all=list)
        self._functions = SimpleNamespace(
            seconds=self.seconds,
            has=lambda key: self.compiled,
            state=lambda model: state,
        )


def size(
    model: Model, data: Data | None = None, strict: bool = False, rounds: int = 100
) -> int:
    return Grouping(model, "train", data or Data(), strict, rounds).size()


def test_short_steps_are_put_together() -> None:
    assert size(Model()) == grouping.MOST_STEPS


RULES: dict[str, tuple[Model, dict[str, Any]]] = {
    "the backend has no call of several steps": (Model(one_call=False), {}),
    "a callback sees every batch": (Model(), {"strict": True}),
    "the data come one by one": (Model(), {"data": Data(in_memory=False)}),
    "the number of steps is unknown": (Model(), {"data": Data(steps=None)}),
    "there are few steps": (Model(), {"data": Data(steps=grouping.LEAST_STEPS - 1)}),
    "a batch is large": (Model(), {"data": Data(nbytes=grouping.MOST_BYTES)}),
    "the model runs eagerly": (Model(_eager=True), {}),
    "steps are long": (Model(seconds={"train": 2 * grouping.SHORT}), {}),
    "nothing was measured yet": (Model(seconds={}), {}),
    "too little is left to pay for compiling": (Model(), {"rounds": 1}),
}


@pytest.mark.parametrize("rule", RULES)
def test_steps_run_one_by_one(rule: str) -> None:
    model, more = RULES[rule]
    assert size(model, **more) == 1


def test_what_is_compiled_already_is_used_for_little() -> None:
    assert size(Model(compiled=True), rounds=1) == grouping.MOST_STEPS


def test_a_number_that_is_asked_for_is_kept() -> None:
    assert size(Model(steps_per_execution=7, seconds={}), strict=True) == 7


@pytest.mark.parametrize(
    ("steps", "expected"), [(36, 36), (66, 33), (41, 40), (80, 40), (9, 9)]
)
def test_a_divisor_of_the_steps_is_preferred(steps: int, expected: int) -> None:
    assert size(Model(compiled=True), Data(steps=steps)) == expected


def test_bytes_limit_the_size() -> None:
    data = Data(nbytes=grouping.MOST_BYTES // 10)
    assert size(Model(compiled=True), data) == 10


def test_the_trial_times_the_steps_after_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(grouping, "_clocks", lambda: (now[0], 2 * now[0]))
    model = Model(seconds={})
    group = Grouping(model, "train", Data(), False, 100)  # type: ignore[arg-type]
    for step in range(1 + grouping.TRIAL):
        assert model.seconds == {} and group.size() == 1
        now[0] += 5.0 if step == 0 else 2e-4  # the first one is compiled
        group.done(1)
    assert model.seconds["train"] == pytest.approx(2e-4)
    assert group.size() == grouping.MOST_STEPS


@pytest.mark.parametrize("backend", ["jax"])
def test_the_numbers_are_the_same_either_way(backend: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(160, 4)).astype("float32")
    y = (x[:, 0] > 0).astype("int32")
    found = []
    for together in (1, 10):
        with dlcore.use_backend(backend):
            dlcore.utils.set_random_seed(1)
            model = dlcore.Sequential(
                [
                    dlcore.Input((4,)),
                    layers.Dense(8),
                    layers.Dropout(0.3),
                    layers.Dense(2),
                ]
            )
            model.compile(
                "adam",
                dlcore.losses.SparseCategoricalCrossentropy(from_logits=True),
                metrics=["accuracy"],
                steps_per_execution=together,
            )
            history = model.fit(x, y, batch_size=8, epochs=2, verbose=0).history
            found.append((history, model.get_weights()))
    for one, other in zip(*(f[1] for f in found), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert found[0][0]["loss"] == pytest.approx(found[1][0]["loss"], rel=1e-5)
