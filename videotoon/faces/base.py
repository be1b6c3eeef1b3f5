"""What passes between the parts: detections, tracked faces, and the protocols of the parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from videotoon.frame import Planes

Points = NDArray[np.float64]
"""Positions (x, y) in luma pixels, shape (n, 2). Pixel centres lie at whole numbers."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in luma pixels; may reach over the picture's border."""

LANDMARKS = 5
"""Right eye, left eye, nose tip, right and left corner of the mouth - the person's own right and
left, so the first eye is on the left of the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """One face that a detector found in one picture.

    Attributes:
        box: Around forehead, chin and ears.
        score: Confidence, 0..1.
        landmarks: Shape (5, 2), or None from detectors that find boxes only.
    """

    box: Box
    score: float
    landmarks: Points | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FaceState:
    """A tracked face in one frame.

    Attributes:
        identity: The same number as long as the face is followed.
        box: Smoothed box.
        landmarks: Smoothed landmarks, shape (5, 2), or None where the detector gives none.
        opacity: 0..1; below 1 while the face fades in or out.
        certain: 0..1; falls while the face is only bridged, for corrections that need its features
            to be where they are said to be.
    """

    identity: int
    box: Box
    landmarks: Points | None
    opacity: float
    certain: float = 1.0

    @property
    def width(self) -> float:
        """Width of the box in luma pixels."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        """Height of the box in luma pixels."""
        return self.box[3] - self.box[1]

    @property
    def side(self) -> float:
        """Size of the face: the geometric mean of width and height."""
        return side_of(self.box)


class Detector(Protocol):
    """Finds faces in one picture; used by one thread at a time."""

    name: str

    def detect(self, planes: Planes) -> list[Detection]:
        """Return the faces of a picture, surest first, in its own luma pixels."""
        ...

    def search(self, planes: Planes, box: Box) -> list[Detection]:
        """Return the faces around a box only; cheaper, and closer to small faces."""
        ...


def side_of(box: Box) -> float:
    """Size of a face: the geometric mean of its box's width and height."""
    return float(np.sqrt(max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)))


def box_overlap(one: Box, other: Box) -> float:
    """Intersection of two boxes divided by their union, 0..1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return common / (_area(one) + _area(other) - common)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
