"""The parts of a live run, each by itself."""

from __future__ import annotations

import sys
import threading
import time
import types
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from videotoon.engine.queues import QueueClosed
from videotoon.errors import CameraError, HostileInputError, InputError, OutputError, SettingsError
from videotoon.frame import BT709, FrameSize, Planes
from videotoon.live.base import Captured, Shown
from videotoon.live.camera import OpenCvSource, PyAvSource, camera_error, camera_source
from videotoon.live.capture import Capture
from videotoon.live.controls import BINDINGS, Controls, help_rows
from videotoon.live.meter import Meter
from videotoon.live.outputs import VirtualCamera, check_record, virtual_camera_cure
from videotoon.live.pictures import even, flat_planes, to_bgr
from videotoon.live.report import LiveReport
from videotoon.live.settings import LiveSettings
from videotoon.live.sizing import SizeControl, ladder
from videotoon.live.slot import NewestQueue
from videotoon.live.sources import open_source
from videotoon.live.standin import MAX_LATE, paced
from videotoon.live.view import compose, draw_figures


def grey(width: int = 64, height: int = 48, code: int = 128) -> Planes:
    half = ((height + 1) // 2, (width + 1) // 2)
    y = np.full((height, width), code, np.uint8)
    return Planes(y, np.full(half, 128, np.uint8), np.full(half, 128, np.uint8))


def shown(number: int = 0, code: int = 128, original: int = 128) -> Shown:
    captured = Captured(number, time.monotonic(), BT709, grey(code=original))
    return Shown(captured, grey(code=code), FrameSize(64, 48))


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


class TestSizing:
    SIZES = ladder(FrameSize(640, 360))

    def run(self, control: SizeControl, cost: Any, seconds: float, now: float) -> float:
        """Feed a machine that needs ``cost(pixels, time)`` seconds per frame."""
        end = now + seconds
        while now < end:
            size = self.SIZES[control.step]
            took = cost(size.width * size.height, now)
            now += max(took, 1 / 30)
            control.observe(took, now)
        return now

    def test_the_ladder_has_even_sides_and_falls(self) -> None:
        for size in (FrameSize(640, 360), FrameSize(853, 479), FrameSize(72, 96)):
            sizes = ladder(size)
            assert sizes[0] == size
            assert all(s.width % 2 == s.height % 2 == 0 for s in sizes[1:])
            assert list(sizes) == sorted(set(sizes), reverse=True)
        assert ladder(FrameSize(1280, 720), 640)[0] == FrameSize(640, 360)

    def test_it_adapts_within_a_second_and_comes_back(self) -> None:
        control = SizeControl(self.SIZES, 0.028)
        now = self.run(control, lambda pixels, _: pixels * 0.05 / 230_400, 1.0, 0.0)
        assert control.step > 0
        assert self.SIZES[control.step].width * self.SIZES[control.step].height <= 0.56 * 230_400
        self.run(control, lambda pixels, _: pixels * 0.01 / 230_400, 20.0, now)
        assert control.step == 0

    def test_it_does_not_breathe(self) -> None:
        control = SizeControl(self.SIZES, 0.028)
        rng = np.random.default_rng(1)

        def cost(pixels: int, now: float) -> float:
            # Steady but noisy, and just too slow for the largest size.
            return pixels * 0.030 / 230_400 * float(rng.lognormal(0, 0.15))

        self.run(control, cost, 120.0, 0.0)
        assert control.changes <= 6

    def test_where_size_is_no_help_the_picture_stays_large(self) -> None:
        control = SizeControl(self.SIZES, 0.028)
        self.run(control, lambda pixels, now: 0.2, 8.0, 0.0)
        assert control.step == 0


class TestMeter:
    def test_percentiles_rate_and_order(self) -> None:
        meter = Meter()
        for number in range(101):
            meter.note(number, number / 30, number / 30 + number / 1000)
        assert meter.percentile(0.5) == pytest.approx(50, abs=1)
        assert meter.percentile(0.95) == pytest.approx(95, abs=1)
        assert meter.longest == pytest.approx(100)
        assert meter.out_of_order == 0
        assert 25 < meter.recent().fps < 31
        meter.note(3, 0.0, 4.0)
        assert meter.out_of_order == 1
        report = LiveReport("x")
        report.take(meter)
        assert "p95" in report.headline


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


class TestControls:
    def test_keys(self) -> None:
        controls = Controls(styles=["a", "b"], style="a")
        for key in "-_-n":
            assert controls.press(key)
        assert controls.strength == 0.7
        assert controls.style == "b"
        for _ in range(12):
            controls.press("-")
        assert controls.strength == 0.0
        controls.press("f")
        assert controls.faces
        assert not controls.press("x")

    def test_the_help_names_every_key(self) -> None:
        text = str(help_rows())
        assert all(binding.help in text for binding in BINDINGS.values())


class TestView:
    def test_side_and_split(self) -> None:
        controls = Controls(styles=["a"], style="a", view="side", overlay=False)
        picture = shown(code=200, original=50)
        assert compose(picture, controls).shape == (48, 128, 3)
        controls.view, controls.split = "split", 0.25
        split = compose(picture, controls)
        assert split[24, 5, 0] < 80 < 180 < split[24, 40, 0]

    def test_figures_stay_inside_small_pictures(self) -> None:
        controls = Controls(styles=["a"], style="a", help=True, record=True)
        picture = to_bgr(grey(), BT709)
        draw_figures(picture, ["a line much longer than the picture is wide"], controls)

    def test_colours(self) -> None:
        white = to_bgr(grey(code=235), BT709)
        assert white.min() >= 253
        odd = grey(65, 49)
        assert to_bgr(odd, BT709).shape == (49, 65, 3)
        assert flat_planes(odd, even(odd.size)).shape == (72, 64)


class FakeCamera:
    """Stands for pyvirtualcam's."""

    sent: ClassVar[list[Any]] = []
    device = "/dev/video9"

    def __init__(self, **options: Any) -> None:
        if options["width"] == 2:
            raise RuntimeError("no device")
        self.options = options

    def send(self, picture: Any) -> None:
        self.sent.append(picture)

    def close(self) -> None:
        self.sent.append("closed")


class TestOutputs:
    @pytest.fixture
    def pyvirtualcam(self, monkeypatch: pytest.MonkeyPatch) -> None:
        module = types.ModuleType("pyvirtualcam")
        module.Camera = FakeCamera  # type: ignore[attr-defined]
        module.PixelFormat = types.SimpleNamespace(I420="I420")  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "pyvirtualcam", module)

    @pytest.mark.usefixtures("pyvirtualcam")
    def test_a_virtual_camera_gets_the_planes(self) -> None:
        FakeCamera.sent.clear()
        camera = VirtualCamera(FrameSize(64, 48), Fraction(30))
        camera.offer(shown(code=77))
        camera.close()
        assert FakeCamera.sent[0].shape == (72, 64)
        assert FakeCamera.sent[0][0, 0] == 77
        assert FakeCamera.sent[-1] == "closed"
        assert camera.problem == ""

    @pytest.mark.usefixtures("pyvirtualcam")
    def test_without_a_device_the_cure_is_a_command(self) -> None:
        with pytest.raises(OutputError, match="there is no virtual camera device"):
            VirtualCamera(FrameSize(2, 2), Fraction(30))
        assert "sudo modprobe v4l2loopback" in virtual_camera_cure("linux")
        assert "OBS" in virtual_camera_cure("darwin")

    def test_without_pyvirtualcam_it_says_what_to_install(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
        with pytest.raises(OutputError, match=r"videotoon\[live\]"):
            VirtualCamera(FrameSize(64, 48), Fraction(30))

    def test_a_recording_never_replaces_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "r.mp4"
        check_record(file, overwrite=False)
        assert not file.exists()
        file.write_bytes(b"precious")
        with pytest.raises(OutputError, match="exists"):
            check_record(file, overwrite=False)
        check_record(file, overwrite=True)
        with pytest.raises(OutputError, match="does not exist"):
            check_record(tmp_path / "no" / "r.mp4", overwrite=False)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("target_fps", 0.0),
        ("latency", 1.0),
        ("size", "big"),
        ("output", "rtmp://x"),
        ("record", Path("r.mkv")),
        ("seconds", 0.0),
    ],
)
def test_unusable_options_are_refused(option: str, value: object) -> None:
    with pytest.raises(SettingsError, match=f"--{option.replace('_', '-')}"):
        LiveSettings(**{option: value})
