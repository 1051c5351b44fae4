"""Training: one trainer, one step and one loop for every backend."""
