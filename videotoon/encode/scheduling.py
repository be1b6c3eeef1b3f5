"""Taking back the real-time priority that an encoder gives itself."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

TASKS = Path("/proc/self/task")


def end_realtime() -> None:
    """Return all real-time threads of this process to the usual scheduling; Linux only.

    SVT-AV1, run by root as in a container, asks for the highest real-time priority for its threads
    and for the one that opens it, which hands it on to threads begun there. Such threads wait by
    spinning, so whatever else runs on the machine's cores would stand still.
    """
    if not (hasattr(os, "sched_setscheduler") and TASKS.is_dir()):
        return
    for task in TASKS.iterdir():
        with contextlib.suppress(OSError):  # it ended while we looked
            if os.sched_getscheduler(int(task.name)) == os.SCHED_FIFO:
                os.sched_setscheduler(int(task.name), os.SCHED_OTHER, os.sched_param(0))
