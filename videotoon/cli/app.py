"""The command ``videotoon``: options become Settings, errors become exit codes.

Nothing heavy is imported here; each command imports what it needs when it runs.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, NoReturn

from cyclopts import App, CycloptsError, Parameter

from videotoon import __version__
from videotoon.batch.settings import BatchSettings
from videotoon.cli.batch import fill_in_preset
from videotoon.cli.failing import DEBUG_VARIABLE, fail, file_error, interrupt
from videotoon.cli.interrupting import leave
from videotoon.cli.weights_commands import weights
from videotoon.cli.wording import explain, read_value, spell_files
from videotoon.errors import STOPPED, Cancelled, VideotoonError
from videotoon.live.settings import LiveSettings
from videotoon.settings import DetailChoice, ProgressChoice, Settings

app = App(
    name="videotoon",
    version=__version__,
    help="Turn video clips and pictures into anime on an ordinary CPU.",
    help_format="markdown",
    help_epilogue="Exit codes: docs/exit-codes.md. What makes it faster: docs/faster.md.",
    default_parameter=Parameter(converter=read_value),
    suppress_keyboard_interrupt=False,
)


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
def bench(
    *,
    sizes: str = "540x960,1280x720,1920x1080",
    seconds: float = 2.0,
    calibrate: Annotated[bool, Parameter(negative=())] = False,
    settings: Annotated[Settings | None, Parameter(name="*")] = None,
) -> None:
    """Measure how fast this machine paints: every precision at 540p, 720p and 1080p.

    Parameters
    ----------
    sizes
        Frame sizes, separated by commas.
    seconds
        How long to measure each; longer is more exact.
    calibrate
        Measure a few seconds only and remember for this machine which precision paints the style
        fastest without spoiling it; `--precision auto` then takes that one.
    """
    from videotoon.cli.bench import run_bench, run_calibration

    if calibrate:
        run_calibration(settings or Settings())
        return
    run_bench(settings or Settings(), sizes, seconds)


@app.command
def export(
    style: Annotated[str, Parameter(name="STYLE")],
    output: Annotated[Path, Parameter(name="OUT")],
    /,
    *,
    detail: DetailChoice = "auto",
    overwrite: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Write a style as a portable ONNX file.

    Parameters
    ----------
    style
        Name of a bundled style, or an AnimeGANv2 checkpoint.
    output
        File to write (.onnx).
    detail
        Which of a style's networks: `sd` (fine lines) or `hd`; auto takes `sd`.
    overwrite
        Replace an existing file.
    """
    from videotoon.cli.export import run_export

    run_export(style, output, detail, overwrite)


@app.command
def batch(
    *inputs: Annotated[str, Parameter(name="INPUT")],
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    use: str = "",
    preset_file: Path | None = None,
    batch: Annotated[BatchSettings | None, Parameter(name="*")] = None,
    settings: Annotated[Settings | None, Parameter(name="*")] = None,
    progress: ProgressChoice = "bar",
    report: Path | None = None,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative=())] = False,
) -> None:
    """Paint many videos and pictures; a failure does not stop the rest, and nothing is done twice.

    Parameters
    ----------
    inputs
        Files, folders (with all folders below them) and patterns such as `'clips/**/*.mov'`.
    output
        Folder for the results; folders of the input are mirrored below it.
    use
        Take the named settings of a preset, see `videotoon presets`; other options win over it.
    preset_file
        TOML file with presets; one alone needs no --use.
    progress
        Show progress as bars, as one JSON object per line, or not at all.
    report
        Write what became of each file to this JSON file.
    quiet
        Say nothing but errors.
    """
    from videotoon.cli.batch import run_batch_command
    from videotoon.cli.stylise import Talk

    talk = Talk(progress=progress, quiet=quiet, report=report)
    run_batch_command(inputs, output, settings or Settings(), batch or BatchSettings(), talk)


@app.command
def live(
    camera: Annotated[str, Parameter(name="CAMERA")] = "0",
    /,
    *,
    live: Annotated[LiveSettings | None, Parameter(name="*")] = None,
    settings: Annotated[Settings | None, Parameter(name="*")] = None,
    progress: ProgressChoice = "bar",
    report: Path | None = None,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative=())] = False,
) -> None:
    """Paint what a camera sees, in a window, without lagging behind.

    Parameters
    ----------
    camera
        Number, device path or name of the camera.
    progress
        Show figures on a line, as one JSON object per second, or not at all.
    report
        Write rate, latency and drops to this JSON file.
    quiet
        Say nothing but errors.
    """
    from videotoon.cli.live import run_live_command
    from videotoon.cli.stylise import Talk

    talk = Talk(progress=progress, quiet=quiet, report=report)
    run_live_command(camera, settings or Settings(), live or LiveSettings(), talk)


@app.command
def presets(*, preset_file: Path | None = None) -> None:
    """List the presets that `videotoon batch --use` takes.

    Parameters
    ----------
    preset_file
        TOML file with further presets.
    """
    from videotoon.cli.batch import print_presets

    print_presets(preset_file)


app.command(weights)
app["batch"].config = (fill_in_preset,)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line; the only place that ends the process."""
    os.environ.setdefault("SVT_LOG", "0")
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # like SVT_LOG: our line says what is wrong
    signal.signal(signal.SIGINT, interrupt)
    leave(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    words = spell_files(arguments) or ["--help"]
    try:
        app(words, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        return fail(explain(error, words, [name for name in app if not name.startswith("-")]))
    except VideotoonError as error:
        return fail(error)
    except KeyboardInterrupt:
        return fail(Cancelled(STOPPED, "nothing was changed"))
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1
    except BrokenPipeError:  # `videotoon styles | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return VideotoonError.exit_code
    except OSError as error:
        return fail(file_error(error), error)
    except Exception as error:  # the last resort: one line instead of a traceback
        problem = f"internal error ({type(error).__name__}: {error})"
        cure = f"please report it; {DEBUG_VARIABLE}=1 shows where"
        return fail(VideotoonError(problem, cure), error)
    return 0
