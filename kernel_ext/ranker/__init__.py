"""The ranker: counts learned from public code and a small network on top of them."""
