"""Choosing the painting size: smaller when the machine is too slow, larger when it has time left.

A ladder of sizes is compiled once. Going down is quick, going up needs patience and room to spare,
and a step up that did not last makes the next one wait longer: so the picture doesn't breathe.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from statistics import median
from typing import Final

from videotoon.engine.open import PAINTING_SCALES
from videotoon.frame import FrameSize

LEAST_SIDE: Final = 64
SAMPLES: Final = 3
"""Frames of a size before it is judged: with 5 frames per second still within a second."""

REMEMBERED: Final = 12
DOWN_AIM: Final = 0.9
"""A step down aims at this share of the time that a frame may take."""

UP_ROOM: Final = 0.7
"""A step up is tried when it would take at most this share."""

PATIENCE: Final = 2.0
LONGEST_PATIENCE: Final = 60.0
LASTED: Final = 30.0
"""A step up that lasts so many seconds makes the next one as quick as the first again."""

USELESS: Final = 0.9
"""Where a smaller size takes more than this share of the larger one's time, size is no help."""

HOLD: Final = 10.0


def ladder(size: FrameSize, max_side: int | None = None) -> tuple[FrameSize, ...]:
    """Return the sizes to choose from, largest first, each with even sides."""
    longest = min(size.long_side, max_side or size.long_side)
    sizes: list[FrameSize] = []
    for share in PAINTING_SCALES:
        scale = longest / size.long_side * share
        if scale >= 1.0:
            step = size
        else:
            width, height = (max(2, round(s * scale / 2) * 2) for s in (size.width, size.height))
            step = FrameSize(width, height)
        if not sizes or (step != sizes[-1] and step.short_side >= LEAST_SIDE):
            sizes.append(step)
    return tuple(sizes)


class SizeControl:
    """Decides on the step of the ladder from the time that frames take.

    Args:
        sizes: The ladder.
        budget: Seconds that painting a frame may take.
    """

    def __init__(self, sizes: Sequence[FrameSize], budget: float) -> None:
        self._pixels = [size.width * size.height for size in sizes]
        self._budget = budget
        self._times: deque[float] = deque(maxlen=REMEMBERED)
        self._room_since: float | None = None
        self._patience = PATIENCE
        self._went_up = -1e9
        self._hold_until = -1e9
        self._before: tuple[int, float] | None = None
        self.step = 0
        self.changes = 0

    def observe(self, seconds: float, now: float) -> int:
        """Take the time that a frame took at the current step and return the next frame's step."""
        self._times.append(seconds)
        if len(self._times) < SAMPLES or now < self._hold_until:
            return self.step
        typical = median(self._times)
        if self._size_is_no_help(typical):
            self._go(0, now)
            self._hold_until = now + HOLD
        elif typical > self._budget and self.step < len(self._pixels) - 1:
            self._go_down(typical, now)
        elif self.step > 0:
            self._consider_up(typical, now)
        return self.step

    def _size_is_no_help(self, typical: float) -> bool:
        if self._before is None:
            return False
        step, seconds = self._before
        self._before = None
        return step < self.step and typical > USELESS * seconds and typical > self._budget

    def _go_down(self, typical: float, now: float) -> None:
        last = len(self._pixels) - 1
        target = self.step + 1
        while target < last and self._expected(typical, target) > DOWN_AIM * self._budget:
            target += 1
        if now - self._went_up < LASTED:
            self._patience = min(2 * self._patience, LONGEST_PATIENCE)
        before = (self.step, typical)
        self._go(target, now)
        self._before = before

    def _consider_up(self, typical: float, now: float) -> None:
        if self._expected(typical, self.step - 1) > UP_ROOM * self._budget:
            self._room_since = None
            return
        if self._room_since is None:
            self._room_since = now
        if now - self._room_since < self._patience:
            return
        if now - self._went_up > LASTED:
            self._patience = PATIENCE
        self._went_up = now
        self._go(self.step - 1, now)

    def _expected(self, typical: float, step: int) -> float:
        return typical * self._pixels[step] / self._pixels[self.step]

    def _go(self, step: int, now: float) -> None:
        self.changes += step != self.step
        self.step = step
        self._times.clear()
        self._room_since = None
        self._before = None
