"""The ops, by kind. Primitives have a rule; derived ops have a body.

Examples in docstrings begin where ``from dlcore import ops`` ends, with the numpy
backend active.
"""

from dlcore.src.ops import (
    complex,
    control,
    core,
    einops,
    fourier,
    linalg,
    math,
    operators,
    random,
)
from dlcore.src.ops.image import color, resampling, windows
from dlcore.src.ops.nn import (
    activations,
    attention,
    convolution,
    ctc,
    losses,
    normalization,
    patches,
)
from dlcore.src.ops.numpy import (
    creation,
    elementwise,
    indexing,
    logic,
    matrices,
    products,
    reduction,
    sequences,
    shape,
    sorting,
)

operators.install()

__all__ = [
    "activations",
    "attention",
    "color",
    "complex",
    "control",
    "convolution",
    "core",
    "creation",
    "ctc",
    "einops",
    "elementwise",
    "fourier",
    "indexing",
    "linalg",
    "logic",
    "losses",
    "math",
    "matrices",
    "normalization",
    "operators",
    "patches",
    "products",
    "random",
    "reduction",
    "resampling",
    "sequences",
    "shape",
    "sorting",
    "windows",
]
