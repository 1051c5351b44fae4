"""Making and measuring the ranker's weights; `python -m kernel_ext.training --help`."""
