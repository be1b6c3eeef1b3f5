"""What one worker paints with, and what it is asked to paint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from videotoon.cache.repeated import RepeatedFrames
from videotoon.engine.base import Session
from videotoon.engine.changes import (
    Box,
    ChangeFinder,
    PaintedWindow,
    Repaint,
    WindowSession,
    set_into,
)
from videotoon.frame import Frame, Planes

PaintedFuture = Future[Planes]
FrameReuse = RepeatedFrames[PaintedFuture]


class SessionSource(Protocol):
    """Whatever hands out painting sessions, one per worker."""

    def session(self) -> Session:
        """Return a new session."""
        ...


@dataclass(frozen=True, slots=True)
class ChangeOnly:
    """What painting only the changed part of a frame needs.

    Attributes:
        finder: Finds what changed.
        window_session: Makes one session per worker that paints windows.
    """

    finder: ChangeFinder
    window_session: Callable[[], WindowSession]


Faces = tuple[Any, ...]
"""Faces of one frame, as the stage that found them describes them."""


class FacePainting(Protocol):
    """Paints the faces of a frame into the scene's painting; one per worker."""

    def paint(self, original: Planes, painted: Planes, faces: Sequence[Any]) -> Planes:
        """Return the painting with its faces."""
        ...


class FaceFollowing(Protocol):
    """Follows faces from frame to frame, in order, in the feeder's thread."""

    @property
    def restless(self) -> bool:
        """True where the next frame must be painted even if it repeats another."""
        ...

    def follow(self, frame: Frame) -> Faces:
        """Return the faces of the next frame that is painted."""
        ...

    def forget(self) -> None:
        """Let nothing before the next frame influence what comes."""
        ...

    def painter(self) -> FacePainting:
        """Return a painter for one worker."""
        ...


@dataclass(frozen=True, slots=True)
class Task:
    """A frame for a worker.

    Attributes:
        frame: What to paint.
        future: Where the painting goes.
        scene: Where the painting without its faces goes; the same where none are painted.
        repaint: What changed since ``base``, or None to paint all.
        base: The earlier painting that unchanged pixels are taken from.
    """

    frame: Frame
    future: PaintedFuture
    scene: PaintedFuture
    repaint: Repaint | None = None
    base: PaintedFuture | None = None
    faces: Faces = ()


class Painter:
    """What one worker thread paints with."""

    def __init__(
        self, session: Session, windows: WindowSession | None, faces: FacePainting | None
    ) -> None:
        self._session = session
        self._windows = windows
        self._faces = faces

    def paint_faces(self, task: Task, scene: Planes) -> Planes:
        """Return the scene's painting with the frame's faces."""
        if self._faces is None or not task.faces:
            return scene
        return self._faces.paint(task.frame.planes, scene, task.faces)

    def paint(self, task: Task) -> Planes:
        """Paint a frame, or set what changed into the painting it is based on."""
        planes = task.frame.planes
        if task.repaint is None or task.base is None or self._windows is None:
            return self._session.paint(planes)
        # The base was handed out before this task, so some worker is at it or done with it.
        if task.repaint.write.area == 0:
            return task.base.result().with_alpha(planes.alpha)
        window = self._windows.paint_window(planes, task.repaint.read)
        if window is None:
            # With a tolerance, all of it is not the same as what changed set into the base, and
            # whether a window is worth it depends on what this process painted before.
            size = planes.size
            window = PaintedWindow(Box(0, 0, size.width, size.height), self._session.paint(planes))
        return set_into(task.base.result(), window, task.repaint.write, planes.alpha)
