"""The tensorflow backend."""

#: Op -> why this backend cannot do it.
LACKS: dict[str, str] = {}
