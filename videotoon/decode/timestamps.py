"""Keeping good timestamps exactly and mending bad ones.

Frames must leave with strictly rising presentation times. Healthy files pass unchanged. Two kinds of
files need help: those whose frames come out with decode-order times (H.264 in AVI) and those without
any times (raw streams).
"""

from __future__ import annotations

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


def nominal_step(frame_rate: Fraction, time_base: Fraction) -> int:
    """Return the usual distance of two frames in units of the time base, at least 1."""
    return max(1, round(1 / (frame_rate * time_base)))
