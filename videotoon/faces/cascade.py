"""Face boxes from OpenCV's bundled Haar cascade (Viola and Jones 2001), without landmarks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from videotoon.errors import BackendError
from videotoon.faces.alignment import invert, transform, warp_plane
from videotoon.faces.base import Box, Detection, Points
from videotoon.faces.reduced import Reduction, window_around
from videotoon.frame import FrameSize, Plane, Planes

FRONTAL: Final = "haarcascade_frontalface_alt2.xml"
NEIGHBOURS: Final = 5
SMALLEST: Final = 20
"""Side in reduced pixels; what the cascade was trained on."""

WINDOW_SIDE: Final = 128
WINDOW_SURROUNDINGS: Final = 2.0


class CascadeDetector:
    """Detector without landmarks; see :class:`videotoon.faces.base.Detector`.

    Args:
        size: Size of the frames.
        long_side: Longer side of the picture that is searched.

    Raises:
        BackendError: This OpenCV has no cascades (version 5).
    """

    name = "cascade"

    def __init__(self, size: FrameSize, *, long_side: int = 640) -> None:
        folder = getattr(getattr(cv2, "data", None), "haarcascades", "")
        path = Path(folder) / FRONTAL
        if not hasattr(cv2, "CascadeClassifier") or not path.is_file():
            raise BackendError(
                f"OpenCV {cv2.__version__} has no face cascades", "install opencv-python 4"
            )
        self._cascade = cv2.CascadeClassifier(str(path))
        self.reduction = Reduction.to_long_side(size, long_side)

    def detect(self, planes: Planes) -> list[Detection]:
        """Return the faces of a picture, surest first."""
        return self._find(self.reduction.luma(planes), self.reduction.to_frame)

    def search(self, planes: Planes, box: Box) -> list[Detection]:
        """Return the faces around a box."""
        matrix = window_around(box, WINDOW_SIDE, WINDOW_SURROUNDINGS)
        luma = warp_plane(planes.y, matrix, FrameSize(WINDOW_SIDE, WINDOW_SIDE))
        back = invert(matrix)
        return self._find(luma, lambda points: transform(back, points))

    def _find(self, picture: Plane, to_frame: Callable[[Points], Points]) -> list[Detection]:
        luma = cv2.equalizeHist(picture)
        boxes, _, weights = self._cascade.detectMultiScale3(
            luma,
            scaleFactor=1.12,
            minNeighbors=NEIGHBOURS,
            minSize=(SMALLEST, SMALLEST),
            outputRejectLevels=True,
        )
        found = []
        for box, weight in zip(boxes, weights, strict=True):
            corners = to_frame(_face_corners(*(float(side) for side in box)))
            left, top, right, bottom = corners.ravel().tolist()
            score = min(0.99, 0.8 + float(weight) / 100)
            found.append(Detection((left, top, right, bottom), score))
        return sorted(found, key=lambda detection: -detection.score)


def _face_corners(left: float, top: float, width: float, height: float) -> Points:
    """From the cascade's square, brows to mouth, to a box of forehead, chin and ears."""
    middle = left + width / 2
    return np.array(
        [[middle - 0.42 * width, top + 0.02 * height], [middle + 0.42 * width, top + 1.1 * height]]
    )
