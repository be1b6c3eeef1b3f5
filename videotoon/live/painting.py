"""The painter's thread: newest picture in, painted picture out, in the order of capture."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from videotoon.decode.planes import resized
from videotoon.frame import Planes
from videotoon.live.base import Captured, Inbox, LiveOutput, Shown
from videotoon.live.controls import Controls
from videotoon.live.sizing import SizeControl
from videotoon.live.slot import NewestQueue
from videotoon.live.studio import LivePainter
from videotoon.system.queues import QueueClosed
from videotoon.system.threads import Worker

FacePainter = Callable[[Captured, Planes], Planes]
"""Takes a picture and its painting; returns the painting with its faces painted on their own."""


class PaintThread:
    """One thread that paints: so pictures leave in the order in which they came.

    All cores work on one picture at a time. That gives the least latency; a second picture in
    work would raise the rate a little and the age of every picture a lot.

    Args:
        inbox: Newest captured picture.
        painter: Paints at any step of its ladder.
        sizing: Chooses the step; None keeps the largest.
        controls: Strength and so on.
        faces: Paints faces on their own, or None.
    """

    def __init__(
        self,
        inbox: Inbox,
        painter: LivePainter,
        sizing: SizeControl | None,
        controls: Controls,
        faces: FacePainter | None = None,
    ) -> None:
        self.outbox: NewestQueue[Shown] = NewestQueue()
        self.outputs: tuple[LiveOutput, ...] = ()
        self.painted = 0
        self.sizes: Counter[str] = Counter()
        self._inbox = inbox
        self._painter = painter
        self._sizing = sizing
        self._controls = controls
        self._faces = faces
        self._failure: BaseException | None = None
        self._stop = threading.Event()
        self._thread = Worker(target=self._run, name="videotoon-live-paint")

    def start(self) -> None:
        """Begin to paint."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the picture in work."""
        self._stop.set()
        self._inbox.finish()
        self._thread.join()

    def raise_failure(self) -> None:
        """Raise what stopped the painter, if anything did."""
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                captured = self._inbox.get(0.1)
                if captured is not None:
                    self._paint(captured)
        except QueueClosed:
            pass
        except BaseException as error:
            self._failure = error
        finally:
            self.outbox.finish()

    def _paint(self, captured: Captured) -> None:
        begun = time.monotonic()
        step = self._sizing.step if self._sizing is not None else 0
        wanted = self._controls.adjustments
        planes, size = self._painter.paint(captured.planes, step, wanted)
        if self._controls.faces and self._faces is not None:
            planes = self._faces(captured, planes)
        now = time.monotonic()
        if self._sizing is not None and size == self._painter.sizes[step]:
            self._sizing.observe(now - begun, now)
        shown = Shown(captured, planes, size)
        for output in self.outputs:
            output.offer(shown)
        self.outbox.put(shown)
        self.painted += 1
        self.sizes[str(size)] += 1


class OfOneSize:
    """An inbox whose pictures all have the first one's size.

    A camera that comes back may deliver another size; what is compiled and recorded keeps its own.
    The first picture is given out only if the source ended before there was a newer one.

    Args:
        inner: The inbox.
        first: Its first picture, already taken.
    """

    def __init__(self, inner: Inbox, first: Captured) -> None:
        self._inner = inner
        self._size = first.planes.size
        self._first: Captured | None = first

    def get(self, timeout: float | None = None) -> Captured | None:
        """Take the newest picture, scaled where it has another size.

        Raises:
            QueueClosed: The inbox is finished and empty.
        """
        try:
            captured = self._inner.get(timeout)
        except QueueClosed:
            if self._first is None:
                raise
            captured = self._first
        if captured is None:
            return None
        self._first = None
        if captured.planes.size == self._size:
            return captured
        planes = resized(captured.planes, self._size.width, self._size.height)
        return replace(captured, planes=planes)

    def finish(self) -> None:
        """Finish the inbox."""
        self._inner.finish()
