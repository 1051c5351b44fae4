"""Deep learning on numpy, jax, torch, tensorflow and openvino, with Keras' API.

Importing this package loads no framework: a backend is loaded at its first use,
and several run side by side in one process.
"""

from pathlib import Path
from typing import Any

import lazy_loader

# The generated namespaces (``dlcore.layers``, ...) live in ``api/``.
__path__.append(str(Path(__file__).with_name("api")))

_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    """Load a public name at its first use."""
    try:
        return _load(name)
    except AttributeError as error:
        if name in __all__:
            raise
        from dlcore.src.errors import no_attribute

        raise no_attribute(__name__, name, __all__) from error
