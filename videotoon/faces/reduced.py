"""The reduced picture in which faces are looked for, and the way back to the frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from videotoon.engine.colour import codes_to_rgb
from videotoon.faces.alignment import Affine
from videotoon.faces.base import Box
from videotoon.frame import ColourTags, FrameSize, Plane, Planes


@dataclass(frozen=True, slots=True)
class Reduction:
    """A scale between frames and reduced pictures.

    Attributes:
        frame: Size of the frames.
        reduced: Size of the reduced pictures; sides are multiples of ``multiple``.
    """

    frame: FrameSize
    reduced: FrameSize

    @classmethod
    def to_long_side(cls, frame: FrameSize, long_side: int, multiple: int = 8) -> Reduction:
        """Scale frames so that the longer side is at most ``long_side``; never enlarge."""
        factor = min(1.0, long_side / frame.long_side)
        width, height = (
            max(multiple, round(side * factor / multiple) * multiple)
            for side in (frame.width, frame.height)
        )
        return cls(frame, FrameSize(width, height))

    @property
    def factors(self) -> NDArray[np.float64]:
        """Frame pixels per reduced pixel, (x, y)."""
        return np.array(
            [
                self.frame.width / self.reduced.width,
                self.frame.height / self.reduced.height,
            ]
        )

    def to_frame(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """Map points (n, 2) of the reduced picture to the frame."""
        return np.asarray((points + 0.5) * self.factors - 0.5, np.float64)

    def to_reduced(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """Map points (n, 2) of the frame to the reduced picture."""
        return np.asarray((points + 0.5) / self.factors - 0.5, np.float64)

    def luma(self, planes: Planes) -> Plane:
        """Reduced luma codes, uint8 [height, width]."""
        if self.frame == self.reduced:
            return planes.y
        size = (self.reduced.width, self.reduced.height)
        return np.asarray(cv2.resize(planes.y, size, interpolation=cv2.INTER_AREA), np.uint8)

    def bgr(self, planes: Planes, tags: ColourTags) -> NDArray[np.uint8]:
        """Reduced picture as uint8 BGR [height, width, 3], converted as the tags say."""
        return quick_bgr(self.luma(planes), planes, tags)


def quick_bgr(luma: Plane, planes: Planes, tags: ColourTags) -> NDArray[np.uint8]:
    """Picture for a detector: luma as given, chroma scaled to it without regard to its siting.

    Args:
        luma: Codes, any size.
        planes: Where U and V come from.
        tags: Meaning of the codes.

    Returns:
        uint8 BGR [height, width, 3].
    """
    size = (luma.shape[1], luma.shape[0])
    chroma = [cv2.resize(p, size, interpolation=cv2.INTER_LINEAR) for p in (planes.u, planes.v)]
    matrix, offset = codes_to_rgb(tags)
    blue_first = np.ascontiguousarray(np.column_stack([matrix, offset])[::-1])
    return np.asarray(cv2.transform(cv2.merge([luma, *chroma]), blue_first), np.uint8)


def window_around(box: Box, side: int, surroundings: float) -> Affine:
    """Map from the frame to a square window around a box.

    Args:
        box: The box.
        side: Side of the window in pixels.
        surroundings: Side of the window in units of the box's.
    """
    width, height = box[2] - box[0], box[3] - box[1]
    scale = side / (surroundings * max(float(np.sqrt(max(width * height, 0.0))), 1.0))
    centre = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    return np.column_stack([scale * np.eye(2), (side - 1) / 2 - scale * centre])
