"""The compiled styles of a live picture: all sizes of the ladder, the next style on request."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from videotoon.engine.adjust import adjust
from videotoon.engine.base import Adjustments, Session
from videotoon.engine.open import OpenedStyle, open_style
from videotoon.errors import VideotoonError
from videotoon.frame import ColourTags, FrameSize, Planes
from videotoon.settings import Settings
from videotoon.system.machine import usable_cores
from videotoon.system.threads import Worker


class LivePainter(Protocol):
    """Paints pictures at the size of a step; used by one thread."""

    sizes: Sequence[FrameSize]

    def paint(self, planes: Planes, step: int, wanted: Adjustments) -> tuple[Planes, FrameSize]:
        """Return the painted picture and the size at which it was painted."""
        ...


class Studio:
    """Paints live pictures; compiles in the background so that painting never waits.

    Args:
        settings: Style, engine, device, precision.
        size: Size of the pictures.
        colour: Meaning of their codes.
        sizes: The ladder of painting sizes.

    Raises:
        VideotoonError: The style or engine is not to be had.
    """

    def __init__(
        self, settings: Settings, size: FrameSize, colour: ColourTags, sizes: Sequence[FrameSize]
    ) -> None:
        # Adjustments are applied here, because they change while the picture runs.
        self._settings = replace(settings, strength=1.0, edge_preserve=1.0, color_shift=1.0)
        self._size = size
        self._colour = colour
        self.sizes = sizes
        self.style = settings.look
        self.problem = ""
        self._wanted = settings.look
        self._opened: OpenedStyle = self._open(settings.look, 0)
        self._sessions: dict[int, Session] = {0: self._opened.session()}
        self._refused: set[int] = set()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = Worker(target=self._compile, name="videotoon-compile", daemon=True)
        self._thread.start()

    def paint(self, planes: Planes, step: int, wanted: Adjustments) -> tuple[Planes, FrameSize]:
        """Paint at a step of the ladder, or at the nearest that is compiled already."""
        if wanted.strength == 0.0:
            return planes, self.sizes[step]
        sessions = self._sessions
        ready = min(sessions, key=lambda one: (abs(one - step), -one))
        painted = sessions[ready].paint(planes)
        if not wanted.neutral:
            painted = adjust(planes, painted, wanted)
        return painted, self.sizes[ready]

    def change_style(self, style: str) -> None:
        """Ask for another style; the picture keeps the old one until the new is compiled."""
        with self._changed:
            self._wanted = style
            self._changed.notify()

    def scene(self) -> OpenedStyle:
        """Return the style that paints now."""
        return self._opened

    def describe(self) -> dict[str, object]:
        """Facts for the report."""
        return self._opened.describe()

    def close(self) -> None:
        """End the thread that compiles."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _open(self, style: str, step: int) -> OpenedStyle:
        chosen = self._settings
        if style != chosen.look:
            chosen = chosen.with_style(style)
        settings = replace(chosen, max_side=self.sizes[step].long_side)
        cores = usable_cores()
        return open_style(settings, self._size, self._colour, streams=1, threads=cores)

    def _compile(self) -> None:
        """Compile the sizes of the current style; begin again when another is asked for."""
        while True:
            with self._changed:
                if self._closed:
                    return
                wanted = self._wanted
                tried = self._sessions.keys() | self._refused
                missing = [step for step in range(len(self.sizes)) if step not in tried]
                if wanted == self.style and not missing:
                    self._changed.wait()
                    continue
            if wanted != self.style:
                self._switch(wanted)
            else:
                self._add(wanted, missing[0])

    def _add(self, style: str, step: int) -> None:
        """Compile one more size; where that fails, the others go on painting."""
        try:
            self._sessions = self._sessions | {step: self._open(style, step).session()}
        except VideotoonError as error:
            self.problem = str(error)
            self._refused.add(step)

    def _switch(self, style: str) -> None:
        try:
            opened = self._open(style, 0)
            sessions = {0: opened.session()}
        except VideotoonError as error:
            self.problem = str(error)
            with self._changed:
                self._wanted = self.style
            return
        self.problem = ""
        self._refused.clear()
        self._opened, self._sessions, self.style = opened, sessions, style
