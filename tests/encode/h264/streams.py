"""Streams of the real encoder."""

from __future__ import annotations

from fractions import Fraction

import av
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext

from videotoon.encode.encoders import OPEN_TO_REPEATS
from videotoon.frame import FrameSize


def open_x264(
    size: FrameSize,
    preset: str = "veryfast",
    params: str = OPEN_TO_REPEATS,
    pixel_format: str = "yuv420p",
    interlaced: bool = False,
) -> VideoCodecContext:
    """Open x264 with its parameter sets apart from the pictures."""
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = size.width, size.height, pixel_format
    context.time_base = Fraction(1, 25)
    context.thread_count = 1
    context.flags |= Flags.global_header
    if interlaced:
        context.flags |= Flags.interlaced_dct
    context.options = {"preset": preset, "x264-params": params}
    context.open()
    return context
