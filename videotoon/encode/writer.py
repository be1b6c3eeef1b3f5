"""Writing painted frames as a row of segments, without a gap between them.

Each segment has its own encoder thread. While one flushes its last frames, the next already takes
new ones, so cutting the work into segments costs no waiting.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from videotoon.encode.segment import SegmentEncoder, SegmentRecord, VideoFormat
from videotoon.engine.queues import BoundedQueue, QueueClosed
from videotoon.frame import Frame
from videotoon.timing import StageClock

FRAMES_BEFORE_ENCODER = 4
"""Painted frames waiting for the encoder."""

FRAMES_AHEAD = 16
"""Frames that a segment takes before the one before it is on the disk. This much and one segment is
what a run that is killed has to do again at most; less would make painting wait for the encoder."""


class SegmentWriter:
    """Encodes frames into segments of a fixed number of frames.

    Use as a context manager: leaving it normally finishes the last segment, leaving it through an
    error abandons the unfinished one and keeps those that are complete.

    Args:
        video: Format of the job.
        folder: Work folder; must exist.
        frames_per_segment: Length of a segment; segment ``n`` begins at frame ``n`` times this.
        on_finished: Called with each finished segment, in order, from an encoder thread.
        clock: Adds up the busy time of the stage ``encode``.
    """

    def __init__(
        self,
        video: VideoFormat,
        folder: Path,
        frames_per_segment: int,
        on_finished: Callable[[SegmentRecord], None],
        clock: StageClock,
    ) -> None:
        self._video = video
        self._folder = folder
        self._frames_per_segment = frames_per_segment
        self._on_finished = on_finished
        self._clock = clock
        self._current: _SegmentThread | None = None
        self._finishing: _SegmentThread | None = None
        self._began = 0

    def write(self, frame: Frame, reused: bool = False) -> None:
        """Take the next frame; waits while the encoder is behind.

        Raises:
            EncodeError: The encoder failed.
            DiskFullError: No space is left.
        """
        number = frame.index // self._frames_per_segment
        if self._current is None or self._current.number != number:
            self._hand_over(number)
            self._began = frame.index
        assert self._current is not None
        if self._finishing is not None and frame.index - self._began >= FRAMES_AHEAD:
            self._finishing.join()
            self._finishing = None
        self._current.put(frame, reused)

    def _hand_over(self, number: int) -> None:
        """Let the current segment finish in the background and begin the next."""
        if self._finishing is not None:
            self._finishing.join()
        self._finishing = self._current
        if self._finishing is not None:
            self._finishing.finish()
        encoder = SegmentEncoder(self._video, self._folder, number)
        self._current = _SegmentThread(
            number, encoder, self._on_finished, self._clock, self._finishing
        )

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
        clock: StageClock,
        before: _SegmentThread | None,
    ) -> None:
        self.number = number
        self._encoder = encoder
        self._on_finished = on_finished
        self._clock = clock
        self._before = before
        self._queue: BoundedQueue[tuple[Frame, bool]] = BoundedQueue(FRAMES_BEFORE_ENCODER)
        self._abandoned = False
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"videotoon-encode-{number}")
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
            if self._before is not None and self._before.outcome() is not None:
                return  # segments are recorded in order; the one before is missing
            self._before = None
            self._on_finished(record)
            self._let_go()
        except BaseException as error:  # raised again in the pipeline's thread
            self._failure = error
            self._encoder.abandon()
            self._queue.cancel()

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
