"""How much work a file is, and how long a batch will take, before anything is painted."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from videotoon.batch.naming import BatchItem
from videotoon.batch.report import FileResult
from videotoon.batch.styles import StyleShelf
from videotoon.decode.opening import open_media
from videotoon.decode.probe import painted_stream
from videotoon.encode.work import drop_clean_copy
from videotoon.engine.colour import PICTURE_TAGS
from videotoon.engine.pictures import rgb_to_planes
from videotoon.errors import VideotoonError
from videotoon.estimate import expected_seconds
from videotoon.frame import FrameSize
from videotoon.job import plan_job
from videotoon.picture import read_picture
from videotoon.settings import Settings

PICTURE_WEIGHT: Final = 1.0
"""Pictures are not opened to be weighed; one counts as so many megapixels."""

SAMPLE_SIDE: Final = 512
PICTURE_OVERHEAD: Final = 0.03
"""Seconds per megapixel for reading, converting and writing a picture."""


def weight(item: BatchItem) -> float:
    """Return about how many megapixels a file holds, from its header alone; never fails."""
    if item.picture:
        return PICTURE_WEIGHT
    try:
        with open_media(item.source) as container:
            stream = painted_stream(container, item.source)
            context = stream.codec_context
            seconds = (container.duration or 0) / 1_000_000
            frames = stream.frames or seconds * float(stream.average_rate or Fraction(25))
            return max(1.0, frames) * max(1, context.width * context.height) / 1e6
    except (VideotoonError, OSError, ValueError):
        return PICTURE_WEIGHT


class Estimator:
    """Tells for each file how long it would take.

    A few frames of the first video of each size are decoded, painted and encoded; the others of
    that size are reckoned from their number of frames.

    Args:
        settings: Options of the jobs.
        shelf: Keeps the compiled networks.
        folder: A folder that can be written; nothing stays there.
    """

    def __init__(self, settings: Settings, shelf: StyleShelf, folder: Path) -> None:
        self._settings = replace(settings, overwrite=True)
        self._shelf = shelf
        self._folder = folder
        self._per_frame: dict[FrameSize, float] = {}
        self._per_megapixel: float | None = None

    def planned(self, item: BatchItem) -> FileResult:
        """Return what a dry run says about a file that is to be done."""
        name, output = str(item.source), str(item.output)
        try:
            frames, seconds = self._picture(item) if item.picture else self._video(item)
        except (VideotoonError, OSError) as error:
            return FileResult(name, output, "failed", str(error))
        fps = frames / seconds if seconds > 0 else 0.0
        return FileResult(name, output, "planned", "", frames, fps, seconds)

    def _video(self, item: BatchItem) -> tuple[int, float]:
        target = self._folder / item.output.name
        try:
            job = plan_job(item.source, target, self._settings)
            size, frames = job.info.size, job.expected_frames()
            if size not in self._per_frame:
                style = self._shelf.open(self._settings, size, job.info.colour)
                self._per_frame[size] = (expected_seconds(job, style, frames) or 0.0) / frames
            return frames, frames * self._per_frame[size]
        finally:
            drop_clean_copy(target)

    def _picture(self, item: BatchItem) -> tuple[int, float]:
        rgb = read_picture(item.source).rgb
        megapixels = rgb.shape[0] * rgb.shape[1] / 1e6
        if self._per_megapixel is None:
            self._per_megapixel = self._measured()
        return 1, megapixels * self._per_megapixel

    def _measured(self) -> float:
        size = FrameSize(SAMPLE_SIDE, SAMPLE_SIDE)
        session = self._shelf.open(self._settings, size, PICTURE_TAGS).session()
        grey = rgb_to_planes(np.full((SAMPLE_SIDE, SAMPLE_SIDE, 3), 128, np.uint8), PICTURE_TAGS)
        session.paint(grey)
        begun = time.perf_counter()
        session.paint(grey)
        return (time.perf_counter() - begun) / (SAMPLE_SIDE**2 / 1e6) + PICTURE_OVERHEAD
