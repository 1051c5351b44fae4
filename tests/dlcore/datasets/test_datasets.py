"""Datasets through their real path: an address, a cache, a hash, an archive."""

from __future__ import annotations

import functools
import gzip
import hashlib
import http.server
import io
import pickle
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import dlcore
from dlcore.src.datasets import images, plain, tables, texts
from dlcore.src.utils import files

rng = np.random.default_rng(0)


class Quiet(http.server.SimpleHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def log_message(self, *args: Any) -> None: ...

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Serve a folder; give its address and path."""
    folder = tmp_path / "served"
    folder.mkdir()
    Quiet.asked = []
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as service:
        thread = threading.Thread(target=service.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{service.server_port}/", folder
        service.shutdown()
        thread.join()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    return tmp_path / "home" / ".dlcore"


def test_a_file_is_fetched_once(server: Any, home: Path) -> None:
    address, folder = server
    (folder / "a.csv").write_text("1,2")
    for _ in range(2):
        path = dlcore.utils.get_file(origin=f"{address}a.csv")
        assert Path(path) == home / "datasets" / "a.csv"
        assert Path(path).read_text() == "1,2"
    assert Quiet.asked == ["/a.csv"]
    dlcore.utils.get_file(origin=f"{address}a.csv", force_download=True)
    assert len(Quiet.asked) == 2


def test_another_hash_is_refused_and_nothing_is_kept(server: Any, home: Path) -> None:
    address, folder = server
    (folder / "a.csv").write_text("1,2")
    with pytest.raises(ValueError, match=r"a\.csv.*not the expected file"):
        dlcore.utils.get_file(origin=f"{address}a.csv", file_hash="0" * 64)
    assert not list((home / "datasets").iterdir())


def test_a_damaged_file_in_the_cache_is_fetched_anew(server: Any, home: Path) -> None:
    address, folder = server
    (folder / "a.csv").write_text("1,2")
    digest = hashlib.md5(b"1,2").hexdigest()
    path = Path(dlcore.utils.get_file(origin=f"{address}a.csv", md5_hash=digest))
    path.write_text("1")
    dlcore.utils.get_file(origin=f"{address}a.csv", file_hash=digest)
    assert path.read_text() == "1,2"


@pytest.mark.parametrize("kind", ["w:gz", "w:xz", "w", "zip"])
@pytest.mark.parametrize("name", [None, "things.tgz", "things"])
def test_an_archive_is_unpacked(
    server: Any, home: Path, kind: str, name: str | None
) -> None:
    address, folder = server
    archive = folder / "pack.bin"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as made:
            made.writestr("in/a.txt", "hello")
    else:
        with tarfile.open(archive, kind) as made:  # type: ignore[call-overload]
            member = tarfile.TarInfo("in/a.txt")
            member.size = 5
            made.addfile(member, io.BytesIO(b"hello"))
    found = dlcore.utils.get_file(name, f"{address}pack.bin", extract=True)
    assert (Path(found) / "in" / "a.txt").read_text() == "hello"
    expected = {None: "pack.bin", "things.tgz": "things_extracted", "things": "things"}
    assert Path(found).name == expected[name]


def test_a_member_that_leads_out_is_refused(server: Any, home: Path) -> None:
    address, folder = server
    with tarfile.open(folder / "bad.tar", "w") as made:
        member = tarfile.TarInfo("../../escaped.txt")
        made.addfile(member, io.BytesIO())
    with pytest.raises(tarfile.TarError):
        dlcore.utils.get_file("bad.tar", f"{address}bad.tar", extract=True)
    assert not list(home.parent.rglob("escaped.txt"))
    assert not (home / "datasets" / "bad_extracted").exists()


def test_without_a_network_the_way_out_is_named(home: Path) -> None:
    with pytest.raises(ConnectionError, match=r"put the file at .*a\.csv by hand"):
        dlcore.utils.get_file(origin="http://127.0.0.1:9/a.csv")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "origin="),
        ({"origin": "http://a.org"}, "give `fname`"),
        ({"origin": "http://a.org/b", "fname": "c/d"}, "plain name"),
        ({"origin": "http://a.org/b", "archive_format": "zp"}, "mean 'zip'"),
        (
            {"origin": "http://a.org/b", "file_hash": "0", "hash_algorithm": "sha25"},
            "mean 'sha256'",
        ),
    ],
)
def test_wrong_arguments(home: Path, arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dlcore.utils.get_file(**arguments)


# What each dataset reads, made small here and served in the original's form.


def served(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Let the datasets' addresses lead to ours; the files are others, so no hash."""
    for module in (images, tables, texts):
        monkeypatch.setattr(module, "HOST", address)
    monkeypatch.setattr(images, "_TORONTO", address)
    monkeypatch.setattr(files, "_known_hash", lambda *_: None)


def test_mnist(server: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address, folder = server
    data = {"x_train": rng.integers(0, 256, (5, 28, 28), "uint8")}
    data |= {"y_train": np.arange(5, dtype="uint8"), "x_test": data["x_train"][:2]}
    data["y_test"] = data["y_train"][:2]
    np.savez(folder / "mnist.npz", **data)
    served(monkeypatch, address)
    (x, y), (x_test, y_test) = dlcore.datasets.mnist.load_data()
    for name, value in zip(data, (x, y, x_test, y_test), strict=True):
        np.testing.assert_array_equal(value, data[name])
        assert value.dtype == np.uint8


def test_fashion_mnist(
    server: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, folder = server
    pictures = rng.integers(0, 256, (3, 28, 28), "uint8")
    for prefix in ("train", "t10k"):
        for name, header, content in (
            ("labels-idx1", 8, bytes([3, 1, 2])),
            ("images-idx3", 16, pictures.tobytes()),
        ):
            with gzip.open(folder / f"{prefix}-{name}-ubyte.gz", "w") as made:
                made.write(bytes(header) + content)
    served(monkeypatch, address)
    (x, y), (_, y_test) = dlcore.datasets.fashion_mnist.load_data()
    np.testing.assert_array_equal(x, pictures)
    assert list(y) == list(y_test) == [3, 1, 2]


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_cifar(
    server: Any, home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    address, folder = server
    rows = rng.integers(0, 256, (2, 3072), "uint8")
    keys = {"cifar10": ["labels"], "cifar100": ["fine_labels", "coarse_labels"]}[name]
    batch = {b"data": rows} | {k.encode(): [i, 7] for i, k in enumerate(keys)}
    content = pickle.dumps(batch, protocol=2)
    members = {
        "cifar10": [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"],
        "cifar100": ["train", "test"],
    }[name]
    inner = {"cifar10": "cifar-10-batches-py", "cifar100": "cifar-100-python"}[name]
    archive = folder / f"{name[:5]}-{name[5:]}-python.tar.gz"
    with tarfile.open(archive, "w:gz") as made:
        for member in members:
            info = tarfile.TarInfo(f"{inner}/{member}")
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
    served(monkeypatch, address)
    load = getattr(dlcore.datasets, name).load_data
    (x, y), (x_test, y_test) = load()
    assert x.shape == (2 * len(members) - 2, 32, 32, 3) and y.shape == (len(x), 1)
    np.testing.assert_array_equal(x_test[0, :, :, 1].ravel(), rows[0, 1024:2048])
    assert y_test.ravel().tolist() == [0, 7]
    if name == "cifar100":
        assert load("coarse")[1][1].ravel().tolist() == [1, 7]
        with pytest.raises(ValueError, match="mean 'fine'"):
            load("fin")


def test_tables(server: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address, folder = server
    x, y = rng.normal(size=(700, 8)), np.arange(700.0)
    for name in ("boston_housing", "california_housing"):
        np.savez(folder / f"{name}.npz", x=x, y=y)
    served(monkeypatch, address)
    (a, b), (c, d) = dlcore.datasets.boston_housing.load_data()
    assert a.shape == (560, 8) and c.shape == (140, 8)
    np.testing.assert_array_equal(x[b.astype(int)], a)
    assert sorted([*b, *d]) == list(y)
    (a, _), (c, _) = dlcore.datasets.california_housing.load_data("small")
    assert len(a) + len(c) == 600
    with pytest.raises(ValueError, match="mean 'small'"):
        dlcore.datasets.california_housing.load_data("smal")


@pytest.mark.parametrize("name", ["imdb", "reuters"])
def test_texts_are_those_of_keras(
    server: Any, home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    keras = pytest.importorskip("keras")
    address, folder = server
    made = np.empty(40, dtype=object)
    made[:] = [list(map(int, rng.integers(1, 90, rng.integers(2, 9)))) for _ in made]
    labels = rng.integers(0, 2, 40)
    data = {"x": made, "y": labels}
    if name == "imdb":
        data = {"x_train": made, "y_train": labels, "x_test": made, "y_test": labels}
    np.savez(folder / f"{name}.npz", **data)  # type: ignore[arg-type]
    served(monkeypatch, address)
    module = getattr(keras.src.datasets, name)
    monkeypatch.setattr(module, "get_file", lambda **_: str(folder / f"{name}.npz"))
    for options in (
        {},
        {"num_words": 50, "skip_top": 5},
        {"oov_char": None, "num_words": 30, "start_char": None},
        {"maxlen": 6, "index_from": 0, "seed": 3},
    ):
        ours = getattr(dlcore.datasets, name).load_data(**options)
        theirs = module.load_data(**options)
        for one, other in zip(ours, theirs, strict=True):
            assert [list(words) for words in one[0]] == [list(w) for w in other[0]]
            np.testing.assert_array_equal(one[1], other[1])


def test_the_words_and_topics(
    server: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, folder = server
    for name in ("imdb", "reuters"):
        (folder / f"{name}_word_index.json").write_text('{"the": 1}')
    served(monkeypatch, address)
    assert dlcore.datasets.imdb.get_word_index() == {"the": 1}
    assert dlcore.datasets.reuters.get_word_index() == {"the": 1}
    assert len(dlcore.datasets.reuters.get_label_names()) == 46


@pytest.mark.parametrize(("name", "size"), [("digits", 1797), ("iris", 150)])
def test_what_scikit_learn_ships(name: str, size: int) -> None:
    (x, y), (x_test, y_test) = getattr(dlcore.datasets, name).load_data()
    assert len(x) + len(x_test) == size == len(y) + len(y_test)
    assert x.dtype == np.float32 and y.dtype == np.int32


def test_a_pickle_cannot_run_code(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return (print, ("boom",))

    with pytest.raises(pickle.UnpicklingError, match="print"):
        plain.load(io.BytesIO(pickle.dumps(Bomb())))
    bombs = np.empty(1, dtype=object)
    bombs[0] = Bomb()
    np.savez(tmp_path / "x.npz", x=bombs)
    with pytest.raises(pickle.UnpicklingError, match="only numbers"):
        plain.load_npz(tmp_path / "x.npz")
