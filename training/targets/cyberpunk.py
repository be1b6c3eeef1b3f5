"""Target pictures of the style ``cyberpunk``: the cel look repainted as a neon night.

Paint and lines come from ``cel``.  Neutral colours follow a gradient from black over indigo and
magenta to pale cyan; saturated ones turn to the nearest neon hue; what is bright and saturated
glows; lines light up where the paint is dark and stay dark elsewhere and on skin.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from training.targets.cel import CONSTANTS, Image8, Plane, blur, layers, skin_mask, smoothstep

Knots = tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class NeonConstants:
    """Constants of the grade; lengths are pixels of a picture whose short side is about 512."""

    # L* of the cel paint -> L*, a*, b* of neutral paint at night
    night: Knots = (
        (0.0, 2.0, 4.0, -10.0),
        (20.0, 6.0, 12.0, -26.0),
        (40.0, 15.0, 26.0, -44.0),
        (60.0, 28.0, 40.0, -54.0),
        (78.0, 42.0, 44.0, -48.0),
        (88.0, 54.0, 22.0, -42.0),
        (95.0, 70.0, -14.0, -28.0),
        (100.0, 92.0, -24.0, -12.0),
    )
    # hue of the cel paint -> hue of the neon paint, degrees in the a*, b* plane, and its chroma
    neon: tuple[tuple[float, float, float], ...] = (
        (0.0, 342.0, 1.15),
        (40.0, 358.0, 1.15),
        (80.0, 24.0, 0.95),
        (112.0, 190.0, 0.85),
        (140.0, 196.0, 1.0),
        (180.0, 200.0, 1.1),
        (240.0, 245.0, 1.15),
        (290.0, 300.0, 1.2),
        (330.0, 328.0, 1.2),
    )
    neutral_chroma: float = 30.0  # Lab chroma at which the own hue counts as much as the night
    vivid_light: float = 12.0  # L* that saturated paint keeps above the night
    skin_night: tuple[float, float, float] = (13.0, 4.0, 10.0)  # L*, a*, b* given back to skin
    glow_from: tuple[float, float] = (42.0, 68.0)  # night L* at which glowing begins, is full
    glow_chroma: tuple[float, float] = (22.0, 55.0)  # the same for chroma
    glow_sigmas: tuple[float, float] = (3.5, 13.0)  # px, tight and wide halo
    glow_gains: tuple[float, float] = (0.35, 0.55)
    tube_light: float = 66.0  # L* of a lit line
    tube_from: tuple[float, float] = (12.0, 28.0)  # night L*: below lit, above dark lines
    tube_share: float = 0.9
    line_softness: float = 0.6  # px, sigma: light has no hard edge


NEON = NeonConstants()
CEL = replace(CONSTANTS, true_black=0.0)  # a night has no black, around the film neither


def night_paint(paint: Plane, c: NeonConstants) -> Plane:
    """Gradient map of lightness: black, indigo, violet, magenta, pale cyan (split toning)."""
    knots = np.asarray(c.night, np.float32)
    planes = [np.interp(paint[..., 0], knots[:, 0], knots[:, i]) for i in (1, 2, 3)]
    return np.dstack(planes).astype(np.float32)


def neon_hue(paint: Plane, c: NeonConstants) -> Plane:
    """Turn each hue to a neon one; vectors are interpolated, so there are no seams."""
    table = np.asarray((*c.neon, (360.0, *c.neon[0][1:])), np.float32)
    turn, size = np.radians(table[:, 1]), table[:, 2]
    hue = np.degrees(np.arctan2(paint[..., 2], paint[..., 1])) % 360.0
    chroma = np.hypot(paint[..., 1], paint[..., 2])
    a = chroma * np.interp(hue, table[:, 0], size * np.cos(turn))
    b = chroma * np.interp(hue, table[:, 0], size * np.sin(turn))
    return np.dstack([a, b]).astype(np.float32)


def face_mask(paint: Plane, scale: float) -> Plane:
    """Skin mask closed over highlights, so that faces are lit as one."""
    skin = skin_mask(paint)
    near = smoothstep(0.2, 0.65, blur(skin, 6.0 * scale)) * smoothstep(30.0, 55.0, paint[..., 0])
    return np.asarray(np.maximum(skin, near), np.float32)


def neon_paint(paint: Plane, skin: Plane, c: NeonConstants) -> Plane:
    """Night gradient for pale paint, neon hues for saturated one, readable skin."""
    chroma = np.asarray(np.hypot(paint[..., 1], paint[..., 2]), np.float32)
    night, own = night_paint(paint, c), neon_hue(paint, c)
    vivid = chroma**2 / (chroma**2 + c.neutral_chroma**2)
    light = smoothstep(15.0, 70.0, paint[..., 0])
    lightness = night[..., 0] + c.vivid_light * vivid * light + c.skin_night[0] * skin * light
    color = night[..., 1:] * (1.0 - 0.85 * vivid)[..., None] + own * (0.3 + 0.8 * vivid)[..., None]
    color += skin[..., None] * np.asarray(c.skin_night[1:], np.float32)
    return np.dstack([lightness, color]).astype(np.float32)


def neon_ink(paint: Plane, line: Plane, skin: Plane, scale: float, c: NeonConstants) -> Plane:
    """Lines: near black on lit paint, tubes of light in the local neon hue on dark paint."""
    local = blur(paint, 4.0 * scale)
    tube = (1.0 - smoothstep(*c.tube_from, local[..., 0])) * (1.0 - skin) * c.tube_share
    size = np.hypot(local[..., 1], local[..., 2]) + 1e-3
    warm = smoothstep(0.45, 0.9, np.asarray(local[..., 1] / size, np.float32))
    ink = np.dstack(
        [
            4.0 + 0.1 * paint[..., 0] + (c.tube_light - 4.0) * tube,
            8.0 + tube * (-34.0 + 104.0 * warm),
            -14.0 + tube * (-14.0 - 18.0 * warm),
        ]
    )
    return np.asarray(paint + (ink - paint) * line[..., None], np.float32)


def glow(lab: Plane, skin: Plane, scale: float, c: NeonConstants) -> Image8:
    """Screen the blurred light of bright saturated areas over the picture (bloom)."""
    rgb = np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), 0.0, 1.0)
    chroma = np.asarray(np.hypot(lab[..., 1], lab[..., 2]), np.float32)
    lit = (
        smoothstep(*c.glow_from, lab[..., 0])
        * smoothstep(*c.glow_chroma, chroma)
        * (1.0 - 0.8 * skin)
    )
    source = np.asarray(rgb * lit[..., None], np.float32)
    dark = 1.0 - rgb
    for sigma, gain in zip(c.glow_sigmas, c.glow_gains, strict=True):
        dark = dark * (1.0 - gain * blur(source, sigma * scale))
    return np.asarray(np.clip((1.0 - dark) * 255.0 + 0.5, 0.0, 255.0), np.uint8)


def cyberpunk(rgb: Image8, scale: float = 1.0) -> Image8:
    """The picture as a neon night; ``scale`` is its short side over about 512 px."""
    paint, line = layers(rgb, scale, CEL)
    line = blur(line, NEON.line_softness * scale)
    skin = face_mask(paint, scale)
    neon = neon_ink(neon_paint(paint, skin, NEON), line, skin, scale, NEON)
    return glow(neon, skin, scale, NEON)
