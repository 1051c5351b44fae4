"""Which types may be asked, and which are only looked at.

The rule. A class is *trusted* when it and all its bases but ``object``

1. come from one of the libraries listed in ``LIBRARIES`` or the standard library,
   whose ``dir()`` and listed properties are known to be free of side effects, and
2. really are what they say: the module they name is loaded from the standard library
   or from an installed package, and holds this very class under its name.

The second point keeps out a class of a notebook that only claims to be pandas'. A
subclass written by the user is not trusted, since it may override anything. Of an
object that is not trusted nothing is called: its names are read from the dicts of its
classes and its own.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from kernel_ext.candidates import static

LIBRARIES = frozenset(
    "dlcore jax jaxlib matplotlib numpy pandas polars pyarrow scipy seaborn sklearn "
    "torch xarray".split()
)


def is_trusted(cls: type) -> bool:
    """Tell whether instances of a class may be asked for ``dir()`` and columns."""
    return all(_is_genuine(base) for base in static.mro(cls) if base is not object)


def is_installed(module: ModuleType) -> bool:
    """Tell whether a loaded module is of the standard library or an installed package.

    Such a module's own ``__dir__`` and annotations may be used; those of a module
    that the user is writing may not.
    """
    namespace = static.instance_dict(module)
    name, file = namespace.get("__name__"), namespace.get("__file__")
    if type(file) is str and name != "__main__":
        return is_library_file(file)
    return type(name) is str and name in sys.builtin_module_names


@lru_cache(maxsize=4096)
def is_library_file(file: str) -> bool:
    """Tell whether a file lies where installed packages and the library lie."""
    return file.startswith(_roots())


def _is_genuine(cls: type) -> bool:
    name = static.module_of(cls)
    root = name.partition(".")[0]
    module = sys.modules.get(name)
    if module is None or not (root in LIBRARIES or root in sys.stdlib_module_names):
        return False
    if not is_installed(module):
        return False
    if name == "builtins" and not static.is_made_in_python(cls):
        return True  # some, such as the type of ``len``, have no name there
    found: object = module
    for part in static.qualname_of(cls).split("."):
        found = static.member(found, part)[0]
    return found is cls or static.member(module, static.name_of(cls))[0] is cls


@lru_cache(maxsize=1)
def _roots() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    roots = [Path(paths[name]) for name in names]
    # Standard library of the base of a virtual environment; links resolved as well.
    roots.append(Path(os.__file__).parent)
    roots += [root.resolve() for root in roots]
    site = sys.modules.get("site")
    if site is not None and getattr(site, "USER_SITE", None):
        roots.append(Path(site.USER_SITE))
    return tuple(dict.fromkeys(f"{root}{os.sep}" for root in roots))
