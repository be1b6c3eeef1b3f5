"""The speed benchmark's table and plots."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """Medians of one contender on one clip.

    Attributes:
        scene: The clip.
        key: Short name of the contender.
        title: What it is.
        fps: Frames per second, median.
        lowest_fps: Slowest round.
        highest_fps: Fastest round.
        to_base: Ratio to the scene's base contender, None where there is none.
        to_transcode: Ratio to a plain transcode, None where it was not run.
        cpu_per_frame: CPU seconds per frame of the whole process.
        busy: CPU seconds / (cores x wall seconds).
        peak_bytes: Peak resident size, 0 where not measured.
        first_frame_seconds: From the start of the job to the first painted frame.
        engine: What painted, as JSON.
        stages: Busy wall seconds per stage of the last round.
    """

    scene: str
    key: str
    title: str
    fps: float
    lowest_fps: float
    highest_fps: float
    to_base: float | None
    to_transcode: float | None
    cpu_per_frame: float
    busy: float
    peak_bytes: int
    first_frame_seconds: float | None
    engine: str
    stages: Mapping[str, float]


def write_report(folder: Path, rows: Sequence[Row], machine: Mapping[str, Any]) -> None:
    """Write ``report.md``, ``report.json`` and the plot ``fps.png`` into a folder."""
    content = {"machine": dict(machine), "rows": [asdict(row) for row in rows]}
    text = json.dumps(content, indent=1)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    plot_fps(folder / "fps.png", rows)
    facts = ", ".join(f"{name} {value}" for name, value in machine.items())
    lines = [
        "# Speed",
        "",
        f"Measured with `python -m benchmarks.speed`: {facts}. Medians over the rounds; all",
        "contenders of a clip ran in turn. fps of videotoon count everything from opening the clip",
        "to the checked output.",
        "",
        "![frames per second](fps.png)",
        "",
        "| clip | what | fps (min-max) | / base | / transcode | CPU ms/frame | cores busy "
        "| RSS MB |",
        "|---|---|---|---|---|---|---|---|",
        *(_line(row) for row in rows),
        "",
    ]
    (folder / "report.md").write_text("\n".join(lines), encoding="utf-8")


def _line(row: Row) -> str:
    spread = f"{row.fps:.2f} ({row.lowest_fps:.2f}-{row.highest_fps:.2f})"
    base = "" if row.to_base is None else f"{row.to_base:.2f}"
    limit = "" if row.to_transcode is None else f"{row.to_transcode:.2f}"
    memory = f"{row.peak_bytes / 1e6:.0f}" if row.peak_bytes else ""
    cells = [
        row.scene, row.title, spread, base, limit, f"{row.cpu_per_frame * 1e3:.1f}",
        f"{row.busy:.2f}", memory,
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def plot_fps(target: Path, rows: Sequence[Row]) -> None:
    """Draw frames per second of every contender, one panel per clip."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    scenes = list(dict.fromkeys(row.scene for row in rows))
    heights = [sum(row.scene == scene for row in rows) for scene in scenes]
    figure, axes = plt.subplots(
        len(scenes), 1, figsize=(9, 0.55 * sum(heights) + 0.7 * len(scenes)),
        height_ratios=heights, squeeze=False, layout="constrained",
    )  # fmt: skip
    for axis, scene in zip(axes[:, 0], scenes, strict=True):
        own = [row for row in rows if row.scene == scene][::-1]
        colours = ["#e4572e" if "videotoon" in row.title else "#8aa1b1" for row in own]
        bars = axis.barh([row.title for row in own], [row.fps for row in own], color=colours)
        axis.bar_label(bars, labels=[f"{row.fps:.1f} fps" for row in own], padding=4)
        axis.set_title(scene, loc="left", fontweight="bold")
        axis.spines[["top", "right"]].set_visible(False)
        axis.margins(x=0.15)
    figure.savefig(target, dpi=110)
    plt.close(figure)
