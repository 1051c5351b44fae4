"""Attributes that libraries keep in dicts of their own and serve by ``__getattr__``."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from kernel_ext.candidates import static
from kernel_ext.candidates.value import loaded_class

# Class -> names of the dicts in which its instances keep attributes.
_STORES = {"torch.nn.Module": ("_parameters", "_buffers", "_modules")}


def stored(obj: Any) -> dict[str, Any]:
    """Return such attributes of an object, also of a class that the user derives.

    Examples
    --------
    >>> stored(3)
    {}
    """
    found: dict[str, Any] = {}
    for path, names in _STORES.items():
        cls = loaded_class(path)
        if cls is None or not static.one_of(cls, static.mro(type(obj))):
            continue
        own = static.instance_dict(obj)
        for name in names:
            store = own.get(name)
            if type(store) is dict or type(store) is OrderedDict:
                found.update(dict.items(store))
    return found
