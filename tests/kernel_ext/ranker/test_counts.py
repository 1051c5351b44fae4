"""Sparse count tables and the file that holds them."""

from pathlib import Path

import numpy as np
import pytest

from kernel_ext.ranker import weights
from kernel_ext.ranker.counts import BITS, LEVELS, Counts, Table, pack
from kernel_ext.ranker.weights import WeightsError

NAMES = ["head", "tail", "pandas:DataFrame", "df"]


@pytest.fixture
def counts():
    key = 3 << BITS | 1
    table = Table(
        keys=np.array([3, key], np.uint64),
        ends=np.array([2, 3], np.uint32),
        totals=np.array([13, 5], np.float32),
        spreads=np.array([7, 2], np.uint16),
        names=np.array([0, 1, 1], np.int32),
        counts=pack(np.array([9.0, 3.0, 4.0])),
        repositories=np.array([6, 2, 2], np.uint16),
    )
    return Counts(NAMES, {"type": table})


def test_rows_by_one_and_two_names(counts):
    row = counts.row("type", ("pandas:DataFrame",))
    assert row.names.tolist() == [0, 1]
    assert row.counts == pytest.approx([9, 3], rel=0.07)
    assert row.repositories.tolist() == [6, 2]
    assert (row.total, row.spread) == (13, 7)
    second = counts.row("type", ("pandas:DataFrame", "head"))
    assert second.names.tolist() == [1]


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("type", ("df",)),
        ("type", ("unknown",)),
        ("type", ("head", "pandas:DataFrame")),
        ("none", ("pandas:DataFrame",)),
    ],
)
def test_what_was_never_seen_is_none(counts, table, key):
    assert counts.row(table, key) is None


def test_counts_survive_one_byte_within_four_percent():
    true = np.arange(1, 200_000, 37).astype(float)
    error = np.abs(np.log(LEVELS[pack(true)] / true))
    assert error[true > 10].max() < 0.04
    assert LEVELS[pack(np.array([1.0]))][0] == pytest.approx(1, rel=0.05)


def test_round_trip_through_a_file(counts, tmp_path):
    path = tmp_path / "a.npz"
    size = weights.write(path, counts.to_arrays(), {"language": "python"})
    assert size == path.stat().st_size
    arrays, meta = weights.read(path)
    assert meta["language"] == "python"
    again = Counts.from_arrays(arrays)
    assert again.names == NAMES
    assert again.row("type", ("pandas:DataFrame",)).names.tolist() == [0, 1]
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_a_failed_write_leaves_the_old_file(counts, tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    weights.write(path, counts.to_arrays(), {})
    before = path.read_bytes()

    def full(self, data):
        with self.open("wb") as file:
            file.write(data[:10])
        raise OSError("full")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="full"):
        weights.write(path, {}, {})
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def break_nothing_there(path):
    path.unlink()


def break_half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def break_empty(path):
    path.write_bytes(b"")


def break_text(path):
    path.write_text("not an archive")


def break_bytes(path):
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40] = bytes(40)
    path.write_bytes(bytes(data))


def break_format(path):
    weights.write(path, {"a": np.zeros(1)}, {"format": 99})


def break_description(path):
    with path.open("wb") as file:
        np.savez(file, a=np.zeros(1))


def break_with_a_pickle(path):
    with path.open("wb") as file:
        np.savez(file, meta=np.array([{"format": 1}], dtype=object))


BREAKS = [
    break_nothing_there, break_half, break_empty, break_text, break_bytes,
    break_format, break_description, break_with_a_pickle,
]  # fmt: skip


@pytest.mark.parametrize("ruin", BREAKS, ids=lambda f: f.__name__)
def test_broken_files_say_what_is_wrong(counts, tmp_path, ruin):
    path = tmp_path / "a.npz"
    weights.write(path, counts.to_arrays(), {})
    ruin(path)
    with pytest.raises(WeightsError, match="Reinstall") as caught:
        weights.read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ends", np.array([1], np.uint32)),
        ("ends", np.array([2, 9], np.uint32)),
        ("names", np.array([0, 1, 99], np.int32)),
        ("counts", np.array([1.0, 2.0, 3.0])),
        ("repositories", np.array([1], np.uint16)),
    ],
)
def test_arrays_that_do_not_fit_are_refused(counts, field, value):
    arrays = counts.to_arrays()
    arrays[f"type/{field}"] = value
    with pytest.raises(ValueError, match="type"):
        Counts.from_arrays(arrays)


def test_a_missing_array_is_named(counts):
    arrays = counts.to_arrays()
    del arrays["type/ends"]
    with pytest.raises(ValueError, match="type/ends"):
        Counts.from_arrays(arrays)
