"""Adding up how long each stage was busy."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")


class StageClock:
    """Busy wall and CPU seconds per stage; safe to use from all threads.

    CPU seconds are those of the calling thread: threads that a library starts inside a stage (an
    encoder's, the inference engine's) are not in them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wall: dict[str, float] = defaultdict(float)
        self._cpu: dict[str, float] = defaultdict(float)
        self.started = time.perf_counter()

    @contextmanager
    def busy(self, stage: str) -> Iterator[None]:
        """Count the time spent inside the ``with`` block to a stage."""
        wall, cpu = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            self._add(stage, time.perf_counter() - wall, time.thread_time() - cpu)

    def timed(self, stage: str, items: Iterable[Item]) -> Iterator[Item]:
        """Yield items, counting the time it takes to get each to a stage."""
        iterator = iter(items)
        while True:
            with self.busy(stage):
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            yield item

    def _add(self, stage: str, wall: float, cpu: float) -> None:
        with self._lock:
            self._wall[stage] += wall
            self._cpu[stage] += cpu

    def wall_seconds(self) -> dict[str, float]:
        """Return busy wall seconds per stage, summed over its threads."""
        with self._lock:
            return dict(self._wall)

    def cpu_seconds(self) -> dict[str, float]:
        """Return CPU seconds per stage, of its own threads only."""
        with self._lock:
            return dict(self._cpu)

    def elapsed(self) -> float:
        """Return wall seconds since the clock was made."""
        return time.perf_counter() - self.started
