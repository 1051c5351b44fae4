"""Data as batches, whatever it comes as."""
