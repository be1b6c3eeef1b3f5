"""Pictures to find the value ranges of a network with, and others to judge the result by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from videotoon.errors import DecodeError, SettingsError
from videotoon.frame import FrameSize

Picture = NDArray[np.float32]
"""RGB [height, width, 3], 0..255."""

CALIBRATION: Final = 16
HELD_OUT: Final = 6
FEWEST: Final = 8
MOST: Final = 48
EACH: Final = 4
"""Of a folder's pictures, one in this many is held out."""


@dataclass(frozen=True, slots=True)
class PictureSet:
    """Pictures of one size.

    Attributes:
        calibration: For finding ranges.
        held_out: For judging; none of them is among the others.
    """

    calibration: Sequence[Picture]
    held_out: Sequence[Picture]


def picture_set(folder: Path | None, size: FrameSize) -> PictureSet:
    """Return the pictures of a folder, or drawn ones that are the same every time.

    Args:
        folder: Where pictures lie, or None.
        size: Size that all of them get: scaled, and cut around the middle.

    Raises:
        SettingsError: There is no such folder, or it holds too few pictures.
    """
    if folder is None:
        drawn = [drawn_picture(number, size) for number in range(CALIBRATION + HELD_OUT)]
        return PictureSet(drawn[:CALIBRATION], drawn[CALIBRATION:])
    pictures = _read(folder, size)
    held_out = pictures[EACH - 1 :: EACH]
    rest = [picture for number, picture in enumerate(pictures) if number % EACH != EACH - 1]
    return PictureSet(rest, held_out)


def drawn_picture(number: int, size: FrameSize) -> Picture:
    """Draw overlapping leaves of all sizes under uneven light, with blur and noise.

    Leaves whose sizes follow an inverse cube give pictures with edges, areas and spectra like those
    of photographs ("dead leaves": Lee, Mumford and Huang, 2001). Measured with AnimeGANv2's
    architecture: ranges found on them do as well on photographs as ranges found on photographs.
    """
    random = np.random.default_rng(number)
    smallest, largest = size.short_side / 100, size.short_side / 2
    canvas = np.empty((size.height, size.width, 3), np.uint8)
    canvas[:] = random.integers(0, 256, 3)
    count = int(random.integers(300, 900))
    radii = 1 / np.sqrt(random.uniform(largest**-2, smallest**-2, count))
    for radius in np.sort(radii)[::-1] if number % 3 == 0 else radii:
        # Sixteenths of a pixel, so that small leaves differ as well.
        centre = (random.uniform(0, 16, 2) * (size.width, size.height)).astype(int)
        axes = (16 * radius * np.array([1.0, random.uniform(0.4, 1.0)])).astype(int)
        colour = tuple(map(int, random.integers(0, 256, 3)))
        cv2.ellipse(
            canvas, (int(centre[0]), int(centre[1])), (int(axes[0]), int(axes[1])),
            random.uniform(0, 180), 0, 360, colour, -1, cv2.LINE_AA, 4,
        )  # fmt: skip
    picture = canvas.astype(np.float32)
    grey = picture.mean(axis=2, keepdims=True)
    picture = grey + (picture - grey) * random.uniform(0.1, 0.8)
    picture = (picture - 128) * random.uniform(0.4, 1.0) + random.uniform(80, 175)
    rows, columns = np.mgrid[-1 : 1 : size.height * 1j, -1 : 1 : size.width * 1j]
    slope = random.normal(0, 25, 2)
    picture += (slope[0] * rows + slope[1] * columns)[..., None]
    picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), random.uniform(0.4, 1.2)), np.float32)
    picture += random.normal(0, random.uniform(0, 6), picture.shape)
    return np.clip(picture, 0, 255).astype(np.float32)


def _read(folder: Path, size: FrameSize) -> list[Picture]:
    from videotoon.picture import is_picture, read_picture

    if not folder.is_dir():
        raise SettingsError(f"--pictures {str(folder)!r} is not a folder", "name one with pictures")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and is_picture(path))
    step = max(1, -(-len(files) // MOST))
    pictures = []
    for file in files[::step]:
        try:
            pictures.append(_fitted(read_picture(file)[0], size))
        except DecodeError:
            continue  # what cannot be read cannot be learnt from
    if len(pictures) < FEWEST:
        raise SettingsError(
            f"--pictures {str(folder)!r} holds {len(pictures)} readable pictures",
            f"at least {FEWEST} are needed; without --pictures drawn ones are used",
        )
    return pictures


def _fitted(picture: NDArray[Any], size: FrameSize) -> Picture:
    height, width = picture.shape[:2]
    scale = max(size.height / height, size.width / width)
    wide, high = max(size.width, round(width * scale)), max(size.height, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(picture, (wide, high), interpolation=method)
    top, left = (high - size.height) // 2, (wide - size.width) // 2
    cut = scaled[top : top + size.height, left : left + size.width]
    return np.ascontiguousarray(cut, np.float32)
