"""The one error tree of the project.

Every error a user can cause is a :class:`VideotoonError`. Its message is a single line that names
the value, the cause and the cure. Only the command line turns an error into an exit code; the
library never exits. The table of exit codes in ``docs/exit-codes.md`` is generated from these
classes.
"""

from __future__ import annotations

from typing import ClassVar


class VideotoonError(Exception):
    """Base of everything that videotoon raises on purpose.

    Args:
        problem: The value and the cause, e.g. ``cannot read 'x.mp4': it is a directory``.
        cure: What to do about it, e.g. ``give a video or picture file``.
    """

    exit_code: ClassVar[int] = 1
    summary: ClassVar[str] = "internal error"

    def __init__(self, problem: str, cure: str = "") -> None:
        self.problem = " ".join(problem.split()) if "\n" in problem else problem
        self.cure = cure
        super().__init__(f"{self.problem} - {cure}" if cure else self.problem)


class SettingsError(VideotoonError):
    """An option has a value that cannot be used."""

    exit_code = 2
    summary = "unusable option or argument"


class InputError(VideotoonError):
    """The input is missing or cannot be opened as a file."""

    exit_code = 3
    summary = "input missing, a folder, empty or not readable"


class DecodeError(VideotoonError):
    """The input opens but holds no usable video or picture."""

    exit_code = 4
    summary = "input holds no usable video or picture"


class OutputError(VideotoonError):
    """The output cannot be written where it was asked for."""

    exit_code = 5
    summary = "output exists, is the input, or cannot be written"


class StyleError(VideotoonError):
    """A style is unknown, its file is unusable, or its licence was refused."""

    exit_code = 6
    summary = "style unknown, unusable or refused"


class BackendError(VideotoonError):
    """The requested engine, device or precision is not to be had on this machine."""

    exit_code = 7
    summary = "engine, device or precision not available"


class EncodeError(VideotoonError):
    """The encoder or FFmpeg failed.

    Attributes:
        by_program: It is the FFmpeg program that failed, and not for want of input.
    """

    by_program = False
    exit_code = 8
    summary = "encoding or re-muxing failed"


class DiskFullError(VideotoonError):
    """No space is left for the output."""

    exit_code = 9
    summary = "no space left on the disk"


class VerifyError(VideotoonError):
    """The finished result was read back and is not whole."""

    exit_code = 10
    summary = "the result is shorter than the input or not whole"


class HostileInputError(InputError):
    """The input is of a kind that could reach other files or the network, or exceeds a limit."""

    exit_code = 11
    summary = "input of a refused kind, or over a limit"


class WeightsError(StyleError):
    """Weights are missing, do not match their pinned hash, or cannot be fetched."""

    exit_code = 12
    summary = "weights missing, altered or not fetchable"


class CameraError(InputError):
    """The camera or stream cannot be opened, or went away."""

    exit_code = 13
    summary = "camera or stream missing, busy or gone"


STOPPED = "stopped by Ctrl-C"


class Cancelled(VideotoonError):
    """The user asked to stop (Ctrl-C)."""

    exit_code = 130
    summary = STOPPED


def exit_code_table() -> list[tuple[int, str]]:
    """Return every exit code with its meaning, sorted."""
    codes = {0: "success; the result was read back and is whole"}
    pending: list[type[VideotoonError]] = [VideotoonError]
    while pending:
        error = pending.pop()
        codes[error.exit_code] = error.summary
        pending.extend(error.__subclasses__())
    return sorted(codes.items())
