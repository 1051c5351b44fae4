"""Regularizers, by name and by configuration."""
