"""What the slices of a stream look like, and how to count its pictures anew.

Encoders count the pictures that they code (``pic_order_cnt``). With repeats between them the counts
must be others, and may be further apart than the encoder left bits for.

Section numbers are those of ITU-T H.264.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from videotoon.encode.h264.bits import BitReader, with_field

SLICE: Final = 1
KEY_SLICE: Final = 5

ADDED_BITS: Final = 8
"""By which picture order counts grow: whole bytes, so that the rest of a slice stays aligned."""

MOST_COUNT_BITS: Final = 16


@dataclass(frozen=True, slots=True)
class SliceHead:
    """The beginning of a slice, as the encoder wrote it.

    Attributes:
        key: The picture begins the stream anew (IDR).
        reference: Later pictures may be predicted from it.
        frame_number: ``frame_num``, modulo what its bits hold.
        order_start: Position of the first bit of ``pic_order_cnt_lsb``.
        order_end: Position of the first bit behind it; the same in streams without counts.
    """

    key: bool
    reference: bool
    frame_number: int
    order_start: int
    order_end: int


@dataclass(frozen=True, slots=True)
class StreamLayout:
    """What must be known to read and to write slice headers.

    Attributes:
        frame_number_bits: Bits of ``frame_num``.
        order_count_bits: Bits of ``pic_order_cnt_lsb``; 0 where pictures are shown as they come
            and the encoder writes none.
        picture_parameters: Number of the picture parameter set.
        macroblocks: Macroblocks of a picture.
        arithmetic: Entropy coding is CABAC, not CAVLC.
        weighted: P slices say weights.
        chosen_deblocking: Slices say whether they are deblocked.
        first_quantiser: Quantiser of a slice that says no difference.
    """

    frame_number_bits: int
    order_count_bits: int
    picture_parameters: int
    macroblocks: int
    arithmetic: bool
    weighted: bool
    chosen_deblocking: bool
    first_quantiser: int

    @property
    def wide_count_bits(self) -> int:
        """Bits of ``pic_order_cnt_lsb`` where pictures are counted anew."""
        if self.order_count_bits == 0:
            return MOST_COUNT_BITS
        return self.order_count_bits + ADDED_BITS

    def read_slice(self, unit: bytes) -> SliceHead:
        """Read the beginning of a slice (section 7.3.3).

        Args:
            unit: The unit without escaping.
        """
        kind = unit[0] & 31
        reader = BitReader(unit[1:32])
        reader.unsigned()  # first macroblock
        reader.unsigned()  # slice type
        reader.unsigned()  # picture parameter set
        frame_number = reader.bits(self.frame_number_bits)
        if kind == KEY_SLICE:
            reader.unsigned()  # number of the key picture
        order_start = 8 + reader.position
        return SliceHead(
            key=kind == KEY_SLICE,
            reference=unit[0] >> 5 & 3 > 0,
            frame_number=frame_number,
            order_start=order_start,
            order_end=order_start + self.order_count_bits,
        )

    def counted_slice(self, unit: bytes, head: SliceHead, order_count: int) -> bytes:
        """Return a slice with another count.

        Args:
            unit: The slice without escaping.
            head: Its beginning.
            order_count: Its count; only the bits that there are are written.
        """
        length = self.wide_count_bits
        value = order_count % (1 << length)
        return with_field(unit, head.order_start, head.order_end, value, length)


def is_slice(unit: bytes) -> bool:
    """Tell whether a unit is (part of) a picture."""
    return unit[0] & 31 in (SLICE, KEY_SLICE)
