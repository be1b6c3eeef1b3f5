"""Running the FFmpeg program and turning its failures into ours."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Sequence
from typing import IO

from videotoon.errors import DiskFullError, EncodeError, VideotoonError
from videotoon.system.threads import Worker

KEPT_LINES = 50
"""Last lines of FFmpeg's words that are kept for an error message."""

_NO_SPACE = ("No space left on device", "Disk quota exceeded")


def run_ffmpeg(command: Sequence[str], feed: Callable[[IO[bytes]], int] | None = None) -> int:
    """Run FFmpeg to its end.

    Args:
        command: Program and arguments.
        feed: Writes to FFmpeg's standard input and returns how much, in its own unit.

    Returns:
        What ``feed`` returned, 0 without one.

    Raises:
        EncodeError: FFmpeg failed (``by_program``), and the message holds its last words; or
            ``feed`` did for another reason.
        DiskFullError: No space is left.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    words: list[bytes] = []
    listener = Worker(target=_listen, args=(process, words), name="videotoon-ffmpeg")
    listener.start()
    failure: EncodeError | None = None
    written = 0
    try:
        if feed is not None:
            assert process.stdin is not None
            try:
                written = feed(process.stdin)
                process.stdin.close()
            except (EncodeError, BrokenPipeError) as error:
                failure = _as_ours(error)
                with contextlib.suppress(OSError):
                    process.stdin.close()
        code = process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        listener.join()
        for pipe in (process.stdin, process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
    if failure is not None and not _hung_up(failure):
        raise failure
    if code != 0 or failure is not None:
        raise _failed(code, b"".join(words).decode("utf-8", "replace"), failure)
    return written


def _listen(process: subprocess.Popen[bytes], words: list[bytes]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        words.append(line)
        del words[:-KEPT_LINES]


def _as_ours(error: EncodeError | BrokenPipeError) -> EncodeError:
    if isinstance(error, EncodeError):
        return error
    ours = EncodeError(str(error))
    ours.__cause__ = error
    return ours


def _hung_up(failure: BaseException) -> bool:
    """Tell whether FFmpeg took no more; its own words say why."""
    return isinstance(failure.__cause__, BrokenPipeError)


def _failed(code: int, words: str, failure: EncodeError | None) -> VideotoonError:
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    if any(sign in line for line in lines for sign in _NO_SPACE):
        return DiskFullError(
            "no space left on the disk for the output",
            "free some space",
        )
    tail = "; ".join(lines[-3:]) or (failure.problem if failure else f"exit code {code}")
    error = EncodeError(f"FFmpeg could not write the output ({tail})", "try a .mkv output")
    error.by_program = True
    error.__cause__ = failure
    return error
