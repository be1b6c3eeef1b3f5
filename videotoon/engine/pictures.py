"""Whole pictures between YUV 4:2:0 planes and RGB.

Chroma is taken to lie between two rows and on the even columns ("left" siting, what H.264 and its
successors mean unless they say otherwise).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from videotoon.engine.colour import codes_to_rgb, rgb_to_codes
from videotoon.frame import ColourTags, FrameSize, Plane, Planes

Picture = NDArray[np.float32]
"""RGB [height, width, 3], 0..255, not necessarily whole numbers."""


def planes_to_rgb(planes: Planes, tags: ColourTags) -> Picture:
    """Convert planes to RGB.

    Args:
        planes: The picture.
        tags: Meaning of its codes.

    Returns:
        RGB float32 [height, width, 3], clipped to 0..255.
    """
    matrix, offset = codes_to_rgb(tags)
    size = planes.size
    codes = np.empty((size.height, size.width, 3), np.float32)
    codes[..., 0] = planes.y
    codes[..., 1] = enlarge_chroma(planes.u, size)
    codes[..., 2] = enlarge_chroma(planes.v, size)
    rgb = cv2.transform(codes, np.column_stack([matrix, offset]))
    return np.clip(np.asarray(rgb, np.float32).reshape(codes.shape), 0.0, 255.0)


def rgb_to_planes(rgb: NDArray[Any], tags: ColourTags) -> Planes:
    """Convert RGB to planes, the inverse of :func:`planes_to_rgb` but for 4:2:0 and rounding.

    Args:
        rgb: [height, width, 3], 0..255, float32 or uint8; values outside are clipped.
        tags: Meaning of the codes wanted.
    """
    matrix, offset = rgb_to_codes(tags)
    clipped = np.clip(rgb, 0, 255).astype(np.float32)
    transformed = cv2.transform(clipped, np.column_stack([matrix, offset]))
    codes = np.asarray(transformed, np.float32).reshape(clipped.shape)
    return Planes(
        _to_codes(codes[..., 0]),
        _to_codes(shrink_chroma(codes[..., 1])),
        _to_codes(shrink_chroma(codes[..., 2])),
    )


def enlarge_chroma(plane: NDArray[Any], size: FrameSize) -> NDArray[np.float32]:
    """Interpolate a chroma plane linearly to the luma grid.

    Args:
        plane: [ceil(height / 2), ceil(width / 2)], any real type.
        size: Size of the luma plane.

    Returns:
        float32 [height, width].
    """
    source = np.asarray(plane, np.float32)
    rows = np.empty((2 * source.shape[0], source.shape[1]), np.float32)
    above = np.concatenate([source[:1], source[:-1]])
    below = np.concatenate([source[1:], source[-1:]])
    rows[0::2] = 0.75 * source + 0.25 * above
    rows[1::2] = 0.75 * source + 0.25 * below
    whole = np.empty((rows.shape[0], 2 * rows.shape[1]), np.float32)
    whole[:, 0::2] = rows
    whole[:, 1:-1:2] = 0.5 * (rows[:, :-1] + rows[:, 1:])
    whole[:, -1] = rows[:, -1]
    return whole[: size.height, : size.width]


def shrink_chroma(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Filter a full-size chroma plane down to 4:2:0.

    Args:
        plane: float32 [height, width].

    Returns:
        float32 [ceil(height / 2), ceil(width / 2)].
    """
    height, width = plane.shape
    if height % 2:
        plane = np.concatenate([plane, plane[-1:]])
    rows = 0.5 * (plane[0::2] + plane[1::2])
    padded = np.concatenate([rows[:, :1], rows, rows[:, -1:]], axis=1)
    smoothed = 0.25 * padded[:, :-2] + 0.5 * padded[:, 1:-1] + 0.25 * padded[:, 2:]
    return np.asarray(smoothed[:, 0:width:2], np.float32)


def resize_picture(rgb: Picture, size: FrameSize) -> Picture:
    """Scale RGB: averaging when it shrinks, cubic when it grows."""
    height, width, _ = rgb.shape
    if (width, height) == (size.width, size.height):
        return rgb
    shrinks = size.width * size.height < width * height
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    scaled = cv2.resize(rgb, (size.width, size.height), interpolation=method)
    return np.asarray(scaled, np.float32)


def _to_codes(values: NDArray[np.float32]) -> Plane:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
