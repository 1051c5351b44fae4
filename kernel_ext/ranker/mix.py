"""Counts and cache mixed by hand: a ranking that needs no training.

The baseline that the network has to beat, the source of hard negatives for its
training, and what ranks where no network fits (languages without weights).
"""

from __future__ import annotations

import numpy as np

from kernel_ext.ranker.features import FEATURES, Inputs

COLUMN = {name: i for i, name in enumerate(FEATURES)}

PUBLIC = {
    "attribute": ("member_markov", "member_type", "member_named"),
    "name": ("name_before", "name_call", "keyword_markov"),
    "import": ("import_markov", "import_module"),
    "module": ("module_markov", "module"),
}
"""Count models whose probabilities are averaged, the first with double weight."""

CACHE = (
    ("uses_on_receiver", 0.15),
    ("uses_on_type", 0.10),
    ("decayed", 0.20),
    ("after_same", 0.25),
    ("after_two", 0.20),
    ("after_three", 0.25),
)
"""What the document says, and the share of the probability it gets where it speaks."""


def mix(inputs: Inputs, kind: str) -> np.ndarray:
    """Score a list by interpolating public counts with the document's own.

    Parameters
    ----------
    inputs : Inputs
        The list, see `kernel_ext.ranker.features`.
    kind : str
        `Place.kind`.

    Returns
    -------
    ndarray
        Shape ``(n,)``: logarithms of probabilities.
    """
    features = inputs.features
    if not len(features):
        return np.zeros(0)
    first, *rest = PUBLIC[kind]
    public = 2.0 * np.exp(features[:, COLUMN[f"log({first})"]], dtype=np.float64)
    for model in rest:
        public += np.exp(features[:, COLUMN[f"log({model})"]])
    p = public / public.sum()
    for column, share in CACHE:
        uses = np.expm1(features[:, COLUMN[column]], dtype=np.float64)
        total = uses.sum()
        if total > 0:
            p = (1.0 - share) * p + share * uses / total
    logarithm: np.ndarray = np.log(np.maximum(p, 1e-9))
    return logarithm
