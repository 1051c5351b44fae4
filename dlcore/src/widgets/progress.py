"""Which view ``verbose`` asks for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dlcore.src.errors import did_you_mean
from dlcore.src.widgets.dashboard import Dashboard
from dlcore.src.widgets.output import Output
from dlcore.src.widgets.place import in_notebook, place
from dlcore.src.widgets.recorder import Recorder, View
from dlcore.src.widgets.text import Bar, Lines


def text_view() -> View:
    """Return a bar for a notebook or a terminal, lines for a log."""
    if in_notebook():
        return Bar(Output(), least=0.5)
    return Bar() if place() == "terminal" else Lines()


def progress_callback(
    verbose: int | str | bool, model: Any = None, callbacks: Iterable[Any] = ()
) -> Recorder | None:
    """Return the callback that shows progress, or None for silence.

    Parameters
    ----------
    verbose : {"auto", 0, 1, 2}
        ``"auto"``: the dashboard in a notebook, a bar in a terminal, a line for each
        epoch in a log. 0: nothing. 1: a bar. 2: a line for each epoch.
    model : Model, optional
        Set as the callback's model.
    callbacks : iterable of Callback
        What the user gave; with a ``Dashboard`` among them nothing else is needed.

    Raises
    ------
    ValueError
        If ``verbose`` is something else.
    """
    if verbose not in ("auto", 0, 1, 2):
        hint = did_you_mean(verbose, ["auto", "0", "1", "2"])
        raise ValueError(f"`verbose` cannot be {verbose!r}.{hint}")
    if verbose == 0 or any(isinstance(c, Recorder) for c in callbacks):
        return None
    made: Recorder
    if verbose == "auto" and in_notebook():
        made = Dashboard()
    else:
        made = Recorder(text_view() if verbose != 2 else Lines())
    if model is not None:
        made.set_model(model)
    return made
