"""The openvino backend: eager ops on numpy's kernels, compiled steps on openvino.

See ``dlcore/adr/0004-openvino.md``.
"""

#: Op -> why this backend cannot do it.
LACKS: dict[str, str] = {}
