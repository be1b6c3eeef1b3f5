"""Making the frame rate constant, on request only: every timestamp is kept otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from videotoon.decode.base import Place
from videotoon.frame import Frame


def at_constant_rate(
    frames: Iterable[Frame], rate: Fraction, place: Place | None = None
) -> Iterator[Frame]:
    """Show at every tick of a constant rate the frame that is on screen then.

    Frames are repeated or left out; the first tick is the first frame's time.

    Args:
        frames: Frames in presentation order; with ``place`` from any frame on that is on screen at
            or before the first tick wanted.
        rate: Frames per second, exact.
        place: Go on here; its times count ticks.

    Yields:
        Frames with ``time_base = 1 / rate``; ``pts`` counts ticks from the first frame's own time,
        rounded to a tick, so that sound stays in step.
    """
    time_base = 1 / rate
    shown: Frame | None = None
    first_tick = 0 if place is None else place.first_pts
    index = 0 if place is None else place.index
    for frame in frames:
        if shown is None:
            if place is None:
                first_tick = round(frame.seconds * rate)
            shown = frame
        while (first_tick + index) * time_base < frame.seconds:
            yield _tick(shown, index, first_tick, time_base)
            index += 1
        shown = frame
    if shown is None:
        return
    end = shown.seconds + shown.duration * shown.time_base
    while index == 0 or (first_tick + index) * time_base < end:
        yield _tick(shown, index, first_tick, time_base)
        index += 1


def _tick(frame: Frame, index: int, first_tick: int, time_base: Fraction) -> Frame:
    return Frame(index, first_tick + index, time_base, frame.planes, 1, frame.repaired)
