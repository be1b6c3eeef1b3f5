"""How the command ends when something is wrong: one line, an exit code, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from videotoon.errors import Cancelled, DiskFullError, OutputError, VideotoonError
from videotoon.system.disk import is_full

DEBUG_VARIABLE = "VIDEOTOON_DEBUG"
"""Environment variable that adds the traceback to an error line."""


def file_error(error: OSError) -> VideotoonError:
    """Say what the operating system refused; stages turn most of these into errors of their own."""
    if is_full(error):
        return DiskFullError("no space left on the disk", "free some space and run again")
    name = "a file" if error.filename is None else repr(os.fsdecode(error.filename))
    why = error.strerror or type(error).__name__
    return OutputError(f"cannot use {name} ({why})", "check its name, folder and permissions")


def fail(error: VideotoonError, cause: BaseException | None = None) -> int:
    """Print an error as one line, whatever its words hold, and return its exit code."""
    if os.environ.get(DEBUG_VARIABLE):
        import traceback

        traceback.print_exception(cause or error)
    line = " ".join(str(error).splitlines())
    encoding = sys.stderr.encoding or "utf-8"
    sys.stderr.write(f"videotoon: {line.encode(encoding, 'backslashreplace').decode(encoding)}\n")
    return error.exit_code


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """First Ctrl-C: stop in order. Second: out at once."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(Cancelled.exit_code))
    raise KeyboardInterrupt
