"""The last painted picture, and how another one differs from it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from videotoon.cache.ground import Ground, ground_of
from videotoon.cache.tiles import (
    BLOCK,
    TILE,
    Look,
    Planar,
    Scratch,
    TileChange,
    grid_of,
    tile_change,
    whole_tiles,
)
from videotoon.frame import Plane, Planes

WEIGHTS = (1.0, 2.0, 4.0)
"""Of differences of luma, chroma and opacity: codecs disturb chroma less, and opacity hardly."""


ROW_STEP = 16
"""Quick looks compare one luma row in so many."""

JUMP = 5.0
"""From so many times the change on, the next picture jumps."""


@dataclass(frozen=True, slots=True)
class Change:
    """How a picture differs from the held one.

    Attributes:
        largest: Largest mean absolute difference of a 4x4 block in codes, weighted.
        grid: Rows and columns of tiles.
        luma: Change of the luma plane, tiles at half size.
        chroma: Change of U and, below it, of V, tiles as one pixel.
    """

    largest: float
    grid: tuple[int, int]
    luma: TileChange
    chroma: TileChange


class HeldPicture:
    """Holds one picture and what is known about it; used by one thread.

    What is derived from it is computed when it is first needed, and the memory for it is kept: at
    most 6 bytes for each luma pixel, 5 MB at 720p.
    """

    def __init__(self) -> None:
        self._scratch = Scratch()
        self._planes: Planes | None = None
        self._whole: tuple[Planar, ...] = ()
        self._ground: Ground | None = None

    def hold(self, planes: Planes) -> None:
        """Hold another picture."""
        self._planes = planes
        self._whole = ()
        self._ground = None

    def release(self) -> None:
        """Hold no picture and no memory."""
        self._planes = None
        self._whole = ()
        self._ground = None
        self._scratch.release()

    @property
    def ground(self) -> Ground:
        """Texture of the held picture; good until another is held."""
        if self._ground is None:
            self._ground = ground_of(self._whole[0][0], self._scratch)
        return self._ground

    @property
    def scratch(self) -> Scratch:
        """Memory for whoever looks at a change."""
        return self._scratch

    def jumps_after(self, planes: Planes, following: Planes | None) -> bool:
        """Tell whether the next picture differs from the held one far more than this one does.

        Steady motion goes at most twice as far in twice the time. One luma row in sixteen is
        looked at.

        Args:
            planes: This picture.
            following: The next one, or None where there is none.
        """
        import cv2

        if self._planes is None or following is None:
            return False
        held, now, then = (one.y[::ROW_STEP] for one in (self._planes, planes, following))
        if not held.shape == now.shape == then.shape:
            return False
        change = cv2.norm(held, now, cv2.NORM_L1)
        return cv2.norm(held, then, cv2.NORM_L1) > JUMP * max(change, float(held.size) / 16)

    def change_to(self, planes: Planes, enough: float, everywhere: bool = False) -> Change | None:
        """Compare a picture with the held one.

        Args:
            planes: The other picture.
            enough: Largest difference of interest, in codes.
            everywhere: Look at equal tiles, too; the same comes out, slower.

        Returns:
            How it differs, good until the next comparison; None where a block differs by more than
            ``enough``, or the size or having opacity does, or no picture is held.
        """
        held = self._planes
        enough = math.inf if enough >= 255.0 else enough
        if held is None or not _comparable(held, planes) or _surely_above(held.y, planes.y, enough):
            return None
        grid = grid_of(planes.y, TILE)
        tiles = np.arange(grid[0] * grid[1]) if everywhere else None
        if not self._whole:
            self._whole = _whole(held, grid[1])
        looks = _looks(enough)
        changes = []
        for before, after, look in zip(self._whole, _whole(planes, grid[1]), looks, strict=False):
            change = tile_change(before, after, look, self._scratch, tiles)
            if change is None:
                return None
            changes.append(change)
        pairs = zip(changes, WEIGHTS, strict=False)
        largest = max(change.largest * weight for change, weight in pairs)
        return Change(min(largest, 255.0), grid, changes[0], changes[1])


def _comparable(one: Planes, other: Planes) -> bool:
    return one.y.shape == other.y.shape and (one.alpha is None) == (other.alpha is None)


def _looks(enough: float) -> tuple[Look, ...]:
    luma, chroma, alpha = (enough / weight for weight in WEIGHTS)
    return (
        Look("luma", TILE, TILE // 2, luma),
        Look("chroma", TILE // 2, 1, chroma),
        Look("alpha", TILE, 1, alpha),
    )


def _whole(planes: Planes, columns: int) -> tuple[Planar, ...]:
    """Return the planes as wide as so many tiles: luma, chroma and, where there is any, opacity."""
    luma = (whole_tiles(planes.y, columns, TILE),)
    chroma = tuple(whole_tiles(plane, columns, TILE // 2) for plane in (planes.u, planes.v))
    if planes.alpha is None:
        return luma, chroma
    return luma, chroma, (whole_tiles(planes.alpha, columns, TILE),)


def _surely_above(first: Plane, second: Plane, limit: float) -> bool:
    """Look at one row in sixteen; moving pictures are told apart here at almost no cost.

    A block's mean is at least a quarter of the mean of any of its rows, so a row of four pixels
    that differs by more than four times the limit settles the question; block means are rounded.
    """
    import cv2

    rows = cv2.absdiff(first[::ROW_STEP], second[::ROW_STEP])
    width = rows.shape[1] // BLOCK * BLOCK
    if width == 0 or cv2.norm(rows, cv2.NORM_INF) <= limit * BLOCK:
        return False
    quads = rows[:, :width].reshape(rows.shape[0], -1, BLOCK).sum(axis=2, dtype=np.uint16)
    return float(quads.max()) > (limit + 0.5) * BLOCK * BLOCK
