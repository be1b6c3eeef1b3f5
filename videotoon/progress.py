"""Showing how far a job is: a bar, JSON lines, or nothing."""

from __future__ import annotations

import json
import sys
import time
from typing import IO, Protocol

from videotoon.settings import ProgressChoice
from videotoon.timing import StageClock

JSON_INTERVAL_SECONDS = 0.5


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
            print(sentence, file=self._stream, flush=True)

    def end(self) -> None:
        """Ignore."""


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

        tqdm.write(sentence, file=self._stream)

    def end(self) -> None:
        """Close the bar."""
        if hasattr(self, "_bar"):
            self._bar.close()


class JsonProgress:
    """One JSON object per line: ``frame``, ``total``, ``fps``, ``eta_seconds``, ``bottleneck``."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stdout
        self._shown = 0.0

    def begin(self, total: int, done: int, clock: StageClock) -> None:
        """Remember the start."""
        self._total, self._done, self._first = total, done, done
        self._clock = clock
        self._started = time.monotonic()
        self._emit("progress")

    def advance(self, frames: int = 1) -> None:
        """Write a line twice a second."""
        self._done += frames
        if time.monotonic() - self._shown >= JSON_INTERVAL_SECONDS:
            self._emit("progress")

    def say(self, sentence: str) -> None:
        """Write a line with the sentence."""
        self._write({"event": "message", "text": sentence})

    def end(self) -> None:
        """Write a last line."""
        if hasattr(self, "_total"):
            self._emit("end")

    def _emit(self, event: str) -> None:
        self._shown = time.monotonic()
        elapsed = self._shown - self._started
        rate = (self._done - self._first) / elapsed if elapsed > 0 else 0.0
        left = self._total - self._done
        self._write(
            {
                "event": event,
                "frame": self._done,
                "total": self._total,
                "fps": round(rate, 2),
                "eta_seconds": round(left / rate, 1) if rate > 0 else None,
                "bottleneck": busiest(self._clock),
            }
        )

    def _write(self, content: dict[str, object]) -> None:
        print(json.dumps(content), file=self._stream, flush=True)


def busiest(clock: StageClock) -> str:
    """Return the stage with the most busy time so far."""
    seconds = clock.wall_seconds()
    return max(seconds, key=seconds.__getitem__, default="")


def progress_for(choice: ProgressChoice) -> Progress:
    """Return the progress display that an option asks for."""
    if choice == "json":
        return JsonProgress()
    if choice == "bar":
        return BarProgress()
    return SilentProgress()
