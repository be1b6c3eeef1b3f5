"""Keeping two runs out of one work folder."""

from __future__ import annotations

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
    def take(cls, folder: Path, output_name: str) -> FolderLock:
        """Lock a folder.

        Raises:
            OutputError: Another process holds the lock.
        """
        file = (folder / cls.NAME).open("ab")
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass  # no such lock on this system
        except BlockingIOError as error:
            file.close()
            raise OutputError(
                f"another run is writing {output_name!r}", "wait for it, or give another name"
            ) from error
        return cls(file)

    def release(self) -> None:
        """Let others in."""
        self._file.close()
