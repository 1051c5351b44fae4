"""The ops, by kind. Primitives have a rule; derived ops have a body.

Examples in docstrings begin where ``from dlcore import ops`` ends, with the numpy
backend active.
"""

from dlcore.src.ops import complex, control, core, math, operators, random
from dlcore.src.ops.nn import activations, convolution, losses, normalization
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
    "complex",
    "control",
    "convolution",
    "core",
    "creation",
    "elementwise",
    "indexing",
    "logic",
    "losses",
    "math",
    "matrices",
    "normalization",
    "operators",
    "products",
    "random",
    "reduction",
    "sequences",
    "shape",
    "sorting",
]
