"""Turning faces upright and to one size, and the way back.

The rotation comes from the landmarks (least-squares similarity: Umeyama, "Least-squares estimation
of transformation parameters between two point patterns", PAMI 1991), size and place from the box:
its geometric mean hardly changes when a head turns, while distances between landmarks do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from videotoon.faces.base import FaceState, Points
from videotoon.frame import FrameSize, Plane, Planes

Affine = NDArray[np.float64]
"""Matrix (2, 3): (x, y) -> matrix[:, :2] @ (x, y) + matrix[:, 2]."""

UPRIGHT: Final = np.array(
    [[-0.193, -0.113], [0.193, -0.113], [0.0, 0.125], [-0.173, 0.280], [0.173, 0.280]]
)
"""Landmarks of a frontal, upright face around its box's centre, in units of the box's side
(geometric mean of width and height); averages over faces found by RetinaFace."""

SHRINK_STEP: Final = 1.5
"""Planes that shrink by more than this are averaged first."""


def umeyama(source: NDArray[Any], target: NDArray[Any]) -> Affine:
    """Similarity (rotation, one scale, shift; no mirroring) that maps source best to target.

    Args:
        source: Points, shape (n, 2), n >= 2.
        target: Where they should go, same shape.

    Returns:
        Matrix (2, 3) with the least sum of squared distances.
    """
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    mean_source, mean_target = source.mean(axis=0), target.mean(axis=0)
    from_source, from_target = source - mean_source, target - mean_target
    variance = float((from_source**2).sum(axis=1).mean())
    if variance == 0.0:
        return np.column_stack([np.eye(2), mean_target - mean_source])
    left, stretch, right = np.linalg.svd(from_target.T @ from_source / len(source))
    flip = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right)) or 1.0])
    rotation = (left * flip) @ right
    matrix = rotation * float((stretch * flip).sum() / variance)
    return np.column_stack([matrix, mean_target - matrix @ mean_source])


def invert(matrix: Affine) -> Affine:
    """Inverse of an affine map."""
    inverse = np.linalg.inv(matrix[:, :2])
    return np.column_stack([inverse, -inverse @ matrix[:, 2]])


def transform(matrix: Affine, points: NDArray[Any]) -> Points:
    """Map points (n, 2)."""
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], np.float64)


def roll(landmarks: Points | None) -> float:
    """Angle in radians by which a face is turned in the picture; 0 without landmarks."""
    if landmarks is None:
        return 0.0
    matrix = umeyama(UPRIGHT, landmarks)
    return float(np.arctan2(matrix[1, 0], matrix[0, 0]))


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """Where one face goes in its crop.

    Attributes:
        matrix: From frame to crop.
        scale: Crop pixels per frame pixel.
        side: Side of the square crop.
    """

    matrix: Affine
    scale: float
    side: int

    @property
    def inverse(self) -> Affine:
        """From crop to frame."""
        return invert(self.matrix)


def align(face: FaceState, side: int, fill: float, largest_scale: float) -> Alignment:
    """Place a face upright in the middle of a square crop.

    Args:
        face: The face.
        side: Side of the crop in pixels, even.
        fill: Side of the face as a part of the crop's.
        largest_scale: Small faces are not enlarged more than this.
    """
    scale = min(fill * side / max(face.side, 1.0), largest_scale)
    angle = -roll(face.landmarks)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    left, top, right, bottom = face.box
    centre = np.array([(left + right) / 2, (top + bottom) / 2])
    middle = np.array([(side - 1) / 2, (side - 1) / 2])
    return Alignment(np.column_stack([turn, middle - turn @ centre]), scale, side)


def to_chroma(matrix: Affine) -> Affine:
    """The same map between chroma planes.

    Chroma sample (x, y) lies over luma position (2x, 2y + 0.5): "left" siting, as in
    :mod:`videotoon.engine.pictures`.
    """
    shift = np.array([0.0, 0.5])
    linear = matrix[:, :2]
    return np.column_stack([linear, (linear @ shift + matrix[:, 2] - shift) / 2])


def warp_planes(planes: Planes, matrix: Affine, size: FrameSize) -> Planes:
    """Warp a picture; what lies outside it is its reflection. Alpha is left out.

    Args:
        planes: The picture.
        matrix: From its luma pixels to those of the result.
        size: Size of the result.
    """
    chroma = to_chroma(matrix)
    return Planes(
        warp_plane(planes.y, matrix, size),
        warp_plane(planes.u, chroma, size.chroma),
        warp_plane(planes.v, chroma, size.chroma),
    )


def warp_plane(plane: Plane, matrix: Affine, size: FrameSize) -> Plane:
    """Warp one plane: cubic where it grows, averaging first where it shrinks."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if scale * SHRINK_STEP < 1.0:
        height, width = plane.shape
        smaller = (max(1, round(width * scale)), max(1, round(height * scale)))
        factors = np.array([width / smaller[0], height / smaller[1]])
        plane = np.asarray(cv2.resize(plane, smaller, interpolation=cv2.INTER_AREA), np.uint8)
        linear = matrix[:, :2] * factors
        matrix = np.column_stack([linear, matrix[:, :2] @ (0.5 * factors - 0.5) + matrix[:, 2]])
    warped = cv2.warpAffine(
        plane,
        matrix,
        (size.width, size.height),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return np.asarray(warped, np.uint8).reshape(size.height, size.width)
