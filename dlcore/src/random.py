"""Seeds: where random numbers come from.

A random number is a hash of a seed and a counter (see ``dlcore.src.ops.random``), so
there is no hidden state: what draws repeatedly holds a ``SeedGenerator``, whose state
is a Variable like any other.
"""

from __future__ import annotations

import itertools
import random
from typing import Any

import numpy as np

from dlcore.src import backend as backends
from dlcore.src.config import Configurable
from dlcore.src.export import export
from dlcore.src.variable import Variable

_MASK = 0x7FFFFFFF
_global_seed: int | None = None
_draws = itertools.count()


def set_global_seed(seed: int) -> None:
    """Fix what is drawn without a seed from now on.

    Parameters
    ----------
    seed : int
    """
    global _global_seed, _draws
    _global_seed, _draws = int(seed), itertools.count()


def make_default_seed() -> int:
    """Return a seed for what was given none: fixed by ``set_global_seed``."""
    if _global_seed is None:
        set_global_seed(random.SystemRandom().randrange(_MASK))
    digest = np.random.SeedSequence([_global_seed or 0, next(_draws)])
    return int(digest.generate_state(1)[0] & _MASK)


def pair(seed: int) -> list[int]:
    """Return the two 31-bit words of a seed."""
    return [seed & _MASK, (seed >> 31) & _MASK]


@export("dlcore.random.SeedGenerator")
class SeedGenerator(Configurable):
    """A source of seeds: each ``next()`` is another one.

    Parameters
    ----------
    seed : int, optional
        A random one unless given.
    name : str, optional

    Attributes
    ----------
    state : Variable of shape (2,), int32
        The seed and the number of draws.

    Examples
    --------
    >>> from dlcore import random
    >>> seeds = random.SeedGenerator(1)
    >>> first, second = (random.uniform((), seed=seeds) for _ in range(2))
    >>> bool(first == second)
    False
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any):
        if kwargs:
            raise ValueError(
                f"SeedGenerator: Unrecognized keyword arguments: {sorted(kwargs)}."
            )
        if seed is None:
            seed = make_default_seed()
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
            raise ValueError(
                f"Argument `seed` must be an integer. Received: seed={seed!r}"
            )
        self.seed = int(seed)
        self.name = name or "seed_generator"
        words = pair(self.seed)
        # The state's second word counts draws; a long seed goes into the first.
        first = (words[0] ^ (words[1] * 0x9E3779B1)) & _MASK
        self.state = Variable(
            np.array([first, 0], "int32"),
            trainable=False,
            name=f"{self.name}_state",
        )

    def next(self, ordered: bool = True) -> Any:
        """Return a seed that was not returned before, and count the draw.

        Parameters
        ----------
        ordered : bool
            Accepted for compatibility: draws are always counted in order.
        """
        value = self.state.value
        self.state.put(self.state.backend.ops["add"](value, _one(self.state)))
        return value

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments by name."""
        return {"seed": self.seed}


def _one(state: Variable) -> Any:
    return state.backend.runtime.convert(np.array([0, 1], "int32"))


def draw_seed(seed: Any) -> Any:
    """Return two words from any form of a seed.

    Parameters
    ----------
    seed : int, SeedGenerator, Variable, tensor of shape (2,), or None

    Raises
    ------
    ValueError
        If it is none of these.
    """
    if isinstance(seed, SeedGenerator):
        words = seed.next()
        home, here = seed.state.backend, backends.current()
        return (
            words
            if home is here
            else here.runtime.convert(home.runtime.to_numpy(words))
        )
    if seed is None:
        seed = make_default_seed()
    if isinstance(seed, int | np.integer) and not isinstance(seed, bool):
        return np.array(pair(int(seed)), "int32")
    if isinstance(seed, Variable):
        return seed.value
    if getattr(seed, "shape", None) is not None:
        return seed
    raise ValueError(
        "Argument `seed` must be either an integer or an instance of `SeedGenerator`. "
        f"Received: seed={seed!r} (of type {type(seed)})"
    )
