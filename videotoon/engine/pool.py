"""Painting frames on several workers while keeping their order.

A feeder thread pulls frames from the decoder, looks each up among the repeated frames and hands the
new ones to the workers. The outlet yields frames in the order in which they came. All queues are
bounded, so a slow encoder slows the decoder down instead of filling memory.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass

from videotoon.engine.changes import ChangeFinder
from videotoon.engine.painters import (
    ChangeOnly,
    FaceFollowing,
    FacePainting,
    Faces,
    FrameReuse,
    PaintedFuture,
    Painter,
    SessionSource,
    Task,
)
from videotoon.frame import Frame, Planes
from videotoon.system.queues import BoundedQueue, QueueClosed, Reach
from videotoon.system.threads import Worker
from videotoon.timing import StageClock

__all__ = [
    "ChangeOnly", "FaceFollowing", "FacePainting", "FrameReuse", "GeneratorPool", "PaintedFrame",
    "PaintedFuture", "SessionSource",
]  # fmt: skip

INBOX_PER_WORKER = 1
"""Frames waiting for a worker; more would only add latency and memory."""

OUTLET_PER_WORKER = 4
"""Frames between the feeder and the encoder, painted or not: lets short stalls pass."""


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
        changes: Paints only what changed, where given.
        faces: Finds and paints faces, where given.
    """

    def __init__(
        self,
        style: SessionSource,
        workers: int,
        reuse: FrameReuse,
        clock: StageClock,
        changes: ChangeOnly | None = None,
        faces: FaceFollowing | None = None,
    ) -> None:
        self._painters = [
            Painter(
                style.session(),
                None if changes is None else changes.window_session(),
                None if faces is None else faces.painter(),
            )
            for _ in range(workers)
        ]
        self._faces = faces
        self._finder = None if changes is None else changes.finder
        self._reuse = reuse
        self._clock = clock

    def painted(
        self,
        frames: Iterable[Frame],
        begins_afresh: Callable[[int], bool] = lambda _: False,
        reach: Reach | None = None,
    ) -> Generator[PaintedFrame, None, None]:
        """Paint frames, yielding them in their order.

        A failure in the decoder or a worker stops everything and is raised here as it was. When
        the caller stops early (or fails), all threads are stopped and joined as well.

        Args:
            frames: The frames; pulled by one thread of the pool.
            begins_afresh: Tells for a frame index whether repeated frames are forgotten there.
            reach: Frames are begun only within it; None for no limit.
        """
        run = _Run(
            self._painters,
            frames,
            self._reuse,
            self._finder,
            self._clock,
            begins_afresh,
            self._faces,
            reach,
        )
        run.start()
        try:
            yield from run.outlet()
        finally:
            run.stop()


def with_following(frames: Iterable[Frame]) -> Iterator[tuple[Frame, Planes | None]]:
    """Yield every frame with the pixels of the next one; None for the last and before a failure.

    Raises:
        Exception: Whatever getting a frame raises, after the frames before it.
    """
    before: Frame | None = None
    failure: Exception | None = None
    try:
        for frame in frames:
            if before is not None:
                yield before, frame.planes
            before = frame
    except Exception as error:  # raised again below
        failure = error
    if before is not None:
        yield before, None
    if failure is not None:
        raise failure


class _Run:
    """The threads of one pass over a clip."""

    def __init__(
        self,
        painters: list[Painter],
        frames: Iterable[Frame],
        reuse: FrameReuse,
        finder: ChangeFinder | None,
        clock: StageClock,
        begins_afresh: Callable[[int], bool],
        faces: FaceFollowing | None,
        reach: Reach | None,
    ) -> None:
        workers = len(painters)
        self._reach = reach
        self._frames = frames
        self._faces = faces
        self._reuse = reuse
        self._finder = finder
        self._base: PaintedFuture | None = None
        self._clock = clock
        self._begins_afresh = begins_afresh
        self._inbox: BoundedQueue[Task] = BoundedQueue(INBOX_PER_WORKER * workers)
        self._outlet: BoundedQueue[tuple[Frame, PaintedFuture, bool]] = BoundedQueue(
            OUTLET_PER_WORKER * workers
        )
        self._failure: BaseException | None = None
        self._threads = [Worker(target=self._feed, name="videotoon-decode")]
        self._threads += [
            Worker(target=self._work, args=(painter,), name=f"videotoon-paint-{number}")
            for number, painter in enumerate(painters)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._inbox.cancel()
        self._outlet.cancel()
        if self._reach is not None:
            self._reach.cancel()
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
            for frame, following in with_following(self._clock.timed("decode", self._frames)):
                if self._reach is not None:
                    self._reach.wait_for(frame.index)
                if self._begins_afresh(frame.index):
                    self._forget()
                with self._clock.busy("cache"):
                    restless = self._faces is not None and self._faces.restless
                    future = None if restless else self._reuse.find(frame.planes, following)
                    reused = future is not None
                if future is None:
                    task = self._task(frame, self._follow(frame))
                    future = task.future
                if not reused:
                    self._inbox.put(task)
                self._outlet.put((frame, future, reused))
        except QueueClosed:
            pass
        except BaseException as error:  # raised again in the caller's thread
            self._failure = error
        finally:
            self._inbox.finish()
            self._outlet.finish()
            close = getattr(self._frames, "close", None)
            if close is not None:
                close()

    def _follow(self, frame: Frame) -> Faces:
        if self._faces is None:
            return ()
        with self._clock.busy("faces"):
            return self._faces.follow(frame)

    def _task(self, frame: Frame, faces: Faces) -> Task:
        """Make the task of a frame that was not painted before."""
        with self._clock.busy("cache"):
            future = PaintedFuture()
            scene = PaintedFuture() if faces else future
            self._reuse.remember(frame.planes, future)
            repaint = None if self._finder is None else self._finder.look(frame.planes)
            base, self._base = self._base, scene
            return Task(frame, future, scene, repaint, base, faces)

    def _forget(self) -> None:
        """Let nothing before this frame influence what comes."""
        self._reuse.forget()
        if self._faces is not None:
            self._faces.forget()
        if self._finder is not None:
            self._finder.begin_afresh()

    def _work(self, painter: Painter) -> None:
        while True:
            try:
                task = self._inbox.get()
            except QueueClosed:
                return
            try:
                with self._clock.busy("paint"):
                    scene = painter.paint(task)
                if task.scene is not task.future:
                    task.scene.set_result(scene)
                    with self._clock.busy("paint faces"):
                        scene = painter.paint_faces(task, scene)
                task.future.set_result(scene)
            except BaseException as error:  # raised again by the outlet
                for future in {task.future, task.scene}:
                    if not future.done():
                        future.set_exception(error)
