"""Telling which detection is which tracked face: by overlap, helped by looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from videotoon.faces.alignment import align
from videotoon.faces.base import Box, Detection, FaceState, box_overlap
from videotoon.faces.reduced import Reduction
from videotoon.frame import Plane

LOOK_SIDE: Final = 16
LOOK_WEIGHT: Final = 0.5
LEAST_OVERLAP: Final = 0.2
NEAR: Final = 0.6
"""Distance of centres, in units of the face's side, up to which small faces may be matched without
overlap."""

Look = NDArray[np.float32]
"""Upright luma of a face, mean 0 and length 1, flattened; all zeros where it is flat."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A tracked face as it is expected in this frame.

    Attributes:
        box: Expected box.
        look: What it looked like so far, or None.
    """

    box: Box
    look: Look | None


def look_of(face: FaceState, luma: Plane, reduction: Reduction) -> Look:
    """Take a small upright picture of a face from the reduced luma."""
    alignment = align(face, LOOK_SIDE, 0.9, 8.0)
    factors = reduction.factors
    linear = alignment.matrix[:, :2] * factors
    offset = alignment.matrix[:, :2] @ (0.5 * factors - 0.5) + alignment.matrix[:, 2]
    picture = cv2.warpAffine(
        luma,
        np.column_stack([linear, offset]),
        (LOOK_SIDE, LOOK_SIDE),
        flags=cv2.INTER_AREA,
        borderMode=cv2.BORDER_REPLICATE,
    )
    values = picture.astype(np.float32).ravel()
    values -= values.mean()
    length = float(np.linalg.norm(values))
    return np.asarray(values / length if length > 1e-3 else values * 0, np.float32)


def assign(
    candidates: list[Candidate], detections: list[Detection], looks: list[Look]
) -> dict[int, int]:
    """Pair tracked faces with detections, the clearest pair first.

    Args:
        candidates: Tracked faces.
        detections: What was found.
        looks: What each detection looks like.

    Returns:
        Index of the detection for each candidate that has one.
    """
    pairs = []
    for number, candidate in enumerate(candidates):
        for index, detection in enumerate(detections):
            closeness = _closeness(candidate.box, detection.box)
            if closeness <= 0:
                continue
            alike = 0.0
            if candidate.look is not None:
                alike = float(candidate.look @ looks[index])
            pairs.append((closeness + LOOK_WEIGHT * alike, number, index))
    chosen: dict[int, int] = {}
    for _, number, index in sorted(pairs, key=lambda pair: -pair[0]):
        if number not in chosen and index not in chosen.values():
            chosen[number] = index
    return chosen


def _closeness(one: Box, other: Box) -> float:
    """Overlap, or for faces that just missed each other how near they are; 0: not the same."""
    overlap = box_overlap(one, other)
    if overlap >= LEAST_OVERLAP:
        return overlap
    first, second = _centre_and_side(one), _centre_and_side(other)
    larger, smaller = max(first[2], second[2]), min(first[2], second[2])
    if smaller <= 0 or larger / smaller > 1.6:
        return 0.0
    distance = float(np.hypot(first[0] - second[0], first[1] - second[1])) / larger
    return LEAST_OVERLAP * (1.0 - distance / NEAR) if distance < NEAR else 0.0


def _centre_and_side(box: Box) -> tuple[float, float, Any]:
    width, height = box[2] - box[0], box[3] - box[1]
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, np.sqrt(max(width * height, 0.0))
