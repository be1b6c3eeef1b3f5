"""The work folder: finished segments and a journal of them, so that a cut run can go on.

The folder lies beside the output. The journal names what the work was done for; a run with another
input, other settings or other weights starts over and says why.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from videotoon.encode.segment import SegmentRecord
from videotoon.errors import DiskFullError, OutputError

JOURNAL_FORMAT = 1
_IDENTITY_SAMPLE = 1 << 20


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
    """Segments of one job on the disk.

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

    @classmethod
    def open(cls, output: Path, key: Mapping[str, Any], resume: bool = True) -> WorkFolder:
        """Make the work folder of an output, or take up the one that an earlier run left.

        Raises:
            OutputError: The folder cannot be made.
        """
        path = output.with_name(f".{output.name}.videotoon")
        folder = cls(path, json.loads(json.dumps(key)))
        if path.exists() and resume:
            folder.started_over = folder._take_up()
        if not folder.segments and path.exists():
            shutil.rmtree(path)
        try:
            path.mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"cannot write into folder {str(output.parent)!r} ({error.strerror})",
                "choose another folder or change its permissions",
            ) from error
        folder._sweep()
        return folder

    @property
    def next_frame(self) -> int:
        """Index of the first frame that is still to be done."""
        return sum(record.frames for record in self.segments)

    def file_of(self, record: SegmentRecord) -> Path:
        """Return where a segment lies."""
        return self.path / record.file

    def record(self, segment: SegmentRecord) -> None:
        """Note a finished segment; on the disk before this returns.

        Raises:
            DiskFullError: No space is left.
        """
        self.segments.append(segment)
        self._write()

    def remove(self) -> None:
        """Delete the folder with all segments."""
        shutil.rmtree(self.path, ignore_errors=True)

    def remove_if_empty(self) -> None:
        """Delete the folder unless it holds finished segments."""
        if not self.segments:
            self.remove()

    def _journal(self) -> Path:
        return self.path / "journal.json"

    def _take_up(self) -> str:
        try:
            stored = json.loads(self._journal().read_text(encoding="utf-8"))
            stored_key = stored["key"]
            records = [SegmentRecord(**record) for record in stored["segments"]]
        except (OSError, ValueError, KeyError, TypeError):
            return "the journal of the earlier run is missing or unreadable"
        if stored.get("format") != JOURNAL_FORMAT:
            return "the earlier run was made by another version"
        changed = [name for name in self.key if self.key[name] != stored_key.get(name)]
        if changed:
            return f"changed since the earlier run: {', '.join(changed)}"
        for number, record in enumerate(records):
            file = self.file_of(record)
            if record.number != number or not file.is_file() or file.stat().st_size != record.size:
                break
            self.segments.append(record)
        return ""

    def _sweep(self) -> None:
        """Remove files that no finished segment owns."""
        known = {record.file for record in self.segments} | {"journal.json"}
        for file in self.path.iterdir():
            if file.name not in known:
                with contextlib.suppress(OSError):
                    file.unlink()

    def _write(self) -> None:
        text = json.dumps(
            {
                "format": JOURNAL_FORMAT,
                "key": self.key,
                "segments": [asdict(record) for record in self.segments],
            },
            indent=1,
        )
        part = self._journal().with_suffix(".part")
        try:
            with part.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._journal())
        except OSError as error:
            raise DiskFullError(
                f"cannot write the journal ({error.strerror})",
                "free some space and run the same command again; finished parts are kept",
            ) from error
