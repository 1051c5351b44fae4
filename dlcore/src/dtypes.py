"""Names of dtypes, and what two of them make together."""

from __future__ import annotations

import functools
from typing import Any

from dlcore.src import config
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export

FLOATS = ("bfloat16", "float16", "float32", "float64")
FLOAT8 = ("float8_e4m3fn", "float8_e5m2")
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
COMPLEX = ("complex64", "complex128")
ALL = ("bool", *UNSIGNED, *SIGNED, *FLOATS, *FLOAT8, *COMPLEX, "string", "int4")

#: Type promotion as in JAX: an edge leads to the next wider type; the result of
#: two types is the least one both reach. "int" and "float" are Python's numbers.
_WIDER = {
    "bool": ("int",),
    "int": ("uint8", "int8"),
    "uint8": ("int16", "uint16"),
    "uint16": ("int32", "uint32"),
    "uint32": ("int64", "uint64"),
    "uint64": ("float",),
    "int8": ("int16",),
    "int16": ("int32",),
    "int32": ("int64",),
    "int64": ("float",),
    "float": ("bfloat16", "float16", "complex"),
    "bfloat16": ("float32",),
    "float16": ("float32",),
    "float32": ("float64", "complex64"),
    "float64": ("complex128",),
    "complex": ("complex64",),
    "complex64": ("complex128",),
    "complex128": (),
}
_PYTHON = {bool: "bool", int: "int", float: "float", complex: "complex"}


@export("dlcore.backend.standardize_dtype", "dlcore.utils.standardize_dtype")
def standardize_dtype(dtype: Any) -> str:
    """Return the name of a dtype: any library's dtype, a type, a name or None.

    Parameters
    ----------
    dtype : str, type, numpy, torch, tensorflow or openvino dtype, or None
        None stands for ``floatx()``; ``int`` for ``"int32"`` and ``float`` for
        ``floatx()``.

    Raises
    ------
    ValueError
        If it is no dtype.
    """
    # An int is no dtype, but TensorFlow's dtypes equal their enum's numbers.
    known = dtype.__hash__ and not isinstance(dtype, int)
    name = _NAMES.get(dtype) if known else None
    return name if name is not None else _standardize(dtype)


_NAMES: dict[Any, str] = {name: name for name in ALL}

#: Kind of a numpy array that holds no numbers -> what to do about it.
_TEXT = (
    " This is text: layers such as dlcore.layers.TextVectorization or StringLookup "
    "make numbers of it; numbers that are written out, x.astype('float32')."
)
_OTHER = {
    "U": _TEXT,
    "S": _TEXT,
    "O": " These are Python objects: give arrays of numbers.",
    "M": " These are dates: take differences in seconds, or parts such as the weekday.",
}


def _standardize(dtype: Any) -> str:
    # Compared by identity or as strings only: numpy's float64 equals "float" too.
    given = dtype if isinstance(dtype, str) else ""
    if dtype is None or dtype is float or given == "float":
        return config.floatx()
    if dtype is int or given == "int":
        return "int32"
    if dtype is bool:
        return "bool"
    if dtype is str:
        return "string"
    name = getattr(dtype, "name", None) or getattr(dtype, "__name__", None)
    name = str(name or dtype).rpartition(".")[2].rstrip("'>")
    name = {"double": "float64", "half": "float16", "float": "float32"}.get(name, name)
    if name not in ALL:
        hint = _OTHER.get(getattr(dtype, "kind", "")) or did_you_mean(name, ALL)
        raise ValueError(f"Invalid dtype: {dtype!r}.{hint}")
    _NAMES[dtype] = name
    return name


@functools.cache
def _reach(name: str) -> frozenset[str]:
    return frozenset({name}).union(*(_reach(n) for n in _WIDER[name]))


@functools.cache
def _join(first: str, second: str) -> str:
    common = _reach(first) & _reach(second)
    return min(common, key=lambda n: (-len(_reach(n)), n))


@functools.cache
def _promote(names: tuple[str, ...]) -> str:
    if any(n in FLOAT8 for n in names):
        if len(set(names)) > 1:
            raise ValueError(
                "There is no implicit conversions from float8 dtypes to others: cast "
                f"the arguments first, got {names}."
            )
        return names[0]
    result = functools.reduce(_join, names)
    # Only 64-bit arguments make 64-bit results: int32 and uint32 stay within 32 bits.
    return result if result in names else _NARROW.get(result, result)


_NARROW = {"int64": "int32", "uint64": "uint32"}


@export("dlcore.backend.result_type")
def result_type(*dtypes: Any) -> str:
    """Return the dtype of the result of an op on these dtypes.

    Parameters
    ----------
    *dtypes : dtype
        Names or any library's dtypes; the types ``int`` and ``float`` stand for
        Python's numbers, which follow the tensors' dtype.

    Examples
    --------
    >>> result_type("int32", "float32")
    'float32'
    >>> result_type("int8", "uint8")
    'int16'
    >>> result_type("float16", float)
    'float16'
    """
    names = tuple(_PYTHON[d] if d in _PYTHON else standardize_dtype(d) for d in dtypes)
    result = _promote(names) if names else "float"
    if result in _PYTHON.values() and result != "bool":
        return {"int": "int32", "float": config.floatx()}.get(result, "complex64")
    return result


def is_float(dtype: str) -> bool:
    """Whether a dtype's name is that of real floating numbers."""
    return dtype.startswith(("float", "bfloat"))


@export("dlcore.backend.is_float_dtype")
def is_float_dtype(dtype: Any) -> bool:
    """Whether a dtype is one of real floating numbers.

    Examples
    --------
    >>> is_float_dtype("bfloat16")
    True
    """
    return is_float(standardize_dtype(dtype))


@export("dlcore.backend.is_int_dtype")
def is_int_dtype(dtype: Any) -> bool:
    """Whether a dtype is one of integers, with a sign or without.

    Examples
    --------
    >>> is_int_dtype("uint8")
    True
    """
    return standardize_dtype(dtype).startswith(("int", "uint"))
