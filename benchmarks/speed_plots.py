"""The speed benchmark's pictures: frames per second, and a timeline of one job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.traced import Span, Trace

if TYPE_CHECKING:
    from benchmarks.speed_report import Row

COLOURS: Final = {
    "decode": "#4c9f70", "cache": "#b5bd68", "paint": "#e4572e", "encode": "#3f7cac",
    "remux": "#8d6a9f",
}  # fmt: skip
PART_COLOURS: Final = (
    "#e4572e", "#3f7cac", "#4c9f70", "#f2a65a", "#8d6a9f", "#c5a880", "#7a9e9f", "#999999",
)  # fmt: skip
ZOOM_SECONDS: Final = 0.5


def plot_fps(target: Path, rows: Sequence[Row]) -> None:
    """Draw frames per second of every contender, one panel per clip."""
    plot_bars(target, [(row.scene, row.title, row.fps) for row in rows], "videotoon")


def plot_bars(target: Path, bars: Sequence[tuple[str, str, float]], ours: str) -> None:
    """Draw frames per second as bars.

    Args:
        target: Picture to write.
        bars: Panel, title and frames per second of each.
        ours: Titles with this word stand out.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    scenes = list(dict.fromkeys(panel for panel, _, _ in bars))
    heights = [sum(panel == scene for panel, _, _ in bars) for scene in scenes]
    figure, axes = plt.subplots(
        len(scenes), 1, figsize=(9, 0.55 * sum(heights) + 0.7 * len(scenes)),
        height_ratios=heights, squeeze=False, layout="constrained",
    )  # fmt: skip
    for axis, scene in zip(axes[:, 0], scenes, strict=True):
        own = [(title, fps) for panel, title, fps in bars if panel == scene][::-1]
        colours = ["#e4572e" if ours in title else "#8aa1b1" for title, _ in own]
        drawn = axis.barh([title for title, _ in own], [fps for _, fps in own], color=colours)
        axis.bar_label(drawn, labels=[f"{fps:.1f} fps" for _, fps in own], padding=4)
        axis.set_title(scene, loc="left", fontweight="bold")
        axis.spines[["top", "right"]].set_visible(False)
        axis.margins(x=0.15)
    figure.savefig(target, dpi=110)
    plt.close(figure)


def plot_timeline(target: Path, trace: Trace) -> None:
    """Draw when each stage of a job was busy: the whole job and half a second of its middle."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.patches import Patch

    figure, axes = plt.subplots(2, 1, figsize=(11, 5.4), layout="constrained")
    middle = trace.wall_seconds / 2
    for axis, window in zip(
        axes, ((0.0, trace.wall_seconds), (middle, middle + ZOOM_SECONDS)), strict=True
    ):
        _draw_spans(axis, trace.spans, window)
    axes[0].set_title(
        f"{trace.clip}: {trace.frames} frames in {trace.wall_seconds:.1f} s", loc="left"
    )
    axes[1].set_title(f"{ZOOM_SECONDS:g} s of it", loc="left")
    axes[1].set_xlabel("seconds")
    patches = [Patch(color=colour, label=stage) for stage, colour in COLOURS.items()]
    figure.legend(handles=patches, loc="outside right upper", frameon=False)
    figure.savefig(target, dpi=110)
    plt.close(figure)


def _draw_spans(axis: Any, spans: Sequence[Span], window: tuple[float, float]) -> None:
    inside = [span for span in spans if span.end > window[0] and span.begin < window[1]]
    threads = sorted({span.thread for span in inside}, key=_thread_order)
    for height, thread in enumerate(threads):
        for stage, colour in COLOURS.items():
            bars = [
                (span.begin, span.end - span.begin)
                for span in inside
                if span.thread == thread and span.stage == stage
            ]
            axis.broken_barh(bars, (height - 0.4, 0.8), facecolors=colour)
    axis.set_yticks(range(len(threads)), [t.removeprefix("videotoon-") for t in threads])
    axis.set_xlim(window)
    axis.invert_yaxis()
    axis.spines[["top", "right"]].set_visible(False)


def _thread_order(name: str) -> tuple[int, str]:
    order = ("videotoon-decode", "videotoon-paint", "videotoon-encode")
    found = [number for number, begin in enumerate(order) if name.startswith(begin)]
    return (found[0] if found else len(order), name)


def plot_parts(target: Path, traces: Mapping[str, Trace]) -> None:
    """Draw the CPU milliseconds per frame of every part, one bar per clip."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(10, 1.2 + 0.6 * len(traces)), layout="constrained")
    parts = ordered_parts(traces)
    lefts = [0.0] * len(traces)
    for part, colour in zip(parts, PART_COLOURS, strict=False):
        widths = [
            1e3 * trace.cpu_seconds.get(part, 0.0) / trace.frames for trace in traces.values()
        ]
        axis.barh(list(traces), widths, left=lefts, color=colour, label=part)
        lefts = [left + width for left, width in zip(lefts, widths, strict=True)]
    axis.set_xlabel("CPU ms per frame, all threads")
    axis.invert_yaxis()
    axis.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(target, dpi=110)
    plt.close(figure)


def ordered_parts(traces: Mapping[str, Trace]) -> list[str]:
    """Return all parts of some jobs, the most expensive first."""
    total: dict[str, float] = {}
    for trace in traces.values():
        for part, seconds in trace.cpu_seconds.items():
            total[part] = total.get(part, 0.0) + seconds / trace.frames
    return sorted(total, key=lambda part: -total[part])
