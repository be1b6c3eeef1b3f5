"""Reading frames from a video file: decoded, woven, tone-mapped, turned upright, in time."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from fractions import Fraction
from itertools import chain, islice

from videotoon.decode.base import DecodeCounts, Place
from videotoon.decode.deinterlace import deinterlaced
from videotoon.decode.limits import Limits
from videotoon.decode.media import VideoInfo
from videotoon.decode.planes import planes_of, resized, turn_upright
from videotoon.decode.reading import Reader
from videotoon.decode.timestamps import Holes, TimestampRepair, nominal_step
from videotoon.decode.tonemap import Moment, tone_mapped
from videotoon.errors import DecodeError
from videotoon.frame import Frame, Planes


class FileSource:
    """The frames of one video file, or of a part of it.

    Args:
        info: The probed file.
        start: Leave out frames before this time in seconds, counted from the container's start.
        end: Leave out frames at or after this time.
        keep_alpha: Deliver opacity as a fourth plane; otherwise pictures are laid onto black.
        limits: What is accepted from the file.
    """

    def __init__(
        self,
        info: VideoInfo,
        start: Fraction | None = None,
        end: Fraction | None = None,
        keep_alpha: bool = False,
        limits: Limits | None = None,
    ) -> None:
        self.info = info
        self.counts = DecodeCounts()
        self._keep_alpha = keep_alpha
        self._limits = limits or Limits()
        self._reader = Reader(info, self.counts, self._limits)
        offset = info.container_start / info.time_base
        self._first_pts = None if start is None else start / info.time_base + offset
        self._end_pts = None if end is None else end / info.time_base + offset
        self._first_delivered: int | None = None
        self._delivered: int | None = None

    @property
    def expected_times(self) -> list[Fraction]:
        """Times, in the stream's time base, that a healthy file delivers from start to end."""
        info = self.info
        if info.times_missing:
            step = 1 / (info.frame_rate * info.time_base)
            times = [n * step for n in range(info.packet_count)]
        else:
            times = [Fraction(time) for time in info.packet_times]
        return [time for time in times if self._begun(time) and not self._over(time)]

    def frames(self, place: Place | None = None) -> Iterator[Frame]:
        """Yield frames in presentation order, numbered from 0 at the start time.

        Args:
            place: Go on after this frame; all from the start time on where None. Either way, what
                lies before is decoded only where the file cannot be entered there exactly.

        Raises:
            DecodeError: More frames are damaged than the limit allows.
            HostileInputError: Decoding took longer than the limit allows.
        """
        if place is not None and place.sound and self._reader.seekable:
            found = False
            index = place.index
            for frame in self._from(place.last_pts):
                if frame.pts > place.last_pts:
                    if not found:
                        break
                    if self._over(frame.pts):
                        return
                    yield _numbered(frame, index)
                    index += 1
                found |= frame.pts == place.last_pts
            if found:
                return
            # The frame before is not there as it was: number all frames from the beginning.
        first = 0 if place is None else place.index
        target = self._first_pts if place is None or place.sound else None
        for index, frame in enumerate(self._wanted(target)):
            if index >= first:
                yield _numbered(frame, index)

    def frames_around(self, pts: Fraction) -> Iterator[Frame]:
        """Yield frames from some frame at or before ``pts`` on; their numbers mean nothing."""
        if not self.info.interlaced:
            yield from self._wanted(pts)
            return
        # A field of the first one is woven with nothing before it: another is shown in its place.
        step = nominal_step(self.info.frame_rate, self.info.time_base)
        frames = self._wanted(pts - 2 * step)
        early = list(islice(frames, 2))
        woven = len(early) > 1 and early[1].pts <= pts
        yield from chain(early[1:] if woven else early, frames)

    @property
    def missing(self) -> int:
        """Frames that a healthy file would have delivered since reading began, and this did not.

        Of a part that was read to its end.
        """
        if self._delivered is None:
            return 0
        first = self._first_delivered
        expected = self.expected_times
        if first is not None:
            expected = [time for time in expected if time >= first]
        return len(expected) + self.counts.lost_at_start - self._delivered

    def _wanted(self, target: Fraction | None) -> Iterator[Frame]:
        self._first_delivered = None
        self._delivered = delivered = 0
        for frame in self._from(None if target is None else int(target)):
            if self._over(frame.pts):
                return
            if self._begun(frame.pts):
                if self._first_delivered is None:
                    self._first_delivered = frame.pts
                self._delivered = delivered = delivered + 1
                yield frame

    def _begun(self, pts: Fraction | int) -> bool:
        return self._first_pts is None or pts >= self._first_pts

    def _over(self, pts: Fraction | int) -> bool:
        return self._end_pts is not None and pts >= self._end_pts

    def _from(self, target: int | None) -> Generator[Frame]:
        """Yield frames from ``target`` or earlier on, holes filled by repeating the one before."""
        info = self.info
        repair, holes = TimestampRepair(info), Holes(info)
        step = nominal_step(info.frame_rate, info.time_base)
        last: Planes | None = None
        index = 0
        with closing(self._pictures(target)) as pictures:
            for moment, planes in pictures:
                if last is None and target is None:
                    self.counts.lost_at_start = holes.lost_at_start(moment.pts)
                for hole in holes.before(moment.pts):
                    assert last is not None
                    yield self._fill(index, repair.time_of(index, hole), last, step)
                    index += 1
                pts = repair.time_of(index, moment.pts)
                duration = self._duration(pts, moment.duration or step)
                yield Frame(index, pts, info.time_base, planes, duration, moment.damaged)
                last = planes
                index += 1
        for hole in holes.at_end():
            assert last is not None
            yield self._fill(index, repair.time_of(index, hole), last, step)
            index += 1
        self.counts.repaired_times = repair.repaired

    def _duration(self, pts: int, said: int) -> int:
        """Return how long a frame is shown; decoders say how long until the next is *decoded*."""
        info = self.info
        if info.packet_times[-1:] != (pts,) or info.end_time is None or info.steady:
            return said  # looked at in this order: whether it is steady takes all times to tell
        return info.end_time - pts if info.end_time > pts else said

    def _fill(self, index: int, pts: int, planes: Planes, step: int) -> Frame:
        self.counts.repeated_frames += 1
        limit = self._limits.max_damaged_frames
        if self.counts.repeated_frames > limit:
            raise DecodeError(
                f"input {self.info.path.name!r} lacks more than {limit} frames",
                "repair it with `ffmpeg -i IN -c copy OUT`, or re-encode it",
            )
        return Frame(index, pts, self.info.time_base, planes, step, True)

    def _pictures(self, target: int | None) -> Generator[tuple[Moment, Planes]]:
        """Yield upright planes of the painted size with the times they were decoded with."""
        info = self.info
        with closing(self._reader.frames(target)) as decoded:
            frames = decoded
            if info.interlaced:
                frames = deinterlaced(decoded, info.time_base, info.fields_flagged)
            if info.hdr:
                pictures = tone_mapped(frames, info)
            else:
                pictures = (
                    (
                        Moment(frame.pts, frame.duration or 0, bool(frame.is_corrupt)),
                        planes_of(frame, info.colour, info.has_alpha, self._keep_alpha),
                    )
                    for frame in frames
                )
            with closing(pictures):
                for moment, planes in pictures:
                    self.counts.corrupt_frames += moment.damaged
                    upright = turn_upright(planes, info.orientation)
                    if upright.size != info.size:
                        upright = resized(upright, info.size.width, info.size.height)
                    yield moment, upright


def _numbered(frame: Frame, index: int) -> Frame:
    return Frame(index, frame.pts, frame.time_base, frame.planes, frame.duration, frame.repaired)
