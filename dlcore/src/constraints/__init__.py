"""Constraints, by name and by configuration."""
