"""The default command: one clip or one picture."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from videotoon.decode.opening import check_readable
from videotoon.errors import OutputError
from videotoon.picture import is_picture, stylise_picture
from videotoon.pipeline import stylise_video
from videotoon.progress import Progress, SilentProgress, progress_for
from videotoon.report import Report
from videotoon.settings import ProgressChoice, Settings


@dataclass(frozen=True, slots=True)
class Talk:
    """How much a command says.

    Attributes:
        progress: Kind of progress display.
        verbose: Say more.
        quiet: Say nothing but errors.
        report: Where to write the report, or None.
    """

    progress: ProgressChoice = "bar"
    verbose: bool = False
    quiet: bool = False
    report: Path | None = None

    def display(self) -> Progress:
        """Return the progress display."""
        if self.quiet:
            return SilentProgress()
        if self.progress == "none":
            return SilentProgress(sys.stderr)
        return progress_for(self.progress)


def run_stylise(source: Path, output: Path, settings: Settings, talk: Talk) -> None:
    """Paint a clip or a picture and say what was done."""
    check_readable(source)
    if talk.report is not None and not talk.report.parent.is_dir():
        raise OutputError(
            f"report folder {str(talk.report.parent)!r} does not exist", "create it first"
        )
    if is_picture(source) or is_picture(output):
        report = stylise_picture(source, output, settings)
    else:
        report = stylise_video(source, output, settings, progress=talk.display())
    if talk.report is not None:
        report.write(talk.report)
    if not talk.quiet and talk.progress != "json":
        _summarise(report, talk.verbose)


def _summarise(report: Report, verbose: bool) -> None:
    reused = f", {report.frames_reused} repeats" if report.frames_reused else ""
    frames = "1 picture" if report.frames_out == 1 else f"{report.frames_out} frames"
    print(
        f"{report.output}: {frames}{reused} in {report.wall_seconds:.1f} s "
        f"({report.fps:.1f} fps), checked",
        file=sys.stderr,
    )
    if not verbose:
        return
    for name, fact in report.engine.items():
        print(f"  {name}: {fact}", file=sys.stderr)
    for stage, seconds in report.stage_wall_seconds.items():
        print(f"  {stage}: busy {seconds:.2f} s", file=sys.stderr)
    for track in report.tracks:
        print(f"  {track}", file=sys.stderr)
