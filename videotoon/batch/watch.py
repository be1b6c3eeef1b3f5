"""Taking files from a folder only when they are whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from videotoon.batch.inputs import Found
from videotoon.batch.journal import stamp

POLL_SECONDS: Final = 0.5
"""How often the folders are looked at."""


@dataclass(slots=True)
class _Seen:
    stamp: list[int]
    since: float
    taken: list[int] | None = None


class SettledFiles:
    """Tells which files have stopped growing, each content once.

    A file is taken when its size and time have not changed for a while. One that changes after it
    was taken (a copy that had stalled) is taken again when it has settled again.

    Args:
        settle: Seconds without change.
        now: Clock, for tests.
    """

    def __init__(self, settle: float, now: Callable[[], float] = time.monotonic) -> None:
        self._settle = settle
        self._now = now
        self._seen: dict[Path, _Seen] = {}

    def settled(self, found: Iterable[Found]) -> list[Found]:
        """Return the files that are whole now and were not returned before as they are."""
        now = self._now()
        ready = []
        for item in found:
            current = stamp(item.path)
            if current is None or current[0] == 0:
                continue
            seen = self._seen.setdefault(item.path, _Seen(current, now))
            if seen.stamp != current:
                seen.stamp, seen.since = current, now
            elif now - seen.since >= self._settle and seen.taken != current:
                seen.taken = current
                ready.append(item)
        return ready
