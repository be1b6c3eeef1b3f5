"""What passes between the live stages, and their protocols.

source -> capture -> one-slot inbox -> painter -> outputs, and a one-slot outbox -> window
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol

from videotoon.frame import ColourTags, FrameSize, Planes


@dataclass(frozen=True, slots=True)
class Captured:
    """A picture as it came.

    Attributes:
        number: Counts the source's pictures from 0, also those that nobody saw.
        stamp: When it was captured, on :func:`time.monotonic`'s clock.
        colour: Meaning of its codes.
        planes: The pixels.
    """

    number: int
    stamp: float
    colour: ColourTags
    planes: Planes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """A painted picture on its way out.

    Attributes:
        captured: The picture as it came.
        planes: The painted pixels, same size.
        painting_size: Size at which it was painted.
    """

    captured: Captured
    planes: Planes = field(repr=False)
    painting_size: FrameSize


class LiveSource(Protocol):
    """Delivers pictures at their own pace."""

    name: str
    rate: Fraction

    def frames(self, stop: threading.Event) -> Iterator[Captured]:
        """Yield pictures until the source ends or ``stop`` is set.

        Raises:
            CameraError: It cannot be opened or went away.
        """
        ...


class Inbox(Protocol):
    """Where the painter gets pictures from."""

    def get(self, timeout: float | None = None) -> Captured | None:
        """Take the newest picture; None if none comes in time.

        Raises:
            QueueClosed: Nothing more will come.
        """
        ...

    def finish(self) -> None:
        """Say that nothing more is wanted."""
        ...


class LiveOutput(Protocol):
    """Takes painted pictures without ever making the painter wait."""

    name: str
    problem: str

    def offer(self, shown: Shown) -> None:
        """Take a picture, or drop one where the output is behind."""
        ...

    def close(self) -> None:
        """Write what is waiting and end."""
        ...

    @property
    def dropped(self) -> int:
        """Pictures left out because the output was behind."""
        ...
