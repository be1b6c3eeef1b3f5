"""What a picture's own texture says about changes to it: computed once for many comparisons.

Slopes of the picture before stand for those of both: a change has nothing to do with its own slopes
(the sum of a pattern times its antisymmetric derivative is zero).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from videotoon.cache.tiles import TILE, Grid, Scratch, shrunk
from videotoon.frame import Plane

SLOPE = 8
"""Slopes are kept as whole numbers of so many steps for one code per pixel of the half picture."""

EVEN_GROUND = 3.0
"""Squared gradient, in codes per pixel of the half picture, of a 16x16 block in which noise passes
for motion and motion is hardly seen; larger blocks need less."""


@dataclass(frozen=True, slots=True)
class Level:
    """How blocks of one side answer to a change.

    With the block's means xt and yt of slope times change, its least-squares displacement is
    (``xx * xt + xy * yt``, ``xy * xt + yy * yt``).

    Attributes:
        side: Side of the blocks in luma pixels.
        xx: Float32 of shape (rows, columns), like the following.
        xy: See above.
        yy: See above.
    """

    side: int
    xx: Grid
    xy: Grid
    yy: Grid


class Ground:
    """Slopes and texture of a luma plane at half size, whole tiles wide and high.

    Attributes:
        across: Smoothed slope from left to right, int16, in steps of 1 / SLOPE.
        down: Smoothed slope from top to bottom.
        texture: Root mean square slope of each 8x8 luma block.
    """

    def __init__(
        self, across: NDArray[np.int16], down: NDArray[np.int16], sums: tuple[Grid, Grid, Grid]
    ) -> None:
        self.across = across
        self.down = down
        self.texture: Grid = np.sqrt(sums[0] + sums[2])
        self._sums = sums
        self._levels: list[Level] = []

    def levels(self) -> Iterator[Level]:
        """Yield blocks of growing side, from one tile to the frame; computed when asked for."""
        number = 0
        while number == 0 or self._levels[number - 1].xx.size > 1:
            if number == len(self._levels):
                self._levels.append(self._next_level())
            yield self._levels[number]
            number += 1

    def _next_level(self) -> Level:
        self._sums = tuple(shrunk(one, 2) for one in self._sums)
        side = TILE << len(self._levels)
        floor = np.float32(EVEN_GROUND * TILE / side)
        xx, xy, yy = self._sums[0] + floor, self._sums[1], self._sums[2] + floor
        determinant = xx * yy - xy * xy
        return Level(side, yy / determinant, -xy / determinant, xx / determinant)


def ground_of(luma: Plane, scratch: Scratch) -> Ground:
    """Return the ground of a luma plane, contiguous and whole tiles wide.

    The slopes lie in ``scratch`` until the next call.
    """
    import cv2

    half = _half(luma, scratch)
    sharp = [scratch.array(name, half.shape, np.int16) for name in ("slopes", "more slopes")]
    smooth = [scratch.array(name, half.shape, np.int16) for name in ("across", "down")]
    for axis in range(2):
        cv2.Sobel(half, cv2.CV_16S, 1 - axis, axis, dst=sharp[axis])
        cv2.blur(sharp[axis], (3, 3), dst=smooth[axis])
    xx, xy, yy = (
        _mean_product(sharp[one], sharp[other], scratch) for one, other in ((0, 0), (0, 1), (1, 1))
    )
    return Ground(smooth[0], smooth[1], (xx, xy, yy))


def _mean_product(
    one: NDArray[np.int16], other: NDArray[np.int16], scratch: Scratch
) -> NDArray[np.float32]:
    """Return the means of a product of slopes over 8x8 luma blocks and a pixel beyond their edges.

    Smoothed slopes see that pixel, too; without it, a change beside a neighbour's hard edge would
    pass for a large displacement.
    """
    import cv2

    height, width = one.shape
    product = scratch.array("wide", (height, width), np.float32)
    cv2.multiply(one, other, dst=product, dtype=cv2.CV_32F)
    small, wider = (
        scratch.array(name, (height // 2, width // 2), np.float32) for name in ("small", "wider")
    )
    weights = np.array([1, 4, 1], np.float32) / (6 * SLOPE)
    cv2.sepFilter2D(shrunk(product, 2, small), -1, weights, weights, dst=wider)
    return np.asarray(shrunk(wider, 2), np.float32)


def _half(luma: Plane, scratch: Scratch) -> Plane:
    """Return the plane at half size, whole tiles high; its last row is repeated if need be."""
    import cv2

    height, width = luma.shape
    if height % 2:
        luma = np.asarray(cv2.copyMakeBorder(luma, 0, 1, 0, 0, cv2.BORDER_REPLICATE), np.uint8)
        height += 1
    rows = -(-height // TILE) * TILE // 2
    half: Plane = scratch.array("half", (rows, width // 2), np.uint8)
    shrunk(luma, 2, half[: height // 2])
    half[height // 2 :] = half[height // 2 - 1]
    return half
