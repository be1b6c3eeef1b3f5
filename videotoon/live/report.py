"""What a live run did, for people and for programs."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from videotoon.live.meter import Meter
from videotoon.report import write_report


@dataclass(slots=True)
class LiveReport:
    """Facts about a live run; written by ``--report live.json``.

    Attributes:
        source: What was watched.
        seconds: Wall seconds from the first picture to the last.
        fps: Pictures shown per second.
        captured: Pictures that the source delivered.
        dropped: Pictures replaced by newer ones before they were painted.
        painted: Pictures painted.
        shown: Pictures shown, or handed over where there is no window.
        out_of_order: Pictures shown after a later one; always 0.
        latency_ms: From capture to shown: p50, p95, p99 and the longest.
        painting_sizes: Pictures painted at each size.
        size_changes: How often the painting size changed.
        outages: How often the source went away.
        outputs: Pictures dropped by each output, and its problem if it had one.
        recordings: Files recorded.
        snapshots: Pictures saved.
        engine: Style, network, backend, precision and hashes.
        controls: Style, strength, view and so on at the end.
        pressed: How often each key's action was done.
        memory_mb: Resident memory after the first seconds and at the end; shorter runs only the
            latter.
    """

    source: str
    seconds: float = 0.0
    fps: float = 0.0
    captured: int = 0
    dropped: int = 0
    painted: int = 0
    shown: int = 0
    out_of_order: int = 0
    latency_ms: dict[str, float] = field(default_factory=dict)
    painting_sizes: dict[str, int] = field(default_factory=dict)
    size_changes: int = 0
    outages: int = 0
    outputs: dict[str, Any] = field(default_factory=dict)
    recordings: list[str] = field(default_factory=list)
    snapshots: list[str] = field(default_factory=list)
    engine: dict[str, Any] = field(default_factory=dict)
    controls: dict[str, Any] = field(default_factory=dict)
    pressed: dict[str, int] = field(default_factory=dict)
    memory_mb: list[float] = field(default_factory=list)

    def take(self, meter: Meter) -> None:
        """Take over what the meter counted."""
        self.shown, self.fps = meter.shown, round(meter.fps, 2)
        self.seconds = round(meter.last - meter.first, 2)
        self.out_of_order = meter.out_of_order
        self.latency_ms = {
            "p50": meter.percentile(0.5),
            "p95": meter.percentile(0.95),
            "p99": meter.percentile(0.99),
            "max": round(meter.longest, 1),
        }

    @property
    def headline(self) -> str:
        """One line for people."""
        latency = self.latency_ms
        sizes = ", ".join(f"{size} {count}x" for size, count in self.painting_sizes.items())
        return (
            f"{self.shown} pictures in {self.seconds:.1f} s, {self.fps:.1f} fps, latency "
            f"p50 {latency['p50']:.0f} p95 {latency['p95']:.0f} p99 {latency['p99']:.0f} ms, "
            f"{self.dropped} dropped, painted at {sizes or 'nothing'}"
        )

    def write(self, path: Path) -> None:
        """Write the report as JSON.

        Raises:
            OutputError: The file cannot be written.
            DiskFullError: No space is left.
        """
        write_report(path, asdict(self))


def resident_megabytes() -> float:
    """Return the process's resident memory now, 0 where it cannot be told."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
