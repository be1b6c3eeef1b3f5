"""The commands ``batch`` and ``presets``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import App, ArgumentCollection, Token

if TYPE_CHECKING:
    from videotoon.batch.report import BatchReport
    from videotoon.batch.settings import BatchSettings
    from videotoon.cli.stylise import Talk
    from videotoon.settings import Settings


def run_batch_command(
    inputs: tuple[str, ...], output: Path, settings: Settings, batch: BatchSettings, talk: Talk
) -> None:
    """Paint many files and say what became of each."""
    from videotoon.batch.display import display_for
    from videotoon.batch.run import job_count, run_batch
    from videotoon.cli.stylise import check_report
    from videotoon.errors import STOPPED, Cancelled, SettingsError
    from videotoon.progress import printable

    if batch.stdin:
        inputs += tuple(line for line in sys.stdin.read().splitlines() if line.strip())
    if not inputs:
        raise SettingsError("INPUT is missing", "give files or folders, or --stdin")
    if talk.report is not None:
        check_report(talk.report, tuple(map(Path, inputs)))
    display = display_for(talk.progress, job_count(batch), talk.quiet)
    report = run_batch(inputs, output, settings, batch, display)
    if talk.report is not None:
        report.write(talk.report)
    if not talk.quiet and talk.progress != "json":
        _say(report, dry_run=batch.dry_run)
    if talk.quiet:
        for result in report.files:
            if result.status == "failed":
                sys.stderr.write(printable(f"videotoon: {result.file}: {result.why}\n", sys.stderr))
    if report.stopped:
        raise Cancelled(STOPPED, "run the same command again to go on")
    if report.failed:
        raise SystemExit(1)


def print_presets(file: Path | None) -> None:
    """Print the presets that ``--use`` takes."""
    from videotoon.batch.presets import load_presets
    from videotoon.cli.tables import table

    rows = [[p.name, p.about, p.options] for p in load_presets(file).values()]
    print(table(["preset", "for", "options"], rows))


def fill_in_preset(_app: App, _commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Give options that are not on the command line the values of the chosen preset."""
    given = {argument.name: [token.value for token in argument.tokens] for argument in arguments}
    name, file = given.get("--use"), given.get("--preset-file")
    if not name and not file:
        return
    from videotoon.batch.presets import choose_preset

    preset = choose_preset(name[-1] if name else "", Path(file[-1]) if file else None)
    for argument in arguments:
        option = argument.name.removeprefix("--").replace("-", "_")
        if option in preset.values and not argument.tokens:
            value = str(preset.values[option])
            argument.append(Token(keyword=argument.name, value=value, source=preset.name))


def _say(report: BatchReport, *, dry_run: bool) -> None:
    from videotoon.batch.report import HEADER
    from videotoon.cli.tables import table
    from videotoon.estimate import in_words
    from videotoon.progress import printable

    lines = [table(HEADER, [result.row for result in report.files])] if report.files else []
    lines.append("")
    planned = [result for result in report.files if result.status == "planned"]
    if dry_run:
        seconds = sum(result.seconds for result in planned)
        frames = sum(result.frames for result in planned)
        lines.append(f"{len(planned)} files, {frames} frames, about {in_words(seconds)}")
    else:
        lines.append(report.headline)
    for line in lines:
        print(printable(line, sys.stdout))
