"""Showing how far a job is: a bar, plain lines, JSON lines, or nothing."""

from __future__ import annotations

import json
import sys
import time
from typing import IO, Protocol

from videotoon.settings import ProgressChoice
from videotoon.timing import StageClock

JSON_INTERVAL_SECONDS = 0.5
LINE_INTERVAL_SECONDS = 10.0
"""Where nobody watches (a log file), a line this often is enough."""


class Progress(Protocol):
    """Is told about a job's progress; called from the pipeline's thread only."""

    def begin(self, total: int, done: int, clock: StageClock) -> None:
        """The job has ``total`` frames, ``done`` of them from an earlier run."""
        ...

    def advance(self, frames: int = 1) -> None:
        """More frames went to the encoder."""
        ...

    def say(self, sentence: str) -> None:
        """Something the user should read."""
        ...

    def end(self) -> None:
        """The job is over, one way or the other."""
        ...


class SilentProgress:
    """Shows nothing but the sentences, on the given stream."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream

    def begin(self, total: int, done: int, clock: StageClock) -> None:
        """Ignore."""

    def advance(self, frames: int = 1) -> None:
        """Ignore."""

    def say(self, sentence: str) -> None:
        """Print, where there is a stream."""
        if self._stream is not None:
            print(printable(sentence, self._stream), file=self._stream, flush=True)

    def end(self) -> None:
        """Ignore."""


class Counting:
    """How many frames are done, how fast, and for how long it will go on."""

    def __init__(self) -> None:
        self.total = 0
        self.done = 0
        self._first = 0
        self._clock: StageClock | None = None
        self._started = time.monotonic()

    def begin(self, total: int, done: int, clock: StageClock) -> None:
        """Remember the start."""
        self.total, self.done, self._first, self._clock = total, done, done, clock
        self._started = time.monotonic()

    @property
    def fps(self) -> float:
        """Frames per second of this run so far."""
        elapsed = time.monotonic() - self._started
        return (self.done - self._first) / elapsed if elapsed > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the end at this speed, None where nothing was done yet."""
        return max(0, self.total - self.done) / self.fps if self.done > self._first else None

    @property
    def bottleneck(self) -> str:
        """The stage that holds things up."""
        return "" if self._clock is None else busiest(self._clock)


class BarProgress:
    """A tqdm bar with frames per second, time left and the stage that holds things up."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stderr
        self._clock: StageClock | None = None
        self._looked = 0.0

    def begin(self, total: int, done: int, clock: StageClock) -> None:
        """Draw the bar."""
        from tqdm import tqdm

        self._clock = clock
        self._bar = tqdm(
            total=total,
            initial=done,
            unit=" frames",
            file=self._stream,
            dynamic_ncols=True,
            mininterval=0.2,
            smoothing=0.1,
        )

    def advance(self, frames: int = 1) -> None:
        """Move the bar."""
        self._bar.update(frames)
        now = time.monotonic()
        if self._clock is not None and now - self._looked > 1.0:
            self._looked = now
            self._bar.set_postfix_str(f"busiest: {busiest(self._clock)}", refresh=False)

    def say(self, sentence: str) -> None:
        """Print above the bar."""
        from tqdm import tqdm

        tqdm.write(printable(sentence, self._stream), file=self._stream)

    def end(self) -> None:
        """Close the bar."""
        if hasattr(self, "_bar"):
            self._bar.close()


class LineProgress(SilentProgress):
    """A plain line every ten seconds, for log files and other places that are no terminal."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        super().__init__(stream or sys.stderr)
        self._count = Counting()
        self._shown = 0.0

    def begin(self, total: int, done: int, clock: StageClock) -> None:
        """Remember the start; short jobs print nothing."""
        self._count.begin(total, done, clock)
        self._shown = time.monotonic()

    def advance(self, frames: int = 1) -> None:
        """Print a line where the last was long ago."""
        count = self._count
        count.done += frames
        now = time.monotonic()
        if now - self._shown < LINE_INTERVAL_SECONDS:
            return
        self._shown = now
        share = 100 * count.done // max(count.total, count.done)
        left = "" if count.seconds_left is None else f", {count.seconds_left:.0f} s left"
        self.say(
            f"{count.done} of {count.total} frames ({share} %), {count.fps:.1f} fps{left}, "
            f"busiest: {count.bottleneck}"
        )


class JsonProgress:
    """One JSON object per line, each with ``event``.

    ``progress`` and ``end`` have ``frame``, ``total``, ``fps``, ``eta_seconds`` and
    ``bottleneck``; ``message`` has ``text``.
    """

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stdout
        self._count = Counting()
        self._begun = False
        self._shown = 0.0

    def begin(self, total: int, done: int, clock: StageClock) -> None:
        """Remember the start."""
        self._count.begin(total, done, clock)
        self._begun = True
        self._emit("progress")

    def advance(self, frames: int = 1) -> None:
        """Write a line twice a second."""
        self._count.done += frames
        if time.monotonic() - self._shown >= JSON_INTERVAL_SECONDS:
            self._emit("progress")

    def say(self, sentence: str) -> None:
        """Write a line with the sentence."""
        self.write({"event": "message", "text": sentence})

    def end(self) -> None:
        """Write a last line."""
        if self._begun:
            self._emit("end")

    def _emit(self, event: str) -> None:
        self._shown = time.monotonic()
        count, left = self._count, self._count.seconds_left
        self.write(
            {
                "event": event,
                "frame": count.done,
                "total": count.total,
                "fps": round(count.fps, 2),
                "eta_seconds": None if left is None else round(left, 1),
                "bottleneck": count.bottleneck,
            }
        )

    def write(self, content: dict[str, object]) -> None:
        """Write one object on a line of its own."""
        print(json.dumps(content), file=self._stream, flush=True)


def busiest(clock: StageClock) -> str:
    """Return the stage with the most busy time so far."""
    seconds = clock.wall_seconds()
    return max(seconds, key=seconds.__getitem__, default="")


def printable(sentence: str, stream: IO[str]) -> str:
    """Return a sentence as a stream can take it; names of files may hold anything."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return sentence.encode(encoding, "backslashreplace").decode(encoding)


def progress_for(choice: ProgressChoice) -> Progress:
    """Return the progress display that an option asks for; a bar only where there is a terminal."""
    if choice == "json":
        return JsonProgress()
    if choice == "bar":
        return BarProgress() if sys.stderr.isatty() else LineProgress()
    return SilentProgress()
