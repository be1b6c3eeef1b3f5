"""Between RGB pictures and BT.709 limited-range YUV 4:2:0 planes, for training pictures.

Training is the only user, so exact chroma siting does not matter: chroma is the mean of 2x2
pixels.  Reference: ITU-R BT.709-6, section 3.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Image8 = NDArray[np.uint8]
"""RGB picture [H, W, 3]."""

RED, BLUE = 0.2126, 0.0722
GREEN = 1.0 - RED - BLUE


def rgb_to_planes(rgb: Image8) -> tuple[Image8, Image8]:
    """Luma [H, W] and chroma [2, H/2, W/2] (U, V) of a picture with even sides."""
    height, width = rgb.shape[:2]
    scaled = rgb.astype(np.float32) / 255.0
    luma = scaled @ np.array([RED, GREEN, BLUE], np.float32)
    small = cv2.resize(scaled, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    small_luma = small @ np.array([RED, GREEN, BLUE], np.float32)
    u = (small[..., 2] - small_luma) / (2.0 * (1.0 - BLUE))
    v = (small[..., 0] - small_luma) / (2.0 * (1.0 - RED))
    chroma = np.stack([u, v]) * 224.0 + 128.0
    return _codes(luma * 219.0 + 16.0), _codes(chroma)


def planes_to_rgb(luma: Image8, chroma: Image8) -> Image8:
    """RGB picture of luma [H, W] and chroma [2, H/2, W/2], chroma enlarged linearly."""
    height, width = luma.shape
    y = (luma.astype(np.float32) - 16.0) / 219.0
    u, v = (
        cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR)
        for plane in (chroma.astype(np.float32) - 128.0) / 224.0
    )
    red = y + 2.0 * (1.0 - RED) * v
    blue = y + 2.0 * (1.0 - BLUE) * u
    green = (y - RED * red - BLUE * blue) / GREEN
    return _codes(np.stack([red, green, blue], axis=-1) * 255.0)


def through_planes(rgb: Image8) -> Image8:
    """The picture as 4:2:0 video can hold it; the fair reference for what a network paints."""
    return planes_to_rgb(*rgb_to_planes(rgb))


def _codes(values: NDArray[Any]) -> Image8:
    return np.asarray(np.clip(np.rint(values), 0.0, 255.0), np.uint8)
