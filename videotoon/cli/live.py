"""The command ``live``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from videotoon.cli.stylise import Talk
    from videotoon.live.settings import LiveSettings
    from videotoon.settings import Settings


def run_live_command(camera: str, settings: Settings, live: LiveSettings, talk: Talk) -> None:
    """Paint what a camera sees and say how it went."""
    from pathlib import Path

    from videotoon.cli.stylise import check_report
    from videotoon.live.run import run_live
    from videotoon.progress import JsonProgress, printable
    from videotoon.settings import OF_VIDEO_FILES, without_effect

    json = JsonProgress() if talk.progress == "json" else None
    if talk.report is not None:
        check_report(talk.report, tuple(path for path in (live.record,) if path is not None))

    def say(sentence: str) -> None:
        if json is not None:
            json.say(sentence)
        elif not talk.quiet:
            print(printable(sentence, sys.stderr), file=sys.stderr, flush=True)

    def status(facts: dict[str, Any]) -> None:
        if json is not None:
            json.write(facts)
        elif talk.progress == "bar" and not talk.quiet and sys.stderr.isatty():
            line = (
                f"{facts['fps']:5.1f} fps  p95 {facts['p95_ms']:.0f} ms  "
                f"dropped {facts['dropped']}  {facts['painting_size']}"
            )
            print(f"\r{line:<70}", end="", file=sys.stderr, flush=True)

    for sentence in without_effect(settings, OF_VIDEO_FILES, "for a live picture"):
        say(sentence)
    say("Ctrl-C ends" if not live.window else "press h in the window for help, q to quit")
    report = run_live(camera, settings, live, say, status)
    if talk.report is not None:
        report.write(Path(talk.report))
    if sys.stderr.isatty():
        print(file=sys.stderr)
    say(report.headline)
