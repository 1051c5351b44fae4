"""The list of repositories that ships beside the weights."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from kernel_ext import whole

COLUMNS = ("repository", "commit", "licence", "split", "files", "notebooks")


def repositories(
    path: Path, records: Iterable[dict[str, Any]], used: Collection[str]
) -> None:
    """Write which repositories the weights were trained and validated on.

    Parameters
    ----------
    path : Path
        The ``.csv`` file.
    records : iterable of dict
        From `kernel_ext.corpus.repositories`.
    used : collection of str
        Names of the training repositories that were counted; those of the
        validation split are listed too.
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for record in sorted(records, key=lambda r: r["repository"].lower()):
        if record["split"] == "validation" or record["repository"] in used:
            flat = {"files": 0, "notebooks": 0, **record.get("counts", {}), **record}
            writer.writerow(flat)
    whole.write(path, buffer.getvalue())
