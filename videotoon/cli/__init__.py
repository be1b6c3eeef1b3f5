"""The command line."""

import os

# Before numpy is imported: its linear algebra starts a thread per core, each of which spins for
# 50 ms, and nothing here needs them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Before OpenCV is imported: decoder, network and encoder keep the cores busy, and its threads wait
# for each other by spinning, which takes time from those.
os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")
