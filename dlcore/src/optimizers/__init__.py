"""Optimizers: how weights follow their gradients."""
