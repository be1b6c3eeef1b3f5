"""Encoders are opened with as many threads as there are cores to use, no more."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import av
import pytest

from videotoon.encode import segment
from videotoon.encode.encoders import CONTAINERS, EncoderPlan
from videotoon.encode.segment import VideoFormat, add_encoder_stream
from videotoon.frame import BT709, FrameSize

X264 = VideoFormat(
    plan=EncoderPlan("x264", "libx264", "yuv420p", {"preset": "veryfast"}),
    container=CONTAINERS[".mp4"],
    size=FrameSize(64, 48),
    time_base=Fraction(1, 25),
    frame_rate=Fraction(25),
    sample_aspect_ratio=Fraction(1),
    colour=BT709,
)
VP9 = replace(X264, plan=EncoderPlan("vp9", "libvpx-vp9", "yuv420p"))


@pytest.mark.parametrize(("video", "threads"), [(X264, 5), (replace(X264, threads=2), 2), (VP9, 0)])
def test_threads(tmp_path, monkeypatch, video, threads):
    monkeypatch.setattr(segment, "usable_cores", lambda: 5)
    with av.open(str(tmp_path / "out.mp4"), "w") as output:
        stream = add_encoder_stream(output, video)
        assert stream.codec_context.thread_count == threads
