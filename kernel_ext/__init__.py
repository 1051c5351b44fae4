r"""Completion that knows what people write next, inside the running kernel.

>>> from kernel_ext import Ranker
>>> ranker = Ranker.load()
>>> text = "import pandas as pd\ndf = pd.read_csv('a.csv')\ndf."
>>> ranker.rank(text, len(text), ["abs", "add", "groupby", "head"])[0].label
'head'

In IPython and Jupyter, ``%load_ext kernel_ext`` switches it on. Importing this
package costs next to nothing: its parts are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kernel_ext.ranker.ranker import Ranker, Suggestion
    from kernel_ext.ranker.weights import WeightsError

__all__ = [
    "Ranker",
    "Suggestion",
    "WeightsError",
    "load_ipython_extension",
    "unload_ipython_extension",
]

_HOMES = {
    "Ranker": "kernel_ext.ranker.ranker",
    "Suggestion": "kernel_ext.ranker.ranker",
    "WeightsError": "kernel_ext.ranker.weights",
}


def load_ipython_extension(ipython: Any) -> None:
    """Switch the extension on (``%load_ext kernel_ext``)."""
    from kernel_ext import extension

    extension.load_ipython_extension(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """Switch the extension off (``%unload_ext kernel_ext``)."""
    from kernel_ext import extension

    extension.unload_ipython_extension(ipython)


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib

        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
