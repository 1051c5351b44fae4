"""``.keras`` archives and weights files: whole, safe, and clear about what is wrong."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcore
from dlcore import layers, saving

rng = np.random.default_rng(0)
X = rng.normal(size=(12, 4)).astype("float32")
Y = rng.normal(size=(12, 2)).astype("float32")


@pytest.fixture(autouse=True)
def on_torch() -> Any:
    with dlcore.use_backend("torch"):
        yield


def network(**options: Any) -> Any:
    model = dlcore.Sequential(
        [dlcore.Input((4,)), layers.Dense(3, activation="tanh"), layers.Dense(2)]
    )
    options = {"optimizer": dlcore.optimizers.Adam(0.01), "loss": "mse", **options}
    model.compile(**options)
    return model


def predicted(model: Any) -> Any:
    return model.predict(X, verbose=0)


def test_training_goes_on_from_a_file(tmp_path: Path) -> None:
    unbroken = network(metrics=["mae"])
    unbroken.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    path = tmp_path / "model.keras"
    unbroken.save(path)
    loaded = saving.load_model(path)
    assert loaded.compiled and loaded.metrics_names[0] == "loss"
    wanted = unbroken.fit(X, Y, epochs=2, shuffle=False, verbose=0).history
    found = loaded.fit(X, Y, epochs=2, shuffle=False, verbose=0).history
    assert found == wanted
    assert not saving.load_model(path, compile=False).compiled


class Block(dlcore.Model):
    def __init__(self, units: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.units = units
        self.inner = [[layers.Dense(units), layers.LayerNormalization()]]
        self.named = {"out": layers.Dense(2)}

    def call(self, x: Any) -> Any:
        for layer in self.inner[0]:
            x = layer(x)
        return self.named["out"](x)

    def get_config(self) -> dict[str, Any]:
        return {"units": self.units, **super().get_config()}


@pytest.mark.parametrize("ending", [".keras", ".weights.h5", ".safetensors"])
def test_subclassed_models(ending: str, tmp_path: Path) -> None:
    model, path = Block(3), tmp_path / f"model{ending}"
    wanted = predicted(model)
    if ending == ".keras":
        model.save(path)
        other = saving.load_model(path, custom_objects={"Block": Block})
    else:
        model.save_weights(path)
        other = Block(3)
        predicted(other)
        other.load_weights(path)
    np.testing.assert_array_equal(predicted(other), wanted)


def test_a_missing_class_is_named_with_the_line_to_write(tmp_path: Path) -> None:
    model, path = Block(3), tmp_path / "model.keras"
    predicted(model)
    model.save(path)
    with pytest.raises(TypeError, match=r"'Block'.*custom_objects=\{'Block': Block\}"):
        saving.load_model(path)
    with pytest.raises(TypeError, match="register_keras_serializable"):
        saving.load_model(path)
    with saving.custom_object_scope({"Block": Block}):
        assert isinstance(saving.load_model(path), Block)


def test_folders_and_streams(tmp_path: Path) -> None:
    model = network()
    model.save(tmp_path / "folder", zipped=False)
    model.save(tmp_path / "folder", zipped=False)  # replaced
    stream = io.BytesIO()
    saving.save_model(model, stream)
    stream.seek(0)
    for source in (tmp_path / "folder", stream):
        loaded = saving.load_model(source)
        np.testing.assert_array_equal(predicted(loaded), predicted(model))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder"]


def test_weights_in_several_files(tmp_path: Path) -> None:
    model, other = network(), network()
    path = tmp_path / "model.weights.json"
    model.save_weights(path, max_shard_size=70 / 2**30)
    assert len(list(tmp_path.iterdir())) > 2
    other.load_weights(path)
    np.testing.assert_array_equal(predicted(other), predicted(model))
    with pytest.raises(ValueError, match="max_shard_size"):
        model.save_weights(path, max_shard_size=10 / 2**30)


def test_weights_of_an_archive(tmp_path: Path) -> None:
    model, other = network(), network()
    model.save(tmp_path / "model.keras")
    other.load_weights(tmp_path / "model.keras")
    np.testing.assert_array_equal(predicted(other), predicted(model))


def test_bfloat16_weights(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    model = dlcore.Sequential([dlcore.Input((4,)), layers.Dense(3, dtype="bfloat16")])
    model.save(path)
    loaded = saving.load_model(path)
    assert loaded.weights[0].dtype == "bfloat16"
    for a, b in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(
            a.numpy().astype("float32"), b.numpy().astype("float32")
        )


# Safety.


def test_a_lambda_needs_consent(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    x = dlcore.Input((4,))
    model = dlcore.Model(x, layers.Lambda(lambda t: t * 2.0 + 1.0)(x))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(path)
    with pytest.raises(ValueError, match="arbitrary code execution"):
        saving.load_model(path)
    loaded = saving.load_model(path, safe_mode=False)
    np.testing.assert_allclose(predicted(loaded), X * 2 + 1, rtol=1e-6)
    with pytest.raises(ValueError, match="safe_mode=False"):
        saving.load_model(path)  # consent was for one file


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    class Broken(layers.Identity):
        def save_own_variables(self, store: Any) -> None:
            raise OSError("disk full")

    path = tmp_path / "model.keras"
    good = network()
    good.save(path)
    bad = dlcore.Sequential([dlcore.Input((4,)), Broken()])
    for name in ("model.keras", "new.keras", "new.weights.h5"):
        write = bad.save_weights if name.endswith("h5") else bad.save
        with pytest.raises(OSError, match="disk full"):
            write(tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == ["model.keras"]
    np.testing.assert_array_equal(predicted(saving.load_model(path)), predicted(good))


def test_nothing_is_loaded_where_something_does_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "model.weights.h5"
    network().save_weights(path)
    other = dlcore.Sequential([dlcore.Input((4,)), layers.Dense(3), layers.Dense(5)])
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"layers/dense_1 \(Dense\)"):
        other.load_weights(path)
    np.testing.assert_array_equal(other.get_weights()[0], before[0])
    with pytest.warns(UserWarning, match="layers/dense_1"):
        other.load_weights(path, skip_mismatch=True)
    assert np.abs(other.get_weights()[0] - before[0]).max() > 0
    np.testing.assert_array_equal(other.get_weights()[2], before[2])


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """Write an archive with other members beside a good one."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    other = path.with_name("broken.keras")
    with zipfile.ZipFile(other, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return other


CHANGES: dict[str, Callable[[dict[str, bytes]], None]] = {
    "holds no config.json": lambda m: m.pop("config.json") and None,
    "holds no model.weights.h5": lambda m: m.pop("model.weights.h5") and None,
    "no JSON": lambda m: m.update({"config.json": b"{"}),
    "describes no model": lambda m: m.update({"config.json": b"[1]"}),
    "no HDF5 file": lambda m: m.update({"model.weights.h5": b"text"}),
    "broken or cut off": lambda m: m.update(
        {"model.weights.h5": m["model.weights.h5"][:700]}
    ),
    "Not allowed": lambda m: m.update({"assets/../../evil.txt": b"x"}),
}


@pytest.mark.parametrize("message", CHANGES)
def test_broken_archives_say_what_is_wrong_and_where(
    message: str, tmp_path: Path
) -> None:
    path = tmp_path / "model.keras"
    network().save(path)
    broken = rewritten(path, CHANGES[message])
    with pytest.raises(ValueError, match=message) as caught:
        saving.load_model(broken)
    assert "broken.keras" in str(caught.value)
    assert not (tmp_path.parent / "evil.txt").exists()


def test_files_that_are_no_archives(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    model = network()
    model.save(path)
    cut = tmp_path / "cut.keras"
    cut.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"cut\.keras.*cut off"):
        saving.load_model(cut)
    cut.write_bytes(b"")
    with pytest.raises(ValueError, match="0 bytes"):
        saving.load_model(cut)
    with pytest.raises(FileNotFoundError, match=r"Did you mean 'model\.keras'"):
        saving.load_model(tmp_path / "modle.keras")
    with pytest.raises(ValueError, match="not supported"):
        saving.load_model(tmp_path / "model.onnx")
    with pytest.raises(ValueError, match=r"\.keras"):
        model.save(tmp_path / "model.pkl")
    with pytest.raises(FileExistsError):
        model.save(path, overwrite=False)
    with pytest.raises(FileNotFoundError, match="mkdir"):
        model.save(tmp_path / "nowhere" / "model.keras")
    with pytest.raises(ValueError, match="not yet been built"):
        dlcore.Sequential([layers.Dense(2)]).save_weights(tmp_path / "a.weights.h5")


@pytest.mark.parametrize("kind", ["external", "soft", "virtual", "huge"])
def test_weights_files_cannot_lead_elsewhere(kind: str, tmp_path: Path) -> None:
    import h5py

    path, other = tmp_path / "evil.weights.h5", tmp_path / "other.h5"
    model = network()
    model.save_weights(path)
    with h5py.File(other, "w") as file:
        file["data"] = np.zeros((4, 3))
    with h5py.File(path, "a") as file:
        group = file["layers/dense/vars"]
        del group["0"]
        if kind == "external":
            group["0"] = h5py.ExternalLink(str(other), "/data")
        elif kind == "soft":
            group["0"] = h5py.SoftLink("/layers/dense/vars/1")
        elif kind == "virtual":
            layout = h5py.VirtualLayout((4, 3), "float32")
            layout[:] = h5py.VirtualSource(str(other), "data", (4, 3))
            group.create_virtual_dataset("0", layout)
        else:
            group.create_dataset("0", (1 << 33, 3), "float32", chunks=(1024, 3))
    with pytest.raises(ValueError, match="Not allowed"):
        model.load_weights(path)


# The editor.


def test_the_editor_adapts_a_file_to_another_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.keras"
    network().save(path)
    wanted = dlcore.Sequential(
        [dlcore.Input((4,)), layers.Dense(3), layers.Dense(3), layers.Dense(2)]
    )
    editor = saving.KerasFileEditor(path)
    assert editor.config is not None
    assert editor.config["class_name"] == "Sequential"
    assert editor.compare(wanted)["status"] == "error"
    editor.delete_object("optimizer")
    editor.rename_object("dense_1", "dense_2")
    editor.add_object("layers/dense_1", {"0": np.eye(3)})
    editor.add_weights("layers/dense_1", {"1": np.zeros(3)})
    assert editor.compare(wanted) == {
        "status": "success",
        "error_count": 0,
        "match_count": 6,
    }
    editor.summary()
    assert "dense_2" in capsys.readouterr().out
    editor.save(tmp_path / "new.weights.h5")
    wanted.load_weights(tmp_path / "new.weights.h5")
    np.testing.assert_array_equal(wanted.get_weights()[2], np.eye(3))
    with pytest.raises(ValueError, match="Did you mean"):
        editor.delete_object("layers/dens")
