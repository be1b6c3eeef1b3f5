"""Strength, edge and colour adjustments, and scaling of planes; the same for every engine."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from videotoon.engine.base import Adjustments
from videotoon.frame import FrameSize, Plane, Planes

EDGE_WINDOW: Final = 9
"""Side in pixels of the box that tells the coarse part of the luma change from its lines."""


def adjust(original: Planes, painted: Planes, adjustments: Adjustments) -> Planes:
    """Apply strength, edge_preserve and color_shift to the change from original to painted.

    Args:
        original: The picture that came in.
        painted: The same picture in full style, same size.
        adjustments: How much of the change is taken.

    Returns:
        The adjusted picture in fresh memory, without alpha.
    """
    strength = adjustments.strength
    colour = strength * adjustments.color_shift
    return Planes(
        _adjust_luma(original.y, painted.y, strength, adjustments.edge_preserve),
        _blend(original.u, painted.u, colour),
        _blend(original.v, painted.v, colour),
    )


def scale(planes: Planes, size: FrameSize) -> Planes:
    """Scale a picture: averaging when it shrinks, cubic when it grows; alpha is left out."""
    y, u, v = planes.colour_planes
    return Planes(_scale_plane(y, size), _scale_plane(u, size.chroma), _scale_plane(v, size.chroma))


def _scale_plane(plane: Plane, size: FrameSize) -> Plane:
    height, width = plane.shape
    if (height, width) == (size.height, size.width):
        return plane
    shrinks = size.width * size.height < width * height
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    scaled = cv2.resize(plane, (size.width, size.height), interpolation=method)
    return np.asarray(scaled, np.uint8)


def _blend(original: Plane, painted: Plane, share: float) -> Plane:
    if share == 1.0:
        return painted
    blended = cv2.addWeighted(original, 1.0 - share, painted, share, 0.0)
    # OpenCV returns one dimension less than it was given for some 1-pixel shapes.
    return np.asarray(blended, np.uint8).reshape(original.shape)


def _adjust_luma(original: Plane, painted: Plane, strength: float, edges: float) -> Plane:
    if edges == 1.0:
        return _blend(original, painted, strength)
    change = cv2.subtract(painted, original, dtype=cv2.CV_32F)
    window = (EDGE_WINDOW, EDGE_WINDOW)
    coarse = cv2.blur(change, window, borderType=cv2.BORDER_REPLICATE)
    wanted = cv2.addWeighted(coarse, strength * (1.0 - edges), change, strength * edges, 0.0)
    adjusted = cv2.add(original, wanted.reshape(original.shape), dtype=cv2.CV_8U)
    return np.asarray(adjusted, np.uint8).reshape(original.shape)
