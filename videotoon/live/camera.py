"""Cameras and named streams, through PyAV, with OpenCV where FFmpeg cannot open the camera."""

from __future__ import annotations

import errno
import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from videotoon.decode.planes import planes_of
from videotoon.decode.probe import colour_of
from videotoon.errors import CameraError
from videotoon.frame import ColourTags, FrameSize
from videotoon.live.base import Captured

if TYPE_CHECKING:
    from av.container import InputContainer

OPEN_SECONDS: Final = 10.0
READ_SECONDS: Final = 5.0
DEFAULT_RATE: Final = Fraction(30)


class PyAvSource:
    """A camera or stream that FFmpeg reads.

    Args:
        name: For messages, e.g. ``camera 0``.
        address: What FFmpeg opens.
        form: FFmpeg's input format, empty to find out.
        options: FFmpeg's options.
        rate: Frames per second asked for.
    """

    def __init__(
        self, name: str, address: str, form: str, options: dict[str, str], rate: Fraction
    ) -> None:
        self.name = name
        self.rate = rate
        self._address = address
        self._form = form
        self._options = options

    def frames(self, stop: threading.Event) -> Iterator[Captured]:
        """Yield pictures as they come; see :class:`videotoon.live.base.LiveSource`."""
        import av.error

        try:
            with self._open() as container:
                yield from self._pictures(container, stop)
        except (av.error.FFmpegError, OSError) as error:
            raise camera_error(self.name, error) from error
        if not stop.is_set():
            raise CameraError(f"{self.name} ended", "check the cable, or use --reconnect")

    def _open(self) -> InputContainer:
        import av

        return av.open(
            self._address,
            format=self._form or None,
            options=self._options,
            timeout=(OPEN_SECONDS, READ_SECONDS),
        )

    def _pictures(self, container: InputContainer, stop: threading.Event) -> Iterator[Captured]:
        import av.error

        stream = container.streams.video[0]
        stream.codec_context.thread_type = "SLICE"  # frame threads would delay every picture
        colour: ColourTags | None = None
        number = 0
        for packet in container.demux(stream):
            stamp = time.monotonic()
            if stop.is_set():
                return
            try:
                pictures = packet.decode()
            except av.error.InvalidDataError:
                continue  # streams are joined midway; the next key frame mends it
            for picture in pictures:
                if colour is None:
                    size = FrameSize(picture.width, picture.height)
                    colour = colour_of(picture, stream, size)
                yield Captured(number, stamp, colour, planes_of(picture, colour))
                number += 1


class OpenCvSource:
    """A camera that OpenCV reads, for systems on which FFmpeg cannot name it by number."""

    _COLOUR = ColourTags(matrix=1)

    def __init__(self, index: int, size: tuple[int, int] | None, rate: Fraction) -> None:
        self.name = f"camera {index}"
        self.rate = rate
        self._index = index
        self._size = size

    def frames(self, stop: threading.Event) -> Iterator[Captured]:
        """Yield pictures as they come; see :class:`videotoon.live.base.LiveSource`."""
        import cv2
        from av import VideoFrame

        capture: Any = cv2.VideoCapture(self._index)
        try:
            if not capture.isOpened():
                raise CameraError(
                    f"{self.name} cannot be opened", "check that it is connected and not in use"
                )
            capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
            capture.set(cv2.CAP_PROP_FPS, float(self.rate))
            if self._size is not None:
                capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._size[0])
                capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._size[1])
            number = 0
            while not stop.is_set():
                good, picture = capture.read()
                stamp = time.monotonic()
                if not good:
                    raise CameraError(f"{self.name} went away", "plug it in, or use --reconnect")
                frame = VideoFrame.from_ndarray(picture, format="bgr24")
                yield Captured(number, stamp, self._COLOUR, planes_of(frame, self._COLOUR))
                number += 1
        finally:
            capture.release()


def camera_source(
    camera: str, size: tuple[int, int] | None, rate: Fraction, platform: str = sys.platform
) -> PyAvSource | OpenCvSource:
    """Return the source for a camera's number, device path or name on this system."""
    options = {"framerate": str(rate)} | ({"video_size": "x".join(map(str, size))} if size else {})
    name = f"camera {camera}"
    if platform.startswith("linux"):
        address = f"/dev/video{camera}" if camera.isdigit() else camera
        return PyAvSource(name, address, "v4l2", options, rate)
    if platform == "darwin":
        return PyAvSource(name, f"{camera}:none", "avfoundation", options, rate)
    if camera.isdigit():  # DirectShow knows cameras by name only
        return OpenCvSource(int(camera), size, rate)
    return PyAvSource(name, f"video={camera.removeprefix('video=')}", "dshow", options, rate)


def stream_source(address: str) -> PyAvSource:
    """Return the source for a named RTSP or UDP stream."""
    options = {"fflags": "nobuffer", "flags": "low_delay", "probesize": "500000"}
    if address.startswith("rtsp://"):
        options |= {"rtsp_transport": "tcp", "protocol_whitelist": "rtsp,rtp,udp,tcp"}
    else:
        options |= {"protocol_whitelist": "udp,rtp"}
    form = "" if address.startswith("rtsp://") else "mpegts"
    return PyAvSource(address, address, form, options, DEFAULT_RATE)


def camera_error(name: str, error: Exception) -> CameraError:
    """Say in one line why a camera or stream cannot be used."""
    code = getattr(error, "errno", None)
    known = {
        errno.ENOENT: (f"there is no {name}", "check `ls /dev/video*` and the cable"),
        errno.ENODEV: (f"{name} went away", "plug it in again, or use --reconnect"),
        errno.ENXIO: (f"{name} went away", "plug it in again, or use --reconnect"),
        errno.EIO: (f"{name} does not deliver pictures", "plug it in again, or use --reconnect"),
        errno.EBUSY: (f"{name} is busy", "close the program that uses it, or use --reconnect"),
        errno.EACCES: (f"{name} may not be used", "join its group: sudo usermod -aG video $USER"),
        errno.EPERM: (f"{name} may not be used", "allow the camera in the system's settings"),
        errno.EINVAL: (f"{name} refuses this size or rate", "leave out --size, or try another"),
        errno.ECONNREFUSED: (f"nobody sends at {name}", "start the sender, or use --reconnect"),
        errno.ETIMEDOUT: (f"nothing came from {name}", "start the sender, or use --reconnect"),
    }
    if code in known:
        return CameraError(*known[code])
    words = " ".join(str(getattr(error, "strerror", None) or error).split())
    return CameraError(f"{name} cannot be used ({words})", "check it, or use --reconnect")
