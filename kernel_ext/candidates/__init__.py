"""Candidates at a cursor, from live objects and without running what the user wrote.

The text before the cursor says where the cursor is (`cursor`), the resolver what the
expression before the dot stands for (`resolve`), and one source per kind of place lists
the names. The rules of safety stand in `static` and `trust`.

>>> found = at("text.isup", 9, namespace={"text": "a"})
>>> [c.label for c in found.candidates], found.start, found.receiver
(['isupper'], 5, 'str')
"""

from __future__ import annotations

from kernel_ext.candidates.candidate import LIMIT, Candidate
from kernel_ext.candidates.find import Found, at, documentation
from kernel_ext.candidates.trust import is_trusted

__all__ = ["LIMIT", "Candidate", "Found", "at", "documentation", "is_trusted"]
