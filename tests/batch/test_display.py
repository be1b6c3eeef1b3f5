"""What a batch shows while it runs."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.media import ClipSpec, make_clip
from videotoon.batch.display import BarsDisplay, JsonDisplay, LinesDisplay, Stoppable
from videotoon.batch.report import FileResult
from videotoon.progress import SilentProgress
from videotoon.timing import StageClock

DONE = FileResult("in/a.mp4", "out/a.mp4", "done", "", 20, 10.0, 2.0, 1)
FAILED = FileResult("in/b.mp4", "out/b.mp4", "failed", "it is empty - give a video", attempts=2)


def test_bars_for_the_batch_and_for_each_file() -> None:
    stream = io.StringIO()
    bars = BarsDisplay(2, stream)
    bars.more(3, 30.0)
    first, second = bars.file("a.mp4", 10.0), bars.file("b.mp4", 10.0)
    first.begin(20, 5, StageClock())
    second.begin(20, 0, StageClock())
    for _ in range(15):
        first.advance()
    first.end()
    bars.finished(DONE)
    second.end()
    bars.finished(FAILED)
    bars.file("c.mp4", 10.0).end()
    bars.end()
    text = stream.getvalue()
    assert "2/3 files, 1 failed" in text
    assert "a.mp4" in text
    assert "in/b.mp4: it is empty" in text
    assert "left" in text


def test_lines_for_log_files() -> None:
    stream = io.StringIO()
    lines = LinesDisplay(stream)
    lines.more(2, 2.0)
    lines.file("a.mp4", 1.0).say("subtitles are converted")
    lines.finished(DONE)
    lines.finished(FAILED)
    assert stream.getvalue().splitlines() == [
        "a.mp4: subtitles are converted",
        "[1/2] done in/a.mp4 (20 frames, 10.0 fps)",
        "[2/2] failed in/b.mp4: it is empty - give a video",
    ]


def test_json_for_programs() -> None:
    stream = io.StringIO()
    display = JsonDisplay(stream)
    display.more(1, 1.0)
    display.finished(FAILED)
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [event["event"] for event in events] == ["batch", "file"]
    assert events[1]["why"] == "it is empty - give a video"


def test_a_job_in_a_thread_stops_at_the_next_frame() -> None:
    stop = threading.Event()
    progress = Stoppable(SilentProgress(), stop)
    progress.advance()
    stop.set()
    with pytest.raises(KeyboardInterrupt):
        progress.advance()


@pytest.mark.slow
def test_a_terminal_gets_bars(command_environment: dict[str, str], tmp_path: Path) -> None:
    pty = pytest.importorskip("pty", reason="needs a terminal")
    termios = pytest.importorskip("termios", reason="needs a terminal")
    make_clip(tmp_path / "a.mp4", ClipSpec(frames=10))
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 120))
    command = [sys.executable, "-m", "videotoon", "batch", "a.mp4", "-o", "out"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=command_environment, stderr=theirs, stdout=subprocess.DEVNULL
    )
    os.close(theirs)
    text = b""
    while True:
        try:
            block = os.read(ours, 65536)
        except OSError:  # Linux's way of saying that the other end is closed
            break
        if not block:
            break
        text += block
    os.close(ours)
    assert process.wait(60) == 0
    assert b"1/1 files" in text
