"""Where live pictures come from: cameras, stand-ins, and the queue of the newest."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

from tests.live.pictures import grey
from videotoon.errors import CameraError, HostileInputError, InputError
from videotoon.frame import BT709, Planes
from videotoon.live.base import Captured
from videotoon.live.camera import OpenCvSource, PyAvSource, camera_error, camera_source
from videotoon.live.capture import Capture
from videotoon.live.settings import LiveSettings
from videotoon.live.slot import NewestQueue
from videotoon.live.sources import open_source
from videotoon.live.standin import MAX_LATE, paced
from videotoon.system.queues import QueueClosed


class TestNewestQueue:
    def test_the_newest_wins_and_drops_are_counted(self) -> None:
        slot: NewestQueue[int] = NewestQueue()
        for number in range(5):
            slot.put(number)
        assert slot.get() == 4
        assert slot.dropped == 4
        assert slot.get(0.01) is None

    def test_finishing_wakes_who_waits(self) -> None:
        slot: NewestQueue[int] = NewestQueue()
        threading.Timer(0.05, slot.finish).start()
        with pytest.raises(QueueClosed):
            slot.get()
        slot.put(1)
        with pytest.raises(QueueClosed):
            slot.get()

    def test_what_is_inside_can_still_be_taken(self) -> None:
        slot: NewestQueue[int] = NewestQueue(3)
        for number in range(4):
            slot.put(number)
        slot.finish()
        assert [slot.get(), slot.get(), slot.get()] == [1, 2, 3]


class TestStandIn:
    def test_pictures_come_at_their_times(self) -> None:
        pictures = ((0.05 * n, grey()) for n in range(6))
        begun = time.monotonic()
        stamps = [one.stamp - begun for one in paced(pictures, BT709, threading.Event())]
        gaps = np.diff(stamps)
        np.testing.assert_allclose(gaps, 0.05, atol=1e-6)
        assert time.monotonic() - begun >= 0.24

    def test_a_slow_decoder_sets_the_clock_anew(self) -> None:
        def slow() -> Iterator[tuple[float, Planes]]:
            for number in range(4):
                time.sleep(2 * MAX_LATE if number == 2 else 0)
                yield number / 100, grey()

        ages = [time.monotonic() - one.stamp for one in paced(slow(), BT709, threading.Event())]
        assert max(ages) < MAX_LATE + 0.2
        assert ages[3] < 0.2

    def test_stopping_is_heard_at_once(self) -> None:
        stop = threading.Event()
        pictures = paced(((1000.0 * n, grey()) for n in range(3)), BT709, stop)
        next(pictures)
        threading.Timer(0.05, stop.set).start()
        assert list(pictures) == []


class Unsteady:
    """A camera that is busy, then works, then is unplugged, then works again."""

    name = "camera 9"
    rate = Fraction(30)

    def __init__(self) -> None:
        self.opened = 0

    def frames(self, stop: threading.Event) -> Iterator[Captured]:
        self.opened += 1
        if self.opened == 1:
            raise CameraError("camera 9 is busy", "close the other program")
        for number in range(3):
            yield Captured(number, time.monotonic(), BT709, grey())
        if self.opened == 2:
            raise CameraError("camera 9 went away", "plug it in")


class TestCapture:
    def test_it_comes_back_and_says_so_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("videotoon.live.capture.FIRST_PAUSE", 0.01)
        said: list[str] = []
        capture = Capture(Unsteady(), True, said.append)
        capture.start()
        numbers = []
        while True:
            try:
                one = capture.inbox.get(5)
            except QueueClosed:
                break
            assert one is not None
            numbers.append(one.number)
        capture.close()
        assert numbers == sorted(numbers)
        assert capture.captured == 6
        assert capture.outages == 2
        assert [words.split(";")[0] for words in said] == [
            "camera 9 is busy",
            "camera 9 is back after 0 s",
            "camera 9 went away",
            "camera 9 is back after 0 s",
        ]

    def test_without_reconnect_it_is_an_error(self) -> None:
        capture = Capture(Unsteady(), False, lambda _: None)
        capture.start()
        with pytest.raises(QueueClosed):
            capture.inbox.get(5)
        capture.close()
        with pytest.raises(CameraError, match="busy - close"):
            capture.raise_failure()


class TestSources:
    def test_each_system_names_cameras_its_own_way(self) -> None:
        rate = Fraction(30)
        linux = camera_source("1", (640, 480), rate, "linux")
        assert isinstance(linux, PyAvSource)
        assert (linux._address, linux._form) == ("/dev/video1", "v4l2")
        assert linux._options == {"framerate": "30", "video_size": "640x480"}
        mac = camera_source("0", None, rate, "darwin")
        assert isinstance(mac, PyAvSource)
        assert (mac._address, mac._form) == ("0:none", "avfoundation")
        assert isinstance(camera_source("0", None, rate, "win32"), OpenCvSource)
        named = camera_source("HD Webcam", None, rate, "win32")
        assert isinstance(named, PyAvSource)
        assert (named._address, named._form) == ("video=HD Webcam", "dshow")

    @pytest.mark.parametrize("number", [2, 16, 19, 13, 5, 22, 110, 9999])
    def test_each_failure_is_one_line_with_a_cure(self, number: int) -> None:
        error = camera_error("camera 0", OSError(number, "words"))
        assert "camera 0" in error.problem
        assert error.cure
        assert "\n" not in str(error)

    @pytest.mark.skipif(sys.platform != "linux", reason="names a Linux device")
    def test_a_camera_that_is_not_there(self) -> None:
        source = camera_source("/dev/video77", None, Fraction(30))
        with pytest.raises(CameraError, match="there is no camera"):
            next(source.frames(threading.Event()))

    @pytest.mark.parametrize("source", ["http://x/y.m3u8", "concat:a|b", "file:///etc/passwd"])
    def test_other_addresses_are_refused(self, source: str) -> None:
        with pytest.raises(InputError):
            open_source("0", LiveSettings(source=source))

    def test_streams_must_be_named_as_a_source(self) -> None:
        with pytest.raises(HostileInputError, match="--source"):
            open_source("rtsp://camera.local/1", LiveSettings())
        assert open_source("0", LiveSettings(source="udp://127.0.0.1:9")).name.startswith("udp")
