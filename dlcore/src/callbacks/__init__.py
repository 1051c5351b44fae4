"""Callbacks: what happens at the beginnings and ends of training."""
