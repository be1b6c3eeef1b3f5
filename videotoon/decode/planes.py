"""From the decoder's pictures to upright 8-bit planes, copying as little as possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from videotoon.decode.media import Orientation
from videotoon.frame import ColourTags, Plane, Planes

if TYPE_CHECKING:
    from av import VideoFrame
    from av.video.plane import VideoPlane

DIRECT_FORMATS = frozenset({"yuv420p", "yuvj420p"})
FULL_BLACK, LIMITED_BLACK = 0, 16
NEUTRAL = 128
"""Code of chroma without colour."""


def planes_of(
    frame: VideoFrame, colour: ColourTags, has_alpha: bool = False, keep_alpha: bool = False
) -> Planes:
    """Return a decoded picture as 8-bit 4:2:0 planes that own their memory.

    Codes keep their matrix and range; only RGB pictures are converted, to BT.709 limited. Other
    bit depths and chroma layouts are converted by swscale.

    Args:
        frame: The decoded picture.
        colour: Meaning of its codes.
        has_alpha: It may carry opacity.
        keep_alpha: Keep the opacity as a fourth plane; otherwise the picture is laid onto black.
    """
    name = frame.format.name
    if name.startswith("gray"):
        return _grey_planes(frame)
    wanted = "yuva420p" if has_alpha else "yuv420p"
    if name not in DIRECT_FORMATS and name != wanted:
        frame = _reformat(frame, wanted, colour)
    width, height = frame.width, frame.height
    chroma_width, chroma_height = (width + 1) // 2, (height + 1) // 2
    y = _copy(frame.planes[0], width, height)
    u = _copy(frame.planes[1], chroma_width, chroma_height)
    v = _copy(frame.planes[2], chroma_width, chroma_height)
    if not has_alpha:
        return Planes(y, u, v)
    opaque = len(frame.planes) < 4  # some decoders leave the plane out where nothing shines through
    alpha = np.full_like(y, 255) if opaque else _copy(frame.planes[3], width, height)
    planes = Planes(y, u, v, alpha)
    return planes if keep_alpha else on_black(planes, colour)


def _grey_planes(frame: VideoFrame) -> Planes:
    """Return a picture without colour.

    swscale takes grey for full range whatever the file says, so the codes are copied instead.
    """
    if frame.format.name != "gray":
        frame = frame.reformat(format="gray")
    luma = _copy(frame.planes[0], frame.width, frame.height)
    chroma = np.full(((frame.height + 1) // 2, (frame.width + 1) // 2), NEUTRAL, np.uint8)
    return Planes(luma, chroma, chroma.copy())


def on_black(planes: Planes, colour: ColourTags) -> Planes:
    """Lay a picture with straight (not premultiplied) opacity onto black."""
    if planes.alpha is None or planes.alpha.min() == 255:
        return Planes(*planes.colour_planes)
    black = FULL_BLACK if colour.full_range else LIMITED_BLACK
    chroma_alpha = _halved(planes.alpha, planes.u.shape)
    return Planes(
        _faded(planes.y, planes.alpha, black),
        _faded(planes.u, chroma_alpha, NEUTRAL),
        _faded(planes.v, chroma_alpha, NEUTRAL),
    )


def _faded(plane: Plane, alpha: Plane, ground: int) -> Plane:
    distance = (plane.astype(np.int32) - ground) * alpha
    faded: Plane = np.clip((distance + 127) // 255 + ground, 0, 255).astype(np.uint8)
    return faded


def _halved(alpha: Plane, shape: tuple[int, ...]) -> Plane:
    import cv2

    target = (shape[1], shape[0])
    return np.asarray(cv2.resize(alpha, target, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _reformat(frame: VideoFrame, wanted: str, colour: ColourTags) -> VideoFrame:
    from av.video.reformatter import ColorRange, Colorspace

    matrix = _SWSCALE_MATRICES.get(colour.matrix, "ITU709")
    space = int(getattr(Colorspace, matrix))
    colour_range = int(ColorRange.JPEG if colour.full_range else ColorRange.MPEG)
    from_rgb = frame.format.is_rgb
    return frame.reformat(
        format=wanted,
        src_colorspace=None if from_rgb else space,
        dst_colorspace=space,
        src_color_range=None if from_rgb else colour_range,
        dst_color_range=colour_range,
    )


_SWSCALE_MATRICES = {1: "ITU709", 5: "ITU601", 6: "ITU601", 4: "FCC", 7: "SMPTE240M"}


def _copy(plane: VideoPlane, width: int, height: int) -> Plane:
    rows = np.frombuffer(memoryview(plane), dtype=np.uint8)
    stride = plane.line_size
    view = np.lib.stride_tricks.as_strided(rows, (height, width), (stride, 1))
    return view.copy()


def turn_upright(planes: Planes, orientation: Orientation) -> Planes:
    """Turn and mirror a picture so that it stands as its display matrix says."""
    if orientation.upright:
        return planes
    y, u, v = (_turn(plane, orientation) for plane in planes.colour_planes)
    alpha = None if planes.alpha is None else _turn(planes.alpha, orientation)
    return Planes(y, u, v, alpha)


def _turn(plane: Plane, orientation: Orientation) -> Plane:
    turned = np.rot90(plane, orientation.quarter_turns)
    if orientation.mirrored:
        turned = turned[:, ::-1]
    return np.ascontiguousarray(turned)


def resized(planes: Planes, width: int, height: int) -> Planes:
    """Scale a picture; used where a stream changes its size midway."""
    import cv2

    chroma = ((width + 1) // 2, (height + 1) // 2)

    def scale(plane: Plane, target: tuple[int, int]) -> Plane:
        return np.asarray(cv2.resize(plane, target, interpolation=cv2.INTER_AREA), dtype=np.uint8)

    alpha = None if planes.alpha is None else scale(planes.alpha, (width, height))
    return Planes(
        scale(planes.y, (width, height)), scale(planes.u, chroma), scale(planes.v, chroma), alpha
    )
