"""Steadying what a detector reports, without falling behind what moves.

A face moves as a whole far more than its parts move against each other. The filter therefore splits
what it is told: the common shift of all points, averaged over them and hence little disturbed, is
followed quickly by an alpha-beta filter (constant velocity, so steady motion is followed without
lag); the rest, the face's shape, slowly. Both gains rise while the errors keep one direction, the
idea of the one-euro filter (Casiez et al., CHI 2012): noise is smoothed, motion followed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from videotoon.faces.base import Points

SHIFT_GAIN: Final = 0.30
SHAPE_GAIN: Final = 0.10

MEMORY: Final = 0.5
"""Share of the past in the mean error that tells motion from noise."""

NOTICED: Final = 0.02
"""Mean error, in units of the face's side, from which gains begin to rise."""

CERTAIN: Final = 0.08
"""Mean error at which they have reached 1."""


@dataclass(slots=True)
class SteadyPoints:
    """Filter for the points of one face.

    Args:
        points: First positions, shape (n, 2).
    """

    points: Points
    velocity: Points
    _shift_error: Points
    _shape_error: Points

    @classmethod
    def start(cls, points: Points) -> SteadyPoints:
        """Begin at positions taken as they are, at rest."""
        still = np.zeros(2)
        return cls(points.astype(np.float64), still, still.copy(), np.zeros_like(points))

    def advance(self, moved: Points | None = None) -> None:
        """Go one frame on.

        Args:
            moved: Where the points went as far as was seen (optical flow), or None to go on with
                the velocity so far.
        """
        if moved is None:
            self.points = self.points + self.velocity
            return
        shift = (moved - self.points).mean(axis=0)
        self.velocity = 0.5 * (self.velocity + shift)
        self.points = moved.astype(np.float64)

    def correct(self, measured: Points, side: float, sees_motion: bool = False) -> None:
        """Take a detection into account.

        Args:
            measured: Reported positions, same shape.
            side: Size of the face; errors are judged in proportion.
            sees_motion: True where :meth:`advance` is told of motion, so that the velocity need
                not be learnt from detections.
        """
        error = measured - self.points
        shift = error.mean(axis=0)
        shape = error - shift
        self._shift_error = MEMORY * self._shift_error + (1 - MEMORY) * shift
        self._shape_error = MEMORY * self._shape_error + (1 - MEMORY) * shape
        gain = _gain(SHIFT_GAIN, float(np.hypot(*self._shift_error)) / side)
        worst = float(np.sqrt((self._shape_error**2).sum(axis=1).mean()))
        shape_gain = _gain(SHAPE_GAIN, worst / side)
        if not sees_motion:
            self.velocity = self.velocity + shift * (gain * gain / (2.0 - gain))
        self.points = self.points + gain * shift + shape_gain * shape


def _gain(least: float, error: float) -> float:
    rise = min(max((error - NOTICED) / (CERTAIN - NOTICED), 0.0), 1.0)
    return least + (0.9 - least) * rise
