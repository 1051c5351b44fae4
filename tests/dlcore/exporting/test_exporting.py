"""Files for other programs, read again by those programs."""

from __future__ import annotations

import numpy as np
import pytest

import dlcore
from dlcore import layers

X = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")


def model():
    """Two inputs by name, two outputs, a layer that trains otherwise."""
    a, b = dlcore.Input((6,), name="a"), dlcore.Input((6,), name="b")
    x = layers.BatchNormalization()(layers.Dense(4, "gelu")(a))
    x = layers.Dropout(0.5)(layers.Concatenate()([x, b]))
    made = dlcore.Model({"a": a, "b": b}, [layers.Dense(2)(x), layers.Dense(1)(x)])
    return made


DATA = {"a": X, "b": X[::-1].copy()}


def outputs(made):
    return [dlcore.ops.convert_to_numpy(y) for y in made(DATA)]


def through_torch(path):
    torch = pytest.importorskip("torch")
    data = {k: torch.from_numpy(v) for k, v in DATA.items()}
    return [y.numpy() for y in torch.export.load(path).module()(data)]


def through_openvino(path):
    ov = pytest.importorskip("openvino")
    compiled = ov.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = compiled(DATA)  # by name
    return [found[port] for port in compiled.outputs]


def through_tensorflow(path):
    tf = pytest.importorskip("tensorflow")
    loaded = tf.saved_model.load(path)
    return [y.numpy() for y in loaded.serve(DATA)]


FORMATS = {
    "torch": ("model.pt2", through_torch),
    "openvino": ("model.xml", through_openvino),
    "tf_saved_model": ("model", through_tensorflow),
}


@pytest.mark.parametrize(
    ("name", "backend_name"),
    [
        *[("torch", "numpy"), ("torch", "torch")],
        *[("openvino", "jax"), ("openvino", "tensorflow")],
        *[("tf_saved_model", "torch"), ("tf_saved_model", "tensorflow")],
    ],
)
def test_what_other_programs_compute(name, backend_name, tmp_path, capsys):
    file, read = FORMATS[name]
    options = {}
    if name == "torch":
        import torch

        batch = torch.export.Dim("batch", min=2, max=64)
        options["dynamic_shapes"] = [({"a": {0: batch}, "b": {0: batch}},)]
    with dlcore.use_backend(backend_name):
        made = model()
        made.export(tmp_path / file, format=name, **options)
        expected = outputs(made)
    assert str(tmp_path / file) in capsys.readouterr().out
    for found, wanted in zip(read(str(tmp_path / file)), expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_archives_with_several_functions(tmp_path):
    tf = pytest.importorskip("tensorflow")

    class Scaled(dlcore.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(3)

        def call(self, x):
            return self.dense(x)

        def doubled(self, x):
            return 2.0 * self.dense(x)

    with dlcore.use_backend("numpy"):
        made = Scaled()
        expected = made(X)
        archive = dlcore.export.ExportArchive()
        archive.track_and_add_endpoint("serve", made)
        archive.add_endpoint(
            "twice", made.doubled, [dlcore.InputSpec("float32", (None, 6))]
        )
        archive.add_variable_collection("kernels", made.dense.weights[:1])
        archive.write_out(tmp_path / "folder", verbose=False)
    found = tf.saved_model.load(str(tmp_path / "folder"))
    np.testing.assert_allclose(found.serve(X), expected, atol=1e-5)
    np.testing.assert_allclose(found.twice(X[:2]), 2 * expected[:2], atol=1e-5)
    assert [tuple(v.shape) for v in found.kernels] == [(6, 3)]
    for wrong, message in (
        (lambda: archive.add_endpoint("serve", made, X), "already taken"),
        (lambda: archive.add_endpoint("more", made), "input_signature"),
        (lambda: archive.add_variable_collection("x", []), "must hold weights"),
        (lambda: archive.track(3), "a layer or a model is tracked|A layer or"),
        (lambda: dlcore.export.ExportArchive().write_out("x"), "No endpoints"),
    ):
        with pytest.raises(ValueError, match=message):
            wrong()


def test_what_cannot_be_written(tmp_path):
    made = model()
    for options, error, message in (
        ({"format": "torchh"}, ValueError, "Did you mean 'torch'"),
        ({"format": "onnx"}, NotImplementedError, "not written"),
        ({"format": "torch"}, ValueError, r"end with '\.pt2'"),
        ({"format": "openvino"}, ValueError, r"end with '\.xml'"),
    ):
        with pytest.raises(error, match=message):
            made.export(tmp_path / "x.txt", **options)
    with pytest.raises(ValueError, match="Unsupported arguments"):
        made.export(tmp_path / "x.pt2", format="torch", nothing=1)
    with pytest.raises(ValueError, match="not yet been built"):
        dlcore.Sequential([layers.Dense(1)]).export(tmp_path / "x.pt2", "torch")
    assert not list(tmp_path.iterdir())
