"""Arithmetic coding (CABAC) of a slice in which every macroblock is skipped.

Such a slice holds two symbols for each macroblock, always the likelier ones: "skipped" and "the
slice does not end here". Section and table numbers are those of ITU-T H.264.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from videotoon.encode.h264.bits import BitWriter

QUANTISER: Final = 51
"""Of these slices. None is used, but the coarser, the likelier skipping is at the beginning: its
context begins in state ((23 * 51) >> 4) + 33 - 64 = 42 (section 9.3.1.1, table 9-13,
``cabac_init_idc`` 0)."""

# Ranges of the less likely symbol in states 42 to 62 (table 9-44); 62 is the last one.
_UNLIKELY: Final = (
    (16, 20, 23, 27), (15, 19, 22, 25), (14, 18, 21, 24), (14, 17, 20, 23), (13, 16, 19, 22),
    (12, 15, 18, 21), (12, 14, 17, 20), (11, 14, 16, 19), (11, 13, 15, 18), (10, 12, 15, 17),
    (10, 12, 14, 16), (9, 11, 13, 15), (9, 11, 12, 14), (8, 10, 12, 14), (8, 9, 11, 13),
    (7, 9, 11, 12), (7, 9, 10, 12), (7, 8, 10, 11), (6, 8, 9, 11), (6, 7, 9, 10), (6, 7, 8, 9),
)  # fmt: skip


@lru_cache(maxsize=4)
def all_skipped(macroblocks: int) -> bytes:
    """Return the slice data (section 7.3.4), whole bytes, not escaped.

    Likelier symbols leave the lower end of the interval where it is, at 0 (section 9.3.4.2): each
    time the interval is doubled, a 0 is written. Only the last symbol, "the slice ends here", lies
    at its upper end (section 9.3.4.5).

    Args:
        macroblocks: How many there are; at least one.
    """
    interval, state, zeros = 510, 0, 0
    for left in range(macroblocks - 1, -1, -1):
        interval -= _UNLIKELY[state][interval >> 6 & 3]  # skipped
        state = min(state + 1, len(_UNLIKELY) - 1)
        if interval < 256:
            interval, zeros = interval << 1, zeros + 1
        interval -= 2  # the slice does not end here
        if left and interval < 256:
            interval, zeros = interval << 1, zeros + 1
    writer = BitWriter()
    writer.bits(0, zeros)
    writer.bits(interval | 1, 9)  # the 1 is the stop bit of the unit
    writer.fill(0)
    return writer.to_bytes()
