"""An encoder's parameter sets: what they say of its slices, and how to count its pictures anew.

Section numbers are those of ITU-T H.264.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from videotoon.encode.h264.bits import (
    START_CODE,
    BitReader,
    BitWriter,
    UnsuitableStreamError,
    escaped,
    unescaped,
    units_of,
)
from videotoon.encode.h264.slices import MOST_COUNT_BITS, StreamLayout

SEQUENCE: Final = 7
PICTURE: Final = 8

_WITH_CHROMA_FORMAT: Final = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138})
"""Profiles whose sets begin with it."""

REORDERED: Final = 1
"""Pictures by which decoding runs ahead of showing, where there are B pictures."""

WAITING: Final = 2
"""Pictures that a decoder may keep back to bring them in order, more than there ever are."""

_OTHER_SHAPE: Final = 255
"""The shape of pixels is written out."""


def read_layout(parameters: bytes) -> StreamLayout:
    """Read an encoder's parameter sets.

    Args:
        parameters: One sequence and one picture parameter set with start codes.

    Raises:
        UnsuitableStreamError: There is something that is not understood here, or that would not
            let repeats in: fields, slice groups, weights that depend on distances in time.
    """
    sequence, pictures = _sets(parameters)
    return _read_picture_parameters(pictures, _read_sequence(sequence))


def wide_parameters(parameters: bytes) -> bytes:
    """Return parameter sets of the stream whose pictures are counted anew.

    Args:
        parameters: As for ``read_layout``.

    Raises:
        UnsuitableStreamError: As ``read_layout``; the counts are too long already; or B pictures
            are referred to.
    """
    sequence, pictures = _sets(parameters)
    wide = _wide_sequence(sequence, read_layout(parameters).wide_count_bits)
    return b"".join(START_CODE + escaped(unit) for unit in (wide, pictures))


def _sets(parameters: bytes) -> tuple[bytes, bytes]:
    """Return the sequence and the picture parameter set, without escaping."""
    units = [unescaped(unit) for unit in units_of(parameters)]
    sequences = [unit for unit in units if unit[0] & 31 == SEQUENCE]
    pictures = [unit for unit in units if unit[0] & 31 == PICTURE]
    _require(len(sequences) == len(pictures) == 1, "it has not one set of parameters of each kind")
    return sequences[0], pictures[0]


@dataclass(frozen=True, slots=True)
class _Sequence:
    """What a sequence parameter set says, and at which bits what will be written anew lies."""

    frame_number_bits: int
    order_count_bits: int
    macroblocks: int
    reordered: int
    buffered: int
    order_start: int
    order_end: int
    reordered_start: int
    buffered_end: int


def _read_sequence(unit: bytes) -> _Sequence:
    """Read a sequence parameter set (section 7.3.2.1.1)."""
    reader = BitReader(unit)
    reader.bits(8)
    profile = reader.bits(8)
    reader.bits(16)  # constraints, level
    reader.unsigned()  # number of the set
    if profile in _WITH_CHROMA_FORMAT:
        chroma, depths = reader.unsigned(), (reader.unsigned(), reader.unsigned())
        reader.flag()  # lossless blocks
        _require(chroma == 1 and depths == (0, 0), "it is not 8-bit 4:2:0")
        _require(not reader.flag(), "it has scaling matrices")
    frame_number_bits = reader.unsigned() + 4
    order_start = reader.position
    kind = reader.unsigned()
    _require(kind in (0, 2), "pictures are counted in cycles")
    order_count_bits = reader.unsigned() + 4 if kind == 0 else 0
    order_end = reader.position
    reader.unsigned()  # reference frames
    reader.flag()  # gaps
    macroblocks = (reader.unsigned() + 1) * (reader.unsigned() + 1)
    _require(reader.flag(), "it has fields")
    reader.flag()  # how direct blocks get their motion
    if reader.flag():
        _read_codes(reader, 4)  # what is cut off
    _require(reader.flag(), "it does not say how pictures are to be used")
    _skip_to_restrictions(reader)
    reordered_start = reader.position
    reordered, buffered = reader.unsigned(), reader.unsigned()
    return _Sequence(
        frame_number_bits=frame_number_bits,
        order_count_bits=order_count_bits,
        macroblocks=macroblocks,
        reordered=reordered,
        buffered=buffered,
        order_start=order_start,
        order_end=order_end,
        reordered_start=reordered_start,
        buffered_end=reader.position,
    )


def _skip_to_restrictions(reader: BitReader) -> None:
    """Read how pictures are to be used, up to ``max_num_reorder_frames`` (section E.1.1)."""
    if reader.flag() and reader.bits(8) == _OTHER_SHAPE:
        reader.bits(32)
    if reader.flag():
        reader.flag()  # overscan
    if reader.flag():
        reader.bits(4)  # format, range
        if reader.flag():
            reader.bits(24)  # primaries, transfer, matrix
    if reader.flag():
        _read_codes(reader, 2)  # chroma samples
    if reader.flag():
        reader.bits(65)  # frame rate
    _require(not (reader.flag() or reader.flag()), "it describes the decoder's buffers")
    reader.flag()  # picture structure
    _require(reader.flag(), "it does not say how pictures are ordered")
    reader.flag()  # motion beyond the borders
    _read_codes(reader, 4)  # bytes, bits, length of vectors


def _read_codes(reader: BitReader, count: int) -> None:
    for _ in range(count):
        reader.unsigned()


def _read_picture_parameters(unit: bytes, sequence: _Sequence) -> StreamLayout:
    """Read a picture parameter set (section 7.3.2.2)."""
    reader = BitReader(unit[1:])
    number = reader.unsigned()
    reader.unsigned()  # number of the sequence parameter set
    arithmetic = reader.flag()
    _require(not reader.flag(), "it has counts of fields")
    _require(reader.unsigned() == 0, "it has slice groups")
    reader.unsigned(), reader.unsigned()  # usual numbers of references
    weighted = reader.flag()
    _require(reader.bits(2) != 2, "weights of B slices depend on distances in time")
    first_quantiser = 26 + reader.signed()
    reader.signed(), reader.signed()  # other quantisers
    chosen_deblocking = reader.flag()
    reader.flag()  # intra blocks are predicted from intra blocks only
    _require(not reader.flag(), "it has redundant pictures")
    return StreamLayout(
        frame_number_bits=sequence.frame_number_bits,
        order_count_bits=sequence.order_count_bits,
        picture_parameters=number,
        macroblocks=sequence.macroblocks,
        arithmetic=arithmetic,
        weighted=weighted,
        chosen_deblocking=chosen_deblocking,
        first_quantiser=first_quantiser,
    )


def _wide_sequence(unit: bytes, count_bits: int) -> bytes:
    """Return a sequence parameter set whose picture order counts have so many bits.

    It lets more pictures be out of order than there are: some decoders have memory for just those,
    and beside them for pictures that are referred to. Repeats are none of these, and while they
    are waiting to be shown there would be none left to decode into.
    """
    _require(count_bits <= MOST_COUNT_BITS, "its picture counts are too long")
    sequence = _read_sequence(unit)
    _require(sequence.reordered <= REORDERED, "B pictures are referred to")
    value = int.from_bytes(unit)
    stop = len(unit) * 8 - (value & -value).bit_length()  # the last bit set ends the unit
    reader, writer = BitReader(unit), BitWriter()
    _copy(reader, writer, sequence.order_start)
    writer.unsigned(0)  # pic_order_cnt_type
    writer.unsigned(count_bits - 4)
    reader.bits(sequence.order_end - reader.position)
    _copy(reader, writer, sequence.reordered_start)
    writer.unsigned(max(WAITING, sequence.reordered))
    writer.unsigned(max(WAITING, sequence.buffered))
    reader.bits(sequence.buffered_end - reader.position)
    _copy(reader, writer, stop)
    writer.stop()
    return writer.to_bytes()


def _copy(reader: BitReader, writer: BitWriter, end: int) -> None:
    length = end - reader.position
    writer.bits(reader.bits(length), length)


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise UnsuitableStreamError(otherwise)
