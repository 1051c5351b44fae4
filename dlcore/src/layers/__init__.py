"""Layers by kind, and the base class they share."""
