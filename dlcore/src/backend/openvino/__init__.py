"""The openvino backend: eager ops on numpy's kernels, compiled steps on openvino.

See ``dlcore/adr/0004-openvino.md``.
"""

import sys
from typing import Any

#: Op -> why this backend cannot do it.
LACKS: dict[str, str] = {}


def _import_quietly() -> None:
    """Import openvino without its report of the import to a server of statistics.

    It forks a process for that, too. Where the package that reports is missing,
    openvino uses a stub in its place; so the package is missing for a moment.
    """
    modules: dict[str, Any] = sys.modules
    name = "openvino_telemetry"
    if name in modules or "openvino" in modules:
        return
    modules[name] = None
    try:
        import openvino  # noqa: F401
    finally:
        del modules[name]


_import_quietly()
