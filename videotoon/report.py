"""What a job did, for people and for programs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from videotoon.system.disk import writing_error


@dataclass(slots=True)
class Report:
    """Facts about a finished job; written by ``--report FILE.json``.

    Attributes:
        input: Input path.
        output: Output path.
        frames_in: Frames decoded.
        frames_out: Frames in the result.
        frames_painted: Frames that went through the network in this run.
        frames_reused: Frames that repeated an earlier one.
        frames_resumed: Frames taken over from an earlier, interrupted run.
        fps: Frames per second of wall time of this run.
        wall_seconds: Wall time of this run.
        stage_wall_seconds: Busy wall seconds per stage, summed over its threads.
        stage_cpu_seconds: CPU seconds per stage, of its own threads only.
        process_cpu_seconds: CPU seconds of the whole process, all threads.
        engine: Style, network, backend, precision, sizes and hashes.
        faces: Faces painted, tracks, detections run, detector, style; empty without ``--face``.
        encoder: Encoder and its options, files of saved work, and how many frames a run that is
            killed has to paint again at most.
        decode: Damage found and repaired while reading.
        tracks: What became of every other track.
        dropped: Sentences naming what was lost.
        warnings: Sentences the user should read.
        painted_digest: Hash over all painted pixels before encoding; equal runs have equal ones.
        peak_rss_bytes: Largest memory of the process.
        first_frame_seconds: From the start of the job to the first painted frame.
    """

    input: str
    output: str
    frames_in: int = 0
    frames_out: int = 0
    frames_painted: int = 0
    frames_reused: int = 0
    frames_resumed: int = 0
    fps: float = 0.0
    wall_seconds: float = 0.0
    first_frame_seconds: float | None = None
    stage_wall_seconds: dict[str, float] = field(default_factory=dict)
    stage_cpu_seconds: dict[str, float] = field(default_factory=dict)
    process_cpu_seconds: float = 0.0
    engine: dict[str, Any] = field(default_factory=dict)
    faces: dict[str, Any] = field(default_factory=dict)
    encoder: dict[str, Any] = field(default_factory=dict)
    decode: dict[str, Any] = field(default_factory=dict)
    tracks: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    painted_digest: str = ""
    peak_rss_bytes: int = 0

    def write(self, path: Path) -> None:
        """Write the report as JSON.

        Raises:
            OutputError: The file cannot be written.
            DiskFullError: No space is left.
        """
        write_report(path, asdict(self))

    @property
    def bottleneck(self) -> str:
        """The stage that was busy for the largest part of the time."""
        return max(self.stage_wall_seconds, key=self.stage_wall_seconds.__getitem__, default="")


def write_report(path: Path, content: Mapping[str, Any]) -> None:
    """Write a report as JSON, whole or not at all.

    Args:
        path: A file, or a device such as ``/dev/stdout``.
        content: JSON values.

    Raises:
        OutputError: The file cannot be written.
        DiskFullError: No space is left.
    """
    text = json.dumps(content, indent=2, ensure_ascii=True) + "\n"
    whole = not path.exists() or path.is_file()
    part = path.with_name(f".{path.name}.{os.getpid()}.part") if whole else path
    try:
        part.write_text(text, encoding="utf-8")
        if whole:
            part.replace(path)
    except OSError as error:
        if whole:
            part.unlink(missing_ok=True)
        cure = "choose another file for --report"
        raise writing_error(f"report {str(path)!r}", error, cure) from error


def peak_memory() -> int:
    """Return the process's largest resident size so far in bytes, 0 where it cannot be told."""
    try:
        # Not getrusage: on Linux its figure begins with that of the program that started this one.
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.split("VmHWM:", 1)[1].split(maxsplit=1)[0]) * 1024
    except (OSError, IndexError, ValueError):
        pass
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
