"""The work folder: finished segments and a journal of them, so that a cut run can go on.

The folder lies beside the output. The journal names what the work was done for; a run with another
input, other settings or other weights starts over and says why.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from videotoon.decode.base import Place
from videotoon.encode.segment import SegmentRecord
from videotoon.encode.work import CLEAN_COPY, busy, work_path
from videotoon.errors import OutputError, VideotoonError
from videotoon.system.disk import sync_folder, writing_error
from videotoon.system.lock import FolderLock

JOURNAL_FORMAT = 3
JOURNAL = "journal.json"
_IDENTITY_SAMPLE = 1 << 20

_open_folders: dict[Path, WorkFolder] = {}
"""Folders that this process works in, for :func:`last_words`."""


def input_identity(path: Path) -> dict[str, Any]:
    """Return what tells one input file from another: size, time, and a hash of both ends."""
    status = path.stat()
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(_IDENTITY_SAMPLE))
        file.seek(max(0, status.st_size - _IDENTITY_SAMPLE))
        digest.update(file.read(_IDENTITY_SAMPLE))
    return {"size": status.st_size, "mtime_ns": status.st_mtime_ns, "ends": digest.hexdigest()}


@dataclass(slots=True)
class WorkFolder:
    """Segments of one job on the disk; locked against a second run for as long as it is open.

    Attributes:
        path: The folder.
        key: What the work is done for; JSON values only.
        segments: Finished segments without gaps, from the first.
        started_over: Why earlier work could not be used, empty where there was none.
    """

    path: Path
    key: Mapping[str, Any]
    segments: list[SegmentRecord] = field(default_factory=list)
    started_over: str = ""
    _lock: FolderLock | None = None

    @classmethod
    def open(cls, output: Path, key: Mapping[str, Any], resume: bool = True) -> WorkFolder:
        """Make the work folder of an output, or take up the one that an earlier run left.

        Raises:
            OutputError: The folder cannot be made, or another run works in it.
        """
        path = work_path(output)
        folder = cls(path, json.loads(json.dumps(key)))
        try:
            folder._lock = FolderLock.make_and_take(path, busy(output))
            if resume:
                folder._take_up()
            folder._sweep()
            _open_folders[path] = folder
        except OSError as error:
            folder.close()
            raise OutputError(
                f"cannot write into folder {str(output.parent)!r} ({error.strerror})",
                "choose another folder or change its permissions",
            ) from error
        return folder

    @property
    def next_frame(self) -> int:
        """Index of the first frame that is still to be done."""
        return sum(record.frames for record in self.segments)

    @property
    def place(self) -> Place | None:
        """Where to go on; None for the beginning."""
        if not self.segments:
            return None
        return Place(
            index=self.next_frame,
            last_pts=self.segments[-1].last_pts,
            first_pts=self.segments[0].start_pts,
            sound=not any(record.repaired for record in self.segments),
        )

    def file_of(self, record: SegmentRecord) -> Path:
        """Return where a segment lies."""
        return self.path / record.file

    def record(self, segment: SegmentRecord) -> None:
        """Note a finished segment; on the disk before this returns.

        Raises:
            DiskFullError: No space is left.
            OutputError: It cannot be written for another reason.
        """
        self.segments.append(segment)
        try:
            self._write()
        except VideotoonError:
            self.segments.pop()
            raise

    def how_to_go_on(self) -> str:
        """Say what is kept and how to go on with it."""
        return _how_to_go_on(self.path, self.next_frame)

    def close(self) -> None:
        """Let other runs into the folder."""
        _open_folders.pop(self.path, None)
        if self._lock is not None:
            self._lock.release()

    def remove(self) -> None:
        """Delete the folder with all segments; before closing, or another run may be in it."""
        if os.name == "nt":
            self.close()  # Windows deletes no open file, and knows no such lock
        shutil.rmtree(self.path, ignore_errors=True)

    def remove_if_empty(self) -> None:
        """Delete the folder unless it holds finished segments."""
        if not self.segments:
            self.remove()

    def _take_up(self) -> None:
        """Read the journal of an earlier run; where it is of no use, remember why."""
        journal = self.path / JOURNAL
        if not journal.exists():
            return
        try:
            stored = json.loads(journal.read_text(encoding="utf-8"))
            version, stored_key = stored["format"], dict(stored["key"])
            records = [SegmentRecord.parse(record) for record in stored["segments"]]
        except (ValueError, KeyError, TypeError, RecursionError):
            self.started_over = "the journal of the earlier run is unreadable"
            return
        if version != JOURNAL_FORMAT:
            self.started_over = "the earlier run was made by another version"
            return
        names = sorted(self.key.keys() | stored_key.keys())
        changed = [name for name in names if self.key.get(name) != stored_key.get(name)]
        if changed:
            self.started_over = f"changed since the earlier run: {_in_detail(self, stored_key)}"
            return
        for record in records:
            if not self._usable(record):
                break
            self.segments.append(record)
        if records and not self.segments:
            self.started_over = "the earlier run's first file is damaged"

    def _usable(self, record: SegmentRecord) -> bool:
        file = self.file_of(record)
        return (
            record.number == len(self.segments)
            and record.first_index == self.next_frame
            and record.frames > 0
            and record.file == file.name
            and file.is_file()
            and file.stat().st_size == record.size
        )

    def _sweep(self) -> None:
        """Remove files that no finished segment owns."""
        known = {record.file for record in self.segments} | {CLEAN_COPY, FolderLock.NAME}
        if self.segments:
            known.add(JOURNAL)
        for file in self.path.iterdir():
            if file.name in known:
                continue
            if file.is_dir() and not file.is_symlink():
                shutil.rmtree(file)
            else:
                file.unlink()

    def _write(self) -> None:
        text = json.dumps(
            {
                "format": JOURNAL_FORMAT,
                "key": self.key,
                "segments": [asdict(record) for record in self.segments],
            },
            separators=(",", ":"),
        )
        journal = self.path / JOURNAL
        part = journal.with_suffix(".part")
        try:
            with part.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            part.replace(journal)
            sync_folder(self.path)
        except OSError as error:
            raise writing_error(
                f"journal {str(journal)!r}", error, "check its folder and run again"
            ) from error


def earlier_key(output: Path) -> dict[str, Any]:
    """Return what the work that an interrupted run left was done for; empty without any."""
    try:
        stored = json.loads((work_path(output) / JOURNAL).read_text(encoding="utf-8"))
        return dict(stored["key"]) if stored["format"] == JOURNAL_FORMAT else {}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}  # the journal is read again, and judged, when the work goes on


def last_words(output: Path) -> str:
    """Say what is kept of an output, and tidy up, where the process ends before its job does."""
    path = work_path(output)
    folder = _open_folders.get(path)
    if folder is not None:
        folder.remove_if_empty()
        return folder.how_to_go_on()
    try:
        stored = json.loads((path / JOURNAL).read_text(encoding="utf-8"))
        frames = sum(SegmentRecord.parse(record).frames for record in stored["segments"])
    except (OSError, ValueError, KeyError, TypeError):
        frames = 0
    return _how_to_go_on(path, frames)


def _how_to_go_on(folder: Path, frames: int) -> str:
    if not frames:
        return "nothing was kept"
    kept = f"{frames} frames are kept in {folder.name!r}"
    return f"{kept}; run the same command again to go on"


def _in_detail(folder: WorkFolder, stored: Mapping[str, Any]) -> str:
    """Name what differs; inside a group such as the settings, name the members."""
    found: list[str] = []
    for name in sorted(folder.key.keys() | stored.keys()):
        now, before = folder.key.get(name), stored.get(name)
        if now == before:
            continue
        if isinstance(now, dict) and isinstance(before, dict):
            members = sorted(m for m in now.keys() | before.keys() if now.get(m) != before.get(m))
            found.append(f"{name} ({', '.join(members)})")
        else:
            found.append(name)
    return ", ".join(found)
