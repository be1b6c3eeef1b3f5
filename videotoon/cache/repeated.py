"""Finding frames that were painted before.

Two kinds repeat: held frames (animation "on twos", screen recordings, stills), which are compared
with the last *painted* frame so that slow drift is noticed in the end, and loops, whose frames come
back bit for bit and are found by a hash of their content. A held frame may differ by what a lossy
codec does to it, but not by motion or light: ``coding_noise.py`` tells them apart.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from videotoon.cache.coding_noise import is_coding_noise
from videotoon.frame import Plane, Planes

Painted = TypeVar("Painted")

BLOCK = 4
"""Side in pixels of the blocks whose mean difference decides. Small enough that a small moving
object changes at least one block, large enough to average out a lossy codec's noise."""

NOTHING = 1.0
"""Largest block difference in codes that is taken for no difference without a closer look."""

CHROMA_WEIGHT, ALPHA_WEIGHT = 2.0, 4.0
"""Codecs disturb chroma less than luma, and opacity hardly; their differences count more."""


@dataclass(slots=True)
class ReuseCounts:
    """How often a painted frame was used again."""

    held: int = 0
    looped: int = 0

    @property
    def total(self) -> int:
        """All frames that were not painted anew."""
        return self.held + self.looped


class RepeatedFrames(Generic[Painted]):
    """Remembers what was painted and finds it again; used by one thread.

    Args:
        capacity: Painted frames kept; 0 switches reuse off.
        threshold: Largest block difference of a held frame, in codes 0..255; up to it a frame is
            held if the difference is coding noise. 0 takes equal frames only.
    """

    def __init__(self, capacity: int, threshold: float) -> None:
        self._capacity = capacity
        self._threshold = threshold
        self._by_content: OrderedDict[bytes, Painted] = OrderedDict()
        self._last: tuple[Planes, Painted] | None = None
        self.counts = ReuseCounts()

    def find(self, planes: Planes) -> Painted | None:
        """Return what was painted for the same picture, or None."""
        if self._capacity == 0:
            return None
        if self._last is not None and self._held(planes, self._last[0]):
            self.counts.held += 1
            return self._last[1]
        key = content_hash(planes)
        painted = self._by_content.get(key)
        if painted is not None:
            self._by_content.move_to_end(key)
            self._last = (planes, painted)
            self.counts.looped += 1
        return painted

    def remember(self, planes: Planes, painted: Painted) -> None:
        """Keep what was (or will be) painted for a picture."""
        if self._capacity == 0:
            return
        self._last = (planes, painted)
        self._by_content[content_hash(planes)] = painted
        while len(self._by_content) > self._capacity:
            self._by_content.popitem(last=False)

    def forget(self) -> None:
        """Drop everything, so that what follows does not depend on what came before."""
        self._by_content.clear()
        self._last = None

    def _held(self, planes: Planes, last: Planes) -> bool:
        difference = largest_block_difference(planes, last, self._threshold)
        if difference > self._threshold:
            return False
        return difference <= NOTHING or is_coding_noise(last, planes)


def largest_block_difference(one: Planes, other: Planes, enough: float = 255.0) -> float:
    """Return the largest mean absolute difference of any block, in codes 0..255.

    Differences of chroma and opacity are multiplied by their weights first.

    Args:
        one: A picture.
        other: Another picture; a different size counts as the largest difference.
        enough: Stop as soon as the difference is known to be above this.
    """
    if one.y.shape != other.y.shape:
        return 255.0
    pairs: list[tuple[Plane | None, Plane | None, float]] = [
        (one.y, other.y, 1.0),
        (one.u, other.u, CHROMA_WEIGHT),
        (one.v, other.v, CHROMA_WEIGHT),
        (one.alpha, other.alpha, ALPHA_WEIGHT),
    ]
    if _surely_above(one.y, other.y, enough):
        return 255.0
    largest = 0.0
    for first, second, weight in pairs:
        if first is None or second is None:
            if first is not second:
                return 255.0
            continue
        largest = max(largest, min(weight * _plane_difference(first, second), 255.0))
        if largest > enough:
            break
    return largest


def _surely_above(first: Plane, second: Plane, limit: float) -> bool:
    """Look at one row in sixteen; moving pictures are told apart here at almost no cost.

    A block's mean is at least a quarter of the mean of any of its rows, so a row of four pixels
    that differs by more than four times the limit settles the question exactly.
    """
    import cv2

    rows = cv2.absdiff(np.ascontiguousarray(first[::16]), np.ascontiguousarray(second[::16]))
    width = rows.shape[1] // BLOCK * BLOCK
    if width == 0:
        return False
    quads = rows[:, :width].reshape(rows.shape[0], -1, BLOCK).sum(axis=2, dtype=np.uint16)
    return float(quads.max()) > limit * BLOCK * BLOCK


def _plane_difference(first: Plane, second: Plane) -> float:
    import cv2

    difference = cv2.absdiff(first, second)
    height, width = difference.shape
    blocks = (max(1, width // BLOCK), max(1, height // BLOCK))
    return float(cv2.resize(difference, blocks, interpolation=cv2.INTER_AREA).max())


def content_hash(planes: Planes) -> bytes:
    """Return a 128-bit hash of a picture's pixels (xxh3; fast, not cryptographic)."""
    import xxhash

    digest = xxhash.xxh3_128()
    for plane in (*planes.colour_planes, planes.alpha):
        if plane is not None:
            digest.update(plane.data if plane.flags.c_contiguous else plane.tobytes())
    digest.update(repr(planes.size).encode())
    return digest.digest()
