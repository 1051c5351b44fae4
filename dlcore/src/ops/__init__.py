"""The ops, by kind. Primitives have a rule; derived ops have a body."""

from dlcore.src.ops import core, nn, numpy, operators

operators.install()

__all__ = ["core", "nn", "numpy", "operators"]
