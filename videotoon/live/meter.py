"""Counting frames and measuring latency in a fixed amount of memory."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Final

BIN_MS: Final = 0.5
BINS: Final = 20_000
"""Latencies up to ten seconds are told apart; longer ones count as ten."""

RECENT_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Recent:
    """The last moments, for the overlay.

    Attributes:
        fps: Frames shown per second.
        p95: 95th percentile of latency in milliseconds.
    """

    fps: float = 0.0
    p95: float = 0.0


class Meter:
    """Latency and rate of what was shown; safe to use from all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bins = [0] * BINS
        self._recent: deque[tuple[float, float]] = deque()
        self.shown = 0
        self.longest = 0.0
        self.first = self.last = 0.0
        self.last_number = -1
        self.out_of_order = 0

    def note(self, number: int, stamp: float, now: float) -> None:
        """Note that the picture captured at ``stamp`` is on the screen now."""
        latency = 1000 * max(0.0, now - stamp)
        with self._lock:
            self._bins[min(BINS - 1, int(latency / BIN_MS))] += 1
            self.longest = max(self.longest, latency)
            self.out_of_order += number <= self.last_number
            self.last_number = number
            self.first = self.first or now
            self.last = now
            self.shown += 1
            self._recent.append((now, latency))
            while now - self._recent[0][0] > RECENT_SECONDS:
                self._recent.popleft()

    @property
    def fps(self) -> float:
        """Frames per second over the whole time."""
        with self._lock:
            span = self.last - self.first
            return (self.shown - 1) / span if self.shown > 1 and span > 0 else 0.0

    def percentile(self, share: float) -> float:
        """Return the latency in milliseconds that a share of the frames stayed within."""
        with self._lock:
            wanted, seen = share * self.shown, 0
            for index, count in enumerate(self._bins):
                seen += count
                if count and seen >= wanted:
                    return (index + 1) * BIN_MS
        return 0.0

    def recent(self) -> Recent:
        """Return rate and latency of the last two seconds."""
        with self._lock:
            if len(self._recent) < 2:
                return Recent()
            latencies = sorted(latency for _, latency in self._recent)
            span = self._recent[-1][0] - self._recent[0][0]
            fps = (len(latencies) - 1) / span if span > 0 else 0.0
            return Recent(fps, latencies[int(0.95 * (len(latencies) - 1))])
