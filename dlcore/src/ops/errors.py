"""What is said when a call of an op fails.

The dispatcher asks only when a kernel has raised: a good call pays nothing. What the
libraries say of the same mistake differs; an op's signature and its rule say it alike
everywhere, with the op, the arguments, their shapes and dtypes, and a fix.
"""

from __future__ import annotations

import functools
import inspect
import reprlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import optree

from dlcore.src.dtypes import standardize_dtype
from dlcore.src.errors import did_you_mean
from dlcore.src.ops import documents
from dlcore.src.symbolic import KerasTensor

#: Made anew with a better message; an error of another type keeps what it carries,
#: and gets a note.
_PLAIN = (TypeError, ValueError, IndexError, KeyError, RuntimeError, AttributeError)
#: Mark of the line that shows the call.
_CALL = "\n    in "


def explain(name: str, args: Any, kwargs: Any, error: Exception) -> Exception:
    """Return the error that a failed call of an op should raise.

    Parameters
    ----------
    name : str
        Name of the op.
    args, kwargs
        What it was called with.
    error : Exception
        What its kernel, its rule or its body raised.

    Returns
    -------
    Exception
        ``error`` itself, if there is nothing to add: it comes from a function of the
        caller's, or says that the backend lacks the op. Else one whose message begins
        with the op's name and ends with the call.

    Examples
    --------
    >>> import numpy as np
    >>> arguments = np.ones((2, 3)), np.ones((4, 5))
    >>> print(explain("matmul", arguments, {}, ValueError("mismatch")))
    matmul: shapes (2, 3) and (4, 5) do not fit: 3 columns, 4 rows
        in matmul(x1=<float64 (2, 3)>, x2=<float64 (4, 5)>)
    """
    from dlcore.src.ops.declare import REGISTRY

    op = REGISTRY[name]
    if any(map(_is_function, (*args, *kwargs.values()))) or _is_lack(error):
        return error
    found = (
        _unbound(op, args, kwargs)
        or _no_tensor(op, args, kwargs)
        or _refused(op, args, kwargs)
    )
    call = _CALL + shown(op, args, kwargs)
    if found is None and type(error) not in _PLAIN and not hasattr(error, "of_both"):
        if not hasattr(error, "__notes__"):  # the innermost op says it
            error.add_note(call.strip())
        return error
    kind = type(error) if found is None else _both(type(found), type(error))  # type: ignore[arg-type]
    problem = _problem(found or error)
    if not problem.startswith(f"{name}:"):
        problem = f"{name}: {problem}"
    return kind(problem + call)


@functools.cache
def _both(ours: Any, theirs: Any) -> Any:
    """Return a type of error that is ours, and what the library raised as well.

    The same mistake is a ValueError everywhere, and programs that wait for their
    library's IndexError or RuntimeError see it still.
    """
    plain = next((c for c in theirs.__mro__ if c in _PLAIN), ours)
    if issubclass(ours, plain) or plain is KeyError:  # that one shows text in quotes
        return ours

    def reduce(self: Exception) -> Any:
        return ours, self.args  # a copy in another process is ours alone

    members = {"__module__": "builtins", "__reduce__": reduce, "of_both": True}
    return type(ours.__name__, (ours, plain), members)


def _problem(error: Exception) -> str:
    """Return a message without the line on the call: an inner op's is no one's."""
    text = error.args[0] if isinstance(error, KeyError) and error.args else error
    return str(text).partition(_CALL)[0]


def _is_lack(error: Exception) -> bool:
    """Whether the backend has no such op, or no gradients: that is said already."""
    return isinstance(error, NotImplementedError) and str(error).startswith("The ")


def _is_function(x: Any) -> bool:
    if isinstance(x, list | tuple):
        return any(map(_is_function, x))
    return inspect.isfunction(x) or inspect.ismethod(x)


def _unbound(op: Any, args: Any, kwargs: Any) -> Exception | None:
    """Return the error for arguments that do not fit the signature."""
    names = op.signature.parameters
    try:
        op.signature.bind(*args, **kwargs)
    except TypeError as error:
        problem = str(error)
    else:
        return None
    for name in kwargs:
        if name not in names:
            problem = f"got an unexpected keyword argument {name!r}"
            hint = did_you_mean(name, names)
            if "Did you mean" in hint:
                return TypeError(f"{problem}.{hint}")
    return TypeError(f"{problem}. Its signature is {op.name}{_plain(op.signature)}.")


def _plain(signature: inspect.Signature) -> inspect.Signature:
    """Return a signature without the types, which are long and all alike."""
    none = inspect.Signature.empty
    parameters = [p.replace(annotation=none) for p in signature.parameters.values()]
    return signature.replace(parameters=parameters, return_annotation=none)


def _no_tensor(op: Any, args: Any, kwargs: Any) -> Exception | None:
    """Return the error for something that no library can make a tensor of."""
    tensors = documents.tensors(op.function)
    for name, value in op.signature.bind(*args, **kwargs).arguments.items():
        default = op.signature.parameters[name].default
        wrong = isinstance(value, str | dict | set | None) and value != default
        if name in tensors and wrong:
            return TypeError(
                f"`{name}` must be a tensor, an array or a number, got {value!r}"
            )
    return None


def _refused(op: Any, args: Any, kwargs: Any) -> Exception | None:
    """Return what the rule, or the body on symbolic tensors, says to the arguments."""
    try:
        if op.rule is None:
            tree: Any = (args, kwargs)
            args, kwargs = optree.tree_map(_symbolic, tree, none_is_leaf=True)
        op.spec(args, kwargs)
    except (ValueError, IndexError) as error:
        return error
    except TypeError as error:
        # A body may need values, which the symbolic tensors do not have: no news.
        return error if op.rule is not None else None
    return None


def _symbolic(x: Any) -> Any:
    if isinstance(x, np.ndarray | np.generic) or hasattr(x, "shape"):
        return KerasTensor(tuple(x.shape), standardize_dtype(x.dtype))
    return x


def shown(op: Any, args: Any, kwargs: Any) -> str:
    """Return a call as text, tensors as their dtype and shape.

    Parameters
    ----------
    op : Op
    args, kwargs
        The arguments; they need not fit the signature.
    """
    names: Iterable[str] = op.signature.parameters
    kinds = {p.kind for p in op.signature.parameters.values()}
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        names = ()
    parts = [describe(a) for a in args]
    for i, name in enumerate(names):
        if i < len(parts):
            parts[i] = f"{name}={parts[i]}"
    parts += [f"{k}={describe(v)}" for k, v in kwargs.items()]
    return f"{op.name}({', '.join(parts)})"


def describe(x: Any) -> str:
    """Return an argument as text: ``<float32 (2, 3)>`` for a tensor.

    Examples
    --------
    >>> describe([np.zeros((2, 3)), 1])
    '[<float64 (2, 3)>, 1]'
    """
    if hasattr(x, "shape") and hasattr(x, "dtype"):
        return f"<{_dtype(x.dtype)} {tuple(x.shape)}>"
    if isinstance(x, list | tuple) and any(hasattr(v, "shape") for v in x):
        parts = [describe(v) for v in x[:4]] + ["..."] * (len(x) > 4)
        return f"[{', '.join(parts)}]"
    return reprlib.repr(x)


def _dtype(dtype: Any) -> str:
    try:
        return standardize_dtype(dtype)
    except ValueError:  # numpy's objects and times, for instance
        return str(dtype)
