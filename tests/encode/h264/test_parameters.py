"""Parameter sets and slices of the real encoder are understood and counted anew."""

from __future__ import annotations

from io import BytesIO

import pytest
from av import Packet, VideoFrame

from tests.encode.h264.streams import open_x264
from tests.encode.h264.traced import HAS_TRACE, trace
from videotoon.encode.h264.bits import (
    START_CODE,
    BitReader,
    UnsuitableStreamError,
    unescaped,
    units_of,
)
from videotoon.encode.h264.parameters import WAITING, read_layout, wide_parameters
from videotoon.encode.h264.repeats import RepeatWeaver
from videotoon.encode.h264.slices import SliceHead, is_slice
from videotoon.frame import FrameSize
from videotoon.settings import X264_PRESETS

SMALL = FrameSize(64, 48)


@pytest.mark.parametrize("preset", X264_PRESETS)
@pytest.mark.parametrize("size", [FrameSize(1280, 720), FrameSize(50, 34)], ids=str)
def test_every_preset_is_understood(preset, size):
    parameters = open_x264(size, preset).extradata
    layout, wide = read_layout(parameters), wide_parameters(parameters)
    assert layout.macroblocks == -(-size.width // 16) * -(-size.height // 16)
    assert layout.arithmetic == (preset != "ultrafast")
    wider = read_layout(wide)
    assert wider.order_count_bits == layout.wide_count_bits <= 16
    assert wider.frame_number_bits == layout.frame_number_bits
    assert [*units_of(wide)][1:] == [*units_of(parameters)][1:], "picture parameters stay"


@pytest.mark.skipif(not HAS_TRACE, reason="this build of FFmpeg cannot trace headers")
@pytest.mark.parametrize("preset", ["ultrafast", "veryfast"])
@pytest.mark.parametrize("size", [SMALL, FrameSize(50, 34)], ids=str)
def test_the_rest_of_the_parameters_stays(preset, size):
    context = open_x264(size, preset)
    plain = context.extradata
    picture = VideoFrame(size.width, size.height, "yuv420p")
    picture.pts = 0
    (coded,) = (*context.encode(picture), *context.encode(None))
    weaver = RepeatWeaver(read_layout(plain))
    weaver.show(0)
    (woven,) = weaver.weave(bytes(coded), 0, few=True)
    sequence, pictures, *_ = trace(BytesIO(plain + bytes(coded)))
    other, other_pictures, *_ = trace(BytesIO(wide_parameters(plain) + woven.data))
    assert pictures == other_pictures
    changed = {name for name in {**sequence, **other} if sequence.get(name) != other.get(name)}
    changed -= {"rbsp_alignment_zero_bit"}
    bits = "log2_max_pic_order_cnt_lsb_minus4"
    waiting = {"max_num_reorder_frames", "max_dec_frame_buffering"}
    assert changed <= {"pic_order_cnt_type", bits} | waiting
    assert other["max_num_reorder_frames"] == WAITING <= other["max_dec_frame_buffering"]
    assert other["pic_order_cnt_type"] == 0
    assert other[bits] == (12 if preset == "ultrafast" else sequence[bits] + 8)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"params": "weightb=1"}, "distances in time"),
        ({"interlaced": True}, "fields"),
        ({"pixel_format": "yuv444p"}, "4:2:0"),
        ({"pixel_format": "yuv420p10le"}, "4:2:0"),
    ],
)
def test_streams_that_do_not_let_repeats_in_are_refused(changes, why):
    parameters = open_x264(SMALL, **changes).extradata
    with pytest.raises(UnsuitableStreamError, match=why):
        read_layout(parameters)


@pytest.mark.parametrize("kept", range(0, 24, 3))
def test_parameters_that_are_missing_or_cut_are_refused(kept):
    units = units_of(open_x264(SMALL).extradata)
    with pytest.raises(UnsuitableStreamError):
        read_layout(b"".join(START_CODE + unit[:kept] for unit in units if kept < len(unit)))


def test_references_among_b_pictures_are_refused():
    with pytest.raises(UnsuitableStreamError, match="B pictures"):
        wide_parameters(open_x264(SMALL, params="weightb=0").extradata)


def test_counts_are_made_longer_once():
    wide = wide_parameters(open_x264(SMALL).extradata)
    with pytest.raises(UnsuitableStreamError, match="too long"):
        wide_parameters(wide)


@pytest.mark.parametrize("bframes", [0, 3])
def test_slices_tell_their_place(bframes):
    params = f"weightb=0:b-pyramid=none:bframes={bframes}:keyint=20:b-adapt=0:scenecut=0"
    context = open_x264(SMALL, params=params)
    layout = read_layout(context.extradata)
    packets = []
    for number in range(50):
        picture = VideoFrame(SMALL.width, SMALL.height, "yuv420p")
        picture.pts = number
        packets += context.encode(picture)
    packets += context.encode(None)
    heads = {packet.pts or 0: layout.read_slice(_slice(packet)) for packet in packets}
    keys = [pts for pts in sorted(heads) if heads[pts].key]
    assert keys == [0, 20, 40]
    assert all(heads[pts].frame_number == 0 for pts in keys)
    assert bframes or all(head.reference for head in heads.values())
    for packet in packets:
        unit, head = _slice(packet), heads[packet.pts or 0]
        assert head.order_end - head.order_start == layout.order_count_bits
        assert _count(unit, head) == 2 * (packet.pts % 20) % (1 << layout.order_count_bits)


@pytest.mark.parametrize("bframes", [0, 3])
def test_slices_are_counted_anew(bframes):
    context = open_x264(SMALL, params=f"weightb=0:b-pyramid=none:bframes={bframes}")
    parameters = context.extradata
    layout, wide = read_layout(parameters), read_layout(wide_parameters(parameters))
    picture = VideoFrame(SMALL.width, SMALL.height, "yuv420p")
    picture.pts = 0
    (unit,) = [_slice(packet) for packet in (*context.encode(picture), *context.encode(None))]
    counted = layout.counted_slice(unit, layout.read_slice(unit), 1234)
    head = wide.read_slice(counted)
    assert _count(counted, head) == 1234
    assert head.key
    assert (len(counted) - len(unit)) * 8 == wide.order_count_bits - layout.order_count_bits


def test_what_cannot_be_referred_to_is_not_repeated():
    context = open_x264(SMALL, params="weightb=0:b-pyramid=none:bframes=3:b-adapt=0")
    weaver = RepeatWeaver(read_layout(context.extradata))
    packets = []
    for number in range(0, 20, 2):
        picture = VideoFrame(SMALL.width, SMALL.height, "yuv420p")
        picture.pts = number
        packets += context.encode(picture)
        weaver.show(number)
        weaver.repeat(number, number + 1)
    packets += context.encode(None)
    with pytest.raises(UnsuitableStreamError, match="cannot be referred to"):
        [list(weaver.weave(bytes(packet), packet.pts or 0)) for packet in packets]


def test_pictures_that_were_not_written_are_missed():
    weaver = RepeatWeaver(read_layout(open_x264(SMALL).extradata))
    weaver.show(0)
    with pytest.raises(UnsuitableStreamError, match="1 pictures were not written"):
        list(weaver.finish())


def _slice(packet: Packet) -> bytes:
    return next(unit for unit in map(unescaped, units_of(bytes(packet))) if is_slice(unit))


def _count(unit: bytes, head: SliceHead) -> int:
    reader = BitReader(unit)
    reader.bits(head.order_start)
    return reader.bits(head.order_end - head.order_start)
