"""What the pipeline expects of anything that delivers frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from videotoon.frame import Frame


@dataclass(slots=True)
class DecodeCounts:
    """What went wrong while reading; all zero for a healthy file.

    Attributes:
        damaged_packets: Packets the decoder refused.
        corrupt_frames: Frames the decoder marked as damaged but delivered.
        repeated_frames: Frames filled in by repeating the one before.
        repaired_times: Timestamps that had to be changed.
        warnings: Sentences for the report.
    """

    damaged_packets: int = 0
    corrupt_frames: int = 0
    repeated_frames: int = 0
    repaired_times: int = 0
    warnings: list[str] = field(default_factory=list)


class FrameSource(Protocol):
    """Delivers frames in presentation order."""

    counts: DecodeCounts

    def frames(self, first_index: int = 0) -> Iterator[Frame]:
        """Yield frames from ``first_index`` on.

        Raises:
            DecodeError: The input is damaged beyond the stated limit.
        """
        ...
