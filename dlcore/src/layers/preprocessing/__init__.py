"""Layers of one kind."""
