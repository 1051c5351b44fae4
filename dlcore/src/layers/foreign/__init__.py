"""Layers around code of one framework: the only ones that are tied to a backend."""
