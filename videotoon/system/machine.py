"""What this machine offers: cores this process may use, and a folder for caches."""

from __future__ import annotations

import math
import os
import platform
import sys
from pathlib import Path
from typing import Final

CACHE_VARIABLE: Final = "VIDEOTOON_CACHE"


def usable_cores() -> int:
    """Number of cores this process may keep busy, at least 1.

    The smaller of the scheduling affinity (taskset, cpuset) and the cgroup quota (containers).
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    quota = _cgroup_quota()
    return max(1, min(cores, quota) if quota else cores)


def _cgroup_quota(root: Path = Path("/sys/fs/cgroup")) -> int:
    """Cores granted by the control group, rounded up; 0 where there is no limit."""
    try:
        granted, period = (root / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            granted = (root / "cpu" / "cpu.cfs_quota_us").read_text().strip()
            period = (root / "cpu" / "cpu.cfs_period_us").read_text().strip()
        except OSError:
            return 0
    try:
        share = int(granted) / int(period)
    except (ValueError, ZeroDivisionError):  # "max": no limit
        return 0
    return math.ceil(share) if share > 0 else 0


def cache_folder() -> Path:
    """Folder for compiled models and the like; ``VIDEOTOON_CACHE`` names another one."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData/Local") / "videotoon" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "videotoon"
    named = os.environ.get("XDG_CACHE_HOME")
    return (Path(named) if named else Path.home() / ".cache") / "videotoon"


def processor_name() -> str:
    """Return the processor's own name where the system tells it, else its architecture."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
