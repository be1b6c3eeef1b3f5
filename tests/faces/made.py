"""Pictures, clips and detectors made for the tests of faces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import cv2
import numpy as np

from videotoon.engine.pictures import rgb_to_planes
from videotoon.faces.alignment import UPRIGHT
from videotoon.faces.base import Box, Detection, FaceState, box_overlap
from videotoon.faces.options import FaceOptions
from videotoon.faces.stage import options_from
from videotoon.frame import BT709, Frame, FrameSize, Planes
from videotoon.settings import Settings

SIZE = FrameSize(480, 270)
RATE = 25


def landmarks_at(x: float, y: float, side: float, angle: float = 0.0) -> np.ndarray:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return side * UPRIGHT @ turn.T + np.array([x, y])


def box_at(x: float, y: float, side: float) -> Box:
    width, height = side / np.sqrt(1.41), side * np.sqrt(1.41)
    return (x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def face_at(x: float, y: float, side: float, angle: float = 0.0, **changes) -> FaceState:
    values = {"opacity": 1.0} | changes
    return FaceState(1, box_at(x, y, side), landmarks_at(x, y, side, angle), **values)


def detection_at(x: float, y: float, side: float, score: float = 0.99) -> Detection:
    return Detection(box_at(x, y, side), score, landmarks_at(x, y, side))


def textured(size: FrameSize = SIZE, seed: int = 0, cell: int = 12) -> np.ndarray:
    """Smooth random colours, RGB uint8."""
    rng = np.random.default_rng(seed)
    small = rng.integers(40, 216, (size.height // cell + 2, size.width // cell + 2, 3))
    scaled = cv2.resize(
        small.astype(np.float32), (size.width, size.height), interpolation=cv2.INTER_CUBIC
    )
    return np.clip(scaled, 0, 255).astype(np.uint8)


def with_faces(background: np.ndarray, faces: Sequence[tuple[float, float, float, int]]) -> Planes:
    """Paste textured ellipses (x, y, side, seed) onto a background, the last one in front."""
    picture = background.copy()
    rows, columns = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]].astype(np.float32)
    for x, y, side, seed in faces:
        texture = textured(FrameSize(64, 64), seed, 7)
        scale = 64 / (1.3 * side)
        u, v = (columns - x) * scale + 31.5, (rows - y) * scale + 31.5
        warped = cv2.remap(texture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        half = side / np.sqrt(1.41) / 2
        inside = np.hypot((columns - x) / half, (rows - y) / (1.41 * half)) < 1
        picture[inside] = warped[inside]
    return rgb_to_planes(picture, BT709)


def frames_of(pictures: Sequence[Planes]) -> list[Frame]:
    return [
        Frame(number, number, Fraction(1, RATE), planes) for number, planes in enumerate(pictures)
    ]


class ScriptedDetector:
    """Returns what a function says for the frame at hand, found by the identity of its planes."""

    name = "scripted"

    def __init__(self, frames: Sequence[Frame], script: Callable[[int], list[Detection]]) -> None:
        self._index = {id(frame.planes): frame.index for frame in frames}
        self._script = script
        self.asked: list[int] = []

    def detect(self, planes: Planes) -> list[Detection]:
        self.asked.append(self._index[id(planes)])
        return self._script(self._index[id(planes)])

    def search(self, planes: Planes, box: Box) -> list[Detection]:
        found = self._script(self._index[id(planes)])
        return [d for d in found if box_overlap(d.box, box) > 0.05]


class Lighter:
    """Stands in for a style: lifts luma and steepens it, so that scenes and crops differ."""

    def __init__(self, gain: float = 1.2, lift: float = 10.0) -> None:
        self.gain, self.lift = gain, lift
        self.calls: list[tuple[int, int]] = []

    def planes(self, planes: Planes) -> Planes:
        y = np.clip((planes.y.astype(float) - 110) * self.gain + 110 + self.lift, 16, 235)
        return Planes(y.astype(np.uint8), planes.u.copy(), planes.v.copy(), planes.alpha)

    def paint(self, side: int, crops: Sequence[Planes]) -> list[Planes]:
        self.calls.append((side, len(crops)))
        return [self.planes(crop) for crop in crops]


def face_options(**changes: Any) -> FaceOptions:
    """The options that a job has by default, with changes."""
    return replace(options_from(Settings()), **changes)
