"""Ops with numpy's names and meaning, by kind."""
