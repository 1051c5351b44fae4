"""Which backend is active, and what a backend is.

Two rules, and no others:

1. An op runs where its tensors live.
2. If no argument has a home (numbers, lists, numpy arrays), it runs on the
   active backend: the innermost ``use_backend`` scope, else what ``set_backend``
   wrote, else the environment, the configuration file, or what is installed.
"""

from dlcore.src.backend.active import (
    backend,
    current,
    set_backend,
    use_backend,
)
from dlcore.src.backend.table import NAMES, Backend, OpTable, get, installed

__all__ = [
    "NAMES",
    "Backend",
    "OpTable",
    "backend",
    "current",
    "get",
    "installed",
    "set_backend",
    "use_backend",
]
