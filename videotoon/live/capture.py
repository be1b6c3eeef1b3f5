"""Reading a source on a thread of its own, always keeping only the newest picture."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from videotoon.errors import CameraError, VideotoonError
from videotoon.live.base import Captured, LiveSource
from videotoon.live.slot import NewestQueue
from videotoon.system.threads import Worker

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 8.0
END_SECONDS: Final = 2.0
"""A camera that hangs in its driver is left behind after this time."""


class Capture:
    """A thread that reads a source into a one-slot inbox.

    Args:
        source: The camera or its stand-in.
        reconnect: Try again, with growing pauses, when it cannot be read.
        say: Is told once when the source goes away and once when it is back.
    """

    def __init__(self, source: LiveSource, reconnect: bool, say: Callable[[str], None]) -> None:
        self.inbox: NewestQueue[Captured] = NewestQueue()
        self.captured = 0
        self.outages = 0
        self.away = False
        self.failure: BaseException | None = None
        self._source = source
        self._reconnect = reconnect
        self._say = say
        self._lost = 0.0
        self._pause = FIRST_PAUSE
        self._stop = threading.Event()
        # A driver can hang for ever; that must not keep the program alive.
        self._thread = Worker(target=self._run, name="videotoon-capture", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def close(self) -> None:
        """Stop reading."""
        self._stop.set()
        self._thread.join(END_SECONDS)
        self.inbox.finish()

    def raise_failure(self) -> None:
        """Raise what ended the source, if anything did."""
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                try:
                    self._read()
                    break  # a file is over
                except CameraError as error:
                    if not self._reconnect:
                        raise
                    self._wait_out(error)
        except BaseException as error:
            self.failure = error
        finally:
            self.inbox.finish()

    def _read(self) -> None:
        for picture in self._source.frames(self._stop):
            if self.away:
                seconds = time.monotonic() - self._lost
                self._say(f"{self._source.name} is back after {seconds:.0f} s")
                self.away = False
            self._pause = FIRST_PAUSE
            self.inbox.put(replace(picture, number=self.captured))
            self.captured += 1

    def _wait_out(self, error: VideotoonError) -> None:
        if not self.away:
            self.away = True
            self.outages += 1
            self._lost = time.monotonic()
            self._pause = FIRST_PAUSE
            self._say(f"{error.problem}; trying again until it is there")
        self._stop.wait(self._pause)
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
