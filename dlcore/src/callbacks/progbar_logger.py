"""A bar of text, also where a notebook would show curves."""

from __future__ import annotations

from dlcore.src.export import export
from dlcore.src.widgets.progress import text_view
from dlcore.src.widgets.recorder import Recorder


@export("dlcore.callbacks.ProgbarLogger")
class ProgbarLogger(Recorder):
    """Show progress and metrics as text."""

    def __init__(self) -> None:
        super().__init__(text_view())
