"""Holding a clip's own frame rate by painting smaller, chosen before the job starts.

The size is chosen once and kept for the whole job: a size that changed midway would show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from videotoon.estimate import expected_seconds
from videotoon.settings import Settings

if TYPE_CHECKING:
    from videotoon.engine.open import OpenedStyle
    from videotoon.job import Job

PAINTING_SCALES = (1.0, 0.8, 0.65, 0.5, 0.4, 0.3)
"""Parts of the clip's longer side that are tried, from the best picture down."""

HEADROOM = 1.1
"""How much faster than the clip's rate a size must measure to be trusted."""

SAMPLE_FRAMES = 240
"""Frames that the estimate is made for; it is a rate that counts, not the number."""

LEAST_SIDE = 160


@dataclass(frozen=True, slots=True)
class Choice:
    """What holds the frame rate, or comes closest.

    Attributes:
        settings: The job's settings with painting size and detail filled in.
        style: Opened with them.
        fps: Frames per second that were measured; None where the clip is too short for that.
        wanted: The clip's frame rate.
    """

    settings: Settings
    style: OpenedStyle
    fps: float | None
    wanted: float

    def __str__(self) -> str:
        size, detail = self.style.painting_size, self.style.network.scale
        if self.fps is None:
            return f"painting at {size}, detail {detail}: too few frames to measure"
        verdict = "holds" if self.fps >= self.wanted else "does not hold"
        return (
            f"painting at {size}, detail {detail}: {self.fps:.0f} fps measured, "
            f"{verdict} the clip's {self.wanted:.4g} fps"
        )


def hold_frame_rate(job: Job, open_with: Callable[[Settings], OpenedStyle]) -> Choice:
    """Choose the largest painting size that paints as fast as the clip plays.

    Painting size is lowered first, then detail: ``hd`` networks draw coarser and cost less per
    pixel. Where nothing holds the rate, the fastest choice is returned.

    Args:
        job: The planned job.
        open_with: Opens the style of a job with other settings.
    """
    wanted = float(job.frame_rate)
    best: Choice | None = None
    for settings in _candidates(job):
        style = open_with(settings)
        seconds = expected_seconds(job, style, SAMPLE_FRAMES)
        if seconds is None:
            return Choice(settings, style, None, wanted)
        fps = SAMPLE_FRAMES / seconds
        choice = Choice(settings, style, fps, wanted)
        if fps >= wanted * HEADROOM:
            return choice
        if best is None or best.fps is None or fps > best.fps:
            best = choice
    assert best is not None
    return best


def _candidates(job: Job) -> list[Settings]:
    longest = job.info.size.long_side
    if job.settings.max_side is not None:
        longest = min(longest, job.settings.max_side)
    sizes = [round(longest * scale / 2) * 2 for scale in PAINTING_SCALES]
    kept = [side for side in sizes if side >= LEAST_SIDE] or sizes[:1]
    found = [replace(job.settings, max_side=side) for side in kept]
    if job.settings.detail == "auto":
        found.append(replace(job.settings, max_side=kept[-1], detail="hd"))
    return found
