"""What is known of libraries without importing them: names, bases, results.

The facts stand in `types.json`, which `python -m kernel_ext.context.make_types`
reads from the signatures and documentation of the installed libraries; the few that
cannot be read stand in `KNOWN` below. Paths are *public* ones (`pandas.DataFrame`, not
`pandas.core.frame.DataFrame`); builtins have no module (`str`, `len`).
"""

from __future__ import annotations

import json
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from kernel_ext.context.known import ELEMENTS, KNOWN, MODULES

LONGEST_PATH = 120
"""Characters of the longest path that is followed."""


class Value(NamedTuple):
    """What an expression is: the object at `path`, or something of that type."""

    path: str
    static: bool = False
    """`path` names the object itself (a module, class, function or method)."""
    parts: tuple[str | None, ...] = ()
    """Types of the elements if it is a tuple."""


@cache
def _facts() -> dict[str, Any]:
    text = files("kernel_ext.context").joinpath("types.json").read_text("utf-8")
    facts: dict[str, Any] = json.loads(text)
    return facts


@lru_cache(65536)
def canonical(path: str) -> str:
    """Return the public path of an object known by any of its paths.

    >>> canonical("pandas.core.frame.DataFrame"), canonical("tensorflow.keras.Model")
    ('pandas.DataFrame', 'keras.Model')
    """
    for private, public in MODULES:
        if path == private or path.startswith(private + "."):
            path = public + path[len(private) :]
    return str(_facts()["aliases"].get(path, path))


@lru_cache(4096)
def mro(path: str) -> tuple[str, ...]:
    """Return the public paths of a class's bases, nearest first, without `object`.

    >>> mro("torch.nn.Conv2d")[-1]
    'torch.nn.Module'
    """
    return tuple(_facts()["bases"].get(path, ()))


def attribute(value: Value | None, name: str) -> Value | None:
    """Return what `value.name` is."""
    if value is None or len(value.path) > LONGEST_PATH:
        return None
    if value.static:
        return Value(canonical(f"{value.path}.{name}"), True)
    facts = _facts()
    for base in (value.path, *mro(value.path)):
        found = KNOWN.get(f"{base}.{name}", facts["attributes"].get(f"{base}.{name}"))
        if found:
            return result(found, value.path)
        if f"{base}.{name}" in facts["returns"]:
            return Value(f"{base}.{name}", True)
    if value.path == "pandas.DataFrame" and name not in facts["members"][value.path]:
        return Value("pandas.Series")  # a column: df.price
    return Value(f"{value.path}.{name}", True)


def result(found: str | list[str | None], receiver: str | None) -> Value:
    """Turn an entry of the tables into a value."""
    if isinstance(found, list):
        return Value("tuple", parts=tuple(found))
    return Value(receiver if found == "Self" and receiver else found)


def call(function: Value | None, receiver: str | None) -> Value | None:
    """Return what calling `function` gives, a method of the type `receiver`."""
    if function is None:
        return None
    path = function.path
    if not function.static:
        return _instance_call(path)
    found = KNOWN.get(path + "()", _facts()["returns"].get(path))
    if found is None and receiver:
        name = path.rpartition(".")[2]
        for base in mro(receiver):
            found = KNOWN.get(f"{base}.{name}()") or _facts()["returns"].get(
                f"{base}.{name}"
            )
            if found:
                break
    owner, _, name = path.rpartition(".")
    if found:
        return result(found, receiver or owner)
    if is_class(path):
        return Value(path)
    if name.startswith("from_") and receiver is None and is_class(owner):
        return Value(owner)  # AutoTokenizer.from_pretrained(...)
    return None


def _instance_call(path: str) -> Value | None:
    return Value("torch.Tensor") if "torch.nn.Module" in mro(path) else None


def is_class(path: str) -> bool:
    """Whether a path looks like a class: known as one, or capitalised like one."""
    last = path.rpartition(".")[2].lstrip("_")
    if path in _facts()["bases"]:
        return True
    return last[:1].isupper() and (not last.isupper() or len(last) < 4)


def item(value: Value | None, index: Value | None, several: bool) -> Value | None:
    """Return what `value[index]` is; `several`: the index is a slice or a list."""
    if value is None:
        return None
    path = value.path
    if value.static:
        if path in ("typing.Optional", "typing.Annotated", "typing.Final"):
            return index
        return value  # list[int], NDArray[...]
    if path == "pandas.DataFrame":
        if (index and index.path in ("list", "pandas.Series", "bool")) or several:
            return Value("pandas.DataFrame")
        return Value("pandas.Series") if index and index.path == "str" else None
    if path in _SAME:
        return value
    if several and path in ("list", "tuple", "pandas.Series", "pandas.Index"):
        return Value(path)
    if path == "tuple" and value.parts:
        return None
    found = ELEMENTS.get(path + "[]")
    return result(found, path) if found else None


_SAME = {
    "str",
    "bytes",
    "numpy.ndarray",
    "torch.Tensor",
    "jax.Array",
    "tensorflow.Tensor",
}


def element(value: Value | None, origin: str | None) -> Value | None:
    """Return what iterating over a value gives."""
    found = ELEMENTS.get(origin or "") or ELEMENTS.get(value.path if value else "")
    return result(found, None) if found else None


ARRAYS = {
    "numpy.ndarray": 1,
    "jax.Array": 2,
    "torch.Tensor": 2,
    "tensorflow.Tensor": 2,
    "pandas.Index": 3,
    "pandas.Series": 4,
    "pandas.DataFrame": 5,
}
"""Types that arithmetic keeps; of two, the one with the higher number results."""

_SCALARS = {"int", "float", "complex", "bool"}


def combine(left: Value | None, right: Value | None, operator: str) -> Value | None:
    """Return what `left operator right` is."""
    if operator == "if":
        return left
    if operator in ("and", "or", "else"):
        return left or right
    known = [v for v in (left, right) if v and not v.static and v.path in ARRAYS]
    if known:
        return max(known, key=lambda v: ARRAYS[v.path])
    if operator in ("in", "is", "not") or operator in (
        "==",
        "!=",
        "<",
        ">",
        "<=",
        ">=",
    ):
        return Value("bool")
    if left is None or right is None or left.static:
        return None if left is None or left.path in _SCALARS else left
    return right if left.path in _SCALARS and right.path not in _SCALARS else left
