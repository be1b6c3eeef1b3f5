"""What the pipeline expects of anything that delivers frames."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class DecodeCounts:
    """What went wrong while reading; all zero for a healthy file.

    Attributes:
        damaged_packets: Packets the decoder refused.
        corrupt_frames: Frames the decoder marked as damaged but delivered.
        repeated_frames: Frames filled in by repeating the one before.
        lost_at_start: Frames before the first that could be decoded; the video begins later.
        repaired_times: Timestamps that had to be changed.
        warnings: Sentences for the report.
    """

    damaged_packets: int = 0
    corrupt_frames: int = 0
    repeated_frames: int = 0
    lost_at_start: int = 0
    repaired_times: int = 0
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an earlier run stopped.

    Attributes:
        index: Number of the first frame that is still to be delivered, at least 1.
        last_pts: Time of the frame before it, in the job's time base.
        first_pts: Time of the job's frame 0.
        sound: False where frames before were damaged: how a decoder conceals damage depends on
            what it decoded before, so the input is then decoded from its beginning again.
    """

    index: int
    last_pts: int
    first_pts: int
    sound: bool = True
