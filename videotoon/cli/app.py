"""The command ``videotoon``: options become Settings, errors become exit codes.

Nothing heavy is imported here; each command imports what it needs when it runs.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

from cyclopts import App, CycloptsError, Parameter

from videotoon import __version__
from videotoon.errors import Cancelled, SettingsError, VideotoonError
from videotoon.settings import ProgressChoice, Settings

app = App(
    name="videotoon",
    version=__version__,
    help="Turn video clips and pictures into anime on an ordinary CPU.",
    help_format="markdown",
    help_epilogue="Exit codes: docs/exit-codes.md. Every option is documented in the README.",
)

DEBUG_VARIABLE = "VIDEOTOON_DEBUG"


@app.default
def stylise(
    source: Annotated[Path, Parameter(name="INPUT")],
    output: Annotated[Path, Parameter(name="OUTPUT")],
    /,
    *,
    settings: Annotated[Settings | None, Parameter(name="*")] = None,
    progress: ProgressChoice = "bar",
    report: Path | None = None,
    verbose: Annotated[bool, Parameter(name=["--verbose", "-v"], negative=())] = False,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative=())] = False,
) -> None:
    """Paint a clip and keep its sound, subtitles, chapters and tags; a picture gives a picture.

    Parameters
    ----------
    source
        Video or picture to paint.
    output
        Where the result goes: .mp4, .mov, .mkv, .webm or .m4v; for pictures .png, .jpg, .webp.
    progress
        Show progress as a bar, as one JSON object per line, or not at all.
    report
        Write what was done to this JSON file.
    verbose
        Say more: engine, encoder, seconds per stage.
    quiet
        Say nothing but errors.
    """
    from videotoon.cli.stylise import Talk, run_stylise

    talk = Talk(progress=progress, verbose=verbose, quiet=quiet, report=report)
    run_stylise(source, output, settings or Settings(), talk)


@app.command
def styles() -> None:
    """List every style with size, licence, commercial use and source."""
    from videotoon.cli.tables import print_styles

    print_styles()


@app.command
def doctor() -> None:
    """Check this machine: versions, FFmpeg, engines, precisions, weights; says what to mend."""
    from videotoon.cli.doctor import run_doctor

    run_doctor()


@app.command
def preview(
    source: Annotated[Path, Parameter(name="INPUT")],
    sheet: Annotated[Path, Parameter(name="SHEET")],
    /,
    *,
    at: str = "",
    styles: str = "",
    settings: Annotated[Settings | None, Parameter(name="*")] = None,
) -> None:
    """Paint a few frames side by side before committing to a whole clip.

    Parameters
    ----------
    source
        Video or picture.
    sheet
        Picture to write (.png, .jpg, .webp): a row per moment, a column per style.
    at
        Moments, separated by commas, e.g. `3s,9s`; by default three spread over the clip.
    styles
        Styles, separated by commas; by default the one of --style.
    """
    from videotoon.cli.preview import run_preview

    run_preview(source, sheet, at, styles, settings or Settings())


@app.command
def bench(*, settings: Annotated[Settings | None, Parameter(name="*")] = None) -> None:
    """Measure how fast this machine paints: every precision at 540p, 720p and 1080p."""
    from videotoon.cli.bench import run_bench

    run_bench(settings or Settings())


@app.command
def export(
    style: Annotated[str, Parameter(name="STYLE")],
    output: Annotated[Path, Parameter(name="OUT")],
    /,
) -> None:
    """Write a style as a portable ONNX file.

    Parameters
    ----------
    style
        Name of a bundled style, or an AnimeGANv2 checkpoint.
    output
        File to write (.onnx).
    """
    from videotoon.cli.export import run_export

    run_export(style, output)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line; the only place that ends the process."""
    os.environ.setdefault("SVT_LOG", "1")
    signal.signal(signal.SIGINT, _interrupt)
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    try:
        app(arguments, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        words = " ".join(str(error).split())
        return _fail(SettingsError(words.rstrip("."), "see `videotoon --help`"))
    except VideotoonError as error:
        return _fail(error)
    except KeyboardInterrupt:
        return _fail(Cancelled("stopped by Ctrl-C", "nothing was kept"))
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - the last resort: one line instead of a traceback
        words = " ".join(f"{type(error).__name__}: {error}".split())
        cure = f"please report it; {DEBUG_VARIABLE}=1 shows where"
        return _fail(VideotoonError(f"internal error ({words})", cure), error)
    return 0


def _fail(error: VideotoonError, cause: BaseException | None = None) -> int:
    if os.environ.get(DEBUG_VARIABLE):
        import traceback

        traceback.print_exception(cause or error)
    line = " ".join(str(error).splitlines())
    sys.stderr.write(f"videotoon: {line.encode('utf-8', 'backslashreplace').decode()}\n")
    return error.exit_code


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """First Ctrl-C: stop in order. Second: out at once."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(Cancelled.exit_code))
    raise KeyboardInterrupt
