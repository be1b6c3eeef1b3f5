"""Weaving repeats into a coded stream: pictures that show the one before them once more.

The encoder codes each picture once. Repeats are added behind it, in the order in which decoders
need them, and all pictures are counted and given decode times anew. Decoders see an ordinary stream
with pictures that nothing refers to and in which every macroblock is skipped.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from videotoon.encode.h264.bits import (
    START_CODE,
    UnsuitableStreamError,
    escaped,
    unescaped,
    units_of,
)
from videotoon.encode.h264.parameters import REORDERED, WAITING
from videotoon.encode.h264.skipped import skipped_picture
from videotoon.encode.h264.slices import SliceHead, StreamLayout, is_slice

MOST_REPEATS = WAITING + 1
"""In a row; then the picture is coded again. Android's own decoder has memory for so many pictures
that wait to be shown and are not referred to (`ih264d_utils.c` of libavc)."""


@dataclass(frozen=True, slots=True)
class CodedPicture:
    """A picture of the woven stream, in the order of decoding.

    Attributes:
        data: Units with start codes.
        pts: When it is shown.
        dts: When it is decoded.
        key: Decoding can begin with it.
    """

    data: bytes
    pts: int
    dts: int
    key: bool


class RepeatWeaver:
    """Adds repeats to what an encoder writes; used by one thread.

    Args:
        layout: What slices look like, as the encoder writes them. The parameter sets of the stream
            must be those of ``wide_parameters``.
    """

    def __init__(self, layout: StreamLayout) -> None:
        self._layout = layout
        self._ahead = REORDERED if layout.order_count_bits else 0
        self._times: deque[int] = deque()  # of all pictures from the last one decoded on
        self._written = 0
        self._repeats_of: dict[int, list[int]] = {}  # their times, by that of the picture
        self._held: int | None = None  # time of the picture whose repeats are to be written
        self._reference = 0  # frame number of the last picture that may be referred to
        self._places: dict[int, int] = {}  # in presentation order, by time
        self._pictures = 0
        self._key_place = 0

    def show(self, pts: int) -> None:
        """Say that the encoder is given a picture; pictures come in presentation order."""
        self._add(pts)

    def repeat(self, shown: int, pts: int) -> None:
        """Say that the picture last given, of time ``shown``, is shown once more.

        It must be coded as one that may be referred to. At most ``MOST_REPEATS``.

        Raises:
            UnsuitableStreamError: It has been woven in already.
        """
        if shown not in self._places:
            raise UnsuitableStreamError("a picture was written before it was known to be repeated")
        self._add(pts)
        self._repeats_of.setdefault(shown, []).append(pts)

    def weave(self, data: bytes, pts: int, few: bool = False) -> Iterator[CodedPicture]:
        """Yield what can be written once the encoder has written a picture.

        Args:
            data: Its units with start codes.
            pts: When it is shown.
            few: So few pictures were coded that none can be out of order.

        Raises:
            UnsuitableStreamError: A picture with repeats was coded as one that none may refer to.
        """
        if few:
            self._ahead = 0
        if self._held is not None and pts > self._held:
            yield from self.rest()
        units, head = self._counted(data, pts)
        yield self._timed(units, pts, head.key)
        if head.reference:
            self._reference = head.frame_number
        if pts in self._repeats_of:
            if not head.reference:
                raise UnsuitableStreamError("a repeated picture cannot be referred to")
            self._held = pts

    def rest(self) -> Iterator[CodedPicture]:
        """Yield the repeats of the last picture."""
        held, self._held = self._held, None
        if held is None:
            return
        # Between it and its repeats only B pictures were decoded, so it is the last reference.
        number = (self._reference + 1) % (1 << self._layout.frame_number_bits)
        for pts in self._repeats_of.pop(held):
            unit = skipped_picture(self._layout, number, self._order_count(pts))
            yield self._timed(START_CODE + unit, pts, key=False)

    def finish(self) -> Iterator[CodedPicture]:
        """Yield the last repeats once the encoder has written all.

        Raises:
            UnsuitableStreamError: It has not.
        """
        yield from self.rest()
        if self._places or self._repeats_of:
            raise UnsuitableStreamError(f"{len(self._places)} pictures were not written")

    def _add(self, pts: int) -> None:
        self._times.append(pts)
        self._places[pts] = self._pictures
        self._pictures += 1

    def _counted(self, data: bytes, pts: int) -> tuple[bytes, SliceHead]:
        """Return a picture's units, counted anew, and the beginning of its first slice."""
        layout = self._layout
        units = [unescaped(unit) for unit in units_of(data)]
        heads = [layout.read_slice(unit) if is_slice(unit) else None for unit in units]
        first = next((head for head in heads if head is not None), None)
        if first is None:
            raise UnsuitableStreamError("a packet holds no picture")
        if first.key:
            self._key_place = self._places[pts]
        count = self._order_count(pts)
        counted = [
            unit if head is None else layout.counted_slice(unit, head, count)
            for unit, head in zip(units, heads, strict=True)
        ]
        return b"".join(START_CODE + escaped(unit) for unit in counted), first

    def _order_count(self, pts: int) -> int:
        """Return a picture's count since the last key picture; two apart, as encoders do it."""
        return 2 * (self._places.pop(pts) - self._key_place)

    def _timed(self, data: bytes, pts: int, key: bool) -> CodedPicture:
        """Give a picture its decode time: the time of the picture shown at its place, earlier."""
        times = self._times
        if self._written < self._ahead:
            dts = times[self._written] - (times[self._ahead] - times[0])
        else:
            dts = times.popleft()
        self._written += 1
        return CodedPicture(data, pts, dts, key)
