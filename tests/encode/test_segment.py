"""A segment's file holds every frame at its time, whether its picture is new or repeated."""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import PictureType

from tests.test_frame import noise
from videotoon.encode.encoders import CONTAINERS, plan_encoder, work_container
from videotoon.encode.scheduling import TASKS
from videotoon.encode.segment import SegmentEncoder, SegmentRecord, VideoFormat
from videotoon.frame import BT709, ColourTags, Frame, FrameSize, Planes
from videotoon.settings import Settings

TICK = Fraction(1, 30)
HELD = (0, 0, 0, 1, 1, 2, 0, 0, 2)
"""Which of three pictures each frame shows."""

TIMES = [0, 1, 2, 3, 5, 6, 7, 8, 9]


def video_format(
    encoder: str, suffix: str, size: FrameSize, colour: ColourTags = BT709, cache_frames: int = 8
) -> VideoFormat:
    container = CONTAINERS[suffix]
    plan = plan_encoder(Settings(encoder=encoder, cache_frames=cache_frames), container)
    return VideoFormat(
        plan=plan, container=work_container(container, plan),
        size=size, time_base=TICK, frame_rate=1 / TICK,
        sample_aspect_ratio=Fraction(1), colour=colour, threads=1,
    )  # fmt: skip


def encoded(
    folder: Path,
    pictures: list[Planes],
    encoder: str,
    suffix: str = ".mkv",
    colour: ColourTags = BT709,
    cache_frames: int = 8,
) -> tuple[SegmentRecord, Path]:
    """A segment of one picture a frame; frames 4 and later come one tick late."""
    folder.mkdir()
    video = video_format(encoder, suffix, pictures[0].size, colour, cache_frames)
    segment = SegmentEncoder(video, folder, 0)
    for index, planes in enumerate(pictures):
        segment.write(
            Frame(index, pts=index + (index >= 4), time_base=TICK, planes=planes, duration=1)
        )
    record = segment.finish()
    return record, folder / record.file


@pytest.mark.parametrize("encoder", ["x264", "vp9"])
def test_repeated_pictures_are_encoded_as_fresh_ones_would_be(tmp_path, encoder):
    kinds = [noise(FrameSize(96, 64), seed=seed) for seed in range(3)]
    same = [kinds[kind] for kind in HELD]
    fresh = [replace(planes, y=planes.y.copy()) for planes in same]
    one, file = encoded(tmp_path / "same", same, encoder)
    other, fresh_file = encoded(tmp_path / "fresh", fresh, encoder)
    assert one.digest == other.digest
    contents = []
    for path in (file, fresh_file):
        with av.open(str(path)) as container:
            frames = list(container.decode(video=0))
        assert [round(frame.time * 30) for frame in frames] == TIMES
        contents.append([frame.to_ndarray().tobytes() for frame in frames])
    assert contents[0] == contents[1]
    assert len(set(contents[0])) >= len(kinds)


def test_x264_predicts_a_repeat_from_the_frame_before_alone(tmp_path):
    """It is told to: to look for repeats in later frames takes a fifth of its time."""
    kinds = [noise(FrameSize(96, 64), seed=seed) for seed in range(3)]
    pictures = [kinds[n // 4] for n in range(12)]
    _, file = encoded(tmp_path / "held", pictures, "x264", cache_frames=0)
    with av.open(str(file)) as container:
        types = [PictureType(frame.pict_type).name for frame in container.decode(video=0)]
    assert types[0] == "I"
    assert [types[n] for n in range(12) if n % 4] == ["P"] * 9


@pytest.mark.parametrize(
    ("suffix", "encoder"),
    [(suffix, name) for suffix, container in CONTAINERS.items() for name in container.encoders],
)
def test_every_encoder_of_every_container_gets_segments_that_hold_it(tmp_path, suffix, encoder):
    if plan_encoder(Settings(encoder=encoder), CONTAINERS[suffix]).codec not in av.codecs_available:
        pytest.skip(f"this build of FFmpeg has no {encoder}")
    pictures = [noise(FrameSize(96, 64), seed=seed) for seed in range(len(HELD))]
    _record, file = encoded(tmp_path / "work", pictures, encoder, suffix)
    with av.open(str(file)) as container:
        assert [round(frame.time * 30) for frame in container.decode(video=0)] == TIMES


@pytest.mark.parametrize("encoder", ["x264", "x265", "svtav1", "prores"])
def test_the_last_frame_lasts_as_long_as_it_did(tmp_path, encoder):
    times = (0, 1, 3, 4, 10, 25, 26, 27)
    pictures = [noise(FrameSize(96, 64), seed=seed) for seed in range(len(times))]
    container = CONTAINERS[".mkv"]
    plan = plan_encoder(Settings(encoder=encoder), container)
    rate = len(times) / (times[-1] * TICK)
    video = VideoFormat(
        plan=plan, container=work_container(container, plan),
        size=pictures[0].size, time_base=TICK, frame_rate=rate,
        sample_aspect_ratio=Fraction(1), colour=BT709, steady=False, threads=1,
    )  # fmt: skip
    segment = SegmentEncoder(video, tmp_path, 0)
    for index, (time, planes) in enumerate(zip(times, pictures, strict=True)):
        segment.write(Frame(index, pts=time, time_base=TICK, planes=planes, duration=1))
    with av.open(str(tmp_path / segment.finish().file)) as written:
        stream = written.streams.video[0]
        packets = [packet for packet in written.demux(stream) if packet.size]
        assert [round(packet.pts * packet.time_base / TICK) for packet in packets] == [*times]
        assert stream.duration * stream.time_base == (times[-1] + 1) * TICK


@pytest.mark.parametrize("suffix", [".mov", ".mkv"])
@pytest.mark.parametrize("full_range", [False, True])
def test_prores_says_what_its_codes_mean(tmp_path, suffix, full_range):
    colour = ColourTags(6, full_range, 6, 6)
    grey = np.full((32, 48), 128, np.uint8)
    planes = Planes(np.tile(np.arange(32, 224, 2, dtype=np.uint8), (64, 1)), grey, grey.copy())
    _record, file = encoded(tmp_path / "work", [planes], "prores", suffix, colour)
    with av.open(str(file)) as container:
        frame = next(container.decode(video=0))
    assert (frame.colorspace, frame.color_primaries, frame.color_trc) == (6, 6, 6)
    assert frame.color_range == 1, "decoders take ProRes for limited range"
    luma = frame.reformat(format="yuv422p").planes[0]
    wanted = planes.y.astype(float)
    if full_range:
        wanted = 16 + wanted * 219 / 255
    found = np.frombuffer(memoryview(luma), np.uint8).reshape(luma.height, luma.line_size)
    assert np.abs(found[:, : luma.width] - wanted).mean() < 1.5


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="Linux alone schedules so")
@pytest.mark.parametrize("encoder", ["svtav1", "x264"])
def test_an_encoder_takes_no_realtime_priority(tmp_path, encoder):
    if plan_encoder(Settings(encoder=encoder), CONTAINERS[".mkv"]).codec not in av.codecs_available:
        pytest.skip(f"this build of FFmpeg has no {encoder}")
    segment = SegmentEncoder(video_format(encoder, ".mkv", FrameSize(96, 64)), tmp_path, 0)
    planes = noise(FrameSize(96, 64), seed=1)
    segment.write(Frame(0, pts=0, time_base=TICK, planes=planes, duration=1))
    kinds = {os.sched_getscheduler(int(task.name)) for task in TASKS.iterdir()}
    segment.finish()
    assert kinds == {os.SCHED_OTHER}
