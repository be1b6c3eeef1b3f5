"""Pictures of the sample clips: photographs, enlarged with care, seen by a moving camera."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]

ENLARGEMENT = 3
BACK_PROJECTIONS = 6
SHARPEN_SIGMA = 1.4  # px of the enlarged picture
SHARPEN_GAIN = 0.8


def enlarge(photo: Rgb, factor: int = ENLARGEMENT) -> Rgb:
    """Enlarge without blur and without halos.

    Cubic interpolation is corrected until averaging it down gives the photograph again; noise is
    smoothed along edges; sharpening never leaves the range of the neighbouring pixels.

    Args:
        photo: RGB, shape (height, width, 3), uint8.
        factor: Whole number of times.

    Returns:
        RGB, shape (height * factor, width * factor, 3), uint8.
    """
    small = photo.astype(np.float32) / 255
    height, width = small.shape[:2]
    size = (width * factor, height * factor)
    large: NDArray[np.float32] = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC))
    for _ in range(BACK_PROJECTIONS):
        missing = small - cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)
        added = cv2.resize(missing, size, interpolation=cv2.INTER_CUBIC)
        large = np.asarray(large + added, np.float32)
    smooth = cv2.bilateralFilter(np.clip(large, 0, 1), 7, 0.06, 2.0)
    near = np.ones((3, 3), np.uint8)
    low, high = cv2.erode(smooth, near), cv2.dilate(smooth, near)
    detail = smooth - cv2.GaussianBlur(smooth, (0, 0), SHARPEN_SIGMA)
    sharp = np.clip(smooth + SHARPEN_GAIN * detail, low, high)
    return np.asarray((np.clip(sharp, 0, 1) * 255).round(), np.uint8)


@dataclass(frozen=True, slots=True)
class View:
    """Where the camera looks, in pixels of the photograph.

    Attributes:
        x: Centre, from the left.
        y: Centre, from the top.
        width: Width of what is seen; the height follows from the shape of the clip.
        tilt: Degrees counter-clockwise.
    """

    x: float
    y: float
    width: float
    tilt: float = 0.0

    def towards(self, other: View, share: float) -> View:
        """The view at ``share`` (0..1) of an eased way to ``other``; widths go geometrically."""
        eased = 0.5 - 0.5 * math.cos(math.pi * share)
        return View(
            self.x + (other.x - self.x) * eased,
            self.y + (other.y - self.y) * eased,
            self.width * (other.width / self.width) ** eased,
            self.tilt + (other.tilt - self.tilt) * eased,
        )

    def held_by_hand(self, seconds: float, amount: float) -> View:
        """The view of a camera in a hand: a slow sway of ``amount`` pixels of the photograph."""
        sway_x = math.sin(2.1 * seconds) + 0.5 * math.sin(5.3 * seconds + 1.0)
        sway_y = math.sin(2.7 * seconds + 0.6) + 0.4 * math.sin(6.1 * seconds)
        return View(self.x + amount * sway_x, self.y + amount * sway_y, self.width, self.tilt)


@dataclass(frozen=True, slots=True)
class Scene:
    """A camera move over one photograph.

    Attributes:
        photo: Name of a function of ``skimage.data``.
        start: First view.
        end: View of the last moving frame.
        frames: Length in frames, the held ones included.
        held: So many frames at the end repeat the last moving one exactly.
        flash: The frame (within the scene) that is plain white, or None.
        sway: How much the camera moves in the hand, in pixels of the photograph.
    """

    photo: str
    start: View
    end: View
    frames: int
    held: int = 0
    flash: int | None = None
    sway: float = 0.6

    def pictures(self, large: Rgb, size: tuple[int, int], fps: float) -> Iterator[Rgb]:
        """Yield every frame.

        Args:
            large: The photograph, enlarged :data:`ENLARGEMENT` times.
            size: Width and height of the frames.
            fps: Frames per second, which sets the speed of the sway.
        """
        moving = self.frames - self.held
        last: Rgb | None = None
        for number in range(self.frames):
            if last is None or number < moving:
                view = self.start.towards(self.end, number / max(moving - 1, 1))
                last = look(large, view.held_by_hand(number / fps, self.sway), size)
            yield np.full_like(last, 255) if number == self.flash else last


def look(large: Rgb, view: View, size: tuple[int, int]) -> Rgb:
    """Render what the camera sees, exact to a fraction of a pixel."""
    width, height = size
    scale = view.width * ENLARGEMENT / width
    angle = math.radians(view.tilt)
    cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
    to_source = np.array(
        [
            [cos, sin, view.x * ENLARGEMENT - cos * width / 2 - sin * height / 2],
            [-sin, cos, view.y * ENLARGEMENT + sin * width / 2 - cos * height / 2],
        ]
    )
    seen = cv2.warpAffine(
        large,
        to_source,
        size,
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return np.asarray(seen, np.uint8)
