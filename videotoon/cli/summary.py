"""What a finished job says on the terminal."""

from __future__ import annotations

from videotoon.cli.tables import table
from videotoon.report import Report


def headline(report: Report) -> str:
    """Return the one line that follows every job."""
    if report.frames_out == 1:
        return f"{report.output}: 1 picture in {report.wall_seconds:.1f} s, checked"
    parts = [f"{report.frames_out} frames"]
    if report.frames_reused:
        parts.append(f"{report.frames_reused} repeats")
    if report.frames_resumed:
        parts.append(f"{report.frames_resumed} from an earlier run")
    return (
        f"{report.output}: {', '.join(parts)} in {report.wall_seconds:.1f} s "
        f"({report.fps:.1f} fps), checked"
    )


def details(report: Report) -> list[str]:
    """Return what ``--verbose`` adds: stages, engine, encoder and tracks."""
    lines = ["", stage_table(report), ""]
    engine = dict(report.engine)
    engine["sha256"] = ", ".join(f"{value[:12]}…" for value in engine.get("sha256", {}).values())
    facts = [(name.replace("_", " "), str(value)) for name, value in engine.items() if value]
    if report.encoder:
        words = [f"{name} {value}" for name, value in report.encoder.items() if name != "name"]
        facts.append(("encoder", f"{report.encoder['name']} ({', '.join(words)})"))
    facts.append(("memory", f"{report.peak_rss_bytes / 1e6:.0f} MB at most"))
    if report.first_frame_seconds is not None:
        facts.append(("first frame", f"after {report.first_frame_seconds:.2f} s"))
    damage = {name: value for name, value in report.decode.items() if value}
    facts += [(name.replace("_", " "), str(value)) for name, value in damage.items()]
    width = max(len(name) for name, _ in facts)
    lines += [f"{name.ljust(width)}  {value}" for name, value in facts]
    return lines + [f"{'track'.ljust(width)}  {track}" for track in report.tracks]


def stage_table(report: Report) -> str:
    """Return the busy time of every stage; the slowest is the one that sets the pace."""
    wall = max(report.wall_seconds, 1e-9)
    rows = [
        [
            stage + (" (bottleneck)" if stage == report.bottleneck else ""),
            f"{seconds:.2f} s",
            f"{100 * seconds / wall:.0f} %",
            f"{1000 * seconds / max(1, report.frames_out - report.frames_resumed):.1f} ms",
        ]
        for stage, seconds in report.stage_wall_seconds.items()
    ]
    return table(["stage", "busy", "of the time", "per frame"], rows)
