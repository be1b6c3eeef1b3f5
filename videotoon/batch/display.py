"""Showing how far a batch is: an overall bar and one per running file, lines, JSON, or nothing."""

from __future__ import annotations

import sys
import threading
from typing import IO, Any, Protocol

from videotoon.batch.report import FileResult
from videotoon.progress import JsonProgress, Progress, SilentProgress, printable
from videotoon.settings import ProgressChoice
from videotoon.timing import StageClock


class Display(Protocol):
    """Is told about a batch's progress, from all threads."""

    def more(self, files: int, weight: float) -> None:
        """So many more files are to be done, about so many megapixels together."""
        ...

    def file(self, name: str, weight: float) -> Progress:
        """Work on a file begins; the result is told about its frames."""
        ...

    def finished(self, result: FileResult) -> None:
        """A file is done or given up."""
        ...

    def say(self, sentence: str) -> None:
        """Something the user should read."""
        ...

    def end(self) -> None:
        """The batch is over."""
        ...


class Stoppable:
    """Passes progress on, and stops the job it belongs to when asked to.

    Jobs run in threads of their own, which Ctrl-C does not reach. Each frame passes here, so a job
    stops at the next one, in the same way in which a single job stops at Ctrl-C.

    Args:
        inner: Is told about the progress.
        stop: Set when jobs are to stop.
    """

    def __init__(self, inner: Progress, stop: threading.Event) -> None:
        self._inner = inner
        self._stop = stop

    def begin(self, total: int, done: int, clock: StageClock) -> None:
        """Pass on."""
        self._inner.begin(total, done, clock)

    def advance(self, frames: int = 1) -> None:
        """Pass on, or stop.

        Raises:
            KeyboardInterrupt: The batch is to stop.
        """
        if self._stop.is_set():
            raise KeyboardInterrupt
        self._inner.advance(frames)

    def say(self, sentence: str) -> None:
        """Pass on."""
        self._inner.say(sentence)

    def end(self) -> None:
        """Pass on."""
        self._inner.end()


class LinesDisplay:
    """A line per finished file; for log files, and silent without a stream."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream
        self._files = self._done = 0
        self._lock = threading.Lock()

    def more(self, files: int, weight: float) -> None:
        """Count."""
        self._files += files

    def file(self, name: str, weight: float) -> Progress:
        """Show nothing of single frames, but what the user should read, with the file's name."""
        return _Named(name, self)

    def finished(self, result: FileResult) -> None:
        """Print the result."""
        with self._lock:
            self._done += 1
            done, files = self._done, max(self._files, self._done)
        fps = f" ({result.frames} frames, {result.fps:.1f} fps)" if result.frames else ""
        why = f": {result.why}" if result.why else ""
        self.say(f"[{done}/{files}] {result.status} {result.file}{fps}{why}")

    def say(self, sentence: str) -> None:
        """Print."""
        if self._stream is not None:
            print(printable(sentence, self._stream), file=self._stream, flush=True)

    def end(self) -> None:
        """Nothing to tidy."""


class _Named(SilentProgress):
    def __init__(self, name: str, display: LinesDisplay) -> None:
        super().__init__()
        self._name = name
        self._display = display

    def say(self, sentence: str) -> None:
        self._display.say(f"{self._name}: {sentence}")


