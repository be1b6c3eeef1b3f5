"""The real command with stand-in cameras: recordings, kills, slow networks, streams."""

from __future__ import annotations

import signal
import socket
import threading
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from tests.conftest import RunVideotoon
from tests.live.conftest import StartLive
from tests.measure import frame_number, frame_times, frames
from tests.media import ClipSpec, make_clip
from videotoon.engine.base import Adjustments
from videotoon.frame import FrameSize, Planes
from videotoon.live.run import run_live
from videotoon.live.settings import LiveSettings
from videotoon.live.studio import LivePainter
from videotoon.settings import Settings

FRAME_S = Fraction(1, 25)
SLOW_S = 0.2
JITTER_S = 0.15
"""What a machine that is busy with other things may add to a wait."""


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Ten seconds of numbered pictures."""
    return make_clip(tmp_path / "camera.mp4", ClipSpec(frames=250)).path


def numbered_times(recording: Path) -> list[tuple[int, Fraction]]:
    return [(frame_number(picture), seconds) for seconds, picture in frames(recording)]


def check_times(recording: Path) -> list[tuple[int, Fraction]]:
    """Every recorded picture stands at its own time, to within a frame."""
    found = numbered_times(recording)
    first, begin = found[0]
    numbers = [number for number, _ in found]
    assert numbers == sorted(numbers), "pictures out of order"
    late = [abs(seconds - begin - (number - first) * FRAME_S) for number, seconds in found]
    assert max(late) <= FRAME_S
    return found


@pytest.mark.slow
def test_a_file_plays_at_its_own_pace_and_is_recorded_with_true_times(
    start_live: StartLive, clip: Path, tmp_path: Path
) -> None:
    live = start_live("--source", clip, "--no-window", "--strength", 0, "--record", "r.mp4")
    report = live.end(None)
    found = check_times(tmp_path / "r.mp4")
    assert found[-1][0] == 249
    assert report["out_of_order"] == 0
    assert report["shown"] + report["dropped"] <= report["captured"] <= 250
    assert report["outputs"]["the recording"]["dropped"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_a_recording_plays_up_to_its_end(
    start_live: StartLive, clip: Path, tmp_path: Path, end: signal.Signals
) -> None:
    live = start_live("--source", clip, "--no-window", "--strength", 0, "--record", "r.mp4")
    status = live.wait_for(lambda now: now["seconds"] > 3)
    live.end(end)
    found = check_times(tmp_path / "r.mp4")
    lost = status["seconds"] - float(found[-1][1] - found[0][1])
    assert lost <= (1.0 if end == signal.SIGKILL else 0.2)
    times = frame_times(tmp_path / "r.mp4")
    assert len(times) == len(found)


def test_a_clip_that_ends_while_the_style_is_opened_is_painted(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "one.mp4", ClipSpec(frames=1)).path
    record = tmp_path / "r.mp4"
    live = LiveSettings(source=str(source), window=False, record=record)
    report = run_live("0", Settings(strength=0.0), live, lambda _: None)
    assert (report.captured, report.painted, report.shown) == (1, 1, 1)
    assert [number for number, _ in numbered_times(record)] == [0]


class SlowPainter:
    """A network that takes its time, whatever the size."""

    def __init__(self, inner: LivePainter) -> None:
        self.sizes = inner.sizes

    def paint(self, planes: Planes, step: int, wanted: Adjustments) -> tuple[Planes, FrameSize]:
        time.sleep(SLOW_S)
        return planes, self.sizes[step]


@pytest.mark.slow
def test_a_slow_network_never_falls_behind() -> None:
    live = LiveSettings(source="testsrc", size="160x90", window=False, seconds=6)
    report = run_live("0", Settings(), live, lambda _: None, wrap=SlowPainter)
    assert report.latency_ms["max"] <= 1000 * (2 * SLOW_S + JITTER_S)
    assert report.shown >= 20
    assert report.dropped > 2 * report.shown
    assert report.out_of_order == 0


@pytest.mark.slow
def test_the_painted_picture_goes_out_as_mpeg_ts(start_live: StartLive) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sizes: list[tuple[int, int]] = []

    def listen() -> None:
        with av.open(f"udp://127.0.0.1:{port}", format="mpegts", timeout=60) as container:
            for frame in container.decode(video=0):
                sizes.append((frame.width, frame.height))
                if len(sizes) == 5:
                    return

    listener = threading.Thread(target=listen)
    listener.start()
    address = f"udp://127.0.0.1:{port}"
    live = start_live("--source", "testsrc", "--no-window", "--size", "160x90", "--output", address)
    listener.join(60)
    assert sizes == [(160, 90)] * 5
    live.end()


def test_without_a_virtual_camera_the_preview_goes_on(start_live: StartLive) -> None:
    live = start_live("--source", "testsrc", "--size", "160x90", "--no-window", "--virtual-camera")
    live.shows()
    assert any("virtual camera" in words and "goes on" in words for words in live.said)
    assert live.end()["shown"] > 3


def test_a_missing_camera_is_one_line(run_videotoon: RunVideotoon) -> None:
    done = run_videotoon("live", "/dev/video77", "--no-window", "--quiet")
    assert done.code == 13
    assert len(done.error_lines) == 1, done
    assert "there is no camera /dev/video77" in done.stderr


def test_with_reconnect_it_waits_for_the_camera(start_live: StartLive) -> None:
    live = start_live("/dev/video77", "--no-window", "--reconnect")
    deadline = time.monotonic() + 60
    while not any("trying again" in words for words in live.said):
        assert time.monotonic() < deadline
        line: dict[str, Any] = live.next_line()
        if line.get("event") == "message":
            live.said.append(line["text"])
    assert live.end()["shown"] == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--source", "nothing.mp4"), 3),
        (("--source", "https://example.com/x.mp4"), 11),
        (("--source", "testsrc", "--output", "file:x"), 2),
        (("--source", "testsrc", "--record", "no/r.mp4"), 5),
        (("--source", "testsrc", "--style", "nosuch"), 6),
    ],
)
def test_mistakes_are_one_line(
    run_videotoon: RunVideotoon, arguments: tuple[str, ...], code: int
) -> None:
    done = run_videotoon("live", "--no-window", "--quiet", *arguments)
    assert done.code == code, done
    assert len(done.error_lines) == 1, done
