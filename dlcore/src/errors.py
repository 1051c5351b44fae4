"""How errors suggest what was meant."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterable
from typing import Any

#: What other libraries and former versions call a thing -> what it is called here.
RENAMED = {
    "BatchNorm1d": "BatchNormalization",
    "BatchNorm2d": "BatchNormalization",
    "CuDNNGRU": "GRU",
    "CuDNNLSTM": "LSTM",
    "LayerNorm": "LayerNormalization",
    "Linear": "Dense",
    "MaxPool1d": "MaxPooling1D",
    "MaxPool2d": "MaxPooling2D",
    "cat": "concatenate",
    "concat": "concatenate",
    "mm": "matmul",
    "permute": "transpose",
    "pow": "power",
    "reduce_all": "all",
    "reduce_any": "any",
    "reduce_max": "max",
    "reduce_mean": "mean",
    "reduce_min": "min",
    "reduce_prod": "prod",
    "reduce_std": "std",
    "reduce_sum": "sum",
    "unsqueeze": "expand_dims",
}


def did_you_mean(given: object, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'adam'?"``, or the known names if none is near.

    Parameters
    ----------
    given : object
        What the user wrote.
    known : iterable of str
        What would have been right.

    Returns
    -------
    str
        A sentence with a leading space, to append to an error message.

    Examples
    --------
    >>> did_you_mean("adm", ["adam", "sgd"])
    " Did you mean 'adam'?"
    """
    names = sorted(set(known))
    lower = {name.lower(): name for name in reversed(names)}
    asked = str(given).lower()
    near = difflib.get_close_matches(asked, lower, n=1, cutoff=0.6)
    if not near and len(asked) > 2:  # "acc" for "accuracy"
        near = [name for name in lower if name.startswith(asked)]
    if near:
        return f" Did you mean {lower[near[0]]!r}?"
    return f" Known: {', '.join(names)}." if names else ""


def missing(module: str) -> Callable[[str], Any]:
    """Return a ``__getattr__`` for a public module: names that are nearly right.

    Parameters
    ----------
    module : str
        Name of the module, for instance ``"dlcore.layers"``.
    """

    def __getattr__(name: str) -> Any:
        raise no_attribute(module, name, vars(sys.modules[module]))

    return __getattr__


def no_attribute(module: str, name: str, known: Iterable[str]) -> AttributeError:
    """Return the error for a name that a public module does not have."""
    text = f"module {module!r} has no attribute {name!r}."
    if not name.startswith("_"):
        public = [n for n in known if not n.startswith("_")]
        other = RENAMED.get(name)
        hint = f" Did you mean {other!r}?" if other in public else ""
        text += hint or _near(did_you_mean(name, public))
    return AttributeError(text, name=name)


def _near(hint: str) -> str:
    return hint if "Did you mean" in hint else ""
