"""Helpers that belong to no other folder, some of them public."""
