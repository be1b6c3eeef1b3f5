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
    chroma = [enlarge_chroma(plane, size) for plane in (planes.u, planes.v)]
    codes = cv2.merge([planes.y.astype(np.float32), *chroma])
    rgb = np.asarray(cv2.transform(codes, np.column_stack([matrix, offset])), np.float32)
    rgb = rgb.reshape(size.height, size.width, 3)
    return np.clip(rgb, 0.0, 255.0, out=rgb)


def rgb_to_planes(rgb: NDArray[Any], tags: ColourTags) -> Planes:
    """Convert RGB to planes, the inverse of :func:`planes_to_rgb` but for 4:2:0 and rounding.

    Args:
        rgb: [height, width, 3], 0..255, float32 or uint8; values outside are clipped.
        tags: Meaning of the codes wanted.
    """
    clipped = np.asarray(np.clip(rgb, 0, 255), np.float32)
    rows = np.column_stack(rgb_to_codes(tags))
    luma, u, v = (_one_channel(clipped, row) for row in rows)
    return Planes(_to_codes(luma), _to_codes(shrink_chroma(u)), _to_codes(shrink_chroma(v)))


def enlarge_chroma(plane: NDArray[Any], size: FrameSize) -> NDArray[np.float32]:
    """Interpolate a chroma plane linearly to the luma grid.

    Args:
        plane: [ceil(height / 2), ceil(width / 2)], any real type.
        size: Size of the luma plane.

    Returns:
        float32 [height, width].
    """
    source = np.asarray(plane, np.float32)
    height, width = source.shape
    # Linear resizing takes rows at quarters between rows, as they lie.
    resized = cv2.resize(source, (width, 2 * height), interpolation=cv2.INTER_LINEAR)
    rows = np.asarray(resized, np.float32).reshape(2 * height, width)
    whole = np.empty((2 * height, 2 * width), np.float32)
    whole[:, 0::2] = rows
    between = whole[:, 1:-1:2]
    np.add(rows[:, :-1], rows[:, 1:], out=between)
    between *= 0.5
    whole[:, -1] = rows[:, -1]
    return np.ascontiguousarray(whole[: size.height, : size.width])


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
    rows = plane[0::2] + plane[1::2]
    # An even column counts twice, its neighbours once; the borders are repeated.
    small = 2.0 * rows[:, 0::2]
    small[:, 1:] += rows[:, 1 : width - 1 : 2]
    small[:, : width // 2] += rows[:, 1::2]
    small[:, 0] += rows[:, 0]
    if width % 2:
        small[:, -1] += rows[:, -1]
    small *= 0.125
    return np.asarray(small, np.float32)


def resize_picture(rgb: Picture, size: FrameSize) -> Picture:
    """Scale RGB: averaging when it shrinks, cubic when it grows."""
    height, width, _ = rgb.shape
    if (width, height) == (size.width, size.height):
        return rgb
    shrinks = size.width * size.height < width * height
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    scaled = cv2.resize(rgb, (size.width, size.height), interpolation=method)
    return np.asarray(scaled, np.float32)


def _one_channel(rgb: Picture, row: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the plane ``row[:3] @ rgb + row[3]``."""
    return np.asarray(cv2.transform(rgb, row[None]), np.float32).reshape(rgb.shape[:2])


def _to_codes(values: NDArray[np.float32]) -> Plane:
    # Rounds halves to even and saturates, as np.rint and np.clip would.
    codes = cv2.add(values, np.zeros(1), dtype=cv2.CV_8U)
    return np.asarray(codes, np.uint8).reshape(values.shape)
