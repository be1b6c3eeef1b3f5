"""Bits of H.264 streams: fields of any length, Exp-Golomb codes, units and their escaping.

Section numbers are those of ITU-T H.264.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

START_CODE = b"\x00\x00\x00\x01"

_START = re.compile(rb"\x00\x00\x00?\x01")
_TO_ESCAPE = re.compile(rb"\x00\x00(?=[\x00-\x03])")


class UnsuitableStreamError(ValueError):
    """A stream is of another kind than the one understood here."""


class BitReader:
    """Reads fields from the first bit on.

    Args:
        data: Bytes without escaping.
    """

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data)
        self._left = len(data) * 8
        self.position = 0

    def bits(self, count: int) -> int:
        """Read an unsigned number of ``count`` bits, most significant first.

        Raises:
            UnsuitableStreamError: The data ends before.
        """
        if count > self._left:
            raise UnsuitableStreamError("a unit ends within a field")
        self._left -= count
        self.position += count
        return self._value >> self._left & (1 << count) - 1

    def flag(self) -> bool:
        """Read one bit."""
        return self.bits(1) == 1

    def unsigned(self) -> int:
        """Read an Exp-Golomb code, ue(v) of section 9.1."""
        rest = self._value & (1 << self._left) - 1
        zeros = self._left - rest.bit_length()
        self.bits(zeros)
        return self.bits(zeros + 1) - 1

    def signed(self) -> int:
        """Read a signed Exp-Golomb code, se(v) of section 9.1.1."""
        code = self.unsigned()
        return (code + 1) // 2 if code % 2 else -(code // 2)


class BitWriter:
    """Collects fields, most significant bit first."""

    def __init__(self) -> None:
        self._value = 0
        self._length = 0

    def bits(self, value: int, count: int) -> None:
        """Add the lowest ``count`` bits of a number."""
        self._value = self._value << count | value & (1 << count) - 1
        self._length += count

    def unsigned(self, number: int) -> None:
        """Add an Exp-Golomb code, ue(v) of section 9.1."""
        self.bits(number + 1, 2 * (number + 1).bit_length() - 1)

    def signed(self, number: int) -> None:
        """Add a signed Exp-Golomb code, se(v) of section 9.1.1."""
        self.unsigned(2 * number - 1 if number > 0 else -2 * number)

    def fill(self, bit: int) -> None:
        """Add bits up to the next full byte."""
        while self._length % 8:
            self.bits(bit, 1)

    def stop(self) -> None:
        """Add the bit that ends a unit and zeros up to the next full byte (section 7.3.2.11)."""
        self.bits(1, 1)
        self.fill(0)

    def to_bytes(self) -> bytes:
        """Return what was written; must be whole bytes."""
        return self._value.to_bytes(self._length // 8)


def with_field(data: bytes, start: int, end: int, value: int, length: int) -> bytes:
    """Return data with the bits from ``start`` to ``end`` replaced by ``length`` others.

    The lengths differ by whole bytes, so all that follows stays aligned and is not shifted.
    """
    whole = -(-end // 8)
    behind = whole * 8 - end
    head = int.from_bytes(data[:whole])
    before = head >> whole * 8 - start
    new = (before << length | value) << behind | head & (1 << behind) - 1
    return new.to_bytes(whole + (length - end + start) // 8) + data[whole:]


def units_of(stream: bytes) -> Iterator[bytes]:
    """Yield the units of a stream with start codes (annex B), still escaped."""
    for unit in _START.split(stream):
        if unit:
            yield unit


def unescaped(unit: bytes) -> bytes:
    """Take out the bytes that keep start codes from appearing within a unit (section 7.4.1)."""
    return unit.replace(b"\x00\x00\x03", b"\x00\x00")


def escaped(unit: bytes) -> bytes:
    """Put in the bytes that keep start codes from appearing within a unit (section 7.4.1)."""
    return _TO_ESCAPE.sub(b"\x00\x00\x03", unit)
