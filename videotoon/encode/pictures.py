"""From painted planes to the pictures an encoder takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from videotoon.encode.encoders import EncoderPlan
from videotoon.frame import BT709, ColourTags, FrameSize, Plane, Planes

if TYPE_CHECKING:
    from av import VideoFrame


def encoded_size(size: FrameSize, plan: EncoderPlan) -> FrameSize:
    """Return the size that is encoded: odd sides grow by one where the encoder needs even ones."""
    if not plan.even_sides:
        return size
    return FrameSize(size.width + size.width % 2, size.height + size.height % 2)


def stored_colour(colour: ColourTags, plan: EncoderPlan) -> ColourTags:
    """Return the meaning of the codes that are encoded: limited range where no other is known."""
    return colour if plan.full_range else replace(colour, full_range=False)


def to_video_frame(planes: Planes, plan: EncoderPlan, colour: ColourTags = BT709) -> VideoFrame:
    """Turn planes into a picture for the encoder; added rows and columns repeat the edge.

    It says what its codes mean, since ProRes keeps that with each picture.
    Its time is set by whoever encodes it, each time anew.
    Planes that lie one after the other in memory are lent to the encoder, others are copied.
    """
    size = encoded_size(planes.size, plan)
    alpha = planes.alpha if "yuva" in plan.pixel_format else None
    frame = None if alpha is not None else _lent(planes)
    if frame is None:
        frame = _copied(planes, size, alpha)
    stored = stored_colour(colour, plan)
    if frame.format.name != plan.pixel_format or stored != colour:
        frame = frame.reformat(
            format=plan.pixel_format,
            src_color_range=2 if colour.full_range else 1,
            dst_color_range=2 if stored.full_range else 1,
        )
    frame.colorspace = stored.matrix
    frame.color_primaries, frame.color_trc = stored.primaries, stored.transfer
    return frame


def _lent(planes: Planes) -> VideoFrame | None:
    """Return a picture that uses the planes' own memory, or None where they are apart.

    Fresh memory for every picture would cost more than the copy itself: the system has to clear it.
    """
    from av import VideoFrame

    joined = planes.joined
    if joined is None or planes.size.height % 4:  # PyAV takes such heights for smaller ones
        return None
    return VideoFrame.from_numpy_buffer(joined, format="yuv420p")


def _copied(planes: Planes, size: FrameSize, alpha: Plane | None) -> VideoFrame:
    """Return a picture of ``size`` with the planes' content."""
    from av import VideoFrame

    layout = "yuva420p" if alpha is not None else "yuv420p"
    frame = VideoFrame(size.width, size.height, layout)
    sources: list[Plane] = [*planes.colour_planes]
    if alpha is not None:
        sources.append(alpha)
    for plane, source in zip(frame.planes, sources, strict=True):
        target = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(
            plane.height, plane.line_size
        )
        height, width = source.shape
        target[:height, :width] = source
        if plane.width > width:
            target[:height, width] = source[:, -1]
        if plane.height > height:
            target[height] = target[height - 1]
    return frame
