"""Runs the command's job over clips of every kind and writes a table of what came out.

    python -m benchmarks.corpus                    all cases, table on the screen
    python -m benchmarks.corpus --write docs/corpus.md
    python -m benchmarks.corpus --only vfr --keep out/corpus
    python -m benchmarks.corpus --extra ../media   more clips: must give a whole result

Exits with 1 if any clip is neither whole and in sync nor refused as it should be.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpus_cases import all_cases
from benchmarks.corpus_checks import Measured, measured
from benchmarks.corpus_kit import Case, Kit
from videotoon import Settings, VideotoonError, stylise_video
from videotoon.system.ffmpeg_binary import ffmpeg_binary

MAX_WORDS = 90


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    case: Case
    good: bool
    result: str
    figures: Measured | None
    notes: str
    seconds: float


def run_case(case: Case, kit: Kit, settings: Settings, source: Path | None = None) -> Row:
    """Make a clip, paint it, measure the result."""
    started = time.perf_counter()
    if source is None:
        source = kit.folder / case.name
        case.make(kit, source)
    target = kit.folder / f"{source.stem}.painted{case.output}"
    try:
        report = stylise_video(source, target, settings)
    except VideotoonError as error:
        seconds = time.perf_counter() - started
        kind = type(error).__name__
        # Damaged clips may be refused, but only ever in plain words.
        good = kind == case.error or (case.frames is None and not case.error)
        problem = error.problem.replace(f"{source.parent}{os.sep}", "")
        return Row(case, good, f"refused: {problem}", None, "", seconds)
    figures = measured(case, source, target)
    seconds = time.perf_counter() - started
    notes = "; ".join([*report.warnings, *report.dropped])
    if case.error:
        return Row(case, False, f"painted instead of {case.error}", figures, notes, seconds)
    if figures.problems:
        return Row(case, False, "; ".join(figures.problems), figures, notes, seconds)
    return Row(case, True, "whole", figures, notes, seconds)


def extra_cases(folder: Path) -> Iterator[tuple[Case, Path]]:
    """Clips from a folder: their own times are the reference."""
    for path in sorted(folder.iterdir()):
        if path.is_file():
            suffix = path.suffix if path.suffix in (".mkv", ".webm") else ".mp4"
            about = "a clip from elsewhere"
            yield Case(path.name, about, lambda *_: None, suffix, None, sound=False), path


def table(rows: Sequence[Row]) -> str:
    """Return the table in Markdown."""
    lines = [
        "| clip | what is special | to | result | frames | times off by | flash to click |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        figures = row.figures
        frames = str(figures.frames) if figures else ""
        error = f"{figures.pts_error_ms:.2f} ms" if figures else ""
        gaps = " and ".join(f"{gap:+.0f}" for gap in figures.gaps_ms) if figures else ""
        words = row.result if row.good else f"**{row.result}**"
        words += f" ({row.notes})" if row.notes else ""
        cells = (f"`{row.case.name}`", row.case.about, row.case.output, _short(words), frames,
                 error.replace("nan ms", ""), f"{gaps} ms" if gaps else "")  # fmt: skip
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return "\n".join(lines)


def _short(words: str) -> str:
    return words if len(words) <= 2 * MAX_WORDS else words[: 2 * MAX_WORDS - 1] + "…"


HEAD = """# What goes in and what comes out

Written by `make corpus`; each clip is made, cartooned with the bundled style and measured.
*Times off by* is the largest difference of any frame's time from the input's. *Flash to click* is
how far a white flash and its click are apart at the start and at the end of the clip, less what the
input itself has; at 25 frames per second a frame lasts 40 ms. Of two recordings that were joined
the second belongs where the first has ended in full, sound included. Damaged clips may come out
repaired or be refused in plain words; every other clip must come out whole. *A clip from elsewhere*
is a real one that was given with `--extra`: test files of other projects, not part of this one.

"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the corpus and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--write", type=Path, help="write the table to this file")
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    parser.add_argument("--keep", type=Path, help="keep clips and results in this folder")
    parser.add_argument("--extra", type=Path, action="append", default=[], help="more clips")
    parser.add_argument("--strength", type=float, default=1.0)
    options = parser.parse_args(arguments)
    settings = Settings(overwrite=True, strength=options.strength)
    with tempfile.TemporaryDirectory(prefix="videotoon-corpus-") as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        kit = Kit.make(ffmpeg_binary(), folder)
        jobs: list[tuple[Case, Path | None]] = [(case, None) for case in all_cases()]
        for extra in options.extra:
            jobs += extra_cases(extra)
        rows = []
        for case, source in jobs:
            if options.only not in case.name:
                continue
            row = run_case(case, kit, settings, source)
            rows.append(row)
            sign = "ok  " if row.good else "FAIL"
            print(f"{sign} {row.seconds:5.1f} s  {case.name}: {row.result} {row.notes}", flush=True)
            if options.keep is None:  # one clip at a time on the disk
                (kit.folder / case.name).unlink(missing_ok=True)
                for result in kit.folder.glob("[!.]*.painted*"):
                    result.unlink()
    bad = sum(not row.good for row in rows)
    print(f"{len(rows)} clips, {bad} not as they should be")
    if options.write is not None:
        options.write.write_text(HEAD + table(rows) + "\n", encoding="utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
