"""Initializers: functions of a shape and a dtype that give first values."""

from dlcore.src.initializers.registry import get

__all__ = ["get"]
