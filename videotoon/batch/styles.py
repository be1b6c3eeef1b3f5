"""One compiled network for all files of a batch that can share it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from typing import Any, Final

from videotoon.engine.base import Backend
from videotoon.engine.calibration import Calibrated, calibrated, calibration_key
from videotoon.engine.mix import part_settings
from videotoon.engine.open import (
    OpenedStyle,
    choose_engine,
    choose_painting_size,
    choose_precision,
    open_style,
)
from videotoon.engine.styles import resolve_style
from videotoon.frame import ColourTags, FrameSize
from videotoon.settings import Settings
from videotoon.system.machine import usable_cores

KEPT_STYLES: Final = 8
"""Compiled sizes kept; what running jobs use stays alive besides."""

_Key = tuple[str, FrameSize, ColourTags]


class StyleShelf:
    """Compiles a style once per frame size and hands it to every job that asks for it.

    All cores belong to the compiled network; a job gets as many sessions of it as its share of the
    cores, each of which keeps one core busy. So the jobs together never want more than there are.
    On a GPU, whose memory each session takes, a job has no more of them than alone.

    Args:
        jobs: Files worked on at the same time.
    """

    def __init__(self, jobs: int) -> None:
        self.cores = usable_cores()
        self.share = max(1, self.cores // jobs)
        self._lock = threading.Lock()
        self._opened: OrderedDict[_Key, OpenedStyle] = OrderedDict()
        self._engines: dict[tuple[str, str, str], tuple[Backend, str, Calibrated | None]] = {}
        self._face_weights: list[str] | None = None
        self.compiled = 0

    def open(self, settings: Settings, size: FrameSize, colour: ColourTags, /) -> OpenedStyle:
        """Return a style for frames of one size; see :func:`videotoon.engine.open.open_style`."""
        key = (repr(settings.result_key()), size, colour)
        streams = self._streams(settings)
        with self._lock:
            if key not in self._opened:
                self._opened[key] = open_style(
                    settings, size, colour, streams=streams, threads=self.cores
                )
                self.compiled += 1
                if len(self._opened) > KEPT_STYLES:
                    self._opened.popitem(last=False)
            self._opened.move_to_end(key)
            opened = self._opened[key]
        workers = min(self.share, opened.streams, settings.workers or self.share)
        return replace(opened, streams=workers)

    def _streams(self, settings: Settings) -> int:
        """Return how many sessions all jobs together may open: one per core, fewer on a GPU."""
        engines = [self._engine(part) for part in part_settings(settings)]
        return min(self.cores, *(engine.usual_streams(device) for engine, device, _ in engines))

    def engine_facts(self, settings: Settings, size: FrameSize) -> dict[str, Any]:
        """Return what will paint frames of a size, without compiling it: for the journal."""
        painting_size = choose_painting_size(size, settings.max_side)
        facts = self._style_facts(settings, painting_size)
        return facts | {"faces": self._face_facts(settings)} if settings.paints_faces else facts

    def _face_facts(self, settings: Settings) -> dict[str, Any]:
        from videotoon.faces.painter import CROP_SIDES
        from videotoon.faces.stage import crop_settings, face_weights

        with self._lock:
            if self._face_weights is None:
                self._face_weights = face_weights()
        crop = FrameSize(CROP_SIDES[0], CROP_SIDES[0])
        return self._style_facts(crop_settings(settings), crop) | {"found with": self._face_weights}

    def _style_facts(self, settings: Settings, size: FrameSize) -> dict[str, Any]:
        parts = [self._network_facts(part, size) for part in part_settings(settings)]
        return parts[0] if len(parts) == 1 else {"mixture": parts}

    def _network_facts(self, settings: Settings, size: FrameSize) -> dict[str, Any]:
        style = resolve_style(settings.style)
        engine, device, found = self._engine(settings)
        precision, network = choose_precision(settings, style, size, engine, device, found)
        return {
            "style": style.info.name,
            "network": network.name,
            "sha256": [file.sha256 for file in network.files],
            "backend": engine.name,
            "device": device,
            "precision": precision,
        }

    def _engine(self, settings: Settings) -> tuple[Backend, str, Calibrated | None]:
        """Return what paints a style, where, and what was measured of it."""
        key = (settings.style, settings.backend, settings.device)
        with self._lock:
            if key not in self._engines:
                style = resolve_style(settings.style)
                engine = choose_engine(settings, style)
                device = engine.resolve_device(settings.device)
                found = calibrated(calibration_key(style, engine.name, device))
                self._engines[key] = engine, device, found
            return self._engines[key]
