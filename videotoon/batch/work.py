"""Doing the files of a batch: several at a time, each failure kept to its own file."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from videotoon.batch.display import Display, Stoppable
from videotoon.batch.estimate import weight
from videotoon.batch.ledger import Ledger
from videotoon.batch.naming import BatchItem
from videotoon.batch.picture_work import PictureWork
from videotoon.batch.report import FileResult, Status
from videotoon.batch.styles import StyleShelf
from videotoon.engine.open import OpenedStyle
from videotoon.errors import (
    BackendError,
    Cancelled,
    DecodeError,
    HostileInputError,
    OutputError,
    SettingsError,
    StyleError,
    VideotoonError,
)
from videotoon.frame import ColourTags, FrameSize
from videotoon.pipeline import stylise_video
from videotoon.settings import Settings
from videotoon.system.threads import Worker
from videotoon.timing import StageClock

LASTING: Final = (
    BackendError,
    DecodeError,
    HostileInputError,
    OutputError,
    SettingsError,
    StyleError,
)
"""Failures that come again however often one tries."""

PICTURES_AT_ONCE: Final = 32
"""Pictures that one worker takes together."""

RETRY_PAUSE: Final = 1.0
"""Seconds before the first further attempt; each one after waits twice as long."""

Unit = tuple[BatchItem, ...]
"""What a worker takes at a time: a video, or some pictures."""

Attempt = Callable[[Unit], list[tuple[BatchItem, FileResult, bool]]]
"""Tries some files; tells of each what became of it and whether a failure might pass."""


class BatchWork:
    """Workers that take files until there are none left.

    Use as a context manager: leaving it waits for what was submitted, or stops it after an error,
    and raises what kept a worker from going on. Failures of single files are results.

    Args:
        settings: Options of the jobs.
        jobs: Number of workers.
        retries: Further attempts after a failure that might pass.
        ledger: Journal of what is done.
        shelf: Keeps the compiled networks.
        display: Is told about the progress.
    """

    def __init__(
        self,
        settings: Settings,
        jobs: int,
        retries: int,
        ledger: Ledger,
        shelf: StyleShelf,
        display: Display,
    ) -> None:
        # Whether a result may be replaced is decided by the ledger, not by its name.
        self._settings = replace(settings, overwrite=True)
        self._retries = retries
        self._ledger = ledger
        self._shelf = shelf
        self._display = display
        self._stop = threading.Event()
        self._units: queue.SimpleQueue[Unit | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self.pictures = PictureWork(self._settings, ledger, shelf, self._stop)
        self._failure: BaseException | None = None
        self._results: dict[str, FileResult] = {}
        self._weights: dict[str, float] = {}
        self._threads = [
            Worker(target=self._work, name=f"videotoon-batch-{number}") for number in range(jobs)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, items: Sequence[BatchItem]) -> None:
        """Give files to the workers; those on which earlier runs died come last."""
        ordered = sorted(items, key=self._ledger.crashes)
        self._weights |= {item.key: weight(item) for item in ordered}
        self._display.more(len(ordered), self._weight(*ordered))
        for unit in _units(ordered):
            self._units.put(unit)

    def results(self) -> dict[str, FileResult]:
        """Return what became of each file so far, by the result's key."""
        with self._lock:
            return dict(self._results)

    def __enter__(self) -> BatchWork:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._stop.set()
        for _thread in self._threads:
            self._units.put(None)
        try:
            self._join()
        except KeyboardInterrupt:
            self._stop.set()
            self._join()
            raise
        if kind is None:
            self.check()

    def check(self) -> None:
        """Raise what keeps the workers from going on, such as a journal that cannot be written.

        Raises:
            BaseException: Whatever it was; the files left are noted as stopped.
        """
        if self._failure is not None:
            raise self._failure

    def _join(self) -> None:
        for thread in self._threads:
            while thread.is_alive():
                thread.join(0.1)  # with a limit: a waiting main thread must hear Ctrl-C

    def _work(self) -> None:
        while (unit := self._units.get()) is not None:
            try:
                for item, result in self._done(unit):
                    self._note(item, result)
            except BaseException as error:  # raised again where the batch is awaited
                self._failure = self._failure or error
                self._stop.set()

    def _done(self, unit: Unit) -> list[tuple[BatchItem, FileResult]]:
        if self._stop.is_set():
            return [(item, _result(item, "stopped")) for item in unit]
        return self._with_retries(unit, self._pictures if unit[0].picture else self._video)

    def _with_retries(self, unit: Unit, attempt: Attempt) -> list[tuple[BatchItem, FileResult]]:
        """Try what failed again, as often as was asked for."""
        finished: list[tuple[BatchItem, FileResult]] = []
        left = unit
        for number in range(1, self._retries + 2):
            outcomes = attempt(left)
            again = number <= self._retries and not self._stop.is_set()
            passing = [item for item, _, might_pass in outcomes if might_pass and again]
            finished += [
                (item, replace(result, attempts=number))
                for item, result, _ in outcomes
                if item not in passing
            ]
            if not passing:
                break
            left = tuple(passing)
            self._stop.wait(RETRY_PAUSE * 2 ** (number - 1))
        for item, result in finished:
            if result.status == "failed":
                self._ledger.fail(item, result.why)
        return finished

    def _pictures(self, unit: Unit) -> list[tuple[BatchItem, FileResult, bool]]:
        name = unit[0].key if len(unit) == 1 else f"{len(unit)} pictures from {unit[0].key}"
        shown = self._display.file(name, self._weight(*unit))
        shown.begin(len(unit), 0, StageClock())
        try:
            return [
                (item, *_outcome(item, error)) if error else (item, result, False)
                for item, result, error in self.pictures.done(unit, shown.advance)
            ]
        finally:
            shown.end()

    def _video(self, unit: Unit) -> list[tuple[BatchItem, FileResult, bool]]:
        (item,) = unit
        shown = self._display.file(item.key, self._weight(item))
        try:
            return [(item, self._painted(item, Stoppable(shown, self._stop)), False)]
        except Exception as error:
            shown.end()
            return [(item, *_outcome(item, error))]

    def _painted(self, item: BatchItem, progress: Stoppable) -> FileResult:
        size = FrameSize(1, 1)

        def opener(settings: Settings, frame: FrameSize, colour: ColourTags, /) -> OpenedStyle:
            nonlocal size
            opened = self._shelf.open(settings, frame, colour)
            size = opened.painting_size
            self._ledger.opened(item, size)
            return opened

        begun = time.perf_counter()
        self._ledger.begin(item)
        item.output.parent.mkdir(parents=True, exist_ok=True)
        report = stylise_video(
            item.source, item.output, self._settings, progress=progress, opener=opener
        )
        result = _result(
            item,
            "done",
            "; ".join(report.warnings),
            frames=report.frames_out,
            fps=report.fps,
            seconds=time.perf_counter() - begun,
        )
        facts = {"frames": result.frames, "fps": result.fps, "seconds": result.seconds}
        self._ledger.note(self._ledger.finish(item, size, facts))
        return result

    def _note(self, item: BatchItem, result: FileResult) -> None:
        with self._lock:
            self._results[item.key] = result
        self._display.finished(result)

    def _weight(self, *items: BatchItem) -> float:
        return sum(self._weights[item.key] for item in items)


def _units(items: Sequence[BatchItem]) -> Iterator[Unit]:
    """Yield videos one by one and pictures in handfuls."""
    pictures: list[BatchItem] = []
    for item in items:
        if not item.picture:
            yield (item,)
            continue
        pictures.append(item)
        if len(pictures) == PICTURES_AT_ONCE:
            yield tuple(pictures)
            pictures = []
    if pictures:
        yield tuple(pictures)


def _outcome(item: BatchItem, error: BaseException) -> tuple[FileResult, bool]:
    """Return the result of a failure, and whether it might pass."""
    if isinstance(error, Cancelled):
        return _result(item, "stopped", error.cure), False
    if isinstance(error, VideotoonError):
        return _result(item, "failed", str(error)), not isinstance(error, LASTING)
    words = " ".join(f"{type(error).__name__}: {error}".split())
    return _result(item, "failed", f"internal error ({words})"), True


def _result(
    item: BatchItem,
    status: Status,
    why: str = "",
    *,
    frames: int = 0,
    fps: float = 0.0,
    seconds: float = 0.0,
) -> FileResult:
    return FileResult(str(item.source), str(item.output), status, why, frames, fps, seconds)
