"""From painted planes to what windows and encoders take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from videotoon.frame import ColourTags, FrameSize, Plane, Planes

if TYPE_CHECKING:
    from av import VideoFrame

Bgr = NDArray[np.uint8]
"""A picture for OpenCV, shape (height, width, 3), BGR."""

_MATRICES = {1: "ITU709", 5: "ITU601", 6: "ITU601", 4: "FCC", 7: "SMPTE240M", 9: "BT2020"}


def even(size: FrameSize) -> FrameSize:
    """Return a size with even sides, as live encoders need; a last odd row or column goes."""
    return FrameSize(max(2, size.width // 2 * 2), max(2, size.height // 2 * 2))


def video_frame(planes: Planes, size: FrameSize | None = None) -> VideoFrame:
    """Copy planes into a picture of FFmpeg's, cropped to ``size``."""
    from av import VideoFrame

    size = size or planes.size
    frame = VideoFrame(size.width, size.height, "yuv420p")
    for plane, source in zip(frame.planes, planes.colour_planes, strict=True):
        target = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(
            plane.height, plane.line_size
        )
        height, width = min(source.shape[0], plane.height), min(source.shape[1], plane.width)
        target[:height, :width] = source[:height, :width]
    return frame


def to_bgr(planes: Planes, colour: ColourTags) -> Bgr:
    """Convert planes for the screen."""
    from av.video.reformatter import ColorRange, Colorspace

    matrix: Any = getattr(Colorspace, _MATRICES.get(colour.matrix, "ITU709"))
    shown = video_frame(planes).reformat(
        format="bgr24",
        src_colorspace=matrix,
        src_color_range=ColorRange.JPEG if colour.full_range else ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
    )
    return np.asarray(shown.to_ndarray(), np.uint8)


def flat_planes(planes: Planes, size: FrameSize) -> Plane:
    """Return planes below each other in one array (I420), cropped to an even ``size``."""
    half = size.chroma
    parts = (
        planes.y[: size.height, : size.width],
        planes.u[: half.height, : half.width],
        planes.v[: half.height, : half.width],
    )
    whole = np.concatenate([np.ascontiguousarray(part).reshape(-1) for part in parts])
    return whole.reshape(size.height * 3 // 2, size.width)
