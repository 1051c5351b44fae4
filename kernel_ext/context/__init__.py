r"""What a program text says about the place where a name is typed.

A lexical, error-tolerant reading: one pass over the text finds every place
where a name could be completed (`points`), and the same reading, stopped at the
cursor, describes the place where somebody types now (`at`). Mining and serving
use the same code, so that the ranker sees in use what it saw in training.
Only text *before* a point is ever used to describe it.

Several cells make one text through `join`; the mark between two cells lets the
reading recover from a cell with an unclosed bracket or string.

>>> from kernel_ext import context
>>> text = "import pandas as pd\ndf = pd.read_csv('a.csv')\ndf.head()\ndf."
>>> point = context.at(text, len(text))
>>> point.kind, point.receiver, point.receiver_type, point.origin, point.earlier
('attribute', 'df', 'pandas.DataFrame', 'pandas.read_csv', ('head',))
>>> [(p.kind, p.name) for p in context.points(text)][:4]
[('module', 'pandas'), ('name', 'df'), ('name', 'pd'), ('attribute', 'read_csv')]
"""

from __future__ import annotations

from kernel_ext.context.point import CELL, WINDOW, History, Point, join
from kernel_ext.context.serve import at, points
from kernel_ext.context.subtokens import subtokens
from kernel_ext.context.types import canonical, mro

__all__ = [
    "CELL",
    "WINDOW",
    "History",
    "Point",
    "at",
    "canonical",
    "join",
    "mro",
    "points",
    "subtokens",
]
