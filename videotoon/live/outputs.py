"""What the painted picture goes to besides the window: a recording, a stream, a virtual camera.

Each output has a thread and a short queue of its own. Where one is behind, it loses pictures and
counts them; the painter and the window never wait for it, and its failure ends only itself.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from videotoon.encode.segment import encoder_errors
from videotoon.errors import OutputError, VideotoonError
from videotoon.frame import ColourTags, FrameSize
from videotoon.live.base import Shown
from videotoon.live.pictures import even, flat_planes, video_frame
from videotoon.live.slot import NewestQueue
from videotoon.system.queues import QueueClosed
from videotoon.system.threads import Worker

WAITING: Final = 8
"""Pictures that wait for an output."""

CLOCK: Final = 90_000
"""Ticks per second of recorded timestamps."""

FRAGMENT_SECONDS: Final = 0.5
"""A recording is whole up to its last fragment, whatever happens to the program."""

MP4_OPTIONS: Final = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof",
    # Microseconds, half of that: a fragment is only closed by the first picture behind it.
    "frag_duration": str(int(FRAGMENT_SECONDS * 500_000)),
    "flush_packets": "1",
}
UDP_PACKET: Final = 1316
"""Seven MPEG-TS packets: what fits into one Ethernet frame."""


class ThreadedOutput(ABC):
    """An output with its own thread; subclasses write one picture at a time.

    Args:
        name: For messages.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.problem = ""
        self._queue: NewestQueue[Shown] = NewestQueue(WAITING)
        self._thread = Worker(target=self._run, name=f"videotoon-{type(self).__name__}")
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Pictures left out because the output was behind."""
        return self._queue.dropped

    def offer(self, shown: Shown) -> None:
        """Take a picture, or drop the oldest that waits."""
        self._queue.put(shown)

    def close(self) -> None:
        """Write what is waiting and end."""
        self._queue.finish()
        self._thread.join()

    def _run(self) -> None:
        try:
            try:
                while (shown := self._queue.get()) is not None:
                    self._write(shown)
            except QueueClosed:
                pass
            finally:
                self._end()
        except Exception as error:
            self._queue.finish()
            words = str(error) if isinstance(error, VideotoonError) else f"{error!r}"
            self.problem = f"{self.name} stopped: {words}"

    @abstractmethod
    def _write(self, shown: Shown) -> None:
        """Write one picture."""

    @abstractmethod
    def _end(self) -> None:
        """Finish; called once, whatever happened."""


class EncodedOutput(ThreadedOutput):
    """Encodes with x264 without delay: a picture is on its way as soon as it is painted.

    Timestamps are those of the capture, so they follow the wall clock however unsteady it was.

    Args:
        name: For messages.
        target: File or address.
        muxer: FFmpeg's container.
        options: Options of the muxer.
        rate: Frames per second, for rate control only.
    """

    def __init__(
        self, name: str, target: str, muxer: str, options: dict[str, str], rate: Fraction
    ) -> None:
        self._target = target
        self._muxer = muxer
        self._options = options
        self._rate = rate
        self._container: Any = None
        self._stream: Any = None
        self._size = FrameSize(2, 2)
        self._begin = 0.0
        self._last = -1
        self.frames = 0
        super().__init__(name)

    def _write(self, shown: Shown) -> None:
        from av.video.frame import PictureType

        with encoder_errors("x264"):
            if self._container is None:
                self._open(shown.planes.size, shown.captured.colour)
                self._begin = shown.captured.stamp
            frame = video_frame(shown.planes, self._size)
            ticks = round((shown.captured.stamp - self._begin) * CLOCK)
            self._last = frame.pts = max(ticks, self._last + 1)
            frame.time_base = Fraction(1, CLOCK)
            frame.duration = round(CLOCK / self._rate)
            frame.pict_type = PictureType.NONE
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        self.frames += 1

    def _open(self, size: FrameSize, colour: ColourTags) -> None:
        import av
        from av.codec.context import Flags

        self._size = even(size)
        keys = max(1, round(self._rate * Fraction(FRAGMENT_SECONDS)))
        self._container = av.open(self._target, "w", format=self._muxer, options=self._options)
        self._stream = self._container.add_stream(
            "libx264",
            rate=self._rate.limit_denominator(1001),
            options={"preset": "superfast", "tune": "zerolatency", "crf": "20", "g": str(keys)},
        )
        self._stream.width, self._stream.height = self._size.width, self._size.height
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.time_base = Fraction(1, CLOCK)
        context.thread_count = 1  # the cores belong to the painter
        context.colorspace, context.color_primaries = colour.matrix, colour.primaries
        context.color_trc = colour.transfer
        context.color_range = 2 if colour.full_range else 1
        context.flags |= Flags.frame_duration

    def _end(self) -> None:
        if self._container is None:
            return
        with encoder_errors("x264"):
            for packet in self._stream.encode(None):
                self._container.mux(packet)
            self._container.close()


class Recording(EncodedOutput):
    """An .mp4 in fragments: what was recorded before a crash or kill plays."""

    def __init__(self, path: Path, rate: Fraction) -> None:
        self.path = path
        form = "mov" if path.suffix.lower() == ".mov" else "mp4"
        super().__init__("the recording", f"file:{path}", form, dict(MP4_OPTIONS), rate)


class Broadcast(EncodedOutput):
    """MPEG-TS over UDP; who listens may come and go."""

    def __init__(self, address: str, rate: Fraction) -> None:
        joint = "&" if "?" in address else "?"
        target = f"{address}{joint}pkt_size={UDP_PACKET}"
        super().__init__("the stream", target, "mpegts", {"flush_packets": "1"}, rate)


class VirtualCamera(ThreadedOutput):
    """A camera for other programs, through pyvirtualcam.

    Args:
        size: Size of the pictures.
        rate: Nominal frames per second.

    Raises:
        OutputError: There is no device for it, or pyvirtualcam is missing; says what to do.
    """

    def __init__(self, size: FrameSize, rate: Fraction) -> None:
        try:
            import pyvirtualcam
        except ImportError as error:
            raise OutputError(
                "the virtual camera needs pyvirtualcam", "pip install 'videotoon[live]'"
            ) from error
        self._size = even(size)
        try:
            self._camera = pyvirtualcam.Camera(
                width=self._size.width,
                height=self._size.height,
                fps=float(rate),
                fmt=pyvirtualcam.PixelFormat.I420,
            )
        except RuntimeError as error:
            raise OutputError("there is no virtual camera device", virtual_camera_cure()) from error
        super().__init__(f"virtual camera {self._camera.device}")

    def _write(self, shown: Shown) -> None:
        self._camera.send(flat_planes(shown.planes, self._size))

    def _end(self) -> None:
        self._camera.close()


def virtual_camera_cure(platform: str = sys.platform) -> str:
    """Return what makes a virtual camera on this system, ready to be pasted."""
    if platform.startswith("linux"):
        return (
            "make one: sudo apt install v4l2loopback-dkms && sudo modprobe v4l2loopback "
            "devices=1 exclusive_caps=1 card_label=videotoon"
        )
    if platform == "darwin":
        return "install OBS (brew install --cask obs), start its virtual camera once, then close it"
    return "install OBS from https://obsproject.com, whose virtual camera is used"


def check_record(path: Path, overwrite: bool) -> None:
    """Check before the work that a recording can be written and would destroy nothing.

    Raises:
        OutputError: It cannot.
    """
    if not path.parent.is_dir():
        raise OutputError(f"folder {str(path.parent)!r} does not exist", "create it first")
    if path.exists() and not overwrite:
        raise OutputError(f"recording {path.name!r} exists", "add --overwrite or another name")
    try:
        with path.open("ab"):
            pass
        if path.stat().st_size == 0:
            path.unlink()
    except OSError as error:
        raise OutputError(
            f"recording {str(path)!r} cannot be written ({error.strerror})", "choose another place"
        ) from error
