"""Modules and names in import statements."""

from __future__ import annotations

import sys

from kernel_ext.candidates import modules
from kernel_ext.candidates.attributes import of_module, of_unloaded
from kernel_ext.candidates.candidate import Candidate, cap, matches, unique


def module_candidates(parent: str, prefix: str) -> list[Candidate]:
    """List the modules in a package, or all that can be imported if it is ``""``.

    Examples
    --------
    >>> [c.label for c in module_candidates("json", "dec")]
    ['decoder']
    """
    if parent.startswith("."):
        return []  # a notebook is in no package
    found = modules.children(parent) if parent else modules.top_level()
    chosen = [Candidate(n, n, "module") for n in found if matches(n, prefix)]
    return cap(chosen, prefix)


def name_candidates(module: str, prefix: str) -> list[Candidate]:
    """List what can be imported from a module, which is not imported for it.

    Examples
    --------
    >>> sorted(c.label for c in name_candidates("json", "JSOND"))
    ['JSONDecodeError', 'JSONDecoder']
    """
    if module.startswith("."):
        return []
    loaded = sys.modules.get(module)
    if loaded is None:
        return of_unloaded(module, prefix)
    names = of_module(loaded, prefix)
    return list(unique([*names, *module_candidates(module, prefix)]))
