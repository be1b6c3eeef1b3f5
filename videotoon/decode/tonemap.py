"""Mapping HDR pictures to ordinary ones with FFmpeg's zscale and tonemap filters.

PyAV's libraries are built without zscale, the FFmpeg program has it. It is used as a filter only:
raw pictures go in through one pipe and come out of another, one for one and in order, so times,
damage and seeking stay where they are and the program opens no file.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from videotoon.decode.media import VideoInfo
from videotoon.errors import DecodeError
from videotoon.frame import Planes
from videotoon.system.ffmpeg_binary import ffmpeg_binary
from videotoon.system.queues import BoundedQueue, QueueClosed
from videotoon.system.threads import Worker

if TYPE_CHECKING:
    from av import VideoFrame

FRAMES_IN_FLIGHT = 16
"""Pictures between the two pipes at most; FFmpeg's own threads hold a few."""

REFERENCE_WHITE_NITS = 203
"""Luminance of diffuse white in HDR video (ITU-R BT.2408). With the curve below an 18 % grey comes
out where BT.709 has it (code 109 instead of 106) and diffuse white at code 202."""

PEAK_NITS = 1000
"""What most HDR video is mastered for; becomes white, brighter light is compressed above it."""

_TRANSFERS = {16: "smpte2084", 18: "arib-std-b67"}
_MATRICES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020nc", 10: "bt2020c"}
_PRIMARIES = {1: "bt709", 9: "bt2020", 11: "smpte431", 12: "smpte432"}


@dataclass(frozen=True, slots=True)
class Moment:
    """What stays with a picture while its pixels are away."""

    pts: int | None
    duration: int
    damaged: bool


def tone_mapped(frames: Iterable[VideoFrame], info: VideoInfo) -> Generator[tuple[Moment, Planes]]:
    """Yield every frame as BT.709 limited-range planes.

    Raises:
        DecodeError: FFmpeg failed, or its build lacks the filters.
    """
    child: _Child | None = None
    for frame in frames:
        child = _Child(frame, frames, info)
        break
    if child is not None:
        try:
            yield from child.results()
        finally:
            child.stop()


def filter_chain(info: VideoInfo) -> str:
    """Return the FFmpeg filters from the file's colours to BT.709."""
    colour = info.stored_colour
    tags = (
        f"color_trc={_TRANSFERS[colour.transfer]}"
        f":colorspace={_MATRICES.get(colour.matrix, 'bt2020nc')}"
        f":color_primaries={_PRIMARIES.get(colour.primaries, 'bt2020')}"
        f":range={'pc' if colour.full_range else 'tv'}"
    )
    peak = PEAK_NITS / REFERENCE_WHITE_NITS
    return (
        f"setparams={tags},zscale=t=linear:npl={REFERENCE_WHITE_NITS},format=gbrpf32le,"
        f"zscale=p=bt709,tonemap=tonemap=mobius:desat=0:peak={peak:.3f},"
        "zscale=t=bt709:m=bt709:r=tv,format=yuv420p"
    )


class _Child:
    """An FFmpeg process that maps pictures, fed by a thread of its own."""

    def __init__(self, first: VideoFrame, rest: Iterable[VideoFrame], info: VideoInfo) -> None:
        self._width, self._height = first.width, first.height
        self._info = info
        self._moments: BoundedQueue[Moment] = BoundedQueue(FRAMES_IN_FLIGHT)
        self._failure: BaseException | None = None
        self._process = subprocess.Popen(
            self._command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._words: list[bytes] = []
        self._threads = [
            Worker(target=self._feed, args=(first, rest), name="videotoon-tonemap-in"),
            Worker(target=self._listen, name="videotoon-tonemap-words"),
        ]
        for thread in self._threads:
            thread.start()

    def _command(self) -> list[str]:
        size = f"{self._width}x{self._height}"
        raw = ["-f", "rawvideo", "-pix_fmt"]
        return [
            *(ffmpeg_binary(), "-hide_banner", "-loglevel", "error", "-nostats"),
            *("-protocol_whitelist", "pipe", *raw, "yuv420p10le", "-s", size, "-i", "pipe:0"),
            *("-vf", filter_chain(self._info), "-fps_mode", "passthrough"),
            *(*raw, "yuv420p", "-flush_packets", "1", "pipe:1"),
        ]

    def results(self) -> Iterator[tuple[Moment, Planes]]:
        """Yield pictures as they come back."""
        luma = self._width * self._height
        chroma_width, chroma_height = (self._width + 1) // 2, (self._height + 1) // 2
        chroma = chroma_width * chroma_height
        assert self._process.stdout is not None
        while True:
            try:
                moment = self._moments.get()
            except QueueClosed:
                break
            data = self._process.stdout.read(luma + 2 * chroma)
            if len(data) < luma + 2 * chroma:
                raise self._error()
            codes = np.frombuffer(data, np.uint8)
            yield (
                moment,
                Planes(
                    codes[:luma].reshape(self._height, self._width),
                    codes[luma : luma + chroma].reshape(chroma_height, chroma_width),
                    codes[luma + chroma :].reshape(chroma_height, chroma_width),
                ),
            )
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """End the process and its threads; nothing is left running."""
        self._moments.cancel()
        self._process.kill()
        for thread in self._threads:
            thread.join()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            _close(pipe)

    def _feed(self, first: VideoFrame, rest: Iterable[VideoFrame]) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        try:
            self._send(first)
            for frame in rest:
                self._send(frame)
            pipe.close()
        except QueueClosed:
            pass  # nobody waits for more
        except BrokenPipeError:
            pass  # the reader notices that pictures are missing and says FFmpeg's words
        except BaseException as error:  # raised again by results()
            self._failure = error
            self._process.kill()
        finally:
            self._moments.finish()

    def _send(self, frame: VideoFrame) -> None:
        assert self._process.stdin is not None
        picture = frame
        if (frame.width, frame.height, frame.format.name) != (
            *(self._width, self._height),
            "yuv420p10le",
        ):
            picture = frame.reformat(self._width, self._height, "yuv420p10le")
        self._moments.put(Moment(frame.pts, frame.duration or 0, bool(frame.is_corrupt)))
        for plane in picture.planes:
            codes = np.frombuffer(memoryview(plane), np.uint16)
            rows = codes.reshape(plane.height, plane.line_size // 2)[:, : plane.width]
            self._process.stdin.write(np.ascontiguousarray(rows).data)

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._words.append(line)
            del self._words[:-20]

    def _error(self) -> BaseException:
        if self._failure is not None:
            return self._failure
        self._process.wait()
        self._threads[1].join()
        words = b"".join(self._words).decode("utf-8", "replace")
        lines = [line.strip() for line in words.splitlines() if line.strip()]
        return DecodeError(
            f"FFmpeg could not map {self._info.hdr} HDR ({'; '.join(lines[-2:]) or 'no words'})",
            "use an FFmpeg with the zscale filter (unset VIDEOTOON_FFMPEG to take the bundled one)",
        )


def _close(pipe: Any) -> None:
    with contextlib.suppress(OSError):  # data left in a pipe whose reader was ended on purpose
        pipe.close()
