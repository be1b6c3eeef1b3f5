"""Made pictures: more shapes and colours than the few photographs free for any use can show.

*Collages* follow the dead leaves model (Lee, Mumford and Huang 2001; as training pictures: Achddou,
Gousseau and Ladjal 2021): shapes of all sizes that cover one another, filled with flat colours,
gradients or pieces of photographs.  *Charts* are what test patterns, titles and screens are made
of: flat colours up to the most saturated ones, bars, checkers, ramps and letters.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from training.colour import Image8

Mask = NDArray[np.uint8]

SMALLEST, LARGEST = 9.0, 160.0
"""Radii of the leaves in pixels; small ones are more frequent by the cube of the ratio."""

LEAVES = 160
BARS = 0.04, 0.28
"""Least and greatest width of a bar around the film, share of the side."""

WORDS = "videotoon", "Anime", "0123456789", "Wg&?", "EXIT", "RGB", "II"


def recoloured(rgb: Image8, rng: np.random.Generator) -> Image8:
    """The picture with its hues turned at random and more or less saturated."""
    hls = cv2.cvtColor(rgb, cv2.COLOR_RGB2HLS)
    turned = (hls[..., 0].astype(np.int32) + int(rng.integers(0, 180))) % 180
    saturated = hls[..., 2].astype(np.float32) * rng.uniform(0.5, 2.0)
    planes = [turned, hls[..., 1], np.clip(saturated, 0.0, 255.0)]
    changed = np.dstack([plane.astype(np.uint8) for plane in planes])
    return np.asarray(cv2.cvtColor(changed, cv2.COLOR_HLS2RGB), np.uint8)


def random_colour(rng: np.random.Generator) -> tuple[int, int, int]:
    """Any colour; every third one lies on the surface of the RGB cube, as saturated as can be."""
    colour = rng.uniform(0.0, 255.0, 3)
    if rng.random() < 0.34:
        colour[rng.permutation(3)[:2]] = rng.choice([0.0, 255.0], 2)
    red, green, blue = (int(value) for value in colour)
    return red, green, blue


def gradient(side: int, rng: np.random.Generator) -> Image8:
    """A linear ramp between two colours in a random direction."""
    angle = rng.uniform(0.0, 2.0 * np.pi)
    rows, columns = np.mgrid[0:side, 0:side] / side - 0.5
    share = np.clip(0.5 + columns * np.cos(angle) + rows * np.sin(angle), 0.0, 1.0)[..., None]
    one, other = np.array(random_colour(rng)), np.array(random_colour(rng))
    return np.asarray(np.rint(one + (other - one) * share), np.uint8)


def leaf(side: int, rng: np.random.Generator) -> Mask:
    """One leaf on an empty mask: an ellipse, a polygon or a thick stroke, smooth at its border."""
    mask = np.zeros((side, side), np.uint8)
    low, high = SMALLEST**-2, LARGEST**-2
    radius = rng.uniform(high, low) ** -0.5  # density ~ radius^-3
    centre = rng.uniform(0.0, side, 2)
    kind = rng.random()
    if kind < 0.4:
        axes = radius * rng.uniform(0.4, 1.0, 2)
        whole = tuple(int(v) for v in np.rint(centre)), tuple(int(v) + 1 for v in axes)
        cv2.ellipse(mask, *whole, float(rng.uniform(0, 360)), 0, 360, 255, -1, cv2.LINE_AA)
    elif kind < 0.8:
        turns = np.sort(rng.uniform(0.0, 2.0 * np.pi, int(rng.integers(3, 8))))
        reach = radius * rng.uniform(0.5, 1.2, len(turns))
        corners = centre + np.stack([np.cos(turns) * reach, np.sin(turns) * reach], axis=1)
        cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], 255, cv2.LINE_AA)
    else:
        ends = centre + rng.uniform(-2.0, 2.0, (2, 2)) * radius
        (x0, y0), (x1, y1) = np.rint(ends).astype(int).tolist()
        width = max(1, int(radius * rng.uniform(0.1, 0.4)))
        cv2.line(mask, (x0, y0), (x1, y1), 255, width, cv2.LINE_AA)
    return mask


def filling(pictures: Sequence[Image8], side: int, rng: np.random.Generator) -> Image8:
    """What a leaf is filled with, [side, side, 3]."""
    kind = rng.random()
    if kind < 0.22:
        return np.full((side, side, 3), random_colour(rng), np.uint8)
    if kind < 0.38:
        return gradient(side, rng)
    source = pictures[int(rng.integers(len(pictures)))]
    least = side / min(source.shape[:2])
    if least > 1.0:
        source = np.asarray(cv2.resize(source, None, fx=least * 1.01, fy=least * 1.01), np.uint8)
    top = int(rng.integers(0, source.shape[0] - side + 1))
    left = int(rng.integers(0, source.shape[1] - side + 1))
    piece = np.rot90(source[top : top + side, left : left + side], int(rng.integers(4)))
    return recoloured(piece, rng) if rng.random() < 0.5 else piece


def collage(pictures: Sequence[Image8], side: int, rng: np.random.Generator) -> Image8:
    """A dead leaves picture [side, side, 3] of pieces of the pictures and plain colours."""
    result = filling(pictures, side, rng).copy()
    palette = [filling(pictures, side, rng) for _ in range(10)]
    for _ in range(LEAVES):
        mask = leaf(side, rng)
        rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
        if not len(rows) or not len(columns):
            continue
        box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        share = mask[box][..., None].astype(np.float32) / 255.0
        paint = palette[int(rng.integers(len(palette)))][box]
        mixed = result[box] * (1.0 - share) + paint * share
        result[box] = np.rint(mixed).astype(np.uint8)
    return result


def chart(side: int, rng: np.random.Generator) -> Image8:
    """A test pattern: patches of flat colour, ramps, bars, checkers and letters."""
    ground = (0, 0, 0) if rng.random() < 0.25 else random_colour(rng)  # titles stand on black
    result = np.full((side, side, 3), ground, np.uint8)
    for _ in range(int(rng.integers(6, 24))):
        height, width = (int(v) for v in rng.integers(12, side // 2, 2))
        top, left = int(rng.integers(0, side - height)), int(rng.integers(0, side - width))
        patch = result[top : top + height, left : left + width]
        kind = rng.random()
        if kind < 0.5:
            patch[:] = random_colour(rng)
        elif kind < 0.65:
            patch[:] = cv2.resize(gradient(64, rng), (width, height))
        elif kind < 0.85:
            period = int(rng.integers(3, 40))
            rows, columns = np.mgrid[0:height, 0:width] // period
            odd = (columns + (rows if rng.random() < 0.5 else 0)) % 2 == 1
            patch[odd] = random_colour(rng)
        else:
            word, size = str(rng.choice(WORDS)), float(rng.uniform(0.5, 2.5))
            place = (2, int(height * 0.7))
            text = np.ascontiguousarray(patch)
            colour = random_colour(rng)
            cv2.putText(text, word, place, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 2, cv2.LINE_AA)
            patch[:] = text
    return result


def barred(rgb: Image8, rng: np.random.Generator) -> Image8:
    """The picture [H, W, 3] with black bars at two opposite sides or one, as around a film."""
    result = rgb.copy()
    along = result if rng.random() < 0.5 else result.transpose(1, 0, 2)
    sides = rng.permutation(2)[: int(rng.integers(1, 3))]
    width = int(len(along) * rng.uniform(*BARS))
    for side in sides:
        (along[:width] if side == 0 else along[-width:])[:] = 0
    return result
