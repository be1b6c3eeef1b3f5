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
costs a quarter and takes off the finest noise, and over the tiles that changed; the rest adds none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videotoon.cache.ground import SLOPE, Ground
from videotoon.cache.held import Change, HeldPicture
from videotoon.cache.tiles import TILE, Grid, Scratch, TileChange, gather, rows_of, shrunk

VISIBLE_MOTION = 0.2
"""Displacement in pixels up to which nobody sees whether a frame was painted anew."""

NO_MOTION = 0.05
"""Displacement of the fastest of many blocks up to which no larger block moves visibly: it moves as
its parts do on average."""

MOTION_NOISE = {16: (50.0, 0.25, 1.0), 32: (18.0, 0.3, 0.55), 64: (9.0, 0.23, 0.3)}
"""What noise does to the block that seems to move most, by the side of the blocks: so many times
what 95 % of the blocks stay below, but within the two pixel counts that follow. Larger blocks, and
a picture that is one block, are left with VISIBLE_MOTION."""

MOST_BLOCKS = 0.95
"""Part of the blocks whose motion passes for the noise; a small object is in the rest."""

FEW_TILES, LIKE_OTHERS = 6, 3.0
"""A tile that seems to move less than so many times as far as the sixth fastest is not alone; what
noise does to it is within MOTION_NOISE's larger count. A small object covers fewer tiles."""

OWN_SHARE = 0.7
"""Part of a tile's squared change from which on its motion is motion, alone or not."""

MOTION_SHARE = {32: 0.6, 64: 0.42}
"""Part of the frame's squared change that motion of blocks of a side may explain: of noise it
explains little, of slow motion the most part, however small the displacement is. Squared are means
of 8x8 blocks, which keep motion and lose noise. Smaller blocks fit noise too well, larger ones hold
more than one object."""

LIGHT = {16: 4.0, 32: 2.0, 64: 1.0, 128: 0.75, 256: 0.5, 512: 0.5}
"""Mean change in codes up to which blocks of a side keep their light; 512 stands for the frame."""

COLOUR = {16: 4.0, 32: 1.5, 64: 0.75, 128: 0.5, 256: 0.5, 512: 0.5}
"""The same for the chroma planes, by the side of the block in luma pixels."""

SPOT = (0.9, 1.5)
"""Mean absolute change of an 8x8 block, in codes, that never stands out, and that always does."""

SPOT_TO_FRAME = 24.0
"""Between the two, a block stands out that changed so many times as much as the frame's blocks do
(root mean square)."""

TEXTURE = 0.25
"""Codes by which a change hides in texture, for each code per pixel of gradient
(root mean square)."""

VANISHING = 0.7
"""Codes per pixel of gradient that may have gone, for each code by which a block changed."""


LEEWAY = 2.0
"""Directly before a jump so many times the limits pass for noise: of what moves a little for the
time of one frame and then is gone, nobody sees whether it was painted anew. Coders make many such
frames, as they predict the end of a held picture from the next one, too."""


def is_coding_noise(held: HeldPicture, change: Change, leeway: float = 1.0) -> bool:
    """Tell whether a change of the held picture is coding noise alone; opacity is not looked at.

    Args:
        held: The picture that may be shown again.
        change: How the other one differs from it.
        leeway: So many times the limits are borne.
    """
    return all(excess <= leeway for _, excess in excesses(held, change))


