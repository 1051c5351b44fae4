"""Layers on images, and on the boxes, masks and labels that go with them."""
