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

from videotoon.cache.coding_noise import LEEWAY, is_coding_noise
from videotoon.cache.held import HeldPicture
from videotoon.frame import Planes

Painted = TypeVar("Painted")

NOTHING = 1.0
"""Largest block difference in codes that is taken for no difference without a closer look."""


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
        self._held = HeldPicture()
        self._last: Painted | None = None
        self._looked_up: tuple[Planes, bytes] | None = None
        self.counts = ReuseCounts()

    def find(self, planes: Planes, following: Planes | None = None) -> Painted | None:
        """Return what was painted for the same picture, or None.

        Args:
            planes: The picture.
            following: The next picture of the clip, where it is known: directly before a jump a
                little more is taken for coding noise.
        """
        if self._capacity == 0:
            return None
        if self._last is not None and self._repeats(planes, following):
            self.counts.held += 1
            return self._last
        key = planes.content_hash()
        painted = self._by_content.get(key)
        if painted is None:
            self._looked_up = planes, key
            return None
        self._by_content.move_to_end(key)
        self._hold(planes, painted)
        self.counts.looped += 1
        return painted

    def remember(self, planes: Planes, painted: Painted) -> None:
        """Keep what was (or will be) painted for a picture."""
        if self._capacity == 0:
            return
        known = self._looked_up
        key = known[1] if known is not None and known[0] is planes else planes.content_hash()
        self._hold(planes, painted)
        self._by_content[key] = painted
        while len(self._by_content) > self._capacity:
            self._by_content.popitem(last=False)

    def forget(self) -> None:
        """Drop everything, so that what follows does not depend on what came before."""
        self._by_content.clear()
        self._held.release()
        self._last = self._looked_up = None

    def _hold(self, planes: Planes, painted: Painted) -> None:
        self._held.hold(planes)
        self._last, self._looked_up = painted, None

    def _repeats(self, planes: Planes, following: Planes | None) -> bool:
        held = self._held
        change = held.change_to(planes, self._threshold)
        if change is None:
            return False
        if change.largest <= NOTHING:
            return True
        return is_coding_noise(held, change, LEEWAY if held.jumps_after(planes, following) else 1.0)
