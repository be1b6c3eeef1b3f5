"""The beginning of a file that is being fetched, kept on the disk until it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from videotoon.errors import DiskFullError, WeightsError
from videotoon.system.disk import is_full, sync_folder


class PartialFile:
    """Bytes that came so far, with the mark by which a server tells that it still has that file.

    Args:
        target: Name that the finished file will get; the bytes lie beside it as ``.part``.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(f"{target.name}.part")
        self._mark = target.with_name(f"{target.name}.part.mark")

    @property
    def length(self) -> int:
        """Bytes that are here."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    @property
    def mark(self) -> str:
        """Strong ETag or date of what lies here, or empty."""
        try:
            return self._mark.read_text(encoding="latin-1").strip()
        except OSError:
            return ""

    def begin(self, mark: str) -> None:
        """Drop what is here and remember the mark of what will come."""
        self.discard()
        if mark:
            with self._written():
                self._mark.write_text(mark, encoding="latin-1")

    @contextmanager
    def appending(self) -> Iterator[IO[bytes]]:
        """Open for more bytes; they are on the disk when this ends, however it ends."""
        with self._written():
            stream = self.path.open("ab")
        try:
            yield stream
        finally:
            with self._written(), stream:
                stream.flush()
                os.fsync(stream.fileno())

    def write(self, stream: IO[bytes], block: bytes) -> None:
        """Write a block; what goes wrong is told apart from trouble with the connection.

        Raises:
            DiskFullError: No space is left.
            WeightsError: Anything else.
        """
        with self._written():
            stream.write(block)

    def discard(self) -> None:
        """Remove everything."""
        with self._written():
            self.path.unlink(missing_ok=True)
            self._mark.unlink(missing_ok=True)

    def publish(self) -> None:
        """Give the whole file its name."""
        with self._written():
            self.path.replace(self.target)
            self._mark.unlink(missing_ok=True)
            sync_folder(self.target.parent)

    @contextmanager
    def _written(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if is_full(error):
                raise DiskFullError(
                    f"no space left for {self.target}", "free some space and run again to go on"
                ) from error
            raise WeightsError(
                f"cannot write {self.path}: {error.strerror or error}",
                "check the folder, or name another one with VIDEOTOON_CACHE",
            ) from error
