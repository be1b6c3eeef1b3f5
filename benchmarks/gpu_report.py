"""What was measured on a CUDA device, and its report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.speed_plots import plot_bars


@dataclass(frozen=True, slots=True)
class Painting:
    """One way of running one network, measured.

    Attributes:
        network: Style and scale.
        size: Of the pictures.
        way: How it was run.
        milliseconds: Median time of one picture: up, through the network and down again.
        decibels: Peak signal-to-noise ratio of the planes to fp32; infinite for fp32.
        preparing: Seconds until the first picture could be painted.
        megabytes: Device memory that was taken meanwhile, at most.
    """

    network: str
    size: str
    way: str
    milliseconds: float
    decibels: float
    preparing: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Job:
    """A whole command on a clip, or painting alone with several sessions.

    Attributes:
        clip: What was painted.
        title: By whom.
        fps: Frames per second, median.
        cpu_milliseconds: CPU time per frame, median; 0 where it was not measured.
    """

    clip: str
    title: str
    fps: float
    cpu_milliseconds: float = 0.0


@dataclass(slots=True)
class Figures:
    """Everything that was measured.

    Attributes:
        machine: Facts to compare by.
        paintings: Networks alone.
        sessions: Planes to planes, several sessions at once.
        jobs: Whole commands.
    """

    machine: Mapping[str, str]
    paintings: list[Painting] = field(default_factory=list)
    sessions: list[Job] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)


def write_report(folder: Path, figures: Figures) -> None:
    """Write ``report.json``, ``report.md`` and, where there are jobs, ``fps.png``."""
    text = json.dumps(asdict(figures), indent=1)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    parts = ["# Painting on a GPU\n"]
    parts += [f"- {name}: {value}" for name, value in figures.machine.items()]
    if figures.jobs:
        bars = [(one.clip, one.title, one.fps) for one in figures.jobs]
        plot_bars(folder / "fps.png", bars, "CUDA")
        parts += ["\n## Whole commands\n", "![Frames per second](fps.png)\n"]
        parts += ["| clip | what | fps | CPU-ms per frame |", "|---|---|---|---|"]
        parts += [
            f"| {one.clip} | {one.title} | {one.fps:.1f} | {one.cpu_milliseconds:.1f} |"
            for one in figures.jobs
        ]
    if figures.paintings:
        parts += ["\n## One picture: up, through the network, down\n"]
        parts += ["| network | size | way | ms | dB to fp32 | prepared in, s | memory, MB |"]
        parts += ["|---|---|---|---|---|---|---|", *map(_painting_line, figures.paintings)]
    if figures.sessions:
        parts += ["\n## Planes to planes, several sessions at once, fp16\n"]
        parts += ["| size | what | fps |", "|---|---|---|"]
        parts += [f"| {one.clip} | {one.title} | {one.fps:.1f} |" for one in figures.sessions]
    (folder / "report.md").write_text("\n".join(parts) + "\n", encoding="utf-8")


def _painting_line(one: Painting) -> str:
    likeness = "–" if one.decibels == float("inf") else f"{one.decibels:.1f}"
    return (
        f"| {one.network} | {one.size} | {one.way} | {one.milliseconds:.2f} | {likeness} "
        f"| {one.preparing:.2f} | {one.megabytes:.0f} |"
    )
