"""From painted planes to the pictures an encoder takes."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from videotoon.encode.encoders import EncoderPlan
from videotoon.frame import FrameSize, Plane, Planes

if TYPE_CHECKING:
    from av import VideoFrame


def encoded_size(size: FrameSize, plan: EncoderPlan) -> FrameSize:
    """Return the size that is encoded: odd sides grow by one where the encoder needs even ones."""
    if not plan.even_sides:
        return size
    return FrameSize(size.width + size.width % 2, size.height + size.height % 2)


def to_video_frame(planes: Planes, plan: EncoderPlan, pts: int, time_base: Fraction) -> VideoFrame:
    """Copy planes into a picture for the encoder; added rows and columns repeat the edge."""
    from av import VideoFrame

    size = encoded_size(planes.size, plan)
    alpha = planes.alpha if "yuva" in plan.pixel_format else None
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
    if layout != plan.pixel_format:
        frame = frame.reformat(format=plan.pixel_format)
    frame.pts = pts
    frame.time_base = time_base
    return frame