def excesses(held: HeldPicture, change: Change) -> Iterator[tuple[str, float]]:
    """Yield what was looked at and how far it exceeds its limit (1 = just noise), cheapest first.

    Where little changed, a bound below 1 may stand for the excess.

    Args:
        held: A picture.
        change: How another one differs from it.
    """
    for means in change.chroma.signed:
        yield "colour", _light_excess(change.chroma, means, change.grid, COLOUR)
    luma = change.luma
    if luma.tiles.size == 0:
        return
    yield "light", _light_excess(luma, shrunk(luma.signed, TILE // 2), change.grid, LIGHT)
    yield "spot", _spot_excess(luma, held.ground, held.scratch)
    for side, excess in _motion_excesses(change, held.ground, held.scratch):
        yield f"motion of {side} pixels", excess


def _light_excess(
    change: TileChange, means: Grid, shape: tuple[int, int], limits: dict[int, float]
) -> float:
    """Compare signed means of blocks of growing size, from one tile on, with their limits."""
    import cv2

    worst, side, grid = 0.0, TILE, means
    while grid.size:
        largest = cv2.norm(grid, cv2.NORM_INF)
        worst = max(worst, largest / limits[side])
        if largest <= min(limits.values()):  # nor are means of means above any limit
            return worst
        if side == TILE:
            grid = _spread(means, change, shape)
        if grid.size == 1 or side == max(limits):
            break
        grid, side = shrunk(grid, 2), 2 * side
    return max(worst, abs(float(grid.mean())) / limits[max(limits)]) if grid.size else worst


def _spread(values: Any, change: TileChange, shape: tuple[int, int]) -> Grid:
    """Put one value for each changed tile into its place among all tiles."""
    grid = np.zeros(shape[0] * shape[1], np.float32)
    grid[change.tiles] = values.reshape(-1)
    return grid.reshape(shape)


def _spot_excess(luma: TileChange, ground: Ground, scratch: Scratch) -> float:
    """Find the 8x8 block that stands out most.

    Texture counts where both pictures have it: what appears on an even ground must not hide itself,
    nor what vanishes; so the change is taken off the texture of the picture before.
    """
    import cv2

    wide = scratch.array("wide", luma.signed.shape, np.float32)
    absolute = shrunk(np.abs(luma.signed, out=wide), 4)
    if float(absolute.max()) <= SPOT[0]:
        return float(absolute.max()) / SPOT[0]
    rows, columns = ground.texture.shape
    places = _halves(luma.tiles, columns // 2)
    changed = np.zeros(rows * columns, np.float32)
    changed[places] = absolute
    texture = np.maximum(ground.texture - VANISHING * changed.reshape(rows, columns), 0.0)
    texture = np.asarray(cv2.dilate(texture, np.ones((3, 3), np.uint8)), np.float32)
    spots = absolute / (1.0 + np.float32(TEXTURE) * texture.reshape(-1)[places])
    usual = float(np.sqrt(np.vdot(spots, spots) / changed.size))
    return float(spots.max()) / min(max(SPOT_TO_FRAME * usual, SPOT[0]), SPOT[1])


def _halves(tiles: NDArray[np.intp], columns: int) -> NDArray[np.intp]:
    """Return the numbers of the four 8x8 blocks of each tile, as they lie side by side."""
    down, across = np.divmod(tiles, columns)
    corner = (4 * columns * down + 2 * across)[:, None] + np.arange(2)
    corner = corner.reshape(-1)
    return np.stack([corner, corner + 2 * columns])


def _motion_excesses(
    change: Change, ground: Ground, scratch: Scratch
) -> Iterator[tuple[int, float]]:
    """Solve for the displacement of blocks of growing size and compare it with its limit."""
    luma = change.luma
    xt, yt = _answers(luma, ground, scratch)
    squared = _squared(shrunk(luma.signed, 4)) / (4 * change.grid[0] * change.grid[1])
    for level in ground.levels():
        xx, xy, yy = level.xx, level.xy, level.yy
        if level.side == TILE:
            xx, xy, yy = (one.reshape(-1)[luma.tiles] for one in (xx, xy, yy))
        elif level.side == 2 * TILE:
            xt, yt = (shrunk(_spread(one, luma, change.grid), 2) for one in (xt, yt))
        else:
            xt, yt = shrunk(xt, 2), shrunk(yt, 2)
        x, y = xx * xt + xy * yt, xy * xt + yy * yt
        moved = 2.0 * np.sqrt(x * x + y * y)
        size = level.xx.size
        times, least, most = MOTION_NOISE.get(level.side, (0.0, VISIBLE_MOTION, VISIBLE_MOTION))
        limit = min(max(times * _usual(moved, size), least), most) if size > 1 else VISIBLE_MOTION
        if level.side == TILE and size > 1:
            yield level.side, _tile_excess(luma, moved, x * xt + y * yt, limit, most)
        else:
            yield level.side, float(moved.max()) / limit
        if level.side in MOTION_SHARE:
            explained = float(np.vdot(x, xt) + np.vdot(y, yt)) / size
            yield level.side, explained / (squared + 1e-6) / MOTION_SHARE[level.side]
        if level.side > max(MOTION_SHARE) and moved.max() <= NO_MOTION:
            return


def _tile_excess(luma: TileChange, moved: Any, explained: Any, limit: float, most: float) -> float:
    """Compare the displacement of tiles with their limit.

    A tile that moves as far as others do is noise, unless motion explains what changed in it.
    """
    fast = np.flatnonzero(moved > limit)
    if fast.size == 0:
        return float(moved.max()) / limit
    others, place = 0.0, moved.size - FEW_TILES
    if place >= 0:
        others = float(np.partition(moved, place)[place])
    own = luma.signed.reshape(TILE // 2, -1, TILE // 2)[:, fast].reshape(TILE // 2, -1)
    fine = shrunk(own, 2)
    squared = shrunk(fine * fine, TILE // 4).reshape(-1)
    like_others = min(max(limit, LIKE_OTHERS * others), most)
    limits = np.where(explained[fast] > OWN_SHARE * squared, limit, like_others)
    return float((moved[fast] / limits).max())


def _squared(grid: Grid) -> float:
    return float(np.vdot(grid, grid))


def _answers(luma: TileChange, ground: Ground, scratch: Scratch) -> list[Grid]:
    """Return the mean of slope times change of each changed tile, across and down."""
    import cv2

    side, shape = TILE // 2, luma.signed.shape
    rows = rows_of(luma.tiles, ground.across.shape, side)
    slopes = scratch.array("slopes", shape, np.int16)
    product = scratch.array("wide", shape, np.float32)
    answers = []
    for slope in (ground.across, ground.down):
        gather(slope, rows, side, slopes)
        cv2.multiply(slopes, luma.signed, dst=product, dtype=cv2.CV_32F)
        answers.append(shrunk(product, side).reshape(-1) * np.float32(1 / SLOPE))
    return answers


def _usual(moved: Grid, size: int) -> float:
    """Return what MOST_BLOCKS of so many blocks stay below; those not given did not move."""
    place = MOST_BLOCKS * (size - 1) - (size - moved.size)
    lower = int(np.floor(place))
    if lower < -1:
        return 0.0
    upper = min(lower + 1, moved.size - 1)
    flat = np.partition(moved.reshape(-1), [max(lower, 0), upper])
    below = float(flat[lower]) if lower >= 0 else 0.0
    return below + (place - lower) * (float(flat[upper]) - below)
