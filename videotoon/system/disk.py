"""What all that write to the disk share: telling a full one, and waiting until it has the data."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

from videotoon.errors import DiskFullError, OutputError, VideotoonError

_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def is_full(error: BaseException) -> bool:
    """Tell whether an error of the operating system, or of PyAV, says that no space is left."""
    return getattr(error, "errno", None) in _NO_SPACE


def writing_error(subject: str, error: OSError, cure: str) -> VideotoonError:
    """Return what to raise where something cannot be written.

    Args:
        subject: What it is, e.g. ``report 'r.json'``.
        error: What the operating system said.
        cure: What to do unless the disk is full.
    """
    if is_full(error):
        return DiskFullError(f"no space left for {subject}", "free some space and run again")
    return OutputError(f"{subject} cannot be written ({error.strerror or error})", cure)


def sync_file(file: Path) -> None:
    """Put a finished file on the disk."""
    with file.open("rb+") as handle:
        os.fsync(handle.fileno())


def sync_folder(folder: Path) -> None:
    """Put new and renamed entries of a folder on the disk, where the system can."""
    if os.name != "posix":
        return  # Windows keeps folders on the disk by itself and cannot open them
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
