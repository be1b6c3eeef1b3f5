"""Speed is taken from pictures that were painted, on all streams, and no failure is lost."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pytest

from videotoon.engine.speed import frames_per_second
from videotoon.errors import BackendError
from videotoon.frame import Planes


def picture(shade: int) -> Planes:
    return Planes(*(np.full((side, side), shade, np.uint8) for side in (4, 2, 2)))


@dataclass
class Recording:
    """A session that paints at once and notes what and where."""

    fails_from: int = 1 << 30
    shades: list[int] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)

    def paint(self, planes: Planes) -> Planes:
        if len(self.shades) >= self.fails_from:
            raise BackendError("the device went away", "plug it in")
        self.shades.append(int(planes.y[0, 0]))
        self.threads.add(threading.current_thread().name)
        return planes


@dataclass
class Style:
    sessions: list[Recording]
    opened: int = 0

    @property
    def streams(self) -> int:
        return len(self.sessions)

    def session(self) -> Recording:
        self.opened += 1
        return self.sessions[self.opened - 1]


def rate(style: Style, seconds: float) -> float:
    return frames_per_second(cast(Any, style), [picture(10), picture(20)], seconds)


def test_every_stream_paints_the_pictures_in_turn() -> None:
    style = Style([Recording(), Recording(), Recording()])
    found = rate(style, 0.05)
    for session in style.sessions:
        assert session.shades[:3] == [10, 10, 20], "one to warm up, then in turn"
        assert threading.current_thread().name not in session.threads
    painted = sum(len(session.shades) - 1 for session in style.sessions)
    assert 0 < found <= painted / 0.05


def test_slow_streams_paint_once_at_least() -> None:
    style = Style([Recording(), Recording()])
    assert rate(style, 0.0) > 0
    assert [session.shades for session in style.sessions] == [[10, 10], [10, 10]]


@pytest.mark.parametrize("after", [0, 1, 5])
def test_a_stream_that_fails_is_no_slow_one(after: int) -> None:
    style = Style([Recording(), Recording(fails_from=after)])
    with pytest.raises(BackendError, match="the device went away"):
        rate(style, 0.05)
