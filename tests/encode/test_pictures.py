"""Planes become pictures for an encoder: lent where they lie together, copied where not."""

from __future__ import annotations

import numpy as np
import pytest

from tests.test_frame import noise
from videotoon.encode.encoders import EncoderPlan
from videotoon.encode.pictures import to_video_frame
from videotoon.frame import FrameSize, Planes

X264 = EncoderPlan("x264", "libx264", "yuv420p")
VP9 = EncoderPlan("vp9", "libvpx-vp9", "yuv420p", even_sides=False)
PRORES = EncoderPlan("prores", "prores_ks", "yuv422p10le")


def content(frame) -> list[np.ndarray]:
    return [
        np.frombuffer(memoryview(plane), np.uint8)
        .reshape(-1, plane.line_size)[: plane.height, : plane.width]
        .copy()
        for plane in frame.planes
    ]


def apart(planes: Planes) -> Planes:
    return Planes(planes.y.copy(), planes.u.copy(), planes.v.copy(), planes.alpha)


@pytest.mark.parametrize("size", [FrameSize(64, 48), FrameSize(70, 50), FrameSize(2, 2)])
def test_lent_and_copied_pictures_hold_the_same(size):
    planes = noise(size)
    assert planes.joined is not None
    lent = to_video_frame(planes, X264)
    copied = to_video_frame(apart(planes), X264)
    for one, other, plane in zip(content(lent), content(copied), planes.colour_planes, strict=True):
        assert np.array_equal(one, plane)
        assert np.array_equal(other, plane)


def test_a_lent_picture_outlives_its_planes():
    planes = noise(FrameSize(640, 360), seed=1)
    expected = [plane.copy() for plane in planes.colour_planes]
    frame = to_video_frame(planes, X264)
    del planes
    others = [noise(FrameSize(640, 360), seed=seed) for seed in range(8)]
    assert all(map(np.array_equal, content(frame), expected))
    assert len(others) == 8


def test_an_odd_side_grows_by_repeating_the_edge():
    planes = noise(FrameSize(7, 5))
    luma, u, _v = content(to_video_frame(planes, X264))
    assert luma.shape == (6, 8)
    assert np.array_equal(luma[:5, :7], planes.y)
    assert np.array_equal(luma[:5, 7], planes.y[:, -1])
    assert np.array_equal(luma[5], luma[4])
    assert np.array_equal(u, planes.u)


def test_an_encoder_that_takes_odd_sides_gets_them():
    planes = noise(FrameSize(7, 5))
    frame = to_video_frame(planes, VP9)
    assert (frame.width, frame.height) == (7, 5)
    assert np.array_equal(content(frame)[0], planes.y)


def test_another_layout_is_converted_from_lent_planes_as_from_copied_ones():
    planes = noise(FrameSize(64, 48))
    one = to_video_frame(planes, PRORES)
    other = to_video_frame(apart(planes), PRORES)
    assert one.format.name == other.format.name == "yuv422p10le"
    assert all(map(np.array_equal, content_bytes(one), content_bytes(other)))


def content_bytes(frame) -> list[np.ndarray]:
    return [
        np.frombuffer(memoryview(plane), np.uint8)
        .reshape(-1, plane.line_size)[: plane.height, : 2 * plane.width]
        .copy()
        for plane in frame.planes
    ]
