"""Columns and keys: ``df['|``, ``d["x"]["|``, ``df.groupby('|``, ``df.loc[:, '|``."""

from __future__ import annotations

from collections.abc import Iterable

from kernel_ext.candidates import static
from kernel_ext.candidates.candidate import Candidate, cap
from kernel_ext.candidates.columns import columns, is_frame, keys, rows
from kernel_ext.candidates.cursor import Call
from kernel_ext.candidates.resolve import Resolver
from kernel_ext.candidates.value import Value

_LOCATORS = ("LocIndexer", "AtIndexer")

_METHODS = frozenset(
    "agg aggregate astype boxplot corrwith drop drop_duplicates drop_nulls dropna "
    "duplicated explode fillna filter get groupby group_by hist insert join melt merge "
    "nlargest nsmallest pivot pivot_table plot pop rename select set_index sort "
    "sort_values transform unpivot value_counts with_columns".split()
)
"""Methods of a frame whose string arguments name columns."""

_KEYWORDS = frozenset(
    "by c col color color_discrete columns facet_col facet_row hover_name hue id_vars "
    "index keys labels left_on names on parse_dates right_on row s size style subset "
    "text usecols value_vars values weights x y z".split()
)
"""Keywords of plotting functions (``data=df``) whose strings name columns."""


def keys_of(value: Value, index: int = 0) -> list[Candidate]:
    """List the strings that may stand in ``value[..., "|``.

    Parameters
    ----------
    value : Value
        What is subscripted.
    index : int
        How many commas stand before the string.
    """
    owner = value.owner
    if owner is not None and static.name_of(value.type).endswith(_LOCATORS):
        if index:
            return _candidates(columns(owner.pattern), "column")
        return _candidates(rows(owner.pattern), "key")
    found = keys(value.pattern)
    if found:
        return _candidates(found, "key")
    found = columns(value.pattern)
    if found:
        return _candidates(found, "column")
    return _candidates(rows(value.obj), "key")


def keys_in_call(call: Call, resolver: Resolver) -> list[Candidate]:
    """List the columns that a string argument of a call may name."""
    if call.keyword is not None and call.keyword not in _KEYWORDS:
        return []
    callee, _, name = call.callee.rpartition(".")
    owner = resolver.resolve(callee) if callee else None
    if owner is not None and not static.is_module(owner.obj):
        holder = owner if name.strip() in _METHODS else owner.owner  # df.plot.scatter
        return _candidates(columns(holder.pattern), "column") if holder else []
    for keyword, text in call.arguments:
        if keyword in (None, "data", "data_frame"):
            value = resolver.resolve(text)
            if value is not None and is_frame(value.type):
                return _candidates(columns(value.pattern), "column")
    return []


def quoted(
    found: Iterable[Candidate], quote: str, prefix: str, closed: bool
) -> list[Candidate]:
    """Write keys as they stand after an opening quote.

    Parameters
    ----------
    found : iterable of Candidate
        Keys as they are.
    quote : str
        The quote that is open; ``""`` if none is, then both are written.
    prefix : str
        What is typed after the quote.
    closed : bool
        Whether the closing quote stands after the cursor already.
    """
    chosen = []
    for key in found:
        text = _escaped(key.label, quote or "'")
        if text[: len(prefix)].lower() != prefix.lower():
            continue
        if quote:
            insert = text if closed else text + quote
            chosen.append(Candidate(key.label, insert, key.type))
        else:
            chosen.append(Candidate(f"'{text}'", f"'{text}'", key.type))
    return cap(chosen, prefix)


def _candidates(names: Iterable[str], kind: str) -> list[Candidate]:
    return [Candidate(name, name, kind) for name in names]


def _escaped(text: str, quote: str) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
    return text.replace(quote, f"\\{quote}")
