"""Fields, codes, units and escaping are read as they were written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videotoon.encode.h264.bits import (
    START_CODE,
    BitReader,
    BitWriter,
    UnsuitableStreamError,
    escaped,
    unescaped,
    units_of,
    with_field,
)

CODES = {0: "1", 1: "010", 2: "011", 3: "00100", 6: "00111", 7: "0001000"}
"""Table 9-2."""

SIGNED = {0: 0, 1: 1, -1: 2, 2: 3, -2: 4}
"""Table 9-3."""


def bits_of(data: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in data)


def of_bits(bits: str) -> bytes:
    return int(bits, 2).to_bytes(len(bits) // 8)


@pytest.mark.parametrize(("number", "code"), CODES.items())
def test_codes_are_those_of_the_standard(number, code):
    writer = BitWriter()
    writer.unsigned(number)
    writer.fill(0)
    assert bits_of(writer.to_bytes()) == code.ljust(8, "0")


@pytest.mark.parametrize(("number", "code"), SIGNED.items())
def test_signed_codes_are_those_of_the_standard(number, code):
    one, other = BitWriter(), BitWriter()
    one.signed(number)
    other.unsigned(code)
    one.stop()
    other.stop()
    assert one.to_bytes() == other.to_bytes()


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("bits"), st.integers(0, 2**9 - 1)),
            st.tuples(st.just("unsigned"), st.integers(0, 2**20)),
            st.tuples(st.just("signed"), st.integers(-(2**20), 2**20)),
        )
    )
)
def test_fields_come_back(fields):
    writer = BitWriter()
    for kind, number in fields:
        writer.bits(number, 9) if kind == "bits" else getattr(writer, kind)(number)
    writer.stop()
    reader = BitReader(writer.to_bytes())
    for kind, number in fields:
        assert (reader.bits(9) if kind == "bits" else getattr(reader, kind)()) == number
    assert reader.flag(), "the stop bit follows"


def test_a_field_beyond_the_end_is_refused():
    reader = BitReader(b"\x00\x01")
    with pytest.raises(UnsuitableStreamError, match="ends"):
        reader.unsigned()
    with pytest.raises(UnsuitableStreamError, match="ends"):
        BitReader(b"\x00").bits(9)


@given(st.binary(min_size=3, max_size=40), st.data())
def test_a_field_is_replaced_by_one_that_is_whole_bytes_longer(data, draw):
    start = draw.draw(st.integers(0, len(data) * 8 - 1))
    end = draw.draw(st.integers(start, min(len(data) * 8, start + 16)))
    length = end - start + 8 * draw.draw(st.integers(0, 2))
    value = draw.draw(st.integers(0, (1 << length) - 1))
    bits = bits_of(data)
    field = f"{value:b}".zfill(length) if length else ""
    expected = bits[:start] + field + bits[end:]
    assert with_field(data, start, end, value, length) == of_bits(expected)


@given(st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 4, 255]), min_size=1, max_size=60))
def test_escaping_hides_start_codes_and_is_taken_back(codes):
    plain = bytes([*codes, 128])  # units end with a stop bit
    hidden = escaped(plain)
    assert not re.search(rb"\x00\x00[\x00-\x02]", hidden)
    assert unescaped(hidden) == plain
    assert list(units_of(START_CODE + hidden + b"\x00\x00\x01" + hidden)) == [hidden, hidden]
