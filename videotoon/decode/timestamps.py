"""Keeping good timestamps exactly and mending bad ones.

Frames must leave with strictly rising presentation times. Healthy files pass unchanged. Three kinds
of files need help: those whose frames come out with decode-order times (H.264 in AVI), those
without any times (raw streams), and damaged ones, in which frames are missing.
"""

from __future__ import annotations

from bisect import bisect_left
from fractions import Fraction

from videotoon.decode.media import VideoInfo


class TimestampRepair:
    """Gives every frame, in presentation order, a strictly rising timestamp.

    Args:
        info: The probed video; its packet times are the truth where frame times are not.
    """

    def __init__(self, info: VideoInfo) -> None:
        self._info = info
        self._last: int | None = None
        self._step = nominal_step(info.frame_rate, info.time_base)
        self.repaired = 0

    def time_of(self, index: int, decoded_pts: int | None) -> int:
        """Return the presentation time of frame ``index`` in the stream's time base."""
        info = self._info
        if info.times_missing:
            pts: int | None = round(index / info.frame_rate / info.time_base)
        elif info.times_need_sorting and index < info.packet_count:
            pts = info.packet_times[index]
        else:
            pts = decoded_pts
        if pts is None:
            pts = 0 if self._last is None else self._last + self._step
        if self._last is not None and pts <= self._last:
            pts = self._last + 1
        if pts != decoded_pts:
            self.repaired += 1
        self._last = pts
        return pts


class Holes:
    """Finds moments at which the file promises a frame but the decoder delivers none.

    Only for files with clean times; for others it finds nothing. Interlaced files are left alone:
    some carry each field in a packet of its own.

    Args:
        info: The probed video.
    """

    def __init__(self, info: VideoInfo) -> None:
        active = info.times_clean and not info.interlaced
        self._times = info.packet_times if active else ()
        self._margin = nominal_step(info.frame_rate, info.time_base) // 2
        self._next = 0
        self._last: int | None = None

    def before(self, pts: int | None) -> list[int]:
        """Return the missed times between the frame before and a frame at ``pts``."""
        if pts is None or not self._times:
            return []
        stop = bisect_left(self._times, pts)
        found = self._between(stop, pts)
        self._next = stop + 1 if stop < len(self._times) and self._times[stop] == pts else stop
        self._last = pts
        return found

    def at_end(self) -> list[int]:
        """Return the missed times after the last frame."""
        return [] if self._last is None else self._between(len(self._times), None)

    def lost_at_start(self, pts: int | None) -> int:
        """Return how many promised frames lie before ``pts``, the first that was decoded."""
        return 0 if pts is None else bisect_left(self._times, pts)

    def _between(self, stop: int, pts: int | None) -> list[int]:
        if self._last is None:
            return []
        times = self._times[self._next : stop]
        # Decoders may shift a time a little; what is close to a delivered frame is that frame.
        return [
            time
            for time in times
            if time - self._last > self._margin and (pts is None or pts - time > self._margin)
        ]


def nominal_step(frame_rate: Fraction, time_base: Fraction) -> int:
    """Return the usual distance of two frames in units of the time base, at least 1."""
    return max(1, round(1 / (frame_rate * time_base)))
