"""Holding a clip's own frame rate by painting smaller, chosen before the job starts.

The size is chosen once and kept for the whole job, also over an interruption: a size that changed
midway would show.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from videotoon.encode.journal import earlier_key, input_identity
from videotoon.engine.open import PAINTING_SCALES
from videotoon.errors import VideotoonError
from videotoon.estimate import expected_seconds
from videotoon.settings import Settings

if TYPE_CHECKING:
    from videotoon.engine.open import OpenedStyle
    from videotoon.job import Job

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
        fps: Frames per second that were measured; None where nothing was.
        wanted: The clip's frame rate.
        why: Why nothing was measured.
    """

    settings: Settings
    style: OpenedStyle
    fps: float | None
    wanted: float
    why: str = "too few frames to measure"

    def __str__(self) -> str:
        size, detail = self.style.painting_size, self.style.network.scale
        if self.fps is None:
            return f"painting at {size}, detail {detail}: {self.why}"
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
    earlier = _as_before(job)
    if earlier is not None:
        return Choice(earlier, open_with(earlier), None, wanted, "as before the interruption")
    tried: list[tuple[float, Choice]] = []
    for settings in _candidates(job):
        style = open_with(settings)
        seconds = expected_seconds(job, style, SAMPLE_FRAMES)
        if seconds is None:
            return Choice(settings, style, None, wanted)
        fps = SAMPLE_FRAMES / seconds
        choice = Choice(settings, style, fps, wanted)
        if fps >= wanted * HEADROOM:
            return choice
        tried.append((fps, choice))
    return max(tried, key=lambda one: one[0])[1]


def _as_before(job: Job) -> Settings | None:
    """Settings that an interrupted run of this very job chose; None without one."""
    key = earlier_key(job.output) if job.settings.resume else {}
    asked = json.loads(json.dumps(job.settings.result_key()))
    if key.get("settings") != asked or key.get("input") != input_identity(job.path):
        return None
    try:
        chosen = key["engine"]
        longest = max(int(side) for side in chosen["painting_size"].split("x"))
        detail = chosen["scale"] or job.settings.detail  # networks of others know no scale
        return replace(job.settings, max_side=longest, detail=detail)
    except (VideotoonError, LookupError, AttributeError, ValueError):
        return None  # nobody can have written this; measure


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
