"""Soft masks strictly inside a face, and the part of a frame that they touch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from videotoon.faces.alignment import roll
from videotoon.faces.base import FaceState
from videotoon.frame import FrameSize

Mask = NDArray[np.float32]
"""Weights 0..1, shape (height, width)."""

FEATHER: Final = 0.35
"""Part of the ellipse's radius over which the mask falls from 1 to 0."""

ASPECT: Final = 1.41
"""Height of an upright face's box divided by its width."""


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of a frame; even origin, so that luma and chroma keep their grid.

    Attributes:
        left: First column of luma.
        top: First row of luma.
        size: Width and height in luma pixels.
    """

    left: int
    top: int
    size: FrameSize

    @property
    def luma(self) -> tuple[slice, slice]:
        """Rows and columns in the luma plane."""
        return (
            slice(self.top, self.top + self.size.height),
            slice(self.left, self.left + self.size.width),
        )

    @property
    def chroma(self) -> tuple[slice, slice]:
        """Rows and columns in a chroma plane."""
        top, left, size = self.top // 2, self.left // 2, self.size.chroma
        return slice(top, top + size.height), slice(left, left + size.width)


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Positions of a rectangle of samples in luma pixels of the frame.

    Attributes:
        x: Shape (1, width), float32.
        y: Shape (height, 1), float32.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]

    @classmethod
    def of(cls, x: NDArray[Any], y: NDArray[Any]) -> Grid:
        """Build a grid from the positions of its columns and rows."""
        return cls(x.astype(np.float32)[None, :], y.astype(np.float32)[:, None])

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.y.shape[0], self.x.shape[1]


@dataclass(frozen=True, slots=True)
class Ellipse:
    """A face's outline.

    Attributes:
        centre: (x, y).
        half_width: Half axis across the face.
        half_height: Half axis from forehead to chin.
        angle: Roll in radians.
    """

    centre: tuple[float, float]
    half_width: float
    half_height: float
    angle: float

    def radius(self, grid: Grid) -> Mask:
        """Distance from the centre in units of the ellipse: 1 on its border."""
        cosine, sine = np.float32(np.cos(self.angle)), np.float32(np.sin(self.angle))
        x, y = grid.x - np.float32(self.centre[0]), grid.y - np.float32(self.centre[1])
        across = (cosine * x + sine * y) / np.float32(self.half_width)
        along = (cosine * y - sine * x) / np.float32(self.half_height)
        return np.asarray(np.hypot(across, along), np.float32)

    def bounds(self) -> tuple[float, float, float, float]:
        """Smallest upright box around it."""
        cosine, sine = np.cos(self.angle), np.sin(self.angle)
        width = np.hypot(self.half_width * cosine, self.half_height * sine)
        height = np.hypot(self.half_width * sine, self.half_height * cosine)
        x, y = self.centre
        return x - width, y - height, x + width, y + height


def outline(face: FaceState) -> Ellipse:
    """The largest ellipse of a face that stays inside its box.

    A detector's box hugs the face, also in profile, so the ellipse holds no background.
    """
    angle = roll(face.landmarks)
    left, top, right, bottom = face.box
    cosine, sine = abs(np.cos(angle)), abs(np.sin(angle))
    if sine < 0.2:
        half_width, half_height = face.width / 2, face.height / 2
    else:
        # A turned face: an ellipse of usual shape that just fits into the upright box.
        across = np.hypot(cosine, ASPECT * sine)
        along = np.hypot(sine, ASPECT * cosine)
        half_width = min(face.width / 2 / across, face.height / 2 / along)
        half_height = ASPECT * half_width
    return Ellipse(((left + right) / 2, (top + bottom) / 2), half_width, half_height, angle)


def region_around(ellipse: Ellipse, margin: float, frame: FrameSize) -> Region | None:
    """Rectangle of a frame that holds an ellipse and a margin; None if it lies outside.

    Args:
        ellipse: The outline.
        margin: Pixels added on every side.
        frame: Size of the frame.
    """
    left, top, right, bottom = ellipse.bounds()
    first_x = max(0, int(np.floor(left - margin))) & ~1
    first_y = max(0, int(np.floor(top - margin))) & ~1
    last_x = min(frame.width, int(np.ceil(right + margin)) + 1)
    last_y = min(frame.height, int(np.ceil(bottom + margin)) + 1)
    # An even size, or up to the border.
    last_x = min(frame.width, last_x + (last_x - first_x) % 2)
    last_y = min(frame.height, last_y + (last_y - first_y) % 2)
    if last_x - first_x < 4 or last_y - first_y < 4:
        return None
    return Region(first_x, first_y, FrameSize(last_x - first_x, last_y - first_y))


def luma_grid(region: Region) -> Grid:
    """Positions of a region's luma pixels."""
    return Grid.of(
        np.arange(region.size.width) + region.left, np.arange(region.size.height) + region.top
    )


def chroma_grid(region: Region) -> Grid:
    """Positions of a region's chroma samples on the luma grid ("left" siting)."""
    size = region.size.chroma
    return Grid.of(
        2.0 * np.arange(size.width) + region.left, 2.0 * np.arange(size.height) + region.top + 0.5
    )


def soft_mask(ellipse: Ellipse, grid: Grid) -> Mask:
    """1 in the middle, falling smoothly to exactly 0 on the outline and beyond."""
    inside = np.clip((1.0 - ellipse.radius(grid)) / np.float32(FEATHER), 0.0, 1.0)
    return np.asarray(inside * inside * (3.0 - 2.0 * inside), np.float32)
