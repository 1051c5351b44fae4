"""``compile``, ``fit``, ``evaluate``, ``predict``: for every backend the same."""

from __future__ import annotations

from dlcore.src.training.looping import Looping
from dlcore.src.training.on_batch import OnBatch


class Trainer(Looping, OnBatch):
    """The training methods of a model."""
