"""How far two pictures lie apart, as the cache of repeated frames sees it."""

from __future__ import annotations

from videotoon.cache.held import HeldPicture
from videotoon.frame import Planes


def largest_block_difference(one: Planes, other: Planes) -> float:
    """Return the largest mean absolute difference of any 4x4 block, in codes 0..255.

    Differences of chroma and opacity are multiplied by their weights first.

    Args:
        one: A picture.
        other: Another picture; a different size counts as the largest difference.
    """
    held = HeldPicture()
    held.hold(one)
    change = held.change_to(other, 255.0)
    return 255.0 if change is None else change.largest
