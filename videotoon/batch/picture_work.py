"""Doing a handful of pictures: several at the same time, each from reading to writing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from videotoon.batch.ledger import Ledger
from videotoon.batch.naming import BatchItem
from videotoon.batch.pictures import PicturePainter
from videotoon.batch.report import FileResult
from videotoon.batch.styles import StyleShelf
from videotoon.decode.opening import check_readable
from videotoon.engine.open import choose_painting_size
from videotoon.errors import Cancelled
from videotoon.frame import FrameSize
from videotoon.job import check_output
from videotoon.picture import read_picture, write_picture
from videotoon.settings import Settings

Outcome = tuple[BatchItem, FileResult, Exception | None]


class PictureWork:
    """Paints pictures for all workers; each has a helper per core of its share, and one.

    Args:
        settings: Options of the jobs.
        ledger: Journal of what is done.
        shelf: Keeps the compiled networks.
        stop: Set when the batch is to stop.
    """

    def __init__(
        self, settings: Settings, ledger: Ledger, shelf: StyleShelf, stop: threading.Event
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._stop = stop
        # One more than cores: one of them mostly waits for the disk to have what it wrote.
        self._helpers = shelf.share + 1
        self.painter = PicturePainter(settings, shelf)

    def done(self, items: tuple[BatchItem, ...], advance: Callable[[], None]) -> list[Outcome]:
        """Do some pictures and return what became of each.

        Args:
            items: The pictures.
            advance: Called for each as it is done.
        """
        begun = time.perf_counter()
        self._ledger.begin(*items)
        outcomes: list[FrameSize | Exception] = []
        with ThreadPoolExecutor(self._helpers, thread_name_prefix="videotoon-picture") as pool:
            for outcome in pool.map(self._one, items):
                outcomes.append(outcome)
                advance()
        seconds = (time.perf_counter() - begun) / len(items)
        facts: dict[str, Any] = {"frames": 1, "fps": 1 / seconds, "seconds": seconds}
        self._ledger.note(
            *(
                self._ledger.finish(item, outcome, facts)
                for item, outcome in zip(items, outcomes, strict=True)
                if isinstance(outcome, FrameSize)
            )
        )
        result = FileResult("", "", "done", "", 1, 1 / seconds, seconds)
        return [
            (item, result.of(item.source, item.output), _error(outcome))
            for item, outcome in zip(items, outcomes, strict=True)
        ]

    def _one(self, item: BatchItem) -> FrameSize | Exception:
        """Read, paint and write a picture; return the size at which it was painted."""
        try:
            if self._stop.is_set():
                raise Cancelled("stopped by Ctrl-C", "nothing was kept")
            check_readable(item.source)
            item.output.parent.mkdir(parents=True, exist_ok=True)
            check_output(item.source, item.output, overwrite=True)
            rgb, alpha = read_picture(item.source)
            write_picture(item.output, self.painter(rgb), alpha)
            size = FrameSize(rgb.shape[1], rgb.shape[0])
            return choose_painting_size(size, self._settings.max_side)
        except Exception as error:
            return error


def _error(outcome: FrameSize | Exception) -> Exception | None:
    return outcome if isinstance(outcome, Exception) else None
