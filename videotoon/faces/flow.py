"""Following faces from frame to frame by their pixels, between detections.

A grid of points inside each face is followed with pyramidal Lucas-Kanade (Bouguet 2001) on the
reduced luma; the similarity that fits most of them moves the whole face. Averaging over many points
makes the result steadier than any single detection.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from videotoon.faces.alignment import Affine, transform, umeyama
from videotoon.faces.base import FaceState, Points
from videotoon.faces.masks import outline
from videotoon.faces.reduced import Reduction
from videotoon.frame import Plane

GRID: Final = 7
WINDOW: Final = (13, 13)
LEVELS: Final = 3
REACH: Final = 16.0
"""Reduced pixels, beside half the face's size, that a face may move within one frame."""

FEWEST: Final = 8
"""Points that must agree before the motion is believed."""

SURE_SHARE: Final = 0.5
"""Part of the points that must agree."""

LARGEST_STRETCH: Final = 1.25
"""A face does not grow or shrink by more than this within one frame."""


def grid_inside(face: FaceState) -> Points:
    """Points spread evenly over a face's ellipse, frame pixels, shape (n, 2)."""
    ellipse = outline(face)
    steps = np.linspace(-0.85, 0.85, GRID)
    unit = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    unit = unit[np.hypot(unit[:, 0], unit[:, 1]) < 0.9]
    scaled = unit * (ellipse.half_width, ellipse.half_height)
    cosine, sine = np.cos(ellipse.angle), np.sin(ellipse.angle)
    turned = scaled @ np.array([[cosine, sine], [-sine, cosine]])
    return np.asarray(turned + np.array(ellipse.centre), np.float64)


def follow(
    before: Plane, now: Plane, faces: list[FaceState], reduction: Reduction
) -> list[Affine | None]:
    """Motion of each face between two frames.

    Args:
        before: Reduced luma of the earlier frame.
        now: Reduced luma of the later frame.
        faces: Faces in the earlier frame.
        reduction: From frames to reduced pictures.

    Returns:
        For each face the similarity (2, 3) in frame pixels, or None where it could not be followed.
    """
    if not faces:
        return []
    motions: list[Affine | None] = []
    for face in faces:
        grid = grid_inside(face)
        starts = reduction.to_reduced(grid).astype(np.float32)
        ends, good = _follow_points(before, now, starts)
        motions.append(_fit(grid, reduction.to_frame(ends), good, face.side))
    return motions


def _follow_points(
    before: Plane, now: Plane, starts: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Follow points there and back, looking only at the part of the pictures around them."""
    height, width = now.shape
    extent = float(np.ptp(starts, axis=0).max())
    margin = REACH + 0.5 * extent
    left, top = (max(0, int(v)) for v in starts.min(axis=0) - margin)
    right, bottom = (int(v) + 1 for v in starts.max(axis=0) + margin)
    part = np.s_[top : min(bottom, height), left : min(right, width)]
    one, other = np.ascontiguousarray(before[part]), np.ascontiguousarray(now[part])
    if min(one.shape) < 2 * WINDOW[0]:
        return starts, np.zeros(len(starts), np.bool_)
    corner = np.array([left, top], np.float32)
    shifted = (starts - corner)[:, None]
    ends, found = _lucas_kanade(one, other, shifted)
    back, returned = _lucas_kanade(other, one, ends)
    astray = np.linalg.norm((back - shifted)[:, 0], axis=1)
    good = (found[:, 0] == 1) & (returned[:, 0] == 1) & (astray < 0.7)
    good &= _inside(shifted[:, 0], one) & _inside(ends[:, 0], other)
    return np.asarray(ends[:, 0] + corner, np.float32), good


def _lucas_kanade(
    before: Plane, now: Plane, points: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    guess: Any = None  # OpenCV's types do not know that it may be left out
    ends, found, _ = cv2.calcOpticalFlowPyrLK(
        before, now, points, guess, winSize=WINDOW, maxLevel=LEVELS
    )
    return np.asarray(ends), np.asarray(found)


def _inside(points: NDArray[Any], picture: Plane) -> NDArray[np.bool_]:
    height, width = picture.shape
    return np.asarray(
        (points >= 0).all(axis=1) & (points[:, 0] < width) & (points[:, 1] < height), np.bool_
    )


def _fit(before: Points, after: Points, good: NDArray[np.bool_], side: float) -> Affine | None:
    """Similarity that most points agree with, by repeated trimming; None if too few do."""
    agree = good.copy()
    if agree.sum() < FEWEST:
        return None
    shift = np.median((after - before)[agree], axis=0)
    distance = np.linalg.norm(after - before - shift, axis=1)
    agree &= distance < 0.08 * side + 1.0
    for limit in (0.05, 0.03):
        if agree.sum() < FEWEST:
            return None
        motion = umeyama(before[agree], after[agree])
        distance = np.linalg.norm(transform(motion, before) - after, axis=1)
        agree = good & (distance < limit * side + 0.5)
    if agree.sum() < max(FEWEST, SURE_SHARE * len(good)):
        return None
    motion = umeyama(before[agree], after[agree])
    stretch = float(np.sqrt(abs(np.linalg.det(motion[:, :2]))))
    if not 1 / LARGEST_STRETCH < stretch < LARGEST_STRETCH:
        return None
    return motion
