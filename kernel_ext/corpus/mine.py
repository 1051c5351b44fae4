"""Mining: repositories -> files of the cache, in parallel, resumable."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tqdm import tqdm

from kernel_ext import context, whole
from kernel_ext.corpus import duplicates, git, sources
from kernel_ext.corpus.documents import SUFFIX, repositories
from kernel_ext.corpus.splits import permissive, reserved

NOTEBOOKS, FILES = 300, 400
"""At most so many of one repository, so that none dominates."""


def mine(
    folders: Iterable[str | Path],
    cache: str | Path,
    *,
    licences: dict[str, str] | None = None,
    only_permissive: bool = False,
    workers: int = 2,
    notebooks: int = NOTEBOOKS,
    files: int = FILES,
    again: bool = False,
    quiet: bool = False,
) -> dict[str, Any]:
    """Mine repositories into a cache and return the report.

    A repository that was mined before at the same commit, with the same limits, is
    not read again, unless asked for. Reserved owners are refused. Counts of events
    are those of the code at the time of mining (`reading` in a record is its hash);
    the points themselves are read anew whenever they are used.

    Parameters
    ----------
    folders
        Repositories (bare git folders, work trees, plain folders) or folders of some.
    cache
        Where to write.
    licences
        Licence of each `owner/name`; repositories without one are noted as "unknown".
    only_permissive
        Leave out repositories whose licence is not clearly permissive.
    workers
        Number of processes. They are started afresh, so a script calls this below
        `if __name__ == "__main__":`.
    notebooks, files
        Limits for each repository.
    again
        Read also what was mined before.
    quiet
        Show no progress bar.
    """
    cache = Path(cache)
    (cache / "repositories").mkdir(parents=True, exist_ok=True)
    known = {name.lower(): licence for name, licence in (licences or {}).items()}
    refused: dict[str, str] = {}
    jobs = []
    for repository in git.find(folders):
        licence = known.get(repository.name.lower(), "unknown")
        if reserved(repository.name):
            refused[repository.name] = "reserved for judging"
        elif only_permissive and not permissive(licence):
            refused[repository.name] = f"licence: {licence}"
        else:
            jobs.append((repository, licence, (notebooks, files), cache, again))
    bar = tqdm(total=len(jobs), unit="repo", disable=quiet)
    # Not forked: a copy of a process that has threads (every notebook's) may hang.
    afresh = get_context("spawn")
    with bar, ProcessPoolExecutor(workers, mp_context=afresh) as pool:
        running = {pool.submit(_mine_one, *job): job[0].name for job in jobs}
        for done in as_completed(running):
            failure = done.exception()
            if isinstance(failure, (git.GitError, OSError)):
                refused[running[done]] = f"cannot be read: {failure}"
            elif failure is not None:
                raise failure
            bar.set_postfix_str(running[done][:30], refresh=False)
            bar.update()
    whole.write(cache / "duplicates.json", json.dumps(find_duplicates(cache)))
    return report(cache, refused)


def path_of(cache: Path, repository: str) -> Path:
    """Return the file that holds a repository."""
    return cache / "repositories" / (repository.replace("/", "+") + SUFFIX)


@cache
def _reading() -> str:
    """Return a hash of the code that reads texts: the counts are of its making."""
    folder = Path(context.__file__).parent
    paths = [*folder.glob("*.py"), *folder.glob("*.json")]
    paths += [Path(module.__file__ or "") for module in (sources, duplicates)]
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(paths):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _mine_one(
    repository: git.Repository,
    licence: str,
    limits: tuple[int, int],
    cache: Path,
    again: bool,
) -> None:
    path = path_of(cache, repository.name)
    commit = git.commit(repository)
    made = {
        "licence": licence,
        "commit": commit,
        "limits": list(limits),
    }
    if commit is not None and path.exists() and not again:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            before = json.loads(next(lines))
        if all(before.get(key) == value for key, value in made.items()):
            return
    found, counts = _collect(repository)
    kept = _limit(found, limits, counts)
    for document in kept:
        _count(document, counts)
    record = {
        "repository": repository.name,
        **made,
        "reading": _reading(),
        "counts": dict(sorted(counts.items())),
    }
    text = "\n".join(json.dumps(each) for each in [record, *kept])
    whole.write(path, gzip.compress(text.encode(), 6, mtime=0))


def _collect(repository: git.Repository) -> tuple[list[dict[str, Any]], Counter[str]]:
    """Read the documents of a repository, exact duplicates dropped."""
    counts: Counter[str] = Counter()
    listed = git.files(repository, sources.SUFFIXES)
    wanted = [(path, name) for path, name in listed if sources.own(path)]
    counts["skipped: vendored or generated path"] = len(listed) - len(wanted)
    contents = git.read(
        repository, [name for _, name in wanted], sources.LARGEST_NOTEBOOK
    )
    found, seen = [], set()
    for (path, _), content in zip(wanted, contents, strict=True):
        if content is None:
            counts["skipped: absent or huge"] += 1
            continue
        document = _document(path, content, counts)
        if document is None:
            continue
        print_ = duplicates.fingerprint(document["text"])
        if print_ in seen:
            counts["duplicates: exact"] += 1
            continue
        seen.add(print_)
        document["fingerprint"] = print_
        found.append(document)
    return found, counts


def _document(path: str, content: bytes, counts: Counter[str]) -> dict[str, Any] | None:
    if path.endswith(".ipynb"):
        try:
            cells = sources.notebook_cells(content)
        except ValueError:
            counts["parse failures: notebooks"] += 1
            return None
        if cells is None:
            counts["skipped: notebook without Python"] += 1
            return None
        text, kind = sources.join(cells), "notebook"
        prints = [
            duplicates.fingerprint(cell)
            if len(cell) >= duplicates.SHORTEST_CELL
            else ""
            for cell in cells
        ]
    else:
        read = sources.file_text(content)
        if read is None:
            counts["skipped: empty, huge, generated or not UTF-8"] += 1
            return None
        text, kind, prints = read, "file", []
    return {"path": path, "kind": kind, "text": text, "cells": prints}


def _limit(
    found: list[dict[str, Any]], limits: tuple[int, int], counts: Counter[str]
) -> list[dict[str, Any]]:
    """Drop near duplicates, and all beyond the limits (an arbitrary, fixed choice)."""
    words = [duplicates.identifiers(document["text"]) for document in found]
    order = sorted(range(len(found)), key=lambda n: _preference(found[n]))
    repeats = duplicates.near_duplicates([words[number] for number in order])
    kept: dict[str, list[dict[str, Any]]] = {"notebook": [], "file": []}
    for place, number in enumerate(order):
        if place in repeats:
            counts["duplicates: near, in the repository"] += 1
        else:
            found[number]["words"] = duplicates.pack(words[number])
            kept[found[number]["kind"]].append(found[number])
    chosen = []
    for (kind, documents), limit in zip(kept.items(), limits, strict=True):
        documents.sort(key=lambda each: hashlib.md5(each["path"].encode()).digest())
        counts[f"skipped: beyond the limit of {kind}s"] += max(
            0, len(documents) - limit
        )
        chosen += documents[:limit]
    return sorted(chosen, key=lambda document: document["path"])


def _preference(document: dict[str, Any]) -> tuple[bool, int, str]:
    """Of copies prefer notebooks, then the one with the plainest text."""
    text = document["text"]
    foreign = len(text.encode("utf-8", "surrogatepass")) - len(text)
    return document["kind"] == "file", foreign, document["path"]


def _count(document: dict[str, Any], counts: Counter[str]) -> None:
    kind = document["kind"]
    counts[f"{kind}s"] += 1
    text = document["text"]
    counts[f"characters in {kind}s"] += len(text)
    if kind == "notebook":
        cells = text.split(context.CELL)
        counts["cells"] += len(cells)
        counts["parse failures: cells"] += sum(not sources.parses(c) for c in cells)
    else:
        counts["parse failures: files"] += not sources.parses(text)
    for point in context.points(text):
        counts[f"events in {kind}s: {point.kind}"] += 1
        if point.kind == "attribute" and point.receiver_type is not None:
            counts[f"events in {kind}s: attribute with a known receiver"] += 1


def find_duplicates(cache: Path) -> dict[str, dict[str, Any]]:
    """Find what repeats other repositories: documents (True) or cells (numbers)."""
    keys, words, cells = [], [], []
    for path in sorted((cache / "repositories").glob("*" + SUFFIX)):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            name = json.loads(next(lines))["repository"]
            for line in lines:
                document = json.loads(line)
                keys.append((name, document["path"], document["kind"]))
                words.append(duplicates.unpack(document["words"]))
                cells.append((document["fingerprint"], document["cells"]))
    found: dict[str, dict[str, Any]] = {}
    # Notebooks first: they are scarce, so the notebook stays and its copy goes.
    order = sorted(range(len(keys)), key=lambda n: (keys[n][2] == "file", keys[n]))
    repeats = set(duplicates.near_duplicates([words[n] for n in order]))
    whole: set[str] = set()
    left = []
    for place, number in enumerate(order):
        name, inner, _ = keys[number]
        print_, prints = cells[number]
        if place in repeats or print_ in whole:
            found.setdefault(name, {})[inner] = True
        else:
            left.append((f"{name}\0{inner}", prints))
        whole.add(print_)
    for key, numbers in duplicates.repeated_cells(left).items():
        name, inner = key.split("\0")
        found.setdefault(name, {})[inner] = numbers
    return found


def report(cache: str | Path, refused: dict[str, str] | None = None) -> dict[str, Any]:
    """Sum up a cache: repositories with commits and licences, and counts."""
    cache = Path(cache)
    records = repositories(cache)
    known = json.loads((cache / "duplicates.json").read_text("utf-8"))
    total: Counter[str] = Counter()
    for record in records:
        total.update(record["counts"])
        total[f"repositories for {record['split']}"] += 1
    marks = [mark for paths in known.values() for mark in paths.values()]
    total["duplicates: near, of other repositories"] = sum(m is True for m in marks)
    total["duplicates: cells"] = sum(len(m) for m in marks if m is not True)
    return {
        "repositories": records,
        "refused": dict(sorted((refused or {}).items())),
        "total": {"repositories": len(records), **dict(sorted(total.items()))},
    }
