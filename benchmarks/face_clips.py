"""Clips with moving faces, made from still pictures with exactly known camera moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from videotoon.engine.pictures import rgb_to_planes
from videotoon.frame import BT709, Frame, FrameSize, Planes

Rgb = NDArray[np.uint8]
Move = Callable[[float], tuple[float, float, float, float]]
"""From time 0..1 to centre x, centre y (parts of the frame), side of the face in pixels, roll."""

RATE = 25


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """A face in a still picture.

    Attributes:
        picture: RGB.
        centre: Of the face, pixels.
        side: Of the face, pixels.
    """

    picture: Rgb
    centre: tuple[float, float]
    side: float


def person_from(picture: Rgb, box: Sequence[float]) -> Person:
    """Take a face with its box (left, top, right, bottom)."""
    left, top, right, bottom = box
    side = float(np.sqrt((right - left) * (bottom - top)))
    return Person(picture, ((left + right) / 2, (top + bottom) / 2), side)


def placed(person: Person, size: FrameSize, place: tuple[float, float, float, float]) -> Rgb:
    """A frame that shows a person's whole picture with the face at a place.

    Borders are continued, not mirrored: mirrored faces would be faces as well.
    """
    x, y, side, angle = place
    scale = side / person.side
    picture, centre = person.picture, np.array(person.centre)
    if scale < 0.7:  # average first, so that nothing aliases
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        centre, scale = centre * scale, 1.0
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    target = np.array([x * size.width, y * size.height])
    matrix = np.column_stack([turn, target - turn @ centre])
    warped = cv2.warpAffine(
        picture, matrix, (size.width, size.height), flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return np.asarray(warped, np.uint8)


def pasted(background: Rgb, person: Person, place: tuple[float, float, float, float]) -> Rgb:
    """Paste a head (a soft oval around the face) onto a frame."""
    height, width = background.shape[:2]
    size = FrameSize(width, height)
    front = placed(person, size, place).astype(np.float32)
    x, y, side, angle = place
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    dx, dy = columns - x * width, rows - (y * height - 0.1 * side)
    across = (np.cos(angle) * dx + np.sin(angle) * dy) / (0.62 * side)
    along = (np.cos(angle) * dy - np.sin(angle) * dx) / (0.88 * side)
    weight = np.clip((1.0 - np.hypot(across, along)) / 0.12, 0, 1)[..., None]
    return np.asarray(np.rint(background + weight * (front - background)), np.uint8)


def frames_from(pictures: Sequence[Rgb]) -> list[Frame]:
    """Frames at a constant rate."""
    planes: list[Planes] = [rgb_to_planes(picture, BT709) for picture in pictures]
    return [Frame(n, n, Fraction(1, RATE), p, 1) for n, p in enumerate(planes)]


def moving_portrait(person: Person, size: FrameSize, frames: int) -> list[Frame]:
    """One face: the camera pans, rolls and zooms out until the face is small."""

    def place(t: float) -> tuple[float, float, float, float]:
        side = 0.28 * size.height * (1 - t) + 0.07 * size.height * t
        return 0.42 + 0.16 * np.sin(3 * t), 0.45 + 0.06 * np.sin(5 * t), side, 0.2 * np.sin(4 * t)

    return frames_from([placed(person, size, place(n / max(1, frames - 1))) for n in range(frames)])


def crossing(people: Sequence[Person], size: FrameSize, frames: int) -> list[Frame]:
    """Two or three faces on a blurred background: they cross, and one leaves the picture."""
    base = cv2.GaussianBlur(placed(people[0], size, (0.2, 0.3, 300, 0.0)), (0, 0), 60)
    pictures = []
    for number in range(frames):
        t = number / max(1, frames - 1)
        picture = np.asarray(base, np.uint8)
        side = 0.16 * size.height
        places = [
            (0.15 + 0.7 * t, 0.45 + 0.02 * np.sin(9 * t), side, 0.0),
            (0.85 - 0.7 * t, 0.50, 1.15 * side, 0.1 * np.sin(6 * t)),
            (0.50, 0.75 - 0.1 * t + max(0.0, t - 0.6), 0.8 * side, 0.0),
        ]
        for person, place in zip(people, places, strict=False):
            picture = pasted(picture, person, place)
        pictures.append(picture)
    return frames_from(pictures)


def many_faces(people: Sequence[Person], size: FrameSize, side: float) -> list[Planes]:
    """Frames packed with faces of one size, each in its own tile with its surroundings."""
    cell = int(side * 2.6) & ~1
    across, down = size.width // cell, size.height // cell
    frames = []
    for first in range(0, len(people), across * down):
        picture = np.full((size.height, size.width, 3), 127, np.uint8)
        for number, person in enumerate(people[first : first + across * down]):
            row, column = divmod(number, across)
            tile = placed(person, FrameSize(cell, cell), (0.5, 0.5, side, 0.0))
            picture[row * cell : (row + 1) * cell, column * cell : (column + 1) * cell] = tile
        frames.append(rgb_to_planes(picture, BT709))
    return frames


def astronaut_picture() -> Rgb:
    """Astronaut Eileen Collins (NASA, public domain), RGB 512 x 512."""
    from skimage import data

    bundled: Any = data
    return np.asarray(bundled.astronaut(), np.uint8)


def read_rgb(path: Path) -> Rgb:
    """Read a picture as RGB."""
    picture = cv2.imread(str(path))
    assert picture is not None, path
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
