"""Hashes of strings: the numbers are TensorFlow's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from dlcore.src.layers.preprocessing.fingerprints import (
    cross,
    fingerprint64,
    siphash64,
)

WORDS = [
    *("", "a", "B", "omar", "stringer", "skywalker", "Grüße"),
    *("a" * 17, "b" * 33, "c" * 64, "d" * 65, "e" * 130),
]
BYTES = [word.encode() for word in WORDS]
BUCKETS = 2**62 + 1

# From TensorFlow 2.21: tf.strings.to_hash_bucket_fast(WORDS, BUCKETS), ..._strong with
# key=[133, 137], and tf.sparse.cross_hashed of WORDS and range(-6, 6).
FAST = [
    *(1936946117179621453, 3694432073954588129, 4091874029135255623),
    *(3378277989609990986, 2877107343848490989, 3720374459577447325),
    *(4532040665262223651, 3756752071939108416, 2035177667208992806),
    *(414906305872451895, 1926780777110101056, 3571747868606440297),
]
STRONG = [
    *(316627932347062995, 2466253977694453449, 2663302974717928070),
    *(1263773457614080769, 1377567056366200696, 2102760455644482887),
    *(1260636426907473650, 3233598132688473992, 4182887705902487424),
    *(3133073175623730342, 3835898618985251365, 1396359194368949770),
]
CROSSED = [
    *(1447752949628324147, 955795738575781575, 3173691003168751293),
    *(1702357367912307740, 1020463128800785465, 2017798443821776468),
    *(141409367832981421, 2725520906081249623, 3112746714302076110),
    *(3010739283846308411, 3186697177436576173, 1468809141771483047),
]


def in_buckets(hashes: Any, count: int = BUCKETS) -> list[int]:
    return (hashes % np.uint64(count)).tolist()


def test_fingerprints() -> None:
    assert in_buckets(fingerprint64(BYTES)) == FAST


def test_keyed_hashes() -> None:
    assert in_buckets(siphash64(BYTES, [133, 137])) == STRONG


def test_crossings() -> None:
    numbers = np.arange(-6, 6).view("uint64")
    assert in_buckets(cross([fingerprint64(BYTES), numbers])) == CROSSED


@pytest.mark.parametrize(
    ("function", "total"),
    [
        (fingerprint64, 691331678365005933),
        (lambda values: siphash64(values, [133, 137]), 633181679534145082),
    ],
)
def test_every_length(function: Any, total: int) -> None:
    """Compare the sum over lengths 0 to 139, and some longer ones, of random bytes."""
    rng = np.random.default_rng(0)
    sizes = [*range(140), 191, 192, 193, 256, 257, 1000]
    values = [bytes(rng.integers(0, 256, n, dtype=np.uint8)) for n in sizes]
    assert sum(in_buckets(function(values), 2**63 - 1)) % 2**61 == total


@given(st.lists(st.binary(max_size=150), min_size=1, max_size=8))
def test_each_string_has_its_own_hash(values: list[bytes]) -> None:
    """Hashing many at once is hashing them one by one."""
    for function in (fingerprint64, lambda v: siphash64(v, [1, 2])):
        alone = [int(function([v])[0]) for v in values]
        assert function(values).tolist() == alone


def test_no_strings() -> None:
    assert fingerprint64([]).shape == siphash64([], [1, 2]).shape == (0,)
