"""Models: layers put together, with training."""
