"""What ``x[...]`` stands for, for types whose rule is known."""

from __future__ import annotations

import ast
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from types import FunctionType
from typing import Any

from kernel_ext.candidates import static, trust
from kernel_ext.candidates.annotations import returned
from kernel_ext.candidates.value import Value, loaded_class, of, public_name

_LARGEST = 100_000
_DICTS = (dict, OrderedDict, defaultdict)
COLUMNS = {"pandas.DataFrame": "pandas.Series", "polars.DataFrame": "polars.Series"}
"""Frames and what one column of them is."""

ARRAYS = frozenset(
    "numpy.ndarray pandas.DataFrame pandas.Series torch.Tensor jax.Array polars.Expr "
    "polars.Series pathlib.Path pathlib.PosixPath pathlib.WindowsPath".split()
)
"""Types that arithmetic and slicing give back."""

Finder = Callable[[ast.expr], Value | None]


def item(owner: Value, index: ast.expr, find: Finder) -> Value | None:
    """Return the value of ``owner[index]``, or None if it is not known.

    Parameters
    ----------
    owner : Value
        What is subscripted.
    index : ast.expr
        The index, parsed.
    find : callable
        Gives the value of a name in the index.
    """
    if owner.live and static.one_of(owner.type, _DICTS):
        return _of_key(owner.obj, index)
    if owner.type is list or owner.type is tuple:
        return _of_position(owner, index)
    if owner.type is str or owner.type is bytes:
        return Value(owner.type)
    if not trust.is_trusted(owner.type):
        return _declared(owner)
    path = public_name(owner.type)
    if path in COLUMNS:
        return _of_frame(owner, index, find)
    if path.endswith("LocIndexer") and owner.owner is not None:
        return _of_locator(owner.owner, index, find)
    if path.endswith("DataFrameGroupBy"):
        single = loaded_class(path.replace("DataFrame", "Series"))
        if single and _is_one_column(index, find):
            return Value(single)
        return Value(owner.type, like=owner.like)
    return Value(owner.type) if path in ARRAYS else _declared(owner)


def _declared(owner: Value) -> Value | None:
    raw = static.find(owner.type, "__getitem__")
    return returned(raw, owner) if type(raw) is FunctionType else None


def _of_key(obj: dict[Any, Any], index: ast.expr) -> Value | None:
    """Look a constant up, compared with keys of its own plain type only."""
    if not isinstance(index, ast.Constant) or len(obj) > _LARGEST:
        return None
    key = index.value
    for other, value in list(dict.items(obj)):
        if type(other) is type(key) and other == key:
            return of(value)
    return None


def _of_position(owner: Value, index: ast.expr) -> Value | None:
    if isinstance(index, ast.Slice):
        return Value(owner.type)
    negative = isinstance(index, ast.UnaryOp) and isinstance(index.op, ast.USub)
    constant = index.operand if isinstance(index, ast.UnaryOp) else index
    if not isinstance(constant, ast.Constant) or type(constant.value) is not int:
        return None
    position = -constant.value if negative else constant.value
    try:
        if owner.items:
            return owner.items[position]
        return of(owner.obj[position]) if owner.live else None
    except IndexError:
        return None


def _of_frame(owner: Value, index: ast.expr, find: Finder) -> Value | None:
    if not _is_one_column(index, find):
        return Value(owner.type, like=owner.pattern)
    cls = loaded_class(COLUMNS[public_name(owner.type)])
    return Value(cls) if cls else None


def _of_locator(frame: Value, index: ast.expr, find: Finder) -> Value | None:
    """Return ``df.loc[rows]`` or ``df.loc[rows, columns]``."""
    if public_name(frame.type) not in COLUMNS:
        return None if _is_one_column(index, find) else Value(frame.type)
    if isinstance(index, ast.Tuple) and len(index.elts) == 2:
        index = index.elts[1]
        if isinstance(index, ast.Slice):
            return Value(frame.type, like=frame.pattern)
    return _of_frame(frame, index, find)


def _is_one_column(index: ast.expr, find: Finder) -> bool:
    if isinstance(index, ast.Name):
        value = find(index)
        return value is not None and (value.type is str or value.type is int)
    return isinstance(index, ast.Constant)
