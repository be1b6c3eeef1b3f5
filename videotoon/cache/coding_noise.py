"""Telling coding noise from motion and light.

A lossy codec refines a picture that is held: its frames differ, by as much as the frames of slow
motion do. What differs is the pattern. Motion by v pixels changes a pixel by ``-v . grad I`` (Lucas
and Kanade, "An iterative image registration technique with an application to stereo vision",
IJCAI 1981), so the least-squares v of a block is the same however large the block is. Noise has
no common v: what is left of it falls with the side of the block. Light changes the means of large
blocks, noise hardly does. A small object stands out of the rest of the frame's difference; noise
is spread, and it hides in texture, where the eye does not see it either.

The answer depends on the two pictures alone. All limits are in codes 0..255 and luma pixels of the
full picture; they were chosen on clips of docs/speed/repeats.md. Sums are taken at half size, which
costs a quarter and takes off the finest noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videotoon.frame import Plane, Planes

Grid = NDArray[np.float32]

VISIBLE_MOTION = 0.2
"""Displacement in pixels up to which nobody sees whether a frame was painted anew."""

MOTION_NOISE = {16: (50.0, 0.3, 1.0), 32: (18.0, 0.25, 0.5), 64: (9.0, 0.2, 0.28)}
"""What noise does to the block that seems to move most, by the side of the blocks: so many times
what 95 % of the blocks stay below, but within the two pixel counts that follow. Larger blocks, and
a picture that is one block, are left with VISIBLE_MOTION."""

MOST_BLOCKS = 0.95
"""Part of the blocks whose motion passes for the noise; a small object is in the rest."""

MOTION_SHARE = {32: 0.42, 64: 0.3}
"""Part of the frame's squared change that motion of blocks of a side may explain: of noise it
explains little, of slow motion the most part, however small the displacement is. Smaller blocks fit
noise too well, larger ones hold more than one object."""

EVEN_GROUND = 3.0
"""Squared gradient, in codes per pixel of the half picture, of a 16x16 block in which noise passes
for motion and motion is hardly seen; larger blocks need less."""

LIGHT = {16: 4.0, 32: 2.0, 64: 1.0, 128: 0.75, 256: 0.5, 512: 0.5}
"""Mean change in codes up to which blocks of a side keep their light; 512 stands for the frame."""

COLOUR = {16: 4.0, 32: 1.5, 64: 0.75, 128: 0.5, 256: 0.5, 512: 0.5}
"""The same for the chroma planes, by the side of the block in luma pixels."""

SPOT = (0.9, 1.5)
"""Mean absolute change of an 8x8 block, in codes, that never stands out, and that always does."""

SPOT_TO_FRAME = 24.0
"""Between the two, a block stands out that changed so many times as much as the frame's blocks do
(root mean square)."""

TEXTURE = 0.3
"""Codes by which a change hides in texture, for each code per pixel of gradient."""


def is_coding_noise(one: Planes, other: Planes) -> bool:
    """Tell whether two pictures of one size differ by coding noise alone; opacity is not looked at.

    Args:
        one: A picture.
        other: The picture that may be the same.
    """
    return all(excess <= 1.0 for _, excess in excesses(one, other))


def excesses(one: Planes, other: Planes) -> Iterator[tuple[str, float]]:
    """Yield what was looked at and how far it exceeds its limit (1 = just noise), cheapest first.

    Args:
        one: A picture.
        other: A picture of the same size.
    """
    import cv2

    for first, second in ((one.u, other.u), (one.v, other.v)):
        yield "colour", _light_excess(_blocks(_signed(first, second), 8), 16, COLOUR)
    before, after = _half(one.y), _half(other.y)
    change = after - before
    yield "light", _light_excess(_blocks(change, 8), 16, LIGHT)
    slopes = _slopes(before), _slopes(after)
    yield "spot", _spot_excess(change, *(_magnitude(slope) for slope in slopes))
    across, down = (
        cv2.addWeighted(a, 0.5, b, 0.5, 0.0, dst=a) for a, b in zip(*slopes, strict=True)
    )
    for side, excess in _motion_excesses(change, across, down):
        yield f"motion of {side} pixels", excess


def _light_excess(means: Grid, side: int, limits: dict[int, float]) -> float:
    """Compare signed block means of growing size with their limits."""
    worst = 0.0
    while True:
        worst = max(worst, float(np.abs(means).max()) / limits[side])
        if means.size == 1 or side == max(limits):
            break
        means, side = _blocks(means, 2), 2 * side
    return max(worst, abs(float(means.mean())) / limits[max(limits)])


def _spot_excess(change: Grid, texture_before: Grid, texture_after: Grid) -> float:
    """Find the 8x8 block that stands out most.

    Texture counts where both pictures have it: what appears on an even ground must not hide itself.
    """
    import cv2

    texture = _blocks(cv2.min(texture_before, texture_after), 4)
    texture = cv2.dilate(texture, np.ones((3, 3), np.uint8))
    spots = _blocks(np.abs(change), 4) / (1.0 + np.float32(TEXTURE) * texture)
    usual = float(np.sqrt(np.mean(spots * spots)))
    return float(spots.max()) / min(max(SPOT_TO_FRAME * usual, SPOT[0]), SPOT[1])


def _motion_excesses(change: Any, across: Any, down: Any) -> Iterator[tuple[int, float]]:
    """Solve for the displacement of blocks of growing size and compare it with its limit."""
    import cv2

    change = cv2.blur(change, (3, 3))
    pairs = (across, across), (across, down), (down, down), (across, change), (down, change)
    product = np.empty_like(across)  # one for all: fresh memory costs more than the arithmetic
    sums = [_blocks(cv2.multiply(one, other, dst=product), 8) for one, other in pairs]
    squared = cv2.norm(change) ** 2 / change.size
    side = 16
    while True:
        moved, explained = _displacement(sums, EVEN_GROUND * 16 / side)
        times, least, most = MOTION_NOISE.get(side, (0.0, VISIBLE_MOTION, VISIBLE_MOTION))
        limit = min(max(times * float(np.quantile(moved, MOST_BLOCKS)), least), most)
        yield side, float(moved.max()) / (limit if moved.size > 1 else VISIBLE_MOTION)
        if side in MOTION_SHARE:
            yield side, float(explained.mean()) / (squared + 1e-6) / MOTION_SHARE[side]
        if moved.size == 1:
            return
        sums, side = [_blocks(one, 2) for one in sums], 2 * side


def _displacement(sums: list[Grid], floor: float) -> tuple[Grid, Grid]:
    """Return each block's least-squares displacement and the change that it explains.

    Args:
        sums: Block means of the products xx, xy, yy, xt and yt of gradient and change.
        floor: Squared gradient that is added, so that even blocks do not seem to move.

    Returns:
        Displacement in luma pixels, explained squared change.
    """
    xx, xy, yy, xt, yt = sums
    a, c = xx + np.float32(floor), yy + np.float32(floor)
    determinant = a * c - xy * xy
    x, y = (c * xt - xy * yt) / determinant, (a * yt - xy * xt) / determinant
    return 2.0 * np.sqrt(x * x + y * y), x * xt + y * yt


def _slopes(picture: Grid) -> tuple[Any, Any]:
    import cv2

    return (
        cv2.Sobel(picture, cv2.CV_32F, 1, 0, scale=1 / 8),
        cv2.Sobel(picture, cv2.CV_32F, 0, 1, scale=1 / 8),
    )


def _magnitude(slopes: tuple[Any, Any]) -> Any:
    import cv2

    return cv2.magnitude(*slopes)


def _signed(first: Plane, second: Plane) -> Any:
    import cv2

    return cv2.subtract(second, first, dtype=cv2.CV_32F)


def _half(plane: Plane) -> Any:
    return _blocks(plane.astype(np.float32), 2)


def _blocks(grid: Any, side: int) -> Any:
    """Return the means of square blocks; where sides do not divide, blocks are slightly larger."""
    import cv2

    height, width = grid.shape
    size = (max(1, width // side), max(1, height // side))
    return grid if size == (width, height) else cv2.resize(grid, size, interpolation=cv2.INTER_AREA)
