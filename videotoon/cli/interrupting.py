"""Ctrl-C within a stated time, whatever the program is doing.

Python hears a signal only between two of its own instructions. While the main thread compiles a
network, waits for a worker that paints a large frame or for an encoder that flushes, seconds may
pass. So a thread of its own listens to the signal, as the system delivers it, and ends the process
where the orderly way takes too long. What is saved is complete at any moment (a run may be killed
as well), so nothing is lost by that.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import NoReturn, Self

from videotoon.cli.failing import fail, file_error
from videotoon.errors import Cancelled, VideotoonError
from videotoon.system.threads import Worker

PATIENCE_SECONDS = 1.0
"""For ending in order after the first Ctrl-C; with what a busy machine adds it stays below 2 s."""


class EndsInTime:
    """A block that a Ctrl-C ends within :data:`PATIENCE_SECONDS`, and a second one at once.

    Does nothing outside the main thread, where signals cannot be listened to.

    Args:
        last_words: Makes the sentence that is shown where the orderly way took too long.
    """

    def __init__(self, last_words: Callable[[], str]) -> None:
        self._last_words = last_words
        self._active = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> Self:
        if self._active:
            self._heard, self._bell = socket.socketpair()
            self._bell.setblocking(False)
            self._before = signal.set_wakeup_fd(self._bell.fileno(), warn_on_full_buffer=False)
            self._thread = Worker(target=self._listen, name="videotoon-interrupt", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._active:
            signal.set_wakeup_fd(self._before)
            self._bell.close()
            self._thread.join()
            self._heard.close()

    def _listen(self) -> None:
        if not self._hear(None):
            return
        try:
            ended = not self._hear(PATIENCE_SECONDS)
        except TimeoutError:
            words = self._last_words()
            os.write(2, f"videotoon: {words}\n".encode(sys.stderr.encoding, "backslashreplace"))
            ended = False
        if not ended:
            os._exit(Cancelled.exit_code)

    def _hear(self, seconds: float | None) -> bool:
        """Wait for a Ctrl-C; False where the block was left instead.

        Raises:
            TimeoutError: Neither came in time.
        """
        self._heard.settimeout(seconds)
        while signals := self._heard.recv(1):
            if signals[0] == signal.SIGINT:
                return True
        return False


def leave(code: int) -> NoReturn:
    """End the process without taking everything apart first.

    That takes a tenth of a second after a job, and up to a second where one was stopped half-way.
    By now every file is closed and every thread that matters has ended.

    Args:
        code: Exit code; where the last words could not be written, that is an error, too.
    """
    try:
        if sys.stdout is not None and not sys.stdout.closed:
            sys.stdout.flush()
    except BrokenPipeError:  # `videotoon styles | head`
        code = code or VideotoonError.exit_code
    except OSError as error:
        code = code or fail(file_error(error))
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()
    os._exit(code)
