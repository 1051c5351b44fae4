"""Deep learning on numpy, jax, torch, tensorflow and openvino, with Keras' API.

Importing this package loads no framework: a backend is loaded at its first use,
and several run side by side in one process.
"""

from pathlib import Path

import lazy_loader

# The generated namespaces (``dlcore.layers``, ...) live in ``api/``.
__path__.append(str(Path(__file__).with_name("api")))

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
