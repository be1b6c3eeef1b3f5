"""Reading frames from a video file with PyAV."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from videotoon.decode.base import DecodeCounts
from videotoon.decode.media import VideoInfo
from videotoon.decode.opening import open_media, reason
from videotoon.decode.planes import planes_of, resized, turn_upright
from videotoon.decode.timestamps import TimestampRepair, nominal_step
from videotoon.errors import DecodeError
from videotoon.frame import Frame, Planes

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer

MAX_DAMAGED_PACKETS = 500
"""Packets that may fail in one file; beyond it the picture is mostly repeats and work is refused."""


class FileSource:
    """The frames of one video file, or of a part of it.

    Args:
        info: The probed file.
        start: Leave out frames before this time in seconds, counted from the container's start.
        end: Leave out frames at or after this time.
        keep_alpha: Deliver opacity as a fourth plane.
    """

    def __init__(
        self,
        info: VideoInfo,
        start: Fraction | None = None,
        end: Fraction | None = None,
        keep_alpha: bool = False,
    ) -> None:
        self.info = info
        self.counts = DecodeCounts()
        self._start = start
        self._end = end
        self._keep_alpha = keep_alpha
        offset = info.container_start / info.time_base
        self._first_pts = None if start is None else start / info.time_base + offset
        self._end_pts = None if end is None else end / info.time_base + offset

    @property
    def expected_frames(self) -> int:
        """Frames that a healthy file delivers between start and end."""
        info = self.info
        if info.times_missing:
            times: list[Fraction] = [
                n / info.frame_rate / info.time_base for n in range(info.packet_count)
            ]
        else:
            times = [Fraction(time) for time in info.packet_times]
        return sum(1 for time in times if self._wanted(time))

    def frames(self, first_index: int = 0) -> Iterator[Frame]:
        """Yield frames in presentation order, numbered from 0 at the start time.

        Args:
            first_index: Begin at this frame; the ones before are decoded only where needed.

        Raises:
            DecodeError: More packets are damaged than :data:`MAX_DAMAGED_PACKETS`.
        """
        index = 0
        for frame in self._all_frames():
            if self._end_pts is not None and frame.pts >= self._end_pts:
                break
            if self._first_pts is not None and frame.pts < self._first_pts:
                continue
            if index >= first_index:
                yield Frame(
                    index, frame.pts, frame.time_base, frame.planes, frame.duration, frame.repaired
                )
            index += 1

    def _wanted(self, time: Fraction) -> bool:
        after_start = self._first_pts is None or time >= self._first_pts
        return after_start and (self._end_pts is None or time < self._end_pts)

    def _all_frames(self) -> Iterator[Frame]:
        """Yield the whole file, holes filled by repeating the frame before."""
        info = self.info
        repair = TimestampRepair(info)
        step = nominal_step(info.frame_rate, info.time_base)
        last: Planes | None = None
        index = 0
        missing: list[int] = []
        for decoded in self._decoded(missing):
            if decoded.is_corrupt:
                self.counts.corrupt_frames += 1
            planes = self._upright(decoded)
            holes = sorted(pts for pts in missing if decoded.pts is None or pts < decoded.pts)
            for hole in holes if last is not None and not info.interlaced else []:
                missing.remove(hole)
                assert last is not None
                yield Frame(index, repair.time_of(index, hole), info.time_base, last, step, True)
                self.counts.repeated_frames += 1
                index += 1
            pts = repair.time_of(index, decoded.pts)
            duration = decoded.duration or step
            yield Frame(index, pts, info.time_base, planes, duration, decoded.is_corrupt)
            last = planes
            index += 1
        self.counts.repaired_times = repair.repaired

    def _upright(self, decoded: VideoFrame) -> Planes:
        info = self.info
        planes = turn_upright(
            planes_of(decoded, info.colour, self._keep_alpha), info.orientation
        )
        if planes.size != info.size:
            planes = resized(planes, info.size.width, info.size.height)
        return planes

    def _decoded(self, missing: list[int]) -> Iterator[VideoFrame]:
        """Yield decoded frames; times of packets that failed are appended to ``missing``."""
        import av.error

        with open_media(self.info.path) as container:
            stream = container.streams[self.info.stream_index]
            stream.codec_context.thread_type = "AUTO"
            packets = container.demux(stream)
            while True:
                try:
                    packet = next(packets)
                except StopIteration:
                    return
                except av.error.FFmpegError as error:
                    self.counts.warnings.append(f"the file breaks off: {reason(error)}")
                    return
                try:
                    decoded = packet.decode()
                except av.error.EOFError:
                    return
                except av.error.FFmpegError as error:
                    self._count_damage(error)
                    if packet.pts is not None:
                        missing.append(packet.pts)
                    continue
                yield from decoded

    def _count_damage(self, error: Exception) -> None:
        self.counts.damaged_packets += 1
        if self.counts.damaged_packets > MAX_DAMAGED_PACKETS:
            raise DecodeError(
                f"input {self.info.path.name!r} has more than {MAX_DAMAGED_PACKETS} damaged "
                f"packets ({reason(error)})",
                "repair it with `ffmpeg -i IN -c copy OUT`, or re-encode it",
            ) from error
