"""Exact and near duplicates.

Two documents are near duplicates if the Jaccard similarity of the sets of their
identifiers is at least 0.8 (Allamanis 2019, "The adverse effects of code duplication
in machine learning models of code", arXiv 1812.06469). Candidates are found by MinHash
with banding (Broder 1997; Leskovec et al., "Mining of massive datasets", chapter 3) and
then compared exactly.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence

import numpy as np

SIMILAR = 0.8
FEWEST = 20
"""Documents with fewer identifiers are too small to call similar."""
SHORTEST_CELL = 40
"""Shorter cells (`df.head()`) recur without being copies."""

_BANDS, _ROWS = 32, 4
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_COMMENT = re.compile(r"#[^\n]*")
_random = np.random.default_rng(20_191_130)
_FACTORS = _random.integers(1, 2**61, _BANDS * _ROWS, dtype=np.uint64) | np.uint64(1)


def fingerprint(text: str) -> str:
    """Return a hash of a text without its white space."""
    squeezed = "".join(text.split()).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(squeezed, digest_size=8).hexdigest()


def identifiers(text: str) -> np.ndarray:
    """Return the sorted 32-bit hashes of a text's identifiers, comments left out."""
    words = set(_IDENTIFIER.findall(_COMMENT.sub("", text)))
    digests = (
        hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=4).digest()
        for word in words
    )
    return np.unique(np.frombuffer(b"".join(digests), dtype="<u4"))


def pack(words: np.ndarray) -> str:
    """Write hashes as text."""
    return base64.b64encode(words.astype("<u4").tobytes()).decode()


def unpack(text: str) -> np.ndarray:
    """Read hashes that `pack` wrote."""
    return np.frombuffer(base64.b64decode(text), dtype="<u4")


def jaccard(left: np.ndarray, right: np.ndarray) -> float:
    """Return the similarity of two sorted sets of hashes."""
    shared = len(np.intersect1d(left, right, assume_unique=True))
    return shared / max(1, len(left) + len(right) - shared)


def _bands(words: np.ndarray) -> list[bytes]:
    # Multiply-shift hashing: the high half of an odd multiple, modulo 2**64.
    mixed = (words.astype(np.uint64)[None, :] * _FACTORS[:, None]) >> np.uint64(32)
    smallest = mixed.min(axis=1).astype("<u4").reshape(_BANDS, _ROWS)
    return [bytes([band]) + row.tobytes() for band, row in enumerate(smallest)]


def near_duplicates(documents: Sequence[np.ndarray]) -> dict[int, int]:
    """Map each document that repeats an earlier, kept one to that one.

    Parameters
    ----------
    documents
        `identifiers` of each document, in order of preference.
    """
    buckets: dict[bytes, list[int]] = {}
    repeats: dict[int, int] = {}
    for number, words in enumerate(documents):
        if len(words) < FEWEST:
            continue
        bands = _bands(words)
        near = {other for band in bands for other in buckets.get(band, ())}
        for other in sorted(near):
            if jaccard(words, documents[other]) >= SIMILAR:
                repeats[number] = other
                break
        else:
            for band in bands:
                buckets.setdefault(band, []).append(number)
    return repeats


def repeated_cells(
    documents: Iterable[tuple[str, Sequence[str]]],
) -> dict[str, list[int]]:
    """Find cells that stand in an earlier document, or earlier in their own.

    Parameters
    ----------
    documents
        For each document a key and the fingerprints of its cells; an empty
        fingerprint stands for a cell that is too short to count.
    """
    seen: set[str] = set()
    found: dict[str, list[int]] = {}
    for key, cells in documents:
        for number, cell in enumerate(cells):
            if cell and cell in seen:
                found.setdefault(key, []).append(number)
            seen.add(cell)
    return found