class JsonDisplay:
    """One JSON object per line: ``file`` when one is over, ``message``, and ``batch`` for all."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._json = JsonProgress(stream or sys.stdout)
        self._files = self._done = 0
        self._lock = threading.Lock()

    def more(self, files: int, weight: float) -> None:
        """Write the new number of files."""
        self._files += files
        self._write({"event": "batch", "done": self._done, "files": self._files})

    def file(self, name: str, weight: float) -> Progress:
        """Write nothing of single frames."""
        return SilentProgress()

    def finished(self, result: FileResult) -> None:
        """Write the result."""
        self._done += 1
        self._write(
            {
                "event": "file",
                "file": result.file,
                "output": result.output,
                "status": result.status,
                "why": result.why,
                "frames": result.frames,
                "fps": round(result.fps, 2),
                "done": self._done,
                "files": self._files,
            }
        )

    def say(self, sentence: str) -> None:
        """Write a message."""
        self._write({"event": "message", "text": sentence})

    def end(self) -> None:
        """Nothing to tidy."""

    def _write(self, content: dict[str, object]) -> None:
        with self._lock:
            self._json.write(content)


class BarsDisplay:
    """An overall bar with the time left, and below it one bar per running file.

    Args:
        jobs: Files worked on at the same time.
        stream: Terminal.
    """

    def __init__(self, jobs: int, stream: IO[str] | None = None) -> None:
        from tqdm import tqdm

        self._stream = stream or sys.stderr
        self._lock = threading.Lock()
        self._places = list(range(jobs, 0, -1))
        self._files = self._done = self._failed = 0
        self._bar: Any = tqdm(
            total=0,
            file=self._stream,
            dynamic_ncols=True,
            smoothing=0.0,
            position=0,
            bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left",
        )
        self._describe()

    def more(self, files: int, weight: float) -> None:
        """Lengthen the overall bar."""
        with self._lock:
            self._files += files
            self._bar.total += weight
            self._describe()

    def file(self, name: str, weight: float) -> Progress:
        """Draw a bar for a file, at the first free line."""
        with self._lock:
            place = self._places.pop() if self._places else 1
        return _FileBar(self, name, weight, place)

    def finished(self, result: FileResult) -> None:
        """Count a file, and say why where it failed."""
        with self._lock:
            self._done += 1
            self._failed += result.status == "failed"
            self._describe()
        if result.status == "failed":
            self.say(f"{result.file}: {result.why}")

    def say(self, sentence: str) -> None:
        """Print above the bars."""
        self._bar.write(printable(sentence, self._stream), file=self._stream)

    def end(self) -> None:
        """Close the overall bar."""
        self._bar.close()

    def moved(self, weight: float) -> None:
        """Move the overall bar, to its end at most: a file tried twice counts once."""
        with self._lock:
            self._bar.update(max(0.0, min(weight, self._bar.total - self._bar.n)))

    def leave(self, place: int) -> None:
        """A file's line is free again."""
        with self._lock:
            self._places.append(place)

    def _describe(self) -> None:
        failed = f", {self._failed} failed" if self._failed else ""
        self._bar.set_description_str(f"{self._done}/{self._files} files{failed}")


class _FileBar:
    """The bar of one running file; moves the overall bar along."""

    def __init__(self, display: BarsDisplay, name: str, weight: float, place: int) -> None:
        self._display = display
        self._name = name
        self._weight = weight
        self._place = place
        self._total = 1
        self._moved = 0.0
        self._bar: Any = None

    def begin(self, total: int, done: int, clock: StageClock) -> None:
        from tqdm import tqdm

        self._total = max(1, total)
        self._bar = tqdm(
            total=total,
            initial=done,
            desc=f"  {self._name}",
            unit=" frames",
            position=self._place,
            leave=False,
            file=self._display._stream,
            dynamic_ncols=True,
            mininterval=0.2,
        )
        self._move(done)

    def advance(self, frames: int = 1) -> None:
        self._bar.update(frames)
        self._move(frames)

    def say(self, sentence: str) -> None:
        self._display.say(f"{self._name}: {sentence}")

    def end(self) -> None:
        """Close the bar; the file counts as a whole from now on, however it ended."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        self._display.moved(max(0.0, self._weight - self._moved))
        self._moved = self._weight
        self._display.leave(self._place)

    def _move(self, frames: int) -> None:
        step = min(self._weight * frames / self._total, self._weight - self._moved)
        self._moved += step
        self._display.moved(step)


def display_for(choice: ProgressChoice, jobs: int, quiet: bool) -> Display:
    """Return the display that the options ask for; bars only where there is a terminal."""
    if choice == "json":
        return JsonDisplay()
    if quiet:
        return LinesDisplay()
    if choice == "bar" and sys.stderr.isatty():
        return BarsDisplay(jobs)
    return LinesDisplay(sys.stderr)
