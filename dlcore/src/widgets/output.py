"""One output of a notebook cell that is drawn again in its place."""

from __future__ import annotations

import uuid
from collections.abc import Mapping


class Output:
    """An output of a cell: the first ``show`` makes it, the next ones replace it.

    However often it is drawn, the saved notebook holds the last state only.
    """

    def __init__(self) -> None:
        self.shown = 0
        self._id = uuid.uuid4().hex

    def show(self, bundle: Mapping[str, str]) -> None:
        """Show a bundle of MIME types and texts, in place of the one before."""
        from IPython.display import display, update_display

        if self.shown:
            update_display(dict(bundle), display_id=self._id, raw=True)
        else:
            display(dict(bundle), display_id=self._id, raw=True)
        self.shown += 1
