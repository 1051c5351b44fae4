"""The torch backend."""

#: Op -> why this backend cannot do it.
LACKS: dict[str, str] = {}
