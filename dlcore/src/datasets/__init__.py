"""Datasets for examples: fetched once and cached, or shipped with scikit-learn."""
