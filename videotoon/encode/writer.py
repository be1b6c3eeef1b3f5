"""Writing painted frames as a row of files, without a gap between them.

Each file holds half a segment and has its own encoder thread. While one flushes its last frames,
the next already takes new ones, so cutting the work up costs no waiting, and a run that is killed
loses at most two halves.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from videotoon.encode.segment import SegmentEncoder, SegmentRecord, VideoFormat
from videotoon.frame import Frame
from videotoon.system.queues import BoundedQueue, QueueClosed, Reach
from videotoon.system.threads import Worker
from videotoon.timing import StageClock

FRAMES_BEFORE_ENCODER = 4
"""Painted frames waiting for the encoder."""


class SegmentWriter:
    """Encodes frames into files of a fixed number of frames.

    Use as a context manager: leaving it normally finishes the last file, leaving it through an
    error abandons the unfinished one and keeps those that are complete.

    Args:
        video: Format of the job.
        folder: Work folder; must exist.
        frames_per_file: Length of a file; file ``n`` begins at frame ``n`` times this.
        on_finished: Called with each finished file, in order, from an encoder thread.
        clock: Adds up the busy time of the stage ``encode``.
        reach: Is told how many frames are saved, and cancelled where saving fails.
    """

    def __init__(
        self,
        video: VideoFormat,
        folder: Path,
        frames_per_file: int,
        on_finished: Callable[[SegmentRecord], None],
        clock: StageClock,
        reach: Reach,
    ) -> None:
        self._video = video
        self._folder = folder
        self._frames_per_file = frames_per_file
        self._on_finished = on_finished
        self._clock = clock
        self._reach = reach
        self._current: _SegmentThread | None = None
        self._finishing: _SegmentThread | None = None

    def write(self, frame: Frame, reused: bool = False) -> None:
        """Take the next frame; waits while the encoder is behind.

        Raises:
            EncodeError: The encoder failed.
            DiskFullError: No space is left.
        """
        number, place = divmod(frame.index, self._frames_per_file)
        if self._current is None or self._current.number != number:
            self._begin(number)
        assert self._current is not None
        self._current.put(frame, reused)
        if place == self._frames_per_file - 1:
            self._current.finish()  # now, not with the next frame: what is complete is soon safe

    def _begin(self, number: int) -> None:
        """Let the current file finish in the background and begin the next."""
        if self._finishing is not None:
            self._finishing.join()
        self._finishing = self._current
        if self._finishing is not None:
            self._finishing.finish()
        encoder = SegmentEncoder(self._video, self._folder, number)
        self._current = _SegmentThread(
            number, encoder, self._save, self._reach.cancel, self._clock, self._finishing
        )

    def _save(self, record: SegmentRecord) -> None:
        self._on_finished(record)
        self._reach.save(record.first_index + record.frames)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        threads = [thread for thread in (self._finishing, self._current) if thread is not None]
        self._finishing = self._current = None
        if error is not None:
            for thread in threads:
                thread.abandon()
            return
        for thread in threads:
            thread.finish()
        failures = [failure for thread in threads if (failure := thread.outcome()) is not None]
        if failures:
            raise failures[0]


class _SegmentThread:
    """One segment's encoder on its own thread, fed through a bounded queue."""

    def __init__(
        self,
        number: int,
        encoder: SegmentEncoder,
        on_finished: Callable[[SegmentRecord], None],
        on_failure: Callable[[], None],
        clock: StageClock,
        before: _SegmentThread | None,
    ) -> None:
        self.number = number
        self._encoder = encoder
        self._on_finished = on_finished
        self._on_failure = on_failure
        self._clock = clock
        self._before = before
        self._queue: BoundedQueue[tuple[Frame, bool]] = BoundedQueue(FRAMES_BEFORE_ENCODER)
        self._abandoned = False
        self._recorded = False
        self._failure: BaseException | None = None
        self._thread = Worker(target=self._run, name=f"videotoon-encode-{number}")
        self._thread.start()

    def put(self, frame: Frame, reused: bool) -> None:
        try:
            self._queue.put((frame, reused))
        except QueueClosed:
            self.join()
            raise

    def finish(self) -> None:
        """Say that no more frames come; the thread goes on flushing."""
        self._queue.finish()

    def abandon(self) -> None:
        """Stop at once and remove the unfinished file; a segment being flushed is completed."""
        self._abandoned = True
        self._queue.cancel()
        self._thread.join()

    def outcome(self) -> BaseException | None:
        """Wait for the end and return what went wrong, if anything."""
        self._thread.join()
        return self._failure

    def recorded(self) -> bool:
        """Wait for the end and tell whether the segment is finished and known to be."""
        self._thread.join()
        return self._recorded

    def join(self) -> None:
        """Wait for the end and raise what went wrong, if anything."""
        failure = self.outcome()
        if failure is not None:
            raise failure

    def _run(self) -> None:
        try:
            self._encode_all()
            if self._abandoned:
                self._encoder.abandon()
                return
            with self._clock.busy("encode"):
                record = self._encoder.finish()
            if self._before is not None and not self._before.recorded():
                return  # segments are recorded in order; the one before is missing
            self._before = None
            self._on_finished(record)
            self._recorded = True
            self._let_go()
        except BaseException as error:  # raised again in the pipeline's thread
            self._failure = error
            self._encoder.abandon()
            self._queue.cancel()
            self._on_failure()

    def _let_go(self) -> None:
        """Give the encoder's memory back now.

        PyAV's containers and streams hold each other. Left to Python's own rhythm, finished
        encoders with all their pictures pile up for minutes; a collection takes about 10 ms.
        """
        del self._encoder
        gc.collect()

    def _encode_all(self) -> None:
        while True:
            try:
                frame, reused = self._queue.get()
            except QueueClosed:
                return
            with self._clock.busy("encode"):
                self._encoder.write(frame, reused)
