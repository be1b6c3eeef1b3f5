"""Eyes, lips and skin of a face as soft weights on the frame's grid.

From landmarks alone, in proportion to the face. With the parsing network
(:mod:`videotoon.faces.parsing`) its classes take their place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from videotoon.faces.alignment import roll
from videotoon.faces.base import FaceState, Points
from videotoon.faces.masks import Grid, Mask, Region, luma_grid
from videotoon.frame import Planes

EYE_SIZE: Final = (0.30, 0.17)
"""Half axes of an eye, in units of the distance of the eyes."""

LIP_HEIGHT: Final = 0.20
LIP_REACH: Final = 1.15
"""How far lips reach beyond the landmarks of their corners."""

KEPT_SIZE: Final = (0.42, 0.34)
"""Half axes around an eye, brow included, in which skin is not evened."""


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Weights 0..1 on the luma grid of a part of a frame, all of one shape (height, width).

    Attributes:
        eyes: The eyes.
        lips: The lips.
        features: Eyes with brows, nose and mouth: what a face is known by.
        skin: Skin without eyes, brows and lips.
        hair: Hair, or None where it is not known.
        cloth: Clothes, or None where they are not known.
    """

    eyes: Mask
    lips: Mask
    features: Mask
    skin: Mask
    hair: Mask | None = None
    cloth: Mask | None = None


class RegionSource(Protocol):
    """Tells the regions of a face apart."""

    def regions(self, face: FaceState, region: Region, original: Planes) -> Regions | None:
        """Return a face's regions on the luma grid of ``region``; None where it cannot tell."""
        ...


class LandmarkRegions:
    """Regions in proportion to five landmarks; see :class:`RegionSource`."""

    def regions(self, face: FaceState, region: Region, original: Planes) -> Regions | None:
        """Return a face's regions, or None without landmarks."""
        if face.landmarks is None:
            return None
        return regions_from_landmarks(face.landmarks, luma_grid(region))


def regions_from_landmarks(landmarks: Points, grid: Grid) -> Regions:
    """Regions of a face.

    Args:
        landmarks: Shape (5, 2), frame pixels.
        grid: Where the weights are wanted.
    """
    angle = roll(landmarks)
    # In profile the eyes come close; the distance from eyes to mouth does not.
    span = float(np.linalg.norm(landmarks[1] - landmarks[0]))
    drop = float(np.linalg.norm((landmarks[3] + landmarks[4] - landmarks[0] - landmarks[1]) / 2))
    reach = max(span, 0.8 * drop, 1.0)
    narrow = max(span, 0.35 * reach) / reach
    eyes = _eye_spots(landmarks, grid, EYE_SIZE, reach, narrow, angle)
    mouth = (landmarks[3] + landmarks[4]) / 2
    half = float(np.linalg.norm(landmarks[4] - landmarks[3])) / 2 * LIP_REACH
    lips = _spot(grid, mouth, (max(half, 0.1 * reach), LIP_HEIGHT * reach), angle)
    kept = _eye_spots(landmarks, grid, KEPT_SIZE, reach, narrow, angle)
    nose = _spot(grid, landmarks[2], (0.32 * reach * narrow, 0.26 * reach), angle)
    features = np.maximum(np.maximum(kept, lips), nose)
    skin = np.asarray((1.0 - kept) * (1.0 - lips), np.float32)
    return Regions(eyes, lips, np.asarray(features, np.float32), skin)


def on_chroma(mask: Mask, region: Region) -> Mask:
    """A mask of the luma grid on the chroma grid of a region."""
    size = region.size.chroma
    return np.asarray(
        cv2.resize(mask, (size.width, size.height), interpolation=cv2.INTER_AREA), np.float32
    )


def _eye_spots(
    landmarks: Points,
    grid: Grid,
    size: tuple[float, float],
    reach: float,
    narrow: float,
    angle: float,
) -> Mask:
    axes = (size[0] * reach * narrow, size[1] * reach)
    right, left = (_spot(grid, eye, axes, angle) for eye in landmarks[:2])
    return np.maximum(right, left)


def _spot(grid: Grid, centre: NDArray[np.float64], axes: tuple[float, float], angle: float) -> Mask:
    """A soft ellipse: 1 in the middle, 0 from its border on."""
    spot = np.zeros(grid.shape, np.float32)
    reach = max(axes)
    columns = np.flatnonzero(np.abs(grid.x[0] - centre[0]) <= reach)
    rows = np.flatnonzero(np.abs(grid.y[:, 0] - centre[1]) <= reach)
    if not len(columns) or not len(rows):
        return spot
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    x = grid.x[:, part[1]] - np.float32(centre[0])
    y = grid.y[part[0]] - np.float32(centre[1])
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    across = (cosine * x + sine * y) / np.float32(axes[0])
    along = (cosine * y - sine * x) / np.float32(axes[1])
    spot[part] = np.clip(1.6 * (1.0 - (across**2 + along**2)), 0.0, 1.0)
    return spot
