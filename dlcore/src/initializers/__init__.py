"""Initializers: functions of a shape and a dtype that give first values."""

from dlcore.src.initializers.constant import Constant, Ones, Zeros
from dlcore.src.initializers.registry import deserialize, get, serialize

__all__ = ["Constant", "Ones", "Zeros", "deserialize", "get", "serialize"]
