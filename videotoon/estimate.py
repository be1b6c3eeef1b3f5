"""Telling before a job how long it will take, from a few measured frames."""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from videotoon.cache.repeated import RepeatedFrames
from videotoon.encode.segment import SegmentEncoder
from videotoon.engine.pool import FrameReuse, GeneratorPool
from videotoon.errors import VideotoonError
from videotoon.timing import StageClock

if TYPE_CHECKING:
    from videotoon.engine.open import OpenedStyle
    from videotoon.frame import FrameSize
    from videotoon.job import Job

LONG_JOB_PIXELS = 100_000_000
"""Jobs that paint at least this many pixels are announced: some 190 frames of 540p, 48 of 1080p."""

LEAST_FRAMES = 40
"""Shorter jobs are over before a measurement would be worth it."""

LEAST_SAMPLE = 8
"""Frames measured at least; several for each stream where there are many."""


def is_long(frames: int, size: FrameSize) -> bool:
    """Tell whether a job of so many frames should be announced with its expected time."""
    return frames >= LEAST_FRAMES and frames * size.width * size.height >= LONG_JOB_PIXELS


def expected_seconds(job: Job, style: OpenedStyle, frames: int) -> float | None:
    """Return the expected wall seconds for a number of frames, None where nothing can be said.

    The first frames go through decoder, workers and encoder just as in the job itself, into a file
    that is thrown away. Repeated frames are painted here, so a clip that holds many is done sooner.
    """
    try:
        with TemporaryDirectory(prefix="videotoon-") as folder:
            per_frame = _measured(job, style, Path(folder), frames)
    except (VideotoonError, OSError):
        return None  # whatever is wrong, the job itself will say it better
    return None if per_frame is None else per_frame * frames


def _measured(job: Job, style: OpenedStyle, folder: Path, frames: int) -> float | None:
    """Return wall seconds per frame after the workers have warmed up."""
    warm_up = style.streams
    wanted = min(warm_up + max(LEAST_SAMPLE, 2 * style.streams), frames // 2)
    reuse: FrameReuse = RepeatedFrames(0, 0.0)
    pool = GeneratorPool(style.compiled, style.streams, reuse, StageClock())
    painted = pool.painted(islice(job.frames(job.source()), wanted))
    encoder = SegmentEncoder(job.video_format(), folder, 0)
    started, measured = 0.0, 0
    try:
        for number, item in enumerate(painted):
            if number == warm_up:
                started = time.perf_counter()
            measured += number >= warm_up
            encoder.write(item.frame)
        if measured < 2:
            return None
        encoder.finish()
        return (time.perf_counter() - started) / measured
    finally:
        painted.close()
        encoder.abandon()


def in_words(seconds: float) -> str:
    """Return a time span as people say it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d} min"
