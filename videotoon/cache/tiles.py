"""The tiles of a plane that changed, gathered from it side by side.

Coded repeats are equal bit for bit in most places: the coder skips them. Only the tiles that differ
are worth a look, and there, laid side by side, they are one long picture of one tile's height.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videotoon.frame import Plane

Grid = NDArray[np.float32]
Tiles = NDArray[np.intp]
Planar = Sequence[Plane]

TILE = 16
"""Side of a tile in luma pixels; in chroma pixels half of it."""

BLOCK = 4
"""Side in pixels of the blocks whose mean difference decides. Small enough that a small moving
object changes at least one block, large enough to average out a lossy codec's noise."""

AT_ONCE = 1024
"""Tiles that are compared at once; bounds the memory and lies in a core's cache."""

WORD = np.uint64


class Scratch:
    """Memory for one thread's passing results; touching fresh memory costs more than arithmetic."""

    def __init__(self) -> None:
        self._kept: dict[str, NDArray[np.uint8]] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: Any) -> Any:
        """Return an array without content; it is good until the next call with that name."""
        wanted = math.prod(shape) * np.dtype(dtype).itemsize
        memory = self._kept.get(name)
        if memory is None or memory.size < wanted:
            memory = self._kept[name] = np.empty(wanted, np.uint8)
        return memory[:wanted].view(dtype).reshape(shape)

    def release(self) -> None:
        """Give the memory back."""
        self._kept.clear()


@dataclass(frozen=True, slots=True)
class TileChange:
    """How a plane, or several of one shape, changed.

    Attributes:
        largest: Largest mean absolute change of a 4x4 block, in codes; the mean of the rounded
            means of its quarters.
        tiles: Numbers of the tiles that changed in any of the planes, row by row.
        signed: Signed change of those tiles made smaller, side by side, in codes; float32 of shape
            (planes * side, tiles * side).
    """

    largest: float
    tiles: Tiles
    signed: Grid


