"""The speed benchmark's rows and its report."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.speed_plots import ordered_parts, plot_fps, plot_parts, plot_timeline

if TYPE_CHECKING:
    from benchmarks.speed_goals import Outcome
    from benchmarks.traced import Trace


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
        to_bound: Part of the speed that the clip's repeated frames allow, where it has some.
        cpu_per_frame: CPU seconds per frame of the whole process.
        busy: CPU seconds / (cores x wall seconds).
        peak_bytes: Peak resident size, 0 where not measured.
        first_frame_seconds: From the start of the job to the first painted frame.
        engine: What painted, as JSON.
        stages: Busy wall seconds per stage of the last round.
        digest: Hash over the painted pixels before encoding, the same in all rounds.
    """

    scene: str
    key: str
    title: str
    fps: float
    lowest_fps: float
    highest_fps: float
    to_base: float | None
    to_transcode: float | None
    to_bound: float | None
    cpu_per_frame: float
    busy: float
    peak_bytes: int
    first_frame_seconds: float | None
    engine: str
    stages: Mapping[str, float]
    digest: str


def write_report(
    folder: Path,
    rows: Sequence[Row],
    goals: Sequence[Outcome],
    traces: Mapping[str, Trace],
    machine: Mapping[str, str],
) -> None:
    """Write ``report.md``, ``report.json`` and the plots into a folder.

    Args:
        folder: Where to; must exist.
        rows: What was measured.
        goals: What should have been measured.
        traces: Jobs that were looked into, by clip; the first is drawn as a timeline.
        machine: Facts about the machine and the run.
    """
    content = {
        "machine": dict(machine),
        "goals": [asdict(goal) for goal in goals],
        "rows": [asdict(row) for row in rows],
        "cpu_ms_per_frame": {name: _per_frame(trace) for name, trace in traces.items()},
    }
    # Where things lie on this machine is nobody's business.
    facts = json.dumps(content, indent=1).replace(f"{Path.cwd()}{os.sep}", "")
    (folder / "report.json").write_text(facts + "\n", encoding="utf-8")
    plot_fps(folder / "fps.png", rows)
    if traces:
        plot_timeline(folder / "timeline.png", next(iter(traces.values())))
        plot_parts(folder / "parts.png", traces)
    text = "\n".join(_text(rows, goals, traces, machine))
    (folder / "report.md").write_text(text + "\n", encoding="utf-8")


def _text(
    rows: Sequence[Row],
    goals: Sequence[Outcome],
    traces: Mapping[str, Trace],
    machine: Mapping[str, str],
) -> Iterable[str]:
    yield "# Speed\n"
    yield "Measured with `python -m benchmarks.speed`: "
    yield ", ".join(f"{name} {value}" for name, value in machine.items()) + ".\n"
    yield "Medians over the rounds; all contenders of a clip ran in turn, after each of ours had"
    yield "painted a short piece that was decoded and looked at. fps of videotoon count everything"
    yield "from starting the command to the checked output. Ratios are medians over the rounds."
    yield '"8 MB" is the architecture that AnimeGANv2 published, with random weights, which take as'
    yield 'long as any. "Of the bound": of the speed with all repeats spared their painting.\n'
    if goals:
        yield from _table("measure", "found", "target", "floor", "", "of")
        for goal in goals:
            yield _line(
                goal.name, f"{goal.found:.2f} {goal.unit}".strip(), f"{goal.target:g}",
                f"{goal.floor:g}", goal.verdict, goal.note,
            )  # fmt: skip
    yield "\n![frames per second](fps.png)\n"
    yield from _table(
        "clip", "what", "fps (min-max)", "/ base", "/ transcode", "CPU ms/frame", "cores busy",
        "RSS MB",
    )  # fmt: skip
    for row in rows:
        yield _row_line(row)
    yield from _digests(rows)
    if traces:
        yield from _parts(traces)


def _table(*titles: str) -> Iterable[str]:
    yield _line(*titles)
    yield "|" + "---|" * len(titles)


def _line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _row_line(row: Row) -> str:
    return _line(
        row.scene,
        row.title,
        f"{row.fps:.2f} ({row.lowest_fps:.2f}-{row.highest_fps:.2f})",
        _ratio(row.to_base),
        _ratio(row.to_transcode),
        f"{row.cpu_per_frame * 1e3:.1f}",
        f"{row.busy:.2f}",
        f"{row.peak_bytes / 1e6:.0f}" if row.peak_bytes else "",
    )


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _digests(rows: Sequence[Row]) -> Iterable[str]:
    """List the hashes of painted frames where contenders of a clip must paint the same."""
    listed = [row for row in rows if row.digest and row.key.endswith(("off", "on", "change-only"))]
    if listed:
        yield "\nHashes over all painted pixels before encoding:\n"
    for row in listed:
        yield f"- {row.scene}, {row.title}: `{row.digest}`"


def _parts(traces: Mapping[str, Trace]) -> Iterable[str]:
    yield "\n## Where the CPU time goes\n"
    yield "CPU milliseconds per frame of all threads, start-up included, from one traced run each"
    yield "(`python -m benchmarks.traced`).\n"
    yield from _table("part", *traces)
    for part in ordered_parts(traces):
        yield _line(part, *(f"{_per_frame(trace).get(part, 0):.2f}" for trace in traces.values()))
    yield _line("all", *(f"{sum(_per_frame(trace).values()):.2f}" for trace in traces.values()))
    yield "\n![CPU time by part](parts.png)\n\n![timeline](timeline.png)"


def _per_frame(trace: Trace) -> dict[str, float]:
    return {part: 1e3 * seconds / trace.frames for part, seconds in trace.cpu_seconds.items()}
