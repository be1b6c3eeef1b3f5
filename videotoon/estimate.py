"""Telling before a job how long it will take, from a few measured frames."""

from __future__ import annotations

import os
import time
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from videotoon.encode.segment import SegmentEncoder

if TYPE_CHECKING:
    from videotoon.engine.open import OpenedStyle
    from videotoon.job import Job

LONG_JOB_FRAMES = 300
"""Jobs with at least this many frames are announced with their expected time."""

SAMPLE_FRAMES = 8


def expected_seconds(job: Job, style: OpenedStyle, frames: int) -> float:
    """Return the expected wall seconds for a number of frames.

    A few frames are decoded, painted and encoded one after the other; the CPU time this takes,
    spread over the cores that may be used, is a good guess because the stages overlap.
    """
    session = style.compiled.session()
    with TemporaryDirectory() as folder:
        encoder = SegmentEncoder(job.video_format(), Path(folder), 0)
        try:
            sample = list(islice(job.frames(job.source()), SAMPLE_FRAMES))
            encoder.write(sample[0].with_planes(session.paint(sample[0].planes)))  # warm up
            wall, cpu = time.perf_counter(), time.process_time()
            for frame in sample[1:]:
                encoder.write(frame.with_planes(session.paint(frame.planes)))
            encoder.finish()
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        finally:
            encoder.abandon()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    per_frame = max(cpu / (cores or 1), 0.0) or wall
    return per_frame / max(1, len(sample) - 1) * frames


def in_words(seconds: float) -> str:
    """Return a time span as people say it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d} min"
