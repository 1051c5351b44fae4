"""Ops of images, by kind."""
