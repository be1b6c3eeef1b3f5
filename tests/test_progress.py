"""Progress displays, reports and estimates."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from videotoon import estimate, progress
from videotoon.errors import DiskFullError, OutputError
from videotoon.frame import FrameSize
from videotoon.progress import BarProgress, JsonProgress, LineProgress, SilentProgress
from videotoon.report import Report, peak_memory
from videotoon.timing import StageClock


class Clock:
    """Time that the test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr("videotoon.progress.time.monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def busy(stage: str) -> StageClock:
    stages = StageClock()
    with stages.busy(stage):
        sum(range(1000))
    return stages


def test_bar_shows_frames_and_the_bottleneck() -> None:
    stream = io.StringIO()
    bar = BarProgress(stream)
    bar.say("read this")
    bar.begin(10, 3, busy("paint"))
    for _ in range(7):
        bar.advance()
    bar.end()
    text = stream.getvalue()
    assert "read this\n" in text
    assert "3/10" in text
    assert "10/10" in text
    assert "busiest: paint" in text


def test_bar_may_end_before_it_began() -> None:
    BarProgress(io.StringIO()).end()


def test_lines_come_every_ten_seconds(clock: Clock) -> None:
    stream = io.StringIO()
    lines = LineProgress(stream)
    lines.begin(100, 20, busy("encode"))
    for _ in range(40):
        clock.now += 0.6
        lines.advance()
    lines.end()
    shown = stream.getvalue().splitlines()
    assert len(shown) == 2  # 24 seconds
    assert shown[0] == "37 of 100 frames (37 %), 1.7 fps, 38 s left, busiest: encode"
    assert "\r" not in stream.getvalue()


def test_a_short_job_in_a_log_file_shows_no_progress() -> None:
    stream = io.StringIO()
    lines = LineProgress(stream)
    lines.begin(50, 0, StageClock())
    for _ in range(50):
        lines.advance()
    lines.end()
    assert stream.getvalue() == ""


def test_json_lines(clock: Clock) -> None:
    stream = io.StringIO()
    display = JsonProgress(stream)
    display.say('a "quoted" é')
    display.begin(10, 4, busy("paint"))
    clock.now += 2
    display.advance(4)
    clock.now += 0.1
    display.advance()
    display.end()
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert events[0] == {"event": "message", "text": 'a "quoted" é'}
    assert [(e["event"], e["frame"]) for e in events[1:]] == [
        ("progress", 4), ("progress", 8), ("end", 9),
    ]  # fmt: skip
    assert events[1]["eta_seconds"] is None
    assert events[2] == {
        "event": "progress", "frame": 8, "total": 10, "fps": 2.0, "eta_seconds": 1.0,
        "bottleneck": "paint",
    }  # fmt: skip


def test_silence() -> None:
    SilentProgress().say("nobody hears this")
    stream = io.StringIO()
    SilentProgress(stream).say("this is said")
    assert stream.getvalue() == "this is said\n"


def test_names_that_a_stream_cannot_write() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    SilentProgress(stream).say("Pläne \udcff.mp4")
    stream.flush()
    stream.seek(0)
    assert stream.read() == "Pl\\xe4ne \\udcff.mp4\n"


@pytest.mark.parametrize(("terminal", "kind"), [(True, BarProgress), (False, LineProgress)])
def test_a_bar_only_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, kind: type
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    assert isinstance(progress.progress_for("bar"), kind)
    assert isinstance(progress.progress_for("json"), JsonProgress)
    assert isinstance(progress.progress_for("none"), SilentProgress)


# --- report ------------------------------------------------------------------------------------


def test_report_is_json_with_every_field(tmp_path: Path) -> None:
    report = Report("in \udcff.mp4", "out.mp4", frames_in=3)
    report.stage_wall_seconds = {"decode": 1.0, "paint": 5.0}
    report.write(tmp_path / "r.json")
    read = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert read["frames_in"] == 3
    assert read["input"] == "in \udcff.mp4"
    assert read.keys() == set(Report.__dataclass_fields__)
    assert report.bottleneck == "paint"


def test_report_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="--report"):
        Report("a", "b").write(tmp_path / "no" / "r.json")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_report_on_a_full_disk() -> None:
    with pytest.raises(DiskFullError, match="report"):
        Report("a", "b").write(Path("/dev/full"))


def test_peak_memory_is_in_bytes() -> None:
    assert 10e6 < peak_memory() < 1e12


# --- estimate ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (12.4, "12 s"), (89, "89 s"), (90, "2 min"), (3000, "50 min"),
     (5400, "1 h 30 min"), (36060, "10 h 01 min")],
)  # fmt: skip
def test_time_in_words(seconds: float, words: str) -> None:
    assert estimate.in_words(seconds) == words


@pytest.mark.parametrize(
    ("frames", "size", "long"),
    [
        (285, FrameSize(540, 960), True),
        (150, FrameSize(540, 960), False),
        (60, FrameSize(1920, 1080), True),
        (20, FrameSize(7680, 4320), False),
        (3000, FrameSize(96, 64), False),
    ],
)
def test_which_jobs_are_long(frames: int, size: FrameSize, long: bool) -> None:
    assert estimate.is_long(frames, size) is long
