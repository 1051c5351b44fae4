"""Whether attention may use kernels that never hold all scores."""

from __future__ import annotations

from dlcore.src.export import export

_enabled: bool | None = None


@export("dlcore.config.enable_flash_attention")
def enable_flash_attention() -> None:
    """Ask for flash attention in layers made from now on.

    Notes
    -----
    Source: Dao et al., 2022, arXiv:2205.14135.
    """
    global _enabled
    _enabled = None


@export("dlcore.config.disable_flash_attention")
def disable_flash_attention() -> None:
    """Do without flash attention in layers made from now on."""
    global _enabled
    _enabled = False


@export("dlcore.config.is_flash_attention_enabled")
def is_flash_attention_enabled() -> bool | None:
    """Whether layers made now use flash attention; None: where it fits.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.config.disable_flash_attention()
    >>> dlcore.config.is_flash_attention_enabled()
    False
    >>> dlcore.config.enable_flash_attention()
    """
    return _enabled
