"""Keeping two runs out of one folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, ClassVar

from videotoon.errors import OutputError


class FolderLock:
    """A lock on a folder that ends with the process, however the process ends.

    On systems without ``flock`` (Windows) it locks nothing.

    Args:
        file: The open, locked file.
    """

    NAME: ClassVar[str] = "lock"

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    @classmethod
    def take(cls, folder: Path, busy: str, name: str = NAME) -> FolderLock:
        """Lock a folder.

        Args:
            folder: The folder.
            busy: What to say where another process holds the lock.
            name: Name of the locked file in the folder.

        Raises:
            OutputError: Another process holds the lock.
            FileNotFoundError: The folder is not there, or its last owner has just deleted it.
            OSError: The lock cannot be made, or a link stands in its place.
        """
        file = open(folder / name, "ab", opener=_open_no_link)  # noqa: SIM115
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass  # no such lock on this system
        except BlockingIOError as error:
            file.close()
            raise OutputError(busy, "wait for it, or give another name") from error
        if not _still_there(file, folder / name):
            file.close()
            raise FileNotFoundError(f"{str(folder)!r} was deleted while it was being locked")
        return cls(file)

    @classmethod
    def make_and_take(cls, folder: Path, busy: str, name: str = NAME) -> FolderLock:
        """Make a folder unless it is there, and lock it, also where its last owner deletes it now.

        Raises:
            OutputError: Another process holds the lock.
            OSError: The folder or the lock cannot be made, or a link stands in its place.
        """
        while True:
            folder.mkdir(exist_ok=True)
            try:
                return cls.take(folder, busy, name)
            except FileNotFoundError:
                continue

    def release(self) -> None:
        """Let others in."""
        self._file.close()


def _open_no_link(path: str, flags: int) -> int:
    """Open a file, but no link: one that leads nowhere would look like a folder just deleted."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def _still_there(file: IO[bytes], path: Path) -> bool:
    """False where the locked file is no longer the one that others would open."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
