"""Slices of skipped macroblocks, bit by bit."""

from __future__ import annotations

import re

import pytest

from videotoon.encode.h264.arithmetic import all_skipped
from videotoon.encode.h264.bits import BitReader, unescaped
from videotoon.encode.h264.skipped import skipped_picture
from videotoon.encode.h264.slices import StreamLayout

GOLDEN = {6: "b680", 24: "6440", 3600: "00" * 16 + "049c"}
"""Read back by a decoder written after section 9.3.1.2 alone. Decoders in use take no notice of a
wrong end."""


@pytest.mark.parametrize("macroblocks", GOLDEN)
def test_arithmetic_coding_ends_as_it_should(macroblocks):
    assert all_skipped(macroblocks).hex() == GOLDEN[macroblocks]


def layout(**changes):
    values = {
        "frame_number_bits": 4, "order_count_bits": 6, "picture_parameters": 0, "macroblocks": 3600,
        "arithmetic": True, "weighted": True, "chosen_deblocking": True, "first_quantiser": 23,
    }  # fmt: skip
    return StreamLayout(**{**values, **changes})


@pytest.mark.parametrize("arithmetic", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("macroblocks", [1, 24, 3600, 32_400])
def test_no_start_code_appears_within(arithmetic, weighted, macroblocks):
    """Nearly all of its data are zeros."""
    kind = layout(arithmetic=arithmetic, weighted=weighted, macroblocks=macroblocks)
    for number in range(16):
        for count in (0, 2, 254, 256, 1000):
            unit = skipped_picture(kind, number, count)
            assert not re.search(rb"\x00\x00[\x00-\x02]", unit)
            assert unit[-1] != 0


@pytest.mark.parametrize("arithmetic", [True, False])
def test_its_header_says_what_it_refers_to(arithmetic):
    """One reference, the usual one: the last picture that may be referred to."""
    reader = BitReader(unescaped(skipped_picture(layout(arithmetic=arithmetic), 9, 300)))
    assert reader.bits(8) == 1, "a slice that nothing refers to"
    assert [reader.unsigned() for _ in range(3)] == [0, 5, 0], "first block, P, parameter set"
    assert (reader.bits(4), reader.bits(14)) == (9, 300), "frame number, count"
    assert (reader.flag(), reader.unsigned(), reader.flag()) == (True, 0, False), "one reference"
    assert (reader.unsigned(), reader.unsigned(), reader.bits(2)) == (0, 0, 0), "no weights"
    if arithmetic:
        assert reader.unsigned() == 0
    assert (reader.signed(), reader.unsigned()) == (51 - 23, 1), "quantiser, no deblocking"
    if not arithmetic:
        assert reader.unsigned() == 3600
