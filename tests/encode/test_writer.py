"""Finished halves are recorded in their order and without gaps, whatever stops the work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videotoon.encode import writer as writer_module
from videotoon.encode.segment import SegmentRecord
from videotoon.encode.writer import SegmentWriter
from videotoon.frame import Frame, Planes
from videotoon.system.queues import Reach
from videotoon.timing import StageClock

LENGTH = 2


@dataclass
class StalledEncoder:
    """The first half's encoder waits in its first frame; the others are done at once."""

    number: int
    stalled: threading.Event
    entered: threading.Event

    def write(self, frame: Frame, reused: bool) -> None:
        if self.number == 0:
            self.entered.set()
            self.stalled.wait(10)

    def finish(self) -> SegmentRecord:
        first = self.number * LENGTH
        return SegmentRecord(self.number, "", first, LENGTH, first, first + 1, 1, 0, 0, 0, "")

    def abandon(self) -> None:
        pass


def frame(index: int) -> Frame:
    planes = Planes(*(np.zeros((side, side), np.uint8) for side in (4, 2, 2)))
    return Frame(index, index, Fraction(1, 30), planes, 1)


def test_an_abandoned_half_keeps_the_next_from_being_recorded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Ctrl-C while the first half is behind and the second has flushed already."""
    stalled, entered = threading.Event(), threading.Event()
    recorded: list[int] = []
    make: Callable[..., Any] = lambda _video, _folder, number: StalledEncoder(  # noqa: E731
        number, stalled, entered
    )
    monkeypatch.setattr(writer_module, "SegmentEncoder", make)
    video: Any = None
    writer = SegmentWriter(
        video, tmp_path, LENGTH, lambda one: recorded.append(one.number), StageClock(), Reach(9, 0)
    )

    def work() -> None:
        with writer:
            for index in range(2 * LENGTH):
                writer.write(frame(index), False)
            entered.wait(10)
            threading.Timer(0.2, stalled.set).start()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert recorded in ([], [0], [0, 1])
