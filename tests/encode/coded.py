"""Pictures shown as often as a test says, coded into a file and read back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from videotoon.encode.encoders import CONTAINERS, EncoderPlan, plan_encoder
from videotoon.encode.h264.repeats import MOST_REPEATS
from videotoon.encode.segment import SegmentEncoder, VideoFormat
from videotoon.frame import BT709, Frame, FrameSize, Plane, Planes
from videotoon.settings import Settings

TICK = Fraction(1, 30)
SMALL = FrameSize(96, 64)


@dataclass(frozen=True)
class Coded:
    pts: int
    dts: int
    duration: int
    key: bool
    size: int


@dataclass(frozen=True)
class Written:
    """What is in a file: packets in decode order, frames in presentation order."""

    packets: list[Coded]
    times: list[int]
    pictures: list[Plane]

    @property
    def size(self) -> int:
        return sum(packet.size for packet in self.packets)


def moving(size: FrameSize, count: int, seed: int = 0) -> list[Planes]:
    """Blurred noise that moves, with changing chroma; B pictures are worth it here."""
    random = np.random.default_rng(seed)
    wide = random.integers(0, 255, (size.height, size.width + 4 * count), np.uint8)
    wide = cv2.GaussianBlur(wide, (9, 9), 0)
    wide = cv2.normalize(wide, None, 16, 235, cv2.NORM_MINMAX)
    chroma = size.chroma
    pictures = []
    for number in range(count):
        luma = np.ascontiguousarray(wide[:, 4 * number : 4 * number + size.width])
        u = np.full((chroma.height, chroma.width), 90 + number % 60, np.uint8)
        pictures.append(Planes(luma, u, u[::-1].copy()))
    return pictures


def plan_for(preset: str = "veryfast", **changes: object) -> EncoderPlan:
    return replace(plan_encoder(Settings(preset=preset), CONTAINERS[".mp4"]), **changes)


def video_format(plan: EncoderPlan, size: FrameSize, steady: bool = True) -> VideoFormat:
    return VideoFormat(
        plan=plan, container=CONTAINERS[".mp4"], size=size, time_base=TICK, frame_rate=1 / TICK,
        sample_aspect_ratio=Fraction(1), colour=BT709, steady=steady, threads=1,
    )  # fmt: skip


def written(
    folder: Path,
    pictures: list[Planes],
    shown: list[int],
    plan: EncoderPlan | None = None,
    steady: bool = True,
    times: list[int] | None = None,
) -> Written:
    """Show each picture as often as ``shown`` says and read the file."""
    folder.mkdir(parents=True, exist_ok=True)
    video = video_format(plan or plan_for(), pictures[0].size, steady)
    segment = SegmentEncoder(video, folder, 0)
    frames = [one for one, count in zip(pictures, shown, strict=True) for _ in range(count)]
    times = times or list(range(len(frames)))
    ends = [*times[1:], times[-1] + 1]
    for index, (planes, pts, end) in enumerate(zip(frames, times, ends, strict=True)):
        segment.write(Frame(index, pts, TICK, planes, end - pts))
    return read(folder / segment.finish().file)


def read(file: Path) -> Written:
    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        ticks = stream.time_base / TICK
        packets = []
        for packet in container.demux(stream):
            if packet.size:
                times = (packet.pts, packet.dts, packet.duration)
                pts, dts, duration = (round(time * ticks) for time in times if time is not None)
                packets.append(Coded(pts, dts, duration, packet.is_keyframe, packet.size))
    with av.open(str(file)) as container:
        frames = list(container.decode(video=0))
    shown = [round(frame.time / float(TICK)) for frame in frames]
    pictures = [frame.to_ndarray().astype(np.uint8, copy=False) for frame in frames]
    return Written(packets, shown, pictures)


def assert_whole(found: Written, pictures: list[Planes], shown: list[int]) -> None:
    """Check every picture, that repeats equal it, and that a decoder can keep the times.

    Pictures that are held for long are coded anew every now and then.
    """
    count = sum(shown)
    assert len(found.pictures) == len(found.packets) == count
    decode_times = [packet.dts for packet in found.packets]
    assert decode_times == sorted(set(decode_times))
    assert all(packet.dts <= packet.pts for packet in found.packets)
    assert found.packets[0].key
    place = 0
    for planes, times in zip(pictures, shown, strict=True):
        for begin in range(place, place + times, MOST_REPEATS + 1):
            end = min(begin + MOST_REPEATS + 1, place + times)
            first, *others = found.pictures[begin:end]
            height = planes.size.height
            assert cv2.PSNR(first[:height], planes.y) > 34
            assert np.abs(first[height:].mean() - np.mean([planes.u, planes.v])) < 2
            assert all(np.array_equal(first, other) for other in others)
        place += times
