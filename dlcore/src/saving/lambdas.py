"""The code of lambdas in configurations: read only where the user consented."""

from __future__ import annotations

import base64
import marshal
import types
from typing import Any

from dlcore.src.saving.sharing import is_safe


def is_lambda(thing: Any) -> bool:
    """Whether it is a function without a name."""
    return isinstance(thing, types.FunctionType) and thing.__name__ == "<lambda>"


def dump(function: types.FunctionType) -> tuple[str, Any, Any]:
    """Return code, default arguments and closed-over values of a function."""
    code = base64.encodebytes(marshal.dumps(function.__code__)).decode("ascii")
    cells = function.__closure__
    closure = tuple(c.cell_contents for c in cells) if cells else None
    return code, function.__defaults__, closure


def load(value: Any, safe_mode: bool | None = None) -> Any:
    """Make a function of what ``dump`` returned, or of the dict Keras makes of it.

    Raises
    ------
    ValueError
        If nobody consented, or the code is of another version of Python.
    """
    if is_safe(safe_mode):
        raise ValueError(
            "Requested the deserialization of a `Lambda` layer or of a Python lambda: "
            "the file brings code. That would be arbitrary code execution, so it is "
            "not run. If you trust its source, pass `safe_mode=False`, or call "
            "`dlcore.config.enable_unsafe_deserialization()`. Better: a named function "
            "marked with @dlcore.saving.register_keras_serializable()."
        )
    code: Any = value
    defaults = closure = None
    if isinstance(value, dict):
        code, defaults, closure = map(value.get, ("code", "defaults", "closure"))
    elif not isinstance(value, str):
        code, defaults, closure = value
    try:
        loaded = marshal.loads(base64.b64decode(code))
    except (ValueError, EOFError, TypeError) as error:
        raise ValueError(
            f"The code of a lambda in the file cannot be read: {error}. It was "
            "probably written by another version of Python."
        ) from error
    cells = tuple(types.CellType(v) for v in closure) if closure else None
    names = _globals()
    defaults = tuple(defaults) if defaults else None
    return types.FunctionType(loaded, names, loaded.co_name, defaults, cells)


def _globals() -> dict[str, Any]:
    """Return the names that such code may use without importing them."""
    import numpy as np

    import dlcore

    names = {"dlcore": dlcore, "keras": dlcore, "ops": dlcore.ops, "np": np}
    return {"__builtins__": __builtins__, **names}
