"""Checks that memory does not grow with the length of a clip.

    python -m benchmarks.long_video

Paints one minute and ten minutes of the same 720p material (a short clip whose packets are copied
again and again, so that making it and painting it is quick) with the real command, and compares the
largest memory of the two. Exits with 1 if the long one needs more than 50 MB more.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from tests.media import Clicks, ClipSpec, held, make_clip
from videotoon.system.ffmpeg_binary import ffmpeg_binary

LOOP_SECONDS = 10
ALLOWED_BYTES = 50 * 1000 * 1000


def clip_of(minutes: int, loop: Path) -> Path:
    """Repeat a clip of :data:`LOOP_SECONDS` by copying its packets."""
    target = loop.with_name(f"{minutes}min.mp4")
    times = minutes * 60 // LOOP_SECONDS - 1
    command = [ffmpeg_binary(), "-hide_banner", "-loglevel", "error", "-y"]
    copy = ["-stream_loop", str(times), "-i", str(loop), "-map", "0", "-c", "copy", str(target)]
    subprocess.run([*command, *copy], check=True)
    return target


def report_of(clip: Path) -> dict[str, float]:
    """Run the command and return its report."""
    report = clip.with_suffix(".json")
    command = [sys.executable, "-m", "videotoon", str(clip), str(clip.with_suffix(".out.mp4"))]
    options = ["--report", str(report), "--preset", "ultrafast", "--progress", "none"]
    subprocess.run([*command, *options], check=True)
    facts: dict[str, float] = json.loads(report.read_text())
    return facts


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both lengths and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--fps", type=int, default=25)
    parser.add_argument("--short", type=int, default=1, help="minutes")
    parser.add_argument("--long", type=int, default=10, help="minutes")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="videotoon-long-") as name:
        spec = ClipSpec(
            width=1280, height=720, fps=Fraction(options.fps), frames=options.fps * LOOP_SECONDS,
            paint=held(options.fps), sound=(Clicks(),),
        )  # fmt: skip
        loop = make_clip(Path(name) / "loop.mp4", spec).path
        facts = {minutes: report_of(clip_of(minutes, loop))
                 for minutes in (options.short, options.long)}  # fmt: skip
    peaks = {minutes: found["peak_rss_bytes"] for minutes, found in facts.items()}
    for minutes, found in facts.items():
        print(f"{minutes:3} min: {found['frames_out']} frames, {found['frames_reused']} repeats, "
              f"{found['fps']:.0f} fps, peak {peaks[minutes] / 1e6:.0f} MB")  # fmt: skip
    grown = peaks[options.long] - peaks[options.short]
    print(f"{grown / 1e6:+.1f} MB for {options.long - options.short} minutes more")
    return 1 if grown > ALLOWED_BYTES else 0


if __name__ == "__main__":
    sys.exit(main())
