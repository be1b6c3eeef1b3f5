"""Where a job keeps its unfinished work: a folder beside the output."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path

from videotoon.errors import OutputError
from videotoon.system.lock import FolderLock

MAX_NAME_BYTES = 200
"""Longer output names are shortened in the folder's name; most file systems end at 255 bytes."""

CLEAN_COPY = "clean.copy"


def work_path(output: Path) -> Path:
    """Return the work folder of an output file."""
    name = os.fsencode(output.name)
    if len(name) > MAX_NAME_BYTES:
        name = hashlib.sha256(name).hexdigest()[:32].encode()
    return output.parent / os.fsdecode(b"." + name + b".videotoon")  # "." has no name to replace


def busy(output: Path) -> str:
    """Say that another run is working on an output."""
    return f"another run is writing {output.name!r}"


def clean_copy_path(output: Path) -> Path:
    """Return where a copy of the input with rising times lies."""
    return work_path(output) / CLEAN_COPY


def drop_clean_copy(output: Path) -> None:
    """Delete the copy, and the folder if nothing else is in it, unless another run works there.

    Never raises: it is called while another error is on its way.
    """
    folder = work_path(output)
    if not folder.is_dir():
        return
    with contextlib.suppress(OSError, OutputError):
        lock = FolderLock.take(folder, busy(output))
        try:
            for copy in folder.glob(f"{CLEAN_COPY}*"):
                copy.unlink()
            if [entry.name for entry in folder.iterdir()] == [FolderLock.NAME]:
                shutil.rmtree(folder)
        finally:
            lock.release()
