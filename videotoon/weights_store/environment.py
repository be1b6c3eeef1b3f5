"""What the environment says about fetching: mirror, offline, and a folder of one's own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from videotoon.system.machine import cache_folder

FOLDER_VARIABLE: Final = "VIDEOTOON_WEIGHTS"
"""Folder with weights that came by other means; looked into before the cache, never written to."""

MIRROR_VARIABLE: Final = "VIDEOTOON_MIRROR"
"""Address under which the files lie by their file names; then no other address is contacted."""

OFFLINE_VARIABLE: Final = "VIDEOTOON_OFFLINE"
"""Anything but empty, 0, no, off or false forbids every connection."""

_OFF: Final = frozenset({"", "0", "no", "off", "false"})


def offline() -> bool:
    """Tell whether every connection is forbidden."""
    return os.environ.get(OFFLINE_VARIABLE, "").strip().lower() not in _OFF


def mirror() -> str:
    """Return the mirror's address without a slash at its end, or nothing."""
    return os.environ.get(MIRROR_VARIABLE, "").strip().rstrip("/")


def own_folder() -> Path | None:
    """Return the folder named by the user, or None."""
    named = os.environ.get(FOLDER_VARIABLE, "").strip()
    return Path(named).expanduser() if named else None


def fetched_folder() -> Path:
    """Return the folder that fetched weights go to, in the user's cache."""
    return cache_folder() / "weights"


def weights_folders() -> list[Path]:
    """Return the folders in which weights are looked for, in order."""
    named = own_folder()
    return [fetched_folder()] if named is None else [named, fetched_folder()]
