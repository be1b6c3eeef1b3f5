"""Doing a handful of pictures: several at the same time, each from reading to writing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from videotoon.batch.ledger import Ledger
from videotoon.batch.naming import BatchItem
from videotoon.batch.pictures import PicturePainter
from videotoon.batch.report import FileResult
from videotoon.batch.styles import StyleShelf
from videotoon.decode.opening import check_readable
from videotoon.engine.open import choose_painting_size
from videotoon.errors import STOPPED, Cancelled
from videotoon.frame import FrameSize
from videotoon.job import check_output
from videotoon.picture import read_picture, what_is_lost, write_picture
from videotoon.settings import Settings

Outcome = tuple[BatchItem, FileResult, Exception | None]


@dataclass(frozen=True, slots=True)
class Painted:
    """A picture that was painted.

    Attributes:
        size: At which it was painted.
        remarks: Sentences for the user.
    """

    size: FrameSize
    remarks: tuple[str, ...]


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
        outcomes: list[Painted | Exception] = []
        with ThreadPoolExecutor(self._helpers, thread_name_prefix="videotoon-picture") as pool:
            for outcome in pool.map(self._one, items):
                outcomes.append(outcome)
                advance()
        seconds = (time.perf_counter() - begun) / len(items)
        facts: dict[str, Any] = {"frames": 1, "fps": 1 / seconds, "seconds": seconds}
        self._ledger.note(
            *(
                self._ledger.finish(item, outcome.size, facts)
                for item, outcome in zip(items, outcomes, strict=True)
                if isinstance(outcome, Painted)
            )
        )
        result = FileResult("", "", "done", "", 1, 1 / seconds, seconds)
        return [
            (item, _with_remarks(result.of(item.source, item.output), outcome), _error(outcome))
            for item, outcome in zip(items, outcomes, strict=True)
        ]

    def _one(self, item: BatchItem) -> Painted | Exception:
        """Read, paint and write a picture."""
        try:
            if self._stop.is_set():
                raise Cancelled(STOPPED, "nothing was kept")
            check_readable(item.source)
            item.output.parent.mkdir(parents=True, exist_ok=True)
            check_output(item.source, item.output, overwrite=True)
            rgb, alpha, tags = read_picture(item.source)
            painted = self.painter(rgb)
            notices: tuple[str, ...] = ()
            if self._settings.paints_faces:
                from videotoon.faces.still import paint_faces

                faces = paint_faces(rgb, painted, self._settings)
                painted, notices = faces.picture, faces.notices
            write_picture(item.output, painted, alpha, tags)
            size = FrameSize(rgb.shape[1], rgb.shape[0])
            return Painted(
                choose_painting_size(size, self._settings.max_side),
                (*notices, *what_is_lost(item.source, item.output, alpha, tags)),
            )
        except Exception as error:
            return error


def _with_remarks(result: FileResult, outcome: Painted | Exception) -> FileResult:
    remarks = outcome.remarks if isinstance(outcome, Painted) else ()
    return replace(result, why="; ".join(remarks))


def _error(outcome: Painted | Exception) -> Exception | None:
    return outcome if isinstance(outcome, Exception) else None