def grid_of(plane: Plane, side: int) -> tuple[int, int]:
    """Return how many rows and columns of tiles cover a plane."""
    height, width = plane.shape
    return -(-height // side), -(-width // side)


def whole_tiles(plane: Plane, columns: int, side: int) -> Plane:
    """Return a contiguous plane as wide as so many tiles; its last column is repeated."""
    import cv2

    missing = columns * side - plane.shape[1]
    if missing == 0:
        return np.ascontiguousarray(plane)
    wide = cv2.copyMakeBorder(plane, 0, 0, 0, missing, cv2.BORDER_REPLICATE)
    return np.asarray(wide, np.uint8)


def changed_tiles(before: Planar, after: Planar, side: int, scratch: Scratch) -> Tiles:
    """Return the numbers of the tiles with any unequal pixel in any of the planes.

    Args:
        before: Contiguous planes of one shape, whole tiles wide.
        after: As many of that shape.
        side: Side of a tile in pixels: 16 or 8.
        scratch: Memory.
    """
    height, width = before[0].shape
    rows, columns = grid_of(before[0], side)
    full = height // side
    words = scratch.array("words", (height, width // 8), np.bool_)
    marks = np.empty((rows, width // 8), np.bool_)
    changed = np.zeros((rows, columns), np.bool_)
    for one, other in zip(before, after, strict=True):
        np.not_equal(one.view(WORD), other.view(WORD), out=words)
        tall = words[: full * side].reshape(full, side, width // 8)
        np.any(tall, axis=1, out=marks[:full])
        if full < rows:
            np.any(words[full * side :], axis=0, out=marks[full])
        for part in range(side // 8):
            changed |= marks[:, part :: side // 8]
    return np.flatnonzero(changed)


def rows_of(tiles: Tiles, shape: tuple[int, int], side: int) -> Tiles:
    """Return where the rows of tiles are in a plane, counted in widths of a tile.

    Below the plane, its last row is repeated.

    Args:
        tiles: Numbers of tiles.
        shape: Shape of the plane.
        side: Side of a tile.

    Returns:
        Shape (side, tiles).
    """
    return np.take(_rows_of_all(shape, side), tiles, axis=1)


@functools.lru_cache(maxsize=8)
def _rows_of_all(shape: tuple[int, int], side: int) -> Tiles:
    """Return where the rows of all tiles are; for a picture of 720p half a megabyte."""
    columns = shape[1] // side
    down, across = np.divmod(np.arange(-(-shape[0] // side) * columns), columns)
    rows: Tiles = np.minimum(down * side + np.arange(side)[:, None], shape[0] - 1)
    rows *= columns
    rows += across
    return rows


def gather(plane: NDArray[Any], rows: Tiles, side: int, memory: NDArray[Any]) -> None:
    """Lay tiles side by side.

    Args:
        plane: A contiguous plane, whole tiles wide.
        rows: Where the rows of the tiles are, from :func:`rows_of`.
        side: Side of a tile.
        memory: Where they go; shape (side, tiles * side), contiguous, the plane's dtype.
    """
    item = np.dtype(f"V{side * plane.itemsize}")
    # No place is outside; "wrap" takes half the time of "clip", and "raise" would copy.
    np.take(plane.view(item).reshape(-1), rows, out=memory.view(item), mode="wrap")


@dataclass(frozen=True, slots=True)
class Look:
    """How planes are looked at.

    Attributes:
        name: Of the planes.
        side: Side of a tile in their pixels.
        kept: Side of a tile in the signed change; its pixels are means.
        enough: Largest change of a 4x4 block, in codes, beyond which nobody wants to know more.
    """

    name: str
    side: int
    kept: int
    enough: float


def tile_change(
    before: Planar, after: Planar, look: Look, scratch: Scratch, tiles: Tiles | None = None
) -> TileChange | None:
    """Compare planes of one shape tile by tile.

    Args:
        before: Contiguous planes, whole tiles wide.
        after: As many of that shape.
        look: How to look at them.
        scratch: Memory; the signed change lies in it until the next look of that name.
        tiles: The tiles to compare; without it those that changed.

    Returns:
        The change, or None where a block changed by more than enough.
    """
    import cv2

    side, kept, count = look.side, look.kept, len(before)
    if tiles is None:
        tiles = changed_tiles(before, after, side, scratch)
        if tiles.size and look.enough <= 0.0:
            return None  # block means are rounded
    largest = 0.0
    signed = scratch.array(look.name, (count * kept, tiles.size * kept), np.float32)
    for start in range(0, tiles.size, AT_ONCE):
        some = tiles[start : start + AT_ONCE]
        shape = count * side, some.size * side
        first, second, absolute = (
            scratch.array(name, shape, np.uint8) for name in ("before", "after", "absolute")
        )
        rows = rows_of(some, before[0].shape, side)
        for number in range(count):
            place = slice(number * side, (number + 1) * side)
            gather(before[number], rows, side, first[place])
            gather(after[number], rows, side, second[place])
        cv2.absdiff(first, second, dst=absolute)
        largest = max(largest, float(shrunk(shrunk(absolute, 2), BLOCK // 2).max()))
        if largest > look.enough:
            return None
        wide = scratch.array("wide", shape, np.float32)
        cv2.subtract(second, first, dst=wide, dtype=cv2.CV_32F)
        shrunk(wide, side // kept, signed[:, start * kept : (start + some.size) * kept])
    return TileChange(largest, tiles, signed)


def shrunk(grid: Any, side: int, memory: Any = None) -> Any:
    """Return the means of square blocks; where sides do not divide, blocks are slightly larger."""
    import cv2

    height, width = grid.shape
    size = (max(1, width // side), max(1, height // side))
    return cv2.resize(grid, size, dst=memory, interpolation=cv2.INTER_AREA)
