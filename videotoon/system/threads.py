"""Threads that can be waited for again after Ctrl-C."""

from __future__ import annotations

import threading
from typing import Final

POLL_SECONDS: Final = 0.1
"""Not for ever at once: on Windows nobody who waits for a lock hears Ctrl-C."""


class Worker(threading.Thread):
    """A thread whose end is known for certain.

    Before Python 3.13, a KeyboardInterrupt within ``Thread.join`` marks the thread as ended while
    it runs on (gh-90882): whoever then waits for it, to tidy up behind it, waits no longer.
    """

    _ended: threading.Event

    def start(self) -> None:
        """Begin."""
        self._ended = threading.Event()
        super().start()

    def run(self) -> None:
        """Do the work."""
        try:
            super().run()
        finally:
            self._ended.set()

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end.

        Args:
            timeout: Seconds to wait at most; None for as long as it takes.

        Raises:
            RuntimeError: It was not started.
        """
        if self.ident is not None:
            while not self._ended.wait(POLL_SECONDS if timeout is None else timeout):
                if timeout is not None:
                    return
        super().join(timeout)
