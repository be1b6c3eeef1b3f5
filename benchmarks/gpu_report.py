"""What was measured on a CUDA device, and its report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


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
        _plot(folder / "fps.png", figures.jobs)
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


def _plot(target: Path, jobs: Sequence[Job]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    clips = list(dict.fromkeys(job.clip for job in jobs))
    figure, axes = plt.subplots(
        len(clips), 1, figsize=(9, 0.4 * len(jobs) + 0.8 * len(clips)), squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for axis, clip in zip(axes[:, 0], clips, strict=True):
        own = [job for job in jobs if job.clip == clip][::-1]
        colours = ["#e4572e" if "CUDA" in job.title else "#8aa1b1" for job in own]
        bars = axis.barh([job.title for job in own], [job.fps for job in own], color=colours)
        axis.bar_label(bars, labels=[f"{job.fps:.0f} fps" for job in own], padding=4)
        axis.set_title(clip, loc="left", fontweight="bold")
        axis.spines[["top", "right"]].set_visible(False)
        axis.margins(x=0.15)
    figure.savefig(target, dpi=110)
    plt.close(figure)
