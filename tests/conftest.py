"""Settings for all tests: nothing here but what every part needs."""

from __future__ import annotations

import os

# Machines that run tests are shared: no library takes more than one thread.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
