"""Painting faces on their own in a live picture; opened when they are first switched on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from videotoon.errors import VideotoonError
from videotoon.frame import ColourTags, Frame, FrameSize, Planes
from videotoon.live.base import Captured
from videotoon.settings import Settings
from videotoon.system.threads import Worker

if TYPE_CHECKING:
    from videotoon.engine.open import OpenedStyle
    from videotoon.faces.painter import FacePainter
    from videotoon.faces.stage import FaceStage

MILLISECOND: Final = Fraction(1, 1000)


class LiveFaces:
    """Finds, follows and paints faces; called by the painter's thread.

    Detector and face network are opened on a thread of their own, so that the picture goes on.

    Args:
        settings: Face options.
        scene: Returns the style that paints the scene.
        size: Size of the pictures.
        colour: Meaning of their codes.
        say: Is told what the user should read.
    """

    def __init__(
        self,
        settings: Settings,
        scene: Callable[[], OpenedStyle],
        size: FrameSize,
        colour: ColourTags,
        say: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._scene = scene
        self._size = size
        self._colour = colour
        self._say = say
        self._opened: tuple[FaceStage, FacePainter] | None = None
        self._thread: threading.Thread | None = None

    def __call__(self, captured: Captured, painted: Planes) -> Planes:
        """Return the painting with its faces painted on their own, once that is possible."""
        if self._opened is None:
            if self._thread is None:
                self._thread = Worker(target=self._open, name="videotoon-live-faces")
                self._thread.start()
            return painted
        stage, painter = self._opened
        moment = round(captured.stamp / MILLISECOND)
        frame = Frame(captured.number, moment, MILLISECOND, captured.planes)
        return painter.paint(captured.planes, painted, stage.follow(frame))

    def close(self) -> None:
        """Wait for the thread that opens."""
        if self._thread is not None:
            self._thread.join()

    def _open(self) -> None:
        try:
            from videotoon.faces.stage import open_faces

            stage = open_faces(self._settings, self._scene(), self._size, self._colour)
            self._opened = stage, stage.painter()
        except (VideotoonError, ImportError) as error:
            self._say(f"faces cannot be painted on their own: {error}")
        else:
            for notice in stage.notices:
                self._say(notice)
