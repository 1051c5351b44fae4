"""Candidates for mined points: what a live kernel would have offered there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from kernel_ext import context


@dataclass(slots=True)
class Pools:
    """Candidate lists for points, from the live libraries of this environment.

    Parameters
    ----------
    cache
        Folder in which the names of live objects are kept between runs.
    common
        Attribute names to offer on receivers of unknown type, most frequent first.
        Made from *training* documents only; see `common_attributes`.
    """

    cache: Path
    common: tuple[str, ...] = ()
    _lists: dict[str, list[str] | None] = field(default_factory=dict, repr=False)

    def candidates(self, point: context.Point) -> tuple[list[str], str]:
        """Return the sorted candidates for a point and where they come from.

        The source is `"live"` (dir of the live type or module, parameters of the
        live callable), `"pooled"` (receiver unknown: names seen on it and on the
        document's classes, and common names) or `"scope"` (names bound before in the
        document, builtins and keywords). The wanted name may be missing; that
        belongs into the denominator.
        """
        raise NotImplementedError
