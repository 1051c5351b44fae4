"""Reading the cache that the miner wrote."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernel_ext import context
from kernel_ext.corpus.splits import split as split_of

SUFFIX = ".jsonl.gz"


@dataclass(slots=True, frozen=True)
class Document:
    """A notebook or a Python file of a repository."""

    repository: str
    """`owner/name`."""
    commit: str
    licence: str
    split: str
    """`"train"` or `"validation"`."""
    path: str
    kind: str
    """`"notebook"` or `"file"`."""
    text: str
    """The whole text; cells of a notebook are joined by `context.join`."""
    repeated: frozenset[int]
    """Numbers of the cells that stand word for word in an earlier document. They stay
    in the text as context, but their points are not counted."""

    def points(self) -> list[context.Point]:
        """Return the completion points of the document, without repeated cells."""
        points = context.points(self.text)
        return [p for p in points if p.cell not in self.repeated]


def repositories(cache: str | Path) -> list[dict[str, Any]]:
    """Return the records of all mined repositories, sorted by name.

    Each has `repository`, `commit`, `licence`, `split` and the counts of the report.
    """
    records = []
    for path in sorted((Path(cache) / "repositories").glob("*" + SUFFIX)):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            records.append(_record(next(lines)))
    return records


def _record(line: str) -> dict[str, Any]:
    record = json.loads(line)
    return {**record, "split": split_of(record["repository"])}


def documents(
    cache: str | Path, *, split: str | None = None, kind: str | None = None
) -> Iterator[Document]:
    """Iterate over the mined documents in a fixed order, without near duplicates.

    Parameters
    ----------
    cache
        The folder given to `mine --out`.
    split
        Only `"train"` or only `"validation"`; both by default.
    kind
        Only `"notebook"` or only `"file"`; both by default.

    Raises
    ------
    FileNotFoundError
        If the folder holds no finished cache.
    """
    cache = Path(cache)
    try:
        known = json.loads((cache / "duplicates.json").read_text("utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(
            f"no mined corpus in {str(cache)!r}; make one with "
            "`python -m kernel_ext.corpus mine FOLDER... --out CACHE`"
        ) from None
    for path in sorted((cache / "repositories").glob("*" + SUFFIX)):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            record = _record(next(lines))
            if split not in (None, record["split"]):
                continue
            repeats = known.get(record["repository"], {})
            for line in lines:
                found = json.loads(line)
                if kind not in (None, found["kind"]):
                    continue
                repeated = repeats.get(found["path"], [])
                if repeated is True:
                    continue
                yield Document(
                    record["repository"],
                    record["commit"],
                    record["licence"],
                    record["split"],
                    found["path"],
                    found["kind"],
                    found["text"],
                    frozenset(repeated),
                )
