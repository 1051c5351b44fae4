"""Reading repositories: bare git folders, work trees and plain folders."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_URL = re.compile(r"[:/]([\w.-]+)/([\w.-]+?)(?:\.git)?/?$")
_OWNER_NAME = re.compile(r"([\w.-]+)(?:\+|__)([\w.-]+?)(?:\.git)?")
_DEPTH = 3


class GitError(RuntimeError):
    """A repository that git cannot read; the text says why."""


@dataclass(frozen=True)
class Repository:
    """A repository on this machine."""

    name: str
    """`owner/name`."""
    folder: Path
    """Its work tree, or the git folder itself if it is bare."""
    git: Path | None
    """Its git folder; None for a plain folder."""


def find(folders: Iterable[str | Path]) -> list[Repository]:
    """Find the repositories in folders, each a repository or a folder of some.

    The name `owner/name` is the address of the remote `origin`, if one is set; else it
    comes from a folder named `owner+name` or `owner__name`, else from the last two
    folders of the path.

    Raises
    ------
    FileNotFoundError
        If a folder does not exist.
    """
    found = {}
    for folder in folders:
        folder = Path(folder).resolve()
        if not folder.is_dir():
            raise FileNotFoundError(f"{str(folder)!r} is not a folder")
        for repository in _search(folder, 0) or [Repository("", folder, None)]:
            name = repository.name or _name(repository.folder, repository.git)
            found[name] = Repository(name, repository.folder, repository.git)
    return [found[name] for name in sorted(found)]


def _search(folder: Path, depth: int) -> list[Repository]:
    if (folder / "HEAD").is_file() and (folder / "objects").is_dir():
        return [Repository("", folder, folder)]
    if (folder / ".git").exists():
        return [Repository("", folder, folder / ".git")]
    if depth == _DEPTH:
        return []
    inside = sorted(path for path in folder.iterdir() if path.is_dir())
    return [each for path in inside for each in _search(path, depth + 1)]


def _name(folder: Path, git: Path | None) -> str:
    if git is not None:
        url = _run(git, "config", "--get", "remote.origin.url", check=False)
        match = _URL.search(url.decode().strip())
        if match:
            return f"{match[1]}/{match[2]}"
    for part in [folder.name, folder.parent.name, folder.parent.parent.name]:
        match = _OWNER_NAME.fullmatch(part)
        if match:
            return f"{match[1]}/{match[2]}"
    return f"{folder.parent.name}/{folder.name.removesuffix('.git')}"


def _run(git: Path, *arguments: str, check: bool = True) -> bytes:
    command = ["git", f"--git-dir={git}", *arguments]
    done = subprocess.run(command, capture_output=True, check=False, env=_environment())
    if check and done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise GitError(f"git cannot read {str(git)!r}: {said}")
    return done.stdout


def _environment() -> dict[str, str]:
    # A partial clone must not go and fetch what it lacks.
    quiet = {"GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    return {**os.environ, **quiet}


def commit(repository: Repository) -> str | None:
    """Return the commit that is read, or None for a plain folder."""
    if repository.git is None:
        return None
    return _run(repository.git, "rev-parse", "HEAD").decode().strip()


def files(repository: Repository, suffixes: tuple[str, ...]) -> list[tuple[str, str]]:
    """List the regular files with these suffixes: path and what `read` calls it.

    Links and submodules are left out.
    """
    if repository.git is None:
        root = repository.folder
        return [
            (path.relative_to(root).as_posix(), str(path))
            for path in sorted(root.rglob("*"))
            if path.suffix in suffixes and path.is_file() and not path.is_symlink()
        ]
    listing = _run(repository.git, "ls-tree", "-r", "-z", "--full-tree", "HEAD")
    found = []
    for entry in listing.split(b"\0"):
        about, _, raw = entry.partition(b"\t")
        path = raw.decode("utf-8", "replace")
        if about.startswith(b"100") and path.endswith(suffixes):
            found.append((path, about.split()[2].decode()))
    return found


def read(
    repository: Repository, names: list[str], largest: int
) -> Iterator[bytes | None]:
    """Yield the contents in order; None if absent or larger than `largest` bytes."""
    if repository.git is None:
        for name in names:
            path = Path(name)
            yield path.read_bytes() if path.stat().st_size <= largest else None
        return
    with subprocess.Popen(
        ["git", f"--git-dir={repository.git}", "cat-file", "--batch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    ) as process:
        assert process.stdin and process.stdout
        for name in names:
            process.stdin.write(f"{name}\n".encode())
            process.stdin.flush()
            yield _content(process.stdout, largest)
        process.stdin.close()


def _content(stream: IO[bytes], largest: int) -> bytes | None:
    header = stream.readline().split()
    if not header:
        raise GitError("git stopped while its objects were read")
    if len(header) < 3:
        return None  # "<name> missing": a partial clone
    size = int(header[2])
    if size <= largest:
        content = stream.read(size)
        stream.read(1)
        return content
    for left in range(size + 1, 0, -65536):
        stream.read(min(left, 65536))
    return None
