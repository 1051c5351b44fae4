"""Files from the network: downloaded once, checked, unpacked safely."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from dlcore.src.errors import did_you_mean
from dlcore.src.export import export

FORMATS = ("auto", "tar", "zip")


@export("dlcore.utils.get_file")
def get_file(
    fname: str | os.PathLike[str] | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str | None = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """Download a file unless it is in the cache already, and return its path.

    The file is written whole or not at all, and checked against its hash each time.

    Parameters
    ----------
    fname : str, optional
        Its name in the cache; by default the last part of the address.
    origin : str
        The address (``https://...``).
    untar : bool
        The same as ``extract`` (older name).
    md5_hash : str, optional
        The same as ``file_hash`` with ``hash_algorithm="md5"`` (older name).
    file_hash : str, optional
        What the content must hash to; a cached file with another hash is fetched anew.
    cache_subdir : str
        Folder in ``cache_dir``.
    hash_algorithm : {"auto", "sha256", "md5"}
        "auto" tells them apart by their length.
    extract : bool
        Whether to unpack an archive. Members that lead out of the folder are refused.
    archive_format : {"auto", "tar", "zip"} or None
        None unpacks nothing.
    cache_dir : path-like, optional
        By default ``~/.dlcore``.
    force_download : bool
        Whether to fetch it even if it is there.

    Returns
    -------
    str
        The file; when it is unpacked, the folder of its content.

    Raises
    ------
    ConnectionError
        If it cannot be fetched; the message says where the file may be put by hand.
    ValueError
        If the hash is another one, or an argument is wrong.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.utils.get_file(origin="https://a.org/x.csv")  # doctest: +SKIP
    '/home/me/.dlcore/datasets/x.csv'
    """
    if not origin:
        raise ValueError('get_file: give the address as origin="https://...".')
    name = os.fspath(fname) if fname else Path(urlsplit(origin).path).name
    if not name:
        raise ValueError(
            f"get_file: the address {origin!r} ends in no file name; give `fname`."
        )
    if Path(name).name != name:
        raise ValueError(
            "get_file: `fname` must be a plain name; the folder is set by `cache_dir` "
            f"and `cache_subdir`, got fname={name!r}."
        )
    if archive_format is not None and archive_format not in FORMATS:
        raise ValueError(
            f"get_file: unknown archive_format={archive_format!r}."
            + did_you_mean(archive_format, FORMATS)
        )
    folder = _writable(cache_dir) / cache_subdir
    folder.mkdir(parents=True, exist_ok=True)
    unpack = (extract or untar) and archive_format is not None
    target, content = folder / name, folder
    if unpack:
        target, content = _places(folder, name, named=bool(fname))
    if force_download:
        target.unlink(missing_ok=True)
        if unpack and content.exists():
            shutil.rmtree(content)
    known = _known_hash(file_hash or md5_hash, hash_algorithm, bool(md5_hash))
    _fetch(origin, target, known)
    if not unpack:
        return str(target)
    _unpack(target, content, "tar" if untar else str(archive_format))
    return str(content)


def _places(folder: Path, name: str, named: bool) -> tuple[Path, Path]:
    """Return where an archive and its content go: the same names as Keras'."""
    if named and "." in name:
        return folder / name, folder / f"{name.partition('.')[0]}_extracted"
    return folder / f"{name}_archive", folder / name


def _writable(cache_dir: str | os.PathLike[str] | None) -> Path:
    chosen = Path(cache_dir or "~/.dlcore").expanduser()
    elsewhere = Path(tempfile.gettempdir()) / ".dlcore"
    try:
        chosen.mkdir(parents=True, exist_ok=True)
    except OSError:
        return elsewhere
    return chosen if os.access(chosen, os.W_OK) else elsewhere


def _known_hash(value: str | None, algorithm: str, is_md5: bool) -> str | None:
    if value is None:
        return None
    if algorithm == "auto":
        algorithm = "md5" if is_md5 or len(value) == 32 else "sha256"
    if algorithm not in ("md5", "sha256"):
        raise ValueError(
            f"get_file: unknown hash_algorithm={algorithm!r}."
            + did_you_mean(algorithm, ("md5", "sha256"))
        )
    return f"{algorithm}:{value}"


def _fetch(origin: str, target: Path, known: str | None) -> None:
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    try:
        pooch.retrieve(
            origin,
            known,
            fname=target.name,
            path=target.parent,
            downloader=_copy if origin.startswith("file:") else None,
            progressbar=not target.exists(),
        )
    except (requests.exceptions.RequestException, OSError) as error:
        raise ConnectionError(
            f"{target.name} could not be fetched from {origin} "
            f"({type(error).__name__}). Without a network, put the file at {target} by "
            "hand and try again."
        ) from error
    except ValueError as error:
        if known is None:
            raise
        raise ValueError(
            f"{target.name}, fetched from {origin}, is not the expected file: {error} "
            "It was not kept."
        ) from error


def _copy(url: str, output_file: Any, _: Any) -> None:
    """Fetch a ``file:`` address, as pooch wants its downloaders."""
    with Path(url2pathname(urlsplit(url).path)).open("rb") as source:
        with Path(output_file).open("wb") as made:
            shutil.copyfileobj(source, made)


def _unpack(archive: Path, folder: Path, archive_format: str) -> None:
    """Make the folder of an archive's content, whole or not at all."""
    if folder.exists():
        return
    if archive_format == "auto":
        archive_format = "zip" if zipfile.is_zipfile(archive) else "tar"
    # "gztar" opens every compression that tarfile knows.
    more: dict[str, Any] = {}
    if archive_format == "tar":
        archive_format, more = "gztar", {"filter": "data"}
    with tempfile.TemporaryDirectory(dir=archive.parent) as made:
        inside = Path(made) / "content"
        shutil.unpack_archive(archive, inside, archive_format, **more)
        inside.rename(folder)
