"""Seeds and names of the whole process."""

from __future__ import annotations

import random

import numpy as np

from dlcore.src.export import export
from dlcore.src.random import set_global_seed
from dlcore.src.utils.naming import reset_uids


@export("dlcore.utils.set_random_seed")
def set_random_seed(seed: int) -> None:
    """Fix all that is random from now on: here, in numpy and in Python.

    Initial weights, dropout and shuffling are then the same in every run, on every
    backend.

    Parameters
    ----------
    seed : int

    Raises
    ------
    ValueError
        If it is no integer.

    Examples
    --------
    >>> import dlcore
    >>> dlcore.utils.set_random_seed(1)
    >>> first = dlcore.initializers.RandomNormal()((2,))
    >>> dlcore.utils.set_random_seed(1)
    >>> again = dlcore.initializers.RandomNormal()((2,))
    >>> bool(dlcore.ops.all(first == again))
    True
    """
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ValueError(
            f"Expected `seed` argument to be an integer. Received: seed={seed!r} "
            f"(of type {type(seed)})"
        )
    set_global_seed(seed)
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - the user's own code may draw from it


@export("dlcore.utils.clear_session", "dlcore.backend.clear_session")
def clear_session(free_memory: bool = True) -> None:
    """Begin names anew: the next dense layer is ``"dense"`` again.

    Parameters
    ----------
    free_memory : bool
        Whether to collect garbage too.
    """
    import gc

    reset_uids()
    if free_memory:
        gc.collect()
