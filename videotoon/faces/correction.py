"""Gentle corrections of a painted face: even skin, bright crisp eyes, lip tone; dyed regions.

All work on code values of single planes, so nothing is converted. Lengths are in proportion to the
face, strengths in proportion to the range of the codes.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from videotoon.engine.colour import rgb_to_codes
from videotoon.faces.blending import Values, match_coarse
from videotoon.faces.masks import Mask
from videotoon.frame import ColourTags

SKIN_STEP: Final = 14.0
"""Differences of luma codes on skin up to about which are blotches, not features."""

EYE_CONTRAST: Final = 0.45
DARK_SHARE: Final = 0.4
EYE_LIGHT: Final = 0.22
LIP_CHROMA: Final = 0.35


def keep_likeness(
    luma: Values, photo: Values, features: Mask, coarse: float, strength: float
) -> Values:
    """Draw features closer to the photo, in the painting's light.

    Args:
        luma: Codes of the face.
        photo: Codes of the photo, same part.
        features: Where.
        coarse: Standard deviation in pixels from which on light is the painting's.
        strength: 0..1.
    """
    if strength <= 0:
        return luma
    relit = match_coarse(photo, luma, coarse)
    return np.asarray(luma + strength * features * (relit - luma), np.float32)


def even_skin(luma: Values, skin: Mask, side: float, strength: float) -> Values:
    """Smooth small differences on skin; edges stay.

    Args:
        luma: Codes of the face.
        skin: Where.
        side: Side of the face in pixels.
        strength: 0..1.
    """
    if strength <= 0:
        return luma
    smooth = edge_keeping_blur(luma, max(2, round(0.03 * side)), SKIN_STEP)
    return np.asarray(luma + strength * skin * (smooth - luma), np.float32)


def edge_keeping_blur(plane: Values, radius: int, step: float) -> Values:
    """Guided filter (He et al. 2010) of a plane by itself.

    Args:
        plane: Codes.
        radius: Reach in pixels.
        step: Steps well below this many codes are smoothed, steps well above stay.
    """
    window = (2 * radius + 1, 2 * radius + 1)
    mean = cv2.blur(plane, window, borderType=cv2.BORDER_REFLECT)
    square = cv2.blur(plane * plane, window, borderType=cv2.BORDER_REFLECT)
    variance = np.maximum(square - mean * mean, 0.0)
    gain = variance / (variance + (0.5 * step) ** 2)
    offset = mean - gain * mean
    mean_gain = cv2.blur(gain, window, borderType=cv2.BORDER_REFLECT)
    mean_offset = cv2.blur(offset, window, borderType=cv2.BORDER_REFLECT)
    return np.asarray(mean_gain * plane + mean_offset, np.float32)


def brighten_eyes(luma: Values, eyes: Mask, side: float, white: float, strength: float) -> Values:
    """Lift what is bright in the eyes and part it more clearly from what is dark.

    Args:
        luma: Codes of the face.
        eyes: Where.
        side: Side of the face in pixels.
        white: Code of white.
        strength: 0..1.
    """
    if strength <= 0:
        return luma
    around = cv2.GaussianBlur(luma, (0, 0), max(0.06 * side, 1.0))
    detail = luma - around
    lift = np.clip(detail, 0.0, None) * EYE_LIGHT * 2.0 * (white - luma) / white
    # Darks deepen less than lights rise: dark eyes must not become holes.
    change = EYE_CONTRAST * np.where(detail > 0, detail, DARK_SHARE * detail) + lift
    return np.asarray(luma + strength * eyes * change, np.float32)


def tone_lips(u: Values, v: Values, lips: Mask, strength: float) -> tuple[Values, Values]:
    """Strengthen the colour that the lips have.

    Args:
        u: Blue difference codes.
        v: Red difference codes.
        lips: Where, on the chroma grid.
        strength: 0..1.
    """
    if strength <= 0:
        return u, v
    # Only what is redder than its surroundings: teeth and beards keep their colour.
    redder = np.clip((v - 128.0) / 24.0, 0.0, 1.0)
    gain = strength * LIP_CHROMA * lips * redder
    return (
        np.asarray(u + gain * 0.4 * (u - 128.0), np.float32),
        np.asarray(v + gain * (v - 128.0), np.float32),
    )


def dye(
    planes: tuple[Values, Values, Values],
    weights: tuple[Mask, Mask],
    colour: tuple[int, int, int],
    tags: ColourTags,
    strength: float,
) -> tuple[Values, Values, Values]:
    """Give a region another colour, keeping its light and shade.

    Args:
        planes: Y, U and V codes of a part of the picture.
        weights: Where, on the luma and on the chroma grid.
        colour: RGB, 0..255.
        tags: Meaning of the codes.
        strength: 0..1.
    """
    matrix, offset = rgb_to_codes(tags)
    wanted = matrix @ np.array(colour, np.float64) + offset
    y, u, v = planes
    on_luma, on_chroma = (strength * weight for weight in weights)
    total = float(on_luma.sum())
    if total <= 0:
        return planes
    mean = float((y * on_luma).sum() / total)
    # Half-way to the wanted brightness: dyed hair stays recognisable as what it was.
    shift = 0.5 * (wanted[0] - mean)
    return (
        np.asarray(y + on_luma * shift, np.float32),
        np.asarray(u + on_chroma * (wanted[1] - u), np.float32),
        np.asarray(v + on_chroma * (wanted[2] - v), np.float32),
    )
