"""What a batch has done, on the disk, so that nothing is done twice.

One line of JSON per event in a hidden file of the output folder. A line is complete or ignored, so
a run can be killed at any moment. On opening, the file is rewritten with one line per result.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Literal, Self

from videotoon.errors import OutputError
from videotoon.system.disk import writing_error
from videotoon.system.lock import FolderLock

JOURNAL_NAME = ".videotoon-batch.jsonl"
LOCK_NAME = f"{JOURNAL_NAME}.lock"

State = Literal["running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Entry:
    """The latest that is known of one result.

    Attributes:
        key: The result's place below the output folder.
        source: The input's path.
        state: How far it got.
        identity: What tells the input's content, see :func:`input_identity`.
        settings: Options that the result depends on.
        engine: Network, weights and arithmetic that painted it.
        size: Size at which it was painted.
        result: Size and time of the result's file, or None.
        before: Those of an earlier result that was there when work began, or None.
        facts: Numbers for the table.
        reason: Why it failed.
        crashes: Runs that died while they worked on it.
    """

    key: str
    source: str
    state: State
    identity: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    engine: dict[str, Any] = field(default_factory=dict)
    size: str = ""
    result: list[int] | None = None
    before: list[int] | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    crashes: int = 0

    def owns(self, found: list[int]) -> bool:
        """Tell whether the file found at the result's place was made by this batch."""
        if self.state == "running":  # a run died on it; results get their name when they are whole
            return True
        return found == (self.result if self.state == "done" else self.before)

    def made(self, found: list[int]) -> bool:
        """Tell whether that file is the result that this entry speaks of, whole."""
        if self.state == "running":  # the run died between finishing the result and noting it
            return bool(self.engine) and found != self.before
        return self.state == "done" and found == self.result


class BatchJournal:
    """The journal of one output folder; one batch at a time may have it open.

    Args:
        folder: The output folder; must exist unless it is only looked at.
        only_look: Nothing is written, and nobody kept out; for dry runs.

    Raises:
        OutputError: Another batch works there, or the folder cannot be written.
    """

    def __init__(self, folder: Path, *, only_look: bool = False) -> None:
        self._path = folder / JOURNAL_NAME
        self._folder = folder
        self._lock = threading.Lock()
        self._folder_lock = None if only_look else _lock(folder)
        self._entries = self._read()
        self._file = None if only_look else self._rewrite()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
        if self._folder_lock is not None:
            with contextlib.suppress(OSError):
                self._folder.joinpath(LOCK_NAME).unlink()
            self._folder_lock.release()

    def entry(self, key: str) -> Entry | None:
        """Return the latest entry of a result, if there is any."""
        return self._entries.get(key)

    def owners(self) -> dict[str, str]:
        """Return the input of each result; those that are gone no longer own a name."""
        entries = self._entries.items()
        return {key: entry.source for key, entry in entries if Path(entry.source).exists()}

    def results(self) -> set[Path]:
        """Return every result's path, absolute."""
        return {(self._folder / key).resolve() for key in self._entries}

    def note(self, *entries: Entry) -> None:
        """Write entries; on the disk before this returns. Safe to call from all threads.

        Raises:
            DiskFullError: No space is left.
        """
        assert self._file is not None, "a journal that is only looked at"
        try:
            with self._lock:
                self._entries |= {entry.key: entry for entry in entries}
                self._file.write("".join(map(_line, entries)))
                self._file.flush()
                os.fsync(self._file.fileno())
        except OSError as error:
            raise writing_error(
                f"the batch's journal {str(self._path)!r}", error, "check its folder and run again"
            ) from error

    def _read(self) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for line in self._lines():
            with contextlib.suppress(ValueError, TypeError):  # cut by a kill, or foreign
                entry = Entry(**json.loads(line))
                entries[entry.key] = entry
        return {
            key: replace(entry, crashes=entry.crashes + 1) if entry.state == "running" else entry
            for key, entry in entries.items()
        }

    def _lines(self) -> list[str]:
        try:
            return self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise OutputError(
                f"cannot read {str(self._path)!r} ({error.strerror})", "change its permissions"
            ) from error

    def _rewrite(self) -> IO[str]:
        part = self._path.with_suffix(".part")
        try:
            part.write_text("".join(map(_line, self._entries.values())), encoding="utf-8")
            part.replace(self._path)
            return self._path.open("a", encoding="utf-8")
        except OSError as error:
            raise OutputError(
                f"cannot write into folder {str(self._folder)!r} ({error.strerror})",
                "choose another folder or change its permissions",
            ) from error


def stamp(path: Path) -> list[int] | None:
    """Return size and time of a file, or None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def _line(entry: Entry) -> str:
    return json.dumps(asdict(entry), ensure_ascii=True) + "\n"


def _lock(folder: Path) -> FolderLock:
    try:
        busy = f"another batch is working in {str(folder)!r}"
        return FolderLock.make_and_take(folder, busy, LOCK_NAME)
    except OSError as error:
        raise OutputError(
            f"cannot write into folder {str(folder)!r} ({error.strerror})",
            "choose another folder or change its permissions",
        ) from error
