"""The IPython extension: answers the front end's requests on a comm.

JupyterLab sends them on a subshell, a thread of the kernel beside the one that runs the
cells, so that they are answered while a cell runs. The handler therefore works in
whatever thread it is called and shares nothing with the cells but the namespace, which
it only reads.

This module is imported when a kernel starts and must cost next to nothing: what answers
is imported when the front end opens its comm.
"""

from __future__ import annotations

from typing import Any

_TARGET = "polaris.completion"
"""Name of the comm target; here, as `kernel_ext.protocol` is not to be imported yet."""


def load_ipython_extension(shell: Any) -> None:
    """Switch completion on in a shell; doing it twice changes nothing.

    Parameters
    ----------
    shell : InteractiveShell
        Without a kernel (a terminal) only the magic is registered.
    """
    shell.register_magic_function(_stars, "line", "stars")
    manager = _comm_manager(shell)
    if manager is not None:
        manager.register_target(_TARGET, _opened)


def unload_ipython_extension(shell: Any) -> None:
    """Switch completion off: the front end falls back to JupyterLab's own."""
    shell.magics_manager.magics["line"].pop("stars", None)
    manager = _comm_manager(shell)
    if manager is None:
        return
    manager.targets.pop(_TARGET, None)
    for comm in list(manager.comms.values()):
        if comm.target_name == _TARGET:
            comm.close()


def _comm_manager(shell: Any) -> Any:
    kernel = getattr(shell, "kernel", None)
    return getattr(kernel, "comm_manager", None)


def _opened(comm: Any, message: dict[str, Any]) -> None:
    """Begin to answer on a comm that the front end has opened."""
    from kernel_ext.service import Service

    Service.of_shell().serve(comm)


def _stars(line: str) -> Any:
    """Show what ranks the completions: ``%stars``."""
    from kernel_ext.service import Service

    return Service.of_shell().status()
