"""Public repositories -> documents -> completion points.

`python -m kernel_ext.corpus mine FOLDER... --out CACHE --manifest LIST.csv` reads
bare git folders and work trees and writes a cache:

* `CACHE/repositories/OWNER+NAME.jsonl.gz`, one file for each repository, written
  whole or not at all. Its first line is the repository's record (`repository`,
  `commit`, `licence`, counts for the report); every further line is one
  document: `path`, `kind` ("notebook" or "file"), `text` (cells joined by
  `kernel_ext.context.join`), `cells` (hashes of the cells) and `words` (hashes of
  its identifiers).
* `CACHE/duplicates.json`: which documents and which cells repeat others of other
  repositories; `documents` leaves those out.
* `CACHE/pools/*.json`: names that live libraries offer (`kernel_ext.corpus.pools`).

Points ("events") are *not* stored: `Document.points()` reads them from the text, so
that a change to `kernel_ext.context` never leaves stale events behind.

>>> from kernel_ext import corpus
>>> for document in corpus.documents("cache", split="validation", kind="notebook"):
...     for point in document.points():                              # doctest: +SKIP
...         print(document.repository, point.kind, point.receiver_type, point.name)

The cache holds other people's text and stays on the machine that made it; only
counts, weights and the list of repositories are published.
"""

from __future__ import annotations

from kernel_ext.corpus.documents import Document, documents, repositories
from kernel_ext.corpus.pools import Pools, common_names
from kernel_ext.corpus.splits import reserved, split

__all__ = [
    "Document",
    "Pools",
    "common_names",
    "documents",
    "repositories",
    "reserved",
    "split",
]
