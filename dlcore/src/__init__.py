"""The implementation; programs use the public names in ``dlcore``."""
