"""How much an input may ask for: guards against small files that unpack to something huge."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from videotoon.errors import HostileInputError

FLAT_PIXELS_PER_BYTE = 4096
"""Pixels of one frame per byte of file that only a forged header reaches: a black 4K frame needs
about one byte for 1024 pixels in H.264, and less than half of this in AV1."""

FREELY_ALLOWED_PIXELS = 4096 * 2304
"""Frames up to this size are never suspected."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What is accepted from an input; a service sets them tighter than the command line.

    Attributes:
        max_side: Longest side of a frame in pixels.
        max_pixels: Pixels of a frame.
        max_frames: Frames to paint.
        max_seconds: Time from the first to the last frame.
        max_bytes: Size of the file; None for no limit.
        max_tracks: Streams in the file.
        max_damaged_frames: Frames that may be missing or refused by the decoder. Beyond it the
            picture is mostly repeats.
        max_decode_seconds: Wall time spent in reading and decoding; None for no limit.
    """

    max_side: int = 16384
    max_pixels: int = 8192 * 8192
    max_frames: int = 20_000_000
    max_seconds: float = 7 * 24 * 3600.0
    max_bytes: int | None = None
    max_tracks: int = 200
    max_damaged_frames: int = 500
    max_decode_seconds: float | None = None

    def check(self, what: str, found: float, limit: float | None, name: str) -> None:
        """Refuse a value above its limit.

        Args:
            what: Subject of the message, e.g. ``'a.mp4' has 300 tracks``.
            found: The value.
            limit: Its limit; None for no limit.
            name: What is limited, for the message.

        Raises:
            HostileInputError: ``found`` is above ``limit``.
        """
        if limit is not None and found > limit:
            raise HostileInputError(
                f"input {what}, which is over the limit of {limit:g} {name}",
                "cut or scale it down first",
            )

    def check_picture(self, name: str, width: int, height: int, file_bytes: int) -> None:
        """Refuse frames that are too large, or far too large for the bytes they come from.

        Raises:
            HostileInputError: They are.
        """
        subject = f"{name!r} has frames of {width}x{height}"
        self.check(subject, max(width, height), self.max_side, "pixels a side")
        self.check(subject, width * height, self.max_pixels, "pixels")
        if width * height > max(FREELY_ALLOWED_PIXELS, file_bytes * FLAT_PIXELS_PER_BYTE):
            raise HostileInputError(
                f"input {subject} but only {file_bytes} bytes: its header is damaged or forged",
                "re-encode it from a good copy",
            )


class Stopwatch:
    """Adds up the time spent in reading and refuses more than the limit.

    Args:
        name: File name for the message.
        limits: Holds the limit.
        clock: Seconds; replaceable for tests.
    """

    def __init__(
        self, name: str, limits: Limits, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._limits = limits
        self._clock = clock
        self._spent = 0.0
        self._since = 0.0

    def start(self) -> None:
        """Time counts from here ..."""
        self._since = self._clock()

    def stop(self) -> None:
        """... to here.

        Raises:
            HostileInputError: The limit is reached.
        """
        self._spent += self._clock() - self._since
        limit = self._limits.max_decode_seconds
        subject = f"{self._name!r} took {self._spent:.0f} s to decode so far"
        self._limits.check(subject, self._spent, limit, "s")
