"""Pictures that are shown more than once are coded once, and everything else stays as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.frame import PictureType
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encode.coded import (
    SMALL,
    TICK,
    assert_whole,
    moving,
    plan_for,
    read,
    video_format,
    written,
)
from tests.encode.h264.traced import HAS_TRACE, Unit, trace
from videotoon.encode.encoders import CONTAINERS, EncoderPlan, plan_encoder
from videotoon.encode.h264.repeats import MOST_REPEATS
from videotoon.encode.pictures import to_video_frame
from videotoon.encode.segment import add_encoder_stream
from videotoon.errors import EncodeError
from videotoon.frame import BT709, FrameSize, Plane, Planes
from videotoon.settings import X264_PRESETS, Settings

HELD = [2, 1, 1, 4, 4, 1, 1, 1, 1, 1, 3, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 5, 1, 1, 3]
"""How often each picture is shown; where none is held, there are B pictures."""


@pytest.mark.parametrize("steady", [True, False], ids=["steady", "variable"])
@pytest.mark.parametrize("preset", X264_PRESETS)
def test_held_pictures_are_shown_as_often_as_they_were(tmp_path, preset, steady):
    pictures = moving(SMALL, len(HELD))
    found = written(tmp_path, pictures, HELD, plan_for(preset), steady)
    assert_whole(found, pictures, HELD)
    assert found.times == list(range(sum(HELD)))


@pytest.mark.parametrize(
    "size", [FrameSize(2, 2), FrameSize(16, 16), FrameSize(50, 34), FrameSize(1280, 720)], ids=str
)
def test_pictures_of_any_size_are_held(tmp_path, size):
    shown = [1, 3, 1, 2, 1, 1, 1, 4]
    pictures = moving(size, len(shown))
    assert_whole(written(tmp_path, pictures, shown), pictures, shown)


@pytest.mark.parametrize(
    "shown",
    [[1], [2], [9], [1, 1], [1, 3], [3, 1], [2, 2], [1, 1, 1], [1, 1, 2], [4] * 12],
    ids=str,
)
def test_few_pictures_are_held(tmp_path, shown):
    pictures = moving(SMALL, len(shown))
    found = written(tmp_path, pictures, shown)
    assert_whole(found, pictures, shown)
    assert found.times == list(range(sum(shown)))


@pytest.mark.skipif(not HAS_TRACE, reason="this build of FFmpeg cannot trace headers")
@pytest.mark.parametrize("steady", [True, False], ids=["steady", "variable"])
def test_the_stream_is_one_that_decoders_have_memory_for(tmp_path, steady):
    """FFmpeg reads the headers: counts rise by two, and not too many repeats follow each other."""
    shown = [1, 50, 1, 1, 1, 1, 4, 1, 1, 1, 1, 1, 5, 1]
    pictures = moving(SMALL, len(shown))
    found = written(tmp_path, pictures, shown, steady=steady)
    assert_whole(found, pictures, shown)
    (file,) = tmp_path.glob("*.mp4")
    units = trace(file)
    sequence = units[0]
    assert sequence["max_num_reorder_frames"] == MOST_REPEATS - 1
    assert sequence["max_dec_frame_buffering"] >= sequence["max_num_reorder_frames"]
    slices = [unit for unit in units if "slice_type" in unit]
    bits = sequence["log2_max_pic_order_cnt_lsb_minus4"] + 4
    order = {packet.pts: unit["pic_order_cnt_lsb"]
             for packet, unit in zip(found.packets, slices, strict=True)}  # fmt: skip
    assert [order[pts] for pts in found.times] == [2 * n % (1 << bits) for n in range(sum(shown))]
    repeats = "".join("r" if _is_repeat(unit) else "c" for unit in slices)
    assert max(map(len, repeats.split("c"))) == MOST_REPEATS
    assert ("1" in "".join(str(unit["slice_type"] % 5) for unit in slices)) == steady, "B pictures"


@pytest.mark.skipif(not HAS_TRACE, reason="this build of FFmpeg cannot trace headers")
@pytest.mark.parametrize("more", ["", ":slices=3", ":bframes=8", ":ref=4"])
def test_pictures_are_counted_from_each_key_picture_on(tmp_path, more):
    plan = plan_for()
    params = f"{plan.options['x264-params']}:keyint=5:min-keyint=1{more}"
    plan = replace(plan, options={**plan.options, "x264-params": params})
    pictures = moving(FrameSize(96, 96), len(HELD))
    found = written(tmp_path, pictures, HELD, plan)
    assert_whole(found, pictures, HELD)
    (file,) = tmp_path.glob("*.mp4")
    slices = [unit for unit in trace(file) if unit.get("first_mb_in_slice") == 0]
    keys = [unit["nal_unit_type"] == 5 for unit in slices]
    assert [packet.key for packet in found.packets] == keys
    assert 3 < sum(keys) < len(HELD)
    shown = sorted(zip(found.packets, slices, strict=True), key=lambda pair: pair[0].pts)
    place = 0
    for packet, unit in shown:
        place = 0 if packet.key else place
        assert unit["pic_order_cnt_lsb"] == 2 * place
        place += 1


def _is_repeat(unit: Unit) -> bool:
    return unit["nal_ref_idc"] == 0 and unit["slice_type"] == 5


@pytest.mark.parametrize("steady", [True, False], ids=["steady", "variable"])
def test_times_and_durations_stay(tmp_path, steady):
    shown = [1, 2, 1, 3, 1, 1, 1, 1, 2]
    times = [0, 1, 3, 4, 10, 11, 25, 26, 27, 29, 30, 31, 34]
    pictures = moving(SMALL, len(shown))
    found = written(tmp_path, pictures, shown, steady=steady, times=times)
    assert found.times == times
    by_time = sorted((packet.pts, packet.duration) for packet in found.packets)
    assert [pts for pts, _ in by_time] == times
    if not steady:
        assert [duration for _, duration in by_time] == list(np.diff([*times, times[-1] + 1]))


@pytest.mark.parametrize("preset", ["ultrafast", "veryfast", "slow"])
@pytest.mark.parametrize("steady", [True, False], ids=["steady", "variable"])
def test_room_for_repeats_changes_no_pixel(tmp_path, preset, steady):
    """A decoder that took the room for distances in time would predict something else."""
    pictures = moving(SMALL, 80)
    plan = plan_for(preset)
    plain = replace(plan, spares_repeats=False)
    shown = [1] * len(pictures)
    with_room = written(tmp_path / "room", pictures, shown, plan, steady)
    without = written(tmp_path / "plain", pictures, shown, plain, steady)
    pairs = zip(with_room.pictures, without.pictures, strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)
    assert [replace(packet, size=0) for packet in with_room.packets] == [
        replace(packet, size=0) for packet in without.packets
    ]
    assert 0 <= with_room.size - without.size <= 4 * len(pictures)


def unwoven(
    folder: Path, pictures: list[Planes], shown: list[int], plan: EncoderPlan
) -> list[Plane]:
    """Give x264 the same pictures by the same clock, and take its stream as it is."""
    video = video_format(plan, pictures[0].size)
    file = folder / "unwoven.mp4"
    with av.open(str(file), "w") as output:
        stream = add_encoder_stream(output, video)
        repeats = 0
        for number, (planes, times) in enumerate(zip(pictures, shown, strict=True)):
            picture = to_video_frame(planes, plan, BT709)
            clock = number + repeats - repeats // 2
            picture.pts, picture.time_base, picture.duration = clock, TICK, 1
            picture.pict_type = PictureType.P if times > 1 and number else PictureType.NONE
            output.mux(stream.encode(picture))
            repeats += times - 1
        output.mux(stream.encode(None))
    return read(file).pictures


@pytest.mark.parametrize("preset", ["ultrafast", "veryfast", "slow", "veryslow"])
def test_repeats_change_no_other_picture(tmp_path, preset):
    """A picture predicted by distances in time would be another one with repeats in between."""
    shown = [min(times, MOST_REPEATS + 1) for times in HELD] * 2
    pictures = moving(SMALL, len(shown))
    plan = plan_for(preset)
    found = written(tmp_path, pictures, shown, plan).pictures
    firsts = [sum(shown[:number]) for number in range(len(shown))]
    pairs = zip(firsts, unwoven(tmp_path, pictures, shown, plan), strict=True)
    assert all(np.array_equal(found[place], alone) for place, alone in pairs)


@pytest.mark.parametrize("times", [2, 4])
def test_a_held_clip_is_about_as_large_as_with_its_repeats_coded(tmp_path, times):
    """By the true times, x264 would take two fifths more for pictures held four times."""
    pictures = moving(FrameSize(320, 192), 48)
    shown = [times] * len(pictures)
    woven = written(tmp_path / "woven", pictures, shown)
    plain = plan_encoder(Settings(cache_frames=0), CONTAINERS[".mp4"])
    coded = written(tmp_path / "coded", pictures, shown, plain)
    assert woven.size < 1.2 * coded.size
    frames = [one for one in pictures for _ in range(times)]
    closer = [
        cv2.PSNR(one[:192], planes.y) - cv2.PSNR(other[:192], planes.y)
        for one, other, planes in zip(woven.pictures, coded.pictures, frames, strict=True)
    ]
    assert np.mean(closer) > 0.5


def test_an_encoder_of_another_kind_codes_every_picture(tmp_path):
    """Weights by distance in time forbid room; the result is whole all the same."""
    plan = plan_for()
    unfit = replace(plan, options={**plan.options, "x264-params": "weightb=1"})
    pictures = moving(SMALL, len(HELD))
    found = written(tmp_path, pictures, HELD, unfit)
    assert found.times == list(range(sum(HELD)))
    if HAS_TRACE:
        (file,) = tmp_path.glob("*.mp4")
        assert not any(_is_repeat(unit) for unit in trace(file) if "slice_type" in unit)


def test_an_encoder_that_does_not_open_leaves_no_file(tmp_path):
    plan = replace(plan_for(), options={"preset": "none such"})
    with pytest.raises(EncodeError, match="encoder x264 failed"):
        written(tmp_path, moving(SMALL, 1), [1], plan)
    assert not [*tmp_path.iterdir()]


def test_without_a_cache_every_picture_is_coded(tmp_path):
    plan = plan_encoder(Settings(cache_frames=0), CONTAINERS[".mp4"])
    assert not plan.spares_repeats
    assert "weightb" not in plan.options.get("x264-params", "")


def test_lossless_pictures_are_held(tmp_path):
    pictures = moving(SMALL, len(HELD))
    plan = plan_encoder(Settings(quality=0), CONTAINERS[".mp4"])
    found = written(tmp_path, pictures, HELD, plan)
    frames = [one for one, count in zip(pictures, HELD, strict=True) for _ in range(count)]
    for picture, planes in zip(found.pictures, frames, strict=True):
        assert np.array_equal(picture[: SMALL.height], planes.y)


def test_an_encoder_that_does_not_wait_is_refused(tmp_path):
    """Pictures that are written before they are known to be repeated would lose their repeats."""
    plan = plan_for("ultrafast")
    params = plan.options["x264-params"] + ":force-cfr=1"
    plan = replace(plan, options={**plan.options, "x264-params": params, "tune": "zerolatency"})
    with pytest.raises(EncodeError, match="--cache-frames 0"):
        written(tmp_path, moving(SMALL, 10), [3] * 10, plan)


def test_the_clock_of_the_encoder_counts_time_not_frames(tmp_path):
    """Whatever unit it is counted in, and however unevenly, pictures come out the same."""
    pictures, shown = moving(SMALL, 30), [1, 4, 2, 1, 1, 3] * 5
    times = list(range(sum(shown)))
    fine = [33 * time + time // 3 for time in times]
    found = written(tmp_path, pictures, shown, times=fine)
    assert found.times == fine
    assert_whole(found, pictures, shown)


@settings(max_examples=25, deadline=None)
@given(
    shown=st.lists(st.sampled_from([1, 1, 1, 2, 3, 7]), min_size=1, max_size=40),
    seed=st.integers(0, 99),
    scene=st.integers(0, 40),
)
def test_any_row_of_holds_is_whole(tmp_path_factory, shown, seed, scene):
    pictures = moving(FrameSize(48, 32), len(shown), seed)
    pictures[scene:] = moving(FrameSize(48, 32), len(shown), seed + 1)[scene:]
    assert_whole(written(tmp_path_factory.mktemp("held"), pictures, shown), pictures, shown)
