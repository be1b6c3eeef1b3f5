"""Arithmetic coding (CABAC) of a slice in which every macroblock is skipped.

Such a slice holds two symbols for each macroblock, always the likelier ones: "skipped" and "the
slice does not end here". Section and table numbers are those of ITU-T H.264.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from videotoon.encode.h264.bits import BitWriter

QUANTISER: Final = 51
"""Of these slices. None is used, but the coarser, the likelier skipping is at the beginning."""

_FIRST_STATE: Final = 42
"""Of the context for macroblocks beside skipped ones, ((23 * 51) >> 4) + 33 - 64 (section 9.3.1.1,
table 9-13, ``cabac_init_idc`` 0)."""

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

    Args:
        macroblocks: How many there are; at least one.
    """
    coder = _Coder()
    for left in range(macroblocks - 1, -1, -1):
        coder.skip()
        coder.end(here=left == 0)
    return coder.to_bytes()


class _Coder:
    """The encoding engine of section 9.3.4, for these two symbols."""

    def __init__(self) -> None:
        self._written = BitWriter()
        self._low = 0
        self._range = 510
        self._outstanding = 0
        self._first = True
        self._state = 0

    def skip(self) -> None:
        """Code a skipped macroblock (section 9.3.4.2)."""
        self._range -= _UNLIKELY[self._state][self._range >> 6 & 3]
        self._state = min(self._state + 1, len(_UNLIKELY) - 1)
        self._renormalise()

    def end(self, here: bool) -> None:
        """Code whether the slice ends here (sections 9.3.4.5 and 9.3.4.6)."""
        self._range -= 2
        if here:
            self._low += self._range
            self._range = 2
        self._renormalise()
        if here:
            self._put(self._low >> 9 & 1)
            self._written.bits(self._low >> 7 & 3 | 1, 2)  # the 1 is the stop bit of the unit
            self._written.fill(0)

    def to_bytes(self) -> bytes:
        return self._written.to_bytes()

    def _renormalise(self) -> None:
        while self._range < 256:
            if self._low >= 512:
                self._low -= 512
                self._put(1)
            elif self._low < 256:
                self._put(0)
            else:
                self._low -= 256
                self._outstanding += 1
            self._range <<= 1
            self._low <<= 1

    def _put(self, bit: int) -> None:
        if self._first:  # of nine bits of the register the first one is never used
            self._first = False
        else:
            self._written.bits(bit, 1)
        self._written.bits(-(1 - bit), self._outstanding)
        self._outstanding = 0
