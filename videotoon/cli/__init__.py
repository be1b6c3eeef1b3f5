"""The command line."""

import os

# Before numpy is imported: its linear algebra starts a thread per core, each of which spins for
# 50 ms, and nothing here needs them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
