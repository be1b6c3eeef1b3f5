"""The default command: one clip or one picture."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from videotoon.cli.interrupting import EndsInTime
from videotoon.cli.summary import details, headline
from videotoon.decode.opening import check_readable
from videotoon.encode.journal import last_words
from videotoon.errors import STOPPED, Cancelled, OutputError
from videotoon.picture import PICTURE_SUFFIXES, is_picture, stylise_picture
from videotoon.pipeline import stylise_video
from videotoon.progress import JsonProgress, Progress, SilentProgress, printable, progress_for
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
        if self.progress == "json":
            return JsonProgress()
        if self.quiet:
            return SilentProgress()
        if self.progress == "none":
            return SilentProgress(sys.stderr)
        return progress_for(self.progress)


def run_stylise(source: Path, output: Path, settings: Settings, talk: Talk) -> None:
    """Paint a clip or a picture and say what was done."""
    check_readable(source)
    if talk.report is not None:
        check_report(talk.report, (source, output, Path(settings.style)))
    display = talk.display()
    if is_picture(source):
        report = stylise_picture(source, output, settings)
        for sentence in report.warnings:
            display.say(sentence)
    else:
        _refuse_picture_of_video(source, output)
        report = _stylise_video(source, output, settings, display)
    if talk.report is not None:
        report.write(talk.report)
    _say_result(report, display, talk)


def _stylise_video(source: Path, output: Path, settings: Settings, display: Progress) -> Report:
    with EndsInTime(lambda: str(Cancelled(STOPPED, last_words(output)))):
        try:
            return stylise_video(source, output, settings, progress=display)
        except KeyboardInterrupt:  # while it was planned; later it is the job that says this
            raise Cancelled(STOPPED, last_words(output)) from None


def check_report(path: Path, taken: tuple[Path, ...]) -> None:
    """Check before the work that the report can be written and would destroy nothing.

    Args:
        path: Where the report goes.
        taken: Files of the job, which it must not replace.

    Raises:
        OutputError: It cannot.
    """
    if not path.parent.is_dir():
        raise OutputError(f"report folder {str(path.parent)!r} does not exist", "create it first")
    if path.is_dir():
        raise OutputError(f"report {str(path)!r} is a folder", "give a file name such as r.json")
    if any(_same_file(path, other) for other in taken):
        raise OutputError(f"report {str(path)!r} is a file of the job", "give another name")
    if path.suffix.lower() != ".json" and (path.is_file() or not path.exists()):
        raise OutputError(
            f"report {str(path)!r} does not end in .json", "give a file name such as r.json"
        )
    target = path if path.exists() else path.parent
    if not os.access(target, os.W_OK):
        raise OutputError(f"report {str(path)!r} may not be written", "choose another file")


def _same_file(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.absolute() == other.absolute()


def _refuse_picture_of_video(source: Path, output: Path) -> None:
    if is_picture(output):
        raise OutputError(
            f"output {output.name!r} is a picture but input {source.name!r} is not",
            f"give a video such as out.mp4, a picture as input ({', '.join(PICTURE_SUFFIXES)}), "
            "or use `videotoon preview` for single frames",
        )


def _say_result(report: Report, display: Progress, talk: Talk) -> None:
    if isinstance(display, JsonProgress):
        display.write(
            {
                "event": "result",
                "output": report.output,
                "frames": report.frames_out,
                "reused": report.frames_reused,
                "fps": round(report.fps, 2),
                "wall_seconds": round(report.wall_seconds, 2),
            }
        )
        return
    if talk.quiet:
        return
    lines = [headline(report), *(details(report) if talk.verbose else [])]
    for line in lines:
        print(printable(line, sys.stderr), file=sys.stderr)
