"""What a batch did, for people and for programs."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from videotoon.report import write_report

Status = Literal["done", "skipped", "failed", "stopped", "planned"]


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one input.

    Attributes:
        file: The input.
        output: Its result.
        status: ``done`` now, ``skipped`` because it was done before, ``failed``, ``stopped`` by
            Ctrl-C, or ``planned`` in a dry run.
        why: Reason of a failure, or a remark.
        frames: Frames in the result.
        fps: Frames per second.
        seconds: Wall seconds; expected ones in a dry run.
        attempts: How often it was tried in this run.
    """

    file: str
    output: str
    status: Status
    why: str = ""
    frames: int = 0
    fps: float = 0.0
    seconds: float = 0.0
    attempts: int = 0

    def of(self, file: Path, output: Path) -> FileResult:
        """Return the same result for another file."""
        return replace(self, file=str(file), output=str(output))

    @property
    def row(self) -> list[str]:
        """Cells of the table: file, frames, fps, status, why."""
        frames = str(self.frames) if self.frames else ""
        fps = f"{self.fps:.1f}" if self.fps else ""
        here = Path(self.file)
        shown = here.relative_to(Path.cwd()) if here.is_relative_to(Path.cwd()) else here
        return [str(shown), frames, fps, self.status, self.why]


HEADER = ["file", "frames", "fps", "status", "why"]


@dataclass(slots=True)
class BatchReport:
    """Facts about a batch; written by ``--report batch.json``.

    Attributes:
        output: Output folder.
        files: One result per input, in order.
        wall_seconds: Wall time.
        jobs: Files worked on at the same time.
        cores: Cores shared by them.
        networks_compiled: How many times a network was compiled, all files together.
        pictures_shared: Pictures that were painted by a network shared by several sizes.
        notes: Sentences the user should read.
        stopped: True where Ctrl-C ended it early.
        peak_rss_bytes: Largest memory of the process.
    """

    output: str
    files: list[FileResult] = field(default_factory=list)
    wall_seconds: float = 0.0
    jobs: int = 1
    cores: int = 1
    networks_compiled: int = 0
    pictures_shared: int = 0
    notes: list[str] = field(default_factory=list)
    stopped: bool = False
    peak_rss_bytes: int = 0

    def counts(self) -> dict[str, int]:
        """Return the number of files by status."""
        return dict(Counter(result.status for result in self.files))

    @property
    def failed(self) -> int:
        """Number of files that could not be done."""
        return sum(1 for result in self.files if result.status == "failed")

    @property
    def headline(self) -> str:
        """One line, e.g. ``17 done, 3 failed in 12.0 s``."""
        order = ("done", "skipped", "planned", "stopped", "failed")
        counts = self.counts()
        words = ", ".join(f"{counts[status]} {status}" for status in order if status in counts)
        return f"{words or 'nothing to do'} in {self.wall_seconds:.1f} s"

    def write(self, path: Path) -> None:
        """Write the report as JSON, whole or not at all.

        Raises:
            OutputError: The file cannot be written.
            DiskFullError: No space is left.
        """
        write_report(path, asdict(self) | {"counts": self.counts()})
