"""Settings: what was set, else the environment, else the file, else the default."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import dlcore


@pytest.fixture
def limits() -> Iterator[None]:
    yield
    dlcore.config.set_max_epochs(None)
    dlcore.config.set_max_steps_per_epoch(None)


def test_epochs_and_steps_have_limits(limits: None) -> None:
    with dlcore.use_backend("torch"):
        model = dlcore.Sequential([dlcore.layers.Dense(1)])
        model.compile("sgd", "mse")
        x, y = np.zeros((8, 2), "float32"), np.zeros((8, 1), "float32")
        seen: list[int] = []
        count = dlcore.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: seen.append(batch)
        )
        dlcore.config.set_max_epochs(2)
        dlcore.config.set_max_steps_per_epoch(3)
        with pytest.warns(UserWarning, match="Limiting epochs to 2"):
            history = model.fit(x, y, 1, epochs=5, verbose=0, callbacks=[count])
        assert (len(history.epoch), seen) == (2, [0, 1, 2, 0, 1, 2])
        assert model.predict(x, batch_size=1, verbose=0).shape == (3, 1)
        dlcore.config.set_max_steps_per_epoch(None)
        assert model.predict(x, batch_size=1, verbose=0).shape == (8, 1)


@pytest.mark.parametrize("value", [0, -1, 1.5, "3"])
def test_limits_are_positive_integers(value: object) -> None:
    with pytest.raises(ValueError, match="max_epochs"):
        dlcore.config.set_max_epochs(value)
    with pytest.raises(ValueError, match="max_steps_per_epoch"):
        dlcore.config.set_max_steps_per_epoch(value)


def own_environment() -> dict[str, str]:
    """Return the environment without any setting of dlcore or Keras."""
    prefixes = ("DLCORE_", "KERAS_")
    return {k: v for k, v in os.environ.items() if not k.startswith(prefixes)}


SCRIPT = """
import json, dlcore
c = dlcore.config
found = [c.backend(), c.floatx(), c.epsilon(), c.image_data_format(), c.max_epochs()]
c.set_backend("numpy"), c.set_max_epochs(9)
print(json.dumps([found, [c.backend(), c.max_epochs()]]))
"""


@pytest.mark.parametrize(
    ("file", "environment", "expected"),
    [
        (
            {"backend": "torch", "floatx": "float16", "epsilon": 0.1, "max_epochs": 4},
            {},
            ["torch", "float16", 0.1, "channels_last", 4],
        ),
        (
            {"backend": "torch", "image_data_format": "channels_first"},
            {"DLCORE_BACKEND": "numpy", "DLCORE_MAX_EPOCHS": "3"},
            ["numpy", "float32", 1e-7, "channels_first", 3],
        ),
        (
            {"backend": "torch"},
            {"KERAS_BACKEND": "numpy"},
            ["numpy", "float32", 1e-7, "channels_last", None],
        ),
        (
            {},
            {"KERAS_BACKEND": "torch", "DLCORE_BACKEND": "numpy"},
            ["numpy", "float32", 1e-7, "channels_last", None],
        ),
    ],
)
def test_environment_and_file(
    tmp_path: Path, file: dict, environment: dict, expected: list
) -> None:
    (tmp_path / ".dlcore").mkdir()
    (tmp_path / ".dlcore/dlcore.json").write_text(json.dumps(file))
    inherited = own_environment()
    out = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**inherited, "HOME": str(tmp_path), **environment},
        cwd=Path(dlcore.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(out.stdout) == [expected, ["numpy", 9]]


def test_wrong_settings_say_where_they_stand(tmp_path: Path) -> None:
    (tmp_path / ".dlcore").mkdir()
    file = tmp_path / ".dlcore/dlcore.json"
    for text, environment, message in (
        ("{", {}, "dlcore.json is not valid JSON"),
        ("[1]", {}, "must hold a JSON object"),
        ('{"backend": "troch"}', {}, "Did you mean 'torch'"),
        ("{}", {"DLCORE_BACKEND": "jaxx"}, "DLCORE_BACKEND asks for"),
        ("{}", {"KERAS_BACKEND": "jaxx"}, "KERAS_BACKEND asks for"),
    ):
        file.write_text(text)
        inherited = own_environment()
        out = subprocess.run(
            [sys.executable, "-c", "import dlcore; dlcore.config.backend()"],
            env={**inherited, "HOME": str(tmp_path), **environment},
            cwd=Path(dlcore.__file__).parents[1],
            capture_output=True,
            text=True,
            check=False,
        )
        assert out.returncode == 1 and message in out.stderr
