"""Painting square crops with a style: compiled once per size for all workers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

from videotoon.engine.base import Session
from videotoon.frame import Planes

BATCHES: Final = (4, 1)
"""Pictures per call, largest first; a batch is used when at least ``LEAST_FILLED`` of it is."""

LEAST_FILLED: Final = 0.75

SessionSource = Callable[[], Session]
Compile = Callable[[int, int], SessionSource]
"""Compiles for crops of (side, batch)."""


class CropStyle:
    """A style compiled for crops, shared by all workers.

    Args:
        compile_for: Compiles for one size; called once per size, by whichever worker needs it.
    """

    def __init__(self, compile_for: Compile) -> None:
        self._compile = compile_for
        self._lock = threading.Lock()
        self._compiled: dict[tuple[int, int], SessionSource] = {}

    def session(self, side: int, batch: int) -> Session:
        """Return a new session for up to ``batch`` crops of one size."""
        with self._lock:
            source = self._compiled.get((side, batch))
            if source is None:
                source = self._compiled[side, batch] = self._compile(side, batch)
        return source()


class CropSessions:
    """Sessions of one worker; implements :class:`videotoon.faces.painter.CropPainter`."""

    def __init__(self, style: CropStyle) -> None:
        self._style = style
        self._sessions: dict[tuple[int, int], Session] = {}

    def paint(self, side: int, crops: Sequence[Planes]) -> list[Planes]:
        """Paint crops of one size, in batches where there are enough."""
        painted: list[Planes] = []
        while len(painted) < len(crops):
            left = crops[len(painted) :]
            batch = next(b for b in BATCHES if len(left) >= LEAST_FILLED * b)
            session = self._sessions.get((side, batch))
            if session is None:
                session = self._sessions[side, batch] = self._style.session(side, batch)
            painted += session.paint_batch(left[:batch])
        return painted
