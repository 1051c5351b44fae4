"""Ops of neural networks, by kind."""
