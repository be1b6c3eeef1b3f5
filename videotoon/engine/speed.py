"""How fast an opened style paints, without decoding and encoding."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from videotoon.engine.base import Session
    from videotoon.engine.open import OpenedStyle
    from videotoon.frame import Planes


def frames_per_second(style: OpenedStyle, pictures: Sequence[Planes], seconds: float) -> float:
    """Paint pictures over and over, planes to planes, with all streams busy.

    Args:
        style: What paints.
        pictures: Pictures of the size that it was opened for; each stream paints them in turn.
        seconds: How long, after each stream has painted one to warm up.

    Returns:
        Painted pictures per second of wall time, all streams together.

    Raises:
        BackendError: A stream failed.
    """
    sessions = [style.session() for _ in range(style.streams)]

    def paint(session: Session, end: float) -> int:
        painted = 0
        while painted == 0 or time.perf_counter() < end:
            session.paint(pictures[painted % len(pictures)])
            painted += 1
        return painted

    with ThreadPoolExecutor(len(sessions), "videotoon-speed") as threads:
        list(threads.map(paint, sessions, repeat(0.0)))
        began = time.perf_counter()
        painted = sum(threads.map(paint, sessions, repeat(began + seconds)))
        return painted / (time.perf_counter() - began)
