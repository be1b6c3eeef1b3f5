"""Painting frames on several workers while keeping their order.

A feeder thread pulls frames from the decoder, looks each up among the repeated frames and hands the
new ones to the workers. The outlet yields frames in the order in which they came. All queues are
bounded, so a slow encoder slows the decoder down instead of filling memory.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from videotoon.cache.repeated import RepeatedFrames
from videotoon.engine.base import Session
from videotoon.engine.queues import BoundedQueue, QueueClosed
from videotoon.frame import Frame, Planes
from videotoon.timing import StageClock

INBOX_PER_WORKER = 1
"""Frames waiting for a worker; more would only add latency and memory."""

OUTLET_PER_WORKER = 4
"""Frames between the feeder and the encoder, painted or not: lets short stalls pass."""

PaintedFuture = Future[Planes]
FrameReuse = RepeatedFrames[PaintedFuture]


class SessionSource(Protocol):
    """Whatever hands out painting sessions, one per worker."""

    def session(self) -> Session:
        """Return a new session."""
        ...


@dataclass(frozen=True, slots=True)
class PaintedFrame:
    """A painted frame in its place.

    Attributes:
        frame: The moment with painted pixels.
        reused: True where the pixels were painted for an earlier frame.
    """

    frame: Frame
    reused: bool


class GeneratorPool:
    """Workers that paint in parallel behind an ordered outlet.

    Args:
        style: Hands out one session per worker.
        workers: Number of worker threads.
        reuse: Finds repeated frames.
        clock: Adds up the busy time of the stages ``decode``, ``cache`` and ``paint``.
    """

    def __init__(
        self, style: SessionSource, workers: int, reuse: FrameReuse, clock: StageClock
    ) -> None:
        self._sessions = [style.session() for _ in range(workers)]
        self._reuse = reuse
        self._clock = clock

    def painted(
        self, frames: Iterable[Frame], begins_afresh: Callable[[int], bool] = lambda _: False
    ) -> Iterator[PaintedFrame]:
        """Paint frames, yielding them in their order.

        A failure in the decoder or a worker stops everything and is raised here as it was. When
        the caller stops early (or fails), all threads are stopped and joined as well.

        Args:
            frames: The frames; pulled by one thread of the pool.
            begins_afresh: Tells for a frame index whether repeated frames are forgotten there.
        """
        run = _Run(self._sessions, frames, self._reuse, self._clock, begins_afresh)
        run.start()
        try:
            yield from run.outlet()
        finally:
            run.stop()


class _Run:
    """The threads of one pass over a clip."""

    def __init__(
        self,
        sessions: list[Session],
        frames: Iterable[Frame],
        reuse: FrameReuse,
        clock: StageClock,
        begins_afresh: Callable[[int], bool],
    ) -> None:
        workers = len(sessions)
        self._frames = frames
        self._reuse = reuse
        self._clock = clock
        self._begins_afresh = begins_afresh
        self._inbox: BoundedQueue[tuple[Frame, PaintedFuture]] = BoundedQueue(
            INBOX_PER_WORKER * workers
        )
        self._outlet: BoundedQueue[tuple[Frame, PaintedFuture, bool]] = BoundedQueue(
            OUTLET_PER_WORKER * workers
        )
        self._failure: BaseException | None = None
        self._threads = [threading.Thread(target=self._feed, name="videotoon-decode")]
        self._threads += [
            threading.Thread(target=self._work, args=(session,), name=f"videotoon-paint-{number}")
            for number, session in enumerate(sessions)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._inbox.cancel()
        self._outlet.cancel()
        for thread in self._threads:
            thread.join()

    def outlet(self) -> Iterator[PaintedFrame]:
        while True:
            try:
                frame, future, reused = self._outlet.get()
            except QueueClosed:
                break
            yield PaintedFrame(frame.with_planes(future.result()), reused)
        if self._failure is not None:
            raise self._failure

    def _feed(self) -> None:
        """Pull frames, find repeats, hand the rest to the workers."""
        try:
            for frame in self._clock.timed("decode", self._frames):
                if self._begins_afresh(frame.index):
                    self._reuse.forget()
                with self._clock.busy("cache"):
                    future = self._reuse.find(frame.planes)
                    reused = future is not None
                    if future is None:
                        future = PaintedFuture()
                        self._reuse.remember(frame.planes, future)
                if not reused:
                    self._inbox.put((frame, future))
                self._outlet.put((frame, future, reused))
        except QueueClosed:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            self._failure = error
        finally:
            self._inbox.finish()
            self._outlet.finish()
            close = getattr(self._frames, "close", None)
            if close is not None:
                close()

    def _work(self, session: Session) -> None:
        while True:
            try:
                frame, future = self._inbox.get()
            except QueueClosed:
                return
            try:
                with self._clock.busy("paint"):
                    painted = session.paint(frame.planes)
                future.set_result(painted)
            except BaseException as error:  # noqa: BLE001 - raised again by the outlet
                future.set_exception(error)
