"""Metrics: totals over everything seen since the last reset."""
